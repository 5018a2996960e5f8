"""Tiles: sums nest, every point is in exactly one tile, changes change the version."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Invalid, NotFound
from data.scope import Scope
from data.session import Database
from layers import features, registry, tiles
from layers.query import where
from tests.small_town import SmallTown

INCIDENT = registry.get("incident")
PLATFORMS = ("public_order", "enforcement", "market", "service")


def members(session: Session, z: int, x: int, y: int) -> dict[str, int]:
    """Return the sums of one tile: all, and by platform."""
    return cluster_sums(session, tiles.statement(INCIDENT, z, x, y, {}, PLATFORMS), PLATFORMS)


def cluster_sums(session: Session, statement: tiles.Statement, platforms: tuple[str, ...] = ()) -> dict[str, int]:
    """Return what the clusters and singles of a tile add up to."""
    sql, params = statement
    head, tail = sql.split("select st_asmvt(t", 1)
    inner = tail.split("from (", 1)[1].rsplit(") t", 1)[0]
    sums = "".join(
        f", coalesce(sum(coalesce({name}, case when platform = '{name}' then 1 else 0 end)), 0)::int"
        for name in platforms
    )
    row = features.run(
        session, (f"{head} select coalesce(sum(coalesce(n, 1)), 0)::int{sums} from ({inner}) q", params)
    )[0]
    return dict(zip(("all", *platforms), row, strict=True))


@pytest.fixture(scope="module")
def scattered(database_server: object, template: str, small_town: SmallTown) -> object:
    """Points at random and on tile edges and corners of zooms 10 to 13."""
    made = database_server.create("scattered", template)  # type: ignore[attr-defined]
    opened = Database(made.app_url)
    rng = random.Random(3)
    with opened.transaction(Scope.system(small_town.town_id)) as session:
        for n in range(300):
            lon, lat = 120.88 + rng.random() * 0.03, 30.40 + rng.random() * 0.02
            if n % 3 == 0:  # the west edge of a z13 tile, which is one of z12, z11 or z10 too now and then
                lon = (6845 + rng.randint(0, 2)) / 2**13 * 360 - 180
            body = {"title": "x", "channel": "phone", "lon": lon, "lat": lat, "platform_code": rng.choice(PLATFORMS)}
            session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)})
    yield opened
    opened.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(z=st.integers(8, 12), dx=st.integers(-1, 1), dy=st.integers(-1, 1))
def test_four_children_sum_to_their_parent(
    scattered: Database, small_town: SmallTown, z: int, dx: int, dy: int
) -> None:
    x, y = (6846 >> (13 - z)) + dx, (3369 >> (13 - z)) + dy
    with scattered.transaction(Scope.system(small_town.town_id)) as session:
        parent = members(session, z, x, y)
        children = [members(session, z + 1, 2 * x + i, 2 * y + j) for i in (0, 1) for j in (0, 1)]
    assert parent == {name: sum(child[name] for child in children) for name in parent}


def test_all_tiles_of_a_zoom_hold_every_point_once(scattered: Database, small_town: SmallTown) -> None:
    with scattered.transaction(Scope.system(small_town.town_id)) as session:
        total = sum(members(session, 13, x, y)["all"] for x in range(6843, 6850) for y in range(3366, 3373))
        assert total == session.execute(text("select count(*) from incident")).scalar_one() == 300


def test_version_of_a_tile_changes_with_each_commit_in_its_region_only(
    database: Database, small_town: SmallTown
) -> None:
    here, elsewhere = (13, 6846, 3369), (13, 6840, 3369)

    def version(at: tuple[int, int, int]) -> int:
        with database.transaction(Scope.system(small_town.town_id)) as session:
            return session.execute(
                text("select tile_version(scope_town(), 'incident', :z, :x, :y)"), dict(zip("zxy", at, strict=True))
            ).scalar_one()

    seen = [version(here)]
    for _ in range(3):
        with database.transaction(Scope.system(small_town.town_id)) as session:
            body = {"title": "x", "channel": "phone", "lon": 120.889, "lat": 30.41}
            session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)})
        seen.append(version(here))
    with database.transaction(Scope.system(small_town.town_id)) as session:
        assert session.execute(text("select compact_tile_changes()")).scalar_one() > 0
    assert len(set(seen)) == 4
    assert version(here) == seen[-1]
    assert version(elsewhere) == 0


def test_bad_tile_address_and_filter_are_refused_with_what_is_known() -> None:
    for z, x, y in ((3, 8, 0), (-1, 0, 0), (23, 0, 0)):
        with pytest.raises(Invalid, match="no tile"):
            tiles.tile_box(z, x, y)
    with pytest.raises(Invalid) as unknown:
        where(INCIDENT, {"colour": "red"})
    assert "platform" in unknown.value.detail["known"]
    with pytest.raises(Invalid):
        where(INCIDENT, {"from": "yesterday"})
    with pytest.raises(NotFound):
        registry.get("nothing")


def test_a_full_tile_is_clustered_and_loses_nobody(scattered: Database, small_town: SmallTown) -> None:
    """More points in one tile than are sent singly: the tile says so, and as clusters it counts every one."""
    layer = registry.get("market-entity")
    at = (14, 13692, 6728)
    west, south, east, north = tiles.tile_box(*at)
    with scattered.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(
            text(
                "insert into market_entity (town_id, uscc, name, kind, geom) select :t, 'F' || n, 'x', 'catering',"
                " st_transform(st_setsrid(st_makepoint(:x + n * 1e-3, :y), 3857), 4490) from generate_series(1, :most) n"
            ),
            {"t": small_town.town_id, "x": (west + east) / 2, "y": (south + north) / 2, "most": tiles.MOST_SINGLES},
        )
        assert features.run(session, tiles.statement(layer, *at, {}))[0][0] is not None
        one_more = "insert into market_entity (town_id, uscc, name, kind, geom) select town_id, 'F0', name, kind, geom"
        session.execute(text(f"{one_more} from market_entity where uscc = 'F1'"))
        assert features.run(session, tiles.statement(layer, *at, {}))[0][0] is None
        assert cluster_sums(session, tiles.statement(layer, *at, {}, crowded=True))["all"] == tiles.MOST_SINGLES + 1
        session.rollback()


def test_every_layer_draws_lists_and_counts(session: Session) -> None:
    """The contract of the registry, for layers of today and to come: nothing is named here."""
    for layer in registry.all_layers().values():
        for z, x, y in ((9, 427, 210), (14, 13692, 6738), (17, 109540, 53905)):
            body = features.run(session, tiles.statement(layer, z, x, y, {}, PLATFORMS))[0][0]
            assert body is not None, layer.id
        assert features.run(session, features.page(layer, {})) is not None
        for entry in layer.legend:
            count = features.run(session, features.count(layer, {k: str(v) for k, v in entry.filter.items()}))[0][0]
            assert count >= 0, (layer.id, entry.id)
        for known in layer.filters:
            sample = {"number": "1", "bool": "1", "time": "2026-03-17T14:32:00+08:00", "date": "2026-03-17"}.get(
                known.type, "x"
            )
            features.run(session, features.count(layer, {known.name: sample}))
        assert layer.title.zh, layer.id
        assert layer.title.en, layer.id
        assert layer.platform is None or layer.platform == registry.BY_FEATURE or layer.platform.isidentifier(), (
            layer.id
        )
