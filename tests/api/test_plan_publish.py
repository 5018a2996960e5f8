"""Publishing a plan: by a second person, all at once, at its moment; what follows which; cases in their new grid."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from sqlalchemy import text

from api.worker import handlers
from data.job import run_one
from tests.api.test_plan import A1, A2, B1, B2, DIAGONAL, LOWER, UPPER, done, draw, opened, step_of
from tests.scopes import every_scope
from tests.small_town import VILLAGES, SmallTown

NEW = f"{VILLAGES[1]}003"


def named(code, name="第 3 网格"):
    return {"kind": "describe", "code": code, "values": {"name": name}}


def approved(web, *operations):
    """A plan with operations, submitted by planner and approved by planner2."""
    one, two = web.browser("planner"), web.browser("planner2")
    plan = opened(one)
    for version, operation in enumerate(operations):
        done(draw(one, plan, version, operation))
    done(step_of(one, plan, "submit"))
    done(step_of(two, plan, "approve"))
    return one, two, plan


def report(web, town: SmallTown, *places):
    """Open cases; the second of each pair is closed."""
    with web.state.database.transaction(every_scope(town)["system"]) as session:
        ids = []
        for lon, lat in places:
            body = {"title": "件", "channel": "phone", "lon": lon, "lat": lat, "reporter": {"name": "王", "phone": "1"},
                    "now": "2026-11-01T00:00:00Z"}  # fmt: skip
            made = session.execute(
                text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)}
            ).scalar_one()
            ids.append(made["id"] if isinstance(made, dict) else made)
        return ids


def sql(web, town, statement, **params):
    with web.state.database.transaction(every_scope(town)["system"]) as session:
        return session.execute(text(statement), params).all()


def work(web):
    while run_one(web.state.database, handlers()):
        pass


def grids(browser):
    return {one["code"] for one in done(browser.get("/api/v1/areas?level=grid"))["areas"]}


def close(web, town, title):
    """End a case as its trigger allows: a duplicate that is declined needs nobody."""
    command = web.browser("command")
    number = sql(web, town, "select incident_id::text as id, version from incident where title = :t", t=title)[0]
    answer = command.post(
        f"/api/v1/incidents/{number.id}/transitions",
        {
            "name": "decline",
            "version": number.version,
            "reason": "不属本镇",
            "reason_code": "not_ours",
            "public_text": "已告知",
        },
    )
    assert answer.status_code == 200, answer.json


# In B-1: below and above its diagonal from the lower left corner.
BELOW, ABOVE = (120.8975, 30.4025), (120.8925, 30.4075)


def test_open_cases_get_their_new_grid_and_none_loses_the_one_it_had(web, small_town):
    report(web, small_town, BELOW, ABOVE, BELOW, ABOVE)
    with web.state.database.transaction(every_scope(small_town)["system"]) as session:
        for n, row in enumerate(session.execute(text("select incident_id from incident order by seq")).all()):
            session.execute(text("update incident set title = :t where incident_id = :i"), {"t": f"件{n}", "i": row[0]})
    close(web, small_town, "件2")
    close(web, small_town, "件3")
    _, two, plan = approved(web, DIAGONAL, named(NEW))
    told = done(two.get(f"/api/v1/plans/{plan}/impact?kind=open_incidents"))
    assert told["counts"]["open_incidents"] == 1
    assert [(row["from"], row["to"]) for row in told["rows"]] == [(B1, NEW)]
    wrong = step_of(two, plan, "publish", count=0)
    assert (wrong.status_code, wrong.json["code"], wrong.json["detail"]) == (409, "plan.count", {"count": 1})
    assert "1 件" in wrong.json["message"]
    assert grids(two) == {A1, A2, B1, B2}
    before = sql(web, small_town, "select title, grid_id, grid_now_id from incident order by title")
    assert done(step_of(two, plan, "publish", count=1))["state"] == "published"
    assert grids(two) == {A1, A2, B1, B2, NEW}
    # the open ones came along in the same step, closed ones follow
    open_now = "select n.code from incident i join area n on n.area_id = i.grid_now_id where i.is_open order by 1"
    assert [row.code for row in sql(web, small_town, open_now)] == [B1, NEW]
    work(web)
    after = sql(
        web, small_town,
        "select i.title, i.grid_id, n.code, i.is_open from incident i left join area n on n.area_id = i.grid_now_id order by title",
    )  # fmt: skip
    assert [row.grid_id for row in after] == [row.grid_id for row in before]
    assert {row.code for row in after if row.is_open} == {B1, NEW}
    assert [row.is_open for row in after] == [True, True, False, False]
    # every case stands in the boundaries of its day and in those of today, and only one changed hands
    then, now = (valid_reports(web.browser("command"), by) for by in ("grid_then", "grid"))
    assert (then, now) == ({B1: 4}, {B1: 2, NEW: 2})


def test_whoever_is_posted_to_a_grid_that_ends_works_in_the_one_that_follows(web, databases, small_town):
    report(web, small_town, (120.885, 30.405))
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update user_area set area_id = %s where area_id = %s", [small_town.areas[A2], small_town.areas[A1]]
        )
        assert cursor.rowcount > 0
    connection.close()
    worker = web.browser("worker-a1")
    assert done(worker.get("/api/v1/incidents"))["count"] == 0
    # A-1 is larger, so that the grid of both is called A-1 and A-2 ends
    _, two, plan = approved(web, {"kind": "merge", "codes": [A1], "into": A2})
    assert done(step_of(two, plan, "publish", count=0))["state"] == "published"
    assert grids(two) == {A1, B1, B2}
    assert done(worker.get("/api/v1/incidents"))["count"] == 1


def test_a_grid_joined_over_a_village_border_keeps_a_code_of_its_village(web):
    # B-1 lies south of A-2 and is larger
    _, two, plan = approved(web, {"kind": "merge", "codes": [B1], "into": A2})
    assert done(step_of(two, plan, "publish", count=0))["state"] == "published"
    assert grids(two) == {A1, A2, B2}


def valid_reports(browser, by):
    """Reported cases of each area."""
    span = {"from": "2026-10-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
    groups = done(browser.get("/api/v1/indicators", query_string={**span, "by": by}))["groups"]
    return {group["key"]: group["indicators"]["valid_report"]["denominator"] for group in groups}


def test_who_submitted_a_plan_does_not_publish_it_nor_does_anybody_before_it_is_approved(web, small_town):
    one, two, plan = approved(web, LOWER)
    own = step_of(one, plan, "publish", count=0)
    assert (own.status_code, own.json["code"]) == (403, "plan.same_person")
    other = opened(one)
    done(draw(one, other, 0, UPPER))
    early = step_of(two, other, "publish", count=0)
    assert (early.status_code, early.json["code"], early.json["detail"]["state"]) == (
        409,
        "plan.not_from_here",
        "draft",
    )
    for name in ("command", "leader", "admin", "worker-a1", "cadre-a", "squad", "market"):
        refused = step_of(web.browser(name), plan, "publish", count=0)
        assert (refused.status_code, refused.json["code"]) == (403, "scope.forbidden")
    assert grids(one) == {A1, A2, B1, B2}
    assert sql(web, small_town, "select count(*) from area_version where valid_to < 'infinity'")[0][0] == 0
    # what the program may do while it publishes, the reviewer may not do otherwise
    for statement in (
        "update area_version set valid_to = now()",
        "insert into area_lineage select * from area_lineage",
    ):
        with web.state.database.transaction(every_scope(small_town)["planner2"]) as session:
            assert session.execute(text(statement)).rowcount == 0


def test_a_moment_that_has_passed_is_refused(web):
    _, two, plan = approved(web, LOWER)
    early = step_of(two, plan, "publish", count=0, at="2020-01-01T00:00:00Z")
    assert (early.status_code, early.json["code"]) == (422, "plan.past")
    assert done(two.get(f"/api/v1/plans/{plan}"))["state"] == "approved"


def test_a_reader_sees_the_boundaries_before_or_after(web, small_town):
    _, two, plan = approved(web, DIAGONAL, named(NEW), LOWER_OF_CUT)
    seen, stop = [], threading.Event()
    statement = (
        "select count(*) as n, round(sum(v.area_m2)) as area from area_version v join area a using (area_id)"
        " where a.level = 'grid' and valid_from <= now() and now() < valid_to"
    )
    report(web, small_town, BELOW, ABOVE)
    homes = (
        "select array_agg(distinct n.code) as codes, (select count(*) from area_version v join area a using (area_id)"
        " where a.level = 'grid' and valid_from <= now() and now() < valid_to) as n"
        " from incident i join area n on n.area_id = i.grid_now_id where i.is_open"
    )
    pairs = set()

    def read():
        while not stop.is_set():
            row = sql(web, small_town, statement)[0]
            seen.append((row.n, float(row.area)))
            home = sql(web, small_town, homes)[0]
            pairs.add((home.n, *sorted(home.codes)))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        done(step_of(two, plan, "publish", count=1))
        time.sleep(0.3)
    finally:
        stop.set()
        thread.join()
    counts = [n for n, _ in seen]
    assert set(counts) == {4, 5}
    assert counts == sorted(counts)
    assert pairs == {
        (4, B1),
        (5, B1, NEW),
    }  # no case in new boundaries with its grid of before, nor the other way round
    areas = [area for _, area in seen]
    assert max(areas) - min(areas) < 10  # m2 of rounding, of 4.2 km2


LOWER_OF_CUT = {"kind": "move_vertex", "at": [120.89, 30.41], "to": [120.8895, 30.4105]}


def test_a_plan_is_put_in_force_at_its_moment_by_the_worker(web, small_town):
    _, two, plan = approved(web, DIAGONAL, named(NEW))
    at = datetime.now(UTC) + timedelta(seconds=2)
    set_for = done(step_of(two, plan, "publish", count=0, at=at.isoformat()))
    assert (set_for["state"], set_for["published_by"]) == ("approved", "planner2")
    assert datetime.fromisoformat(set_for["publish_at"]) == at
    work(web)
    assert grids(two) == {A1, A2, B1, B2}
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()) + 0.1)
    work(web)
    time.sleep(1.1)  # the index of areas is at most a second old
    assert grids(two) == {A1, A2, B1, B2, NEW}
    assert done(two.get(f"/api/v1/plans/{plan}"))["state"] == "published"
    said = sql(web, small_town, "select kind from event where topic = 'plan' and ref = :p order by position", p=plan)
    assert [row.kind for row in said][-2:] == ["moved", "published"]


def test_a_plan_that_was_returned_is_not_put_in_force_at_the_moment_it_was_set_for(web, small_town):
    _, two, plan = approved(web, LOWER)
    at = datetime.now(UTC) + timedelta(seconds=1)
    done(step_of(two, plan, "publish", count=0, at=at.isoformat()))
    done(step_of(two, plan, "return", reason="缓一缓"))
    time.sleep(1.2)
    work(web)
    assert done(two.get(f"/api/v1/plans/{plan}"))["state"] == "draft"
    assert sql(web, small_town, "select count(*) from area_version where valid_to < 'infinity'")[0][0] == 0


def test_a_plan_on_boundaries_that_are_no_more_is_refused_and_says_so(web, small_town):
    _, two, first = approved(web, LOWER)
    _, _, second = approved(web, UPPER)
    _, _, third = approved(web, DIAGONAL, named(NEW))
    at = datetime.now(UTC) + timedelta(seconds=1)
    done(step_of(two, third, "publish", count=0, at=at.isoformat()))
    done(step_of(two, first, "publish", count=0))
    refused = step_of(two, second, "publish", count=0)
    assert (refused.status_code, refused.json["code"]) == (409, "plan.red")
    assert [check["code"] for check in refused.json["detail"]["checks"]] == ["outdated"]
    time.sleep(1.2)
    work(web)
    left = done(two.get(f"/api/v1/plans/{third}"))
    assert (left["state"], left["publish_at"]) == ("approved", None)
    assert "outdated" in left["reason"]


def test_successors_keep_codes_by_their_largest_share_and_lineage_adds_up(web, small_town):
    """B-1 is cut so that the piece that keeps its name is the smaller one; A-1 and A-2 become one."""
    with web.state.database.transaction(every_scope(small_town)["system"]) as session:
        for n, (lon, lat) in enumerate([BELOW, ABOVE, ABOVE, (120.885, 30.405), (120.885, 30.415)]):
            session.execute(
                text(
                    "insert into address (town_id, plate_id, households, geom) values (:t, :p, 10,"
                    " st_setsrid(st_makepoint(:lon, :lat), 4490))"
                ),
                {"t": small_town.town_id, "p": f"P{n}", "lon": lon, "lat": lat},
            )
    swap = {
        "kind": "hand_over",
        "polygons": [[[[120.89, 30.40], [120.90, 30.40], [120.90, 30.4085], [120.89, 30.4085]]]],
        "to": NEW,
    }
    merge = {"kind": "merge", "codes": [A1, A2], "into": A2}
    _, two, plan = approved(web, DIAGONAL, named(NEW), swap, merge)
    told = done(two.get(f"/api/v1/plans/{plan}/impact"))
    # what is called NEW in the draft holds most of B-1 now, and takes its code; the rest of it gets the next one
    assert told["codes"][NEW] == B1
    done(step_of(two, plan, "publish", count=told["counts"]["open_incidents"]))
    time.sleep(1.1)
    found = grids(two)
    assert B1 in found
    assert len(found) == 4
    rows = sql(web, small_town, "select * from area_lineage order by old_code, new_code")
    by_old: dict[str, float] = {}
    for row in rows:
        by_old[row.old_code] = by_old.get(row.old_code, 0) + row.area_share
    assert by_old == {code: pytest.approx(1, abs=1e-6) for code in (A1, A2, B1)}
    merged = {row.new_code for row in rows if row.old_code in (A1, A2)}
    assert merged == {A1}  # the larger of the two, by its latitude
    assert sum(row.households for row in rows) == 50
    assert {(row.old_code, row.new_code): row.household_share for row in rows}[A1, A1] == 1
    # a code that ended is never given again
    codes = sql(web, small_town, "select code, count(*) from area where town_id = :t group by code having count(*) > 1",
                t=small_town.town_id)  # fmt: skip
    assert codes == []


def test_the_lists_are_a_file_too(web, small_town, tmp_path):
    import geopandas

    report(web, small_town, BELOW, ABOVE)
    _, two, plan = approved(web, DIAGONAL, named(NEW))
    answer = two.get(f"/api/v1/plans/{plan}/impact.gpkg")
    assert answer.status_code == 200
    path = tmp_path / "impact.gpkg"
    path.write_bytes(answer.data)
    rows = geopandas.read_file(path, layer="open_incidents")
    assert [(row["from"], row["to"]) for _, row in rows.iterrows()] == [(B1, NEW)]
    assert geopandas.read_file(path, layer="entities").empty
    kept = sql(web, small_town, "select action from audit where action = 'plan.export'")
    assert len(kept) == 1


def test_who_is_to_be_responsible_is_so_once_the_plan_is_in_force(web, small_town):
    """In a town that names people at all a leaf without any is red; whom the plan names takes over on publishing."""
    insert = (
        "with s as (insert into staff (town_id, code, name) values (:t, 'S1', '王一'), (:t, 'S2', '李二') returning staff_id, code)"
        " insert into area_duty (town_id, area_id, staff_id, role, valid_from) select :t, area_id, staff_id, 'primary_responsible',"
        " date '2024-01-01' from s, area where s.code = 'S1' and town_id = :t and level = 'grid' returning 1"
    )
    sql(web, small_town, insert, t=small_town.town_id)
    one, two = web.browser("planner"), web.browser("planner2")
    plan = opened(one)
    done(draw(one, plan, 0, DIAGONAL))
    done(draw(one, plan, 1, named(NEW)))
    refused = step_of(one, plan, "submit")
    assert [(check["code"], check["codes"]) for check in refused.json["detail"]["checks"]] == [("nobody", [NEW])]
    path = f"/api/v1/plans/{plan}/staff"
    for wrong in ({"code": "x", "staff": "S2"}, {"code": NEW, "staff": "S9"}, {"code": VILLAGES[0], "staff": "S2"}):
        answer = one.call("PUT", path, json={"staff": [{"role": "primary_responsible", **wrong}]})
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
    named_now = {"staff": [{"code": NEW, "role": "primary_responsible", "staff": "S2"}]}
    assert done(one.call("PUT", path, json=named_now))["staff"][0]["name"] == "李二"
    done(step_of(one, plan, "submit"))
    late = one.call("PUT", path, json={"staff": []})
    assert (late.status_code, late.json["code"]) == (409, "plan.not_draft")
    done(step_of(two, plan, "approve"))
    done(step_of(two, plan, "publish", count=0))
    duty = (
        "select s.name from area_duty d join area a using (area_id) join staff s using (staff_id) where a.code = :code"
    )
    assert [row.name for row in sql(web, small_town, duty, code=NEW)] == ["李二"]


def test_the_way_back_is_a_plan_of_its_own_with_the_boundaries_before(web, small_town):
    """A-1 and A-2 made one and B-1 cut; back again: four grids with the old shapes, the ended code not used again."""
    shape = (
        "select v.code, st_astext(st_normalize(v.geom)) as wkt, v.name from (select v.*, a.name, a.level from area_version v join area a"
        " using (area_id) where v.town_id = :t and valid_from <= now() and now() < valid_to) v where level = 'grid' order by 2"
    )
    before = sql(web, small_town, shape, t=small_town.town_id)
    one, two, plan = approved(web, DIAGONAL, named(NEW), {"kind": "merge", "codes": [A1, A2], "into": A1})
    early = step_of(two, plan, "retire")
    assert (early.status_code, early.json["code"]) == (409, "plan.not_from_here")
    done(step_of(two, plan, "publish", count=0))
    assert grids(two) == {A1, B1, B2, NEW}
    answer = step_of(one, plan, "retire")
    assert answer.status_code == 201, answer.json
    back = answer.json["id"]
    assert answer.json["state"] == "draft"
    assert done(two.get(f"/api/v1/plans/{plan}"))["state"] == "published"
    done(step_of(one, back, "submit"))
    assert step_of(one, back, "approve").status_code == 403
    done(step_of(two, back, "approve"))
    done(step_of(two, back, "publish", count=0))
    assert done(two.get(f"/api/v1/plans/{plan}"))["state"] == "retired"
    after = sql(web, small_town, shape, t=small_town.town_id)
    assert [(row.wkt, row.name) for row in after] == [(row.wkt, row.name) for row in before]
    assert {row.code for row in after} == {A1, f"{VILLAGES[0]}003", B1, B2}


def test_the_way_back_is_not_offered_when_others_published_since(web, small_town):
    _, two, first = approved(web, LOWER)
    done(step_of(two, first, "publish", count=0))
    _, two, second = approved(web, UPPER)
    done(step_of(two, second, "publish", count=0))
    refused = step_of(two, first, "retire")
    assert (refused.status_code, refused.json["code"]) == (409, "plan.not_last")
    assert [one["id"] for one in done(two.get("/api/v1/plans?state=draft"))["plans"]] == []
