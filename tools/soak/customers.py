"""People who ask: each wish is repeated until it is answered, at any server, and every answer is kept."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec import Struct

from soak.course import Course, size_of
from soak.crew import Crew

ANSWER_SECONDS = 8.0
"""After which somebody else is asked: a server that stands still answers nobody."""

FLAVORS = ("talos", "k3s")


class Wish(Struct, frozen=True, kw_only=True):
    """A POST; `token` is its idempotency key."""

    token: str
    path: str
    body: dict[str, Any]


class Customers:
    """They ask every server in turns. `acknowledged` has the answer to every wish; `wrong` what must not have been."""

    def __init__(self, course: Course, crew: Crew) -> None:
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.wishes: dict[str, Wish] = {}
        self.wrong: list[str] = []
        self.statuses: Counter[str] = Counter()
        self._course = course
        self._crew = crew
        self._chance = random.Random(f"{course.seed} customers")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Have connections while inside."""
        headers = {"Authorization": f"Bearer {self._crew.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=ANSWER_SECONDS, trust_env=False) as http:
            self._http = http
            yield

    async def ask_for_all(self) -> None:
        """Ask for every provisioning and every cluster, spread over the time for asking, while others look."""
        wishes = list(all_wishes(self._course))
        self._chance.shuffle(wishes)
        end = time.monotonic() + self._course.asking
        async with asyncio.TaskGroup() as group:
            looking = [group.create_task(self._look(number)) for number in range(2)]
            async with asyncio.TaskGroup() as asking:
                pause = (45.0 if self._course.endless else self._course.asking) / len(wishes)
                first = []
                for wish in wishes:
                    first.append(asking.create_task(self.ask(wish)))
                    await asyncio.sleep(pause * self._chance.uniform(0.0, 2.0))
                if self._course.endless:
                    await asyncio.wait(first)
                    await self._ask_again(asking, end)
            for task in looking:
                task.cancel()

    async def ask(self, wish: Wish) -> dict[str, Any]:
        """Ask until it is answered, and return the answer; what is refused is wrong."""
        self.wishes[wish.token] = wish
        headers = {"Idempotency-Key": wish.token}
        while True:
            answer = await self._answered("POST", wish.path, json=wish.body, headers=headers)
            if answer is None:
                continue
            if answer.status_code != 201:
                self.wrong.append(f"POST {wish.path} ({wish.token}): {answer.status_code} {answer.text}")
                return {}
            self.acknowledged[wish.token] = answer.json()
            return self.acknowledged[wish.token]

    async def _ask_again(self, asking: asyncio.TaskGroup, end: float) -> None:
        """Let every machine that rests be wiped, or installed again, until *end*."""
        rounds = Counter[str]()
        busy: dict[str, asyncio.Task[dict[str, Any]]] = {}
        while time.monotonic() < end:
            # Those that were asked for before this look was begun are shown at work by it.
            asked = {id for id, task in busy.items() if not task.done()}
            assets = await self.everything("assets")
            for id, asset in assets.items():
                if (
                    id not in asked
                    and not asset["workflowId"]
                    and not asset["clusterId"]
                    and id in _alone(self._course)
                ):
                    verb = "provision" if asset["status"] == "available" else "wipe"
                    rounds[id] += 1
                    wish = Wish(token=f"{verb}-{id}-again-{rounds[id]}", path=f"/assets/{id}/{verb}", body={})
                    busy[id] = asking.create_task(self.ask(wish))
            await asyncio.sleep(2.0)

    async def everything(self, kind: str) -> dict[str, Any]:
        """Return everything of one *kind*, by id, as the API shows it now."""
        found: dict[str, Any] = {}
        cursor: str | None = None
        while True:
            query = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
            answer = await self._answered("GET", f"/{kind}", params=query)
            if answer is None:
                continue
            page = answer.json()
            found |= {one["id"]: one for one in page[kind]}
            cursor = page["nextCursor"]
            if cursor is None:
                return found

    async def _look(self, number: int) -> None:
        chance = random.Random(f"{self._course.seed} look {number}")
        while True:
            await self._answered("GET", chance.choice(("/assets", "/workflows", "/clusters", "/assets/asset-1")))
            await asyncio.sleep(chance.uniform(0.1, 0.4))

    async def _answered(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """Return the answer, or None where there was none, or one that says when to come again; after a while then."""
        address = self._chance.choice(self._crew.addresses)
        try:
            answer = await self._http.request(method, f"{address}/api/v1{path}", **more)
        except httpx.TransportError as error:
            self.statuses[type(error).__name__] += 1
            await asyncio.sleep(0.2)
            return None
        self.statuses[str(answer.status_code)] += 1
        if answer.status_code < 500:
            return answer
        if answer.status_code != 503:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
        elif not answer.headers.get("Retry-After", "").isdigit():
            self.wrong.append(f"{method} {path}: 503 without Retry-After")
        await asyncio.sleep(0.5)
        return None


def _alone(course: Course) -> set[str]:
    """Return the machines that are installed one by one."""
    return {f"asset-{number}" for number in range(1, course.provisionings + 1)}


def all_wishes(course: Course) -> Iterator[Wish]:
    """Yield every provisioning and every cluster of *course*."""
    for number in range(1, course.provisionings + 1):
        yield Wish(token=f"provision-{number}", path=f"/assets/asset-{number}/provision", body={})
    machine = course.provisionings
    for number in range(course.clusters):
        nodes = [
            {"assetId": f"asset-{machine + place}", "ip": f"10.1.{number}.{10 + place}", "subnet": "24"}
            for place in range(1, size_of(number) + 1)
        ]
        machine += len(nodes)
        planes = 3 if len(nodes) == 4 else 1
        body = {
            "name": f"cluster-number-{number}",
            "type": "k8s_stack",
            "flavor": FLAVORS[number % len(FLAVORS)],
            "gateway": f"10.1.{number}.1",
            "controlPlanes": nodes[:planes],
            "workers": nodes[planes:],
        }
        yield Wish(token=f"cluster-{number}", path="/clusters", body=body)
