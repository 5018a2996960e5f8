"""Proposals for grids: small units put together so that the grids are balanced, compact, whole, and near to today's.

Units are arrays, so that anything can be one: natural villages, blocks between roads and water, squares. The search is
simulated annealing over the units on borders between grids (Kirkpatrick et al. 1983; for districts Browdy 1990), which
keeps every grid in one piece at each step. The same seed gives the same proposal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gis.compiled import compiled
from gis.errors import GisError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# Trials a unit of one search; further ones hardly shorten the borders.
TRIALS = 1_500
_HOT, _COLD = 0.5, 2e-4
_ROUNDS = 20


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


@dataclass(frozen=True)
class Weights:
    """How much each aim counts; 0 leaves it out."""

    balance: float = 4.0
    compact: float = 2.0
    together: float = 3.0
    stay: float = 1.0


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


class NoProposal(GisError):
    """Why nothing can be proposed; ``detail`` names counts or units."""


def propose(
    units: Units,
    count: int,
    weights: Weights = Weights(),
    bounds: tuple[float, float] = (0.0, np.inf),
    *,
    seed: int = 0,
    tries: int = 2,
    trials: int = TRIALS,
    progress: Callable[[float], bool] | None = None,
) -> Proposal:
    """Return the best of some searches.

    Parameters
    ----------
    units : Units
    count : int
        Number of grids.
    weights : Weights
    bounds : (float, float)
        Least and largest load of a grid; where they cannot be kept, ``outside`` names the grids.
    seed, tries, trials : int
        Start of the random numbers; searches; steps of each for a unit.
    progress : callable, optional
        Called with the share done; a true answer goes on, a false one ends the search with the best so far.

    Raises
    ------
    NoProposal
        ``proposal.count`` ``.load`` ``.unit``: fewer units than grids, a total or a single unit beyond all bounds.
    """
    check(units, count, bounds)
    graph = _graph(units)
    best: Proposal | None = None
    for turn in range(tries):
        start = _start(units, graph, count, weights, np.random.default_rng(seed + turn), turn)
        start = numbered(units, start, count)
        grid, went_on = _search(units, graph, start, count, weights, bounds, seed + turn, trials, turn, tries, progress)
        found = measured(units, numbered(units, grid, count), count, weights, bounds)
        if best is None or (len(found.outside), found.cost) < (len(best.outside), best.cost):
            best = found
        if not went_on:
            break
    assert best is not None
    return best


def variants(weights: Weights, has_today: bool = True) -> dict[str, Weights]:
    """Return weights for several proposals side by side: as asked for, and each with one aim before the others."""
    found = {
        "asked": weights,
        "balance": replace(weights, balance=weights.balance * 6 + 6, together=weights.together / 2, stay=0.0),
        "compact": replace(weights, compact=weights.compact * 4 + 4, stay=0.0),
    }
    return found | ({"stay": replace(weights, stay=weights.stay * 6 + 6)} if has_today else {})


def check(units: Units, count: int, bounds: tuple[float, float]) -> None:
    """Refuse what no search can find: `NoProposal`."""
    low, high = bounds
    if not 1 <= count <= len(units):
        raise NoProposal("proposal.count", f"{len(units)} units cannot make {count} grids", {"units": len(units)})
    total = float(units.load.sum())
    if total < count * low or total > count * high:
        least = int(np.ceil(total / high)) if np.isfinite(high) else 1
        most = int(total // low) if low > 0 else len(units)
        raise NoProposal(
            "proposal.load",
            f"{total:g} in all cannot be {count} grids of {low:g} to {high:g}; from {least} to {most} grids could be",
            {"total": total, "least": least, "most": most},
        )
    heavy = np.flatnonzero(units.load > high)
    if len(heavy):
        raise NoProposal(
            "proposal.unit",
            f"{len(heavy)} units alone have more than {high:g}: divide them first",
            {"units": heavy.tolist()},
        )


@dataclass(frozen=True)
class _Graph:
    """Neighbours by unit: those of unit u are other[first[u]:first[u + 1]]."""

    first: Ints
    other: Ints
    length: Floats


def _graph(units: Units) -> _Graph:
    """Parts that nothing connects are joined to the nearest other part by borders without length."""
    beside, length = units.beside, units.length_m
    label = _parts(len(units), beside)
    while len(apart := np.unique(label)) > 1:
        mine = np.flatnonzero(label == apart[0])
        rest = np.flatnonzero(label != apart[0])
        far = np.hypot(*(units.xy[mine][:, None] - units.xy[rest][None]).transpose(2, 0, 1))
        i, k = np.unravel_index(np.argmin(far), far.shape)
        beside = np.vstack([beside, [mine[i], rest[k]]])
        length = np.append(length, 0.0)
        label = _parts(len(units), beside)
    a = np.concatenate([beside[:, 0], beside[:, 1]])
    b = np.concatenate([beside[:, 1], beside[:, 0]])
    order = np.lexsort((b, a))
    first = np.searchsorted(a[order], np.arange(len(units) + 1))
    return _Graph(first, b[order], np.concatenate([length, length])[order])


def _parts(count: int, beside: Ints) -> Ints:
    label = np.arange(count)
    while True:
        low = np.minimum(label[beside[:, 0]], label[beside[:, 1]])
        before = label.copy()
        np.minimum.at(label, beside[:, 0], low)
        np.minimum.at(label, beside[:, 1], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def _start(units: Units, graph: _Graph, count: int, weights: Weights, rng: np.random.Generator, turn: int) -> Ints:
    """Return a first plan: today's where it has as many grids and is to be kept, else grown from spread-out seeds."""
    today = units.today
    usable = turn == 0 and weights.stay > 0
    if usable and today is not None and set(np.unique(today)) == set(range(count)) and _whole(today, graph, count):
        return np.array(today, np.int64)
    seeds = [int(rng.integers(len(units)))]
    far = np.hypot(*(units.xy - units.xy[seeds[0]]).T)
    while len(seeds) < count:
        far[seeds] = -1.0
        seeds.append(int(np.argmax(far * rng.uniform(0.7, 1.0, len(far)))))
        far = np.minimum(far, np.hypot(*(units.xy - units.xy[seeds[-1]]).T))
    return _grown(graph.first, graph.other, units.load, units.xy, np.array(seeds, np.int64))


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


def _whole(grid: Ints, graph: _Graph, count: int) -> bool:
    a = np.repeat(np.arange(len(grid)), np.diff(graph.first))
    same = grid[a] == grid[graph.other]
    return len(np.unique(_parts(len(grid), np.column_stack([a[same], graph.other[same]])))) == count


@compiled
def _grown(first, other, load, xy, seeds):
    """Return the grids grown from seeds: the lightest one that can takes the unit beside it that is nearest to its seed."""
    n, count = len(load), len(seeds)
    grid = np.full(n, -1, np.int64)
    weight = np.zeros(count)
    for k in range(count):
        grid[seeds[k]] = k
        weight[k] = load[seeds[k]]
    stuck = np.zeros(count, np.bool_)
    for _ in range(n - count):
        while True:
            k = -1
            for j in range(count):
                if not stuck[j] and (k < 0 or weight[j] < weight[k]):
                    k = j
            if k < 0:
                return grid
            best, nearest = -1, np.inf
            for u in range(n):
                if grid[u] != k:
                    continue
                for e in range(first[u], first[u + 1]):
                    v = other[e]
                    if grid[v] < 0:
                        far = (xy[v, 0] - xy[seeds[k], 0]) ** 2 + (xy[v, 1] - xy[seeds[k], 1]) ** 2
                        if far < nearest:
                            best, nearest = v, far
            if best >= 0:
                grid[best] = k
                weight[k] += load[best]
                break
            stuck[k] = True
    return grid


def _search(
    units: Units, graph: _Graph, grid: Ints, count: int, weights: Weights, bounds: tuple[float, float], seed: int,
    trials: int, turn: int, tries: int, progress: Callable[[float], bool] | None,
) -> tuple[Ints, bool]:  # fmt: skip
    """Return the plan that annealing finds, and whether it was let go on to the end."""
    target = max(float(units.load.sum()) / count, 1e-9)
    together = np.full(len(units), -1, np.int64) if units.together is None else units.together.astype(np.int64)
    today = np.full(len(units), -1, np.int64) if units.today is None else units.today.astype(np.int64)
    groups = int(together.max(initial=-1)) + 1
    held = np.zeros((max(groups, 1), count), np.int64)
    np.add.at(held, (together[together >= 0], grid[together >= 0]), 1)
    load = np.bincount(grid, units.load, count).astype(float)
    size = np.bincount(grid, minlength=count)
    scale = _scales(units, graph, count, weights, target)
    low, high = bounds
    state = np.array([seed * 2_654_435_761 % 2**32 + 1], np.int64)
    temperature = np.geomspace(_HOT, _COLD, _ROUNDS)
    for k, hot in enumerate(temperature):
        _anneal(
            graph.first, graph.other, graph.length, units.load, together, today, grid, load, size, held, target, low,
            high, *scale, float(hot), float(temperature[k + 1] if k + 1 < _ROUNDS else 0.0), trials * len(grid) // _ROUNDS, state,
        )  # fmt: skip
        if progress is not None and not progress((turn + (k + 1) / _ROUNDS) / tries):
            return grid, False
    return grid, True


def _scales(
    units: Units, graph: _Graph, count: int, weights: Weights, target: float
) -> tuple[float, float, float, float]:
    """What one unit of each aim costs: a grid wholly out of balance, the border of a square grid, a village split, a grid moved."""
    side = float(np.sqrt(max(units.area_m2.sum(), 1e-9) / count))
    usual = float(np.median(units.length_m)) if len(units.length_m) else 1.0
    across = max(side, usual)
    return weights.balance, weights.compact / (4 * across), weights.together, weights.stay / target


@compiled
def _random(state):
    """Return a number from 0 to 1 (Park–Miller, full period of 2³¹ − 2)."""
    state[0] = state[0] * 48271 % 2147483647
    if state[0] == 0:
        state[0] = 1
    return state[0] / 2147483647.0


@compiled
def _off(load, target, low, high):
    """Return what a load costs: the square of how far it is from the mean, and more beyond the bounds."""
    off = (load - target) / target
    cost = off * off
    if load < low:
        cost += 4.0 * (low - load) / target + 4.0 * ((low - load) / target) ** 2
    if load > high:
        cost += 4.0 * (load - high) / target + 4.0 * ((load - high) / target) ** 2
    return cost


@compiled
def _holds(first, other, grid, u, mark, stack, stamp):
    """Tell whether the grid of a unit stays in one piece without it."""
    mine = grid[u]
    wanted, start = 0, -1
    for e in range(first[u], first[u + 1]):
        v = other[e]
        if grid[v] == mine and v != u:
            wanted += 1
            start = v
    if wanted <= 1:
        return wanted == 1
    mark[u] = stamp
    mark[start] = stamp
    stack[0] = start
    depth, found = 1, 0
    for e in range(first[u], first[u + 1]):
        if other[e] == start:
            found += 1
    while depth > 0:
        depth -= 1
        here = stack[depth]
        for e in range(first[here], first[here + 1]):
            v = other[e]
            if grid[v] == mine and mark[v] != stamp:
                mark[v] = stamp
                stack[depth] = v
                depth += 1
                for f in range(first[u], first[u + 1]):
                    if other[f] == v:
                        found += 1
                        break
                if found >= wanted:
                    return True
    return False


@compiled
def _anneal(
    first, other, length, loads, together, today, grid, load, size, held, target, low, high,
    per_balance, per_cut, per_split, per_moved, hot, cold, trials, state,
):  # fmt: skip
    """Try to give units on borders to the grid beside them; changes grid, load, size and held in place."""
    n = len(grid)
    mark = np.zeros(n, np.int64)
    stack = np.empty(n + 1, np.int64)
    # the unit kept last where nothing got better is not undone: the best plan is the last, at temperatures near zero
    for trial in range(trials):
        u = int(_random(state) * n) % n
        degree = first[u + 1] - first[u]
        if degree == 0:
            continue
        v = other[first[u] + int(_random(state) * degree) % degree]
        a, b = grid[u], grid[v]
        if a == b or size[a] == 1:
            continue
        cost = per_balance * (
            _off(load[a] - loads[u], target, low, high) - _off(load[a], target, low, high)
            + _off(load[b] + loads[u], target, low, high) - _off(load[b], target, low, high)
        )  # fmt: skip
        cut = 0.0
        for e in range(first[u], first[u + 1]):
            w = other[e]
            if grid[w] == a:
                cut += length[e]
            elif grid[w] == b:
                cut -= length[e]
        cost += per_cut * cut
        group = together[u]
        if group >= 0:
            cost += per_split * ((1.0 if held[group, b] == 0 else 0.0) - (1.0 if held[group, a] == 1 else 0.0))
        if today[u] >= 0:
            cost += per_moved * loads[u] * ((1.0 if a == today[u] else 0.0) - (1.0 if b == today[u] else 0.0))
        heat = hot + (cold - hot) * trial / trials
        if cost > 0.0 and (heat <= 0.0 or _random(state) >= np.exp(-cost / heat)):
            continue
        if not _holds(first, other, grid, u, mark, stack, trial + 1):
            continue
        grid[u] = b
        load[a] -= loads[u]
        load[b] += loads[u]
        size[a] -= 1
        size[b] += 1
        if group >= 0:
            held[group, a] -= 1
            held[group, b] += 1


def measured(
    units: Units, grid: Ints, count: int, weights: Weights = Weights(), bounds: tuple[float, float] = (0.0, np.inf)
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
    per = _scales(units, _Graph(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)), count, weights, target)
    off = float(sum(_off(one, target, *bounds) for one in load.tolist()))
    cost = per[0] * off + per[1] * cut_m + per[2] * split + (per[3] * moved * weight if moved == moved else 0.0)
    outside = tuple(np.flatnonzero((load < bounds[0]) | (load > bounds[1])).tolist())
    with np.errstate(divide="ignore", invalid="ignore"):
        round_ = np.where(perimeter > 0, 4 * np.pi * area / perimeter**2, 0.0)
    return Proposal(
        grid, load, area, perimeter, cut_m, float(load.std() / load.mean()) if load.mean() > 0 else 0.0,
        float(round_.mean()), split, moved, outside, cost,
    )  # fmt: skip
