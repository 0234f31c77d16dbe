"""The proxy of deploy/nginx.conf in front of two servers: TLS, streams that come at once, callers told apart."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from colony_testkit.postgres_server import free_port
from tests.integration.console.conftest import READY, Desk

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = Path(__file__).parents[3] / "deploy/nginx.conf"
ADDRESS = "127.60.0.1"

AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {config}
}}
"""


@pytest.fixture
def behind(postgres_url: str, tmp_path: Path) -> Iterator[tuple[str, Desk]]:
    """Give the address of the proxy, before two servers that trust it."""
    if NGINX is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    desk = Desk(tmp_path)
    desk.environment |= {
        "COLONY_DATABASE_URL": postgres_url,
        "COLONY_SECRET_KEY": "00" * 32,
        "COLONY_TRUSTED_PROXIES": "127.0.0.1",
    }
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=colony.example -keyout tls.key -out tls.crt"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            server = stack.enter_context(desk.begun("serve", "--port", "0", "--no-worker"))
            ports.append(server.says(READY).rpartition(":")[2])
        yield proxied(stack, tmp_path, ports), desk


def proxied(stack: ExitStack, folder: Path, ports: list[str]) -> str:
    """Run the proxy before the servers at *ports*, and return its address."""
    port = free_port()
    config = CONFIG.read_text().replace("listen 443", f"listen {ADDRESS}:{port}").replace("/etc/colony", str(folder))
    for written, real in zip(("8000", "8001"), ports, strict=True):
        config = config.replace(f"server 127.0.0.1:{written};", f"server 127.0.0.1:{real};")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, config=config))
    words = [str(NGINX), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    nginx = stack.enter_context(subprocess.Popen(words, cwd=folder))
    stack.callback(nginx.terminate)
    return f"https://{ADDRESS}:{port}"


def client(address: str, key: str = "", **others: str) -> httpx.AsyncClient:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    headers = ({"Authorization": f"Bearer {key}"} if key else {}) | others
    return httpx.AsyncClient(base_url=address, headers=headers, verify=trusting, timeout=30, trust_env=False)


async def test_the_proxy_of_the_guide_passes_requests_streams_and_addresses_on(behind: tuple[str, Desk]) -> None:
    address, desk = behind
    key = (await asyncio.to_thread(desk.told, "api-key", "create", "--description", "test")).strip()
    async with client(address, key) as api:
        async with asyncio.timeout(30):
            while await unavailable(api):  # noqa: ASYNC110 - another process starts
                await asyncio.sleep(0.1)
        machine = {"hostname": "edge1", "bmc": {"protocol": "manual"}, "macs": ["52:54:00:77:00:01"]}
        made = await api.post("/api/v1/assets", json=machine)
        assert made.status_code == 201, made.text
        async with api.stream("GET", "/api/v1/events", headers={"Last-Event-ID": "0"}) as stream:
            lines = await first(stream, 4)
    assert lines[2:] == ["id: 1", "event: workflow"]

    async with client(address, **{"X-Forwarded-For": "192.0.2.1"}) as stranger:
        codes = [(await stranger.get("/api/v1/assets")).status_code for _ in range(61)]
    assert codes == [401] * 60 + [429], "what a client says of itself lifts no limit"
    nobody = httpx.AsyncHTTPTransport(verify=False, local_address="127.60.0.2")
    async with httpx.AsyncClient(base_url=address, transport=nobody, timeout=30) as another:
        assert (await another.get("/api/v1/assets")).status_code == 401, "another address has a limit of its own"


async def unavailable(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/readyz")).status_code != 200
    except httpx.TransportError:
        return True


async def first(stream: httpx.Response, count: int) -> list[str]:
    """Return the first lines of a stream that has no end."""
    lines: list[str] = []
    async for line in stream.aiter_lines():
        lines.append(line)
        if len(lines) == count:
            break
    return lines
