"""API keys: their shape, whom they admit, and what they never show."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.api_keys import (
    ApiKey,
    ApiKeyNotFound,
    ApiRole,
    KeyStatus,
    Permission,
    admitted,
    hashed,
    parsed,
    require,
    revoked,
    whole,
)
from colony_core.errors import Forbidden, Unauthorized
from colony_testkit.builders import NOON

ID = "cd-0123456789ab"
SECRET = "0123456789abcdef0123456789abcdef01234567"
LATER = NOON + timedelta(hours=1)
hexadecimal = "0123456789abcdef"


def a_key(role: ApiRole = ApiRole.ADMIN, *, expires_at: datetime | None = None) -> ApiKey:
    """Return the key whose secret is SECRET."""
    return ApiKey(
        id=ID, secret_hash=hashed(SECRET), description="tests", role=role, created_at=NOON, expires_at=expires_at
    )


@given(id_=st.text(hexadecimal, min_size=12, max_size=12), secret=st.text(hexadecimal, min_size=40, max_size=40))
def test_a_whole_key_is_read_back_as_its_id_and_secret(id_: str, secret: str) -> None:
    assert parsed(whole(f"cd-{id_}", secret).reveal()) == (f"cd-{id_}", secret)


@given(text=st.text() | st.from_regex(r"cd-[0-9a-fA-F]{10,14}_[0-9a-f]{38,42}\s?"))
def test_anything_else_is_no_key(text: str) -> None:
    parts = parsed(text)

    assert parts is None or f"{parts[0]}_{parts[1]}" == text


@pytest.mark.parametrize("text", ["", ID, f"{ID}_", f"{ID}_{SECRET}\n", f" {ID}_{SECRET}", f"{ID}_{SECRET.upper()}"])
def test_nearly_a_key_is_no_key(text: str) -> None:
    assert parsed(text) is None


def test_a_living_key_is_admitted_with_its_secret() -> None:
    assert admitted(a_key(), SECRET, now=NOON) == a_key()


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (None, SECRET),
        (None, ""),
        (a_key(), SECRET[::-1]),
        (a_key(), ""),
        (a_key(expires_at=NOON), SECRET),
        (revoked(a_key(), now=NOON), SECRET),
    ],
    ids=["unknown", "malformed", "wrong", "empty", "expired", "revoked"],
)
def test_every_refusal_is_the_same_so_that_none_can_be_told_apart(key: ApiKey | None, secret: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        admitted(key, secret, now=NOON)

    assert refused.value.details == "The API key is missing, malformed, unknown, revoked or expired"


def test_a_key_lives_until_its_expiry_and_not_beyond() -> None:
    key = a_key(expires_at=LATER)

    assert key.status(LATER - timedelta(microseconds=1)) is KeyStatus.ACTIVE
    assert key.status(LATER) is KeyStatus.EXPIRED


def test_a_key_is_revoked_for_good_at_the_first_time() -> None:
    once = revoked(a_key(expires_at=NOON), now=NOON)

    assert revoked(once, now=LATER) == once
    assert once.status(LATER) is KeyStatus.REVOKED


def test_what_is_kept_and_shown_of_a_key_does_not_tell_its_secret() -> None:
    key = a_key()

    assert SECRET not in repr(key)
    assert key.masked == "cd-0123456789ab_••••••••"
    assert SECRET not in repr(whole(ID, SECRET))


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (ApiRole.ADMIN, set(Permission)),
        (ApiRole.OPERATOR, {Permission.READ, Permission.OPERATE}),
        (ApiRole.VIEWER, {Permission.READ}),
    ],
)
def test_a_role_allows_what_the_contract_says(role: ApiRole, allowed: set[Permission]) -> None:
    for permission in Permission:
        if permission in allowed:
            require(a_key(role), permission)
        else:
            with pytest.raises(Forbidden):
                require(a_key(role), permission)


def test_a_forbidden_call_names_the_role_that_it_needs() -> None:
    with pytest.raises(Forbidden) as refused:
        require(a_key(ApiRole.VIEWER), Permission.OPERATE)

    assert refused.value.details == f"API key '{ID}' has the role viewer; this call needs admin or operator"


def test_a_key_that_is_not_there_is_named_without_its_secret() -> None:
    assert ApiKeyNotFound(ID).details == f"API key with ID '{ID}' does not exist"


def test_limits_of_a_key_may_differ_from_the_services() -> None:
    assert replace(a_key(), limits=None).limits is None
