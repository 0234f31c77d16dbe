"""Which protocol a management controller is spoken to by, where nobody said: what was asked, and what is chosen."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.hardware import Bmc, Protocol

BETTER = "Redfish is preferred, as it tells what the machine is made of without booting it"


class Knock(Struct, frozen=True, kw_only=True):
    """What came of asking for one protocol at one port, without credentials.

    `answers` if a controller speaks it there, `usable` if it may be given credentials as the asset is registered;
    `said` is what it said, or what is wrong, in words; `vendor` and `product` what it tells of itself to anybody.
    """

    protocol: Protocol
    port: int
    said: str
    answers: bool = False
    usable: bool = False
    vendor: str = ""
    product: str = ""


def port_for(bmc: Bmc, protocol: Protocol) -> int:
    """Return where *protocol* is asked for: at the protocol's own port, unless the asset names another."""
    return protocol.default_port if bmc.port == Protocol.IPMI.default_port else bmc.port


def chosen(knocks: Sequence[Knock], bmc: Bmc) -> Knock | None:
    """Return the knock whose protocol is used, or None where nobody answered.

    Redfish, unless it cannot be used and IPMI can. Whoever names a certificate wants exactly that one, and gets no
    other protocol for one that is wrong.
    """
    answered = {knock.protocol: knock for knock in knocks if knock.answers}
    redfish, ipmi = answered.get(Protocol.REDFISH), answered.get(Protocol.IPMI)
    pinned = bool(bmc.ca_certificate or bmc.tls_fingerprint)
    if redfish is not None and (redfish.usable or pinned or ipmi is None or not ipmi.usable):
        return redfish
    return ipmi


def verdict(knocks: Sequence[Knock], choice: Knock | None) -> str:
    """Return what was tried and what is made of it, in words."""
    tried = "; ".join(f"{knock.protocol} at port {knock.port}: {knock.said}" for knock in knocks)
    if choice is None:
        return f"No protocol was answered ({tried})"
    others = [knock for knock in knocks if knock.answers and knock is not choice]
    if not others:
        return f"The controller is spoken to by {choice.protocol} ({tried})"
    why = BETTER if choice.protocol is Protocol.REDFISH else "Redfish answers too, but cannot be used as it is"
    return f"The controller is spoken to by {choice.protocol}: {why} ({tried})"


def settled(bmc: Bmc, choice: Knock) -> Bmc:
    """Return *bmc* as it is reached by the protocol that was chosen."""
    return replace(bmc, protocol=choice.protocol, port=choice.port, protocol_known=True)
