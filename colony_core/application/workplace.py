"""What the actions of steps work with: their tools, and the place where they work."""

from msgspec import Struct

from colony_core.application.bmc_queues import BmcQueues
from colony_core.application.fences import Mine, always
from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.hardware import Inventory, PowerReading, System
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import Run
from colony_core.ports.authorities import Authorities
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Store
from colony_core.ports.platform import Platform


class Tools(Struct, frozen=True, kw_only=True):
    """The ports that actions go through, and how often they may give a machine power."""

    store: Store
    hardware: BmcQueues
    platform: Platform
    authorities: Authorities
    clock: Clock
    power_cycles_per_hour: int


class Workplace(Struct, frozen=True, kw_only=True):
    """The run that an action is for, and the machine or the cluster that it works on, as long as it is `mine`."""

    run: Run
    asset: Asset | None = None
    password: Secret = Secret("")
    cluster: Cluster | None = None
    authority: Secret | None = None
    credentials: ClusterCredentials = ClusterCredentials()
    mine: Mine = always


class Sighting(Struct, frozen=True, kw_only=True):
    """What an action saw of its machine; `restarted` when it took the power and gave it back, `enough` when nothing
    more of the plan is needed.
    """

    power: PowerReading | None = None
    restarted: bool = False
    identity: System | None = None
    inventory: Inventory | None = None
    enough: bool = False
