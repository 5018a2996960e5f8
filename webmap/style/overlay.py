"""Style layers of the registry's layers: one generic drawing a renderer, none a layer.

A layer is drawn from what the registry says of it (``/api/v1/layers``): renderer, platform, clustering and legend. A
legend entry's ``symbol`` says how it looks (shape, fill, colour, radius); its ``when`` (an expression), or else its
``filter`` read as values of the columns a tile carries, says which features look so. The first match decides.

``style.far`` = {"below": zoom, "filter": {...}} draws below a zoom only what the filter leaves, from its own source.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from webmap.style.base import FONT
from webmap.style.expression import (
    Expression,
    by_platform,
    condition,
    is_late,
    is_running,
    number,
    plain,
    ring,
    shape_and_colour,
)
from webmap.style.palette import Palette

Layer = dict[str, Any]
Description = Mapping[str, Any]

LIVE_SOURCE = "live"
NAMES_FROM_ZOOM = 16


def colour_of(symbol: Mapping[str, Any], palette: Palette, platform: Mapping[str, Any] | None) -> str:
    """Return a legend symbol's colour: a token (``late``, ``neutral``, ``hotspot.2``), ``platform`` or ``#RRGGBB``."""
    token = str(symbol.get(f"colour_{palette.name}") or symbol.get("colour") or "platform")
    if token.startswith("#"):
        return token
    if token == "platform":
        return str(platform[f"colour_{palette.name}"]) if platform else palette.neutral
    name, _, step = token.partition(".")
    value = getattr(palette, name, palette.neutral)
    if isinstance(value, tuple):
        return str(value[min(int(step or 0), len(value) - 1)])
    return str(value)


class Overlays:
    """Builds the style layers of one theme.

    Parameters
    ----------
    palette
        Colours of the theme.
    platforms
        The town's platforms as ``/api/v1/platforms`` gives them, in their order.
    """

    def __init__(self, palette: Palette, platforms: Iterable[Mapping[str, Any]]) -> None:
        self.palette = palette
        self.platforms = list(platforms)
        self.by_code = {platform["code"]: platform for platform in self.platforms}

    def areas(self, layer: Description) -> list[Layer]:
        """Return what a polygon or line layer draws; nothing for a point layer."""
        draw = {"ramp": self._ramp, "fill": self._ramp, "line": self._line}.get(layer["renderer"])
        return draw(layer) if draw else []

    def points(self, layer: Description) -> list[Layer]:
        """Return what a point layer draws: clusters and single symbols."""
        return self._symbols(layer) if layer["renderer"] in ("symbol", "point") else []

    def _platform(self, layer: Description) -> Mapping[str, Any] | None:
        return self.by_code.get(layer.get("platform") or "")

    # ---- polygons and lines -------------------------------------------------------------------------------------

    def _ramp(self, layer: Description) -> list[Layer]:
        """Fill by the first matching legend entry; entries with a hatch are drawn as a pattern above."""
        platform = self._platform(layer)
        entries = [entry for entry in layer.get("legend", []) if entry.get("symbol")]
        plain_entries = [entry for entry in entries if not entry["symbol"].get("hatch")]
        colour: Any = self.palette.neutral + "33"
        if plain_entries:
            colour = ["case"]
            for entry in plain_entries:
                colour += [_matches(entry), colour_of(entry["symbol"], self.palette, platform)]
            colour.append("rgba(0,0,0,0)")
        layers = [_style(layer, "fill", paint={"fill-color": colour, "fill-opacity": layer.get("opacity", 1)})]
        for entry in entries:
            if entry["symbol"].get("hatch"):
                pattern = {"fill-pattern": f"hatch;{plain(self.palette.hatch)}"}
                layers.append(_style(layer, "fill", f"hatch-{entry['id']}", filter=_matches(entry), paint=pattern))
        return layers

    def _line(self, layer: Description) -> list[Layer]:
        platform = self._platform(layer)
        entries = [entry for entry in layer.get("legend", []) if entry.get("symbol")]
        colour: Any = self.palette.text_soft
        if entries:
            colour = ["case"]
            for entry in entries:
                colour += [_matches(entry), colour_of(entry["symbol"], self.palette, platform)]
            colour.append(self.palette.neutral)
        paint = {"line-color": colour, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1.5, 16, 4]}
        return [_style(layer, "line", layout={"line-join": "round", "line-cap": "round"}, paint=paint)]

    # ---- points -------------------------------------------------------------------------------------------------

    def _symbols(self, layer: Description) -> list[Layer]:
        image = self._clocked_image() if _has_clock(layer) else self._legend_image(layer)
        layout = {
            "icon-image": image,
            "icon-allow-overlap": True,
            "icon-padding": 1,
            "symbol-z-order": "source",
            "symbol-sort-key": _sort_key(layer),
        }
        shown: Expression = ["!=", ["get", "cluster"], True]
        layers: list[Layer] = []
        # A symbol whose change the tile does not hold yet is drawn from the live source instead. A feature state hides
        # it: a filter would have the tiles laid out anew, and that can swallow the fetch that is to bring the change.
        paint = {"icon-opacity": ["case", ["boolean", ["feature-state", "hidden"], False], 0, 1]}
        if layer.get("cluster"):
            image = self._donut() if layer.get("platform") == "by_feature" else self._stack()
            clusters = {"icon-image": image, "icon-allow-overlap": True, "icon-padding": 0}
            only: Expression = ["==", ["get", "cluster"], True]
            layers.append(_style(layer, "symbol", "cluster", filter=only, layout=clusters))
        layers.append(_style(layer, "symbol", "symbol", filter=shown, layout=layout, paint=paint))
        if far_of(layer):
            layers += [_far(layer, drawn) for drawn in layers]
            for near in layers[: len(layers) // 2]:
                near["minzoom"] = far_of(layer)["below"]
        if _has_clock(layer):
            live = _style(layer, "symbol", "live", filter=["==", ["get", "layer"], layer["id"]], layout=layout)
            live["source"] = LIVE_SOURCE
            del live["source-layer"]
            layers.append(live)
        return layers

    def _clocked_image(self) -> Expression:
        """Return the image of a case: its platform's shape in its ring; hollow when suspended or of no platform yet."""
        look = by_platform(self.platforms, self.palette.name, f"circle;{plain(self.palette.neutral)}")
        fill = ["case", ["any", ["!", ["has", "platform"]], ["==", ["get", "state"], "suspended"]], "hollow", "solid"]

        def at(radius: str | Expression) -> Expression:
            return ["concat", "sym;", look, ";", ring(), ";", fill, ";", radius]

        far = ["case", is_late(), "7", "6"]
        return ["step", ["zoom"], at(far), 14, at("7"), 16, at("8")]

    def _legend_image(self, layer: Description) -> Expression | str:
        """Return the image of a feature by the first legend entry it matches."""
        default = self._feature_look(layer)
        cases: Expression = []
        for entry in layer.get("legend", []):
            symbol = entry.get("symbol") or {}
            cases += [_matches(entry), self._image(symbol, layer, default)]
        ordinary = self._image({}, layer, default)
        return ["case", *cases, ordinary] if cases else ordinary

    def _feature_look(self, layer: Description) -> Expression | str:
        if layer.get("platform") == "by_feature":
            return by_platform(self.platforms, self.palette.name, f"circle;{plain(self.palette.neutral)}")
        platform = self._platform(layer)
        if platform:
            return shape_and_colour(platform, self.palette.name)
        return f"circle;{plain(self.palette.neutral)}"

    def _image(self, symbol: Mapping[str, Any], layer: Description, look: Expression | str) -> Expression | str:
        radius = symbol.get("radius", 6)
        shape = symbol.get("shape")
        if shape in (None, "platform", "plate"):
            kind, tail = ("plate;", f";{radius}") if symbol.get("plate") or shape == "plate" else ("sym;", "")
            tail = tail or f";;{symbol.get('fill', 'solid')};{radius}"
            return ["concat", kind, look, tail] if isinstance(look, list) else f"{kind}{look}{tail}"
        colour = plain(colour_of(symbol, self.palette, self._platform(layer)))
        return f"sym;{shape};{colour};;{symbol.get('fill', 'solid')};{radius}"

    def _donut(self) -> Expression:
        """Return a cluster's image: count by platform, those of no platform in grey, deadlines for the badge."""
        parts: Expression = ["concat", "donut;"]
        known: Expression = ["+"]
        for platform in self.platforms:
            parts += [plain(platform[f"colour_{self.palette.name}"]), ":", ["to-string", number(platform["code"])], ","]
            known.append(number(platform["code"]))
        rest = ["-", number("n"), known if self.platforms else 0]
        parts += [plain(self.palette.neutral), ":", ["to-string", ["max", 0, rest]]]
        return [*parts, ";", ["to-string", ["coalesce", ["get", "late_at"], ""]]]

    def _stack(self) -> Expression:
        """Return a cluster's image of a layer of one platform: an outlined square with the exact count."""
        return ["concat", f"stack;{plain(self.palette.late)};", ["to-string", ["get", "n"]]]

    def names(self, layer: Description) -> list[Layer]:
        """Return the names of a point layer's objects, from zoom 16 on; below the symbols, so they yield to all."""
        column = layer.get("label_column")
        if not column or layer["renderer"] not in ("symbol", "point"):
            return []
        layout = {
            "text-field": ["to-string", ["get", column]],
            "text-font": FONT,
            "text-size": 12,
            "text-variable-anchor": ["left", "right", "top", "bottom"],
            "text-radial-offset": 1.4,
        }
        paint = {
            "text-color": self.palette.text_soft,
            "text-halo-color": self.palette.halo,
            "text-halo-width": 1.6,
        }
        return [_style(layer, "symbol", "name", minzoom=NAMES_FROM_ZOOM, layout=layout, paint=paint)]


def far_of(layer: Description) -> Mapping[str, Any]:
    """Return the layer's rule for small scales; empty when it has none."""
    return (layer.get("style") or {}).get("far") or {}


def far_source(layer: Description) -> str:
    """Return the name of the source that small scales draw from."""
    return f"{layer['id']}~far"


def _far(layer: Description, drawn: Layer) -> Layer:
    """Return a style layer's twin for small scales."""
    twin = {**drawn, "id": f"{drawn['id']}~far", "source": far_source(layer), "maxzoom": far_of(layer)["below"]}
    twin.pop("minzoom", None)
    return twin


def _has_clock(layer: Description) -> bool:
    return any(column["name"] == "due_at" for column in layer.get("columns", []))


def _sort_key(layer: Description) -> Expression | int:
    """Return the drawing order: late above running above stopped, so that the urgent is never hidden."""
    if not _has_clock(layer):
        return 0
    return ["case", is_late(), 2, ["all", is_running(), [">", number("due_at"), 0]], 1, 0]


def _matches(entry: Mapping[str, Any]) -> Expression:
    """Return the expression that says whether a feature belongs to a legend entry."""
    when = entry.get("when")
    return _as_lists(when) if when else condition(entry.get("filter") or {})


def _as_lists(expression: Any) -> Any:
    """Return an expression written as tuples in the form a style carries."""
    return [_as_lists(part) for part in expression] if isinstance(expression, list | tuple) else expression


def _style(layer: Description, kind: str, part: str = "", **rest: Any) -> Layer:
    name = f"{layer['id']}-{part}" if part else str(layer["id"])
    style: Layer = {"id": f"on:{name}", "type": kind, "source": layer["id"], "source-layer": layer["id"]}
    style["metadata"] = {"layer": layer["id"]}
    if layer.get("minzoom"):
        style["minzoom"] = layer["minzoom"]
    return style | {name.replace("_", "-"): value for name, value in rest.items()}
