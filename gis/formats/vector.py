"""Map files through GDAL: GeoJSON, GeoPackage, Shapefile, and a Shapefile in a zip archive."""

from __future__ import annotations

import codecs
import json
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gis.formats.errors import FormatError

_JSON_BYTES = 256 * 1024**2
_READABLE = (".shp", ".gpkg", ".geojson", ".json")
_SQLITE = b"SQLite format 3\x00"


def read_vector(path: Path, layer: str | None) -> tuple[gpd.GeoDataFrame, str, str | None]:
    """Return the features of a layer in the file's own CRS (None if it declares none), the layer and the encoding.

    Raises
    ------
    FormatError
        `file.broken`, `file.incomplete`, `file.layer_unknown`, `file.empty`.
    """
    encoding = None
    suffix = path.suffix.lower()
    if suffix == ".shp":
        encoding = _shapefile_encoding(path, _companions(path))
    elif suffix in (".geojson", ".json"):
        _check_json(path)
    elif suffix == ".gpkg":
        _check_geopackage(path)
    name = _layer(path, layer)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            frame = pyogrio.read_dataframe(path, layer=name, encoding=encoding)
    except Exception as error:  # GDAL's messages come as DataSourceError, GEOSException, UnicodeDecodeError
        raise _broken(path, error) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FormatError("file.empty", f"{path.name}, layer {name}, holds no geometry")
    if frame.empty:
        raise FormatError("file.empty", f"{path.name}, layer {name}, holds no features")
    return frame.set_index(frame.index + 1), name, encoding


def _broken(path: Path, error: Exception) -> FormatError:
    if path.suffix.lower() == ".gpkg":  # its messages are SQLite's, and help nobody
        return _damaged(path, "is damaged inside")
    reason = str(error).split("; ")[0].replace(str(path), path.name)
    return FormatError(
        "file.broken", f"{path.name} cannot be read: {reason}; export it again and check that it is whole"
    )


def _layer(path: Path, layer: str | None) -> str:
    try:
        listed = pyogrio.list_layers(path)
    except (DataSourceError, DataLayerError) as error:
        raise _broken(path, error) from error
    names = [str(name) for name, kind in listed if kind is not None]
    if layer is None and len(names) == 1:
        return names[0]
    if layer in names:
        return str(layer)
    if not names:
        raise FormatError("file.empty", f"{path.name} holds no layer with geometry")
    asked = f"has no layer {layer}" if layer else "has several layers"
    raise FormatError(
        "file.layer_unknown", f"{path.name} {asked}; name one of {', '.join(names)} with --layer", layers=names
    )


def _check_geopackage(path: Path) -> None:
    """Refuse what is no GeoPackage, and one that is shorter than its first page says.

    Source: SQLite, Database File Format, section 1.3 (page size at byte 16, pages at 28, counters at 24 and 92).
    """
    with path.open("rb") as stream:
        head = stream.read(100)
    if not _SQLITE.startswith(head[:16]):
        raise _damaged(path, "is no GeoPackage, whatever its name says")
    if len(head) < 100:
        raise _damaged(path, "is cut off")
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    whole = (65_536 if page == 1 else page) * pages
    if head[24:28] == head[92:96] and path.stat().st_size < whole:
        raise _damaged(path, f"is cut off: {path.stat().st_size:,} of {whole:,} bytes are here")


def _damaged(path: Path, what: str) -> FormatError:
    return FormatError("file.broken", f"{path.name} {what}; copy it again from where it came, or export it anew")


def _check_json(path: Path) -> None:
    """Refuse broken JSON by line and column; GDAL says only that it is not recognised. Very large files are left to it."""
    if path.stat().st_size > _JSON_BYTES:
        return
    try:
        with path.open(encoding="utf-8-sig") as stream:
            body = json.load(stream)
    except UnicodeDecodeError as error:
        raise FormatError("file.encoding", f"{path.name} is not UTF-8, as GeoJSON must be; save it as UTF-8") from error
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno} column {error.colno}: {error.msg}"
            if isinstance(error, json.JSONDecodeError)
            else "too deep"
        )
        raise FormatError("file.broken", f"{path.name} is broken or cut off at {where}") from error
    if not isinstance(body, dict) or body.get("type") not in _GEOJSON_TYPES:
        raise FormatError(
            "file.broken", f"{path.name} is JSON but not GeoJSON (no FeatureCollection, Feature or geometry)"
        )
    if body["type"] == "FeatureCollection" and not body.get("features"):
        raise FormatError("file.empty", f"{path.name} holds no features")


_GEOJSON_TYPES = {
    "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
}  # fmt: skip


def _companions(path: Path) -> dict[str, Path]:
    """Return the files of a shapefile by suffix, whatever the case of their names."""
    return {
        other.suffix.lower(): other
        for other in path.parent.iterdir()
        if other.stem == path.stem and other.suffix.lower() in (".shp", ".shx", ".dbf", ".prj", ".cpg")
    }


def _shapefile_encoding(path: Path, files: dict[str, Path]) -> str:
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in files]
    if missing:
        raise FormatError(
            "file.incomplete",
            f"{path.name} comes without its {' and '.join(missing)}; a Shapefile is .shp, .shx, .dbf and .prj together",
            missing=missing,
        )
    if ".cpg" in files:
        name = files[".cpg"].read_text(encoding="ascii", errors="ignore").strip()
        name = {"936": "gb18030", "65001": "utf-8", "ansi 936": "gb18030"}.get(name.lower(), name)
        try:
            codecs.lookup(name)
            return "gb18030" if name.lower() in ("gbk", "gb2312", "cp936") else name
        except LookupError:
            pass  # an empty or unknown .cpg says nothing: look at the text itself
    return _dbf_encoding(files[".dbf"])


def _dbf_encoding(path: Path) -> str:
    """Return `utf-8` or `gb18030`, whichever spoils fewer characters of the table; names cut at 10 bytes spoil some."""
    text = path.read_bytes()
    if not any(byte > 127 for byte in text[32:]):
        return "utf-8"
    spoilt = {name: text[32:].decode(name, errors="replace").count("\ufffd") for name in ("utf-8", "gb18030")}
    return "utf-8" if spoilt["utf-8"] <= spoilt["gb18030"] else "gb18030"


class Unpacked:
    """The one readable file inside a zip archive, unpacked into a temporary folder until the block ends."""

    def __init__(self, path: Path, layer: str | None, max_bytes: int) -> None:
        self.path, self.layer, self.max_bytes = path, layer, max_bytes
        self.folder = Path(tempfile.mkdtemp(prefix="onegrid-"))

    def __enter__(self) -> tuple[Path, str | None]:
        try:
            self._unpack()
            return self._choose()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unpack(self) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                size = sum(member.file_size for member in members)
                if size > self.max_bytes:
                    raise FormatError(
                        "file.too_large",
                        f"{self.path.name} unpacks to {size:,} bytes, more than {self.max_bytes:,}; split it",
                    )
                for member in members:
                    # the bare name: a path inside an archive may climb out of the folder
                    target = self.folder / Path(_member_name(member)).name
                    with archive.open(member) as source, target.open("wb") as copy:
                        shutil.copyfileobj(source, copy)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise FormatError("file.broken", f"{self.path.name} is not a whole zip archive: {error}") from error

    def _choose(self) -> tuple[Path, str | None]:
        found = sorted(path for path in self.folder.iterdir() if path.suffix.lower() in _READABLE)
        if self.layer is not None and len(found) > 1:
            found = [path for path in found if path.stem == self.layer]
        if len(found) == 1:
            return found[0], None if found[0].suffix.lower() == ".shp" else self.layer
        if not found:
            raise FormatError("file.kind_unknown", f"{self.path.name} holds no Shapefile, GeoPackage or GeoJSON")
        names = [path.stem for path in found]
        raise FormatError(
            "file.layer_unknown", f"{self.path.name} holds {', '.join(names)}; name one with --layer", layers=names
        )


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return the name of an archive member; archives made by Chinese Windows carry GBK names without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
