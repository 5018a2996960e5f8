"""Measures the geocoder on the labelled texts.

python -m tests.gis.address.accuracy tune|held_out [misses]
"""

from __future__ import annotations

import csv
import statistics
import sys
import tomllib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pyproj
import shapely

from gis.address import Candidate, Gazetteer, find

PACK = Path(__file__).resolve().parents[3] / "data" / "packs" / "ganpu"
LABELS = Path(__file__).resolve().parents[2] / "data" / "address_labels.csv"
GEOD = pyproj.Geod(ellps="GRS80")
#: An answer below this score is not taken without asking.
TAKEN = 0.5


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pack_gazetteer(pack: Path = PACK, hidden: Container[str] = ()) -> Gazetteer:
    """The gazetteer of the shipped pack, straight from its files, without the hidden plates."""

    def placed(name: str, *numbers: str) -> list[dict[str, object]]:
        return [
            {
                key: (float(value) if value else None) if key in ("lon", "lat", "radius_m") else value
                for key, value in row.items()
            }
            for row in rows(pack / name)
        ]

    manifest = tomllib.loads((pack / "pack.toml").read_text(encoding="utf-8"))
    prefixes = [*manifest["settings"]["address_prefixes"], manifest["town"]["name"]]
    plates = [plate for plate in placed("addresses.csv") if plate["plate_id"] not in hidden]
    entities = [(row["uscc"], row["name"], row["lon"], row["lat"]) for row in placed("entities.csv") if row["lon"]]
    return Gazetteer.build(plates, placed("gazetteer.csv"), entities, prefixes=prefixes)


class Areas:
    """Which grid and village a point lies in, by shapely alone."""

    def __init__(self, pack: Path = PACK) -> None:
        self.grids = gpd.read_file(pack / "areas" / "grids.geojson")
        self.tree = shapely.STRtree(self.grids.geometry.to_numpy())

    def grid(self, lon: float, lat: float) -> str:
        hits = self.tree.query(shapely.Point(lon, lat), predicate="intersects")
        return min((str(self.grids["code"].iloc[hit]) for hit in hits), default="")


@dataclass(frozen=True)
class Outcome:
    """One label with what was found."""

    label: dict[str, str]
    best: Candidate | None
    level_right: bool
    error_m: float | None
    among: bool
    wrong_grid: bool
    wrong_village: bool


class Figures(NamedTuple):
    """Shares of 1 over a set of outcomes; errors in metres."""

    texts: int
    level_right: float
    median_error_m: float
    p90_error_m: float
    within_tolerance: float
    within_radius: float
    among: float
    wrong_grid: float
    wrong_village: float


def judge(label: dict[str, str], town: Gazetteer, areas: Areas) -> Outcome:
    """Geocode one label and compare."""
    answer = find(label["text"], town, prior_village=label["prior_village"] or None)
    best = answer.best
    if label["level"] == "none":
        quiet = best is None or best.score < TAKEN
        return Outcome(label, best, quiet, None, quiet, not quiet, not quiet)
    lon, lat, tolerance_m = float(label["lon"]), float(label["lat"]), float(label["tolerance_m"])

    def far_m(item: Candidate) -> float:
        return GEOD.inv(lon, lat, item.lon, item.lat)[2]

    among = any(
        item.plate_id == label["plate_id"] if label["plate_id"] else far_m(item) <= tolerance_m for item in answer.items
    )
    if best is None:
        return Outcome(label, None, False, None, among, False, False)
    grid_true, grid_found = areas.grid(lon, lat), areas.grid(best.lon, best.lat)
    return Outcome(
        label,
        best,
        best.level == label["level"],
        far_m(best),
        among,
        grid_true != grid_found,
        grid_true[:12] != grid_found[:12],
    )


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """The shares over outcomes."""
    outcomes = list(outcomes)
    errors = sorted(outcome.error_m for outcome in outcomes if outcome.error_m is not None) or [float("nan")]
    within = [
        outcome.error_m is not None and outcome.error_m <= float(outcome.label["tolerance_m"])
        for outcome in outcomes
        if outcome.label["level"] != "none"
    ]

    covered = [
        outcome.error_m <= outcome.best.radius_m
        for outcome in outcomes
        if outcome.best is not None and outcome.error_m is not None
    ]

    def share(values: Iterable[bool]) -> float:
        values = list(values)
        return sum(values) / len(values) if values else float("nan")

    return Figures(
        len(outcomes),
        share(outcome.level_right for outcome in outcomes),
        statistics.median(errors),
        errors[int(0.9 * (len(errors) - 1))],
        share(within),
        share(covered),
        share(outcome.among for outcome in outcomes),
        share(outcome.wrong_grid for outcome in outcomes),
        share(outcome.wrong_village for outcome in outcomes),
    )


def measure(half: str, pack: Path = PACK) -> list[Outcome]:
    """Outcomes of all labels of a half ("" for both)."""
    labels = rows(LABELS)
    town, areas = pack_gazetteer(pack, {label["hidden"] for label in labels} - {""}), Areas(pack)
    return [judge(label, town, areas) for label in labels if half in ("", label["half"])]


def main(half: str = "tune", show: str = "") -> None:
    outcomes = measure(half)
    kinds = sorted({outcome.label["kind"] for outcome in outcomes})
    print(f"{'kind':16} {'n':>4} level median_m   p90_m within radius among grid✗ village✗")
    for kind in [*kinds, "all"]:
        found = figures(outcome for outcome in outcomes if kind in ("all", outcome.label["kind"]))
        print(
            f"{kind:16} {found.texts:4} {found.level_right:5.2f} {found.median_error_m:8.1f} {found.p90_error_m:7.0f} "
            f"{found.within_tolerance:6.2f} {found.within_radius:6.2f} {found.among:5.2f} {found.wrong_grid:5.2f} "
            f"{found.wrong_village:5.2f}"
        )
    for outcome in outcomes if show else ():
        if not outcome.level_right or not outcome.among or outcome.wrong_grid:
            label, best = outcome.label, outcome.best
            found_as = f"{best.level} {best.score} {best.label} {best.how}" if best else "nothing"
            print(label["kind"], label["text"], label["level"], label["village_code"], found_as, sep=" | ", end=" | ")
            print(f"{outcome.error_m or 0:.0f} m, among {outcome.among}, wrong grid {outcome.wrong_grid}")


if __name__ == "__main__":
    main(*sys.argv[1:])
