"""The leaves partition the town, whoever writes."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from data.errors import Conflict, Forbidden
from data.scope import Scope
from data.session import Database
from tests.small_town import GRIDS, TOWN, SmallTown, box

ADD = text(
    "insert into area_version (area_id, town_id, version, code, geom, label_point, area_m2, valid_from)"
    " select a.area_id, a.town_id, 2, a.code, g, st_pointonsurface(g), 1, now() from area a,"
    " st_geomfromtext(:wkt, 4490) g where a.code = :code"
)
END = text("update area_version set valid_to = now() where code = :code and valid_to = 'infinity'")


def redraw(database: Database, town_id: int, shapes: dict[str, str]) -> None:
    with database.transaction(Scope.system(town_id)) as session:
        for code, wkt in shapes.items():
            session.execute(END, {"code": code})
            session.execute(ADD, {"code": code, "wkt": wkt})


def test_gap_overlap_and_leaving_are_refused_with_the_place(database: Database, small_town: SmallTown) -> None:
    for shape, kind in (
        (box(120.88, 30.40, 120.8899999, 30.41), "gap"),
        (box(120.88, 30.40, 120.8900001, 30.41), "leaves_parent"),
        (box(120.88, 30.40, 120.89, 30.4100001), "overlap"),
    ):
        with pytest.raises(Conflict, match=kind) as refused:
            redraw(database, small_town.town_id, {GRIDS[0]: shape})
        assert refused.value.code == "area.partition_broken"
        assert '"coordinates"' in refused.value.detail["place"]


def test_handing_a_strip_over_inside_a_village_is_accepted(database: Database, small_town: SmallTown) -> None:
    # The village's ring has no vertex at 30.405: its border is straight there, so the union is the same set of points.
    redraw(
        database,
        small_town.town_id,
        {GRIDS[0]: box(120.88, 30.40, 120.89, 30.405), GRIDS[1]: box(120.88, 30.405, 120.89, 30.42)},
    )
    with database.transaction(Scope.system(small_town.town_id)) as session:
        code = session.execute(
            text("select code from locate_leaf(:t, st_setsrid(st_makepoint(120.885, 30.407), 4490), now())"),
            {"t": small_town.town_id},
        ).scalar_one()
    assert code == GRIDS[1]


def test_two_writers_each_right_alone_cannot_be_wrong_together(database: Database, small_town: SmallTown) -> None:
    """One hands the strip to A-2, the other keeps A-1 and A-2 but moves their border elsewhere: the second is checked
    against what the first committed."""
    inside, errors = threading.Barrier(2), []

    def writer(border: float, codes: tuple[str, str]) -> None:
        try:
            with database.transaction(Scope.system(small_town.town_id)) as session:
                inside.wait(timeout=10)
                session.execute(END, {"code": codes[0]})
                session.execute(ADD, {"code": codes[0], "wkt": box(120.88, 30.40, 120.89, border)})
                session.execute(END, {"code": codes[1]})
                session.execute(ADD, {"code": codes[1], "wkt": box(120.88, border, 120.89, 30.42)})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=writer, args=(border, GRIDS[:2])) for border in (30.405, 30.415)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction(Scope.system(small_town.town_id)) as session:
        total = session.execute(
            text("select count(*) from area_version where valid_to = 'infinity' and code = any(:c)"),
            {"c": list(GRIDS[:2])},
        ).scalar_one()
        faults = session.execute(
            text(
                "select st_area(st_symdifference((select st_union(geom) from area_version where valid_to = 'infinity' and"
                " code = any(:c)), (select geom from area_version where code = :v and valid_to = 'infinity')))"
            ),
            {"c": list(GRIDS[:2]), "v": GRIDS[0][:12]},
        ).scalar_one()
    assert (len(errors), total, faults) == (1, 2, 0)


def test_a_boundary_of_the_past_cannot_be_rewritten(database: Database, small_town: SmallTown) -> None:
    with pytest.raises(Forbidden), database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(text("update area_version set geom = st_translate(geom, 1, 0) where code = :c"), {"c": TOWN})
    with pytest.raises(Forbidden), database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(text("delete from area_version where code = :c"), {"c": TOWN})
    with pytest.raises(Forbidden), database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(text("update area set code = '1' where code = :c"), {"c": TOWN})


def test_off_lattice_vertex_is_refused(database: Database, small_town: SmallTown) -> None:
    wkt = box(120.88, 30.40, 120.89, 30.41).replace("30.4100000", "30.41000000001")
    with pytest.raises(Conflict):
        redraw(database, small_town.town_id, {GRIDS[0]: wkt})
