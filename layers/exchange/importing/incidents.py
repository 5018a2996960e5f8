"""Import of incidents: each finds its grid of then and of now; what cannot be placed waits for triage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from data import clock
from data.uuid7 import uuid7
from layers.area.index import History
from layers.exchange import queries
from layers.exchange.importing import places
from layers.exchange.importing.report import Imported
from layers.exchange.importing.sheet import Piece
from layers.exchange.importing.tables import Importer
from layers.incident.book import book
from layers.incident.clock import STAGE_OF_STATE
from layers.incident.rules import Suggestion, suggest

_STATES = frozenset({
    "reported", "verifying", "accepted", "declined", "merged", "filed", "dispatched", "returned", "handling",
    "suspended", "transferred_up", "awaiting_inspection", "closed", "evaluated", "archived", "voided",
})  # fmt: skip
_CLOSED_WORDS = frozenset({"closed", "resolved", "done", "finished", "结案", "已结案", "办结", "已办结", "已完成"})
_SENT_ROWS = 5_000
_COMPARED = ("title", "description", "category", "address", "reported_at", "occurred_at")
_TIMES = ("reported_at", "occurred_at", "closed_at", "due_at")


class Incidents(Importer):
    """Incidents by their external id: one that is there already changes nothing, and is rejected if it differs.

    Parameters
    ----------
    keep : columns of the file, by their own names, that are kept as attributes.
    """

    def __init__(
        self,
        session: Session,
        imported: Imported,
        crs: str | None,
        accuracy_m: float | None,
        keep: tuple[str, ...] = (),
    ) -> None:
        super().__init__(session, imported, crs, accuracy_m)
        self.keep = keep
        self.town = book(session)
        self.zone = ZoneInfo(self.town.timezone)
        self.history = History(session)
        self.orgs = self.codes(queries.ORG_IDS)
        self.platforms = set(session.execute(queries.PLATFORM_CODES, {"town_id": self.town_id}).scalars())
        self.suggested: dict[tuple[str, str], Suggestion] = {}

    def take(self, piece: Piece) -> None:
        times, faults = self._times(piece)
        placed, place_faults = places.find(self.session, piece, self.crs, self.accuracy_m, self.imported)
        faults |= place_faults
        occurred = pd.DatetimeIndex(times["occurred_at"].fillna(pd.Timestamp(clock.now())))
        grid_then, version_then = self.history.locate(placed.lon, placed.lat, occurred)
        texts = {name: _texts(moments) for name, moments in times.items()}
        bodies: list[dict[str, Any]] = []
        for n, number in enumerate(piece.cells.index):
            record = piece.record(n)
            reason = faults.get(n) or self._refusal(record)
            if reason:
                self.imported.reject(int(number), reason, piece.origin(number))
                continue
            body = {
                "n": int(number),
                **self._words(record, piece, n),
                **self._case(record),
                **{name: texts[name][n] for name in _TIMES},
                **_place(placed, n),
                "grid_id": int(grid_then[n]) if grid_then[n] >= 0 else None,
                "grid_version_id": int(version_then[n]) if version_then[n] >= 0 else None,
                "grid_now_id": placed.grid_id(n),
            }
            body["state"] = _state(record, body["closed_at"])
            body["given"] = _given(record, body)
            if body["due_at"] is None and body["state"] in STAGE_OF_STATE:
                body |= self._limit(body, times["reported_at"][n])
            # who handles an open case may still follow the suggestion; of a finished one it tells nothing
            suggestion = body["suggestion"]
            body["suggestion"] = suggestion.as_json() if suggestion and body["state"] == "reported" else {}
            bodies.append(body)
        self._send(piece, bodies)

    def _times(self, piece: Piece) -> tuple[dict[str, pd.DatetimeIndex], dict[int, str]]:
        """Return each time column in UTC; a time without a zone is the town's own."""
        faults: dict[int, str] = {}
        times = {}
        for name in _TIMES:
            moments, wrong = read_times(piece.column(name), self.zone)
            faults |= {
                n: f"{name}: {piece.column(name)[n][:40]} is no time; write 2026-03-17T14:32 or 2026/3/17 14:32"
                for n in wrong
            }
            times[name] = moments
        given = times["occurred_at"].notna()
        times["occurred_at"] = pd.DatetimeIndex(times["occurred_at"].where(given, times["reported_at"]))
        missing = np.flatnonzero(times["reported_at"].isna())
        faults |= {int(n): faults.get(int(n), "reported_at is empty and must not be") for n in missing}
        ahead = np.flatnonzero(times["reported_at"] > pd.Timestamp(clock.now()) + pd.Timedelta(minutes=5))
        faults |= {int(n): "reported_at lies in the future" for n in ahead}
        return times, faults

    def _refusal(self, record: Mapping[str, str]) -> str | None:
        if not record.get("title"):
            return "title is empty and must not be"
        if len(record.get("description", "")) > 10_000 or len(record.get("address", "")) > 10_000:
            return "description or address is longer than 10,000 characters"
        if (org := record.get("lead_org")) and org not in self.orgs:
            return f"lead_org: there is no organisation {org}"
        if (platform := record.get("platform")) and platform not in self.platforms:
            return f"platform: there is no platform {platform}"
        if (urgency := record.get("urgency")) and urgency not in ("U1", "U2", "U3", "U4"):
            return f"urgency: {urgency} is none of U1, U2, U3, U4"
        return None

    def _words(self, record: Mapping[str, str], piece: Piece, n: int) -> dict[str, Any]:
        external = record.get("id") or "row:" + hashlib.sha256("\x1f".join(piece.raw_rows[n]).encode()).hexdigest()[:24]
        origin = dict(zip(piece.raw.columns, piece.raw_rows[n], strict=True)) if self.keep else {}
        attributes = {name: origin[name] for name in self.keep if origin.get(name)}
        if record.get("category") and record["category"] not in self.town.ids:
            attributes["category_given"] = record["category"]
        title = record["title"]
        return {
            "incident_id": str(uuid7()),
            "external_ref": external,
            "case_no": record.get("case_no"),
            "title": title if len(title) <= 200 else title[:199] + "…",
            "description": record.get("description", ""),
            "channel": record.get("channel", "import")[:100],
            "address_text": record.get("address"),
            "reporter_name": record.get("reporter_name", "")[:100] or None,
            "reporter_phone": record.get("reporter_phone", "")[:40] or None,
            "attributes": attributes,
        }

    def _case(self, record: Mapping[str, str]) -> dict[str, Any]:
        """Return category, platform, lead organisation and urgency: as given, else as suggested with confidence."""
        code = record.get("category")
        found = None
        if code not in self.town.ids:
            found = self._suggest(record)
            code = found.category if found and found.confidence >= self.town.min_confidence else None
        category = self.town.rules.categories[code] if code else None
        category_id, lead_org_id, _ = self.town.ids[code] if code else (None, None, None)
        return {
            "category_id": category_id,
            "platform_code": record.get("platform") or (category.platform if category else None),
            "lead_org_id": self.orgs.get(record.get("lead_org", ""), lead_org_id),
            "urgency": record.get("urgency") or (category.urgency if category else "U3"),
            "suggestion": found if found and found.category else None,
        }

    def _limit(self, body: Mapping[str, Any], reported_at: pd.Timestamp) -> dict[str, str | None]:
        """Return amber moment and deadline of the stage an open case is in, as of a live report that came then."""
        stage = STAGE_OF_STATE[body["state"]]
        amber_at, due_at = self.town.stage_times(stage, body["urgency"], reported_at.to_pydatetime())
        return {
            "amber_at": amber_at.isoformat() if amber_at else None,
            "due_at": due_at.isoformat() if due_at else None,
        }

    def _suggest(self, record: Mapping[str, str]) -> Suggestion | None:
        if not self.town.rules.categories:
            return None
        key = (f"{record['title']}\n{record.get('description', '')}", record.get("channel", ""))
        if key not in self.suggested:
            if len(self.suggested) > 50_000:
                self.suggested.clear()
            self.suggested[key] = suggest(key[0], key[1] or None, self.town.rules)
        return self.suggested[key]

    def _send(self, piece: Piece, bodies: list[dict[str, Any]]) -> None:
        bodies = [body for body in bodies if self._first(body, piece)]
        for start in range(0, len(bodies), _SENT_ROWS):
            part = bodies[start : start + _SENT_ROWS]
            triage = {body["n"] for body in part if body["triage_reason"]}
            rows = json.dumps(part, ensure_ascii=False)
            for n, outcome, fields in self.session.execute(queries.SUBMIT_INCIDENTS, {"rows": rows}).all():
                if outcome == "added":
                    self.imported.added += 1
                    self.imported.triage += n in triage
                elif outcome == "repeated":
                    self.imported.unchanged += 1
                elif outcome == "differs":
                    self.imported.reject(n, f"differs from what is there: {', '.join(fields)}", piece.origin(n))
                else:
                    self.imported.reject(n, "case_no is the number of another case", piece.origin(n))

    def _first(self, body: Mapping[str, Any], piece: Piece) -> bool:
        """A row that repeats an id of this file is told, not counted twice."""
        return self.checker.is_new(body["n"], body["external_ref"], piece)


def read_times(cells: list[str], zone: ZoneInfo) -> tuple[pd.DatetimeIndex, list[int]]:
    """Return texts as times in UTC (NaT where empty), and the positions of what is no time.

    A text without a zone is the wall time of `zone`; of the hour that comes twice in autumn the first is meant.
    """
    texts = pd.Series(cells, dtype=object)
    filled = texts[texts != ""]
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns, UTC]")
    zoned = filled.str.contains(r"(?:[Zz]|[+-]\d\d:?\d\d)$", regex=True) & filled.str.contains(":", regex=False)
    with_zone = pd.to_datetime(filled[zoned], format="mixed", errors="coerce", utc=True)
    naive = pd.to_datetime(filled[~zoned], format="mixed", errors="coerce")
    local = naive.dt.tz_localize(zone, ambiguous=np.ones(len(naive), dtype=bool), nonexistent="shift_forward")
    out.loc[with_zone.index] = with_zone.astype("datetime64[ns, UTC]")
    out.loc[local.index] = local.dt.tz_convert("UTC").astype("datetime64[ns, UTC]")
    wrong = filled.index[out.loc[filled.index].isna()]
    return pd.DatetimeIndex(out), [int(n) for n in wrong]


def _texts(moments: pd.DatetimeIndex) -> list[str | None]:
    """Return times as RFC 3339 text, all at once."""
    values = moments.tz_convert(None).to_numpy().astype("datetime64[ms]")
    texts = np.datetime_as_string(values, timezone="UTC")
    return [None if missing else str(text) for text, missing in zip(texts, np.isnat(values), strict=True)]


def _state(record: Mapping[str, str], closed_at: str | None) -> str:
    given = record.get("state", "").strip().lower()
    if given in _STATES:
        return given
    return "closed" if closed_at or given in _CLOSED_WORDS else "reported"


def _given(record: Mapping[str, str], body: Mapping[str, Any]) -> list[str]:
    """Return what a row says itself, so that it can be held against what is there."""
    given = [name for name in _COMPARED if name in record]
    if body["raw_lon"] is not None:
        given += ["place", "crs"]
    state = record.get("state", "").strip().lower()
    if body["closed_at"] or state in _STATES | _CLOSED_WORDS:
        given.append("state")
    return given


def _place(found: places.Places, n: int) -> dict[str, Any]:
    def number(value: float | None) -> float | None:
        return None if value is None or np.isnan(value) else float(value)

    return {
        "raw_lon": number(found.raw_lon[n]),
        "raw_lat": number(found.raw_lat[n]),
        "source_crs": found.crs[n] if number(found.raw_lon[n]) is not None else None,
        "accuracy_m": number(found.accuracy_m[n]),
        "lon": number(found.lon[n]),
        "lat": number(found.lat[n]),
        "place_level": found.level[n],
        "place_score": found.score[n],
        "radius_m": found.radius_m[n],
        "place_how": found.how[n],
        "grid_shares": found.shares[n],
        "triage_reason": found.reason[n] or (None if number(found.lon[n]) is not None else "no_place"),
    }
