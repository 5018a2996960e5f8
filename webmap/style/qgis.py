"""Styles of a plan's GeoPackage as QGIS reads them (QML): the colours and lines of the planner's page, safe in black and white.

Written for QGIS 3.16 and later: each symbol layer carries its values both as `Option` and as `prop`, which older ones read.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

INK, EDIT, HALO, VILLAGE = "21,32,42,255", "11,95,255,255", "255,255,255,255", "76,89,101,255"
WORDS = ("grid", "village", "town", "new", "changed", "draft_border", "handed", "today", "households")
_CLEAR = "255,255,255,0"
_VERSION = "3.28.0-Firenze"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_KEYS = uuid.UUID("6f1d3c52-6a0e-5c1b-9a55-0d9c0f0f6b11")
_FONT = "Noto Sans CJK SC"


@dataclass(frozen=True)
class Line:
    """A line of a colour ("r,g,b,a") and width; ``dash``: lengths of stroke and gap, mm."""

    colour: str
    width_mm: float
    dash: str = ""


@dataclass(frozen=True)
class Fill:
    """An area: colour inside, its outline, and hatching of a colour at a distance."""

    colour: str = _CLEAR
    outline: Line | None = None
    hatch: str = ""


@dataclass(frozen=True)
class Rule:
    """A symbol for the features that an expression of QGIS picks."""

    label: str
    when: str
    symbol: Line | Fill


@dataclass(frozen=True)
class Label:
    """Text beside features: an expression of QGIS, points, colour."""

    text: str
    size_pt: float
    colour: str = INK


def styles(words: Mapping[str, str], name: str) -> dict[str, str]:
    """Return QML by layer of a plan's GeoPackage (`layers.planning.files.package`).

    Parameters
    ----------
    words : of the legend, by `WORDS`. name : column that names areas: ``name`` or ``name_en``.
    """
    areas = [
        Rule(words["new"], '"is_leaf" AND "is_new"', Fill("11,95,255,46", Line(INK, 0.3))),
        Rule(words["changed"], '"is_leaf" AND "is_changed"', Fill("11,95,255,20", Line(INK, 0.3))),
        Rule(words["grid"], '"is_leaf"', Fill(_CLEAR, Line(INK, 0.3))),
        Rule(words["village"], "\"level\" = 'village'", Fill(_CLEAR, Line(VILLAGE, 0.6))),
        Rule(words["town"], "\"level\" = 'town'", Fill(_CLEAR, Line(INK, 1.0))),
    ]
    borders = [
        Rule(words["draft_border"], 'NOT "is_today"', Line(EDIT, 0.8)),
        Rule(words["town"], "\"rank\" = 'town'", Line(INK, 1.0)),
        Rule(words["village"], "\"rank\" = 'village'", Line(VILLAGE, 0.7)),
        Rule(words["grid"], "\"rank\" = 'grid'", Line(INK, 0.35)),
    ]
    text = f'CASE WHEN "is_leaf" THEN coalesce("{name}", "code") || \'\\n\' || coalesce("households", 0) || \' {words["households"]}\' END'
    return {
        "areas": document(areas, Label(text, 9.0)),
        "borders": document(borders),
        "handed_over": document([Rule(words["handed"], "", Fill(_CLEAR, Line(EDIT, 0.3), hatch=EDIT))]),
        "borders_today": document([Rule(words["today"], "", Line(INK, 0.35, "1.2;1.2"))]),
    }


def document(rules: Sequence[Rule], label: Label | None = None) -> str:
    """Return one style as QML: the first rule that fits a feature draws it."""
    root = Element("qgis", version=_VERSION, styleCategories="Symbology|Labeling", labelsEnabled="1" if label else "0")
    renderer = SubElement(
        root,
        "renderer-v2",
        type="RuleRenderer",
        forceraster="0",
        symbollevels="0",
        enableorderby="0",
        referencescale="-1",
    )
    tree = SubElement(renderer, "rules", key=_key("root", *(rule.label for rule in rules)))
    symbols = SubElement(renderer, "symbols")
    earlier: list[str] = []
    for n, rule in enumerate(rules):
        when = " AND ".join([f"({rule.when})" if rule.when else "", *(f"NOT ({one})" for one in earlier)]).strip(" AND")
        found = {"key": _key("rule", rule.label, when), "symbol": str(n), "label": rule.label}
        SubElement(tree, "rule", {**found, **({"filter": when} if rule.when else {})})
        earlier += [rule.when] if rule.when else []
        _symbol(symbols, str(n), rule.symbol)
    if label:
        _labels(root, label)
    SubElement(root, "layerGeometryType").text = "1" if isinstance(rules[0].symbol, Line) else "2"
    indent(root)
    return _DOCTYPE + tostring(root, encoding="unicode")


def _key(*names: str) -> str:
    return f"{{{uuid.uuid5(_KEYS, '/'.join(names))}}}"


def _symbol(parent: Element, name: str, symbol: Line | Fill) -> None:
    kind = "line" if isinstance(symbol, Line) else "fill"
    element = SubElement(parent, "symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    _no_expressions(element)
    if isinstance(symbol, Line):
        _layer(element, "SimpleLine", _line(symbol))
        return
    _layer(element, "SimpleFill", _fill(symbol))
    if symbol.hatch:
        layer = _layer(
            element, "LinePatternFill", {"angle": "45", "distance": "1.6", "distance_unit": "MM", "color": symbol.hatch}
        )
        _symbol(layer, f"@{name}@1", Line(symbol.hatch, 0.2))


def _line(line: Line) -> dict[str, str]:
    dash = {"customdash": line.dash or "5;2", "customdash_unit": "MM", "use_custom_dash": "1" if line.dash else "0"}
    return {
        "line_color": line.colour, "line_style": "solid", "line_width": f"{line.width_mm:g}", "line_width_unit": "MM",
        "capstyle": "flat" if line.dash else "round", "joinstyle": "round", **dash,
    }  # fmt: skip


def _fill(fill: Fill) -> dict[str, str]:
    edge = fill.outline
    outline = {
        "outline_color": edge.colour if edge else _CLEAR, "outline_style": "solid" if edge else "no",
        "outline_width": f"{edge.width_mm:g}" if edge else "0", "outline_width_unit": "MM",
    }  # fmt: skip
    return {"color": fill.colour, "style": "no" if fill.colour == _CLEAR else "solid", "joinstyle": "round", **outline}


def _layer(parent: Element, kind: str, values: Mapping[str, str]) -> Element:
    layer = SubElement(parent, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(layer, "Option", type="Map")
    for name, value in values.items():
        SubElement(options, "Option", name=name, type="QString", value=value)
    for name, value in values.items():
        SubElement(layer, "prop", k=name, v=value)
    _no_expressions(layer)
    return layer


def _no_expressions(parent: Element) -> None:
    options = SubElement(SubElement(parent, "data_defined_properties"), "Option", type="Map")
    SubElement(options, "Option", name="name", type="QString", value="")
    SubElement(options, "Option", name="properties")
    SubElement(options, "Option", name="type", type="QString", value="collection")


def _labels(root: Element, label: Label) -> None:
    settings = SubElement(SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    text = SubElement(
        settings, "text-style", fieldName=label.text, isExpression="1", fontFamily=_FONT, namedStyle="Bold", fontWeight="75",
        fontSize=f"{label.size_pt:g}", fontSizeUnit="Point", textColor=label.colour, textOpacity="1", multilineHeight="1",
    )  # fmt: skip
    SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor=HALO, bufferOpacity="1",
        bufferNoFill="1", bufferJoinStyle="128",
    )  # fmt: skip
    SubElement(settings, "text-format", multilineAlign="1", wrapChar="", autoWrapLength="0")
    # 1: over the point in the middle of an area; that point inside it
    SubElement(
        settings, "placement", placement="1", centroidInside="1", centroidWhole="1", dist="0", distUnits="MM", priority="5",
        quadOffset="4", polygonPlacementFlags="2",
    )  # fmt: skip
    SubElement(settings, "rendering", obstacle="1", drawLabels="1", displayAll="0", scaleVisibility="0")
