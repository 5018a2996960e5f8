"""Town packs: every fault is told before anything is loaded; a town unlike the shipped one loads as it is."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from data.errors import Conflict
from data.scope import Scope
from data.session import Database
from layers.address import service as address
from layers.exchange import pack

MINI = Path(__file__).parents[2] / "fixtures" / "pack_mini"
# Just before noon on a Monday in Berlin, 36 weeks after the anchor of the pack.
NOW = datetime(2026, 11, 9, 10, 59, tzinfo=UTC)


@pytest.fixture
def copy(tmp_path):
    """A copy of the small pack that a test may break."""
    shutil.copytree(MINI, tmp_path / "pack")
    return tmp_path / "pack"


@pytest.fixture
def owner(empty_databases):
    opened = Database(empty_databases.owner_url, statement_timeout_s=0)
    yield opened
    opened.close()


@pytest.fixture
def loaded(owner, empty_databases, monkeypatch):
    """The small pack in a database of its own, and that database as the application sees it."""
    monkeypatch.setattr("data.clock.now", lambda: NOW)
    with owner.transaction(Scope.system(None)) as session:
        done = pack.load(session, MINI, now=NOW, demo_password="harbour-pilot")
    app = Database(empty_databases.app_url)
    yield app, done
    app.close()


def _edit(path: Path, old: str, new: str) -> None:
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_shipped_small_pack_has_no_fault():
    assert pack.check(MINI) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "reason"),
    [
        ("addresses.csv", "P07,DEMINI-ALT", "P07,NOWHERE", 8, "no village NOWHERE"),
        ("addresses.csv", "P07,", "P06,", 8, "repeats P06"),
        ("addresses.csv", "P01,DEMINI-ALT,,,Lange Straße,1,1", "P01,DEMINI-ALT,,,Lange Straße,1,-1", 2, "households"),
        ("addresses.csv", "566045,5934260", "999045,5934260", 2, "outside the town"),
        ("addresses.csv", "566045,5934260", "566045", 2, "cells"),
        ("entities.csv", "2027-01-01", "soon", 2, "licence_until"),
        ("entities.csv", ",trade,L1", ",bakery,L1", 2, "no platform bakery"),
        ("platforms.csv", "#9DB8F0", "blue", 2, "#RRGGBB"),
        ("platforms.csv", "circle", "heart", 2, "symbol"),
        ("organisations.csv", "safety;trade,rathaus", "safety;trade,wache", 3, "above itself"),
        ("categories.csv", "8,work_hour", "8,", 2, "go together"),
        ("calendar.csv", "08:00-12:00", "8-12", 2, "periods"),
        ("incidents.csv", ",evaluated,", ",finished,", 3, "state"),
        ("incidents.csv", "2026-02-25T11:00:00+01:00", "2026-02-25T09:00:00+01:00", 2, "do not ascend"),
        ("incidents.csv", "2026-02-25T08:00:00+01:00", "2026-02-25 08:00", 2, "occurred_at"),
        ("incidents.csv", "wgs84", "mars", 2, "unknown coordinate system"),
        ("users.csv", "mini-walker,Streife,walker", "mini-walker,Streife,pilot", 3, "no role pilot"),
        ("sites.csv", "code,name", "code,nom", 1, "lacks the column name"),
        ("roles.csv", ",town,", ",planet,", 2, "reach"),
        ("areas/grids.geojson", '"parent": "DEMINI-ALT"', '"parent": "DEMINI-HAFEN"', 1, "is not a village"),
        ("areas/villages.geojson", "[568000, 5935000]", "[567900, 5935000]", None, "gap"),
        ("areas/town.geojson", '"code": "DEMINI"', '"code": "OTHER"', 1, "not the town's code"),
    ],
)
def test_fault_is_told_with_file_row_and_reason(copy, file, old, new, row, reason):
    _edit(copy / file, old, new)
    found = pack.check(copy)
    file, row = ("areas/town.geojson", 1) if reason == "gap" else (file, row)
    assert any(fault.file == file and fault.row == row and reason in fault.reason for fault in found), found


def test_all_faults_are_told_at_once(copy):
    _edit(copy / "addresses.csv", "P07,DEMINI-ALT", "P07,NOWHERE")
    _edit(copy / "entities.csv", "2027-01-01", "soon")
    (copy / "sites.csv").unlink()
    (copy / "sties.csv").write_text("code\n1\n")
    assert {fault.file for fault in pack.check(copy)} == {"addresses.csv", "entities.csv", "sties.csv"}


@pytest.mark.parametrize(
    ("file", "old", "new", "unchecked"),
    [
        ("organisations.csv", "code,name", "code,nom", r"mend it first: \d+ references to it were not checked"),
        ("platforms.csv", "#9DB8F0", "blue", r"mend it first: \d+ references to it were not checked"),
        ("areas/villages.geojson", "}", "", "mend it first: how areas fit, and what lies in them, was not checked"),
    ],
)
def test_what_a_broken_file_would_hold_is_not_missed_elsewhere(copy, file, old, new, unchecked):
    _edit(copy / file, old, new)
    _edit(copy / "calendar.csv", "08:00-12:00", "8-12")
    found = pack.check(copy)
    assert {fault.file for fault in found} == {file, "calendar.csv"}
    assert sum(bool(re.fullmatch(unchecked, fault.reason)) for fault in found) == 1, found


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("format = 1", "format = 2", "format"),
        ('metric_crs = "EPSG:25832"', 'metric_crs = "EPSG:4326"', "projected"),
        ('timezone = "Europe/Berlin"', 'timezone = "Berlin"', "time zone"),
        ("[town]", "[city]", "town"),
        ('code = "DEMINI"', "code = ", "TOML"),
    ],
)
def test_manifest_fault_is_told(copy, old, new, reason):
    _edit(copy / "pack.toml", old, new)
    found = pack.check(copy)
    assert any(fault.file == "pack.toml" and reason in fault.reason for fault in found), found


def test_folder_without_manifest_is_no_pack(tmp_path):
    assert "no pack.toml" in pack.check(tmp_path)[0].reason


def test_faulty_pack_loads_nothing(copy, owner):
    _edit(copy / "users.csv", "walker,,", "pilot,,")
    with pytest.raises(pack.PackFaulty) as caught, owner.transaction(Scope.system(None)) as session:
        pack.load(session, copy, now=NOW)
    assert caught.value.faults[0].file == "users.csv"
    with owner.transaction(Scope.system(None)) as session:
        assert session.execute(text("select count(*) from town")).scalar_one() == 0


def test_town_unlike_the_shipped_one_loads(loaded):
    app, done = loaded
    assert done.counts == {
        "areas": 6, "platforms": 2, "organisations": 3, "roles": 2, "staff": 1, "categories": 2, "calendar": 2, "exchange": 2,
        "base": 4, "addresses": 32, "entities": 3, "sites": 1, "incidents": 6, "users": 2,
    }  # fmt: skip
    with app.transaction(Scope.system(done.town_id)) as session:
        town = session.execute(text("select * from town")).one()
        assert (town.metric_srid, town.timezone, town.settings["duplicates"]["within_m"]) == (
            25832,
            "Europe/Berlin",
            30,
        )
        assert town.map["center"] == pytest.approx([10.0025, 53.5563], abs=0.01)
        place = address.geocode(session, "Lange Straße 4").place
        assert (place.level, place.plate_id, place.leaf.code) == ("plate", "P04", "DEMINI-ALT-1")
        sizes = dict(session.execute(text("select code, round(area_m2) from area_version")).all())
        assert sizes["DEMINI"] == pytest.approx(3_000_000, abs=50)
        assert sizes["DEMINI-ALT-1"] == pytest.approx(500_000, abs=50)


def test_times_move_by_whole_weeks_and_the_future_has_not_happened(loaded):
    app, done = loaded
    query = text("select right(incident_id::text, 1) as n, i.* from incident i order by incident_id")
    with app.transaction(Scope.system(done.town_id)) as session:
        rows = {row.n: row for row in session.execute(query)}
    assert sorted(rows) == ["1", "2", "3", "4", "5", "7"]  # 6 is reported next week
    assert {n: row.state for n, row in rows.items()} == {
        "1": "archived", "2": "awaiting_inspection", "3": "handling", "4": "filed", "5": "reported", "7": "declined",
    }  # fmt: skip
    assert rows["3"].reported_at == datetime(2026, 11, 9, 7, 1, tzinfo=UTC)
    assert rows["3"].case_no == "DEMINI202611090003"
    assert (rows["3"].handled_at, rows["3"].closed_at) == (None, None)
    assert rows["3"].due_at == datetime(2026, 11, 12, 7, 30, tzinfo=UTC)
    # 08:05 in Berlin on either side of the change of the clocks in March and October
    assert rows["1"].reported_at == datetime(2026, 11, 4, 7, 5, tzinfo=UTC)


def test_incidents_lie_where_their_row_says(loaded):
    app, done = loaded
    query = text(
        "select right(incident_id::text, 1) as n, a.code, i.triage_reason, i.place_level"
        " from incident i left join area a on a.area_id = i.grid_id"
    )
    with app.transaction(Scope.system(done.town_id)) as session:
        rows = {row.n: row for row in session.execute(query)}
    assert (rows["1"].code, rows["1"].place_level) == ("DEMINI-ALT-1", "coordinate")
    assert (rows["2"].code, rows["2"].place_level) == ("DEMINI-NEU", "plate")
    assert (rows["3"].code, rows["3"].place_level) == ("DEMINI-ALT-1", "plate")
    assert (rows["5"].code, rows["5"].triage_reason) == (None, "crs_unknown")
    assert (rows["7"].code, rows["7"].triage_reason) == (None, "place_not_found")


def test_entities_without_coordinates_lie_at_their_plate_or_wait(loaded):
    app, done = loaded
    query = text(
        "select uscc, a.code, triage_reason, duty_complete from market_entity e left join area a on a.area_id = grid_id"
    )
    with app.transaction(Scope.system(done.town_id)) as session:
        rows = {row.uscc: row[1:] for row in session.execute(query)}
    assert rows == {
        "HRB1": ("DEMINI-ALT-1", None, True),
        "HRB2": ("DEMINI-ALT-1", None, False),
        "HRB3": (None, "outside_town", True),
    }


def test_second_load_is_refused_and_changes_nothing(loaded, owner):
    with pytest.raises(Conflict, match="already holds"), owner.transaction(Scope.system(None)) as session:
        pack.load(session, MINI, now=NOW)
    with owner.transaction(Scope.system(None)) as session:
        assert session.execute(text("select count(*) from incident")).scalar_one() == 6


def test_dates_of_entities_move_with_the_anchor_of_the_pack(loaded):
    """36 weeks from the anchor to now: 10 January becomes 19 September, 10 July becomes 19 March."""
    app, done = loaded
    with app.transaction(Scope.system(done.town_id)) as session:
        bakery = session.execute(
            text(
                "select last_inspected_on::text, next_inspection_on::text, licence_until::text from market_entity"
                " where uscc = 'HRB1'"
            )
        ).one()
        kiosk = session.execute(text("select next_inspection_on from market_entity where uscc = 'HRB2'")).scalar_one()
    assert tuple(bakery) == ("2026-09-19", "2027-03-19", "2027-09-10")
    assert kiosk is None
