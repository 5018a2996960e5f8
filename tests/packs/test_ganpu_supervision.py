"""What the clock finds in the demo town when the worker starts: some cases to supervise, most of them in time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from layers.exchange.pack.rows import IncidentRow
from layers.exchange.pack.shift import live
from layers.incident import moves
from layers.incident.case import OPEN, Case
from layers.incident.timers import timers
from layers.incident.timing import Limit
from tests.layers.incident.closed_loop import LIMITS, SHANGHAI
from tests.packs.ganpu import anchor_of_the_pack, table

STAMPS = ("reported_at", "accepted_at", "filed_at", "dispatched_at", "handled_at", "closed_at")


def town() -> SimpleNamespace:
    own = {
        row["code"]: Limit(Decimal(row["limit_value"]), row["limit_unit"])  # type: ignore[arg-type]
        for row in table("categories")
        if row["limit_value"]
    }
    return SimpleNamespace(time_limits=LIMITS, handle_limits=own)


def levels(now: datetime) -> Counter[int]:
    """How many open cases stand at each level of supervision once the worker has looked at all of them."""
    found: Counter[int] = Counter()
    for row in table("incidents"):
        over = row["closed_at"] and datetime.fromisoformat(row["closed_at"]) <= now
        if over or datetime.fromisoformat(row["reported_at"]) > now:
            continue
        told = live(IncidentRow.model_validate({k: v for k, v in row.items() if v}), 0, now, SHANGHAI)
        if told is not None and told.state in OPEN:
            found[level(told.row, told.state, now)] += 1
    return found


def level(row: IncidentRow, state: str, now: datetime) -> int:
    stamps = {name: getattr(row, name) for name in STAMPS}
    held = SimpleNamespace(
        clocks=None, state=state, urgency=row.urgency, category=row.category, due_at=None, amber_at=None, **stamps
    )
    case = Case(
        state, urgency=row.urgency, rework_count=row.rework_count, return_count=row.return_count,
        supervision_level=row.supervision_level,
    )  # fmt: skip
    ahead = timers(case, moves.clocks_of(held, town()), LIMITS)  # type: ignore[arg-type]
    ripe = [timer.facts["level"] for timer in ahead if timer.name == "supervise" and timer.at <= now]
    return max([*ripe, row.supervision_level])


@pytest.mark.parametrize("hours", [10, 34.5, 58, 83, 106.5, 130, 154.5])
def test_a_fresh_demo_has_each_level_of_supervision_and_most_cases_in_time(hours: float) -> None:
    found = levels(anchor_of_the_pack() + timedelta(hours=hours))
    assert min(found[1], found[2], found[3]) >= 1, found
    assert found[0] > 0.65 * found.total(), found
    assert found[2] + found[3] < 0.08 * found.total(), found
    assert found[3] < 0.05 * found.total(), found
