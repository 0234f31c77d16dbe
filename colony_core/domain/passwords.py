"""Passwords of management controllers: what a new one must be like, and one made of chance."""

from typing import Final

from colony_core.domain.hardware import Protocol
from colony_core.domain.secrets import Secret
from colony_core.domain.validation import Finding, Rule, Severity, ValidationFailed
from colony_core.errors import Conflict

PASSWORD_INVALID = Rule(
    id="asset.bmc.password.invalid",
    severity=Severity.ERROR,
    summary="A new password of a controller is 8 characters or more that every protocol can carry.",
    reason="IPMI has room for 20 bytes, and controllers are known to cut longer ones without a word.",
    hint="Use 8 to 20 printable ASCII characters without blanks, 16 at most for old IPMI controllers; or leave it out.",
)

SHORTEST: Final = 8
LONGEST: Final = {Protocol.IPMI: 20, Protocol.REDFISH: 40}
"""The most characters of a password: IPMI's field, and the least that Redfish controllers are known to allow."""

LENGTH: Final = 16
"""The length of one that we make: what even controllers of IPMI 1.5 have room for. 87 bits of chance."""

UPPER, LOWER, DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789"
ALPHABET = UPPER + LOWER + DIGITS
"""What is not mistaken for another by somebody who reads it, and needs no quoting anywhere."""

CHANCE_DIGITS: Final = 6 * LENGTH
"""How many hexadecimal digits of chance a password takes: so many that no character is noticeably likelier."""


class NoPasswordToChange(Conflict):
    """The machine has no controller that could have a password."""

    code = "BMC_HAS_NO_PASSWORD"
    summary = "Machine has no controller with a password"
    advice = "Add a controller with PATCH (`bmc.protocol`, `bmc.address`, user name and password) first."


def check_rotatable(protocol: Protocol) -> None:
    """Raise `NoPasswordToChange` where there is no controller to change a password on."""
    if protocol not in LONGEST:
        raise NoPasswordToChange("The machine is a manual one: there is no controller whose password could be changed")


def check_password(password: Secret, protocol: Protocol) -> None:
    """Raise `ValidationFailed` when *password* cannot be a controller's; its words never show it."""
    text = password.reveal()
    fits = SHORTEST <= len(text) <= LONGEST[protocol] and all("!" <= character <= "~" for character in text)
    if not fits:
        observed = f"{len(text)} characters" if text.isascii() else "characters beyond ASCII"
        expected = f"{SHORTEST} to {LONGEST[protocol]} printable ASCII characters by {protocol}"
        finding: Finding = PASSWORD_INVALID.broken("password", observed=observed, expected=expected)
        raise ValidationFailed((finding.violation(),))


def made_password(chance: str) -> Secret:
    """Return a password made of `CHANCE_DIGITS` digits of *chance*: it begins with one of each kind, as many ask."""
    kinds = (UPPER, LOWER, DIGITS) + (ALPHABET,) * (LENGTH - 3)
    numbers = (int(chance[at : at + 6], 16) for at in range(0, CHANCE_DIGITS, 6))
    return Secret("".join(kind[number % len(kind)] for kind, number in zip(kinds, numbers, strict=True)))
