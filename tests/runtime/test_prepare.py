"""Where the demo town may be loaded and served, and where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.runtime.errors import RuntimeFault
from api.runtime.prepare import DEMO_PASSWORD, DemoRefused, is_empty, prepare
from api.runtime.settings import Settings
from data import clock
from data.session import Database
from layers.people.password import verify

ACCOUNTS = "select username, password_hash from app_user"
PACK = Path(__file__).parents[1] / "fixtures" / "pack_mini"


@pytest.fixture(autouse=True)
def _clock():
    """A test that moves the clock gives it back."""
    yield
    clock.set_now(None)


@pytest.fixture
def settings(empty_databases, tmp_path):
    def made(**changes: str) -> Settings:
        return Settings.from_environment(
            {
                "ONEGRID_DATABASE_URL": empty_databases.app_url,
                "ONEGRID_OWNER_URL": empty_databases.owner_url,
                "ONEGRID_DATA_DIR": str(tmp_path),
            }
            | changes
        )

    return made


def test_the_demo_town_is_loaded_once_into_the_private_database(settings, capfd):
    first = prepare(settings(), private=True, serve=False, pack=PACK)
    assert first["demo"]
    assert first["logins"]
    assert first["password"] == DEMO_PASSWORD
    assert "Loading" in capfd.readouterr().out
    assert prepare(settings(), private=True, serve=False, pack=PACK) == first
    assert "Loading" not in capfd.readouterr().out


def test_its_logins_have_the_password_that_is_printed(settings, empty_databases):
    found = prepare(settings(), private=True, serve=False, pack=PACK)
    owner = Database(empty_databases.owner_url)
    with owner.engine.connect() as connection:
        hashes = dict(connection.exec_driver_sql(ACCOUNTS).all())
    owner.close()
    assert set(hashes) == set(found["logins"])
    assert all(verify(hashed, DEMO_PASSWORD) for hashed in hashes.values())


@pytest.mark.parametrize(
    ("private", "serve", "demo"), [(True, True, None), (True, False, "0"), (False, False, None), (True, True, "1")]
)
def test_it_is_not_loaded_for_a_real_town_or_into_another_database(settings, empty_databases, private, serve, demo):
    found = prepare(settings(**({"ONEGRID_DEMO": demo} if demo else {})), private=private, serve=serve, pack=PACK)
    assert found == {"demo": False, "town": None, "logins": [], "password": None}
    assert is_empty(empty_databases.owner_url)


def test_another_database_takes_it_on_request(settings):
    assert prepare(settings(ONEGRID_DEMO="1"), private=False, serve=False, pack=PACK)["demo"]


def test_it_is_refused_on_an_open_address_before_anything_is_loaded(settings, empty_databases):
    with pytest.raises(DemoRefused, match="public password"):
        prepare(settings(ONEGRID_BIND="0.0.0.0"), private=True, serve=False, pack=PACK)
    assert is_empty(empty_databases.owner_url)
    prepare(settings(), private=True, serve=False, pack=PACK)
    with pytest.raises(DemoRefused, match="public password"):
        prepare(settings(ONEGRID_BIND="0.0.0.0"), private=True, serve=False, pack=PACK)
    assert prepare(settings(ONEGRID_BIND="0.0.0.0", ONEGRID_DEMO="1"), private=True, serve=False, pack=PACK)["demo"]


def test_a_database_with_the_demo_is_not_served_as_a_real_town(settings):
    prepare(settings(), private=True, serve=False, pack=PACK)
    with pytest.raises(DemoRefused, match="holds the demo town"):
        prepare(settings(), private=True, serve=True, pack=PACK)


def test_the_clock_of_a_real_town_cannot_be_moved(settings):
    with pytest.raises(RuntimeFault, match="ONEGRID_NOW"):
        prepare(settings(ONEGRID_NOW="+3d"), private=True, serve=True, pack=PACK)
    assert prepare(settings(ONEGRID_NOW="+3d"), private=True, serve=False, pack=PACK)["demo"]
