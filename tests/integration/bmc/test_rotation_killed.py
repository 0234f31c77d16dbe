"""kill -9 of a real server at each point of a rotation: the password that is kept always opens the controller."""

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim
from colony_testkit.ipmi_wire import IN_SESSION, RAKP_1, Packet, Wire, kind
from colony_testkit.redfish_tree import SESSIONS, RedfishTree
from colony_testkit.redfish_tree import USER as TREE_USER
from colony_testkit.redfish_trees import IDRAC, V1, with_accounts
from tests.integration.bmc.served import PATIENCE, Served

NEW = "Planted-new-one1"

POINTS = ("not yet changed", "changed, not answered", "answered, not verified", "verified, not kept", "kept")
"""Where the server is killed: behind everything that it does to the controller or to its database."""

PENDING = "SELECT length(sealed) FROM vault WHERE name = 'bmc-password-pending'"


class Peer(Protocol):
    """A controller that stops the world at the points of a rotation."""

    async def stop_at(self, point: str, database: Path) -> None:
        """Return once the server is there; from then on it gets no further."""

    def go_on(self) -> None:
        """Let whatever comes next through: the server that was stopped is gone."""

    def logins(self) -> int:
        """Return how many logins were begun."""

    async def lets_in(self, password: str) -> bool:
        """Tell whether the controller takes *password*."""

    def registration(self) -> dict[str, Any]:
        """Return what registers its machine."""


class Ipmi:
    """`ipmi_sim` behind a wire. What passes is encrypted: the password's packets are known by their length."""

    WITH_PASSWORD = 48
    """Bytes of a payload that holds 16 of a password; no other command of a rotation needs more than 32."""

    def __init__(self, sim: IpmiSim, wire: Wire) -> None:
        self._sim, self._wire = sim, wire
        self._lock: sqlite3.Connection | None = None

    async def stop_at(self, point: str, database: Path) -> None:
        there = asyncio.Event()
        seen = {"password": False, "verifying": False, "commands": 0}

        def forth(packet: Packet) -> Packet | None:
            secret = kind(packet) == IN_SESSION and int.from_bytes(packet[14:16], "little") == self.WITH_PASSWORD
            seen["verifying"] |= seen["password"] and kind(packet) is None
            seen["password"] |= secret
            seen["commands"] += seen["verifying"] and kind(packet) == IN_SESSION
            reached = {
                "not yet changed": seen["password"],
                "answered, not verified": seen["verifying"],
                # Privilege, power, and the log-out: whoever leaves has had his answer.
                "verified, not kept": seen["commands"] >= 3,
            }
            if seen["verifying"] and point == "verified, not kept" and self._lock is None:
                self._lock = _locked(database)
            if reached.get(point):
                there.set()
                return None
            return packet

        def back(packet: Packet) -> Packet | None:
            if point == "changed, not answered" and seen["password"]:
                there.set()
                return None
            return packet

        self._wire.on_the_way_there, self._wire.on_the_way_back = forth, back
        await (_until_kept(database) if point == "kept" else asyncio.wait_for(there.wait(), PATIENCE))

    def go_on(self) -> None:
        self._wire.on_the_way_there = self._wire.on_the_way_back = lambda packet: packet
        if self._lock is not None:
            self._lock.close()

    def logins(self) -> int:
        return self._wire.seen(RAKP_1)

    async def lets_in(self, password: str) -> bool:
        try:
            await asyncio.to_thread(self._sim.ipmitool, "power", "status", password=password)
        except subprocess.CalledProcessError:
            return False
        return True

    def registration(self) -> dict[str, Any]:
        where = {"protocol": "ipmi", "address": self._sim.address, "port": self._wire.port}
        return {"ipmi": self._sim.address, "bmc": where | {"username": USER, "password": PASSWORD}}


class Redfish:
    """The kit's tree: sushy-emulator has no accounts whose password could be changed."""

    CHANGE = f"PATCH {V1}/AccountService/Accounts/2"
    LOGIN = f"POST {SESSIONS}"

    def __init__(self, tree: RedfishTree) -> None:
        self._tree = tree
        self._lock: sqlite3.Connection | None = None

    async def stop_at(self, point: str, database: Path) -> None:
        tree = self._tree
        if point == "kept":
            await _until_kept(database)
            return
        if point == "not yet changed":
            tree.hangs_before = self.CHANGE
            await self._hung()
            return
        tree.hangs_on = self.CHANGE
        await self._hung()
        if point == "changed, not answered":
            return
        await self._on_to(self.LOGIN)
        if point == "verified, not kept":
            self._lock = _locked(database)
            await self._on_to(f"DELETE {SESSIONS}/{tree.opened + 1}")

    def go_on(self) -> None:
        self._tree.hangs_on = self._tree.hangs_before = None
        self._tree.released.set()
        if self._lock is not None:
            self._lock.close()

    def logins(self) -> int:
        return sum(f"{method} {path}" == self.LOGIN for method, path, _ in self._tree.asked)

    async def lets_in(self, password: str) -> bool:
        return password == self._tree.password

    def registration(self) -> dict[str, Any]:
        bmc = self._tree.access.bmc
        where = {"protocol": "redfish", "address": bmc.address, "port": bmc.port, "verifyTls": False}
        return {"ipmi": bmc.address, "bmc": where | {"username": TREE_USER, "password": self._tree.password}}

    async def _on_to(self, request: str) -> None:
        tree = self._tree
        released, tree.released, tree.hung = tree.released, asyncio.Event(), asyncio.Event()
        tree.hangs_before, tree.hangs_on = request, None
        released.set()
        await self._hung()

    async def _hung(self) -> None:
        await asyncio.wait_for(self._tree.hung.wait(), PATIENCE)


def _locked(database: Path) -> sqlite3.Connection:
    """Keep everybody from writing to *database* until the connection is closed."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=PATIENCE)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def _until_kept(database: Path) -> None:
    """Wait until a password was pending and is so no more; what is sealed tells nothing but its length."""

    def look() -> None:
        longest = 0
        with closing(sqlite3.connect(database, isolation_level=None, timeout=PATIENCE)) as connection:
            while True:
                length = (connection.execute(PENDING).fetchone() or (0,))[0]
                if length < longest:
                    return
                longest = max(length, longest)

    await asyncio.wait_for(asyncio.to_thread(look), PATIENCE)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    folder = tmp_path / "served"
    folder.mkdir()
    served = Served(folder, COLONY_HEALTH_INTERVAL="1")
    await served.begin()
    yield served
    await served.end()


@pytest.fixture
async def tree() -> AsyncIterator[RedfishTree]:
    async with RedfishTree(with_accounts(IDRAC)) as tree:
        yield tree


@pytest.fixture
def ipmi(sim: IpmiSim, wire: Wire) -> Ipmi:
    return Ipmi(sim, wire)


@pytest.fixture
def redfish(tree: RedfishTree) -> Redfish:
    return Redfish(tree)


@pytest.fixture(params=["ipmi", "redfish"])
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_of_a_rotation_the_server_ends_it_and_keeps_the_password_that_holds(
    served: Served, peer: Peer, point: str
) -> None:
    asset = (await served.answer("POST", "/assets", peer.registration(), status=201))["id"]
    await served.until(f"/assets/{asset}", lambda seen: seen["powerState"] is not None)
    await served.at_rest(asset)
    old = peer.registration()["bmc"]["password"]

    stopped = asyncio.create_task(peer.stop_at(point, served.database))
    await asyncio.sleep(0)
    rotation = await served.answer("POST", f"/assets/{asset}/bmc/rotate", {"password": NEW}, status=201)
    await stopped
    if point != "kept":
        await nobody_else_is_let_through(served, peer, asset)
    await served.kill()
    peer.go_on()
    assert await peer.lets_in(old if point == "not yet changed" else NEW)

    await served.begin()
    ended = await served.until(f"/workflows/{rotation['id']}", lambda seen: seen["finishedAt"] is not None)
    assert (ended["status"], ended["error"]) == ("completed", None)
    assert await served.kept_password() == NEW
    assert await peer.lets_in(NEW)
    assert not await peer.lets_in(old)
    assert not [file.name for file in served.folder.iterdir() if file.is_file() and NEW.encode() in file.read_bytes()]


async def nobody_else_is_let_through(served: Served, peer: Peer, asset: str) -> None:
    """Ask for what needs the controller, while its password is being changed: nothing of it comes there."""
    before = peer.logins()
    busy = await served.answer("GET", f"/assets/{asset}/sensors", status=503)
    assert busy["code"] == "BMC_BUSY"
    assert peer.logins() == before
