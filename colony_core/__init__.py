"""Colony Core: a bare-metal control plane as a library.

Hold a `Colony`, give it its `Ports`, run its `runner`; everything else here is a value that goes in or comes out.
"""

from colony_core.application.colony import Colony, Policy, Ports
from colony_core.domain.api_keys import ApiKey, ApiRole
from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.clusters import Cluster, ClusterCredentials, ClusterStatus
from colony_core.domain.hardware import BootDevice, Inventory, Power
from colony_core.domain.orders import WipeMethod
from colony_core.domain.provisioning import NetworkRequest, ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges, Registration
from colony_core.domain.secrets import Secret
from colony_core.domain.steps import WorkflowType
from colony_core.domain.topology import ClusterRequest, Growth, NodeRequest
from colony_core.domain.workflows import Run, RunStatus
from colony_core.errors import ColonyError
from colony_core.ports.persistence import Page, Paging

__all__ = [
    "ApiKey",
    "ApiRole",
    "Asset",
    "AssetChanges",
    "AssetStatus",
    "BmcChanges",
    "BootDevice",
    "Cluster",
    "ClusterCredentials",
    "ClusterRequest",
    "ClusterStatus",
    "Colony",
    "ColonyError",
    "Growth",
    "Inventory",
    "NetworkRequest",
    "NodeRequest",
    "Page",
    "Paging",
    "Policy",
    "Ports",
    "Power",
    "ProvisionRequest",
    "Registration",
    "Run",
    "RunStatus",
    "Secret",
    "WipeMethod",
    "WorkflowType",
]
