"""The names of nodes that were given none."""

from msgspec.structs import replace

from colony_core.domain.clusters import Role
from colony_core.domain.topology.draft import Draft
from colony_core.domain.topology.names import LONGEST_LABEL


def with_hostnames(draft: Draft) -> Draft:
    """Return *draft* with `<cluster>-cp-1`, `<cluster>-worker-1` and so on where no name was given.

    Each takes the lowest number that is free, so that a name once given never moves to another machine.
    """
    if draft.name is None:
        return draft
    taken = {node.hostname for node in draft.nodes if node.hostname}
    nodes = []
    for node in draft.nodes:
        if node.hostname is None and f"{node.path}.hostname" not in draft.unread:
            name = _free_name(draft.name, node.role, taken)
            taken.add(name)
            nodes.append(replace(node, hostname=name))
        else:
            nodes.append(node)
    return replace(draft, nodes=tuple(nodes))


def _free_name(cluster: str, role: Role, taken: set[str]) -> str:
    kind = "cp" if role is Role.CONTROL_PLANE else "worker"
    names = (_fitted(cluster, f"-{kind}-{number}") for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _fitted(cluster: str, suffix: str) -> str:
    return cluster[: LONGEST_LABEL - len(suffix)].rstrip("-") + suffix
