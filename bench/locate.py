"""Bulk point → grid beside the spatial joins of geopandas, in one process and with the same answers."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from bench.terrain import points_in_town, winding_grids
from gis.locate import AreaIndex

GOALS = {"default sjoin": 100.0, "sjoin(grids, points)": 40.0, "GeoSeries": 25.0, "build_ms": 50.0}


def rows(quick: bool = False) -> list[dict[str, Any]]:
    """Return one row a comparison: job, against, ratio, goal, ok, and the seconds behind it.

    Ten million points and 500 grids with 94,000 vertices; ``quick`` takes one million. Every method must give the same
    answers as the others.
    """
    count = 1_000_000 if quick else 10_000_000
    grids = winding_grids(500, 94_000)
    lon, lat = points_in_town(count)
    points = geopandas.GeoSeries(shapely.points(lon, lat), crs=grids.crs)
    AreaIndex(grids).locate(lon[:10], lat[:10])  # compiles

    build_s, index = _best(lambda: AreaIndex(grids), 25)
    array_s, found = _best(lambda: index.locate(lon, lat), 5)
    series_s, from_series = _best(lambda: index.locate_points(points), 3)
    frame = geopandas.GeoDataFrame(geometry=points)
    best_s, by_grid = _best(lambda: geopandas.sjoin(grids, frame), 1)
    default_s, by_point = _best(lambda: geopandas.sjoin(frame, grids), 1)
    for other in (
        from_series,
        _lowest(by_grid["index_right"], by_grid.index, count, len(grids)),
        _lowest(by_point.index, by_point["index_right"], count, len(grids)),
    ):
        if not np.array_equal(found, other):
            raise AssertionError("the methods disagree")

    vertices = int(shapely.get_num_coordinates(grids.geometry.values).sum())
    job = f"{count // 1_000_000} M points → {len(grids)} grids, {vertices // 1000} k vertices"
    return [
        _ratio(f"{job}, from arrays", "default sjoin", default_s, array_s, GOALS["default sjoin"]),
        _ratio(f"{job}, from arrays", "sjoin(grids, points)", best_s, array_s, GOALS["sjoin(grids, points)"]),
        _ratio(f"{job}, from a GeoSeries", "sjoin(grids, points)", best_s, series_s, GOALS["GeoSeries"]),
        {
            "job": "index built",
            "against": "milliseconds",
            "ratio": build_s * 1e3,
            "goal": GOALS["build_ms"],
            "below": True,
            "ok": build_s * 1e3 < GOALS["build_ms"],
            "ours_s": build_s,
            "theirs_s": None,
        },
    ]


def _lowest(point: pandas.Index, row: pandas.Index, points: int, grids: int) -> np.ndarray:
    out = np.full(points, grids, np.int32)
    np.minimum.at(out, np.asarray(point), np.asarray(row, np.int32))
    out[out == grids] = -1
    return out


def _best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    best, answer = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        answer = run()
        best = min(best, time.perf_counter() - start)
    return best, answer


def _ratio(job: str, against: str, theirs_s: float, ours_s: float, goal: float) -> dict[str, Any]:
    ratio = theirs_s / ours_s
    return {
        "job": job,
        "against": against,
        "ratio": ratio,
        "goal": goal,
        "ok": ratio >= goal,
        "ours_s": ours_s,
        "theirs_s": theirs_s,
    }


def main() -> None:
    """Print the rows as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one million points in place of ten")
    for row in rows(parser.parse_args().quick):
        verdict = "ok" if row["ok"] else "MISSED"
        print(
            f"{row['job']:64} {row['against']:22} {row['ratio']:8.1f}  goal {row['goal']:5g}  {verdict:6}"
            f"  {row['ours_s']:.4f} s"
        )


if __name__ == "__main__":
    main()
