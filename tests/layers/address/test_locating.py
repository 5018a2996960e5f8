"""Where a point lies: the same answer from Python and PostGIS, and a reason instead of a guess."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sqlalchemy import text

from data.clock import now
from gis.crs import CrsError, from_cgcs2000
from layers.address import locating, service
from layers.area import index
from tests.small_town import GRIDS, LAKE, VILLAGES

INSIDE = (120.885, 30.405)


def _sql_codes(session, town_id, lon, lat):
    """The leaf of each point by the database's own function."""
    rows = session.execute(
        text(
            "select (select f.code from locate_leaf(:town, st_setsrid(st_makepoint(x, y), 4490), :now) f)"
            " from unnest(cast(:lon as float8[]), cast(:lat as float8[])) with ordinality as p(x, y, n) order by n"
        ),
        {"town": town_id, "now": now(), "lon": lon.tolist(), "lat": lat.tolist()},
    )
    return [row[0] for row in rows]


def test_python_and_postgis_agree_on_edges_corners_and_beside_them(session, small_town):
    areas = index.current(session)
    shapes = areas.frame.geometry.iloc[:]
    corners = np.unique(np.concatenate([np.array(s.geoms[0].exterior.coords) for s in shapes]), axis=0)
    middles = (corners[:, None, :] + corners[None, :, :]).reshape(-1, 2) / 2
    exact = np.concatenate([corners, middles])
    near = np.concatenate([np.nextafter(exact, exact + sign) for sign in ((1, 1), (-1, 1), (1, -1), (-1, -1))])
    points = np.concatenate(
        [exact, near, np.random.default_rng(3).uniform((120.87, 30.39), (120.92, 30.43), (4000, 2))]
    )
    _, found = service.locate_many(session, points[:, 0], points[:, 1], "cgcs2000")
    mine = [areas.leaves[row].code if row >= 0 else None for row in found.row]
    assert mine == _sql_codes(session, small_town.town_id, points[:, 0], points[:, 1])
    assert sum(code is not None for code in mine) > 500


def test_shared_corner_belongs_to_the_lowest_code(session):
    assert service.locate(session, 120.89, 30.41).leaf.code == min(GRIDS)


def test_place_names_grid_village_and_zone(session):
    place = service.locate(session, *INSIDE, "wgs84", 5.0)
    assert (place.leaf.code, place.village["code"], place.triage_reason, place.shares) == (
        GRIDS[0],
        VILLAGES[0],
        None,
        (),
    )
    assert place.score == 1.0
    lake = service.locate(session, 120.905, 30.41)
    assert (lake.leaf.code, lake.village) == (LAKE, None)


def test_circle_over_a_border_lists_both_grids_with_shares_that_sum_to_one(session):
    place = service.locate(session, 120.8899, 30.405, "wgs84", 30.0)
    assert [share.code for share in place.shares] == [GRIDS[0], GRIDS[2]]
    assert sum(share.share for share in place.shares) == pytest.approx(1.0, abs=1e-6)
    assert 0.5 < place.score < 1.0


@pytest.mark.parametrize("crs", ["gcj02", "bd09", "EPSG:4549", "cgcs2000"])
def test_point_is_found_from_any_named_system(session, crs):
    lon, lat = from_cgcs2000(*INSIDE, crs)
    place = service.locate(session, lon, lat, crs)
    assert place.leaf.code == GRIDS[0]
    assert (place.lon, place.lat) == pytest.approx(INSIDE, abs=1e-8)


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_wrongly_stated_system_is_suggested_but_not_applied(session, crs):
    """The point lies at the western edge: its offset reading falls outside the town."""
    lon, lat = from_cgcs2000(120.9095, 30.4005, crs)
    place = service.locate(session, lon, lat, "wgs84")
    assert (place.leaf, place.triage_reason, place.suggested_crs) == (None, "outside_town", crs)
    assert (place.lon, place.lat) == (lon, lat)


@pytest.mark.parametrize("crs", [None, "", "unknown", "mars", "EPSG:999999"])
def test_unknown_system_is_quarantined_with_a_suggestion(session, crs):
    place = service.locate(session, *INSIDE, crs)
    assert (place.leaf, place.lon, place.triage_reason, place.suggested_crs) == (None, None, "crs_unknown", "wgs84")


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        (0.0, 0.0, "zero"),
        (30.405, 120.885, "swapped"),
        (float("nan"), 30.4, "no_place"),
        (float("inf"), 30.4, "no_place"),
        (999.0, 30.4, "bad_coordinate"),
        (500000.0, 3366000.0, "bad_coordinate"),
        (121.5, 31.2, "outside_town"),
    ],
)
def test_bad_coordinate_gets_its_reason(session, lon, lat, reason):
    place = service.locate(session, lon, lat, "wgs84")
    assert (place.leaf, place.triage_reason) == (None, reason)


def test_arrays_answer_as_single_points_do(session):
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(120.87, 120.92, 300), rng.uniform(30.39, 30.43, 300)
    lon[:4], lat[:4] = (0, 30.405, np.nan, 120.885), (0, 120.885, 30, 30.405)
    crs = np.array(["wgs84", "gcj02", "bd09", None, "cgcs2000"] * 60, dtype=object)
    areas, found = service.locate_many(session, lon, lat, crs, 40.0)
    for n in range(300):
        one = service.locate(session, lon[n], lat[n], crs[n], 40.0)
        assert (one.leaf.code if one.leaf else None) == (areas.leaves[found.row[n]].code if found.row[n] >= 0 else None)
        assert (one.triage_reason, one.suggested_crs) == (found.reason[n], found.suggested[n])


def test_town_without_areas_places_nothing_and_breaks_nothing(session):
    empty = index.build(index.load(session, now()).frame.assign(wkb=b"").iloc[:0], 4549, "Asia/Shanghai")
    found = locating.locate(empty, [120.885], [30.405], "wgs84")
    assert found.row.tolist() == [-1]


def test_geodataframe_keeps_its_index_in_any_crs(session):
    points = gpd.GeoSeries([shapely.Point(INSIDE), None, shapely.Point(10, 50)], index=[7, 3, 9], crs=4490)
    found = service.locate_frame(session, points.to_crs(4549), 5.0)
    assert found.index.tolist() == [7, 3, 9]
    assert found["grid_code"].tolist() == [GRIDS[0], None, None]
    assert found["reason"].tolist() == [None, "no_place", "outside_town"]
    with pytest.raises(CrsError):
        service.locate_frame(session, gpd.GeoSeries([shapely.Point(INSIDE)]))
