"""The password of a controller's user (IPMI 2.0, section 22.30): found by name, set, tried, and undone if not kept."""

from colony_bmc.ipmi_session import APP, NAME_BYTES, PASSWORD_BYTES, IpmiSession
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import BmcCommandRefused, BmcProtocolError

GET_ACCESS, GET_NAME, SET_PASSWORD = 0x44, 0x46, 0x47
THIS_CHANNEL = 0x0E
SET, TEST = 0x02, 0x03

SHORT_BYTES = 16
"""The longest password of the older form, which every controller knows."""

LONG_FORM = 0x80
"""Marks a password field of 20 bytes beside the user's number."""

NOT_KEPT = frozenset({0x80, 0x81})
"""What a test answers to a password that is not the user's: another one, or another size."""


async def write_password(session: IpmiSession, name: str, *, old: Secret, new: Secret) -> None:
    """Give user *name* the password *new*; one that the controller does not keep whole is refused, and *old* set again.

    The session, though it began with *old*, goes on; only its test tells what a controller made of the password.
    """
    if len(new.reveal().encode()) > PASSWORD_BYTES:
        raise BmcCommandRefused(f"IPMI has room for {PASSWORD_BYTES} bytes of password; the new one is longer")
    number = await _number_of(session, name)
    await _put(session, number, new)
    answer = await session.ask(APP, SET_PASSWORD, *_field(number, TEST, new))
    if answer.code not in NOT_KEPT:
        return
    try:
        await _put(session, number, old)
    except BmcCommandRefused as error:
        raise BmcProtocolError(f"A password was not kept, and cannot be undone: {error.details}") from None
    raise BmcCommandRefused(
        "The controller took the new password but does not keep it whole; the old one was set again"
    )


async def _number_of(session: IpmiSession, name: str) -> int:
    access = await session.demand(APP, GET_ACCESS, THIS_CHANNEL, 1, at_least=1, what="how many users it has")
    for number in range(1, (access[0] & 0x3F) + 1):
        answer = await session.ask(APP, GET_NAME, number)
        if answer.code == 0 and answer.data[:NAME_BYTES].rstrip(b"\0") == name.encode():
            return number
    raise BmcCommandRefused("The controller lets the user log in but lists no user of that name")


async def _put(session: IpmiSession, number: int, password: Secret) -> None:
    session.accept(await session.ask(APP, SET_PASSWORD, *_field(number, SET, password)), what="a new password")


def _field(number: int, what: int, password: Secret) -> bytes:
    content = password.reveal().encode()
    if len(content) > SHORT_BYTES:
        return bytes([number | LONG_FORM, what]) + content.ljust(PASSWORD_BYTES, b"\0")
    return bytes([number, what]) + content.ljust(SHORT_BYTES, b"\0")
