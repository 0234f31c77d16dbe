"""The server as a process: where it listens, and how it stops."""

import asyncio
import signal
import socket
import sys

import httpx
import pytest

from colony_http.server import serve
from tests.integration.http.conftest import Service

SCRIPT = """
import asyncio, sys
from colony_http.server import serve
from litestar import Litestar, get
from colony_http.streams import Closing
from litestar.response import Stream

@get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.5)
    return "done"

@get("/stream")
async def stream() -> Stream:
    async def ticks():
        yield b"open"
        await closing.wait()
    return Stream(ticks())

closing = Closing()
app = Litestar([slow, stream], openapi_config=None, logging_config=None)
app.state.closing = closing

async def main():
    await serve(app, "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True))
    print("put away", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_answers_end_and_the_caller_put_things_away(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient(base_url=url) as client:
        slow = asyncio.create_task(client.get("/slow"))
        async with client.stream("GET", "/stream") as opened:
            await anext(opened.aiter_bytes())
            process.send_signal(number)
            out, err = await asyncio.wait_for(process.communicate(), 5)

        assert (await slow).text == "done"
    assert (process.returncode, out.decode().strip(), err.decode()) == (0, "put away", "")


async def test_an_address_that_is_taken_is_an_error_for_the_caller(service: Service) -> None:
    async with service.listening() as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            await serve(service.app, "127.0.0.1", port, on_ready=print)


async def test_the_server_says_nothing_about_what_it_runs_on(service: Service) -> None:
    async with service.listening() as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"})

    assert "server" not in answer.headers


async def test_a_forwarded_address_does_not_lift_the_limit(service: Service) -> None:
    async with service.listening() as url, httpx.AsyncClient(base_url=url) as client:
        codes = [
            (await client.get("/api/v1/assets", headers={"X-Forwarded-For": f"203.0.113.{n}"})).status_code
            for n in range(61)
        ]

    assert codes == [401] * 60 + [429]


async def test_raw_nonsense_does_not_break_the_server(service: Service) -> None:
    async with service.listening() as url:
        host, port = url.removeprefix("http://").split(":")
        for nonsense in (
            b"\x00\x01\r\n\r\n",
            b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET http://[ HTTP/1.1\r\n\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=5) as raw:
                raw.sendall(nonsense)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/healthz")).status_code == 200
