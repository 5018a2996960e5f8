"""The whole style of the map page."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from webmap.style.base import borders, ground, labels, roads
from webmap.style.overlay import LIVE_SOURCE, Overlays, far_of, far_source
from webmap.style.palette import PALETTES

EMPTY = {"type": "FeatureCollection", "features": []}


def build_style(
    theme: str,
    layers: Iterable[Mapping[str, Any]],
    platforms: Iterable[Mapping[str, Any]],
    town_map: Mapping[str, Any],
    lang: str = "zh",
) -> dict[str, Any]:
    """Return the MapLibre style of a town in one theme.

    Parameters
    ----------
    theme
        ``dark`` or ``light``.
    layers
        The registry as ``/api/v1/layers`` gives it. Base layers (``town village grid landuse water road building
        place``) make the base map; every other one is drawn by its renderer.
    platforms
        The town's platforms as ``/api/v1/platforms`` gives them.
    town_map
        ``center`` [lon, lat] or None, ``zoom`` or None, ``hillshade`` ({url, bounds} or None), EPSG:4490 degrees.
    lang
        ``zh`` or ``en``: the names on the map.

    Returns
    -------
    dict
        A style without glyphs and sprite: text is drawn with local fonts, symbols by the page.

    Raises
    ------
    KeyError
        For an unknown theme.
    """
    palette = PALETTES[theme]
    known = {layer["id"]: layer for layer in layers}
    overlays = Overlays(palette, platforms)
    thematic = [layer for layer in known.values() if not (layer.get("base") or layer["renderer"] == "area")]
    hillshade = town_map.get("hillshade")
    drawn = ground(palette, known, bool(hillshade)) + roads(palette, known)
    for layer in thematic:
        drawn += overlays.areas(layer)
    drawn += borders(palette, known) + labels(palette, known, lang)
    for layer in reversed(thematic):
        drawn += overlays.names(layer)
    for layer in reversed(thematic):
        drawn += overlays.points(layer)
    return {
        "version": 8,
        "name": f"OneGrid {theme}",
        # A town without boundaries yet has no place to begin at.
        "center": list(town_map.get("center") or (0, 0)),
        "zoom": town_map.get("zoom") or 1,
        "state": {"now": {"default": 0}, "picked": {"default": ""}},
        "sources": _sources(known.values(), hillshade),
        "layers": drawn,
        "metadata": {"theme": theme, "lang": lang},
    }


# Beyond this zoom the tiles below are drawn larger: a tile of zoom 14 resolves 0.6 m, and one set of tiles serves all
# closer looks.
DEEPEST_TILE = 14


def _sources(layers: Iterable[Mapping[str, Any]], hillshade: Mapping[str, Any] | None) -> dict[str, Any]:
    sources: dict[str, Any] = {}
    for layer in layers:
        first = layer.get("minzoom") or 0
        source = {"type": "vector", "tiles": [layer["tiles"]], "minzoom": first, "maxzoom": max(first, DEEPEST_TILE)}
        sources[layer["id"]] = source
        if far_of(layer):
            far = {"maxzoom": far_of(layer)["below"] - 1, "tiles": [_with(layer["tiles"], far_of(layer)["filter"])]}
            sources[far_source(layer)] = source | far
            source["minzoom"] = far_of(layer)["below"]
    sources["area-label"] = {"type": "geojson", "data": EMPTY}
    sources[LIVE_SOURCE] = {"type": "geojson", "data": EMPTY}
    if hillshade:
        west, south, east, north = hillshade["bounds"]
        corners = [[west, north], [east, north], [east, south], [west, south]]
        sources["hillshade"] = {"type": "image", "url": hillshade["url"], "coordinates": corners}
    return sources


def _with(address: str, filters: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(filters)}"
