"""One search box over everything the caller may see: case numbers, titles, entities, sites, areas, addresses."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import scope_of
from layers.address import service as addresses

MAX_LENGTH = 200

# Shorter needles than a trigram cannot use the index; the newest rows are looked through, so the cost stays bounded.
_INCIDENTS = text("""
select incident_id::text as id, case_no, title, state, st_x(geom) as lon, st_y(geom) as lat, reported_at
from scoped_incident where incident_words(title, address_text, case_no) ilike :needle order by reported_at desc, seq desc limit :n
""")
_RECENT_INCIDENTS = text("""
select incident_id::text as id, case_no, title, state, st_x(geom) as lon, st_y(geom) as lat, reported_at
from (select * from scoped_incident order by reported_at desc, seq desc limit 20000) recent
where title ilike :needle order by reported_at desc, seq desc limit :n
""")
_CASES = text("""
select incident_id::text as id, case_no, title, state, st_x(geom) as lon, st_y(geom) as lat, reported_at
from scoped_incident where case_no >= :number and case_no < :number || ':' order by case_no desc limit :n
""")
# The number a case has in the system it came from, or at the county.
_IMPORTED = text("""
select incident_id::text as id, case_no, title, state, st_x(geom) as lon, st_y(geom) as lat, reported_at
from scoped_incident where external_ref = :exact or county_ref = :exact order by reported_at desc, seq desc limit :n
""")
_ENTITIES = text("""
select entity_id::text as id, name, uscc, kind, address_text, st_x(geom) as lon, st_y(geom) as lat
from scoped_market_entity where name ilike :needle or uscc = upper(:exact) order by length(name), name limit :n
""")
_SITES = text("""
select code as id, name, name_en, address_text, st_x(geom) as lon, st_y(geom) as lat
from scoped_service_site where name ilike :needle or name_en ilike :needle order by length(name), name limit :n
""")
_AREAS = text("""
select level, code as id, name, name_en, st_x(label_point) as lon, st_y(label_point) as lat,
    array[st_xmin(geom), st_ymin(geom), st_xmax(geom), st_ymax(geom)] as bbox
from scoped_area where name ilike :needle or name_en ilike :needle or code like :prefix
order by code = :exact desc, level = 'village' desc, length(name), code limit :n
""")


def like(needle: str) -> str:
    """Return a LIKE pattern that contains the needle literally."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", needle) + "%"


def search(
    session: Session, query: str, limit: int = 20, near: tuple[float, float] | None = None
) -> list[dict[str, Any]]:
    """Return hits, best first: kind, id, title, subtitle, lon, lat (EPSG:4490, None when unplaced), score, bbox?.

    An empty query gives none. Nothing outside the session's scope is found.
    """
    query = query.strip()[:MAX_LENGTH].replace("\x00", "")
    if not query:
        return []
    each = max(3, limit // 3)
    values = {"needle": like(query), "exact": query, "prefix": like(query)[1:], "n": each}
    hits = [*_cases(session, query, each)]
    hits += [_area(row) for row in session.execute(_AREAS, values)]
    if scope_of(session).may("view"):
        incidents = _INCIDENTS if len(query) >= 3 else _RECENT_INCIDENTS
        hits += [_incident(row, 0.6) for row in session.execute(incidents, values)]
        hits += [_incident(row, 0.95) for row in session.execute(_IMPORTED, values)]
        hits += [_entity(row) for row in session.execute(_ENTITIES, values)]
    hits += [_site(row) for row in session.execute(_SITES, values)]
    hits += _addresses(session, query, near, each)
    seen: set[tuple[str, str]] = set()
    ranked = []
    for hit in sorted(hits, key=lambda h: -h["score"]):
        if (hit["kind"], hit["id"]) not in seen:
            seen.add((hit["kind"], hit["id"]))
            ranked.append(hit)
    return ranked[:limit]


def _cases(session: Session, query: str, n: int) -> list[dict[str, Any]]:
    number = re.sub(r"\s", "", query)
    if not (number.isdigit() and len(number) >= 9):
        return []
    return [
        _incident(row, 1.0 if row.case_no == number else 0.9)
        for row in session.execute(_CASES, {"number": number, "n": n})
    ]


def _hit(kind: str, row: Any, title: str, subtitle: str | None, score: float, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": row.id,
        "title": title,
        "subtitle": subtitle or "",
        "lon": row.lon,
        "lat": row.lat,
        "score": score,
        **more,
    }


def _incident(row: Any, score: float) -> dict[str, Any]:
    return _hit("incident", row, row.title, row.case_no, score, state=row.state)


def _entity(row: Any) -> dict[str, Any]:
    return _hit("entity", row, row.name, row.address_text or row.uscc, 0.7)


def _site(row: Any) -> dict[str, Any]:
    return _hit("site", row, row.name, row.address_text, 0.75, title_en=row.name_en)


def _area(row: Any) -> dict[str, Any]:
    return _hit(row.level, row, row.name, row.id, 0.85, bbox=row.bbox, title_en=row.name_en)


def _addresses(session: Session, query: str, near: tuple[float, float] | None, n: int) -> list[dict[str, Any]]:
    if query.isdigit():
        return []
    found = addresses.geocode(session, query, near=near, limit=n)
    return [
        {
            "kind": "address" if candidate.level in ("plate", "number_interpolated") else "place",
            "id": f"{candidate.lon:.7f},{candidate.lat:.7f}",
            "title": candidate.label,
            "subtitle": candidate.level,
            "lon": candidate.lon,
            "lat": candidate.lat,
            "radius_m": candidate.radius_m,
            "score": 0.8 * candidate.score,
        }
        for candidate in found.candidates
        if candidate.level not in ("entity", "none")
    ]
