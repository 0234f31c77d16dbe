"""The audit trail: who did what to which thing, and what came of it; never what was sent or answered."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

CONSOLE = "console"
"""The actor of what was done on the store itself, beside the API: whoever can open the database and its key."""


class AuditOutcome(StrEnum):
    """What came of a deed: it was done, it was refused, or it broke."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Deed(Struct, frozen=True, kw_only=True):
    """One thing that somebody did, or was refused. `seq` is given by the store and rises by commit order.

    `actor` is the id of an API key, or `CONSOLE`; `resource` a path such as `assets/asset-1`; `created` the path of
    what came into being elsewhere, such as the workflow that does the work. `code` is that of the error, None for
    what was done. `method`, `status` and `request_id` are those of HTTP, None at the console.
    """

    at: datetime
    actor: str
    action: str
    resource: str
    outcome: AuditOutcome = AuditOutcome.DONE
    code: str | None = None
    created: str | None = None
    method: str | None = None
    status: int | None = None
    request_id: str | None = None
    seq: int = 0
