"""A year of incidents: when, what, where, and through which channel they were reported."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import gcj
import numpy as np
from catalogue import Category
from frame import stream, to_lonlat
from lives import Life, settle_week
from people import person
from seasons import WEEKDAY, WEEKS_AFTER, WEEKS_BEFORE, Day, days, season
from telling import Teller
from whereabouts import Place, Whereabouts
from worktime import ZONE, WorkClock

PER_DAY_FIRST, PER_DAY_LAST = 22.0, 56.0  # the year of the roll-out: more and more is reported


HOURS = {
    "day": [1, 1, 0, 0, 0, 2, 5, 9, 14, 15, 13, 9, 6, 8, 12, 13, 12, 10, 8, 7, 6, 4, 3, 1],
    "work": [0, 0, 0, 0, 0, 0, 1, 5, 17, 20, 17, 9, 3, 9, 17, 18, 14, 7, 3, 2, 1, 1, 0, 0],
    "morning": [0, 0, 0, 0, 1, 4, 10, 18, 20, 16, 10, 6, 4, 5, 6, 6, 5, 4, 3, 3, 2, 1, 1, 0],
    "evening": [2, 1, 0, 0, 0, 1, 2, 4, 5, 5, 5, 5, 5, 5, 5, 6, 8, 13, 19, 22, 18, 12, 7, 4],
    "night": [9, 6, 4, 2, 1, 1, 2, 4, 6, 6, 5, 4, 3, 3, 4, 4, 4, 5, 7, 10, 14, 18, 20, 15],
    "market": [0, 0, 0, 0, 2, 8, 18, 22, 18, 11, 7, 5, 3, 3, 5, 9, 13, 14, 10, 8, 6, 4, 2, 0],
    "rush": [1, 1, 0, 0, 0, 2, 7, 18, 15, 8, 6, 7, 6, 6, 7, 9, 15, 19, 12, 7, 5, 3, 2, 1],
    "noon": [1, 0, 0, 0, 0, 1, 2, 4, 6, 9, 14, 20, 19, 12, 8, 7, 8, 12, 13, 9, 6, 3, 2, 1],
    "afternoon": [0, 0, 0, 0, 0, 1, 2, 3, 5, 7, 8, 8, 9, 13, 18, 20, 19, 15, 9, 5, 3, 2, 1, 0],
    "tourday": [0, 0, 0, 0, 1, 2, 4, 6, 11, 18, 21, 18, 15, 17, 19, 17, 12, 8, 5, 4, 3, 2, 1, 0],
}


# channel: weight by day, when it is used at all (first hour, last hour), accuracy of the place in metres
CHANNELS = {
    "grid_worker": (36, 7, 19, (4, 15)),
    "patrol": (16, 7, 20, (4, 14)),
    "hotline": (17, 0, 23, (50, 200)),
    "snapshot": (13, 6, 22, (10, 60)),
    "video": (7, 0, 23, (5, 10)),
    "window": (5, 8, 16, (30, 150)),
    "village": (6, 7, 20, (10, 40)),
    "letter": (1.2, 9, 16, (100, 300)),
    "higher": (2.2, 8, 17, (50, 200)),
    "phone": (3, 7, 21, (50, 200)),
}


SPOKEN = ("hotline", "phone", "letter", "higher")


# What a caller says when nobody asks back; such reports wait until someone finds the place on the map.
VAGUE = [
    "桥头那边",
    "三组路口",
    "老地方小店旁边",
    "我家后面的河边",
    "徐家门口",
    "从镇上过来第二个弯",
    "海边厂子门口",
    "村里大樟树底下",
]


def _channel(hour: int, category: Category, working: bool, rng: np.random.Generator) -> str:
    names = list(CHANNELS)
    weight = []
    for name in names:
        base, first, last, _ = CHANNELS[name]
        use = base if first <= hour <= last else base * 0.04
        if name in ("window", "letter", "higher") and not working:
            use = 0.0
        if name == "patrol" and category.platform in ("service", "public_order"):
            use *= 0.4
        if name == "window" and category.place == "hall":
            use *= 9
        if name in ("grid_worker", "patrol", "video") and category.place == "hall":
            use *= 0.1
        if name == "video" and category.place not in ("road", "street", "mainroad", "market", "tourist", "lake"):
            use *= 0.15
        weight.append(use)
    total = np.array(weight)
    return names[int(rng.choice(len(names), p=total / total.sum()))]


COLUMNS = [
    "id",
    "case_no",
    "title",
    "description",
    "category",
    "platform",
    "lead_org",
    "urgency",
    "state",
    "channel",
    "occurred_at",
    "reported_at",
    "accepted_at",
    "filed_at",
    "dispatched_at",
    "handled_at",
    "closed_at",
    "due_at",
    "address",
    "plate_id",
    "lon",
    "lat",
    "crs",
    "accuracy_m",
    "reporter_name",
    "reporter_phone",
    "self_handled",
    "rework_count",
    "return_count",
    "supervision_level",
]


def incident_rows(
    catalogue: list[Category], where: Whereabouts, clock: WorkClock, anchor: datetime, village_at: Any
) -> list[dict[str, Any]]:
    """Return the rows of incidents.csv in the order of their reports.

    village_at : function of local x, y to the code of the organisation of that village (or None).
    """
    rng = stream("incidents")
    life, teller = Life(clock, rng, anchor), Teller(rng)
    raw: list[dict[str, Any]] = []
    span = 7.0 * (WEEKS_BEFORE + WEEKS_AFTER)
    for k, d in enumerate(days(anchor.date(), clock)):
        expected = PER_DAY_FIRST + (PER_DAY_LAST - PER_DAY_FIRST) * min(1.0, k / (span - 20)) ** 0.8
        weight = np.array([c.weight * season(c.season, d) for c in catalogue])
        base = np.array([c.weight for c in catalogue])
        mood = float(np.clip(weight.sum() / base.sum(), 0.75, 2.2)) ** 0.8
        count = int(rng.poisson(expected * WEEKDAY[d.day.weekday()] * mood * (0.85 if d.holiday else 1.0)))
        for j in rng.choice(len(catalogue), count, p=weight / weight.sum()):
            category = catalogue[int(j)]
            hours = np.array(HOURS[category.hours], dtype=float)
            hour = int(rng.choice(24, p=hours / hours.sum()))
            reported = datetime(
                d.day.year, d.day.month, d.day.day, hour, int(rng.integers(60)), int(rng.integers(60)), tzinfo=ZONE
            )
            place = where.draw(category.place, category.name, rng)
            row = _row(category, place, reported, d, life, teller, rng, village_at)
            raw.append(row)
            if rng.random() < 0.022 and not row["self_handled"]:
                raw.append(_again(row, category, place, life, teller, rng))
    settle_week(raw, life, anchor)
    raw.sort(key=lambda r: (r["reported_at"], r["id"]))
    _number(raw)
    return [
        {**row, **{c: row[c].isoformat(timespec="seconds") for c in COLUMNS if isinstance(row.get(c), datetime)}}
        for row in raw
    ]


def _row(
    category: Category,
    place: Place,
    reported: datetime,
    d: Day,
    life: Life,
    teller: Teller,
    rng: np.random.Generator,
    village_at: Any,
) -> dict[str, Any]:
    channel = _channel(reported.hour, category, d.working, rng)
    told = life.of(category, channel, reported)
    lag = {"hotline": 45, "letter": 2900, "higher": 1500, "window": 700}.get(channel, 12)
    occurred = reported - timedelta(minutes=float(round(rng.exponential(lag), 0)) + 1)
    row = {
        **teller.story(place, category, channel),
        "category": category.code,
        "platform": category.platform,
        "urgency": category.urgency,
        "channel": channel,
        "lead_org": category.lead_org,
        "occurred_at": occurred,
        "reported_at": reported,
        "address": place.address,
        "plate_id": place.plate_id,
        "self_handled": False,
        "rework_count": 0,
        "return_count": 0,
        "supervision_level": 0,
    }
    row |= told
    if row["self_handled"]:
        row["lead_org"] = village_at(place.x, place.y) or category.lead_org
    row |= _position(place.x, place.y, channel, reported > life.anchor - timedelta(days=4), rng) | _reporter(
        channel, category, rng
    )
    row["id"] = _uuid7(reported, rng)
    return row


def _position(x: float, y: float, channel: str, recent: bool, rng: np.random.Generator) -> dict[str, Any]:
    """Return where the report says it is: a coordinate in the system it came in, or none where only words came in.

    Reports of earlier weeks all have one: somebody has found their place since.
    """
    if channel in SPOKEN and recent:
        draw = rng.random()
        if draw < 0.13:
            told: dict[str, Any] = {"lon": None, "lat": None, "crs": None, "accuracy_m": None}
            return told | ({"address": str(rng.choice(VAGUE)), "plate_id": ""} if draw < 0.03 else {"plate_id": ""})
    ((lon, lat),) = to_lonlat(np.array([(x, y)]))
    low, high = CHANNELS[channel][3]
    crs = "wgs84"
    if channel in ("snapshot", "hotline") and rng.random() < 0.4:  # came through a map service
        lon, lat = gcj.from_wgs84(float(lon), float(lat))
        crs = "gcj02"
    accuracy_m = int(rng.integers(low, high + 1))
    return {"lon": round(float(lon), 7), "lat": round(float(lat), 7), "crs": crs, "accuracy_m": accuracy_m}


def _reporter(channel: str, category: Category, rng: np.random.Generator) -> dict[str, Any]:
    if channel in ("video", "higher") or (channel in ("letter", "snapshot") and rng.random() < 0.5):
        return {"reporter_name": "", "reporter_phone": ""}
    return {
        "reporter_name": person(rng),
        "reporter_phone": f"1{rng.choice([33, 35, 36, 38, 39, 50, 57, 58, 80, 87])}****{int(rng.integers(10_000)):04d}",
    }


def _again(
    row: dict[str, Any], category: Category, place: Place, life: Life, teller: Teller, rng: np.random.Generator
) -> dict[str, Any]:
    """Return a second report of the same thing: within 50 m and a day, other words; old ones were merged."""
    reported = row["reported_at"] + timedelta(minutes=float(rng.integers(6, 420)))
    channel = str(rng.choice(["hotline", "snapshot", "phone", "village"]))
    old = reported < life.anchor - timedelta(days=1)
    told = (
        {"closed_at": reported + timedelta(minutes=float(rng.integers(9, 70))), "state": "merged"}
        if old
        else life.of(category, channel, reported)
    )
    twin = {
        **row,
        "accepted_at": None,
        "filed_at": None,
        "dispatched_at": None,
        "handled_at": None,
        "closed_at": None,
        "due_at": None,
        "self_handled": False,
        "rework_count": 0,
        "return_count": 0,
        "supervision_level": 0,
        **told,
        "channel": channel,
        **teller.story(place, category, channel),
        "reported_at": reported,
        "occurred_at": row["occurred_at"],
        "id": _uuid7(reported, rng),
    }
    if old:
        twin.pop("limits", None)
    return (
        twin
        | _position(place.x + rng.normal(0, 14), place.y + rng.normal(0, 14), channel, False, rng)
        | _reporter(channel, category, rng)
    )


def _uuid7(moment: datetime, rng: np.random.Generator) -> str:
    """Return a version 7 id of the moment, from the seeded stream."""
    millis = int(moment.timestamp() * 1000)
    value = (
        (millis << 80) | (0x7 << 76) | (int(rng.integers(1 << 12)) << 64) | (0b10 << 62) | int(rng.integers(1 << 62))
    )
    return str(uuid.UUID(int=value))


def _number(rows: list[dict[str, Any]]) -> None:
    serial: dict[str, int] = {}
    for row in rows:
        day = row["reported_at"].strftime("%Y%m%d")
        serial[day] = serial.get(day, 0) + 1
        row["case_no"] = f"330424105{day}{serial[day]:04d}"
