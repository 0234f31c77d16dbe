"""References to container images, as far as this project gives them away: name, registry, tag or digest."""

import re

from colony_core.domain.topology.wording import shown
from colony_core.domain.validation import Finding, Rule, Severity

IMAGE_INVALID = Rule(
    id="credentials.image.invalid",
    severity=Severity.ERROR,
    summary="The installer's image is a valid OCI reference.",
    reason="The container runtime refuses anything else, when the machines are already installed.",
    hint="Write registry/name:tag, such as ghcr.io/civo/cse-installer:v0.0.12.",
)
IMAGE_UNPINNED = Rule(
    id="credentials.image.unpinned",
    severity=Severity.WARNING,
    summary="The installer's image has a tag other than latest, or a digest.",
    reason="Two clusters that were asked for alike may otherwise be built by different installers.",
    hint="Name a version, or better a digest.",
)
IMAGE_RULES = (IMAGE_INVALID, IMAGE_UNPINNED)

_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_LONGEST = 512
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,128}")

_PATH = "credentials.cseInstallerImage"


def read_image(text: str | None, *, notes: list[Finding]) -> str | None:
    """Return the image reference in *text*, or None where there is none to read."""
    image = (text or "").strip()
    if not image:
        return None
    name, tag, digest = _split(image)
    if len(image) > _LONGEST or not _valid(name, tag, digest):
        notes.append(IMAGE_INVALID.broken(_PATH, observed=shown(image), expected="an OCI image reference"))
        return None
    if digest is None and tag in (None, "latest"):
        notes.append(IMAGE_UNPINNED.broken(_PATH, observed=shown(image), expected="a version or a digest"))
    return image


def registry_of(image: str) -> str | None:
    """Return the host that *image* is pulled from, or None where there is no image."""
    first, slash, _ = image.partition("/")
    if not image:
        return None
    named = slash and ("." in first or ":" in first or first == "localhost")
    return registry_host(first) if named else "docker.io"


def registry_host(login: str) -> str:
    """Return the host that a Docker config's *login* is for; Docker Hub has several names and gets one."""
    host = login.partition("://")[2] or login
    host = host.partition("/")[0].lower()
    return "docker.io" if host in _DOCKER_HUB else host


def _split(image: str) -> tuple[str, str | None, str | None]:
    rest, at, digest = image.partition("@")
    head, slash, last = rest.rpartition("/")
    base, colon, tag = last.partition(":")
    return f"{head}{slash}{base}", tag if colon else None, digest if at else None


def _valid(name: str, tag: str | None, digest: str | None) -> bool:
    first, *parts = name.split("/")
    heads = _HOST.fullmatch(first) if parts else _PART.fullmatch(first)
    return bool(
        heads
        and all(map(_PART.fullmatch, parts))
        and (tag is None or _TAG.fullmatch(tag))
        and (digest is None or _DIGEST.fullmatch(digest))
    )
