"""Many Redfish controllers in one process: the application of `sushy-emulator`, over TLS, at an address for each.

Run as `python -m benchmarks.bmc_emulators FOLDER ADDRESS...`: the ports are written, one a line, once all listen. Each
controller has a thread and answers one request after the other, as real ones do; 200 processes of 60 MB were too many.
"""

import sys
import threading
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from sushy_tools.emulator.main import app  # type: ignore[import-untyped]  # it has no types
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class Mute(WSGIRequestHandler):
    """Logs nothing: what is written down is not what is measured."""

    def log(self, *_: object) -> None:
        """Drop a line."""


def main() -> None:
    """Serve until killed."""
    folder, addresses = Path(sys.argv[1]), sys.argv[2:]
    app.configure(
        extra_config={
            "SUSHY_EMULATOR_FAKE_DRIVER": True,
            "SUSHY_EMULATOR_STATE_DIR": str(folder),
            "SUSHY_EMULATOR_AUTH_FILE": str(folder / "passwords"),
        }
    )
    servers = [_listening(folder, address) for address in addresses]
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    sys.stdout.write("".join(f"{server.server_port}\n" for server in servers))
    sys.stdout.flush()
    for thread in threads:
        thread.join()


def _listening(folder: Path, address: str) -> BaseWSGIServer:
    # A context for each: the handshake happens in the thread of its own controller.
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem")
    return make_server(address, 0, app, request_handler=Mute, ssl_context=context)


if __name__ == "__main__":
    main()
