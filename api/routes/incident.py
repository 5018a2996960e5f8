"""Reports in, incidents out, triage."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, current_app, g, request
from pydantic import BaseModel, StringConstraints
from sqlalchemy.orm import Session

from api import body, db
from api.auth import cookie, querycode, rate
from api.auth.access import needs, public
from api.auth.caller import unknown
from api.describe import asks, takes
from api.state import State
from data.errors import Forbidden, Invalid, NotFound
from data.receipt import once
from data.scope import Scope
from layers import features
from layers.incident import county, queries, queue, reading, service
from layers.incident.draft import Draft, Placing
from layers.people.town import describe_town

blueprint = Blueprint("incident", __name__)

PUBLIC_CHANNEL = "public"
RESERVED = frozenset({"bbox", "cursor", "limit", "lang", "town"})
MAX_PAGE = 500


class Unmask(BaseModel):
    """Why personal fields are read."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500)]


@blueprint.post("/api/v1/incidents")
@public
@takes(Draft)
def report() -> tuple[dict[str, Any], int]:
    """Take in a report: 201 with its case number and grid, 200 with the first answer when this id came before.

    Without login for the channel ``public`` only; that answer holds the code to ask by later.
    """
    draft = body.read(Draft)
    scope, code = _may_report(draft)
    with db.transaction(scope) as session:
        done = service.report(session, draft, client_id=body.client_id(), query_code=code)
    return done.answer, 200 if done.repeated else 201


def _may_report(draft: Draft) -> tuple[Scope, Any]:
    """Scope of the report and, for who has no login, the maker of query codes."""
    state: State = current_app.extensions["onegrid"]
    if g.caller is not None and g.scope.may("report"):
        return g.scope, None
    if draft.channel != PUBLIC_CHANNEL:
        if g.caller is None:
            raise unknown(cookie.NAME in request.cookies)
        raise Forbidden("scope.forbidden", "this account lacks the permission report", permission="report")
    if g.scope.town_id is None:
        raise NotFound("town.none", "no town is loaded yet")
    if draft.external_ref is not None:
        fault = {"field": "external_ref", "code": "not_public", "message": "not taken from the public"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    state.rates.take("report", request.remote_addr or "", rate.PUBLIC_WRITE)
    return Scope.public(g.scope.town_id), querycode.maker(state.secret)


@blueprint.post("/api/v1/incidents/received")
@needs("own_level")
@takes(Draft)
def received() -> tuple[dict[str, Any], int]:
    """Take in a case that the county sends down, under its number ``external_ref``: 201 accepted, 200 when it is there already."""
    draft = body.read(Draft)
    with db.transaction() as session:
        taken = county.receive(session, draft)
        return reading.get(session, taken.incident_id), 200 if taken.repeated else 201


@blueprint.get("/api/v1/incidents")
@needs("view")
@asks("bbox", "cursor", "limit", layer="incident")
def incidents() -> dict[str, Any]:
    """A page of incidents in the caller's reach, newest first; filters as the layer ``incident`` names them."""
    filters = {name: value for name, value in request.args.items() if name not in RESERVED}
    bbox = request.args.get("bbox")
    with db.transaction() as session:
        return reading.page(
            session,
            filters,
            bbox=features.read_bbox(bbox) if bbox else None,
            cursor=request.args.get("cursor"),
            limit=_limit(),
        )


@blueprint.get("/api/v1/queue")
@needs("view")
@asks("cursor", "limit", layer="incident")
def desk_queue() -> dict[str, Any]:
    """A page of open cases in the caller's reach, the nearest deadline first; filters as the layer ``incident`` names them."""
    filters = {name: value for name, value in request.args.items() if name not in RESERVED}
    with db.transaction() as session:
        return queue.page(session, filters, cursor=request.args.get("cursor"), limit=_limit())


def _limit() -> int:
    text = request.args.get("limit", "100")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise Invalid("filter.limit", f"limit is a number from 1 to {MAX_PAGE}", fields={"limit": "out of range"})
    return int(text)


@blueprint.get("/api/v1/incidents/<incident_id>")
@needs("view")
def incident(incident_id: str) -> dict[str, Any]:
    """One incident with place, log, photos, clocks and what the caller may do."""
    with db.transaction() as session:
        return reading.get(session, identifier(incident_id))


@blueprint.patch("/api/v1/incidents/<incident_id>/place")
@needs("triage", "accept")
@takes(Placing)
def place(incident_id: str) -> dict[str, Any]:
    """Put an incident where it belongs; refused with the new state when somebody was first."""
    picked = body.read(Placing)
    number = identifier(incident_id)
    said = {"incident": str(number), **picked.model_dump(mode="json")}
    with db.transaction() as session:
        # sent again after a lost answer it would else meet its own new version and be refused
        once(session, body.client_id(), said, lambda: (200, {"version": service.place(session, number, picked)}))
        return reading.get(session, number)


@blueprint.post("/api/v1/incidents/<incident_id>/unmask")
@needs("unmask")
@takes(Unmask)
def unmask(incident_id: str) -> dict[str, Any]:
    """Name and number of the reporter; the record says who read them and why."""
    given = body.read(Unmask)
    with db.transaction() as session:
        return reading.reporter(session, identifier(incident_id), given.reason, g.request_id)


@blueprint.get("/api/v1/report-form")
@public
def report_form() -> dict[str, Any]:
    """What the public form offers: categories, the town, its notice."""
    with db.transaction() as session:
        town = describe_town(session)
        return {"categories": _categories(session), "town": town, "notice": town["notice"]}


def _categories(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(queries.PUBLIC_CATEGORIES, {"town_id": g.scope.town_id}).mappings()
    return [dict(row) for row in rows]


def identifier(text: str) -> UUID:
    """The id of an incident; what is none names no incident."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("incident.not_found", "there is no such incident here") from None
