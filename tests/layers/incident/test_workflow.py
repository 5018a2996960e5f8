"""The closed loop, one row of its table after the other: what leads where and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from layers.incident.case import SYSTEM, Actor
from layers.incident.workflow import RULES, allowed, apply
from tests.layers.incident.closed_loop import (
    CADRE,
    CASE,
    CAST,
    CLERK,
    FIRE,
    FIREMAN,
    GRID_WORKER,
    HEAD,
    LEADER,
    NEIGHBOUR,
    NOON,
    OTHER_CADRE,
    OTHER_CLERK,
    OTHER_FIREMAN,
    OTHER_SUPERVISOR,
    REPORTER,
    SQUAD,
    SQUADDIE,
    SUPERVISOR,
    TO_CLOSED,
    TO_HANDLING,
    TO_INSPECTION,
    VILLAGE,
    code,
    walk,
)


def test_case_runs_through_the_loop():
    case, log = walk(CASE, *TO_CLOSED)
    assert [row.to_state for row in log] == [
        "accepted", "filed", "dispatched", "handling", "awaiting_inspection", "awaiting_inspection", "closed",
    ]  # fmt: skip
    assert (case.state, case.version, case.lead_org_id, case.closed_at) == ("closed", 8, FIRE, log[-1].at)
    case, row = apply(case, "evaluate", REPORTER, log[-1].at, score=5)
    assert code(case, "archive", SYSTEM, case.closed_at + timedelta(days=30, seconds=-1)) == "transition.too_early"
    case, row = apply(case, "archive", SYSTEM, case.closed_at + timedelta(days=30))
    assert (case.state, row.from_state, row.actor_user_id) == ("archived", "evaluated", None)
    assert [name for actor in CAST for name in allowed(case, actor, row.at)] == []


def test_log_row_keeps_what_was_said():
    _, (row,) = walk(CASE, ("decline", CLERK, {"reason": "不归本镇", "reason_code": "not_ours"}))
    assert (row.name, row.from_state, row.to_state, row.reason) == ("decline", "reported", "declined", "不归本镇")
    assert row.facts == {"reason": "不归本镇", "reason_code": "not_ours"}
    assert row.actor_user_id == CLERK.user_id


@pytest.mark.parametrize("missing", ["text", "photo_before", "photo_after"])
def test_grid_worker_settles_what_the_category_allows_with_both_photos(missing):
    assert code(CASE, "self_handle", GRID_WORKER) == "transition.not_self_handled"
    small = replace(CASE, self_handle_allowed=True)
    assert code(small, "self_handle", GRID_WORKER, **{missing: ""}) == f"transition.needs_{missing}"
    assert code(small, "self_handle", CLERK) == "transition.not_permitted"
    case, _ = walk(small, ("self_handle", GRID_WORKER))
    assert (case.state, case.handler_ids) == ("closed", {GRID_WORKER.user_id})


def test_sampled_case_is_looked_at_by_another_and_gets_an_organisation_when_it_is_not_well_done():
    done, _ = walk(replace(CASE, self_handle_allowed=True), ("self_handle", GRID_WORKER))
    assert code(done, "sample", SYSTEM) == "transition.not_sampled"
    case, _ = walk(replace(done, sampled=True), ("sample", SYSTEM))
    assert (case.state, case.closed_at, case.sampled) == ("awaiting_inspection", None, False)
    assert code(case, "pass_inspection", GRID_WORKER) == "transition.handler"
    assert code(case, "rework", NEIGHBOUR, lead_org_id=None) == "transition.lead_missing"
    again, _ = walk(case, ("rework", NEIGHBOUR, {"lead_org_id": SQUAD}), ("feed_back", SQUADDIE))
    assert (again.state, again.lead_org_id, again.rework_count) == ("awaiting_inspection", SQUAD, 1)


def test_only_whoever_was_asked_verifies():
    asked, _ = walk(CASE, ("ask_verify", CLERK))
    assert asked.verifier_ids == {GRID_WORKER.user_id}
    assert code(asked, "verify_found", NEIGHBOUR) == "transition.not_asked"
    assert code(asked, "accept", CLERK) == "transition.not_from_here"
    for name, target in (("verify_found", "reported"), ("verify_unclear", "reported"), ("verify_absent", "declined")):
        assert walk(asked, (name, GRID_WORKER))[0].state == target


def test_decline_asks_for_a_known_reason():
    assert code(CASE, "decline", CLERK, reason="") == "transition.needs_reason"
    assert code(CASE, "decline", CLERK, reason_code="no_mood") == "transition.reason_unknown"
    assert code(CASE, "decline", GRID_WORKER) == "transition.not_permitted"


def test_merged_case_comes_apart_again():
    assert code(CASE, "merge", CLERK, into="2", id="2") == "transition.merge_itself"
    merged, _ = walk(CASE, ("merge", CLERK))
    assert (merged.state, merged.is_open) == ("merged", False)
    assert code(merged, "unmerge", CLERK, reason="") == "transition.needs_reason"
    assert walk(merged, ("unmerge", CLERK))[0].state == "reported"


def test_reporter_withdraws_the_own_report_before_it_is_filed():
    own = replace(CASE, reporter_user_id=GRID_WORKER.user_id)
    assert walk(own, ("withdraw", GRID_WORKER))[0].state == "declined"
    assert code(own, "withdraw", NEIGHBOUR) == "transition.not_reporter"
    assert code(CASE, "withdraw", CLERK) == "transition.not_reporter"
    assert walk(CASE, ("accept", CLERK), ("withdraw", REPORTER))[0].state == "declined"
    filed, _ = walk(CASE, ("accept", CLERK), ("file", CLERK))
    assert code(filed, "withdraw", REPORTER) == "transition.not_from_here"


@pytest.mark.parametrize(
    "steps",
    [
        (("file", CLERK), ("reclassify", CLERK)),
        (("file", CLERK), ("dispatch", CLERK), ("return", FIREMAN), ("reclassify", CLERK)),
        (("transfer_up", CLERK), ("send_down", CLERK)),
    ],
)
def test_reporter_cannot_withdraw_what_came_back_to_accepted(steps):
    case, _ = walk(CASE, ("accept", CLERK), *steps)
    assert case.state == "accepted"
    assert code(case, "withdraw", REPORTER) == "transition.taken_up"


def test_filing_asks_for_place_and_category():
    accepted, _ = walk(replace(CASE, category=None, is_placed=False), ("accept", CLERK))
    assert code(accepted, "file", CLERK) == "transition.place_missing"
    assert "file" not in allowed(accepted, CLERK, NOON)
    placed = replace(accepted, is_placed=True)
    assert code(placed, "file", CLERK, category=None) == "transition.category_missing"
    case, _ = walk(placed, ("file", CLERK, {"category": "ZF-1", "platform": "enforcement", "lead_org_id": SQUAD}))
    assert (case.category, case.platform, case.lead_org_id) == ("ZF-1", "enforcement", SQUAD)


def test_another_category_leads_back_to_accepted_and_does_not_get_round_a_ruling():
    filed, _ = walk(CASE, ("accept", CLERK), ("file", CLERK))
    assert code(filed, "reclassify", CLERK, category="") == "transition.needs_category"
    case, _ = walk(filed, ("reclassify", CLERK, {"category": "BM-1", "platform": "service"}))
    assert (case.state, case.category, case.platform) == ("accepted", "BM-1", "service")
    twice = replace(case, return_count=2)
    clerk = Actor(7, frozenset({"file", "dispatch"}))
    again, _ = walk(twice, ("file", clerk))
    assert code(again, "dispatch", clerk) == "transition.needs_ruling"
    assert walk(again, ("dispatch", CLERK))[0].state == "dispatched"


def test_dispatch_names_a_lead_and_those_who_help():
    filed, _ = walk(CASE, ("accept", CLERK), ("file", CLERK))
    assert code(filed, "dispatch", CLERK, lead_org_id=None) == "transition.lead_missing"
    assert code(filed, "dispatch", FIREMAN) == "transition.not_permitted"
    case, _ = walk(filed, ("dispatch", CLERK, {"lead_org_id": FIRE, "co_org_ids": [SQUAD]}))
    assert (case.lead_org_id, case.co_org_ids) == (FIRE, (SQUAD,))
    assert "sign" in allowed(case, SQUADDIE, NOON)
    assert code(case, "sign", CADRE) == "transition.not_yours"


def test_worker_signs_for_an_organisation_that_does_not():
    dispatched, _ = walk(CASE, *TO_HANDLING[:3])
    case, row = apply(dispatched, "sign", SYSTEM, NOON, automatic=True)
    assert (case.state, case.handler_ids, row.actor_user_id) == ("handling", frozenset(), None)


def test_two_returns_then_a_ruling_and_nothing_is_cleared():
    case, _ = walk(CASE, *TO_HANDLING, ("return", FIREMAN), ("redispatch", CLERK, {"lead_org_id": SQUAD}))
    assert (case.state, case.return_count, case.handler_ids) == ("dispatched", 1, {FIREMAN.user_id})
    case, _ = walk(case, ("return", SQUADDIE))
    dispatcher = Actor(7, frozenset({"dispatch"}))
    assert code(case, "redispatch", dispatcher) == "transition.needs_ruling"
    case, _ = walk(case, ("redispatch", HEAD, {"lead_org_id": FIRE}))
    assert code(case, "return", FIREMAN) == "transition.returned_twice"
    assert "return" not in allowed(case, FIREMAN, NOON)
    assert case.return_count == 2


def test_whoever_received_a_return_has_no_way_to_closing():
    returned, _ = walk(CASE, *TO_HANDLING, ("return", FIREMAN))
    ways = {RULES[name].target for actor in CAST for name in allowed(returned, actor, NOON)}
    assert ways - {None} == {"accepted", "dispatched", "transferred_up"}


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        (0, "transition.review_date"),
        (1, None),
        (30, None),
        (31, "transition.review_date"),
        (-1, "transition.review_date"),
    ],
)
def test_suspension_is_asked_for_with_a_review_within_thirty_days(day, answer):
    handling, _ = walk(CASE, *TO_HANDLING)
    asked = (NOON.date() + timedelta(days=day)).isoformat()
    if answer:
        assert code(handling, "ask_suspend", FIREMAN, review_on=asked) == answer
    else:
        assert walk(handling, ("ask_suspend", FIREMAN, {"review_on": asked}))[0].suspension == "pending"
    assert code(handling, "ask_suspend", FIREMAN, review_on="soon") == "transition.review_date"
    assert code(handling, "ask_suspend", FIREMAN, reason_code="tired") == "transition.reason_unknown"


def test_review_day_is_that_of_the_town():
    handling, _ = walk(CASE, *TO_HANDLING)
    late = datetime.fromisoformat("2026-03-18T01:00+08:00")
    assert code(handling, "ask_suspend", FIREMAN, late, review_on=date(2026, 3, 18)) == "transition.review_date"


def test_platform_head_decides_on_a_suspension():
    asked, _ = walk(CASE, *TO_HANDLING, ("ask_suspend", FIREMAN))
    assert code(asked, "ask_suspend", OTHER_FIREMAN) == "transition.already_asked"
    assert code(asked, "suspend", FIREMAN) == "transition.not_permitted"
    assert walk(asked, ("deny_suspend", HEAD), ("ask_suspend", FIREMAN))[0].suspension == "pending"
    suspended, _ = walk(asked, ("suspend", HEAD))
    assert (suspended.state, suspended.suspension) == ("suspended", "none")
    assert code(suspended, "resume", SQUADDIE) == "transition.not_yours"
    assert {walk(suspended, ("resume", actor))[0].state for actor in (FIREMAN, HEAD)} == {"handling"}
    handling, _ = walk(CASE, *TO_HANDLING)
    assert code(handling, "suspend", HEAD) == "transition.nothing_asked"


def test_request_does_not_outlive_its_dispatch():
    asked, _ = walk(CASE, *TO_HANDLING, ("ask_suspend", FIREMAN), ("ask_extension", FIREMAN))
    case, _ = walk(asked, ("return", FIREMAN), ("redispatch", CLERK))
    assert (case.suspension, case.extension) == ("none", "none")


def test_extension_is_asked_for_once_and_not_after_the_deadline():
    handling = replace(walk(CASE, *TO_HANDLING)[0], due_at=NOON)
    assert code(handling, "ask_extension", FIREMAN, NOON + timedelta(seconds=1)) == "transition.deadline_passed"
    asked, _ = apply(handling, "ask_extension", FIREMAN, NOON, reason="等配件")
    assert code(asked, "extend", FIREMAN) == "transition.not_permitted"
    for share in (0, -1, 1.5, "half", "NaN"):
        assert code(asked, "extend", HEAD, share=share) == "transition.extension_share"
    for name in ("extend", "deny_extension"):
        decided, _ = walk(asked, (name, HEAD))
        assert code(decided, "ask_extension", FIREMAN) == "transition.extended_once"


def test_case_moves_one_level_at_a_time_and_reaches_the_county_from_the_town():
    grid = replace(CASE, escalation="grid", state="accepted")
    assert code(grid, "transfer_up", CLERK) == "transition.no_such_level"
    town, _ = walk(grid, ("escalate", GRID_WORKER), ("escalate", CADRE))
    assert town.escalation == "town"
    assert code(town, "escalate", CLERK) == "transition.no_such_level"
    assert walk(town, ("lower", CLERK))[0].escalation == "village"
    assert code(grid, "lower", CLERK) == "transition.no_such_level"
    assert code(town, "transfer_up", CLERK, external_ref="") == "transition.needs_external_ref"
    county, _ = walk(town, ("transfer_up", CLERK))
    assert (county.state, county.escalation) == ("transferred_up", "county")
    assert code(county, "lower", CLERK) == "transition.not_from_here"


def test_county_returns_a_case_or_settles_it_or_sends_it_down():
    county, _ = walk(CASE, *TO_HANDLING, ("transfer_up", CLERK))
    back, _ = walk(county, ("county_return", CLERK))
    assert (back.state, back.escalation) == ("handling", "town")
    assert "feed_back" in allowed(back, FIREMAN, NOON)
    settled, _ = walk(county, ("county_result", CLERK))
    assert (settled.state, settled.closed_at is not None) == ("closed", True)
    assert walk(county, ("send_down", CLERK))[0].state == "accepted"


def test_case_that_went_up_before_its_dispatch_comes_back_with_a_lead():
    county, _ = walk(replace(CASE, category=None), ("accept", CLERK), ("transfer_up", CLERK))
    assert code(county, "county_return", CLERK, lead_org_id=None) == "transition.lead_missing"
    assert code(county, "county_return", CLERK, category=None) == "transition.category_missing"
    back, _ = walk(county, ("county_return", CLERK, {"lead_org_id": SQUAD, "category": "ZF-1"}))
    assert (back.lead_org_id, back.category, "feed_back" in allowed(back, SQUADDIE, NOON)) == (SQUAD, "ZF-1", True)


def test_result_comes_with_text_and_photo():
    handling, _ = walk(CASE, *TO_HANDLING)
    assert code(handling, "feed_back", FIREMAN, photo_after=None) == "transition.needs_photo_after"
    assert code(handling, "feed_back", SQUADDIE) == "transition.not_yours"


def test_whoever_handled_neither_inspects_nor_closes():
    cadre_case, _ = walk(
        CASE, ("accept", CLERK), ("file", CLERK), ("dispatch", CLERK, {"lead_org_id": VILLAGE}),
        ("sign", CADRE), ("feed_back", CADRE),
    )  # fmt: skip
    for actor in (CADRE, OTHER_CADRE, GRID_WORKER):  # the person, and everybody of its organisation
        for name in ("pass_inspection", "rework"):
            assert code(cadre_case, name, actor) == "transition.handler"
    own = replace(cadre_case, handler_ids=frozenset({CLERK.user_id}), inspected_by=OTHER_CLERK.user_id)
    assert code(own, "close", CLERK) == "transition.handler"
    assert walk(own, ("close", OTHER_CLERK))[0].state == "closed"


def test_whoever_handled_before_a_return_does_not_inspect_later():
    case, _ = walk(
        CASE, ("accept", CLERK), ("file", CLERK), ("dispatch", CLERK, {"lead_org_id": VILLAGE}), ("sign", CADRE),
        ("return", CADRE), ("redispatch", CLERK, {"lead_org_id": FIRE}), ("sign", FIREMAN), ("feed_back", FIREMAN),
    )  # fmt: skip
    assert code(case, "pass_inspection", CADRE) == "transition.handler"
    assert walk(case, ("pass_inspection", OTHER_CADRE))[0].inspected_by == OTHER_CADRE.user_id


def test_lead_is_a_handler_too_when_a_helper_did_the_work():
    case, _ = walk(
        CASE, ("accept", CLERK), ("file", CLERK),
        ("dispatch", CLERK, {"lead_org_id": VILLAGE, "co_org_ids": [SQUAD]}), ("sign", SQUADDIE), ("feed_back", SQUADDIE),
    )  # fmt: skip
    assert case.handler_org_ids == {VILLAGE, SQUAD}
    assert code(case, "pass_inspection", CADRE) == "transition.handler"


def test_case_is_closed_after_inspection_and_on_its_condition_only():
    case, _ = walk(CASE, *TO_INSPECTION)
    assert code(case, "close", CLERK) == "transition.not_inspected"
    passed, _ = walk(case, ("pass_inspection", GRID_WORKER))
    assert code(passed, "pass_inspection", NEIGHBOUR) == "transition.inspected_already"
    assert code(passed, "close", CLERK, condition_met=False) == "transition.condition_not_met"
    assert code(passed, "close", GRID_WORKER) == "transition.not_permitted"
    again, _ = walk(passed, ("rework", GRID_WORKER), ("feed_back", FIREMAN))
    assert (again.rework_count, code(again, "close", CLERK)) == (1, "transition.not_inspected")


def test_reporter_reopens_once():
    closed, _ = walk(CASE, *TO_CLOSED)
    assert code(closed, "reopen", FIREMAN) == "transition.not_reporter"
    assert code(closed, "reopen", SUPERVISOR) == "transition.not_permitted"
    again, _ = walk(replace(closed, supervision_level=3), ("reopen", REPORTER))
    assert (again.state, again.reopen_count, again.closed_at, again.inspected_by) == ("dispatched", 1, None, None)
    assert (again.supervision_level, again.handler_ids) == (0, {FIREMAN.user_id})
    closed_again, _ = walk(
        again, ("sign", FIREMAN), ("feed_back", FIREMAN), ("pass_inspection", GRID_WORKER), ("close", CLERK)
    )
    assert code(closed_again, "reopen", REPORTER) == "transition.reopened_once"


def test_reopened_case_has_somebody_to_go_to():
    closed, _ = walk(replace(CASE, self_handle_allowed=True), ("self_handle", GRID_WORKER))
    assert code(closed, "reopen", REPORTER, lead_org_id=None) == "transition.lead_missing"
    assert walk(closed, ("reopen", REPORTER, {"lead_org_id": SQUAD}))[0].lead_org_id == SQUAD


def test_evaluation_is_for_the_reporter_the_revisit_and_the_system():
    closed, _ = walk(replace(CASE, reporter_user_id=NEIGHBOUR.user_id), *TO_CLOSED)
    for actor in (REPORTER, NEIGHBOUR, OTHER_CLERK, SYSTEM):
        assert walk(closed, ("evaluate", actor))[0].state == "evaluated"
    assert code(closed, "evaluate", GRID_WORKER) == "transition.not_reporter"
    own = replace(closed, reporter_user_id=FIREMAN.user_id)
    assert code(own, "evaluate", FIREMAN) == "transition.handler"


def test_appeal_holds_the_archive_until_it_is_decided():
    evaluated, _ = walk(CASE, *TO_CLOSED, ("evaluate", SYSTEM))
    later = evaluated.evaluated_at + timedelta(days=30)
    assert code(evaluated, "appeal", SQUADDIE) == "transition.not_yours"
    open_appeal, _ = walk(evaluated, ("appeal", FIREMAN))
    assert code(open_appeal, "archive", SYSTEM, later) == "transition.appeal_open"
    assert code(open_appeal, "appeal", FIREMAN) == "transition.already_asked"
    assert code(open_appeal, "decide_appeal", LEADER, outcome="maybe") == "transition.outcome_unknown"
    for outcome in ("upheld", "rejected"):
        decided, _ = walk(open_appeal, ("decide_appeal", LEADER, {"outcome": outcome}))
        assert decided.appeal == outcome
        assert apply(decided, "archive", SYSTEM, later)[0].state == "archived"


def test_two_people_void():
    asked, _ = walk(CASE, ("ask_void", SUPERVISOR))
    assert (asked.state, asked.void_asked_by) == ("reported", SUPERVISOR.user_id)
    assert code(asked, "void", SUPERVISOR) == "transition.second_person"
    assert code(CASE, "void", OTHER_SUPERVISOR) == "transition.nothing_asked"
    assert code(asked, "void", CLERK) == "transition.not_permitted"
    assert code(asked, "void", OTHER_SUPERVISOR, reason="") == "transition.needs_reason"
    assert walk(asked, ("void", OTHER_SUPERVISOR))[0].state == "voided"
    archived = replace(asked, state="archived")
    assert code(archived, "unask_void", SUPERVISOR) == "transition.not_from_here"
    assert code(archived, "void", OTHER_SUPERVISOR) == "transition.not_from_here"


def test_who_asked_to_void_takes_it_back():
    asked, _ = walk(CASE, ("ask_void", SUPERVISOR))
    assert "unask_void" in allowed(asked, SUPERVISOR, NOON)
    assert code(asked, "unask_void", OTHER_SUPERVISOR) == "transition.not_asker"
    assert code(asked, "unask_void", SUPERVISOR, reason="") == "transition.needs_reason"
    free, _ = walk(asked, ("unask_void", SUPERVISOR))
    assert (free.state, free.void_asked_by) == ("reported", None)
    assert code(free, "void", OTHER_SUPERVISOR) == "transition.nothing_asked"
    assert code(free, "unask_void", SUPERVISOR) == "transition.nothing_asked"
    assert walk(free, ("ask_void", OTHER_SUPERVISOR))[0].void_asked_by == OTHER_SUPERVISOR.user_id


def test_supervision_rises_by_who_may_and_waits_for_a_reply():
    handling, _ = walk(CASE, *TO_HANDLING)
    assert code(handling, "supervise", CLERK, level=2) == "transition.not_permitted"
    first, _ = walk(handling, ("supervise", CLERK))
    assert (first.supervision_level, first.reply_due) == (1, True)
    assert code(first, "supervise", CLERK, level=1) == "transition.supervised_already"
    assert "supervise" not in allowed(first, CLERK, NOON)
    assert code(first, "reply", SQUADDIE) == "transition.not_yours"
    replied, _ = walk(first, ("reply", FIREMAN))
    assert code(replied, "reply", FIREMAN) == "transition.nothing_asked"
    second, _ = walk(replied, ("supervise", HEAD))
    third, _ = walk(second, ("supervise", LEADER))
    assert (second.supervision_level, third.supervision_level, third.reply_due) == (2, 3, True)
    assert code(third, "supervise", SYSTEM, level=3) == "transition.supervised_already"
    assert walk(third, ("remind", CLERK))[0].supervision_level == 3
