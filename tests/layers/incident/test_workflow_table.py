"""The table of the closed loop as a whole: what it holds, what is said to whom it is refused, what holds of every case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.incident.case import OPEN, OUTER_STAGE, STATES, SUPERVISED, Case
from layers.incident.workflow import RULES, TABLE, Refused, allowed, apply, blocked, refusal
from tests.layers.incident.closed_loop import (
    CASE,
    CAST,
    CLERK,
    COMMAND,
    FIRE,
    FIREMAN,
    NOON,
    SQUAD,
    TO_HANDLING,
    VILLAGE,
    code,
    refused,
    told,
    walk,
)

# Transcribed from the workflow of the town: number, from, to. Lanes lead from a state to itself.
WRITTEN = {
    ("2", "reported", "closed"), ("2", "closed", "awaiting_inspection"),
    ("3", "reported", "verifying"), ("3", "verifying", "reported"), ("3", "verifying", "declined"),
    ("4", "reported", "accepted"), ("4", "reported", "declined"), ("4", "reported", "merged"), ("4", "merged", "reported"),
    ("4", "verifying", "declined"), ("4", "accepted", "declined"),
    ("5", "accepted", "filed"), ("5", "filed", "accepted"), ("5", "returned", "accepted"),
    ("6", "filed", "dispatched"), ("7", "dispatched", "handling"),
    ("8", "dispatched", "returned"), ("8", "handling", "returned"), ("8", "returned", "dispatched"),
    ("9", "handling", "handling"), ("9", "handling", "suspended"), ("9", "suspended", "handling"),
    ("10", "dispatched", "dispatched"), ("10", "handling", "handling"),
    *(("11", state, state) for state in OPEN - {"transferred_up"}),
    *(("11", state, "transferred_up") for state in ("accepted", "filed", "dispatched", "returned", "handling", "suspended")),
    ("11", "transferred_up", "handling"), ("11", "transferred_up", "closed"), ("11", "transferred_up", "accepted"),
    ("11", "reported", "accepted"),
    ("12", "handling", "awaiting_inspection"), ("13", "awaiting_inspection", "handling"),
    ("14", "awaiting_inspection", "awaiting_inspection"), ("14", "awaiting_inspection", "closed"),
    ("15", "closed", "evaluated"), ("15", "closed", "dispatched"),
    ("16", "closed", "closed"), ("16", "evaluated", "evaluated"), ("16", "evaluated", "archived"),
    *(("17", state, to) for state in set(STATES) - {"archived", "voided"} for to in (state, "voided")),
    *(("S", state, state) for state in SUPERVISED),
    ("11", "reported", "accepted"),
    # not of the page: a notice of the working days came, and open deadlines are counted anew
    *(("C", state, state) for state in OPEN),
}  # fmt: skip


# --- the table as a whole


def test_table_has_the_written_transitions_and_no_other():
    drawn = {(rule.number, source, rule.target or source) for rule in TABLE for source in rule.sources}
    assert drawn == WRITTEN


def test_every_source_and_target_is_a_state_and_every_name_is_unique():
    assert {source for rule in TABLE for source in rule.sources} <= set(STATES)
    assert {rule.target for rule in TABLE} - {None} <= set(STATES)
    assert len(RULES) == len(TABLE)
    assert len(set(STATES)) == len(STATES)


def test_every_state_is_reached_from_the_report_and_only_three_end():
    leads = {state: {rule.target or state for rule in TABLE if state in rule.sources} - {state} for state in STATES}
    seen, waiting = {"reported"}, ["reported"]
    while waiting:
        found = leads[waiting.pop()] - seen
        seen |= found
        waiting += found
    assert seen == set(STATES)
    # a declined or merged case can be voided or unmerged; nothing else happens to it
    assert {state for state in STATES if not leads[state] - {"voided"}} == {"declined", "archived", "voided"}


def test_stages_and_lanes_name_states():
    assert set(OUTER_STAGE) <= set(STATES)
    assert set(STATES) - set(OUTER_STAGE) == {"declined", "merged", "voided"}
    assert SUPERVISED < OPEN < set(STATES)


def test_every_permission_of_the_table_is_held_by_a_role_of_the_town():
    words = {word for rule in TABLE for word in rule.permission.split("|")}
    assert words <= {word for actor in CAST for word in actor.permissions} | {"system", "reporter"}


# --- refusals


def test_refusal_names_what_is_allowed_now():
    found = refused(CASE, "close", CLERK)
    assert found.code == "transition.not_from_here"
    assert {"accept", "decline", "merge"} <= set(found.allowed)
    assert refused(replace(CASE, state="archived"), "accept", CLERK).allowed == ()


def test_unknown_name_and_time_without_zone_are_refused():
    with pytest.raises(Refused) as unknown:
        apply(CASE, "steal", CLERK, NOON)
    assert (unknown.value.code, unknown.value.allowed) == ("transition.unknown", allowed(CASE, CLERK, NOON))
    handling = replace(walk(CASE, *TO_HANDLING)[0], due_at=NOON)
    with pytest.raises(Refused) as naive:
        apply(handling, "feed_back", FIREMAN, NOON.replace(tzinfo=None), text="x", photo_after="y")
    assert naive.value.code == "transition.naive_time"


@pytest.mark.parametrize("state", STATES)
def test_stage_cannot_be_skipped(state):
    ahead = {
        "closed": {"awaiting_inspection", "transferred_up", "reported"},
        "dispatched": {"filed", "returned", "closed"},
    }
    for target, sources in ahead.items():
        names = [rule.name for rule in TABLE if rule.target == target and state not in rule.sources]
        assert state in sources or len(names) == len([rule for rule in TABLE if rule.target == target])
        for name in names:
            for actor in CAST:
                assert code(replace(CASE, state=state), name, actor) == "transition.not_from_here"


# --- properties


IDS = st.sampled_from([actor.user_id for actor in CAST if actor.user_id])
ORGS = st.sampled_from([COMMAND, FIRE, SQUAD, VILLAGE])
CASES = st.builds(
    Case,
    state=st.sampled_from(STATES),
    category=st.sampled_from([None, "ZF-1"]),
    self_handle_allowed=st.booleans(),
    sampled=st.booleans(),
    lead_org_id=st.none() | ORGS,
    co_org_ids=st.lists(ORGS, max_size=1).map(tuple),
    reporter_user_id=st.none() | IDS,
    verifier_ids=st.frozensets(IDS, max_size=2),
    handler_ids=st.frozensets(IDS, max_size=2),
    handler_org_ids=st.frozensets(ORGS, max_size=1),
    inspected_by=st.none() | IDS,
    return_count=st.integers(0, 2),
    reopen_count=st.integers(0, 1),
    supervision_level=st.integers(0, 3),
    reply_due=st.booleans(),
    extension=st.sampled_from(["none", "pending", "granted", "denied"]),
    suspension=st.sampled_from(["none", "pending"]),
    appeal=st.sampled_from(["none", "open", "upheld", "rejected"]),
    escalation=st.sampled_from(["grid", "village", "town", "county"]),
    void_asked_by=st.none() | IDS,
    is_placed=st.booleans(),
    is_taken_up=st.booleans(),
    closed_at=st.none() | st.sampled_from([NOON - timedelta(days=40), NOON]),
    evaluated_at=st.none() | st.sampled_from([NOON - timedelta(days=31), NOON]),
    due_at=st.none() | st.sampled_from([NOON - timedelta(1), NOON, NOON + timedelta(1)]),
)


@given(CASES, st.sampled_from(CAST))
def test_what_is_offered_is_done_once_the_facts_are_given_and_nothing_else_is(case, actor):
    offered = allowed(case, actor, NOON)
    for rule in TABLE:
        facts = told(case, rule.name, actor, NOON)
        if rule.name in offered:
            after, row = apply(case, rule.name, actor, NOON, **facts)
            assert (after.version, row.from_state, row.to_state) == (case.version + 1, case.state, after.state)
            assert after.state == (rule.target or case.state)
        else:
            before = repr(case)
            assert refused(case, rule.name, actor).code == blocked(case, rule, actor, NOON)
            assert repr(case) == before


@given(CASES, st.sampled_from(CAST), st.sampled_from(sorted(RULES)), st.data())
def test_offered_transition_is_refused_for_its_facts_alone(case, actor, name, data):
    """Whatever facts are left out or wrong, the refusal of what was offered says which."""
    facts = told(case, name, actor, NOON)
    for key in data.draw(st.sets(st.sampled_from(sorted(facts))) if facts else st.just(set())):
        facts[key] = data.draw(st.sampled_from([None, "", "?", 0]))
    wrong = refusal(case, RULES[name], actor, NOON, facts)
    if wrong and name in allowed(case, actor, NOON):
        assert wrong in FACTS_WRONG or wrong in {f"transition.needs_{need}" for need in RULES[name].needs}


FACTS_WRONG = {
    "transition.reason_unknown", "transition.category_missing", "transition.lead_missing", "transition.condition_not_met",
    "transition.review_date", "transition.merge_itself", "transition.supervised_already", "transition.extension_share",
    "transition.outcome_unknown",
}  # fmt: skip
