"""The commands that bring files in and out: one line and exit status 1 for what is refused, 2 for wrong use."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from data import clock
from tests.small_town import GRIDS, TOWN, VILLAGES

MINI = Path(__file__).parents[1] / "fixtures" / "pack_mini"


@pytest.fixture
def onegrid(databases, tmp_path, monkeypatch):
    """Run a command on a database with the small town; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    return _runner(databases, tmp_path)


def _runner(databases, folder):
    environment = {
        "ONEGRID_DATABASE_URL": databases.app_url, "ONEGRID_OWNER_URL": databases.owner_url,
        "ONEGRID_DATA_DIR": str(folder / "data"),
    }  # fmt: skip

    def run(*words, town=TOWN):
        given = ["--town", town, *words] if town else list(words)
        result = CliRunner().invoke(main, given, env=environment)
        clock.set_now(None)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


GOOD = "uscc,name,kind,lon,lat\n1,n,k,120.885,30.405\n"
ROWS = """name,lon,lat,crs,accuracy_m,address
a,120.885,30.405,,,
b,120.88995,30.405,wgs84,20,
c,0,0,,,
d,120.885,30.405,unknown,,
e,,,,,甲村
f,,,,,火星
g,,,,,海宁市甲村
=x,10,50,,,
"""


def _geocoded(onegrid, encoding="utf-8", *options):
    Path("in.csv").write_text(ROWS, encoding=encoding)
    result = onegrid("geocode", "in.csv", "-o", "out.csv", *options)
    assert result.exit_code == 0, result.output
    with Path("out.csv").open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def test_geocode_adds_places_and_keeps_columns_order_and_encoding(onegrid):
    for encoding in ("utf-8", "gb18030"):
        rows = _geocoded(onegrid, encoding)
        assert list(rows[0])[:6] == ["name", "lon", "lat", "crs", "accuracy_m", "address"]
        assert [row["name"] for row in rows] == ["a", "b", "c", "d", "e", "f", "g", "'=x"]
        assert [row["grid_code"] for row in rows[:3]] == [GRIDS[0], GRIDS[0], ""]
        assert (rows[0]["village_code"], rows[0]["level"], rows[0]["score"]) == (VILLAGES[0], "coordinate", "1.000")
        assert [share["grid_code"] for share in json.loads(rows[1]["candidates"])] == [GRIDS[0], GRIDS[2]]
        assert (rows[2]["reason"], rows[2]["lon"], rows[2]["lon_given"]) == ("zero", "", "0")
        assert (rows[3]["reason"], rows[3]["suggested_crs"]) == ("crs_unknown", "wgs84")
        assert (rows[4]["level"], rows[4]["village_code"]) == ("village", VILLAGES[0])
        assert (rows[5]["reason"], rows[5]["level"]) == ("place_not_found", "none")
        assert (rows[6]["grid_code"], rows[6]["reason"]) == ("", "other_town")
        assert json.loads(rows[6]["candidates"])[0]["label"] == "甲村"
        assert rows[7]["reason"] == "outside_town"


def test_geocode_without_columns_leaves_no_file(onegrid):
    Path("in.csv").write_text("a,b\n1,2\n")
    result = onegrid("geocode", "in.csv", "-o", "out.csv")
    assert (result.exit_code, Path("out.csv").exists(), Path("out.csv.part").exists()) == (1, False, False)
    assert "no columns lon and lat" in result.stderr
    assert onegrid("geocode", "in.csv").exit_code == 2
    assert onegrid("geocode", "nothing.csv", "-o", "o.csv").exit_code == 1


def test_import_writes_rejects_and_tells_in_one_line(onegrid):
    Path("e.csv").write_text("uscc,name,kind,lon,lat\n1,n,k,120.885,30.405\n2,,k,1,1\n")
    result = onegrid("import", "entities", "e.csv")
    assert result.exit_code == 0
    assert "1 was added, 0 changed, 0 unchanged, 1 rejected" in result.stdout
    assert result.stderr == "1 of 2 rows was rejected: e.csv.rejects.csv\n"
    assert Path("e.csv.rejects.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("3,name: is empty")
    facts = json.loads(onegrid("import", "entities", "e.csv", "--json").stdout)
    assert (facts["unchanged"], facts["rejected"]) == (1, 1)


def test_strict_and_dry_run_keep_nothing(onegrid):
    Path("e.csv").write_text("uscc,name,kind,lon,lat\n1,n,k,120.885,30.405\n2,,k,1,1\n")
    result = onegrid("import", "entities", "e.csv", "--strict")
    assert (result.exit_code, Path("e.csv.rejects.csv").exists()) == (1, True)
    assert result.stderr.count("\n") == 1
    assert "would be added" in onegrid("import", "entities", "e.csv", "--dry-run").stdout
    assert json.loads(onegrid("town", "show", TOWN, "--json", town=None).stdout)["entities"] == 0


def test_refused_areas_leave_their_places_in_a_file(onegrid):
    square = [[120.88, 30.40], [120.8899, 30.40], [120.8899, 30.41], [120.88, 30.41], [120.88, 30.40]]
    shape = {"type": "Polygon", "coordinates": [square]}
    feature = {"type": "Feature", "properties": {"code": GRIDS[0]}, "geometry": shape}
    Path("g.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    result = onegrid("import", "areas", "g.geojson", "--level", "grid")
    assert result.exit_code == 1
    assert "g.geojson.faults.geojson" in result.stderr
    assert json.loads(Path("g.geojson.faults.geojson").read_text())["features"][0]["properties"]["kind"] == "gap"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("import", "tracks", "x.csv"), 2, "patrols"),
        (("import", "items", "x.csv"), 2, "catalogue"),
        (("import", "planets", "x.csv"), 2, "planets"),
        (("import", "areas", "x.geojson"), 2, "--level"),
        (("import", "areas", "x.geojson", "--level", "grid"), 1, "not there"),
        (("import", "entities", "x.csv", "--map", "name"), 2, "code=FIELD"),
        (
            ("import", "entities", "good.csv", "--crs", "EPSG:999999"),
            1,
            "--crs: unknown coordinate system 'EPSG:999999'",
        ),
        (
            ("import", "areas", "good.csv", "--level", "grid", "--crs", "mars"),
            1,
            "--crs: unknown coordinate system 'mars'",
        ),
        (("geocode", "good.csv", "-o", "out.csv", "--crs", "wgs85"), 1, "--crs: unknown coordinate system 'wgs85'"),
        (("geocode", "good.csv", "-o", "good.csv"), 1, "good.csv is the file that is read"),
        (("geocode", "good.csv", "-o", "./good.csv"), 1, "good.csv is the file that is read"),
        (
            ("geocode", "good.csv", "-o", "/nonexistent/z.csv"),
            1,
            "/nonexistent/z.csv cannot be written: there is no folder",
        ),
        (("import", "entities", "header.csv"), 1, "header.csv has a header but no rows"),
        (("geocode", "header.csv", "-o", "out.csv"), 1, "header.csv has a header but no rows"),
        (("export", "planet", "x.csv"), 1, "planet"),
        (("export", "incident", "x.doc"), 1, "cannot write"),
        (("town", "add", "a b", "n", "--metric-crs", "EPSG:4549"), 1, "no code"),
        (("town", "add", "X", "n", "--metric-crs", "EPSG:4326"), 1, "projected"),
        (("town", "add", "X", "n"), 2, "--metric-crs"),
        (("town", "show", "NOPE"), 1, f"there is no town NOPE; there are: {TOWN}"),
        (("briefing", "-o", "b.txt"), 2, ".html"),
        (("briefing", "-o", "no/b.html"), 1, "no/b.html could not be written: No such file"),
        (("user", "add"), 2, "onegrid user add --file accounts.csv"),
        (("load", "."), 1, "1 fault"),
    ],
)
def test_wrong_use_and_refusals_have_their_exit_status(onegrid, words, status, said):
    Path("good.csv").write_text(GOOD)
    Path("header.csv").write_text("uscc,name,kind,lon,lat\n")
    result = onegrid(*words)
    assert result.exit_code == status, result.output
    assert said in result.stderr
    assert (Path("good.csv").read_text(), Path("out.csv").exists()) == (GOOD, False)
    assert json.loads(onegrid("town", "show", TOWN, "--json", town=None).stdout)["entities"] == 0


def test_town_is_added_listed_and_shown(onegrid):
    assert onegrid("town", "add", "NEW", "新镇", "--metric-crs", "EPSG:4549").exit_code == 0
    assert "NEW" in onegrid("town", "list", town=None).stdout
    assert onegrid("town", "add", "NEW", "新镇", "--metric-crs", "EPSG:4549").exit_code == 1


def test_pack_is_checked_and_loaded(empty_databases, tmp_path):
    onegrid = _runner(empty_databases, tmp_path)
    assert "no fault" in onegrid("load", str(MINI), "--check", town=None).stdout
    assert json.loads(onegrid("town", "list", "--json", town=None).stdout)["towns"] == []
    result = onegrid("load", str(MINI), "--json", town=None)
    assert json.loads(result.stdout)["counts"]["addresses"] == 32
    assert onegrid("load", str(MINI), town=None).exit_code == 1


def test_export_as_a_user_writes_what_the_user_sees(onegrid):
    Path("e.csv").write_text("uscc,name,kind,lon,lat\n1,n,k,120.885,30.405\n2,n,k,120.895,30.415\n")
    onegrid("import", "entities", "e.csv")
    assert "2 features" in onegrid("export", "market-entity", "all.csv").stdout
    assert onegrid("export", "market-entity", "own.csv", "--as", "worker-a1").exit_code == 1  # no permission to export
    assert "2 features" in onegrid("export", "market-entity", "led.csv", "--as", "leader").stdout
    assert onegrid("export", "market-entity", "x.csv", "--as", "nobody").exit_code == 1


def test_first_account_of_an_empty_town_is_its_administrator(empty_databases, tmp_path):
    onegrid = _runner(empty_databases, tmp_path)
    assert onegrid("town", "add", "X1", "新镇", "--metric-crs", "EPSG:4549", town=None).exit_code == 0
    first = onegrid("user", "add", "chen", town=None)
    assert (first.exit_code, first.stdout.split()[0]) == (0, "chen"), first.output
    (account,) = json.loads(onegrid("user", "list", "--json", town=None).stdout)
    assert [role["code"] for role in account["roles"]] == ["administrator"]
    second = onegrid("user", "add", "zhou", town=None)
    assert (second.exit_code, "name the role with --role" in second.stderr) == (1, True)


@pytest.mark.parametrize("document", ["README.md", "docs/operations.md", "docs/administration.md"])
def test_documents_name_one_command_for_the_first_administrator(document):
    told = (Path(__file__).parents[2] / document).read_text(encoding="utf-8")
    assert {
        line.split("#")[0].split("onegrid ")[1].strip() for line in told.splitlines() if "user add NAME" in line
    } == {"user add NAME"}
