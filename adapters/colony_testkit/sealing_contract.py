"""The contract of sealers, as tests."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colony_core.ports.sealing import Sealer, WrongKey

PLACE = "vault/asset-1/bmc-password"
SECRET = b"a password that nobody may read"


class SealerContract:
    """Subclass it, give it a fixture `sealer`, and the adapter is tested."""

    @settings(
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(plaintext=st.binary(max_size=5000), context=st.text(max_size=100))
    def test_what_was_sealed_opens_in_its_place(self, sealer: Sealer, plaintext: bytes, context: str) -> None:
        assert sealer.open(sealer.seal(plaintext, context), context) == plaintext

    @pytest.mark.parametrize(
        "elsewhere", ["", "vault/asset-2/bmc-password", "vault/asset-1", f"{PLACE} ", PLACE.upper()]
    )
    def test_it_opens_nowhere_else(self, sealer: Sealer, elsewhere: str) -> None:
        sealed = sealer.seal(SECRET, PLACE)

        with pytest.raises(WrongKey):
            sealer.open(sealed, elsewhere)

    def test_whatever_is_altered_does_not_open(self, sealer: Sealer) -> None:
        sealed = sealer.seal(SECRET, PLACE)
        altered = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]

        for spoiled in [*altered, b"", sealed[:-1], sealed + b"\0", sealed[1:]]:
            with pytest.raises(WrongKey):
                sealer.open(spoiled, PLACE)

    def test_the_same_plaintext_is_sealed_differently_each_time(self, sealer: Sealer) -> None:
        assert len({sealer.seal(SECRET, PLACE) for _ in range(100)}) == 100

    def test_nothing_of_the_plaintext_shows(self, sealer: Sealer) -> None:
        sealed = sealer.seal(SECRET, PLACE)

        assert not any(SECRET[at : at + 4] in sealed for at in range(len(SECRET) - 3))

    def test_a_refusal_says_nothing_of_what_is_sealed(self, sealer: Sealer) -> None:
        with pytest.raises(WrongKey) as refused:
            sealer.open(sealer.seal(SECRET, PLACE), "elsewhere")

        assert SECRET.decode() not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
