"""A town added empty: somebody can sign in to it, and a pack may still fill it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from data import clock
from data.scope import Scope
from data.session import Database
from layers.exchange import pack, town
from layers.people import service as people

MINI = Path(__file__).parents[2] / "fixtures" / "pack_mini"


@pytest.fixture
def owner(empty_databases):
    opened = Database(empty_databases.owner_url, statement_timeout_s=0)
    yield opened
    opened.close()


def test_added_town_has_platforms_and_a_role_for_its_first_administrator(owner, empty_databases):
    with owner.transaction(Scope.system(None)) as session:
        town_id = town.add(session, "NYC", "New York", "EPSG:32618", "America/New_York")
    app = Database(empty_databases.app_url)
    with app.transaction(Scope.system(town_id)) as session:
        assert session.execute(text("select count(*) from platform")).scalar_one() == 4
        role = people.first_manager_role(session)
        assert role is not None
        people.add_users(session, [people.NewUser("boss", "Boss", role)])
        assert people.first_manager_role(session) is None
    app.close()


def test_pack_fills_an_added_town_and_its_roles_win(owner):
    with owner.transaction(Scope.system(None)) as session:
        code = pack.read(MINI)[0].manifest.town.code
        town_id = town.add(session, code, "Added", "EPSG:25832", "Europe/Berlin")
        before = set(session.execute(text("select code from role")).scalars())
    with owner.transaction(Scope.system(None)) as session:
        loaded = pack.load(session, MINI, now=clock.now())
        roles = set(session.execute(text("select code from role")).scalars())
        platforms = set(session.execute(text("select code from platform")).scalars())
    expected = pack.read(MINI)[0]
    assert loaded.town_id == town_id
    assert roles == {row.code for rows in expected.tables.values() for _, row in rows if hasattr(row, "reach")}
    assert platforms == {row.code for rows in expected.tables.values() for _, row in rows if hasattr(row, "symbol")}
    assert before - roles, "the defaults should differ from the pack, or this proves nothing"
