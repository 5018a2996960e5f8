"""Rows of a table with their places: what `onegrid geocode` adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data.errors import Invalid
from layers.address import service as address
from layers.exchange.importing import places
from layers.exchange.importing.columns import Kind, resolve
from layers.exchange.importing.report import Imported
from layers.exchange.importing.sheet import Piece

KIND = Kind("rows", ("lon", "lat", "crs", "accuracy_m", "address", "plate_id"), (), "point")
ADDED = (
    "lon",
    "lat",
    "grid_code",
    "village_code",
    "level",
    "score",
    "radius_m",
    "candidates",
    "reason",
    "suggested_crs",
)
GIVEN = {"lon": "lon_given", "lat": "lat_given"}


def columns_of(names: list[str]) -> dict[str, str]:
    """Return which columns of a table say where its rows lie.

    Raises
    ------
    Invalid : `geocode.no_columns`.
    """
    found = resolve(KIND, names, {})
    if not ({"lon", "lat"} <= set(found) or "address" in found or "plate_id" in found):
        raise Invalid(
            "geocode.no_columns", f"no columns lon and lat, and no address; there are {', '.join(names)}", columns=names
        )
    return found


def geocode(
    session: Session, frame: pd.DataFrame, crs: str | None = None, accuracy_m: float | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return a table of text cells with the columns `ADDED`, rows and index kept, and notes.

    The coordinates as given stand in `lon_given`, `lat_given`; `lon`, `lat` are EPSG:4490, empty where a row cannot be
    placed (`reason` tells why). `candidates` is JSON: places of an address, or grids that the accuracy circle crosses.

    Parameters
    ----------
    frame : columns `lon`, `lat` (`crs`, `accuracy_m`) and/or `address`, `plate_id`, or their Chinese names.
    crs, accuracy_m : of rows that do not say.
    """
    mapping = columns_of([str(name) for name in frame.columns])
    notes = Imported("rows", Path("-"))
    piece = Piece(frame, mapping, None)
    found, faults = places.find(session, piece, crs, accuracy_m, notes)
    candidates = _candidates(session, piece, found)
    leaves = [found.areas.leaves[row] if row >= 0 else None for row in found.row]
    added = {
        "lon": _degrees(found.lon),
        "lat": _degrees(found.lat),
        "grid_code": [leaf.code if leaf else "" for leaf in leaves],
        "village_code": [leaf.village_code or "" if leaf else "" for leaf in leaves],
        "level": found.level,
        "score": [f"{score:.3f}" for score in found.score],
        "radius_m": ["" if radius is None else f"{radius:g}" for radius in found.radius_m],
        "candidates": candidates,
        "reason": ["bad_coordinate" if n in faults else reason or "" for n, reason in enumerate(found.reason)],
        "suggested_crs": [how.get("suggested_crs", "") for how in found.how],
    }
    out = frame.copy()
    for name, kept in GIVEN.items():
        if name in out:
            out[kept] = out[name]
    for name, values in added.items():
        out[name] = np.array(values, dtype=object)
    return out, notes.notes


def _degrees(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.9f}".rstrip("0").rstrip(".") for value in values]


def _candidates(session: Session, piece: Piece, found: places.Places) -> list[str]:
    """Return the candidates of each row as JSON; of a row placed by its text, those of the text."""
    out = [
        "" if not shares else _json([{"grid_code": s["code"], "share": s["share"]} for s in shares])
        for shares in found.shares
    ]
    texts = piece.column("address")
    asked = [
        n
        for n, text in enumerate(texts)
        if text and found.level[n] not in ("coordinate",) and np.isnan(found.raw_lon[n])
    ]
    for n, answer in zip(asked, address.geocode_many(session, [texts[n] for n in asked]), strict=True):
        if (answer.candidates and found.level[n] != "plate") or len(answer.candidates) > 1:
            out[n] = _json(
                [
                    {"label": c.label, "lon": round(c.lon, 7), "lat": round(c.lat, 7), "level": c.level,
                     "score": c.score, "grid_code": c.leaf.code if c.leaf else None}
                    for c in answer.candidates
                    if c.lon is not None and c.lat is not None
                ]
            )  # fmt: skip
    return out


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
