"""Flags and projects over HTTP: who may, two deciding at once, the record, evidence; every refusal by its code."""

from __future__ import annotations

import io
import threading
from datetime import date, timedelta

import psycopg2
import pytest

from data.scope import Scope
from layers.supervision.flags import run_rules
from tests.api.test_transition import dispatched, done, fed_back, picture, step

DUE = (date.today() + timedelta(days=30)).isoformat()
PAST = (date.today() - timedelta(days=3)).isoformat()
START = (date.today() - timedelta(days=20)).isoformat()


def rules(web) -> None:
    for _ in range(3):
        with web.state.database.transaction(Scope.system(None)) as session:
            run_rules(session)


def flagged(web) -> tuple[str, str]:
    """A case closed minutes after it was sent out, and the flag that the rules propose over it."""
    command, _, case = fed_back(web)
    done(command, case, "pass_inspection", text="现场已看")
    done(command, case, "close", condition_met=True)
    rules(web)
    (flag,) = [
        f
        for f in web.browser("leader").get("/api/v1/flags?state=proposed&limit=200").json["flags"]
        if f["incident_id"] == case
    ]
    assert (flag["rule"], flag["colour"], flag["org"]) == ("quick_close", "yellow", "squad")
    return flag["id"], case


def act(browser, flag, name, version=1, words="经查属实，约谈负责人"):
    return browser.post(f"/api/v1/flags/{flag}/steps", {"name": name, "version": version, "words": words})


def test_issued_answered_and_lifted_with_the_whole_record(shared_web):
    flag, case = flagged(shared_web)
    leader, squad = shared_web.browser("leader"), shared_web.browser("squad")
    before = leader.get(f"/api/v1/flags/{flag}").json
    issued = act(leader, flag, "issue").json
    assert (issued["state"], issued["version"], issued["decided_by"]) == ("issued", 2, "leader")
    answered = act(squad, flag, "reply", 2, "当场可清，已附照片").json
    assert (answered["reply"], answered["replied_by"], answered["state"]) == ("当场可清，已附照片", "squad", "issued")
    lifted = act(leader, flag, "lift", 3, "说明成立").json
    assert (lifted["state"], lifted["lifting"], lifted["basis"]) == ("lifted", "说明成立", before["basis"])
    assert [(row["name"], row["actor"]) for row in lifted["log"]] == [
        ("propose", None), ("issue", "leader"), ("reply", "squad"), ("lift", "leader"),
    ]  # fmt: skip
    steps = [row["name"] for row in leader.get(f"/api/v1/incidents/{case}").json["properties"]["log"]]
    assert [name for name in steps if name.startswith("flag_")] == ["flag_issue", "flag_reply", "flag_lift"]


def test_the_audit_has_every_step(web, databases):
    flag, _ = flagged(web)
    assert act(web.browser("leader"), flag, "dismiss", words="当场可办").status_code == 200
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select action, reason, user_id is not null from audit where subject = 'flag' and subject_id = %s", (flag,)
        )
        assert cursor.fetchall() == [("flag.dismiss", "当场可办", True)]
    connection.close()


def test_two_decide_at_once_one_wins_and_the_other_is_told(shared_web):
    flag, _ = flagged(shared_web)
    people, answers = [shared_web.browser("leader") for _ in range(2)], []
    threads = [
        threading.Thread(target=lambda b=browser, n=name: answers.append(act(b, flag, n)))
        for browser, name in zip(people, ("issue", "dismiss"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409).json
    assert lost["code"] == "flag.version_conflict"
    assert (lost["detail"]["version"], lost["detail"]["last"]["actor"]) == (2, "leader")
    assert lost["detail"]["last"]["name"] in ("issue", "dismiss")


def test_who_may_not_decide_answer_or_see(shared_web):
    flag, _ = flagged(shared_web)
    squad, market, command, leader = (shared_web.browser(name) for name in ("squad", "market", "command", "leader"))
    for browser in (squad, market, command):
        assert browser.get(f"/api/v1/flags/{flag}").json["code"] == "flag.not_found"
        assert act(browser, flag, "issue").json["code"] == "flag.not_found"
    assert (act(leader, flag, "reply").status_code, act(leader, flag, "reply").json["code"]) == (403, "flag.not_yours")
    assert act(leader, flag, "lift").json["code"] == "flag.not_from_here"
    assert act(shared_web.browser("worker-a1"), flag, "issue").status_code == 403
    assert act(leader, flag, "issue").status_code == 200
    assert act(squad, flag, "lift", 2).json["code"] == "flag.not_permitted"
    assert act(market, flag, "reply", 2).json["code"] == "flag.not_found"
    assert squad.get(f"/api/v1/flags/{flag}").json["allowed"] == ["reply"]
    assert act(leader, flag, "issue", 2).json["code"] == "flag.not_from_here"
    assert act(leader, flag, "lift", 2, " ").status_code == 422


def test_nobody_decides_on_the_own_organisation(web, databases):
    flag, _ = flagged(web)
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into user_role (user_id, town_id, role_code) select user_id, town_id, 'leader' from app_user where username = 'squad'"
        )
        cursor.execute("update app_user set scope_version = scope_version + 1 where username = 'squad'")
    connection.close()
    squad = web.browser("squad")
    assert act(squad, flag, "issue").json["code"] == "flag.own"
    assert "issue" not in squad.get(f"/api/v1/flags/{flag}").json["allowed"]


def test_an_appeal_stands_beside_the_flag_and_does_not_touch_it(shared_web):
    flag, case = flagged(shared_web)
    leader, squad = shared_web.browser("leader"), shared_web.browser("squad")
    act(leader, flag, "issue")
    assert step(squad, case, "appeal", reason="当场可清").status_code == 200
    assert leader.get(f"/api/v1/flags/{flag}").json["appeal"] == "open"
    assert flag in [f["id"] for f in leader.get("/api/v1/flags?appeal=open").json["flags"]]
    assert step(leader, case, "decide_appeal", outcome="upheld", reason="属实").status_code == 200
    after = leader.get(f"/api/v1/flags/{flag}").json
    assert (after["appeal"], after["state"]) == ("upheld", "issued")


def test_pages_of_flags_are_whole_and_counted(shared_web):
    made = {flagged(shared_web)[0] for _ in range(3)}
    leader = shared_web.browser("leader")
    first = leader.get("/api/v1/flags?limit=2").json
    seen, cursor = [f["id"] for f in first["flags"]], first["next"]
    while cursor:
        more = leader.get(f"/api/v1/flags?limit=2&cursor={cursor}").json
        seen, cursor = [*seen, *(f["id"] for f in more["flags"])], more["next"]
    assert len(seen) == len(set(seen)) == first["count"]
    assert made <= set(seen)
    figures = leader.get("/api/v1/supervision/figures").json["flags"]
    assert figures["proposed"] == leader.get("/api/v1/flags?state=proposed").json["count"]
    assert figures["unreplied"] == leader.get("/api/v1/flags?unreplied=1").json["count"]


@pytest.mark.parametrize(
    "query",
    ["state=new", "colour=blue", "rule=x", "from=tomorrow", "nothing=1", "cursor=1", "limit=0", "unreplied=yes"],
)
def test_a_filter_that_is_none_is_refused(shared_web, query):
    answer = shared_web.browser("leader").get(f"/api/v1/flags?{query}")
    assert (answer.status_code, answer.json["code"].split(".")[0]) == (422, "filter")


def test_the_notice_is_the_readers_and_only_once_issued(shared_web):
    flag, case = flagged(shared_web)
    leader, squad = shared_web.browser("leader"), shared_web.browser("squad")
    path = f"/supervision/flags/{flag}/notice"
    assert leader.get(path).status_code == squad.get(path).status_code == 404
    act(leader, flag, "issue", words="约谈负责人")
    number = leader.get(f"/api/v1/incidents/{case}").json["properties"]["case_no"]
    for browser in (leader, squad):
        page = browser.get(path).text
        assert "约谈负责人" in page
        assert number in page
        assert "综合行政执法中队" in page
    assert shared_web.browser("market").get(path).status_code == 404


def test_a_photo_that_served_another_case_is_flagged_over_the_second(shared_web):
    first_command, squad, first = dispatched(shared_web)
    _, _, second = dispatched(shared_web)
    _, _, third = dispatched(shared_web)
    served_both, another = picture().getvalue(), picture().getvalue()
    for case, file in ((first, served_both), (second, served_both), (third, another)):
        sent = squad.post(f"/api/v1/incidents/{case}/photos", data={"photo": (io.BytesIO(file), "after.jpg")})
        done(squad, case, "sign", then=[{"name": "feed_back", "text": "已清理", "photo_after": sent.json["id"]}])
    rules(shared_web)
    listed = shared_web.browser("leader").get("/api/v1/flags?rule=same_photo&limit=200").json["flags"]
    assert [(flag["incident_id"], flag["colour"], flag["org"]) for flag in listed] == [(second, "yellow", "squad")]
    number = first_command.get(f"/api/v1/incidents/{first}").json["properties"]["case_no"]
    assert listed[0]["basis"]["cases"] == [{"id": first, "case_no": number}]
    rules(shared_web)
    assert len(shared_web.browser("leader").get("/api/v1/flags?rule=same_photo&limit=200").json["flags"]) == 1


def project(browser, **given):
    body = {
        "name": "六里村菜场整治", "goal": "摊位全部入场", "org": "squad", "starts_on": START, "due_on": DUE,
        "tasks": [{"name": "划线", "org": "squad", "due_on": PAST}, {"name": "登记摊主", "org": "market", "due_on": DUE}],
    }  # fmt: skip
    answer = browser.post("/api/v1/projects", {**body, **given})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_project_with_tasks_progress_photo_and_cases(shared_web):
    leader, squad = shared_web.browser("leader"), shared_web.browser("squad")
    made = project(leader)
    assert (made["state"], made["late_days"], made["tasks"], made["tasks_late"]) == ("running", 0, 2, 1)
    path = f"/api/v1/projects/{made['id']}"
    _, _, case = fed_back(shared_web)
    number = leader.get(f"/api/v1/incidents/{case}").json["properties"]["case_no"]
    told = squad.post(
        f"{path}/progress",
        {"words": "划好 40 个摊位", "percent": 60, "cases": [number], "task": made["task_list"][0]["id"]},
    )
    assert told.status_code == 201, told.json
    photo = squad.post(f"{path}/progress/{told.json['entry']}/photos", data={"photo": (picture(), "a.jpg")})
    assert photo.status_code == 201, photo.json
    assert leader.get(f"{photo.json['url']}?size=thumb").mimetype == "image/webp"
    entry = leader.get(path).json["entries"][0]
    assert (entry["percent"], entry["words"], entry["by"], [c["case_no"] for c in entry["cases"]]) == (
        60,
        "划好 40 个摊位",
        "squad",
        [number],
    )
    assert [p["id"] for p in entry["photos"]] == [photo.json["id"]]
    assert leader.get(path).json["percent"] == 60


def test_a_task_is_done_by_its_organisation_and_changed_by_whoever_decides(shared_web):
    leader, squad, market = (shared_web.browser(name) for name in ("leader", "squad", "market"))
    made = project(leader)
    mine, theirs = made["task_list"][0], made["task_list"][1]
    path = f"/api/v1/projects/{made['id']}/tasks"
    said = {"version": 1, "reason": "已划好"}
    assert (
        squad.call("PATCH", f"{path}/{mine['id']}", json={**said, "due_on": DUE}).json["code"] == "project.state_only"
    )
    assert (
        squad.call("PATCH", f"{path}/{mine['id']}", json={**said, "state": "cancelled"}).json["code"]
        == "project.state_only"
    )
    after = squad.call("PATCH", f"{path}/{mine['id']}", json={**said, "state": "done"}).json
    (task,) = [t for t in after["task_list"] if t["id"] == mine["id"]]
    assert (task["state"], task["done_on"], task["late_days"] >= 3) == ("done", date.today().isoformat(), True) or task[
        "late_days"
    ] >= 2
    # the owner of the project may say how far the task of another organisation is; that one's own may not be renamed by it
    assert (
        squad.call("PATCH", f"{path}/{theirs['id']}", json={**said, "name": "别的"}).json["code"]
        == "project.state_only"
    )
    lost = leader.call("PATCH", f"{path}/{mine['id']}", json={**said, "state": "open"})
    assert (lost.status_code, lost.json["code"]) == (409, "project.version_conflict")
    assert market.get(f"/api/v1/projects/{made['id']}").status_code in (200, 404)


def test_who_may_not_touch_a_project(shared_web):
    leader, squad, worker = (shared_web.browser(name) for name in ("leader", "squad", "worker-a1"))
    made = project(leader, tasks=[], org="police")
    path = f"/api/v1/projects/{made['id']}"
    assert squad.get(path).json["code"] == "project.not_found"
    assert squad.post(f"{path}/progress", {"words": "x"}).json["code"] == "project.not_found"
    assert squad.call("PATCH", path, json={"version": 1, "reason": "x", "state": "done"}).status_code == 403
    assert (
        squad.post(
            "/api/v1/projects", {"name": "x", "goal": "x", "org": "squad", "starts_on": START, "due_on": DUE}
        ).status_code
        == 403
    )
    assert worker.get("/api/v1/projects").json["projects"] == []
    shared = project(leader, org="police")
    assert (
        squad.post(f"/api/v1/projects/{shared['id']}/progress", {"words": "x", "percent": 5}).json["code"]
        == "project.not_owner"
    )
    assert squad.post(f"/api/v1/projects/{shared['id']}/progress", {"words": "x"}).status_code == 201
    entry = leader.post(f"/api/v1/projects/{shared['id']}/progress", {"words": "x"}).json["entry"]
    forged = squad.post(
        f"/api/v1/projects/{shared['id']}/progress/{entry}/photos", data={"photo": (picture(), "a.jpg")}
    )
    assert forged.json["code"] == "project.not_found"


def test_a_project_is_late_after_its_day_and_its_changes_are_kept(shared_web):
    leader = shared_web.browser("leader")
    made = project(leader, due_on=PAST, tasks=[])
    assert made["late_days"] in (2, 3, 4)
    assert made["id"] in [p["id"] for p in leader.get("/api/v1/projects?late=1&limit=200").json["projects"]]
    path = f"/api/v1/projects/{made['id']}"
    assert leader.call("PATCH", path, json={"version": 1, "reason": "等材料", "due_on": DUE}).json["late_days"] == 0
    lost = leader.call("PATCH", path, json={"version": 1, "reason": "等材料", "state": "paused"})
    assert (lost.status_code, lost.json["code"]) == (409, "project.version_conflict")
    after = leader.call("PATCH", path, json={"version": 2, "reason": "已验收", "state": "done"}).json
    assert after["state"] == "done"
    assert [entry["facts"] for entry in after["entries"]][:2] == [
        {"state": ["running", "done"]},
        {"due_on": [PAST, DUE]},
    ]
    assert leader.call("PATCH", path, json={"version": 3, "reason": "x", "due_on": "2020-01-01"}).status_code == 422
    assert leader.post(f"{path}/progress", {"words": "x", "cases": ["没有的号"]}).status_code == 422


def faults(answer):
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid"), answer.json
    return [(fault["field"], fault["code"]) for fault in answer.json["detail"]["faults"]]


def test_a_task_lies_within_its_project_and_a_refusal_names_the_field(shared_web):
    leader = shared_web.browser("leader")
    after, before = ((date.fromisoformat(day) + timedelta(days=n)).isoformat() for day, n in ((DUE, 1), (START, -1)))
    task = {"name": "划线", "org": "squad", "due_on": DUE}
    body = {"name": "x", "goal": "x", "org": "squad", "starts_on": START, "due_on": DUE}

    def refused(**given):
        return faults(leader.post("/api/v1/projects", {**body, **given}))

    assert refused(tasks=[task, {**task, "due_on": after}]) == [("tasks.1.due_on", "after_project")]
    assert refused(tasks=[{**task, "due_on": before}]) == [("tasks.0.due_on", "before_project")]
    assert refused(tasks=[task, {**task, "org": "nobody"}]) == [("tasks.1.org", "unknown")]
    assert refused(due_on=before) == [("due_on", "before_beginning")]
    made = project(leader, tasks=[task])
    path = f"/api/v1/projects/{made['id']}"
    assert faults(leader.post(f"{path}/tasks", {**task, "due_on": after})) == [("due_on", "after_project")]
    said = {"version": 1, "reason": "改期"}
    own = f"{path}/tasks/{made['task_list'][0]['id']}"
    assert faults(leader.call("PATCH", own, json={**said, "due_on": after})) == [("due_on", "after_project")]
    assert faults(leader.call("PATCH", path, json={**said, "due_on": PAST})) == [("due_on", "before_task")]
    assert leader.call("PATCH", own, json={**said, "state": "cancelled"}).status_code == 200
    assert leader.call("PATCH", path, json={**said, "due_on": PAST}).status_code == 200


def test_the_same_request_again_makes_one_project(shared_web):
    leader = shared_web.browser("leader")
    body = {"name": "一次", "goal": "一次", "org": "squad", "starts_on": START, "due_on": DUE}
    answers = [leader.post("/api/v1/projects", body, headers={"Idempotency-Key": "project-once"}) for _ in range(2)]
    assert answers[0].json["id"] == answers[1].json["id"]
