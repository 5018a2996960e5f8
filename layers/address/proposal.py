"""Names that picks in triage teach. A person confirms a place for words the geocoder did not know; somebody else decides
whether these words shall mean that place from then on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import audit
from data.errors import NotFound
from data.scope import scope_of
from layers.address import service

# A whole sentence is no name.
MOST_CHARACTERS = 30
WITHIN_M = 60.0

_PROPOSE = text("select propose_name(:words, :lon, :lat, :within_m)")
_REVIEW = text("select review_name(cast(:number as bigint), :accepted, :name)")
_PROPOSALS = text("""
    select n.gazetteer_name_id as id, n.name, n.village_code as village, st_x(n.geom) as lon, st_y(n.geom) as lat,
        n.created_at, staff_name(n.proposed_by) as proposed_by
    from gazetteer_name n where n.town_id = :town_id and not n.reviewed order by n.gazetteer_name_id limit 500
""")


def propose(session: Session, words: str | None, lon: float, lat: float) -> int | None:
    """Number of the proposal that ``words`` mean this place (EPSG:4490); None when they are no name, or known.

    Needs ``triage`` or ``accept``. The geocoder does not use it before `review`.
    """
    name = (words or "").strip()
    if not 2 <= len(name) <= MOST_CHARACTERS:
        return None
    return session.execute(_PROPOSE, {"words": name, "lon": lon, "lat": lat, "within_m": WITHIN_M}).scalar_one()


def proposals(session: Session) -> list[dict[str, Any]]:
    """Proposed names of the town, the oldest first, 500 at most; needs ``manage_town``."""
    scope_of(session).require("manage_town")
    return [dict(row) for row in session.execute(_PROPOSALS, {"town_id": scope_of(session).town_id}).mappings()]


def review(session: Session, number: int, accepted: bool, name: str | None = None) -> None:
    """Takes a proposal into the gazetteer, under a better ``name`` if one is given, or drops it; needs ``manage_town``.

    Raises
    ------
    NotFound
        ``proposal.not_found``: there is none of that number, or it was reviewed already.
    """
    found = session.execute(_REVIEW, {"number": number, "accepted": accepted, "name": name or None}).scalar_one()
    if not found:
        raise NotFound("proposal.not_found", f"there is no proposed name {number}")
    service.GAZETTEER.touch(session)
    audit.record(session, "name.review", "gazetteer_name", number, detail={"accepted": accepted, "name": name})
