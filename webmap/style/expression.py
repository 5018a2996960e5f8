"""MapLibre expressions that several layers share.

What changes with time alone is never in a tile: tiles carry deadlines as seconds since 1970, the page sets the global
state ``now`` (seconds), and these expressions compare the two. A replay sets ``now`` to the moment shown.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Expression = list[Any]

NOW: Expression = ["global-state", "now"]

CLOSED_STATES = ("closed", "archived", "declined", "void", "voided", "merged", "self_handled")


def plain(colour: str) -> str:
    """Return a colour as an image name carries it: ``RRGGBB``, without ``#`` and alpha."""
    return colour.lstrip("#")[:6].upper()


def by_platform(platforms: Iterable[Mapping[str, Any]], theme: str, fallback: str) -> Expression | str:
    """Return ``shape;RRGGBB`` by the platform a feature names in its property ``platform``."""
    cases: Expression = []
    for platform in platforms:
        cases += [platform["code"], shape_and_colour(platform, theme)]
    return ["match", ["get", "platform"], *cases, fallback] if cases else fallback


def shape_and_colour(platform: Mapping[str, Any], theme: str) -> str:
    """Return ``shape;RRGGBB`` of one platform."""
    return f"{platform['symbol']};{plain(platform[f'colour_{theme}'])}"


def number(name: str) -> Expression:
    """Return a property as a number; 0 where it is missing."""
    return ["to-number", ["get", name], 0]


def is_running() -> Expression:
    """Return whether a limit runs for the case at the moment shown: neither suspended nor closed by then."""
    closed_by_then = ["any", ["==", number("closed_at"), 0], ["<=", number("closed_at"), NOW]]
    closed = ["all", ["in", ["get", "state"], ["literal", list(CLOSED_STATES)]], closed_by_then]
    return ["all", ["!=", ["get", "state"], "suspended"], ["!", closed]]


def is_late() -> Expression:
    """Return whether a running deadline has passed."""
    return ["all", [">", number("due_at"), 0], ["<", number("due_at"), NOW], is_running()]


def ring() -> Expression:
    """Return the ring of a case: ``late``, ``w75`` … ``w95`` or nothing.

    A suspended case has no ring, a closed one neither. Between the warning (75 % of the limit) and the deadline the
    ring grows in steps of 5 %.
    """
    span = ["max", ["-", number("due_at"), number("amber_at")], 1]
    used = ["/", ["-", NOW, number("amber_at")], span]
    percent = ["min", 95, ["+", 75, ["*", 5, ["floor", ["*", 5, used]]]]]
    near = ["all", [">", number("amber_at"), 0], ["<=", number("amber_at"), NOW], is_running()]
    return ["case", is_late(), "late", near, ["concat", "w", ["to-string", percent]], ""]


def condition(filters: Mapping[str, Any]) -> Expression:
    """Return whether a feature's properties match a legend entry's filter.

    A value may be a scalar (equal), a list (one of), ``{"before_now": true}`` (a moment that has passed) or
    ``{"within_s": n}`` (a moment in the next n seconds).

    >>> condition({"kind": "catering"})
    ['all', ['==', ['to-string', ['get', 'kind']], 'catering']]
    """
    terms: Expression = ["all"]
    for name, wanted in filters.items():
        terms.append(_term(name, wanted))
    return terms


def _term(name: str, wanted: Any) -> Expression:
    if isinstance(wanted, Mapping):
        if "within_s" in wanted:
            limit = ["+", NOW, wanted["within_s"]]
            return ["all", [">", number(name), 0], [">=", number(name), NOW], ["<", number(name), limit]]
        return ["all", [">", number(name), 0], ["<", number(name), NOW]]
    text: Expression = ["to-string", ["get", name]]
    if isinstance(wanted, list | tuple):
        return ["in", text, ["literal", [_text(value) for value in wanted]]]
    return ["==", text, _text(wanted)]


def _text(value: Any) -> str:
    """Return a value as MapLibre's ``to-string`` writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
