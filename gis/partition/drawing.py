"""Leaves drawn elsewhere, put among those that are there: each place to whoever is drawn over it, narrow faults to a neighbour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from gis.partition import pieces
from gis.partition.borders import OUTSIDE
from gis.partition.local import INSIDE, Local, More
from gis.partition.noding import Ints
from gis.partition.patch import AreaRow, RowChange
from gis.partition.places import Fault, PartitionError, refused

if TYPE_CHECKING:
    from gis.partition.model import Partition


class DrawnLeaf(NamedTuple):
    """A leaf as it was drawn: its area in lattice steps, its columns, and leaves beside those redrawn that it may take from."""

    code: str
    area: shapely.Geometry
    values: Mapping[str, Any]
    takes: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """Leaves put among those that are there.

    Attributes
    ----------
    local : the leaves concerned, divided into faces.
    owner : leaf of each face; places of a fault still have their owner of before.
    faults : ``gap`` (nothing is drawn on a leaf that is redrawn), ``overlap`` (drawn twice, or over a leaf that stays),
        ``leaves_parent`` (drawn outside of all).
    group : the fault that each face belongs to, −1 for none.
    """

    local: Local
    owner: Ints
    faults: list[Fault]
    group: Ints
    redrawn: set[int]
    fresh: set[int]
    codes: tuple[str, ...]
    rows: tuple[RowChange, ...]

    def repaired(self, width_m: float) -> Ints:
        """Return the owners when faults up to a width go to the neighbour with the longest border, or stay with who stays.

        Raises
        ------
        PartitionError
            The wider faults, and those that border on no leaf that was drawn, with their places.
        """
        wide = [fault for fault in self.faults if fault.width_m > width_m]
        if wide:
            raise PartitionError(wide)
        owner = self.owner.copy()
        open_ = (self.group >= 0) & np.isin(self.owner, list(self.redrawn))
        left = pieces.fill(self.local, owner, set(np.flatnonzero(open_).tolist()), self.fresh)
        pieces.check_all_filled(self.faults, self.group, left)
        return owner


def drawn(part: Partition, leaves: Sequence[DrawnLeaf], gone: Sequence[str]) -> Drawn:
    """Return leaves put among those of a partition.

    Parameters
    ----------
    leaves : those whose code is there are redrawn, the others are new.
    gone : leaves that end: others are drawn in their place.

    Raises
    ------
    PartitionError
        ``partition.duplicate_code`` ``.unknown_area`` ``.emptied``: codes that cannot be; ``.outline``: a line follows the
        outline of the whole too closely.
    """
    codes, given, rows = _numbered(part, leaves, gone)
    redrawn = {part.leaves.index(code) for code in (*gone, *(leaf.code for leaf in leaves)) if code in part.rows}
    tags = {INSIDE - k: k for k in range(len(leaves))}
    more = [More(tag, *pieces.rings_of(part, leaves[k].area)) for tag, k in tags.items()]
    concerned = redrawn | pieces.touched(part, shapely.union_all([leaf.area for leaf in leaves]), set())
    local = Local(part, concerned, more)
    owner = local.owners()
    takes = [{part.leaves.index(code) for code in leaf.takes} for leaf in leaves]
    wrong: list[tuple[str, list[int]] | None] = [None] * len(owner)
    for face, over in enumerate(local.faces.over):
        mine = [tags[tag] for tag in over if tag in tags]
        wrong[face] = _wrong(int(owner[face]), mine, given, redrawn, takes)
        if wrong[face] is None and mine:
            owner[face] = given[mine[0]]
    faults, group = local.grouped(wrong, codes)
    return Drawn(local, owner, faults, group, redrawn, set(given), codes, rows)


def _wrong(
    before: int, mine: list[int], given: list[int], redrawn: set[int], takes: list[set[int]]
) -> tuple[str, list[int]] | None:
    """Return what is wrong with a face of the leaf ``before`` over which the leaves ``mine`` are drawn."""
    numbers = sorted(given[k] for k in mine)
    if not mine:
        return ("gap", [before]) if before in redrawn else None
    if before == OUTSIDE:
        return "leaves_parent", numbers
    if len(mine) > 1:
        return "overlap", numbers
    if before in redrawn or before in takes[mine[0]]:
        return None
    return "overlap", [*numbers, before]


def _numbered(
    part: Partition, leaves: Sequence[DrawnLeaf], gone: Sequence[str]
) -> tuple[tuple[str, ...], list[int], tuple[RowChange, ...]]:
    """Return codes by number, the number of each drawn leaf, and the changes of rows."""
    _check_codes(part, leaves, gone)
    codes, numbers, rows = list(part.leaves), list[int](), list[RowChange]()
    columns = next(iter(part.rows.values())).values.keys()
    order = max(row.order for row in part.rows.values())
    for leaf in leaves:
        said = {name: value for name, value in leaf.values.items() if name in columns}
        before = part.rows.get(leaf.code)
        if before is not None:
            numbers.append(part.leaves.index(leaf.code))
            after = before._replace(values={**before.values, **said})
            rows += [(leaf.code, before, after)] if dict(after.values) != dict(before.values) else []
            continue
        order += 1
        numbers.append(len(codes))
        codes.append(leaf.code)
        rows.append((leaf.code, None, AreaRow(order, order, {**dict.fromkeys(columns), **said, "code": leaf.code})))
    rows += [(code, part.rows[code], None) for code in sorted(gone)]
    _check_parents_keep(part, rows)
    return tuple(codes), numbers, tuple(rows)


def _check_codes(part: Partition, leaves: Sequence[DrawnLeaf], gone: Sequence[str]) -> None:
    names = [leaf.code for leaf in leaves]
    doubled = sorted({code for code in names if names.count(code) > 1 or code in gone})
    if doubled:
        raise PartitionError([Fault("duplicate_code", (code,), 0.0, 0.0, None) for code in doubled])
    known = set(part.rows) - set(part.children)
    named = {*gone, *(code for leaf in leaves for code in leaf.takes), *(code for code in names if code in part.rows)}
    parents = {leaf.values.get("parent") for leaf in leaves if leaf.code not in part.rows or "parent" in leaf.values}
    strange = sorted(named - known) + sorted(str(code) for code in parents if code not in part.children)
    if strange:
        raise refused("unknown_area", tuple(strange))


def _check_parents_keep(part: Partition, rows: Sequence[RowChange]) -> None:
    """Refuse to leave an area without areas in it: ``partition.emptied``."""
    parent = {code: row.parent for code, row in part.rows.items()}
    for code, _, after in rows:
        parent[code] = None if after is None else after.parent
    empty = sorted(set(part.children) - set(parent.values()))
    if empty:
        raise PartitionError([Fault("emptied", (code,), 0.0, 0.0, None) for code in empty])
