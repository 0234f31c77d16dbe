"""Nothing in an IPMI recording tells whose machine it was, and the adapter reads it as before."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_bmc.ipmi_examination import Asked
from colony_bmc.ipmi_scrub import recorded
from colony_bmc.ipmi_session import Answer
from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Bmc, Protocol, System
from colony_core.domain.recordings import encoded
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_testkit.ipmi_records import CELSIUS, TEMPERATURE, full_record
from colony_testkit.ipmi_sim import product_fru

KEY = b"k" * 32
ACCESS = Access(Bmc(protocol=Protocol.IPMI, address="10.0.0.5", port=623, username="operator7"), Secret("hunter-2222"))
UUID_OF_IT = "674523a1-ab89-efcd-a123-456789abcdef"
SERIALS = st.from_regex(r"[A-Z]{2}[0-9]{6,10}", fullmatch=True)


def summed(content: bytes) -> bytes:
    return content + bytes([-sum(content) & 0xFF])


def area(head: bytes, *fields: bytes) -> bytes:
    body = head + b"".join(fields) + b"\xc1"
    whole = b"\x01" + bytes([(len(body) + 3 + 7) // 8]) + body
    return summed(whole.ljust(whole[1] * 8 - 1, b"\0"))


def field(text: str, kind: int = 0b11) -> bytes:
    return bytes([kind << 6 | len(text)]) + text.encode("latin-1")


def fru(*, serial: str, tag: str, added: str) -> bytes:
    """Return a FRU of a board and a product, with something that the owner has added to both."""
    board = area(b"\x19abc", field("Acme"), field("B1"), field(serial), field("PN-1"), field(""), field(added))
    product = area(
        b"\x19",
        field("Acme"),
        field("R1"),
        field("PN-2"),
        field("v1"),
        field(serial),
        field(tag, 0),
        field(""),
        field(added),
    )
    return summed(bytes([1, 0, 0, 1, 1 + len(board) // 8, 0, 0])) + board + product


def read_in(pieces: Iterable[int], content: bytes) -> list[Asked]:
    """Return the commands that read *content* in pieces of so many bytes."""
    asked, place = [], 0
    for size in pieces:
        data = bytes([0, place & 0xFF, place >> 8, size])
        piece = content[place : place + size]
        asked.append(command(0x0A, 0x11, data, bytes([len(piece)]) + piece))
        place += size
    return asked


def command(netfn: int, number: int, data: bytes, answer: bytes) -> Asked:
    return Asked(netfn=netfn, command=number, lun=0, data=data, answer=Answer(0, answer))


def responses(commands: list[Asked], *, serial: str = "") -> list[bytes]:
    findings = Findings(protocol=Protocol.IPMI, identity=System(serial=serial))
    return [bytes.fromhex(one.response) for one in recorded(findings, commands, ACCESS, key=KEY).ipmi]


@given(serial=SERIALS, tag=SERIALS, size=st.integers(4, 32))
def test_serial_numbers_tags_and_additions_leave_a_fru_that_is_sound(serial: str, tag: str, size: int) -> None:
    content = fru(serial=serial, tag=tag, added="rack-in-berlin-17")
    commands = read_in([size] * (len(content) // size + 1), content)

    whole = b"".join(each[1:] for each in responses(commands, serial=serial))
    assert len(whole) == len(content)
    assert not [word for word in (serial, tag, "berlin") if word.encode() in whole]
    assert whole.count(b"Acme") == 2
    assert b"abc" not in whole, "the board's date"
    board = whole[3] * 8
    assert [sum(part) & 0xFF for part in (whole[:8], whole[board : board + whole[board + 1] * 8])] == [0, 0]


def test_the_findings_say_what_the_fru_says() -> None:
    machine = System(manufacturer="Acme", model="R1", serial="SN0012345", uuid=UUID_OF_IT)
    content = product_fru(machine)
    commands = [*read_in([len(content)], content), command(6, 0x37, b"", UUID(UUID_OF_IT).bytes_le)]
    made = recorded(Findings(protocol=Protocol.IPMI, identity=machine), commands, ACCESS, key=KEY)

    fru_read, guid = (bytes.fromhex(one.response) for one in made.ipmi)
    assert made.findings.identity.serial.encode() in fru_read
    assert made.findings.identity.uuid == str(UUID(bytes_le=guid)) != UUID_OF_IT
    assert made.findings.identity.manufacturer == "Acme"


@pytest.mark.parametrize(("kind", "packed", "left"), [(0b10, bytes.fromhex("29dca6"), 3), (0b01, b"\x12\x34\x56", 3)])
def test_packed_texts_are_replaced_too(kind: int, packed: bytes, left: int) -> None:
    product = area(b"\x19", field(""), field(""), field(""), field(""), bytes([kind << 6 | len(packed)]) + packed)
    content = summed(bytes([1, 0, 0, 0, 1, 0, 0])) + product

    (whole,) = responses(read_in([len(content)], content))
    assert packed not in whole
    assert whole[1 + 8 + 7] == kind << 6 | left


def test_a_fru_that_is_read_in_words_is_put_together_by_words() -> None:
    content = product_fru(System(manufacturer="Acme", model="R1", serial="SN0012345"))
    by_words = command(0x0A, 0x10, b"\0", bytes([len(content), 0, 1]))
    half = len(content) // 4 * 2
    pieces = [
        command(0x0A, 0x11, bytes([0, start // 2, 0, 16]), b"\x10" + content[start:end])
        for start, end in ((0, half), (half, len(content)))
    ]

    _, first, second = responses([by_words, *pieces], serial="SN0012345")
    whole = first[1:] + second[1:]
    assert len(whole) == len(content)
    assert (b"Acme" in whole, b"SN0012345" in whole) == (True, False)
    assert [sum(whole[:8]) & 0xFF, sum(whole[8:]) & 0xFF] == [0, 0]


def test_what_lies_outside_of_the_known_areas_is_left_out() -> None:
    content = summed(bytes([1, 1, 0, 0, 0, 0, 0])) + b"internal"

    (whole,) = responses(read_in([len(content)], content))
    assert whole == b"\x10" + summed(bytes([1, 0, 0, 0, 0, 0, 0])) + bytes(8)


def test_sensors_and_users_tell_nothing_either() -> None:
    record = full_record("SN0012345 in", number=1, kind=TEMPERATURE, unit=CELSIUS)
    named = full_record("by operator7", number=2, kind=TEMPERATURE, unit=CELSIUS)
    commands = [command(0x0A, 0x23, b"", record), command(0x0A, 0x23, b"", named),
                command(6, 0x46, b"\2", b"operator7"), command(6, 0x47, b"\2\2hunter-2222", b""),
                command(6, 0x01, b"", b"hunter-2222")]  # fmt: skip
    made = recorded(Findings(protocol=Protocol.IPMI, identity=System(serial="SN0012345")), commands, ACCESS, key=KEY)

    text = encoded(made).decode()
    assert [one.command for one in made.ipmi] == [0x23, 0x23, 0x01]
    assert not [word for word in ("SN0012345", "operator7", "hunter-2222") if word.encode().hex() in text]
    assert [len(one.response) for one in made.ipmi] == [2 * len(record), 2 * len(named), 22]
