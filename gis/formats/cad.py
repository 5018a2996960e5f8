"""Drawings of CAD as DXF text: lines of one layer of the drawing, and all its writing."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from gis.formats.delimited import encoding_of
from gis.formats.errors import FormatError

_BINARY = b"AutoCAD Binary DXF"
_CODE_PAGE = re.compile(r"(\$DWGCODEPAGE\s+3\s+)\S+")
_HEADER = "0\r\nSECTION\r\n2\r\nHEADER\r\n9\r\n$DWGCODEPAGE\r\n3\r\nANSI_936\r\n0\r\nENDSEC\r\n"


def read_dxf(path: Path, layer: str | None) -> tuple[gpd.GeoDataFrame, str, str]:
    """Return the entities of a drawing in its own coordinates, the layer of the lines, and the encoding.

    A drawing names no coordinate system. Its writing is UTF-8 or GBK, whatever its header says.

    Parameters
    ----------
    layer : str, optional
        Layer of the drawing whose lines and filled areas are taken; needed where several have some. Writing comes from all.

    Returns
    -------
    GeoDataFrame
        Columns `layer`, `text` (None for lines), `geometry` in two dimensions: lines (closed ones too), polygons, points.

    Raises
    ------
    FormatError
        `file.broken`, `file.kind_unknown` (binary), `file.layer_unknown`, `file.empty`, `file.encoding`.
    """
    with path.open("rb") as stream:
        if stream.read(len(_BINARY)) == _BINARY:
            raise FormatError("file.kind_unknown", f"{path.name} is a binary DXF; save it as DXF text (ASCII)")
    encoding = encoding_of(path)
    entities = _entities(path, encoding)
    drawn = shapely.get_dimensions(entities.geometry.to_numpy()) > 0
    names = sorted(set(entities["layer"][drawn]))
    if not names:
        raise FormatError("file.empty", f"{path.name} holds no lines")
    if layer not in names and (layer is not None or len(names) > 1):
        asked = f"has no lines on the layer {layer}" if layer else "has lines on several layers"
        raise FormatError(
            "file.layer_unknown", f"{path.name} {asked}; name one of {', '.join(names)} with --layer", layers=names
        )
    chosen = layer or names[0]
    kept = entities[~drawn | (entities["layer"] == chosen).to_numpy()].reset_index(drop=True)
    return kept.set_index(kept.index + 1), chosen, encoding


def _entities(path: Path, encoding: str) -> gpd.GeoDataFrame:
    try:
        with tempfile.TemporaryDirectory(prefix="onegrid-") as folder:
            copy = Path(folder) / "drawing.dxf"
            copy.write_bytes(_in_gbk(path.read_bytes().decode(encoding)))
            frame = pyogrio.read_dataframe(copy)
    except Exception as error:  # GDAL's messages come as DataSourceError, DataLayerError and others
        reason = str(error).split("; ")[0].replace(str(path), path.name)
        raise FormatError("file.broken", f"{path.name} cannot be read as DXF: {reason}; save it again") from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise FormatError("file.empty", f"{path.name} holds no entities")
    on_paper = frame["PaperSpace"].fillna(0).astype(bool) if "PaperSpace" in frame else np.zeros(len(frame), bool)
    frame = frame[~on_paper & frame.geometry.notna()]
    written = frame["Text"].astype(object).where(frame["Text"].notna(), None)
    plain = gpd.GeoDataFrame(
        {"layer": frame["Layer"].astype(str), "text": written}, geometry=shapely.force_2d(frame.geometry.to_numpy())
    )
    flat = plain.explode(ignore_index=True)
    return flat[~flat.geometry.is_empty]


def _in_gbk(text: str) -> bytes:
    """Return a drawing in the one encoding that GDAL is told of."""
    if "$DWGCODEPAGE" in text:
        text = _CODE_PAGE.sub(r"\g<1>ANSI_936", text, count=1)
    elif not text.isascii():
        text = _HEADER + text
    return text.encode("gbk", errors="replace")
