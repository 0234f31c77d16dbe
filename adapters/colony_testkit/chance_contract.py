"""The contract of chance, as tests: what can be tested of it, which is never that nobody can guess it."""

import pytest

from colony_core.ports.chance import Chance

HEXADECIMAL = set("0123456789abcdef")


class ChanceContract:
    """Subclass it, give it a fixture `chance`, and the adapter is tested."""

    @pytest.mark.parametrize("length", [1, 2, 7, 12, 40, 128])
    def test_a_token_is_as_long_as_was_asked(self, chance: Chance, length: int) -> None:
        assert len(chance.token(length)) == length

    def test_a_token_is_lower_case_hexadecimal(self, chance: Chance) -> None:
        assert set(chance.token(1000)) <= HEXADECIMAL

    def test_no_two_tokens_are_the_same(self, chance: Chance) -> None:
        tokens = [chance.token(32) for _ in range(2000)]

        assert len(set(tokens)) == len(tokens)

    def test_every_digit_occurs_about_equally_often_in_every_place(self, chance: Chance) -> None:
        tokens = [chance.token(9) for _ in range(3200)]

        for place in range(9):
            counts = [sum(token[place] == digit for token in tokens) for digit in HEXADECIMAL]
            assert all(100 < count < 300 for count in counts), f"200 of each were to be expected: {counts}"
