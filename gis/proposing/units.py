"""Small units of an area as arrays, and what hangs together of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Small units of an area.

    Attributes
    ----------
    load : ndarray (n,)
        What is to be spread evenly: households, or hours of work.
    area_m2, outer_m : ndarray (n,)
        Area, and length of the border with what is no unit.
    beside : ndarray (m, 2)
        Pairs of units with a common border. length_m : ndarray (m,), the length of each.
    xy : ndarray (n, 2)
        A point of each in metres, in any projected CRS.
    together : ndarray (n,), optional
        Number of the natural village that each belongs to, −1 for none; they are split as little as can be.
    today : ndarray (n,), optional
        Number 0, 1, … of the grid that each lies in today, −1 for none.
    """

    load: Floats
    area_m2: Floats
    outer_m: Floats
    beside: Ints
    length_m: Floats
    xy: Floats
    together: Ints | None = None
    today: Ints | None = None

    def __len__(self) -> int:
        return len(self.load)


def among(units: Units, wanted: NDArray[np.bool_]) -> Units:
    """Return some of the units; borders with the others count as those with what is no unit."""
    number = np.full(len(units), -1, np.int64)
    number[wanted] = np.arange(int(wanted.sum()))
    inner = wanted[units.beside].all(axis=1)
    outer = units.outer_m.copy()
    for side in (0, 1):
        away = wanted[units.beside[:, side]] & ~inner
        np.add.at(outer, units.beside[away, side], units.length_m[away])
    return Units(
        units.load[wanted], units.area_m2[wanted], outer[wanted], number[units.beside[inner]], units.length_m[inner],
        units.xy[wanted], None if units.together is None else units.together[wanted],
        None if units.today is None else units.today[wanted],
    )  # fmt: skip


@dataclass(frozen=True)
class Graph:
    """Neighbours by unit: those of unit u are other[first[u]:first[u + 1]]."""

    first: Ints
    other: Ints
    length: Floats


def joined(units: Units) -> Graph:
    """Parts that nothing connects are joined to the nearest other part by borders without length."""
    beside, length = units.beside, units.length_m
    label = parts(len(units), beside)
    while len(apart := np.unique(label)) > 1:
        mine = np.flatnonzero(label == apart[0])
        rest = np.flatnonzero(label != apart[0])
        far = np.hypot(*(units.xy[mine][:, None] - units.xy[rest][None]).transpose(2, 0, 1))
        i, k = np.unravel_index(np.argmin(far), far.shape)
        beside = np.vstack([beside, [mine[i], rest[k]]])
        length = np.append(length, 0.0)
        label = parts(len(units), beside)
    a = np.concatenate([beside[:, 0], beside[:, 1]])
    b = np.concatenate([beside[:, 1], beside[:, 0]])
    order = np.lexsort((b, a))
    first = np.searchsorted(a[order], np.arange(len(units) + 1))
    return Graph(first, b[order], np.concatenate([length, length])[order])


def parts(count: int, beside: Ints) -> Ints:
    label = np.arange(count)
    while True:
        low = np.minimum(label[beside[:, 0]], label[beside[:, 1]])
        before = label.copy()
        np.minimum.at(label, beside[:, 0], low)
        np.minimum.at(label, beside[:, 1], low)
        label = label[label]
        if np.array_equal(label, before):
            return label
