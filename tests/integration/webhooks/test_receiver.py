"""The receiver that the documents show is the one that runs here, and it takes what Colony signed and nothing else."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from colony_core.domain.events import EventType
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import signed
from colony_core.ports.webhooks import EndpointUnreachable
from colony_http.shapes_events import written
from colony_testkit.lab import Lab
from colony_testkit.store_given import entry, keep
from colony_webhooks import HttpCourier

DOCS = Path(__file__).parents[3] / "docs"
BODY = b'{"seq": 7, "type": "asset", "message": "It happened"}'


class Receiver:
    """The documents' program, running with the secret of a webhook of *lab*."""

    def __init__(self, lab: Lab, port: int) -> None:
        self.lab = lab
        self.url = f"http://127.0.0.1:{port}/"
        self.port = port
        self.secret = Secret("")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Make the webhook, and run the program until it answers."""
        self.secret = (await self.lab.colony.webhooks.create(self.url)).secret
        given = {"COLONY_WEBHOOK_SECRET": self.secret.reveal(), "PORT": str(self.port)}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(DOCS / "receiver.py"),
            env=os.environ | given,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return

    async def line(self) -> str:
        """Return the next line that it prints."""
        assert self.process is not None
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    async def post(self, signature: str, body: bytes = BODY) -> None:
        """Post *body* as a courier does."""
        await HttpCourier().deliver(self.url, {"X-Colony-Signature": signature}, body)


@pytest.fixture
async def receiver(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Receiver]:
    receiver = Receiver(Lab(), unused_tcp_port_factory())
    await receiver.start()
    yield receiver
    assert receiver.process is not None
    receiver.process.kill()
    await receiver.process.communicate()


def test_the_documents_show_the_program_that_runs() -> None:
    assert (DOCS / "receiver.py").read_text() in (DOCS / "events.md").read_text()


async def test_the_receiver_takes_what_colony_delivers(receiver: Receiver) -> None:
    await keep(receiver.lab.store, entry("one"), entry("two"))
    # The lab's time is not the receiver's, which looks at the real clock.
    receiver.lab.clock.advance_to(datetime.now(UTC))
    await receiver.lab.colony.deliveries(HttpCourier(), written=written).settle()

    assert [await receiver.line(), await receiver.line()] == ["1 log one", "2 log two"]
    assert (await receiver.lab.colony.webhooks.get("webhook-1")).webhook.last_error is None


async def test_the_receiver_takes_an_event_once_and_says_yes_again(receiver: Receiver) -> None:
    for _ in range(3):
        await receiver.post(signed(receiver.secret, BODY, at=datetime.now(UTC)))
    await receiver.post(
        signed(receiver.secret, BODY.replace(b"7", b"8"), at=datetime.now(UTC)), BODY.replace(b"7", b"8")
    )

    assert [await receiver.line(), await receiver.line()] == ["7 asset It happened", "8 asset It happened"]


@pytest.mark.parametrize("signature", ["", "nonsense", "t=,v1=", "t=1767268800", "v1=00"])
async def test_the_receiver_takes_nothing_that_is_not_signed(receiver: Receiver, signature: str) -> None:
    with pytest.raises(EndpointUnreachable, match="401"):
        await receiver.post(signature)


async def test_the_receiver_takes_nothing_that_is_altered_old_or_signed_by_somebody_else(receiver: Receiver) -> None:
    now = datetime.now(UTC)
    good = signed(receiver.secret, BODY, at=now)
    for signature, body in [
        (good, BODY + b" "),
        (good.replace("t=", "t=1"), BODY),
        (signed(receiver.secret, BODY, at=now - timedelta(minutes=6)), BODY),
        (signed(Secret("whsec_other"), BODY, at=now), BODY),
    ]:
        with pytest.raises(EndpointUnreachable, match="401"):
            await receiver.post(signature, body)


@pytest.mark.parametrize("type_", EventType)
def test_the_documents_tell_of_every_type_of_event(type_: EventType) -> None:
    assert f"\n| `{type_}` |" in (DOCS / "events.md").read_text()
