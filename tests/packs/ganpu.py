"""What the tests of the demo town share: its tables and features as they are in the files.

Nothing here or in those tests shares code with the loader's own check of a pack.
"""

from __future__ import annotations

import csv
import json
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

PACK = Path(__file__).resolve().parents[2] / "data" / "packs" / "ganpu"
TOWN = "330424105"


@cache
def table(name: str) -> list[dict[str, str]]:
    with (PACK / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def features(name: str) -> list[tuple[dict[str, Any], Any]]:
    content = json.loads((PACK / f"{name}.geojson").read_text(encoding="utf-8"))
    return [(f["properties"], shape(f["geometry"])) for f in content["features"]]


def on_lattice(geometry: Any) -> Any:
    return shapely.transform(geometry, lambda xy: np.rint(xy * 1e7))


@cache
def areas(level: str) -> dict[str, Any]:
    return {properties["code"]: on_lattice(geometry) for properties, geometry in features(f"areas/{level}")}


@cache
def manifest() -> dict[str, Any]:
    return tomllib.loads((PACK / "pack.toml").read_text(encoding="utf-8"))


def anchor_of_the_pack() -> datetime:
    return datetime.fromisoformat(manifest()["incidents"]["anchor"])


def codes(name: str, column: str = "code") -> set[str]:
    return {row[column] for row in table(name)}


def split(value: str) -> list[str]:
    return [part for part in value.split(";") if part]
