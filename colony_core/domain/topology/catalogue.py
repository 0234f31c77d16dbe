"""Every rule there is, by subject; a rule that is not here is not documented, and a test looks for it."""

from collections.abc import Mapping
from types import MappingProxyType

from colony_core.domain.disks import DISK_RULES
from colony_core.domain.topology.addresses import ADDRESS_RULES, NODE_ADDRESS_RULES
from colony_core.domain.topology.collisions import COLLISION_RULES, NAME_TAKEN
from colony_core.domain.topology.counts import COUNT_RULES
from colony_core.domain.topology.credentials import CREDENTIAL_RULES
from colony_core.domain.topology.disk_names import DISK_MALFORMED
from colony_core.domain.topology.gateways import GATEWAY_RULES
from colony_core.domain.topology.hardware import HARDWARE_RULES
from colony_core.domain.topology.images import IMAGE_RULES
from colony_core.domain.topology.judgement import GROWTH_EMPTY
from colony_core.domain.topology.machines import ASSET_RULES
from colony_core.domain.topology.names import HOSTNAME_INVALID, LIST_RULES, NAME_RULES
from colony_core.domain.topology.overlaps import OVERLAP
from colony_core.domain.topology.reading import ASSET_ID_MISSING, PAIR_UNSUPPORTED
from colony_core.domain.topology.removal import REMOVAL_RULES
from colony_core.domain.topology.ssh_keys import SSH_RULES
from colony_core.domain.topology.subnets import SUBNET_RULES
from colony_core.domain.topology.vips import VIP_RULES
from colony_core.domain.validation import Rule

SECTIONS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("The cluster", (*NAME_RULES, NAME_TAKEN, PAIR_UNSUPPORTED)),
    ("How many nodes", COUNT_RULES),
    ("The machines", (ASSET_ID_MISSING, *ASSET_RULES)),
    ("Their size", HARDWARE_RULES),
    ("Their disks", (DISK_MALFORMED, *DISK_RULES)),
    ("Addresses", (*ADDRESS_RULES, *NODE_ADDRESS_RULES, *COLLISION_RULES, HOSTNAME_INVALID)),
    ("Subnets", SUBNET_RULES),
    ("Gateways and networks", (*GATEWAY_RULES, OVERLAP)),
    ("The VIP", VIP_RULES),
    ("DNS, time and certificate names", LIST_RULES),
    ("The SSH key", SSH_RULES),
    ("Credentials of a civo_stack", (*CREDENTIAL_RULES, *IMAGE_RULES)),
    ("Adding and removing nodes", (GROWTH_EMPTY, *REMOVAL_RULES)),
)
"""The rules as a reader looks for them."""

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for _, rules in SECTIONS for rule in rules})
"""Every rule by its id."""
