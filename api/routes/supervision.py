"""Efficiency supervision: flags and their steps, and projects with tasks, progress and evidence."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request

from api import body, db
from api.auth.access import needs
from api.describe import asks, takes, takes_file
from api.picture import picture
from api.state import State
from data.errors import Invalid, NotFound
from data.receipt import once
from layers.incident.photo import keep, prepare
from layers.supervision import decisions, projects
from layers.supervision.decisions import Step
from layers.supervision.project_input import NewProject, NewTask, Progress, ProjectChange, TaskChange

blueprint = Blueprint("supervision", __name__)

RESERVED = frozenset({"cursor", "limit", "lang"})
MOST = 200


def _identifier(given: str, code: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound(f"{code}.not_found", f"there is no such {code} here") from None


def _asked() -> dict[str, Any]:
    """Filters, cursor and limit of the address."""
    limit = request.args.get("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise Invalid("filter.limit", f"limit is a number from 1 to {MOST}", fields={"limit": "out of range"})
    filters = {name: value for name, value in request.args.items() if name not in RESERVED and value}
    return {"filters": filters, "cursor": request.args.get("cursor") or None, "limit": int(limit)}


@blueprint.get("/api/v1/flags")
@needs("view")
@asks("state", "colour", "rule", "org", "unreplied", "appeal", "from", "to", "issued_from", "q", "cursor", "limit")
def flags() -> dict[str, Any]:
    """Yellow and red flags, newest first: all for whoever decides, those issued against one's own organisation for the others."""
    with db.transaction() as session:
        return decisions.page(session, **_asked())


@blueprint.get("/api/v1/supervision/figures")
@needs("view")
def figures() -> dict[str, Any]:
    """The figures of the supervision page: flags, supervised cases by level, replies, appeals, projects."""
    with db.transaction() as session:
        return {**decisions.figures(session), "projects": projects.figures(session)}


@blueprint.get("/api/v1/flags/<flag_id>")
@needs("view")
def flag(flag_id: str) -> dict[str, Any]:
    """One flag with its log, and its case with log and clocks."""
    with db.transaction() as session:
        return decisions.get(session, _identifier(flag_id, "flag"))


@blueprint.post("/api/v1/flags/<flag_id>/steps")
@needs("supervise_3", "handle", "dispatch")
@takes(Step)
def step(flag_id: str) -> dict[str, Any]:
    """Issue, dismiss, answer or lift a flag; refused with the new state when somebody was first."""
    asked, number = body.read(Step), _identifier(flag_id, "flag")
    said = {"flag": str(number), **asked.model_dump(mode="json")}
    with db.transaction() as session:
        once(session, body.client_id(), said, lambda: (200, {"version": decisions.step(session, number, asked)}))
        return decisions.get(session, number)


@blueprint.get("/api/v1/projects")
@needs("view")
@asks("state", "org", "late", "open", "q", "cursor", "limit")
def project_list() -> dict[str, Any]:
    """Projects, the nearest deadline first: all for the town, one's own for an organisation."""
    with db.transaction() as session:
        return projects.page(session, **_asked())


@blueprint.get("/api/v1/projects/<project_id>")
@needs("view")
def project(project_id: str) -> dict[str, Any]:
    """One project with tasks and entries."""
    with db.transaction() as session:
        return projects.get(session, _identifier(project_id, "project"))


@blueprint.post("/api/v1/projects")
@needs("supervise_3")
@takes(NewProject)
def add_project() -> tuple[dict[str, Any], int]:
    """Set up a project with its first tasks."""
    given = body.read(NewProject)
    with db.transaction() as session:
        said = {"project": "new", **given.model_dump(mode="json")}
        _, made = once(session, body.client_id(), said, lambda: (201, {"id": str(projects.add(session, given))}))
        return projects.get(session, UUID(made["id"])), 201


@blueprint.patch("/api/v1/projects/<project_id>")
@needs("supervise_3")
@takes(ProjectChange)
def change_project(project_id: str) -> dict[str, Any]:
    """Change a project: its words, deadline, organisation or state."""
    given, number = body.read(ProjectChange), _identifier(project_id, "project")
    with db.transaction() as session:
        said = {"project": str(number), **given.model_dump(mode="json")}
        once(session, body.client_id(), said, lambda: (200, {"version": projects.change(session, number, given)}))
        return projects.get(session, number)


@blueprint.post("/api/v1/projects/<project_id>/tasks")
@needs("supervise_3")
@takes(NewTask)
def add_task(project_id: str) -> tuple[dict[str, Any], int]:
    """Add a task to a project."""
    given, number = body.read(NewTask), _identifier(project_id, "project")
    with db.transaction() as session:
        said = {"project": str(number), **given.model_dump(mode="json")}
        once(session, body.client_id(), said, lambda: (201, {"id": str(projects.add_task(session, number, given))}))
        return projects.get(session, number), 201


@blueprint.patch("/api/v1/projects/<project_id>/tasks/<part_id>")
@needs("supervise_3", "handle")
@takes(TaskChange)
def change_task(project_id: str, part_id: str) -> dict[str, Any]:
    """Change a task; its organisation may say how far it is."""
    given, number, task = body.read(TaskChange), _identifier(project_id, "project"), _identifier(part_id, "project")
    with db.transaction() as session:
        said = {"project": str(number), "task": str(task), **given.model_dump(mode="json")}
        once(
            session,
            body.client_id(),
            said,
            lambda: (200, {"version": projects.change_task(session, number, task, given)}),
        )
        return projects.get(session, number)


@blueprint.post("/api/v1/projects/<project_id>/progress")
@needs("supervise_3", "handle")
@takes(Progress)
def report_progress(project_id: str) -> tuple[dict[str, Any], int]:
    """Add progress with its evidence; the answer names the entry, to which photos may be sent."""
    given, number = body.read(Progress), _identifier(project_id, "project")
    with db.transaction() as session:
        said = {"project": str(number), **given.model_dump(mode="json")}
        _, made = once(
            session, body.client_id(), said, lambda: (201, {"entry": str(projects.report(session, number, given))})
        )
        return {**projects.get(session, number), "entry": made["entry"]}, 201


@blueprint.post("/api/v1/projects/<project_id>/progress/<part_id>/photos")
@needs("supervise_3", "handle")
@takes_file("photo")
def add_photo(project_id: str, part_id: str) -> tuple[dict[str, Any], int]:
    """Add a photo (multipart field ``photo``) to an entry of one's own."""
    state: State = current_app.extensions["onegrid"]
    number, entry = _identifier(project_id, "project"), _identifier(part_id, "project")
    file = request.files.get("photo")
    if file is None:
        fault = {"field": "photo", "code": "missing", "message": "send the file as the field photo"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    with db.transaction() as session:
        zone = projects.require_entry(session, number, entry)
    taken = prepare(file.read(), ZoneInfo(zone))
    path = keep(taken, state.uploads_dir)
    with db.transaction() as session:
        answer = projects.add_photo(session, number, entry, taken, path)
    return json.loads(current_app.json.dumps(answer)), 201


@blueprint.get("/api/v1/project-photos/<photo_id>")
@needs("view")
@asks("size")
def photo(photo_id: str) -> Response:
    """The picture, ``size=full`` or ``thumb``; it holds no metadata."""
    return picture(lambda session: projects.path_of(session, _identifier(photo_id, "photo")))
