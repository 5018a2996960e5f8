"""Each rule of efficiency supervision fires exactly when it should: at its boundary, once, and the same after a day's downtime."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import Invalid
from layers.incident.case import Case
from layers.incident.workflow import LogRow, allowed, apply
from layers.supervision.flags import _stamped
from layers.supervision.rules import History, history, look
from layers.supervision.thresholds import Thresholds, of_settings
from tests.layers.incident.closed_loop import CAST, FIRE, LIMITS, SQUAD, at, told

DEFAULTS = Thresholds()
SECOND, MICRO = timedelta(seconds=1), timedelta(microseconds=1)
# From Tuesday at nine: three work days of eight hours end on Friday at nine.
SENT, DUE = at("2026-03-17T09:00"), at("2026-03-20T09:00")


def row(name: str, from_state: str, to_state: str, moment: datetime, **facts: object) -> LogRow:
    return LogRow(name, from_state, to_state, moment, 1, str(facts.get("reason", "")) or None, facts)


BEGIN = (
    row("accept", "reported", "accepted", SENT),
    row("file", "accepted", "filed", SENT, lead_org_id=FIRE),
    row("dispatch", "filed", "dispatched", SENT),
    row("sign", "dispatched", "handling", SENT),
)


def sequence(*log: LogRow, now: datetime, state: str = "handling") -> History:
    return history(
        SENT, "U3", [(f"L{n}", step) for n, step in enumerate(log)], LIMITS, state=state, lead_org_id=FIRE, now=now
    )


def found(*log: LogRow, now: datetime, thresholds: Thresholds = DEFAULTS, state: str = "handling"):
    return look(sequence(*log, now=now, state=state), thresholds, LIMITS)


def rules(*log: LogRow, now: datetime, thresholds: Thresholds = DEFAULTS, state: str = "handling"):
    return [(p.rule, p.fact, p.org_id) for p in found(*log, now=now, thresholds=thresholds, state=state).proposals]


def fed_back(moment: datetime, **facts: object) -> LogRow:
    return row("feed_back", "handling", "awaiting_inspection", moment, text="已办", **facts)


def of(name: str, listed: list) -> list:
    return [entry for entry in listed if entry[0] == name]


def test_late_handling_begins_after_the_deadline_not_at_it():
    assert rules(*BEGIN, now=DUE) == []
    assert rules(*BEGIN, now=DUE + MICRO) == [("late_handling", "L2", FIRE)]
    assert DUE + MICRO in found(*BEGIN, now=SENT).moments


def test_late_handling_is_found_later_too_with_its_times():
    log = (*BEGIN, fed_back(DUE + timedelta(hours=2)))
    (flag,) = [p for p in found(*log, now=DUE + timedelta(days=30)).proposals if p.rule == "late_handling"]
    assert flag.basis["due_at"] == DUE
    assert flag.basis["until"] == DUE + timedelta(hours=2)
    assert (flag.basis["from"], flag.basis["by"], flag.basis["limit"]) == (
        "L2",
        "L4",
        {"value": 3.0, "unit": "work_day"},
    )


def test_feedback_in_time_is_no_late_handling_whatever_comes_after():
    log = (*BEGIN, fed_back(DUE))
    assert of("late_handling", rules(*log, now=DUE + timedelta(days=30), state="awaiting_inspection")) == []


def test_each_round_is_late_once_against_whom_it_was_sent_to():
    back = DUE + timedelta(hours=1)
    log = (
        *BEGIN,
        row("return", "handling", "returned", back, reason="不属本单位"),
        row("redispatch", "returned", "dispatched", back + SECOND, lead_org_id=SQUAD),
    )
    late = of("late_handling", rules(*log, now=back + timedelta(days=20), state="dispatched"))
    assert late == [("late_handling", "L2", FIRE), ("late_handling", "L5", SQUAD)]


def test_a_suspended_case_is_not_late_and_rework_does_not_make_it_late_twice():
    log = (*BEGIN, row("suspend", "handling", "suspended", DUE - SECOND, review_on="2026-04-10"))
    assert of("late_handling", rules(*log, now=DUE + timedelta(days=15), state="suspended")) == []
    late = DUE + timedelta(hours=1)
    log = (*BEGIN, fed_back(late), row("rework", "awaiting_inspection", "handling", late + SECOND, reason="未清"))
    assert of("late_handling", rules(*log, now=late + timedelta(days=9))) == [("late_handling", "L2", FIRE)]


def test_late_as_a_whole_is_the_desks_where_no_organisation_had_it():
    # accept 2 h and dispatch 4 h, three days, one day, one day: 46 work hours from Tuesday at nine
    whole_due = found(*BEGIN, now=SENT).moments
    due = max(whole_due) - MICRO
    with_org = of("late_whole", rules(*BEGIN, now=due + SECOND))
    assert with_org == [("late_whole", "whole", FIRE)]
    log = (*BEGIN, fed_back(DUE))
    assert of("late_whole", rules(*log, now=due, state="awaiting_inspection")) == []
    assert of("late_whole", rules(*log, now=due + MICRO, state="awaiting_inspection")) == [
        ("late_whole", "whole", None)
    ]
    closed = row("close", "awaiting_inspection", "closed", due)
    again = row("reopen", "closed", "dispatched", due + timedelta(days=3))
    assert of("late_whole", rules(*log, closed, again, now=due + timedelta(days=9), state="dispatched")) == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_reworks_and_returns_count_to_two_and_fire_once(times):
    log = [*BEGIN]
    for n in range(times):
        moment = SENT + timedelta(minutes=n + 1)
        log += [fed_back(moment), row("rework", "awaiting_inspection", "handling", moment, reason="未清")]
    assert of("reworks", rules(*log, now=SENT + timedelta(hours=1))) == [("reworks", "rework", FIRE)] * (times >= 2)
    log = [*BEGIN]
    for n in range(times):
        moment = SENT + timedelta(minutes=n + 1)
        log += [
            row("return", "handling", "returned", moment, reason="不属"),
            row("redispatch", "returned", "dispatched", moment),
        ]
    assert of("returns", rules(*log, now=SENT + timedelta(hours=1))) == [("returns", "return", FIRE)] * (times >= 2)


def test_a_reply_within_one_work_day_raises_no_flag():
    asked = row("supervise", "handling", "handling", at("2026-03-18T15:00"), level=1)
    due = at("2026-03-19T15:00")
    assert of("no_reply", rules(*BEGIN, asked, now=due)) == []
    assert of("no_reply", rules(*BEGIN, asked, now=due + MICRO)) == [("no_reply", "L4", FIRE)]
    in_time = row("reply", "handling", "handling", due, text="明日到场")
    assert of("no_reply", rules(*BEGIN, asked, in_time, now=due + timedelta(days=1))) == []
    late = row("reply", "handling", "handling", due + SECOND, text="明日到场")
    assert of("no_reply", rules(*BEGIN, asked, late, now=due + timedelta(days=1))) == [("no_reply", "L4", FIRE)]


def test_a_higher_level_or_the_closing_ends_the_question():
    asked = row("supervise", "handling", "handling", at("2026-03-18T15:00"), level=1)
    higher = row("supervise", "handling", "handling", at("2026-03-19T10:00"), level=2)
    assert of("no_reply", rules(*BEGIN, asked, higher, now=at("2026-03-20T10:00"))) == []
    assert of("no_reply", rules(*BEGIN, asked, higher, now=at("2026-03-20T10:01"))) == [("no_reply", "L5", FIRE)]
    closed = row("close", "awaiting_inspection", "closed", at("2026-03-19T15:00"))
    assert of("no_reply", rules(*BEGIN, asked, closed, now=at("2026-03-30T10:01"), state="closed")) == []


@pytest.mark.parametrize(("distance_m", "fires"), [(None, False), (99.9, False), (100.0, False), (100.1, True)])
def test_a_photo_from_further_away_than_a_hundred_metres(distance_m, fires):
    log = (*BEGIN, fed_back(SENT + timedelta(hours=1), photo_after="p", photo_after_distance_m=distance_m))
    assert of("far_photo", rules(*log, now=SENT + timedelta(hours=2))) == [("far_photo", "L4", FIRE)] * fires


def test_a_photo_that_another_case_had_before_is_proposed_once():
    back = row("rework", "awaiting_inspection", "handling", SENT + timedelta(hours=2), reason="没扫净")
    again = fed_back(SENT + timedelta(hours=3), photo_after="p")
    case = sequence(*BEGIN, fed_back(SENT + SECOND, photo_after="p"), back, again, now=SENT + timedelta(hours=4))
    other = {"id": "i", "case_no": "ZF-1"}
    (flag,) = [
        one
        for one in look(replace(case, elsewhere={"p": [other]}), DEFAULTS, LIMITS).proposals
        if one.rule == "same_photo"
    ]
    assert (flag.fact, flag.org_id, flag.basis["cases"]) == ("photo p", FIRE, [other])
    elsewhere = look(replace(case, elsewhere={"q": [other]}), DEFAULTS, LIMITS)
    assert [one for one in elsewhere.proposals if one.rule == "same_photo"] == []


@pytest.mark.parametrize(("took", "fires"), [(timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)])
def test_closed_within_minutes_of_being_sent_out(took, fires):
    log = (*BEGIN, fed_back(SENT), row("close", "awaiting_inspection", "closed", SENT + took))
    assert of("quick_close", rules(*log, now=SENT + took, state="closed")) == [("quick_close", "L5", FIRE)] * fires


@pytest.mark.parametrize(("level", "fires"), [(1, False), (2, False), (3, True)])
def test_supervision_of_the_third_level_is_red(level, fires):
    log = (*BEGIN, row("supervise", "handling", "handling", SENT + SECOND, level=level))
    assert [(p.rule, p.colour) for p in found(*log, now=SENT + SECOND).proposals] == [("supervised", "red")] * fires


def test_nothing_is_proposed_over_a_case_that_was_voided():
    assert found(*BEGIN, now=DUE + timedelta(days=30), state="voided").proposals == []


def test_a_case_from_a_file_that_was_closed_in_time_is_not_late_when_it_is_looked_at():
    """Its log has no steps; its times stand for them."""
    imported = SimpleNamespace(name="close", facts={"imported": True}, at=DUE)
    times = {"accepted_at": SENT, "filed_at": SENT, "dispatched_at": SENT, "handled_at": DUE, "closed_at": DUE}
    log = [step for _, step in _stamped(SimpleNamespace(**times), [imported])]
    assert [step.name for step in log] == ["accept", "file", "dispatch", "feed_back", "close"]
    assert rules(*log, now=DUE + timedelta(days=200), state="archived") == []


def test_thresholds_are_the_towns_and_a_rule_may_be_off():
    own = of_settings(
        {
            "flags": {
                "late_handling": {"over_minutes": 60, "colour": "red"},
                "late_whole": False,
                "reworks": {"at_least": 1},
            }
        }
    )
    assert rules(*BEGIN, now=DUE + timedelta(minutes=60), thresholds=own) == []
    (late,) = found(*BEGIN, now=DUE + timedelta(minutes=60, seconds=1), thresholds=own).proposals
    assert (late.rule, late.colour) == ("late_handling", "red")
    assert of("late_whole", rules(*BEGIN, now=DUE + timedelta(days=90), thresholds=own)) == []


@pytest.mark.parametrize(
    "given",
    [
        {"late_handlin": {}},
        {"reworks": {"at_least": 0}},
        {"far_photo": {"over_km": 1}},
        {"returns": {"colour": "blue"}},
    ],
)
def test_a_setting_that_is_none_is_refused_by_name(given):
    with pytest.raises(Invalid) as raised:
        of_settings({"flags": given})
    assert raised.value.code == "flag.settings"


def lived(draw: st.DrawFn) -> list[LogRow]:
    """Some way of a case through the table, by whoever may, with pauses of up to three days."""
    case, moment, log = Case("reported"), SENT, []
    for _ in range(draw(st.integers(3, 14))):
        moment += timedelta(minutes=draw(st.integers(1, 300) | st.integers(300, 4500)))
        offers = [(actor, name) for actor in CAST for name in allowed(case, actor, moment) if not name.endswith("void")]
        if not offers:
            break
        actor, name = draw(st.sampled_from(offers))
        facts = told(case, name, actor, moment)
        if name in ("feed_back", "self_handle"):
            facts["photo_after_distance_m"] = draw(st.sampled_from([None, 20.0, 250.0]))
        case, step = apply(case, name, actor, moment, **facts)
        log.append(step)
    return log


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_looking_at_every_moment_and_looking_once_much_later_find_the_same(data):
    """The worker looks after each step and at each moment it was told; one that was down for days looks at the end only."""
    log = lived(data.draw)
    if not log:
        return
    end = log[-1].at + timedelta(days=data.draw(st.integers(0, 40)))
    looked: dict[tuple, object] = {}
    for n in range(1, len(log) + 1):
        until = log[n].at - MICRO if n < len(log) else end
        moment = log[n - 1].at
        while moment is not None and moment <= until:
            seen = found(*log[:n], now=moment, state=log[n - 1].to_state)
            for flag in seen.proposals:
                looked.setdefault((flag.rule, flag.fact), flag.org_id)
            moment = min((at for at in seen.moments if at > moment), default=None)
    once = found(*log, now=end, state=log[-1].to_state).proposals
    assert len({(p.rule, p.fact) for p in once}) == len(once)
    assert {(p.rule, p.fact): p.org_id for p in once} == looked
