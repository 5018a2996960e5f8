"""Plans by GerryChain for the same units, in an environment of its own: best of 1,000 ReCom plans, and short bursts.

Reads units as JSON, writes for each method seconds, edges cut, mean Polsby–Popper and largest deviation of its best plan.
"""

from __future__ import annotations

import json
import random
import sys
import time
from functools import partial

import networkx
from gerrychain import MarkovChain, Partition, accept, constraints
from gerrychain.graph import Graph
from gerrychain.optimization import SingleMetricOptimizer
from gerrychain.proposals import recom
from gerrychain.tree import recursive_tree_part
from gerrychain.updaters import Tally, cut_edges


def main() -> None:
    given = json.load(sys.stdin)
    random.seed(given["seed"])
    graph = networkx.Graph()
    for unit, (load, area, outer) in enumerate(zip(given["load"], given["area"], given["outer"], strict=True)):
        graph.add_node(unit, load=load, area=area, outer=outer)
    for (a, b), length in zip(given["beside"], given["length"], strict=True):
        graph.add_edge(a, b, length=length)
    mean, within, count = sum(given["load"]) / given["count"], given["within"], given["count"]
    seconds = {"start": time.perf_counter()}
    try:
        made = Graph.from_networkx(graph)
        first = recursive_tree_part(made, range(count), mean, "load", within, 1)
    except (AttributeError, TypeError):
        made = Graph(graph)
        first = recursive_tree_part(made, range(count), mean, "load", within, 1)
    start = Partition(
        made, first, {"load": Tally("load", alias="load"), "cut": cut_edges, "edges": lambda p: len(p["cut"])}
    )
    step = partial(recom, pop_col="load", pop_target=mean, epsilon=within, node_repeats=2)
    bound = constraints.within_percent_of_ideal_population(start, within, pop_key="load")
    seeded = time.perf_counter() - seconds.pop("start")
    out = {}
    begun = time.perf_counter()
    chain = MarkovChain(step, [bound], accept.always_accept, start, given["steps"])
    best = min(((plan["edges"], dict(plan.assignment.items())) for plan in chain), key=lambda pair: pair[0])
    out["recom"] = measured(given, best[1]) | {"seconds": seeded + time.perf_counter() - begun}
    begun = time.perf_counter()
    optimizer = SingleMetricOptimizer(step, [bound], start, optimization_metric=lambda p: p["edges"], maximize=False)
    for _ in optimizer.short_bursts(10, given["steps"] // 10):
        pass
    found = dict(optimizer.best_part.assignment.items())
    out["bursts"] = measured(given, found) | {"seconds": seeded + time.perf_counter() - begun}
    json.dump(out, sys.stdout)


def measured(given: dict, grid: dict[int, int]) -> dict[str, float]:
    """Edges cut, mean Polsby–Popper and largest deviation of a plan."""
    numbers = sorted(set(grid.values()))
    area, border, load = (dict.fromkeys(numbers, 0.0) for _ in range(3))
    for unit, k in grid.items():
        area[k] += given["area"][unit]
        border[k] += given["outer"][unit]
        load[k] += given["load"][unit]
    cut, cut_m = 0, 0.0
    for (a, b), length in zip(given["beside"], given["length"], strict=True):
        if grid[a] != grid[b]:
            cut, cut_m = cut + 1, cut_m + length
            border[grid[a]] += length
            border[grid[b]] += length
    mean = sum(load.values()) / len(numbers)
    return {
        "cut": cut, "cut_m": cut_m, "compactness": sum(12.566370614 * area[k] / border[k] ** 2 for k in numbers) / len(numbers),
        "off": max(abs(load[k] - mean) / mean for k in numbers),
    }  # fmt: skip


if __name__ == "__main__":
    main()
