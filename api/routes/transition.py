"""Transitions of the closed loop: what staff do with a case, and what its reporter may."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from flask import Blueprint, current_app, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api import body, db
from api.auth import rate
from api.auth.access import needs, public
from api.describe import takes
from api.routes.incident import identifier
from api.state import State
from data.receipt import once
from data.scope import Scope
from layers.incident import progress, reading
from layers.incident.moves import Move, move_all

blueprint = Blueprint("transition", __name__)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Identifier = Annotated[str, StringConstraints(max_length=64)]


class Transition(BaseModel):
    """One transition: its name, the version of the case that was looked at, and the facts that it asks for."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    version: int | None = None
    client_at: AwareDatetime | None = None
    reason: Words | None = None
    reason_code: Code | None = None
    text: Words | None = None
    public_text: Words | None = None
    category: Code | None = None
    urgency: Annotated[str, StringConstraints(pattern="^U[1-4]$")] | None = None
    lead_org: Code | None = None
    co_orgs: Annotated[list[Code], Field(max_length=20)] | None = None
    verifier_id: int | None = None
    into: Identifier | None = None
    photo_before: Identifier | None = None
    photo_after: Identifier | None = None
    review_on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    external_ref: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    level: Annotated[int, Field(ge=1, le=3)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    satisfied: bool | None = None
    condition_met: bool | None = None
    outcome: Annotated[str, StringConstraints(pattern="^(upheld|rejected)$")] | None = None
    happened_at: AwareDatetime | None = None


class Transitions(Transition):
    """A transition and those that are made with it: all of them or none."""

    then: Annotated[list[Transition], Field(max_length=3)] = []


class Asked(BaseModel):
    """The code that a reporter was given."""

    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=64)]


class Answered(Asked):
    """What a reporter says of the case: withdrawn, evaluated, or to be opened again."""

    name: Annotated[str, StringConstraints(pattern="^(withdraw|evaluate|reopen)$")]
    reason: Words | None = None
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    satisfied: bool | None = None


def _move(asked: Transition) -> Move:
    told = asked.model_dump(mode="json", exclude_none=True)
    facts = {name: value for name, value in told.items() if name not in ("name", "version", "client_at", "then")}
    return Move(asked.name, asked.version, facts, asked.client_at)


@blueprint.post("/api/v1/incidents/<incident_id>/transitions")
@needs("view")
@takes(Transitions)
def transition(incident_id: str) -> dict[str, Any]:
    """Make one transition and return the case; refused with a reason code, the state now and what is allowed.

    ``then`` are further ones of the same moment, as the signing and the feedback of a slip that came back: all of them or none.
    """
    asked, number = body.read(Transitions), identifier(incident_id)
    said = {"incident": str(number), **asked.model_dump(mode="json")}
    steps = [_move(one) for one in (asked, *asked.then)]
    with db.transaction() as session:
        once(session, body.client_id(), said, lambda: (200, {"version": move_all(session, number, steps)}))
        return reading.get(session, number)


@blueprint.get("/api/v1/incidents/<incident_id>/verifiers")
@needs("accept")
def verifiers(incident_id: str) -> dict[str, Any]:
    """Who may be asked to verify this case, the nearest and least busy first."""
    with db.transaction() as session:
        return {"verifiers": progress.verifiers(session, identifier(incident_id))}


@blueprint.post("/api/v1/incidents/<incident_id>/seen")
@needs("view")
def seen(incident_id: str) -> tuple[str, int]:
    """Note that the caller opened a case that was dispatched to it."""
    with db.transaction() as session:
        progress.see(session, identifier(incident_id))
    return "", 204


@blueprint.post("/api/v1/progress")
@public
@takes(Asked)
def ask_progress() -> dict[str, Any]:
    """How a report goes on, for whoever holds its query code: six outer stages, nothing personal."""
    asked = body.read(Asked)
    _take()
    with db.transaction(Scope.public(None)) as session:
        return progress.of_code(session, asked.code)


@blueprint.post("/api/v1/progress/answers")
@public
@takes(Answered)
def answer_progress() -> dict[str, Any]:
    """Withdraw, evaluate or reopen a case as its reporter."""
    asked = body.read(Answered)
    _take()
    with db.transaction(Scope.public(None)) as session:
        known = progress.of_code(session, asked.code)
    facts = asked.model_dump(exclude_none=True, exclude={"code", "name"})
    with db.transaction(Scope.system(progress.town_of(known))) as session:
        progress.answer(session, UUID(known["id"]), asked.name, facts)
    with db.transaction(Scope.public(None)) as session:
        return progress.of_code(session, asked.code)


def _take() -> None:
    state: State = current_app.extensions["onegrid"]
    state.rates.take("progress", request.remote_addr or "", rate.PUBLIC_WRITE)
