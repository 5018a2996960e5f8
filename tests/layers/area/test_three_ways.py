"""The grid of a point: the database, one point in Python and many at once agree, on borders and corners too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psycopg2
import pytest
import shapely

from data.scope import Scope
from data.session import Database
from layers.area import index
from layers.area.index import TownAreas
from tests.conftest import Databases, Server

POINTS = 100_000
SQL = """
select coalesce(f.code, '') from unnest(%s::float8[], %s::float8[]) with ordinality p(lon, lat, n)
left join lateral locate_leaf(%s, st_setsrid(st_makepoint(p.lon, p.lat), 4490), now()) f on true order by n
"""
# Leaves whose closed set holds the point, counted without the rule that picks one.
COUNT = """
select count(v.code) from unnest(%s::float8[], %s::float8[]) with ordinality p(lon, lat, n)
left join area_version v on v.code = any(%s) and v.valid_to = 'infinity'
    and st_intersects(v.geom, st_setsrid(st_makepoint(p.lon, p.lat), 4490)) group by n order by n
"""
INTERIOR = """
select count(v.code) from unnest(%s::float8[], %s::float8[]) with ordinality p(lon, lat, n)
left join area_version v on v.code = any(%s) and v.valid_to = 'infinity'
    and st_contains(v.geom, st_setsrid(st_makepoint(p.lon, p.lat), 4490)) group by n order by n
"""


@pytest.fixture(scope="module")
def demo(database_server: Server, demo_template: str) -> Iterator[tuple[Databases, TownAreas, int]]:
    made = database_server.create("threeways", demo_template)
    database = Database(made.app_url)
    with psycopg2.connect(made.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select town_id from town")
        town_id = cursor.fetchone()[0]  # type: ignore[index]
    connection.close()
    with database.transaction(Scope.system(town_id)) as session:
        areas = index.load(session, index.now())
    yield made, areas, town_id
    database.close()


def points(areas: TownAreas) -> tuple[np.ndarray, np.ndarray]:
    """Points in and around the town; a fifth on vertices and edges of the leaves, or one unit in the last place beside."""
    rng = np.random.default_rng(2026)
    west, south, east, north = areas.frame.total_bounds
    lon, lat = rng.uniform(west, east, POINTS), rng.uniform(south, north, POINTS)
    corners = shapely.get_coordinates(areas.frame.geometry.values)
    chosen = corners[rng.integers(0, len(corners), POINTS // 10)]
    lon[: len(chosen)], lat[: len(chosen)] = chosen[:, 0], chosen[:, 1]
    rings = shapely.get_rings(shapely.get_parts(areas.frame.geometry.values))
    lines = rings[rng.integers(0, len(rings), POINTS // 10)]
    on_edge = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(len(lines)), normalized=True))
    part = slice(len(chosen), len(chosen) + len(on_edge))
    lon[part], lat[part] = on_edge[:, 0], on_edge[:, 1]
    beside = rng.integers(0, 2 * len(chosen), len(chosen) // 2)
    lon[beside] = np.nextafter(lon[beside], rng.choice([-np.inf, np.inf], len(beside)))
    return lon, lat


def test_database_single_and_bulk_agree_and_nothing_is_in_two_leaves(demo: tuple[Databases, TownAreas, int]) -> None:
    made, areas, town_id = demo
    lon, lat = points(areas)
    bulk = areas.index.locate(lon, lat)
    codes = np.array([leaf.code for leaf in areas.leaves])
    from_bulk = np.where(bulk >= 0, codes[bulk], "")
    with psycopg2.connect(made.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('onegrid.town_id', %s, false)", (str(town_id),))
        cursor.execute(SQL, (lon.tolist(), lat.tolist(), town_id))
        from_sql = np.array([row[0] for row in cursor.fetchall()])
        cursor.execute(COUNT, (lon.tolist(), lat.tolist(), codes.tolist()))
        closed = np.array([row[0] for row in cursor.fetchall()])
        cursor.execute(INTERIOR, (lon.tolist(), lat.tolist(), codes.tolist()))
        interior = np.array([row[0] for row in cursor.fetchall()])
    connection.close()
    assert (from_bulk == from_sql).all()
    some = np.random.default_rng(1).integers(0, POINTS, 3_000)
    singly = [areas.leaf(float(lon[n]), float(lat[n])) for n in some]
    assert [leaf.code if leaf else "" for leaf in singly] == from_bulk[some].tolist()

    town = areas.frame.loc[areas.frame["level"] == "town"].geometry.iloc[0]
    inside = shapely.intersects_xy(town, lon, lat)
    assert (closed[inside] >= 1).all(), "a point of the town lies in no leaf"
    assert (closed[~inside] == 0).all()
    assert (interior <= 1).all(), "a point lies inside two leaves"
    assert inside.sum() > POINTS // 2
    assert (closed > 1).sum() > POINTS // 20, "the borders were not tried"
