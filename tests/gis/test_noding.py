"""Lines on the lattice: after noding, any two are equal or meet at end points only, and none has gone astray."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import GisError
from gis.partition.noding import lines_of, node

small = st.integers(-12, 12)
segment = st.tuples(small, small, small, small)


def noded(segments):
    table = np.array(segments, np.int64).reshape(-1, 4)
    return node(lines_of(np.arange(len(table)), table[:, :2], table[:, 2:]))


def meet_inside(a, b, c, d):
    """Tell whether two lattice segments have a point in common that is inside one of them and not equal both ways."""
    return shapely.LineString([a, b]).relate_pattern(shapely.LineString([c, d]), "T********") or any(
        shapely.LineString(s).relate_pattern(shapely.Point(p), "0********") for s, p in (((a, b), c), ((a, b), d))
    )


@given(st.lists(segment, min_size=1, max_size=14))
@settings(deadline=None, max_examples=150)
def test_lines_meet_at_their_ends_only(segments):
    out = noded(segments)
    pieces = {
        tuple(sorted((tuple(out.points[s].tolist()), tuple(out.points[e].tolist()))))
        for s, e in zip(out.start, out.stop, strict=True)
    }
    for (a, b), (c, d) in itertools.permutations(pieces, 2):
        assert not meet_inside(a, b, c, d)


@given(st.lists(segment, min_size=1, max_size=14))
@settings(deadline=None, max_examples=100)
def test_every_line_still_leads_from_its_start_to_its_end_and_stays_near(segments):
    out = noded(segments)
    for line, (ax, ay, bx, by) in enumerate(segments):
        mine = np.flatnonzero(out.area == line)
        if (ax, ay) == (bx, by):
            assert not mine.size
            continue
        assert out.points[out.start[mine[0]]].tolist() == [ax, ay]
        assert out.points[out.stop[mine[-1]]].tolist() == [bx, by]
        assert np.array_equal(out.stop[mine[:-1]], out.start[mine[1:]])
        original = shapely.LineString([(ax, ay), (bx, by)])
        nodes = shapely.points(out.points[np.append(out.start[mine], out.stop[mine[-1]])])
        # A round bends a line by at most 0.71; few lines so near to each other need more than two.
        assert shapely.distance(original, nodes).max() < 3.0


@given(st.lists(segment, min_size=1, max_size=14))
@settings(deadline=None, max_examples=60)
def test_noding_twice_changes_nothing(segments):
    once = noded(segments)
    twice = node(once)
    assert np.array_equal(once.points[once.start], twice.points[twice.start])
    assert np.array_equal(once.points[once.stop], twice.points[twice.stop])


def test_crossing_of_long_lines_is_put_on_the_nearest_point():
    out = noded([(0, 0, 900_000_001, 300_000_000), (0, 300_000_000, 900_000_000, 0)])
    middle = set(map(tuple, out.points.tolist())) - {
        (0, 0),
        (900_000_001, 300_000_000),
        (0, 300_000_000),
        (900_000_000, 0),
    }
    assert middle == {(450_000_000, 150_000_000)}


def test_lines_over_more_than_a_quarter_of_the_globe_are_refused():
    with pytest.raises(GisError) as caught:
        noded([(0, 0, 1_000_000_000, 0)])
    assert caught.value.code == "partition.too_wide"
