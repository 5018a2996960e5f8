"""What guards a transition and what it changes: small functions that the table of the closed loop names. Pure.

A guard returns a refusal code or None; an effect returns the fields of the case that change besides state and version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from layers.incident.case import LEVELS, Actor, Case

MOST_RETURNS = 2
MOST_REOPENINGS = 1
MOST_SUSPENDED_DAYS = 30
# So long after the evaluation, which the handlers may appeal against, a case is kept from the archive.
ARCHIVE_AFTER = timedelta(days=30)
# An after-photo taken further away than this is flagged.
PHOTO_FAR_M = 100.0
APPEAL_OUTCOMES = ("upheld", "rejected")

Facts = Mapping[str, Any]
Guard = Callable[[Case, Actor, datetime, Facts], str | None]
Effect = Callable[[Case, Actor, datetime, Facts], dict[str, Any]]


def category_given(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.category or facts.get("category") else "transition.category_missing"


def lead_given(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.lead_org_id or facts.get("lead_org_id") else "transition.lead_missing"


def placed(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.is_placed else "transition.place_missing"


def self_handled(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.self_handle_allowed else "transition.not_self_handled"


def asked_to_verify(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    if actor.is_system or not case.verifier_ids or actor.user_id in case.verifier_ids or actor.may("accept"):
        return None
    return "transition.not_asked"


def returns_left(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.return_count < MOST_RETURNS else "transition.returned_twice"


def ruled(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    """After two returns only somebody who may rule dispatches again, also by way of another category."""
    return None if case.return_count < MOST_RETURNS or actor.may("rule") else "transition.needs_ruling"


def not_handler(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    if actor.user_id in case.handler_ids or actor.org_ids & case.handler_org_ids:
        return "transition.handler"
    return None


def not_inspected(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    """Passing twice would begin the closing limit anew."""
    return None if case.inspected_by is None else "transition.inspected_already"


def inspected(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.inspected_by is not None else "transition.not_inspected"


def closing_condition(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if facts.get("condition_met") is True else "transition.condition_not_met"


def before_deadline(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.due_at is None or at <= case.due_at else "transition.deadline_passed"


def extension_free(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.extension == "none" else "transition.extended_once"


def extension_pending(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.extension == "pending" else "transition.nothing_asked"


def share_given(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    """An extension is at most the original limit: ``share`` of it, in (0, 1], all of it when not given."""
    try:
        share = Decimal(str(facts.get("share", 1)))
    except InvalidOperation:
        return "transition.extension_share"
    return None if share.is_finite() and 0 < share <= 1 else "transition.extension_share"


def suspension_free(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.suspension == "none" else "transition.already_asked"


def suspension_pending(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.suspension == "pending" else "transition.nothing_asked"


def review_in_time(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    try:
        day = date.fromisoformat(str(facts["review_on"]))
    except ValueError:
        return "transition.review_date"
    return None if at.date() < day <= at.date() + timedelta(days=MOST_SUSPENDED_DAYS) else "transition.review_date"


def resumes(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    own = actor.org_ids & case.org_ids
    return None if own or actor.may("suspend") else "transition.not_yours"


def from_above(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.from_above else "transition.not_from_above"


def at_town(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.escalation == "town" else "transition.no_such_level"


def is_level(step: int) -> Guard:
    def level_exists(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
        there = LEVELS.index(case.escalation) + step
        # the county has states of its own
        return None if 0 <= there < LEVELS.index("county") else "transition.no_such_level"

    return level_exists


def level_left(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    left = [level for level in (1, 2, 3) if actor.is_system or actor.may(f"supervise_{level}")]
    return None if left and left[-1] > case.supervision_level else "transition.supervised_already"


def level_rises(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    level = facts["level"]
    if level not in (1, 2, 3) or level <= case.supervision_level:
        return "transition.supervised_already"
    return None if actor.is_system or actor.may(f"supervise_{level}") else "transition.not_permitted"


def reply_due(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.reply_due else "transition.nothing_asked"


def reopens_left(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.reopen_count < MOST_REOPENINGS else "transition.reopened_once"


def own_report(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    own = actor.is_reporter or (actor.user_id is not None and actor.user_id == case.reporter_user_id)
    return None if own else "transition.not_reporter"


def not_taken_up(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return "transition.taken_up" if case.is_taken_up else None


def reporter_or_revisit(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if actor.is_system or actor.may("close") else own_report(case, actor, at, facts)


def void_free(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.void_asked_by is None else "transition.already_asked"


def second_person(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    if case.void_asked_by is None:
        return "transition.nothing_asked"
    return "transition.second_person" if actor.user_id == case.void_asked_by else None


def asked_void_oneself(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    """Whoever asked takes it back; for the others there is nothing to take back."""
    if case.void_asked_by is None:
        return "transition.nothing_asked"
    return None if actor.user_id == case.void_asked_by else "transition.not_asker"


def kept_long_enough(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    since = case.evaluated_at or case.closed_at
    return "transition.too_early" if since and at < since + ARCHIVE_AFTER else None


def is_sampled(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.sampled else "transition.not_sampled"


def appeal_settled(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.appeal != "open" else "transition.appeal_open"


def outcome_known(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if facts["outcome"] in APPEAL_OUTCOMES else "transition.outcome_unknown"


def appeal_free(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.appeal == "none" else "transition.already_asked"


def appeal_open(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return None if case.appeal == "open" else "transition.nothing_asked"


def other_case(case: Case, actor: Actor, at: datetime, facts: Facts) -> str | None:
    return "transition.merge_itself" if facts.get("into") == facts.get("id") else None


def filed(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    given = {name: facts[name] for name in ("category", "platform", "lead_org_id") if facts.get(name)}
    return {**given, "is_taken_up": True}


def sent_out(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    """Nothing is cleared but what was asked and not decided; the persons who handled it stay handlers."""
    return {
        **leads(case, actor, at, facts),
        "co_org_ids": tuple(facts["co_org_ids"]) if "co_org_ids" in facts else case.co_org_ids,
        "handler_org_ids": frozenset(),
        "inspected_by": None,
        "suspension": "none",
        "extension": "none" if case.extension == "pending" else case.extension,
        "is_taken_up": True,
    }


def leads(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"lead_org_id": facts.get("lead_org_id") or case.lead_org_id}


def worked_on(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    """Who did it is a handler, with its organisation; the leading one answers for the work of those who help."""
    if actor.user_id is None:
        return {}
    orgs = actor.org_ids & case.org_ids | {case.lead_org_id} - {None}
    return {"handler_ids": case.handler_ids | {actor.user_id}, "handler_org_ids": case.handler_org_ids | orgs}


def asked_verifier(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"verifier_ids": case.verifier_ids | {facts["verifier_id"]}}


def reopened(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    """Another round: its supervision begins anew, the persons of the first one stay handlers."""
    return {
        **sent_out(case, actor, at, facts),
        "reopen_count": case.reopen_count + 1,
        "closed_at": None,
        "supervision_level": 0,
        "escalation": "town" if case.escalation == "county" else case.escalation,
    }


def reworks(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    """Whoever handled it does it again; what was settled without an organisation gets one."""
    return {**leads(case, actor, at, facts), "rework_count": case.rework_count + 1, "inspected_by": None}


def comes_back(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {**filed(case, actor, at, facts), "escalation": "town"}


def one_more(counter: str) -> Effect:
    return lambda case, actor, at, facts: {counter: getattr(case, counter) + 1, "inspected_by": None}


def sets(**values: Any) -> Effect:
    return lambda case, actor, at, facts: values


def moved_level(step: int) -> Effect:
    return lambda case, actor, at, facts: {"escalation": LEVELS[LEVELS.index(case.escalation) + step]}


def closes(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"closed_at": at, "reply_due": False}


def evaluates(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"evaluated_at": at}


def self_closes(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"handler_ids": case.handler_ids | ({actor.user_id} - {None}), "closed_at": at, "is_taken_up": True}


def inspects(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"inspected_by": actor.user_id}


def supervises(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"supervision_level": facts["level"], "reply_due": True}


def asks_void(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"void_asked_by": actor.user_id}


def decides_appeal(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"appeal": facts["outcome"]}


def no_effect(case: Case, actor: Actor, at: datetime, facts: Facts) -> dict[str, Any]:
    return {}
