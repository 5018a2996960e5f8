"""Projects (项目化管理): a goal with a deadline, tasks by organisation, and progress with its evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Row, text
from sqlalchemy.orm import Session

from data import audit, clock
from data.errors import Conflict, Forbidden, Invalid, NotFound
from data.outbox import emit
from data.scope import Scope, scope_of
from layers.incident.photo import Photo
from layers.query import read_cursor
from layers.supervision import project_queries as queries
from layers.supervision.project_input import NewProject, NewTask, Progress, ProjectChange, TaskChange

MOST_PHOTOS = 6
_IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STATES = ("planned", "running", "paused", "done", "cancelled")
CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.([0-9a-f-]{36})")


def page(session: Session, filters: Mapping[str, str], *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Return one page of the projects that this scope sees, the nearest deadline first: ``projects``, ``next``, ``count``.

    Raises
    ------
    Invalid
        ``filter.unknown``, ``filter.value``, ``filter.cursor``.
    """
    predicate, params = _where(filters)
    params["today"] = today(session)
    after = ""
    if cursor is not None:
        at = read_cursor(CURSOR, cursor)
        after = " and (p.due_on, p.project_id) > (cast(:due_on as date), cast(:at_id as uuid))"
        params |= {"due_on": at[1], "at_id": at[2]}
    listed = text(
        f"select {queries.COLUMNS} {queries.FROM} where {predicate}{after} order by p.due_on, p.project_id limit :most"
    )
    rows = [dict(row) for row in session.execute(listed, {**params, "most": limit + 1}).mappings()]
    shown = rows[:limit]
    counted = text(f"select count(*) {queries.FROM} where {predicate}")
    return {
        "projects": [_shown(row, params["today"]) for row in shown],
        "next": f"{shown[-1]['due_on']}.{shown[-1]['id']}" if len(rows) > limit else None,
        "count": None if cursor else session.execute(counted, params).scalar_one(),
    }


def _where(filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    known = {
        "state": "p.state = any (:state)",
        "org": "o.code = :org",
        "late": queries.LATE,
        "open": "p.state not in ('done', 'cancelled')",
        "q": "strpos(lower(p.name || ' ' || p.goal), lower(:q)) > 0",
    }
    params: dict[str, Any] = dict(filters)
    for name, given in filters.items():
        if name not in known:
            raise Invalid("filter.unknown", f"there is no filter {name}", fields={name: "unknown"})
        if name in ("late", "open") and given != "1":
            raise Invalid("filter.value", f"{name} is 1", fields={name: "1"})
    if "state" in params:
        params["state"] = params["state"].split(",")
        if not set(params["state"]) <= set(STATES):
            raise Invalid("filter.value", f"state is of {', '.join(STATES)}", fields={"state": ", ".join(STATES)})
    return " and ".join(["true", *(known[name] for name in filters)]), params


def today(session: Session) -> date:
    """Return the day that it is in the town."""
    day: date = session.execute(queries.TODAY, {"now": clock.now()}).scalar_one()
    return day


def figures(session: Session) -> dict[str, int]:
    """Return how many projects are open, late and done."""
    return dict(session.execute(queries.FIGURES, {"today": today(session)}).mappings().one())


def _shown(row: Mapping[str, Any], day: date) -> dict[str, Any]:
    shown = {
        name: value.isoformat() if type(value) is date else value for name, value in row.items() if name != "org_id"
    }
    return {**shown, "late_days": _late_days(row, day)}


def _late_days(row: Mapping[str, Any], day: date) -> int:
    """Days beyond the deadline, until it was done or until today; nothing once it was cancelled."""
    if row["state"] == "cancelled":
        return 0
    return max(0, ((row["done_on"] or day) - row["due_on"]).days)


def get(session: Session, project_id: UUID) -> dict[str, Any]:
    """Return one project with ``task_list``, ``entries`` (the newest first) and what this scope may do.

    Raises
    ------
    NotFound
        ``project.not_found``: not there or outside the scope.
    """
    day = today(session)
    own = {"project_id": project_id, "today": day}
    row = session.execute(queries.ONE, own).mappings().one_or_none()
    if row is None:
        raise _missing()
    scope = scope_of(session)
    tasks = session.execute(queries.TASKS, own).mappings().all()
    decides, owns = scope.may("supervise_3"), row["org_id"] in scope.org_ids
    return {
        **_shown(dict(row), day),
        "task_list": [
            {**_shown(dict(task), day), "may": _may_change(scope, decides, owns or task["org_id"] in scope.org_ids)}
            for task in tasks
        ],
        "entries": [dict(entry) for entry in session.execute(queries.ENTRIES, own).mappings()],
        "may": {
            "change": decides,
            "report": decides
            or (scope.may("handle") and (owns or any(task["org_id"] in scope.org_ids for task in tasks))),
            "percent": decides or (scope.may("handle") and owns),
        },
    }


def _may_change(scope: Scope, decides: bool, own: bool) -> str | None:
    """``all`` of a task, its ``state`` only, or nothing."""
    return "all" if decides else "state" if own and scope.may("handle") else None


def add(session: Session, given: NewProject) -> UUID:
    """Set up a project with its tasks; return its id. Needs ``supervise_3``. Emits ``project``/``created``. Does not commit.

    Raises
    ------
    Invalid
        ``request.invalid``: an organisation that there is not, a deadline before the beginning, a task outside of both.
    """
    scope_of(session).require("supervise_3")
    _check_days(given.starts_on, given.due_on)
    for number, task in enumerate(given.tasks):
        _check_task(task.due_on, given.starts_on, given.due_on, f"tasks.{number}.")
    values = {**given.model_dump(exclude={"tasks", "org"}), "org_id": _org(session, given.org), "now": clock.now()}
    project_id: UUID = session.execute(queries.ADD, values).scalar_one()
    _note(session, project_id, "change", given.goal, {"created": [None, given.name]})
    for number, task in enumerate(given.tasks):
        _add_task(session, project_id, task, f"tasks.{number}.")
    audit.record(session, "project.add", "project", project_id, None, given.model_dump(mode="json"))
    _tell(session, project_id, "created")
    return project_id


def change(session: Session, project_id: UUID, given: ProjectChange) -> int:
    """Change a project; return its new version. Needs ``supervise_3``. The entries keep before and after. Does not commit.

    Raises
    ------
    NotFound
        ``project.not_found``.
    Conflict
        ``project.version_conflict``: somebody was first.
    Invalid
        ``request.invalid``: as of `add`; a day that leaves a task outside.
    """
    scope_of(session).require("supervise_3")
    held = session.execute(queries.HOLD, {"project_id": project_id}).mappings().one_or_none()
    if held is None:
        raise _missing()
    values = _merged(session, dict(held), given)
    _check_days(values["starts_on"], values["due_on"])
    _check_left_outside(session, dict(held), values)
    version = _changed(session, queries.CHANGE, {**values, "version": given.version}, held["version"])
    _note(session, project_id, "change", given.reason, _difference(dict(held), values))
    audit.record(
        session, "project.change", "project", project_id, given.reason, given.model_dump(mode="json", exclude_none=True)
    )
    _tell(session, project_id, "updated")
    return version


def _merged(session: Session, held: dict[str, Any], given: ProjectChange | TaskChange) -> dict[str, Any]:
    told = given.model_dump(exclude={"version", "reason"}, exclude_none=True)
    if "org" in told:
        told["org_id"] = _org(session, told["org"])
    values = {**held, **told}
    done = values["state"] == "done"
    return {**values, "done_on": (held["done_on"] or today(session)) if done else None}


def _changed(session: Session, statement: Executable, values: Mapping[str, Any], now: int) -> int:
    version = session.execute(statement, values).scalar_one_or_none()
    if version is None:
        raise Conflict("project.version_conflict", "somebody changed this meanwhile", version=now)
    return int(version)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "goal", "org", "starts_on", "due_on", "state")
    return {name: [before[name], after[name]] for name in names if name in before and before[name] != after[name]}


def add_task(session: Session, project_id: UUID, given: NewTask) -> UUID:
    """Add a task to a project; return its id. Needs ``supervise_3``. Does not commit.

    Raises
    ------
    NotFound
        ``project.not_found``.
    Invalid
        ``request.invalid``: an organisation that there is not, a day before the project begins or after it ends.
    """
    scope_of(session).require("supervise_3")
    held = _require(session, project_id)
    _check_task(given.due_on, held.starts_on, held.due_on)
    return _add_task(session, project_id, given)


def _add_task(session: Session, project_id: UUID, given: NewTask, field: str = "") -> UUID:
    org_id = _org(session, given.org, f"{field}org")
    values = {"name": given.name, "due_on": given.due_on, "org_id": org_id, "project_id": project_id}
    task_id: UUID = session.execute(queries.ADD_TASK, {**values, "now": clock.now()}).scalar_one()
    _note(session, project_id, "change", "", {"task": [None, given.name]}, task_id)
    audit.record(session, "project.task", "project", project_id, None, given.model_dump(mode="json"))
    _tell(session, project_id, "updated")
    return task_id


def change_task(session: Session, project_id: UUID, task_id: UUID, given: TaskChange) -> int:
    """Change a task; return its new version. Its organisation and the owner of the project may change the state. Does not commit.

    Raises
    ------
    NotFound
        ``project.not_found``.
    Forbidden
        ``project.state_only``: more than the state without ``supervise_3``; ``scope.forbidden``.
    Conflict
        ``project.version_conflict``.
    Invalid
        ``request.invalid``: as of `add_task`.
    """
    held = session.execute(queries.HOLD_TASK, {"task_id": task_id, "project_id": project_id}).mappings().one_or_none()
    if held is None:
        raise _missing()
    scope = scope_of(session)
    may = _may_change(scope, scope.may("supervise_3"), bool({held["org_id"], held["owner_id"]} & scope.org_ids))
    if may is None:
        scope.require("supervise_3")
    if may == "state" and (given.name or given.org or given.due_on or "cancelled" in (given.state, held["state"])):
        raise Forbidden("project.state_only", "this account may only say how far a task is")
    values = _merged(session, dict(held), given)
    if values["due_on"] != held["due_on"]:
        _check_task(values["due_on"], held["project_starts_on"], held["project_due_on"])
    version = _changed(session, queries.CHANGE_TASK, {**values, "version": given.version}, held["version"])
    _note(
        session,
        project_id,
        "change",
        given.reason,
        {"of": [held["name"], held["name"]], **_difference(dict(held), values)},
        task_id,
    )
    audit.record(
        session, "project.task", "project", project_id, given.reason, given.model_dump(mode="json", exclude_none=True)
    )
    _tell(session, project_id, "updated")
    return version


def report(session: Session, project_id: UUID, given: Progress) -> UUID:
    """Add an entry of progress; return its id.

    For whoever has ``supervise_3``, and for the organisations of the project and its tasks; how far the whole is, only its owner
    says. Emits ``project``/``updated``. Does not commit.

    Raises
    ------
    NotFound
        ``project.not_found``.
    Forbidden
        ``project.not_yours``, ``project.not_owner``.
    Invalid
        ``request.invalid``: a case or task that there is not here.
    """
    may = get(session, project_id)
    if not may["may"]["report"]:
        raise Forbidden("project.not_yours", "the organisations of a project report its progress")
    if given.percent is not None and not may["may"]["percent"]:
        raise Forbidden("project.not_owner", "the organisation that answers for it says how far the whole is")
    if given.task and str(given.task) not in {task["id"] for task in may["task_list"]}:
        raise _invalid("task", "this project has no such task")
    entry_id = _note(
        session, project_id, "progress", given.words, {}, given.task, given.percent, _cases(session, given.cases)
    )
    if given.percent is not None:
        session.execute(queries.PERCENT, {"project_id": project_id, "percent": given.percent})
    audit.record(
        session,
        "project.progress",
        "project",
        project_id,
        given.words,
        given.model_dump(mode="json", exclude={"words"}),
    )
    _tell(session, project_id, "updated")
    return entry_id


def _cases(session: Session, refs: list[str]) -> list[UUID]:
    """The cases of numbers or ids."""
    ids = [ref for ref in refs if _IS_ID.fullmatch(ref)]
    rows = session.execute(queries.CASES, {"refs": refs, "ids": ids}).all() if refs else []
    found = {name: row.incident_id for row in rows for name in (row.case_no, str(row.incident_id))}
    for ref in refs:
        if ref not in found:
            raise _invalid("cases", f"there is no case {ref} here")
    return list(dict.fromkeys(found[ref] for ref in refs))


def require_entry(session: Session, project_id: UUID, entry_id: UUID) -> str:
    """Return the time zone of the town, for camera times; refuses entries that are not the caller's own.

    Raises
    ------
    NotFound
        ``project.not_found``.
    Conflict
        ``photo.too_many``.
    """
    row = session.execute(queries.ENTRY, {"project_id": project_id, "entry_id": entry_id}).one_or_none()
    if row is None:
        raise _missing()
    if session.execute(queries.PHOTOS_OF, {"entry_id": entry_id}).scalar_one() >= MOST_PHOTOS:
        raise Conflict("photo.too_many", f"an entry has {MOST_PHOTOS} photos at most", most=MOST_PHOTOS)
    return str(row.timezone)


def add_photo(session: Session, project_id: UUID, entry_id: UUID, photo: Photo, path: str) -> dict[str, Any]:
    """Return the answer for a photo that now belongs to an entry; the same file again is the same photo. Does not commit."""
    values = {
        "entry_id": entry_id, "sha256": photo.sha256, "path": path, "width_px": photo.width_px, "height_px": photo.height_px,
        "taken_at": photo.taken_at, "now": clock.now(),
    }  # fmt: skip
    photo_id = session.execute(queries.ADD_PHOTO, values).scalar_one_or_none()
    if photo_id is None:
        photo_id = session.execute(queries.SAME_PHOTO, values).scalar_one()
    audit.record(session, "project.photo", "project", project_id, None, {"entry": entry_id, "photo": photo_id})
    _tell(session, project_id, "updated")
    return {"id": str(photo_id), "url": f"/api/v1/project-photos/{photo_id}"}


def path_of(session: Session, photo_id: UUID) -> str:
    """Return the path of a photo, relative to the uploads folder.

    Raises
    ------
    NotFound
        ``photo.not_found``: not there or outside the scope.
    """
    row = session.execute(queries.PHOTO, {"photo_id": photo_id}).one_or_none()
    if row is None:
        raise NotFound("photo.not_found", "there is no such photo here")
    return str(row.path)


def _note(
    session: Session,
    project_id: UUID,
    kind: str,
    words: str,
    facts: Mapping[str, Any],
    task_id: UUID | None = None,
    percent: int | None = None,
    incident_ids: list[UUID] | None = None,
) -> UUID:
    values = {
        "project_id": project_id, "task_id": task_id, "kind": kind, "words": words, "percent": percent,
        "incident_ids": incident_ids or [], "facts": json.dumps(facts, default=str, ensure_ascii=False), "now": clock.now(),
    }  # fmt: skip
    entry_id: UUID = session.execute(queries.ADD_ENTRY, values).scalar_one()
    return entry_id


def _require(session: Session, project_id: UUID) -> Row:
    held = session.execute(queries.HOLD, {"project_id": project_id}).one_or_none()
    if held is None:
        raise _missing()
    return held


def _check_days(starts_on: date, due_on: date) -> None:
    if due_on < starts_on:
        raise _invalid("due_on", "the deadline lies before the beginning", "before_beginning")


def _check_task(due_on: date, starts_on: date, ends_on: date, field: str = "") -> None:
    """A task ends while its project goes on."""
    if due_on > ends_on:
        raise _invalid(f"{field}due_on", f"the project ends on {ends_on}", "after_project", day=str(ends_on))
    if due_on < starts_on:
        raise _invalid(f"{field}due_on", f"the project begins on {starts_on}", "before_project", day=str(starts_on))


def _check_left_outside(session: Session, held: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Days that were moved may leave no task outside; what lay outside before is no fault of this change."""
    moved = [name for name in ("starts_on", "due_on") if values[name] != held[name]]
    tasks = session.execute(queries.OUTSIDE, {**values, "moved": moved}).all() if moved else []
    for task in tasks:
        code = "after_task" if task.field == "starts_on" else "before_task"
        message = f"the task {task.name} ends on {task.due_on}"
        raise _invalid(task.field, message, code, name=task.name, day=str(task.due_on))


def _org(session: Session, code: str, field: str = "org") -> int:
    found = session.execute(queries.ORG, {"code": code}).scalar_one_or_none()
    if found is None:
        raise _invalid(field, f"no organisation {code}")
    return int(found)


def _tell(session: Session, project_id: UUID, kind: str) -> None:
    tasks = session.execute(queries.TASKS, {"project_id": project_id}).all()
    held = session.execute(queries.HOLD, {"project_id": project_id}).one()
    emit(session, "project", kind, project_id, org_ids={held.org_id, *(task.org_id for task in tasks)})


def _missing() -> NotFound:
    return NotFound("project.not_found", "there is no such project here")


def _invalid(field: str, message: str, code: str = "unknown", **values: str) -> Invalid:
    fault = {"field": field, "code": code, "message": message, "values": values}
    return Invalid("request.invalid", "the request has faults", faults=[fault])
