"""Leaves drawn elsewhere: what is not named stays, narrow faults go to a neighbour, wide ones are told with their places."""

import pytest
import shapely

from gis.partition import Partition, PartitionError
from gis.partition.operations import Draw, Redraw
from tests.gis.coverages import at
from tests.gis.test_partition import four
from tests.gis.test_partition_operations import bytes_of, rings, sizes

# One step of the lattice is about a centimetre: `four` is four squares of ten steps, here a thousand times as large.
M = 100


@pytest.fixture(scope="module")
def part():
    areas = four()
    scaled = [shapely.affinity.scale(shape, 1000, 1000, origin=at(0, 0)) for shape in areas.geometry]
    return Partition.from_areas(areas.set_geometry(scaled))


def leaf_at(part, x, y):
    """The code and the rectangle of the leaf at a place, in steps."""
    for code in (code for code in part.rows if code not in part.children):
        if part.shapes([code])[code].contains(shapely.Point(at(x, y))):
            bounds = [round((v - o) * 1e7) for v, o in zip(part.shapes([code])[code].bounds, at(0, 0) * 2, strict=True)]
            return code, bounds
    raise AssertionError


def box(west, south, east, north):
    return rings((west, south), (east, south), (east, north), (west, north))


def drawn_again(part, d_east):
    """The south-west leaf with its east side moved by so many steps."""
    code, (west, south, east, north) = leaf_at(part, 10, 10)
    return code, box(west, south, east + d_east, north)


@pytest.mark.parametrize(("d_east", "kind"), [(-2 * M, "gap"), (2 * M, "overlap")])
def test_a_leaf_drawn_beside_its_border_keeps_it_within_the_width(part, d_east, kind):
    code, area = drawn_again(part, d_east)
    for width_m in (0.0, 1.5):
        with pytest.raises(PartitionError) as refused:
            Draw(((code, area, {}, ()),), width_m=width_m).patch(part)
        (fault,) = refused.value.faults
        assert (fault.kind, code in fault.codes) == (kind, True)
        assert fault.width_m == pytest.approx(2.0, rel=0.15)  # a degree is not as long in both directions
    after = part.apply(Draw(((code, area, {}, ()),), width_m=2.5))
    assert after.shapes([code])[code].equals(part.shapes([code])[code])  # a vertex more on the side, no other shape


def test_two_leaves_drawn_together_move_their_border_and_undo_is_exact(part):
    code, (west, south, east, north) = leaf_at(part, 10, 10)
    other, (_, _, far, top) = leaf_at(part, east + 10, 10)
    shift = 20 * M
    leaves = (
        (code, box(west, south, east + shift, north), {}, ()),
        (other, box(east + shift, south, far, top), {}, ()),
    )
    after = part.apply(Draw(leaves))
    # at the outline of the whole the border ends at its vertex, so what moves is a triangle
    assert sizes(after)[code] - sizes(part)[code] == shift * (north - south) // 2
    assert after.history[-1].codes >= {code, other}
    assert bytes_of(after.undo()) == bytes_of(part)


def test_a_place_that_borders_on_no_leaf_that_was_drawn_is_refused_however_narrow(part):
    """Leaves that end, and what is to be in their place is drawn elsewhere: nobody would have it."""
    code, _ = leaf_at(part, 10, 10)
    far, (west, south, east, north) = leaf_at(part, 90_000, 90_000)
    inner = box(west + 50 * M, south + 50 * M, east - 50 * M, north - 50 * M)
    parent = {"parent": part.rows[far].parent}
    for operation in (
        Draw((("new", inner, parent, (far,)),), gone=(code,), width_m=1e6),
        Redraw(part.rows[code].parent, (("new", inner, {}),), 1e6),
    ):
        with pytest.raises(PartitionError) as refused:
            operation.patch(part)
        assert refused.value.code == "partition.gap"


def test_a_new_leaf_takes_only_from_whom_it_may(part):
    code, (_, south, east, _) = leaf_at(part, 10, 10)
    other, _ = leaf_at(part, east + 10, 10)
    ring = box(east - 30 * M, south + 20 * M, east + 30 * M, south + 40 * M)
    parent = part.rows[code].parent
    after = part.apply(Draw((("new", ring, {"parent": parent}, (code, other)),)))
    assert sizes(after)["new"] == 60 * M * 20 * M
    with pytest.raises(PartitionError) as refused:
        Draw((("new", ring, {"parent": parent}, (code,)),)).patch(part)
    (fault,) = refused.value.faults
    assert (fault.kind, fault.codes) == ("overlap", tuple(sorted(("new", other))))


def test_what_lies_outside_of_all_is_cut_off_within_the_width_and_the_outline_stays(part):
    code, (west, south, east, north) = leaf_at(part, 10, 10)
    area = box(west - M, south - M, east, north)
    with pytest.raises(PartitionError) as refused:
        Draw(((code, area, {}, ()),)).patch(part)
    assert refused.value.code == "partition.leaves_parent"
    with pytest.raises(PartitionError) as refused:
        Draw(((code, area, {}, ()),), width_m=2.0).patch(part)
    assert refused.value.code == "partition.no_change"


@pytest.mark.parametrize(
    ("leaves", "gone", "code"),
    [
        ((), (), "partition.no_change"),
        ((("a", 1), ("a", 2)), (), "partition.duplicate_code"),
        ((("new", 1),), ("nobody",), "partition.unknown_area"),
        ((("new", 1, {"parent": "nobody"}),), (), "partition.unknown_area"),
    ],
)
def test_codes_that_cannot_be_are_refused(part, leaves, gone, code):
    first, _ = leaf_at(part, 10, 10)
    parent = {"parent": part.rows[first].parent}
    made = tuple(
        (one[0], rings((0, 0), (one[1] * M, 0), (0, one[1] * M)), one[2] if len(one) > 2 else parent, ())
        for one in leaves
    )
    with pytest.raises(PartitionError) as refused:
        Draw(made, gone).patch(part)
    assert refused.value.code == code


def test_a_village_does_not_lose_its_last_leaf(part):
    code, _ = leaf_at(part, 10, 10)
    village = part.rows[code].parent
    others = [one for one in part.children[village] if one != code]
    elsewhere = next(p for p in part.children if p != village and p in part.rows and part.rows[p].parent is not None)
    named = tuple((one, _of(part, one), {"parent": elsewhere}, ()) for one in [code, *others])
    with pytest.raises(PartitionError) as refused:
        Draw(named).patch(part)
    assert (refused.value.code, refused.value.faults[0].codes) == ("partition.emptied", (village,))


def _of(part, code):
    return tuple(
        tuple(tuple(map(tuple, shapely.get_coordinates(ring)[:-1].tolist())) for ring in shapely.get_rings(one))
        for one in shapely.get_parts(part.shapes([code])[code])
    )
