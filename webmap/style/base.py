"""The base map: land, relief, water, roads, buildings, borders and their names.

Drawn from the pack's own layers, so that no tile comes from outside. A base layer that a town lacks is left out.
"""

from collections.abc import Mapping
from typing import Any

from webmap.style.palette import Palette

Layer = dict[str, Any]

FONT = ["Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]

# A label tries these places around its point, in ems, and yields when a symbol or a greater name has taken all.
TEN_PLACES = [
    "center", [0, 0], "top", [0, 0.7], "bottom", [0, -0.7], "left", [0.7, 0], "right", [-0.7, 0],
    "top", [0, 1.8], "bottom", [0, -1.8], "left", [1.8, 0], "right", [-1.8, 0], "top", [0, 3],
]  # fmt: skip

ROAD_CLASSES = (
    # class, palette index, widths at zoom 11, 14, 17 (px), first zoom
    (("track", "lane"), 2, (0.0, 1.0, 7.0), 14),
    (("street", "tertiary"), 1, (0.5, 2.0, 11.0), 12),
    (("secondary",), 1, (0.9, 2.8, 14.0), 10),
    (("primary",), 0, (1.2, 3.6, 17.0), 9),
    (("highway",), 0, (1.6, 4.6, 20.0), 8),
)


def _width(widths: tuple[float, float, float], extra: float = 0.0) -> list[Any]:
    low, middle, high = (width + extra for width in widths)
    return ["interpolate", ["exponential", 1.5], ["zoom"], 11, low, 14, middle, 17, high]


def _layer(layer_id: str, kind: str, source: str, **rest: Any) -> Layer:
    layer: Layer = {"id": layer_id, "type": kind, "source": source, "source-layer": source}
    layer |= {name.replace("_", "-"): value for name, value in rest.items()}
    return layer


def _of_kind(*kinds: str) -> list[Any]:
    return ["in", ["get", "kind"], ["literal", list(kinds)]]


def ground(palette: Palette, present: Mapping[str, Any], hillshade: bool) -> list[Layer]:
    """Return land, land use, relief and water, from the bottom up."""
    layers: list[Layer] = [
        {"id": "outside", "type": "background", "paint": {"background-color": palette.outside}},
    ]
    if "town" in present:
        layers.append(_layer("land", "fill", "town", paint={"fill-color": palette.land, "fill-antialias": False}))
    if "landuse" in present:
        colours = ["match", ["get", "kind"], "wood", palette.wood, "hill", palette.wood]
        colours += ["farmland", palette.farmland, "built", palette.built, palette.land]
        layers.append(_layer("landuse", "fill", "landuse", paint={"fill-color": colours, "fill-antialias": False}))
    if hillshade:
        paint = {"raster-opacity": palette.hillshade_opacity, "raster-fade-duration": 0}
        layers.append({"id": "hillshade", "type": "raster", "source": "hillshade", "paint": paint})
    if "water" in present:
        layers += _water(palette)
    return layers


def _water(palette: Palette) -> list[Layer]:
    colour = ["match", ["get", "kind"], "bay", palette.bay, "tidal_flat", palette.bay, palette.lake]
    polygon = ["==", ["geometry-type"], "Polygon"]
    dots = {"fill-pattern": f"dots;{palette.tidal_dot.lstrip('#')}"}
    line = {"line-color": palette.lake, "line-width": _width((0.6, 1.6, 6.0))}
    flat: list[Any] = ["all", polygon, _of_kind("tidal_flat")]
    return [
        _layer("water", "fill", "water", filter=polygon, paint={"fill-color": colour}),
        _layer("tidal-flat", "fill", "water", filter=flat, paint=dots),
        _layer("river", "line", "water", filter=["==", ["geometry-type"], "LineString"], paint=line),
    ]


def roads(palette: Palette, present: Mapping[str, Any]) -> list[Layer]:
    """Return roads (all casings below all surfaces, so that junctions are open) and buildings."""
    layers: list[Layer] = []
    if "building" in present:
        paint: dict[str, Any] = {"fill-color": palette.building, "fill-outline-color": palette.building_edge}
        layers.append(_layer("building", "fill", "building", minzoom=15, paint=paint))
    if "road" not in present:
        return layers
    layout = {"line-join": "round", "line-cap": "round"}
    for casing in (True, False):
        for classes, tone, widths, first in ROAD_CLASSES:
            colour = palette.road_casing if casing else palette.roads[tone]
            paint = {"line-color": colour, "line-width": _width(widths, 1.6 if casing else 0.0)}
            name = f"road-{classes[0]}-{'casing' if casing else 'surface'}"
            only = ["in", ["get", "class"], ["literal", list(classes)]]
            layers.append(_layer(name, "line", "road", minzoom=first, filter=only, layout=layout, paint=paint))
    return layers


def borders(palette: Palette, present: Mapping[str, Any]) -> list[Layer]:
    """Return the borders of grids, villages and the town, thinnest first."""
    rounded = {"line-join": "round", "line-cap": "round"}
    layers: list[Layer] = []
    if "zone" in present:
        zone = {"line-color": palette.grid, "line-width": 0.8, "line-opacity": 0.7}
        layers.append(_layer("zone-border", "line", "zone", minzoom=11, paint=zone))
    if "grid" in present:
        paint: dict[str, Any] = {
            "line-color": palette.grid,
            "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.7, 14, 1.2, 17, 1.8],
            "line-dasharray": [4, 3],
            "line-opacity": ["interpolate", ["linear"], ["zoom"], 8, 0.35, 11, 0.55, 13, 1],
        }
        layers.append(_layer("grid-border", "line", "grid", minzoom=8, paint=paint))
    if "village" in present:
        paint = {"line-color": palette.village, "line-width": _width((0.7, 1.3, 2.4)), "line-opacity": 0.85}
        layers.append(_layer("village-border", "line", "village", layout=rounded, paint=paint))
    if "town" in present:
        glow = {"line-color": palette.halo, "line-width": 5, "line-opacity": 0.6}
        paint = {"line-color": palette.town, "line-width": _width((1.8, 2.4, 3.2))}
        layers.append(_layer("town-border-casing", "line", "town", layout=rounded, paint=glow))
        layers.append(_layer("town-border", "line", "town", layout=rounded, paint=paint))
    picked = ["==", ["get", "code"], ["global-state", "picked"]]
    for level in ("village", "grid"):
        if level in present:
            paint = {"line-color": palette.edit, "line-width": 3}
            layers.append(_layer(f"{level}-picked", "line", level, filter=picked, layout=rounded, paint=paint))
    return layers


def _name(lang: str) -> list[Any]:
    """Return the name in the reader's language, falling back to the Chinese one."""
    name: list[Any] = ["coalesce", ["get", "name"], ""]
    if lang != "en":
        return name
    return ["case", ["!=", ["coalesce", ["get", "name_en"], ""], ""], ["get", "name_en"], name]


def _label(layer_id: str, source: str, size: Any, colour: str, halo: str, lang: str, **rest: Any) -> Layer:
    layout = {
        "text-field": _name(lang),
        "text-font": FONT,
        "text-size": size,
        "text-padding": 4,
        "text-variable-anchor-offset": TEN_PLACES,
        "text-max-width": 9,
    }
    layout |= rest.pop("layout", {})
    paint = {"text-color": colour, "text-halo-color": halo, "text-halo-width": 1.6} | rest.pop("paint", {})
    return _layer(layer_id, "symbol", source, layout=layout, paint=paint, **rest)


def labels(palette: Palette, present: Mapping[str, Any], lang: str) -> list[Layer]:
    """Return names, least important first: neighbour, road, hill and hamlet, water, grid, village.

    Area names come from the page's own source ``area-label`` (one point an area): a polygon cut by tile edges would
    be named once a tile.
    """
    layers: list[Layer] = []
    halo = palette.halo
    if "address" in present:
        number = {"text-field": ["to-string", ["get", "number"]], "text-padding": 2}
        layers.append(_label("door-number", "address", 11, palette.text_faint, halo, lang, minzoom=16.5, layout=number))
    if "place" in present:
        layers += _place_labels(palette, lang)
    if "road" in present:
        layout = {"symbol-placement": "line", "text-variable-anchor-offset": ["center", [0, 0]], "text-max-angle": 30}
        layers.append(
            _label("road-name", "road", ["interpolate", ["linear"], ["zoom"], 13, 11, 17, 14], palette.text_soft, halo,
                   lang, minzoom=13, filter=["!=", ["coalesce", ["get", "name"], ""], ""], layout=layout)
        )  # fmt: skip
    sizes = {"grid": ["interpolate", ["linear"], ["zoom"], 13, 12, 16, 15],
             "village": ["interpolate", ["linear"], ["zoom"], 11, 13, 13, 16, 16, 20]}  # fmt: skip
    for level, first, colour in (("grid", 13.5, palette.text_soft), ("village", 10, palette.text)):
        layer = _label(f"{level}-name", "area-label", sizes[level], colour, halo, lang, minzoom=first,
                       filter=["==", ["get", "level"], level], paint={"text-halo-width": 2})  # fmt: skip
        del layer["source-layer"]
        layers.append(layer)
    return layers


def _place_labels(palette: Palette, lang: str) -> list[Layer]:
    first = ["<=", ["to-number", ["get", "min_zoom"], 0], ["zoom"]]
    water: list[Any] = ["all", first, _of_kind("bay", "lake")]
    hill: list[Any] = ["all", first, _of_kind("hill", "natural_village")]
    outer: list[Any] = ["all", first, _of_kind("neighbour_town")]
    wide = {"text-letter-spacing": ["match", ["get", "kind"], "bay", 0.5, 0.1]}
    size = ["interpolate", ["linear"], ["zoom"], 11, ["match", ["get", "kind"], "bay", 17, 13], 15, 18]
    return [
        _label("neighbour-name", "place", 13, palette.text_faint, palette.outside, lang, filter=outer),
        _label("hill-name", "place", 12, palette.text_faint, palette.halo, lang, minzoom=12.5, filter=hill),
        _label("water-name", "place", size, palette.water_text, palette.bay, lang, filter=water, layout=wide),
    ]
