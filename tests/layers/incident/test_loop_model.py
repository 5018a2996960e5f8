"""Random steps through the closed loop beside a model of its own: plain states, plain counters, minutes counted one by one.

Short here, long in `make soak` (``--hypothesis-profile soak``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from layers.incident.case import STATES, SYSTEM, Actor, Case
from layers.incident.timers import due
from layers.incident.timing import Limit, after, begin, replay
from layers.incident.workflow import RULES, LogRow, Refused, allowed, apply, refusal
from tests.layers.incident.closed_loop import (
    CADRE,
    CAST,
    CLERK,
    FIRE,
    GRID_WORKER,
    HEAD,
    LEADER,
    LIMITS,
    NEIGHBOUR,
    OTHER_CLERK,
    OTHER_FIREMAN,
    REPORTER,
    SQUAD,
    SQUADDIE,
    VILLAGE,
    at,
    told,
)
from tests.layers.incident.minutes import MINUTE, TOWN, whole

# Written by hand: from where each step starts and where it leads; "=" stays.
OPEN = (
    "reported", "verifying", "accepted", "filed", "dispatched", "returned", "handling", "suspended", "transferred_up",
    "awaiting_inspection",
)  # fmt: skip
LANE = OPEN[4:]
NAIVE = {
    "self_handle": ("reported", "closed"), "sample": ("closed", "awaiting_inspection"), "ask_verify": ("reported", "verifying"),
    "verify_found": ("verifying", "reported"), "verify_unclear": ("verifying", "reported"), "verify_absent": ("verifying", "declined"),
    "accept": ("reported", "accepted"), "decline": ("reported", "declined"), "merge": ("reported", "merged"),
    "unmerge": ("merged", "reported"), "withdraw": ("reported verifying accepted", "declined"), "file": ("accepted", "filed"),
    "reclassify": ("filed returned", "accepted"), "dispatch": ("filed", "dispatched"), "sign": ("dispatched", "handling"),
    "return": ("dispatched handling", "returned"), "redispatch": ("returned", "dispatched"), "ask_suspend": ("handling", "="),
    "suspend": ("handling", "suspended"), "deny_suspend": ("handling", "="), "resume": ("suspended", "handling"),
    "ask_extension": ("dispatched handling", "="), "extend": ("dispatched handling", "="),
    "deny_extension": ("dispatched handling", "="), "escalate": (" ".join(s for s in OPEN if s != "transferred_up"), "="),
    "lower": (" ".join(s for s in OPEN if s != "transferred_up"), "="),
    "transfer_up": ("accepted filed dispatched returned handling suspended", "transferred_up"),
    "county_return": ("transferred_up", "handling"), "send_down": ("transferred_up", "accepted"),
    "county_result": ("transferred_up", "closed"), "feed_back": ("handling", "awaiting_inspection"),
    "rework": ("awaiting_inspection", "handling"), "pass_inspection": ("awaiting_inspection", "="),
    "close": ("awaiting_inspection", "closed"), "evaluate": ("closed", "evaluated"), "reopen": ("closed", "dispatched"),
    "appeal": ("closed evaluated", "="), "decide_appeal": ("closed evaluated", "="), "archive": ("evaluated", "archived"),
    "ask_void": (" ".join(set(STATES) - {"archived", "voided"}), "="),
    "void": (" ".join(set(STATES) - {"archived", "voided"}), "voided"),
    "unask_void": (" ".join(set(STATES) - {"archived", "voided"}), "="),
    "supervise": (" ".join(LANE), "="), "reply": (" ".join(LANE), "="), "remind": (" ".join(LANE), "="),
}  # fmt: skip
# Who brings a case on from each state, whatever happened to it before.
ONWARD = {
    "reported": "accept", "verifying": "verify_found", "accepted": "file", "filed": "dispatch", "dispatched": "sign",
    "returned": "redispatch", "handling": "feed_back", "suspended": "resume", "transferred_up": "county_return",
    "closed": "evaluate", "evaluated": "archive",
}  # fmt: skip
SENT_OUT = ("dispatch", "redispatch", "reopen")
EARLIEST, LATEST = at("2024-01-01T00:00"), at("2027-12-31T00:00")
GAPS = st.sampled_from([0, 0, 1, 7, 30, 90, 240, 600, 1440, 3000, 12000])
ENDS = ("archived", "declined", "merged", "voided")
EARLY = ("ask_void", "unask_void", "void", "decline", "withdraw", "verify_absent")
LEADS = st.sampled_from([FIRE, SQUAD, VILLAGE])
SAMPLE_OF_STEPS = tuple(name for name in NAIVE if name not in EARLY)
# What changes more than a lane, so that a walk comes far.
MIDDLE = tuple(name for name in SAMPLE_OF_STEPS if name not in ("escalate", "lower", "remind", "archive"))


def outcome(case: Case, name: str, actor: Actor, now: datetime, facts: dict) -> tuple[Case, LogRow] | None:
    """What a step gives; None when it is refused, which must then be said rightly."""
    wrong = refusal(case, RULES[name], actor, now, facts)
    if wrong is None:
        return apply(case, name, actor, now, **facts)
    with pytest.raises(Refused) as refused:
        apply(case, name, actor, now, **facts)
    assert (refused.value.code, refused.value.allowed) == (wrong, allowed(case, actor, now))
    return None


class Minutewise:
    """Start, limits and stops of the clocks, kept in plain lists; deadlines are counted at the end."""

    def __init__(self, start: datetime, urgency: str) -> None:
        self.start, self.urgency, self.own = start, urgency, None
        self.more: list[Limit] = []
        self.whole_stops: list[tuple[datetime, datetime]] = []
        self.whole_since: datetime | None = None
        self.handle: tuple[datetime, list[Limit], list[tuple[datetime, datetime]]] | None = None
        self.handle_since: datetime | None = None

    def limit(self) -> Limit:
        return self.own or LIMITS.stages["handle", self.urgency]

    def step(self, name: str, before: str, state: str, now: datetime, facts: dict) -> None:
        if "urgency" in facts:
            self.urgency, self.own = facts["urgency"], Limit(Decimal(facts["handle_limit"]["value"]), "work_day")
            if self.handle:
                self.handle = (self.handle[0], [self.limit(), *self.handle[1][1:]], self.handle[2])
        self.step_whole(name, before, now)
        self.step_handle(name, before, state, now)
        if name == "transfer_up":
            self.up_from = before
        if name == "extend":
            self.more.append(self.limit())
            self.handle[1].append(self.limit())

    def step_whole(self, name: str, before: str, now: datetime) -> None:
        if name in ("suspend", "merge"):
            self.whole_since = now
        elif name == "unmerge" or (before == "suspended" and name in ("resume", "transfer_up")):
            self.whole_stops, self.whole_since = [*self.whole_stops, (self.whole_since, now)], None

    def step_handle(self, name: str, before: str, state: str, now: datetime) -> None:
        sent_out = name in SENT_OUT
        undispatched = name == "county_return" and self.up_from in ("accepted", "filed", "returned")
        if sent_out or undispatched or (name == "rework" and self.handle is None):
            self.handle, self.handle_since = (now, [self.limit()], []), None
        elif name in ("resume", "county_return"):
            self.handle[2].append((self.handle_since, now))
            self.handle_since = None
        elif name == "rework":
            self.handle_since = None
        elif self.handle and state not in ("dispatched", "handling"):
            self.handle_since = self.handle_since or now

    def check(self, clocks) -> None:
        parts = whole(LIMITS.stages, self.urgency, self.own, *self.more)
        assert clocks.whole.due_at == TOWN.due(self.start, parts, self.whole_stops)
        assert clocks.whole.paused_at == self.whole_since
        assert (clocks.handle is None) == (self.handle is None)
        if self.handle:
            assert (clocks.handle.started_at, clocks.handle.paused_at) == (self.handle[0], self.handle_since)
            assert clocks.handle.due_at == TOWN.due(*self.handle)


class Loop(RuleBasedStateMachine):
    """One case, fifteen people and a worker that wakes when it likes."""

    @initialize(
        minute=st.integers(0, 3 * 365 * 1440), urgency=st.sampled_from(["U1", "U2", "U3", "U4"]), small=st.booleans(),
        sampled=st.booleans(), escalation=st.sampled_from(["grid", "village", "town"]), category=st.sampled_from([None, "ZF-1"]),
        reporter=st.sampled_from([None, GRID_WORKER.user_id, NEIGHBOUR.user_id]),
    )  # fmt: skip
    def report(self, minute, urgency, small, sampled, escalation, category, reporter):
        self.begin(EARLIEST + minute * MINUTE, urgency, small, sampled, escalation, category, reporter)

    def begin(
        self, start, urgency="U2", small=False, sampled=False, escalation="town", category=None, reporter=GRID_WORKER.user_id
    ):  # fmt: skip
        self.now = self.start = start
        self.case = Case(
            "reported", urgency=urgency, self_handle_allowed=small, sampled=sampled and small, escalation=escalation,
            category=category, reporter_user_id=reporter,
        )  # fmt: skip
        self.urgency = urgency
        self.clocks = begin(self.now, urgency, LIMITS)
        self.model = Minutewise(self.now, urgency)
        self.log: list[LogRow] = []
        self.state = "reported"
        self.handlers: set[int] = set()
        self.counts = dict.fromkeys(("return", "reopen", "extend", "rework"), 0)
        self.passed = False
        self.asked_void: int | None = None

    def known(self) -> Case:
        """The case with the deadline that its handling has now."""
        return replace(self.case, due_at=self.clocks.handle and self.clocks.handle.due_at)

    def tries(self, name: str, actor: Actor, facts: dict) -> bool:
        """Try a step; whatever comes of it must agree with the model."""
        sources, target = NAIVE[name]
        step = outcome(self.known(), name, actor, self.now, facts)
        if step is None:
            return False
        after_it, row = step
        assert self.state in sources.split()
        assert after_it.state == (self.state if target == "=" else target)
        assert after_it.version == self.case.version + 1
        self.people(name, actor)
        self.clocks = after(self.clocks, row, LIMITS)
        self.model.step(name, self.state, after_it.state, self.now, facts)
        self.log.append(row)
        self.case, self.state = after_it, after_it.state
        return True

    def people(self, name: str, actor: Actor) -> None:
        """Who may not have done this, and how often it may happen."""
        if name in ("sign", "feed_back", "self_handle") and actor.user_id:
            self.handlers.add(actor.user_id)
        if name in ("pass_inspection", "rework", "close", "decide_appeal"):
            assert actor.user_id not in self.handlers
        if name in self.counts:
            self.counts[name] += 1
        assert self.counts["return"] <= 2
        assert max(self.counts["reopen"], self.counts["extend"]) <= 1
        if name in ("dispatch", "redispatch") and self.counts["return"] == 2:
            assert "rule" in actor.permissions
        if name == "close":
            assert self.passed
        if name in ("pass_inspection", "rework", "feed_back", *SENT_OUT):
            self.passed = name == "pass_inspection"
        if name == "void":
            assert self.asked_void not in (None, actor.user_id)
        if name == "ask_void":
            assert self.asked_void is None
            self.asked_void = actor.user_id
        if name == "unask_void":
            assert self.asked_void == actor.user_id
            self.asked_void = None
        if name == "archive":
            assert self.now - max(row.at for row in self.log if row.name == "evaluate") >= timedelta(days=30)
        if name == "withdraw":
            assert actor.is_reporter or actor.user_id == self.case.reporter_user_id
            assert {row.to_state for row in self.log} <= {"reported", "verifying", "accepted", "merged"}

    @rule(
        name=st.sampled_from(SAMPLE_OF_STEPS), actor=st.sampled_from(CAST), gap=GAPS, lead=LEADS
    )  # fmt: skip
    def anybody_tries_anything(self, name, actor, gap, lead):
        self.wait(gap)
        self.tries(name, actor, told(self.case, name, actor, self.now, lead))

    @rule(
        steps=st.lists(st.tuples(st.sampled_from(MIDDLE), st.integers(0, 3), GAPS), min_size=1, max_size=6), lead=LEADS
    )
    def people_do_what_is_offered(self, steps, lead):
        """Of what is offered to anybody the step that is wished for, or the next one in the order of the table."""
        for wish, who, gap in steps:
            self.wait(gap)
            offers = {
                name: actor for actor in CAST for name in allowed(self.known(), actor, self.now) if name in MIDDLE
            }
            names = [name for name in (*MIDDLE[MIDDLE.index(wish) :], *MIDDLE) if name in offers]
            if names:
                actors = [actor for actor in CAST if names[0] in allowed(self.known(), actor, self.now)]
                actor = actors[who % len(actors)]
                assert self.tries(names[0], actor, told(self.case, names[0], actor, self.now, lead))

    @rule(gap=GAPS, lead=LEADS, content=st.booleans())
    def case_goes_on(self, gap, lead, content):
        self.wait(gap)
        if self.state == "closed" and not content and self.counts["reopen"] == 0:
            assert self.tries("reopen", REPORTER, told(self.case, "reopen", REPORTER, self.now, lead))
        self.onward(lead)
        self.begins_anew_at_its_end()

    def begins_anew_at_its_end(self):
        if self.state in ENDS and self.state != "merged":
            self.is_whole()
            self.begin(self.now)

    @rule(urgency=st.sampled_from(["U1", "U2", "U3", "U4"]), days=st.sampled_from(["1", "2", "7"]))
    def category_is_another(self, urgency, days):
        facts = {
            "urgency": urgency,
            "handle_limit": {"value": days, "unit": "work_day"},
            "category": "BM-1",
            "reason": "x",
        }
        self.tries("reclassify" if self.state in ("filed", "returned") else "file", CLERK, facts)

    @rule(name=st.sampled_from(EARLY))
    def case_ends_early(self, name):
        actors = [actor for actor in CAST if name in allowed(self.known(), actor, self.now)]
        for actor in actors[:1]:
            assert self.tries(name, actor, told(self.case, name, actor, self.now))
        self.begins_anew_at_its_end()

    @rule(gap=GAPS)
    def worker_wakes_up(self, gap):
        self.wait(gap)
        for _ in range(12):
            timer = due(self.case, self.clocks, LIMITS, self.now)
            if timer is None:
                return
            assert timer.at <= self.now
            assert self.tries(timer.name, SYSTEM, dict(timer.facts)), timer
        pytest.fail("the worker does not come to an end")

    def wait(self, gap: int) -> None:
        self.now = min(self.now + gap * MINUTE, LATEST)

    def onward(self, lead: int = FIRE) -> None:
        """One step towards the archive, by whoever may do it."""
        if self.state == "awaiting_inspection":
            name = "close" if self.case.inspected_by else "pass_inspection"
        elif self.state == "evaluated" and self.case.appeal == "open":
            name = "decide_appeal"
        else:
            name = ONWARD.get(self.state, "")
        people = (GRID_WORKER, NEIGHBOUR, CADRE, CLERK, OTHER_CLERK, OTHER_FIREMAN, SQUADDIE, HEAD, LEADER, SYSTEM)
        if name == "archive":
            evaluated = max(row.at for row in self.log if row.name == "evaluate")
            self.now = max(self.now, evaluated + timedelta(days=30))
        assert not name or any(
            self.tries(name, actor, told(self.case, name, actor, self.now, lead)) for actor in people
        ), (name, self.case)

    @invariant()
    def state_is_of_the_table_and_every_step_is_in_the_log(self):
        if hasattr(self, "case"):
            assert self.case.state == self.state
            assert self.state in STATES
            assert self.case.version == len(self.log) + 1

    def teardown(self):
        if not hasattr(self, "case"):
            return
        for _ in range(20):
            self.onward()
        # nothing is stuck
        assert self.state in ENDS
        self.is_whole()

    def is_whole(self):
        """The log tells it all: the states in a chain, the clocks again, and these are those of the minute counter."""
        states = ["reported", *(row.to_state for row in self.log)]
        assert [row.from_state for row in self.log] == states[:-1]
        assert self.case.version == len(states)
        assert {row.name for row in self.log} <= set(RULES)
        assert replay(self.start, self.urgency, self.log, LIMITS) == self.clocks
        self.model.check(self.clocks)


TestLoop = Loop.TestCase
TestLoop.settings = settings(deadline=None)
