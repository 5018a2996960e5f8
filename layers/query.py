"""Filters of a layer: the text of a query string becomes a predicate and its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.errors import Invalid
from layers.registry import Filter, Layer


def quote(identifier: str) -> str:
    """Return an SQL identifier, quoted; the one place where a name enters a statement."""
    return '"' + identifier.replace('"', '""').replace("%", "%%") + '"'


def literal(text: str) -> str:
    """Return an SQL string literal for a statement that also carries parameters; for codes from the database only."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def read_value(name: str, type_: str, text: str) -> Any:
    """Return the value of a query parameter; Invalid('filter.value') says what was expected."""
    try:
        if type_ == "number":
            return float(text)
        if type_ == "bool":
            if text.lower() not in ("1", "0", "true", "false"):
                raise ValueError
            return text.lower() in ("1", "true")
        if type_ == "time":
            moment = datetime.fromisoformat(text.replace(" ", "+") if "+" not in text else text)
            if moment.tzinfo is None:
                raise ValueError
            return moment
        if type_ == "list":
            return [part for part in text.split(",") if part]
        if type_ == "words":
            return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    except ValueError:
        expected = {"number": "a number", "bool": "1 or 0", "time": "a time with zone, as 2026-03-17T14:32:00+08:00"}
        raise Invalid(
            "filter.value", f"{name}={text[:80]!r}: expected {expected[type_]}", fields={name: expected[type_]}
        ) from None
    return text


def where(layer: Layer, filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return predicate text (over alias f) and parameters for the filters given.

    Raises
    ------
    Invalid : filter.unknown, a parameter the layer does not have; filter.value, one it cannot read.
    """
    parts, params = [layer.where], {}
    for name, text in filters.items():
        known: Filter | None = layer.filter(name)
        if known is None:
            raise Invalid(
                "filter.unknown",
                f"layer {layer.id} has no filter {name!r}",
                fields={name: "unknown"},
                known=[f.name for f in layer.filters],
            )
        value = read_value(name, known.type, text)
        if known.type == "bool" and not value:
            parts.append(f"not ({known.predicate})")
        else:
            parts.append(f"({known.predicate})")
        params[name] = value
    return " and ".join(parts), params


def read_cursor(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    """Return the parts of a page's cursor; Invalid('filter.cursor') for what no page of ours gave out."""
    found = pattern.fullmatch(text)
    if found is None:
        raise Invalid("filter.cursor", "this cursor is not one of ours; start without it", fields={"cursor": "unknown"})
    return found
