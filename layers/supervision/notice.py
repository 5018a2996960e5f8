"""The printed notice of a flag: what was found, decided, answered and lifted, with times on the town's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from data import clock
from data.errors import NotFound
from layers.supervision import decisions
from layers.supervision import flag_queries as queries

_TIMES = ("started_at", "due_at", "until", "at")
_SAID = (
    "id", "colour", "rule", "state", "org_name", "case_no", "title", "platform", "decision", "decided_by", "reply", "lifting",
    "lifted_by",
)  # fmt: skip


def notice(session: Session, flag_id: UUID) -> dict[str, Any]:
    """Return what the notice says; only a flag that was issued has one.

    Raises
    ------
    NotFound
        ``flag.not_found``: not there or outside the scope; ``flag.no_notice``: not issued.
    """
    flag = decisions.get(session, flag_id)
    if flag["decided_at"] is None or flag["state"] == "dismissed":
        raise NotFound("flag.no_notice", "a flag has a notice once it was issued")
    zone = ZoneInfo(session.execute(queries.SETTINGS).one().timezone)
    basis = flag["basis"]
    times = {name: _local(datetime.fromisoformat(basis[name]), zone) for name in _TIMES if basis.get(name)}
    return {
        **{name: flag[name] for name in _SAID},
        **{name: _local(flag[name], zone) for name in ("created_at", "decided_at", "replied_at", "lifted_at")},
        "number": f"{flag['created_at'].astimezone(zone):%Y%m%d}-{flag['id'][-6:].upper()}",
        "basis": {**basis, **times},
        "counted": [{**other, "decided_at": _local(other["decided_at"], zone)} for other in flag["counted"]],
        "printed_at": _local(clock.now(), zone),
    }


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else None
