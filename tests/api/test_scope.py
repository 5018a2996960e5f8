"""Who sees which incident, over HTTP: by area, organisation, platform, assignment, authorship; and nobody more."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from data.scope import Scope
from tests.api.conftest import Web
from tests.small_town import GRIDS, USERS

# One incident a grid; category decides platform and lead organisation.
PLACES = {
    "a1": (120.885, 30.405, "ZF-01-002"),
    "a2": (120.885, 30.415, "SJ-01-001"),
    "b1": (120.895, 30.405, "ZF-01-001"),
    "b2": (120.895, 30.415, "BM-01-001"),
    "lake": (120.905, 30.405, "ZZ-01-001"),
}
SEEN = {
    "command": set(PLACES),
    "leader": set(PLACES),
    "admin": set(PLACES),
    "planner": set(PLACES),
    "planner2": set(PLACES),
    "worker-a1": {"a1"},
    "worker-b2": {"b2"},
    "cadre-a": {"a1", "a2"},
    "squad": {"a1", "b1"},
    "market": {"a2"},
}


@pytest.fixture(scope="module")
def town(shared_web):
    """Ids of the incidents by name of their place."""
    command = shared_web.browser("command")
    ids = {}
    for name, (lon, lat, category) in PLACES.items():
        body = {
            "title": f"件 {name}",
            "channel": "app",
            "lon": lon,
            "lat": lat,
            "crs": "cgcs2000",
            "category": category,
        }
        answer = command.post("/api/v1/incidents", body)
        assert answer.status_code == 201, answer.json
        ids[name] = answer.json["id"]
    return ids


def seen(web: Web, town: dict[str, str], username: str) -> set[str]:
    features = web.browser(username).get("/api/v1/incidents?limit=500").json["features"]
    return {name for name, number in town.items() if number in {feature["id"] for feature in features}}


def test_every_account_of_the_town_is_in_the_table():
    assert {user[0] for user in USERS} == set(SEEN)


@pytest.mark.parametrize("username", SEEN)
def test_list_shows_what_lies_in_reach_and_no_more(shared_web, town, username):
    assert seen(shared_web, town, username) == SEEN[username]


@pytest.mark.parametrize("username", SEEN)
def test_single_incident_out_of_reach_is_not_found(shared_web, town, username):
    browser = shared_web.browser(username)
    for name, number in town.items():
        expected = 200 if name in SEEN[username] else 404
        assert browser.get(f"/api/v1/incidents/{number}").status_code == expected, name


@pytest.mark.parametrize("username", SEEN)
def test_count_equals_the_list(shared_web, town, username):
    answer = shared_web.browser(username).get("/api/v1/incidents?limit=500").json
    assert answer["count"] == len(answer["features"])


def test_author_sees_its_own_report_wherever_it_lies(web):
    worker = web.browser("worker-a1")
    told = worker.post(
        "/api/v1/incidents", {"title": "远处", "channel": "app", "lon": 120.895, "lat": 30.415, "crs": "wgs84"}
    )
    assert worker.get(f"/api/v1/incidents/{told.json['id']}").status_code == 200
    assert web.browser("cadre-a").get(f"/api/v1/incidents/{told.json['id']}").status_code == 404


def test_assignment_opens_one_case_and_no_more(web, small_town):
    command = web.browser("command")
    ids = [
        command.post(
            "/api/v1/incidents", {"title": "湖边", "channel": "app", "lon": 120.905, "lat": 30.405, "crs": "wgs84"}
        ).json["id"]
        for _ in range(2)
    ]
    with web.state.database.transaction(Scope.system(small_town.town_id)) as session:
        session.execute(
            text("insert into incident_assignment (incident_id, town_id, user_id, duty) values (:i, :t, :u, 'verify')"),
            {"i": ids[0], "t": small_town.town_id, "u": small_town.users["worker-a1"]},
        )
    worker = web.browser("worker-a1")
    assert [worker.get(f"/api/v1/incidents/{number}").status_code for number in ids] == [200, 404]


@pytest.mark.parametrize("number", ["nonsense", "0", "2eb5858b-2e43-42fc-b85f-c715a6540068", "%2e%2e", "' or true --"])
def test_what_is_no_incident_is_not_found(shared_web, number):
    answer = shared_web.browser("command").get(f"/api/v1/incidents/{number}")
    assert (answer.status_code, answer.json["code"]) == (404, "incident.not_found")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("platform=enforcement", {"a1", "b1"}),
        ("platform=enforcement,market", {"a1", "a2", "b1"}),
        ("grid=" + GRIDS[0], {"a1"}),
        ("village=330499101202", {"b1", "b2"}),
        ("org=squad", {"a1", "b1"}),
        ("category=SJ-01-001", {"a2"}),
        ("stage=accept", set(PLACES)),
        ("stage=handle", set()),
        ("state=reported", set(PLACES)),
        ("open=1", set(PLACES)),
        ("late=1", set()),
        ("q=件 b", {"b1", "b2"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("q=\\", set()),
        ("bbox=120.89,30.40,120.90,30.42", {"b1", "b2"}),
        ("bbox=120.88,30.40,120.885,30.405", {"a1"}),
        ("from=2099-01-01T00:00:00Z", set()),
        ("to=2000-01-01T00:00:00Z", set()),
    ],
)
def test_filters_leave_what_they_say_and_the_count_agrees(shared_web, town, query, expected):
    answer = shared_web.browser("command").get(f"/api/v1/incidents?limit=500&{query}").json
    listed = {feature["id"] for feature in answer["features"]}
    assert {name for name, number in town.items() if number in listed} == expected
    assert answer["count"] == len(listed)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("nonsense=1", "filter.unknown"),
        ("open=maybe", "filter.value"),
        ("from=yesterday", "filter.value"),
        ("from=2026-01-01T00:00:00", "filter.value"),
        ("bbox=1,2,3", "filter.bbox"),
        ("bbox=3,2,1,4", "filter.bbox"),
        ("cursor=1", "filter.cursor"),
        ("cursor=" + "9" * 30 + ".1", "filter.cursor"),
        ("limit=0", "filter.limit"),
        ("limit=9999", "filter.limit"),
        ("q=%00", "request.bad"),
    ],
)
def test_query_that_cannot_be_read_is_refused(shared_web, query, code):
    answer = shared_web.browser("command").get(f"/api/v1/incidents?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_pages_hold_every_incident_once_in_order(web):
    command = web.browser("command")
    for n in range(25):
        command.post(
            "/api/v1/incidents",
            {"title": f"第 {n} 件", "channel": "app", "lon": 120.885, "lat": 30.405, "crs": "wgs84"},
        )
    seen_ids, cursor, counts = [], None, []
    while True:
        answer = command.get(f"/api/v1/incidents?limit=7{f'&cursor={cursor}' if cursor else ''}").json
        seen_ids += [feature["properties"]["seq"] for feature in answer["features"]]
        counts.append(answer["count"])
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen_ids == sorted(set(seen_ids), reverse=True)
    assert len(seen_ids) == 25
    assert counts == [25, None, None, None]
