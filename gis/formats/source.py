"""A table read from a file, with what is known about where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

MAX_BYTES = 4 * 1024**3


@dataclass
class Source:
    """Rows of a file and their provenance.

    Attributes
    ----------
    frame : GeoDataFrame or DataFrame
        Geometry, where the format has it, is in EPSG:4490 (x = longitude, y = latitude). Cells of CSV and Excel are
        text, empty ones `''`. The index is the row number a person sees: 2 is the first row under the header of a
        table, 1 the first feature of a map file.
    path : Path
    kind : str
        `geojson`, `gpkg`, `shp`, `dxf`, `osm`, `csv`, `xlsx`, `parquet`.
    crs : str or None
        System the coordinates were in, as declared or as given; None for a table without geometry.
    encoding : str or None
    layer : str or None
    broken : list of (row, reason)
        Rows that could not be read at all.
    notes : list of str
        What was assumed or overruled.
    """

    frame: pd.DataFrame
    path: Path
    kind: str
    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    broken: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """Names of the columns without the geometry."""
        return [str(name) for name in self.frame.columns if name != "geometry"]
