"""Real hardware: each controller through the adapter for its protocol, loaded when the first one needs it."""

# ruff: noqa: ARG002 - the arguments are those of the ports

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused
from colony_core.ports.hardware import Access, Controller, Hardware
from colony_core.ports.platform import Milestone
from colony_wiring.plugins import AdapterMissing, load


class ProtocolNotAvailable(Refused):
    """No adapter for the controller's protocol is installed."""

    code = "PROTOCOL_NOT_AVAILABLE"
    summary = "Protocol is not available"
    advice = "Install the extra that the details name, and restart the server; then start the work again."


class PlatformNotAvailable(Refused):
    """No adapter reaches the software on real machines."""

    code = "PLATFORM_NOT_AVAILABLE"
    summary = "Clusters on real machines are not available"
    advice = "This release builds clusters in the simulated rack only: start the server with --simulator."


class ByProtocol:
    """Sends every access to the adapter that its protocol names."""

    def __init__(self) -> None:
        self._adapters: dict[str, Hardware] = {}

    def controller(self, access: Access) -> Controller:
        """Return the controller as the protocol's adapter sees it."""
        protocol = access.bmc.protocol.value
        if protocol not in self._adapters:
            try:
                self._adapters[protocol] = load("colony_core.hardware", protocol)()
            except AdapterMissing as missing:
                raise ProtocolNotAvailable(missing.details) from None
        return self._adapters[protocol].controller(access)

    async def aclose(self) -> None:
        """Close every adapter that was used."""
        for adapter in self._adapters.values():
            await adapter.aclose()


class NoPlatform:
    """Refuses everything: what runs on real machines is out of this release's reach."""

    async def bootstrap(self, cluster: Cluster, authority: Secret) -> None:
        """Refuse."""
        raise _refusal()

    async def check(self, cluster: Cluster, authority: Secret, milestone: Milestone) -> None:
        """Refuse."""
        raise _refusal()

    async def install_stack(self, cluster: Cluster, authority: Secret, credentials: ClusterCredentials) -> None:
        """Refuse."""
        raise _refusal()

    async def remove_node(self, cluster: Cluster, authority: Secret, asset_id: str) -> None:
        """Refuse."""
        raise _refusal()


def _refusal() -> PlatformNotAvailable:
    return PlatformNotAvailable("No adapter reaches Kubernetes on real machines: only the simulated rack can be used")
