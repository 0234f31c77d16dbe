"""The audit trail as administrators see it."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from colony_core.domain.audit import AuditOutcome, Deed
from colony_core.ports.persistence import AuditFilter
from colony_http.shapes_paging import PagingQuery

Actor = Annotated[str, Meta(description="The id of an API key, such as `cd-0123456789ab`, or `console`.")]
Action = Annotated[str, Meta(description="The `operationId` of what was asked for, such as `wipe_asset`.")]
Resource = Annotated[str, Meta(description="A path below `/api/v1/`, such as `assets/asset-1`.")]


class DeedView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that somebody did, or was refused.

    `key` is the id of the API key, or `console` for commands that work on the database itself. `created` is what came
    into being elsewhere, such as the workflow that does the work. `code` is that of the error, null for what was done.
    """

    seq: int
    at: datetime
    key: Actor
    action: Action
    resource: Resource
    outcome: AuditOutcome
    code: str | None
    created: str | None
    method: str | None
    status: int | None
    request_id: str | None

    @classmethod
    def of(cls, deed: Deed) -> "DeedView":
        """Return *deed* as administrators see it."""
        return cls(
            seq=deed.seq,
            at=deed.at,
            key=deed.actor,
            action=deed.action,
            resource=deed.resource,
            outcome=deed.outcome,
            code=deed.code,
            created=deed.created,
            method=deed.method,
            status=deed.status,
            request_id=deed.request_id,
        )


class AuditList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the trail, oldest first; `nextCursor` is null on the last page."""

    audit: tuple[DeedView, ...]
    next_cursor: str | None = None


class AuditQuery(PagingQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which deeds; all filters must match, exactly."""

    key: Actor | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Resource | UnsetType = UNSET

    def where(self) -> AuditFilter:
        """Return the filter in the words of the core."""
        return AuditFilter(actor=_given(self.key), action=_given(self.action), resource=_given(self.resource))


def _given(text: str | UnsetType) -> str | None:
    return None if text is UNSET else text
