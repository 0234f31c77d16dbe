"""A receiver of webhooks: takes what Colony signed, once. Run it with the secret in COLONY_WEBHOOK_SECRET."""

import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["COLONY_WEBHOOK_SECRET"].encode()
seen: set[int] = set()  # a real receiver keeps this where it keeps the rest of its data


def signed(header: str, body: bytes) -> bool:
    """Tell whether Colony signed *body* within the last five minutes."""
    given = dict(part.partition("=")[::2] for part in header.split(","))
    expected = hmac.new(SECRET, given.get("t", "").encode() + b"." + body, hashlib.sha256).hexdigest()
    fits = hmac.compare_digest(expected.encode(), given.get("v1", "").encode())
    return fits and abs(time.time() - int(given["t"])) < 300


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what it has taken, now or before, and 401 to everybody else."""

    def do_POST(self) -> None:
        """Take one event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not signed(self.headers["X-Colony-Signature"] or "", body):
            self.send_error(401)
            return
        event = json.loads(body)
        if event["seq"] not in seen:
            seen.add(event["seq"])
            print(event["seq"], event["type"], event["message"], flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver).serve_forever()
