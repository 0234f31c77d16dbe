"""An answer that is held back until it is certain."""

from litestar.types import HTTPScope, Message, Send
from litestar.utils.scope.state import ScopeState


class Held:
    """Takes an answer in the place of the client, and gives it out later or never."""

    def __init__(self, scope: HTTPScope) -> None:
        self._scope = scope
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    @property
    def accepted(self) -> bool:
        """Tell whether the answer is a yes."""
        return 200 <= self.status < 300

    async def send(self, message: Message) -> None:
        """Take a piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
            # The framework has marked the answer as begun. It is not: what fails from here on is still answered.
            ScopeState.from_scope(self._scope).response_started = False
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def release(self, send: Send) -> None:
        """Give the answer out."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
