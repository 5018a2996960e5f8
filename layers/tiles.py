"""Vector tiles: the statement for a layer, zoom and place, as (text, params), apart from being run.

Clip box ≠ query box: the clip box reaches a little over the tile so that lines and symbols do not break at its edge.
Columns are left bare in ``&&`` so that the GiST index serves; the tile's box is computed here, not in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data.errors import Invalid
from layers.query import quote, where
from layers.registry import Layer

HALF_WORLD_M = 20037508.342789244
EXTENT = 4096
BUFFER = {"point": 128, "line": 64, "polygon": 64}
CLUSTER_CELLS = 16
# Deadlines this near travel in a cluster, so that the browser can count late ones without asking again.
LATE_HORIZON = "2 hours"

Statement = tuple[str, dict[str, Any]]


def tile_box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in EPSG:3857 metres; Invalid('tile.outside') if there is none."""
    if not (0 <= z <= 22 and 0 <= x < 2**z and 0 <= y < 2**z):
        raise Invalid("tile.outside", f"there is no tile {z}/{x}/{y}")
    size = 2 * HALF_WORLD_M / 2**z
    # each edge is computed from its own number, so that neighbours, parents and children share it to the last bit
    return -HALF_WORLD_M + x * size, HALF_WORLD_M - (y + 1) * size, -HALF_WORLD_M + (x + 1) * size, HALF_WORLD_M - y * size


def statement(
    layer: Layer, z: int, x: int, y: int, filters: Mapping[str, str], platforms: Sequence[str] = ()
) -> Statement:
    """Return the query for one tile: one row, one bytea column.

    Parameters
    ----------
    platforms : platform codes of the town; clusters count by them.
    """
    box = tile_box(z, x, y)
    size = box[2] - box[0]
    predicate, params = where(layer, filters)
    params.update(w=box[0], s=box[1], e=box[2], n=box[3], mvt_layer=layer.id)
    if layer.cluster_below is not None and z < layer.cluster_below:
        params.update(cell=size / CLUSTER_CELLS, least=layer.cluster_min(z))
        return _clustered(layer, predicate, platforms), params
    margin = size * BUFFER[layer.kind] / EXTENT
    params.update(qw=box[0] - margin, qs=box[1] - margin, qe=box[2] + margin, qn=box[3] + margin, zoom=z)
    return _plain(layer, predicate), params


def _columns(layer: Layer) -> str:
    return "".join(f", {column.tile_sql or column.sql} as {quote(column.name)}" for column in layer.tile_columns)


def _plain(layer: Layer, predicate: str) -> str:
    source, shape = layer.source, ""
    if layer.shape_source:
        # the shape simplified for this zoom, or for the nearest zoom above it; 99 is the full boundary
        source = layer.shape_source
        shape = f" and f.zoom = (select min(zoom) from {layer.shape_source} where zoom >= %(zoom)s)"
    return f"""
select st_asmvt(t, %(mvt_layer)s, {EXTENT}, 'geom', 'fid') from (
    select f.{quote(layer.key)} as fid,
        st_asmvtgeom(f.geom_3857, st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857), {EXTENT}, {BUFFER[layer.kind]}, true)
            as geom{_columns(layer)}
    from {source} f
    where f.geom_3857 && st_makeenvelope(%(qw)s, %(qs)s, %(qe)s, %(qn)s, 3857){shape} and {predicate}
    order by f.{quote(layer.key)}
) t where geom is not null"""


def _clustered(layer: Layer, predicate: str, platforms: Sequence[str]) -> str:
    """Sixteen by sixteen cells a tile; a cell with fewer members than ``least`` shows them singly.

    The tile is half open (west and north edge in, east and south out), so each point is in exactly one tile and the
    sums of the four children equal their parent. All four sides are compared: ``&&`` compares in single precision.
    """
    counts = ""
    if layer.platform_sql:
        counts = "".join(
            f", count(*) filter (where platform_code = '{code.replace(chr(39), chr(39) * 2).replace('%', '%%')}')::int"
            f" as {quote(code)}"
            for code in platforms
        )
    late = layer.late_sql or "null::timestamptz"
    no_counts = "".join(", null::int" for _ in platforms) if counts else ""
    # a union takes its types from the first branch, where a bare null would be text
    blanks = "".join(f", (select {quote(c.name)} from member where false) as {quote(c.name)}" for c in layer.tile_columns)
    singles = "".join(f", {quote(column.name)}" for column in layer.tile_columns)
    return f"""
with member as materialized (
    select f.{quote(layer.key)} as fid, f.geom_3857 as g, {layer.platform_sql or "null::text"} as platform_code,
        {late} as late_at{_columns(layer)},
        floor((st_x(f.geom_3857) - %(w)s) / %(cell)s)::int as cx, floor((%(n)s - st_y(f.geom_3857)) / %(cell)s)::int as cy
    from {layer.source} f
    where f.geom_3857 && st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857)
      and st_x(f.geom_3857) >= %(w)s and st_x(f.geom_3857) < %(e)s
      and st_y(f.geom_3857) <= %(n)s and st_y(f.geom_3857) > %(s)s and {predicate}
), cell as (
    select cx, cy, count(*)::int as n, min(fid) as fid, avg(st_x(g)) as x, avg(st_y(g)) as y{counts},
        string_agg(extract(epoch from late_at)::bigint::text, ';' order by late_at)
            filter (where late_at < now() + interval '{LATE_HORIZON}') as late_at
    from member group by cx, cy having count(*) >= %(least)s
)
select st_asmvt(t, %(mvt_layer)s, {EXTENT}, 'geom', 'fid') from (
    select fid, st_asmvtgeom(st_setsrid(st_makepoint(x, y), 3857), st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857),
            {EXTENT}, {BUFFER["point"]}, false) as geom, true as cluster, n, late_at{_names(platforms if counts else ())}{blanks}
    from cell
    union all
    select m.fid, st_asmvtgeom(m.g, st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857), {EXTENT}, {BUFFER["point"]}, false),
        null, null, null{no_counts}{singles}
    from member m where not exists (select from cell c where c.cx = m.cx and c.cy = m.cy)
) t where geom is not null"""


def _names(platforms: Sequence[str]) -> str:
    return "".join(f", {quote(code)}" for code in platforms)

