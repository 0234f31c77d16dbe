"""Asks one controller directly, without a server and without a database, for all that it tells."""

import secrets
from contextlib import aclosing
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.probing import Knock, chosen, settled, verdict
from colony_core.domain.recordings import Recording
from colony_core.domain.registration import Registration, registered
from colony_core.errors import ColonyError
from colony_core.ports.hardware import Access, BmcUnreachable, Examiner
from colony_wiring.steel import BY_PREFERENCE, ByProtocol
from colony_wiring.version import version


class Seen(Struct, frozen=True, kw_only=True):
    """What was learnt of a controller: by whoever asks, and behind a login.

    `fingerprint` is of the certificate that is shown to anybody. `error` is why there are no `findings`, though
    somebody wanted to log in, or why nobody could be asked at all.
    """

    knocks: tuple[Knock, ...]
    protocol: Protocol | None
    verdict: str
    fingerprint: str = ""
    findings: Findings | None = None
    recording: Recording | None = None
    error: ColonyError | None = None


async def probe(registration: Registration, *, log_in: bool, record: bool = False) -> Seen:
    """Return what the controller of *registration* tells: to anybody, and, if told to *log_in*, to this user.

    With a protocol nothing else is tried; without, the one that discovery would take is. Raises `ValidationFailed`
    for what cannot be right, before anything is sent.
    """
    bmc = registered(registration, asset_id="probed", now=datetime.now(UTC)).bmc
    among = BY_PREFERENCE if registration.protocol is None else (registration.protocol,)
    async with aclosing(ByProtocol()) as steel:
        knocks = await steel.probe(bmc, among=among)
        choice = chosen(knocks, bmc)
        seen = Seen(knocks=knocks, protocol=choice.protocol if choice else None, verdict=verdict(knocks, choice))
        if choice is None:
            return replace(seen, error=BmcUnreachable(seen.verdict))
        seen = replace(seen, fingerprint=await _fingerprint(steel, bmc, knocks))
        if not log_in:
            return seen
        return await _looked_into(steel.controller(Access(settled(bmc, choice), registration.password)), seen, record)


async def _fingerprint(steel: ByProtocol, bmc: Bmc, knocks: tuple[Knock, ...]) -> str:
    over_tls = next((knock for knock in knocks if knock.answers and knock.protocol is Protocol.REDFISH), None)
    return await steel.certificate(settled(bmc, over_tls)) if over_tls else ""


async def _looked_into(controller: object, seen: Seen, record: bool) -> Seen:  # noqa: FBT001  # the caller's own flag
    """Return *seen* with what *controller* tells, or with why it does not; a stranger's adapter may have no words."""
    if not isinstance(controller, Examiner):
        return seen
    try:
        found = await controller.examine(key=secrets.token_bytes(32) if record else None)
    except ColonyError as error:
        return replace(seen, error=error)
    recording = found.recording and replace(found.recording, tool=f"colony {version()}")
    return replace(seen, findings=found.findings, recording=recording)
