"""The whole service as this project embeds it, lived at random: every use case, fault and crash, and the laws."""

from hypothesis import HealthCheck, settings

from colony_core import Colony, Policy, Ports
from colony_testkit.service_machine import ServiceMachine


class OurService(ServiceMachine):
    """Our embedding is strict: what is a warning to others is an error here."""

    def make_colony(self, ports: Ports) -> Colony:
        return Colony(ports, policy=Policy(strict_topology=True))


TestOurService = OurService.TestCase
TestOurService.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
