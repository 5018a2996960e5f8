"""Reads a pack whole and lists every fault before anything is loaded."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from pydantic import ValidationError

from gis.crs import to_cgcs2000
from gis.errors import GisError
from gis.formats import DelimitedText, FormatError
from gis.formats import read as read_file
from layers.exchange.pack import references
from layers.exchange.pack.fault import Fault
from layers.exchange.pack.manifest import Manifest
from layers.exchange.pack.rows import (
    SHAPES,
    TABLES,
    AreaShape,
    GridShape,
    Row,
    Shape,
    TownShape,
    VillageShape,
    ZoneShape,
)

R = TypeVar("R", bound=Row)
LEVELS: dict[type[AreaShape], str] = {TownShape: "town", VillageShape: "village", GridShape: "grid", ZoneShape: "zone"}
_PIECE = 20_000


@dataclass
class Pack:
    """The contents of a pack. Rows come as (number in their file, row), shapes with their geometry (EPSG:4490)."""

    path: Path
    manifest: Manifest
    tables: dict[type[Row], list[tuple[int, Any]]] = field(default_factory=dict)
    shapes: dict[type[Shape], list[tuple[int, Any, shapely.Geometry]]] = field(default_factory=dict)
    # whole weeks from the pack's anchor to the moment of loading: what tells of times moves by them
    weeks: int = 0

    def rows(self, kind: type[R]) -> list[R]:
        """Return the rows of a table, in the order of the file."""
        return [row for _, row in self.tables.get(kind, [])]

    def areas(self) -> gpd.GeoDataFrame:
        """Return all areas as `layers.area` wants them: its columns, and `row` and `file` of each."""
        records = []
        town = self.manifest.town.code
        for kind, level in LEVELS.items():
            for number, shape, geometry in self.shapes.get(kind, []):
                parent = None if level == "town" else shape.parent or town
                records.append(
                    (level, shape.code, shape.name, shape.name_en, shape.kind, parent, number, kind.file, geometry)
                )
        columns = ["level", "code", "name", "name_en", "kind", "parent", "row", "file", "geometry"]
        return gpd.GeoDataFrame(records, columns=columns, geometry="geometry", crs=4490)


def check(path: str | Path, progress: Callable[[str], None] = lambda _: None) -> list[Fault]:
    """Return every fault of a pack: file, row, reason; none means it can be loaded."""
    return read(path, progress)[1]


def read(path: str | Path, progress: Callable[[str], None] = lambda _: None) -> tuple[Pack | None, list[Fault]]:
    """Return the contents of a pack and its faults. Without a readable manifest there are no contents.

    Parameters
    ----------
    path : folder with `pack.toml`.
    progress : called with the name of each file before it is read.
    """
    folder = Path(path)
    faults: list[Fault] = []
    manifest = _manifest(folder, faults)
    if manifest is None:
        return None, faults
    pack = Pack(folder, manifest)
    for kind in SHAPES:
        progress(kind.file)
        pack.shapes[kind] = _shapes(folder, kind, manifest.crs, faults)
    for table in TABLES:
        progress(table.file)
        pack.tables[table] = _table(folder, table, manifest.crs, faults)
    progress("references")
    broken = {fault.file for fault in faults}
    _keys(pack, faults)
    faults += references.faults(pack, broken)
    faults += _files(pack)
    return pack, sorted(faults, key=lambda fault: (fault.file, fault.row or 0))


def _manifest(folder: Path, faults: list[Fault]) -> Manifest | None:
    path = folder / "pack.toml"
    if not path.is_file():
        faults.append(Fault("pack.toml", None, f"there is no pack.toml in {folder}; a pack is a folder with one"))
        return None
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault("pack.toml", None, f"is not TOML: {error}"))
    except ValidationError as error:
        faults.extend(Fault("pack.toml", None, reason) for reason in reasons(error))
    return None


def reasons(error: ValidationError) -> Iterable[str]:
    """Return one line for each fault of a row: column, what is wrong, what stands there."""
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"] if not str(part).startswith("function"))
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            message = "is empty and must not be"
        elif item["type"] == "extra_forbidden":
            message = "is not a known name here"
        elif item["type"] not in ("value_error",):
            message = f"{message[0].lower()}{message[1:]}, not {str(item['input'])[:60]!r}"
        yield f"{where}: {message}" if where else message


def _columns(kind: type[Row]) -> tuple[set[str], set[str]]:
    """Return all columns of a table, and those it must have."""
    names = {info.alias or name: info.is_required() for name, info in kind.model_fields.items()}
    return set(names), {name for name, needed in names.items() if needed}


def _table(folder: Path, kind: type[R], crs: str, faults: list[Fault]) -> list[tuple[int, R]]:
    path = folder / kind.file
    if not path.exists():
        return []
    try:
        text = DelimitedText(path)
        if not _columns_fit(kind, text.columns, faults):
            return []
        rows: list[tuple[int, R]] = []
        for frame in text.pieces(_PIECE):
            records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
            _convert(records, crs)
            for number, record in zip(frame.index, records, strict=True):
                row = _row(kind, int(number), record, faults)
                if row is not None:
                    rows.append((int(number), row))
        faults.extend(Fault(kind.file, number, reason) for number, reason in text.broken)
        return rows
    except FormatError as error:
        faults.append(Fault(kind.file, error.detail.get("line"), error.message))
        return []


def _columns_fit(kind: type[Row], columns: Iterable[str], faults: list[Fault]) -> bool:
    known, needed = _columns(kind)
    lacking, extra = sorted(needed - set(columns)), sorted(set(columns) - known)
    if lacking:
        faults.append(Fault(kind.file, 1, f"lacks the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}"))
    if extra:
        faults.append(Fault(kind.file, 1, f"has columns that are not known: {', '.join(extra)}"))
    return not lacking and not extra


def _row(kind: type[R], number: int, record: dict[str, Any], faults: list[Fault]) -> R | None:
    try:
        return kind.model_validate({name: value for name, value in record.items() if value not in ("", None)})
    except ValidationError as error:
        faults.extend(Fault(kind.file, number, reason) for reason in reasons(error))
    except GisError as error:
        faults.append(Fault(kind.file, number, error.message))
    return None


def _convert(records: list[dict[str, Any]], crs: str) -> None:
    """Bring `lon`, `lat` of rows from the pack's CRS to EPSG:4490; rows with a `crs` of their own stay."""
    if crs == "EPSG:4490" or not records or "lon" not in records[0] or "crs" in records[0]:
        return
    places = np.array([[_number(record["lon"]), _number(record["lat"])] for record in records])
    lon, lat = to_cgcs2000(places[:, 0], places[:, 1], crs)
    for record, x, y in zip(records, np.asarray(lon), np.asarray(lat), strict=True):
        if np.isfinite(x) and np.isfinite(y):
            record["lon"], record["lat"] = float(x), float(y)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _shapes(folder: Path, kind: type[Shape], crs: str, faults: list[Fault]) -> list[tuple[int, Any, shapely.Geometry]]:
    path = folder / kind.file
    if not path.exists():
        return []
    try:
        source = read_file(path, crs=crs)
    except GisError as error:
        faults.append(Fault(kind.file, None, error.message))
        return []
    if not _columns_fit(kind, source.columns, faults):
        return []
    found = []
    plain = source.frame.drop(columns="geometry").astype(object).where(source.frame.notna(), None)
    for number, record, geometry in zip(
        source.frame.index, plain.to_dict("records"), source.frame.geometry, strict=True
    ):
        reason = _geometry_fault(geometry, kind)
        if reason is not None:
            faults.append(Fault(kind.file, int(number), reason))
            continue
        row = _row(kind, int(number), {str(name): _cell(value) for name, value in record.items()}, faults)
        if row is not None:
            found.append((int(number), row, geometry))
    return found


def _cell(value: Any) -> Any:
    """JSON writes codes as numbers at times; a code is text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if value is None or isinstance(value, bool) else str(value)


def _geometry_fault(geometry: shapely.Geometry | None, kind: type[Shape]) -> str | None:
    if geometry is None or geometry.is_empty:
        return "has no geometry"
    if geometry.geom_type not in kind.geometry_kinds:
        return f"is a {geometry.geom_type}; {' or '.join(kind.geometry_kinds)} is wanted"
    if not geometry.is_valid:
        return f"is not a valid shape: {shapely.is_valid_reason(geometry)}"
    return None


def _keys(pack: Pack, faults: list[Fault]) -> None:
    """Find rows that repeat the key of an earlier one; area codes are unique over all levels."""
    for kind, rows in pack.tables.items():
        _unique(faults, ((kind.file, number, tuple(getattr(row, name) for name in kind.key)) for number, row in rows))
    areas = ((kind.file, number, (shape.code,)) for kind in LEVELS for number, shape, _ in pack.shapes.get(kind, []))
    _unique(faults, areas)


def _unique(faults: list[Fault], keys: Iterable[tuple[str, int, tuple[Any, ...]]]) -> None:
    first: dict[tuple[Any, ...], tuple[str, int]] = {}
    for file, number, key in keys:
        if key in first:
            text = " ".join(str(part) for part in key if part is not None)
            faults.append(Fault(file, number, f"repeats {text} of {first[key][0]}, row {first[key][1]}"))
        else:
            first[key] = (file, number)


def _files(pack: Pack) -> list[Fault]:
    """Files that the manifest names must be there and inside the folder; files nobody knows are told."""
    faults: list[Fault] = []
    named: dict[str, str] = defaultdict(str)
    if pack.manifest.hillshade is not None:
        named[pack.manifest.hillshade.file] = "hillshade"
    for name, part in named.items():
        path = (pack.path / name).resolve()
        if not path.is_relative_to(pack.path.resolve()) or not path.is_file():
            faults.append(Fault("pack.toml", None, f"{part}.file: there is no {name} in the pack"))
    known = {kind.file for kind in (*TABLES, *SHAPES)} | set(named)
    for folder in (pack.path, pack.path / "areas", pack.path / "base"):
        for path in sorted(folder.glob("*.csv")) + sorted(folder.glob("*.geojson")):
            name = path.relative_to(pack.path).as_posix()
            if name not in known:
                faults.append(Fault(name, None, "is no file of the pack format; is its name misspelt?"))
    return faults
