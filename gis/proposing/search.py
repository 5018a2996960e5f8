"""The search for plans: why there can be none, where it begins, and the best of some tries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gis.errors import GisError
from gis.proposing.annealing import anneal, grown
from gis.proposing.plans import USUAL, Proposal, Weights, measured, numbered, scales
from gis.proposing.units import Graph, Ints, Units, joined, parts

# Trials a unit of one search; further ones hardly shorten the borders.
TRIALS = 1_500
_HOT, _COLD = 0.5, 2e-4
_ROUNDS = 20


class NoProposal(GisError):
    """Why nothing can be proposed; ``detail`` names counts or units."""


def propose(
    units: Units,
    count: int,
    weights: Weights = USUAL,
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
    graph = joined(units)
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


def _start(units: Units, graph: Graph, count: int, weights: Weights, rng: np.random.Generator, turn: int) -> Ints:
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
    return grown(graph.first, graph.other, units.load, units.xy, np.array(seeds, np.int64))


def _whole(grid: Ints, graph: Graph, count: int) -> bool:
    a = np.repeat(np.arange(len(grid)), np.diff(graph.first))
    same = grid[a] == grid[graph.other]
    return len(np.unique(parts(len(grid), np.column_stack([a[same], graph.other[same]])))) == count


def _search(
    units: Units, graph: Graph, grid: Ints, count: int, weights: Weights, bounds: tuple[float, float], seed: int,
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
    scale = scales(units, count, weights, target)
    low, high = bounds
    state = np.array([seed * 2_654_435_761 % 2**32 + 1], np.int64)
    temperature = np.geomspace(_HOT, _COLD, _ROUNDS)
    for k, hot in enumerate(temperature):
        anneal(
            graph.first, graph.other, graph.length, units.load, together, today, grid, load, size, held, target, low,
            high, *scale, float(hot), float(temperature[k + 1] if k + 1 < _ROUNDS else 0.0), trials * len(grid) // _ROUNDS, state,
        )  # fmt: skip
        if progress is not None and not progress((turn + (k + 1) / _ROUNDS) / tries):
            return grid, False
    return grid, True
