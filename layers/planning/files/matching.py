"""Which leaf each area of a file is: by its code, else by the largest overlap; what is left is new. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from gis.lattice import from_integers, to_integers
from gis.partition import Partition
from gis.partition.places import Measure
from layers.planning.asked import NEW
from layers.planning.files.faults import SLIVER_M, FileFault
from layers.planning.files.rows import Feature

# A new grid takes from a leaf that the file does not have where the piece is wider than this; narrower ones are overlaps.
TAKES_M = 20.0
# A leaf that no area names is redrawn when areas of the file cover more than this of it.
_COVERED = 0.5
# Two areas of one code so near each other, along three times as much, were one and were divided.
_APART_DEG = 1e-4
# The lattice knows nothing narrower.
_NOTHING_M = 0.02


@dataclass
class Matched:
    """Areas of a file and the leaves they are.

    Attributes
    ----------
    leaves : code of a leaf, or None for a new one, with the area. gone : leaves that others are drawn over.
    by_code, by_overlap, unchanged : how many were found so; those unchanged are not among ``leaves``.
    """

    leaves: list[tuple[str | None, Feature]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    by_code: int = 0
    by_overlap: int = 0
    unchanged: int = 0


def single(features: Sequence[Feature], faults: list[FileFault]) -> list[Feature]:
    """Return areas of which no two have one code; what becomes of the others is told.

    Of areas with one code the largest keeps it. One that lies over it is left out, one beside it is new, one apart from it is
    another part of it.
    """
    groups: dict[str, list[Feature]] = {}
    for feature in features:
        if feature.code is not None:
            groups.setdefault(feature.code, []).append(feature)
    out = [feature for feature in features if feature.code is None or len(groups[feature.code]) == 1]
    for code, group in groups.items():
        if len(group) > 1:
            out += _resolved(code, sorted(group, key=lambda one: (-one.shape.area, one.row)), faults)
    return sorted(out, key=lambda one: one.row)


def _resolved(code: str, group: list[Feature], faults: list[FileFault]) -> list[Feature]:
    main, *others = group
    fresh = []
    for other in others:
        over = shapely.intersection(main.shape, other.shape).area > _COVERED * other.shape.area
        what = "dropped" if over else "new" if _beside(main.shape, other.shape) else "part"
        spot = shapely.point_on_surface(other.shape)
        faults.append(FileFault("duplicate_code", (code,), (main.row, other.row), place=spot, what=what))
        if what == "part":
            main = replace(
                main, shape=shapely.MultiPolygon([*shapely.get_parts(main.shape), *shapely.get_parts(other.shape)])
            )
        elif what == "new":
            fresh.append(replace(other, code=None, name=None if other.name == main.name else other.name, name_en=None))
    return [main, *fresh]


def _beside(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two areas have more than a point in common, or nearly so: they were one and were divided."""
    near = shapely.intersection(shapely.buffer(one, _APART_DEG), other)
    return bool(near.area > 3 * _APART_DEG**2)


def without_slivers(features: Sequence[Feature], measure: Measure, faults: list[FileFault]) -> list[Feature]:
    """Return areas without those that have no code and are so narrow that nobody meant them, and those of nothing at all."""
    out = []
    for feature in features:
        area_m2, width_m = measure.of(feature.shape) if feature.code is None else (0.0, np.inf)
        if width_m < _NOTHING_M or not _polygons(feature.shape):
            faults.append(FileFault("empty", (feature.code,) if feature.code else (), (feature.row,)))
        elif width_m < SLIVER_M:
            faults.append(FileFault("sliver", (), (feature.row,), width_m, area_m2, feature.shape, "area"))
        else:
            out.append(feature)
    return out


def matched(features: Sequence[Feature], part: Partition) -> Matched:
    """Return which leaf each area is. An area that is as the leaf is in the draft, with the same words, is left out."""
    found = Matched()
    leaves = [code for code in part.rows if code not in part.children]
    shapes = part.shapes(leaves)
    coded = {feature.code for feature in features if feature.code is not None}
    known, gone = _by_overlap(features, {code: shapes[code] for code in leaves if code not in coded})
    found.gone = gone
    found.by_code, found.by_overlap = len(coded), len(known)
    for feature in features:
        code = feature.code or known.get(feature.row)
        if code is not None and _as_is(feature, part, code, shapes[code]):
            found.unchanged += 1
        else:
            found.leaves.append((code, feature))
    return found


def _by_overlap(
    features: Sequence[Feature], shapes: Mapping[str, shapely.Geometry]
) -> tuple[dict[int, str], list[str]]:
    """Return the leaf of each area without code that is its successor, by row, and leaves drawn over that have none."""
    codes = list(shapes)
    if not codes:
        return {}, []
    tree = shapely.STRtree([shapes[code] for code in codes])
    mine, theirs = tree.query([feature.shape for feature in features], "intersects")
    common = [
        (shapely.intersection(features[f].shape, shapes[codes[k]]).area, f, k)
        for f, k in zip(mine.tolist(), theirs.tolist(), strict=True)
    ]
    covered = np.bincount([k for _, _, k in common], [area for area, _, _ in common], len(codes))
    redrawn = {k for k, code in enumerate(codes) if covered[k] > _COVERED * shapes[code].area}
    heir: dict[int, int] = {}
    leaf: dict[int, int] = {}
    for _, f, k in sorted(common, key=lambda one: (-one[0], one[1], codes[one[2]])):
        if features[f].code is None:
            heir.setdefault(k, f)
            leaf.setdefault(f, k)
    known = {features[f].row: codes[k] for k, f in heir.items() if k in redrawn and leaf[f] == k}
    return known, sorted(codes[k] for k in redrawn if codes[k] not in known.values())


def _as_is(feature: Feature, part: Partition, code: str, shape: shapely.Geometry) -> bool:
    if not _said(feature, part, code).items() <= dict(part.rows[code].values).items():
        return False
    return bool(shapely.equals_exact(_on_lattice(feature.shape), _on_lattice(shape), normalize=True))


def _on_lattice(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.force_2d(shape))
    return shapely.normalize(shapely.multipolygons(shapely.transform(parts, lambda xy: to_integers(xy).astype(float))))


def _said(feature: Feature, part: Partition, code: str) -> dict[str, Any]:
    """Return what an area of the file says of its leaf, where it says anything."""
    words = {"name": feature.name, "name_en": feature.name_en, "kind": feature.kind}
    if part.rows[code].values.get("level") != "grid":
        del words["kind"]
    parent = {"parent": feature.parent} if feature.parent in part.children else {}
    return {name: value for name, value in words.items() if value} | parent


def operation(found: Matched, part: Partition, measure: Measure, width_m: float, source: str) -> dict[str, Any] | None:
    """Return the operation that draws the areas, new ones without code (`NEW`); None where nothing changes."""
    if not found.leaves and not found.gone:
        return None
    redrawn = {code for code, _ in found.leaves if code is not None} | set(found.gone)
    leaves = []
    for n, (code, feature) in enumerate(found.leaves):
        values, takes = (_said(feature, part, code), []) if code else _of_new(feature, part, measure, redrawn)
        leaves.append([code or NEW.format(n), _polygons(feature.shape), values, takes])
    return {"kind": "draw", "leaves": leaves, "gone": found.gone, "width_m": width_m, "source": source}


def _of_new(feature: Feature, part: Partition, measure: Measure, redrawn: set[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what is said of a new leaf, and the leaves that stay but give what lies under it."""
    leaves = [code for code in part.rows if code not in part.children]
    shapes = part.shapes(leaves)
    hit = shapely.STRtree([shapes[code] for code in leaves]).query(feature.shape, "intersects").tolist()
    common = {leaves[k]: shapely.intersection(feature.shape, shapes[leaves[k]]) for k in hit}
    takes = [
        code
        for code, piece in sorted(common.items())
        if code not in redrawn and piece.area and measure.of(piece)[1] > TAKES_M
    ]
    like = max(sorted(common), key=lambda code: common[code].area, default=leaves[0])
    above = part.rows[like].values
    kind = "base" if above["level"] == "grid" else above["kind"]
    values = {"parent": above["parent"], "level": above["level"], "kind": kind}
    values |= {name: value for name, value in (("name", feature.name), ("name_en", feature.name_en)) if value}
    if feature.kind and above["level"] == "grid":
        values["kind"] = feature.kind
    if feature.parent in part.children and above["level"] == "grid":
        values["parent"] = feature.parent
    return values, takes


def _polygons(shape: shapely.Geometry) -> list[Any]:
    """Return rings of lattice points in degrees by polygon, without those that the lattice draws together to nothing."""
    found = []
    for part in shapely.get_parts(shape):
        shell, *holes = (_ring(ring) for ring in shapely.get_rings(part))
        if shell:
            found.append([shell, *(hole for hole in holes if hole)])
    return found


def _ring(ring: shapely.LinearRing) -> list[list[float]]:
    steps = to_integers(shapely.get_coordinates(ring))
    points = steps[np.concatenate([[True], np.any(steps[1:] != steps[:-1], axis=1)])]
    return from_integers(points[:-1]).tolist() if len(points) > 3 else []
