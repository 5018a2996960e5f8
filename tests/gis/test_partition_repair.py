"""Repair makes a partition of areas with small faults, tells all it changed, and refuses the rest."""

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.terrain import winding_grids
from gis.partition import Partition, PartitionError, faults, repair, simplify
from tests.gis.coverages import polygon, square
from tests.gis.test_partition import STEP, four, frame, town, unlawful, with_shape

METRIC = "EPSG:4549"


def shaken(areas, seed, steps):
    """Move every vertex of every polygon on its own, as if each had been drawn by another hand."""
    rng = np.random.default_rng(seed)

    def move(xy):
        _, which = np.unique(xy, axis=0, return_inverse=True)  # the last vertex of a ring moves with its first
        return xy + rng.uniform(-steps, steps, xy.shape)[which.reshape(-1)] * STEP

    shapes = [shapely.transform(shape, move) for shape in areas.geometry]
    return areas.set_geometry(geopandas.GeoSeries(shapes, index=areas.index, crs=areas.crs))


def winding_town(seed, count, vertices):
    """Grids with winding borders in three villages."""
    grids = winding_grids(count, vertices, seed)
    grids["parent"] = [f"v{k % 3}" for k in range(len(grids))]
    villages = [(v, "t", shapely.union_all(mine.values)) for v, mine in grids.groupby("parent").geometry]
    return frame(
        *zip(grids["code"], grids["parent"], grids.geometry, strict=True),
        *villages,
        ("t", None, shapely.union_all(grids.geometry.values)),
    )


@given(st.integers(0, 100_000))
@settings(deadline=None, max_examples=8)
def test_shaken_town_becomes_a_partition_and_nothing_moves_far(seed):
    areas = winding_town(seed, 12, 600)
    out, changes = repair(shaken(areas, seed, 200), 8.0, METRIC)
    assert faults(out) == []
    assert unlawful(out) == []
    assert {"gap_closed", "overlap_removed"} <= {change.what for change in changes}
    # The place by which a parent moves can be made of a gap and an overlap side by side.
    assert all(change.width_m <= (16.0 if change.what.startswith("parent") else 8.2) for change in changes)
    moved = shapely.symmetric_difference(areas.geometry.values, out.geometry.values)
    assert np.all(shapely.area(moved) <= 600 * STEP * shapely.length(areas.geometry.values))


@given(st.integers(0, 100_000), st.integers(2, 10))
@settings(deadline=None, max_examples=20)
def test_shaken_town_of_slivers_is_repaired_or_refused_and_never_spoilt(seed, count):
    areas = shaken(town(seed, count), seed, 40)
    try:
        out, _ = repair(areas, 5.0, METRIC)
    except PartitionError as error:
        refused = error.faults
    else:
        refused = []
        assert unlawful(out) == []
    assert all(f.kind == "empty" or f.width_m > 5.0 for f in refused)


def test_gap_goes_to_the_neighbour_with_the_longest_border():
    # Above the gap runs a1's bent border, below it a0's straight one, b1 has its end.
    areas = with_shape(four(), "a1", polygon((0, 60), (25, 90), (50, 60), (50, 100), (0, 100)))
    out, changes = repair(areas, 1.0, METRIC)
    assert [(c.what, c.code) for c in changes] == [("gap_closed", "a1")]
    assert shapely.equals(out.geometry.values, four().geometry.values).all()


def test_gap_goes_to_the_village_that_claims_it():
    # The gap has its long border with b0 and b1, but village a claims it.
    areas = with_shape(four(), "a0", polygon((0, 0), (45, 0), (45, 50), (0, 50)))
    areas = with_shape(areas, "a1", polygon((0, 50), (45, 50), (45, 97), (50, 97), (50, 100), (0, 100)))
    out, changes = repair(areas, 1.0, METRIC)
    assert {c.code for c in changes} <= {"a0", "a1"}
    assert shapely.equals(out.geometry[4:].values, four().geometry[4:].values).all()


def test_overlap_stays_with_one_of_the_two():
    areas = with_shape(four(), "b0", polygon((40, 0), (100, 0), (100, 50), (40, 50)))
    out, changes = repair(areas, 1.5, METRIC)
    assert [c.what for c in changes] == ["overlap_removed"]
    # Village a claims the place, b does not: so a0 keeps it.
    assert changes[0].code == "a0"
    assert shapely.equals(out.geometry.values, four().geometry.values).all()


def test_border_of_the_town_follows_its_grids_and_this_is_told():
    areas = with_shape(four(), "t", polygon((0, 0), (98, 0), (98, 100), (0, 100)))
    out, changes = repair(areas, 1.0, METRIC)
    assert [(c.what, c.code) for c in changes] == [("parent_grown", "t")]
    assert shapely.equals(out.geometry.iloc[6], square(0, 0, 100))


@pytest.mark.parametrize(
    ("code", "shape", "kind"),
    [
        ("a0", polygon((0, 0), (50, 0), (50, 10), (0, 10)), "gap"),
        ("b0", polygon((10, 0), (100, 0), (100, 50), (10, 50)), "overlap"),
        ("a1", polygon((0, 50), (50, 50), (50, 100), (25, 160), (0, 100)), "leaves_parent"),
    ],
)
def test_wider_place_is_refused_and_shown(code, shape, kind):
    with pytest.raises(PartitionError) as caught:
        repair(with_shape(four(), code, shape), 0.2, METRIC)
    assert caught.value.code == f"partition.{kind}"
    assert all(fault.width_m > 0.2 for fault in caught.value.faults)


def test_only_the_wider_places_are_shown():
    areas = with_shape(four(), "a0", polygon((0, 0), (50, 0), (50, 49), (0, 49)))
    areas = with_shape(areas, "b0", polygon((50, 0), (100, 0), (100, 10), (50, 10)))
    with pytest.raises(PartitionError) as caught:
        repair(areas, 0.1, METRIC)
    assert [f.kind for f in caught.value.faults] == ["gap"]
    assert caught.value.faults[0].geometry.area == pytest.approx(50 * 40 * STEP**2)


def test_leaf_that_loses_everything_is_refused():
    areas = frame(("a", "t", square(0, 0, 10)), ("b", "t", square(0, 0, 10)), ("t", None, square(0, 0, 10)))
    with pytest.raises(PartitionError) as caught:
        repair(areas, 5.0, METRIC)
    assert caught.value.code == "partition.empty"
    assert caught.value.faults[0].codes == ("b",)


def test_hole_that_nobody_claims_is_closed_where_no_parent_has_a_polygon():
    areas = frame(
        ("a", None, polygon((0, 0), (90, 0), (90, 90), (0, 90), holes=[[(30, 30), (32, 30), (32, 60)]])),
        ("b", None, square(90, 0, 90)),
    )
    out, changes = repair(areas, 0.5, METRIC)
    assert [(c.what, c.code) for c in changes] == [("gap_closed", "a")]
    assert shapely.equals(out.geometry[0], square(0, 0, 90))


def test_wide_hole_that_nobody_claims_stays_a_hole():
    ring = polygon((0, 0), (90, 0), (90, 90), (0, 90), holes=[[(30, 30), (60, 30), (60, 60), (30, 60)]])
    areas = frame(("a", None, ring), ("b", None, square(90, 0, 90)))
    out, changes = repair(areas, 0.1, METRIC)
    assert changes == []
    assert shapely.equals(out.geometry[0], ring)
    areas = with_shape(
        frame(("a", "t", ring), ("b", "t", square(90, 0, 90)), ("t", None, ring)),
        "t",
        polygon((0, 0), (180, 0), (180, 90), (0, 90)),
    )
    with pytest.raises(PartitionError) as caught:
        repair(areas, 0.1, METRIC)
    assert caught.value.code == "partition.gap"


def test_polygon_that_crosses_itself_is_made_valid_and_told():
    spike = polygon((0, 0), (50, 0), (50, 25), (80, 25), (50, 25), (50, 50), (0, 50))
    out, changes = repair(with_shape(four(), "a0", spike), 0.1, METRIC)
    assert [(c.what, c.code) for c in changes] == [("made_valid", "a0")]
    assert shapely.equals(out.geometry[0], square(0, 0, 50))


def test_what_is_a_partition_already_comes_back_unchanged():
    areas = Partition.from_areas(town(11, 12)).areas()
    out, changes = repair(areas, 10.0)
    assert changes == []
    assert np.array_equal(out.to_wkb()["geometry"], areas.to_wkb()["geometry"])


def test_simplified_levels_lie_upon_each_other_and_stay_near():
    whole = winding_town(5, 40, 8_000)
    fine = Partition.from_areas(whole).areas()
    out = simplify(whole, {9: 100.0, 12: 20.0, 15: 0.0}, METRIC)
    count = {zoom: int(shapely.get_num_coordinates(areas.geometry.values).sum()) for zoom, areas in out.items()}
    assert count[9] < count[12] < count[15]
    assert count[12] < 0.75 * count[15]
    assert np.array_equal(out[15].to_wkb()["geometry"], fine.to_wkb()["geometry"])
    given = {tuple(p) for p in shapely.get_coordinates(fine.geometry.values)}
    for zoom, metres in ((9, 100.0), (12, 20.0)):
        areas = out[zoom]
        assert unlawful(areas) == []
        assert areas.is_valid.all()
        assert {tuple(p) for p in shapely.get_coordinates(areas.geometry.values)} <= given
        moved = shapely.symmetric_difference(areas.to_crs(METRIC).geometry.values, fine.to_crs(METRIC).geometry.values)
        assert shapely.area(moved).max() < metres * shapely.length(fine.to_crs(METRIC).geometry.values).max()
