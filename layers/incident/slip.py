"""The handover slip (移交单): what of a dispatched case is printed, signed, and comes back on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from data.errors import NotFound
from layers.incident import reading
from layers.incident.book import book
from layers.incident.timing import Limit, of_json

# By whom, for whom and until when it was last sent out.
_SENT = text("""
    select i.dispatched_at, i.handle_due_at, i.clocks, t.timezone,
        array(select o.name from organisation o where o.org_id = any (i.co_org_ids) order by o.name) as co_orgs,
        (select read_staff_org(l.actor_user_id) from incident_log l where l.incident_id = i.incident_id
            and l.to_state = 'dispatched' and l.from_state <> 'dispatched' order by l.at desc limit 1) as sent_by
    from incident i join town t using (town_id) where i.incident_id = :incident_id
""")
_DISPATCHED = text("select dispatched_at is not null from incident where incident_id = :incident_id")


def slip(session: Session, incident_id: UUID) -> dict[str, Any]:
    """Return what the slip of a case says: the case as its reader sees it, limits, times on the town's clock.

    Raises
    ------
    NotFound
        ``incident.not_found``: not there or outside the scope; ``incident.no_slip``: not dispatched yet.
    """
    case = reading.get(session, incident_id)["properties"]
    sent = session.execute(_SENT, {"incident_id": incident_id}).one()
    if sent.dispatched_at is None:
        raise NotFound("incident.no_slip", "a case has a slip once it was dispatched")
    zone = ZoneInfo(sent.timezone)
    limits = book(session).time_limits
    fixed = of_json(sent.clocks).handle_limit if sent.clocks else None
    names = ("case_no", "title", "description", "address", "urgency", "platform", "channel", "reporter")
    named = ("category_name", "category_name_en", "grid_name", "grid_name_en", "village_name", "village_name_en")
    return {
        **{name: case[name] for name in (*names, *named)},
        "id": str(incident_id),
        "lead_org": case["lead_org_name"],
        "co_orgs": list(sent.co_orgs),
        "sent_by": sent.sent_by,
        "occurred_at": _local(case["occurred_at"], zone),
        "due_at": _local(sent.handle_due_at, zone),
        "handle_limit": _limit(limits.of("handle", case["urgency"], fixed)),
        "sign_limit": _limit(limits.of("sign", case["urgency"], None)),
        "printed_at": _local(clock.now(), zone),
    }


def has_one(session: Session, incident_id: UUID) -> bool:
    """Whether a case of the session's scope was dispatched, and so has a slip."""
    return bool(session.execute(_DISPATCHED, {"incident_id": incident_id}).scalar_one_or_none())


def _local(at: datetime | str | None, zone: ZoneInfo) -> str | None:
    if at is None:
        return None
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    whole = limit.value == limit.value.to_integral_value()
    return {"value": int(limit.value) if whole else float(limit.value), "unit": limit.unit}
