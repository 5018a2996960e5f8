"""Boundary plans: planners redraw boundaries together (docs/planning-design.md)."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from api import body, db
from api.auth.access import needs
from api.describe import asks, takes
from data.errors import Invalid, NotFound
from data.receipt import once
from layers.incident import boundaries
from layers.planning import (
    answer,
    checks,
    effects,
    impact,
    moving,
    plans,
    proposals,
    reading,
    retiring,
    service,
    staff,
)
from layers.planning.asked import Edit, NewPlan, Proposing, Publishing, Returned, Seen, StaffOfPlan

blueprint = Blueprint("plan", __name__)


def _identifier(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound("plan.not_found", "there is no such plan here") from None


def _since() -> int | None:
    given = request.args.get("since")
    if not given:
        return None
    if not given.isdecimal() or len(given) > 9:
        raise Invalid("filter.value", "since is a version: 0, 1, 2 …", fields={"since": "not a version"})
    return int(given)


@blueprint.get("/api/v1/plans")
@needs("plan", "review_plan")
@asks("state")
def plan_list() -> dict[str, Any]:
    """Boundary plans, newest first; ``state`` of draft, in_review, approved, published, retired."""
    with db.transaction() as session:
        return {"plans": plans.listed(session, request.args.get("state"))}


@blueprint.post("/api/v1/plans")
@needs("plan")
@takes(NewPlan)
def add_plan() -> tuple[dict[str, Any], int]:
    """Open a plan on the boundaries in force now."""
    given = body.read(NewPlan)
    said = {"plan": "new", **given.model_dump(mode="json")}
    key = str(given.id) if given.id else body.client_id()
    with db.transaction() as session:
        _, made = once(session, key, said, lambda: (201, {"id": str(plans.add(session, given))}))
        return plans.get(session, UUID(made["id"])), 201


@blueprint.get("/api/v1/plans/<plan_id>")
@needs("plan", "review_plan")
def plan(plan_id: str) -> dict[str, Any]:
    """One plan: state, version, editors, the last steps, and what the caller may do."""
    with db.transaction() as session:
        return plans.get(session, _identifier(plan_id))


@blueprint.get("/api/v1/plans/<plan_id>/areas")
@needs("plan", "review_plan")
@asks("since")
def plan_areas(plan_id: str) -> dict[str, Any]:
    """Leaves and parents of a plan as GeoJSON (EPSG:4490); with ``since`` what changed after that version."""
    with db.transaction() as session:
        return reading.areas(session, _identifier(plan_id), _since())


@blueprint.get("/api/v1/plans/<plan_id>/borders")
@needs("plan", "review_plan")
@asks("since")
def plan_borders(plan_id: str) -> dict[str, Any]:
    """Borders of a plan as lines between junctions (GeoJSON, EPSG:4490); with ``since`` what changed after that version."""
    with db.transaction() as session:
        return reading.borders(session, _identifier(plan_id), _since())


@blueprint.get("/api/v1/plans/<plan_id>/today")
@needs("plan", "review_plan")
def plan_today(plan_id: str) -> dict[str, Any]:
    """Areas and borders that the plan starts from."""
    with db.transaction() as session:
        return reading.today(session, _identifier(plan_id))


@blueprint.get("/api/v1/plans/<plan_id>/effects")
@needs("plan", "review_plan")
def plan_effects(plan_id: str) -> dict[str, Any]:
    """Figures of every leaf and village today and in the draft, of the town, and how evenly the grids carry them."""
    with db.transaction() as session:
        return effects.effects(session, _identifier(plan_id))


@blueprint.get("/api/v1/plans/<plan_id>/checks")
@needs("plan", "review_plan")
def plan_checks(plan_id: str) -> dict[str, Any]:
    """What a plan still lacks (red), what to look at (amber), and what holds (green)."""
    with db.transaction() as session:
        return {"checks": checks.checks(session, _identifier(plan_id))}


@blueprint.get("/api/v1/plans/<plan_id>/impact")
@needs("plan", "review_plan")
@asks("kind", "cursor")
def plan_impact(plan_id: str) -> dict[str, Any]:
    """What changes hands: open cases, entities, addresses, by from and to; with ``kind`` the rows, page by page."""
    with db.transaction() as session:
        return impact.impact(
            session, _identifier(plan_id), request.args.get("kind") or None, request.args.get("cursor") or None
        )


@blueprint.get("/api/v1/plans/<plan_id>/impact.gpkg")
@needs("plan", "review_plan")
def plan_impact_file(plan_id: str) -> Response:
    """The same rows as a GeoPackage, one layer a kind."""
    with db.transaction() as session:
        found = impact.layers(session, _identifier(plan_id))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "impact.gpkg"
        for name, rows in found.items():
            rows.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
        content = path.read_bytes()
    answer = Response(content, mimetype="application/geopackage+sqlite3")
    answer.headers["Content-Disposition"] = 'attachment; filename="impact.gpkg"'
    return answer


@blueprint.get("/api/v1/plans/<plan_id>/history")
@needs("plan", "review_plan")
@asks("lon", "lat")
def plan_history(plan_id: str) -> dict[str, Any]:
    """Who changed the border nearest to a point (``lon``, ``lat``, EPSG:4490): the steps that touched it, newest first."""
    place = [_degrees(name, most) for name, most in (("lon", 180), ("lat", 90))]
    with db.transaction() as session:
        return {"steps": reading.history(session, _identifier(plan_id), *place)}


def _degrees(name: str, most: float) -> float:
    try:
        value = float(request.args.get(name, ""))
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise Invalid("filter.value", f"{name} is a number of degrees", fields={name: "not degrees"})
    return value


@blueprint.post("/api/v1/plans/<plan_id>/edits")
@needs("plan")
@takes(Edit)
def edit(plan_id: str) -> dict[str, Any]:
    """Apply one operation to a draft; refused with both lines where somebody else changed the same areas meanwhile."""
    given, number = body.read(Edit), _identifier(plan_id)
    return _step(number, given, lambda session: service.edit(session, number, given.id, given.version, given.operation))


@blueprint.post("/api/v1/plans/<plan_id>/undo")
@needs("plan")
@takes(Seen)
def undo(plan_id: str) -> dict[str, Any]:
    """Take back the caller's own last operation; refused where a later one stands in its way."""
    given, number = body.read(Seen), _identifier(plan_id)
    return _step(number, given, lambda session: service.undo(session, number, given.id, given.version))


@blueprint.post("/api/v1/plans/<plan_id>/redo")
@needs("plan")
@takes(Seen)
def redo(plan_id: str) -> dict[str, Any]:
    """Do again what the caller took back last."""
    given, number = body.read(Seen), _identifier(plan_id)
    return _step(number, given, lambda session: service.redo(session, number, given.id, given.version))


def _step(number: UUID, given: Seen, act: Callable[[Session], int]) -> dict[str, Any]:
    said = {"plan": str(number), "step": request.path.rsplit("/", 1)[1], **given.model_dump(mode="json")}
    key = str(given.id) if given.id else body.client_id()
    with db.transaction() as session:
        _, made = once(session, key, said, lambda: (200, {"seq": act(session)}))
        return answer.changed(session, number, given.version, made["seq"])


@blueprint.get("/api/v1/plans/<plan_id>/staff")
@needs("plan", "review_plan")
def plan_staff(plan_id: str) -> dict[str, Any]:
    """Whom a plan names to be responsible, who is so today, and everybody who could be."""
    with db.transaction() as session:
        return staff.named(session, _identifier(plan_id))


@blueprint.put("/api/v1/plans/<plan_id>/staff")
@needs("plan")
@takes(StaffOfPlan)
def put_staff(plan_id: str) -> dict[str, Any]:
    """Name who is to be responsible for leaves that have nobody, in place of whom the plan named before."""
    given, number = body.read(StaffOfPlan), _identifier(plan_id)
    with db.transaction() as session:
        staff.put(session, number, given)
        return staff.named(session, number)


@blueprint.get("/api/v1/plans/<plan_id>/units")
@needs("plan", "review_plan")
@asks("area")
def plan_units(plan_id: str) -> dict[str, Any]:
    """Blocks between roads and water of one ``area`` of a plan, as GeoJSON (EPSG:4490), with households: what is painted with."""
    with db.transaction() as session:
        return proposals.units(session, _identifier(plan_id), request.args.get("area", ""))


@blueprint.post("/api/v1/plans/<plan_id>/propose")
@needs("plan")
@takes(Proposing)
def propose(plan_id: str) -> dict[str, Any]:
    """Proposals for the grids of one area, put together from the blocks between roads and water, beside today; changes nothing."""
    given, number = body.read(Proposing), _identifier(plan_id)
    with db.transaction() as session:
        return proposals.proposed(session, number, given)


@blueprint.post("/api/v1/plans/<plan_id>/submit")
@needs("plan")
def submit(plan_id: str) -> dict[str, Any]:
    """Give a draft to be reviewed."""
    return _move(plan_id, moving.submit)


@blueprint.post("/api/v1/plans/<plan_id>/approve")
@needs("review_plan")
def approve(plan_id: str) -> dict[str, Any]:
    """Approve a plan that somebody else submitted."""
    return _move(plan_id, moving.approve)


@blueprint.post("/api/v1/plans/<plan_id>/return")
@needs("review_plan")
@takes(Returned)
def send_back(plan_id: str) -> dict[str, Any]:
    """Give a plan back to who drew it, with a reason."""
    given = body.read(Returned)
    return _move(plan_id, lambda session, number: moving.send_back(session, number, given.reason))


@blueprint.post("/api/v1/plans/<plan_id>/publish")
@needs("review_plan")
@takes(Publishing)
def publish(plan_id: str) -> dict[str, Any]:
    """Put the boundaries of an approved plan in force, at once or at a moment; ``count``: open cases that change hands."""
    given = body.read(Publishing)
    return _move(plan_id, lambda session, number: boundaries.publish(session, number, given.at, given.count))


@blueprint.post("/api/v1/plans/<plan_id>/retire")
@needs("review_plan")
def retire(plan_id: str) -> tuple[dict[str, Any], int]:
    """Open a draft of the way back from a published plan, and return it; once it is in force, the other one is retired."""
    number = _identifier(plan_id)
    with db.transaction() as session:
        said = {"plan": str(number), "step": "retire"}
        _, made = once(session, body.client_id(), said, lambda: (201, {"id": str(retiring.retire(session, number))}))
        return plans.get(session, UUID(made["id"])), 201


def _move(plan_id: str, act: Callable[[Session, UUID], None]) -> dict[str, Any]:
    """Take a step once: sent again with the same Idempotency-Key it is not refused for having been taken."""
    number = _identifier(plan_id)
    said = {"plan": str(number), "step": request.path.rsplit("/", 1)[1], "body": request.get_json(silent=True)}

    def moved(session: Session) -> tuple[int, dict[str, Any]]:
        act(session, number)
        return 200, {}

    with db.transaction() as session:
        once(session, body.client_id(), said, lambda: moved(session))
        return plans.get(session, number)
