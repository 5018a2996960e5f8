"""Small units of an area: what lies between roads, water and today's borders. Proposals put them together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.lattice import to_integers
from gis.partition.borders import OUTSIDE
from gis.partition.local import CUT, Local, More
from gis.partition.noding import Ints
from gis.partition.operations import Redraw, Rings
from gis.partition.pieces import tied
from gis.partition.places import Measure, PartitionError
from gis.partition.rings import polygons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gis.partition.model import Partition


@dataclass(frozen=True)
class Blocks:
    """Units that fill an area.

    Attributes
    ----------
    local : Local
        The area's leaves with the lines in them.
    unit : ndarray
        Unit of each face, −1 beyond the area.
    shapes : ndarray of MultiPolygon
        In degrees; neighbours have all vertices of their border in common.
    leaf : list of str
        Leaf that each lies in today.
    beside, length_m : ndarray (m, 2), (m,)
        Pairs with a common border, and its length.
    outer_m : ndarray (n,)
        Length of the border with what lies beyond the area.
    """

    local: Local
    unit: Ints
    shapes: NDArray[np.object_]
    leaf: list[str]
    beside: Ints
    length_m: NDArray[np.float64]
    outer_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shapes)

    def redraw(self, area: str, grid: Ints, names: Sequence[tuple[str, Mapping[str, Any]]]) -> Redraw:
        """Return the operation that makes the units of each number one leaf of an area, with codes and other columns."""
        label = np.append(grid, -1)[self.unit]
        built = polygons(self.local.faces, label, len(names))
        leaves = tuple((code, _rings(shape), values) for (code, values), shape in zip(names, built, strict=True))
        return Redraw(area, leaves)


def _rings(shape: shapely.MultiPolygon) -> tuple[Rings, ...]:
    return tuple(
        tuple(tuple(map(tuple, shapely.get_coordinates(ring).tolist())) for ring in (part.exterior, *part.interiors))
        for part in shape.geoms
    )


def blocks(
    part: Partition, area: str, lines: Iterable[shapely.Geometry], metric_crs: str | None = None, least_m2: float = 0.0
) -> Blocks:
    """Return the units into which lines cut an area.

    Parameters
    ----------
    area : code of the area. Its leaves' own borders cut too, so that today's plan is one of those that units can make.
    lines : LineStrings, MultiLineStrings or Polygons (their borders) in degrees: roads, water, natural villages.
    metric_crs : projected CRS in metres; an equal-area one by default.
    least_m2 : smaller pieces are added to the neighbour of the same leaf with the longest common border.

    Raises
    ------
    PartitionError
        ``partition.unknown_area``.
    """
    codes = part.leaves_of(area)
    leaves = {part.leaves.index(code) for code in codes}
    whole = shapely.union_all(list(part.shapes(codes).values()))
    # the outline of the area stays as it is: what is put together of blocks changes nothing beyond
    outer = np.isin(part.borders.left, list(leaves)) != np.isin(part.borders.right, list(leaves))
    more = [More(CUT, path[:-1], path[1:]) for path in _paths(part, whole, lines, outer)]
    local = Local(part, leaves, more)
    owner = local.owners()
    mine = np.flatnonzero(np.isin(owner, list(leaves)))
    unit = np.full(len(owner), -1, np.int64)
    unit[mine] = np.arange(len(mine))
    measure = Measure(metric_crs, [whole])
    unit = _without_small(local, owner, unit, measure, least_m2)
    count = int(unit.max(initial=-1)) + 1
    shapes = polygons(local.faces, unit, count)
    leaf = np.empty(count, np.int64)
    leaf[unit[mine]] = owner[mine]
    beside, length, outer = _borders(local, unit, count, measure)
    return Blocks(local, unit, shapes, [part.leaves[k] for k in leaf], beside, length, outer)


def _paths(
    part: Partition, whole: shapely.Geometry, lines: Iterable[shapely.Geometry], outer: NDArray[np.bool_]
) -> list[Ints]:
    """Return what of the lines lies in an area, on the lattice, its ends on the outline at vertices.

    A line that follows the outline divides nothing and is left out.
    """
    flat = [line.boundary if line.geom_type.endswith("Polygon") else line for line in lines]
    inside = shapely.intersection(np.array(flat, object), whole) if flat else []
    found = []
    for line in shapely.get_parts(shapely.line_merge(shapely.union_all(inside))) if len(inside) else []:
        if line.geom_type != "LineString":
            continue
        steps = to_integers(shapely.get_coordinates(line))
        steps = steps[np.concatenate([[True], np.any(steps[1:] != steps[:-1], axis=1)])]
        with suppress(PartitionError):
            path = tied(part, steps, closed=False, outer=outer)
            if len(path) > 1:
                found.append(path)
    return found


def _borders(
    local: Local, unit: Ints, count: int, measure: Measure
) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64]]:
    sides = unit[local.faces.neighbours()]
    metric = measure.project_lattice(local.faces.points)
    way = metric[local.faces.edges[:, 0]] - metric[local.faces.edges[:, 1]]
    length = np.hypot(way[:, 0], way[:, 1])
    inner = (sides[:, 0] != sides[:, 1]) & (sides >= 0).all(axis=1)
    pairs, which = np.unique(np.sort(sides[inner], axis=1), axis=0, return_inverse=True)
    total = np.bincount(which.reshape(-1), length[inner], len(pairs)).astype(float)
    outer = (sides[:, 0] != sides[:, 1]) & ~inner
    own = sides[outer].max(axis=1)
    return pairs.reshape(-1, 2), total, np.bincount(own, length[outer], count).astype(float)


def _without_small(local: Local, owner: Ints, unit: Ints, measure: Measure, least_m2: float) -> Ints:
    """Return the units after those that are too small went to a neighbour of the same leaf, the smallest first."""
    if least_m2 <= 0:
        return unit
    unit = unit.copy()
    while True:
        count = int(unit.max(initial=-1)) + 1
        size = shapely.area(measure.project(polygons(local.faces, unit, count)))
        leaf = np.full(count, OUTSIDE)
        leaf[unit[unit >= 0]] = owner[unit >= 0]
        beside, length, _ = _borders(local, unit, count, measure)
        same = leaf[beside[:, 0]] == leaf[beside[:, 1]]
        beside, length = beside[same], length[same]
        goes: dict[int, int] = {}
        for small in np.argsort(size, kind="stable").tolist():
            if size[small] >= least_m2:
                break
            near = np.any(beside == small, axis=1)
            # into one that stays: two small ones do not go into each other
            best = [
                (float(m), int(a + b - small)) for (a, b), m in zip(beside[near], length[near], strict=True)
                if int(a + b - small) not in goes
            ]  # fmt: skip
            if best and small not in goes.values():
                goes[small] = max(best)[1]
        if not goes:
            return unit
        number = np.arange(count)
        number[list(goes)] = list(goes.values())
        _, number = np.unique(number, return_inverse=True)
        unit = np.where(unit >= 0, np.append(number, -1)[unit], -1)
