"""The route of the audit trail; only administrators pass."""

from litestar import get
from litestar.di import NamedDependency

from colony_core import Colony
from colony_core.domain.api_keys import Permission
from colony_core.ports.persistence import CursorInvalid
from colony_http import examples
from colony_http.operations import Operation, described
from colony_http.replies import Reply, shown
from colony_http.shapes_audit import AuditList, AuditQuery, DeedView

TAG = "Audit"

_LIST = Operation(
    summary="List what was done",
    tag=TAG,
    query=AuditQuery,
    answers={200: AuditList},
    errors=(CursorInvalid,),
    needs=Permission.ADMINISTER,
    example=examples.AUDIT,
)


@get("/audit", **described(_LIST))
async def list_audit(asked: NamedDependency[AuditQuery], colony: NamedDependency[Colony]) -> Reply:
    """Return some of who did what to which resource, when, and what came of it: refused calls too, oldest first.

    Noted are all calls that change something, and downloads of a kubeconfig or talosconfig. A dry run shows as a call
    that was done with status 200 and created nothing; the repetition of a call by its `Idempotency-Key` does not show.
    """
    page = await colony.audit.page(asked.paging(), asked.where())
    return shown(AuditList(audit=tuple(map(DeedView.of, page.items)), next_cursor=page.next_cursor))


ROUTES = (list_audit,)
