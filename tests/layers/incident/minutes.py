"""A clock that counts minute after minute, as a second method beside `layers.incident.timing`. Whole minutes only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from layers.incident.timing import Limit
from tests.layers.incident.closed_loop import SHANGHAI, table

MINUTE = timedelta(minutes=1)
FIRST, LAST = date(2024, 1, 1), date(2029, 12, 31)
PER_UNIT = {"urgent_hour": 60, "work_hour": 60, "work_day": 480, "natural_day": 1440}


class Minutes:
    """All minutes from 2024 on, each with whether somebody works in it."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        known = {row["day"]: row["periods"] for row in rows}
        self.works = bytearray(1440 * ((LAST - FIRST).days + 1))
        for n in range((LAST - FIRST).days + 1):
            day = FIRST + timedelta(days=n)
            usual = "08:00-12:00;14:00-18:00" if day.weekday() < 5 else ""
            for period in filter(None, known.get(day.isoformat(), usual).split(";")):
                opens, closes = (1440 * n + 60 * int(text[:2]) + int(text[3:]) for text in period.split("-"))
                for minute in range(opens, closes):
                    self.works[minute] = 1

    def index(self, moment: datetime) -> int:
        """The number of the minute that begins at ``moment``."""
        return (moment - datetime(2024, 1, 1, tzinfo=SHANGHAI)) // MINUTE

    def moment(self, index: int) -> datetime:
        """When a minute begins."""
        return datetime(2024, 1, 1, tzinfo=SHANGHAI) + index * MINUTE

    def worked(self, start: datetime, end: datetime) -> int:
        """Work minutes between two moments."""
        return sum(self.works[self.index(start) : self.index(end)])

    def due(self, start: datetime, parts: Iterable[Limit], stops: Sequence[tuple[datetime, datetime]] = ()) -> datetime:
        """When the parts are used up, one after the other, if no minute of a stop counts."""
        here, stopped = self.index(start), [(self.index(a), self.index(b)) for a, b in stops]
        for part in parts:
            left = part.value * PER_UNIT[part.unit]
            assert left == left.to_integral_value(), "whole minutes only"
            continuous = part.unit in ("urgent_hour", "natural_day")
            while left:
                stop = next((b for a, b in stopped if a <= here < b), None)
                if stop is not None:
                    here = stop
                    continue
                if continuous or self.works[here]:
                    left -= 1
                here += 1
        # nothing is left when it stops now, and nothing more when it goes on
        return self.moment(next((b for a, b in stopped if a <= here < b), here))


TOWN = Minutes(table("calendar.csv"))


def whole(
    limits: Mapping[tuple[str, str], Limit], urgency: str, handle: Limit | None = None, *more: Limit
) -> list[Limit]:
    """The limits that the clock of a whole case uses up."""
    own = handle or limits["handle", urgency]
    return [
        limits["accept", urgency], limits["dispatch", urgency], own, *more, limits["inspect", urgency], limits["close", urgency],
    ]  # fmt: skip


def scaled(parts: Iterable[Limit], factor: str) -> list[Limit]:
    """The limits times a factor."""
    return [Limit(part.value * Decimal(factor), part.unit) for part in parts]
