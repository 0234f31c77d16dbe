"""Text from elsewhere, made fit for a terminal."""


def clean(value: object) -> str:
    """Return *value* on one line, without characters that would steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in str(value))


def moment(written: str | None) -> str | None:
    """Return a time as people read it, to the second; `--json` has the rest."""
    return f"{written[:19]}Z" if written and len(written) > 20 else written
