"""The demo town's incidents: where they lie, the rhythm of the year, and how busy any hour is."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest
import shapely

from tests.packs.ganpu import TOWN, anchor_of_the_pack, areas, codes, table


@cache
def reported() -> list[datetime]:
    return [datetime.fromisoformat(row["reported_at"]) for row in table("incidents")]


def test_incidents_are_enough_and_lie_in_the_town() -> None:
    rows = [row for row in table("incidents") if row["crs"] == "wgs84"]
    assert len(table("incidents")) >= 8_000
    town = areas("town")[TOWN]
    lon, lat = (np.array([float(row[c]) * 1e7 for row in rows]) for c in ("lon", "lat"))
    assert shapely.contains_xy(town, lon, lat).all()


def test_times_ascend_and_case_numbers_follow_the_day() -> None:
    stages = ("occurred_at", "reported_at", "accepted_at", "filed_at", "dispatched_at", "handled_at", "closed_at")
    assert len(codes("incidents", "case_no")) == len(codes("incidents", "id")) == len(table("incidents"))
    for row in table("incidents"):
        times = [datetime.fromisoformat(row[s]) for s in stages if row[s]]
        assert times == sorted(times), row["case_no"]
        assert row["case_no"].startswith(TOWN + row["reported_at"][:10].replace("-", ""))


def test_the_year_has_its_rhythm() -> None:
    hours = Counter(moment.hour for moment in reported())
    assert min(hours[h] for h in range(8, 18)) > 3 * max(hours[h] for h in range(1, 5))
    names = {row["code"]: row["name"] for row in table("categories")}
    by_name: dict[str, list[datetime]] = defaultdict(list)
    for row, moment in zip(table("incidents"), reported(), strict=True):
        by_name[names[row["category"]]].append(moment)
    parking = Counter(moment.weekday() >= 5 for moment in by_name["机动车乱停"])
    assert parking[True] / 2 > 1.5 * parking[False] / 5  # the lake on weekends
    burning = Counter(moment.month for moment in by_name["露天焚烧秸秆垃圾"])
    assert burning[11] + burning[6] > 3 * (burning[2] + burning[8])
    stalls = Counter(moment.hour for moment in by_name["流动摊占道"])
    assert stalls.most_common(1)[0][0] in (6, 7, 8)


def test_places_have_hot_spots() -> None:
    """The densest hundredth of 250 m cells with any incident holds far more than a hundredth of all."""
    cells = Counter(
        (int(float(row["lon"]) * 96_105 // 250), int(float(row["lat"]) * 110_857 // 250))
        for row in table("incidents")
        if row["lon"]
    )
    top = cells.most_common(max(len(cells) // 100, 1))
    assert sum(count for _, count in top) > 0.06 * sum(cells.values())


@pytest.mark.parametrize("hours", [10, 34.5, 58, 83, 106.5, 130, 154.5])
def test_at_any_hour_of_the_week_the_town_is_busy_but_in_hand(hours: float) -> None:
    now = anchor_of_the_pack() + timedelta(hours=hours)
    known = [row for row, moment in zip(table("incidents"), reported(), strict=True) if moment <= now]
    ahead = [row for row in known if not row["closed_at"] or datetime.fromisoformat(row["closed_at"]) > now]
    late = [
        row
        for row in ahead
        if row["due_at"]
        and datetime.fromisoformat(row["due_at"]) < now
        and not (row["handled_at"] and datetime.fromisoformat(row["handled_at"]) <= now)
    ]
    assert 120 <= len(ahead) <= 230
    assert 3 <= len(late) <= 14
    assert {row["platform"] for row in ahead} == codes("platforms")


def test_each_day_after_the_anchor_has_its_reports() -> None:
    anchor = anchor_of_the_pack()
    per_day = Counter((moment - anchor).days for moment in reported() if moment >= anchor)
    assert set(per_day) == set(range(14))
    assert all(25 <= count <= 95 for count in per_day.values()), per_day
    assert anchor.weekday() == 0
    assert (anchor - reported()[0]).days >= 364


def test_texts_are_of_many_kinds() -> None:
    rows = table("incidents")
    assert len({row["title"] for row in rows}) > 1_000
    assert len({row["description"] for row in rows}) > 0.7 * len(rows)
    assert not any("{" in row["title"] + row["description"] + row["address"] for row in rows)
    assert len({row["channel"] for row in rows}) >= 8
