"""Text from elsewhere, made fit for a terminal."""


def clean(value: object) -> str:
    """Return *value* on one line, without characters that would steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in str(value))
