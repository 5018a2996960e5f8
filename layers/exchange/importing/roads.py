"""Import of roads from any line file; from OpenStreetMap with its classes."""

from __future__ import annotations

import hashlib
from typing import Any

import shapely

from data.errors import Invalid
from layers.base.rules import ROAD_CLASSES, road_class
from layers.exchange import queries
from layers.exchange.copying import upsert_rows
from layers.exchange.importing.sheet import Piece
from layers.exchange.importing.tables import Importer

_COLUMNS = ("town_id", "name", "class", "external_ref", "geom")


class Roads(Importer):
    """Road lines. A road is known by its reference, else by its shape; one that comes again replaces itself."""

    def take(self, piece: Piece) -> None:
        if piece.geometry is None:
            raise _no_shapes()
        names, classes, refs = (piece.column(name) for name in ("name", "class", "external_ref"))
        roads: dict[str, list[tuple[Any, ...]]] = {}
        for n, (number, geometry) in enumerate(piece.geometry.items()):
            kind = road_class(classes[n])
            reason = self._refusal(geometry, kind, classes[n])
            if reason:
                self.imported.reject(int(number), reason, piece.origin(number))
                continue
            ref = refs[n] or "shape:" + hashlib.sha256(shapely.to_wkb(geometry)).hexdigest()[:24]
            parts = [part for part in getattr(geometry, "geoms", (geometry,)) if part.length > 0]
            roads.setdefault(ref, []).extend(
                (self.town_id, names[n] or None, kind, ref, shapely.force_2d(p)) for p in parts
            )
        self._write(roads)

    @staticmethod
    def _refusal(geometry: shapely.Geometry | None, kind: str | None, given: str) -> str | None:
        if geometry is None or geometry.is_empty:
            return "has no geometry"
        if geometry.geom_type not in ("LineString", "MultiLineString"):
            return f"is a {geometry.geom_type}, not a line"
        if kind is None:
            return f"class {given} is no road in use; use {', '.join(ROAD_CLASSES)} or OpenStreetMap's highway values"
        return None

    def _write(self, roads: dict[str, list[tuple[Any, ...]]]) -> None:
        params: dict[str, Any] = {"town_id": self.town_id, "refs": list(roads)}
        there: dict[str, set[tuple[Any, ...]]] = {}
        for row in self.session.execute(queries.ROADS_BY_REF, params):
            there.setdefault(row.external_ref, set()).add((row.name, row[2], bytes(row.wkb)))
        fresh = {
            ref: parts
            for ref, parts in roads.items()
            if there.get(ref) != {(part[1], part[2], shapely.to_wkb(part[4])) for part in parts}
        }
        changed = [ref for ref in fresh if ref in there]
        if changed:
            self.session.execute(queries.DROP_ROADS, {**params, "refs": changed})
        upsert_rows(self.session, "road", _COLUMNS, (part for parts in fresh.values() for part in parts), ("road_id",))
        self.imported.added += len(fresh) - len(changed)
        self.imported.changed += len(changed)
        self.imported.unchanged += len(roads) - len(fresh)


def _no_shapes() -> Invalid:
    return Invalid(
        "import.no_geometry", "roads are lines: give GeoJSON, GeoPackage, a Shapefile or an OpenStreetMap file"
    )
