"""The loops of the search, compiled: grids grown from seeds, and units on borders given to the grid beside them.

Source: Kirkpatrick, Gelatt and Vecchi 1983, Optimization by simulated annealing; for districts Browdy 1990.
"""

from __future__ import annotations

import numpy as np

from gis.compiled import compiled


@compiled
def grown(first, other, load, xy, seeds):
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


@compiled
def _random(state):
    """Return a number from 0 to 1 (Park–Miller, full period of 2³¹ − 2)."""
    state[0] = state[0] * 48271 % 2147483647
    if state[0] == 0:
        state[0] = 1
    return state[0] / 2147483647.0


@compiled
def off(load, target, low, high):
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
def anneal(
    first, other, length, loads, together, today, grid, load, size, held, target, low, high,
    per_balance, per_cut, per_split, per_moved, hot, cold, trials, state,
):  # fmt: skip
    """Try to give units on borders to the grid beside them; changes grid, load, size and held in place."""
    n = len(grid)
    mark = np.zeros(n, np.int64)
    stack = np.empty(n + 1, np.int64)
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
            off(load[a] - loads[u], target, low, high) - off(load[a], target, low, high)
            + off(load[b] + loads[u], target, low, high) - off(load[b], target, low, high)
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
