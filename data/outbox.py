"""The outbox: every change writes an event in its own transaction; readers never skip an uncommitted writer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Invalid
from data.scope import Scope


class Cursor(NamedTuple):
    """A place in the order of events: writer's transaction, then position."""

    xid: int
    position: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.position}"

    @classmethod
    def parse(cls, text_form: str) -> Cursor:
        """Read '123-45'; Invalid('event.cursor') for anything else."""
        xid, _, position = text_form.partition("-")
        if not (xid.isdigit() and position.isdigit() and len(text_form) <= 40):
            raise Invalid("event.cursor", f"not an event cursor: {text_form[:40]!r}")
        return cls(int(xid), int(position))


# What is drawn but not yet decided is the planners' business, wherever else somebody sees the whole town.
ASKS = {"plan": ("plan", "review_plan")}


@dataclass(frozen=True, slots=True)
class Event:
    """One event with the scope it belongs to."""

    cursor: Cursor
    town_id: int
    topic: str
    kind: str
    ref: str | None
    area_ids: frozenset[int]
    org_ids: frozenset[int]
    platforms: frozenset[str]
    user_ids: frozenset[int]
    is_public: bool
    payload: dict[str, Any]
    at: datetime

    def visible_to(self, scope: Scope) -> bool:
        """Tell whether the scope reads this event: the same rule as the policy event_read."""
        if self.topic in ASKS and not any(scope.may(permission) for permission in ASKS[self.topic]):
            return False
        return self.town_id == scope.town_id and (
            self.is_public
            or scope.town_wide
            or not self.area_ids.isdisjoint(scope.area_ids)
            or not self.org_ids.isdisjoint(scope.org_ids)
            or not self.platforms.isdisjoint(scope.platforms)
            or scope.user_id in self.user_ids
        )

    def was_visible_to(self, scope: Scope) -> bool:
        """Tell whether the row lay in the scope before this change (for 'removed')."""
        before = self.payload.get("scope_before")
        if before is None or self.town_id != scope.town_id:
            return False
        return (
            scope.town_wide
            or not scope.area_ids.isdisjoint(before.get("area_ids", ()))
            or not scope.org_ids.isdisjoint(before.get("org_ids", ()))
            or not scope.platforms.isdisjoint(before.get("platforms", ()))
        )


_EMIT = text(
    "select emit_event(:topic, :kind, :ref, cast(:payload as jsonb), cast(:area_ids as int[]), cast(:org_ids as int[]),"
    " cast(:platforms as text[]), cast(:user_ids as int[]), :is_public)"
)


def emit(
    session: Session,
    topic: str,
    kind: str,
    ref: object = None,
    payload: dict[str, Any] | None = None,
    *,
    area_ids: Iterable[int] = (),
    org_ids: Iterable[int] = (),
    platforms: Iterable[str] = (),
    user_ids: Iterable[int] = (),
    is_public: bool = False,
) -> None:
    """Write an event in the caller's transaction. Incidents, entities, sites and accounts do so by trigger."""
    session.execute(
        _EMIT,
        {
            "topic": topic,
            "kind": kind,
            "ref": None if ref is None else str(ref),
            "payload": json.dumps(payload or {}, default=str, ensure_ascii=False),
            "area_ids": list(area_ids),
            "org_ids": list(org_ids),
            "platforms": list(platforms),
            "user_ids": list(user_ids),
            "is_public": is_public,
        },
    )


# Kept as text for psycopg2: the reader polls on a raw connection. xid8 travels as text: it exceeds bigint's driver type.
READ = "select * from read_events(%s::text::xid8, %s, %s)"
HORIZON = "select xid::text::bigint, position from event_horizon()"
FLOOR = "select xid::text::bigint, position from event_floor()"


def event_from_row(row: tuple[Any, ...]) -> Event:
    """Build an Event from a row of read_events."""
    xid, position, town_id, topic, kind, ref, areas, orgs, platforms, users, is_public, payload, at = row
    return Event(
        Cursor(int(xid), position),
        town_id,
        topic,
        kind,
        ref,
        frozenset(areas),
        frozenset(orgs),
        frozenset(platforms),
        frozenset(users),
        is_public,
        payload,
        at,
    )


def read(session: Session, after: Cursor, max_rows: int = 1000) -> list[Event]:
    """Return the readable events after a cursor, oldest first (scope: relay)."""
    cursor = session.connection().connection.cursor()
    cursor.execute(READ, (str(after.xid), after.position, max_rows))
    return [event_from_row(row) for row in cursor.fetchall()]
