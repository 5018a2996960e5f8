"""The closed loop 受理、督办、执行、评价 as one table, and the pure function that applies it. No I/O.

Each row of `TABLE` says from which states a transition starts, where it leads, which permission it asks for, which facts
it must be given, and what guards it. The same rows are written to ``transition_rule``, where a trigger holds every
writer to them, and to ``docs/closed-loop.md``. A row without target is a lane: the state stays.

Source: the municipal case-handling flow of GB/T 30428.8 and WORKFLOW of the town (docs/closed-loop.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from layers.incident import guards as g
from layers.incident.case import OPEN, STATES, SUPERVISED, Actor, Case
from layers.incident.guards import Effect, Facts, Guard

DECLINE_REASONS = ("not_ours", "not_a_matter", "no_such_place", "no_longer_there", "resident_dispute_in_court", "other")
RETURN_REASONS = ("not_our_duty", "wrong_place", "needs_other_org", "already_handled", "other")
SUSPEND_REASONS = ("needs_budget", "needs_higher_approval", "seasonal", "in_litigation", "other")


@dataclass(frozen=True)
class LogRow:
    """One row of the append-only log."""

    name: str
    from_state: str
    to_state: str
    at: datetime
    actor_user_id: int | None
    reason: str | None
    facts: Mapping[str, Any]


class Refused(Exception):
    """A transition that may not be made; ``allowed`` are the names of those that may be made now by this actor."""

    def __init__(self, code: str, allowed: tuple[str, ...] = (), **detail: Any) -> None:
        super().__init__(code)
        self.code, self.allowed, self.detail = code, allowed, detail


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes
    ----------
    permission
        Words separated by ``|``; ``system`` is the worker, ``reporter`` whoever reported the case.
    needs
        Facts that must be given and not empty.
    when, check
        Guards over the case, without which the transition is not offered, and guards over the facts given.
    own
        The case must be with an organisation of the actor: leading or helping.
    reasons
        Codes that ``reason_code`` must be one of.
    clock
        What happens to the stage clock: ``stage`` starts the target's, ``keep`` leaves it, ``pause``, ``resume``, ``stop``, …;
        ``end`` stops that of the whole too, until ``again``; ``recount`` counts anew over a calendar that has changed.
    """

    name: str
    sources: tuple[str, ...]
    target: str | None
    permission: str
    needs: tuple[str, ...] = ()
    when: tuple[Guard, ...] = ()
    check: tuple[Guard, ...] = ()
    effect: Effect = g.no_effect
    own: bool = False
    reasons: tuple[str, ...] = ()
    clock: str = "stage"
    number: str = ""


BELOW_COUNTY = tuple(state for state in STATES if state in OPEN and state != "transferred_up")
IN_TOWN = ("accepted", "filed", "dispatched", "returned", "handling", "suspended")

TABLE: tuple[Rule, ...] = (
    Rule("self_handle", ("reported",), "closed", "self_handle", ("text", "photo_before", "photo_after"),
         (g.self_handled,), effect=g.self_closes, clock="stop", number="2"),
    Rule("sample", ("closed",), "awaiting_inspection", "system", when=(g.is_sampled,),
         effect=g.sets(closed_at=None, sampled=False), number="2"),
    Rule("ask_verify", ("reported",), "verifying", "accept", ("verifier_id",), effect=g.asked_verifier, clock="keep", number="3"),
    Rule("verify_found", ("verifying",), "reported", "verify", ("text",), (g.asked_to_verify,), clock="keep", number="3"),
    Rule("verify_unclear", ("verifying",), "reported", "verify", ("text",), (g.asked_to_verify,), clock="keep", number="3"),
    Rule("verify_absent", ("verifying",), "declined", "verify", ("text",), (g.asked_to_verify,), clock="stop", number="3"),
    Rule("accept", ("reported",), "accepted", "accept", number="4"),
    Rule("decline", ("reported",), "declined", "accept", ("reason",), reasons=DECLINE_REASONS, clock="stop", number="4"),
    Rule("merge", ("reported",), "merged", "accept|merge", ("into",), check=(g.other_case,), clock="end", number="4"),
    Rule("unmerge", ("merged",), "reported", "accept|merge", ("reason",), clock="again", number="4"),
    Rule("withdraw", ("reported", "verifying", "accepted"), "declined", "report|reporter", ("reason",), (g.own_report, g.not_taken_up),
         clock="stop", number="4"),
    Rule("file", ("accepted",), "filed", "file", when=(g.placed,), check=(g.category_given,), effect=g.filed, number="5"),
    Rule("reclassify", ("filed", "returned"), "accepted", "file", ("category", "reason"), effect=g.filed, number="5"),
    Rule("dispatch", ("filed",), "dispatched", "dispatch", when=(g.ruled,), check=(g.lead_given,), effect=g.sent_out, number="6"),
    Rule("sign", ("dispatched",), "handling", "handle|system", effect=g.worked_on, own=True, clock="keep", number="7"),
    Rule("return", ("dispatched", "handling"), "returned", "return|handle", ("reason",), (g.returns_left,),
         effect=g.one_more("return_count"), own=True, reasons=RETURN_REASONS, number="8"),
    Rule("redispatch", ("returned",), "dispatched", "dispatch|rule", when=(g.ruled,), check=(g.lead_given,), effect=g.sent_out, number="8"),
    Rule("ask_suspend", ("handling",), None, "handle", ("reason", "review_on"), (g.suspension_free,), (g.review_in_time,),
         g.sets(suspension="pending"), own=True, reasons=SUSPEND_REASONS, clock="keep", number="9"),
    Rule("suspend", ("handling",), "suspended", "suspend", ("review_on",), (g.suspension_pending,), (g.review_in_time,),
         g.sets(suspension="none"), clock="pause", number="9"),
    Rule("deny_suspend", ("handling",), None, "suspend", ("reason",), (g.suspension_pending,),
         effect=g.sets(suspension="none"), clock="keep", number="9"),
    Rule("resume", ("suspended",), "handling", "handle|suspend", ("reason",), (g.resumes,), clock="resume", number="9"),
    Rule("ask_extension", ("dispatched", "handling"), None, "handle", ("reason",), (g.extension_free, g.before_deadline),
         effect=g.sets(extension="pending"), own=True, clock="keep", number="10"),
    Rule("extend", ("dispatched", "handling"), None, "extend", (), (g.extension_pending,), (g.share_given,),
         g.sets(extension="granted"), clock="extend", number="10"),
    Rule("deny_extension", ("dispatched", "handling"), None, "extend", ("reason",), (g.extension_pending,),
         effect=g.sets(extension="denied"), clock="keep", number="10"),
    Rule("escalate", BELOW_COUNTY, None, "own_level", ("reason",), (g.is_level(1),), effect=g.moved_level(1), clock="keep", number="11"),
    Rule("lower", BELOW_COUNTY, None, "own_level", ("reason",), (g.is_level(-1),), effect=g.moved_level(-1), clock="keep", number="11"),
    Rule("receive", ("reported",), "accepted", "own_level|system", ("external_ref",), (g.from_above,),
         effect=g.sets(is_taken_up=True), number="11"),
    Rule("transfer_up", IN_TOWN, "transferred_up", "own_level", ("reason", "external_ref"), (g.at_town,),
         effect=g.sets(escalation="county", is_taken_up=True), clock="pause", number="11"),
    Rule("county_return", ("transferred_up",), "handling", "own_level|system", ("reason",), check=(g.category_given, g.lead_given),
         effect=g.comes_back, clock="resume", number="11"),
    Rule("send_down", ("transferred_up",), "accepted", "own_level|system", ("reason",), effect=g.comes_back, number="11"),
    Rule("county_result", ("transferred_up",), "closed", "own_level|system", ("text",), effect=g.closes, clock="stop", number="11"),
    Rule("feed_back", ("handling",), "awaiting_inspection", "handle", ("text", "photo_after"), effect=g.worked_on, own=True, number="12"),
    Rule("rework", ("awaiting_inspection",), "handling", "inspect", ("reason",), (g.not_handler,), (g.lead_given,),
         g.reworks, clock="back", number="13"),
    Rule("pass_inspection", ("awaiting_inspection",), None, "inspect", ("text",), (g.not_handler, g.not_inspected),
         effect=g.inspects, clock="close", number="14"),
    Rule("close", ("awaiting_inspection",), "closed", "close", when=(g.not_handler, g.inspected),
         check=(g.closing_condition,), effect=g.closes, clock="stop", number="14"),
    Rule("evaluate", ("closed",), "evaluated", "report|reporter|close|system", ("score",),
         (g.reporter_or_revisit, g.not_handler), effect=g.evaluates, clock="stop", number="15"),
    Rule("reopen", ("closed",), "dispatched", "report|reporter|close", ("reason",),
         (g.reopens_left, g.reporter_or_revisit, g.not_handler), (g.lead_given,), g.reopened, number="15"),
    Rule("appeal", ("closed", "evaluated"), None, "handle", ("reason",), (g.appeal_free,),
         effect=g.sets(appeal="open"), own=True, clock="stop", number="16"),
    Rule("decide_appeal", ("closed", "evaluated"), None, "supervise_3", ("outcome", "reason"),
         (g.appeal_open, g.not_handler), (g.outcome_known,), g.decides_appeal, clock="stop", number="16"),
    Rule("archive", ("evaluated",), "archived", "system", when=(g.kept_long_enough, g.appeal_settled), clock="stop", number="16"),
    Rule("ask_void", tuple(s for s in STATES if s not in ("archived", "voided")), None, "void", ("reason",), (g.void_free,),
         effect=g.asks_void, clock="keep", number="17"),
    Rule("unask_void", tuple(s for s in STATES if s not in ("archived", "voided")), None, "void", ("reason",), (g.asked_void_oneself,),
         effect=g.sets(void_asked_by=None), clock="keep", number="17"),
    Rule("void", tuple(s for s in STATES if s not in ("archived", "voided")), "voided", "void", ("reason",), (g.second_person,),
         clock="stop", number="17"),
    Rule("supervise", tuple(s for s in STATES if s in SUPERVISED), None, "supervise_1|supervise_2|supervise_3|system",
         ("level", "reason"), (g.level_left,), (g.level_rises,), g.supervises, clock="keep", number="S"),
    Rule("reply", tuple(s for s in STATES if s in SUPERVISED), None, "handle", ("text",), (g.reply_due,), effect=g.sets(reply_due=False),
         own=True, clock="keep", number="S"),
    Rule("remind", tuple(s for s in STATES if s in SUPERVISED), None, "supervise_1|supervise_2|supervise_3|dispatch", ("text",),
         clock="keep", number="S"),
    Rule("recount", tuple(s for s in STATES if s in OPEN), None, "system", ("reason",), clock="recount", number="C"),
)  # fmt: skip

RULES: Mapping[str, Rule] = {rule.name: rule for rule in TABLE}


def refusal(case: Case, rule: Rule, actor: Actor, at: datetime, facts: Facts) -> str | None:
    """Return why ``rule`` may not be applied now, as a code; None when it may."""
    stopped = blocked(case, rule, actor, at)
    if stopped is not None:
        return stopped
    missing = [name for name in rule.needs if facts.get(name) in (None, "", [])]
    if missing:
        return f"transition.needs_{missing[0]}"
    if rule.reasons and facts.get("reason_code", "other") not in rule.reasons:
        return "transition.reason_unknown"
    return next((code for guard in rule.check if (code := guard(case, actor, at, facts)) is not None), None)


def holds(case: Case, rule: Rule, actor: Actor) -> str | None:
    """Return why this actor cannot make this transition from this state whatever the facts are; None when it can."""
    if case.state not in rule.sources:
        return "transition.not_from_here"
    if not actor.may(rule.permission):
        return "transition.not_permitted"
    if rule.own and not actor.is_system and not actor.org_ids & case.org_ids:
        return "transition.not_yours"
    return None


def blocked(case: Case, rule: Rule, actor: Actor, at: datetime) -> str | None:
    """Return why ``rule`` cannot be offered to this actor now; None when only facts are missing."""
    code = holds(case, rule, actor)
    if code is not None:
        return code
    return next((code for guard in rule.when if (code := guard(case, actor, at, {})) is not None), None)


def allowed(case: Case, actor: Actor, at: datetime) -> tuple[str, ...]:
    """Return the names of the transitions that this actor may make now, once it gives the facts they need."""
    return tuple(rule.name for rule in TABLE if blocked(case, rule, actor, at) is None)


def apply(case: Case, name: str, actor: Actor, at: datetime, **facts: Any) -> tuple[Case, LogRow]:
    """Return the case after a transition and the row that the log gets.

    Parameters
    ----------
    name
        A name of `TABLE`.
    at
        Time of the server, in the zone of the town: a review date counts from its day.
    facts
        What the transition is told: ``reason``, ``text``, ``level``, …; all of it is kept in the log.

    Raises
    ------
    Refused
        With a code ``transition.…`` and the names allowed now. Nothing has changed then.

    Examples
    --------
    >>> from datetime import UTC
    >>> clerk = Actor(7, frozenset({"accept"}))
    >>> case, row = apply(Case("reported"), "accept", clerk, datetime(2026, 3, 17, 6, 32, tzinfo=UTC))
    >>> case.state, case.version, row.from_state
    ('accepted', 2, 'reported')
    """
    if at.tzinfo is None:
        raise Refused("transition.naive_time")
    rule = RULES.get(name)
    if rule is None:
        raise Refused("transition.unknown", allowed(case, actor, at))
    code = refusal(case, rule, actor, at, facts)
    if code is not None:
        raise Refused(code, allowed(case, actor, at))
    target = rule.target or case.state
    after = replace(case, state=target, version=case.version + 1, **rule.effect(case, actor, at, facts))
    return after, LogRow(name, case.state, target, at, actor.user_id, facts.get("reason"), dict(facts))
