"""Which reports come in, when and where, and what will become of each: drawn from a town's own past cases. Pure, seeded.

Nothing of the rhythm is written here: how many an hour of a weekday brings, of what, where and by which channel is what
the past had. Each report lives the life of a past one again; what the past does not tell is drawn by `Habits`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
# Past cases of the same time of the year count so many times.
SEASON_DAYS, SEASON_WEIGHT = 45, 3
METRES_PER_DEGREE = 111_320


@dataclass(frozen=True)
class Past:
    """One case of the past. ``lon``, ``lat`` in degrees (EPSG:4490).

    Attributes
    ----------
    handle_share
        How much of its time the handling took: over 1 it was late. None where that is not known.
    """

    reported_at: datetime
    category: str
    channel: str
    title: str
    description: str
    lon: float
    lat: float
    grid_id: int | None = None
    state: str = "archived"
    self_handled: bool = False
    return_count: int = 0
    rework_count: int = 0
    handle_share: float | None = None


@dataclass(frozen=True)
class Habits:
    """How often people do what the past does not tell, as shares of the cases, and how slow a slow one is."""

    asks_to_verify: float = 0.08
    withdraws: float = 0.01
    asks_for_time: float = 0.06
    asks_to_suspend: float = 0.04
    goes_to_county: float = 0.02
    photographs_far_away: float = 0.05
    stays_silent: float = 0.25
    is_dissatisfied: float = 0.06
    median_share: float = 0.35
    slowest_share: float = 3.0


@dataclass(frozen=True)
class Fate:
    """What will become of a case, as far as people decide it. Shares are of the limit of a stage."""

    declined: bool = False
    merged: bool = False
    self_handled: bool = False
    verified: bool = False
    withdrawn: bool = False
    returns: int = 0
    reworks: int = 0
    extension: bool = False
    suspension: bool = False
    county: bool = False
    far_photo: bool = False
    silent: bool = False
    dissatisfied: bool = False
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A report to come. ``twin_of`` is the index of the planned report it repeats."""

    at: datetime
    past: Past
    lon: float
    lat: float
    fate: Fate
    twin_of: int | None = None


def plan(
    past: Sequence[Past], start: datetime, end: datetime, zone: ZoneInfo, seed: int, habits: Habits | None = None
) -> list[Planned]:
    """Return the reports between two moments, in order; the same seed gives the same ones.

    Parameters
    ----------
    past
        At least one case; their days set the rhythm.
    zone
        Of the town: hours and weekdays are those of its clocks.
    """
    habits = habits or Habits()
    rhythm, by_hour = _rhythm(past, zone), _by_hour(past, zone)
    found: list[Planned] = []
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        # dice of its own for each hour: where a run begins and ends changes nothing
        rng = random.Random(f"{seed} {hour.isoformat()}")
        for at in _moments(rhythm, hour, zone, rng):
            like = _alike(by_hour, at.astimezone(zone), rng, zone)
            told = _told(at, like, rng, habits)
            if start <= at < end:
                found += [replace(one, twin_of=len(found)) if n else one for n, one in enumerate(told) if one.at < end]
        hour += HOUR
    return found


def _told(at: datetime, like: Past, rng: random.Random, habits: Habits) -> list[Planned]:
    """A report; where it is to be merged, the first one of the same thing and then this one."""
    fate = fate_of(like, rng, habits)
    lon, lat = near(like.lon, like.lat, 40, rng)
    if not fate.merged:
        return [Planned(at, like, lon, lat, fate)]
    again = at + timedelta(minutes=rng.uniform(4, 60))
    first = fate_of(like, rng, habits, merged=False)
    return [Planned(at, like, lon, lat, first), Planned(again, like, *near(lon, lat, 15, rng), fate)]


def expected(past: Sequence[Past], zone: ZoneInfo) -> Mapping[tuple[int, int], float]:
    """Return how many reports an hour of a weekday (Monday 0) brings on average: ``{(weekday, hour): n}``."""
    return _rhythm(past, zone)


def _rhythm(past: Sequence[Past], zone: ZoneInfo) -> dict[tuple[int, int], float]:
    local = [case.reported_at.astimezone(zone) for case in past]
    first, last = min(local).date(), max(local).date()
    days = Counter((first + timedelta(days=n)).weekday() for n in range((last - first).days + 1))
    hours = Counter((at.weekday(), at.hour) for at in local)
    return {key: count / days[key[0]] for key, count in hours.items()}


def _by_hour(past: Sequence[Past], zone: ZoneInfo) -> dict[int, list[Past]]:
    found: dict[int, list[Past]] = {}
    for case in past:
        found.setdefault(case.reported_at.astimezone(zone).hour, []).append(case)
    return found


def _moments(
    rhythm: Mapping[tuple[int, int], float], hour: datetime, zone: ZoneInfo, rng: random.Random
) -> list[datetime]:
    """Moments of one hour, as a Poisson process has them."""
    local = hour.astimezone(zone)
    rate = rhythm.get((local.weekday(), local.hour))
    if not rate:
        return []
    found, at = [], hour + HOUR * rng.expovariate(rate)
    while at < hour + HOUR:
        found.append(at)
        at += HOUR * rng.expovariate(rate)
    return found


def _alike(by_hour: Mapping[int, list[Past]], at: datetime, rng: random.Random, zone: ZoneInfo) -> Past:
    """A past case of this hour, rather of this time of the year."""
    there = by_hour[at.hour]
    for _ in range(SEASON_WEIGHT - 1):
        case = rng.choice(there)
        if _days_apart(case.reported_at.astimezone(zone).date(), at.date()) <= SEASON_DAYS:
            return case
    return rng.choice(there)


def _days_apart(one: date, other: date) -> int:
    apart = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(apart, 365 - apart)


def near(lon: float, lat: float, within_m: float, rng: random.Random) -> tuple[float, float]:
    """Return a place at most about so many metres away (degrees in, degrees out)."""
    reach = within_m / METRES_PER_DEGREE / 1.5
    return round(lon + rng.uniform(-reach, reach), 7), round(lat + rng.uniform(-reach, reach), 7)


def fate_of(past: Past, rng: random.Random, habits: Habits, merged: bool | None = None) -> Fate:
    """Return what will become of a case that is like a past one."""
    return Fate(
        declined=past.state == "declined",
        merged=past.state == "merged" if merged is None else merged,
        self_handled=past.self_handled,
        returns=past.return_count,
        reworks=past.rework_count,
        verified=rng.random() < habits.asks_to_verify,
        withdrawn=rng.random() < habits.withdraws,
        extension=rng.random() < habits.asks_for_time,
        suspension=past.state == "suspended" or rng.random() < habits.asks_to_suspend,
        county=past.state == "transferred_up" or rng.random() < habits.goes_to_county,
        far_photo=rng.random() < habits.photographs_far_away,
        silent=rng.random() < habits.stays_silent,
        dissatisfied=rng.random() < habits.is_dissatisfied,
        shares={**_shares(rng, habits), **_handle_share(past, habits)},
    )


def _shares(rng: random.Random, habits: Habits) -> dict[str, float]:
    """How much of each stage's limit is used: mostly a third of it, seldom more than all of it."""
    names = ("accept", "file", "dispatch", "sign", "handle", "inspect", "close", "reply", "decide", "evaluate")
    return {name: min(habits.slowest_share, habits.median_share * rng.lognormvariate(0, 0.6)) for name in names}


def _handle_share(past: Past, habits: Habits) -> dict[str, float]:
    return {} if past.handle_share is None else {"handle": min(habits.slowest_share, max(0.02, past.handle_share))}
