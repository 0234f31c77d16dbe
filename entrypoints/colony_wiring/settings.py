"""What an operator may set: one frozen value, read once from the environment, overridden by flags."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_core.errors import Invalid
from colony_http.forwarding import Proxies

DEFAULT_DATABASE = "sqlite:///colony.db"
LONGEST_SOCKET = 100
"""Bytes of the path of a socket; Linux takes 107, others less."""

_SECRET_PARTS = re.compile(r"(?<=://).*(?=@)|(?<=\?).*", re.DOTALL)
"""Of a URL whose password may hold anything: all that stands before the last @, and the parameters."""


class SettingInvalid(Invalid):
    """A setting has a value that cannot be used."""

    code = "SETTING_INVALID"
    summary = "Invalid setting"
    advice = "Correct the environment variable or the flag that the details name."


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, with its default.

    `database_url` is `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://...`. `simulator` machines
    are simulated when it is above 0, and `simulator_speed` simulated seconds pass in each real one; at the socket
    `simulator_rack` other processes use them too, which name it without `simulator`. They are made like the one of
    `simulator_recording`, a file of `colony bmc probe --record`. Webhooks are posted
    to private addresses only with `webhook_private_addresses`. On PostgreSQL, what a dead process worked on is taken up
    by another within `takeover_seconds`; a process without `worker` serves the API alone, and any performs at most
    `concurrency` acts at once (0: any number). `bmc_gap` and `health_interval` are in seconds. People have
    `task_hours` for what is to be done by hand. `trusted_proxies` are addresses and networks, parted by commas.
    """

    database_url: str = DEFAULT_DATABASE
    secret_key: Secret | None = None
    secret_key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "info"
    log_format: str = "console"
    simulator: int = 0
    simulator_speed: float = 1.0
    simulator_rack: Path | None = None
    simulator_recording: Path | None = None
    trusted_proxies: str = ""
    rate_limit_per_minute: int = 100
    rate_limit_per_hour: int = 1000
    strict_topology: bool = False
    webhook_private_addresses: bool = True
    max_installs: int = 0
    takeover_seconds: float = 10.0
    worker: bool = True
    concurrency: int = 0
    power_cycles_per_hour: int = 20
    bmc_sessions: int = 256
    bmc_gap: float = 0.05
    bmc_calls_per_second: float = 150.0
    health_interval: float = 60.0
    health_polls_per_second: float = 50.0
    task_hours: float = 24.0

    @classmethod
    def read(cls, environ: Mapping[str, str], **overrides: Any) -> "Settings":
        """Return the settings of *environ* (`COLONY_DATABASE_URL`, ...), with every override that is not None.

        Raises `SettingInvalid` for a value that cannot be used; the message never shows a secret.
        """
        given = {name: environ[_variable(name)] for name in cls.__struct_fields__ if environ.get(_variable(name))}
        chosen = given | {name: value for name, value in overrides.items() if value is not None}
        settings = cls(**{name: _converted(name, value) for name, value in chosen.items()})
        _check(settings)
        return settings

    def __repr__(self) -> str:
        """Return every setting, without what may be a password in the URL of the database."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.database_path is None:
            shown["database_url"] = _SECRET_PARTS.sub("***", self.database_url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def database_path(self) -> Path | None:
        """Return the file of a SQLite database, or None for any other."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None


def _variable(name: str) -> str:
    return f"COLONY_{name.upper()}"


def _converted(name: str, value: Any) -> Any:
    kind = Settings.__annotations__[name]
    if "Secret" in str(kind):
        return value if isinstance(value, Secret) else Secret(str(value))
    if "Path" in str(kind):
        return Path(value)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        raise SettingInvalid(f"{_variable(name)} is {value!r}: it must be of type {kind.__name__}") from None


def _check(settings: Settings) -> None:
    levels, formats = ("debug", "info", "warning", "error"), ("json", "console")
    checks = (
        ("log_level", settings.log_level.lower() in levels, f"one of {', '.join(levels)}"),
        ("log_format", settings.log_format in formats, f"one of {', '.join(formats)}"),
        ("port", 0 <= settings.port <= 65535, "from 0 to 65535"),
        ("trusted_proxies", _are_networks(settings.trusted_proxies), "addresses and networks, parted by commas"),
        ("simulator", 0 <= settings.simulator <= 200_000, "from 0 to 200000 machines"),
        (
            "simulator_recording",
            settings.simulator > 0 or settings.simulator_recording is None,
            "given with COLONY_SIMULATOR",
        ),
        ("simulator_speed", 0 < settings.simulator_speed <= 10_000, "above 0 and at most 10000"),
        ("rate_limit_per_minute", settings.rate_limit_per_minute >= 1, "at least 1"),
        ("rate_limit_per_hour", settings.rate_limit_per_hour >= 1, "at least 1"),
        ("max_installs", settings.max_installs >= 0, "0 for any number, or more"),
        ("takeover_seconds", 2 <= settings.takeover_seconds <= 600, "from 2 to 600 seconds"),
        (
            "worker",
            settings.worker or settings.database_path is None,
            "true on SQLite, where nobody else does the work",
        ),
        (
            "worker",
            settings.worker or not settings.simulator or settings.simulator_rack is not None,
            "true with simulated machines that no other process can reach (COLONY_SIMULATOR_RACK)",
        ),
        (
            "simulator_rack",
            settings.simulator_rack is None or settings.simulator > 0 or settings.database_path is None,
            "given on PostgreSQL alone, which the rack's process and this one share",
        ),
        (
            "simulator_rack",
            len(bytes(settings.simulator_rack or Path())) <= LONGEST_SOCKET,
            f"of at most {LONGEST_SOCKET} bytes, as sockets have no longer names",
        ),
        ("concurrency", settings.concurrency >= 0, "0 for any number, or more"),
        ("task_hours", 0 < settings.task_hours <= 8760, "above 0 and at most 8760"),
        ("power_cycles_per_hour", settings.power_cycles_per_hour >= 1, "at least 1"),
        ("bmc_sessions", 4 <= settings.bmc_sessions <= 10_000, "from 4 to 10000"),
        ("bmc_gap", 0 <= settings.bmc_gap <= 10, "from 0 to 10 seconds"),
        ("bmc_calls_per_second", 0 <= settings.bmc_calls_per_second <= 100_000, "from 0 to 100000"),
        (
            "health_interval",
            settings.health_interval == 0 or 1 <= settings.health_interval <= 86_400,
            "0, or from 1 second to a day",
        ),
        ("health_polls_per_second", 0 < settings.health_polls_per_second <= 1000, "above 0 and at most 1000"),
        ("database_url", _has_scheme(settings.database_url), "sqlite:///FILE or postgresql://USER@HOST/DATABASE"),
    )
    for name, fits, expected in checks:
        if not fits:
            shown = "" if name == "database_url" else f" is {getattr(settings, name)!r}"
            raise SettingInvalid(f"{_variable(name)}{shown}: it must be {expected}")


def _are_networks(text: str) -> bool:
    try:
        Proxies.of(text)
    except ValueError:
        return False
    return True


def _has_scheme(url: str) -> bool:
    return url.startswith(("sqlite:///", "postgresql://", "postgres://")) and url != "sqlite:///"
