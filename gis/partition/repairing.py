"""Small faults made good: gaps and overlaps of a few metres, as they come from maps drawn one by one."""

from __future__ import annotations

from collections import defaultdict

import geopandas
import numpy as np
import shapely

from gis.partition.faces import Faces, grouped
from gis.partition.model import Draft, Partition, draft, kind_of_face
from gis.partition.noding import Ints
from gis.partition.places import Change, Fault, Measure, PartitionError
from gis.partition.rings import polygons

_WHAT = {"gap": "gap_closed", "overlap": "overlap_removed"}


def repair(
    areas: geopandas.GeoDataFrame, max_m: float, metric_crs: str | None = None
) -> tuple[geopandas.GeoDataFrame, list[Change]]:
    """Return areas that are a partition, and all that had to be changed for it.

    A gap goes to the neighbour with the longest common border, one of the parent that claims the place if there is one;
    an overlap to that of the areas that has the longest border with it; the border of a parent follows its leaves.

    Parameters
    ----------
    areas : GeoDataFrame
        As for `Partition.from_areas`. Where no parent came with a polygon, holes that the leaves enclose count as gaps
        if they are no wider than ``max_m``; wider ones are taken for holes of the town.
    max_m : float
        Width in metres up to which a place is given away: the diameter of the largest circle in it.
    metric_crs : str, optional
        Projected CRS in metres; an equal-area one around the areas by default.

    Returns
    -------
    areas : GeoDataFrame
        As from `Partition.areas`.
    changes : list of Change
        Largest first. Rounding to the lattice, 1 cm, is not told.

    Raises
    ------
    PartitionError
        If any place is wider, or a fault is of another kind; it holds only these. Nothing is changed then.
    """
    areas, made_valid = _valid(areas, metric_crs)
    cut, found = draft(areas, metric_crs)
    if found:
        raise PartitionError(found)
    measure = Measure(metric_crs, areas.geometry.values)
    kind, about = _kinds(cut)
    too_wide = _too_wide(cut, kind, about, max_m, measure)
    if too_wide:
        raise PartitionError(too_wide)
    owner = _owners(cut, kind)
    lost = sorted(set(np.flatnonzero(cut.tree.leaf).tolist()) - set(owner.tolist()))
    if lost:
        raise PartitionError([Fault("empty", (cut.tree.code[row],), 0.0, 0.0, None) for row in lost])
    changes = made_valid + _handed_over(cut, kind, owner, measure) + _parents_moved(cut, owner, measure)
    changes.sort(key=lambda change: -change.area_m2)
    return Partition.of_draft(cut, owner).areas(), changes


def _valid(areas: geopandas.GeoDataFrame, metric_crs: str | None) -> tuple[geopandas.GeoDataFrame, list[Change]]:
    shapes = np.asarray(areas.geometry.values)
    wrong = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    if not wrong.size:
        return areas, []
    metric = Measure(metric_crs, shapes).project
    fixed = shapes.copy()
    # "structure" keeps what the rings enclose and drops spikes and lines; what it gets wrong shows as gap or overlap.
    fixed[wrong] = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
    grown = np.abs(shapely.area(metric(fixed[wrong])) - shapely.area(metric(shapes[wrong])))
    changes = [
        Change("made_valid", str(areas["code"].iloc[k]), float(area), 0.0, fixed[k])
        for k, area in zip(wrong, grown, strict=True)
    ]
    return areas.set_geometry(geopandas.GeoSeries(fixed, index=areas.index, crs=areas.crs)), changes


def _kinds(cut: Draft) -> tuple[list[str | None], list[list[int]]]:
    """Return what is wrong with each face and whom it concerns; enclosed places of nobody are gaps, too."""
    wrong = [kind_of_face(cut, face) for face in range(cut.faces.count)]
    if not np.any(cut.has_shape & ~cut.tree.leaf):
        for face in range(1, cut.faces.count):
            if wrong[face] is None and not cut.leaves[face]:
                wrong[face] = "gap", []
    return [None if w is None else w[0] for w in wrong], [[] if w is None else w[1] for w in wrong]


def _too_wide(cut: Draft, kind, about, max_m: float, measure: Measure) -> list[Fault]:
    """Return the places that are too wide; wide holes that no parent claims are none, and leave ``kind``."""
    group, kinds, rows = grouped(cut.faces, kind, about)
    shapes = polygons(cut.faces, group, len(kinds))
    out = []
    for number, (what, concerned, shape) in enumerate(zip(kinds, rows, shapes, strict=True)):
        area_m2, width_m = measure.of(shape)
        if width_m <= max_m:
            continue
        if concerned:
            out.append(Fault(what, tuple(cut.tree.code[r] for r in sorted(concerned)), area_m2, width_m, shape))
        else:
            for face in np.flatnonzero(group == number):
                kind[face] = None
    return sorted(out, key=lambda fault: -fault.area_m2)


def _owners(cut: Draft, kind: list[str | None]) -> Ints:
    """Return the leaf that gets each face."""
    owner = np.array([over[0] if len(over) == 1 else -1 for over in cut.leaves], np.int64)
    border = _border_lengths(cut.faces)
    open_ = {face for face in range(cut.faces.count) if kind[face] in ("gap", "overlap") and owner[face] < 0}
    while open_:
        given = {}
        for face in sorted(open_):
            best = _heir(cut, face, owner, border)
            if best is not None:
                given[face] = best
        if not given:
            # Leaves that cover each other entirely have no border with a place of their own.
            given = {face: cut.leaves[face][0] for face in open_ if cut.leaves[face]}
        if not given:
            break
        for face, leaf in given.items():
            owner[face] = leaf
        open_ -= set(given)
    return owner


def _heir(cut: Draft, face: int, owner: Ints, border: dict[int, dict[int, float]]) -> int | None:
    """Return the leaf with the longest border to a face, those of the claiming parents first; None if none has any."""
    length: dict[int, float] = defaultdict(float)
    for beside, metres in border[face].items():
        if owner[beside] >= 0:
            length[int(owner[beside])] += metres
    if cut.leaves[face]:
        length = defaultdict(float, {leaf: m for leaf, m in length.items() if leaf in cut.leaves[face]})
    claims = cut.parents[face]

    def rank(leaf: int) -> tuple[int, float, int]:
        return sum(above in claims for above in cut.tree.ancestors(leaf)), length[leaf], -leaf

    return max(length, key=rank, default=None)


def _border_lengths(faces: Faces) -> dict[int, dict[int, float]]:
    """Return the length of the common border of each two faces, in steps made equally long in both directions."""
    a, b = (faces.points[faces.edges[:, side]].astype(float) for side in (0, 1))
    cosine = np.cos(np.radians((a[:, 1] + b[:, 1]) / 2e7))
    length = np.hypot((a[:, 0] - b[:, 0]) * cosine, a[:, 1] - b[:, 1])
    out: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (left, right), metres in zip(faces.neighbours().tolist(), length.tolist(), strict=True):
        if left != right:
            out[left][right] += metres
            out[right][left] += metres
    return out


def _handed_over(cut: Draft, kind, owner: Ints, measure: Measure) -> list[Change]:
    label = [
        (_WHAT[what], int(owner[face])) if what in _WHAT and owner[face] >= 0 else None
        for face, what in enumerate(kind)
    ]
    return _changes(cut, label, measure)


def _parents_moved(cut: Draft, owner: Ints, measure: Measure) -> list[Change]:
    out = []
    above = [set(cut.tree.ancestors(leaf)) if leaf >= 0 else set() for leaf in owner.tolist()]
    for parent in np.flatnonzero(cut.has_shape & ~cut.tree.leaf).tolist():
        label: list[tuple[str, int] | None] = []
        for face in range(cut.faces.count):
            now, before = parent in above[face], parent in cut.parents[face]
            label.append(None if now == before else ("parent_grown" if now else "parent_shrunk", parent))
        out += _changes(cut, label, measure)
    return out


def _changes(cut: Draft, label: list[tuple[str, int] | None], measure: Measure) -> list[Change]:
    group, labels, _ = grouped(cut.faces, label, [[] for _ in label])
    shapes = polygons(cut.faces, group, len(labels))
    return [
        Change(what, cut.tree.code[row], *measure.of(shape), shape)
        for (what, row), shape in zip(labels, shapes, strict=True)
    ]
