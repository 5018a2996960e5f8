"""A year of incidents: when, what, where, through which channel, and how each went through the closed loop."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import gcj
import numpy as np
from catalogue import Category
from frame import stream, to_lonlat
from people import person
from whereabouts import Place, Whereabouts
from worktime import ZONE, WorkClock

WEEKS_BEFORE, WEEKS_AFTER = 53, 2
PER_DAY_FIRST, PER_DAY_LAST = 22.0, 56.0  # the year of the roll-out: more and more is reported
WEEKDAY = (1.06, 1.02, 1.0, 1.02, 1.09, 0.95, 0.86)
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
OPENING = {
    "grid_worker": ["网格员走访时发现：", "日常巡格发现，", "", "走访农户时反映："],
    "patrol": ["巡查队巡到此处，", "例行巡查发现：", "夜巡发现，", ""],
    "hotline": ["12345 转述：", "来电人称，", "市民来电：", "热线工单："],
    "snapshot": ["", "随手拍：", "路过看到，", "拍了照片，"],
    "video": ["视频巡查发现，", "监控显示：", "探头抓拍，"],
    "window": ["窗口受理：", "群众到窗口反映，", ""],
    "village": ["村干部反映：", "村里巡查看到，", ""],
    "letter": ["来信反映：", "意见箱来信，"],
    "higher": ["县里交办：", "上级转办件：", "巡察组转来线索："],
    "phone": ["来电反映：", "值班电话接报，", ""],
}
CLOSING = [
    "",
    "",
    "",
    "",
    "请尽快处理。",
    "希望有人来看看。",
    "已拍照。",
    "之前也反映过。",
    "请帮忙联系一下。",
    "已先行劝导。",
    "当事人不在现场。",
    "具体位置见照片。",
    "望回复。",
    "周边住户也有反映。",
]
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
DEFAULT = {
    "accept": {"U1": (0.25, "urgent_hour"), "U2": (1, "work_hour"), "U3": (2, "work_hour"), "U4": (4, "work_hour")},
    "dispatch": {"U1": (0.25, "urgent_hour"), "U2": (1, "work_hour"), "U3": (4, "work_hour"), "U4": (1, "work_day")},
    "handle": {"U1": (2, "urgent_hour"), "U2": (1, "work_day"), "U3": (3, "work_day"), "U4": (10, "work_day")},
    "inspect": {"U1": (2, "urgent_hour"), "U2": (4, "work_hour"), "U3": (1, "work_day"), "U4": (2, "work_day")},
    "close": {"U1": (2, "work_hour"), "U2": (4, "work_hour"), "U3": (1, "work_day"), "U4": (1, "work_day")},
}


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


class Teller:
    """Words for an incident."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def fill(self, text: str, place: Place, category: Category) -> str:
        """Return the text with its slots filled."""
        n = int(self.rng.choice([2, 2, 3, 3, 4, 5, 6, 8]))
        time = str(self.rng.choice(["晚上十点", "半夜", "凌晨一点", "天没亮", "昨晚九点", "十一点多", "早上五点"]))
        thing = str(self.rng.choice(category.objects)) if category.objects else ""
        for big in "十百千":
            text = text.replace("{n}" + big, "零一两三四五六七八"[n] + big if big != "十" or n != 2 else "二十")
        slots = {
            "a": place.address,
            "r": place.road,
            "h": place.hamlet,
            "l": place.landmark,
            "s": place.subject,
            "n2": str(max(1, n - 1)),
            "n": str(n),
            "t": time,
            "x": thing,
        }
        for key, value in slots.items():
            text = text.replace("{" + key + "}", value)
        return DOUBLED.sub(r"\1", text)

    def story(self, place: Place, category: Category, channel: str) -> dict[str, str]:
        """Return a short title, now and then led by the place, and one or two sentences in the voice of the channel."""
        k = int(self.rng.integers(len(category.titles)))
        title, lead = category.titles[k], self.rng.random()
        if lead < 0.2 and category.place in ("house", "farmland", "river", "hill"):
            title = place.hamlet + title
        elif lead < 0.24 and category.place in ("road", "street", "mainroad", "oldtown", "market"):
            title = place.road + title
        body = self.fill(category.details[k], place, category)
        opening, closing = (str(self.rng.choice(texts)) for texts in (OPENING[channel], CLOSING))
        return {"title": title, "description": f"{opening}{body}。{closing}"}


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

    def _share(self, middle: float, late: float) -> float:
        """Return which share of a limit a step took: mostly below one, late with the given chance."""
        if self.rng.random() < late:
            return float(1.03 + self.rng.exponential(0.85))
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
        share = self._share(HANDLE_MIDDLE, LATE_SHARE)
        reworks = int(self.rng.choice([0, 1, 2], p=[0.95, 0.042, 0.008]))
        returns = int(self.rng.choice([0, 1, 2], p=[0.955, 0.038, 0.007]))
        ends = self.finish(life, share * (1 + 0.1 * reworks))
        handled = ends["handled_at"]
        level = 0
        if handled > life["due_at"]:
            level = 3 if share > 2 or reworks > 1 or returns > 1 else 2 if share > 1.5 else 1
        elif share > 0.8 and self.rng.random() < 0.35:
            level = 1
        return ends | {"rework_count": reworks, "return_count": returns, "supervision_level": level}

    def finish(self, life: dict[str, Any], share: float) -> dict[str, Any]:
        """Return the end of a dispatched case that is handled after that share of its limit."""
        limits = life["limits"]
        handled = self._after(life["dispatched_at"], limits["handle"], share)
        inspected = self._after(handled, limits["inspect"], self._share(0.42, 0.008))
        closed = self._after(inspected, limits["close"], self._share(0.16, 0.0))
        return {"handled_at": handled, "closed_at": closed, "state": self._ended(closed)}

    def _ended(self, closed: datetime) -> str:
        age = (self.anchor - closed) / timedelta(days=1)
        return "archived" if age > 40 else "evaluated" if age > 2 else "closed"


# "对面门口" and the like, where an address that already says where meets a sentence that says it again
DOUBLED = re.compile(r"(段|附近|旁边|对面|门前|路口|米|面田里|后山|后面|机耕路边)(?:门口|前|附近|旁边|一带)")
HANDLE_MIDDLE, LATE_SHARE = 0.76, 0.042
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
