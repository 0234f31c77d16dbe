"""Secrets at rest."""

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_core.domain.secrets import Secret
from colony_core.ports.sealing import WrongKey
from colony_crypto.sealing import KEY_BYTES, Sealer, SecretKeyMalformed, parse_key

KEY = bytes(range(KEY_BYTES))

texts = st.binary(max_size=200)
contexts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), text=texts, context=contexts)
def test_what_was_sealed_opens_in_its_place(key: bytes, text: bytes, context: str) -> None:
    assert Sealer(key).open(Sealer(key).seal(text, context), context) == text


@given(text=texts, context=contexts, other=contexts)
def test_what_was_moved_elsewhere_does_not_open(text: bytes, context: str, other: str) -> None:
    sealed = Sealer(KEY).seal(text, context)

    if other != context:
        with pytest.raises(WrongKey):
            Sealer(KEY).open(sealed, other)


@given(text=texts, key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_another_key_does_not_open_it(text: bytes, key: bytes) -> None:
    sealed = Sealer(KEY).seal(text, "here")

    if key != KEY:
        with pytest.raises(WrongKey):
            Sealer(key).open(sealed, "here")


@given(text=texts, change=st.data())
def test_no_altered_bit_goes_unnoticed(text: bytes, change: st.DataObject) -> None:
    sealed = bytearray(Sealer(KEY).seal(text, "here"))
    bit = change.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(WrongKey):
        Sealer(KEY).open(bytes(sealed), "here")


@given(text=texts, change=st.data())
def test_nothing_that_was_cut_short_opens(text: bytes, change: st.DataObject) -> None:
    sealed = Sealer(KEY).seal(text, "here")

    with pytest.raises(WrongKey):
        Sealer(KEY).open(sealed[: change.draw(st.integers(0, len(sealed) - 1))], "here")


@given(noise=st.binary(max_size=100))
def test_noise_is_refused_and_never_an_accident(noise: bytes) -> None:
    with pytest.raises(WrongKey):
        Sealer(KEY).open(noise, "here")


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    assert len({Sealer(KEY).seal(b"again", "here") for _ in range(1000)}) == 1000


def test_sealed_bytes_begin_with_their_format_and_are_29_longer() -> None:
    sealed = Sealer(KEY).seal(b"four", "here")

    assert sealed[0] == 1
    assert len(sealed) == 29 + 4


def test_what_an_earlier_release_sealed_still_opens() -> None:
    sealed = bytes.fromhex(EARLIER)

    assert Sealer(KEY).open(sealed, "vault/asset-1/bmc-password") == b"correct horse"


@given(key=st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_a_key_reads_the_same_as_base64_and_as_hex(key: bytes) -> None:
    as_base64, as_hex = base64.b64encode(key).decode(), key.hex()

    assert parse_key(Secret(as_base64)) == parse_key(Secret(as_hex.upper())) == key
    assert parse_key(Secret(f"  {as_base64}\n")) == parse_key(Secret(as_hex + "\r\n")) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2-hunter2",
        "hunter2" * 9 + "!",  # 64 characters, but not hex
        base64.b64encode(b"hunter2").decode(),
        base64.b64encode(bytes(range(KEY_BYTES + 1))).decode(),
        base64.b64encode(bytes(range(KEY_BYTES))).decode()[:-1],
        "0" * 63,
        "0" * 65,
        "schlüssel",
        "\ufffd" * 44,
    ],
)
def test_a_malformed_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(SecretKeyMalformed) as refused:
        parse_key(Secret(text))

    shown = "".join(traceback.format_exception(refused.value))
    assert "base64" in shown
    assert not text or text not in shown


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_no_shorter_or_longer_key_is_taken(length: int) -> None:
    with pytest.raises(SecretKeyMalformed):
        Sealer(bytes(length))


EARLIER = "013c2b3e6b64d25aa8bcdbb84584de0156b4afbe4cbdd1cbe5ff2f62f2096eb55b6c4cf22d27735f05fa"
