"""What the desk asks: figures that equal the queue they open, choices, corrected words, pairs that are not one case."""

from __future__ import annotations

import pytest

from tests.api.test_transition import dispatched, done, reported, shown, step


def figures(browser, query=""):
    return browser.get(f"/api/v1/queue/figures{query}").json


def count(browser, query):
    return browser.get(f"/api/v1/queue?{query}&limit=1").json["count"]


@pytest.mark.parametrize("filters", ["", "?platform=enforcement", "?platform=service", "?q=渣土"])
def test_each_figure_equals_the_queue_it_opens(shared_web, filters):
    command, _squad, case = dispatched(shared_web)
    reported(command)
    done(command, case, "remind", text="请回报进展")
    told = figures(command, filters)
    more = filters.replace("?", "&")
    assert set(told) == {"accept", "handle", "evaluate", "supervised", "unseen", "reply", "asked", "late"}
    for name, n in told.items():
        query = f"stage={name}" if name in ("accept", "handle", "evaluate") else f"{name}=1"
        assert count(command, query + more) == n, name


def test_an_unknown_filter_of_the_figures_is_refused(shared_web):
    answer = shared_web.browser("command").get("/api/v1/queue/figures?colour=red")
    assert (answer.status_code, answer.json["code"]) == (422, "filter.unknown")


def test_choices_name_categories_organisations_and_replies(shared_web):
    told = shared_web.browser("command").get("/api/v1/case-choices").json
    spill = next(one for one in told["categories"] if one["code"] == "ZF-01-001")
    assert (spill["lead_org"], spill["limit_value"], spill["limit_unit"]) == ("squad", 8.0, "work_hour")
    assert "squad" in {org["code"] for org in told["organisations"]}
    assert told["replies"] == {}
    assert shared_web.browser().get("/api/v1/case-choices").status_code == 401


def test_words_are_corrected_with_both_in_the_log(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    path, version = f"/api/v1/incidents/{case}/words", shown(command, case)["version"]
    given = {"version": version, "title": "渣土车抛洒", "reason": "标题写清"}
    answer = command.call("PATCH", path, json=given)
    assert answer.status_code == 200, answer.json
    row = answer.json["properties"]["log"][-1]
    assert (row["name"], row["reason"]) == ("correct", "标题写清")
    assert row["facts"]["title"] == {"from": "渣土车沿路抛洒", "to": "渣土车抛洒"}
    again = command.call("PATCH", path, json=given)
    assert (again.status_code, again.json["detail"]["version"]) == (409, version + 1)
    assert again.json["detail"]["last"]["reason"] == "标题写清"
    assert shared_web.browser("squad").call("PATCH", path, json=given).status_code == 403


def test_what_is_not_a_duplicate_is_not_offered_again_until_taken_back(shared_web):
    command = shared_web.browser("command")
    place = {"lon": 120.8912, "lat": 30.4012}
    first, second = reported(command, **place), reported(command, **place)
    near = lambda case: {one["id"] for one in shown(command, case)["duplicates"]}  # noqa: E731
    assert (second in near(first), first in near(second)) == (True, True)
    assert command.post(f"/api/v1/incidents/{second}/distinct/{first}").status_code == 204
    assert (second in near(first), first in near(second)) == (False, False)
    assert command.call("DELETE", f"/api/v1/incidents/{first}/distinct/{second}").status_code == 204
    assert second in near(first)
    assert shared_web.browser("squad").post(f"/api/v1/incidents/{second}/distinct/{first}").status_code == 403


def test_a_duplicate_says_where_it_lies_and_who_has_it(shared_web):
    command = shared_web.browser("command")
    place = {"lon": 120.8932, "lat": 30.4032}
    first, second = reported(command, **place), reported(command, **place)
    for name in ("accept", "file", "dispatch"):
        done(command, first, name)
    other = next(one for one in shown(command, second)["duplicates"] if one["id"] == first)
    assert (round(other["lon"], 4), round(other["lat"], 4)) == (120.8932, 30.4032)
    assert other["lead_org_name"]
    assert other["channel"] == "app"


def test_a_case_is_dispatched_without_the_helpers_of_its_category_when_none_are_named(shared_web):
    command = shared_web.browser("command")
    case = reported(command)
    for name in ("accept", "file"):
        done(command, case, name)
    done(command, case, "dispatch", co_orgs=["market"])
    assert step(command, case, "remind", text="x").status_code == 200
    squad = shared_web.browser("squad")
    done(squad, case, "return", reason="不归我们", reason_code="other")
    done(command, case, "redispatch", co_orgs=[])
    log = [row for row in shown(command, case)["log"] if row["name"] == "redispatch"]
    assert log[-1]["facts"]["co_org_ids"] == []
