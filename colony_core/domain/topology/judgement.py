"""The whole judgement: every check on every part, all findings at once, in one order."""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from colony_core.domain.clusters import Cluster
from colony_core.domain.topology.canonical_form import canonical, spec_of
from colony_core.domain.topology.collisions import check_addresses, check_hostnames, check_name
from colony_core.domain.topology.counts import check_control_planes, check_workers
from colony_core.domain.topology.draft import Draft
from colony_core.domain.topology.gateways import (
    check_nodes_on_gateways,
    check_own_gateways,
    check_shared_gateway,
)
from colony_core.domain.topology.hardware import check_hardware
from colony_core.domain.topology.machines import check_asset_choice, check_asset_state, check_macs
from colony_core.domain.topology.outcome import Review
from colony_core.domain.topology.overlaps import check_overlaps
from colony_core.domain.topology.reading import read_growth, read_members
from colony_core.domain.topology.request import ClusterRequest, Growth
from colony_core.domain.topology.subnets import check_edges, check_one_network, check_prefixes
from colony_core.domain.topology.vips import check_nodes_on_vip, check_vip_count, check_vip_place
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

GROWTH_EMPTY = Rule(
    id="growth.empty",
    severity=Severity.ERROR,
    summary="Adding nodes adds at least one.",
    reason="A workflow that changes nothing hides a mistake in what was sent.",
    hint="Name a machine in controlPlanes or in workers.",
    sentence="the request adds {observed}; it must add {expected}",
)

CHECKS: tuple[Callable[[Draft, World], Iterator[Finding]], ...] = (
    check_name,
    check_control_planes,
    check_workers,
    check_asset_choice,
    check_asset_state,
    check_macs,
    check_hardware,
    check_prefixes,
    check_edges,
    check_one_network,
    check_shared_gateway,
    check_own_gateways,
    check_nodes_on_gateways,
    check_nodes_on_vip,
    check_addresses,
    check_hostnames,
    check_vip_count,
    check_vip_place,
    check_overlaps,
)
"""Every check of what could be read; none depends on another's answer, so that their order means nothing."""

_NUMBER = re.compile(r"[0-9]+")


def review(request: ClusterRequest, world: World, *, strict: bool = False) -> Review:
    """Return everything that is wrong with *request*, and its spec when nothing is.

    With *strict* every warning is an error. It never raises, whatever the request holds.
    """
    read = canonical(request)
    findings = _arranged([*read.findings, *_checked(read.draft, world)], strict=strict)
    return _settled(Review(spec=read.spec, findings=findings, credentials=read.credentials))


def review_growth(cluster: Cluster, growth: Growth, *, world: World, strict: bool = False) -> Review:
    """Return everything that is wrong with adding *growth* to *cluster*, and the spec of both when nothing is.

    The merged cluster is judged as a whole, but what was true of it before is not said again. Its members need
    not be available, nor their assets known.
    """
    notes: list[Finding] = []
    members = read_members(cluster)
    grown = read_growth(members, growth, notes=notes)
    if not growth.control_planes and not growth.workers:
        notes.append(GROWTH_EMPTY.broken("workers", observed="no node", expected="at least one"))
    before = set(_checked(members, world))
    new = [finding for finding in _checked(grown, world) if finding not in before]
    return _settled(Review(spec=spec_of(grown), findings=_arranged([*notes, *new], strict=strict)))


def _checked(draft: Draft, world: World) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(draft, world)]


def _arranged(findings: Iterable[Finding], *, strict: bool) -> tuple[Finding, ...]:
    """Return *findings* in their one order: errors first, then by place, each once."""
    raised = (replace(finding, severity=Severity.ERROR) for finding in findings) if strict else findings
    return tuple(sorted(dict.fromkeys(raised), key=_place))


def _settled(outcome: Review) -> Review:
    return replace(outcome, spec=None) if outcome.errors else outcome


def _place(finding: Finding) -> tuple[bool, str, str, str]:
    by_number = _NUMBER.sub(lambda number: number[0].zfill(6), finding.path)
    return finding.severity is not Severity.ERROR, by_number, finding.rule, finding.message
