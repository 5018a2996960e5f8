"""Operations on a partition, as values: each gives the patch that it makes of a partition, or is refused with the places.

Coordinates are degrees (EPSG:4490) and are put on the lattice. No operation moves the outline of the whole: a line that
comes to it ends at its nearest vertex.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import shapely

from gis.errors import GisError
from gis.lattice import to_integers
from gis.partition import drawing, pieces, reshaping
from gis.partition.local import CUT, INSIDE, Local, More
from gis.partition.model import Partition
from gis.partition.patch import AreaRow, Patch, RowChange
from gis.partition.places import line_of, refused

Point = tuple[float, float]
Rings = tuple[tuple[Point, ...], ...]


class Operation(ABC):
    """Something that is done to a partition."""

    kind: ClassVar[str]

    @abstractmethod
    def patch(self, part: Partition) -> Patch:
        """Return what it changes.

        Raises
        ------
        PartitionError
            The result would be no partition, or there is nothing here that it fits.
        """

    def to_json(self) -> dict[str, Any]:
        """Return it as plain lists and dicts, with its kind."""
        return {"kind": self.kind, **dataclasses.asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class MoveVertex(Operation):
    """Move a vertex of borders, a junction too, and every border that ends there."""

    at: Point
    to: Point
    kind: ClassVar[str] = "move_vertex"

    def patch(self, part: Partition) -> Patch:
        return reshaping.moved(part, _steps(self.at), _steps(self.to))


@dataclass(frozen=True)
class SplitJunction(Operation):
    """Pull one leaf back from a junction: its two borders there meet at another point, and its neighbours meet each other between."""

    at: Point
    to: Point
    leaf: str
    kind: ClassVar[str] = "split_junction"

    def patch(self, part: Partition) -> Patch:
        return reshaping.withdrawn(part, _steps(self.at), _steps(self.to), number_of(part, self.leaf))


@dataclass(frozen=True)
class Reshape(Operation):
    """Give the border between two areas another course between two of its points.

    Parameters
    ----------
    between : codes of two leaves, or of two areas above them (villages): then each piece goes to the leaf beside it.
    line : from a point of the border to another one; what lies between the old course and the new changes hands.
    """

    between: tuple[str, str]
    line: tuple[Point, ...]
    kind: ClassVar[str] = "reshape"

    def patch(self, part: Partition) -> Patch:
        sides = [{number_of(part, leaf) for leaf in part.leaves_of(code)} for code in self.between]
        if len(self.line) < 2 or sides[0] & sides[1]:
            raise refused("no_border", tuple(self.between))
        return reshaping.reshaped(part, sides[0], sides[1], _steps(self.line), tuple(self.between))


@dataclass(frozen=True)
class Split(Operation):
    """Divide a leaf by a line from border to border.

    With one code, what lies on the smaller side of the line becomes the new leaf; with a code for each piece but the
    largest, each becomes one of its own, the larger ones first.
    """

    leaf: str
    line: tuple[Point, ...]
    codes: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "split"

    def patch(self, part: Partition) -> Patch:
        leaf = number_of(part, self.leaf)
        if len(self.line) < 2 or not self.codes:
            raise refused("not_divided", (self.leaf,))
        rows = tuple(new_row(part, code, self.leaf, self.values, n) for n, code in enumerate(self.codes))
        line = pieces.reaching(part, self.leaf, pieces.tied(part, _steps(self.line), closed=False))
        if len(line) < 2:
            raise refused("not_divided", (self.leaf,), line_of(line))
        local = Local(part, {leaf}, [More(CUT, line[:-1], line[1:])])
        owner = local.owners()
        codes = (*part.leaves, *self.codes)
        return local.patch(pieces.divided(local, owner, leaf, len(part.leaves), len(self.codes), line), codes, rows)


@dataclass(frozen=True)
class Merge(Operation):
    """Make leaves one, under the code of one of them."""

    codes: tuple[str, ...]
    into: str
    kind: ClassVar[str] = "merge"

    def patch(self, part: Partition) -> Patch:
        numbers = {number_of(part, code) for code in self.codes} | {number_of(part, self.into)}
        if len(numbers) < 2:
            raise refused("no_change", (self.into,))
        gone = {*self.codes} - {self.into}
        for code in gone:
            pieces.check_parent_keeps(part, code, gone)
        local = Local(part, numbers)
        owner = local.owners()
        owner[np.isin(owner, list(numbers))] = number_of(part, self.into)
        rows = tuple((code, part.rows[code], None) for code in sorted(gone))
        return local.patch(owner, part.leaves, rows)


@dataclass(frozen=True)
class HandOver(Operation):
    """Give what lies inside polygons to a leaf: a piece, or painted units.

    Parameters
    ----------
    polygons : one list of rings each, the shell first.
    to : code of the leaf.
    sources : leaves it may be taken from; all by default.
    units : names of what was painted, for the history.
    """

    polygons: tuple[Rings, ...]
    to: str
    sources: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    kind: ClassVar[str] = "hand_over"

    def patch(self, part: Partition) -> Patch:
        target = number_of(part, self.to)
        sources = {number_of(part, code) for code in self.sources}
        area = _area(self.polygons)
        local = pieces.covered(part, area, {target}, sources)
        owner = local.owners()
        owner[pieces.taken(local, owner, sources)] = target
        return local.patch(owner, part.leaves)


@dataclass(frozen=True)
class CutOut(Operation):
    """Make what lies inside polygons a new leaf: an exclusive grid.

    Parameters
    ----------
    polygons : one list of rings each, the shell first.
    code : of the new leaf. parent : area it is to lie in; by default that of the leaf from which it takes most.
    sources : leaves it may be taken from; all by default. values : other columns of its row.
    """

    polygons: tuple[Rings, ...]
    code: str
    parent: str | None = None
    sources: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "cut_out"

    def patch(self, part: Partition) -> Patch:
        sources = {number_of(part, code) for code in self.sources}
        area = _area(self.polygons)
        local = pieces.covered(part, area, set(), sources)
        owner = local.owners()
        takes = pieces.taken(local, owner, sources)
        if not takes.any():
            raise refused("no_change", (self.code,), area)
        most = part.leaves[pieces.largest(local, owner, takes)]
        values = dict(self.values)
        if self.parent is not None:
            if self.parent not in part.children:
                raise refused("unknown_area", (self.parent,))
            values["parent"] = self.parent
        owner[takes] = len(part.leaves)
        return local.patch(owner, (*part.leaves, self.code), (new_row(part, self.code, most, values, 0),))


@dataclass(frozen=True)
class Redraw(Operation):
    """Draw all leaves of an area anew: from villager groups, or from a list.

    Parameters
    ----------
    area : code of the area whose leaves go; all that lies in it must be leaves.
    leaves : code, polygons and other columns of each new leaf; codes of leaves that go may be used again.
    width_m : gaps and overlaps between them up to this width are given to the neighbour with the longest border.
    """

    area: str
    leaves: tuple[tuple[str, tuple[Rings, ...], Mapping[str, Any]], ...]
    width_m: float = 0.0
    kind: ClassVar[str] = "redraw"

    def patch(self, part: Partition) -> Patch:
        old = part.leaves_of(self.area)
        if not self.leaves or old == (self.area,):
            raise refused("no_change", (self.area,))
        if set(part.children[self.area]) != set(old):
            raise refused("unknown_area", (self.area,))
        numbers = {number_of(part, code) for code in old}
        tags = [INSIDE - k for k in range(len(self.leaves))]
        shapes = [_area(polygons) for _, polygons, _ in self.leaves]
        more = [More(tag, *pieces.rings_of(part, shape)) for tag, shape in zip(tags, shapes, strict=True)]
        local = Local(part, numbers, more)
        before = local.owners()
        codes, given, rows = pieces.renamed(
            part, old, [(code, dict(values)) for code, _, values in self.leaves], self.area
        )
        number = {tag: given[k] for k, tag in enumerate(tags)}
        owner = pieces.drawn(local, before, numbers, number, self.width_m, codes)
        return local.patch(owner, codes, rows)


@dataclass(frozen=True)
class Draw(Operation):
    """Draw leaves anew from polygons made elsewhere, of any parents at once; what is not named stays as it is.

    Parameters
    ----------
    leaves : code, polygons, other columns (of a new leaf also its parent), and leaves that stay but give what lies under it.
    gone : codes of leaves in whose place the others are drawn.
    width_m : gaps, overlaps and what lies outside up to this width are given to a neighbour.
    source : what it was taken from, for the history.
    """

    leaves: tuple[tuple[str, tuple[Rings, ...], Mapping[str, Any], tuple[str, ...]], ...]
    gone: tuple[str, ...] = ()
    width_m: float = 0.0
    source: str = ""
    kind: ClassVar[str] = "draw"

    def patch(self, part: Partition) -> Patch:
        made = self.drawn(part)
        return made.local.patch(made.repaired(self.width_m), made.codes, made.rows)

    def drawn(self, part: Partition) -> drawing.Drawn:
        """Return the leaves put among those of a partition, with all faults whatever their width."""
        if not self.leaves:
            raise refused("no_change")
        leaves = [
            drawing.DrawnLeaf(code, _area(polygons), values, takes) for code, polygons, values, takes in self.leaves
        ]
        return drawing.drawn(part, leaves, self.gone)


@dataclass(frozen=True)
class Describe(Operation):
    """Change what is said of an area: name, kind, the area it lies in; its borders stay."""

    code: str
    values: Mapping[str, Any]
    kind: ClassVar[str] = "describe"

    def patch(self, part: Partition) -> Patch:
        before = part.rows.get(self.code)
        if before is None:
            raise refused("unknown_area", (self.code,))
        if not set(self.values) <= set(before.values) - {"code"}:
            raise GisError(
                "operation.values",
                "there is no such column: " + ", ".join(sorted(set(self.values) - set(before.values))),
            )
        parent = self.values.get("parent", before.parent)
        if parent != before.parent:
            if parent not in part.children or self.code in part.lineage(parent):
                raise refused("unknown_area", (str(parent),))
            pieces.check_parent_keeps(part, self.code, {self.code})
        after = before._replace(values={**before.values, **self.values})
        if dict(after.values) == dict(before.values):
            raise refused("no_change", (self.code,))
        return Patch(rows=((self.code, before, after),))


@dataclass(frozen=True)
class Restore(Operation):
    """Apply a patch of another time, mostly one turned round, if borders and rows are still those it was made for."""

    change: Patch
    kind: ClassVar[str] = "restore"

    def patch(self, part: Partition) -> Patch:
        reshaping.check(part, part.patched(self.change), self.change)
        return self.change

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "change": self.change.to_json()}


KINDS: Mapping[str, type[Operation]] = {
    one.kind: one
    for one in (MoveVertex, SplitJunction, Reshape, Split, Merge, HandOver, CutOut, Redraw, Draw, Describe, Restore)
}


def of_json(given: Mapping[str, Any]) -> Operation:
    """Return the operation that `Operation.to_json` made into lists.

    Raises
    ------
    GisError
        ``operation.unknown``, ``operation.field``: a kind or field that does not exist or does not read.
    """
    kind = KINDS.get(str(given.get("kind")))
    if kind is None:
        raise GisError("operation.unknown", f"no operation {given.get('kind')!r}; there are {', '.join(KINDS)}")
    values = {name: _tuples(value) for name, value in given.items() if name != "kind"}
    try:
        if kind is Restore:
            return Restore(Patch.of_json(given["change"]))
        operation = kind(**values)
        if isinstance(operation, MoveVertex | SplitJunction):
            _steps(operation.at), _steps(operation.to)
    except (TypeError, ValueError, KeyError) as fault:
        raise GisError("operation.field", f"{kind.kind}: {fault}") from fault
    return operation


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _steps(points: Sequence[Any]) -> np.ndarray:
    try:
        steps = to_integers(points)
    except (TypeError, ValueError) as fault:
        raise GisError("operation.field", "a point is two numbers, lon and lat in degrees") from fault
    if steps.ndim not in (1, 2) or steps.shape[-1] != 2:
        raise GisError("operation.field", "a point is two numbers, lon and lat in degrees")
    if steps.ndim == 2 and len(steps) > 1:
        steps = steps[np.concatenate([[True], np.any(steps[1:] != steps[:-1], axis=1)])]
    return steps


def _area(polygons: tuple[Rings, ...]) -> shapely.Geometry:
    """Return what polygons cover, in lattice steps; crossing rings count as they enclose."""
    try:
        shapes = [shapely.Polygon(_steps(rings[0]), [_steps(ring) for ring in rings[1:]]) for rings in polygons]
    except (IndexError, ValueError) as fault:
        raise GisError("operation.field", "a polygon is a list of rings of at least three points") from fault
    whole = shapely.union_all([shapely.make_valid(shape, method="structure", keep_collapsed=False) for shape in shapes])
    if whole.is_empty:
        raise GisError("operation.field", "the polygon encloses nothing")
    return whole


def number_of(part: Partition, code: str) -> int:
    """Return the number of a leaf.

    Raises
    ------
    PartitionError
        ``partition.unknown_area``: there is no such leaf.
    """
    if code not in part.rows or code in part.children or code not in part.leaves:
        raise refused("unknown_area", (code,))
    return part.leaves.index(code)


def new_row(part: Partition, code: str, like: str, values: Mapping[str, Any], n: int) -> RowChange:
    """Return the row of a new leaf, beside another one.

    Raises
    ------
    PartitionError
        ``partition.duplicate_code``.
    """
    if code in part.rows:
        raise refused("duplicate_code", (code,))
    order = max(row.order for row in part.rows.values()) + 1 + n
    known = part.rows[like].values
    blank = {name: known[name] if name in ("parent", "level", "kind") else None for name in known}
    return code, None, AreaRow(order, order, {**blank, **{k: v for k, v in values.items() if k in known}, "code": code})
