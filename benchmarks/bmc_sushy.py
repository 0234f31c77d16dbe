"""Reads the power of many controllers with OpenStack's sushy, in threads: run by the Python that has it.

Run as `python benchmarks/bmc_sushy.py USER PASSWORD SECONDS THREADS`, with `address:port` lines on standard input.
Writes the seconds until each living one had answered, then until all was over, then the processor's.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import sushy  # type: ignore[import-not-found]  # it is in an environment of its own
import urllib3
from sushy.auth import BasicAuth  # type: ignore[import-not-found]  # as above

urllib3.disable_warnings()


def main() -> None:
    """Read them all once."""
    user, password, seconds, threads = sys.argv[1:5]
    places = sys.stdin.read().split()
    began, worked = time.perf_counter(), time.process_time()

    def read(place: str) -> float | None:
        try:
            root = sushy.Sushy(
                f"https://{place}",
                auth=BasicAuth(user, password),
                verify=False,
                server_side_retries=0,
                read_timeout=float(seconds),
                connect_timeout=float(seconds),
            )
            root.get_system().power_state  # noqa: B018  # reading it is what is measured
        except Exception:  # noqa: BLE001  # whatever it raises, it was not read
            return None
        return time.perf_counter() - began

    with ThreadPoolExecutor(int(threads)) as pool:
        answered = [each for each in pool.map(read, places) if each is not None]
    over, cpu = time.perf_counter() - began, time.process_time() - worked
    sys.stdout.write(" ".join(map(str, [*answered, over, cpu])))


if __name__ == "__main__":
    main()
