"""What can be drawn: every subject's ``LAYER`` object, found by looking, never by a list.

A layer is one file. Tiles, feature pages, counts, style, switch, legend, export and documents follow from it.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import layers
from data.errors import NotFound
from data.scope import Scope

BY_FEATURE = "by_feature"
Kind = Literal["point", "line", "polygon"]
Renderer = Literal["symbol", "point", "ramp", "line", "fill", "area"]
Type = Literal["text", "words", "number", "bool", "date", "time", "list"]


@dataclass(frozen=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class Column:
    """A value a feature carries.

    ``sql`` is an expression over the layer's source (alias ``f``) and its joins; ``tile`` says whether tiles carry it:
    times travel in tiles as epoch seconds (``tile_sql``), in features as RFC 3339.
    """

    name: str
    title: Title
    sql: str
    type: Type = "text"
    tile: bool = False
    tile_sql: str | None = None
    personal: bool = False


@dataclass(frozen=True)
class Filter:
    """A query parameter: ``predicate`` uses ``%(name)s``; ``type`` decides how the text is read.

    A bool filter applies when true; ``list`` splits at commas and compares with ``any``; ``words`` is searched for as it
    stands, so that ``%`` and ``_`` stand for themselves in ``like``.
    """

    name: str
    predicate: str
    type: Type = "text"
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend: how it looks, and the filter that counts it.

    ``when`` is a style expression over tile properties, for looks that the filter's name alone cannot tell (what the
    clock decides); without it a feature matches whose property of the filter's name has the filter's value.
    """

    id: str
    title: Title
    symbol: Mapping[str, Any]
    filter: Mapping[str, str] = field(default_factory=dict)
    when: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Layer:
    """Everything the system knows about one thing to draw.

    Parameters
    ----------
    id : permanent name in URLs.
    platform : code of the platform it belongs to; None = shared by all; 'by_feature' = each feature names its own.
    source : scoped view (data/sql/70_scoped.sql), alias ``f``; it holds geom (EPSG:4490) and geom_3857.
    joins : further tables a column needs, outside tiles.
    storage : name under which changes are counted (watch_tiles in data/sql); decides ETags and reloads.
    key : integer column, the feature id in tiles and the order of pages. ref : column of the permanent id.
    where : fixed condition. tile_where : condition by zoom, as (first zoom, predicate), the last that applies.
    cluster_below : zooms under it come as clusters, of at least ``cluster_min(zoom)`` members. None = never.
    late_sql : deadline expression; clusters carry the deadlines near or past, so that the browser counts late ones.
    shape_source : for simplified polygons: view with (zoom, geom_3857).
    permission : what a viewer needs; None = every scope, limited by the source itself.
    reach : by which parts of a scope the source brings rows into sight ('area', 'platform'); empty = by any. A scope
        that holds none of them is not offered the layer: its zeros would look like facts.
    default_on : layouts that show it unasked.
    order : place in the switch.
    """

    id: str
    title: Title
    platform: str | None
    kind: Kind
    renderer: Renderer
    source: str
    storage: str
    key: str
    ref: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    joins: str = ""
    where: str = "true"
    minzoom: int = 0
    maxzoom: int = 22
    cluster_below: int | None = None
    platform_sql: str | None = None
    late_sql: str | None = None
    shape_source: str | None = None
    permission: str | None = "view"
    reach: frozenset[Literal["area", "platform"]] = frozenset()
    is_base: bool = False
    default_on: frozenset[str] = frozenset()
    order: int = 100
    label_column: str | None = None
    style: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tile_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.tile)

    def open_to(self, scope: Scope) -> bool:
        """Tell whether a scope may see the layer and can have anything of it in reach."""
        if self.permission and not scope.may(self.permission):
            return False
        own = self.platform in scope.platforms if self.platform else bool(scope.platforms)
        within = {"area": bool(scope.area_ids), "platform": own}
        return scope.town_wide or not self.reach or any(within[name] for name in self.reach)

    def filter(self, name: str) -> Filter | None:
        return next((f for f in self.filters if f.name == name), None)

    @staticmethod
    def cluster_min(zoom: int) -> int:
        """Members from which a cluster is drawn: 2 below zoom 12, 4 at 12 and 13 (UX: singles tell more there)."""
        return 2 if zoom < 12 else 4


class DuplicateLayer(ValueError):
    """Two files claim one layer id."""


@cache
def all_layers() -> Mapping[str, Layer]:
    """Return every layer by id, in switch order; found in ``layers/<subject>/layer.py`` (``LAYER`` or ``LAYERS``)."""
    found: dict[str, Layer] = {}
    for package in pkgutil.iter_modules(layers.__path__):
        if not package.ispkg:
            continue
        name = f"layers.{package.name}.layer"
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        for layer in (*getattr(module, "LAYERS", ()), *((module.LAYER,) if hasattr(module, "LAYER") else ())):
            if layer.id in found:
                raise DuplicateLayer(f"layer id {layer.id!r} is declared twice; the second is in {name}")
            found[layer.id] = layer
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def get(layer_id: str) -> Layer:
    """Return a layer; NotFound('layer.unknown') names those there are."""
    try:
        return all_layers()[layer_id]
    except KeyError:
        raise NotFound("layer.unknown", f"there is no layer {layer_id!r}", known=list(all_layers())) from None
