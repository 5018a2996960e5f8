"""Transitions of the closed loop on real cases: the table decides, one statement writes, a trigger keeps the log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data import clock, job
from data.errors import Conflict, Forbidden, Invalid, NotFound
from data.scope import Scope, scope_of
from layers.incident import move_queries as queries
from layers.incident import timing
from layers.incident.book import TownBook, book
from layers.incident.case import Actor, Case
from layers.incident.conflict import conflict
from layers.incident.guards import PHOTO_FAR_M
from layers.incident.paper import check_happened
from layers.incident.timers import timers
from layers.incident.timing import Clocks, Limit
from layers.incident.workflow import LogRow, Refused, allowed, apply

REPLY_WORK_DAYS = Decimal(1)
# Whoever lacks the right, or had a hand in it, is told so; the rest is a conflict with the state of the case.
_FORBIDDEN = frozenset(
    {
        "transition.not_permitted",
        "transition.not_yours",
        "transition.handler",
        "transition.not_reporter",
        "transition.not_asker",
    }
)
_STAMPS = {
    "accept": "accepted_at", "file": "filed_at", "dispatch": "dispatched_at", "redispatch": "dispatched_at",
    "receive": "accepted_at", "reopen": "dispatched_at", "feed_back": "handled_at", "self_handle": "handled_at",
}  # fmt: skip


# What whoever has to act must not miss, and how often it is tried: with pauses of an hour at most, over two days.
NOTICED = frozenset({"dispatch", "redispatch", "reopen", "supervise"})
NOTICE_ATTEMPTS = 60

# These name the number that the county keeps a case under.
_NUMBERED = frozenset({"receive", "transfer_up", "county_return", "send_down", "county_result"})
# The channel of what the county sends down.
FROM_ABOVE = "higher"


# A case that was settled without an organisation gets that of its category when it has to be worked on after all.
_BACK_TO_WORK = ("rework", "reopen", "county_return", "sample")


@dataclass(frozen=True)
class Move:
    """One transition as it is asked for. ``version`` is that of the case its actor saw; None does not compare."""

    name: str
    version: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    client_at: datetime | None = None


@dataclass(frozen=True)
class Held:
    """A case with its row and its clocks."""

    row: Row
    case: Case
    clocks: Clocks


def actor_of(scope: Scope) -> Actor:
    """Who acts under a scope."""
    system = scope.purpose == "system" and scope.user_id is None
    return Actor(scope.user_id, scope.permissions, scope.org_ids, is_system=system)


def hold(session: Session, incident_id: UUID) -> Held:
    """Return a case of the session's scope, locked.

    Raises
    ------
    NotFound
        ``incident.not_found``.
    """
    row = session.execute(queries.HOLD, {"incident_id": incident_id}).one_or_none()
    if row is None:
        raise NotFound("incident.not_found", "there is no such incident here")
    return view(session, row)


def view(session: Session, row: Row) -> Held:
    """Return what the table looks at of a row of ``HOLD`` or ``ONE``."""
    clocks = clocks_of(row, book(session))
    return Held(row, _case(row, clocks), clocks)


def _case(row: Row, clocks: Clocks) -> Case:
    return Case(
        state=row.state,
        version=row.version,
        urgency=row.urgency,
        category=row.category,
        platform=row.platform_code,
        self_handle_allowed=bool(row.self_handle),
        sampled=row.self_handled and int(str(row.incident_id)[-4:], 16) % 10 == 0,
        lead_org_id=row.lead_org_id,
        co_org_ids=tuple(row.co_org_ids),
        reporter_user_id=row.reporter_user_id,
        verifier_ids=frozenset(row.verifier_ids),
        handler_ids=frozenset(row.handler_ids),
        handler_org_ids=frozenset(row.handler_org_ids),
        inspected_by=row.inspected_by,
        rework_count=row.rework_count,
        return_count=row.return_count,
        reopen_count=row.reopen_count,
        supervision_level=row.supervision_level,
        reply_due=row.reply_due_at is not None,
        extension=row.extension,
        suspension=row.suspension,
        appeal=row.appeal,
        escalation=row.escalation,
        from_above=row.channel == FROM_ABOVE,
        void_asked_by=row.void_asked_by,
        is_placed=row.is_placed,
        is_taken_up=any((row.filed_at, row.dispatched_at, row.handled_at, row.county_ref)),
        closed_at=row.closed_at,
        evaluated_at=row.evaluated_at,
        due_at=clocks.handle.due_at if clocks.handle else None,
    )


# The steps that lead to a state, for cases that came from a file: name, states, column of its time.
_WAY = (
    ("accept", "reported", "accepted", "accepted_at"),
    ("file", "accepted", "filed", "filed_at"),
    ("dispatch", "filed", "dispatched", "dispatched_at"),
    ("feed_back", "handling", "awaiting_inspection", "handled_at"),
)
_STEPS_TO = {
    "accepted": 1, "filed": 2, "dispatched": 3, "returned": 3, "handling": 3, "suspended": 3, "transferred_up": 3,
    "awaiting_inspection": 4,
}  # fmt: skip


def clocks_of(row: Row, town: TownBook) -> Clocks:
    """Return the clocks of a row; of one that came from a file, what its state, its times and its category give.

    A step whose time the file did not tell is taken to have come with the one before. A deadline of the file stands.
    """
    if row.clocks:
        return timing.of_json(row.clocks)
    limits, at = town.time_limits, row.reported_at
    clocks = timing.begin(at, row.urgency, limits, town.handle_limits.get(row.category or ""))
    for number, (name, start, end, column) in enumerate(_WAY):
        told = getattr(row, column)
        if told is not None or number < _STEPS_TO.get(row.state, 0):
            at = told or at
            clocks = timing.after(clocks, LogRow(name, start, end, at, None, None, {}), limits)
    if row.state in ("suspended", "transferred_up"):
        name = "suspend" if row.state == "suspended" else "transfer_up"
        return timing.after(clocks, LogRow(name, "handling", row.state, at, None, None, {}), limits)
    if row.state == "returned":
        # what an organisation gave back does not run for it until it is dispatched again
        clocks = timing.after(clocks, LogRow("return", "handling", "returned", at, None, None, {}), limits)
    if row.state == "merged":
        return timing.after(clocks, LogRow("merge", "reported", "merged", row.closed_at or at, None, None, {}), limits)
    if clocks.stage is None or row.due_at is None:
        return clocks
    stage = replace(clocks.stage, amber_at=row.amber_at, due_at=row.due_at)
    return replace(clocks, stage=stage, handle=stage if stage.stage == "handle" else clocks.handle)


def move(session: Session, incident_id: UUID, asked: Move, actor: Actor | None = None) -> int:
    """Make one transition; return the new version of the case.

    The table of `workflow` decides who may; the database compares again and writes the log row. Emits
    ``incident``/``updated``. Does not commit.

    Raises
    ------
    NotFound
        ``incident.not_found``: not there or outside the scope.
    Conflict
        ``incident.version_conflict``: somebody changed it; ``transition.…``: not allowed now. The detail names the state,
        the version and what is allowed.
    Forbidden
        ``transition.not_permitted``, ``.not_yours``, ``.handler``, ``.not_reporter``, ``.not_asker``.
    Invalid
        ``request.invalid``: a fact that names nothing: category, organisation, case, photo.
    """
    return move_held(session, hold(session, incident_id), asked, actor)[0]


def move_all(session: Session, incident_id: UUID, asked: Sequence[Move]) -> int:
    """Make transitions one after the other, none of them alone: the caller rolls back when one is refused.

    Raises as `move` does; the refusal tells how the case stands without any of them.
    """
    held = hold(session, incident_id)
    try:
        version = move_held(session, held, asked[0])[0]
        for following in asked[1:]:
            version = move(session, incident_id, following)
        return version
    except (Conflict, Forbidden) as refused:
        now = allowed(held.case, actor_of(scope_of(session)), clock.now())
        stands = {"state": held.case.state, "version": held.case.version, "allowed": list(now)}
        raise type(refused)(refused.code, refused.message, **{**refused.detail, **stands}) from refused


def move_held(session: Session, held: Held, asked: Move, actor: Actor | None = None) -> tuple[int, Case, Clocks]:
    """Make one transition of a case that is locked already; return its new version, the case and its clocks after it.

    Raises as `move` does.
    """
    actor = actor or actor_of(scope_of(session))
    town = book(session)
    # with the day of the town: a review date is compared with it
    now = clock.now().astimezone(ZoneInfo(town.timezone))
    if asked.version is not None and asked.version != held.case.version:
        raise conflict(session, held.row.incident_id, allowed=list(allowed(held.case, actor, now)))
    facts = _resolved(session, held, asked, town)
    check_happened(session, held.row, asked.name, facts, now)
    try:
        after, row = apply(held.case, asked.name, actor, now, **facts)
    except Refused as refused:
        raise _refused(held, asked.name, refused) from refused
    # kept in UTC, as the log gives it back
    row = replace(row, at=row.at.astimezone(UTC))
    clocks = timing.after(held.clocks, row, town.time_limits)
    _write(session, held, after, clocks, row, asked, town)
    _hand_over(session, held, after, row)
    _announce(session, held, row)
    return held.row.version + 1, after, clocks


def _refused(held: Held, step: str, refused: Refused) -> Conflict | Forbidden:
    kind = Forbidden if refused.code in _FORBIDDEN else Conflict
    return kind(
        refused.code,
        f"this case is {held.case.state}: {refused.code.partition('.')[2].replace('_', ' ')}",
        state=held.case.state,
        version=held.case.version,
        allowed=list(refused.allowed),
        step=step,
    )


def _invalid(name: str, message: str, code: str = "unknown") -> Invalid:
    fault = {"field": f"facts.{name}", "code": code, "message": message}
    return Invalid("request.invalid", "the request has faults", faults=[fault])


def _resolved(session: Session, held: Held, asked: Move, town: TownBook) -> dict[str, Any]:
    """The facts with codes turned into what the table and the columns hold."""
    # without helping organisations is an answer too
    facts = {name: value for name, value in asked.facts.items() if value not in (None, "", []) or name == "co_orgs"}
    facts["id"] = str(held.row.incident_id)
    if category := facts.get("category") or (held.row.category if asked.name in ("file", "dispatch") else None):
        if category not in town.ids:
            raise _invalid("category", f"no category {category}")
        known = town.rules.categories[category]
        limit = town.handle_limits.get(category)
        facts |= {
            "category": category,
            "platform": known.platform,
            "lead_org_id": town.ids[category][1] or held.row.lead_org_id,
        }
        if asked.name in ("file", "reclassify"):
            facts |= {
                "urgency": facts.get("urgency") or known.urgency,
                "co_org_ids": list(town.co_orgs.get(category, ())),
            }
            facts |= {"handle_limit": {"value": str(limit.value), "unit": limit.unit}} if limit else {}
    _resolve_orgs(session, facts)
    if asked.name in _BACK_TO_WORK and held.row.lead_org_id is None and held.row.category in town.ids:
        facts.setdefault("lead_org_id", town.ids[held.row.category][1])
    if asked.name == "ask_verify":
        facts["verifier_id"] = _verifier(session, held, facts)
    if asked.name == "merge" and facts.get("into"):
        facts["into"] = _other_case(session, str(facts["into"]))
    if asked.name in _NUMBERED and facts.get("external_ref"):
        _check_number(session, held, str(facts["external_ref"]))
    for name in ("photo_before", "photo_after"):
        if facts.get(name):
            facts |= _photo(session, held, name, str(facts[name]))
    return facts


def _resolve_orgs(session: Session, facts: dict[str, Any]) -> None:
    codes = [facts["lead_org"]] if facts.get("lead_org") else []
    codes += list(facts.get("co_orgs", ()))
    ids = {row.code: row.org_id for row in session.execute(queries.ORG_IDS, {"codes": codes})} if codes else {}
    for code in codes:
        if code not in ids:
            raise _invalid("lead_org", f"no organisation {code}")
    if facts.get("lead_org"):
        facts["lead_org_id"] = ids[facts["lead_org"]]
    if "co_orgs" in facts:
        facts["co_org_ids"] = [ids[code] for code in facts["co_orgs"]]


def _verifier(session: Session, held: Held, facts: Mapping[str, Any]) -> int | None:
    """The person asked for, if they may verify here; else the one nearest at hand."""
    there = session.execute(queries.VERIFIERS, {"incident_id": held.row.incident_id}).all()
    wanted = facts.get("verifier_id")
    if wanted is None:
        return there[0].user_id if there else None
    if not any(row.user_id == wanted for row in there):
        raise _invalid("verifier_id", "this person cannot verify in this grid")
    return int(wanted)


def _check_number(session: Session, held: Held, number: str) -> None:
    """A number of the county names one case."""
    if session.execute(queries.NUMBER_TAKEN, {"incident_id": held.row.incident_id, "number": number}).first():
        raise _invalid("external_ref", "another case has this number of the county", "number_taken")


def _other_case(session: Session, text: str) -> str:
    found = session.execute(queries.MERGE_TARGET, {"ref": text}).one_or_none()
    if found is None:
        raise _invalid("into", "there is no open case with this number here that is not merged itself", "not_open")
    return str(found.incident_id)


def _photo(session: Session, held: Held, name: str, text: str) -> dict[str, Any]:
    try:
        photo_id = UUID(text)
    except ValueError:
        raise _invalid(name, "no photo of this case", "not_its_photo") from None
    found = session.execute(queries.PHOTO, {"photo_id": photo_id, "incident_id": held.row.incident_id}).one_or_none()
    if found is None:
        raise _invalid(name, "no photo of this case", "not_its_photo")
    if name == "photo_after" and found.uploaded_by is None:
        raise _invalid(name, "a photo of the report shows what was before", "not_after")
    far = found.exif_distance_m is not None and found.exif_distance_m > PHOTO_FAR_M
    distance = None if found.exif_distance_m is None else round(found.exif_distance_m, 1)
    return {name: str(photo_id), f"{name}_distance_m": distance, **({f"{name}_far": True} if far else {})}


def _write(session: Session, held: Held, after: Case, clocks: Clocks, row: LogRow, asked: Move, town: TownBook) -> None:
    facts = {name: value for name, value in row.facts.items() if name not in ("id", "reason")}
    given = {
        "incident": str(held.row.incident_id),
        "name": row.name,
        "at": row.at.isoformat(),
        "client_at": asked.client_at and asked.client_at.isoformat(),
        "org_id": _org_of(scope_of(session), after),
        "reason": row.reason,
        "facts": facts,
    }
    session.execute(queries.NAME_TRANSITION, {"given": json.dumps(given, ensure_ascii=False, default=str)})
    session.execute(queries.MOVE, _columns(held, after, clocks, row, town))


def _org_of(scope: Scope, case: Case) -> int | None:
    """The organisation somebody acts for: its own one among those that have the case."""
    own = [org for org in (case.lead_org_id, *case.co_org_ids) if org in scope.org_ids]
    return own[0] if own else None


def _columns(held: Held, after: Case, clocks: Clocks, row: LogRow, town: TownBook) -> dict[str, Any]:
    stage = clocks.stage
    running = stage if stage is not None and stage.paused_at is None else None
    ahead = timers(after, clocks, town.time_limits)
    stamp = _STAMPS.get(row.name)
    times = {name: getattr(held.row, name) for name in ("accepted_at", "filed_at", "dispatched_at", "handled_at")}
    if stamp:
        times[stamp] = row.at
    category = row.facts.get("category") if row.name in ("file", "reclassify") else None
    ended = stage is None
    return {
        **times,
        "incident_id": held.row.incident_id,
        "state": after.state,
        "urgency": clocks.urgency,
        "category_id": town.ids[category][0] if category else held.row.category_id,
        "platform_code": after.platform,
        "lead_org_id": after.lead_org_id,
        "co_org_ids": list(row.facts.get("co_org_ids", after.co_org_ids)),
        "handler_ids": sorted(after.handler_ids),
        "handler_org_ids": sorted(after.handler_org_ids),
        "inspected_by": after.inspected_by,
        "rework_count": after.rework_count,
        "return_count": after.return_count,
        "reopen_count": after.reopen_count,
        "supervision_level": after.supervision_level,
        "extension": after.extension,
        "suspension": after.suspension,
        "appeal": after.appeal,
        "escalation": after.escalation,
        "void_asked_by": after.void_asked_by,
        "self_handled": held.row.self_handled or row.name == "self_handle",
        "merged_into": row.facts.get("into") if row.name == "merge" else None if row.name == "unmerge" else held.row.merged_into,
        "review_on": date.fromisoformat(row.facts["review_on"]) if row.name == "suspend" else held.row.review_on,
        "county_ref": (row.facts.get("external_ref") if row.name in _NUMBERED else None) or held.row.county_ref,
        "reply_due_at": _reply_due(held, after, row, town),
        "score": row.facts.get("score", held.row.score) if row.name == "evaluate" else held.row.score,
        "is_satisfied": _satisfied(held, row),
        "closed_at": after.closed_at if after.state in ("closed", "evaluated", "archived") else None,
        "clock_started_at": stage.started_at if stage else held.row.clock_started_at,
        "amber_at": held.row.amber_at if ended else running.amber_at if running else None,
        "due_at": held.row.due_at if ended else running.due_at if running else None,
        "handle_due_at": clocks.handle.due_at if clocks.handle else held.row.handle_due_at,
        "whole_due_at": clocks.whole.due_at,
        "timer_at": ahead[0].at if ahead else None,
        "clocks": json.dumps(timing.as_json(clocks)),
        "moment": row.at,
    }  # fmt: skip


def _reply_due(held: Held, after: Case, row: LogRow, town: TownBook) -> datetime | None:
    """Whoever is supervised answers within one work day."""
    if not after.reply_due:
        return None
    if row.name == "supervise":
        return town.time_limits.end(row.at, Limit(REPLY_WORK_DAYS, "work_day"))
    return held.row.reply_due_at


def _satisfied(held: Held, row: LogRow) -> bool | None:
    if row.name == "reopen":
        return False
    return row.facts.get("satisfied") if row.name == "evaluate" else held.row.is_satisfied


def _announce(session: Session, held: Held, row: LogRow) -> None:
    """Have the worker tell outside, if the town has adapters for it; the job is written with the step, and once."""
    if row.name in NOTICED:
        told = f"{held.row.incident_id}-{held.row.version + 1}"
        notice = {
            "id": told,
            "incident": held.row.incident_id,
            "step": row.name,
            "at": row.at,
            "level": row.facts.get("level"),
        }
        job.enqueue(session, "notice", notice, key=f"notice:{told}", attempts=NOTICE_ATTEMPTS)


def _hand_over(session: Session, held: Held, after: Case, row: LogRow) -> None:
    """Whoever gets the case by this transition sees it from now on."""
    own = {"incident_id": held.row.incident_id, "town_id": held.row.town_id}
    if row.name == "ask_verify":
        session.execute(queries.ASSIGN_USER, {**own, "user_id": row.facts["verifier_id"], "duty": "verify"})
    if row.name in ("dispatch", "redispatch"):
        session.execute(queries.CLEAR_CO_ORGS, own)
        for org_id in after.co_org_ids:
            session.execute(queries.ASSIGN_ORG, {**own, "org_id": org_id, "duty": "co"})
