"""Reports come in, and people in triage put them where they belong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data import clock
from data.errors import Invalid, NotFound
from data.receipt import body_hash
from data.scope import scope_of
from data.session import call
from data.uuid7 import uuid7
from layers.address import proposal
from layers.address import service as address
from layers.address.locating import known
from layers.address.place import Place
from layers.incident import queries, timing
from layers.incident.book import TownBook, book
from layers.incident.conflict import conflict
from layers.incident.draft import Draft, Placing
from layers.incident.rules import Suggestion, suggest

# Why a text was not placed: its words were not known, or not well enough.
WORDS_UNKNOWN = frozenset({"place_not_found", "ambiguous", "vague"})


@dataclass(frozen=True)
class Reported:
    """What a report was answered with; ``repeated`` when this client id had been answered before."""

    answer: dict[str, Any]
    repeated: bool


def report(
    session: Session,
    draft: Draft,
    *,
    client_id: str | None = None,
    query_code: Callable[[UUID], str] | None = None,
) -> Reported:
    """Takes a report in: finds its place, suggests who should have it, sets the time to accept it.

    Whoever may ``report`` may call it, the public too. Writes receipt, incident, reporter and log in one call of the
    database, which emits the event ``incident``/``created``. That call is a transaction of its own when the session has
    done nothing yet (`data.session.call`), else part of the session's. A place that cannot be found or believed is kept as given
    with the reason in ``triage_reason``.

    Parameters
    ----------
    client_id
        The same one with the same body returns the first answer; ``draft.id`` serves when it is None.
    query_code
        For reporters without login: makes the code from the incident's id, by which they ask later.

    Raises
    ------
    Invalid
        ``request.invalid``: no such category.
    Conflict
        ``receipt.conflict``: the client id came with another body; ``database.duplicate``: the id exists already.
    """
    town = book(session)
    moment = clock.now()
    place = find_place(session, draft)
    suggestion = suggest(f"{draft.title}\n{draft.description}", draft.channel, town.rules)
    identifier = draft.id or uuid7()
    told = client_id or (str(draft.id) if draft.id else None)
    told_of_suggestion = suggestion.as_json()
    body = {
        "id": str(identifier),
        "now": moment.isoformat(),
        **({"client_id": told, "body_hash": body_hash(draft.model_dump(mode="json")).hex()} if told else {}),
        **_words(draft, moment),
        **_destination(draft, suggestion, town, moment),
        **_place_columns(draft, place),
        **_reporter(draft, query_code(identifier) if query_code else None),
        "suggestion": told_of_suggestion,
        "answer": {
            "place": place_answer(draft, place),
            "grid_shares": _shares(place),
            "suggestion": told_of_suggestion,
        },
    }
    answer = call(session, queries.SUBMIT, {"report": json.dumps(body, ensure_ascii=False, default=str)})
    repeated = bool(answer.pop("repeated", False))
    if query_code:
        answer["query_code"] = query_code(UUID(answer["id"]))
    likely = body["category_id"] or town.id_of(suggestion.category)
    answer["duplicates"] = _duplicates_of_report(session, town, draft, place, likely, moment, answer["id"])
    return Reported(answer, repeated)


def find_place(session: Session, draft: Draft) -> Place:
    """Where a report lies: by its coordinate, or by its address when that is all, or all that can be believed."""
    by_point = by_text = None
    if draft.lon is not None and draft.lat is not None:
        by_point = address.locate(session, draft.lon, draft.lat, draft.crs, draft.accuracy_m)
        if by_point.triage_reason is None or not draft.address:
            return by_point
    if draft.address:
        by_text = address.geocode(session, draft.address).place
        if by_point is None or by_text.triage_reason is None:
            return by_text
    return by_point or Place(triage_reason="no_place")


def _words(draft: Draft, moment: datetime) -> dict[str, Any]:
    occurred = draft.occurred_at or moment
    return {
        "title": draft.title,
        "description": draft.description,
        "channel": draft.channel,
        "occurred_at": occurred.isoformat(),
        "client_at": draft.client_at.isoformat() if draft.client_at else None,
        "external_ref": draft.external_ref,
    }


def _destination(draft: Draft, found: Suggestion, town: TownBook, moment: datetime) -> dict[str, Any]:
    """Category, platform and lead organisation: as the reporter says, else as suggested with enough confidence."""
    code = draft.category
    if code is not None and code not in town.ids:
        fault = {"field": "category", "code": "unknown", "message": f"no category {code}"}
        raise Invalid("request.invalid", "the request has faults", faults=[fault])
    if code is None and found.confidence >= town.min_confidence:
        code = found.category
    category = town.rules.categories[code] if code else None
    category_id, lead_org_id, _ = town.ids[code] if code else (None, None, None)
    urgency = category.urgency if category else "U3"
    clocks = timing.begin(moment, urgency, town.time_limits, town.handle_limits.get(code or ""))
    stage = clocks.stage or clocks.whole
    return {
        "category_id": category_id,
        "platform_code": category.platform if category else None,
        "lead_org_id": lead_org_id,
        "urgency": urgency,
        "amber_at": stage.amber_at,
        "due_at": stage.due_at,
        "whole_due_at": clocks.whole.due_at,
        "clocks": timing.as_json(clocks),
    }


def _shares(place: Place) -> list[dict[str, Any]]:
    return [share.as_dict() for share in place.shares]


def _how(place: Place) -> dict[str, Any]:
    return {**place.how, **({"suggested_crs": place.suggested_crs} if place.suggested_crs else {})}


def place_answer(draft: Draft, place: Place) -> dict[str, Any]:
    """The place as given and as found, for the reporter and the case."""
    return {
        "raw_lon": draft.lon,
        "raw_lat": draft.lat,
        "source_crs": draft.crs,
        "accuracy_m": draft.accuracy_m,
        "lon": place.lon,
        "lat": place.lat,
        "level": place.level,
        "score": round(place.score, 3),
        "radius_m": place.radius_m,
        "how": _how(place),
    }


def _place_columns(draft: Draft, place: Place) -> dict[str, Any]:
    return {
        "raw_lon": draft.lon,
        "raw_lat": draft.lat,
        "source_crs": draft.crs,
        "accuracy_m": draft.accuracy_m,
        "provider": draft.provider,
        "address_text": draft.address,
        "lon": place.lon,
        "lat": place.lat,
        "place_level": place.level,
        "place_score": place.score,
        "radius_m": place.radius_m,
        "place_how": _how(place),
        "grid_shares": _shares(place),
        "triage_reason": place.triage_reason,
    }


def _reporter(draft: Draft, code: str | None) -> dict[str, Any]:
    given = draft.reporter
    if given is None and code is None:
        return {}
    named = given is not None and not given.anonymous
    return {
        "reporter": {
            "name": given.name or None if named and given else None,
            "phone": given.phone or None if named and given else None,
            "anonymous": not named,
            "query_code_hash": hash_of_code(code).hex() if code else None,
        }
    }


def hash_of_code(code: str) -> bytes:
    """What is stored of a query code; upper and lower case and dashes are the same."""
    return hashlib.sha256(code.replace("-", "").strip().upper().encode()).digest()


def _duplicates_of_report(
    session: Session,
    town: TownBook,
    draft: Draft,
    place: Place,
    category_id: int | None,
    moment: datetime,
    identifier: str,
) -> list[dict[str, Any]]:
    """Likely duplicates, for staff only: the public does not see the reports of others."""
    if scope_of(session).user_id is None or place.lon is None or place.lat is None:
        return []
    return duplicates(
        session,
        town,
        incident_id=identifier,
        title=draft.title,
        category_id=category_id,
        lon=place.lon,
        lat=place.lat,
        accuracy_m=draft.accuracy_m,
        moment=moment,
    )


def duplicates(
    session: Session,
    town: TownBook,
    *,
    incident_id: Any,
    title: str,
    category_id: int | None,
    lon: float,
    lat: float,
    accuracy_m: float | None,
    moment: datetime,
) -> list[dict[str, Any]]:
    """Incidents of the caller's scope that are likely the same one, the likeliest first; five at most.

    Within 50 m plus both accuracies and 24 h before or after ``moment``, of the same minor class, decided or suggested, or
    with a like title (pack settings). lon, lat EPSG:4490; ``distance_m`` in the metric CRS of the town.
    """
    limits = town.duplicates
    reach_m = limits.within_m + min(accuracy_m or 0.0, limits.accuracy_most_m)
    found = session.execute(
        queries.DUPLICATES,
        {
            "incident_id": str(incident_id),
            "title": title,
            "category_id": category_id,
            "lon": lon,
            "lat": lat,
            "reach_m": reach_m,
            "moment": moment,
            "within_h": limits.within_h,
            "likeness": limits.likeness,
            "accuracy_most_m": limits.accuracy_most_m,
        },
    )
    return [_duplicate(row) for row in found]


def _duplicate(row: Row) -> dict[str, Any]:
    return {
        **row._mapping,
        "id": str(row.id),
        "distance_m": float(row.distance_m),
        "photo": f"/api/v1/photos/{row.photo}?size=thumb" if row.photo else None,
    }


def place(session: Session, incident_id: UUID, picked: Placing) -> int:
    """Puts an incident where a person in triage says it is; returns its new version.

    Needs ``triage`` or ``accept``. The place as given stays; the log says who moved it, from where and why. Emits
    ``incident``/``updated``. Words that the geocoder did not know are proposed as a name of the picked point.

    Raises
    ------
    NotFound
        ``incident.not_found``: not there or outside the scope.
    Conflict
        ``incident.version_conflict``: somebody changed it; detail has the version and state now.
    Invalid
        ``place.not_usable``: the picked coordinate cannot be read, the grid is unknown, or nothing was suggested.
    """
    row = session.execute(queries.ONE, {"incident_id": incident_id}).one_or_none()
    if row is None:
        raise NotFound("incident.not_found", "there is no such incident here")
    found = _picked_place(session, row, picked)
    session.execute(queries.SET_REASON, {"reason": picked.reason})
    values = {
        "incident_id": incident_id,
        "version": picked.version,
        "town_id": row.town_id,
        "lon": found.lon,
        "lat": found.lat,
        "level": found.level,
        "score": found.score,
        "radius_m": found.radius_m,
        "how": json.dumps({**_how(found), "picked": True}, ensure_ascii=False),
        "shares": json.dumps(_shares(found), ensure_ascii=False),
        "triage": found.triage_reason,
        "moment": clock.now(),
        "occurred": row.occurred_at,
    }
    version = session.execute(queries.PLACE, values).scalar_one_or_none()
    if version is None:
        raise conflict(session, incident_id)
    if (
        picked.lon is not None
        and row.triage_reason in WORDS_UNKNOWN
        and found.lon is not None
        and found.lat is not None
    ):
        proposal.propose(session, row.address_text, found.lon, found.lat)
    return version


def _picked_place(session: Session, row: Row, picked: Placing) -> Place:
    if picked.grid is not None:
        return _grid_place(session, row.town_id, picked.grid)
    if picked.accept_suggestion:
        found = _suggested_place(session, row)
    else:
        found = address.locate(session, float(picked.lon or 0), float(picked.lat or 0), picked.crs, None)
    if found.lon is None:
        raise Invalid("place.not_usable", "this place cannot be used", reason=found.triage_reason)
    return found


def _suggested_place(session: Session, row: Row) -> Place:
    suggested = (row.place_how or {}).get("suggested_crs")
    if row.triage_reason == "swapped" and row.raw_lon is not None:
        crs = suggested or (row.source_crs if known(row.source_crs) else "wgs84")
        return address.locate(session, row.raw_lat, row.raw_lon, crs, row.accuracy_m)
    if suggested and row.raw_lon is not None:
        return address.locate(session, row.raw_lon, row.raw_lat, suggested, row.accuracy_m)
    raise Invalid("place.not_usable", "nothing was suggested for this place", reason="no_suggestion")


def _grid_place(session: Session, town_id: int, code: str) -> Place:
    point = session.execute(queries.AREA_POINT, {"town_id": town_id, "code": code}).one_or_none()
    if point is None:
        raise Invalid("place.not_usable", f"there is no grid {code}", reason="unknown_grid")
    return Place(lon=point.lon, lat=point.lat, level="grid", score=0.3, radius_m=point.radius_m, how={"grid": code})
