"""Figures of the wall: each equals the list it opens (same source, same filters)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from layers.incident.layer import STAGES

# One pass over what is open or of today, by two index ranges; the rest of a million rows is not read.
_FIGURES = text("""
with now_day as (select cast(:now as timestamptz) as now, cast(:day_start as timestamptz) as day_start),
concerned as materialized (
    select platform_code, state, is_open, due_at, amber_at, reported_at, closed_at, triage_reason
    from scoped_incident where is_open
    union all
    select platform_code, state, is_open, due_at, amber_at, reported_at, closed_at, triage_reason
    from scoped_incident where not is_open and (reported_at >= :day_start or closed_at >= :day_start)
)
select coalesce(platform_code, '') as platform,
    count(*) filter (where is_open) as open,
    count(*) filter (where is_open and state <> 'suspended' and due_at < :now) as late,
    count(*) filter (where is_open and state <> 'suspended' and amber_at <= :now and due_at >= :now) as amber,
    count(*) filter (where reported_at >= :day_start) as today,
    count(*) filter (where closed_at >= :day_start) as closed_today,
    count(*) filter (where triage_reason is not null and is_open) as triage
from concerned group by 1
""")
_SUPERVISED = text(
    "select supervision_level as level, count(*) as n, count(*) filter (where reply_due_at is not null) as waiting"
    " from scoped_incident where is_open and supervision_level > 0 group by supervision_level"
)
_STATES = text("select state, count(*) as n from scoped_incident where is_open group by state")
_TODAY = text("""
select floor(extract(epoch from reported_at - cast(:day_start as timestamptz)) / 900)::int as quarter, count(*) as n
from scoped_incident where reported_at >= :day_start and reported_at < :day_end group by 1
""")
# The same weekday of the eight weeks before: what is usual at each quarter of an hour. Weeks before the first report do not count.
USUAL_WEEKS = 8
_USUAL = text("""
with week as (
    select cast(:day_start as timestamptz) - w * interval '7 days' as start from generate_series(1, :weeks) w
), known as (
    select w.start from week w where exists (select from scoped_incident where reported_at < w.start)
)
select (select count(*) from known) as weeks, q.quarter, count(*) as n
from known k join scoped_incident i on i.reported_at >= k.start and i.reported_at < k.start + interval '1 day'
cross join lateral (select floor(extract(epoch from i.reported_at - k.start) / 900)::int as quarter) q
group by q.quarter
""")
_DUE_TODAY = text("""
select count(*) as due, count(*) filter (where handled_at <= handle_due_at) as in_time from scoped_incident
where handle_due_at >= :day_start and handle_due_at < :now and state not in ('voided', 'merged', 'declined')
""")
_AREAS = text("""
select count(*) filter (where level = 'village') as villages, count(*) filter (where level = 'grid') as grids,
    sum(area_m2) filter (where level = 'town') / 1e6 as area_km2
from scoped_area
""")
_TOWN = text("select timezone from town where town_id = scope_town()")


def day_bounds(moment: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Return start and end of the local day that holds a moment."""
    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def summary(session: Session) -> dict[str, Any]:
    """Return the figures of now for the session's scope; keys as the HTTP shape /api/v1/summary."""
    moment = clock.now()
    zone = session.execute(_TOWN).scalar_one()
    start, end = day_bounds(moment, zone)
    times = {"now": moment, "day_start": start, "day_end": end}
    rows = session.execute(_FIGURES, times).mappings().all()
    states = {row.state: row.n for row in session.execute(_STATES)}
    levels = session.execute(_SUPERVISED).all()
    supervised = {str(row.level): row.n for row in levels}
    due = session.execute(_DUE_TODAY, times).one()
    quarters = [0] * round((end - start).total_seconds() / 900)
    for row in session.execute(_TODAY, times):
        quarters[row.quarter] = row.n
    areas = session.execute(_AREAS).mappings().one()

    def total(name: str) -> int:
        return sum(row[name] for row in rows)

    return {
        "now": moment,
        "rate": clock.rate(),
        "day_start": start,
        "open": total("open"),
        "late": total("late"),
        "amber": total("amber"),
        "today_reported": total("today"),
        "today_closed": total("closed_today"),
        "triage": total("triage"),
        "platforms": {
            row["platform"]: {"open": row["open"], "today": row["today"], "late": row["late"], "amber": row["amber"]}
            for row in rows
        },
        "stages": {stage: {state: states.get(state, 0) for state in members} for stage, members in STAGES.items()},
        "supervision": {"total": sum(supervised.values()), "waiting": sum(row.waiting for row in levels), **supervised},
        "today": quarters,
        "usual": _usual(session, times, len(quarters)),
        "today_in_time": {"n": due.in_time, "of": due.due} if due.due else None,
        "areas": {
            "villages": areas["villages"],
            "grids": areas["grids"],
            "area_km2": round(areas["area_km2"], 1) if areas["area_km2"] else None,
        },
    }


def _usual(session: Session, times: dict[str, Any], quarters: int) -> dict[str, Any] | None:
    """Reports by quarter of an hour on a usual day like this one, on average; None before there was one."""
    rows = session.execute(_USUAL, {**times, "weeks": USUAL_WEEKS}).all()
    if not rows:
        return None
    usual = [0.0] * quarters
    for row in rows:
        if row.quarter < quarters:  # a day that the clocks made longer
            usual[row.quarter] = round(row.n / row.weeks, 3)
    return {"weeks": rows[0].weeks, "quarters": usual}
