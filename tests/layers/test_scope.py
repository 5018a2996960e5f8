"""Who sees what: the scoped views equal the policies, and a stranger gets nothing from any table, view or function."""

from __future__ import annotations

import json
import random

import pytest
from sqlalchemy import text

from data.errors import Conflict, Forbidden
from data.scope import Scope
from data.session import Database
from layers import features, registry, tiles
from tests.scopes import every_scope
from tests.small_town import SmallTown

PAIRS = {
    "scoped_incident": ("incident", "incident_id"),
    "scoped_market_entity": ("market_entity", "entity_id"),
    "scoped_address": ("address", "address_id"),
    "scoped_service_site": ("service_site", "site_id"),
    "scoped_road": ("road", "road_id"),
    "scoped_base_feature": ("base_feature", "base_feature_id"),
}


def fill(database: Database, town: SmallTown) -> None:
    """Incidents, entities and addresses all over the town, by every kind of ownership."""
    rng = random.Random(7)
    scopes = every_scope(town)
    reporters = [scopes["system"], scopes["worker-a1"], scopes["cadre-a"], scopes["squad"]]
    orgs = [*town.organisations.values(), None]
    for n in range(80):
        body = {
            "title": f"件 {n}",
            "channel": "phone",
            "lon": 120.875 + rng.random() * 0.04,
            "lat": 30.397 + rng.random() * 0.026,
            "platform_code": rng.choice(["public_order", "enforcement", "market", "service", None]),
            "lead_org_id": rng.choice(orgs),
            "reporter": {"name": "王某", "phone": "138"},
            "now": "2026-03-17T06:32:00Z",
        }
        with database.transaction(rng.choice(reporters)) as session:
            session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)})
    with database.transaction(scopes["system"]) as session:
        session.execute(
            text(
                "insert into incident_assignment (incident_id, town_id, user_id, duty) select incident_id, town_id, :u, 'verify'"
                " from incident order by seq limit 3"
            ),
            {"u": town.users["worker-b2"]},
        )
        session.execute(
            text(
                "insert into incident_assignment (incident_id, town_id, org_id, duty) select incident_id, town_id, :o, 'co'"
                " from incident order by seq desc limit 4"
            ),
            {"o": town.organisations["squad"]},
        )
        session.execute(
            text(
                "insert into market_entity (town_id, uscc, name, kind, geom, grid_id) select town_id, 'U' || seq, 'N' || seq, 'catering',"
                " geom, grid_id from incident where geom is not null"
            )
        )
        session.execute(
            text(
                "insert into address (town_id, plate_id, geom, grid_id) select town_id, 'P' || seq, geom, grid_id from incident"
            )
        )
        session.execute(
            text(
                "insert into service_site (town_id, code, name, kind, platform_code, geom) select town_id, 'S' || seq, 'S', 'hall',"
                " 'service', geom from incident limit 5"
            )
        )
        session.execute(
            text(
                "insert into road (town_id, name, class, geom) values (:t, 'r', 'lane', 'srid=4490;linestring(120.88 30.4, 120.9 30.41)')"
            ),
            {"t": town.town_id},
        )
        session.execute(
            text(
                "insert into base_feature (town_id, theme, kind, geom) values (:t, 'water', 'lake',"
                " 'srid=4490;point(120.88 30.4)')"
            ),
            {"t": town.town_id},
        )


@pytest.fixture
def filled(database: Database, small_town: SmallTown) -> Database:
    fill(database, small_town)
    return database


def test_scoped_view_equals_policy_for_every_role(filled: Database, small_town: SmallTown) -> None:
    sizes: dict[str, set[int]] = {view: set() for view in PAIRS}
    for name, scope in every_scope(small_town).items():
        with filled.transaction(scope) as session:
            for view, (table, key) in PAIRS.items():
                seen = set(session.execute(text(f"select {key} from {view}")).scalars())
                allowed = set(session.execute(text(f"select {key} from {table}")).scalars())
                assert seen == allowed, (name, view)
                sizes[view].add(len(seen))
    assert len(sizes["scoped_incident"]) >= 5, "the roles should see different numbers, or this proves nothing"


def test_a_layer_that_is_not_offered_would_have_been_empty(filled: Database, small_town: SmallTown) -> None:
    scopes = every_scope(small_town)
    offered = {
        name: {x.id for x in registry.all_layers().values() if x.open_to(scope)} for name, scope in scopes.items()
    }
    for name, scope in scopes.items():
        with filled.transaction(scope) as session:
            for layer in registry.all_layers().values():
                if layer.permission and scope.may(layer.permission) and layer.id not in offered[name]:
                    assert features.run(session, features.count(layer, {}, None))[0][0] == 0, (name, layer.id)
    assert "market-entity" not in offered["squad"]
    assert "market-entity" in offered["market"] & offered["worker-a1"] & offered["leader"]


def test_tiles_features_and_counts_show_what_the_policy_allows(filled: Database, small_town: SmallTown) -> None:
    """The tile that holds the whole town sums to the policy's count; pages and counts too."""
    layer = registry.get("incident")
    for scope in every_scope(small_town).values():
        if scope.town_id is None:
            continue
        with filled.transaction(scope) as session:
            allowed = session.execute(text("select count(*) from incident where geom is not null")).scalar_one()
            everything = session.execute(text("select count(*) from incident")).scalar_one()
            z, x, y = 9, 427, 210
            assert features.run(session, features.count(layer, {}, None))[0][0] == everything
            rows = features.run(session, features.page(layer, {}, limit=500))
            assert len(rows) == everything
            box = tiles.tile_box(z, x, y)
            sql, params = tiles.statement(layer, z, x, y, {}, ["market"])
            total = (
                features.run(
                    session,
                    (
                        f"select coalesce(sum(coalesce(n, 1)), 0) from ({sql.split('from (', 1)[1].rsplit(') t', 1)[0]}) q",
                        params,
                    ),
                )[0][0]
                if "with member" not in sql
                else _cluster_total(session, sql, params)
            )
            assert total == allowed, (scope, box)


def _cluster_total(session: object, sql: str, params: dict[str, object]) -> int:
    head, tail = sql.split("select st_asmvt(t", 1)
    inner = tail.split("from (", 1)[1].rsplit(") t", 1)[0]
    return features.run(session, (f"{head} select coalesce(sum(coalesce(n, 1)), 0)::int from ({inner}) q", params))[0][
        0
    ]  # type: ignore[arg-type]


def test_spatial_index_serves_under_every_scope(filled: Database, small_town: SmallTown) -> None:
    with filled.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(
            text(
                "insert into market_entity (town_id, uscc, name, kind, geom) select :t, 'X' || n, 'x', 'catering', st_setsrid("
                "st_makepoint(120.88 + (n % 200) * 1e-4, 30.40 + (n / 200) * 1e-4), 4490) from generate_series(1, 40000) n"
            ),
            {"t": small_town.town_id},
        )
    layer = registry.get("market-entity")
    for name in ("system", "market", "worker-a1"):
        with filled.transaction(every_scope(small_town)[name]) as session:
            sql, params = tiles.statement(layer, 17, 109553, 53910, {})
            plan = "\n".join(row[0] for row in features.run(session, (f"explain {sql}", params)))
            assert "market_entity_geom_3857" in plan, (name, plan)


def test_application_role_of_another_town_gets_nothing(filled: Database, small_town: SmallTown) -> None:
    """Every table and view the role may select from, under the scope of another town's leader."""
    stranger = Scope(
        small_town.other_town_id, 999_999, town_wide=True, permissions=frozenset({"view", "audit", "export"})
    )
    with filled.transaction(stranger) as session:
        names = (
            session.execute(
                text(
                    "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')"
                    " and has_table_privilege(c.oid, 'select') and not exists (select from pg_depend d where d.objid = c.oid and"
                    " d.deptype = 'e')"
                )
            )
            .scalars()
            .all()
        )
        assert len(names) > 30
        for name in names:
            columns = session.execute(
                text("select attname from pg_attribute where attrelid = cast(:n as regclass) and attname = 'town_id'"),
                {"n": name},
            ).all()
            if columns:
                strangers = session.execute(
                    text(f'select count(*) from "{name}" where town_id is distinct from :t'),
                    {"t": small_town.other_town_id},
                ).scalar_one()
                assert strangers == 0, name
            elif name not in ("alembic_version", "transition_rule"):  # of no town
                assert session.execute(text(f'select count(*) from "{name}"')).scalar_one() == 0, name


def test_tables_the_role_may_read_are_all_bound_by_policies(session: object) -> None:
    unbound = (
        session.execute(
            text(  # type: ignore[attr-defined]
                "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
                " and not c.relrowsecurity and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
            )
        )
        .scalars()
        .all()
    )
    assert unbound == []


def test_functions_answer_nothing_about_another_town(filled: Database, small_town: SmallTown) -> None:
    stranger = Scope(small_town.other_town_id, 999_999, town_wide=True, permissions=frozenset({"view", "report"}))
    empty = (
        "select * from locate_leaf(:t, st_setsrid(st_makepoint(120.885, 30.405), 4490), now())",
        "select * from locate_leaf_at(:t, st_setsrid(st_makepoint(120.885, 30.405), 4490), now())",
        "select nullif(tile_version(:t, 'incident', 9, 427, 210), 0) where tile_version(:t, 'incident', 9, 427, 210) <> 0",
        "select 1 from unnest(scope_assigned()) x where true",
        "update incident set state = 'closed' returning incident_id",
    )
    refused = (
        "select * from read_events('0', 0, 10)",
        "select * from find_login('command')",
        "select * from user_posts(1)",
        "select next_case_no(:t, 'x', current_date)",
        "select * from leaf_versions(:t, now())",
        "select * from partition_faults(:t, now())",
        "insert into incident (town_id, case_no, title, channel, occurred_at, reported_at) values (:t, '1', 'x', 'x', now(), now())",
        "insert into event (town_id, topic, kind) values (:t, 'x', 'x')",
        "insert into audit (action) values ('x')",
        "delete from incident",
        "delete from audit",
        "update incident_log set name = 'x'",
        "truncate incident",
        "select * from user_session",
        "select * from tile_change",
        "create table x (y int)",
        "create function leak(text) returns boolean language sql as 'select true'",
        "set role postgres",
    )
    for statement in empty:
        with filled.transaction(stranger) as session:
            assert session.execute(text(statement), {"t": small_town.town_id}).all() == [], statement
    for statement in refused:
        with pytest.raises(Forbidden) as raised, filled.transaction(stranger) as session:
            session.execute(text(statement), {"t": small_town.town_id})
        assert raised.value.code == "scope.forbidden", statement


def test_state_of_an_incident_is_not_written_by_plain_sql(filled: Database, small_town: SmallTown) -> None:
    with pytest.raises(Conflict, match="transition"), filled.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(text("update incident set state = 'closed'"))
    for statement in (
        "update incident set case_no = '1'",
        "update incident set reported_at = now()",
        "update incident set occurred_at = now()",
    ):
        with pytest.raises(Forbidden), filled.transaction(Scope.system(small_town.town_id)) as session:
            session.execute(text(statement))
