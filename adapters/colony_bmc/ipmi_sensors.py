"""Sensors of a controller: its records are walked once and kept, its readings are asked for each time."""

from collections.abc import AsyncIterator

from msgspec import Struct

from colony_bmc.ipmi_sdr import HEADER_BYTES, Factors, Sensor, sensor
from colony_bmc.ipmi_session import SAID_NO, IpmiSession
from colony_core.domain.hardware import SensorReading
from colony_core.ports.hardware import BmcProtocolError

SENSOR, GET_FACTORS, GET_READING = 0x04, 0x23, 0x2D
NOT_READABLE, SCANNED = 0x20, 0x40
"""Bits beside a reading: it counts for nothing now; the sensor is switched on."""

FIRST, LAST = 0x0000, 0xFFFF
WHOLE, CHUNKS = 0xFF, (0xFF, 32, 16, 8)
"""How many bytes of a record are asked for at once: first all; after a controller that has no room for them, fewer."""

TOO_MUCH = frozenset({0xC7, 0xC8, 0xC9, 0xCA, 0xFF})
RESERVATION_LOST = 0xC5
MOST_RECORDS, MOST_RESERVATIONS = 1024, 16
"""Beyond these a walk is broken off: a controller may lie about what comes next, or never let anybody finish."""


class Source(Struct, frozen=True):
    """Where records are kept: the commands that tell of them, reserve them and read them."""

    netfn: int
    info: int
    reserve: int
    get: int


REPOSITORY = Source(0x0A, 0x20, 0x22, 0x23)
DEVICE = Source(SENSOR, 0x20, 0x22, 0x21)


class Survey(Struct, eq=False):
    """What is known of one controller's sensors, as far as its records were walked.

    A walk that the deadline cuts off is taken up by the next call, unless the controller says that they have changed.
    """

    source: Source = REPOSITORY
    stamp: bytes = b""
    sensors: list[Sensor] = []
    upcoming: int = LAST
    walked: set[int] = set()
    chunk: int = 0


async def read_sensors(session: IpmiSession, survey: Survey) -> tuple[SensorReading, ...]:
    """Return what temperatures, fans and power show now, and keep in *survey* what was learnt of them."""
    await _walk(session, survey)
    return tuple([reading async for reading in _readings(session, survey.sensors)])


async def _readings(session: IpmiSession, sensors: list[Sensor]) -> AsyncIterator[SensorReading]:
    """Yield the readings; a sensor that is absent, off or busy shows nothing and spoils nothing for the others."""
    for one in sensors:
        answer = await session.ask(SENSOR, GET_READING, one.number, lun=one.lun)
        if answer.code or len(answer.data) < 2 or answer.data[1] & (NOT_READABLE | SCANNED) != SCANNED:
            continue
        factors = await _factors(session, one, answer.data[0]) if one.needs_factors else one.factors
        value = one.value(answer.data[0], factors) if factors else None
        if value is not None:
            yield SensorReading(name=one.name, kind=one.kind, value=value, unit=one.unit)


async def _factors(session: IpmiSession, of: Sensor, raw: int) -> Factors | None:
    answer = await session.ask(SENSOR, GET_FACTORS, of.number, raw, lun=of.lun)
    return Factors.packed(answer.data[1:7]) if not answer.code and len(answer.data) >= 7 else None


async def _walk(session: IpmiSession, survey: Survey) -> None:
    """Read the records that are not yet known; none if the controller keeps none."""
    source, stamp = await _kept(session)
    if (source, stamp) != (survey.source, survey.stamp):
        survey.source, survey.stamp, survey.upcoming = source, stamp, FIRST if stamp else LAST
        survey.sensors, survey.walked = [], set()
    reader = _Reader(session, survey)
    while survey.upcoming not in survey.walked | {LAST} and len(survey.walked) < MOST_RECORDS:
        following, record = await reader.read(survey.upcoming)
        found = sensor(record)
        survey.sensors += [found] if found else []
        survey.walked.add(survey.upcoming)
        survey.upcoming = following


async def _kept(session: IpmiSession) -> tuple[Source, bytes]:
    """Return where the controller keeps its records, and what changes when they do: nothing where it keeps none."""
    shared = await session.ask(REPOSITORY.netfn, REPOSITORY.info)
    if not shared.code and len(shared.data) >= 13 and any(shared.data[1:3]):
        return REPOSITORY, shared.data[1:3] + shared.data[5:13]
    own = await session.ask(DEVICE.netfn, DEVICE.info)
    if not own.code and own.data and own.data[0]:
        return DEVICE, own.data
    return REPOSITORY, b""


class _Reader:
    """Reads records, each under a reservation, in pieces as large as the controller has room for."""

    def __init__(self, session: IpmiSession, survey: Survey) -> None:
        self._session = session
        self._survey = survey
        self._reservation: tuple[int, int] | None = None
        self._reservations = 0

    async def read(self, record_id: int) -> tuple[int, bytes]:
        """Return the id of the next record, and this one; an empty one where it is gone or damaged."""
        while True:
            place = await self._reserved()
            following, content = LAST, b""
            while len(content) < (end := _length(content)):
                wanted = self._wanted(end, len(content))
                get = self._survey.source.netfn, self._survey.source.get
                answer = await self._session.ask(*get, *place, record_id & 0xFF, record_id >> 8, len(content), wanted)
                if answer.code == RESERVATION_LOST:
                    self._reservation = None
                    break
                if answer.code in TOO_MUCH and self._survey.chunk + 1 < len(CHUNKS):
                    self._survey.chunk += 1
                    continue
                if answer.code in SAID_NO or len(answer.data) < 3:
                    return following, b""
                self._session.accept(answer, what="what sensors there are")
                following = answer.data[0] | answer.data[1] << 8
                content += answer.data[2:]
            else:
                return following, content

    def _wanted(self, end: int, offset: int) -> int:
        chunk = CHUNKS[self._survey.chunk]
        return WHOLE if chunk == WHOLE and not offset else min(chunk, end - offset)

    async def _reserved(self) -> tuple[int, int]:
        if self._reservation is None:
            self._reservations += 1
            if self._reservations > MOST_RESERVATIONS:
                raise BmcProtocolError("The controller's sensor records change all the time: nobody can read them")
            answer = await self._session.ask(self._survey.source.netfn, self._survey.source.reserve)
            data = answer.data if not answer.code and len(answer.data) >= 2 else b"\0\0"
            self._reservation = data[0], data[1]
        return self._reservation


def _length(content: bytes) -> int:
    """Return how long the record is that begins with *content*, or how long its header is while that is not known."""
    return HEADER_BYTES + content[4] if len(content) >= HEADER_BYTES else HEADER_BYTES
