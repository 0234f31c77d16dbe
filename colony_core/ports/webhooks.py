"""The door to those who want to be told."""

from collections.abc import Mapping
from typing import Protocol

from colony_core.errors import Refused, Unavailable


class EndpointUnreachable(Unavailable):
    """The endpoint did not take the event, and may take it later."""

    code = "ENDPOINT_UNREACHABLE"
    summary = "Webhook endpoint did not take the event"
    advice = "Look at the endpoint; the event is tried again, and becomes a dead letter after the last try."


class EndpointRefused(Refused):
    """The endpoint will not have the event, or must not be spoken to; trying again is useless."""

    code = "ENDPOINT_REFUSED"
    summary = "Webhook endpoint refused the event"
    advice = "Correct the endpoint or its address, then ask for the dead letters to be sent again."


class Courier(Protocol):
    """Takes one message to one address."""

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Return once the endpoint has said that it has the message.

        Ends within the adapter's own deadline however slow the endpoint is; follows no redirect. Raises
        `EndpointUnreachable` (another try may help) or `EndpointRefused` (it will not). No message names a secret.
        """
