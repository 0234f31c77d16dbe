import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_core.domain.hardware import Protocol
from colony_core.domain.passwords import (
    ALPHABET,
    CHANCE_DIGITS,
    DIGITS,
    LENGTH,
    LONGEST,
    LOWER,
    SHORTEST,
    UPPER,
    NoPasswordToChange,
    check_password,
    check_rotatable,
    made_password,
)
from colony_core.domain.secrets import Secret
from colony_core.domain.validation import ValidationFailed

chances = st.text("0123456789abcdef", min_size=CHANCE_DIGITS, max_size=CHANCE_DIGITS)


@given(chances)
def test_a_password_that_we_make_fits_every_protocol_and_has_three_kinds_of_characters(chance: str) -> None:
    password = made_password(chance)

    text = password.reveal()
    assert len(text) == LENGTH
    assert set(text) <= set(ALPHABET)
    assert any(map(str.isupper, text))
    assert any(map(str.islower, text))
    assert any(map(str.isdigit, text))
    for protocol in LONGEST:
        check_password(password, protocol)


@given(st.text(min_size=1))
def test_a_password_that_does_not_fit_is_refused_without_being_shown(text: str) -> None:
    secret = f"{text}\n"

    with pytest.raises(ValidationFailed) as refused:
        check_password(Secret(secret), Protocol.IPMI)

    [violation] = refused.value.violations
    assert (violation.rule, violation.path) == ("asset.bmc.password.invalid", "password")
    assert len(text) < 3 or secret not in repr(violation)


@pytest.mark.parametrize(("length", "protocol"), [(7, Protocol.IPMI), (21, Protocol.IPMI), (41, Protocol.REDFISH)])
def test_the_length_must_fit_the_protocol(length: int, protocol: Protocol) -> None:
    with pytest.raises(ValidationFailed):
        check_password(Secret("x" * length), protocol)


def test_old_controllers_have_room_for_what_we_make() -> None:
    assert SHORTEST <= LENGTH <= 16


def test_a_length_of_twenty_fits_ipmi() -> None:
    check_password(Secret("x" * 20), Protocol.IPMI)


def test_a_machine_without_a_controller_has_no_password_to_change() -> None:
    with pytest.raises(NoPasswordToChange):
        check_rotatable(Protocol.MANUAL)


def test_every_printable_character_but_the_blank_can_stand_in_a_password() -> None:
    printable = "".join(map(chr, range(0x21, 0x7F)))

    for at in range(0, len(printable), 8):
        check_password(Secret(printable[at : at + 8].ljust(8, "x")), Protocol.IPMI)
    for wrong in (" ", "\x7f", "\x1f"):
        with pytest.raises(ValidationFailed):
            check_password(Secret(f"secret-{wrong}"), Protocol.IPMI)


def test_a_password_is_made_of_six_digits_of_chance_for_each_character() -> None:
    assert made_password("000000" * LENGTH).reveal() == "Aa2" + "A" * (LENGTH - 3)
    assert made_password("000010" * LENGTH).reveal() == UPPER[16] + LOWER[16] + DIGITS[0] + ALPHABET[16] * (LENGTH - 3)


def test_no_character_of_a_password_that_we_make_is_mistaken_for_another_or_needs_quoting() -> None:
    assert ALPHABET.isascii()
    assert ALPHABET.isalnum()
    assert not set(ALPHABET) & set("0O1lI")
    assert len(set(ALPHABET)) == len(ALPHABET)
