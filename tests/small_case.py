"""A case of the small town on its way, for tests below HTTP."""

from __future__ import annotations

from uuid import UUID

from data.session import Database
from layers.incident.draft import Draft
from layers.incident.moves import Move, move
from layers.incident.service import report
from tests.scopes import every_scope
from tests.small_town import SmallTown


def dispatched(database: Database, town: SmallTown) -> UUID:
    """A case that the squad has had since now, eight work hours."""
    command = every_scope(town)["command"]
    with database.transaction(command) as session:
        draft = Draft(title="渣土车抛洒", lon=120.885, lat=30.405, crs="cgcs2000", category="ZF-01-001", channel="app")
        case = UUID(report(session, draft).answer["id"])
    for name in ("accept", "file", "dispatch"):
        with database.transaction(command) as session:
            move(session, case, Move(name))
    return case
