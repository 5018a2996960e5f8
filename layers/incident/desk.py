"""What the desk asks beside cases: what may be chosen, the figures over its queue, corrections, pairs that are not one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from data.scope import scope_of
from layers import features
from layers.incident import queries
from layers.incident.conflict import conflict
from layers.incident.layer import LAYER, STAGES
from layers.query import where

_CATEGORIES = text("""
    select c.code, c.platform_code as platform, c.name, c.name_en, c.urgency, o.code as lead_org, c.limit_value::float8 as limit_value,
        c.limit_unit, c.filing_condition, c.closing_condition,
        array(select h.code from organisation h where h.org_id = any (c.co_org_ids) order by h.code) as co_orgs
    from category c left join organisation o on o.org_id = c.lead_org_id where c.town_id = scope_town() order by c.code
""")
_ORGANISATIONS = text("""
    select o.code, o.name, o.kind, array(select p.platform_code from organisation_platform p where p.org_id = o.org_id
        order by 1) as platforms
    from organisation o where o.town_id = scope_town() and (o.valid_to is null or o.valid_to > current_date) order by o.org_id
""")
_SETTINGS = text("select settings from town where town_id = scope_town()")
_CORRECT = text("""
    update incident set title = coalesce(:title, title), description = coalesce(:description, description), updated_at = :moment
    where incident_id = :incident_id and version = :version returning version
""")
_DISTINCT = text("""
    insert into incident_distinct (incident_id, other_id, town_id, user_id, at)
    select least(a.incident_id, b.incident_id), greatest(a.incident_id, b.incident_id), a.town_id, :user_id, :moment
    from incident a, incident b where a.incident_id = :incident_id and b.incident_id = :other_id and a.incident_id <> b.incident_id
    on conflict on constraint incident_distinct_pk do nothing
""")
_NOT_DISTINCT = text("""
    delete from incident_distinct where incident_id = least(cast(:incident_id as uuid), cast(:other_id as uuid))
        and other_id = greatest(cast(:incident_id as uuid), cast(:other_id as uuid))
""")
# Figures that stand beside the stages; each is the filter of the same name.
BESIDE = ("supervised", "unseen", "reply", "asked", "late")

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Wording(BaseModel):
    """Another title or description of a case, and why."""

    model_config = ConfigDict(extra="forbid")
    version: int
    title: Words | None = None
    description: Long | None = None
    reason: Why


def choices(session: Session) -> dict[str, Any]:
    """Return what a case may be given: ``categories``, ``organisations``, and the ``replies`` the town has ready by transition.

    For staff. Replies come from the setting ``[settings.replies]`` of the town.
    """
    settings = session.execute(_SETTINGS).scalar_one() or {}
    return {
        "categories": [dict(row) for row in session.execute(_CATEGORIES).mappings()],
        "organisations": [dict(row) for row in session.execute(_ORGANISATIONS).mappings()],
        "replies": settings.get("replies", {}),
    }


def figures(session: Session, filters: Mapping[str, str]) -> dict[str, int]:
    """Return how many open cases each stage of the queue holds under these filters, and each figure of ``BESIDE``.

    The figure equals the ``count`` of the queue with that filter added.

    Raises
    ------
    Invalid
        ``filter.unknown``, ``filter.value``.
    """
    predicate, params = where(LAYER, {**filters, "open": "1"})
    counted = {name: _in_states(states) for name, states in STAGES.items()}
    counted |= {name: known.predicate for name in BESIDE if (known := LAYER.filter(name))}
    columns = ", ".join(f"count(*) filter (where {condition})" for condition in counted.values())
    row = features.run(session, (f"select {columns} from {LAYER.source} f where {predicate}", params))[0]
    return dict(zip(counted, row, strict=True))


def _in_states(states: tuple[str, ...]) -> str:
    return f"f.state in ({', '.join(repr(state) for state in states)})"


def correct(session: Session, incident_id: UUID, given: Wording) -> int:
    """Correct title or description; return the new version.

    Needs ``accept`` or ``triage``. The log keeps both wordings. Emits ``incident``/``updated``. Does not commit.

    Raises
    ------
    NotFound
        ``incident.not_found``.
    Conflict
        ``incident.version_conflict``: somebody changed it; detail has the version and state now.
    """
    session.execute(queries.SET_REASON, {"reason": given.reason})
    values = {**given.model_dump(exclude={"reason"}), "incident_id": incident_id, "moment": clock.now()}
    version = session.execute(_CORRECT, values).scalar_one_or_none()
    if version is not None:
        return int(version)
    raise conflict(session, incident_id)


def tell_apart(session: Session, incident_id: UUID, other_id: UUID) -> None:
    """Note that two cases are not one: neither is offered as a duplicate of the other any more. Does not commit."""
    pair = {"incident_id": incident_id, "other_id": other_id}
    session.execute(_DISTINCT, {**pair, "user_id": scope_of(session).user_id, "moment": clock.now()})


def untell(session: Session, incident_id: UUID, other_id: UUID) -> None:
    """Take `tell_apart` back. Does not commit."""
    session.execute(_NOT_DISTINCT, {"incident_id": incident_id, "other_id": other_id})
