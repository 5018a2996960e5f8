"""Boundaries: published whole or not at all, neighbours and parents from the same lines, history kept.

The small town (tests/small_town.py): grids A-1, A-2, B-1, B-2 of two villages and a lake, squares of 0.01 degree.
"""

from __future__ import annotations

from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from data.clock import now
from data.errors import Conflict, Forbidden, Invalid
from data.scope import Scope
from layers.area import index, service
from layers.exchange.importing import Options, import_file
from layers.incident import jobs as incident_jobs
from tests.small_town import GRIDS, LAKE, TOWN, VILLAGES


@pytest.fixture
def scope(databases):
    return Scope.system(1)


def _current(session) -> gpd.GeoDataFrame:
    return index.load(session, now()).frame


def _with(frame: gpd.GeoDataFrame, **shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    """The areas with other leaf shapes; parents follow (they count as not given)."""
    frame = frame.copy()
    frame["geometry"] = [shapes.get(code, shape) for code, shape in zip(frame["code"], frame.geometry, strict=True)]
    frame.loc[frame["level"].isin(["village", "town"]), "source"] = "derived"
    return frame


def _moved_border(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The border between A-1 and A-2 goes up by a tenth in its middle."""
    shapes = frame.set_index("code").geometry
    spike = shapely.Polygon([(120.88, 30.41), (120.89, 30.41), (120.885, 30.411)])
    return _with(frame, **{GRIDS[0]: shapes[GRIDS[0]].union(spike), GRIDS[1]: shapes[GRIDS[1]].difference(spike)})


def test_only_what_changed_gets_a_version(database, scope):
    with database.transaction(scope) as session:
        done = service.publish(session, _moved_border(_current(session)), valid_from=now())
        assert done.changed == [GRIDS[0], GRIDS[1]]
        assert sorted(done.unchanged) == sorted([TOWN, *VILLAGES, GRIDS[2], GRIDS[3], LAKE])
    with database.transaction(scope) as session:
        query = text("select code, version, valid_to < 'infinity' as over from area_version order by 1, 2")
        rows = session.execute(query).all()
        assert [row for row in rows if row.code == GRIDS[0]] == [(GRIDS[0], 1, True), (GRIDS[0], 2, False)]
        assert [row for row in rows if row.code == GRIDS[2]] == [(GRIDS[2], 1, False)]
        leaf = index.load(session, now()).leaf(120.885, 30.4105)
        assert leaf.code == GRIDS[0]
        before = index.load(session, now() - timedelta(days=1)).leaf(120.885, 30.4105)
        assert before.code == GRIDS[1]


def test_split_ends_nothing_that_stays_and_refuses_a_used_code(database, scope):
    west, east = shapely.box(120.88, 30.40, 120.884, 30.41), shapely.box(120.884, 30.40, 120.89, 30.41)
    with database.transaction(scope) as session:
        frame = _with(_current(session), **{GRIDS[0]: west})
        row = frame[frame["code"] == GRIDS[0]].iloc[0].to_dict()
        fresh = gpd.GeoDataFrame([{**row, "code": f"{VILLAGES[0]}003", "name": "新格", "geometry": east}], crs=4490)
        done = service.publish(session, _append(frame, fresh), valid_from=now())
        assert done.added == [f"{VILLAGES[0]}003"]
        # neighbour, village and town have a new vertex where the cut meets their border
        assert set(done.changed) == {GRIDS[0], GRIDS[1], VILLAGES[0], TOWN}
    with database.transaction(scope) as session:
        frame = _current(session)
        back = _with(frame[frame["code"] != f"{VILLAGES[0]}003"], **{GRIDS[0]: west.union(east)})
        assert service.publish(session, back, valid_from=now()).ended == [f"{VILLAGES[0]}003"]
    with database.transaction(scope) as session:
        frame = _append(_with(_current(session), **{GRIDS[0]: west}), fresh)
    _refused(database, scope, Conflict, "not used again", frame)


def _refused(database, scope, error, words, frame):
    with pytest.raises(error, match=words) as caught, database.transaction(scope) as session:
        service.publish(session, frame, valid_from=now())
    return caught.value


def _append(frame, more):
    both = pd.concat([pd.DataFrame(frame), pd.DataFrame(more)], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=4490)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (shapely.box(120.88, 30.40, 120.8899, 30.41), "gap"),
        (shapely.box(120.88, 30.40, 120.8901, 30.41), "overlap"),
        (shapely.box(120.8799, 30.40, 120.89, 30.41), "leaves_parent"),
        (shapely.Polygon([(120.88, 30.40), (120.89, 30.41), (120.89, 30.40), (120.88, 30.41)]), "invalid"),
    ],
)
def test_broken_partition_is_refused_with_its_place(database, scope, shape, kind):
    with database.transaction(scope) as session:
        frame = _current(session)
    frame["geometry"] = frame.geometry.where(frame["code"] != GRIDS[0], shape)
    refused = _refused(database, scope, service.PartitionBroken, "do not partition", frame)
    assert kind in {fault.kind for fault in refused.faults}
    assert refused.detail["places"]["features"][0]["geometry"]["type"] in ("Polygon", "MultiPolygon", "Point")
    with database.transaction(scope) as session:
        assert session.execute(text("select max(version) from area_version")).scalar_one() == 1


def test_parents_are_rebuilt_from_the_same_lines_and_the_database_agrees(database, scope):
    """A border with 200 random vertices; the deferred check of the database runs when the transaction commits."""
    rng = np.random.default_rng(5)
    line = [(120.89 + rng.uniform(-0.002, 0.002), lat) for lat in np.linspace(30.4, 30.42, 202)[1:-1]]
    west = shapely.Polygon([(120.88, 30.40), (120.89, 30.40), *line, (120.89, 30.42), (120.88, 30.42)])
    with database.transaction(scope) as session:
        frame = _current(session)
        shapes = {}
        for grid, south in zip(GRIDS, (30.40, 30.41, 30.40, 30.41), strict=True):
            half = shapely.box(120.87, south, 120.90, south + 0.01)
            side = west if grid.startswith(VILLAGES[0]) else shapely.box(120.88, 30.4, 120.90, 30.42).difference(west)
            shapes[grid] = side.intersection(half)
        done = service.publish(session, _with(frame, **shapes), valid_from=now())
        assert set(VILLAGES) <= set(done.changed)
    with database.transaction(scope) as session:
        now_shapes = _current(session).set_index("code").geometry
        for village, grids in zip(VILLAGES, (GRIDS[:2], GRIDS[2:]), strict=True):
            assert now_shapes[village].symmetric_difference(shapely.union_all(now_shapes[list(grids)])).is_empty


def test_simplified_shapes_are_a_coverage_at_every_zoom(database, scope):
    rng = np.random.default_rng(6)
    line = [(lon, 30.41 + rng.uniform(-0.001, 0.001)) for lon in np.linspace(120.88, 120.89, 150)[1:-1]]
    lower = shapely.Polygon([(120.88, 30.40), (120.89, 30.40), (120.89, 30.41), *line[::-1], (120.88, 30.41)])
    with database.transaction(scope) as session:
        upper = shapely.box(120.88, 30.40, 120.89, 30.42).difference(lower)
        service.publish(session, _with(_current(session), **{GRIDS[0]: lower, GRIDS[1]: upper}), valid_from=now())
    with database.transaction(scope) as session:
        rows = session.execute(
            text(
                "select zoom, v.code, st_asbinary(s.geom_3857) as wkb from area_shape s"
                " join area_version v using (area_version_id)"
            )
        ).all()
    zooms = sorted({row.zoom for row in rows})
    assert zooms == [8, 9, 10, 11, 12, 13, 14, 15, 16, 99]
    sizes = []
    for zoom in zooms:
        shapes = {row.code: shapely.from_wkb(bytes(row.wkb)) for row in rows if row.zoom == zoom}
        assert set(shapes) == {GRIDS[0], GRIDS[1]}
        assert shapely.coverage_is_valid(list(shapes.values()))
        sizes.append(sum(shapely.get_num_coordinates(shape) for shape in shapes.values()))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] / 5


def test_publication_is_announced_and_moves_what_lies_in_the_areas(database, databases, scope, small_town):
    with database.transaction(scope) as session:
        session.execute(
            text(
                "insert into address (town_id, plate_id, geom, grid_id) values"
                " (1, 'P1', st_setsrid(st_makepoint(120.885, 30.4105), 4490), :grid)"
            ),
            {"grid": small_town.areas[GRIDS[1]]},
        )
        service.publish(session, _moved_border(_current(session)), valid_from=now())
    with database.transaction(scope) as session:
        kinds = set(session.execute(text("select kind from job where state = 'waiting'")).scalars())
        assert kinds == {"area.rebin", "incident.rebin"}
        event = session.execute(text("select * from event where topic = 'area'")).one()
        assert (event.kind, event.is_public, event.payload["codes"]) == ("published", True, [GRIDS[0], GRIDS[1]])
        assert service.rebin(session)["address"] == 1
        assert session.execute(text("select grid_id from address")).scalar_one() == small_town.areas[GRIDS[0]]


def test_scheduled_switch_comes_into_force_later(database, scope):
    later = now() + timedelta(days=3)
    with database.transaction(scope) as session:
        service.publish(session, _moved_border(_current(session)), valid_from=later)
    with database.transaction(scope) as session:
        assert index.load(session, now()).leaf(120.885, 30.4105).code == GRIDS[1]
        assert index.load(session, later).leaf(120.885, 30.4105).code == GRIDS[0]
        with pytest.raises(Conflict, match="already published"):
            service.publish(session, _with(_moved_border(_current(session)), **{}), valid_from=now())


def test_new_name_needs_no_new_version(database, scope):
    with database.transaction(scope) as session:
        frame = _current(session)
        frame.loc[frame["code"] == GRIDS[0], "name"] = "东门网格"
        done = service.publish(session, frame, valid_from=now())
        assert (done.renamed, done.changed) == ([GRIDS[0]], [])
    with database.transaction(scope) as session:
        assert service.get_area(session, GRIDS[0])["name"] == "东门网格"


def test_publishing_needs_the_permission(database):
    with pytest.raises(Forbidden), database.transaction(Scope(1, user_id=1, town_wide=True)) as session:
        service.publish(session, _moved_border(_current(session)), valid_from=now())


def test_unknown_parent_is_refused(database, scope):
    with database.transaction(scope) as session:
        frame = _current(session)
    frame.loc[frame["code"] == GRIDS[0], "parent"] = LAKE
    _refused(database, scope, Invalid, "parent", frame)


def test_areas_are_listed_and_shown(session):
    assert [row["code"] for row in service.list_areas(session, parent=VILLAGES[0])] == list(GRIDS[:2])
    levels = [row["level"] for row in service.list_areas(session)]
    assert levels == ["town", "village", "village", "zone", *["grid"] * 4]
    area = service.get_area(session, LAKE)
    assert area["geometry"]["type"] == "MultiPolygon"
    assert area["bbox"] == [120.9, 30.4, 120.91, 30.42]
    with pytest.raises(Invalid):
        service.list_areas(session, level="galaxy")


def test_index_follows_a_publication_of_another_process(database, scope):
    with database.transaction(scope) as session:
        assert index.current(session).leaf(120.885, 30.4105).code == GRIDS[1]
    with database.transaction(scope) as session:
        service.publish(session, _moved_border(_current(session)), valid_from=now())
    with database.transaction(scope) as session:
        assert index.current(session).leaf(120.885, 30.4105).code == GRIDS[0]


def test_rolled_back_publication_is_seen_by_nobody(database, scope):
    with pytest.raises(RuntimeError), database.transaction(scope) as session:
        service.publish(session, _moved_border(_current(session)), valid_from=now())
        assert index.current(session).leaf(120.885, 30.4105).code == GRIDS[0]
        raise RuntimeError
    with database.transaction(scope) as session:
        assert index.current(session).leaf(120.885, 30.4105).code == GRIDS[1]


def test_incidents_know_their_grid_of_today_and_keep_that_of_then(database, scope, small_town, tmp_path):
    """One incident under the border that moves, one far from it: only the first is written."""
    sheet = "id,title,reported_at,lon,lat\n1,t,2026-03-17,120.885,30.4105\n2,t,2026-03-17,120.895,30.405\n"
    (tmp_path / "i.csv").write_text(sheet)
    with database.transaction(scope) as session:
        import_file(session, "incidents", tmp_path / "i.csv", Options(crs="cgcs2000"))
    with database.transaction(scope) as session:
        done = service.publish(session, _moved_border(_current(session)), valid_from=now())
        args = {"codes": done.changed, "valid_from": done.valid_from.isoformat()}
    with database.transaction(scope) as session:
        incident_jobs.rebin(session, args)
        rows = session.execute(
            text("select external_ref, grid_id, grid_now_id, version from incident order by 1")
        ).all()
    lower, upper = small_town.areas[GRIDS[0]], small_town.areas[GRIDS[1]]
    assert rows == [("1", upper, lower, 2), ("2", small_town.areas[GRIDS[2]], small_town.areas[GRIDS[2]], 1)]
