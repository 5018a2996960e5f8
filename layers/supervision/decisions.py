"""What persons do with flags: lists, one with all that belongs to it, and its steps: issue, dismiss, reply, lift."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from data import audit, clock
from data.errors import Conflict, Forbidden, Invalid, NotFound
from data.outbox import emit
from data.scope import Scope, scope_of
from layers.incident import reading
from layers.query import read_cursor
from layers.supervision import flag_queries as queries
from layers.supervision.thresholds import NAMES

STATES = ("proposed", "issued", "dismissed", "lifted")
CURSOR = re.compile(r"(-?\d{1,18})\.([0-9a-f-]{36})")
_TIME = TypeAdapter(datetime)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Step(BaseModel):
    """One step of a flag: its name, the version that was looked at, and the words that it needs."""

    model_config = ConfigDict(extra="forbid")
    name: Literal["issue", "dismiss", "reply", "lift"]
    version: int
    words: Text


def _one_of(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def read(given: str) -> list[str]:
        values = given.split(",")
        if not set(values) <= set(known):
            raise ValueError(", ".join(known))
        return values

    return read


def _moment(given: str) -> datetime:
    try:
        moment = _TIME.validate_python(given)
    except ValidationError:
        raise ValueError("a time with its zone") from None
    if moment.tzinfo is None:
        raise ValueError("a time with its zone")
    return moment


def _yes(given: str) -> bool:
    if given not in ("0", "1"):
        raise ValueError("0 or 1")
    return given == "1"


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "state": ("f.state = any (:state)", _one_of(STATES)),
    "colour": ("f.colour = any (:colour)", _one_of(("yellow", "red"))),
    "rule": ("f.rule = any (:rule)", _one_of(NAMES)),
    "org": ("case when :org = '-' then f.org_id is null else o.code = :org end", str),
    "unreplied": ("(f.state = 'issued' and f.replied_at is null) = :unreplied", _yes),
    "appeal": ("coalesce(i.appeal, 'none') = any (:appeal)", _one_of(("none", "open", "upheld", "rejected"))),
    "from": ("f.created_at >= :from", _moment),
    "to": ("f.created_at < :to", _moment),
    "issued_from": ("(f.state in ('issued', 'lifted') and f.decided_at >= :issued_from)", _moment),
    "q": ("strpos(lower(coalesce(i.case_no, '') || ' ' || coalesce(i.title, '') || ' ' || coalesce(o.name, '')), lower(:q)) > 0", str),
}  # fmt: skip


def page(session: Session, filters: Mapping[str, str], *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Return one page of the flags that this scope sees, newest first: ``flags``, ``next``, ``count`` (first page only).

    Raises
    ------
    Invalid
        ``filter.unknown``, ``filter.value``, ``filter.cursor``.
    """
    predicate, params = _where(filters)
    after = ""
    if cursor is not None:
        at = read_cursor(CURSOR, cursor)
        after = " and (f.created_at, f.flag_id) < (timestamptz 'epoch' + :at_us * interval '1 microsecond', cast(:at_id as uuid))"
        params |= {"at_us": int(at[1]), "at_id": at[2]}
    listed = text(
        f"select {queries.COLUMNS}, (extract(epoch from f.created_at) * 1000000)::bigint as at_us {queries.FROM}"
        f" where {predicate}{after} order by f.created_at desc, f.flag_id desc limit :most"
    )
    rows = [dict(row) for row in session.execute(listed, {**params, "most": limit + 1}).mappings()]
    shown = rows[:limit]
    following = f"{shown[-1]['at_us']}.{shown[-1]['id']}" if len(rows) > limit else None
    counted = text(f"select count(*) {queries.FROM} where {predicate}")
    scope = scope_of(session)
    return {
        "flags": [_shown(scope, row) for row in shown],
        "next": following,
        "count": None if cursor else session.execute(counted, params).scalar_one(),
    }


def _where(filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    parts, params = ["true"], {}
    for name, given in filters.items():
        if name not in _FILTERS:
            raise Invalid("filter.unknown", f"there is no filter {name}", fields={name: "unknown"})
        predicate, read = _FILTERS[name]
        try:
            params[name] = read(given)
        except ValueError as fault:
            raise Invalid("filter.value", f"{name} is {fault}", fields={name: str(fault)}) from fault
        parts.append(predicate)
    return " and ".join(parts), params


def figures(session: Session) -> dict[str, Any]:
    """Return the figures above the lists: flags by state, supervised cases by level, replies due and late, open appeals."""
    timezone = session.execute(queries.SETTINGS).one().timezone
    moment = {"now": clock.now()}
    flags = session.execute(queries.FIGURES, {**moment, "timezone": timezone}).mappings().one()
    lane = session.execute(queries.SUPERVISED, moment).mappings().one()
    organisations = [dict(row) for row in session.execute(queries.ORGANISATIONS).mappings()]
    appeals = session.execute(queries.APPEALS).scalar_one()
    return {"flags": dict(flags), "supervised": dict(lane), "appeals": appeals, "organisations": organisations}


def get(session: Session, flag_id: UUID) -> dict[str, Any]:
    """Return one flag with its log, the flags it counts, and its case with log and clocks (None outside the scope).

    Raises
    ------
    NotFound
        ``flag.not_found``: not there or outside the scope.
    """
    row = session.execute(queries.ONE, {"flag_id": flag_id}).mappings().one_or_none()
    if row is None:
        raise _missing()
    scope = scope_of(session)
    counted = row["basis"].get("flags", [])
    return {
        **_shown(scope, dict(row)),
        "log": [dict(step) for step in session.execute(queries.LOG, {"flag_id": flag_id}).mappings()],
        "counted": [_shown(scope, dict(f)) for f in session.execute(queries.MANY, {"flag_ids": counted}).mappings()],
        "case": _case(session, row["incident_id"]),
    }


def _case(session: Session, incident_id: str | None) -> dict[str, Any] | None:
    if incident_id is None:
        return None
    try:
        return reading.get(session, UUID(incident_id))["properties"]
    except NotFound:
        return None


def _missing() -> NotFound:
    return NotFound("flag.not_found", "there is no such flag here")


def _shown(scope: Scope, row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in ("at_us", "org_id")}
    return {**shown, "allowed": _allowed(scope, row)}


def _allowed(scope: Scope, row: Mapping[str, Any]) -> list[str]:
    """The steps that this scope may make; the trigger compares once more."""
    steps = {"proposed": ["issue", "dismiss"], "issued": ["lift"]}.get(row["state"], [])
    decides = scope.may("supervise_3") and row["org_id"] not in scope.org_ids
    reply = ["reply"] if row["state"] == "issued" and _answers(scope, row["org_id"]) else []
    return [*(steps if decides else []), *reply]


def _answers(scope: Scope, org_id: int | None) -> bool:
    """Whether this scope replies for whom a flag is raised against: its organisation, or the desk."""
    return org_id in scope.org_ids if org_id is not None else scope.may("dispatch")


def step(session: Session, flag_id: UUID, asked: Step) -> int:
    """Make one step of a flag; return its new version.

    ``issue``, ``dismiss`` and ``lift`` need ``supervise_3`` and are refused to members of the organisation concerned, ``reply``
    is that organisation's own. Both logs get a row, the audit too; emits ``flag``/``updated``. What the rule found is never
    changed. Does not commit.

    Raises
    ------
    NotFound
        ``flag.not_found``.
    Conflict
        ``flag.version_conflict``: somebody was first, the detail says who; ``flag.not_from_here``.
    Forbidden
        ``flag.not_permitted``, ``flag.not_yours``, ``flag.own``.
    """
    held = session.execute(queries.HOLD, {"flag_id": flag_id}).mappings().one_or_none()
    if held is None:
        raise _missing()
    if held["version"] != asked.version:
        raise _conflict(session, flag_id)
    scope = scope_of(session)
    _check(scope, dict(held), asked.name)
    values = {**held, **_changes(asked, scope.user_id, clock.now()), "flag_id": flag_id}
    version = session.execute(queries.STEP, values).scalar_one_or_none()
    if version is None:
        raise _conflict(session, flag_id)
    detail = {"incident": held["incident_id"], "org": held["org_id"], "colour": held["colour"], "rule": held["rule"]}
    audit.record(session, f"flag.{asked.name}", "flag", flag_id, asked.words, detail)
    emit(
        session,
        "flag",
        "updated",
        flag_id,
        {"state": values["state"]},
        org_ids=[held["org_id"]] if held["org_id"] else [],
    )
    return int(version)


def _check(scope: Scope, held: Mapping[str, Any], name: str) -> None:
    if name == "reply" and not _answers(scope, held["org_id"]):
        raise Forbidden("flag.not_yours", "the organisation itself replies")
    if name != "reply" and not scope.may("supervise_3"):
        raise Forbidden("flag.not_permitted", "this account does not decide on flags")
    if name != "reply" and held["org_id"] in scope.org_ids:
        raise Forbidden("flag.own", "nobody decides on a flag of the own organisation")
    if held["state"] != ("proposed" if name in ("issue", "dismiss") else "issued"):
        raise Conflict(
            "flag.not_from_here", f"this flag is {held['state']}", state=held["state"], version=held["version"]
        )


def _changes(asked: Step, user_id: int | None, now: datetime) -> dict[str, Any]:
    if asked.name == "reply":
        return {"reply": asked.words, "replied_by": user_id, "replied_at": now}
    if asked.name == "lift":
        return {"state": "lifted", "lifting": asked.words, "lifted_by": user_id, "lifted_at": now}
    state = "issued" if asked.name == "issue" else "dismissed"
    return {"state": state, "decision": asked.words, "decided_by": user_id, "decided_at": now}


def _conflict(session: Session, flag_id: UUID) -> Conflict:
    held = session.execute(queries.HOLD, {"flag_id": flag_id}).mappings().one_or_none()
    if held is None:
        raise _missing()
    last = session.execute(queries.LAST, {"flag_id": flag_id}).mappings().one()
    message = "somebody changed this flag meanwhile"
    return Conflict(
        "flag.version_conflict",
        message,
        version=held["version"],
        state=held["state"],
        last={**last, "at": last["at"].isoformat()},
    )
