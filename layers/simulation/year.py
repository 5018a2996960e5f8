"""The past of a town, as the plan reads it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import NotFound
from layers.simulation.plan import Past

# The last year of placed cases; how much of its time the handling took is measured by the clock, not by work time.
_YEAR = text("""
    with newest as (select max(reported_at) as at from incident where town_id = scope_town())
    select i.reported_at, c.code as category, i.channel, i.title, i.description, st_x(i.geom) as lon, st_y(i.geom) as lat,
        coalesce(i.grid_now_id, i.grid_id) as grid_id, i.state, i.self_handled, i.return_count, i.rework_count,
        case when i.handled_at > i.dispatched_at and i.due_at > i.dispatched_at then
            extract(epoch from i.handled_at - i.dispatched_at)::float8 / extract(epoch from i.due_at - i.dispatched_at)::float8
        end as handle_share
    from incident i join category c using (category_id) cross join newest n
    where i.town_id = scope_town() and i.geom is not null and i.reported_at > n.at - interval '1 year'
    order by i.reported_at, i.seq
""")
ORG_CODES = text("select org_id, code from organisation where town_id = scope_town()")
REPLIES_DUE = text("""
    select incident_id, reply_due_at from incident where town_id = scope_town() and is_open and reply_due_at is not null
""")
TIMEZONE = text("select timezone from town where town_id = scope_town()")
# What is under way, and what was closed so lately that its reporter may still answer.
UNDER_WAY = text("""
    select i.incident_id, c.code as category, i.channel
    from incident i left join category c using (category_id)
    where i.town_id = scope_town() and i.state <> 'voided' and (i.is_open or (i.state = 'closed' and i.closed_at > :since))
    order by i.seq
""")


def past(session: Session) -> list[Past]:
    """Return the cases of the last year, by time; needs the system's scope.

    Raises
    ------
    NotFound
        ``simulation.no_past``: the town has no cases to be like.
    """
    found = [Past(**row) for row in session.execute(_YEAR).mappings()]
    if not found:
        raise NotFound("simulation.no_past", "this town has no past cases that new ones could be like")
    return found
