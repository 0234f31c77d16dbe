"""Real hardware: each controller through the adapter for its protocol, loaded when the first one needs it."""

# ruff: noqa: ARG002 - the arguments are those of the ports

import asyncio
from collections.abc import Sequence
from itertools import chain

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.probing import Knock, port_for
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused
from colony_core.ports.hardware import Access, Certified, Controller, Hardware, Prober
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


BY_PREFERENCE = (Protocol.REDFISH, Protocol.IPMI)


class ByProtocol:
    """Sends every access to the adapter that its protocol names."""

    def __init__(self) -> None:
        self._adapters: dict[str, Hardware] = {}

    def controller(self, access: Access) -> Controller:
        """Return the controller as the protocol's adapter sees it."""
        return self._adapter(access.bmc.protocol).controller(access)

    async def probe(self, bmc: Bmc, *, among: Sequence[Protocol] = BY_PREFERENCE) -> tuple[Knock, ...]:
        """Let the adapter of every protocol ask for its own, all at once; what is not installed is told."""
        return tuple(chain.from_iterable(await asyncio.gather(*(self._probed(bmc, each) for each in among))))

    async def certificate(self, bmc: Bmc) -> str:
        """Return the fingerprint of the certificate that is shown there, where the protocol has any."""
        adapter = self._adapter(bmc.protocol)
        return await adapter.certificate(bmc) if isinstance(adapter, Certified) else ""

    async def aclose(self) -> None:
        """Close every adapter that was used."""
        for adapter in self._adapters.values():
            await adapter.aclose()

    async def _probed(self, bmc: Bmc, protocol: Protocol) -> tuple[Knock, ...]:
        try:
            adapter = self._adapter(protocol)
        except ProtocolNotAvailable as missing:
            return (Knock(protocol=protocol, port=port_for(bmc, protocol), said=f"not asked: {missing.details}"),)
        knocks: tuple[Knock, ...] = await adapter.probe(bmc) if isinstance(adapter, Prober) else ()
        return knocks

    def _adapter(self, protocol: Protocol) -> Hardware:
        if protocol.value not in self._adapters:
            try:
                self._adapters[protocol.value] = load("colony_core.hardware", protocol.value)()
            except AdapterMissing as missing:
                raise ProtocolNotAvailable(missing.details) from None
        return self._adapters[protocol.value]


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
