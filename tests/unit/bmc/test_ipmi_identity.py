"""What makers wrote is found in each of its places, and what they wrote wrongly keeps no machine out."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_bmc.ipmi_identity import read_identity
from colony_bmc.ipmi_session import Answer
from colony_core.domain.hardware import System
from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcProtocolError
from colony_testkit.ipmi_sim import product_fru

WRITTEN = System(manufacturer="Colony Works", model="Rack One", serial="SN-0001")
SAID = {"manufacturer": "Maker", "model": "Model", "serial": "Serial"}


class Controller:
    """Answers as `IpmiSession` does, from one FRU and without a GUID; never more than *room* bytes at once."""

    def __init__(self, fru: bytes, *, room: int = 255, words: bool = False, size: int | None = None) -> None:
        self.fru = fru
        self.room = room
        self.unit = 2 if words else 1
        self.size = len(fru) // self.unit if size is None else size
        self.reads = 0
        self.refusal = 0xCB

    async def ask(self, netfn: int, command: int, *data: int) -> Answer:
        if (netfn, command) == (0x0A, 0x10):
            return Answer(0, self.size.to_bytes(2, "little") + bytes([self.unit - 1]))
        if (netfn, command) != (0x0A, 0x11):
            return Answer(0xC1, b"")
        self.reads += 1
        if data[3] * self.unit > self.room:
            return Answer(0xCA, b"")
        place = (data[1] | data[2] << 8) * self.unit
        part = self.fru[place : place + data[3] * self.unit]
        return Answer(0, bytes([len(part) // self.unit]) + part) if part else Answer(self.refusal, b"")

    def accept(self, answer: Answer, *, what: str) -> Answer:
        if answer.code:
            raise BmcProtocolError(what)
        return answer


def fields(*texts: str) -> bytes:
    return b"".join(bytes([0xC0 | len(text)]) + text.encode("latin-1") for text in texts) + b"\xc1"


def fru(*, chassis: bytes = b"", board: bytes = b"", product: bytes = b"") -> bytes:
    """Return a FRU of areas, each given from its third byte on."""
    pointers, body = bytearray(3), b""
    for place, content in enumerate((chassis, board, product)):
        if content:
            pointers[place] = 1 + len(body) // 8
            length = (len(content) + 3 + 7) // 8
            body += (b"\x01" + bytes([length]) + content).ljust(length * 8, b"\0")
    return b"\x01\x00" + bytes(pointers) + bytes(3) + body


async def identity(controller: Controller) -> System:
    return await read_identity(controller)  # type: ignore[arg-type]  # all that is used of a session


@pytest.mark.parametrize("room", [255, 16, 8, 4])
@pytest.mark.parametrize("words", [False, True])
async def test_what_is_written_is_found_however_it_must_be_read(room: int, *, words: bool) -> None:
    assert await identity(Controller(product_fru(WRITTEN), room=room, words=words)) == WRITTEN


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        ({"product": b"\0" + fields("Ap", "Bp", "part", "1.0", "Cp", "tag", "")}, ("Ap", "Bp", "Cp")),
        ({"board": b"\0\1\2\3" + fields("Ab", "Bb", "Cb", "part")}, ("Ab", "Bb", "Cb")),
        ({"chassis": b"\x17" + fields("part", "Cc")}, ("", "", "Cc")),
        ({"product": b"\0" + fields("Ap", "", "", "", ""), "board": b"\0\1\2\3" + fields("Ab", "Bb", "Cb"),
          "chassis": b"\x17" + fields("part", "Cc")}, ("Ap", "Bb", "Cc")),
        ({"product": b"\0" + fields("Ap")}, ("Ap", "", "")),
    ],
    ids=["product", "board", "chassis", "the best of all", "too few fields"],
)  # fmt: skip
async def test_each_fact_comes_from_the_most_trusted_area_that_has_it(
    areas: dict[str, bytes], found: tuple[str, ...]
) -> None:
    system = await identity(Controller(fru(**areas)))

    assert (system.manufacturer, system.model, system.serial) == found


async def test_no_more_is_read_than_it_takes() -> None:
    written = product_fru(WRITTEN)
    controller = Controller(written + bytes(4000))

    assert await identity(controller) == WRITTEN
    assert controller.reads <= 2 + len(written) // 32 + 1


async def test_a_fru_that_is_shorter_than_it_says_gives_what_it_has() -> None:
    assert await identity(Controller(product_fru(WRITTEN)[:40], size=0xFFFF)) == System(
        manufacturer="Colony Works", model="Rack One"
    )


async def test_a_fru_that_is_busy_may_be_asked_again() -> None:
    controller = Controller(b"", size=64)
    controller.refusal = 0x81

    with pytest.raises(BmcProtocolError):
        await identity(controller)


@given(content=st.binary(max_size=300), head=st.sampled_from([b"", b"\x01\x00\x01\x02\x03\x00\x00\x00"]))
def test_no_fru_breaks_the_reader_or_says_what_cannot_be_printed(content: bytes, head: bytes) -> None:
    system = asyncio.run(identity(Controller(head + content)))

    assert all(map(str.isprintable, (system.manufacturer, system.model, system.serial)))


@given(place=st.integers(0, 71), value=st.integers(0, 255), room=st.sampled_from([4, 255]))
def test_one_wrong_byte_anywhere_costs_no_more_than_the_fields(place: int, value: int, room: int) -> None:
    damaged = bytearray(product_fru(WRITTEN))
    damaged[place % len(damaged)] = value
    controller = Controller(bytes(damaged), room=room)

    asyncio.run(identity(controller))

    assert controller.reads < 3 * 255 * 8 // 4


@given(answers=st.lists(st.tuples(st.sampled_from([0] * 9 + [0x81, 0xC3, 0xCA, 0xCB]), st.binary(max_size=40))))
def test_no_answer_breaks_the_reader(answers: list[tuple[int, bytes]]) -> None:
    class Mad(Controller):
        async def ask(self, netfn: int, command: int, *data: int) -> Answer:
            return Answer(*answers.pop()) if answers else Answer(0xC1, b"")

    with suppress(ColonyError):
        asyncio.run(identity(Mad(b"")))
