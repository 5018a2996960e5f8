"""Reports over HTTP: once and only once, never refused for their place, every fault of the body listed."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import text

from data import clock
from data.scope import Scope
from layers.incident.draft import Channel
from tests.api.conftest import Web
from tests.small_town import GRIDS
from webmap import i18n

INSIDE = {"lon": 120.885, "lat": 30.405, "crs": "cgcs2000"}


def body(**changes: Any) -> dict[str, Any]:
    report = {
        "id": str(uuid.uuid4()),
        "title": "老街有人占道摆摊",
        "description": "两个摊位",
        "channel": "app",
        **INSIDE,
    }
    return {name: value for name, value in {**report, **changes}.items() if value is not ...}


def count(web: Web, table: str = "incident") -> int:
    town = web.state.public_town(None)
    with web.state.database.transaction(Scope.system(town)) as session:
        return session.execute(text(f"select count(*) from {table}")).scalar_one()


def test_report_lands_in_its_grid_with_suggestion_and_deadline(shared_web):
    answer = shared_web.browser("command").post("/api/v1/incidents", body())
    assert answer.status_code == 201, answer.json
    told = answer.json
    assert told["grid"]["code"] == GRIDS[0]
    assert told["triage_reason"] is None
    assert told["suggestion"]["category"] == "ZF-01-002"
    assert told["suggestion"]["rules"] == ["keyword:占道", "keyword:摆摊", "likeness"]
    found = shared_web.browser("command").get(f"/api/v1/incidents/{told['id']}").json
    assert found["geometry"]["coordinates"] == [120.885, 30.405]
    shown = found["properties"]
    assert (shown["platform"], shown["category"], shown["lead_org"]) == ("enforcement", "ZF-01-002", "squad")
    assert shown["amber_at"] < shown["due_at"]
    assert shown["log"][0]["name"] == "report"
    assert shown["log"][0]["actor"] == "command"
    assert shown["case_no"] == told["case_no"]


def test_same_id_again_changes_nothing(web):
    browser, report = web.browser("command"), body()
    first = browser.post("/api/v1/incidents", report)
    again = browser.post("/api/v1/incidents", report)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert count(web) == 1


def test_same_id_with_another_body_is_refused(web):
    browser, report = web.browser("command"), body()
    browser.post("/api/v1/incidents", report)
    other = browser.post("/api/v1/incidents", {**report, "title": "另一件"})
    assert (other.status_code, other.json["code"]) == (409, "receipt.conflict")
    assert count(web) == 1


def test_same_id_of_another_person_is_refused(web):
    report = body()
    web.browser("command").post("/api/v1/incidents", report)
    other = web.browser("worker-a1").post("/api/v1/incidents", report)
    assert other.status_code == 409


def test_idempotency_key_serves_as_client_id(web):
    browser, report = web.browser("command"), body(id=...)
    headers = {"Idempotency-Key": "key-1"}
    first = browser.post("/api/v1/incidents", report, headers=headers)
    again = browser.post("/api/v1/incidents", report, headers=headers)
    assert first.json["id"] == again.json["id"]
    other = browser.post("/api/v1/incidents", {**report, "title": "x"}, headers=headers)
    assert other.status_code == 409


def test_same_id_from_eight_threads_is_one_incident(web):
    report, answers = body(), []
    browsers = [web.browser("command") for _ in range(8)]
    gate = threading.Barrier(8)

    def send(browser: Any) -> None:
        gate.wait()
        answers.append(browser.post("/api/v1/incidents", report))

    threads = [threading.Thread(target=send, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    # what is around may be seen differently, the receipt may not
    assert len({answer.json["case_no"] for answer in answers}) == 1
    assert (count(web), count(web, "incident_log"), count(web, "event")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"crs": "mars"}, "crs_unknown"),
        ({"crs": ...}, "crs_unknown"),
        ({"lon": 0, "lat": 0}, "zero"),
        ({"lon": 30.405, "lat": 120.885}, "swapped"),
        ({"lon": 121.5, "lat": 31.2}, "outside_town"),
        ({"lon": 500, "lat": 30}, "bad_coordinate"),
        ({"lon": ..., "lat": ..., "crs": ..., "address": "没有这条路 999 号"}, "place_not_found"),
        ({"lon": ..., "lat": ..., "crs": ...}, "no_place"),
    ],
)
def test_report_is_taken_when_its_place_cannot_be(shared_web, place, reason):
    answer = shared_web.browser("command").post("/api/v1/incidents", body(**place))
    assert answer.status_code == 201, answer.json
    assert answer.json["triage_reason"] == reason
    queue = shared_web.browser("command").get("/api/v1/incidents?triage=1&limit=500").json
    assert answer.json["id"] in {feature["id"] for feature in queue["features"]}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": ...}, {"title"}),
        ({"title": "  "}, {"title"}),
        ({"title": "x" * 201}, {"title"}),
        ({"description": "x" * 10_001}, {"description"}),
        ({"address": "x" * 1001, "title": 5}, {"address", "title"}),
        ({"lon": "east"}, {"lon"}),
        ({"lat": ...}, {""}),
        ({"accuracy_m": -1}, {"accuracy_m"}),
        ({"occurred_at": "2026-03-17T14:32:00"}, {"occurred_at"}),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, {"occurred_at"}),
        ({"id": "not-a-uuid"}, {"id"}),
        ({"channel": "<b>"}, {"channel"}),
        ({"channel": "no-such-channel"}, {"channel"}),
        ({"occurred_at": "2199-01-01T00:00:00+08:00"}, {"occurred_at"}),
        ({"urgent": True}, {"urgent"}),
        ({"reporter": {"mail": "a@b.c"}}, {"reporter.mail"}),
        ({"category": "NO-SUCH"}, {"category"}),
        ({"title": "a\x00b"}, {"title"}),
        ({"reporter": {"phone": "1" * 41}}, {"reporter.phone"}),
        ({"title": ..., "channel": "Ä", "lon": None}, {"title", "channel"}),
    ],
)
def test_faults_of_the_body_are_listed_by_field(shared_web, changes, fields):
    answer = shared_web.browser("command").post("/api/v1/incidents", body(**changes))
    assert answer.status_code == 422, answer.json
    faults = answer.json["detail"]["faults"]
    assert {fault["field"] for fault in faults} >= fields
    assert all(re.search("[一-鿿]", fault["message"]) for fault in faults), faults
    assert not any("{" in fault["message"] for fault in faults)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"title": "\xff"}', "application/json", 422),
        (b'{"title": "\\ud800"}', "application/json", 422),
        (b'{"title": "a", "lon": NaN, "lat": 1}', "application/json", 422),
        (b'{"title": "a", "lon": 1e999, "lat": 1}', "application/json", 422),
        (b"title=a", "application/x-www-form-urlencoded", 422),
        (b'{"title": "' + b"x" * 2**20 + b'"}', "application/json", 413),
        (b"[" * 100_000, "application/json", 422),
    ],
)
def test_body_that_is_no_report_is_refused_in_the_one_shape(shared_web, content, kind, status):
    answer = shared_web.browser("command").post("/api/v1/incidents", data=content, content_type=kind)
    assert answer.status_code == status
    assert set(answer.json) == {"code", "message", "detail", "request_id"}


def test_html_in_every_text_is_text(shared_web):
    evil = "<script>alert(1)</script>\"'&{{7*7}}"
    reporter = {"name": evil, "phone": "<b>138</b>12342017"}
    sent = body(title=evil, description=evil, address=evil, reporter=reporter)
    told = shared_web.browser("command").post("/api/v1/incidents", sent)
    assert told.status_code == 201, told.json
    answer = shared_web.browser("command").get(f"/api/v1/incidents/{told.json['id']}")
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    shown = answer.json["properties"]
    assert (shown["title"], shown["description"], shown["address"]) == (evil, evil, evil)
    assert shown["reporter"] == {"name": "<**", "phone": "138****2017"}


@pytest.mark.parametrize("channel", get_args(Channel))
def test_every_channel_is_taken_and_has_a_word(shared_web, channel):
    answer = shared_web.browser("command").post("/api/v1/incidents", body(channel=channel))
    assert answer.status_code == 201, answer.json
    assert all(f"common.channel_{channel}" in i18n.catalogue(language) for language in i18n.LANGUAGES)


@pytest.mark.parametrize(
    ("ahead", "status"), [(timedelta(minutes=4), 201), (timedelta(minutes=6), 422), (timedelta(days=-400), 201)]
)
def test_what_is_reported_has_happened_though_clocks_may_run_ahead(shared_web, ahead, status):
    moment = clock.now() + ahead
    answer = shared_web.browser("command").post("/api/v1/incidents", body(occurred_at=moment.isoformat()))
    assert answer.status_code == status, answer.json
    if status == 422:
        assert answer.json["detail"]["faults"] == [
            {"field": "occurred_at", "code": "future", "message": "时间还没到。"}
        ]
    else:
        shown = shared_web.browser("command").get(f"/api/v1/incidents/{answer.json['id']}").json["properties"]
        assert datetime.fromisoformat(shown["occurred_at"]) == moment


def test_report_with_everything_the_contract_names_is_taken(shared_web):
    everything = body(
        category="ZF-01-001", accuracy_m=12.5, address="甲村", occurred_at="2026-03-17T14:32:00+08:00",
        client_at="2026-03-17T14:33:00+08:00", provider="gps", external_ref="A-1",
        reporter={"name": "张", "phone": "13812342017", "anonymous": False},
    )  # fmt: skip
    assert shared_web.browser("command").post("/api/v1/incidents", everything).status_code == 201


def test_public_reports_without_login_and_gets_a_query_code(shared_web):
    report = body(channel="public", reporter={"phone": "13812342017"})
    first = shared_web.browser().post("/api/v1/incidents", report)
    again = shared_web.browser().post("/api/v1/incidents", report)
    assert (first.status_code, again.status_code) == (201, 200), first.json
    assert first.json["query_code"] == again.json["query_code"]
    assert first.json["duplicates"] == []
    assert shared_web.browser().get(f"/api/v1/incidents/{first.json['id']}").status_code == 401


def test_public_channel_is_the_only_one_without_login(shared_web):
    answer = shared_web.browser().post("/api/v1/incidents", body(channel="hotline"))
    assert (answer.status_code, answer.json["code"]) == (401, "session.required")


def test_account_that_may_not_report_is_refused_but_may_use_the_public_page(shared_web):
    leader = shared_web.browser("leader")
    assert leader.post("/api/v1/incidents", body()).status_code == 403
    assert leader.post("/api/v1/incidents", body(channel="public")).status_code == 201


def test_duplicates_are_shown_to_staff_within_their_reach(web):
    command = web.browser("command")
    one = command.post("/api/v1/incidents", body(lon=120.8990, lat=30.4190)).json
    near = command.post("/api/v1/incidents", body(lon=120.8990, lat=30.4193)).json  # 33 m north
    far = command.post("/api/v1/incidents", body(lon=120.8990, lat=30.4170)).json  # 222 m south
    assert [row["id"] for row in near["duplicates"]] == [one["id"]]
    assert near["duplicates"][0]["distance_m"] == pytest.approx(33.3, abs=0.5)
    assert (
        near["duplicates"][0]["platform"]
        == command.get(f"/api/v1/incidents/{one['id']}").json["properties"]["platform"]
    )
    assert far["duplicates"] == []
    elsewhere = web.browser("worker-a1").post("/api/v1/incidents", body(lon=120.8990, lat=30.4191)).json
    assert elsewhere["duplicates"] == []


def test_accuracy_widens_the_search_for_duplicates(web):
    command = web.browser("command")
    one = command.post("/api/v1/incidents", body(lon=120.8990, lat=30.4190)).json
    vague = command.post("/api/v1/incidents", body(lon=120.8990, lat=30.4199, accuracy_m=60)).json  # 100 m
    assert [row["id"] for row in vague["duplicates"]] == [one["id"]]


def test_a_point_that_may_lie_in_many_grids_is_vague_and_keeps_its_words(shared_web):
    told = (
        shared_web.browser().post("/api/v1/incidents", body(channel="public", accuracy_m=2061, address="某路58号")).json
    )
    assert told["triage_reason"] == "vague"
    assert len(told["grid_shares"]) > 2
    shown = shared_web.browser("command").get(f"/api/v1/incidents/{told['id']}").json["properties"]
    assert (shown["address"], shown["place"]["radius_m"]) == ("某路58号", 2061)


def test_a_device_near_a_border_is_no_guess(shared_web):
    told = shared_web.browser("command").post("/api/v1/incidents", body(lon=120.8899, lat=30.4099, accuracy_m=60)).json
    assert told["triage_reason"] is None
    assert len(told["grid_shares"]) > 1


def test_like_titles_are_duplicates_without_a_common_category(web):
    command = web.browser("command")
    one = command.post("/api/v1/incidents", body(title="桥头的井盖松动了", lon=120.8990, lat=30.4190)).json
    like = command.post("/api/v1/incidents", body(title="桥头井盖松动了", lon=120.8990, lat=30.4191)).json
    unlike = command.post("/api/v1/incidents", body(title="树倒了", lon=120.8990, lat=30.4191)).json
    assert [row["id"] for row in like["duplicates"]] == [one["id"]]
    assert unlike["duplicates"] == []
