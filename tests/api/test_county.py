"""The four levels: up to the county and back, and what the county sends down, each under its number."""

from __future__ import annotations

import csv
import threading

from click.testing import CliRunner

from api.cli import main
from tests.api.test_transition import dispatched, done, reported, shown, step
from tests.small_town import TOWN

SENT_DOWN = {
    "title": "河岸堆放垃圾", "lon": 120.885, "lat": 30.405, "crs": "cgcs2000", "category": "ZF-01-001", "external_ref": "HY-2026-0007"
}  # fmt: skip


def receive(browser, **given):
    return browser.post("/api/v1/incidents/received", {**SENT_DOWN, **given})


def test_a_case_from_the_county_is_accepted_under_its_number(shared_web):
    command = shared_web.browser("command")
    answer = receive(command)
    assert answer.status_code == 201, answer.json
    case = answer.json["properties"]
    assert (case["state"], case["channel"], case["county_ref"]) == ("accepted", "higher", "HY-2026-0007")
    assert [row["name"] for row in case["log"]] == ["report", "receive"]
    assert case["log"][1]["facts"]["external_ref"] == "HY-2026-0007"
    assert [clock["stage"] for clock in case["clocks"]][-1] == "whole"
    assert done(command, case["id"], "file")["state"] == "filed"


def test_the_same_number_again_is_the_same_case(web):
    number = {"external_ref": "HY-2026-0008"}
    answers = []
    browsers = [web.browser("command") for _ in range(3)]
    threads = [threading.Thread(target=lambda b=b: answers.append(receive(b, **number))) for b in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    again = receive(browsers[0], title="另一个标题", **number)
    assert (again.status_code, again.json["properties"]["title"]) == (200, "河岸堆放垃圾")


def test_a_case_that_went_up_is_not_taken_in_again(shared_web):
    command, _squad, case = dispatched(shared_web)
    up = done(command, case, "transfer_up", reason="超出镇权限", external_ref="HY-9")
    assert (up["escalation"], up["county_ref"], up["state"]) == ("county", "HY-9", "transferred_up")
    answer = receive(command, external_ref="HY-9")
    assert (answer.status_code, answer.json["id"]) == (200, case)


def test_without_number_or_without_the_right_nothing_comes_in(shared_web):
    command, squad = shared_web.browser("command"), shared_web.browser("squad")
    refused = receive(command, external_ref=None)
    assert (refused.status_code, refused.json["detail"]["faults"][0]["field"]) == (422, "external_ref")
    assert receive(squad).status_code == 403


def test_only_what_the_county_sent_is_received(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    assert step(command, case, "receive", external_ref="X").json["code"] == "transition.not_from_above"


def test_up_and_down_the_levels_of_the_town(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    assert shown(command, case)["escalation"] == "town"
    assert step(command, case, "escalate", reason="x").json["code"] == "transition.no_such_level"
    levels = [done(command, case, "lower", reason="村里办得了")["escalation"] for _ in range(2)]
    assert levels == ["village", "grid"]
    assert step(command, case, "lower", reason="x").json["code"] == "transition.no_such_level"
    assert done(command, case, "escalate", reason="村里办不了")["escalation"] == "village"
    found = command.get("/api/v1/incidents?escalation=village").json
    assert case in [feature["id"] for feature in found["features"]]


def test_the_county_gives_its_number_when_it_answers(shared_web):
    command, _squad, case = dispatched(shared_web)
    done(command, case, "transfer_up", reason="超出镇权限", external_ref="海委发〔2026〕3号")
    back = done(command, case, "county_return", reason="镇级办理", external_ref="HY-77")
    assert (back["state"], back["escalation"], back["county_ref"]) == ("handling", "town", "HY-77")


def test_level_and_number_are_found_and_stand_in_lists_and_exports(web, databases, tmp_path):
    command = web.browser("command")
    case = receive(command, external_ref="HY-2026-4711").json["id"]
    for question in ("incidents?q=2026-4711&open=1", "incidents?county_ref=HY-2026-4711", "queue?q=HY-2026"):
        found = command.get(f"/api/v1/{question}").json
        assert [feature["id"] for feature in found["features"]] == [case], question
        assert found["features"][0]["properties"]["county_ref"] == "HY-2026-4711"
    hits = command.get("/api/v1/search?q=HY-2026-4711").json
    assert case in [hit["id"] for hit in (hits if isinstance(hits, list) else hits["results"])]
    environment = {"ONEGRID_DATABASE_URL": databases.app_url, "ONEGRID_DATA_DIR": str(tmp_path / "data")}
    file = tmp_path / "out.csv"
    ran = CliRunner().invoke(main, ["--town", TOWN, "export", "incident", str(file)], env=environment)
    assert ran.exit_code == 0, ran.output
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["escalation"], row["county_ref"]) for row in rows] == [("town", "HY-2026-4711")]
