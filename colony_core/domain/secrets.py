"""Values that must never be read by accident."""


class Secret:
    """A string that shows itself only when asked to.

    It prints as bullets, and no encoder knows it: a secret that strays towards a log or an answer fails loudly
    instead of leaking.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself; call it as late as possible and keep the result nowhere."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('•••')"

    __str__ = __repr__
