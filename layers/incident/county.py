"""What the county sends down: a case of its own number comes in once, and is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Invalid
from data.scope import scope_of
from layers.incident import service
from layers.incident.draft import Draft
from layers.incident.moves import FROM_ABOVE, Move, move

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:town_id || '/' || :number, 4111))")
_KNOWN = text("""
    select incident_id from incident where town_id = scope_town() and county_ref = :number
    order by reported_at desc, seq desc limit 1
""")


@dataclass(frozen=True)
class Received:
    """The case of a number; ``repeated`` when it was there before."""

    incident_id: UUID
    repeated: bool


def receive(session: Session, draft: Draft, **facts: Any) -> Received:
    """Take in a case that the county sends down; the same number again is the same case, whatever else it says.

    Needs ``own_level`` and ``report``. The number is ``draft.external_ref``; the case is accepted at once, since the county has
    decided that the town has it. Emits ``incident``/``created`` and ``updated``. Does not commit.

    Parameters
    ----------
    facts : of the transition ``receive``, kept in the log: ``text``, ``happened_at``, ….

    Raises
    ------
    Invalid
        ``request.invalid``: no number, no such category.
    """
    number = draft.external_ref
    if not number:
        fault = {"field": "external_ref", "code": "missing", "message": "give the number the county keeps it under"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    # two that bring the same number wait for each other
    session.execute(_LOCK, {"town_id": scope_of(session).town_id, "number": number})
    known = session.execute(_KNOWN, {"number": number}).scalar_one_or_none()
    if known is not None:
        return Received(known, True)
    kept = draft.model_copy(update={"channel": FROM_ABOVE, "external_ref": f"county:{number}", "id": None})
    taken = service.report(session, kept)
    incident_id = UUID(taken.answer["id"])
    move(session, incident_id, Move("receive", None, {"external_ref": number, **facts}))
    return Received(incident_id, False)
