"""The desk: its queue, the figures over it, what a case may be given, corrections of its words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from api import body, db
from api.auth.access import needs
from api.describe import asks, takes
from api.routes.incident import RESERVED, identifier
from data.receipt import once
from layers.incident import desk, reading
from layers.incident.desk import Wording

blueprint = Blueprint("desk", __name__)


@blueprint.get("/api/v1/queue/figures")
@needs("view")
@asks(layer="incident")
def queue_figures() -> dict[str, Any]:
    """How many open cases each stage holds under the filters given; unseen dispatches, replies due, decisions asked."""
    filters = {name: value for name, value in request.args.items() if name not in RESERVED}
    with db.transaction() as session:
        return desk.figures(session, filters)


@blueprint.get("/api/v1/case-choices")
@needs("view")
def case_choices() -> dict[str, Any]:
    """Categories, organisations and ready replies that a case may be given."""
    with db.transaction() as session:
        return desk.choices(session)


@blueprint.patch("/api/v1/incidents/<incident_id>/words")
@needs("accept", "triage")
@takes(Wording)
def correct_words(incident_id: str) -> dict[str, Any]:
    """Correct title or description; the log keeps both. Refused with the new state when somebody was first."""
    given, number = body.read(Wording), identifier(incident_id)
    said = {"incident": str(number), **given.model_dump(mode="json")}
    with db.transaction() as session:
        once(session, body.client_id(), said, lambda: (200, {"version": desk.correct(session, number, given)}))
        return reading.get(session, number)


@blueprint.post("/api/v1/incidents/<incident_id>/distinct/<other_id>")
@needs("accept", "merge")
def tell_apart(incident_id: str, other_id: str) -> tuple[str, int]:
    """Note that two cases are not one."""
    with db.transaction() as session:
        desk.tell_apart(session, identifier(incident_id), identifier(other_id))
    return "", 204


@blueprint.delete("/api/v1/incidents/<incident_id>/distinct/<other_id>")
@needs("accept", "merge")
def untell(incident_id: str, other_id: str) -> tuple[str, int]:
    """Take that back."""
    with db.transaction() as session:
        desk.untell(session, identifier(incident_id), identifier(other_id))
    return "", 204
