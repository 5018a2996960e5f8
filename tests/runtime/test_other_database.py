"""With ONEGRID_DATABASE_URL another server is used, and none is started."""

from __future__ import annotations

import psycopg2
import pytest

from api.runtime.cluster import Cluster


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A PostGIS that somebody else runs, set up as docs/operations.md says, with passwords over TCP."""
    cluster = Cluster(tmp_path_factory.mktemp("other"), durable=False)
    cluster.start()
    try:
        with cluster.connection(database="postgres") as connection, connection.cursor() as cursor:
            cursor.execute("create role town_owner login password 'o-secret'")
            cursor.execute("create role town_app login password 'a-secret'")
            cursor.execute("create database town owner town_owner")
        yield cluster
    finally:
        cluster.remove()


def settings_for(other):
    place = f"@127.0.0.1:{other.port}/town"
    return {
        "ONEGRID_DATABASE_URL": f"postgresql://town_app:a-secret{place}",
        "ONEGRID_OWNER_URL": f"postgresql://town_owner:o-secret{place}",
    }


def test_it_is_migrated_and_the_application_role_is_bound(installation, other):
    answer = installation.onegrid("db", "migrate", **settings_for(other))
    assert answer.returncode == 0, answer.stderr
    assert not installation.cluster.exists
    with other.connection(role="town_owner", database="town") as connection, connection.cursor() as cursor:
        cursor.execute("insert into town (code, name, metric_srid) values ('1', 'a', 4549)")
    connection = psycopg2.connect(settings_for(other)["ONEGRID_DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("select (select count(*) from town), (select count(*) from list_towns())")
        assert cursor.fetchone() == (0, 1)
    connection.close()


def test_without_the_owner_it_serves_a_migrated_database_only(installation, other):
    url = settings_for(other)["ONEGRID_DATABASE_URL"]
    assert installation.onegrid("db", "migrate", **settings_for(other)).returncode == 0
    assert installation.onegrid("db", "migrate", ONEGRID_DATABASE_URL=url).returncode == 0
    answer = installation.onegrid("db", "backup", str(installation.place / "b"), ONEGRID_DATABASE_URL=url)
    assert (answer.returncode, "ONEGRID_OWNER_URL" in answer.stderr) == (1, True)


def test_it_cannot_be_reset(installation, other):
    answer = installation.onegrid("db", "reset", "--yes", **settings_for(other))
    assert (answer.returncode, "by hand" in answer.stderr) == (1, True)


def test_a_server_that_does_not_answer_is_told_in_one_line(installation):
    answer = installation.onegrid("db", "migrate", ONEGRID_DATABASE_URL="postgresql://a:geheim@127.0.0.1:1/x")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "geheim" not in answer.stderr
