"""What waits for one person: open cases in groups, each for whoever may do what it asks, the nearest deadline first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from data import clock
from data.scope import Scope, scope_of
from layers.incident import queue

FIRST_PAGE = 30


@dataclass(frozen=True)
class Group:
    """Cases that ask for the same: who has it (one of ``permissions``), and the filters of the queue that give its cases."""

    id: str
    permissions: tuple[str, ...]
    filters: Mapping[str, str]
    # the whole town's is the desk's to do
    below_town: bool = False


# Each open case of a person is in one of the first six at most; a reply that is due stands before them.
GROUPS = (
    Group("reply", ("handle",), {"mine": "1", "reply": "1"}),
    Group("unseen", ("handle",), {"mine": "1", "unseen": "1"}),
    Group("verify", ("verify",), {"state": "verifying", "to_me": "1"}),
    Group("sign", ("handle",), {"mine": "1", "seen": "1"}),
    Group("handle", ("handle",), {"mine": "1", "state": "handling,suspended"}),
    Group("inspect", ("inspect",), {"to_inspect": "1"}, below_town=True),
    Group("self_handle", ("self_handle",), {"self_handle": "1"}, below_town=True),
    Group("returned", ("handle",), {"mine": "1", "state": "returned"}),
)


def groups_of(scope: Scope) -> tuple[Group, ...]:
    """The groups that somebody has, in order."""
    return tuple(
        group
        for group in GROUPS
        if any(scope.may(word) for word in group.permissions) and not (group.below_town and scope.town_wide)
    )


def inbox(session: Session) -> dict[str, Any]:
    """Return the groups of the session's scope, each with its count and first cases; more of one comes from the queue."""
    found = []
    for group in groups_of(scope_of(session)):
        page = queue.page(session, group.filters, limit=FIRST_PAGE)
        found.append(
            {
                "id": group.id,
                "count": page["count"],
                "filters": dict(group.filters),
                "cases": [feature["properties"] for feature in page["features"]],
                "next": page["next"],
            }
        )
    return {"now": clock.now(), "groups": found}
