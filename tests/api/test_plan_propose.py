"""Proposals over HTTP: they change nothing, are drawn as one step, and say why nothing can be found."""

from __future__ import annotations

import json

import psycopg2
import pytest
import shapely

from tests.api.test_plan import done, draw, opened
from tests.small_town import GRIDS, TOWN, VILLAGES

A1, A2, *_ = GRIDS


def proposed(browser, plan, **asked):
    return browser.post(f"/api/v1/plans/{plan}/propose", {"area": VILLAGES[0], "least": 0, "most": 1_000_000, **asked})


def drawn(collection):
    return {one["id"]: shapely.from_geojson(json.dumps(one["geometry"])) for one in collection["features"]}


ROAD = """
    insert into road (town_id, name, class, geom)
    select town_id, '横路', 'street', 'srid=4490;linestring(120.87 30.4052, 120.91 30.4048)' from town where code = %s
"""


# Ten households every 100 m or so.
PLATES = """
    insert into address (town_id, plate_id, geom, households)
    select t.town_id, 'P' || x || '-' || y, st_setsrid(st_makepoint(120.8805 + x * 0.001, 30.4005 + y * 0.001), 4490), 10
    from town t, generate_series(0, 9) x, generate_series(0, 19) y where t.code = %s
"""


def test_a_proposal_stands_beside_today_and_is_drawn_as_one_step(web, databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(ROAD, [TOWN])
        cursor.execute(PLATES, [TOWN])
    connection.close()
    planner = web.browser("planner")
    plan = opened(planner)
    told = done(proposed(planner, plan))
    assert sum(told["today"]["households"]) == 2000
    assert told["units"] == 3  # the road cuts one of the two grids
    assert not told["today"]["moved"]
    for one in told["proposals"]:
        assert {"spread", "border_m", "compactness", "split", "moved", "outside", "difference"} <= set(one)
        assert sum(one["households"]) == sum(told["today"]["households"])
    same = [one for one in told["proposals"] if one["operation"] is None]
    assert all(one["moved"] == 0 and one["border_m"] == told["draft"]["border_m"] for one in same)
    even = {one["name"]: (one["outside"], one["spread"]) for one in told["proposals"]}
    assert even.get("balance", min(even.values())) == min(even.values())  # none is more even than the one that is to be
    assert done(planner.get(f"/api/v1/plans/{plan}"))["version"] == 0
    more = done(proposed(planner, plan, count=3))["proposals"][0]
    made = done(draw(planner, plan, 0, more["operation"]))
    drawn = {f["properties"]["code"]: shapely.geometry.shape(f["geometry"]) for f in made["areas"]["features"]}
    assert len(more["grids"]["features"]) == 3
    fresh = [code for code in drawn if code not in GRIDS and code not in VILLAGES and drawn[code].area > 0]
    assert fresh  # a third grid, with a code of its own
    for feature in more["grids"]["features"]:
        shape, code = shapely.geometry.shape(feature["geometry"]), feature["properties"]["code"]
        same = [drawn[code]] if code in drawn else [drawn[one] for one in fresh] if code is None else []
        if same:
            assert min(one.symmetric_difference(shape).area for one in same) < 1e-12
    # beside the draft as it is now, today stays what it was
    again = done(proposed(planner, plan, count=2))
    assert (len(again["today"]["households"]), len(again["draft"]["households"])) == (2, 3)
    assert (again["today"]["moved"], again["today"]["border_m"]) == (0, told["today"]["border_m"])
    assert again["draft"]["moved"] > 0
    assert (
        min(one["moved"] for one in again["proposals"]) == 0
    )  # nobody changes hands where the grids of today come back
    back = done(planner.post(f"/api/v1/plans/{plan}/undo", {"version": 1}))
    assert set(back["removed"]) >= set(fresh) - {"330499101"}


def test_blocks_fill_the_village_and_painting_with_them_hands_them_over(web, databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(ROAD, [TOWN])
    connection.close()
    planner = web.browser("planner")
    plan = opened(planner)
    told = done(planner.get(f"/api/v1/plans/{plan}/units?area={VILLAGES[0]}"))
    shapes = list(drawn(told).values())
    areas = drawn(done(planner.get(f"/api/v1/plans/{plan}/areas")))
    assert shapely.union_all(shapes).symmetric_difference(areas[VILLAGES[0]]).area == 0
    pieces = [k for k, one in enumerate(told["features"]) if one["properties"]["leaf"] == A1]
    assert len(pieces) == 2
    piece = min(pieces, key=lambda k: shapes[k].distance(areas[A2]))
    rings = [[list(point) for point in shapes[piece].geoms[0].exterior.coords[:-1]]]
    made = done(draw(planner, plan, 0, {"kind": "hand_over", "polygons": [rings], "to": A2, "units": ["东浜"]}))
    after = drawn(made["areas"])
    assert after[A2].symmetric_difference(areas[A2].union(shapes[piece])).area == 0
    nowhere = planner.get(f"/api/v1/plans/{plan}/units?area=nowhere")
    assert (nowhere.status_code, nowhere.json["code"]) == (422, "proposal.area")
    assert web.browser("command").get(f"/api/v1/plans/{plan}/units?area={VILLAGES[0]}").status_code == 403


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"area": "330499101"}, "proposal.area"),
        ({"area": "nowhere"}, "proposal.area"),
        ({"area": A1}, "proposal.area"),
        ({"count": 150}, "proposal.count"),
        ({"least": 900_000}, "proposal.load"),
        ({"least": 10, "most": 5}, "proposal.bounds"),
        ({"count": 0}, "request.invalid"),
        ({"weights": {"balance": -1}}, "request.invalid"),
    ],
)
def test_why_nothing_can_be_proposed_is_said(shared_web, asked, code):
    planner = shared_web.browser("planner")
    answer = proposed(planner, opened(planner), **asked)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_who_does_not_plan_gets_no_proposals(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    for who in ("worker-a1", "command"):
        assert proposed(shared_web.browser(who), plan).status_code == 403
