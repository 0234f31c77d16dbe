"""Which controller it is that answers: the maker and the firmware in Get Device ID (IPMI 2.0, section 20.1)."""

from colony_bmc.ipmi_session import IpmiSession
from colony_bmc.quirks import MAKERS

APP, GET_DEVICE_ID = 0x06, 0x01


async def maker_of(session: IpmiSession) -> str:
    """Return the maker's name; empty for one that is not known, or not told."""
    answer = await session.ask(APP, GET_DEVICE_ID)
    if answer.code or len(answer.data) < 9:
        return ""
    return MAKERS.get(int.from_bytes(answer.data[6:9], "little") & 0xFFFFF, "")
