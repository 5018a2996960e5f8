"""Triage: a person puts an incident where it belongs; two at once cannot; nothing said before is lost."""

from __future__ import annotations

import pytest

from tests.small_town import GRIDS, VILLAGES


def quarantined(browser, **place):
    body = {"title": "坐标不明", "channel": "app", "lon": 120.885, "lat": 30.405, **place}
    return browser.post("/api/v1/incidents", body).json


def move(browser, told, **picked):
    version = browser.get(f"/api/v1/incidents/{told['id']}").json["properties"]["version"]
    body = {"version": version, "reason": "电话核实", **picked}
    return browser.call("PATCH", f"/api/v1/incidents/{told['id']}/place", json=body)


def test_picked_point_puts_the_incident_into_its_grid(shared_web):
    command = shared_web.browser("command")
    told = quarantined(command)
    assert told["triage_reason"] == "crs_unknown"
    answer = move(command, told, lon=120.895, lat=30.415, crs="cgcs2000")
    assert answer.status_code == 200, answer.json
    shown = answer.json["properties"]
    assert shown["grid"] == GRIDS[3]
    assert shown["triage_reason"] is None
    assert (shown["place"]["raw_lon"], shown["place"]["raw_lat"]) == (120.885, 30.405)
    last = shown["log"][-1]
    assert (last["name"], last["actor"], last["reason"]) == ("correct", "command", "电话核实")
    assert {"geom", "triage_reason"} <= set(last["facts"])


def test_picked_grid_serves_when_the_point_is_not_known(shared_web):
    command = shared_web.browser("command")
    answer = move(command, quarantined(command), grid=GRIDS[1])
    shown = answer.json["properties"]
    assert shown["grid"] == GRIDS[1]
    assert shown["place"]["level"] == "grid"
    assert shown["place"]["radius_m"] > 300


def test_suggestion_for_swapped_coordinates_is_accepted(shared_web):
    command = shared_web.browser("command")
    told = quarantined(command, lon=30.405, lat=120.885, crs="wgs84")
    assert told["triage_reason"] == "swapped"
    answer = move(command, told, accept_suggestion=True)
    assert answer.status_code == 200, answer.json
    assert answer.json["properties"]["grid"] == GRIDS[0]


def test_nothing_suggested_is_refused(shared_web):
    command = shared_web.browser("command")
    told = quarantined(command, lon=0, lat=0, crs="wgs84")
    answer = move(command, told, accept_suggestion=True)
    assert (answer.status_code, answer.json["code"]) == (422, "place.not_usable")


def test_second_of_two_is_refused_with_the_state_now(shared_web):
    command = shared_web.browser("command")
    told = quarantined(command)
    assert move(command, told, grid=GRIDS[0]).status_code == 200
    late = {"version": 1, "reason": "另一人", "grid": GRIDS[1]}
    answer = command.call("PATCH", f"/api/v1/incidents/{told['id']}/place", json=late)
    assert (answer.status_code, answer.json["code"]) == (409, "incident.version_conflict")
    told = answer.json["detail"]
    assert (told["version"], told["state"], told["last"]["actor"]) == (2, "reported", "command")


def test_pick_sent_again_with_its_key_changes_nothing(shared_web):
    command = shared_web.browser("command")
    told = quarantined(command)
    body = {"version": 1, "reason": "电话核实", "grid": GRIDS[0]}
    path, key = f"/api/v1/incidents/{told['id']}/place", {"Idempotency-Key": f"pick {told['id']}"}
    first = command.call("PATCH", path, json=body, headers=key)
    again = command.call("PATCH", path, json=body, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json["properties"]["version"] == again.json["properties"]["version"] == 2
    assert command.call("PATCH", path, json={**body, "grid": GRIDS[1]}, headers=key).status_code == 409


@pytest.mark.parametrize(
    "picked",
    [
        {},
        {"lon": 120.9},
        {"grid": GRIDS[0], "accept_suggestion": True},
        {"grid": GRIDS[0], "reason": ""},
        {"grid": "NO-SUCH-GRID"},
        {"lon": 120.9, "lat": 30.4, "crs": "mars"},
        {"lon": 0, "lat": 0},
    ],
)
def test_pick_that_says_no_place_is_refused(shared_web, picked):
    command = shared_web.browser("command")
    answer = move(command, quarantined(command), **picked)
    assert answer.status_code == 422


def test_grid_worker_may_not_place(shared_web):
    told = quarantined(shared_web.browser("command"))
    body = {"version": 1, "reason": "x", "grid": GRIDS[0]}
    answer = shared_web.browser("worker-a1").call("PATCH", f"/api/v1/incidents/{told['id']}/place", json=body)
    assert answer.status_code == 403


def test_reporter_is_masked_until_unmasked_with_a_reason_on_record(web, databases):
    command = web.browser("command")
    reporter = {"name": "王小明", "phone": "13812342017"}
    told = web.browser().post(
        "/api/v1/incidents",
        {"title": "路灯", "channel": "public", "lon": 120.885, "lat": 30.405, "crs": "wgs84", "reporter": reporter},
    )
    path = f"/api/v1/incidents/{told.json['id']}"
    assert command.get(path).json["properties"]["reporter"] == {"name": "王**", "phone": "138****2017"}
    assert web.browser("worker-a1").get(path).json["properties"]["reporter"] == {"hidden": True}
    assert command.post(f"{path}/unmask", {"reason": ""}).status_code == 422
    assert command.post(f"{path}/unmask", {"reason": "回访群众"}).json == reporter
    assert web.browser("leader").post(f"{path}/unmask", {"reason": "回访群众"}).status_code == 403
    import psycopg2

    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select reason, subject_id from audit where action = 'incident.unmask'")
        assert cursor.fetchall() == [("回访群众", told.json["id"])]
    connection.close()


def test_anonymous_reporter_leaves_nothing(web):
    command = web.browser("command")
    reporter = {"name": "王小明", "phone": "13812342017", "anonymous": True}
    told = web.browser().post("/api/v1/incidents", {"title": "路灯", "channel": "public", "reporter": reporter}).json
    assert command.post(f"/api/v1/incidents/{told['id']}/unmask", {"reason": "回访群众"}).json == {
        "name": None,
        "phone": None,
    }


def test_words_of_a_confirmed_pick_become_a_name_after_review(web):
    command, admin = web.browser("command"), web.browser("admin")
    words = "老陈修车铺"
    told = command.post("/api/v1/incidents", {"title": "占道", "channel": "app", "address": words}).json
    assert told["triage_reason"] == "place_not_found"
    assert move(command, told, lon=120.895, lat=30.415, crs="cgcs2000").status_code == 200
    again = command.post("/api/v1/incidents", {"title": "占道", "channel": "app", "address": words}).json
    assert again["triage_reason"] == "place_not_found"  # proposed is not known yet
    assert command.get("/api/v1/names/proposals").status_code == 403
    proposed = admin.get("/api/v1/names/proposals").json["proposals"]
    assert [(one["name"], one["village"], one["proposed_by"]) for one in proposed] == [(words, VILLAGES[1], "command")]
    number = proposed[0]["id"]
    assert admin.post(f"/api/v1/names/proposals/{number}", {"accept": True}).status_code == 200
    assert admin.post(f"/api/v1/names/proposals/{number}", {"accept": False}).status_code == 404
    known = command.post("/api/v1/incidents", {"title": "占道", "channel": "app", "address": words}).json
    assert (known["triage_reason"], known["grid"] and known["grid"]["code"]) == (None, GRIDS[3]), known


def test_dropped_proposal_is_gone(web):
    command, admin = web.browser("command"), web.browser("admin")
    told = command.post("/api/v1/incidents", {"title": "占道", "channel": "app", "address": "某某家门口"}).json
    move(command, told, lon=120.895, lat=30.415, crs="cgcs2000")
    number = admin.get("/api/v1/names/proposals").json["proposals"][0]["id"]
    assert admin.post(f"/api/v1/names/proposals/{number}", {"accept": False}).status_code == 200
    assert admin.get("/api/v1/names/proposals").json["proposals"] == []
