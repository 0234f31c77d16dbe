"""The contract of cluster authorities. It needs `cryptography` (extra `kubernetes`)."""

import pytest

from colony_core.ports.authorities import Authorities
from colony_testkit.authority_contract import AuthorityContract


class TestAuthorities(AuthorityContract):
    @pytest.fixture(scope="class")
    @classmethod
    def authorities(cls, colony_adapter: Authorities) -> Authorities:
        return colony_adapter
