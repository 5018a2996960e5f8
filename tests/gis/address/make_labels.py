"""Writes tests/data/address_labels.csv: texts as people type and say them, each with the place it means.

    python -m tests.gis.address.make_labels

Seeded, from the rows of the shipped town pack. It shares no code with the parser: names are taken apart, misspelt and
put into sentences by hand-written tables, and points are moved on the ellipsoid. Each template belongs to one half for
good: the parser may be tuned on ``tune`` only, so that ``held_out`` also holds phrasings not looked at while tuning.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tests.gis.address.label_makers import MAKERS
from tests.gis.address.pack_places import DIRECTIONS, GEOD, Pack, Spot, coordinates, middle, plate, point
from tests.gis.address.phrases import ELSEWHERE, FRESH, HAND

PACK = Path(__file__).resolve().parents[3] / "data" / "packs" / "ganpu"
TARGET = Path(__file__).resolve().parents[2] / "data" / "address_labels.csv"


@dataclass
class Label:
    """One labelled text; ``level`` "none" means that nothing of this town is meant.

    ``hidden`` is a door plate that the gazetteer must not know when the labels are tried: its true place is known all
    the same, and its number can only be found between its neighbours.
    """

    half: str
    kind: str
    text: str
    level: str
    plate_id: str = ""
    lon: str = ""
    lat: str = ""
    tolerance_m: int = 0
    village_code: str = ""
    prior_village: str = ""
    hidden: str = ""


def by_hand(pack: Pack, texts: list[tuple[str, str]]) -> Iterator[tuple[str, Spot]]:
    """Yield texts written by hand with their places; one that the pack no longer has stops the script."""
    for text, meaning in texts:
        kind, name, *rest = meaning.split()
        code = next((code for code in pack.villages if code.endswith(name)), "")
        if kind in ("landmark", "beside"):
            row = next(row for row in pack.landmarks if row["name"] == name)
            if rest:
                metres = float(rest[1])
                lon, lat, _ = GEOD.fwd(*coordinates(row), DIRECTIONS[rest[0]], metres)
                yield text, Spot("landmark_offset", lon, lat, max(50, 0.3 * metres), row["village_code"])
            else:
                yield text, point(row, "landmark_offset" if kind == "beside" else "landmark", 90)
        elif kind == "road":
            row = next((row for row in pack.roads[name] if row["number"] == rest[0]), None)
            if row is None:
                raise SystemExit(f"{text}: the pack has no {name} {rest[0]}")
            yield text, plate(row)
        elif kind == "street":
            yield text, middle(pack.roads[name], "road", "")
        elif kind == "group":
            yield text, middle(pack.groups[code, rest[0]], "group", code)
        elif kind == "settlement":
            yield text, middle(pack.settlements[code, rest[0]], "natural_village", code)
        else:
            yield text, middle([row for row in pack.plates if row["village_code"] == code], "village", code)


def label(half: str, kind: str, text: str, spot: Spot) -> Label:
    """The row of one text; the kinds that end in ``_prior`` tell the reporter's village."""
    return Label(
        half,
        kind.removesuffix("_prior"),
        text,
        spot.level,
        spot.plate_id,
        f"{spot.lon:.7f}",
        f"{spot.lat:.7f}",
        round(spot.tolerance_m),
        spot.village_code,
        spot.village_code if kind.endswith("_prior") else "",
        spot.hidden,
    )


def labels(pack: Pack, seed: int = 20261124) -> Iterator[Label]:
    """Yield all labels; templates alternate between the halves within each kind."""
    made_of: dict[str, int] = defaultdict(int)
    seen: set[str] = set()
    for number, (kind, count, maker) in enumerate(MAKERS):
        half = ("tune", "held_out")[made_of[kind] % 2]
        made_of[kind] += 1
        rng = random.Random(f"{seed} {number}")
        left = count
        for _ in range(200):
            made = maker(pack, rng) if left else None
            if made is None or made[0] in seen:
                continue
            left -= 1
            seen.add(made[0])
            text, spot = made
            yield label(half, kind, text, spot)
    for number, (text, spot) in enumerate(by_hand(pack, HAND)):
        yield label(("tune", "held_out")[number % 2], "by_hand", text, spot)
    for text, spot in by_hand(pack, FRESH):
        yield label("held_out", "by_hand", text, spot)
    for number, text in enumerate(ELSEWHERE):
        yield Label(("tune", "held_out")[number % 2], "elsewhere", text, "none")


def main() -> None:
    """Write the file."""
    rows = list(labels(Pack(PACK)))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Label)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    print(f"{len(rows)} labels in {TARGET}")


if __name__ == "__main__":
    main()
