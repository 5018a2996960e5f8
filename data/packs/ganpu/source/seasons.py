"""What each day of the demo year was like, and how much of what happens on such a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from frame import stream
from worktime import WorkClock

WEEKS_BEFORE, WEEKS_AFTER = 53, 2


WEEKDAY = (1.06, 1.02, 1.0, 1.02, 1.09, 0.95, 0.86)


@dataclass(frozen=True)
class Day:
    """What a day was like: holiday, rain, storm."""

    day: date
    working: bool
    holiday: bool
    rain: bool
    storm: bool
    cold: bool


def _bump(day: date, middle: int, width: float) -> float:
    away = abs((day.timetuple().tm_yday - middle + 182) % 365 - 182)
    return float(np.exp(-((away / width) ** 2)))


def season(kind: str, d: Day) -> float:
    """Return how often, relative to the year's mean, incidents of a kind happen on a day."""
    free = not d.working
    if kind == "summer":
        return 0.6 + 1.1 * _bump(d.day, 205, 48)
    if kind == "winter":
        return 0.6 + 1.1 * _bump(d.day, 15, 42) + (2.5 if d.cold else 0)
    if kind == "spring":
        return 0.7 + 1.0 * _bump(d.day, 95, 40)
    if kind == "straw":
        return 0.25 + 2.6 * _bump(d.day, 152, 13) + 3.4 * _bump(d.day, 318, 22) * (0.2 if d.rain else 1.0)
    if kind == "dry":
        return 0.4 + 1.2 * _bump(d.day, 345, 50) * (0.1 if d.rain else 1.0)
    if kind == "rain":
        return 0.6 + (2.0 if d.rain else 0.0) + (4.0 if d.storm else 0.0)
    if kind == "typhoon":
        return 0.6 + 0.6 * _bump(d.day, 225, 40) + (7.0 if d.storm else 0.0)
    if kind == "tour":
        months = 0.6 + 0.8 * _bump(d.day, 100, 40) + 0.9 * _bump(d.day, 285, 38)
        return months * (2.6 if d.holiday else 1.9 if free else 0.6) * (0.45 if d.rain else 1.0)
    if kind == "qingming":
        return 0.02 + 9.0 * _bump(d.day, 94, 5)
    if kind == "feast":
        return (1.7 if free else 0.6) * (0.6 + 1.2 * _bump(d.day, 20, 30) + 0.8 * _bump(d.day, 290, 30))
    return 1.0


def days(anchor: date, clock: WorkClock) -> list[Day]:
    """Return the days of the file with their weather; the week of the anchor itself is dry and ordinary."""
    rng, found, wet = stream("weather"), [], 0
    storms = {date(anchor.year, 7, 28), date(anchor.year, 8, 17), date(anchor.year, 9, 16)}
    for k in range(-7 * WEEKS_BEFORE, 7 * WEEKS_AFTER):
        day = anchor + timedelta(days=k)
        if wet == 0 and rng.random() < 0.12 + 0.12 * _bump(day, 165, 20):
            wet = int(rng.integers(1, 5))
        storm = any(0 <= (day - s).days <= 1 for s in storms)
        working = day.isoformat() in clock.workdays
        found.append(
            Day(
                day,
                working,
                not working and day.weekday() < 5,
                (wet > 0 or storm) and not 0 <= k < 7,
                storm,
                day.month == 1 and 12 <= day.day <= 19,
            )
        )
        wet = max(wet - 1, 0)
    return found
