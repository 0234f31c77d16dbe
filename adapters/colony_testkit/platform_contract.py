"""The contract of platforms, as tests."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError, Unavailable
from colony_core.ports.platform import Milestone, Platform

PATIENCE = 500
"""How many moments a cluster gets to reach a milestone."""

CREDENTIALS = ClusterCredentials(
    gitlab_token=Secret("glpat-of-a-test"), image_pull_secret=Secret("e30="), civo_api_token=Secret("of-a-test")
)

Moment = Callable[[], Awaitable[None]]

every_milestone = pytest.mark.parametrize("milestone", list(Milestone))


class PlatformContract:
    """Subclass it, give it these fixtures, and the adapter is tested.

    - `platform`: the adapter. `cluster`: a `civo_stack` of one control plane and one worker, whose machines are
      installed and off. `authority`: what it was born with; `stranger`: another one.
    - `start`: switches the machines on. `moment`: lets some of their time pass.

    The tests are coroutines: run them with pytest-asyncio in its auto mode.
    """

    @pytest.fixture
    async def running(
        self, platform: Platform, cluster: Cluster, authority: Secret, start: Moment, moment: Moment
    ) -> None:
        """Start the machines, bootstrap the cluster, and wait for its API."""
        await start()
        await reaches(lambda: platform.bootstrap(cluster, authority), moment=moment)
        await reaches(lambda: platform.check(cluster, authority, Milestone.API), moment=moment)

    @every_milestone
    async def test_machines_that_are_off_have_reached_nothing(
        self, platform: Platform, cluster: Cluster, authority: Secret, milestone: Milestone
    ) -> None:
        with pytest.raises(Unavailable):
            await platform.check(cluster, authority, milestone)

    async def test_machines_that_are_off_are_not_bootstrapped(
        self, platform: Platform, cluster: Cluster, authority: Secret
    ) -> None:
        with pytest.raises(Unavailable):
            await platform.bootstrap(cluster, authority)

    async def test_nothing_is_reached_before_the_bootstrap(
        self, platform: Platform, cluster: Cluster, authority: Secret, start: Moment, moment: Moment
    ) -> None:
        await start()
        for _ in range(20):
            await moment()

        with pytest.raises(Unavailable):
            await platform.check(cluster, authority, Milestone.API)

    async def test_a_bootstrapped_cluster_reaches_its_api_and_then_all_its_nodes(
        self, platform: Platform, cluster: Cluster, authority: Secret, moment: Moment, running: None
    ) -> None:
        await reaches(lambda: platform.check(cluster, authority, Milestone.NODES), moment=moment)
        await platform.check(cluster, authority, Milestone.API)

    async def test_a_bootstrap_can_be_repeated(
        self, platform: Platform, cluster: Cluster, authority: Secret, moment: Moment, running: None
    ) -> None:
        await platform.bootstrap(cluster, authority)
        await platform.check(cluster, authority, Milestone.API)

    async def test_the_stack_is_not_there_until_it_is_installed(
        self, platform: Platform, cluster: Cluster, authority: Secret, moment: Moment, running: None
    ) -> None:
        for _ in range(20):
            await moment()

        with pytest.raises(Unavailable):
            await platform.check(cluster, authority, Milestone.STACK)

    async def test_the_stack_is_installed_once_however_often_it_is_asked_for(
        self, platform: Platform, cluster: Cluster, authority: Secret, moment: Moment, running: None
    ) -> None:
        for _ in range(3):
            await platform.install_stack(cluster, authority, CREDENTIALS)
            await moment()

        await reaches(lambda: platform.check(cluster, authority, Milestone.STACK), moment=moment)
        await platform.install_stack(cluster, authority, CREDENTIALS)
        await platform.check(cluster, authority, Milestone.STACK)

    async def test_a_removed_node_is_missed_and_the_cluster_without_it_is_whole(
        self, platform: Platform, cluster: Cluster, authority: Secret, moment: Moment, running: None
    ) -> None:
        await reaches(lambda: platform.check(cluster, authority, Milestone.NODES), moment=moment)
        [worker] = cluster.spec.workers

        await platform.remove_node(cluster, authority, worker.asset_id)
        await platform.remove_node(cluster, authority, worker.asset_id)

        with pytest.raises(Unavailable):
            await platform.check(cluster, authority, Milestone.NODES)
        smaller = replace(cluster, spec=replace(cluster.spec, workers=()))
        await platform.check(smaller, authority, Milestone.NODES)

    async def test_a_stranger_gets_nothing_and_is_shown_no_authority(
        self, platform: Platform, cluster: Cluster, authority: Secret, stranger: Secret, running: None
    ) -> None:
        await platform.check(cluster, authority, Milestone.API)

        with pytest.raises(ColonyError) as refused:
            await platform.check(cluster, stranger, Milestone.API)
        assert stranger.reveal() not in f"{refused.value!r} {refused.value.details}"
        assert authority.reveal() not in f"{refused.value!r} {refused.value.details}"


async def reaches(ask: Callable[[], Awaitable[None]], *, moment: Moment) -> None:
    """Ask until the answer is not `Unavailable`; fail when it always is."""
    last = "nothing was asked"
    for _ in range(PATIENCE):
        try:
            return await ask()
        except Unavailable as error:
            last = f"{error.code}: {error.details}"
        await moment()
    pytest.fail(f"It never came: {last}")
