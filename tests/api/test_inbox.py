"""The inbox: each case waits with whoever may do the next step, once, and for nobody else; paper keeps its true times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from data import clock
from tests.api.test_transition import dispatched, done, fed_back, photo, reported, shown, step


def waiting(browser):
    answer = browser.get("/api/v1/inbox")
    assert answer.status_code == 200, answer.json
    return {group["id"]: [case["id"] for case in group["cases"]] for group in answer.json["groups"]}


def where(browser, case):
    return [group for group, cases in waiting(browser).items() if case in cases]


def test_a_dispatched_case_is_unseen_until_its_organisation_opens_it(shared_web):
    _command, squad, case = dispatched(shared_web)
    assert where(squad, case) == ["unseen"]
    assert squad.post(f"/api/v1/incidents/{case}/seen").status_code == 204
    assert where(squad, case) == ["sign"]
    done(squad, case, "sign")
    assert where(squad, case) == ["handle"]
    done(squad, case, "return", reason="不属本队职责", reason_code="not_our_duty")
    assert where(squad, case) == ["returned"]


def test_what_is_with_one_organisation_waits_for_no_other(shared_web):
    _command, _squad, case = dispatched(shared_web)
    for name in ("market", "worker-b2", "leader", "admin", "planner"):
        assert where(shared_web.browser(name), case) == [], name
    assert shared_web.browser().get("/api/v1/inbox").status_code == 401


def test_counts_are_those_of_the_queue_that_they_open(shared_web):
    dispatched(shared_web)
    squad = shared_web.browser("squad")
    for group in squad.get("/api/v1/inbox").json["groups"]:
        listed = squad.get("/api/v1/queue", query_string=group["filters"]).json
        assert listed["count"] == group["count"], group["id"]


def test_whoever_is_asked_finds_the_case_to_verify(shared_web):
    command, worker = shared_web.browser("command"), shared_web.browser("worker-a1")
    case = reported(command)
    assert where(worker, case) == []
    done(command, case, "ask_verify")
    assert where(worker, case) == ["verify"]
    assert where(shared_web.browser("worker-b2"), case) == []
    done(worker, case, "verify_found", text="确有抛洒")
    assert where(worker, case) == []


def test_handled_cases_wait_for_an_inspector_of_the_grid_but_the_handler(shared_web):
    _command, squad, case = fed_back(shared_web)
    assert where(shared_web.browser("worker-a1"), case) == ["inspect"]
    assert where(shared_web.browser("worker-b2"), case) == []
    assert where(squad, case) == []


def test_a_reply_that_is_due_stands_before_the_handling(shared_web):
    command, squad, case = dispatched(shared_web)
    done(squad, case, "sign")
    done(command, case, "supervise", level=1, reason="快到时限")
    assert where(squad, case) == ["reply", "handle"]
    done(squad, case, "reply", text="下午三点到场")
    assert where(squad, case) == ["handle"]


def test_a_cadre_acts_for_the_village_that_a_case_is_with(web, databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("update role set permissions = '{report,view,handle}' where code = 'village_cadre'")
        cursor.execute(
            "insert into organisation (town_id, code, name, kind) select town_id, 'village-a', '甲村', 'office'"
            " from town where code = '330499101' returning org_id"
        )
        (org,) = cursor.fetchone()
        cursor.execute("update app_user set org_id = %s where username = 'cadre-a'", (org,))
        cursor.execute(
            "update user_role set org_id = %s where user_id = (select user_id from app_user where username = 'cadre-a')",
            (org,),
        )
    connection.close()
    command, cadre = web.browser("command"), web.browser("cadre-a")
    case = reported(command)
    for name in ("accept", "file"):
        done(command, case, name)
    done(command, case, "dispatch", lead_org="village-a")
    assert where(cadre, case) == ["unseen"]
    done(cadre, case, "sign")
    done(cadre, case, "feed_back", text="已清扫", photo_after=photo(cadre, case))
    assert step(cadre, case, "pass_inspection", text="自己看过").status_code == 403


def test_the_returned_paper_is_entered_with_its_true_times(shared_web):
    _command, squad, case = dispatched(shared_web)
    before = shown(squad, case)
    happened = sent_at(before)
    after = done(squad, case, "sign", text="签收人：张伟", happened_at=happened)
    row = next(row for row in after["log"] if row["name"] == "sign")
    assert datetime.fromisoformat(row["facts"]["happened_at"]) == datetime.fromisoformat(happened)
    assert datetime.fromisoformat(row["at"]) > datetime.fromisoformat(happened)
    assert after["clocks"][0]["started_at"] == before["clocks"][0]["started_at"]


def at(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def sent_at(case):
    return next(row["at"] for row in case["log"] if row["name"] == "dispatch")


def untrue(answer):
    """The step and the reason of a time that was refused."""
    assert answer.status_code == 422, answer.json
    (fault,) = answer.json["detail"]["faults"]
    assert fault["field"] == "facts.happened_at"
    return fault["step"], fault["code"], fault["message"]


@pytest.mark.parametrize(("hours", "code"), [(1, "future"), (-24 * 30, "before_dispatch"), (-0.1, "before_dispatch")])
def test_a_time_that_cannot_be_true_is_refused_and_named(shared_web, hours, code):
    _command, squad, case = dispatched(shared_web)
    assert untrue(step(squad, case, "sign", happened_at=at(hours)))[:2] == ("sign", code)
    assert shown(squad, case)["state"] == "dispatched"


def test_what_was_handled_on_paper_lies_after_its_signing_and_after_it_was_sent_back(shared_web):
    command, squad, case = dispatched(shared_web)
    facts = {"text": "已清扫", "photo_after": photo(squad, case)}
    try:
        clock.set_now("+2h")
        done(squad, case, "sign", happened_at=at(1))
        assert untrue(step(squad, case, "feed_back", happened_at=at(0.5), **facts))[:2] == (
            "feed_back",
            "before_signing",
        )
        done(squad, case, "feed_back", happened_at=at(1.5), **facts)
        done(command, case, "rework", reason="没扫干净")
        again = untrue(step(squad, case, "feed_back", happened_at=at(1.6), **facts))
        assert again[:2] == ("feed_back", "before_rework")
        assert again[2].startswith("早于返工（")
    finally:
        clock.set_now(None)


def test_a_slip_is_entered_whole_or_not_at_all(shared_web):
    command, squad, case = dispatched(shared_web)
    before, after_photo = shown(squad, case), photo(squad, case)
    feedback = {"name": "feed_back", "text": "已清扫", "photo_after": after_photo, "happened_at": at(1)}
    refused = step(squad, case, "sign", text="张伟", happened_at=sent_at(before), then=[feedback])
    assert untrue(refused)[:2] == ("feed_back", "future")
    stands = shown(squad, case)
    assert (stands["state"], stands["version"]) == ("dispatched", before["version"])
    wrong = step(squad, case, "sign", then=[{**feedback, "name": "close", "happened_at": None}])
    assert (wrong.status_code, wrong.json["code"]) == (409, "transition.not_from_here")
    assert (wrong.json["detail"]["state"], wrong.json["detail"]["version"]) == ("dispatched", before["version"])
    assert "sign" in wrong.json["detail"]["allowed"]
    entered = done(squad, case, "sign", text="张伟", then=[{**feedback, "happened_at": sent_at(before)}])
    assert entered["state"] == "awaiting_inspection"
    assert [row["name"] for row in shown(command, case)["log"]][-3:] == ["photo", "sign", "feed_back"]


def test_the_slip_is_there_once_the_case_was_dispatched_and_for_those_who_see_it(shared_web):
    command, squad, case = dispatched(shared_web)
    page = squad.get(f"/incidents/{case}/slip", headers={"Accept": "text/html"})
    text, number = page.text, shown(command, case)["case_no"]
    assert page.status_code == 200
    assert text.count(f"<b>{number}</b>") == 2
    assert "综合行政执法中队" in text
    assert '<svg viewBox="0 0' in text
    assert shared_web.browser("market").get(f"/incidents/{case}/slip").status_code == 404
    assert shared_web.browser().get(f"/incidents/{case}/slip").status_code == 401
    young = reported(command)
    refused = command.get(f"/incidents/{young}/slip")
    assert (refused.status_code, refused.json["code"]) == (404, "incident.no_slip")
