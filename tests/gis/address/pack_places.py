"""The rows of the shipped town pack as the label maker takes them, and the place a text means."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pyproj

GEOD = pyproj.Geod(ellps="GRS80")
DIRECTIONS = {"东": 90, "南": 180, "西": 270, "北": 0, "东南": 135, "东北": 45, "西南": 225, "西北": 315}


class Spot(NamedTuple):
    """What a text means."""

    level: str
    lon: float
    lat: float
    tolerance_m: float
    village_code: str = ""
    plate_id: str = ""
    hidden: str = ""


class Pack:
    """The rows of the pack, and names as people use them."""

    def __init__(self, folder: Path) -> None:
        def rows(name: str) -> list[dict[str, str]]:
            with (folder / name).open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        every_plate = [row for row in rows("addresses.csv") if row["lon"]]
        self.hidden = [
            row for row in random.Random(7).sample(every_plate, 60) if row["number"].isdigit() and row["number"] > "2"
        ]
        hidden = {row["plate_id"] for row in self.hidden}
        self.plates = [row for row in every_plate if row["plate_id"] not in hidden]
        self.places = rows("gazetteer.csv")
        self.entities = [row for row in rows("entities.csv") if row["lon"]]
        self.villages = {row["village_code"]: row["name"] for row in self.places if row["kind"] == "village"}
        self.groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        self.roads: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.settlements: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in self.plates:
            if row["villager_group"]:
                self.groups[row["village_code"], row["villager_group"]].append(row)
            if row["road"]:
                self.roads[row["road"]].append(row)
            if row["natural_village"]:
                self.settlements[row["village_code"], row["natural_village"]].append(row)
        self.landmarks = [row for row in self.places if row["kind"] == "landmark" and row["lon"]]
        names = [row["name"] for row in self.landmarks]
        self.lone_landmarks = [row for row in self.landmarks if names.count(row["name"]) == 1]
        spellings = [
            spelling
            for row in [*self.places, *self.entities]
            for spelling in {row["name"], *row.get("aliases", "").split(";")}
        ]
        self.lone_names = {name for name in spellings if len(name) > 1 and spellings.count(name) == 1}
        villages_of = defaultdict(set)
        for village, name in self.settlements:
            villages_of[name].add(village)
        self.lone_settlements = {name for name, villages in villages_of.items() if len(villages) == 1}
        self.on_road = [row for row in self.plates if row["road"]]
        self.in_group = [row for row in self.plates if row["villager_group"] and not row["road"]]
        self.in_settlement = [row for row in self.in_group if row["natural_village"]]

    def short(self, code: str) -> str:
        """六里村 for 六里村委会."""
        return self.villages[code].replace("委会", "").replace("社区居民委员会", "社区").replace("社区居委会", "社区")

    def bare(self, code: str) -> str:
        """六里 for 六里村委会."""
        return re.sub("(村|社区)$", "", self.short(code))


def plate(row: dict[str, str]) -> Spot:
    return Spot("plate", float(row["lon"]), float(row["lat"]), 15, row["village_code"], row["plate_id"])


def middle(rows: list[dict[str, str]], level: str, village: str) -> Spot:
    """The mean of plates; any answer within their reach is right."""
    lon = sum(float(row["lon"]) for row in rows) / len(rows)
    lat = sum(float(row["lat"]) for row in rows) / len(rows)
    reach = sorted(GEOD.inv(lon, lat, float(row["lon"]), float(row["lat"]))[2] for row in rows)[int(0.9 * len(rows))]
    return Spot(level, lon, lat, max(80, reach), village)


def point(row: dict[str, str], level: str, tolerance_m: float) -> Spot:
    return Spot(level, float(row["lon"]), float(row["lat"]), tolerance_m, row.get("village_code", ""))


def coordinates(row: dict[str, str]) -> tuple[float, float]:
    return float(row["lon"]), float(row["lat"])
