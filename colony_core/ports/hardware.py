"""The door to management controllers."""

from typing import Protocol, runtime_checkable

from msgspec import Struct

from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.probing import Knock
from colony_core.domain.recordings import Recording
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused, Unavailable


class BmcUnreachable(Unavailable):
    """The controller did not answer in time; trying again may help."""

    code = "BMC_UNREACHABLE"
    summary = "Management controller unreachable"
    advice = "Check the controller's address, port, cabling and power."


class BmcRefused(Refused):
    """The controller answered and said no, as to wrong credentials; never tried again, because accounts lock."""

    code = "BMC_REFUSED"
    summary = "Management controller refused"
    advice = "Correct the user name, the password or the user's privileges; then start the work again."


class BmcCommandRefused(BmcRefused):
    """The controller took the login and said no to this one thing; that says nothing against the credentials."""

    code = "BMC_COMMAND_REFUSED"
    summary = "Management controller refused a command"
    advice = "See whether the controller can do this at all, and whether the user may; then start the work again."


class BmcUntrusted(BmcRefused):
    """The controller's certificate is not believed, so nothing was sent to it."""

    code = "BMC_UNTRUSTED"
    summary = "Management controller's certificate is not trusted"
    advice = (
        "Compare the fingerprint in the details with the controller's own; then give it as `bmc.tlsFingerprint`, or its"
        " authority as `bmc.caCertificate`; `verifyTls: false` trusts anybody."
    )


class BmcProtocolError(Unavailable):
    """The controller answered what its protocol does not allow; trying again may help."""

    code = "BMC_PROTOCOL_ERROR"
    summary = "Management controller answered nonsense"
    advice = "Try again; if it lasts, reset the controller or update its firmware."


class BmcBusy(Unavailable):
    """The controller has no room for the call now, as when all its sessions are taken; trying again later helps."""

    code = "BMC_BUSY"
    summary = "Management controller is busy"
    advice = "Wait a little; if it lasts, close the sessions that others left open, or reset the controller."


class Access(Struct, frozen=True):
    """All that is needed to speak to one controller."""

    bmc: Bmc
    password: Secret


class Controller(Protocol):
    """One management controller. Every call is safe to repeat.

    Every call may raise `BmcUnreachable`, `BmcBusy` or `BmcProtocolError` (try again later) or `BmcRefused` (do not).
    A call ends within the adapter's own deadline however silent the controller is, and may be cancelled at any time.
    """

    async def power(self) -> Power:
        """Return the power state as the controller reports it now."""

    async def set_power(self, power: Power) -> None:
        """Ask for *power* (`on`, or `off` at once without asking the system). The state may follow later."""

    async def restart(self) -> None:
        """Take the power away and give it back; a machine that is off is switched on."""

    async def boot_device(self) -> BootDevice | None:
        """Return where the next start boots from as the controller reports it, or None if it names neither."""

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Make the next start, and only that, boot from *device*, through firmware *mode*; None leaves that alone."""

    async def identity(self) -> System:
        """Return what the maker wrote into the machine; fields that the controller does not know are empty."""

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return the temperatures, fans and power that can be read now; none where the controller has no sensors."""

    async def inventory(self) -> Inventory | None:
        """Return what the controller knows its machine to be made of, or None where its protocol cannot tell.

        What the controller does not know is left out or empty; kernel names (`/dev/sda`) it never knows.
        """

    async def change_password(self, new: Secret) -> None:
        """Let the user that we log in as have the password *new* from now on; repeated with the old one, log in fails.

        After `BmcCommandRefused` the old password holds, and after `BmcRefused` nothing was asked for. After any other
        error either of the two may hold. What the controller would cut short or not keep is refused, and undone.
        """


class Hardware(Protocol):
    """Finds the controller that an access is for."""

    def controller(self, access: Access) -> Controller:
        """Return the controller; nothing is sent yet."""

    async def aclose(self) -> None:
        """Let go of every session and thread."""


@runtime_checkable
class Prober(Protocol):
    """Finds out how a controller can be spoken to."""

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Ask for every protocol at once, each at its port, within seconds; no credentials are sent.

        Silence, a closed port or nonsense is an answer like any other, and never an error.
        """


class Examination(Struct, frozen=True, kw_only=True):
    """What a controller told, and, where it was asked for, the scrubbed recording of how."""

    findings: Findings
    recording: Recording | None = None


@runtime_checkable
class Examiner(Protocol):
    """A controller that tells all that it knows at once."""

    async def examine(self, *, key: bytes | None = None) -> Examination:
        """Ask for everything with one login, and change nothing; what is refused is noted, and the rest goes on.

        With a *key* everything is recorded too; in the recording names and numbers are replaced by it. Without a
        login there is nothing: `BmcRefused`, `BmcUnreachable`, `BmcBusy` or `BmcProtocolError` say why.
        """


@runtime_checkable
class Certified(Protocol):
    """An adapter whose protocol runs over TLS."""

    async def certificate(self, bmc: Bmc) -> str:
        """Return the SHA-256 fingerprint of the certificate that is shown there, believed or not; empty for none."""
