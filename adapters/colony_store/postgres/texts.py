"""Text that PostgreSQL cannot hold: it knows no NUL. Documents need none of this: JSON escapes control characters."""

_ESCAPE = "\1"  # a control character, so that no JSON document has it and every document is sent as it is
_NUL = f"{_ESCAPE}0"
_ITSELF = f"{_ESCAPE}1"


def sent(value: object) -> object:
    """Return *value* as it is sent: different texts stay different."""
    if isinstance(value, str):
        if "\0" in value or _ESCAPE in value:
            return value.replace(_ESCAPE, _ITSELF).replace("\0", _NUL)
        return value
    return [sent(each) for each in value] if isinstance(value, list) else value


def received(text: str) -> str:
    """Return the text that `sent` made *text* of."""
    return text.replace(_NUL, "\0").replace(_ITSELF, _ESCAPE) if _ESCAPE in text else text
