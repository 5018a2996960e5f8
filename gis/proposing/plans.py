"""What a plan of units is like: loads, borders, villages that it splits, how far it is from today's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gis.proposing.annealing import off
from gis.proposing.units import Floats, Ints, Units


@dataclass(frozen=True)
class Weights:
    """How much each aim counts; 0 leaves it out."""

    balance: float = 4.0
    compact: float = 2.0
    together: float = 3.0
    stay: float = 1.0


USUAL = Weights()


@dataclass(frozen=True)
class Proposal:
    """One way to put units together.

    Attributes
    ----------
    grid : ndarray (n,)
        Number of the grid of each unit, 0 … count − 1; with ``today``, a grid has the number of that which it is most of.
    load, area_m2, perimeter_m : ndarray (count,)
    cut_m : float
        Length of the borders between grids.
    spread : float
        Standard deviation of the loads over their mean.
    compactness : float
        Mean of Polsby–Popper, 4π area / perimeter².
    split : int
        Natural villages that lie in more than one grid, counted once for each grid beyond the first.
    moved : float
        Share of the load that lies in another grid than today; NaN without ``today``.
    outside : tuple of int
        Grids whose load is out of bounds.
    """

    grid: Ints
    load: Floats
    area_m2: Floats
    perimeter_m: Floats
    cut_m: float
    spread: float
    compactness: float
    split: int
    moved: float
    outside: tuple[int, ...] = ()
    cost: float = field(default=0.0, repr=False)


def variants(weights: Weights, has_today: bool = True) -> dict[str, Weights]:
    """Return weights for several proposals side by side: as asked for, and each with one aim before the others."""
    found = {
        "asked": weights,
        "balance": replace(weights, balance=weights.balance * 6 + 6, together=weights.together / 2, stay=0.0),
        "compact": replace(weights, compact=weights.compact * 4 + 4, stay=0.0),
    }
    return found | ({"stay": replace(weights, stay=weights.stay * 6 + 6)} if has_today else {})


def numbered(units: Units, grid: Ints, count: int) -> Ints:
    """Return a plan in which each grid has the number of that of today which it has most of, the largest shares first."""
    if units.today is None:
        return grid
    known = (units.today >= 0) & (units.today < count)
    shared = np.zeros((count, count))
    # by load, and by area where nobody lives
    weight = units.load + units.area_m2 * 1e-9
    np.add.at(shared, (grid[known], units.today[known]), weight[known])
    number = np.full(count, -1, np.int64)
    for pair in np.argsort(-shared, axis=None, kind="stable").tolist():
        mine, theirs = divmod(pair, count)
        if shared[mine, theirs] > 0 and number[mine] < 0 and theirs not in number:
            number[mine] = theirs
    number[number < 0] = np.setdiff1d(np.arange(count), number)
    return number[grid]


def measured(
    units: Units, grid: Ints, count: int, weights: Weights = USUAL, bounds: tuple[float, float] = (0.0, np.inf)
) -> Proposal:
    """Return a plan with its figures; today's plan too.

    Parameters
    ----------
    grid : ndarray (n,)
        Number of the grid of each unit, 0 … count − 1.
    """
    load = np.bincount(grid, units.load, count).astype(float)
    area = np.bincount(grid, units.area_m2, count).astype(float)
    a, b = grid[units.beside[:, 0]], grid[units.beside[:, 1]]
    cut = a != b
    perimeter = np.bincount(grid, units.outer_m, count).astype(float)
    for side in (a, b):
        perimeter = perimeter + np.bincount(side[cut], units.length_m[cut], count)
    cut_m = float(units.length_m[cut].sum())
    split = 0
    if units.together is not None:
        pairs = np.unique(np.column_stack([units.together, grid])[units.together >= 0], axis=0)
        split = len(pairs) - len(np.unique(pairs[:, 0]))
    moved, weight = float("nan"), float(units.load.sum())
    if units.today is not None and weight > 0:
        moved = float(units.load[(units.today >= 0) & (units.today != grid)].sum()) / weight
    target = max(weight / count, 1e-9)
    per = scales(units, count, weights, target)
    unbalanced = float(sum(off(one, target, *bounds) for one in load.tolist()))
    cost = per[0] * unbalanced + per[1] * cut_m + per[2] * split + (per[3] * moved * weight if moved == moved else 0.0)
    outside = tuple(np.flatnonzero((load < bounds[0]) | (load > bounds[1])).tolist())
    with np.errstate(divide="ignore", invalid="ignore"):
        round_ = np.where(perimeter > 0, 4 * np.pi * area / perimeter**2, 0.0)
    return Proposal(
        grid, load, area, perimeter, cut_m, float(load.std() / load.mean()) if load.mean() > 0 else 0.0,
        float(round_.mean()), split, moved, outside, cost,
    )  # fmt: skip


def scales(units: Units, count: int, weights: Weights, target: float) -> tuple[float, float, float, float]:
    """What one unit of each aim costs: a grid wholly out of balance, the border of a square grid, a village split, a grid moved."""
    side = float(np.sqrt(max(units.area_m2.sum(), 1e-9) / count))
    usual = float(np.median(units.length_m)) if len(units.length_m) else 1.0
    across = max(side, usual)
    return weights.balance, weights.compact / (4 * across), weights.together, weights.stay / target
