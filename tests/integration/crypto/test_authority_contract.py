"""The authorities of the box keep the contract."""

import pytest

from colony_crypto.authorities import ClusterAuthorities
from colony_testkit.authority_contract import AuthorityContract


class TestClusterAuthorities(AuthorityContract):
    @pytest.fixture(scope="class")
    @classmethod
    def authorities(cls) -> ClusterAuthorities:
        return ClusterAuthorities()
