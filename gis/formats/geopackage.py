"""GeoPackages of several layers, each with the style that QGIS opens it in."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio

# As QGIS makes it. A style counts for a layer by table and column name, with empty catalogue and schema.
_STYLES = """
    create table layer_styles (
        id integer primary key autoincrement not null, f_table_catalog text(256), f_table_schema text(256), f_table_name text(256),
        f_geometry_column text(256), styleName text(30), styleQML text, styleSLD text, useAsDefault boolean, description text,
        owner text(30), ui text(30), update_time datetime default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
"""
_STYLE = """
    insert into layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD,
        useAsDefault, description, owner)
    select '', '', table_name, column_name, table_name, ?, '', 1, '', '' from gpkg_geometry_columns where table_name = ?
"""
_LISTED = "insert into gpkg_contents (table_name, data_type, identifier) values ('layer_styles', 'attributes', 'layer_styles')"


def write_package(path: Path, layers: Mapping[str, gpd.GeoDataFrame], styles: Mapping[str, str]) -> None:
    """Write a GeoPackage.

    Parameters
    ----------
    path : a file that is not there yet.
    layers : by name, in EPSG:4490; one without rows keeps its columns.
    styles : QML by name of a layer; QGIS opens the layer in it.
    """
    for name, frame in layers.items():
        kind = "MultiPolygon" if frame.empty else None
        pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", promote_to_multi=False, geometry_type=kind)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES)
        database.execute(_LISTED)
        database.executemany(_STYLE, [(qml, name) for name, qml in styles.items()])
