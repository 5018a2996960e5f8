"""In which coordinate system a file lies on the town: tried, and told as a suggestion; never taken by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis import crs
from gis.lattice import from_integers
from gis.partition import Partition
from gis.partition.places import Measure

_DEGREES = ("cgcs2000", "gcj02", "bd09", "EPSG:4610", "EPSG:4214")
# CGCS2000: zones of 3 degrees with and without their number, of 6 degrees; UTM; web Mercator; Xi'an 1980, Beijing 1954.
_METRES = (
    *range(4513, 4555), *range(4491, 4513), 32650, 32651, 3857, *range(2349, 2391), *range(2401, 2443),
)  # fmt: skip
_SAMPLE = 2_000
_NEAR_M = 1.5
_IN_TOWN = 0.8
_BEYOND_DEG = 0.005
SHOWN = 3
_FITS = 0.05


def suggested(points: NDArray[np.float64], part: Partition, metric_crs: str, measure: Measure) -> list[dict[str, Any]]:
    """Return the systems in which the points of a file would lie in the town, the likeliest first.

    Parameters
    ----------
    points : as they stand in the file, (n, 2).

    Returns
    -------
    list of {"crs", "share"}
        ``share`` of the points within 1.5 m of a border of the draft, 0 to 1.
    """
    sample = points[:: max(1, len(points) // _SAMPLE)]
    if not len(sample) or not np.isfinite(sample).all():
        return []
    west, south, east, north = shapely.bounds(_borders(part))
    box = shapely.buffer(shapely.box(west, south, east, north), _BEYOND_DEG, join_style="mitre").bounds
    near = shapely.STRtree(measure.project(np.array(_borders(part).geoms, object)))
    found: list[tuple[float, str]] = []
    for name in _candidates(sample, metric_crs):
        lon, lat = crs.to_cgcs2000(sample[:, 0], sample[:, 1], name)
        if np.mean((lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3])) < _IN_TOWN:
            continue
        found.append((_share(np.column_stack([lon, lat]), near, measure), name))
    likeliest = sorted(found, key=lambda one: -one[0])[:SHOWN]
    fits = [one for one in likeliest if one[0] >= _FITS] or likeliest
    return [{"crs": name, "share": share} for share, name in fits]


def _candidates(sample: NDArray[np.float64], metric_crs: str) -> list[str]:
    if np.all(np.abs(sample[:, 0]) <= 180) and np.all(np.abs(sample[:, 1]) <= 90):
        return list(_DEGREES)
    return list(dict.fromkeys([metric_crs, *(f"EPSG:{number}" for number in _METRES)]))


def _borders(part: Partition) -> shapely.MultiLineString:
    b = part.borders
    return shapely.multilinestrings(shapely.linestrings(from_integers(np.stack([b.start, b.stop], axis=1))))


def _share(points: NDArray[np.float64], near: shapely.STRtree, measure: Measure) -> float:
    inside = np.isfinite(points).all(axis=1)
    metric = measure.project(shapely.points(points[inside]))
    hit = near.query(metric, predicate="dwithin", distance=_NEAR_M)[0]
    return round(len(np.unique(hit)) / len(points), 3)
