"""Areas from lines as they are drawn in CAD: rings, nets, ends that do not meet."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.linework import areas_of

FRAME = shapely.LineString([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])


def sizes(areas):
    return sorted(round(area.area, 6) for area in areas)


def test_closed_rings_are_areas_and_those_inside_are_holes_of_the_others():
    inner = shapely.LineString([(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)])
    beside = shapely.LineString([(100, 0), (150, 0), (150, 100), (100, 100), (100, 0)])
    areas, ends = areas_of([FRAME, inner, beside], 0.0)
    assert (sizes(areas), ends) == ([100.0, 5000.0, 9900.0], [])


@pytest.mark.parametrize(
    ("end_y", "reach_m", "sizes_now", "closed"),
    [
        (100.0, 0.0, [5000.0, 5000.0], []),
        (99.0, 0.5, [10000.0], [False]),  # a metre short
        (99.0, 1.0, [5000.0, 5000.0], [True]),
        (100.8, 0.5, [5000.0, 5000.0], [False]),  # too far, which still divides
        (100.8, 1.0, [5000.0, 5000.0], [True]),
    ],
)
def test_a_line_that_ends_short_or_reaches_too_far_is_told_and_closed_within_reach(end_y, reach_m, sizes_now, closed):
    areas, ends = areas_of([FRAME, shapely.LineString([(50, 0), (50, end_y)])], reach_m)
    assert sizes(areas) == sizes_now
    assert [end.closed for end in ends] == closed
    assert [end.gap_m for end in ends] == pytest.approx([abs(100 - end_y)] * len(closed))


def test_an_end_is_led_to_a_slanting_line_that_its_numbers_do_not_meet_exactly():
    slanted = [
        shapely.affinity.rotate(line, 17.3, origin=(0, 0))
        for line in (FRAME, shapely.LineString([(50, 0), (50, 99.2)]))
    ]
    assert sizes(areas_of(slanted, 1.0)[0]) == [5000.0, 5000.0]


def test_a_ring_that_is_almost_closed_closes_on_itself():
    line = shapely.LineString([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0.6)])
    assert areas_of([line], 0.5)[0] == []
    areas, ends = areas_of([line], 0.7)
    assert (sizes(areas), [end.closed for end in ends]) == ([10000.0], [True, True])


@given(st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=1, max_size=12, unique=True))
def test_lines_from_side_to_side_divide_the_frame_into_as_many_meshes_as_they_make(cuts):
    across = [
        shapely.LineString([(0, at), (100, at)] if level else [(at, 0), (at, 100)]) for at, level in dict(cuts).items()
    ]
    areas, ends = areas_of([FRAME, *across], 0.0)
    levels = sum(line.coords[0][1] == line.coords[1][1] for line in across)
    assert len(areas) == (levels + 1) * (len(across) - levels + 1)
    assert np.isclose(sum(area.area for area in areas), 10_000)
    assert ends == []
