"""A town small enough to draw, for tests.

Two villages of two grids each, and a lake that belongs to no village; every side is 0.01 degrees:

    30.42  +------+------+------+
           | A-2  | B-2  | lake |     A = 330499101201, B = 330499101202
    30.41  +------+------+------+     grids = village + 001 (lower), 002 (upper)
           | A-1  | B-1  | lake |     town 330499101, metric CRS EPSG:4549
    30.40  +------+------+------+
         120.88  120.89 120.90  120.91
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import psycopg2

TOWN = "330499101"
VILLAGES = (f"{TOWN}201", f"{TOWN}202")
GRIDS = tuple(f"{village}{n:03d}" for village in VILLAGES for n in (1, 2))
LAKE = f"{TOWN}901901"
OTHER_TOWN = "330499102"


def box(west: float, south: float, east: float, north: float) -> str:
    """Return a MultiPolygon as WKT, counter-clockwise from the south-west corner."""
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return "MULTIPOLYGON(((" + ", ".join(f"{x:.7f} {y:.7f}" for x, y in ring) + ")))"


def ring_through(*points: tuple[float, float]) -> str:
    """Return a MultiPolygon of one ring through the points."""
    closed = [*points, points[0]]
    return "MULTIPOLYGON(((" + ", ".join(f"{x:.7f} {y:.7f}" for x, y in closed) + ")))"


# Junctions of neighbours are vertices of both, so that unions are exact.
AREAS: tuple[tuple[str, str, str, str | None, str], ...] = (
    (
        "town",
        TOWN,
        "小镇",
        None,
        ring_through(
            (120.88, 30.40),
            (120.89, 30.40),
            (120.90, 30.40),
            (120.91, 30.40),
            (120.91, 30.42),
            (120.90, 30.42),
            (120.89, 30.42),
            (120.88, 30.42),
            (120.88, 30.41),
        ),
    ),
    (
        "village",
        VILLAGES[0],
        "甲村",
        TOWN,
        ring_through(
            (120.88, 30.40), (120.89, 30.40), (120.89, 30.41), (120.89, 30.42), (120.88, 30.42), (120.88, 30.41)
        ),
    ),
    (
        "village",
        VILLAGES[1],
        "乙村",
        TOWN,
        ring_through(
            (120.89, 30.40), (120.90, 30.40), (120.90, 30.41), (120.90, 30.42), (120.89, 30.42), (120.89, 30.41)
        ),
    ),
    ("grid", GRIDS[0], "甲村第 1 网格", VILLAGES[0], box(120.88, 30.40, 120.89, 30.41)),
    ("grid", GRIDS[1], "甲村第 2 网格", VILLAGES[0], box(120.88, 30.41, 120.89, 30.42)),
    ("grid", GRIDS[2], "乙村第 1 网格", VILLAGES[1], box(120.89, 30.40, 120.90, 30.41)),
    ("grid", GRIDS[3], "乙村第 2 网格", VILLAGES[1], box(120.89, 30.41, 120.90, 30.42)),
    (
        "zone",
        LAKE,
        "湖区",
        TOWN,
        ring_through((120.90, 30.40), (120.91, 30.40), (120.91, 30.42), (120.90, 30.42), (120.90, 30.41)),
    ),
)
PLATFORMS = (
    ("public_order", "ZZ", "综治", "circle", "#9DB8F0", "#0F3E78"),
    ("enforcement", "ZF", "综合执法", "diamond", "#CC5DF2", "#B653DA"),
    ("market", "SJ", "市场监管", "square", "#3FC7A6", "#0B857C"),
    ("service", "BM", "便民服务", "triangle", "#F0EBB0", "#8E9A30"),
)
ORGANISATIONS = (
    ("command", "镇指挥室", "office", None),
    ("squad", "综合行政执法中队", "squadron", "enforcement"),
    ("market", "市场监管所", "agency", "market"),
    ("police", "派出所", "agency", "public_order"),
    ("window", "便民服务中心", "office", "service"),
)
ROLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "command_room",
        "town",
        (
            "report",
            "view",
            "accept",
            "verify",
            "file",
            "dispatch",
            "inspect",
            "close",
            "merge",
            "rule",
            "supervise_1",
            "own_level",
            "triage",
            "export",
            "unmask",
        ),
    ),
    ("leader", "town", ("view", "export", "suspend", "extend", "supervise_2", "supervise_3", "void")),
    (
        "administrator",
        "town",
        ("view", "manage_users", "manage_town", "import", "export", "publish", "audit", "triage", "report", "void"),
    ),
    ("planner", "town", ("view", "plan", "review_plan", "export")),
    ("grid_worker", "area", ("report", "view", "verify", "self_handle", "inspect")),
    ("village_cadre", "area", ("report", "view")),
    ("org_staff", "organisation", ("report", "view", "handle", "return")),
    ("market_supervisor", "platform", ("report", "view", "handle")),
)
# username, role, organisation, area of the post, platform of the post
USERS = (
    ("command", "command_room", "command", None, None),
    ("leader", "leader", None, None, None),
    ("admin", "administrator", None, None, None),
    ("planner", "planner", None, None, None),
    ("planner2", "planner", None, None, None),
    ("worker-a1", "grid_worker", None, GRIDS[0], None),
    ("worker-b2", "grid_worker", None, GRIDS[3], None),
    ("cadre-a", "village_cadre", None, VILLAGES[0], None),
    ("squad", "org_staff", "squad", None, None),
    ("market", "market_supervisor", "market", None, "market"),
)
PASSWORD = "small-town"
# code, platform, name, urgency, lead organisation, keywords, limit in work hours
CATEGORIES = (
    ("ZF-01-001", "enforcement", "工程运输抛洒", "U2", "squad", ("渣土", "抛洒"), 8),
    ("ZF-01-002", "enforcement", "占道经营", "U3", "squad", ("占道", "摆摊"), 24),
    ("SJ-01-001", "market", "无证经营", "U3", "market", ("无证", "过期"), 24),
    ("ZZ-01-001", "public_order", "邻里纠纷", "U3", "police", ("纠纷", "争执"), 24),
    ("BM-01-001", "service", "路灯不亮", "U3", "window", ("路灯",), 24),
)


@dataclass(frozen=True)
class SmallTown:
    """Ids by code."""

    town_id: int
    other_town_id: int
    areas: dict[str, int]
    organisations: dict[str, int]
    categories: dict[str, int]
    users: dict[str, int]

    @classmethod
    def read(cls, dsn: str) -> SmallTown:
        """Read the ids from a database that holds the town."""
        with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:

            def table(statement: str) -> dict[str, int]:
                cursor.execute(statement, {"town": TOWN})
                return dict(cursor.fetchall())

            towns = table("select code, town_id from town")
            of_town = "(select town_id from town where code = %(town)s)"
            found = cls(
                towns[TOWN],
                towns[OTHER_TOWN],
                table(f"select code, area_id from area where town_id = {of_town}"),
                table(f"select code, org_id from organisation where town_id = {of_town}"),
                table(f"select code, category_id from category where town_id = {of_town}"),
                table(f"select username, user_id from app_user where town_id = {of_town}"),
            )
        connection.close()
        return found


def build(dsn: str) -> None:
    """Write the small town, and a second town far from it, as the owner."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        first = _town(cursor, TOWN, "小镇")
        _areas(cursor, first)
        _organisations(cursor, first)
        _people(cursor, first)
        second = _town(cursor, OTHER_TOWN, "邻镇")
        _other_areas(cursor, second)
    connection.close()


def _town(cursor: psycopg2.extensions.cursor, code: str, name: str) -> int:
    cursor.execute(
        "insert into town (code, name, name_en, metric_srid, synthetic, notice, map) values (%s, %s, %s, 4549, true, %s, %s)"
        " returning town_id",
        (
            code,
            name,
            "Small Town",
            json.dumps({"zh": "测试数据", "en": "Test data"}),
            json.dumps({"center": [120.895, 30.41], "zoom": 13, "min_zoom": 9, "max_zoom": 18}),
        ),
    )
    row = cursor.fetchone()
    assert row is not None
    for sort, (platform, short, title, symbol, dark, light) in enumerate(PLATFORMS):
        cursor.execute(
            "insert into platform (town_id, code, short, name, name_en, symbol, colour_dark, colour_light, sort)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (row[0], platform, short, title, platform, symbol, dark, light, sort),
        )
    return row[0]


def _area(
    cursor: psycopg2.extensions.cursor, town: int, level: str, code: str, name: str, parent: str | None, wkt: str
) -> None:
    cursor.execute(
        "with a as (insert into area (town_id, level, code, name, name_en, kind, parent_id) values (%(town)s, %(level)s,"
        " %(code)s, %(name)s, %(code)s, %(kind)s, (select area_id from area where town_id = %(town)s and code = %(parent)s))"
        " returning area_id), g as (select st_geomfromtext(%(wkt)s, 4490) as geom)"
        " insert into area_version (area_id, town_id, version, code, geom, label_point, area_m2, valid_from)"
        " select area_id, %(town)s, 1, %(code)s, geom, st_pointonsurface(geom), st_area(st_transform(geom, 4549)),"
        " '2024-01-01 00:00+08' from a, g",
        {
            "town": town,
            "level": level,
            "code": code,
            "name": name,
            "parent": parent,
            "wkt": wkt,
            "kind": {"town": "town", "village": "village", "grid": "base", "zone": "water"}[level],
        },
    )


def _areas(cursor: psycopg2.extensions.cursor, town: int) -> None:
    for level, code, name, parent, wkt in AREAS:
        _area(cursor, town, level, code, name, parent, wkt)


def _other_areas(cursor: psycopg2.extensions.cursor, town: int) -> None:
    _area(cursor, town, "town", OTHER_TOWN, "邻镇", None, box(121.00, 30.50, 121.02, 30.52))
    _area(cursor, town, "village", f"{OTHER_TOWN}201", "远村", OTHER_TOWN, box(121.00, 30.50, 121.02, 30.52))


def _organisations(cursor: psycopg2.extensions.cursor, town: int) -> None:
    for code, name, kind, platform in ORGANISATIONS:
        cursor.execute(
            "insert into organisation (town_id, code, name, kind) values (%s, %s, %s, %s) returning org_id",
            (town, code, name, kind),
        )
        row = cursor.fetchone()
        assert row is not None
        if platform:
            cursor.execute(
                "insert into organisation_platform (org_id, town_id, platform_code) values (%s, %s, %s)",
                (row[0], town, platform),
            )
    for code, platform, name, urgency, org, keywords, hours in CATEGORIES:
        cursor.execute(
            "insert into category (town_id, code, platform_code, line, major, minor, name, name_en, urgency, lead_org_id,"
            " limit_value, limit_unit, keywords, is_public) select %s, %s, %s, %s, %s, %s, %s, %s, %s, org_id, %s,"
            " 'work_hour', %s, true from organisation where town_id = %s and code = %s",
            (town, code, platform, *code.split("-"), name, name, urgency, hours, list(keywords), town, org),
        )
    for stage, value, unit in (
        ("accept", 2, "work_hour"),
        ("dispatch", 4, "work_hour"),
        ("sign", 4, "work_hour"),
        ("handle", 3, "work_day"),
        ("inspect", 1, "work_day"),
        ("close", 1, "work_day"),
    ):
        for urgency in ("U1", "U2", "U3", "U4"):
            cursor.execute(
                "insert into stage_limit values (%s, %s, %s, %s, %s, 'test')", (town, stage, urgency, value, unit)
            )
    cursor.execute(
        "insert into work_calendar (town_id, day, is_workday, periods) select %s, d::date, extract(isodow from d) < 6,"
        " case when extract(isodow from d) < 6 then array['08:00-12:00', '14:00-18:00'] else '{}' end"
        " from generate_series(date '2024-01-01', date '2027-12-31', interval '1 day') d",
        (town,),
    )


def _people(cursor: psycopg2.extensions.cursor, town: int) -> None:
    from argon2 import PasswordHasher

    password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    for code, reach, permissions in ROLES:
        cursor.execute(
            "insert into role (town_id, code, name, name_en, reach, permissions) values (%s, %s, %s, %s, %s, %s)",
            (town, code, code, code, reach, list(permissions)),
        )
    for username, role, org, area, platform in USERS:
        cursor.execute(
            "with u as (insert into app_user (town_id, username, name, password_hash, org_id) values (%(town)s, %(user)s,"
            " %(user)s, %(hash)s, (select org_id from organisation where town_id = %(town)s and code = %(org)s))"
            " returning user_id), p as (insert into user_role (user_id, town_id, role_code, platform_code)"
            " select user_id, %(town)s, %(role)s, %(platform)s from u returning user_role_id)"
            " insert into user_area select user_role_id, area_id from p, area where town_id = %(town)s and code = %(area)s",
            {
                "town": town,
                "user": username,
                "hash": password_hash,
                "org": org,
                "role": role,
                "area": area,
                "platform": platform,
            },
        )
