"""The audit trail: what was done is noted, and what is noted was done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.application.repeats import Undo
from colony_core.domain.api_keys import ApiKeyNotFound
from colony_core.domain.audit import CONSOLE, AuditOutcome, Deed
from colony_core.ports.persistence import AuditFilter, Paging
from colony_testkit.lab import Lab
from colony_testkit.store_told_contract import deed


async def trail(lab: Lab, where: AuditFilter = AuditFilter()) -> list[Deed]:
    """Return what the trail shows, without its numbers."""
    return [replace(each, seq=0) for each in (await lab.colony.audit.page(Paging(), where)).items]


@settings(max_examples=50)
@given(fates=st.lists(st.sampled_from(["done", "undone", "broken"]), max_size=8))
async def test_a_deed_is_noted_if_and_only_if_it_was_done(fates: list[str]) -> None:
    lab = Lab()

    async def act(number: int, fate: str) -> None:
        async with lab.colony.audit.together() as note:
            await lab.colony.api_keys.create(str(number))
            note(deed(number))
            if fate == "undone":
                raise Undo
            if fate == "broken":
                raise ZeroDivisionError

    for number, fate in enumerate(fates):
        if fate == "broken":
            with pytest.raises(ZeroDivisionError):
                await act(number, fate)
        else:
            await act(number, fate)

    keys = [key.description for key in (await lab.colony.api_keys.page(Paging())).items]
    done = [number for number, fate in enumerate(fates) if fate == "done"]
    assert await trail(lab) == [deed(number) for number in done]
    assert keys == [str(number) for number in done]


async def test_an_act_of_the_console_is_noted_with_what_it_made() -> None:
    lab = Lab()
    async with lab.colony.audit.at_the_console("create_api_key", "api-keys") as known:
        new = await lab.colony.api_keys.create("first")
        known(f"api-keys/{new.key.id}")

    assert await trail(lab) == [
        Deed(at=lab.clock.now(), actor=CONSOLE, action="create_api_key", resource=f"api-keys/{new.key.id}")
    ]


async def test_a_refusal_at_the_console_is_noted_and_told() -> None:
    lab = Lab()

    async def revoke() -> None:
        async with lab.colony.audit.at_the_console("revoke_api_key", "api-keys/cd-9"):
            await lab.colony.api_keys.revoke("cd-9")

    with pytest.raises(ApiKeyNotFound):
        await revoke()
    (refused,) = await trail(lab, AuditFilter(actor=CONSOLE))
    assert (refused.outcome, refused.code) == (AuditOutcome.REFUSED, "API_KEY_NOT_FOUND")


async def test_what_breaks_at_the_console_leaves_nothing() -> None:
    lab = Lab()

    async def act() -> None:
        async with lab.colony.audit.at_the_console("create_api_key", "api-keys"):
            await lab.colony.api_keys.create("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act()
    assert (await trail(lab), await lab.colony.api_keys.any()) == ([], False)
