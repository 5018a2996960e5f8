"""Boundary plans over HTTP: drawing together, undo, the way of a plan, and who may."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import uuid

import pytest
import shapely
from sqlalchemy import text

from data.errors import Forbidden, OneGridError
from data.scope import Scope
from layers.planning import plans, service
from layers.planning.asked import Edit
from layers.planning.state import STATES, States
from tests.conftest import ROOT
from tests.scopes import every_scope
from tests.small_town import GRIDS, LAKE, VILLAGES, SmallTown

A1, A2, B1, B2 = GRIDS


def opened(browser, name="调整"):
    answer = browser.post("/api/v1/plans", {"name": name})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def draw(browser, plan, version, operation, key=None):
    body = {"id": key or str(uuid.uuid4()), "version": version, "operation": operation}
    return browser.post(f"/api/v1/plans/{plan}/edits", body)


def done(answer):
    assert answer.status_code == 200, answer.json
    return answer.json


def bend(a, b, *points):
    return {"kind": "reshape", "between": [a, b], "line": [list(point) for point in points]}


def cut(leaf, *points, **more):
    return {"kind": "split", "leaf": leaf, "line": [list(point) for point in points], **more}


# The border A-1 | B-1 with a bulge into B-1, and A-2 | B-2 with one into A-2: no area in common.
LOWER = bend(A1, B1, (120.89, 30.40), (120.893, 30.405), (120.89, 30.41))
UPPER = bend(A2, B2, (120.89, 30.41), (120.887, 30.415), (120.89, 30.42))
OTHER_LOWER = bend(A1, B1, (120.89, 30.40), (120.888, 30.405), (120.89, 30.41))
# B-1 from corner to corner.
DIAGONAL = cut(B1, (120.89, 30.40), (120.90, 30.41))


def codes_of(collection):
    return {feature["id"] for feature in collection["features"]}


def shapes_of(collection):
    return {
        feature["id"]: shapely.from_geojson(str(feature["geometry"]).replace("'", '"'))
        for feature in collection["features"]
    }


def step_of(browser, plan, name, **body):
    return browser.post(f"/api/v1/plans/{plan}/{name}", body)


def test_an_edit_answers_with_what_changed_and_only_that(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    before = done(planner.get(f"/api/v1/plans/{plan}/areas"))
    assert codes_of(before) == {"330499101", *VILLAGES, *GRIDS, LAKE}
    made = done(draw(planner, plan, 0, LOWER))
    assert (made["version"], made["step"]["seq"], made["step"]["kind"], made["step"]["user"]) == (
        1,
        1,
        "reshape",
        "planner",
    )
    assert codes_of(made["areas"]) == {A1, B1, *VILLAGES}
    assert made["removed"] == []
    (border,) = made["borders"]["features"]
    assert {border["properties"][side] for side in ("left", "right")} == {A1, B1}
    assert (border["properties"]["rank"], border["properties"]["is_today"]) == ("village", False)
    assert len(made["borders"]["removed"]) == 1
    # metres squared of the triangle: 288 m by 1,109 m, halved
    assert made["step"]["summary"]["area_m2"] == pytest.approx(288.1 * 1109 / 2, rel=0.01)
    # what was sent is what the whole is made of
    whole = shapes_of(before) | shapes_of(made["areas"])
    assert all(
        shape.equals(whole[code]) for code, shape in shapes_of(done(planner.get(f"/api/v1/plans/{plan}/areas"))).items()
    )
    assert done(planner.get(f"/api/v1/plans/{plan}/areas?since=1"))["features"] == []
    today = done(planner.get(f"/api/v1/plans/{plan}/today"))
    assert shapes_of(today["areas"]) == shapes_of(before)


def test_new_leaves_get_numbers_that_no_area_ever_had(shared_web):
    planner = shared_web.browser("planner")
    plan = opened(planner)
    made = done(draw(planner, plan, 0, DIAGONAL))
    assert codes_of(made["areas"]) == {B1, f"{VILLAGES[1]}003"}
    assert {f["properties"]["is_new"] for f in made["areas"]["features"] if f["id"] != B1} == {True}
    gone = done(step_of(planner, plan, "undo", version=1))
    assert gone["removed"] == [f"{VILLAGES[1]}003"]
    # 003 was used in this plan, so it is not given again
    again = done(draw(planner, plan, 2, DIAGONAL))
    assert codes_of(again["areas"]) == {B1, f"{VILLAGES[1]}004"}
    ring = [[120.881, 30.401], [120.883, 30.401], [120.883, 30.403], [120.881, 30.403]]
    cut_out = {"kind": "cut_out", "polygons": [[ring]], "values": {"name": "工业园", "kind": "exclusive"}}
    made = done(draw(planner, plan, 3, cut_out))
    assert f"{VILLAGES[0]}901" in codes_of(made["areas"])
    new = next(f["properties"] for f in made["areas"]["features"] if f["id"] == f"{VILLAGES[0]}901")
    assert (new["parent"], new["level"], new["name"]) == (VILLAGES[0], "grid", "工业园")


def test_a_retried_edit_is_one_row(shared_web):
    planner = shared_web.browser("planner")
    plan, key = opened(planner), str(uuid.uuid4())
    answers = [done(draw(planner, plan, 0, LOWER, key)) for _ in range(3)]
    assert {answer["step"]["seq"] for answer in answers} == {1}
    assert answers[0] == answers[1] == answers[2]
    assert len(done(planner.get(f"/api/v1/plans/{plan}"))["steps"]) == 1
    other = draw(planner, plan, 1, UPPER, key)
    assert (other.status_code, other.json["code"]) == (409, "receipt.conflict")


def test_a_retried_plan_is_one_plan(shared_web):
    planner, key = shared_web.browser("planner"), str(uuid.uuid4())
    made = [planner.post("/api/v1/plans", {"id": key, "name": "一次"}).json["id"] for _ in range(2)]
    assert made == [key, key]
    assert [one["id"] for one in planner.get("/api/v1/plans").json["plans"]].count(key) == 1


def at_once(*acts):
    """Run functions in threads that start together; return what they answer."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(k):
        gate.wait()
        answers[k] = acts[k]()

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_two_at_once_one_wins_where_they_touch(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    for _ in range(4):
        plan = opened(one)
        answers = at_once(lambda p=plan: draw(one, p, 0, LOWER), lambda p=plan: draw(two, p, 0, OTHER_LOWER))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        lost = next(answer.json for answer in answers if answer.status_code == 409)
        winner = "planner" if answers[0].status_code == 200 else "planner2"
        assert (lost["code"], lost["detail"]["version"]) == ("plan.conflict", 1)
        (theirs,) = lost["detail"]["theirs"]
        assert (theirs["seq"], theirs["user"], set(theirs["codes"])) == (1, winner, {A1, B1})
        both = [lost["detail"]["mine"]["lines"], theirs["lines"]]
        assert {tuple(line["coordinates"][0][1]) for line in both} == {(120.893, 30.405), (120.888, 30.405)}
        assert done(one.get(f"/api/v1/plans/{plan}"))["version"] == 1


def test_of_two_at_once_both_pass_where_they_are_apart_and_see_each_other(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    for _ in range(4):
        plan = opened(one)
        answers = at_once(lambda p=plan: draw(one, p, 0, LOWER), lambda p=plan: draw(two, p, 0, UPPER))
        made = sorted((done(answer) for answer in answers), key=lambda answer: answer["version"])
        assert [answer["version"] for answer in made] == [1, 2]
        # the second one is shown what the first one did
        assert codes_of(made[1]["areas"]) == {*GRIDS, *VILLAGES}
        assert [step["seq"] for step in done(one.get(f"/api/v1/plans/{plan}"))["steps"]] == [2, 1]


def test_who_saw_the_others_change_may_go_on_from_it(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    late = draw(two, plan, 0, DIAGONAL)
    assert (late.status_code, late.json["code"]) == (409, "plan.conflict")
    done(draw(two, plan, 1, cut(B1, (120.893, 30.405), (120.90, 30.41))))
    ahead = draw(two, plan, 9, UPPER)
    assert (ahead.status_code, ahead.json["code"], ahead.json["detail"]) == (409, "plan.version_ahead", {"version": 2})


def test_undo_takes_back_ones_own_step_and_leaves_the_others(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    done(draw(two, plan, 1, UPPER))
    back = done(step_of(one, plan, "undo", version=2))
    assert (back["step"]["kind"], back["step"]["takes_back"], back["version"]) == ("undo", 1, 3)
    assert codes_of(back["areas"]) == {A1, B1, *VILLAGES}
    nothing = step_of(one, plan, "undo", version=3)
    assert (nothing.status_code, nothing.json["code"]) == (409, "plan.nothing_to_undo")
    steps = {step["seq"]: step["taken_back"] for step in done(one.get(f"/api/v1/plans/{plan}"))["steps"]}
    assert steps == {1: True, 2: False, 3: False}
    again = done(step_of(one, plan, "redo", version=3))
    assert (again["step"]["kind"], again["step"]["takes_back"]) == ("redo", 1)
    assert done(step_of(one, plan, "redo", version=4) and one.get(f"/api/v1/plans/{plan}"))["can_redo"] is False
    assert done(one.get(f"/api/v1/plans/{plan}"))["can_undo"] is True


def test_undo_goes_back_step_by_step_and_redo_forth_until_something_new(shared_web):
    one = shared_web.browser("planner")
    plan = opened(one)
    first = shapes_of(done(one.get(f"/api/v1/plans/{plan}/areas")))
    for version, operation in enumerate((LOWER, UPPER, DIAGONAL_OF_BENT)):
        done(draw(one, plan, version, operation))
    undone = [done(step_of(one, plan, "undo", version=3 + k))["step"]["takes_back"] for k in range(3)]
    assert undone == [3, 2, 1]
    assert shapes_of(done(one.get(f"/api/v1/plans/{plan}/areas"))) == first
    redone = [done(step_of(one, plan, "redo", version=6 + k))["step"]["takes_back"] for k in range(2)]
    assert redone == [1, 2]
    done(step_of(one, plan, "undo", version=8))
    done(draw(one, plan, 9, bend(A2, B2, (120.89, 30.41), (120.885, 30.415), (120.89, 30.42))))
    nothing = step_of(one, plan, "redo", version=10)
    assert (nothing.status_code, nothing.json["code"]) == (409, "plan.nothing_to_redo")


DIAGONAL_OF_BENT = cut(B1, (120.893, 30.405), (120.90, 30.41))


def test_undo_with_the_others_step_in_the_way_is_refused_and_names_it(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    done(draw(two, plan, 1, {"kind": "move_vertex", "at": [120.893, 30.405], "to": [120.894, 30.405]}))
    refused = step_of(one, plan, "undo", version=2)
    assert (refused.status_code, refused.json["code"]) == (409, "plan.undo_in_the_way")
    by = refused.json["detail"]["by"]
    assert (by["seq"], by["user"], by["kind"]) == (2, "planner2", "move_vertex")
    done(step_of(two, plan, "undo", version=2))
    done(step_of(one, plan, "undo", version=3))


def test_what_cannot_be_drawn_is_refused_with_the_places_and_leaves_nothing(shared_web):
    one = shared_web.browser("planner")
    plan = opened(one)
    for operation, code in (
        (cut(A1, (120.882, 30.402), (120.884, 30.404)), "partition.not_divided"),
        ({"kind": "move_vertex", "at": [120.88, 30.40], "to": [120.881, 30.40]}, "partition.outline"),
        ({"kind": "merge", "codes": [A1, "nowhere"], "into": A1}, "partition.unknown_area"),
        ({"kind": "describe", "code": LAKE, "values": {"parent": VILLAGES[0]}}, "plan.parent"),
        ({"kind": "describe", "code": A1, "values": {"level": "zone"}}, "request.invalid"),
        ({"kind": "restore", "change": {}}, "request.invalid"),
    ):
        answer = draw(one, plan, 0, operation)
        assert (answer.status_code, answer.json["code"]) == (422, code)
        if code.startswith("partition."):
            assert answer.json["detail"]["counts"]
            assert answer.json["detail"]["places"]["type"] == "FeatureCollection"
    assert done(one.get(f"/api/v1/plans/{plan}"))["version"] == 0


def test_who_changed_a_border_is_told(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    done(draw(two, plan, 1, UPPER))
    asked = f"/api/v1/plans/{plan}/history"
    for lat, seqs in ((30.404, [1]), (30.416, [2])):
        steps = done(one.get(f"{asked}?lon=120.891&lat={lat}"))["steps"]
        assert [step["seq"] for step in steps] == seqs
    assert done(one.get(f"{asked}?lon=120.88&lat=30.402"))["steps"] == []
    for wrong in ("", "?lon=x&lat=1", "?lon=nan&lat=1", "?lon=1&lat=91"):
        assert one.get(f"{asked}{wrong}").status_code == 422


def test_a_plan_needs_two_people(shared_web):
    one, two = shared_web.browser("planner"), shared_web.browser("planner2")
    plan = opened(one)
    empty = step_of(one, plan, "submit")
    assert (empty.status_code, empty.json["code"]) == (409, "plan.not_from_here")
    done(draw(one, plan, 0, LOWER))
    assert done(step_of(one, plan, "submit"))["state"] == "in_review"
    closed = draw(one, plan, 1, UPPER)
    assert (closed.status_code, closed.json["code"], closed.json["detail"]["state"]) == (
        409,
        "plan.not_draft",
        "in_review",
    )
    own = step_of(one, plan, "approve")
    assert (own.status_code, own.json["code"]) == (403, "plan.same_person")
    back = done(step_of(two, plan, "return", reason="甲村那边再看看"))
    assert (back["state"], back["reason"]) == ("draft", "甲村那边再看看")
    assert step_of(two, plan, "return", reason="再退").status_code == 409
    done(step_of(one, plan, "submit"))
    assert done(step_of(two, plan, "approve"))["approved_by"] == "planner2"
    assert step_of(two, plan, "approve").status_code == 409
    assert "publish" in done(two.get(f"/api/v1/plans/{plan}"))["allowed"]
    assert "publish" not in done(one.get(f"/api/v1/plans/{plan}"))["allowed"]


ROUTES = (
    ("GET", ""), ("GET", "/areas"), ("GET", "/borders"), ("GET", "/today"), ("GET", "/history?lon=120.89&lat=30.405"),
    ("GET", "/effects"), ("GET", "/checks"), ("GET", "/impact"), ("GET", "/impact.gpkg"), ("GET", "/staff"), ("PUT", "/staff"),
    ("POST", "/edits"), ("POST", "/undo"), ("POST", "/redo"), ("POST", "/submit"), ("POST", "/approve"), ("POST", "/return"),
    ("POST", "/publish"), ("POST", "/retire"),
)  # fmt: skip


def test_who_neither_plans_nor_reviews_sees_and_does_nothing(shared_web):
    plan = opened(shared_web.browser("planner"))
    for name in ("command", "leader", "admin", "worker-a1", "cadre-a", "squad", "market"):
        browser = shared_web.browser(name)
        for method, path in (("GET", None), ("POST", None), *ROUTES):
            answer = browser.call(method, "/api/v1/plans" if path is None else f"/api/v1/plans/{plan}{path}", json={})
            assert (answer.status_code, answer.json["code"]) == (403, "scope.forbidden"), (name, method, path)


def test_plain_sql_of_the_application_changes_no_operation_and_no_boundary(shared_web, small_town: SmallTown):
    """Neither as the planner nor as the system: what was done stays, and boundaries are not written by hand."""
    plan = opened(shared_web.browser("planner"))
    done(draw(shared_web.browser("planner"), plan, 0, LOWER))
    scopes = every_scope(small_town)
    insert = (
        "insert into plan_operation (plan_id, seq, town_id, user_id, at, operation, patch, codes)"
        " values (:plan, {seq}, :town, {user}, now(), '{{}}', '{{}}', '{{}}')"
    )
    refused = (
        "update plan_operation set patch = '{}'",
        "update plan_operation set codes = '{}'",
        "delete from plan_operation",
        "truncate plan_operation",
        "update plan set based_on = now()",
        "update plan set town_id = 1",
        "delete from plan",
        "update plan set state = 'published', published_at = now()",
        "update plan set version = 9",
        insert.format(seq=1, user=small_town.users["planner2"]),
        insert.format(seq=7, user=small_town.users["planner"]),
        "delete from area_version",
        "update area_version set geom = geom",
        "insert into area_lineage (plan_id, town_id, old_code, new_code, area_m2, area_share, households, at)"
        " values (:plan, :town, 'a', 'b', 1, 1, 1, now())",
    )

    for scope in (scopes["planner"],):
        for statement in refused:
            with pytest.raises(OneGridError), shared_web.state.database.transaction(scope) as session:
                found = session.execute(text(statement), {"plan": plan, "town": small_town.town_id})
                if found.rowcount == 0:
                    raise Forbidden("scope.forbidden", "no row in reach")
    with pytest.raises(OneGridError), shared_web.state.database.transaction(scopes["system"]) as session:
        session.execute(text("update plan_operation set patch = '{}'"))
    with shared_web.state.database.transaction(scopes["planner"]) as session:
        assert (
            session.execute(text("select count(*) from plan_operation where plan_id = :p"), {"p": plan}).scalar() == 1
        )


REPLAY = """
import hashlib, sys, uuid
import shapely
from data.scope import Scope
from data.session import Database
from layers.planning import plans, service
from layers.planning.asked import Edit
from layers.planning.state import STATES
database = Database(sys.argv[1])
with database.transaction(Scope.system(int(sys.argv[2]))) as session:
    plan = plans.require(session, uuid.UUID(sys.argv[3]))
    areas = STATES.get(session, plan, plan.version).part.areas()
    digest = hashlib.sha256(areas.drop(columns="geometry").to_csv().encode())
    for shape in areas.geometry:
        digest.update(shapely.to_wkb(shape))
    print(digest.hexdigest())
"""


def test_plain_sql_does_not_get_a_plan_past_the_second_person(shared_web, small_town: SmallTown):
    one = shared_web.browser("planner")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    done(step_of(one, plan, "submit"))
    scopes, params = every_scope(small_town), {"plan": plan, "me": small_town.users["planner2"]}
    approve = "update plan set state = 'approved' where plan_id = :plan"
    publish = "update plan set state = 'published', published_at = now() where plan_id = :plan"
    for name, statement, code in (
        ("planner", approve, "plan.same_person"),
        ("planner", "update plan set submitted_by = :me, state = 'in_review' where plan_id = :plan", "history.fixed"),
        ("planner2", publish, "plan.not_from_here"),
        ("planner2", "update plan set version = version + 1 where plan_id = :plan", "plan.not_draft"),
        ("planner2", "update plan set publish_at = now() where plan_id = :plan", "scope.forbidden"),
    ):
        with pytest.raises(OneGridError) as refused, shared_web.state.database.transaction(scopes[name]) as session:
            session.execute(text(statement), params)
        assert refused.value.code == code, statement
    with shared_web.state.database.transaction(scopes["planner2"]) as session:
        session.execute(text(approve), params)
    with pytest.raises(OneGridError) as refused, shared_web.state.database.transaction(scopes["planner"]) as session:
        session.execute(text(publish), params)
    assert refused.value.code in ("plan.same_person", "scope.forbidden")
    for name in ("command", "leader", "worker-a1", "other leader"):
        with shared_web.state.database.transaction(scopes[name]) as session:
            assert session.execute(text("update plan set name = 'x'")).rowcount == 0
            assert session.execute(text("select count(*) from plan_operation")).scalar() == 0


def test_another_process_makes_the_same_bytes_of_the_stored_patches(shared_web, small_town: SmallTown):
    one = shared_web.browser("planner")
    plan = opened(one)
    for version, operation in enumerate((LOWER, UPPER, DIAGONAL_OF_BENT)):
        done(draw(one, plan, version, operation))
    done(step_of(one, plan, "undo", version=3))
    database = shared_web.state.database
    with database.transaction(Scope.system(small_town.town_id)) as session:
        row = plans.require(session, uuid.UUID(plan))
        part = STATES.get(session, row, row.version).part
        again = States().get(session, row, row.version).part
    digests = []
    for made in (part, again):
        areas = made.areas()
        digest = hashlib.sha256(areas.drop(columns="geometry").to_csv().encode())
        for shape in areas.geometry:
            digest.update(shapely.to_wkb(shape))
        digests.append(digest.hexdigest())
    url = shared_web.state.settings.database_url
    other = subprocess.run(
        [sys.executable, "-c", REPLAY, url, str(small_town.town_id), plan],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert {*digests, other.stdout.strip()} == {digests[0]}


def test_a_version_that_was_rolled_back_is_not_kept(shared_web, small_town: SmallTown):
    one = shared_web.browser("planner")
    plan = uuid.UUID(opened(one))
    given = Edit.model_validate({"version": 0, "operation": LOWER})
    with (
        pytest.raises(ZeroDivisionError),
        shared_web.state.database.transaction(every_scope(small_town)["planner"]) as session,
    ):
        service.edit(session, plan, None, 0, given.operation)
        raise ZeroDivisionError
    made = done(draw(one, plan, 0, UPPER))
    assert codes_of(made["areas"]) == {A2, B2, *VILLAGES}
    assert codes_of(done(one.get(f"/api/v1/plans/{plan}/areas?since=0"))) == {A2, B2, *VILLAGES}


def test_events_of_plans_reach_planners_only(shared_web, small_town: SmallTown):
    one = shared_web.browser("planner")
    plan = opened(one)
    done(draw(one, plan, 0, LOWER))
    statement = text("select kind, payload from event where topic = 'plan' and ref = :plan order by position")
    for name, scope in every_scope(small_town).items():
        with shared_web.state.database.transaction(scope) as session:
            seen = session.execute(statement, {"plan": plan}).all()
        assert [row.kind for row in seen] == (
            ["moved", "edited"] if name in ("planner", "planner2", "system") else []
        ), name
