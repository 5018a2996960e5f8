"""Real files from other towns: New York's districts and service requests, Monaco's streets. Skipped without them."""

from __future__ import annotations

import csv

import pytest
from sqlalchemy import text

from data.scope import Scope
from data.session import Database
from layers.address import service as address
from layers.exchange import town
from layers.exchange.importing import Options, import_file
from tests.conftest import SHARED

NYC = SHARED / "data" / "nyc311"
MONACO = SHARED / "data" / "osm" / "monaco.osm.gz"
BOROUGHS = {"MANHATTAN": 1, "BRONX": 2, "BROOKLYN": 3, "QUEENS": 4, "STATEN ISLAND": 5}
REQUESTS = {
    "id": "unique_key", "reported_at": "created_date", "closed_at": "closed_date", "due_at": "due_date",
    "title": "complaint_type", "description": "descriptor", "channel": "open_data_channel_type",
    "lon": "longitude", "lat": "latitude",
}  # fmt: skip


def _town(databases, code, name, crs, timezone):
    owner = Database(databases.owner_url, statement_timeout_s=0)
    with owner.transaction(Scope.system(None)) as session:
        town_id = town.add(session, code, name, crs, timezone)
    owner.close()
    return town_id


@pytest.fixture
def app(empty_databases):
    opened = Database(empty_databases.app_url, statement_timeout_s=0)
    yield opened
    opened.close()


def _recorded():
    with (NYC / "requests.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            number, _, borough = row["community_board"].partition(" ")
            if number.isdigit() and borough in BOROUGHS:
                yield row["unique_key"], f"{BOROUGHS[borough]}{number}"


@pytest.mark.skipif(not NYC.exists(), reason="the New York files are not here")
def test_new_york_requests_fall_into_their_community_boards(empty_databases, app):
    scope = Scope.system(_town(empty_databases, "NYC", "New York", "EPSG:32618", "America/New_York"))
    with app.transaction(scope) as session:
        areas = import_file(
            session, "areas", NYC / "community_districts.geojson", Options(level="grid", mapping={"code": "BoroCD"})
        )
        assert (areas.added, areas.rejected) == (71, 0)
    with app.transaction(scope) as session:
        done = import_file(session, "incidents", NYC / "requests.csv", Options(mapping=REQUESTS, accuracy_m=5.0))
        assert done.added + done.rejected == 1000
    with app.transaction(scope) as session:
        again = import_file(session, "incidents", NYC / "requests.csv", Options(mapping=REQUESTS, accuracy_m=5.0))
        assert (again.added, again.unchanged, again.rejected) == (0, done.added, done.rejected)
        query = text(
            "select i.external_ref, a.code, i.grid_shares, i.triage_reason from incident i"
            " left join area a on a.area_id = i.grid_id"
        )
        found = {row.external_ref: row for row in session.execute(query)}
    recorded = list(_recorded())
    assert len(recorded) == 950
    other = [(key, board) for key, board in recorded if found[key].code != board]
    assert len(other) == 10
    for key, board in other:
        assert board in [share["code"] for share in found[key].grid_shares]


@pytest.mark.skipif(not MONACO.exists(), reason="the Monaco extract is not here")
def test_monaco_street_address_is_found_again(empty_databases, app):
    scope = Scope.system(_town(empty_databases, "MCO", "Monaco", "EPSG:32632", "Europe/Monaco"))
    with app.transaction(scope) as session:
        roads = import_file(session, "roads", MONACO)
        assert roads.added > 800
        plates = import_file(session, "addresses", MONACO)
        assert plates.added == 26
        assert session.execute(text("select map->'center' from town")).scalar_one() == pytest.approx(
            [7.42, 43.74], abs=0.02
        )
    with app.transaction(scope) as session:
        assert import_file(session, "roads", MONACO).unchanged == roads.added
        assert import_file(session, "addresses", MONACO).unchanged == 26
        place = address.geocode(session, "11, rue du Gabian").place
        assert place.level == "plate"
        assert (place.lon, place.lat) == pytest.approx((7.4157, 43.7301), abs=2e-4)
        street = address.geocode(session, "Boulevard d'Italie, Monaco").place
        assert street.level == "road"
        assert (street.lon, street.lat) == pytest.approx((7.4295, 43.7455), abs=5e-3)
