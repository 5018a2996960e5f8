"""A partition: every border kept once, every area built from the same borders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.lattice import from_integers, to_integers
from gis.partition import tree as trees
from gis.partition.borders import OUTSIDE, Borders
from gis.partition.faces import Faces, divide, grouped
from gis.partition.noding import Ints, lines_of, node
from gis.partition.patch import AreaRow, Edge, Patch
from gis.partition.places import Fault, Measure, PartitionError, refused
from gis.partition.rings import polygons
from gis.partition.tree import Tree

if TYPE_CHECKING:
    from gis.partition.operations import Operation


@dataclass(frozen=True)
class Draft:
    """Areas cut into faces, not yet known to be a partition."""

    frame: geopandas.GeoDataFrame
    tree: Tree
    faces: Faces
    has_shape: NDArray[np.bool_]  # areas that came with a polygon
    leaves: list[list[int]] = field(repr=False)  # rows of the leaves over each face
    parents: list[list[int]] = field(repr=False)  # rows of the other areas over each face


@dataclass(frozen=True, eq=False)
class Partition:
    """Areas whose leaves fill them without gap or overlap. A value: whatever changes it returns another one.

    Made by `from_areas`, or by `gis.partition.repair` from areas with small faults.

    Attributes
    ----------
    given : GeoDataFrame
        The areas it was made from: columns, their types and CRS.
    rows : mapping of str to AreaRow
        What is said of each area, by code.
    leaves : tuple of str
        Code of each leaf that the borders number; merged ones keep their number.
    borders : Borders
    history : tuple of Patch
        What was changed since it was made, the last one last.
    """

    given: geopandas.GeoDataFrame = field(repr=False)
    rows: Mapping[str, AreaRow] = field(repr=False)
    leaves: tuple[str, ...] = field(repr=False)
    borders: Borders = field(repr=False)
    history: tuple[Patch, ...] = ()
    _shapes: dict[str, Any] = field(default_factory=dict, repr=False)

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
        return cls.of_draft(cut, np.array([over[0] if over else OUTSIDE for over in cut.leaves], np.int64))

    @classmethod
    def of_draft(cls, cut: Draft, owner: Ints) -> Partition:
        """Return the partition in which each face of a draft goes to the leaf in that row, or to none."""
        row = np.flatnonzero(cut.tree.leaf)
        number = np.full(len(cut.tree.code) + 1, OUTSIDE)
        number[row] = np.arange(len(row))
        borders = Borders.of_faces(cut.faces, number[owner])
        return cls(cut.frame, _rows_of(cut.frame), tuple(cut.tree.code[k] for k in row), borders)

    @cached_property
    def frame(self) -> geopandas.GeoDataFrame:
        """The areas with their columns, in order; the geometry is that which they came with, if any."""
        ordered = sorted(self.rows.items(), key=lambda item: item[1].order)
        if not self.history:
            return self.given
        geometry = self.given.geometry.name
        columns = [column for column in self.given.columns if column != geometry]
        table = pd.DataFrame(
            {column: [row.values.get(column) for _, row in ordered] for column in columns},
            index=pd.Index([row.label for _, row in ordered], name=self.given.index.name),
        )
        for column in columns:
            with suppress(TypeError, ValueError):
                table[column] = table[column].astype(self.given[column].dtype)
        shapes = geopandas.GeoSeries([None] * len(table), index=table.index, crs=self.given.crs)
        return geopandas.GeoDataFrame(table).set_geometry(shapes.rename(geometry))[list(self.given.columns)]

    @cached_property
    def tree(self) -> Tree:
        """Which area lies in which, by row of `frame`."""
        return trees.read(self.frame)[0]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each code in `frame`."""
        return {code: row for row, code in enumerate(self.tree.code)}

    @cached_property
    def leaf_rows(self) -> Ints:
        """The row of each leaf by its number, −1 for one that was merged."""
        return np.array([self.row_of.get(code, -1) for code in self.leaves], np.int64)

    def at_depth(self, depth: int) -> Ints:
        """Return for each leaf by its number the row of its ancestor (or itself) at a depth of the tree; −1 for none."""
        return np.append(self.tree.at_depth(depth), -1)[self.leaf_rows]

    @cached_property
    def _cut(self) -> tuple[Faces, Ints]:
        faces = divide(self.borders.lines())
        rows = np.append(self.leaf_rows, OUTSIDE)
        return faces, np.array([rows[next(iter(over), OUTSIDE)] for over in faces.over], np.int64)

    @property
    def faces(self) -> Faces:
        """The faces into which its borders divide the plane."""
        return self._cut[0]

    @property
    def owner(self) -> Ints:
        """Row in `frame` of the leaf of each face, −1 outside."""
        return self._cut[1]

    def shapes(self, codes: Iterable[str]) -> dict[str, shapely.MultiPolygon]:
        """Return the polygon of each area in degrees; those made before are kept."""
        wanted = [code for code in codes if code not in self._shapes]
        by_depth: dict[int, list[int]] = {}
        for code in wanted:
            by_depth.setdefault(int(self.tree.depth[self.row_of[code]]), []).append(self.row_of[code])
        for depth, rows in by_depth.items():
            label = np.full(len(self.tree.code) + 1, OUTSIDE)
            label[rows] = np.arange(len(rows))
            built = self.borders.shapes(label[self.at_depth(depth)], len(rows))
            self._shapes.update(zip((self.tree.code[row] for row in rows), built, strict=True))
        return {code: self._shapes[code] for code in codes}

    def areas(self) -> geopandas.GeoDataFrame:
        """Return the areas as valid MultiPolygons on the lattice, in the order and with the columns they came with.

        Leaves of one parent have no interior point in common, and each parent equals the union of its leaves, exactly:
        they have all vertices of their borders in common. The same partition gives the same bytes.
        """
        shapes = self.shapes(self.tree.code)
        made = np.array([shapes[code] for code in self.tree.code], object)
        return self.frame.set_geometry(geopandas.GeoSeries(made, index=self.frame.index, crs=self.frame.crs))

    def faults(self) -> list[Fault]:
        """Return [] for a partition; it is cut into faces anew from its polygons, so that nothing is taken on trust."""
        return faults(self.areas())

    def apply(self, operation: Operation) -> Partition:
        """Return the partition after an operation of `gis.partition.operations`; what it changed is the last of `history`.

        Raises
        ------
        PartitionError
            The result would be no partition, or the operation fits nothing here: kind, and where.
        """
        return self.patched(operation.patch(self))

    def undo(self) -> Partition:
        """Return the partition before the last operation, equal to it in every byte; itself where nothing was changed."""
        if not self.history:
            return self
        before = self.patched(self.history[-1].inverse())
        return replace(before, history=self.history[:-1])

    def patched(self, patch: Patch) -> Partition:
        """Return the partition with a patch made for exactly these borders.

        Raises
        ------
        PartitionError
            ``partition.in_the_way``: an edge or an area that it takes out is not there as it was.
        """
        number = {code: k for k, code in enumerate(self.leaves)}
        fresh = sorted({code for edge in patch.added for code in edge[4:] if code is not None} - set(number))
        leaves = (*self.leaves, *fresh)
        number |= {code: len(self.leaves) + k for k, code in enumerate(fresh)}
        out, into = _edges(patch.removed, number), _edges(patch.added, number)
        at = self.borders.find(out.start, out.stop)
        here = self.borders.take(np.maximum(at, 0))
        gone = (at < 0) | (here.left != out.left) | (here.right != out.right) if len(out) else np.empty(0, bool)
        rest = self.borders.replaced(at[~gone], Borders.of(*(column[:0] for column in into.columns())))
        doubled = rest.find(into.start, into.stop) >= 0
        wrong = [patch.removed[k] for k in np.flatnonzero(gone)] + [patch.added[k] for k in np.flatnonzero(doubled)]
        rows = dict(self.rows)
        moved = [code for code, before, _ in patch.rows if not _same(rows.get(code), before)]
        if wrong or moved:
            raise PartitionError([in_the_way(wrong, moved)])
        for code, _, row in patch.rows:
            if row is None:
                del rows[code]
            else:
                rows[code] = row
        after = Partition(self.given, rows, leaves, rest.replaced(at[:0], into), (*self.history, patch))
        held = {leaves[k] for k in np.unique([after.borders.left, after.borders.right]).tolist() if k >= 0}
        if trees.read(after.frame)[1] or held != {code for code in rows if code not in after.children}:
            raise PartitionError([in_the_way([], sorted(patch.codes))])
        after._shapes.update(self._kept(patch, after))
        return after

    def _kept(self, patch: Patch, after: Partition) -> dict[str, Any]:
        """The polygons that a patch leaves as they are."""
        touched: set[str] = set()
        for code, _, _ in patch.rows:
            touched |= {code} | (set(self.lineage(code)) ^ set(after.lineage(code)))
        for edges, of in ((patch.removed, self), (patch.added, after)):
            above = {code: of.lineage(code) for edge in edges for code in edge[4:] if code is not None}
            for edge in edges:
                left, right = (set(above.get(code or "", ())) for code in edge[4:])
                touched |= left ^ right
        return {code: shape for code, shape in self._shapes.items() if code not in touched and code in after.rows}

    def lineage(self, code: str) -> tuple[str, ...]:
        """Return an area and those it lies in, itself first."""
        found: list[str] = []
        above: str | None = code
        while above is not None and above in self.rows:
            found.append(above)
            above = self.rows[above].parent
        return tuple(found)

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The areas that name each code as their parent."""
        found: dict[str, list[str]] = {}
        for code, row in self.rows.items():
            if row.parent is not None:
                found.setdefault(row.parent, []).append(code)
        return {parent: tuple(codes) for parent, codes in found.items()}

    def leaves_of(self, code: str) -> tuple[str, ...]:
        """Return the leaves of an area: itself if it is one.

        Raises
        ------
        PartitionError
            ``partition.unknown_area``.
        """
        if code not in self.rows:
            raise refused("unknown_area", (code,))
        below = self.children.get(code)
        return tuple(leaf for child in below for leaf in self.leaves_of(child)) if below else (code,)


def _rows_of(frame: geopandas.GeoDataFrame) -> dict[str, AreaRow]:
    columns = [column for column in frame.columns if column != frame.geometry.name]
    lists = {column: [_plain(value) for value in frame[column].tolist()] for column in columns}
    labels = frame.index.tolist()
    return {
        str(code): AreaRow(k, labels[k], {column: lists[column][k] for column in columns})
        for k, code in enumerate(frame["code"].tolist())
    }


def _plain(value: Any) -> Any:
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value


def _same(here: AreaRow | None, told: AreaRow | None) -> bool:
    if here is None or told is None:
        return here is told
    return here.order == told.order and dict(here.values) == dict(told.values)


def _edges(edges: tuple[Edge, ...], number: Mapping[str, int]) -> Borders:
    points = np.array([edge[:4] for edge in edges], np.int64).reshape(-1, 4)
    sides = np.array([[OUTSIDE if c is None else number.get(c, -2) for c in edge[4:]] for edge in edges], np.int64)
    sides = sides.reshape(-1, 2)
    return Borders(points[:, :2], points[:, 2:], sides[:, 0], sides[:, 1])


def in_the_way(edges: list[Edge], codes: list[str]) -> Fault:
    """Return the fault of a patch whose borders are not there any more."""
    lines = from_integers(np.array([edge[:4] for edge in edges], np.int64).reshape(-1, 2, 2))
    where = shapely.multilinestrings(shapely.linestrings(lines)) if edges else None
    about = {code for edge in edges for code in edge[4:] if code is not None} | set(codes)
    return Fault("in_the_way", tuple(sorted(about)), 0.0, 0.0, where)


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
