"""The contract of platforms, on a `PlatformCase`."""

from collections.abc import Awaitable, Callable

import pytest

from colony_core.domain.clusters import Cluster
from colony_core.domain.secrets import Secret
from colony_core.ports.platform import Platform
from colony_testkit.cases import PlatformCase
from colony_testkit.platform_contract import PlatformContract


class TestPlatform(PlatformContract):
    @pytest.fixture
    def platform(self, colony_adapter: PlatformCase) -> Platform:
        return colony_adapter.platform

    @pytest.fixture
    def cluster(self, colony_adapter: PlatformCase) -> Cluster:
        return colony_adapter.cluster

    @pytest.fixture
    def authority(self, colony_adapter: PlatformCase) -> Secret:
        return colony_adapter.authority

    @pytest.fixture
    def stranger(self, colony_adapter: PlatformCase) -> Secret:
        return colony_adapter.stranger

    @pytest.fixture
    def start(self, colony_adapter: PlatformCase) -> Callable[[], Awaitable[None]]:
        return colony_adapter.start

    @pytest.fixture
    def moment(self, colony_adapter: PlatformCase) -> Callable[[], Awaitable[None]]:
        return colony_adapter.moment
