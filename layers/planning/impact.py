"""What changes hands when a plan is published: open cases, entities and addresses, counted by from and to, and row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from data import audit
from data.errors import Invalid
from data.scope import scope_of
from gis.partition import Partition
from layers.planning import lineage, plans, points, queries
from layers.planning.state import STATES, State

PAGE = 200
_ROWS = {
    "open_incidents": text("""
        select incident_id::text as id, case_no as number, title as name, st_x(geom) as lon, st_y(geom) as lat, 0 as households
        from incident where town_id = :town_id and is_open and geom is not null order by case_no
    """),
    "entities": text("""
        select entity_id::text as id, uscc as number, name, st_x(geom) as lon, st_y(geom) as lat, 0 as households
        from market_entity where town_id = :town_id and status <> 'closed' and geom is not null order by uscc
    """),
    "addresses": text("""
        select address_id::text as id, plate_id as number, coalesce(full_text, concat_ws(' ', natural_village, road, number)) as name,
            st_x(geom) as lon, st_y(geom) as lat, households
        from address where town_id = :town_id order by plate_id
    """),
}
KINDS = tuple(_ROWS)


@dataclass(frozen=True)
class Change:
    """Leaves of a draft under the codes they are published with.

    Attributes
    ----------
    names : final code of each changed leaf, by its code in the draft.
    """

    state: State
    shares: list[lineage.Share]
    names: dict[str, str]


def change(session: Session, state: State) -> Change:
    """Return what a plan changes, with the codes of its leaves once it is published."""
    found = lineage.shares(state.base.part, state.part, state.base.measure)
    params = {"town_id": scope_of(session).town_id, "plan_id": state.plan_id}
    taken = set(session.execute(queries.AREA_CODES, params).scalars())
    return Change(state, found, lineage.final_codes(found, state.base.part, state.part, taken))


def moved(session: Session, what: Change, kind: str) -> pd.DataFrame:
    """Return the rows of a kind that change hands, with ``from`` and ``to``: codes of leaves today and then."""
    points.require_town(session)
    result = session.execute(_ROWS[kind], {"town_id": scope_of(session).town_id})
    rows = pd.DataFrame(result.mappings().all(), columns=list(result.keys()))
    if rows.empty:
        return rows.assign(**{"from": pd.Series(dtype=object), "to": pd.Series(dtype=object)})
    lon, lat = rows["lon"].to_numpy(float), rows["lat"].to_numpy(float)
    rows["from"] = _codes(what.state.base.part, lon, lat)
    rows["to"] = [lineage.renumbered(code, what.names) for code in _codes(what.state.part, lon, lat)]
    changed = rows["from"].astype(object) != rows["to"].astype(object)
    both_none = rows["from"].isna() & rows["to"].isna()
    return rows[changed & ~both_none].sort_values(["from", "to", "number"]).reset_index(drop=True)


def _codes(part: Partition, lon: np.ndarray, lat: np.ndarray) -> list[str | None]:
    names = (*part.leaves, None)
    return [names[k] for k in points.leaf_numbers(part, lon, lat)]


def open_count(session: Session, what: Change) -> int:
    """Return how many open cases change hands."""
    return len(moved(session, what, "open_incidents"))


def impact(session: Session, plan_id: UUID, kind: str | None = None, cursor: str | None = None) -> dict[str, Any]:
    """Return counts by from and to; with a kind also its rows, page by page.

    Raises
    ------
    Invalid
        ``filter.value``, ``filter.cursor``.
    """
    if kind is not None and kind not in KINDS:
        raise Invalid("filter.value", f"kind is of {', '.join(KINDS)}", fields={"kind": ", ".join(KINDS)})
    if cursor is not None and not (cursor.isdecimal() and len(cursor) < 9):
        raise Invalid("filter.cursor", "not a cursor of this list", fields={"cursor": "unknown"})
    plan = plans.require(session, plan_id)
    what = change(session, STATES.get(session, plan, plan.version))
    rows = {name: moved(session, what, name) for name in KINDS}
    pairs: dict[tuple[str, str], Counter[str]] = {}
    for name, found in rows.items():
        for old, new, households in zip(found["from"], found["to"], found["households"], strict=True):
            count = pairs.setdefault((old, new), Counter())
            count[name] += 1
            count["households"] += int(households)
    told = {
        "version": plan.version,
        "codes": {code: name for code, name in what.names.items() if code != name},
        "counts": {name: len(found) for name, found in rows.items()},
        "pairs": [
            {"from": old, "to": new, **{name: count[name] for name in (*KINDS, "households")}}
            for (old, new), count in sorted(pairs.items(), key=lambda one: (str(one[0][0]), str(one[0][1])))
        ],
    }
    return told if kind is None else told | _page(rows[kind], int(cursor or 0))


def _page(rows: pd.DataFrame, start: int) -> dict[str, Any]:
    page = rows.iloc[start : start + PAGE]
    more = start + PAGE < len(rows)
    return {"rows": page.to_dict("records"), "next": str(start + PAGE) if more else None}


def layers(session: Session, plan_id: UUID) -> dict[str, gpd.GeoDataFrame]:
    """Return the lists as tables with places (EPSG:4490), for a file. Needs ``export`` too; is written to the record."""
    scope_of(session).require("export")
    plan = plans.require(session, plan_id)
    what = change(session, STATES.get(session, plan, plan.version))
    rows = {name: moved(session, what, name) for name in KINDS}
    audit.record(session, "plan.export", "plan", plan_id, detail={name: len(found) for name, found in rows.items()})
    return {
        name: gpd.GeoDataFrame(found, geometry=gpd.points_from_xy(found["lon"], found["lat"]), crs=4490)
        for name, found in rows.items()
    }
