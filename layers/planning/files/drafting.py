"""A file of QGIS or CAD becomes one step of a draft: looked at first, repaired up to some metres on request, then drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from data.errors import Invalid
from data.scope import scope_of
from gis.errors import GisError
from gis.formats import FormatError, coordinates
from gis.partition import Partition, PartitionError
from gis.partition.drawing import Drawn
from gis.partition.operations import Draw, of_json
from gis.partition.places import Measure
from layers.planning import effects, plans, service
from layers.planning.asked import NEW, Drawing
from layers.planning.files import faults as kinds
from layers.planning.files import matching, rows, systems
from layers.planning.files.faults import SLIVER_M, FileFault
from layers.planning.files.matching import Matched
from layers.planning.state import STATES, State

# Nobody draws a border so far beside the true one; a coordinate system read as another one moves all of them so.
_MOVED_M = 100.0
# Another system must fit so much better before the one that was read is doubted.
_BETTER = 3.0
_OF_PARTITION = {"gap": "gap", "overlap": "overlap", "leaves_parent": "outside"}


@dataclass(frozen=True)
class Given:
    """A file, and how it is to be read. ``width_m``: how far repairs may reach; 0: none is asked for."""

    path: Path
    crs: str | None = None
    layer: str | None = None
    width_m: float = 0.0


@dataclass
class Look:
    """What a file would do to a draft at one version."""

    given: Given
    version: int
    most_m: float
    crs: str | None = None
    layer: str | None = None
    kind: str = ""
    found: Matched | None = None
    faults: list[FileFault] = field(default_factory=list)
    suggestions: list[dict[str, Any]] | None = None
    operation: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """Return it for a reader.

        ``can_apply``: nothing hinders at the width asked for, and something would change; ``drawn``: what would, as GeoJSON
        (EPSG:4490); ``needs_m``: the metres that a repair must reach, None where none is enough.
        """
        found, faults = self.found or Matched(), self.faults
        new = sum(code is None for code, _ in found.leaves)
        return {
            "version": self.version, "file": self.given.path.name, "format": self.kind, "crs": self.crs, "layer": self.layer,
            "width_m": self.given.width_m, "most_m": self.most_m, "needs_m": kinds.needed_m(faults, self.most_m),
            "areas": {
                "by_code": found.by_code, "by_overlap": found.by_overlap, "new": new, "unchanged": found.unchanged,
                "changed": len(found.leaves) - new, "gone": found.gone,
            },
            "faults": kinds.told(faults, self.given.width_m), "suggested_crs": self.suggestions or [],
            "drawn": {"type": "FeatureCollection", "features": [_shown(code, one) for code, one in found.leaves]},
            "can_apply": self.operation is not None and not self.hindering,
        }  # fmt: skip

    @property
    def hindering(self) -> list[FileFault]:
        """What is not mended at the width asked for."""
        return [fault for fault in self.faults if fault.hinders(self.given.width_m)]


def _shown(code: str | None, one: rows.Feature) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.set_precision(one.shape, 1e-7, mode="pointwise")))
    return {"type": "Feature", "properties": {"code": code, "name": one.name, "row": one.row}, "geometry": geometry}


def look(session: Session, plan_id: UUID, given: Given) -> dict[str, Any]:
    """Return what a file would do to a draft as it is now, with all faults; changes nothing. Needs ``plan``.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Invalid
        ``file.<what>``, ``plan.file_<what>``: the file cannot be read, or draws nothing; ``plan.file_width``.
    TooLarge
        ``plan.file_too_large``.
    """
    plan = _require(session, plan_id)
    return _looked(session, plan, plan.version, given).told()


def draw(session: Session, plan_id: UUID, client_id: UUID | None, seen: int, given: Given) -> int:
    """Draw a file into a draft as one step, and return its ``seq``. Needs ``plan``. Emits ``plan``/``edited``. Does not commit.

    Parameters
    ----------
    seen : version at which the file was looked at; what others did since is told apart as for any edit.

    Raises
    ------
    Invalid
        As `look`; ``plan.file_faults``: what is not mended, by kind, with places; ``partition.no_change``.
    NotFound, Conflict
        As `service.edit`.
    """
    plan = _require(session, plan_id)
    if plan.state != "draft":
        raise plans.not_draft(plan)
    looked = _looked(session, plan, min(seen, plan.version), given)
    if looked.hindering:
        left = kinds.told(looked.hindering, given.width_m)
        places = [feature for one in left for feature in one["places"]["features"]]
        said = ", ".join(f"{one['kind']} {one['left']}" for one in left)
        raise Invalid(
            "plan.file_faults", f"the file is not drawn: {said}", left=left, needs_m=kinds.needed_m(looked.faults, looked.most_m),
            places={"type": "FeatureCollection", "features": places},
        )  # fmt: skip
    if looked.operation is None:
        raise Invalid("partition.no_change", "the file holds what the draft has already")
    return service.edit(session, plan_id, client_id, seen, Drawing.model_validate(looked.operation))


def _require(session: Session, plan_id: UUID) -> Row:
    scope_of(session).require("plan")
    return plans.require(session, plan_id)


def _looked(session: Session, plan: Row, version: int, given: Given) -> Look:
    most_m = effects.limits(session).draft_repair_m
    if not 0 <= given.width_m <= most_m:
        raise Invalid("plan.file_width", f"repairs reach 0 to {most_m:g} m", most_m=most_m)
    state = STATES.get(session, plan, version)
    looked = Look(given, version, most_m)
    try:
        source = rows.opened(given.path, given.crs, given.layer)
    except Invalid as fault:
        if fault.code != "file.crs_unknown":
            raise
        looked.suggestions = _suggested(given, None, state)
        looked.faults = [FileFault("crs_missing" if given.crs is None else "crs_wrong")]
        return looked
    looked.crs, looked.layer, looked.kind = source.crs, source.layer, source.kind
    sheet = rows.drawn_in(source, state.part, state.base.measure, given.width_m)
    _examine(looked, sheet, state)
    return looked


def _examine(looked: Look, sheet: rows.Sheet, state: State) -> None:
    part, measure, faults = state.part, state.base.measure, sheet.faults
    features = matching.without_slivers(matching.single(sheet.features, faults), measure, faults)
    looked.faults = faults
    if not features:
        return
    looked.found = matching.matched(features, part)
    width_m = looked.given.width_m
    looked.operation = matching.operation(looked.found, part, measure, width_m, looked.given.path.name)
    made = _drawn(looked, state)
    faults += [
        FileFault("unnamed", (), (feature.row,), place=shapely.point_on_surface(feature.shape))
        for code, feature in looked.found.leaves
        if code is None and not feature.name
    ]
    if _looks_moved(faults, looked.found, part):
        better = _suggested(looked.given, looked.layer, state)
        read_as = _share(better, looked.crs)
        if (better and better[0]["share"] > max(0.05, _BETTER * read_as)) or _all_outside(features, part):
            looked.suggestions = better
            faults.insert(
                0, FileFault("crs_wrong", place=shapely.box(*shapely.total_bounds([f.shape for f in features])))
            )
    if made is not None and not looked.hindering:
        _try(looked, made, state)


def _drawn(looked: Look, state: State) -> Drawn | None:
    """Return the areas put among those of the draft, and add where they are no partition, measured before any repair."""
    if looked.operation is None:
        return None
    operation = of_json(looked.operation)
    assert isinstance(operation, Draw)
    try:
        made = operation.drawn(state.part)
    except GisError as fault:
        looked.faults += _refusal(fault)
        return None
    looked.faults += [
        FileFault(
            "sliver" if one.width_m < SLIVER_M else _OF_PARTITION[one.kind], one.codes, (), one.width_m, one.area_m2,
            one.geometry, _OF_PARTITION[one.kind],
        )
        for one in made.faults
    ]  # fmt: skip
    return made


def _refusal(fault: GisError) -> list[FileFault]:
    """Return what the partition refuses as faults; errors of the program stay errors."""
    if not isinstance(fault, PartitionError):
        raise Invalid(fault.code, str(fault), **fault.detail) from fault
    return [
        FileFault(one.kind if one.kind in kinds.KINDS else "emptied", one.codes, place=one.geometry)
        for one in fault.faults
    ]


def _try(looked: Look, made: Drawn, state: State) -> None:
    """Repair the drawing, so that whoever looks learns now what would be refused."""
    try:
        patch = made.local.patch(made.repaired(looked.given.width_m), made.codes, made.rows)
        after = state.part.patched(patch)
        looked.faults += _led_to_vertices(looked, after, state.base.measure)
    except PartitionError as fault:
        if fault.code == "partition.no_change":
            looked.operation = None
        else:
            looked.faults += _refusal(fault)


def _led_to_vertices(looked: Look, after: Partition, measure: Measure) -> list[FileFault]:
    """Return where the drawing differs from the file: a border that meets the town's outline between two vertices ends at one."""
    found = looked.found or Matched()
    codes = [code or NEW.format(n) for n, (code, _) in enumerate(found.leaves)]
    shapes = after.shapes(codes)
    told = [fault.place for fault in looked.faults if fault.width_m and fault.place is not None]
    known = shapely.union_all([shapely.make_valid(place) for place in told])
    out = []
    for code, (_, feature) in zip(codes, found.leaves, strict=True):
        rest = shapely.difference(shapely.symmetric_difference(shapes[code], feature.shape), known)
        for piece in shapely.get_parts(rest):
            area_m2, width_m = measure.of(piece) if piece.geom_type == "Polygon" else (0.0, 0.0)
            if width_m > max(SLIVER_M, looked.given.width_m):
                named = () if code.startswith(NEW.format("")) else (code,)
                out.append(FileFault("led_to_vertex", named, (feature.row,), width_m, area_m2, piece))
    return out


def _looks_moved(faults: list[FileFault], found: Matched, part: Any) -> bool:
    """Whether most of the areas drawn are as far off as a wrong coordinate system puts them."""
    wide = [one for one in faults if one.kind in _OF_PARTITION.values() and one.width_m >= _MOVED_M]
    touched = {code for one in wide for code in one.codes}
    return bool(wide) and len(touched) >= max(1, len(found.leaves) / 2)


def _all_outside(features: list[rows.Feature], part: Any) -> bool:
    west, south, east, north = shapely.total_bounds(list(part.shapes(part.tree.code).values()))
    return not shapely.box(west, south, east, north).intersects(
        shapely.box(*shapely.total_bounds([feature.shape for feature in features]))
    )


def _suggested(given: Given, layer: str | None, state: State) -> list[dict[str, Any]]:
    try:
        points = coordinates(given.path, layer or given.layer, max_bytes=rows.MAX_BYTES)
    except FormatError:
        return []  # a table, or several layers of which none is named yet
    return systems.suggested(np.asarray(points), state.part, state.base.metric_crs, state.base.measure)


def _share(better: list[dict[str, Any]], crs: str | None) -> float:
    """How much of the file lies on borders as it was read."""
    names = {"EPSG:4326": "cgcs2000", "EPSG:4490": "cgcs2000", "wgs84": "cgcs2000"}
    name = names.get(crs or "", crs)
    return next((float(one["share"]) for one in better if one["crs"] == name), 0.0)
