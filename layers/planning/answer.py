"""The answer to a step of a plan: what it changed on the map, in the figures and in the checks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from layers.planning import checks, effects, queries, reading


def changed(session: Session, plan_id: UUID, seen: int, seq: int) -> dict[str, Any]:
    """Return a step, and all that changed since the version that its sender saw: what others did meanwhile too."""
    before, now = reading.states(session, plan_id, seen)
    assert before is not None
    step = session.execute(queries.STEP, {"plan_id": plan_id, "seq": seq}).mappings().one()
    made = reading.areas_between(before, now)
    codes = {*made["removed"], *(feature["id"] for feature in made["features"])}
    return {
        "version": now.version,
        "step": dict(step),
        "areas": made,
        "borders": reading.borders_between(before, now),
        "removed": made["removed"],
        "effects": effects.between(session, now, codes),
        "checks": checks.of_state(session, now),
    }
