"""Somebody who follows the events of everything, at whichever server is there, and misses and doubles none."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

import httpx

from soak.course import Course
from soak.crew import Crew

QUIET_SECONDS = 20.0
"""After which a stream that says nothing is left for another one; a living one says something every few seconds."""


class Listener:
    """Hears events, and remembers their numbers in the order in which they came."""

    def __init__(self, course: Course, crew: Crew) -> None:
        self.heard: list[int] = []
        self._crew = crew
        self._chance = random.Random(f"{course.seed} listener")

    @property
    def last(self) -> int:
        """Return the number of the last event."""
        return self.heard[-1] if self.heard else 0

    def wrong(self, there: Sequence[int]) -> list[str]:
        """Return, in words, how what was heard differs from the events that are *there*, in their order."""
        missed, doubled = sorted(set(there) - set(self.heard)), len(self.heard) - len(set(self.heard))
        disorder = self.heard != sorted(self.heard)
        unknown = sorted(set(self.heard) - set(there))
        findings = {"were missed": missed, "came and are not there": unknown}
        return [
            *(f"events {numbers} {what}" for what, numbers in findings.items() if numbers),
            *([f"{doubled} events came twice"] if doubled else []),
            *(["events came out of order"] if disorder else []),
        ]

    async def listen(self) -> None:
        """Listen until cancelled."""
        headers = {"Authorization": f"Bearer {self._crew.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=QUIET_SECONDS, trust_env=False) as http:
            while True:
                with suppress(httpx.HTTPError):
                    await self._follow(http, self._chance.choice(self._crew.addresses))
                await asyncio.sleep(0.3)

    async def _follow(self, http: httpx.AsyncClient, address: str) -> None:
        after = {"Last-Event-ID": str(self.last)}
        async with http.stream("GET", f"{address}/api/v1/events", headers=after) as answer:
            if answer.status_code != 200:
                return
            async for line in answer.aiter_lines():
                if line.startswith("id:"):
                    self.heard.append(int(line.removeprefix("id:")))
