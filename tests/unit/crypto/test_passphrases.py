"""Secrets sealed to a passphrase."""

import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.sealing import WrongKey
from colony_crypto.passphrases import PassphraseSealer, is_sealed

CHEAP = 2**4


def sealer(passphrase: str = "four random words") -> PassphraseSealer:
    return PassphraseSealer(Secret(passphrase), cost=CHEAP)


def test_what_is_sealed_opens_with_the_passphrase_in_its_place() -> None:
    text = sealer().seal(Secret("pä55word"), "a")

    assert is_sealed(Secret(text))
    assert "55word" not in text
    assert sealer().open(text, "a") == Secret("pä55word")


def test_one_secret_seals_differently_each_time() -> None:
    one = sealer()

    assert one.seal(Secret("x"), "a") != one.seal(Secret("x"), "a")


@pytest.mark.parametrize("altered", ["", "!", "AAAA", "A" * 80])
def test_nothing_else_opens(altered: str) -> None:
    text = sealer().seal(Secret("x"), "a")

    for sealed, context, passphrase in (
        (text, "b", "four random words"),
        (text, "a", "another passphrase"),
        (f"colony-sealed-1:{altered}", "a", "four random words"),
        (text[:-4], "a", "four random words"),
    ):
        with pytest.raises(WrongKey):
            sealer(passphrase).open(sealed, context)


def test_a_hostile_list_cannot_ask_for_many_derivations() -> None:
    texts = [sealer().seal(Secret("x"), "a") for _ in range(9)]
    one = sealer()
    opened = [one.open(text, "a") for text in texts[:8]]

    assert opened == [Secret("x")] * 8
    with pytest.raises(WrongKey):
        one.open(texts[8], "a")


def test_the_cost_of_a_guess_is_that_which_is_written_down() -> None:
    text = PassphraseSealer(Secret("four random words")).seal(Secret("x"), "a")

    assert PassphraseSealer(Secret("four random words"), cost=2**17).open(text, "a") == Secret("x")
