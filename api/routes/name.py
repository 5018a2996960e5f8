"""Place names that picks in triage proposed, for who looks after the town's data."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint
from pydantic import BaseModel, StringConstraints

from api import body, db
from api.auth.access import needs
from api.describe import takes
from layers.address import proposal

blueprint = Blueprint("name", __name__)


class Review(BaseModel):
    """What becomes of a proposed name; ``name`` writes it better."""

    accept: bool
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)] | None = None


@blueprint.get("/api/v1/names/proposals")
@needs("manage_town")
def proposals() -> dict[str, Any]:
    """Names that people's picks propose, the oldest first."""
    with db.transaction() as session:
        return {"proposals": proposal.proposals(session)}


@blueprint.post("/api/v1/names/proposals/<int:number>")
@needs("manage_town")
@takes(Review)
def review(number: int) -> dict[str, Any]:
    """Take a proposed name into the gazetteer, or drop it."""
    given = body.read(Review)
    with db.transaction() as session:
        proposal.review(session, number, given.accept, given.name)
    return {"id": number, "accepted": given.accept}
