"""The side of a line, against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.orientation import orient

degree = st.one_of(
    st.floats(-180, 180).map(lambda v: v if abs(v) > 1e-100 else 0.0),
    st.integers(-1_800_000_000, 1_800_000_000).map(lambda k: k / 1e7),
)


def side(ax, ay, bx, by, px, py):
    ax, ay, bx, by, px, py = map(Fraction, (ax, ay, bx, by, px, py))
    det = (ax - px) * (by - py) - (ay - py) * (bx - px)
    return (det > 0) - (det < 0)


@given(*[degree] * 6)
@settings(deadline=None)
def test_side_is_exact_anywhere(ax, ay, bx, by, px, py):
    assert orient(ax, ay, bx, by, px, py) == side(ax, ay, bx, by, px, py)


@given(*[degree] * 4, st.floats(0, 1), *[st.sampled_from([-np.inf, None, np.inf])] * 2)
@settings(deadline=None, max_examples=400)
def test_side_is_exact_beside_the_line(ax, ay, bx, by, t, way_x, way_y):
    px, py = ax + (bx - ax) * t, ay + (by - ay) * t
    px = px if way_x is None else float(np.nextafter(px, way_x))
    py = py if way_y is None else float(np.nextafter(py, way_y))
    if 0 < abs(px) < 1e-100 or 0 < abs(py) < 1e-100:
        px = py = 0.0
    assert orient(ax, ay, bx, by, px, py) == side(ax, ay, bx, by, px, py)
