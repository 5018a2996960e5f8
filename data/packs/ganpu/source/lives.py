"""How incidents go through the closed loop: mostly within their limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from catalogue import Category
from worktime import WorkClock

DEFAULT = {
    "accept": {"U1": (0.25, "urgent_hour"), "U2": (1, "work_hour"), "U3": (2, "work_hour"), "U4": (4, "work_hour")},
    "dispatch": {"U1": (0.25, "urgent_hour"), "U2": (1, "work_hour"), "U3": (4, "work_hour"), "U4": (1, "work_day")},
    "handle": {"U1": (2, "urgent_hour"), "U2": (1, "work_day"), "U3": (3, "work_day"), "U4": (10, "work_day")},
    "inspect": {"U1": (2, "urgent_hour"), "U2": (4, "work_hour"), "U3": (1, "work_day"), "U4": (2, "work_day")},
    "close": {"U1": (2, "work_hour"), "U2": (4, "work_hour"), "U3": (1, "work_day"), "U4": (1, "work_day")},
}


HANDLE_MIDDLE, LATE_SHARE = 0.76, 0.042


class Life:
    """How an incident goes through the loop."""

    def __init__(self, clock: WorkClock, rng: np.random.Generator, anchor: datetime) -> None:
        self.clock, self.rng, self.anchor = clock, rng, anchor

    def _after(self, start: datetime, limit: tuple[float, str], share: float) -> datetime:
        moment = self.clock.deadline(start, limit[0] * share, limit[1])
        return max(moment, start) + timedelta(seconds=int(self.rng.integers(5, 55)))

    def _desk(self, start: datetime, limit: tuple[float, str], at_once: float) -> datetime:
        """Return when the command room has done its step: mostly within the hour, as it is manned from 7 to 22 all week."""
        if limit[1] != "urgent_hour" and 7 <= start.hour < 21 and self.rng.random() < at_once:
            return start + timedelta(minutes=float(self.rng.integers(3, 62)), seconds=float(self.rng.integers(60)))
        return self._after(start, limit, self._share(0.35, 0.012))

    def _share(self, middle: float, late: float, typical_delay: float = 0.85) -> float:
        """Return which share of a limit a step took: mostly below one, late with the given chance by that share more."""
        if self.rng.random() < late:
            return float(1.03 + self.rng.exponential(typical_delay))
        return float(np.clip(self.rng.lognormal(np.log(middle), 0.5), 0.04, 0.97))

    def of(self, category: Category, channel: str, reported: datetime) -> dict[str, Any]:
        """Return times, state, lead organisation's place in the loop, and counters."""
        draw = self.rng.random()
        if category.self_handle and channel in ("grid_worker", "patrol", "village") and draw < 0.42:
            closed = reported + timedelta(minutes=int(self.rng.integers(6, 55)), seconds=int(self.rng.integers(60)))
            return {"self_handled": True, "closed_at": closed, "state": self._ended(closed)}
        if draw > 0.955 and channel in ("hotline", "snapshot", "phone", "letter"):
            decided = self._after(reported, DEFAULT["accept"][category.urgency], self._share(0.5, 0.01))
            return {"closed_at": decided, "state": "declined"}
        limits = {stage: DEFAULT[stage][category.urgency] for stage in DEFAULT}
        if category.limit_value:
            limits["handle"] = (float(category.limit_value), category.limit_unit)
        accepted = self._desk(reported, limits["accept"], 0.78)
        filed = accepted + timedelta(minutes=int(self.rng.integers(1, 5 if category.urgency == "U1" else 26)))
        dispatched = self._desk(filed, limits["dispatch"], 0.62)
        due = self.clock.deadline(dispatched, *limits["handle"])
        life: dict[str, Any] = {
            "accepted_at": accepted,
            "filed_at": filed,
            "dispatched_at": dispatched,
            "due_at": due,
            "limits": limits,
        }
        return life | self._handling(life, limits, reported)

    def _handling(
        self, life: dict[str, Any], limits: dict[str, tuple[float, str]], reported: datetime
    ) -> dict[str, Any]:
        away = (reported - self.anchor) / timedelta(days=1)
        draw = self.rng.random()
        if away > -24 and limits["handle"][1] == "work_day" and limits["handle"][0] >= 5 and draw < 0.035:
            return {"state": "suspended", "due_at": life["due_at"] + timedelta(days=30)}  # its clock stands still
        if away > -1.2 and draw > 0.985:
            return {"state": "returned", "return_count": 1}
        if away > -12 and draw > 0.981:
            return {"state": "transferred_up", "due_at": life["due_at"] + timedelta(days=20)}
        long = limits["handle"][1] in ("work_day", "natural_day") and limits["handle"][0] >= 7
        share = self._share(HANDLE_MIDDLE, LATE_SHARE, 0.22 if long else 0.85)
        reworks = int(self.rng.choice([0, 1, 2], p=[0.953, 0.043, 0.004]))
        returns = int(self.rng.choice([0, 1, 2], p=[0.957, 0.039, 0.004]))
        ends = self.finish(life, share * (1 + 0.1 * reworks))
        handled = ends["handled_at"]
        level = 0
        if handled > life["due_at"]:
            level = 3 if share > 3.2 or reworks > 1 or returns > 1 else 2 if share > 2 else 1
        elif share > 0.8 and self.rng.random() < 0.35:
            level = 1
        return ends | {"rework_count": reworks, "return_count": returns, "supervision_level": level}

    def finish(self, life: dict[str, Any], share: float) -> dict[str, Any]:
        """Return the end of a dispatched case that is handled after that share of its limit."""
        limits = life["limits"]
        handled = self._after(life["dispatched_at"], limits["handle"], share)
        inspected = self._after(handled, limits["inspect"], self._share(0.42, 0.008))
        if limits["inspect"][1] == "urgent_hour":  # the duty desk closes it at once, on a Sunday too
            closed = inspected + timedelta(minutes=float(self.rng.integers(2, 20)))
        else:
            closed = self._after(inspected, limits["close"], self._share(0.16, 0.0))
        return {"handled_at": handled, "closed_at": closed, "state": self._ended(closed)}

    def _ended(self, closed: datetime) -> str:
        age = (self.anchor - closed) / timedelta(days=1)
        return "archived" if age > 40 else "evaluated" if age > 2 else "closed"


OPEN_MOST, LATE_MOST = 214, 11


def settle_week(rows: list[dict[str, Any]], life: Life, anchor: datetime) -> None:
    """Shorten lives, in place, until at every hour of the anchor's week not too much is open and only a few are late.

    Chance alone would leave some weeks with twenty late cases: the map of a town that has lost control.
    """
    probes = [anchor + timedelta(hours=h) for h in range(6, 7 * 24, 2)]
    near = [r for r in rows if r.get("limits") and r.get("handled_at") and r["closed_at"] > anchor]
    fixed = sum(1 for r in rows if r["reported_at"] < anchor and not r.get("closed_at"))
    for now in probes:
        late = [r for r in near if r["due_at"] < now < r["handled_at"]]
        for row in sorted(late, key=lambda r: r["handled_at"])[LATE_MOST:]:
            row |= life.finish(row, life.rng.uniform(0.5, 0.95)) | {"supervision_level": 0}
    for now in probes:
        there = [r for r in near if r["reported_at"] <= now < r["closed_at"]]
        short = [r for r in there if r["dispatched_at"] < now and r["handled_at"] <= r["due_at"]]
        surplus = len(there) + fixed - OPEN_MOST
        for row in sorted(short, key=lambda r: r["dispatched_at"])[: max(surplus, 0)]:
            row |= life.finish(row, 0.05) | {"supervision_level": 0}
