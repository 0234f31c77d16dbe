"""A secret shows itself only when asked to."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_core.domain.secrets import Secret

texts = st.text(min_size=4).filter(lambda text: text not in repr(Secret("")))


@given(text=texts)
def test_a_secret_is_printed_as_bullets_however_it_is_printed(text: str) -> None:
    secret = Secret(text)

    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret])):  # noqa: UP031
        assert text not in shown


@given(text=texts)
def test_a_secret_is_revealed_to_those_who_ask(text: str) -> None:
    assert Secret(text).reveal() == text


def test_no_encoder_of_answers_knows_a_secret() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode({"password": Secret("hunter2")})
    with pytest.raises(TypeError):
        json.dumps({"password": Secret("hunter2")})


def test_a_secret_that_is_formatted_with_a_width_fails_instead_of_leaking() -> None:
    with pytest.raises(TypeError):
        format(Secret("hunter2"), ">20")


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_an_empty_secret_is_none() -> None:
    assert not Secret("")
    assert Secret("a")


def test_a_secret_has_no_place_where_a_dump_of_attributes_would_find_it() -> None:
    assert not hasattr(Secret("hunter2"), "__dict__")
