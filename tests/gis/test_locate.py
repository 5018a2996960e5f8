"""Point in area: the answers of the index against shapely and PostGIS, and its awkward inputs."""

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extras import execute_values

from gis.crs import CrsError
from gis.errors import GisError
from gis.locate import AreaIndex
from tests.gis.coverages import at, awkward_points, polygon, random_coverage, square


def by_shapely(areas, xy):
    """Lowest row whose polygon intersects the point, −1 for none."""
    out = np.full(len(xy), len(areas))
    point, row = shapely.STRtree(areas.geometry.values).query(shapely.points(xy), predicate="intersects")
    np.minimum.at(out, point, row)
    return np.where(out == len(areas), -1, out)


def by_postgis(cursor, areas, xy):
    """The rule as the database has it: ST_Intersects, lowest code wins."""
    cursor.execute(
        "CREATE TEMP TABLE area (row integer, geom geometry) ON COMMIT DROP;"
        "CREATE TEMP TABLE point (id integer, geom geometry) ON COMMIT DROP"
    )
    execute_values(
        cursor,
        "INSERT INTO area VALUES %s",
        [(k, g.wkb) for k, g in enumerate(areas.geometry)],
        template="(%s, ST_SetSRID(ST_GeomFromWKB(%s), 4490))",
    )
    execute_values(
        cursor,
        "INSERT INTO point VALUES %s",
        [(k, float(x), float(y)) for k, (x, y) in enumerate(xy)],
        template="(%s, ST_SetSRID(ST_MakePoint(%s, %s), 4490))",
        page_size=5000,
    )
    cursor.execute(
        "CREATE INDEX ON area USING gist (geom); ANALYZE area;"
        "SELECT p.id, min(a.row) FROM point p JOIN area a ON ST_Intersects(a.geom, p.geom) GROUP BY p.id"
    )
    out = np.full(len(xy), -1)
    for point, row in cursor.fetchall():
        out[point] = row
    return out


@given(st.integers(0, 10_000), st.integers(1, 14))
@settings(deadline=None, max_examples=60)
def test_every_awkward_point_of_a_coverage_gets_the_lowest_area(seed, count):
    areas = random_coverage(seed, count)
    xy = awkward_points(areas, seed, 200)
    assert np.array_equal(AreaIndex(areas).locate(xy[:, 0], xy[:, 1]), by_shapely(areas, xy))


@given(st.integers(0, 10_000), st.integers(1, 90))
@settings(deadline=None, max_examples=60)
def test_overlaps_gaps_and_many_areas_in_one_cell_are_right(seed, count):
    rng = np.random.default_rng(seed)
    shapes = []
    for _ in range(count):
        x, y = rng.integers(0, 60, 2)
        ring = [(int(x + dx), int(y + dy)) for dx, dy in rng.integers(-40, 40, (5, 2))]
        shapes.append(polygon(*ring).convex_hull)
    shapes = [g if g.geom_type == "Polygon" else None for g in shapes]
    areas = geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4490")
    steps = np.stack(np.meshgrid(np.arange(-45, 105, 4), np.arange(-45, 105, 4)), -1).reshape(-1, 2)
    xy = np.array([at(*p) for p in steps])
    if any(shapes):
        xy = np.vstack([xy, awkward_points(areas[areas.geometry.notna()], seed, 40)])
    assert np.array_equal(AreaIndex(areas).locate(xy[:, 0], xy[:, 1]), by_shapely(areas, xy))


@pytest.mark.parametrize("seed", range(4))
def test_database_gives_the_same_area_for_every_awkward_point(postgis, seed):
    areas = random_coverage(seed, 14)
    xy = awkward_points(areas, seed, 800)
    assert np.array_equal(AreaIndex(areas).locate(xy[:, 0], xy[:, 1]), by_postgis(postgis, areas, xy))


def test_points_of_the_whole_town_lie_in_some_area_where_the_areas_fill_it():
    areas = random_coverage(5, 14)
    xy = awkward_points(areas, 5, 500)
    inside = shapely.intersects(square(0, 0, 1_000_000), shapely.points(xy))
    found = AreaIndex(areas).locate(xy[:, 0], xy[:, 1]) >= 0
    # An ulp outside the town's outline is outside; on it is inside.
    assert np.array_equal(found, inside)


def test_hole_and_parts_and_shared_border():
    ring = polygon((0, 0), (90, 0), (90, 90), (0, 90), holes=[[(30, 30), (60, 30), (60, 60), (30, 60)]])
    parts = shapely.MultiPolygon([square(35, 35, 5), square(200, 0, 10)])
    index = AreaIndex(geopandas.GeoSeries([ring, parts], crs="EPSG:4490"))
    where = {(10, 10): 0, (30, 45): 0, (45, 45): -1, (37, 37): 1, (35, 35): 1, (205, 5): 1, (150, 5): -1, (0, 0): 0}
    for point, row in where.items():
        assert index.locate(*at(*point)) == row


def test_shared_border_goes_to_the_lower_row():
    left, right = square(0, 0, 10), square(10, 0, 10)
    for areas in ([left, right], [right, left]):
        index = AreaIndex(geopandas.GeoSeries(areas, crs="EPSG:4490"))
        assert index.locate(*at(10, 5)) == 0
        assert index.locate(*at(10, 0)) == 0
        assert index.locate(*at(10, 10)) == 0


def test_area_with_a_million_fold_smaller_neighbour_is_found():
    shapes = [square(0, 0, 1), square(0, 0, 100_000_000)]
    index = AreaIndex(geopandas.GeoSeries(shapes, crs="EPSG:4490"))
    assert [int(index.locate(*at(*p))) for p in ((0, 0), (1, 1), (2, 1), (99_999_999, 5))] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "areas",
    [
        geopandas.GeoDataFrame(geometry=[], crs="EPSG:4490"),
        geopandas.GeoDataFrame(geometry=[None, shapely.Polygon()], crs="EPSG:4490"),
        geopandas.GeoSeries([shapely.MultiPolygon()], crs="EPSG:4490"),
    ],
)
def test_nothing_to_find_in_empty_areas(areas):
    index = AreaIndex(areas)
    assert index.locate([120.9, 0.0], [30.4, 0.0]).tolist() == [-1, -1]
    assert index.shares(120.9, 30.4, 10.0, "EPSG:4549").outside.tolist() == [1.0]


def test_points_that_are_no_points_are_in_no_area():
    index = AreaIndex(geopandas.GeoSeries([square(0, 0, 10)], crs="EPSG:4490"))
    lon, lat = at(5, 5)
    assert index.locate([np.nan, lon, np.inf, -np.inf, 1e300], [lat, np.nan, lat, lat, lat]).tolist() == [-1] * 5
    assert index.locate(np.full((2, 3), lon), np.full((2, 3), lat)).tolist() == [[0] * 3] * 2
    assert index.locate([], []).shape == (0,)
    series = geopandas.GeoSeries([shapely.Point(lon, lat), None, shapely.Point()], crs="EPSG:4490")
    assert index.locate_points(series).tolist() == [0, -1, -1]
    assert index.locate_points(series.iloc[:1]).tolist() == [0]


def test_series_of_another_crs_or_kind_is_refused():
    index = AreaIndex(geopandas.GeoSeries([square(0, 0, 10)], crs="EPSG:4490"))
    with pytest.raises(CrsError) as caught:
        index.locate_points(geopandas.GeoSeries([shapely.Point(500_000, 3_364_000)], crs="EPSG:4549"))
    assert caught.value.code == "crs.mismatch"
    for series in ([shapely.LineString([(0, 0), (1, 1)])], [shapely.MultiPoint([(0, 0)]), shapely.Point(0, 0)]):
        with pytest.raises(GisError) as refused:
            index.locate_points(geopandas.GeoSeries(series, crs="EPSG:4490"))
        assert refused.value.code == "points.not_point"


def test_areas_that_are_no_polygons_are_refused():
    with pytest.raises(GisError) as caught:
        AreaIndex(geopandas.GeoSeries([shapely.Point(0, 0)]))
    assert caught.value.code == "areas.not_polygon"
    with pytest.raises(GisError) as caught:
        AreaIndex(geopandas.GeoSeries([shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)])]))
    assert caught.value.code == "areas.not_finite"


def test_many_points_in_threads_are_the_same_as_few(monkeypatch):
    areas = random_coverage(3, 10)
    xy = np.tile(awkward_points(areas, 3, 300), (40, 1))
    index = AreaIndex(areas)
    together = index.locate(xy[:, 0], xy[:, 1])
    monkeypatch.setattr("gis.locate._PARALLEL_FROM", 1)
    assert np.array_equal(together, index.locate(xy[:, 0], xy[:, 1]))
