"""On which side of a line a point lies, decided exactly for any doubles.

Source: Shewchuk 1997, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates, sections 2
and 4.3. The bound is his; instead of the adaptive stages the rare near-degenerate case sums six exact products.
"""

from __future__ import annotations

import numpy as np

from gis.compiled import compiled

_BOUND = (3.0 + 16.0 * 2.0**-53) * 2.0**-53
_SPLIT = 134217729.0  # 2**27 + 1


@compiled
def orient(ax, ay, bx, by, px, py):
    """Return 1 if p lies left of the line from a to b, -1 if right, 0 if exactly on it.

    Examples
    --------
    >>> orient(0.0, 0.0, 1.0, 0.0, 0.5, 5e-324), orient(0.0, 0.0, 3.0, 1.0, 1.5, 0.5)
    (1, 0)
    """
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    bound = _BOUND * (abs(left) + abs(right))
    if det > bound:
        return 1
    if -det > bound:
        return -1
    return _exact(ax, ay, bx, by, px, py)


@compiled
def _exact(ax, ay, bx, by, px, py):
    # (ax-px)(by-py) - (ay-py)(bx-px), multiplied out; px*py cancels.
    parts = np.zeros(12)
    count = 0
    for sign, u, v in ((1.0, ax, by), (-1.0, ax, py), (-1.0, px, by), (-1.0, ay, bx), (1.0, ay, px), (1.0, py, bx)):
        high = u * v
        low = _product_error(u, v, high)
        count = _grow(parts, count, sign * low)
        count = _grow(parts, count, sign * high)
    for at in range(count - 1, -1, -1):
        # The parts do not overlap: the largest one that is not zero has the sign of the sum.
        if parts[at] > 0.0:
            return 1
        if parts[at] < 0.0:
            return -1
    return 0


@compiled
def _product_error(u, v, high):
    """Return ``u * v - high`` exactly (Dekker)."""
    big = _SPLIT * u
    u_high = big - (big - u)
    u_low = u - u_high
    big = _SPLIT * v
    v_high = big - (big - v)
    v_low = v - v_high
    return u_low * v_low - (((high - u_high * v_high) - u_low * v_high) - u_high * v_low)


@compiled
def _grow(parts, count, value):
    """Add a value to an expansion of ``count`` parts in increasing size; return the new count."""
    total = value
    for at in range(count):
        new = total + parts[at]
        back = new - total
        parts[at] = (total - (new - back)) + (parts[at] - back)
        total = new
    parts[count] = total
    return count + 1
