"""What is wrong with a file that is to become a step of a draft: kinds, places, and what would repair each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

# In the order in which they are told: first what makes all others meaningless.
KINDS = (
    "crs_missing", "crs_wrong", "parent_area", "open_line", "invalid", "empty", "duplicate_code", "unknown_code",
    "outside", "overlap", "gap", "sliver", "emptied", "outline", "led_to_vertex", "unnamed",
)  # fmt: skip
# Narrower than this, a gap, an overlap or an area of its own is a sliver: nobody meant it.
SLIVER_M = 0.5
PLACES = 200
_CLOSED_BY_WIDTH = frozenset({"gap", "overlap", "outside", "sliver", "open_line"})
_REPAIRED = frozenset({"invalid", "empty", "duplicate_code", "unknown_code"})
# Told, and drawn all the same.
_NO_HINDRANCE = frozenset({"led_to_vertex", "unnamed"})


@dataclass(frozen=True)
class FileFault:
    """One thing that is wrong.

    Attributes
    ----------
    kind : of `KINDS`.
    codes : areas it concerns, as the file or the draft names them. rows : features of the file, from 1.
    width_m : how many metres a repair must reach. area_m2 : its size; 0 where it has none.
    place : in degrees (EPSG:4490), or None. what : of a sliver, ``gap``, ``overlap``, ``outside`` or ``area``; of a code what
        becomes of it.
    """

    kind: str
    codes: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    width_m: float = 0.0
    area_m2: float = 0.0
    place: shapely.Geometry | None = None
    what: str = ""

    def hinders(self, width_m: float) -> bool:
        """Whether a file with this cannot be drawn when repairs reach ``width_m`` metres; 0 asks for no repair."""
        if self.kind in _CLOSED_BY_WIDTH:
            return self.width_m > width_m or width_m == 0
        if self.kind in _REPAIRED:
            return width_m == 0
        return self.kind not in _NO_HINDRANCE


def told(found: Sequence[FileFault], width_m: float) -> list[dict[str, Any]]:
    """Return faults by kind: count, codes, the widest in metres, whether a repair of ``width_m`` mends them, places as GeoJSON."""
    return [_of_kind(kind, [one for one in found if one.kind == kind], width_m) for kind in KINDS if _any(found, kind)]


def _any(found: Iterable[FileFault], kind: str) -> bool:
    return any(one.kind == kind for one in found)


def _of_kind(kind: str, found: list[FileFault], width_m: float) -> dict[str, Any]:
    widest = max(one.width_m for one in found)
    left = sum(one.hinders(width_m) for one in found)
    largest = sorted(found, key=lambda one: (not one.hinders(width_m), -one.width_m))
    return {
        "kind": kind,
        "count": len(found),
        "left": left,
        "repairable": kind in _CLOSED_BY_WIDTH | _REPAIRED,
        "hinders": kind not in _NO_HINDRANCE,
        "width_m": round(widest, 2) if np.isfinite(widest) else None,
        "codes": sorted({code for one in found for code in one.codes})[:PLACES],
        "rows": sorted({row for one in found for row in one.rows})[:PLACES],
        "places": {"type": "FeatureCollection", "features": [_feature(one) for one in largest[:PLACES] if one.place]},
    }


def _feature(one: FileFault) -> dict[str, Any]:
    properties = {
        "kind": one.kind,
        "what": one.what,
        "codes": list(one.codes),
        "rows": list(one.rows),
        "width_m": round(one.width_m, 2) if np.isfinite(one.width_m) else None,
        "area_m2": round(one.area_m2, 2),
    }
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(one.place))}


def needed_m(found: Iterable[FileFault], most_m: float) -> float | None:
    """Return the metres that a repair must reach, rounded up; None where no repair within ``most_m`` is enough."""
    hindering = [one for one in found if one.hinders(0.0)]
    if any(one.hinders(most_m) for one in hindering):
        return None
    widest = max((one.width_m for one in hindering), default=0.0)
    least = 0.01 if hindering else 0.0
    return min(most_m, max(least, float(np.ceil(widest * 103) / 100)))  # widths are known within 2 %
