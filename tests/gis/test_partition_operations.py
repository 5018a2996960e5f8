"""Operations on a partition: whatever is done, it stays one, exactly, and every step can be taken back to the byte."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GisError
from gis.partition import Partition, PartitionError
from gis.partition.operations import (
    CutOut,
    Describe,
    HandOver,
    Merge,
    MoveVertex,
    Redraw,
    Reshape,
    Restore,
    Split,
    SplitJunction,
    of_json,
)
from gis.partition.patch import Patch
from tests.gis.coverages import at, polygon, square
from tests.gis.drafts import Draftsman, through_json
from tests.gis.test_partition import four, frame, town, unlawful


def bytes_of(part):
    areas = part.areas()
    return [shapely.to_wkb(shape) for shape in areas.geometry], areas.drop(columns="geometry").to_csv()


def sizes(part):
    """Areas in square steps."""
    return {row.code: round(row.geometry.area * 1e14) for row in part.areas().itertuples()}


def rings(*points):
    return ((tuple(at(*point) for point in points),),)


def refused(part, operation):
    with pytest.raises(PartitionError) as error:
        part.apply(operation)
    return error.value.code


def islands():
    """A town with a hole, an enclave of one village in another, an island, and a leaf of two parts."""
    block = [(2_000, 2_000), (3_500, 2_000), (3_500, 3_500), (2_000, 3_500)]
    west = polygon((0, 0), (4_000, 0), (4_000, 9_000), (0, 9_000), holes=[block])
    pond = [(6_000, 6_000), (7_500, 6_000), (6_000, 7_500)]
    east = polygon((4_000, 0), (9_000, 0), (9_000, 9_000), (4_000, 9_000), holes=[pond])
    enclave = polygon(*block)
    island = square(10_000, 1_000, 1_500)
    parts = shapely.union_all([square(10_000, 5_000, 1_000), square(11_000, 6_000, 1_000)])
    return frame(
        ("v1g1", "v1", west), ("v1g2", "v1", east), ("v2g1", "v2", enclave), ("v2g2", "v2", island), ("z1", "t", parts),
        ("v1", "t", None), ("v2", "t", None), ("t", None, None),
    )  # fmt: skip


def walk(areas, seed, steps):
    """Draw at random; after each step the law holds, and in the end all is taken back."""
    part = start = Partition.from_areas(areas)
    first, drawer, done = bytes_of(start), Draftsman(seed), 0
    roots = [code for code, row in start.rows.items() if row.parent not in start.rows]
    outline = {code: shapely.to_wkb(shape) for code, shape in start.shapes(roots).items()}
    for _ in range(steps):
        operation = drawer.operation(part)
        try:
            after = part.apply(through_json(operation))
        except PartitionError:
            continue
        done += 1
        made = after.areas()
        assert after.faults() == [], operation
        assert unlawful(made) == [], operation
        assert {code: shapely.to_wkb(shape) for code, shape in after.shapes(roots).items()} == outline, (
            seed,
            operation,
        )
        # what is kept from step to step is what the areas give when they are read anew
        again = Partition.from_areas(made).areas()
        assert [shapely.to_wkb(s) for s in again.geometry] == [shapely.to_wkb(s) for s in made.geometry], operation
        patch = after.history[-1]
        assert Patch.of_json(patch.to_json()) == patch
        assert bytes_of(after.undo()) == bytes_of(part), operation
        part = after
    for _ in range(done):
        part = part.undo()
    assert part.history == ()
    assert bytes_of(part) == first
    return done


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1_000_000))
def test_whatever_is_drawn_a_random_town_stays_one(seed):
    walk(town(seed, count=3 + seed % 9, villages=1 + seed % 4), seed, 8)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1_000_000))
def test_whatever_is_drawn_holes_enclaves_islands_and_corners_stay(seed):
    walk(islands() if seed % 2 else four_large(), seed, 8)


def four_large():
    """Four grids that meet in one corner, with room to draw."""
    areas = four()
    origin = at(0, 0)
    shapes = [shapely.affinity.scale(shape, 1000, 1000, origin=origin) for shape in areas.geometry]
    # the outline has a vertex every 50 m: borders may end there
    return areas.set_geometry(shapely.set_precision(shapely.segmentize(np.array(shapes), 5.0e-4), 1e-7))


def test_most_of_what_is_drawn_is_accepted():
    # else the laws above would hold for nothing
    done = sum(walk(town(seed, 8, 3), seed, 15) for seed in range(4))
    assert done > 15


def test_a_vertex_takes_every_border_along_that_ends_there():
    part = Partition.from_areas(four()).apply(MoveVertex(at(50, 50), at(40, 60)))
    assert sizes(part) == {"a0": 2500, "a1": 2000, "b0": 3000, "b1": 2500, "a": 4500, "b": 5500, "t": 10000}
    assert refused(part, MoveVertex(at(50, 50), at(45, 45))) == "partition.unknown_vertex"
    assert refused(part, MoveVertex(at(40, 60), at(120, 60))) == "partition.outline"


def test_a_corner_of_four_is_pulled_apart():
    part = Partition.from_areas(four()).apply(SplitJunction(at(50, 50), at(45, 45), "a0"))
    assert sizes(part) == {"a0": 2250, "a1": 2625, "b0": 2625, "b1": 2500, "a": 4875, "b": 5125, "t": 10000}
    shapes = part.shapes(["a1", "b0", "a0", "b1"])
    assert shapes["a1"].intersection(shapes["b0"]).length > 0  # they meet along the new piece of border
    assert shapes["a0"].intersection(shapes["b1"]).is_empty


def test_a_border_takes_the_course_of_a_line():
    part = Partition.from_areas(four()).apply(Reshape(("a0", "b0"), (at(50, 0), at(60, 25), at(50, 50))))
    assert sizes(part)["a0"] == 2750
    # it crosses the old course: each side gets what lies on its own
    part = Partition.from_areas(four()).apply(Reshape(("a0", "b0"), (at(50, 0), at(60, 20), at(45, 35), at(50, 50))))
    both = sizes(part)
    assert both["a0"] + both["b0"] == 5000
    assert both["a0"] == 2600
    assert refused(part, Reshape(("a0", "b1"), (at(40, 30), at(45, 60)))) == "partition.no_border"


def test_a_line_through_another_area_is_refused_with_the_place():
    part = Partition.from_areas(four_large())
    with pytest.raises(PartitionError) as error:
        part.apply(Reshape(("a0", "b0"), (at(50_000, 0), at(80_000, 80_000), at(50_000, 50_000))))
    assert error.value.code == "partition.crosses"
    places = error.value.detail["places"]["features"]
    assert places
    assert places[0]["properties"]["codes"] == ["b1"]
    assert places[0]["geometry"]["type"] == "MultiPolygon"


def test_grids_follow_the_border_of_their_village():
    part = Partition.from_areas(four_large())
    line = (at(50_000, 0), at(60_000, 25_000), at(60_000, 75_000), at(50_000, 100_000))
    part = part.apply(Reshape(("a", "b"), line))
    both = sizes(part)
    assert both["a0"] == both["a1"] == 2_875_000_000  # each grid got the piece beside it
    assert both["a"] == 5_750_000_000


def test_a_grid_is_split_by_a_line_that_need_not_end_exactly_on_its_border():
    part = Partition.from_areas(four_large())
    once = part.apply(Split("a0", (at(30, 20_000), at(49_960, 20_000)), ("a2",), {"level": "grid"}))
    assert once.rows["a2"].parent == "a"
    assert once.rows["a2"].values["level"] == "grid"
    assert sizes(once)["a2"] + sizes(once)["a0"] == 2_500_000_000
    assert refused(part, Split("a0", (at(0, 0), at(20_000, 20_000)), ("a2",))) == "partition.not_divided"
    assert refused(part, Split("a0", (at(0, 0), at(50_000, 50_000)), ("b1",))) == "partition.duplicate_code"
    assert refused(part, Split("a", (at(0, 0), at(50_000, 50_000)), ("a2",))) == "partition.unknown_area"
    zigzag = (at(0, 0), at(25_000, 50_000), at(50_000, 0))
    three = part.apply(Split("a0", zigzag, ("a2", "a3")))
    assert {"a0", "a2", "a3"} <= set(sizes(three))
    assert sizes(three)["a0"] > sizes(three)["a2"] >= sizes(three)["a3"]
    two = part.apply(Split("a0", zigzag, ("a2",)))
    assert two.shapes(["a0"])["a0"].geom_type == "MultiPolygon"


def test_neighbours_become_one_and_a_village_keeps_a_grid():
    part = Partition.from_areas(four()).apply(Merge(("a0", "b0"), "b0"))
    assert sizes(part) == {"a1": 2500, "b0": 5000, "b1": 2500, "a": 2500, "b": 7500, "t": 10000}
    assert refused(part, Merge(("a1", "b1"), "b1")) == "partition.emptied"
    assert refused(part, Merge(("b0", "b0"), "b0")) == "partition.no_change"


def test_a_piece_is_handed_over_and_only_from_where_it_may_come():
    part = Partition.from_areas(four())
    piece = rings((30, 30), (60, 30), (60, 60), (30, 60))
    assert sizes(part.apply(HandOver(piece, "b1")))["b1"] == 2500 + 400 + 2 * 200
    assert sizes(part.apply(HandOver(piece, "b1", ("a0",))))["b1"] == 2500 + 400
    assert refused(part, HandOver(rings((0, 0), (50, 0), (50, 50), (0, 50)), "b1")) == "partition.emptied"
    assert refused(part, HandOver(rings((60, 60), (70, 60), (70, 70)), "b1")) == "partition.no_change"
    assert refused(part, HandOver(rings((600, 600), (700, 600), (700, 700)), "b1")) == "partition.no_change"


def test_an_exclusive_grid_is_cut_out_of_several():
    part = Partition.from_areas(four()).apply(
        CutOut(rings((40, 40), (60, 40), (60, 60), (40, 60)), "x", "b", (), {"level": "zone"})
    )
    assert sizes(part) == {
        "a0": 2400, "a1": 2400, "b0": 2400, "b1": 2400, "x": 400, "a": 4800, "b": 5200, "t": 10000,
    }  # fmt: skip
    assert part.rows["x"].parent == "b"


def test_a_village_is_drawn_anew_and_narrow_faults_are_closed():
    part = Partition.from_areas(four_large())
    low = rings((0, 0), (50_000, 0), (50_000, 20_000), (0, 20_000))
    high = rings((0, 20_000), (20_000, 20_003), (50_000, 19_998), (50_000, 100_000), (0, 100_000))
    given_ = (("a0", low, {}), ("a9", high, {"level": "grid"}))
    with pytest.raises(PartitionError) as error:
        part.apply(Redraw("a", given_))
    assert {fault.kind for fault in error.value.faults} == {"gap", "overlap"}
    after = part.apply(Redraw("a", given_, 0.5))
    assert set(sizes(after)) == {"a0", "a9", "b0", "b1", "a", "b", "t"}
    assert after.faults() == []


def test_the_way_back_is_refused_where_later_steps_stand_in_it_and_names_them():
    start = Partition.from_areas(four_large())
    moved = start.apply(Reshape(("a0", "b0"), (at(50_000, 0), at(60_000, 25_000), at(50_000, 50_000))))
    first = moved.history[-1]
    elsewhere = moved.apply(Split("b1", (at(50_000, 50_000), at(100_000, 100_000)), ("b2",)))
    back = elsewhere.apply(Restore(first.inverse()))
    assert back.faults() == []
    assert sizes(back)["a0"] == sizes(start)["a0"]
    across = moved.apply(Split("a0", (at(0, 25_000), at(60_000, 25_000)), ("a2",)))
    with pytest.raises(PartitionError) as error:
        across.apply(Restore(first.inverse()))
    assert error.value.code == "partition.in_the_way"
    assert {"a0", "b0"} <= set(error.value.faults[0].codes)


def test_names_and_villages_change_without_the_borders():
    part = Partition.from_areas(four())
    after = part.apply(Describe("a0", {"parent": "b"}))
    assert sizes(after)["b"] == 7500
    assert len(after.history[-1].added) == 0
    assert refused(after, Describe("a1", {"parent": "b"})) == "partition.emptied"
    with pytest.raises(GisError, match="no such column"):
        part.apply(Describe("a0", {"colour": "red"}))


@pytest.mark.parametrize(
    "given_",
    [
        {}, {"kind": "explode"}, {"kind": "merge"}, {"kind": "merge", "codes": ["a"], "into": "b", "more": 1},
        {"kind": "move_vertex", "at": [1, 2, 3], "to": [1, 2]}, {"kind": "move_vertex", "at": "here", "to": [1, 2]},
        {"kind": "restore", "change": {}},
    ],
)  # fmt: skip
def test_what_is_no_operation_is_named(given_):
    with pytest.raises(GisError) as error:
        of_json(given_)
    assert error.value.code in ("operation.unknown", "operation.field")
