"""`Colony` is what an embedder holds: every use case, and the runner that does the work."""

from datetime import timedelta

from msgspec import Struct

from colony_core.application.api_keys import ApiKeyDesk
from colony_core.application.assets import AssetDesk
from colony_core.application.audit import AuditDesk
from colony_core.application.bell import Bell
from colony_core.application.bmc_queues import SESSIONS, BmcQueues
from colony_core.application.clusters import ClusterDesk
from colony_core.application.deliveries import Deliveries, Written
from colony_core.application.dispatching import LoneDispatcher
from colony_core.application.handwork import TaskDesk
from colony_core.application.netboot import NetbootDesk
from colony_core.application.performing import Performer
from colony_core.application.polling import Poller
from colony_core.application.repeats import Repeats
from colony_core.application.runner import Runner
from colony_core.application.sensors import SensorDesk
from colony_core.application.watching import Watch
from colony_core.application.webhooks import WebhookDesk
from colony_core.application.workflows import WorkflowDesk
from colony_core.application.workplace import Tools
from colony_core.domain.breakers import Pace
from colony_core.domain.rate_limits import Limits
from colony_core.domain.rounds import Polling
from colony_core.ports.authorities import Authorities
from colony_core.ports.bmc_locks import BmcLocks
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Dispatcher
from colony_core.ports.hardware import Hardware
from colony_core.ports.persistence import Store
from colony_core.ports.platform import Platform
from colony_core.ports.rate_limits import RateLimiter
from colony_core.ports.webhooks import Courier


class Policy(Struct, frozen=True, kw_only=True):
    """What an operator may decide.

    `limits` are those of keys that have none of their own. With `strict_topology` every warning about a cluster is an
    error. At most `max_installs` machines are installed at once, and this process performs at most `acts_at_once`
    acts at once (0: any number). Each machine is given power at most `power_cycles_per_hour` times. At most
    `bmc_sessions` management controllers are spoken to at once, each as gently as `bmc_pace` says, and polled as often
    as `polling` says. A person has `task_patience` for what is to be done by hand (None: a day).
    """

    limits: Limits = Limits()
    strict_topology: bool = False
    max_installs: int = 0
    acts_at_once: int = 0
    power_cycles_per_hour: int = 20
    bmc_pace: Pace = Pace()
    bmc_sessions: int = SESSIONS
    polling: Polling = Polling()
    task_patience: timedelta | None = None


class Ports(Struct, frozen=True, kw_only=True):
    """Everything that a colony needs of the world.

    `clock` is the time that machines and workflows live in; `wall` is the real one, for keys and their limits. The
    two differ only where a simulator hastens time. Without a `dispatcher` this colony is the only one that works on
    its store; without `bmc_locks` it is the only one that speaks to its controllers.
    """

    store: Store
    hardware: Hardware
    platform: Platform
    authorities: Authorities
    rate_limiter: RateLimiter
    clock: Clock
    wall: Clock
    chance: Chance
    dispatcher: Dispatcher | None = None
    bmc_locks: BmcLocks | None = None


class Colony:
    """A bare-metal control plane over any set of ports.

    Nothing happens by itself until the `runner` is run: `await colony.runner.run()` for ever, or
    `await colony.runner.settle()` for everything that can be done now. `await colony.poller.run()` beside it keeps
    watch over the machines' controllers.
    """

    def __init__(self, ports: Ports, *, policy: Policy = Policy()) -> None:
        work, news, mail = Bell(), Bell(), Bell()
        ports.store.on_news(news.ring)
        store, clock = ports.store, ports.clock
        self.hardware = BmcQueues(
            ports.hardware,
            clock=clock,
            chance=ports.chance,
            pace=policy.bmc_pace,
            sessions=policy.bmc_sessions,
            locks=ports.bmc_locks,
        )
        tools = Tools(
            store=store,
            hardware=self.hardware,
            platform=ports.platform,
            authorities=ports.authorities,
            clock=clock,
            power_cycles_per_hour=policy.power_cycles_per_hour,
        )
        self.ports = ports
        self.assets = AssetDesk(
            store,
            clock=clock,
            chance=ports.chance,
            work=work,
            hardware=self.hardware,
            patience=policy.task_patience,
        )
        self.tasks = TaskDesk(store, clock=clock, work=work)
        self.watch = Watch(store, clock=clock)
        self.sensors = SensorDesk(store, self.hardware, clock=clock)
        self.workflows = WorkflowDesk(store, clock=clock, work=work, news=news)
        self.clusters = ClusterDesk(
            store,
            clock=clock,
            work=work,
            authorities=ports.authorities,
            assets=self.assets,
            workflows=self.workflows,
            strict=policy.strict_topology,
            patience=policy.task_patience,
        )
        self.api_keys = ApiKeyDesk(
            store, clock=ports.wall, chance=ports.chance, limiter=ports.rate_limiter, limits=policy.limits
        )
        self.netboot = NetbootDesk(store, clock=clock, chance=ports.chance, work=work)
        self.repeats = Repeats(store, clock=ports.wall)
        self.audit = AuditDesk(store, clock=ports.wall)
        self.webhooks = WebhookDesk(store, clock=ports.wall, chance=ports.chance, mail=mail)
        self._news, self._mail = news, mail
        self.runner = Runner(
            store,
            Performer(tools),
            dispatcher=ports.dispatcher or LoneDispatcher(store, clock=clock),
            clock=clock,
            work=work,
            max_installs=policy.max_installs,
            acts_at_once=policy.acts_at_once,
        )
        self.poller = Poller(store, self.hardware, clock=clock, wall=ports.wall, polling=policy.polling)

    def deliveries(self, courier: Courier, *, written: Written, look: timedelta | None = None) -> Deliveries:
        """Return what delivers events to webhooks, to be run beside the runner; *written* makes an entry a body.

        Where other processes use the store, *look* is how often to look for the webhooks that they made.
        """
        return Deliveries(
            self.ports.store,
            courier,
            written=written,
            clock=self.ports.wall,
            chance=self.ports.chance,
            news=self._news,
            mail=self._mail,
            look=look,
        )
