"""The public key that may log in to the machines: it ends in an authorized_keys file, by way of YAML."""

import re
from base64 import b64decode
from collections.abc import Mapping
from types import MappingProxyType

from colony_core.domain.clusters import Flavor
from colony_core.domain.topology.wording import counted
from colony_core.domain.validation import Finding, Rule, Severity

_SENTENCE = "{path} holds {observed}; it must hold {expected}"

MALFORMED = Rule(
    id="ssh_key.malformed",
    severity=Severity.ERROR,
    summary="An SSH public key is one line: type, base64, and perhaps a comment.",
    reason="It is written into authorized_keys as it stands; options and further lines would grant more.",
    hint="Paste the whole line of the .pub file, without options in front.",
    sentence=_SENTENCE,
)
PRIVATE = Rule(
    id="ssh_key.private",
    severity=Severity.ERROR,
    summary="The SSH key is not a private key.",
    reason="A private key that was sent anywhere is no longer private.",
    hint="Send the .pub file instead, and replace the key pair: its private half has left its machine.",
    sentence=_SENTENCE,
)
UNSUPPORTED = Rule(
    id="ssh_key.unsupported",
    severity=Severity.ERROR,
    summary="The SSH key is of a type that today's servers accept.",
    reason="OpenSSH no longer accepts DSA keys, and a key of an unknown type lets nobody in.",
    hint="Make one with: ssh-keygen -t ed25519",
    sentence=_SENTENCE,
)
WEAK = Rule(
    id="ssh_key.weak",
    severity=Severity.ERROR,
    summary="An RSA key has at least 2048 bits.",
    reason="A shorter one can be broken, and current servers refuse it.",
    hint="Make one with: ssh-keygen -t ed25519",
    sentence=_SENTENCE,
)
SHORT = Rule(
    id="ssh_key.short",
    severity=Severity.WARNING,
    summary="An RSA key has at least 3072 bits.",
    reason="3072 bits is what is recommended beyond 2030.",
    hint="Make one with: ssh-keygen -t ed25519",
    sentence=_SENTENCE,
)
MISSING = Rule(
    id="ssh_key.missing",
    severity=Severity.WARNING,
    summary="A k3s cluster has an SSH public key.",
    reason="Its machines run Ubuntu without a password: without a key nobody can log in to mend one.",
    hint="Add sshPublicKey, unless nobody is ever to log in.",
    sentence="{path} is {observed}; without {expected} nobody can log in to the machines",
)
UNUSED = Rule(
    id="ssh_key.unused",
    severity=Severity.WARNING,
    summary="A Talos cluster has no SSH public key.",
    reason="Talos has no shell and no SSH: the key is not kept.",
    hint="Leave sshPublicKey out.",
)
SSH_RULES = (MALFORMED, PRIVATE, UNSUPPORTED, WEAK, SHORT, MISSING, UNUSED)

_FIELDS: Mapping[str, int] = MappingProxyType(
    {
        "ssh-ed25519": 2,
        "ssh-rsa": 3,
        "ecdsa-sha2-nistp256": 3,
        "ecdsa-sha2-nistp384": 3,
        "ecdsa-sha2-nistp521": 3,
        "sk-ssh-ed25519@openssh.com": 3,
        "sk-ecdsa-sha2-nistp256@openssh.com": 4,
    }
)
"""The types that are accepted, and how many fields the key of each has (RFC 4253, 5656, 8709; PROTOCOL.u2f)."""

_TYPE = re.compile(r"(?:ssh|ecdsa|sk)-[a-z0-9@.-]{1,60}")
_PATH = "sshPublicKey"


def read_ssh_key(text: str, *, notes: list[Finding]) -> str | None:
    """Return the key in *text* with single spaces, or None and a note; no note shows any of the text."""
    text = text.strip()
    flaw = _flaw(text)
    if flaw is not None:
        notes.append(flaw)
    return None if flaw is not None and flaw.severity is Severity.ERROR else " ".join(text.split())


def note_presence(flavor: Flavor | None, *, given: bool, notes: list[Finding]) -> None:
    """Note a key that *flavor* does not use, or the lack of one that it could use."""
    if flavor is Flavor.TALOS and given:
        notes.append(UNUSED.broken(_PATH, observed="given", expected="left out for talos"))
    if flavor is Flavor.K3S and not given:
        notes.append(MISSING.broken(_PATH, observed="missing", expected="a public key"))


def _flaw(text: str) -> Finding | None:
    kind, _, rest = text.partition(" ")
    if "PRIVATE KEY" in text.upper():
        return _broken(PRIVATE, "a private key")
    if not text.isprintable() or not rest:
        return _broken(MALFORMED, f"{counted(len(text), 'character')} that are not type and base64")
    if not _TYPE.fullmatch(kind):
        return _broken(MALFORMED, "a line that does not begin with a type")
    if kind not in _FIELDS:
        return _broken(UNSUPPORTED, f"a key of type {kind}")
    fields = _fields(rest.split()[0])
    if fields is None or len(fields) != _FIELDS[kind] or fields[0] != kind.encode():
        return _broken(MALFORMED, f"{counted(len(text), 'character')} that are no key of type {kind}")
    return _weakness(fields[2]) if kind == "ssh-rsa" else None


def _weakness(modulus: bytes) -> Finding | None:
    bits = int.from_bytes(modulus, "big").bit_length()
    rule, least = (WEAK, 2048) if bits < 2048 else (SHORT, 3072)
    if bits >= least:
        return None
    return rule.broken(_PATH, observed=f"an RSA key of {bits} bits", expected=f"at least {least}")


def _fields(blob: str) -> list[bytes] | None:
    try:
        rest = b64decode(blob, validate=True)
    except ValueError:
        return None
    fields = []
    while rest:
        length = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + length:
            return None
        fields.append(rest[4 : 4 + length])
        rest = rest[4 + length :]
    return fields


def _broken(rule: Rule, observed: str) -> Finding:
    return rule.broken(_PATH, observed=observed, expected="a public key as in a .pub file")
