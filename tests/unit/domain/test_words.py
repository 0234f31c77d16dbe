"""The words that stand in databases and answers: with another one what is stored cannot be read, and clients fail."""

import importlib
import pkgutil
from enum import StrEnum

import pytest

import colony_core.domain
from colony_core.domain.api_keys import ApiRole, KeyStatus, Permission
from colony_core.domain.assets import AssetStatus, Move
from colony_core.domain.audit import CONSOLE, AuditOutcome
from colony_core.domain.breakers import Standing, Trouble
from colony_core.domain.clusters import ClusterStatus, ClusterType, Flavor, NodeStatus, Role
from colony_core.domain.decisions import Level
from colony_core.domain.events import EventType
from colony_core.domain.hardware import BootDevice, BootMode, DiskKind, Power, Protocol, SensorKind, SensorUnit
from colony_core.domain.healths import BmcState
from colony_core.domain.orders import WipeMethod
from colony_core.domain.steps import Action, Chore, Signal, WorkflowType
from colony_core.domain.validation import Severity
from colony_core.domain.workflows import RunStatus, StepStatus

WORDS: dict[type[StrEnum], str] = {
    ApiRole: "admin operator viewer",
    KeyStatus: "active expired revoked",
    AssetStatus: "discovering available provisioning provisioned deprovisioning",
    AuditOutcome: "done refused failed",
    ClusterType: "civo_stack k8s_stack",
    Flavor: "talos k3s",
    Role: "control-plane worker",
    ClusterStatus: "provisioning ready error",
    NodeStatus: "pending installing installed ready failed leaving",
    Level: "info warning error",
    EventType: "workflow step log asset cluster maintenance bmc power",
    Power: "on off unknown",
    BootDevice: "pxe disk",
    BootMode: "bios uefi",
    Protocol: "ipmi redfish manual",
    DiskKind: "hdd ssd nvme",
    SensorKind: "temperature fan power",
    SensorUnit: "C rpm percent W",
    BmcState: "unknown ok degraded refused",
    WipeMethod: "signatures zero secure-erase",
    WorkflowType: "asset-discovery os-provision disk-wipe asset-reboot cluster-provision cluster-scale bmc-rotation",
    Action: "contact inspect power-off power-on restart boot-from-network boot-from-disk set-asked-boot-device"
    " create-authority bootstrap check-api check-nodes install-stack check-stack remove-node power-off-removed"
    " change-password settle-password",
    Signal: "asked-for-boot sent-inventory installed wiped booted",
    Chore: "start-from-network start-from-disk restart",
    Severity: "error warning",
    RunStatus: "pending running completed failed cancelled",
    StepStatus: "pending running completed failed skipped",
}
INSIDE = {Move, Permission, Standing, Trouble}
"""Words that nobody stores, and nobody is answered with."""


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__name__)
def test_words_that_are_stored_or_answered_stay(words: type[StrEnum]) -> None:
    assert [word.value for word in words] == WORDS[words].split()


def test_every_word_is_either_kept_or_used_inside_alone() -> None:
    names = [module.name for module in pkgutil.walk_packages(colony_core.domain.__path__, "colony_core.domain.")]
    found = {
        one
        for module in map(importlib.import_module, names)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, StrEnum) and one.__module__ == module.__name__
    }

    assert found == WORDS.keys() | INSIDE


def test_who_works_on_the_store_itself_is_called_the_console() -> None:
    assert CONSOLE == "console"
