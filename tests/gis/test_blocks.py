"""Units between roads: they fill the area exactly, and what is put together from them is drawn without a fault."""

import numpy as np
import pytest
import shapely

from gis.partition import Partition
from gis.partition.blocks import blocks
from gis.proposing import Units, measured, propose
from tests.gis.coverages import at
from tests.gis.test_partition_operations import bytes_of, four_large, islands

ROADS = [
    shapely.LineString([at(-5_000, 30_000), at(120_000, 33_000)]),
    shapely.LineString([at(20_000, -5_000), at(24_000, 110_000)]),
    shapely.LineString([at(35_000, 10_000), at(38_000, 90_000)]),
    shapely.LineString([at(10_000, 10_000), at(15_000, 12_000)]),  # ends inside: cuts nothing
]


def test_they_fill_the_area_and_nothing_lies_in_two():
    part = Partition.from_areas(four_large())
    found = blocks(part, "a", ROADS)
    village = part.shapes(["a"])["a"]
    assert len(found) > 6
    whole = shapely.union_all(found.shapes)
    assert whole.symmetric_difference(village).area == 0
    corners, before = ({tuple(at) for at in shapely.get_coordinates(shape).tolist()} for shape in (whole, village))
    assert corners == before  # its border is as it was
    assert sum(shape.area for shape in found.shapes) == pytest.approx(village.area)
    for code in ("a0", "a1"):
        mine = [shape for shape, leaf in zip(found.shapes, found.leaf, strict=True) if leaf == code]
        assert shapely.union_all(mine).symmetric_difference(part.shapes([code])[code]).area < 1e-12


def test_borders_are_those_that_the_shapes_have_in_common():
    found = blocks(Partition.from_areas(four_large()), "a", ROADS, "EPSG:4549")
    touching = {
        (i, k)
        for i in range(len(found))
        for k in range(i + 1, len(found))
        if shapely.intersection(found.shapes[i], found.shapes[k]).length > 0
    }
    assert {tuple(pair) for pair in found.beside.tolist()} == touching


def test_small_ones_go_to_a_neighbour_of_the_same_leaf():
    part = Partition.from_areas(four_large())
    fine, coarse = blocks(part, "a", ROADS), blocks(part, "a", ROADS, least_m2=20_000_000.0)
    assert 2 <= len(coarse) < len(fine)
    assert set(coarse.leaf) == {"a0", "a1"}


def test_a_proposal_is_drawn_and_taken_back():
    part = Partition.from_areas(four_large())
    found = blocks(part, "a", ROADS)
    size = np.array([shape.area * 1e10 for shape in found.shapes])
    middle = np.array([shapely.get_coordinates(shape.centroid)[0] for shape in found.shapes]) * 1e5
    today = np.array([0 if leaf == "a0" else 1 for leaf in found.leaf])
    units = Units(size, size, found.outer_m, found.beside, found.length_m, middle, None, today)
    plan = propose(units, 3)
    after = part.apply(found.redraw("a", plan.grid, [("a0", {}), ("a7", {"level": "grid"}), ("a8", {})]))
    assert after.faults() == []
    others = [code for code in part.rows if code not in {"a0", "a1"}]
    before, now = part.shapes(others), after.shapes(others)
    assert {code: now[code].wkb for code in others} == {code: before[code].wkb for code in others}
    areas = {row.code: row.geometry.area * 1e10 for row in after.areas().itertuples()}
    assert [areas[code] for code in ("a0", "a7", "a8")] == pytest.approx(plan.load.tolist(), rel=1e-4)
    assert bytes_of(after.undo()) == bytes_of(part)
    # today's plan is one that the units can make
    assert measured(units, today, 2).moved == 0.0


def test_holes_and_enclaves_stay_outside():
    part = Partition.from_areas(islands())
    found = blocks(part, "v1", [shapely.LineString([at(-10, 3_000), at(9_500, 3_100)])])
    assert shapely.union_all(found.shapes).symmetric_difference(part.shapes(["v1"])["v1"]).area < 1e-12
    assert set(found.leaf) == {"v1g1", "v1g2"}
