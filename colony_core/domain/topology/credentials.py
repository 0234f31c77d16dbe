"""What the installer of civo_stack needs, judged by shape alone: no finding here shows any text of a secret."""

import re
from base64 import b64decode
from collections.abc import Callable

from msgspec import DecodeError, Struct, field
from msgspec.json import decode

from colony_core.domain.clusters import ClusterCredentials
from colony_core.domain.secrets import Secret
from colony_core.domain.topology.images import registry_host, registry_of
from colony_core.domain.topology.request import ClusterRequest
from colony_core.domain.topology.wording import counted, joined
from colony_core.domain.validation import Finding, Rule, Severity

_SENTENCE = "{path} holds {observed}; it should hold {expected}"

MISSING = Rule(
    id="credentials.missing",
    severity=Severity.ERROR,
    summary="A civo_stack has a GitLab token, an image pull secret, a Civo API token and a region.",
    reason="Its installer fetches its parts with them, late, on machines that are already wiped.",
    hint="Add what is missing to the credentials.",
)
UNUSED = Rule(
    id="credentials.unused",
    severity=Severity.WARNING,
    summary="Only a civo_stack has credentials.",
    reason="Nothing else uses them, and a secret that is not needed is not kept.",
    hint="Leave the credentials out.",
)
GITLAB_SHAPE = Rule(
    id="credentials.gitlab_token.shape",
    severity=Severity.WARNING,
    summary="A GitLab token begins with glpat- and has 20 more characters.",
    reason="Another kind of token may not be allowed to read repositories and registries.",
    hint="Make a personal access token with read_repository and read_registry.",
    sentence=_SENTENCE,
)
PULL_SHAPE = Rule(
    id="credentials.image_pull_secret.shape",
    severity=Severity.WARNING,
    summary="An image pull secret is the base64 of a Docker config with at least one registry.",
    reason="Kubernetes refuses the secret otherwise, and no image can be pulled.",
    hint="Encode the file itself: base64 -w0 ~/.docker/config.json",
    sentence=_SENTENCE,
)
PULL_REGISTRY = Rule(
    id="credentials.image_pull_secret.registry",
    severity=Severity.WARNING,
    summary="The image pull secret knows the registry of the installer's image.",
    reason="The installer's own image could not be pulled (ImagePullBackOff).",
    hint="Log in to that registry before encoding the Docker config.",
    sentence="{path} has {observed}; it should have {expected}",
)
CIVO_SHAPE = Rule(
    id="credentials.civo_api_token.shape",
    severity=Severity.WARNING,
    summary="A Civo API token is one word of printable characters.",
    reason="It is handed to the installer in an environment variable, and a stray space would go with it.",
    hint="Copy the token again, without the text around it.",
    sentence=_SENTENCE,
)
REGION_INVALID = Rule(
    id="credentials.region.invalid",
    severity=Severity.ERROR,
    summary="A region is a word of letters, digits and hyphens.",
    reason="It becomes a label and part of host names.",
    hint="Write it as Civo does, such as PHX1 or acme-lon1.",
)
CREDENTIAL_RULES = (
    MISSING,
    UNUSED,
    GITLAB_SHAPE,
    PULL_SHAPE,
    PULL_REGISTRY,
    CIVO_SHAPE,
    REGION_INVALID,
)

_GITLAB = re.compile(r"glpat-[A-Za-z0-9_.-]{20,}")
_WORD = re.compile(r"[!-~]+")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,62}")
_LONGEST_CONFIG = 1024 * 1024
_DOCKER_CONFIG = "the base64 of a Docker config"


class _Login(Struct):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""

    def usable(self) -> bool:
        pair = _decoded(self.auth) or b""
        return b":" in pair or bool(self.username and self.password) or bool(self.identitytoken)


class _DockerConfig(Struct):
    auths: dict[str, _Login] = field(default_factory=dict)


def read_credentials(request: ClusterRequest, *, notes: list[Finding]) -> ClusterCredentials | None:
    """Return the credentials of a civo_stack, trimmed, and note what is missing or of an unusual shape."""
    given = trimmed(request.credentials)
    _note_missing(given, request.region, notes=notes)
    if given is None:
        return None
    if given.gitlab_token and not _GITLAB.fullmatch(given.gitlab_token.reveal()):
        expected = "glpat- and 20 or more letters, digits, dots, hyphens or underscores"
        _note(GITLAB_SHAPE, "gitlabToken", given.gitlab_token, expected, notes)
    if given.civo_api_token and not _WORD.fullmatch(given.civo_api_token.reveal()):
        _note(CIVO_SHAPE, "civoApiToken", given.civo_api_token, "one word of printable characters", notes)
    if given.image_pull_secret:
        _note_pull_secret(given.image_pull_secret, request.cse_installer_image, notes=notes)
    return given


def note_unused(request: ClusterRequest, *, notes: list[Finding]) -> None:
    """Note credentials, or what stands beside them on the wire, on a cluster that uses none."""
    named = _required(trimmed(request.credentials), request.region)
    named["cseInstallerImage"] = bool((request.cse_installer_image or "").strip())
    present = [name for name, there in named.items() if there]
    if present:
        observed = f"given ({joined(present)})"
        notes.append(UNUSED.broken("credentials", observed=observed, expected="left out for this type"))


def read_region(text: str | None, *, notes: list[Finding]) -> str | None:
    """Return the region in *text*, or None where there is none to read."""
    region = (text or "").strip()
    if region and not _REGION.fullmatch(region):
        observed = f"{counted(len(region), 'character')} of another kind"
        expected = "2 to 63 letters, digits and hyphens"
        notes.append(REGION_INVALID.broken("credentials.region", observed=observed, expected=expected))
        return None
    return region or None


def trimmed(credentials: ClusterCredentials | None) -> ClusterCredentials | None:
    """Return *credentials* without blanks: none around any, and none inside the base64."""
    if credentials is None:
        return None
    return ClusterCredentials(
        gitlab_token=_secret(credentials.gitlab_token, " ".join),
        image_pull_secret=_secret(credentials.image_pull_secret, "".join),
        civo_api_token=_secret(credentials.civo_api_token, " ".join),
    )


def _required(given: ClusterCredentials | None, region: str | None) -> dict[str, bool]:
    given = given or ClusterCredentials()
    return {
        "gitlabToken": bool(given.gitlab_token),
        "imagePullSecret": bool(given.image_pull_secret),
        "civoApiToken": bool(given.civo_api_token),
        "region": bool((region or "").strip()),
    }


def _note_missing(given: ClusterCredentials | None, region: str | None, *, notes: list[Finding]) -> None:
    present = _required(given, region)
    if not any(present.values()):
        expected = f"there, with {joined(list(present))}"
        notes.append(MISSING.broken("credentials", observed="missing", expected=expected))
        return
    notes += [
        MISSING.broken(f"credentials.{name}", observed="missing", expected="there for a civo_stack")
        for name, there in present.items()
        if not there
    ]


def _note_pull_secret(secret: Secret, image: str | None, *, notes: list[Finding]) -> None:
    registries = _registries(secret.reveal())
    if not registries:
        _note(PULL_SHAPE, "imagePullSecret", secret, "the base64 of a Docker config", notes)
        return
    registry = registry_of((image or "").strip())
    if registry is not None and registry not in registries:
        observed = "no login for the registry of the installer's image"
        path, expected = "credentials.imagePullSecret", f"one for {registry}"
        notes.append(PULL_REGISTRY.broken(path, observed=observed, expected=expected))


def _registries(text: str) -> frozenset[str]:
    """Return the registries that a Docker config logs in to; none where it is no such thing, or incomplete."""
    content = _decoded(text)
    if content is None or len(content) > _LONGEST_CONFIG:
        return frozenset()
    try:
        config = decode(content, type=_DockerConfig)
    except (DecodeError, RecursionError):
        return frozenset()
    complete = all(login.usable() for login in config.auths.values())
    return frozenset(map(registry_host, config.auths)) if complete else frozenset()


def _note(rule: Rule, name: str, secret: Secret, expected: str, notes: list[Finding]) -> None:
    text = secret.reveal()
    kind = "raw JSON" if text.startswith("{") else "another shape"
    observed = f"{counted(len(text), 'character')} of {kind}"
    notes.append(rule.broken(f"credentials.{name}", observed=observed, expected=expected))


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _secret(secret: Secret | None, mend: Callable[[list[str]], str]) -> Secret | None:
    text = mend(secret.reveal().split()) if secret else ""
    return Secret(text) if text else None
