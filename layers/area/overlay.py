"""Areas from files laid over each other: every piece of ground with the areas that claim it. Pure.

All borders are noded together on the lattice of 1e-7 degree and cut the ground into faces. A face claimed once is
sound; one claimed by nobody inside a parent is a gap, one claimed twice an overlap, one outside its parent leaves it.
Areas are then put together again from whole faces, so that what two areas share is the same line in both, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from gis.lattice import snap

GRID_DEG = 1e-7
# Faces thinner than this come from rounding to the lattice (1 cm) and are closed without asking.
NOISE_M = 0.03
# A hole in a town that no boundary was given for: narrower is a gap between areas, wider is a real hole.
HOLE_M = 20.0


class Claim(NamedTuple):
    """An area as given: a leaf, or a parent whose own boundary is known."""

    code: str
    parent: str | None
    is_leaf: bool
    geometry: shapely.Geometry


@dataclass(frozen=True)
class Fault:
    """A place where areas do not partition the town.

    Attributes
    ----------
    kind : `gap`, `overlap` or `leaves_parent`.
    codes : the areas concerned; of a gap the parent, then the neighbours.
    place : polygon in EPSG:4490 degrees. area_m2, width_m : its size; the width is that of its widest spot.
    """

    kind: str
    codes: tuple[str, ...]
    place: shapely.Geometry
    area_m2: float
    width_m: float

    def __str__(self) -> str:
        words = {"gap": "nobody covers", "overlap": "covered more than once", "leaves_parent": "outside its parent"}
        point = self.place.representative_point()
        where = f"at {point.x:.6f}, {point.y:.6f}"
        return (
            f"{self.kind}: {self.area_m2:,.1f} m² {words[self.kind]}, up to {self.width_m:.2f} m wide, {where} "
            f"({', '.join(self.codes)})"
        )


@dataclass(frozen=True)
class Change:
    """A fault that was repaired: the ground now belongs to `to` (None: to nobody)."""

    fault: Fault
    to: str | None


@dataclass(frozen=True)
class Overlay:
    """Faces with their owners.

    Attributes
    ----------
    faces : polygons on the lattice, EPSG:4490.
    leaves : for each face the codes of the leaves that claim it, ascending.
    wanted : for each face the codes of given parents that contain it.
    """

    faces: tuple[shapely.Polygon, ...]
    leaves: tuple[tuple[str, ...], ...]
    wanted: tuple[frozenset[str], ...]
    parents: dict[str, str | None]
    given: frozenset[str]
    to_metric: Callable[[shapely.Geometry], shapely.Geometry]

    def areas(self) -> dict[str, shapely.MultiPolygon]:
        """Return each leaf's polygon, put together from the faces it claims alone or as the first."""
        mine: dict[str, list[shapely.Polygon]] = {}
        for face, codes in zip(self.faces, self.leaves, strict=True):
            if codes:
                mine.setdefault(codes[0], []).append(face)
        return {code: merged(faces) for code, faces in mine.items()}

    def faults(self) -> list[Fault]:
        """Return every fault, neighbouring faces of one kind and the same areas as one; the widest first."""
        kinds: dict[tuple[str, tuple[str, ...]], list[shapely.Polygon]] = {}
        for n in range(len(self.faces)):
            judged = self._judge(n)
            if judged is not None:
                kinds.setdefault(judged, []).append(self.faces[n])
        found = [
            self._measured(kind, codes, part) for (kind, codes), faces in kinds.items() for part in merged(faces).geoms
        ]
        return sorted((fault for fault in found if fault is not None), key=lambda fault: -fault.width_m)

    def _judge(self, n: int) -> tuple[str, tuple[str, ...]] | None:
        """Return kind and areas of a face's fault."""
        leaves, wanted = self.leaves[n], self.wanted[n]
        if not leaves:
            # the smallest parent that holds it; outside all given ones it is a hole in a derived boundary
            inner = sorted(code for code in wanted if not any(self.parents.get(other) == code for other in wanted))
            return "gap", tuple(inner)
        if len(leaves) > 1:
            return "overlap", leaves
        parent = self.parents[leaves[0]]
        if parent in self.given and parent not in wanted:
            return "leaves_parent", (leaves[0], parent)
        return None

    def _measured(self, kind: str, codes: tuple[str, ...], part: shapely.Polygon) -> Fault | None:
        ground = self.to_metric(part)
        width = 2.0 * shapely.length(
            shapely.maximum_inscribed_circle(ground, tolerance=max(0.005, ground.length / 2000))
        )
        if kind == "gap" and not codes and width > HOLE_M:
            return None
        return Fault(kind, codes, part, float(ground.area), float(width))

    def repaired(self, up_to_m: float) -> tuple[Overlay, list[Change]]:
        """Return the overlay with faults no wider than `up_to_m` given to a neighbour, and every change.

        Ground goes to the area with the longest common border among those that may have it: the claimants of an
        overlap, the children of the parent that a gap lies in. Ties go to the lowest code.
        """
        leaves = list(self.leaves)
        tree = shapely.STRtree(list(self.faces))
        changes: list[Change] = []
        for n in range(len(self.faces)):
            judged = self._judge(n)
            if judged is None:
                continue
            fault = self._measured(*judged, self.faces[n])
            if fault is None or fault.width_m > up_to_m:
                continue
            leaves[n] = self._heir(n, judged, tree, leaves)
            changes.append(Change(fault, leaves[n][0] if leaves[n] else None))
        return replace(self, leaves=tuple(leaves)), changes

    def _heir(
        self, n: int, judged: tuple[str, tuple[str, ...]], tree: shapely.STRtree, leaves: Sequence[tuple[str, ...]]
    ) -> tuple[str, ...]:
        kind, codes = judged
        borders: dict[str, float] = {}
        for other in tree.query(self.faces[n], predicate="touches"):
            if other == n or len(leaves[other]) != 1:
                continue
            code = leaves[other][0]
            if self._may_have(code, n, kind, codes):
                shared = shapely.length(shapely.intersection(self.faces[n].boundary, self.faces[other].boundary))
                borders[code] = borders.get(code, 0.0) + float(shared)
        if not borders or max(borders.values()) <= 0:
            return codes[:1] if kind == "overlap" else ()
        best = max(borders.values())
        return (min(code for code, length in borders.items() if length == best),)

    def _may_have(self, code: str, n: int, kind: str, codes: tuple[str, ...]) -> bool:
        if kind == "overlap":
            return code in codes
        parent = self.parents[code]
        return parent not in self.given or parent in self.wanted[n]


def overlay(claims: Sequence[Claim], metric_crs: str) -> Overlay:
    """Lay areas over each other.

    Parameters
    ----------
    claims : leaves and given parents, valid Polygons or MultiPolygons in EPSG:4490.
    metric_crs : projected system in metres, in which widths and sizes are measured.
    """
    shapes = shapely.transform(np.array([claim.geometry for claim in claims], dtype=object), lambda xy: xy)
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=GRID_DEG)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(faces)
    claimed, by = shapely.STRtree(shapes).query(inside, predicate="intersects").reshape(2, -1)
    leaves: list[list[str]] = [[] for _ in faces]
    wanted: list[set[str]] = [set() for _ in faces]
    for face, claim in zip(claimed, by, strict=True):
        item = claims[claim]
        if item.is_leaf:
            leaves[face].append(item.code)
        else:
            wanted[face].add(item.code)
    return Overlay(
        tuple(snap(faces)),
        tuple(tuple(sorted(codes)) for codes in leaves),
        tuple(frozenset(codes) for codes in wanted),
        {claim.code: claim.parent for claim in claims},
        frozenset(claim.code for claim in claims if not claim.is_leaf),
        metric(metric_crs),
    )


def metric(metric_crs: str) -> Callable[[shapely.Geometry], shapely.Geometry]:
    """Return the function that takes degrees (EPSG:4490) to metres."""
    transformer = pyproj.Transformer.from_crs("EPSG:4490", metric_crs, always_xy=True)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return lambda geometry: shapely.transform(geometry, move)


def merged(parts: Sequence[shapely.Geometry]) -> shapely.MultiPolygon:
    """Return the union of polygons that share borders exactly; every vertex stays, so that neighbours still fit."""
    union = shapely.coverage_union_all(np.array(parts, dtype=object))
    union = shapely.normalize(union)
    return union if union.geom_type == "MultiPolygon" else shapely.MultiPolygon([union])
