"""Under which names secrets lie in the vault, and how those of a cluster are packed."""

import msgspec

from colony_core.domain.clusters import ClusterCredentials
from colony_core.domain.secrets import Secret

BMC_PASSWORD = "bmc-password"  # noqa: S105 - a name, not a password
BMC_PASSWORD_WANTED = "bmc-password-wanted"  # noqa: S105 - a name, not a password
BMC_PASSWORD_PENDING = "bmc-password-pending"  # noqa: S105 - a name, not a password
AUTHORITY = "authority"
CREDENTIALS = "credentials"
WEBHOOK_SECRET = "webhook-secret"  # noqa: S105 - a name, not a secret


def packed(credentials: ClusterCredentials) -> Secret:
    """Return *credentials* as one secret; only the vault may have it."""
    values = {name: secret.reveal() for name, secret in _fields(credentials).items() if secret is not None}
    return Secret(msgspec.json.encode(values).decode())


def unpacked(secret: Secret | None) -> ClusterCredentials:
    """Return the credentials that `packed` made a secret of; of nothing, none."""
    if secret is None:
        return ClusterCredentials()
    values = msgspec.json.decode(secret.reveal(), type=dict[str, str])
    return ClusterCredentials(**{name: Secret(text) for name, text in values.items()})


def _fields(credentials: ClusterCredentials) -> dict[str, Secret | None]:
    return {name: getattr(credentials, name) for name in credentials.__struct_fields__}
