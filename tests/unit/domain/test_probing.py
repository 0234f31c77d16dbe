"""Which protocol is chosen where nobody named one."""

import pytest

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.probing import Knock, chosen, port_for, settled, verdict

BMC = Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=623, username="admin", protocol_known=False)
PINNED = Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=623, username="admin", tls_fingerprint="ab" * 32)

TRUSTED = Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=623, username="admin", ca_certificate="PEM")


def redfish(*, answers: bool = True, usable: bool = True) -> Knock:
    said = "it speaks Redfish 1.11.0" if answers else "no answer within 4 s"
    return Knock(protocol=Protocol.REDFISH, port=443, said=said, answers=answers, usable=answers and usable)


def ipmi(*, answers: bool = True, usable: bool = True) -> Knock:
    said = "it speaks IPMI 2.0" if answers else "no answer within 3 s"
    return Knock(protocol=Protocol.IPMI, port=623, said=said, answers=answers, usable=answers and usable)


@pytest.mark.parametrize(
    ("knocks", "bmc", "protocol"),
    [
        ([redfish(), ipmi()], BMC, Protocol.REDFISH),
        ([redfish(), ipmi(answers=False)], BMC, Protocol.REDFISH),
        ([redfish(answers=False), ipmi()], BMC, Protocol.IPMI),
        ([redfish(usable=False), ipmi()], BMC, Protocol.IPMI),
        ([redfish(usable=False), ipmi()], PINNED, Protocol.REDFISH),
        ([redfish(usable=False), ipmi()], TRUSTED, Protocol.REDFISH),
        ([redfish(usable=False), ipmi(answers=False)], BMC, Protocol.REDFISH),
        ([redfish(usable=False), ipmi(usable=False)], BMC, Protocol.REDFISH),
        ([redfish(answers=False), ipmi(answers=False)], BMC, None),
        ([], BMC, None),
    ],
)
def test_redfish_is_preferred_unless_only_ipmi_can_be_used(
    knocks: list[Knock], bmc: Bmc, protocol: Protocol | None
) -> None:
    choice = chosen(knocks, bmc)

    assert (choice.protocol if choice else None) is protocol


def test_the_verdict_says_what_was_tried_and_why() -> None:
    both = [redfish(), ipmi()]
    nobody = [redfish(answers=False), ipmi(answers=False)]
    distrusted = [redfish(usable=False), ipmi()]

    assert "Redfish is preferred, as it tells what the machine is made of" in verdict(both, chosen(both, BMC))
    assert "ipmi at port 623: it speaks IPMI 2.0" in verdict(both, chosen(both, BMC))
    assert "Redfish answers too, but cannot be used as it is" in verdict(distrusted, chosen(distrusted, BMC))
    alone = [redfish(), ipmi(answers=False)]
    assert verdict(alone, alone[0]).startswith("The controller is spoken to by redfish (redfish at port 443: it speaks")
    assert verdict(nobody, None) == (
        "No protocol was answered (redfish at port 443: no answer within 4 s; ipmi at port 623: no answer within 3 s)"
    )


def test_each_protocol_is_asked_for_at_its_own_port_unless_another_is_named() -> None:
    named = Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=8443, username="admin")

    assert [port_for(BMC, protocol) for protocol in (Protocol.IPMI, Protocol.REDFISH)] == [623, 443]
    assert [port_for(named, protocol) for protocol in (Protocol.IPMI, Protocol.REDFISH)] == [8443, 8443]


def test_what_is_chosen_is_what_is_spoken_from_then_on() -> None:
    after = settled(BMC, redfish())

    assert (after.protocol, after.port, after.protocol_known) == (Protocol.REDFISH, 443, True)
