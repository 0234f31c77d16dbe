"""Changes the password on a machine's controller so that Colony always knows the one that holds (docs/adr/0028).

The vault has three places: the password that holds, the one that is wanted, and, from right before the controller is
told until it is known what came of that, the one that is pending. While one is pending either of the two may hold.
"""

from msgspec import Struct
from msgspec.structs import replace

from colony_core.application.safekeeping import BMC_PASSWORD, BMC_PASSWORD_PENDING, BMC_PASSWORD_WANTED
from colony_core.application.workplace import Tools, Workplace
from colony_core.domain.assets import AssetNotFound
from colony_core.domain.hardware import Bmc
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused
from colony_core.ports.hardware import Access, BmcCommandRefused, BmcRefused
from colony_core.ports.persistence import Transaction

NONE = Secret("")


class PasswordNotTaken(Refused):
    """The controller said yes to a new password, and lets only the old one in."""

    code = "BMC_PASSWORD_NOT_TAKEN"
    summary = "Management controller did not take the password"
    advice = "The old password still holds. Try another one, shorter or plainer, or update the controller's firmware."


class PasswordInDoubt(Refused):
    """Neither the old nor the new password lets in: the account is locked, or somebody else changed it."""

    code = "BMC_PASSWORD_IN_DOUBT"
    summary = "Neither password is accepted"
    advice = "Wait until a lock ends and rotate again, which tries both; or set the one that holds with PATCH."


class Keys(Struct, frozen=True, kw_only=True):
    """The passwords of one controller; those that are not there are empty. While one is pending, it or `holds` does."""

    holds: Secret
    pending: Secret = NONE
    wanted: Secret = NONE


async def change_password(tools: Tools, place: Workplace) -> None:
    """Give the controller the wanted password and log in with it, while nobody else speaks to it; settle doubts first.

    Usually that takes two logins: one to change, one to see that it holds.
    """
    with tools.hardware.kept_for(_bmc(place), place.run.id):
        keys = await _settled(tools, place, await _keys(tools, place))
        if keys.wanted in (NONE, keys.holds):
            return
        wanted, keys = keys.wanted, replace(keys, pending=keys.wanted)
        await _keep(tools, place, keys)
        try:
            await tools.hardware.controller(
                _access(place, keys.holds), asker=place.run.id, mine=place.mine
            ).change_password(wanted)
        except BmcCommandRefused:
            await _keep(tools, place, replace(keys, pending=NONE))
            raise
        if (await _settled(tools, place, keys)).holds != wanted:
            raise PasswordNotTaken("The controller said yes to the new password, but lets only the old one in")


async def settle_password(tools: Tools, place: Workplace) -> None:
    """Find out which password holds, if that is in doubt; where neither did it is not tried again, as accounts lock."""
    if place.run.error is not None and place.run.error.code == PasswordInDoubt.code:
        return
    with tools.hardware.kept_for(_bmc(place), place.run.id):
        await _settled(tools, place, await _keys(tools, place))


async def _settled(tools: Tools, place: Workplace, keys: Keys) -> Keys:
    """Try the pending password, then the old one; keep the one that lets in, and no other."""
    if not keys.pending:
        return keys
    if await _lets_in(tools, place, keys.pending):
        wanted = NONE if keys.wanted == keys.pending else keys.wanted
        settled = Keys(holds=keys.pending, wanted=wanted)
    elif await _lets_in(tools, place, keys.holds):
        settled = replace(keys, pending=NONE)
    else:
        raise PasswordInDoubt("The controller refuses both the old password and the new one; both are kept")
    await _keep(tools, place, settled)
    tools.hardware.renewed(_access(place, keys.holds), _access(place, settled.holds))
    return settled


async def _lets_in(tools: Tools, place: Workplace, password: Secret) -> bool:
    try:
        await tools.hardware.controller(_access(place, password), asker=place.run.id).power()
    except BmcCommandRefused:
        return True
    except BmcRefused:
        return False
    return True


async def _keys(tools: Tools, place: Workplace) -> Keys:
    async with tools.store.reading() as look:
        owner = _asset_id(place)
        return Keys(
            holds=await look.vault.get(owner, BMC_PASSWORD) or NONE,
            pending=await look.vault.get(owner, BMC_PASSWORD_PENDING) or NONE,
            wanted=await look.vault.get(owner, BMC_PASSWORD_WANTED) or NONE,
        )


async def _keep(tools: Tools, place: Workplace, keys: Keys) -> None:
    """Put *keys* into the vault, unless the machine was forgotten by force; what has its id now is another's."""
    owner = _asset_id(place)
    async with tools.store.transaction() as tx:
        asset = (await tx.assets.get_many([owner])).get(owner)
        if asset is None or asset.held_by != place.run.id:
            raise AssetNotFound(owner)
        tx.vault.put(owner, BMC_PASSWORD, keys.holds)
        tx.vault.put(owner, BMC_PASSWORD_PENDING, keys.pending)
        tx.vault.put(owner, BMC_PASSWORD_WANTED, keys.wanted)


def want(tx: Transaction, asset_id: str, password: Secret) -> None:
    """Remember what the password shall be; a pending one of an earlier rotation stays until it is settled."""
    tx.vault.put(asset_id, BMC_PASSWORD_WANTED, password)


async def told_by_a_person(tx: Transaction, asset_id: str) -> None:
    """Drop every doubt about the password, as somebody who should know has set the one that holds."""
    for name in (BMC_PASSWORD_PENDING, BMC_PASSWORD_WANTED):
        if await tx.vault.get(asset_id, name):
            tx.vault.put(asset_id, name, NONE)


def _access(place: Workplace, password: Secret) -> Access:
    return Access(_bmc(place), password)


def _bmc(place: Workplace) -> Bmc:
    assert place.asset is not None, "machine actions belong to runs of one machine"
    return place.asset.bmc


def _asset_id(place: Workplace) -> str:
    assert place.asset is not None, "machine actions belong to runs of one machine"
    return place.asset.id
