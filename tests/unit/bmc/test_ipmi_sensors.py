"""Records are walked whatever a controller does with large reads, reservations and its own list; and never for ever."""

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_bmc.ipmi_sensors import DEVICE, MOST_RECORDS, REPOSITORY, Source, Survey, read_sensors
from colony_bmc.ipmi_session import Answer
from colony_core.domain.hardware import SensorKind, SensorReading, SensorUnit
from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcProtocolError, BmcUnreachable
from colony_testkit.ipmi_records import CELSIUS, FAN, RPM, TEMPERATURE, full_record

NAMES = ("Inlet Temp", "CPU1 Temp", "CPU2 Temp")
RECORDS = [
    full_record(name, number=number, kind=TEMPERATURE, unit=CELSIUS) for number, name in enumerate(NAMES, start=1)
]
FACTORS_OF_ITS_OWN = full_record("Fan", number=1, kind=FAN, unit=RPM, linearisation=0x70)
READ = tuple(
    SensorReading(name=name, kind=SensorKind.TEMPERATURE, value=20.0 + number, unit=SensorUnit.CELSIUS)
    for number, name in enumerate(NAMES, start=1)
)


class Controller:
    """Answers as `IpmiSession` does: sensor n shows 20 + n, and the records lie in one place."""

    def __init__(self, records: list[bytes], *, place: Source = REPOSITORY, room: int = 255) -> None:
        self.records = records
        self.place = place
        self.room = room
        self.asked = Counter[tuple[int, int]]()
        self.stamp = bytes(8)
        self.reservation = 1
        self.lose_reservation_at = 0
        self.silent_after = 10_000

    async def ask(self, netfn: int, command: int, *data: int, lun: int = 0) -> Answer:
        self.asked[netfn, command] += 1
        if self.asked.total() > self.silent_after:
            raise BmcUnreachable("silent")
        if netfn == 4 and command == 0x2D:
            return Answer(0, bytes([20 + data[0], 0x40]))
        if netfn == 4 and command == 0x23:
            return Answer(0, bytes([0, 2, 0, 0, 0, 0, 0]))
        if netfn == self.place.netfn and command == self.place.info:
            return Answer(0, bytes([0x51, len(self.records), 0, 0, 0]) + self.stamp)
        if netfn == self.place.netfn and command == self.place.reserve:
            return Answer(0, bytes([self.reservation, 0]))
        if netfn == self.place.netfn and command == self.place.get:
            return self._get(*data)
        return Answer(0xC1, b"")

    def accept(self, answer: Answer, *, what: str) -> Answer:
        if answer.code:
            raise BmcProtocolError(what)
        return answer

    def _get(self, reservation: int, _: int, low: int, high: int, offset: int, wanted: int) -> Answer:
        if self.asked[self.place.netfn, self.place.get] == self.lose_reservation_at:
            self.reservation += 1
        if offset and reservation != self.reservation:
            return Answer(0xC5, b"")
        place = max(low, 1) - 1
        record = self.records[place]
        part = record[offset:] if wanted == 0xFF else record[offset : offset + wanted]
        if len(part) > self.room:
            return Answer(0xCA, b"")
        following = place + 2 if place + 1 < len(self.records) else 0xFFFF
        return Answer(0, following.to_bytes(2, "little") + part)


@pytest.mark.parametrize("room", [255, 32, 22, 8])
@pytest.mark.parametrize("lost_at", [0, 3, 5, 8])
async def test_every_record_is_read_in_pieces_that_fit_and_again_when_the_reservation_is_lost(
    room: int, lost_at: int
) -> None:
    controller = Controller(RECORDS, room=room)
    controller.lose_reservation_at = lost_at

    assert await read_sensors(controller, Survey()) == READ  # type: ignore[arg-type]


async def test_a_controller_without_repository_is_asked_for_its_own_records() -> None:
    controller = Controller(RECORDS, place=DEVICE)

    assert len(await read_sensors(controller, Survey())) == 3  # type: ignore[arg-type]


async def test_a_controller_without_records_has_no_sensors() -> None:
    assert await read_sensors(Controller([]), Survey()) == ()  # type: ignore[arg-type]


async def test_records_are_walked_once_and_again_when_the_controller_says_that_they_changed() -> None:
    controller, survey = Controller(RECORDS), Survey()
    walked = []
    for stamp in (b"a" * 8, b"a" * 8, b"b" * 8):
        controller.stamp = stamp
        assert await read_sensors(controller, survey) == READ  # type: ignore[arg-type]
        walked.append(controller.asked[REPOSITORY.netfn, REPOSITORY.get])

    assert walked == [3, 3, 6]


async def test_a_walk_that_was_cut_off_goes_on_where_it_ended() -> None:
    controller, survey = Controller(RECORDS), Survey()
    controller.silent_after = 4
    with pytest.raises(BmcUnreachable):
        await read_sensors(controller, survey)  # type: ignore[arg-type]
    before = controller.asked[REPOSITORY.netfn, REPOSITORY.get]
    controller.silent_after = 10_000

    assert await read_sensors(controller, survey) == READ  # type: ignore[arg-type]
    assert before + controller.asked[REPOSITORY.netfn, REPOSITORY.get] <= 2 * 2 + 3


async def test_a_list_that_bites_its_tail_ends() -> None:
    class Round(Controller):
        def _get(self, *data: int) -> Answer:
            answer = super()._get(*data)
            return Answer(0, b"\x01\0" + answer.data[2:]) if answer.data[:2] == b"\xff\xff" else answer

    assert len(await read_sensors(Round(RECORDS), Survey())) <= 4  # type: ignore[arg-type]


async def test_a_reservation_that_is_always_lost_is_given_up() -> None:
    class Restless(Controller):
        async def ask(self, netfn: int, command: int, *data: int, lun: int = 0) -> Answer:
            self.reservation = (self.reservation + 1) % 250
            return await super().ask(netfn, command, *data, lun=lun)

    with pytest.raises(BmcProtocolError):
        await read_sensors(Restless(RECORDS, room=8), Survey())  # type: ignore[arg-type]


async def test_a_sensor_that_is_not_linear_has_its_factors_asked_for_each_reading() -> None:
    controller = Controller([FACTORS_OF_ITS_OWN])

    [reading] = await read_sensors(controller, Survey())  # type: ignore[arg-type]

    assert reading.value == 42.0
    assert controller.asked[4, 0x23] == 1


@given(st.randoms(use_true_random=False))
def test_no_nonsense_breaks_the_walk_or_makes_it_endless(random: object) -> None:
    class Mad(Controller):
        async def ask(self, netfn: int, command: int, *data: int, lun: int = 0) -> Answer:
            self.asked[netfn, command] += 1
            code = random.choice([0] * 30 + [0xC0, 0xC5, 0xCA, 0xCB, 0xFF])  # type: ignore[attr-defined]
            return Answer(code, random.randbytes(random.randrange(20)))  # type: ignore[attr-defined]

    controller, survey = Mad(RECORDS), Survey()
    with suppress(ColonyError):
        asyncio.run(read_sensors(controller, survey))  # type: ignore[arg-type]

    assert len(survey.walked) <= MOST_RECORDS
    assert controller.asked.total() < 300 * MOST_RECORDS
