"""The page docs/topology-rules.md as text: it says what the rules say, and is never written by hand."""

from colony_core.domain.clusters import Flavor, Role
from colony_core.domain.hardware import GB, GIB
from colony_core.domain.topology.catalogue import SECTIONS
from colony_core.domain.topology.platforms import (
    CIVO_PRODUCTION,
    DEFAULT_DNS,
    DEFAULT_NTP,
    FLOORS,
    MINIMA,
    PAIRS,
    RANGES,
    Size,
)
from colony_core.domain.topology.wording import counted
from colony_core.domain.validation import Rule

_HEAD = """# Topology rules

<!-- Written by tools/write_docs.py out of the rules themselves. -->

What a cluster is checked for before any machine is touched. Every finding names its rule, its place in the
request, what was observed and what would pass. An **error** refuses the request; all errors come at once. A
**warning** is kept with the cluster, and is an error with `?strict=true`. A rule's id never changes its meaning.

A field that cannot be read is reported once; other rules about that field are silent, those about others are not.

## What is mended before it is checked

- Blanks around every value, and empty entries of a list, are dropped. Lists may be comma-separated strings.
- `subnet` may be `24`, `/24`, `255.255.255.0` or `192.168.1.0/24`, or stand in the `ip` (`192.168.1.101/24`).
- Host names, time servers and extra SANs become lower case; an entry that is there twice is kept once.
- A node without `hostname` gets `<cluster>-cp-<n>` or `<cluster>-worker-<n>`, with the lowest free number.
- Without `dns` a cluster uses {dns}, without `ntp` {ntp}, as Talos itself would.
  Isolated sites name their own.
- What a type does not use is not kept: the SSH key of a talos, the credentials of a k8s_stack.

## What there is to choose from

{pairs}

| flavor | role | error below (cores, memory, disk) | warning below |
| --- | --- | --- | --- |
{sizes}

Memory is compared with 5 % slack. A civo_stack is also warned below {production}.

| flavor | pods | services |
| --- | --- | --- |
{ranges}

## Adding and removing nodes

Nodes that are added are judged together with those that are there; what was true of the cluster before is not
said again. A worker may always be removed. A control plane may go unless it is the last one; unless those that
stay and are ready would be less than a majority of those that stay; and unless the cluster could then no longer
survive the loss of one, if it could before. So 3 to 2 is refused, 5 to 4 is not, and of 3 a failed one may be
removed, as etcd wants it out before its replacement comes in.

"""


def rules_page() -> str:
    """Return the page; a test compares it with the file."""
    head = _HEAD.format(
        dns=" and ".join(f"`{server}`" for server in DEFAULT_DNS),
        ntp=" and ".join(f"`{server}`" for server in DEFAULT_NTP),
        pairs="\n".join(f"- `type: {kind.value}` with `flavor: {flavor.value}`" for kind, flavor in PAIRS),
        sizes="\n".join(_size_row(flavor, role) for flavor, role in FLOORS),
        ranges="\n".join(f"| {name.value} | {one.pods} | {one.services} |" for name, one in RANGES.items()),
        production=_size(CIVO_PRODUCTION),
    )
    return "\n".join([head, *(_section(title, rules) for title, rules in SECTIONS)])


def _section(title: str, rules: tuple[Rule, ...]) -> str:
    return "\n".join([f"## {title}", "", *map(_rule, rules)])


def _rule(rule: Rule) -> str:
    return f"""### `{rule.id}`

{rule.severity.value.capitalize()}: {rule.summary}

- Why: {rule.reason}
- What to do: {rule.hint}
"""


def _size_row(flavor: Flavor, role: Role) -> str:
    key = (flavor, role)
    return f"| {flavor.value} | {role.value} | {_size(FLOORS[key])} | {_size(MINIMA[key])} |"


def _size(size: Size) -> str:
    whole = size.disk_bytes % GIB == 0
    disk = f"{size.disk_bytes // GIB} GiB" if whole else f"{size.disk_bytes / GB:g} GB"
    return f"{counted(size.cores, 'core')}, {size.memory_gib:g} GiB, {disk}"
