"""Strategies for what people ask of a service, and for the time between two of these things."""

from datetime import timedelta

from hypothesis import strategies as st

from colony_core import BootDevice, WipeMethod
from colony_testkit import service_asks as asks

MACHINES = 4
"""How many machines the rack has: enough for a cluster of three that grows, and few enough to be fought over."""

numbers = st.integers(1, MACHINES)
places = st.integers(0, 4)
disks = st.sampled_from((0, 0, 1, 1, 2, None, asks.ABSENT))
"""Which disk is asked for: the third is a removable medium, no machine has the last, and without a choice two fit."""
spans = st.sampled_from(
    [timedelta(seconds=seconds) for seconds in (1, 1, 7, 40, 130, 400, 1300, 4000, 4000)] + [timedelta(hours=14)]
)
"""How long it is until the next thing happens: the lengths of steps, workflows and deadlines."""

_kinds = st.sampled_from((("k8s_stack", "talos"), ("k8s_stack", "k3s"), ("civo_stack", "talos")))
_teams = st.permutations(range(1, MACHINES + 1)).flatmap(
    lambda order: st.sampled_from(((order[:1], order[1:2]), (order[:1], ()), (order[:3], order[3:]), (order[:3], ())))
)

registrations = st.builds(asks.Register, machine=numbers, name=numbers)
discoveries = st.builds(asks.Discover, machine=numbers)
provisions = st.builds(asks.Provision, machine=numbers, disk=disks)
installations = st.builds(asks.Provision, machine=numbers, disk=st.sampled_from((0, 1)))
"""Provisions that nothing is wrong with."""

wipes = st.builds(asks.WipeDisks, machine=numbers, method=st.sampled_from(WipeMethod))
reboots = st.builds(asks.Restart, machine=numbers, device=st.none() | st.sampled_from(BootDevice))
maintenances = st.builds(
    asks.Maintain, machine=numbers, lasts=st.sampled_from((timedelta(0), timedelta(0), timedelta(hours=1), None))
)
deletions = st.builds(asks.Forget, machine=numbers, force=st.booleans())
creations = st.builds(
    lambda name, kind, team, disk: asks.Create(
        name=name, kind=kind[0], flavor=kind[1], control_planes=tuple(team[0]), workers=tuple(team[1]), disk=disk
    ),
    name=st.sampled_from(("a", "bb")),
    kind=_kinds,
    team=_teams,
    disk=disks,
)
growths = st.builds(
    asks.Enlarge,
    cluster=places,
    control_planes=st.sampled_from(((), (), (2, 3))),
    workers=st.lists(numbers, max_size=2, unique=True).map(tuple),
    disk=disks,
)
removals = st.builds(asks.Remove, cluster=places, machine=numbers)
cluster_deletions = st.builds(asks.Delete, cluster=places, force=st.booleans(), wipe=st.booleans())
kubeconfigs = st.builds(asks.Kubeconfig, cluster=places)
cancels = st.builds(asks.Cancel, workflow=places)
retries = st.builds(asks.Retry, workflow=places)
anything = st.one_of(
    provisions, creations, wipes, cancels, retries, growths, removals, cluster_deletions, deletions, registrations
)
"""What is asked at once with something else."""
