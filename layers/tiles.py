"""Vector tiles: the statement for a layer, zoom and place, as (text, params), apart from being run.

Clip box ≠ query box: the clip box reaches a little over the tile so that lines and symbols do not break at its edge.
Columns are left bare in ``&&`` so that the GiST index serves; the tile's box is computed here, not in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data.errors import Invalid
from layers.query import literal, quote, where
from layers.registry import Layer

HALF_WORLD_M = 20037508.342789244
EXTENT = 4096
# A tile is drawn this wide.
PIXELS = 512
BUFFER = {"point": 128, "line": 64, "polygon": 64}
CLUSTER_CELLS = 16
# Deadlines this near travel in a cluster, so that the browser can count late ones without asking again.
LATE_HORIZON = "2 hours"
# More points than this in one tile come as clusters at any zoom but the closest, where they must be told apart.
MOST_SINGLES = 2_000
NEVER_CROWDED_ZOOM = 20

Statement = tuple[str, dict[str, Any]]


def tile_box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile in EPSG:3857 metres; Invalid('tile.outside') if there is none."""
    if not (0 <= z <= 22 and 0 <= x < 2**z and 0 <= y < 2**z):
        raise Invalid("tile.outside", f"there is no tile {z}/{x}/{y}")
    size = 2 * HALF_WORLD_M / 2**z
    # each edge is computed from its own number, so that neighbours, parents and children share it to the last bit
    return (
        -HALF_WORLD_M + x * size,
        HALF_WORLD_M - (y + 1) * size,
        -HALF_WORLD_M + (x + 1) * size,
        HALF_WORLD_M - y * size,
    )


def statement(
    layer: Layer,
    z: int,
    x: int,
    y: int,
    filters: Mapping[str, str],
    platforms: Sequence[str] = (),
    crowded: bool = False,
) -> Statement:
    """Return the query for one tile: one row, one bytea column; null when it holds too many points to send singly.

    Parameters
    ----------
    platforms : platform codes of the town; clusters count by them.
    crowded : the query without it answered null: the tile is clustered at any zoom.
    """
    box = tile_box(z, x, y)
    size = box[2] - box[0]
    predicate, params = where(layer, filters)
    params.update(w=box[0], s=box[1], e=box[2], n=box[3], mvt_layer=layer.id)
    if layer.cluster_below is not None and (z < layer.cluster_below or crowded):
        params.update(cell=size / CLUSTER_CELLS, least=layer.cluster_min(z))
        return _clustered(layer, predicate, platforms), params
    margin = size * BUFFER[layer.kind] / EXTENT
    params.update(qw=box[0] - margin, qs=box[1] - margin, qe=box[2] + margin, qn=box[3] + margin)
    params.update(zoom=z, detail=size / PIXELS / 4)
    params.update(most=MOST_SINGLES)
    return _plain(layer, predicate, layer.cluster_below is not None and z < NEVER_CROWDED_ZOOM), params


def context(layer: Layer, z: int, x: int, y: int) -> Statement:
    """Return the query for (version, platform codes of the town) of a tile."""
    return (
        "select version, platforms from tile_context(%(layer)s, %(z)s, %(x)s, %(y)s)",
        {"layer": layer.storage, "z": z, "x": x, "y": y},
    )


def _columns(layer: Layer) -> str:
    return "".join(f", {column.tile_sql or column.sql} as {quote(column.name)}" for column in layer.tile_columns)


def _plain(layer: Layer, predicate: str, may_crowd: bool) -> str:
    source, shape, geometry = layer.source, "", "f.geom_3857"
    if layer.shape_source:
        # the shape simplified for this zoom, or for the nearest zoom above it; 99 is the full boundary
        source = layer.shape_source
        shape = f" and f.zoom = (select min(zoom) from {layer.shape_source} where zoom >= %(zoom)s)"
    elif layer.kind != "point":
        # no more detail than the screen shows: a quarter of a pixel; what is smaller than a pixel stays away
        geometry = "st_simplify(f.geom_3857, %(detail)s, true)"
        shape = (
            " and st_xmax(f.geom_3857) - st_xmin(f.geom_3857) + st_ymax(f.geom_3857) - st_ymin(f.geom_3857)"
            " > 4 * %(detail)s"
        )
    rows = f"from {source} f where f.geom_3857 && st_makeenvelope(%(qw)s, %(qs)s, %(qe)s, %(qn)s, 3857){shape} and {predicate}"
    tile = f"st_asmvt(t, %(mvt_layer)s, {EXTENT}, 'geom', 'fid') filter (where geom is not null)"
    if may_crowd:
        # a full tile costs no more than its limit, and says so by null
        rows = f"from (select f.* {rows} limit %(most)s + 1) f"
        tile = f"case when count(*) <= %(most)s then coalesce({tile}, '') end"
    return f"""
select {tile} from (
    select f.{quote(layer.key)} as fid,
        st_asmvtgeom({geometry}, st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857), {EXTENT}, {BUFFER[layer.kind]}, true)
            as geom{_columns(layer)}
    {rows}
    order by f.{quote(layer.key)}
) t"""


def _clustered(layer: Layer, predicate: str, platforms: Sequence[str]) -> str:
    """Sixteen by sixteen cells a tile; a cell with fewer members than ``least`` shows them singly.

    The tile is half open (west and north edge in, east and south out), so each point is in exactly one tile and the
    sums of the four children equal their parent. All four sides are compared: ``&&`` compares in single precision.
    Members carry no more than is counted; the columns of singles, a few hundred at most, are read afterwards by key.
    """
    counts = ""
    if layer.platform_sql:
        counts = "".join(
            f", count(*) filter (where platform_code = {literal(code)})::int as {quote(code)}" for code in platforms
        )
    late = layer.late_sql or "null::timestamptz"
    names = [quote(code) for code in platforms] if counts else []
    no_counts, their_counts = ("".join(f", {part} {name}" for name in names) for part in ("null::int as", ""))
    box = "st_makeenvelope(%(w)s, %(s)s, %(e)s, %(n)s, 3857)"
    return f"""
with member as materialized (
    select fid, x, y, floor((x - %(w)s) / %(cell)s)::int as cx, floor((%(n)s - y) / %(cell)s)::int as cy, platform_code, late_at
    from (select f.{quote(layer.key)} as fid, st_x(f.geom_3857) as x, st_y(f.geom_3857) as y,
            {layer.platform_sql or "null::text"} as platform_code, {late} as late_at
        from {layer.source} f where f.geom_3857 && {box} and {predicate}
        offset 0) f  -- else each coordinate would be read eight times
    where x >= %(w)s and x < %(e)s and y <= %(n)s and y > %(s)s
), cell as materialized (
    select cx, cy, count(*)::int as n, min(fid) as fid, avg(x) as x, avg(y) as y{counts},
        case when count(*) < %(least)s then array_agg(fid) end as singly
    from member group by cx, cy
), late as (  -- apart: one ordered aggregate would have all members sorted
    select cx, cy, string_agg(extract(epoch from late_at)::bigint::text, ';' order by late_at) as late_at
    from member where late_at < (select server_now()) + interval '{LATE_HORIZON}' group by cx, cy
)
select st_asmvt(t, %(mvt_layer)s, {EXTENT}, 'geom', 'fid') from (
    select f.{quote(layer.key)} as fid,
        st_asmvtgeom(f.geom_3857, {box}, {EXTENT}, {BUFFER["point"]}, false) as geom,
        null::boolean as cluster, null::int as n, null::text as late_at{no_counts}{_columns(layer)}
    from {layer.source} f
    where f.{quote(layer.key)} = any (array(select unnest(singly) from cell where singly is not null))
    union all
    select fid, st_asmvtgeom(st_setsrid(st_makepoint(x, y), 3857), {box}, {EXTENT}, {BUFFER["point"]}, false),
        true, n, late_at{their_counts}{", null" * len(layer.tile_columns)}
    from cell left join late using (cx, cy) where singly is null
) t where geom is not null"""
