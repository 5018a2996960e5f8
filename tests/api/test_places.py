"""Areas, locate and geocode over HTTP: open to everybody, one answer for all."""

from __future__ import annotations

import pytest

from api.auth.rate import Rates
from tests.api.conftest import open_web
from tests.small_town import GRIDS, LAKE, TOWN, VILLAGES


def test_areas_are_listed_by_level_and_parent(shared_web):
    browser = shared_web.browser()
    answer = browser.get(f"/api/v1/areas?level=grid&parent={VILLAGES[0]}").json
    assert [area["code"] for area in answer["areas"]] == list(GRIDS[:2])
    assert answer["count"] == 2
    assert "geometry" not in answer["areas"][0]
    assert browser.get("/api/v1/areas?level=planet").status_code == 422


def test_one_area_is_a_feature_with_its_boundary(shared_web):
    answer = shared_web.browser().get(f"/api/v1/areas/{LAKE}").json
    assert (answer["type"], answer["geometry"]["type"]) == ("Feature", "MultiPolygon")
    assert answer["bbox"] == [120.9, 30.4, 120.91, 30.42]
    assert answer["properties"]["parent"] == TOWN
    assert shared_web.browser().get("/api/v1/areas/none").json["code"] == "area.not_found"


def test_point_is_located_with_its_village_and_town(shared_web):
    answer = shared_web.browser().get("/api/v1/locate?lon=120.885&lat=30.405").json
    assert answer["found"] is True
    assert (answer["grid"]["code"], answer["village"]["code"], answer["town"]["code"]) == (GRIDS[0], VILLAGES[0], TOWN)
    assert (answer["reason"], answer["suggested_crs"], answer["shares"]) == (None, None, [])


def test_border_point_lists_its_grids(shared_web):
    answer = shared_web.browser().get("/api/v1/locate?lon=120.88995&lat=30.405&accuracy_m=20").json
    assert [share["code"] for share in answer["shares"]] == [GRIDS[0], GRIDS[2]]


@pytest.mark.parametrize(
    ("query", "reason", "suggested"),
    [
        ("lon=0&lat=0", "zero", None),
        ("lon=30.405&lat=120.885", "swapped", None),
        ("lon=120.885&lat=30.405&crs=unknown", "crs_unknown", "wgs84"),
        ("lon=10&lat=50", "outside_town", None),
    ],
)
def test_point_that_lies_nowhere_says_why(shared_web, query, reason, suggested):
    answer = shared_web.browser().get(f"/api/v1/locate?{query}").json
    assert (answer["found"], answer["reason"], answer["suggested_crs"]) == (False, reason, suggested)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/locate?lon=120", "locate.point"),
        ("/api/v1/locate?lon=x&lat=30", "request.number"),
        ("/api/v1/locate?lon=nan&lat=30", "request.number"),
        ("/api/v1/locate?lon=120&lat=30&crs=mars", "crs.unknown"),
        ("/api/v1/locate?lon=120&lat=30&accuracy_m=-5", "request.number"),
        ("/api/v1/geocode", "geocode.empty"),
        ("/api/v1/geocode?q=%20", "geocode.empty"),
        ("/api/v1/geocode?q=" + "a" * 501, "geocode.too_long"),
        ("/api/v1/geocode?q=a&near=1", "geocode.near"),
        ("/api/v1/geocode?q=a&near=1,200", "geocode.near"),
    ],
)
def test_bad_question_is_answered_by_code(shared_web, path, code):
    answer = shared_web.browser().get(path)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_village_name_is_found_by_the_public(shared_web):
    answer = shared_web.browser().get("/api/v1/geocode?q=甲村").json
    assert answer["reason"] is None
    assert answer["candidates"][0]["level"] == "village"
    assert answer["candidates"][0]["village"]["code"] == VILLAGES[0]


def test_unknown_place_has_no_candidates_but_a_reason(shared_web):
    answer = shared_web.browser().get("/api/v1/geocode?q=火星基地").json
    assert (answer["candidates"], answer["reason"]) == ([], "no_name_known")


def test_public_may_ask_only_so_often_but_staff_may_go_on(databases, tmp_path):
    web = open_web(databases, tmp_path, Rates(clock=lambda: 0.0))
    public, worker = web.browser(), web.browser("worker-a1")
    codes = [public.get("/api/v1/geocode?q=甲村").status_code for _ in range(305)]
    assert codes[:300] == [200] * 300
    assert codes[-1] == 429
    assert worker.get("/api/v1/geocode?q=甲村").status_code == 200
    web.state.close()
