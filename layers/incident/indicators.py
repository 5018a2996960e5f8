"""Indicators of the closed loop: numerator, denominator and period of each, by area, organisation, kind or platform.

Every figure is counted by filters of the layer ``incident``, so that it opens exactly the cases it counts. They are
computed from the cases as they stand: a correction or a reopening is in the next figure. Source: WORKFLOW of the town.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.errors import Invalid
from layers import features
from layers.incident.layer import LAYER
from layers.query import where

# Key of each way to group: a column of the layer, with its name columns.
GROUPS = {
    "town": (None, None, None),
    "platform": ("platform", None, None),
    "category": ("category", "category_name", "category_name_en"),
    "org": ("lead_org", "lead_org_name", None),
    "village": ("village", "village_name", "village_name_en"),
    "grid": ("grid", "grid_name", "grid_name_en"),
    # by the boundaries of the day a case occurred
    "village_then": ("village_then", "village_then_name", "village_then_name_en"),
    "grid_then": ("grid_then", "grid_then_name", "grid_then_name_en"),
}


@dataclass(frozen=True)
class Indicator:
    """One figure: of the cases whose ``period`` moment falls into the time asked for, those that ``counted`` fits.

    ``over`` are further filters of the denominator. A case counts once, however often it was reworked or returned.
    """

    name: str
    period: str
    counted: Mapping[str, str]
    over: Mapping[str, str]


_VALID = {"valid": "1"}
INDICATORS: tuple[Indicator, ...] = (
    Indicator("on_time_disposal", "handle_due", {"handled_in_time": "1"}, _VALID),
    Indicator("on_time_closure", "whole_due", {"closed_in_time": "1"}, _VALID),
    Indicator("rework", "whole_due", {"reworked": "1"}, _VALID),
    Indicator("overdue_open", "handle_due", {"unhandled": "1"}, _VALID),
    Indicator("extension", "handle_due", {"extended": "1"}, _VALID),
    Indicator("accurate_dispatch", "dispatched", {"returned": "0"}, _VALID),
    Indicator("valid_report", "reported", {"taken": "1"}, {}),
    Indicator("supervision", "handle_due", {"supervised": "1"}, _VALID),
    Indicator("satisfaction", "closed", {"satisfied": "1"}, {"revisited": "1"}),
)


def measure(session: Session, start: datetime, end: datetime, by: str, filters: Mapping[str, str]) -> dict[str, Any]:
    """Return the indicators of a period for the session's scope.

    Parameters
    ----------
    start, end
        Half open: start belongs to it, end does not.
    by
        A key of `GROUPS`.
    filters
        Further filters of the layer, as platform or village.

    Returns
    -------
    dict
        ``groups``: key, names and ``indicators`` by name: ``numerator``, ``denominator``, ``share`` (None without a
        denominator: no data is neither 0 nor 100 %), ``of`` and ``in`` — filters that list the two.

    Raises
    ------
    Invalid
        ``indicator.by``, ``indicator.period``, ``filter.…``.
    """
    if by not in GROUPS:
        raise Invalid("indicator.by", f"group by one of {', '.join(GROUPS)}", known=list(GROUPS))
    if not start < end:
        raise Invalid("indicator.period", "the period ends before it begins")
    groups: dict[str, dict[str, Any]] = {}
    for indicator in INDICATORS:
        base = {**filters, **_span(indicator, start, end), **indicator.over}
        for key, name, name_en, below, above in features.run(session, _statement(indicator, by, base)):
            group = groups.setdefault(key or "", {"key": key, "name": name, "name_en": name_en, "indicators": {}})
            own = {by: key} if by != "town" and key else {}
            group["indicators"][indicator.name] = {
                "numerator": above,
                "denominator": below,
                "share": above / below if below else None,
                **_lists(base, own, indicator, by == "town" or key is not None),
            }
    ordered = sorted(groups.values(), key=lambda group: (group["key"] is None, group["key"] or ""))
    return {"from": start, "to": end, "by": by, "groups": ordered}


def period(start: str, end: str) -> tuple[datetime, datetime]:
    """Read a period of two RFC 3339 times; Invalid('indicator.period') says what is wrong."""
    try:
        moments = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        raise Invalid("indicator.period", "from and to are times with a zone, as 2026-03-01T00:00:00+08:00") from None
    if any(moment.tzinfo is None for moment in moments):
        raise Invalid("indicator.period", "from and to are times with a zone, as 2026-03-01T00:00:00+08:00")
    return moments


def _statement(indicator: Indicator, by: str, base: Mapping[str, str]) -> features.Statement:
    predicate, params = where(LAYER, base)
    counted, more = where(LAYER, indicator.counted)
    sql = {column.name: column.sql for column in LAYER.columns}
    key, name, name_en = (sql[column] if column else "null::text" for column in GROUPS[by])
    return (
        "select key, min(name), min(name_en), count(*)::int, sum(above)::int from ("
        f" select {key} as key, {name} as name, {name_en} as name_en, case when {counted} then 1 else 0 end as above"
        f" from {LAYER.source} f where {predicate}"
        ") counted group by key",
        {**params, **more},
    )


def _lists(base: Mapping[str, str], own: Mapping[str, str], indicator: Indicator, listed: bool) -> dict[str, Any]:
    """Filters of the cases below and above the line; none for the cases that have no such key."""
    below = {**base, **own}
    return {"of": below, "in": {**below, **indicator.counted}} if listed else {"of": None, "in": None}


def _span(indicator: Indicator, start: datetime, end: datetime) -> dict[str, str]:
    # the report's own moment has the plain names
    prefix = "" if indicator.period == "reported" else f"{indicator.period}_"
    return {f"{prefix}from": start.isoformat(), f"{prefix}to": end.isoformat()}
