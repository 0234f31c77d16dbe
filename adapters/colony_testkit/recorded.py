"""A recorded controller on loopback again: the real adapters read from it what they read from the original.

    async with served(decoded(Path("bmc.json").read_bytes())) as access:
        print(await RedfishHardware().controller(access).identity())

Redfish comes over HTTP, or HTTPS with a context; its power and boot override live as those of `RedfishTree` do. IPMI
comes over a real RMCP+ session and only tells: a command that was not recorded is an invalid one.
"""

import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from colony_core.domain.recordings import IpmiExchange, Recording, RedfishExchange
from colony_core.ports.hardware import Access
from colony_testkit import ipmi_scripted, redfish_tree
from colony_testkit.ipmi_scripted import INVALID_COMMAND, Command, scripted_bmc
from colony_testkit.redfish_tree import V1, RedfishTree

GET_RECORD = frozenset({(0x0A, 0x23), (0x04, 0x21)})
"""Commands that read sensor records: their first two bytes are a reservation, another one each time."""


@asynccontextmanager
async def served(recording: Recording, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Access]:
    """Serve *recording* on a free port while inside, and give the way in."""
    if recording.redfish:
        async with RecordedTree(recording.redfish, tls=tls) as tree:
            yield tree.access
    else:
        async with scripted_bmc() as bmc:
            bmc.commands |= commands_of(recording.ipmi)
            yield bmc.access


class RecordedTree(RedfishTree):
    """Serves resources as they were read: with their statuses and headers, and by the paths that they were read at."""

    def __init__(self, exchanges: Sequence[RedfishExchange], *, tls: ssl.SSLContext | None = None) -> None:
        shown = {one.path.rstrip("/"): one for one in exchanges if 200 <= one.status < 300}
        super().__init__({V1: {}} | {path: one.body for path, one in shown.items()}, tls=tls)
        self._headers = {path: _served(one.headers) for path, one in shown.items()}
        self._others = {one.path: (one.status, _served(one.headers), one.body or None) for one in exchanges}

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> redfish_tree.Reply:
        other = self._others.get(path)
        if method == "GET" and other is not None and not 200 <= other[0] < 300:
            return other
        return super()._answer(method, path, headers, body)

    def _read(self, path: str) -> redfish_tree.Reply:
        status, _, document = super()._read(path)
        return status, self._headers.get(path, {}), document


def commands_of(exchanges: Sequence[IpmiExchange]) -> dict[tuple[int, int], Command]:
    """Return what a scripted controller answers: to the same data the same answers in turn, the last one for ever."""
    scripts: dict[tuple[int, int], dict[bytes, list[ipmi_scripted.Reply]]] = defaultdict(lambda: defaultdict(list))
    for one in exchanges:
        command = one.netfn, one.command
        reply = one.code, bytes.fromhex(one.response)
        scripts[command][_asked(command, bytes.fromhex(one.request))].append(reply)
    return {command: _script(command, answers) for command, answers in scripts.items()}


def _script(command: tuple[int, int], answers: Mapping[bytes, list[ipmi_scripted.Reply]]) -> Command:
    def answer(data: bytes) -> ipmi_scripted.Reply:
        replies = answers.get(_asked(command, data))
        if not replies:
            return INVALID_COMMAND, b""
        return replies.pop(0) if len(replies) > 1 else replies[0]

    return answer


def _asked(command: tuple[int, int], data: bytes) -> bytes:
    return data[2:] if command in GET_RECORD else data


def _served(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what is sent of recorded headers: the type of the body is the server's own affair."""
    return {name: value for name, value in headers.items() if name != "content-type"}
