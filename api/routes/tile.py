"""Vector tiles and TileJSON of every layer in the registry."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy.orm import Session

from api import db
from api.auth import cookie
from api.auth.access import public
from api.auth.caller import unknown
from data import clock
from data.errors import Forbidden, NotFound
from data.session import row
from layers import registry, tiles
from layers.features import run
from layers.registry import Layer

blueprint = Blueprint("tile", __name__)

MVT = "application/vnd.mapbox-vector-tile"
CACHE_BYTES = 64 * 2**20
GZIP_MIN_BYTES = 1_400
Drawn = tuple[int, bytes]


class TileCache:
    """The newest tile of each key, with its version, the least recently used dropped first.

    The key holds all that decides what is drawn but the data, whose version is compared, so none is stale.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._tiles: OrderedDict[str, Drawn] = OrderedDict()
        self._bytes, self._max_bytes = 0, max_bytes
        self._lock = threading.Lock()

    def get(self, key: str) -> Drawn | None:
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def put(self, key: str, drawn: Drawn) -> None:
        with self._lock:
            before = self._tiles.pop(key, None)
            self._tiles[key] = drawn
            self._bytes += len(drawn[1]) - (len(before[1]) if before else -len(key))
            while self._bytes > self._max_bytes and self._tiles:
                old, (_, dropped) = self._tiles.popitem(last=False)
                self._bytes -= len(dropped) + len(old)


_cache = TileCache()


def permitted(layer_id: str) -> Layer:
    """Return the layer if this caller may see it.

    Raises
    ------
    NotFound : layer.unknown. Unauthenticated : session.required, session.ended. Forbidden : scope.forbidden.
    """
    layer = registry.get(layer_id)
    if layer.permission and not g.scope.may(layer.permission):
        if g.caller is None:
            raise unknown(cookie.NAME in request.cookies)
        raise Forbidden(
            "scope.forbidden", f"this account lacks the permission {layer.permission}", permission=layer.permission
        )
    return layer


@blueprint.get("/tiles/<layer_id>/<int:z>/<int:x>/<int:y>.mvt")
@public
def tile(layer_id: str, z: int, x: int, y: int) -> Response:
    """One vector tile; 204 when it is empty, 304 when the client's is still right."""
    layer = permitted(layer_id)
    filters = {name: value for name, value in request.args.items() if name not in ("town", "lang", "v")}
    tiles.tile_box(z, x, y)
    if g.scope.town_id is None:
        raise NotFound("town.none", "no town is loaded here")
    at = (z, x, y)
    key = _key(layer, at, filters)
    # version and tile in a message each: a tile drawn a moment after its version is only drawn once more
    with db.transaction() as session:
        version, platforms = row(session, *tiles.context(layer, *at))
        etag = f"{version}-{key}"
        if request.if_none_match.contains(etag):
            return _answer(None, etag, 304)
        held = _cache.get(key)
        if held is None or held[0] != version:
            held = (version, _packed(_draw(session, layer, at, filters, platforms)))
            _cache.put(key, held)
    return _answer(held[1], etag, 200 if held[1] else 204)


def _draw(
    session: Session, layer: Layer, at: tuple[int, int, int], filters: dict[str, str], platforms: list[str]
) -> bytes:
    (raw,) = row(session, *tiles.statement(layer, *at, filters, platforms))
    if raw is None:
        (raw,) = row(session, *tiles.statement(layer, *at, filters, platforms, crowded=True))
    return bytes(raw or b"")


def _packed(raw: bytes) -> bytes:
    return gzip.compress(raw, 3, mtime=0) if len(raw) >= GZIP_MIN_BYTES else raw


def _key(layer: Layer, at: tuple[int, int, int], filters: dict[str, str]) -> str:
    # Clusters carry the deadlines of the next two hours, and 'late' compares with now: such tiles are good for a while.
    timed = layer.late_sql is not None
    age = int(clock.now().timestamp()) // (60 if {"late", "amber"} & filters.keys() else 3600) if timed else 0
    parts = (layer.id, at, sorted(filters.items()), g.scope.key, age)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _answer(body: bytes | None, etag: str, status: int) -> Response:
    response = Response(body or b"", status, mimetype=MVT)
    if body and body[:2] == b"\x1f\x8b":
        if "gzip" in request.accept_encodings:
            response.headers["Content-Encoding"] = "gzip"
        else:
            response.set_data(gzip.decompress(body))
    response.set_etag(etag)
    response.vary.update(("Cookie", "Authorization", "Accept-Encoding"))
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/tiles/<layer_id>.json")
@public
def tilejson(layer_id: str) -> Response:
    """TileJSON 3.0 of a layer."""
    layer = permitted(layer_id)
    with db.transaction() as session:
        extent = run(
            session,
            (
                "select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e) from"
                " (select st_extent(geom) as e from scoped_area where level = 'town') x",
                {},
            ),
        )
    bounds = list(extent[0]) if extent and extent[0][0] is not None else [-180, -85.05, 180, 85.05]
    return jsonify(
        {
            "tilejson": "3.0.0",
            "name": layer.id,
            "description": f"{layer.title.zh} / {layer.title.en}",
            "tiles": [f"{request.host_url}tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt"],
            "minzoom": layer.minzoom,
            "maxzoom": min(layer.maxzoom, 18),
            "bounds": bounds,
            "vector_layers": [{"id": layer.id, "fields": {column.name: column.type for column in layer.tile_columns}}],
        }
    )
