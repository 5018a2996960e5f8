"""Putting a plan in force: at once, or by a job at its moment. One transaction: a reader sees the boundaries before or after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import geopandas as gpd
import pandas as pd
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data import clock, job, outbox
from data import scope as scopes
from data.errors import Conflict, Invalid, OneGridError
from data.scope import Scope, scope_of
from layers.area import assembly
from layers.area import queries as area_queries
from layers.area import service as area_service
from layers.planning import impact, moving, plans, points, retiring
from layers.planning.impact import Change
from layers.planning.state import COLUMNS, STATES

# What lies in areas follows their boundaries: codes of the areas, moment.
Follow = Callable[[Session, Sequence[str], datetime], None]
# Whoever asks for this minute means at once.
LATE = timedelta(minutes=5)
# Less than the lattice moves along a border of kilometres.
UNCHANGED_M2 = 1.0
# What the program itself needs for what a reviewer asks of it: versions of areas, and who is responsible and works there.
_WIDER = frozenset({"publish", "import", "manage_users"})
# The lock that writers of areas take (data/sql/20_area.sql): nobody else publishes between the checks and the writing.
_LOCK = text("select pg_advisory_xact_lock(4490, :town_id)")
_SCHEDULE = text("""
    update plan set publish_at = :at, published_by = :user_id where plan_id = :plan_id and state = 'approved' returning plan_id
""")
_UNSCHEDULE = text("""
    update plan set publish_at = null, published_by = null, reason = :reason where plan_id = :plan_id and state = 'approved'
""")
_PUBLISH = text("""
    update plan set state = 'published', published_at = :moment, published_by = :user_id
    where plan_id = :plan_id and state = 'approved' returning plan_id
""")
_ADD_LINEAGE = text("""
    insert into area_lineage (plan_id, town_id, old_code, new_code, area_m2, area_share, households, household_share, at)
    values (:plan_id, :town_id, :old_code, :new_code, :area_m2, :area_share, :households, :household_share, :at)
""")
# Whoever is posted to a leaf that ended is posted to the one that most of its households went to, too.
_ADD_POSTS = text("""
    with heir as (
        select distinct on (l.old_code) o.area_id as old_id, n.area_id as new_id
        from area_lineage l join area o on o.town_id = l.town_id and o.code = l.old_code
        join area n on n.town_id = l.town_id and n.code = l.new_code
        where l.plan_id = :plan_id
            and not exists (select from area_version v where v.area_id = o.area_id and v.valid_to = 'infinity')
        order by l.old_code, l.household_share desc nulls last, l.area_share desc, l.new_code
    )
    insert into user_area (user_role_id, area_id) select a.user_role_id, h.new_id from user_area a join heir h on h.old_id = a.area_id
    on conflict do nothing
""")
_STAFF = text("select code, role, staff_id from plan_staff where plan_id = :plan_id")
_ADD_DUTY = text("""
    insert into area_duty (town_id, area_id, staff_id, role, valid_from)
    select town_id, area_id, :staff_id, :role, :day from area where town_id = :town_id and code = :code
""")


def publish(session: Session, plan_id: UUID, at: datetime | None, count: int, follow: Follow) -> None:
    """Put the boundaries of a plan in force, at once or at a moment to come. Does not commit.

    Needs ``review_plan``, and somebody else than who submitted the plan. Emits ``plan``/``moved`` and, once in force,
    ``plan``/``published``, beside what `layers.area.service.publish` does.

    Parameters
    ----------
    at : moment to come; none: at once.
    count : how many open cases change hands, as whoever publishes has read it.
    follow : gives what lies in areas of some codes its leaf from a moment on, in the scope of the whole town.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Forbidden
        ``scope.forbidden``, ``plan.same_person``.
    Invalid
        ``plan.past``.
    Conflict
        ``plan.not_from_here``; ``plan.count`` with the count now; ``plan.red`` with the checks.
    """
    plan = moving.check(session, plan_id, "publish")
    session.execute(_LOCK, {"town_id": plan.town_id})
    what = _ready(session, plan)
    now_count = impact.open_count(session, what)
    if count != now_count:
        message = "another number of open cases changes hands now"
        raise Conflict("plan.count", message, count=now_count)
    moment = clock.now()
    if at is not None and at < moment - LATE:
        raise Invalid(
            "plan.past", "that moment has passed; without one the plan is in force at once", fields={"at": "passed"}
        )
    if at is not None and at > moment:
        params = {"plan_id": plan_id, "at": at, "user_id": scope_of(session).user_id}
        if session.execute(_SCHEDULE, params).one_or_none() is None:
            raise moving.refused(session, plan_id, "publish")
        job.enqueue(
            session, "plan.publish", {"plan": plan_id, "at": at.isoformat()}, f"plan.publish:{plan_id}:{at}", at
        )
        plans.announce(session, plan_id, plan.state)
        return
    _put_in_force(session, plan, what, moment, follow)


def publish_due(session: Session, plan_id: UUID, at: datetime, follow: Follow) -> None:
    """Put a plan in force whose moment has come; for the worker. If it cannot be any more, the plan says why."""
    plan = plans.require(session, plan_id)
    if plan.state != "approved" or plan.publish_at != at:
        return  # returned or set for another moment meanwhile
    # the record names who decided it
    scope = scope_of(session)
    scopes.apply(session, replace(scope, user_id=plan.published_by))
    session.execute(_LOCK, {"town_id": plan.town_id})
    try:
        what = _ready(session, plan)
    except OneGridError as fault:
        session.execute(_UNSCHEDULE, {"plan_id": plan_id, "reason": fault.message})
        plans.announce(session, plan_id, plan.state, fault.message)
    else:
        _put_in_force(session, plan, what, clock.now(), follow)
    scopes.apply(session, scope)


def _ready(session: Session, plan: Row) -> Change:
    moving.require_sound(session, plan)
    return impact.change(session, STATES.get(session, plan, plan.version))


def _put_in_force(session: Session, plan: Row, what: Change, moment: datetime, follow: Follow) -> None:
    params = {"plan_id": plan.plan_id, "moment": moment, "user_id": scope_of(session).user_id}
    if session.execute(_PUBLISH, params).one_or_none() is None:
        raise moving.refused(session, plan.plan_id, "publish")
    scope = scope_of(session)
    scopes.apply(session, replace(scope, permissions=scope.permissions | _WIDER))
    published = area_service.publish(
        session, _assembly(session, what), valid_from=moment, source=f"plan {plan.plan_id}"
    )
    _add_lineage(session, plan, what, moment)
    _add_duties(session, plan, what, moment)
    session.execute(_ADD_POSTS, {"plan_id": plan.plan_id})
    codes = sorted({*published.added, *published.changed, *published.ended, *published.renamed})
    scopes.apply(session, Scope.system(plan.town_id))
    area_service.rebin(session, moment, codes)
    follow(session, codes, moment)
    scopes.apply(session, scope)
    plans.announce(session, plan.plan_id, "published")
    retiring.finish(session, plan)
    told = {"plan": plan.plan_id, "valid_from": moment.isoformat(), "codes": codes}
    outbox.emit(session, "plan", "published", plan.plan_id, told)


def _assembly(session: Session, what: Change) -> assembly.Assembly:
    """Return the areas of the draft under their final codes; parents are made of their leaves again."""
    part, sources = what.state.part, what.state.base.sources
    shapes = part.shapes([code for code in part.rows if code not in part.children])
    rows = []
    for code, row in part.rows.items():
        final = what.names.get(code, code)
        values = {name: row.values.get(name) for name in COLUMNS}
        rows.append({**values, "code": final, "source": sources.get(final), "geometry": shapes.get(code)})
    town = session.execute(area_queries.TOWN, {"town_id": scope_of(session).town_id}).one()
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, dtype=object), geometry="geometry", crs=4490)
    return assembly.assemble(frame, town.code, town.name, f"EPSG:{town.metric_srid}")


def _add_lineage(session: Session, plan: Row, what: Change, moment: datetime) -> None:
    own = {"plan_id": plan.plan_id, "town_id": plan.town_id, "at": moment}
    rows = [{**own, **row} for row in succession(session, what)]
    if rows:
        session.execute(_ADD_LINEAGE, rows)


def succession(session: Session, what: Change) -> list[dict[str, Any]]:
    """Return which leaf follows which: ``old_code``, ``new_code``, m² and households that go, and their shares of the old leaf."""
    old, new = what.state.base.part, what.state.part
    addresses = points.current(session)[0]
    there, here = points.located(what.state.base, addresses), points.located(what.state, addresses)
    households = addresses.weights["households"]
    number = {code: k for k, code in enumerate(new.leaves)}
    measure = what.state.base.measure
    rows: list[dict[str, Any]] = []
    for share in what.shares:
        mine = there == number[share.old]
        total, went = households[mine].sum(), households[mine & (here == number[share.new])].sum()
        whole_m2 = float(measure.project(old.shapes([share.old])[share.old]).area)
        if (
            what.names.get(share.new, share.new) == share.old
            and whole_m2 - share.area_m2 < UNCHANGED_M2
            and went == total
        ):
            gained_m2 = float(measure.project(new.shapes([share.new])[share.new]).area) - share.area_m2
            if gained_m2 < UNCHANGED_M2:
                continue  # another vertex on a straight border, or another name
        rows.append(
            {
                "old_code": share.old, "new_code": what.names.get(share.new, share.new),
                "area_m2": share.area_m2, "area_share": min(1.0, share.area_m2 / whole_m2),
                "households": int(went), "household_share": float(went / total) if total else None,
            }
        )  # fmt: skip
    return rows


def _add_duties(session: Session, plan: Row, what: Change, moment: datetime) -> None:
    for row in session.execute(_STAFF, {"plan_id": plan.plan_id}).all():
        code = what.names.get(row.code, row.code)
        params = {"town_id": plan.town_id, "code": code, "role": row.role, "staff_id": row.staff_id}
        session.execute(_ADD_DUTY, {**params, "day": moment.date()})
