"""The map's style: every layer of the registry is drawn, and what depends on the clock follows one plain rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.routes.style import _drawn
from layers import registry
from webmap.style import build_style
from webmap.style.expression import condition, is_late, ring
from webmap.style.palette import PALETTES

PLATFORMS = [
    {"code": "one", "symbol": "circle", "colour_dark": "#9DB8F0", "colour_light": "#0F3E78"},
    {"code": "two", "symbol": "diamond", "colour_dark": "#CC5DF2", "colour_light": "#B653DA"},
]
MAP = {"center": [120.9, 30.4], "zoom": 12, "hillshade": {"url": "/relief.png", "bounds": [120.8, 30.3, 121.0, 30.5]}}
THEMES = sorted(PALETTES)
MADE_UP = [
    {"id": "cells", "renderer": "ramp", "legend": [
        {"id": "fresh", "symbol": {"colour": "coverage.0"}, "filter": {"class": "0"}},
        {"id": "never", "symbol": {"colour": "hatch", "hatch": True}, "filter": {"class": "never"}}]},
    {"id": "tracks", "renderer": "line", "legend": [{"id": "track", "symbol": {"colour": "platform"}}]},
    {"id": "zones", "renderer": "fill", "legend": []},
    {"id": "posts", "renderer": "symbol", "cluster": True, "label_column": "name", "platform": "two",
     "style": {"far": {"below": 13, "filter": {"odd": "1"}}},
     "legend": [{"id": "odd", "symbol": {"shape": "square", "colour": "late", "fill": "hollow", "radius": 5}}]},
]  # fmt: skip


def evaluate(expression: Any, feature: dict[str, Any], now: float) -> Any:
    """The value of a style expression, as the specification defines the few operators that are used."""
    if not isinstance(expression, list):
        return expression
    name, *rest = expression
    if name == "literal":
        return rest[0]
    if name == "global-state":
        return now
    if name == "case":
        for test, value in zip(rest[0:-1:2], rest[1:-1:2], strict=True):
            if evaluate(test, feature, now):
                return evaluate(value, feature, now)
        return evaluate(rest[-1], feature, now)
    if name == "to-number":
        value = evaluate(rest[0], feature, now)
        return rest[1] if value is None else float(value)
    values = [evaluate(part, feature, now) for part in rest]
    return OPERATORS[name](values, feature)


OPERATORS: dict[str, Any] = {
    "get": lambda v, f: f.get(v[0]),
    "all": lambda v, f: all(v),
    "any": lambda v, f: any(v),
    "!": lambda v, f: not v[0],
    "==": lambda v, f: v[0] == v[1],
    "!=": lambda v, f: v[0] != v[1],
    "<": lambda v, f: v[0] < v[1],
    "<=": lambda v, f: v[0] <= v[1],
    ">": lambda v, f: v[0] > v[1],
    ">=": lambda v, f: v[0] >= v[1],
    "+": lambda v, f: sum(v),
    "-": lambda v, f: v[0] - v[1],
    "*": lambda v, f: math.prod(v),
    "/": lambda v, f: v[0] / v[1],
    "min": lambda v, f: min(v),
    "max": lambda v, f: max(v),
    "floor": lambda v, f: math.floor(v[0]),
    "in": lambda v, f: v[0] in v[1],
    "has": lambda v, f: v[0] in f,
    "match": lambda v, f: dict(zip(v[1:-1:2], v[2:-1:2], strict=True)).get(v[0], v[-1]),
    "step": lambda v, f: v[-1],
    "zoom": lambda v, f: 22,
    "concat": lambda v, f: "".join(map(str, v)),
    "to-string": lambda v, f: _text(v[0]),
}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain_ring(feature: dict[str, Any], now: float) -> str:
    """The rule in words: nothing while stopped; red once the deadline has passed; amber from the warning on."""
    closed_by_now = feature["state"] == "closed" and (feature.get("closed_at") or 0) <= now
    if feature["state"] == "suspended" or closed_by_now:
        return ""
    due, warn = feature.get("due_at"), feature.get("amber_at")
    if due and due < now:
        return "late"
    if not warn or warn > now:
        return ""
    share = (now - warn) / max((due or 0) - warn, 1)
    return f"w{min(95, 75 + 5 * math.floor(5 * share))}"


moments = st.integers(1_700_000_000, 1_700_010_000)
cases = st.fixed_dictionaries(
    {"state": st.sampled_from(["reported", "handling", "suspended", "closed"])},
    optional={"amber_at": moments, "closed_at": moments},
).flatmap(
    lambda case: st.fixed_dictionaries(
        {name: st.just(value) for name, value in case.items()},
        # A deadline is never before its own warning.
        optional={"due_at": st.integers(case.get("amber_at", 1_700_000_000), 1_700_020_000)},
    )
)


@given(cases, moments)
def test_rings_follow_the_plain_rule(case: dict[str, Any], now: int) -> None:
    if "amber_at" in case and "due_at" not in case:
        case = {**case, "due_at": case["amber_at"] + 100}
    assert evaluate(ring(), case, now) == plain_ring(case, now)
    assert evaluate(is_late(), case, now) == (plain_ring(case, now) == "late")


@pytest.mark.parametrize(
    ("filters", "feature", "fits"),
    [
        ({"kind": "catering"}, {"kind": "catering"}, True),
        ({"kind": "catering"}, {"kind": "retail"}, False),
        ({"kind": "catering"}, {}, False),
        ({"kind": ["a", "b"]}, {"kind": "b"}, True),
        ({"class": 3}, {"class": 3}, True),
        ({"open": True}, {"open": True}, True),
        ({"due": {"before_now": True}}, {"due": 99}, True),
        ({"due": {"before_now": True}}, {"due": 101}, False),
        ({"due": {"before_now": True}}, {}, False),
        ({"due": {"within_s": 10}}, {"due": 109}, True),
        ({"due": {"within_s": 10}}, {"due": 99}, False),
        ({"due": {"within_s": 10}}, {"due": 111}, False),
        ({}, {}, True),
    ],
)
def test_a_legend_filter_picks_the_features_it_names(filters: Any, feature: dict[str, Any], fits: bool) -> None:
    assert evaluate(condition(filters), feature, 100) is fits


def style_of(theme: str, layers: list[dict[str, Any]], lang: str = "zh") -> dict[str, Any]:
    return build_style(theme, layers, PLATFORMS, MAP, lang)


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, Any]]:
    return [_drawn(layer) for layer in registry.all_layers().values()]


def complete(layer: dict[str, Any]) -> dict[str, Any]:
    blank = {
        "platform": None,
        "cluster": False,
        "minzoom": 0,
        "base": False,
        "label_column": None,
        "style": {},
        "columns": [],
    }
    return {**blank, "tiles": f"/tiles/{layer['id']}/{{z}}/{{x}}/{{y}}.mvt", **layer}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("theme", THEMES)
def test_a_style_hangs_together(theme: str, lang: str, shipped: list[dict[str, Any]]) -> None:
    style = style_of(theme, shipped + [complete(layer) for layer in MADE_UP], lang)
    ids = [layer["id"] for layer in style["layers"]]
    assert len(ids) == len(set(ids))
    for layer in style["layers"]:
        assert layer["type"] == "background" or layer["source"] in style["sources"], layer["id"]
    assert "glyphs" not in style
    assert "sprite" not in style


def addresses(value: Any) -> list[str]:
    """Every text in a style that a browser would ask for."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in addresses(part)]
    if isinstance(value, list):
        return [found for part in value for found in addresses(part)]
    return (
        [value]
        if isinstance(value, str) and "/" in value and ("{z}" in value or "://" in value or value.startswith("/"))
        else []
    )


@pytest.mark.parametrize("theme", THEMES)
def test_a_style_asks_no_outside_host(theme: str, shipped: list[dict[str, Any]]) -> None:
    found = addresses(style_of(theme, shipped)["sources"])
    assert found
    assert all(address.startswith("/") and not address.startswith("//") for address in found)


@pytest.mark.parametrize("theme", THEMES)
def test_every_layer_of_the_registry_is_drawn_and_can_be_switched(theme: str, shipped: list[dict[str, Any]]) -> None:
    layers = shipped + [complete(layer) for layer in MADE_UP]
    drawn = style_of(theme, layers)["layers"]
    for layer in layers:
        own = [one for one in drawn if one.get("source", "").split("~")[0] == layer["id"]]
        assert own, f"{layer['id']} is not drawn"
        switched = {one.get("metadata", {}).get("layer") for one in own}
        assert layer["base"] or layer["renderer"] == "area" or switched == {layer["id"]}


@pytest.mark.parametrize(
    ("feature", "look"),
    [
        ({"platform": "two", "state": "handling"}, "sym;diamond;B653DA;;solid;8"),
        ({"platform": "two", "state": "suspended"}, "sym;diamond;B653DA;;hollow;8"),
        ({"state": "reported"}, "sym;circle;66737E;;hollow;8"),
    ],
)
def test_a_case_of_no_platform_is_a_hollow_circle(
    feature: dict[str, Any], look: str, shipped: list[dict[str, Any]]
) -> None:
    symbol = next(one for one in style_of("light", shipped)["layers"] if one["id"] == "on:incident-symbol")
    assert evaluate(symbol["layout"]["icon-image"], feature, 0) == look


@pytest.mark.parametrize("theme", THEMES)
def test_a_town_without_a_base_layer_still_has_a_style(theme: str) -> None:
    assert style_of(theme, [])["layers"][0]["type"] == "background"
    only = style_of(theme, [complete(MADE_UP[1])])
    assert "tracks" in only["sources"]
    assert "road" not in only["sources"]


def test_a_town_without_boundaries_or_platforms_still_has_a_style(shipped: list[dict[str, Any]]) -> None:
    style = build_style("light", shipped, [], {"center": None, "zoom": None, "hillshade": None})
    assert style["center"] == [0, 0]
    assert "hillshade" not in style["sources"]


def test_small_scales_and_large_ones_share_no_zoom() -> None:
    style = style_of("dark", [complete(MADE_UP[3])])
    far = [layer for layer in style["layers"] if layer.get("source") == "posts~far"]
    near = [layer for layer in style["layers"] if layer.get("source") == "posts" and not layer["id"].endswith("name")]
    assert far
    assert near
    assert {layer["maxzoom"] for layer in far} == {13} == {layer["minzoom"] for layer in near}
    assert style["sources"]["posts~far"]["tiles"] == ["/tiles/posts/{z}/{x}/{y}.mvt?odd=1"]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(KeyError):
        style_of("pink", [])


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_names_and_symbols_stand_out_from_the_land(theme: str) -> None:
    palette = PALETTES[theme]
    for name in ("text", "text_soft", "text_faint"):
        assert contrast(getattr(palette, name), palette.land) >= 4.3, name
    for name in ("late", "warn", "fine", "village", "town"):
        assert contrast(getattr(palette, name), palette.land) >= 3, name
