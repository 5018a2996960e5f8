"""The year of the shipped town as the plan reads it, from its file."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from layers.simulation.plan import Past
from tests.layers.incident.closed_loop import table


@cache
def shipped_year() -> tuple[Past, ...]:
    return tuple(
        Past(
            reported_at=datetime.fromisoformat(row["reported_at"]),
            category=row["category"],
            channel=row["channel"],
            title=row["title"],
            description=row["description"],
            lon=float(row["lon"]),
            lat=float(row["lat"]),
            state=row["state"],
            self_handled=row["self_handled"] == "true",
            return_count=int(row["return_count"]),
            rework_count=int(row["rework_count"]),
        )
        for row in table("incidents.csv")
        if row["lon"] and row["category"]
    )
