"""When API keys were last used, kept in memory until somebody writes it down: not worth a commit for each request."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey


class Touches:
    """The last uses that are not written down yet; *wake* is called when there are any."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._latest: dict[str, datetime] = {}

    def note(self, key_id: str, at: datetime) -> None:
        """Note that the key was used at *at*, and wake whoever writes it down."""
        known = self._latest.get(key_id)
        if known is None or known < at:
            self._latest[key_id] = at
            self._wake()

    def noted(self) -> dict[str, datetime]:
        """Return what is not written down yet."""
        return dict(self._latest)

    def written(self, noted: dict[str, datetime]) -> None:
        """Forget what is written down, unless there is later news."""
        for key_id, at in noted.items():
            if self._latest.get(key_id) == at:
                del self._latest[key_id]

    def seen_on(self, key: ApiKey) -> ApiKey:
        """Return *key* with what memory knows better than the file."""
        at = self._latest.get(key.id)
        if at is None or (key.last_used_at is not None and at <= key.last_used_at):
            return key
        return replace(key, last_used_at=at)
