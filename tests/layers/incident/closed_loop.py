"""People, limits and facts of the closed loop for its tests: roles, limits and calendar are those of the shipped town."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from layers.incident.case import SYSTEM, Actor, Case
from layers.incident.clock import Unit, WorkCalendar
from layers.incident.timing import Limit, Limits
from layers.incident.workflow import RULES, LogRow, Refused, allowed, apply
from tests.conftest import ROOT

PACK = ROOT / "data" / "packs" / "ganpu"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def table(name: str) -> list[dict[str, str]]:
    with (PACK / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def calendar(rows: Iterable[Mapping[str, Any]]) -> WorkCalendar:
    return WorkCalendar.of(
        {**row, "is_workday": row["is_workday"] == "true", "provisional": row["provisional"] == "true"} for row in rows
    )


def limits(book: WorkCalendar) -> Limits:
    assert {row["unit"] for row in table("limits.csv")} <= set(get_args(Unit))
    stages = {
        (row["stage"], row["urgency"]): Limit(Decimal(row["value"]), row["unit"])  # type: ignore[arg-type]
        for row in table("limits.csv")
    }
    return Limits(stages, book)


CALENDAR = calendar(table("calendar.csv"))
LIMITS = limits(CALENDAR)
PERMISSIONS = {row["code"]: frozenset(row["permissions"].split(";")) for row in table("roles.csv")}

COMMAND, FIRE, SQUAD, VILLAGE, STATION = 1, 10, 11, 12, 13


def person(user_id: int, role: str, *orgs: int) -> Actor:
    return Actor(user_id, PERMISSIONS[role], frozenset(orgs))


CLERK, OTHER_CLERK = person(101, "command_room", COMMAND), person(102, "command_room", COMMAND)
GRID_WORKER, NEIGHBOUR = person(111, "grid_worker", VILLAGE), person(112, "grid_worker", VILLAGE)
FIREMAN, OTHER_FIREMAN = person(121, "org_staff", FIRE), person(122, "org_staff", FIRE)
SQUADDIE = person(131, "org_staff", SQUAD)
CADRE, OTHER_CADRE = person(141, "village_cadre", VILLAGE), person(142, "village_cadre", VILLAGE)
HEAD = person(151, "platform_head")
SUPERVISOR, OTHER_SUPERVISOR = person(161, "efficiency_supervisor"), person(162, "efficiency_supervisor")
LEADER = person(171, "leader")
REPORTER = Actor(is_reporter=True)
CAST = (
    CLERK, OTHER_CLERK, GRID_WORKER, NEIGHBOUR, FIREMAN, OTHER_FIREMAN, SQUADDIE, CADRE, OTHER_CADRE, HEAD, SUPERVISOR,
    OTHER_SUPERVISOR, LEADER, REPORTER, SYSTEM,
)  # fmt: skip


def at(text: str) -> datetime:
    """A local time of the town."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def told(case: Case, name: str, actor: Actor, moment: datetime, lead: int = FIRE) -> dict[str, Any]:
    """Facts that a transition is content with."""
    rule = RULES[name]
    day = moment.date() + timedelta(days=10)
    known: dict[str, Any] = {
        "reason": "因故", "text": "已办", "photo_before": "a", "photo_after": "b", "verifier_id": GRID_WORKER.user_id,
        "into": "1", "id": "2", "category": "ZZ-02-03-004", "external_ref": "X-1", "review_on": day.isoformat(), "score": 4,
        "outcome": "upheld", "level": next_level(case, actor),
    }  # fmt: skip
    facts = {need: known[need] for need in rule.needs}
    if rule.reasons:
        facts["reason_code"] = rule.reasons[0]
    if name in ("dispatch", "redispatch", "county_return", "rework", "reopen") and not case.lead_org_id:
        facts["lead_org_id"] = lead
    if name in ("file", "county_return") and not case.category:
        facts["category"] = "ZZ-02-03-004"
    if name == "merge":
        facts["id"] = "2"
    if name == "close":
        facts["condition_met"] = True
    return facts


def next_level(case: Case, actor: Actor) -> int:
    may = [level for level in (1, 2, 3) if actor.is_system or actor.may(f"supervise_{level}")]
    return next((level for level in may if level > case.supervision_level), 3)


def walk(case: Case, *steps: tuple[str, Actor] | tuple[str, Actor, dict[str, Any]], start: str = "2026-03-17T09:00"):
    """The case and its log after these steps, one a minute, each told what it needs."""
    moment, log = at(start), list[LogRow]()
    for name, actor, *given in steps:
        facts = {**told(case, name, actor, moment), **(given[0] if given else {})}
        case, row = apply(case, name, actor, moment, **facts)
        log.append(row)
        moment += timedelta(minutes=1)
    return case, log


TO_HANDLING = (("accept", CLERK), ("file", CLERK), ("dispatch", CLERK), ("sign", FIREMAN))
TO_INSPECTION = (*TO_HANDLING, ("feed_back", FIREMAN))
TO_CLOSED = (*TO_INSPECTION, ("pass_inspection", GRID_WORKER), ("close", CLERK))
NOON = datetime(2026, 3, 17, 4, tzinfo=UTC)
CASE = Case("reported", category="ZZ-02-03-004", urgency="U2")


def refused(case: Case, name: str, actor: Actor, at: datetime = NOON, **facts: object) -> Refused:
    """The refusal of this transition; it names what is allowed."""
    with pytest.raises(Refused) as found:
        apply(case, name, actor, at, **{**told(case, name, actor, at), **facts})
    assert found.value.allowed == allowed(case, actor, at)
    return found.value


def code(case: Case, name: str, actor: Actor, at: datetime = NOON, **facts: object) -> str:
    """The code of the refusal of this transition."""
    return refused(case, name, actor, at, **facts).code
