"""One visit to a Redfish controller: log in once, ask one thing at a time, log out."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from colony_bmc.redfish_answers import Answer, Document, complaint, link, login_complaint, part, text
from colony_bmc.redfish_trust import speaks_no_tls, trust, untrusted
from colony_core.ports.hardware import Access, BmcProtocolError, BmcUnreachable

ROOT = "/redfish/v1/"
SESSIONS = "/redfish/v1/SessionService/Sessions"

LARGEST = 4 * 1024 * 1024
"""Bytes of one answer that are read."""

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WANTS_MATCH = frozenset({412, 428})
NO_SUCH_THING = frozenset({404, 405, 501})

FIRST_LOOK, LAST_LOOK = 0.1, 2.0
"""Seconds until a task is looked at first, and the longest between two looks."""

FAILED_TASKS = frozenset({"exception", "killed", "cancelled", "interrupted", "suspended"})
RUNNING_TASKS = frozenset({"new", "starting", "running", "pending", "stopping", "cancelling", "service"})


class Places(Struct):
    """Where things are at one controller, as far as it is known: learnt by one visit, and saved to the next.

    `sessions` is empty where sessions are not offered, and None before anybody has looked. `settings` is where the
    system is changed that says so only when it is asked to change.
    """

    scheme: str = "https"
    sessions: str | None = None
    systems: str = ""
    system: str = ""
    settings: str = ""


Witness: TypeAlias = Callable[[str, Answer], None]
"""Is told every path that was read, and what the controller answered."""


class RedfishSession:
    """A connection to one controller, and the session over it."""

    def __init__(self, access: Access, places: Places, *, witness: Witness | None = None) -> None:
        self._access = access
        self._places = places
        self._witness = witness
        self._headers: dict[str, str] = {"Accept": "application/json", "OData-Version": "4.0"}
        self._token, self._own = "", ""
        self._http: aiohttp.ClientSession | None = None
        self._entering: asyncio.Task[None] | None = None
        self._knocked = False

    @property
    def where(self) -> str:
        """Return the controller's address and port, for people."""
        return f"{self._access.bmc.address}:{self._access.bmc.port}"

    async def login(self) -> None:
        """Open a session, or prepare to prove oneself with every request where there are none.

        Once the credentials are on their way the login goes on to its end, whatever becomes of the caller, as only
        what was opened can be closed.
        """
        self._entering = asyncio.create_task(self._enter())
        await asyncio.shield(self._entering)

    async def leave(self) -> None:
        """Close the session at the controller, even one that was not yet open when it was given up."""
        if self._entering is not None:
            if not self._knocked:
                self._entering.cancel()
            await asyncio.wait([self._entering])
        if self._own:
            own, self._own = self._own, ""
            await self.ask("DELETE", own)

    async def close(self) -> None:
        """Close the connection."""
        if self._entering is not None:
            self._entering.cancel()
            await asyncio.gather(self._entering, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def read(self, path: str) -> Document:
        """Return the resource at *path*, with or without the slash at its end; raise what any but success means."""
        answer = await self.look(path)
        if not answer.good:
            raise self.complaint(answer, f"for {_short(path)}")
        return answer.document

    async def look(self, path: str) -> Answer:
        """Return the answer for *path*, whatever it is."""
        answer = await self.ask("GET", path)
        if answer.status == 404 and "?" not in path:
            other = await self.ask("GET", path[:-1] if path.endswith("/") else path + "/")
            return other if other.good else answer
        return answer

    async def change(self, method: str, path: str, body: Document) -> Answer:
        """Send *body*, with the resource's version where the controller demands it, and see a task through."""
        answer = await self.ask(method, path, body)
        if answer.status in WANTS_MATCH:
            for etag in _forms(await self.look(path)):
                answer = await self.ask(method, path, body, {"If-Match": etag})
                if answer.status not in WANTS_MATCH:
                    break
        return await self._seen_through(answer) if answer.status == 202 else answer

    async def ask(
        self, method: str, path: str, body: Document | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Return whatever the controller answers; redirects are followed as long as they stay with it."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._once(method, path, body, headers or {})
            if answer.status not in REDIRECTS or not answer.headers.get("location"):
                return answer
            path = self._redirected(path, answer.headers["location"])
            method, body = ("GET", None) if answer.status == 303 else (method, body)
        raise BmcProtocolError(f"The controller at {self.where} sends from one address to the next without end")

    def complaint(self, answer: Answer, what: str) -> Exception:
        """Return the error that *answer* is to being asked for *what*."""
        secrets = (self._access.password.reveal(), self._token)
        return complaint(answer, where=self.where, what=what.removeprefix("for "), secrets=secrets)

    async def _enter(self) -> None:
        places, bmc = self._places, self._access.bmc
        if places.sessions is None:
            await self._find_places()
        if places.sessions:
            body = {"UserName": bmc.username, "Password": self._access.password.reveal()}
            answer = await self.ask("POST", places.sessions, body)
            if answer.status not in NO_SUCH_THING:
                self._entered(answer)
                return
            places.sessions = ""
        login = f"{bmc.username}:{self._access.password.reveal()}".encode()
        self._headers["Authorization"] = f"Basic {b64encode(login).decode()}"

    def _entered(self, answer: Answer) -> None:
        if not answer.good:
            raise login_complaint(answer, where=self.where)
        self._token = answer.headers.get("x-auth-token", "")
        self._headers["X-Auth-Token"] = self._token
        own = answer.headers.get("location") or link(answer.document)
        if not own and text(answer.document, "Id"):
            own = f"{(self._places.sessions or SESSIONS).rstrip('/')}/{text(answer.document, 'Id')}"
        self._own = URL(own, encoded=True).raw_path if own else ""
        if not self._token:
            raise BmcProtocolError(f"The controller at {self.where} opened a session without telling its token")

    async def _find_places(self) -> None:
        """Read the root, which needs no login; where it wants one all the same, the usual paths are tried."""
        answer = await self.look(ROOT)
        if not answer.good and answer.status not in (401, 403):
            raise self.complaint(answer, "its root")
        root, places = answer.document, self._places
        places.systems = link(part(root, "Systems")) or f"{ROOT}Systems"
        service = link(part(root, "SessionService"))
        derived = f"{service.rstrip('/')}/Sessions" if service else ""
        places.sessions = link(part(root, "Links", "Sessions")) or link(part(root, "links", "Sessions")) or derived
        if not answer.good:
            places.sessions = SESSIONS

    async def _once(self, method: str, path: str, body: Document | None, headers: dict[str, str]) -> Answer:
        bmc = self._access.bmc
        try:
            return await self._sent(method, path, body, headers)
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or "it does not verify"
            raise await untrusted(bmc, reason) from None
        except aiohttp.ClientConnectorError as error:
            if self._places.scheme == "https" and speaks_no_tls(error):
                return await self._in_plain(lambda: self._once(method, path, body, headers))
            raise BmcUnreachable(f"No way leads to the controller at {self.where}: {_reason(error)}") from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise BmcUnreachable(f"The controller at {self.where} broke off ({type(error).__name__})") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise BmcProtocolError(
                f"The controller at {self.where} answered nonsense ({type(error).__name__})"
            ) from None

    async def _in_plain(self, again: Callable[[], Awaitable[Answer]]) -> Answer:
        """Go on without TLS where there is none, if the asset says that TLS proves nothing there."""
        if self._access.bmc.verify_tls:
            raise BmcProtocolError(
                f"The controller at {self.where} speaks no TLS: look at the port, or set verifyTls to false to speak"
                " plain HTTP with it, which shows the password to the network"
            )
        self._places.scheme = "http"
        return await again()

    async def _sent(self, method: str, path: str, body: Document | None, headers: dict[str, str]) -> Answer:
        data = None if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        # The deadline is the caller's, who may wait for the controller as long as he likes.
        async with self._client().request(
            method, self._url(path), data=data, headers=self._headers | kind | headers, allow_redirects=False
        ) as answer:
            named = {name.lower(): value for name, value in answer.headers.items()}
            said = Answer(answer.status, named, self._document(await _whole(answer), answer.status))
        if self._witness is not None and method == "GET":
            self._witness(path, said)
        return said

    def _document(self, body: bytes, status: int) -> Document:
        try:
            document = msgspec.json.decode(body) if body.strip() else {}
        except (msgspec.DecodeError, RecursionError):
            if 200 <= status < 300:
                raise BmcProtocolError(f"The controller at {self.where} answered what is no JSON") from None
            return {}
        return document if isinstance(document, dict) else {}

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust(self._access.bmc), limit=1),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[self._trace()],
            )
        return self._http

    def _trace(self) -> aiohttp.TraceConfig:
        """Return a look at the wire that tells when credentials may have reached the controller."""

        async def sent(_: object, __: object, request: aiohttp.TraceRequestHeadersSentParams) -> None:
            self._knocked = self._knocked or request.method == "POST"

        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(sent)
        return trace

    def _url(self, path: str) -> URL:
        """Return the address of *path* at this controller; whatever host a full address names is not asked."""
        relative = URL(path, encoded=True)
        base = URL.build(scheme=self._places.scheme, host=self._access.bmc.address, port=self._access.bmc.port)
        return base.join(URL("/" + relative.raw_path_qs.lstrip("/"), encoded=True))

    def _redirected(self, path: str, location: str) -> str:
        """Return the path that a redirect leads to; one to another host is refused, as it would get the credentials."""
        target = self._url(path).join(URL(location, encoded=True))
        if target.origin() != self._url(path).origin():
            raise BmcProtocolError(
                f"The controller at {self.where} sends to {target.origin()}, which gets no credentials of it:"
                " register the machine with that address and port if they are right"
            )
        return target.raw_path_qs

    async def _seen_through(self, answer: Answer) -> Answer:
        """Return how the task ended that the controller answered with."""
        async for look in self._looks(answer.headers.get("location") or link(answer.document)):
            state = text(look.document, "TaskState").lower()
            if state in FAILED_TASKS or (not look.good and look.status != 404):
                raise BmcProtocolError(
                    f"The controller at {self.where} did not carry its task out ({state or look.status})"
                )
            if look.status != 202 and state not in RUNNING_TASKS:
                return Answer(200, look.headers, look.document)
        return answer

    async def _looks(self, monitor: str) -> AsyncIterator[Answer]:
        pause = FIRST_LOOK
        while monitor:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_LOOK)
            yield await self.ask("GET", monitor)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LARGEST:
            raise ValueError("too long")
    return bytes(body)


def _forms(answer: Answer) -> list[str]:
    """Return what may stand behind If-Match, by turns.

    Some controllers want their weak tag back as a strong one, some spoil the one in the header (by more quotes, or by
    `-gzip`) and not the one in the body (docs/quirks.md).
    """
    forms: list[str] = []
    for etag in (answer.headers.get("etag"), text(answer.document, "@odata.etag")):
        if etag:
            forms += [etag, etag.removeprefix("W/"), etag.removeprefix("W/").replace("-gzip", "")]
    return list(dict.fromkeys([*forms, "*"]))


def _short(path: str) -> str:
    return "".join(filter(str.isprintable, path))[:200]


def _reason(error: aiohttp.ClientConnectorError) -> str:
    return error.os_error.strerror or type(error.os_error).__name__
