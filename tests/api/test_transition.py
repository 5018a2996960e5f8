"""The closed loop over HTTP: each step by whom it belongs to; the rest refused, with the way on; the log complete."""

from __future__ import annotations

import io
import threading
from datetime import date, timedelta

import psycopg2
import pytest
from PIL import Image

from data.scope import Scope


def reported(browser, **given):
    body = {
        "title": "渣土车沿路抛洒",
        "channel": "app",
        "lon": 120.885,
        "lat": 30.405,
        "crs": "cgcs2000",
        "category": "ZF-01-001",
    }
    answer = browser.post("/api/v1/incidents", {**body, **given})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def step(browser, case, name, **facts):
    return browser.post(f"/api/v1/incidents/{case}/transitions", {"name": name, **facts})


def done(browser, case, name, **facts):
    answer = step(browser, case, name, **facts)
    assert answer.status_code == 200, answer.json
    return answer.json["properties"]


def shown(browser, case):
    return browser.get(f"/api/v1/incidents/{case}").json["properties"]


def picture():
    file = io.BytesIO()
    Image.effect_noise((64, 64), 40).convert("RGB").save(file, "JPEG")
    file.seek(0)
    return file


def photo(browser, case):
    answer = browser.post(f"/api/v1/incidents/{case}/photos", data={"photo": (picture(), "after.jpg")})
    assert answer.status_code in (200, 201), answer.json
    return answer.json["id"]


def dispatched(web):
    command, squad = web.browser("command"), web.browser("squad")
    case = reported(command)
    for name in ("accept", "file", "dispatch"):
        done(command, case, name)
    return command, squad, case


def fed_back(web):
    command, squad, case = dispatched(web)
    done(squad, case, "sign")
    done(squad, case, "feed_back", text="已清理路面", photo_after=photo(squad, case))
    return command, squad, case


def test_a_case_goes_all_the_way_and_its_log_tells_every_step(shared_web):
    command, _squad, case = fed_back(shared_web)
    done(command, case, "pass_inspection", text="现场已看")
    ended = done(command, case, "close", condition_met=True)
    assert (ended["state"], ended["is_open"]) == ("closed", False)
    steps = [(row["name"], row["from_state"], row["to_state"]) for row in ended["log"] if row["name"] not in ("photo",)]
    assert steps == [
        ("report", None, "reported"), ("accept", "reported", "accepted"), ("file", "accepted", "filed"),
        ("dispatch", "filed", "dispatched"), ("sign", "dispatched", "handling"), ("feed_back", "handling", "awaiting_inspection"),
        ("pass_inspection", "awaiting_inspection", "awaiting_inspection"), ("close", "awaiting_inspection", "closed"),
    ]  # fmt: skip


def test_the_two_clocks_run_and_the_handling_starts_at_dispatch(shared_web):
    command, squad, case = dispatched(shared_web)
    stage, whole = shown(command, case)["clocks"]
    assert (stage["stage"], whole["stage"]) == ("handle", "whole")
    assert stage["limit"] == {"value": 8.0, "unit": "work_hour"}
    started = stage["started_at"]
    done(squad, case, "sign")
    assert shown(command, case)["clocks"][0]["started_at"] == started


def test_whoever_handled_neither_inspects_nor_closes(web, databases):
    """Also when the same person holds every permission of the command room."""
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into user_role (user_id, town_id, role_code) select user_id, town_id, 'command_room' from app_user"
            " where username = 'squad'"
        )
    connection.close()
    command, squad, case = fed_back(web)
    refused = step(squad, case, "pass_inspection", text="自己看过")
    assert (refused.status_code, refused.json["code"]) == (403, "transition.handler")
    assert "pass_inspection" not in refused.json["detail"]["allowed"]
    done(command, case, "pass_inspection", text="现场已看")
    assert step(squad, case, "close", condition_met=True).json["code"] == "transition.handler"


def test_a_skipped_stage_is_refused_with_the_state_and_what_is_allowed(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    answer = step(command, case, "dispatch")
    assert (answer.status_code, answer.json["code"]) == (409, "transition.not_from_here")
    assert answer.json["detail"]["state"] == "reported"
    assert {"accept", "decline", "ask_verify", "merge"} <= set(answer.json["detail"]["allowed"])
    assert shown(command, case)["state"] == "reported"


def test_facts_that_are_missing_are_named(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    assert step(command, case, "decline").json["code"] == "transition.needs_reason"
    assert (
        step(command, case, "decline", reason="不归本镇", reason_code="nonsense").json["code"]
        == "transition.reason_unknown"
    )
    assert done(command, case, "decline", reason="不归本镇", reason_code="not_ours")["state"] == "declined"


def test_two_at_once_one_wins_and_the_other_is_told(shared_web):
    first, second = shared_web.browser("command"), shared_web.browser("command")
    case = reported(first)
    version = shown(first, case)["version"]
    answers = []
    acts = [lambda: answers.append(step(first, case, "accept", version=version)),
            lambda: answers.append(step(second, case, "decline", version=version, reason="不归本镇", reason_code="not_ours"))]  # fmt: skip
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409).json
    assert lost["code"] == "incident.version_conflict"
    assert lost["detail"]["version"] == version + 1
    assert lost["detail"]["last"]["name"] in ("accept", "decline")


def test_the_same_request_again_changes_nothing(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    path, key = f"/api/v1/incidents/{case}/transitions", {"Idempotency-Key": f"accept {case}"}
    for _ in range(2):
        answer = command.post(path, {"name": "accept"}, headers=key)
        assert answer.status_code == 200
    assert answer.json["properties"]["version"] == 2
    assert command.post(path, {"name": "decline", "reason": "x"}, headers=key).status_code == 409


def test_two_returns_then_the_command_room_rules(shared_web):
    command, squad, case = dispatched(shared_web)
    for _ in range(2):
        done(squad, case, "return", reason="不属本队职责", reason_code="not_our_duty")
        done(command, case, "redispatch")
    refused = step(squad, case, "return", reason="还是不归我们")
    assert (refused.status_code, refused.json["code"]) == (409, "transition.returned_twice")


def test_suspending_stops_the_clocks_and_needs_the_head(shared_web):
    _command, squad, case = dispatched(shared_web)
    leader = shared_web.browser("leader")
    done(squad, case, "sign")
    day = (date.today() + timedelta(days=10)).isoformat()
    too_far = (date.today() + timedelta(days=60)).isoformat()
    asked = {"reason": "等待资金", "reason_code": "needs_budget"}
    assert step(squad, case, "ask_suspend", review_on=too_far, **asked).json["code"] == "transition.review_date"
    done(squad, case, "ask_suspend", review_on=day, **asked)
    assert step(squad, case, "suspend", review_on=day).status_code == 403
    held = done(leader, case, "suspend", review_on=day)
    assert held["state"] == "suspended"
    assert all(clock["paused_at"] for clock in held["clocks"])
    assert held["due_at"] is None
    again = done(squad, case, "resume", reason="资金到位")
    assert again["due_at"] is not None


def test_a_report_is_verified_by_whoever_was_asked(shared_web):
    command, worker, other = (shared_web.browser(name) for name in ("command", "worker-a1", "worker-b2"))
    case = reported(command)
    there = command.get(f"/api/v1/incidents/{case}/verifiers").json["verifiers"]
    assert [person["name"] for person in there] == ["worker-a1"]
    done(command, case, "ask_verify")
    assert other.get(f"/api/v1/incidents/{case}").status_code == 404
    assert done(worker, case, "verify_found", text="确有抛洒")["state"] == "reported"


def test_a_merge_keeps_the_reporters_and_can_be_taken_back(shared_web):
    command = shared_web.browser("command")
    first, second = reported(command), reported(command)
    number = shown(command, first)["case_no"]
    assert step(command, second, "merge", into="123").status_code == 422
    assert step(command, second, "merge", into=second).json["code"] == "transition.merge_itself"
    assert done(command, second, "merge", into=number)["state"] == "merged"
    assert [one["id"] for one in shown(command, first)["merged"]] == [second]
    assert shown(command, second)["merged_case"]["case_no"] == number
    assert done(command, second, "unmerge", reason="不是同一件")["state"] == "reported"
    assert shown(command, first)["merged"] == []


def test_the_reporter_follows_without_login_and_evaluates_once_it_is_closed(shared_web):
    public = shared_web.browser()
    told = public.post(
        "/api/v1/incidents",
        {"title": "路灯不亮", "channel": "public", "lon": 120.885, "lat": 30.405, "crs": "cgcs2000", "category": "BM-01-001",
         "reporter": {"name": "张三", "phone": "13800001111"}},
    ).json  # fmt: skip
    code = told["query_code"]
    seen = public.post("/api/v1/progress", {"code": code}).json
    assert (seen["stage"], seen["may"]) == ("received", ["withdraw"])
    assert "张三" not in str(seen)
    assert "13800001111" not in str(seen)
    assert public.post("/api/v1/progress", {"code": "WRONG-CODE-123"}).status_code == 404
    assert public.post("/api/v1/progress/answers", {"code": code, "name": "evaluate", "score": 5}).status_code == 409
    gone = public.post("/api/v1/progress/answers", {"code": code, "name": "withdraw"})
    assert (gone.status_code, gone.json["ended"]) == (200, "declined")


def test_the_reporter_cannot_withdraw_what_was_filed_once(shared_web):
    public, command = shared_web.browser(), shared_web.browser("command")
    told = public.post(
        "/api/v1/incidents",
        {"title": "路灯不亮", "channel": "public", "lon": 120.885, "lat": 30.405, "crs": "cgcs2000", "category": "BM-01-001"},
    ).json  # fmt: skip
    case, code = told["id"], told["query_code"]
    done(command, case, "accept")
    assert public.post("/api/v1/progress", {"code": code}).json["may"] == ["withdraw"]
    done(command, case, "file")
    done(command, case, "reclassify", category="ZF-01-001", reason="不是路灯")
    seen = public.post("/api/v1/progress", {"code": code}).json
    assert (seen["stage"], seen["may"]) == ("accepted", [])
    gone = public.post("/api/v1/progress/answers", {"code": code, "name": "withdraw"})
    assert (gone.status_code, gone.json["code"]) == (409, "transition.taken_up")


def test_a_dissatisfied_reporter_reopens_once(shared_web):
    public, command = shared_web.browser(), shared_web.browser("command")
    told = public.post(
        "/api/v1/incidents",
        {
            "title": "渣土抛洒",
            "channel": "public",
            "lon": 120.885,
            "lat": 30.405,
            "crs": "cgcs2000",
            "category": "ZF-01-001",
        },
    ).json
    case, code, squad = told["id"], told["query_code"], shared_web.browser("squad")
    for name, stage in (("accept", "accepted"), ("file", "filed"), ("dispatch", "dispatched")):
        done(command, case, name)
        seen = public.post("/api/v1/progress", {"code": code}).json
        assert (seen["stage"], bool(seen[f"{stage}_at"])) == (stage, True)

    def finish():
        done(squad, case, "sign")
        done(squad, case, "feed_back", text="已清理", photo_after=photo(squad, case))
        done(command, case, "pass_inspection", text="已看")
        done(command, case, "close", condition_met=True)

    finish()
    answer = {"code": code, "name": "reopen", "reason": "没有扫干净"}
    again = public.post("/api/v1/progress/answers", answer)
    assert (again.status_code, again.json["stage"]) == (200, "dispatched"), again.json
    finish()
    assert public.post("/api/v1/progress/answers", answer).json["code"] == "transition.reopened_once"
    rated = public.post("/api/v1/progress/answers", {"code": code, "name": "evaluate", "score": 4, "satisfied": True})
    assert (rated.json["stage"], rated.json["score"]) == ("evaluated", 4)
    assert rated.json["evaluated_at"]


def test_voiding_takes_two(shared_web):
    command, leader, admin = (shared_web.browser(name) for name in ("command", "leader", "admin"))
    case = reported(command)
    assert step(leader, case, "void", reason="误报").json["code"] == "transition.nothing_asked"
    done(leader, case, "ask_void", reason="误报")
    assert step(leader, case, "void", reason="误报").json["code"] == "transition.second_person"
    assert done(admin, case, "void", reason="核对无误")["state"] == "voided"


def test_request_to_void_is_taken_back_by_who_asked(shared_web):
    command, leader, admin = (shared_web.browser(name) for name in ("command", "leader", "admin"))
    case = reported(command)
    done(leader, case, "ask_void", reason="误报")
    assert step(admin, case, "unask_void", reason="不作废").json["code"] == "transition.not_asker"
    assert "unask_void" in {one["name"] for one in shown(leader, case)["transitions"]}
    done(leader, case, "unask_void", reason="看错了")
    assert step(admin, case, "void", reason="核对无误").json["code"] == "transition.nothing_asked"
    assert shown(leader, case)["log"][-1]["name"] == "unask_void"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'closed'", "state = 'closed', closed_at = now()", "supervision_level = 3", "rework_count = 5",
        "handler_ids = '{7}'", "lead_org_id = null, state = 'archived'",
    ],
)  # fmt: skip
def test_plain_sql_of_the_application_role_is_refused_the_same_way(shared_web, change):
    command, _squad, case = dispatched(shared_web)
    with shared_web.state.database.transaction(_scope_of(shared_web, "command")) as session:
        cursor = session.connection().connection.driver_connection.cursor()
        with pytest.raises(psycopg2.Error) as refused:
            cursor.execute(f"update incident set {change} where incident_id = %s", (case,))
        assert refused.value.pgcode == "OG004"
        session.rollback()
    assert shown(command, case)["state"] == "dispatched"


def test_plain_sql_cannot_name_a_transition_that_is_not_the_actors(shared_web):
    _command, _squad, case = dispatched(shared_web)
    with shared_web.state.database.transaction(_scope_of(shared_web, "squad")) as session:
        cursor = session.connection().connection.driver_connection.cursor()
        cursor.execute(
            "select set_config('onegrid.transition', %s, true)", (f'{{"incident": "{case}", "name": "void"}}',)
        )
        with pytest.raises(psycopg2.Error) as refused:
            cursor.execute("update incident set state = 'voided' where incident_id = %s", (case,))
        assert refused.value.pgcode == "OG004"
        session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "update incident_log set reason = 'x'",
        "delete from incident_log",
        "insert into incident_log (incident_id, town_id, name) select incident_id, town_id, 'close' from incident",
        "delete from transition_rule",
        "update transition_rule set to_state = 'closed'",
    ],
)
def test_the_log_and_the_table_are_not_the_applications_to_write(shared_web, statement):
    with shared_web.state.database.transaction(_scope_of(shared_web, "command")) as session:
        cursor = session.connection().connection.driver_connection.cursor()
        with pytest.raises(psycopg2.Error) as refused:
            cursor.execute(statement)
        assert refused.value.pgcode == "42501"
        session.rollback()


def _scope_of(web, username) -> Scope:
    browser = web.browser(username)
    cookie = browser.client.get_cookie("onegrid_session") or next(iter(browser.client._cookies.values()))
    return web.state.callers.by_session(cookie.value).scope


def test_a_supervised_case_is_reopened_and_begins_without_supervision(shared_web):
    command, squad, case = dispatched(shared_web)
    done(command, case, "supervise", level=1, reason="群众反映多次")
    done(squad, case, "reply", text="今天去")
    done(squad, case, "sign")
    done(squad, case, "feed_back", text="已清理路面", photo_after=photo(squad, case))
    done(command, case, "pass_inspection", text="现场已看")
    done(command, case, "close", condition_met=True)
    again = done(command, case, "reopen", reason="又出现了")
    assert (again["state"], again["supervision_level"]) == ("dispatched", 0)


def test_refused_attempts_are_in_the_audit(web, databases):
    command, squad, case = dispatched(web)
    tried = {
        "close": squad.post(
            f"/api/v1/incidents/{case}/transitions", {"name": "close", "version": shown(command, case)["version"]}
        ),
        "file": command.post(
            f"/api/v1/incidents/{case}/transitions", {"name": "file", "version": shown(command, case)["version"]}
        ),
    }
    assert {name: answer.status_code for name, answer in tried.items()} == {"close": 409, "file": 409}
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select detail->>'step', detail->>'code', user_id is not null, request_id from audit"
            " where action = 'refused' and detail->>'path' like %s order by at",
            [f"%{case}%"],
        )
        rows = cursor.fetchall()
    connection.close()
    assert [row[:3] for row in rows] == [(name, tried[name].json["code"], True) for name in ("close", "file")]
    assert [row[3] for row in rows] == [tried[name].json["request_id"] for name in ("close", "file")]
