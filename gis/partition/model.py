"""A partition: every border kept once, every area built from the same borders."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from gis.lattice import to_integers
from gis.partition import tree as trees
from gis.partition.faces import Faces, divide
from gis.partition.noding import Ints, distinct, lines_of, node
from gis.partition.places import Fault, Measure, PartitionError
from gis.partition.rings import polygons
from gis.partition.tree import Tree


@dataclass(frozen=True)
class Draft:
    """Areas cut into faces, not yet known to be a partition."""

    frame: geopandas.GeoDataFrame
    tree: Tree
    faces: Faces
    has_shape: NDArray[np.bool_]  # areas that came with a polygon
    leaves: list[list[int]] = field(repr=False)  # rows of the leaves over each face
    parents: list[list[int]] = field(repr=False)  # rows of the other areas over each face


@dataclass(frozen=True)
class Partition:
    """Areas whose leaves fill them without gap or overlap.

    Made by `from_areas`, or by `gis.partition.repair` from areas with small faults.
    """

    frame: geopandas.GeoDataFrame
    tree: Tree
    faces: Faces
    owner: Ints  # the leaf of each face, −1 outside

    @classmethod
    def from_areas(cls, areas: geopandas.GeoDataFrame) -> Partition:
        """Return the partition of areas that are one, with the lattice as the only tolerance.

        Parameters
        ----------
        areas : GeoDataFrame
            Degrees (EPSG:4490), columns ``code`` and ``parent`` (code of the area it lies in; None, empty or a code
            that is not there for a root). Areas that no other names as its parent are the leaves: grids, zones,
            villages without grids. A parent may come without polygon: it is then whatever its leaves are. Other
            columns, index and order are kept.

        Raises
        ------
        PartitionError
            ``partition.duplicate_code`` ``.unknown_parent`` ``.empty`` ``.invalid`` ``.overlap`` ``.leaves_parent``
            ``.gap``, with all places.
        GisError
            ``partition.columns`` ``partition.crs`` ``partition.too_wide`` ``areas.not_polygon`` ``lattice.not_finite``.
        """
        cut, found = draft(areas)
        found = found or face_faults(cut)
        if found:
            raise PartitionError(found)
        return cls(cut.frame, cut.tree, cut.faces, np.array([over[0] if over else -1 for over in cut.leaves], np.int64))

    def areas(self) -> geopandas.GeoDataFrame:
        """Return the areas as valid MultiPolygons on the lattice, in the order and with the columns they came with.

        Leaves of one parent have no interior point in common, and each parent equals the union of its leaves, exactly:
        they have all vertices of their borders in common. The same partition gives the same bytes.
        """
        shapes = np.empty(len(self.frame), object)
        for depth in range(int(self.tree.depth.max(initial=0)) + 1):
            above = np.append(self.tree.at_depth(depth), -1)
            built = polygons(self.faces, above[self.owner], len(shapes))
            rows = np.flatnonzero(self.tree.depth == depth)
            shapes[rows] = built[rows]
        return self.frame.set_geometry(geopandas.GeoSeries(shapes, index=self.frame.index, crs=self.frame.crs))

    def faults(self) -> list[Fault]:
        """Return [] for a partition; it is cut into faces anew from its polygons, so that nothing is taken on trust."""
        return faults(self.areas())


def faults(areas: geopandas.GeoDataFrame, metric_crs: str | None = None) -> list[Fault]:
    """Return all places where areas are no partition, worst kind first; [] if they are one.

    Parameters
    ----------
    areas : GeoDataFrame
        As for `Partition.from_areas`.
    metric_crs : str, optional
        Projected CRS in metres in which sizes are measured; an equal-area one around the areas by default.

    Returns
    -------
    list of Fault
        Kinds of ``duplicate_code``, ``unknown_parent``, ``empty`` and ``invalid`` hide the others: the borders of such
        areas mean nothing yet.
    """
    cut, found = draft(areas, metric_crs)
    return found or face_faults(cut, metric_crs)


def draft(areas: geopandas.GeoDataFrame, metric_crs: str | None = None) -> tuple[Draft, list[Fault]]:
    """Return the areas cut into faces, and the faults that can be seen one area at a time."""
    tree, bad = trees.read(areas)
    shapes = np.asarray(areas.geometry.values)
    has_shape = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    bad += [("empty", int(k)) for k in np.flatnonzero(tree.leaf & ~has_shape)]
    bad += [("invalid", int(k)) for k in np.flatnonzero(has_shape & ~shapely.is_valid(shapes))]
    if bad:
        found = [
            _fault_of_area(kind, tree.code[row], shapes[row] if has_shape[row] else None, metric_crs)
            for kind, row in bad
        ]
        nothing = divide(lines_of(*(np.empty((0, 2), np.int64) for _ in range(3))))
        return Draft(areas, tree, nothing, has_shape, [], []), found
    faces = divide(node(_lines(shapes)))
    leaves = [sorted(row for row in over if tree.leaf[row]) for over in faces.over]
    parents = [sorted(row for row in over if not tree.leaf[row]) for over in faces.over]
    return Draft(areas, tree, faces, has_shape, leaves, parents), []


def _fault_of_area(kind: str, code: str, shape, metric_crs: str | None) -> Fault:
    if kind == "invalid":
        numbers = re.search(r"\[(\S+) (\S+)\]", shapely.is_valid_reason(shape))
        where = shapely.Point(float(numbers[1]), float(numbers[2])) if numbers else shapely.box(*shape.bounds).centroid
        return Fault(kind, (code,), 0.0, 0.0, where)
    size = Measure(metric_crs, [shape]).of(shapely.make_valid(shape)) if shape is not None else (0.0, 0.0)
    return Fault(kind, (code,), *size, shape)


def without_parents(cut: Draft) -> Draft:
    """Return the draft as if only the leaves had polygons."""
    return replace(cut, has_shape=cut.has_shape & cut.tree.leaf, parents=[[] for _ in cut.parents])


def _lines(shapes: NDArray[np.object_]):
    parts, row = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    steps = to_integers(xy)
    here = np.flatnonzero(ring[1:] == ring[:-1]) if len(ring) else np.empty(0, np.int64)
    return lines_of(row[part[ring[here]]].astype(np.int64), steps[here], steps[here + 1])


def kind_of_face(cut: Draft, face: int) -> tuple[str, list[int]] | None:
    """Return what is wrong with a face and the rows concerned, or None."""
    leaves, parents = cut.leaves[face], cut.parents[face]
    tree = cut.tree
    if len(leaves) > 1:
        return "overlap", leaves
    if not leaves:
        if not parents:
            return None
        deepest = max(tree.depth[p] for p in parents)
        return "gap", [p for p in parents if tree.depth[p] == deepest]
    above = tree.ancestors(leaves[0])
    outside = [p for p in above if cut.has_shape[p] and p not in parents]
    if outside:
        return "leaves_parent", [leaves[0], outside[0]]
    if strange := [p for p in parents if p not in above]:
        # Two parents lie over each other here, and the leaf belongs to one of them.
        return "overlap", sorted({p for p in parents if tree.depth[p] == tree.depth[strange[0]]})
    return None


def face_faults(cut: Draft, metric_crs: str | None = None) -> list[Fault]:
    """Return the faults of a draft: faces that touch along a border and have the same kind are one place."""
    wrong = [kind_of_face(cut, f) for f in range(cut.faces.count)]
    group, kinds, rows = grouped(
        cut.faces, [None if w is None else w[0] for w in wrong], [[] if w is None else w[1] for w in wrong]
    )
    if not kinds:
        return []
    shapes = polygons(cut.faces, group, len(kinds))
    measure = Measure(metric_crs, shapes)
    found = [
        Fault(kind, tuple(cut.tree.code[r] for r in sorted(about)), *measure.of(shape), shape)
        for kind, about, shape in zip(kinds, rows, shapes, strict=True)
    ]
    order = {"overlap": 0, "leaves_parent": 1, "gap": 2}
    return sorted(found, key=lambda f: (order[f.kind], -f.area_m2))


def grouped(faces: Faces, kind: list, rows: list[list[int]]) -> tuple[Ints, list, list[set[int]]]:
    """Return the group of each face (−1 for kind None), and kind and rows of each group of equal neighbours."""
    beside: list[list[int]] = [[] for _ in range(faces.count)]
    for left, right in distinct(np.sort(faces.neighbours(), axis=1))[0].tolist():
        if left != right and kind[left] is not None and kind[left] == kind[right]:
            beside[left].append(right)
            beside[right].append(left)
    group = np.full(faces.count, -1, np.int64)
    kinds: list = []
    about: list[set[int]] = []
    for first in range(faces.count):
        if kind[first] is None or group[first] >= 0:
            continue
        group[first], queue = len(kinds), deque([first])
        kinds.append(kind[first])
        about.append(set())
        while queue:
            here = queue.popleft()
            about[-1].update(rows[here])
            for there in beside[here]:
                if group[there] < 0:
                    group[there] = group[first]
                    queue.append(there)
    return group, kinds, about
