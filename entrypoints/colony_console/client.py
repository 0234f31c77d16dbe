"""A client of the Colony API, small enough to be read as an example of one.

It sends one request at a time, waits when the server says that there were too many, follows the pages of a list, and
turns every refusal into a `Failure`. A key is only ever sent to the address that it was given for, and never printed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from colony_console.failures import BadInput, Failure, NotAdmitted, Unreachable, refused
from colony_console.server_sent import Event, events_of
from colony_console.wording import clean

API = "/api/v1"
LARGEST_PAGE = 1000
PATIENCE = 2
"""How many times in a row the client waits because the server says that there were too many requests."""
LONGEST_WAIT = 120
"""Seconds; whoever is told to wait longer is told so at once."""

Json = dict[str, Any]


class Api:
    """The API behind one address, as one key sees it. Paths begin after `/api/v1`, as in `/assets/asset-1`."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.url = base_url(url)
        self._sleep = sleep
        self._patience, self._longest_wait = PATIENCE, LONGEST_WAIT
        self._notify = notify
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Accept": "application/json", **_authorization(key)},
            timeout=httpx.Timeout(30, connect=5),
            trust_env=not _is_loopback(self.url),  # a proxy for the world is none for this machine
            verify=self.url.startswith("https"),  # plain HTTP needs no authorities, and they take long to load
            transport=transport,
        )

    def be_patient(self) -> None:
        """Wait for as long as the server asks, up to an hour each time: this is a long piece of work."""
        self._patience, self._longest_wait = 100, 3600

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, **query: object) -> Json:
        """Return one resource."""
        return self._object(self._send("GET", API + path, query=query))

    def post(self, path: str, body: Json | None = None, **query: object) -> Json:
        """Ask for something to be made or done, and return what came of it."""
        return self._object(self._send("POST", API + path, query=query, body=body or {}))

    def patch(self, path: str, body: Json) -> Json:
        """Ask for something to be different, and return it as it is then."""
        return self._object(self._send("PATCH", API + path, query={}, body=body))

    def delete(self, path: str, **query: object) -> Json:
        """Ask for something to go, and return it as it was."""
        return self._object(self._send("DELETE", API + path, query=query))

    def text(self, path: str) -> str:
        """Return a document that is not JSON."""
        return self._send("GET", API + path, query={}, accept="*/*").text

    def probe(self, path: str) -> Json:
        """Return what stands beside the API, such as `/healthz`."""
        return self._object(self._send("GET", path, query={}))

    def listed(self, resource: str, path: str | None = None, /, *, limit: int, **query: object) -> Json:
        """Return the list *resource* in its envelope: as many pages of it as give *limit* entries, or all."""
        entries: list[Json] = []
        cursor = None
        while True:
            size = min(limit - len(entries), LARGEST_PAGE)
            page = self.get(path or f"/{resource}", limit=size, cursor=cursor, **query)
            entries += page[resource]
            cursor = page.get("nextCursor")
            if cursor is None or len(entries) >= limit:
                return {resource: entries, "nextCursor": cursor}

    @contextmanager
    def events(self, path: str, *, after: str | None) -> Iterator[Iterator[Event]]:
        """Open a stream of events that resumes *after* an event; silence of a minute counts as its end."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        timeout = httpx.Timeout(60, connect=5)
        with self._http.stream("GET", API + path, headers=headers, timeout=timeout) as response:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                yield events_of(response.iter_lines())
            else:
                raise Failure(f"{self.url} streams no events")

    def _send(
        self, method: str, path: str, *, query: Json, body: Json | None = None, accept: str | None = None
    ) -> httpx.Response:
        headers = {"Accept": accept} if accept else None
        request = self._http.build_request(method, path, params=_given(query), json=body, headers=headers)
        response = self._answer(request)
        for _ in range(self._patience):
            if response.status_code == 429 and self._waited(response):
                response = self._answer(request)
        if response.is_success:
            return response
        raise self._refusal(response)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _waited(self, response: httpx.Response) -> bool:
        seconds = response.headers.get("retry-after", "")
        if not seconds.isdecimal() or int(seconds) > self._longest_wait:
            return False
        self._notify(f"Too many requests: waiting {seconds} s, as the server asks")
        self._sleep(int(seconds))
        return True

    def _unreachable(self, error: httpx.TransportError) -> Failure:
        return Unreachable(
            f"Cannot reach {self.url}: {clean(error) or type(error).__name__}",
            "Is the server running there? Start one with `colony serve`, or set COLONY_API_URL (or --api-url).",
        )

    def _refusal(self, response: httpx.Response) -> Failure:
        request_id = response.headers.get("x-request-id", "")
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("error"), str):
            if "retry-after" in response.headers:
                answer.setdefault("details", f"Try again in {response.headers['retry-after']} s")
            return refused(response.status_code, answer, request_id=request_id)
        said = {"error": f"{self.url} answers with HTTP status {response.status_code}, and not as Colony does"}
        return refused(response.status_code, said, request_id=request_id)

    def _object(self, response: httpx.Response) -> Json:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Failure(f"{self.url} does not answer as Colony does: is COLONY_API_URL right?")
        return answer


def at(*steps: str) -> str:
    """Return the path of a resource, whatever somebody typed as its id: `/assets/asset-1/wipe`."""
    if any(step.strip() in ("", ".", "..") for step in steps):
        raise BadInput("An id cannot be empty or made of dots alone")
    return "".join(f"/{quote(step, safe='')}" for step in steps)


def base_url(url: str) -> str:
    """Return where the server is, without a trailing slash and `/api/v1`; refuse what cannot be an address of one."""
    wrong = BadInput("The API URL is not like http://127.0.0.1:8000", "Set COLONY_API_URL, or give --api-url.")
    try:
        parts = urlsplit(url.strip())
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not fits or parts.username is not None or parts.query or parts.fragment:
        raise wrong
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/").removesuffix(API)


def _authorization(key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise NotAdmitted("The API key is not one", "COLONY_API_KEY (or --api-key) must be like cd-<12 hex>_<40 hex>.")
    return {"Authorization": f"Bearer {key}"}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _given(query: Json) -> dict[str, str | list[str]]:
    """Return the query as it goes into the address: without what is None or False."""
    return {name: _written(value) for name, value in query.items() if value is not None and value is not False}


def _written(value: object) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return "true" if value is True else str(value)
