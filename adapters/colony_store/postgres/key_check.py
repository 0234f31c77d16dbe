"""Whether the secret key is the one that the database was made with: found out at the start, not later."""

from colony_core.ports.sealing import Sealer, WrongKey
from colony_store.postgres.link import Link
from colony_store.postgres.queries import OTHERS
from colony_store.refusals import SecretKeyWrong

_SETTING = "key-check"
_WORDS = b"colony"


async def check_key(link: Link, sealer: Sealer, database: str) -> None:
    """Refuse another key than that of the first opening, which leaves a sealed word here."""
    rows = await link.rows(OTHERS["setting_get"], _SETTING)
    if not rows:
        # Of several that start at once one is first, and all look at what that one left.
        await link.rows(OTHERS["setting_put"], _SETTING, sealer.seal(_WORDS, _SETTING))
        rows = await link.rows(OTHERS["setting_get"], _SETTING)
    try:
        sealer.open(rows[0][0], _SETTING)
    except WrongKey:
        raise SecretKeyWrong(database) from None
