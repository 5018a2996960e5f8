"""Figures and checks of a draft: the same as a plain count in SQL, whatever was drawn and in whatever order it was counted."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import numpy as np
import pyproj
import pytest
import shapely
from sqlalchemy import text

from layers.planning import points
from layers.planning.effects import shape_of
from tests.api.test_plan import A1, A2, B1, B2, DIAGONAL, LOWER, UPPER, bend, cut, done, draw, opened, step_of
from tests.scopes import every_scope
from tests.small_town import LAKE, VILLAGES, SmallTown

# On borders and corners of today and of the drafts, where the rule of the lowest code decides.
AWKWARD = (
    (120.89, 30.405), (120.89, 30.41), (120.893, 30.405), (120.90, 30.41), (120.8915, 30.4025), (120.895, 30.405),
    (120.88, 30.40), (120.887, 30.415), (120.91, 30.42), (120.885, 30.41),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def filled(shared_web, small_town: SmallTown) -> None:
    """Addresses, entities and incidents at random places, and on every awkward one."""
    rng = random.Random(5)
    places = [*AWKWARD * 3, *((120.88 + rng.random() * 0.03, 30.40 + rng.random() * 0.02) for _ in range(400))]
    with shared_web.state.database.transaction(every_scope(small_town)["system"]) as session:
        for n, (lon, lat) in enumerate(places):
            params = {"t": small_town.town_id, "n": n, "lon": lon, "lat": lat, "households": n % 7}
            if n % 3 == 0:
                statement = (
                    "insert into address (town_id, plate_id, households, geom) values (:t, 'P' || :n, :households,"
                    " st_setsrid(st_makepoint(:lon, :lat), 4490))"
                )
            elif n % 3 == 1:
                statement = (
                    "insert into market_entity (town_id, uscc, name, kind, status, geom) values (:t, 'U' || :n, 'x', 'catering',"
                    " case when :n % 5 = 0 then 'closed' else 'active' end, st_setsrid(st_makepoint(:lon, :lat), 4490))"
                )
            else:
                body = {
                    "title": "件", "channel": "phone", "lon": lon, "lat": lat, "reporter": {"name": "王", "phone": "1"},
                    "now": "2026-11-01T00:00:00Z" if n % 2 else "2025-03-17T06:32:00Z",
                }  # fmt: skip
                session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)})
                continue
            session.execute(text(statement), params)


COUNT = """
    with leaf as (select key as code, st_setsrid(st_geomfromgeojson(value), 4490) as geom from jsonb_each_text(cast(:leaves as jsonb))),
    place as (
        select geom, households as n, 'households' as figure from address where town_id = :town
        union all select geom, 1, 'entities' from market_entity where town_id = :town and status <> 'closed'
        union all select geom, 1, 'incidents_90d' from incident where town_id = :town and reported_at >= now() - interval '90 days'
        union all select geom, 1, 'open_incidents' from incident where town_id = :town and is_open)
    select l.code, figure, sum(n)::int as n from place p cross join lateral (
        select code from leaf where st_intersects(leaf.geom, p.geom) order by code collate "C" limit 1) l
    group by l.code, figure
"""


def counted(web, town: SmallTown, browser, plan) -> dict[tuple[str, str], int]:
    """What SQL counts in the leaves that the plan's page is given."""
    areas = done(browser.get(f"/api/v1/plans/{plan}/areas"))["features"]
    leaves = {one["id"]: json.dumps(one["geometry"]) for one in areas if one["properties"]["is_leaf"]}
    with web.state.database.transaction(every_scope(town)["system"]) as session:
        rows = session.execute(text(COUNT), {"leaves": json.dumps(leaves), "town": town.town_id})
        return {(row.code, row.figure): row.n for row in rows if row.n}


def told(browser, plan) -> dict[tuple[str, str], int]:
    """What the plan's figures say of its leaves."""
    figures = done(browser.get(f"/api/v1/plans/{plan}/effects"))["areas"]
    return {
        (one["code"], name): one[name][1]
        for one in figures
        for name in ("households", "entities", "incidents_90d", "open_incidents")
        if one["level"] != "village" and one[name][1]
    }


STEPS = (
    LOWER,
    UPPER,
    cut(B1, (120.893, 30.405), (120.90, 30.41)),
    {"kind": "merge", "codes": [A1, B1], "into": A1},
    {"kind": "hand_over", "polygons": [[[[120.8875, 30.4125], [120.905, 30.4125], [120.905, 30.417], [120.8875, 30.417]]]], "to": A2},
    cut(LAKE, (120.90, 30.41), (120.91, 30.42)),
    bend(A1, A2, (120.88, 30.41), (120.885, 30.4105), (120.89, 30.41)),
)  # fmt: skip


@pytest.mark.parametrize("every", [1, 3, 99])
def test_figures_of_a_draft_are_those_that_sql_counts(shared_web, small_town, every, monkeypatch):
    """Counted after each step, after every third, and only at the end: then all leaves between are caught up with."""
    planner = shared_web.browser("planner")
    plan = opened(planner)
    start = told(planner, plan)
    assert start == counted(shared_web, small_town, planner, plan)
    monkeypatch.setattr("layers.planning.answer.effects", SimpleNamespace(between=lambda *_: {}))
    monkeypatch.setattr("layers.planning.answer.checks", SimpleNamespace(of_state=lambda *_: []))
    for version, operation in enumerate(STEPS):
        done(draw(planner, plan, version, operation))
        if version % every == every - 1:
            assert told(planner, plan) == counted(shared_web, small_town, planner, plan), operation
    assert told(planner, plan) == counted(shared_web, small_town, planner, plan)
    assert told(planner, plan) != start


def test_only_leaves_that_were_touched_are_counted_again(shared_web, monkeypatch):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    told(planner, plan)
    looked_up = []
    among = points._among

    def counting(part, codes, lon, lat):
        looked_up.append((set(codes), len(lon)))
        return among(part, codes, lon, lat)

    monkeypatch.setattr(points, "_among", counting)
    done(draw(planner, plan, 0, cut(LAKE, (120.90, 30.40), (120.91, 30.42))))
    assert looked_up
    assert all(not codes & {A1, A2} for codes, _ in looked_up)


def test_an_edit_tells_the_figures_of_what_it_touched(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    made = done(draw(planner, plan, 0, DIAGONAL))
    whole = {one["code"]: one for one in done(planner.get(f"/api/v1/plans/{plan}/effects"))["areas"]}
    new = f"{VILLAGES[1]}003"
    assert {one["code"] for one in made["effects"]["areas"]} == {B1, new}
    assert all(one == whole[one["code"]] for one in made["effects"]["areas"])
    assert whole[new]["households"][0] is None
    assert whole[new]["area_m2"][1] + whole[B1]["area_m2"][1] == pytest.approx(whole[B1]["area_m2"][0], rel=1e-6)
    assert whole[VILLAGES[1]]["households"][0] == whole[VILLAGES[1]]["households"][1]
    assert made["effects"]["sum"]["households"][0] == made["effects"]["sum"]["households"][1] > 0
    old, draft = made["effects"]["spread"]["households"]
    assert old != draft


def test_shapes_are_measured_as_known_ones_are():
    """A square: π/4 by perimeter, 2/π by circle. The disc: both near 1. Metres, not degrees."""
    to_degrees = pyproj.Transformer.from_crs(4549, 4490, always_xy=True)
    square = shapely.transform(
        shapely.MultiPolygon([shapely.box(589_000, 3_364_000, 590_000, 3_365_000)]),
        lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])),
    )
    found = shape_of(square, "EPSG:4549")
    assert found == {"area_m2": 1_000_000.0, "compactness": 0.7854, "reock": 0.6366, "parts": 1}


def levels(checks):
    return {(one["level"], one["code"]): one for one in checks}


def test_checks_say_what_is_missing_what_moved_and_what_holds(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    first = levels(done(planner.get(f"/api/v1/plans/{plan}/checks"))["checks"])
    assert {code for level, code in first if level == "red"} == set()
    assert {("green", "no_gap"), ("green", "no_overlap"), ("green", "in_one_village")} <= set(first)
    made = levels(done(draw(planner, plan, 0, LOWER))["checks"])
    border = made["amber", "village_border"]
    assert border["codes"] == list(VILLAGES)
    assert border["places"]["features"][0]["geometry"]["coordinates"][1] == [120.893, 30.405]
    made = levels(done(draw(planner, plan, 1, cut(B2, (120.89, 30.41), (120.90, 30.42))))["checks"])
    assert made["red", "unnamed"]["codes"] == [f"{VILLAGES[1]}003"]
    refused = step_of(planner, plan, "submit")
    assert (refused.status_code, refused.json["code"]) == (409, "plan.red")
    assert [check["code"] for check in refused.json["detail"]["checks"]] == ["unnamed"]
    named = {"kind": "describe", "code": f"{VILLAGES[1]}003", "values": {"name": "乙村第 3 网格"}}
    assert ("red", "unnamed") not in levels(done(draw(planner, plan, 2, named))["checks"])
    assert done(step_of(planner, plan, "submit"))["state"] == "in_review"


def test_a_leaf_torn_in_two_and_a_cut_building_are_amber(shared_web, small_town):
    with shared_web.state.database.transaction(every_scope(small_town)["system"]) as session:
        session.execute(
            text(
                "insert into base_feature (town_id, theme, kind, geom) values (:t, 'building', 'house',"
                " st_setsrid(st_makeenvelope(120.8930, 30.4035, 120.8950, 30.4045), 4490))"
            ),
            {"t": small_town.town_id},
        )
    planner = shared_web.browser("planner")
    plan = opened(planner)
    assert ("amber", "buildings") not in levels(done(planner.get(f"/api/v1/plans/{plan}/checks"))["checks"])
    made = levels(done(draw(planner, plan, 0, DIAGONAL))["checks"])
    assert made["amber", "buildings"]["count"] == 1
    piece = [[[[120.882, 30.413], [120.884, 30.413], [120.884, 30.415], [120.882, 30.415]]]]
    made = levels(done(draw(planner, plan, 1, {"kind": "hand_over", "polygons": piece, "to": A1}))["checks"])
    assert made["amber", "parts"]["codes"] == [A1]
