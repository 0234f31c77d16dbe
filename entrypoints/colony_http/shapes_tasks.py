"""A task for a person, as clients see it."""

from datetime import datetime

import msgspec
from msgspec import Struct

from colony_core.domain.tasks import Task


class TaskView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that somebody has to do to a machine by hand, and then to confirm."""

    id: str
    asset_id: str
    workflow_id: str
    step: str
    instruction: str
    since: datetime
    deadline: datetime | None

    @classmethod
    def of(cls, task: Task) -> "TaskView":
        """Return *task* as clients see it."""
        return msgspec.convert(task, cls, from_attributes=True)


class TaskList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Every task that waits for somebody; there is always one page of them."""

    tasks: tuple[TaskView, ...]
    next_cursor: str | None = None
