"""Import of boundaries: checked against each other and against what is there, repaired on request, then published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data.errors import Invalid
from data.scope import scope_of
from gis.partition import PartitionError
from layers.area import assembly, index, service
from layers.area import queries as area_queries
from layers.exchange import queries
from layers.exchange.importing.columns import KINDS
from layers.exchange.importing.report import Imported, beside
from layers.exchange.importing.sheet import read_pieces

_KINDS = {
    "village": ("village", "community"),
    "grid": ("base", "exclusive"),
    "zone": ("scenic", "water", "other"),
    "town": ("town",),
}
_DEFAULT_KIND = {"village": "village", "grid": "base", "zone": "other", "town": "town"}
_CHINESE = {"行政村": "village", "村": "village", "社区": "community", "基础网格": "base", "专属网格": "exclusive"}
_CODE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


# Nobody draws a border so far beside the true one; a coordinate system read as another one moves all of them so.
_MOVED_M = 100.0


class AreasRefused(service.PartitionBroken):
    """Areas of a file that do not partition the town; the places stand in `faults_path`.

    Parameters
    ----------
    codes : of the areas in the file. crs : as which its coordinates were read; None: as the file says.
    """

    def __init__(self, faults: list[assembly.Fault], path: Path, codes: set[str], crs: str | None) -> None:
        super().__init__(faults)
        self.faults_path = beside(path, ".faults.geojson")
        self.message = f"{self.message}; the places are in {self.faults_path.name}"
        widest = max(fault.width_m for fault in faults)
        if look_moved(faults, codes):
            self.message += f"; most areas are off by more than {_MOVED_M:g} m: {_doubt(crs)}"
        elif widest < _MOVED_M and {fault.kind for fault in faults} <= {"gap", "overlap", "leaves_parent"}:
            self.message += f"; --repair {np.ceil(widest * 105) / 100:g} would close them"
        self.args = (self.message,)

    def write(self) -> Path:
        """Write the places as GeoJSON beside the file."""
        text = json.dumps(assembly.faults_geojson(self.faults), ensure_ascii=False)
        self.faults_path.write_text(text, encoding="utf-8")
        return self.faults_path


def look_moved(faults: list[assembly.Fault], codes: set[str]) -> bool:
    """Tell whether most of several areas are as far off as a wrong coordinate system puts them."""
    wide = {code for fault in faults if fault.width_m >= _MOVED_M for code in fault.codes}
    return len(codes & wide) >= max(2, len(codes) / 2)


def _doubt(crs: str | None) -> str:
    read = f"it was read as {crs}" if crs else "it was read as the file says"
    return f"the coordinate system looks wrong ({read}); give the true one with --crs"


def _refuse_elsewhere(rows: gpd.GeoDataFrame, there: gpd.GeoDataFrame, path: Path, crs: str | None) -> None:
    """Refuse areas of which none touches the town that is there."""
    if there.empty or shapely.box(*rows.total_bounds).intersects(shapely.box(*there.total_bounds)):
        return
    lon, lat = service.middle(rows.total_bounds)
    raise Invalid(
        "import.elsewhere", f"the areas of {path.name} lie outside the town, around {lon:.4f}, {lat:.4f}: {_doubt(crs)}"
    )


def import_areas(
    session: Session,
    imported: Imported,
    *,
    level: str,
    mapping: Mapping[str, str],
    crs: str | None,
    layer: str | None,
    repair_m: float | None,
    replace: bool,
    valid_from: datetime,
) -> None:
    """Make the areas of a file boundaries of the town. Does not commit.

    Areas of the file replace those of the same code and join the others; with `replace` areas of this level that the
    file does not have end. Without `parent` an area belongs to the village it lies in (grids; without villages, the
    town) or to the town. A town boundary that was never given is the union of its areas.

    Raises
    ------
    AreasRefused : gaps, overlaps or areas that leave their parent, wider than `repair_m` or all over the town.
    Invalid : `import.level_unknown`, `import.no_geometry`, `import.elsewhere`, `area.…`
    """
    if level not in _KINDS:
        raise Invalid("import.level_unknown", f"no level {level}; use village, grid, zone or town")
    town = session.execute(area_queries.TOWN, {"town_id": scope_of(session).town_id}).one()
    there = index.load(session, valid_from).frame
    rows = _rows(imported, level, mapping, crs, layer, town)
    _refuse_elsewhere(rows, there, imported.path, crs)
    codes = set(rows["code"])
    merged = _merge(rows, there, level, replace)
    _find_parents(merged, level, town)
    made = assembly.assemble(merged, town.code, town.name, f"EPSG:{town.metric_srid}")
    faults = made.faults()
    if faults and (repair_m is None or look_moved(faults, codes)):
        raise AreasRefused(faults, imported.path, codes, crs)
    if repair_m is not None:
        try:
            made, imported.changes = _repaired(made, repair_m)
        except PartitionError as error:
            raise AreasRefused(error.faults, imported.path, codes, crs) from error
    published = service.publish(session, made, valid_from=valid_from, source=f"file {imported.path.name}")
    _count(imported, published, codes)
    if not town.map.get("center") and scope_of(session).may("manage_town"):
        where = json.dumps({**service.MAP_DEFAULTS, **town.map, "center": service.middle(made.frame.total_bounds)})
        session.execute(queries.SET_MAP, {"map": where, "town_id": town.town_id})


def _repaired(made: assembly.Assembly, repair_m: float) -> tuple[assembly.Assembly, list[dict[str, Any]]]:
    mended, changes = made.repaired(repair_m)
    told = [
        {
            "what": change.what,
            "code": change.code,
            "area_m2": round(change.area_m2, 3),
            "width_m": round(change.width_m, 3),
            "place": None if change.geometry is None else shapely.geometry.mapping(change.geometry),
        }
        for change in changes
    ]
    return mended, told


def _rows(
    imported: Imported, level: str, mapping: Mapping[str, str], crs: str | None, layer: str | None, town: Any
) -> gpd.GeoDataFrame:
    parts: dict[str, dict[str, Any]] = {}
    for piece in read_pieces(imported.path, KINDS["areas"], mapping, crs, layer, imported):
        if piece.geometry is None:
            raise Invalid(
                "import.no_geometry",
                f"{imported.path.name} has no polygons: give GeoJSON, GeoPackage, a Shapefile or a table with a column wkt",
            )
        for n, (number, geometry) in enumerate(piece.geometry.items()):
            record = piece.record(n)
            reason = _refusal(record, geometry, level)
            if reason:
                imported.reject(int(number), reason, piece.origin(number))
                continue
            _add(parts, record, geometry, level, town)
    if not parts:
        raise Invalid("import.nothing", f"no area of {imported.path.name} can be used", rejected=imported.rejected)
    return gpd.GeoDataFrame(list(parts.values()), geometry="geometry", crs=4490)


def _refusal(record: Mapping[str, str], geometry: shapely.Geometry | None, level: str) -> str | None:
    code = record.get("code", "")
    if not code or len(code) > 64 or not set(code) <= _CODE:
        return f"code: {code or '(empty)'} is no code; letters, digits, _ . - make one"
    if geometry is None or geometry.is_empty:
        return "has no geometry"
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        return f"is a {geometry.geom_type}, not a polygon"
    kind = record.get("kind")
    if kind and _CHINESE.get(kind, kind) not in _KINDS[level]:
        return f"kind: {kind} is none of {', '.join(_KINDS[level])}"
    return None


def _add(parts: dict[str, dict[str, Any]], record: Mapping[str, str], geometry: Any, level: str, town: Any) -> None:
    """Add an area; rows of one code are parts of one area (插花地)."""
    code = town.code if level == "town" else record["code"]
    if code in parts:
        both = [*shapely.get_parts(parts[code]["geometry"]), *shapely.get_parts(geometry)]
        parts[code]["geometry"] = shapely.MultiPolygon(both)
        return
    kind = record.get("kind", "")
    parts[code] = {
        "level": level,
        "code": code,
        "name": record.get("name") or (town.name if level == "town" else code),
        "name_en": record.get("name_en"),
        "kind": _CHINESE.get(kind, kind) or _DEFAULT_KIND[level],
        "parent": record.get("parent"),
        "geometry": shapely.force_2d(geometry),
        "source": None,
    }


def _merge(rows: gpd.GeoDataFrame, there: gpd.GeoDataFrame, level: str, replace: bool) -> gpd.GeoDataFrame:
    """Return the areas of the file with those that stay."""
    stays = ~there["code"].isin(rows["code"])
    if replace:
        stays &= there["level"] != level
    columns = [*assembly.COLUMNS, "source"]
    kept = pd.DataFrame(there.loc[stays])[columns]
    frames = [frame for frame in (kept, pd.DataFrame(rows)[columns]) if len(frame)]
    merged = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    return gpd.GeoDataFrame(merged, geometry="geometry", crs=4490)


def _find_parents(areas: gpd.GeoDataFrame, level: str, town: Any) -> None:
    """Give areas of the file without a parent the one they lie in."""
    open_ = (areas["level"] == level) & areas["parent"].isna() & (level != "town")
    villages = areas[areas["level"] == "village"].sort_values("code")
    if level == "grid" and len(villages):
        spots = shapely.point_on_surface(areas.loc[open_].geometry.to_numpy())
        hit = assembly.leaf_index(villages.assign(parent=None)).locate(shapely.get_x(spots), shapely.get_y(spots))
        codes = [*villages["code"], town.code]
        areas.loc[open_, "parent"] = [codes[row] for row in hit]
    else:
        areas.loc[open_, "parent"] = town.code


def _count(imported: Imported, published: service.Published, codes: set[str]) -> None:
    imported.added += len(codes & set(published.added))
    imported.changed += len(codes & {*published.changed, *published.renamed})
    imported.unchanged += len(codes & set(published.unchanged))
    imported.ended += len(published.ended)
    others = sorted({*published.added, *published.changed} - codes)
    if others:
        imported.note(f"borders rebuilt with them: {', '.join(others[:10])}{' …' if len(others) > 10 else ''}")
