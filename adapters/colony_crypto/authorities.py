"""A cluster's own authority as one opaque text, and the credentials that it signs."""

import json
from datetime import datetime

import msgspec

from colony_core.domain.clusters import ClusterSpec, Flavor
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_crypto.certificates import base64_of, client_pair, name_of, talos_label
from colony_crypto.k3s import K3sAuthority, k3s_authority
from colony_crypto.talos import TalosAuthority, talos_authority

# Members of this group may do everything, and no role binding can take it from them.
_ADMINS = "system:masters"

_KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: {cluster}
  cluster:
    server: {server}
    certificate-authority-data: {trusted}
users:
- name: {user}
  user:
    client-certificate-data: {crt}
    client-key-data: {key}
contexts:
- name: {user}
  context:
    cluster: {cluster}
    namespace: default
    user: {user}
current-context: {user}
"""

# No `nodes`: talosctl would then act on every machine whenever somebody forgets to name one.
_TALOSCONFIG = """\
context: {cluster}
contexts:
  {cluster}:
    endpoints:
{endpoints}
    ca: {ca}
    crt: {crt}
    key: {key}
"""


class AuthorityUnreadable(ColonyError):
    """The stored authority is of another version or kind; the message never shows any of it."""

    code = "AUTHORITY_UNREADABLE"
    summary = "Cluster authority cannot be read"
    advice = "Run the release that created the cluster, or a newer one."


class ClusterAuthorities:
    """Authorities in the shapes of Talos and K3s."""

    def create(self, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a new authority; it takes about half a second for Talos and a tenth of that for K3s."""
        authority = talos_authority(now=now) if spec.flavor is Flavor.TALOS else k3s_authority(now=now)
        return Secret(msgspec.json.encode(authority, enc_hook=_reveal).decode())

    def kubeconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a kubeconfig for `admin@<name>`."""
        keys = read_authority(authority)
        admin = name_of(organisation=_ADMINS, common=keys.admin_name)
        client = client_pair(keys.clients, admin, now=now, key_encipherment=True)
        return Secret(
            _KUBECONFIG.format(
                cluster=_quoted(spec.name),
                user=_quoted(f"admin@{spec.name}"),
                server=_quoted(spec.api_url),
                trusted=base64_of(keys.trusted),
                crt=base64_of(client.crt),
                key=base64_of(client.key.reveal()),
            )
        )

    def talosconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a talosconfig whose endpoints are the control planes: a VIP lives only while etcd does."""
        keys = read_authority(authority)
        if not isinstance(keys, TalosAuthority):
            raise AuthorityUnreadable(f"The authority of cluster '{spec.name}' is not one of Talos")
        client = keys.talos_admin(now=now)
        return Secret(
            _TALOSCONFIG.format(
                cluster=_quoted(spec.name),
                endpoints="\n".join(f"    - {_quoted(node.ip)}" for node in spec.control_planes),
                ca=base64_of(keys.os.crt),
                crt=base64_of(client.crt),
                key=base64_of(talos_label(client.key.reveal())),
            )
        )


def read_authority(authority: Secret) -> TalosAuthority | K3sAuthority:
    """Return the keys in *authority*; raise `AuthorityUnreadable` when this release does not know its form."""
    try:
        return _DECODER.decode(authority.reveal())
    except msgspec.MsgspecError:  # its message and its traceback could hold a key
        raise AuthorityUnreadable("The stored authority of this cluster is of a form unknown to this release") from None


def _reveal(secret: object) -> str:
    if isinstance(secret, Secret):
        return secret.reveal()
    raise NotImplementedError(f"{type(secret).__name__} has no place in an authority")


def _conceal(kind: type[object], text: object) -> Secret:
    if kind is Secret and isinstance(text, str):
        return Secret(text)
    raise NotImplementedError(f"{kind.__name__} has no place in an authority")


def _quoted(text: str) -> str:
    """Return *text* as a YAML scalar: what JSON quotes, YAML reads back, even `no`, `1e3` or a colon."""
    return json.dumps(text)


_DECODER: msgspec.json.Decoder[TalosAuthority | K3sAuthority] = msgspec.json.Decoder(
    TalosAuthority | K3sAuthority, dec_hook=_conceal
)
