"""Which controller it is that answers: the maker and the firmware in Get Device ID (IPMI 2.0, section 20.1)."""

from msgspec import Struct

from colony_bmc.ipmi_session import IpmiSession
from colony_bmc.quirks import MAKERS

APP, GET_DEVICE_ID = 0x06, 0x01


class Device(Struct, frozen=True):
    """The controller's maker and firmware; each empty where it is not known, or not told."""

    maker: str = ""
    firmware: str = ""


async def device_of(session: IpmiSession) -> Device:
    """Return who made the controller, and which firmware it runs."""
    answer = await session.ask(APP, GET_DEVICE_ID)
    if answer.code or len(answer.data) < 9:
        return Device()
    maker = MAKERS.get(int.from_bytes(answer.data[6:9], "little") & 0xFFFFF, "")
    # The major number has seven bits, the minor one two digits of BCD.
    return Device(maker, f"{answer.data[2] & 0x7F}.{answer.data[3]:02x}")
