"""Writes the tables of a pack, all but areas and incidents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.address import service as address
from layers.exchange import queries
from layers.exchange.copying import copy_rows
from layers.exchange.pack.check import Pack
from layers.exchange.pack.rows import (
    AddressRow,
    BuildingShape,
    CalendarRow,
    CategoryRow,
    DutyRow,
    EntityRow,
    ExchangeRow,
    ForceRow,
    GazetteerRow,
    LanduseShape,
    LimitRow,
    OrganisationRow,
    PlaceShape,
    PlatformRow,
    RoadShape,
    RoleRow,
    RuleRow,
    SiteRow,
    StaffRow,
    UserRow,
    WaterShape,
)  # fmt: skip
from layers.people import service as people

Step = Callable[[Session, Pack, int], int]


def ids(session: Session, query: Any, town_id: int) -> dict[str, int]:
    """Return code → id of a table of the town."""
    return {row[0]: row[1] for row in session.execute(query, {"town_id": town_id})}


def leaves(session: Session, places: Iterable[tuple[float | None, float | None]]) -> list[int | None]:
    """Return the leaf (`area_id`) of each place, None outside and without a place."""
    xy = np.array([(np.nan, np.nan) if x is None or y is None else (x, y) for x, y in places], dtype=float).reshape(
        -1, 2
    )
    areas, found = address.locate_many(session, xy[:, 0], xy[:, 1], "cgcs2000")
    return [int(areas.ids[row]) if row >= 0 else None for row in found.row]


def point(lon: float | None, lat: float | None) -> shapely.Point | None:
    """Return a point, None without coordinates."""
    return None if lon is None or lat is None else shapely.Point(lon, lat)


def platforms(session: Session, pack: Pack, town_id: int) -> int:
    """Platforms; their managing organisations follow with `organisations`."""
    return put_platforms(session, pack.rows(PlatformRow), town_id)


def put_platforms(session: Session, rows: Sequence[PlatformRow], town_id: int) -> int:
    """Make these the platforms of a town that holds nothing else yet."""
    for row in rows:
        session.execute(queries.PUT_PLATFORM, {**row.model_dump(), "town_id": town_id})
    session.execute(queries.DROP_OTHER_PLATFORMS, {"town_id": town_id, "codes": [row.code for row in rows]})
    return len(rows)


def organisations(session: Session, pack: Pack, town_id: int) -> int:
    """Organisations with their parents, and the platforms they belong to, each with its force."""
    rows = pack.rows(OrganisationRow)
    columns = ("town_id", "code", "name", "kind", "head_name", "head_post", "phone")
    copy_rows(session, "organisation", columns, ((town_id, *(getattr(row, c) for c in columns[1:])) for row in rows))
    children = [row for row in rows if row.parent]
    session.execute(
        queries.SET_PARENT_ORG,
        {"town_id": town_id, "codes": [row.code for row in children], "parents": [row.parent for row in children]},
    )
    managed = {row.code: row.managing_org for row in pack.rows(PlatformRow) if row.managing_org}
    for row in rows:
        if row.is_managing and len(row.platforms) == 1:
            managed.setdefault(row.platforms[0], row.code)
    session.execute(
        queries.SET_MANAGING_ORG, {"town_id": town_id, "platforms": list(managed), "orgs": list(managed.values())}
    )
    _memberships(session, pack, town_id, managed)
    return len(rows)


def _memberships(session: Session, pack: Pack, town_id: int, managed: Mapping[str, str]) -> None:
    org_ids = ids(session, queries.ORG_IDS, town_id)
    forces = {(row.platform, row.org): row.force for row in pack.rows(ForceRow)}
    members = {(platform, row.code) for row in pack.rows(OrganisationRow) for platform in row.platforms}
    members |= set(forces) | {(platform, org) for platform, org in managed.items() if org}
    columns = ("org_id", "town_id", "platform_code", "force", "is_managing")
    rows = (
        (org_ids[org], town_id, platform, forces.get((platform, org)), managed.get(platform) == org)
        for platform, org in sorted(members)
    )
    copy_rows(session, "organisation_platform", columns, rows)


def roles(session: Session, pack: Pack, town_id: int) -> int:
    """Roles with what they may do."""
    return put_roles(session, pack.rows(RoleRow), town_id)


def put_roles(session: Session, rows: Sequence[RoleRow], town_id: int) -> int:
    """Make these the roles of a town; one that an account holds already stays."""
    for row in rows:
        session.execute(
            queries.PUT_ROLE, {**row.model_dump(), "permissions": list(row.permissions), "town_id": town_id}
        )
    session.execute(queries.DROP_OTHER_ROLES, {"town_id": town_id, "codes": [row.code for row in rows]})
    return len(rows)


def staff(session: Session, pack: Pack, town_id: int) -> int:
    """Staff and their duties in areas."""
    org_ids = ids(session, queries.ORG_IDS, town_id)
    columns = ("town_id", "code", "name", "org_id", "post", "phone")
    rows = pack.rows(StaffRow)
    copy_rows(
        session, "staff", columns,
        ((town_id, row.code, row.name, org_ids.get(row.org or ""), row.post, row.phone) for row in rows),
    )  # fmt: skip
    staff_ids, area_ids = ids(session, queries.STAFF_IDS, town_id), ids(session, queries.AREA_IDS, town_id)
    duties = (
        (town_id, area_ids[row.area_code], staff_ids[row.staff], row.role, row.valid_from) for row in pack.rows(DutyRow)
    )
    copy_rows(session, "area_duty", ("town_id", "area_id", "staff_id", "role", "valid_from"), duties)
    return len(rows)


def categories(session: Session, pack: Pack, town_id: int) -> int:
    """Categories, the limits of stages, and the rules of suggestion."""
    org_ids = ids(session, queries.ORG_IDS, town_id)
    columns = ("town_id", "code", "platform_code", "line", "major", "minor", "name", "name_en", "urgency",
               "lead_org_id", "co_org_ids", "limit_value", "limit_unit", "self_handle", "keywords", "filing_condition",
               "closing_condition", "is_public", "legal_basis")  # fmt: skip
    rows = pack.rows(CategoryRow)
    written = (
        (town_id, r.code, r.platform, r.line, r.major, r.minor, r.name, r.name_en, r.urgency,
         org_ids.get(r.lead_org or ""), tuple(org_ids[code] for code in r.co_orgs), r.limit_value,
         r.limit_unit, r.self_handle, r.keywords, r.filing_condition, r.closing_condition, r.public, r.legal_basis)
        for r in rows
    )  # fmt: skip
    copy_rows(session, "category", columns, written)
    limits = ((town_id, r.stage, r.urgency, r.value, r.unit, r.source) for r in pack.rows(LimitRow))
    copy_rows(session, "stage_limit", ("town_id", "stage", "urgency", "value", "unit", "source"), limits)
    category_ids = ids(session, queries.CATEGORY_IDS, town_id)
    rules = (
        (town_id, r.code, r.words, r.not_words, r.channel, category_ids[r.category], r.weight)
        for r in pack.rows(RuleRow)
    )
    names = ("town_id", "code", "words", "not_words", "channel", "category_id", "weight")
    copy_rows(session, "suggestion_rule", names, rules)
    return len(rows)


def calendar(session: Session, pack: Pack, town_id: int) -> int:
    """Working days with their periods."""
    columns = ("town_id", "day", "is_workday", "periods", "name", "source", "provisional")
    rows = ((town_id, *(getattr(row, name) for name in columns[1:])) for row in pack.rows(CalendarRow))
    return copy_rows(session, "work_calendar", columns, rows)


def exchange(session: Session, pack: Pack, town_id: int) -> int:
    """What codes are called in the system above."""
    rows = ((town_id, row.kind, row.ours, row.theirs) for row in pack.rows(ExchangeRow))
    return copy_rows(session, "exchange_code", ("town_id", "kind", "ours", "theirs"), rows)


def base(session: Session, pack: Pack, town_id: int) -> int:
    """Roads, water, land use, buildings, places."""
    roads = (
        (town_id, shape.name, shape.road_class, part)
        for _, shape, line in pack.shapes[RoadShape]
        for part in getattr(line, "geoms", (line,))
    )
    count = copy_rows(session, "road", ("town_id", "name", "class", "geom"), roads)
    themes = ((WaterShape, "water"), (LanduseShape, "landuse"), (BuildingShape, "building"), (PlaceShape, "place"))
    features = (
        (
            town_id, theme, getattr(shape, "kind", theme), getattr(shape, "name", None),
            getattr(shape, "name_en", None), getattr(shape, "min_zoom", 0), getattr(shape, "plate_id", None), geometry,
        )
        for kind, theme in themes
        for _, shape, geometry in pack.shapes[kind]
    )  # fmt: skip
    columns = ("town_id", "theme", "kind", "name", "name_en", "min_zoom", "external_ref", "geom")
    return count + copy_rows(session, "base_feature", columns, features)


def addresses(session: Session, pack: Pack, town_id: int) -> int:
    """Door plates, each in its leaf, and the names of places."""
    rows = pack.rows(AddressRow)
    grid_ids = leaves(session, ((row.lon, row.lat) for row in rows))
    columns = ("town_id", "plate_id", "village_code", "natural_village", "villager_group", "road", "number",
               "households", "residents", "geom", "grid_id")  # fmt: skip
    written = (
        (town_id, *(getattr(row, name) for name in columns[1:9]), shapely.Point(row.lon, row.lat), grid)
        for row, grid in zip(rows, grid_ids, strict=True)
    )
    count = copy_rows(session, "address", columns, written)
    names = (
        (town_id, r.kind, r.name, r.aliases, r.village_code, r.target, r.radius_m, point(r.lon, r.lat))
        for r in pack.rows(GazetteerRow)
    )
    name_columns = ("town_id", "kind", "name", "aliases", "village_code", "target", "radius_m", "geom")
    return count + copy_rows(session, "gazetteer_name", name_columns, names)


def entities(session: Session, pack: Pack, town_id: int) -> int:
    """Market entities; one without coordinates lies at its door plate, one with neither waits for triage.

    Their dates move with the pack's anchor, as its incidents do: else all inspections would be late some months on.
    """
    moved = timedelta(weeks=pack.weeks)
    plates = {row.plate_id: (row.lon, row.lat) for row in pack.rows(AddressRow)}
    rows = pack.rows(EntityRow)
    places = [
        (row.lon, row.lat) if row.lon is not None else plates.get(row.plate_id or "", (None, None)) for row in rows
    ]
    grid_ids = leaves(session, places)
    own = ("uscc", "name", "kind", "licence_no", "licence_until", "status", "plate_id", "risk_level", "credit_level",
           "territorial_responsible", "regulator_responsible", "own_responsible", "last_inspected_on",
           "next_inspection_on")  # fmt: skip
    columns = ("town_id", "platform_code", "address_text", "geom", "grid_id", "triage_reason", *own)
    written = (
        (
            town_id, row.platform, row.address, point(*place), grid,
            None if grid else "outside_town" if place[0] is not None else "no_place",
            *(value + moved if isinstance(value := getattr(row, name), date) else value for name in own),
        )
        for row, place, grid in zip(rows, places, grid_ids, strict=True)
    )  # fmt: skip
    return copy_rows(session, "market_entity", columns, written)


def sites(session: Session, pack: Pack, town_id: int) -> int:
    """Service sites."""
    org_ids = ids(session, queries.ORG_IDS, town_id)
    rows = pack.rows(SiteRow)
    grid_ids = leaves(session, ((row.lon, row.lat) for row in rows))
    columns = ("town_id", "code", "name", "name_en", "kind", "platform_code", "org_id", "address_text", "hours",
               "phone", "geom", "grid_id")  # fmt: skip
    written = (
        (town_id, r.code, r.name, r.name_en, r.kind, r.platform, org_ids.get(r.org or ""), r.address, r.hours, r.phone,
         shapely.Point(r.lon, r.lat), grid)
        for r, grid in zip(rows, grid_ids, strict=True)
    )  # fmt: skip
    return copy_rows(session, "service_site", columns, written)


def users(session: Session, pack: Pack, password: str) -> int:
    """Accounts of the demo; several rows of one user are several posts, of which the first makes the account."""
    rows = pack.rows(UserRow)
    first = {row.username: row for row in reversed(rows)}
    made = [
        people.NewUser(
            username=row.username, name=row.name, role=row.role, org=row.org, areas=row.areas, password=password,
            keep_password=True,
        )
        for row in first.values()
    ]  # fmt: skip
    return len(people.add_users(session, made)) if made else 0


def analyse(session: Session) -> None:
    """Tell the planner of the new rows at once: the first map after a load must not wait for autovacuum."""
    for table in queries.ANALYSE:
        session.execute(text(f"analyze {table}"))


STEPS: tuple[tuple[str, Step], ...] = (
    ("platforms", platforms),
    ("organisations", organisations),
    ("roles", roles),
    ("staff", staff),
    ("categories", categories),
    ("calendar", calendar),
    ("exchange", exchange),
    ("base", base),
    ("addresses", addresses),
    ("entities", entities),
    ("sites", sites),
)
