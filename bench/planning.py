"""Redrawing boundaries: proposals beside GerryChain's on the same units, and one edit of a partition of 83,041 vertices."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from bench.stage import ROOT
from gis.lattice import from_integers
from gis.partition import Partition, PartitionError
from gis.partition.blocks import blocks
from gis.partition.operations import MoveVertex
from gis.proposing import Proposal, Units, Weights, propose

NYC = ROOT.parent / "shared" / "data" / "nyc311" / "community_districts.geojson"
WITHIN, STEPS = 0.05, 1_000
GOAL_SHARE, GOAL_SECONDS, GOAL_EDIT_MS = 1.0, 1.0, 100.0


def squares(across: int, up: int, seed: int = 1) -> Units:
    """Units of 100 m in rows with log-normal loads."""
    number = np.arange(across * up).reshape(up, across)
    pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    beside = np.vstack([np.column_stack([a.ravel(), b.ravel()]) for a, b in pairs])
    outer = np.zeros(across * up)
    for rim in (number[0], number[-1], number[:, 0], number[:, -1]):
        outer[rim] += 100.0
    y, x = np.divmod(np.arange(across * up), across)
    load = np.random.default_rng(seed).lognormal(3, 0.5, across * up)
    sizes = np.full(across * up, 1e4)
    return Units(load, sizes, outer, beside, np.full(len(beside), 100.0), np.column_stack([x, y]) * 100.0)


def demo_town() -> Units:
    """The blocks between roads of the demo town as one area, households as their load."""
    import pandas as pd

    from gis.locate import AreaIndex

    pack = ROOT / "data" / "packs" / "ganpu"
    areas = pd.concat(
        [gpd.read_file(pack / "areas" / f"{name}.geojson") for name in ("grids", "zones", "villages", "town")]
    )
    part = Partition.from_areas(gpd.GeoDataFrame(areas).set_crs(4490, allow_override=True).reset_index(drop=True))
    town = next(code for code in part.rows if part.rows[code].parent not in part.rows)
    made = blocks(part, town, list(gpd.read_file(pack / "base" / "roads.geojson").geometry), "EPSG:4549", 3_000.0)
    frame = gpd.GeoDataFrame(
        {"code": [f"{k:05d}" for k in range(len(made))]}, geometry=list(made.shapes), crs="EPSG:4490"
    )
    plates = pd.read_csv(pack / "addresses.csv")
    at = AreaIndex(frame).locate(plates["lon"].to_numpy(), plates["lat"].to_numpy())
    load = np.bincount(at[at >= 0], plates["households"].to_numpy()[at >= 0], len(made)).astype(float)
    metric = frame.to_crs(4549)
    middle = np.column_stack([metric.centroid.x, metric.centroid.y])
    return Units(load, metric.area.to_numpy(), made.outer_m, made.beside, made.length_m, middle)


def rows() -> list[dict[str, Any]]:
    """Return the rows of this table."""
    python = _environment()
    found: list[dict[str, Any]] = []
    for name, units, count, within in (
        ("300 units, 12 grids", squares(20, 15), 12, WITHIN),
        ("2,000 units, 40 grids", squares(50, 40), 40, WITHIN),
        ("demo town's blocks, 30 grids", demo_town(), 30, 0.25),
    ):
        ours, seconds = _ours(units, count, within)
        theirs = _theirs(python, units, count, within)
        for method in ("recom", "bursts"):
            other = theirs.get(method)
            against = {"recom": "best of 1,000 ReCom plans", "bursts": "short bursts of 1,000 steps"}[method]
            if other is None:
                print(f"{name}, {against}: {theirs['error']}")
                continue
            edges = int(np.sum(ours.grid[units.beside[:, 0]] != ours.grid[units.beside[:, 1]]))
            found += [
                _row(f"proposal, {name}: borders cut", f"{against} (Polsby–Popper {ours.compactness:.2f} to"
                     f" {other['compactness']:.2f})", edges / other["cut"], GOAL_SHARE, seconds, other["seconds"]),
                _row(f"proposal, {name}: time", against, seconds / other["seconds"], 0.1, seconds, other["seconds"]),
            ]  # fmt: skip
    found.append(_edit())
    return found


def _ours(units: Units, count: int, within: float) -> tuple[Proposal, float]:
    mean = float(units.load.sum()) / count
    bounds = ((1 - within) * mean, (1 + within) * mean)
    propose(units, count, Weights(4, 2), bounds, tries=1, trials=10)  # compiled
    times = []
    for seed in range(3):
        begun = time.perf_counter()
        plan = propose(units, count, Weights(4, 2), bounds, seed=seed, tries=1)
        times.append((len(plan.outside), plan.cost, time.perf_counter() - begun, plan))
    _, _, _, best = min(times, key=lambda one: one[:2])
    return best, sum(one[2] for one in times)


def _theirs(python: Path, units: Units, count: int, within: float) -> dict[str, Any]:
    given = {
        "seed": 1, "count": count, "within": within, "steps": STEPS, "load": units.load.tolist(),
        "area": units.area_m2.tolist(), "outer": units.outer_m.tolist(), "beside": units.beside.tolist(),
        "length": units.length_m.tolist(),
    }  # fmt: skip
    run = subprocess.run(
        [str(python), str(Path(__file__).with_name("recom.py"))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    if run.returncode:
        return {"error": run.stderr.strip().splitlines()[-1][:200]}
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def _environment() -> Path:
    venv = ROOT / ".onegrid" / "bench-recom"
    python = venv / "bin" / "python"
    if not (venv / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "gerrychain"], check=True)
        (venv / "installed").touch()
    return python


def _edit() -> dict[str, Any]:
    """Milliseconds from a dragged vertex to the new polygons of the areas beside it, New York's districts as grids."""
    given = gpd.read_file(NYC)
    areas = gpd.GeoDataFrame(
        {"code": [f"{k:03d}" for k in range(len(given))], "parent": "nyc"},
        geometry=np.asarray(given.geometry),
        crs="EPSG:4490",
    )
    begun = time.perf_counter()
    part = Partition.from_areas(areas)
    built_ms = (time.perf_counter() - begun) * 1e3
    part.areas()
    inner = np.flatnonzero((part.borders.left >= 0) & (part.borders.right >= 0))
    times = []
    for row in inner[:: max(1, len(inner) // 60)].tolist():
        at = part.borders.start[row]
        operation = MoveVertex(tuple(from_integers(at).tolist()), tuple(from_integers(at + 7).tolist()))
        begun = time.perf_counter()
        try:
            after = part.apply(operation)
        except PartitionError:
            continue
        after.shapes([code for code in after.history[-1].codes if code in after.rows])
        times.append((time.perf_counter() - begun) * 1e3)
    middle = statistics.median(times)
    row = _row(f"one edit of {len(part.borders):,} edges, {len(times)} tried", "ms; building the partition anew", middle,
               GOAL_EDIT_MS, middle / 1e3, built_ms / 1e3)  # fmt: skip
    return row


def _row(job: str, against: str, value: float, goal: float, ours_s: float, theirs_s: float) -> dict[str, Any]:
    return {
        "job": job, "against": against, "ratio": value, "goal": goal, "below": True, "ok": value <= goal,
        "ours_s": ours_s, "theirs_s": theirs_s,
    }  # fmt: skip
