"""The account that we log in as: its password is changed where the controller shows it."""

from colony_bmc.redfish_answers import Document, link, number, part, text, unspoken
from colony_bmc.redfish_session import ROOT, RedfishSession
from colony_bmc.redfish_system import members
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import BmcCommandRefused, BmcProtocolError


async def write_password(session: RedfishSession, username: str, new: Secret) -> None:
    """Give the account of *username* the password *new*; a controller that would not keep all of it is not asked."""
    service = await _service(session)
    longest = int(number(service, "MaxPasswordLength"))
    if longest and len(new.reveal()) > longest:
        raise BmcCommandRefused(f"The controller at {session.where} keeps passwords of at most {longest} characters")
    account = await _account_of(session, service, username)
    answer = await session.change("PATCH", account, {"Password": new.reveal()})
    if not answer.good:
        raise unspoken(answer, where=session.where, what="the new password")


async def _service(session: RedfishSession) -> Document:
    """Return the account service. Nothing has been asked for yet: that it is not shown leaves the old password."""
    path = link(part((await session.look(ROOT)).document, "AccountService"))
    try:
        return await session.read(path) if path else {}
    except BmcProtocolError:
        return {}


async def _account_of(session: RedfishSession, service: Document, username: str) -> str:
    try:
        accounts = link(part(service, "Accounts"))
        for path in await members(session, accounts) if accounts else []:
            if text((await session.look(path)).document, "UserName") == username:
                return path
    except (BmcProtocolError, BmcCommandRefused):
        raise BmcCommandRefused(f"The controller at {session.where} does not show its accounts") from None
    raise BmcCommandRefused(f"The controller at {session.where} shows no account of the user that we log in as")
