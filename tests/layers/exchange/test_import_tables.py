"""Tables from files: good rows load, bad ones are told by number and reason, the same file twice changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import openpyxl
import pytest
import shapely
from sqlalchemy import text

from data.errors import Forbidden, Invalid
from data.scope import Scope, apply
from gis.crs import from_cgcs2000
from layers.exchange.importing import Options, import_file
from layers.exchange.importing.report import StrictRefused
from tests.small_town import GRIDS, TOWN, VILLAGES

A1, B2 = (120.885, 30.405), (120.895, 30.415)
REPORTER = Scope(1, user_id=1, permissions=frozenset({"report"}))


@pytest.fixture
def bring(database, tmp_path):
    """Write a file and import it; the answer with the rejects by row."""

    def run(kind, content, name="t.csv", encoding="utf-8", **options):
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding=encoding)
        with database.transaction(Scope.system(1)) as session:
            done = import_file(session, kind, path, Options(**options))
        return done, {reject.row: reject.reason for reject in done.rejects}

    return run


@pytest.fixture
def ask(database):
    def run(query, **params):
        with database.transaction(Scope.system(1)) as session:
            return session.execute(text(query), params).all()

    return run


ADDRESSES = f"""门牌编号,道路,门牌号,户数,经度,纬度
P1,堰山路,1,2,{A1[0]},{A1[1]}
P2,堰山路,3,x,{A1[0]},{A1[1]}
P3,堰山路,5,1,121.5,31.2
P4,堰山路,7,1,,
P1,堰山路,9,1,{A1[0]},{A1[1]}
P5,堰山路,11,1,{B2[0]},{B2[1]}
"""


def test_addresses_in_gbk_lie_in_their_grids_and_bad_rows_are_told(bring, ask):
    done, rejects = bring("addresses", ADDRESSES, encoding="gbk")
    assert (done.added, done.rejected) == (2, 4)
    assert "households" in rejects[3]
    assert "outside the town" in rejects[4]
    assert "no position" in rejects[5]
    assert rejects[6] == "repeats row 2"
    rows = ask(
        "select plate_id, a.code, village_code, full_text from address join area a on a.area_id = grid_id order by 1"
    )
    assert rows == [("P1", GRIDS[0], VILLAGES[0], "堰山路1"), ("P5", GRIDS[3], VILLAGES[1], "堰山路11")]
    again, _ = bring("addresses", ADDRESSES, encoding="gbk")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_rejects_file_holds_row_reason_and_the_cells(bring):
    done, _ = bring("addresses", ADDRESSES)
    path = done.write_rejects()
    assert path.name == "t.csv.rejects.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "row,reason,门牌编号,道路,门牌号,户数,经度,纬度"
    assert len(lines) == 5
    assert lines[2].startswith("4,lies outside the town")


def test_offset_coordinates_are_undone_when_named_and_suggested_when_not(bring, ask):
    lon, lat = from_cgcs2000(120.9099, 30.4001, "bd09")
    sheet = f"plate_id,lon,lat\nP1,{lon},{lat}\n"
    _, rejects = bring("addresses", sheet)
    assert "read as bd09 it would lie in it" in rejects[2]
    done, _ = bring("addresses", sheet, crs="bd09")
    assert done.added == 1
    assert ask("select st_x(geom) from address")[0][0] == pytest.approx(120.9099, abs=1e-7)


def test_strict_keeps_nothing_of_a_file_with_a_bad_row(bring, ask):
    with pytest.raises(StrictRefused, match="nothing was imported") as caught:
        bring("addresses", ADDRESSES, strict=True)
    assert caught.value.imported.rejected == 4
    assert ask("select count(*) from address") == [(0,)]


def test_households_go_to_known_plates(bring, ask):
    bring("addresses", ADDRESSES)
    done, rejects = bring("households", "plate_id,households,residents\nP1,4,9\nP5,1,\nPX,1,1\nP1,-1,1\n")
    assert (done.changed, done.unchanged) == (1, 1)
    assert sorted(rejects) == [4, 5]
    assert ask("select households, residents from address where plate_id = 'P1'") == [(4, 9)]


ENTITIES = """统一社会信用代码,主体名称,类型,许可证有效期至,下次检查,经度,纬度,门牌编号
91A,=HYPERLINK("http://x"),catering,2027-01-01,2026-12-01,120.885,30.405,
91B,老街小店,food_trade,soon,,120.885,30.405,
91C,门牌店,food_trade,,,,,P5
91D,无处店,food_trade,,,,,
91E,远处店,food_trade,,,10,50,
"""


def test_entities_are_placed_by_point_or_plate_or_wait_for_triage(bring, ask):
    bring("addresses", ADDRESSES)
    done, rejects = bring("entities", ENTITIES)
    assert (done.added, done.triage, list(rejects)) == (4, 2, [3])
    assert "licence_until" in rejects[3]
    rows = ask(
        "select uscc, e.name, a.code, triage_reason from market_entity e"
        " left join area a on a.area_id = grid_id order by 1"
    )
    assert rows == [
        ("91A", '=HYPERLINK("http://x")', GRIDS[0], None),
        ("91C", "门牌店", GRIDS[3], None),
        ("91D", "无处店", None, "no_place"),
        ("91E", "远处店", None, "outside_town"),
    ]
    assert bring("entities", ENTITIES)[0].unchanged == 4


def test_excel_from_an_office_comes_in(bring, ask, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["统一社会信用代码", "单位名称", "类型", "状态", "经度", "纬度"])
    book.active.append([91330424, "超市", "food_trade", "active", *A1])
    book.active.append([91330425, "歇业店", "food_trade", "gone", *A1])
    book.save(tmp_path / "t.xlsx")
    done, rejects = bring("entities", None, name="t.xlsx")
    assert (done.added, list(rejects)) == (1, [3])
    assert ask("select uscc, name from market_entity") == [("91330424", "超市")]


def test_geopackage_points_need_no_coordinate_columns(bring, ask, tmp_path):
    frame = gpd.GeoDataFrame({"uscc": ["1"], "name": ["n"], "kind": ["k"]}, geometry=[shapely.Point(A1)], crs=4490)
    frame.to_crs(4549).to_file(tmp_path / "e.gpkg")
    done, _ = bring("entities", None, name="e.gpkg")
    assert (done.added, done.notes) == (1, [])
    assert ask("select a.code from market_entity join area a on a.area_id = grid_id") == [(GRIDS[0],)]


def test_organisations_staff_and_calendar_come_in(bring, ask):
    orgs = "code,name,kind,platforms,parent\nx1,新所,agency,market;service,x2\nx2,上级,office,,\nx3,错,office,space,\n"
    done, rejects = bring("organisations", orgs)
    assert (done.added, list(rejects)) == (2, [4])
    parents = "select p.code from organisation o join organisation p on p.org_id = o.parent_id where o.code = 'x1'"
    assert ask(parents) == [("x2",)]
    members = "select count(*) from organisation_platform m join organisation o using (org_id) where o.code = 'x1'"
    assert ask(members) == [(2,)]
    done, rejects = bring("staff", "编码,姓名,单位编码\ns1,王一,x1\ns2,李二,nope\n")
    assert (done.added, list(rejects)) == (1, [3])
    days = ("2026-10-01,false,,国庆节", "2026-10-10,true,08:00-12:00;14:00-18:00,调休", "2026-13-01,true,,")
    done, rejects = bring("calendar", "\n".join(["日期,是否工作日,时段,名称", *days]))
    assert (done.changed, list(rejects)) == (2, [4])
    assert ask("select is_workday, name from work_calendar where day = '2026-10-01'") == [(False, "国庆节")]


def test_roads_of_a_file_replace_themselves(bring, ask, tmp_path):
    ends = ([(120.88, 30.40), (120.89, 30.41)], [(120.88, 30.41), (120.90, 30.41)])
    lines = [shapely.LineString(points) for points in ends]
    columns = {"name": ["堰山路", None], "class": ["primary", "moon"], "external_ref": ["r1", "r2"]}
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs=4490)
    frame.to_file(tmp_path / "r.gpkg")
    done, rejects = bring("roads", None, name="r.gpkg")
    assert (done.added, list(rejects)) == (1, [2])
    frame.loc[0, "geometry"] = lines[1]
    frame.to_file(tmp_path / "r.gpkg")
    assert bring("roads", None, name="r.gpkg")[0].changed == 1
    assert ask("select name, round(st_x(st_endpoint(geom))::numeric, 2)::float from road") == [("堰山路", 120.9)]


HEAD = (
    "id,title,description,reported_at,occurred_at,closed_at,lon,lat,accuracy_m,address,category,reporter_phone,status"
)
INCIDENTS = f"""{HEAD}
1,渣土抛洒,路上有渣土,2026-03-17 14:32,2026-03-17 14:00,,{A1[0]},{A1[1]},5,,,13800000000,
2,占道,"<script>alert(1)</script>",2026/3/17 8:05,,2026-03-18,120.88999,30.405,30,,ZF-01-002,,
3,,空标题,2026-03-17,,,{A1[0]},{A1[1]},,,,,
4,没时间,,,,,{A1[0]},{A1[1]},,,,,
5,未来,,2099-01-01,,,{A1[0]},{A1[1]},,,,,
6,镇外,,2026-03-17T06:00:00Z,,,10,50,,,,,
7,零,,2026-03-17,,,0,0,,,,,
8,乙村的事,,2026-03-17,,,,,,乙村,,,已办结
9,无处,,2026-03-17,,,,,,,,,
10,坏数,,2026-03-17,,,abc,30,,,,,
1,重复,,2026-03-17,,,{A1[0]},{A1[1]},,,,,
"""


def test_incidents_find_their_grid_or_wait_and_nothing_is_refused_for_its_place(bring, ask):
    done, rejects = bring("incidents", INCIDENTS)
    assert (done.added, done.triage) == (6, 3)
    assert sorted(rejects) == [4, 5, 6, 11, 12]
    assert rejects[12] == "repeats row 2"
    rows = {
        row.external_ref: row
        for row in ask(
            "select i.*, a.code as grid, c.code as category, o.code as org from incident i"
            " left join area a on a.area_id = grid_id"
            " left join category c using (category_id) left join organisation o on o.org_id = i.lead_org_id"
        )
    }
    assert rows["1"].grid == GRIDS[0]
    first = rows["1"]
    assert (first.category, first.platform_code, first.org) == ("ZF-01-001", "enforcement", "squad")
    assert first.urgency == "U2"
    assert rows["1"].reported_at.isoformat() == "2026-03-17T06:32:00+00:00"
    assert rows["1"].occurred_at.isoformat() == "2026-03-17T06:00:00+00:00"
    assert (rows["2"].state, rows["2"].category) == ("closed", "ZF-01-002")
    assert {share["code"] for share in rows["2"].grid_shares} == {GRIDS[0], GRIDS[2]}
    assert rows["6"].reported_at.isoformat() == "2026-03-17T06:00:00+00:00"
    reasons = {key: rows[key].triage_reason for key in ("6", "7", "9")}
    assert reasons == {"6": "outside_town", "7": "zero", "9": "no_place"}
    assert (rows["8"].place_level, rows["8"].state) == ("village", "closed")
    assert ask("select phone from incident_reporter") == [("13800000000",)]
    logged = ask("select name, count(*) from incident_log group by 1 order by 1")
    assert logged == [("close", 2), ("report", 6)]


def test_open_incidents_without_a_deadline_get_the_limit_of_their_stage_from_when_they_were_reported(bring, ask):
    head = "id,title,reported_at,closed_at,due_at,status,address\n"
    rows = (
        "1,t,2026-03-17 14:32,,,,",
        "2,t,2026-03-17 14:32,2026-03-18,,,",
        "3,t,2026-03-17 14:32,,2026-03-20 12:00,,",
        "4,t,2026-03-17 14:32,,,handling,",
        "5,t,2026-03-17 14:32,,,suspended,",
    )
    bring("incidents", head + "\n".join(rows) + "\n")
    shown = ask("select external_ref, amber_at::text, due_at::text from incident order by 1")
    assert shown == [
        ("1", "2026-03-17 08:02:00+00", "2026-03-17 08:32:00+00"),  # two work hours
        ("2", None, None),
        ("3", "2026-03-19 10:38:00+00", "2026-03-20 04:00:00+00"),
        ("4", "2026-03-19 08:32:00+00", "2026-03-20 06:32:00+00"),  # three work days
        ("5", None, None),
    ]


def test_only_a_case_that_is_over_is_logged_as_closed(bring, ask):
    bring("incidents", "id,title,reported_at,status\n1,t,2026-03-17,\n2,t,2026-03-17,handling\n3,t,2026-03-17,closed\n")
    logged = ask(
        "select i.external_ref, l.name from incident_log l join incident i using (incident_id)"
        " order by 1, l.at, l.from_state is not null, log_id"
    )
    assert logged == [("1", "report"), ("2", "report"), ("2", "import"), ("3", "report"), ("3", "close")]


def test_rows_without_a_case_number_get_one_of_the_day_they_were_reported(bring, ask, database):
    now = datetime.now(UTC)
    sheet = "id,case_no,title,reported_at\n"
    bring(
        "incidents",
        f"{sheet}a,,t,2026-03-17 23:59\nb,C7,t,2026-03-17 08:00\nc,,t,2026-03-17 08:00\nd,,t,{now:%FT%TZ}\n",
    )
    bring("incidents", f"{sheet}c,,t,2026-03-17 08:00\ne,,t,2026-03-17 07:00\n", name="u.csv")
    today = TOWN + now.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d")
    assert dict(ask("select external_ref, case_no from incident")) == {
        "a": f"{TOWN}202603170002", "b": "C7", "c": f"{TOWN}202603170001", "d": f"{today}0001", "e": f"{TOWN}202603170003",
    }  # fmt: skip
    with database.transaction(Scope.system(1)) as session:
        report = json.dumps({"title": "t", "channel": "phone"})
        told = session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": report}).scalar_one()
    assert told["case_no"] == f"{today}0002"


def test_the_same_incidents_twice_change_nothing(bring, ask):
    bring("incidents", INCIDENTS)
    before = ask("select external_ref, version, updated_at from incident order by 1")
    done, _ = bring("incidents", INCIDENTS.replace("渣土抛洒", "别的标题"))
    assert (done.added, done.unchanged) == (0, 6)
    assert ask("select external_ref, version, updated_at from incident order by 1") == before


def test_case_number_of_another_case_is_told(bring):
    sheet = "id,case_no,title,reported_at,lon,lat\n{},C1,t,2026-03-17,120.885,30.405\n"
    bring("incidents", sheet.format("a"))
    done, rejects = bring("incidents", sheet.format("b"))
    assert (done.added, rejects) == (0, {2: "case_no is the number of another case"})


def test_rows_without_an_id_are_known_by_their_content(bring):
    sheet = "title,reported_at,lon,lat\nt,2026-03-17,120.885,30.405\nt,2026-03-18,120.885,30.405\n"
    assert bring("incidents", sheet)[0].added == 2
    assert bring("incidents", sheet)[0].unchanged == 2


def test_unknown_system_in_a_row_is_quarantined(bring, ask):
    done, _ = bring("incidents", "id,title,reported_at,lon,lat,crs\n1,t,2026-03-17,120.885,30.405,mars\n")
    assert (done.added, done.triage) == (1, 1)
    row = ask("select triage_reason, source_crs, raw_lon, geom, place_how from incident")[0]
    assert row[:4] == ("crs_unknown", "mars", 120.885, None)
    assert row.place_how == {"suggested_crs": "wgs84"}


def test_kept_columns_become_attributes(bring, ask):
    bring("incidents", "id,title,reported_at,lon,lat,board\n1,t,2026-03-17,120.885,30.405,01 X\n", keep=("board",))
    assert ask("select attributes from incident") == [({"board": "01 X"},)]


def test_import_needs_the_permission(database, tmp_path):
    (tmp_path / "t.csv").write_text(ADDRESSES)
    with pytest.raises(Forbidden), database.transaction(REPORTER) as session:
        import_file(session, "addresses", tmp_path / "t.csv")


def test_bulk_function_of_the_database_refuses_who_may_not_import(database):
    with pytest.raises(Forbidden), database.transaction(REPORTER) as session:
        session.execute(text("select * from submit_incidents(cast(:rows as jsonb))"), {"rows": "[]"})


def test_bulk_function_takes_no_area_of_another_town(database, small_town, ask):
    far = ask("select area_id from area where level = 'village' limit 1")[0][0]
    row = {
        "n": 1, "incident_id": "00000000-0000-7000-8000-000000000001", "case_no": "x", "title": "t", "urgency": "U3",
        "state": "reported", "channel": "c", "reported_at": "2026-03-17T00:00:00Z",
        "occurred_at": "2026-03-17T00:00:00Z",
        "triage_reason": "no_place", "grid_id": far, "grid_now_id": far,
    }  # fmt: skip
    with database.transaction(Scope.system(small_town.other_town_id)) as session:
        session.execute(text("select * from submit_incidents(cast(:rows as jsonb))"), {"rows": json.dumps([row])}).all()
        assert session.execute(text("select grid_id, grid_now_id from incident")).all() == [(None, None)]


def test_missing_column_says_which_and_how(bring):
    with pytest.raises(Invalid, match="--map title=FIELD"):
        bring("incidents", "id,reported_at\n1,2026-03-17\n")


def test_long_file_commits_as_it_goes_and_goes_on_after_a_break(database, ask, tmp_path, monkeypatch):
    monkeypatch.setattr("layers.exchange.importing.sheet.PIECE_ROWS", 10)
    monkeypatch.setattr("layers.exchange.importing.run.PIECE_ROWS", 10)
    path = tmp_path / "long.csv"
    path.write_text("id,title,reported_at,lon,lat\n" + "".join(f"{n},t,2026-03-17,120.885,30.405\n" for n in range(35)))

    def run(options, stop_at=None):
        with database.transaction(Scope.system(1)) as session:

            def checkpoint():
                session.commit()
                apply(session, Scope.system(1))

            def progress(done):
                if done == stop_at:
                    raise KeyboardInterrupt

            return import_file(session, "incidents", path, options, progress, checkpoint)

    with pytest.raises(KeyboardInterrupt):
        run(Options(), stop_at=30)
    assert ask("select count(*) from incident") == [(20,)]
    done = run(Options())
    assert (done.added, done.unchanged) == (15, 20)
    path.write_text(path.read_text().replace("0,t,", "x0,t,").replace("34,t,", "34,,"))
    with pytest.raises(StrictRefused):
        run(Options(strict=True))
    assert ask("select count(*) from incident") == [(35,)]
