"""What people do next with a case: from how it stands now and its fate to the next act and its moment. Pure.

The moment is where so much of the limit of a stage is used, by the work calendar: offices act while they are open, urgent
matters at any hour. The table of the closed loop still decides whether the act may be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from layers.incident.case import Case
from layers.incident.timing import Clock, Clocks, Limit, Limits
from layers.incident.workflow import DECLINE_REASONS, RETURN_REASONS, SUSPEND_REASONS
from layers.simulation.plan import Fate

WORK_DAY = Limit(Decimal(1), "work_day")
REVIEW_AFTER_DAYS = 10
# Before deadlines that the past set there was no time to act: what is overdue already is taken up within this.
CATCH_UP = Limit(Decimal(6), "work_hour")


@dataclass(frozen=True)
class Scene:
    """A case and what is known beside it."""

    case: Case
    clocks: Clocks
    fate: Fate
    reported_at: datetime
    by_grid_worker: bool = False
    reply_due_at: datetime | None = None
    twin: str | None = None
    # names of the transitions that the simulation has made with it
    made: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Act:
    """One transition to be made at a moment. ``needs`` names what the driver has to bring: photos, another organisation."""

    at: datetime
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    by_reporter: bool = False


def next_act(scene: Scene, limits: Limits, now: datetime) -> Act | None:
    """Return what is done next with a case; None when nothing is left to people."""
    act = _STATES.get(scene.case.state, _nothing)(scene, limits, now)
    reply = _reply(scene, limits, now)
    if reply is not None and (act is None or reply.at < act.at):
        return reply
    return act


def _moment(scene: Scene, what: str, limits: Limits, now: datetime, clock: Clock | None = None) -> datetime:
    """When so much of the limit of the running stage is used; soon, when that has passed."""
    clock = clock or scene.clocks.stage or scene.clocks.whole
    share = Decimal(str(round(scene.fate.shares.get(what, 0.35), 4)))
    limit = clock.limit or WORK_DAY
    at = limits.end(clock.started_at, limit.times(share))
    if at > now:
        return at
    return max(now + timedelta(minutes=2), limits.end(now, CATCH_UP.times(min(share, Decimal(1)))))


def _nothing(scene: Scene, limits: Limits, now: datetime) -> Act | None:
    return None


def _reported(scene: Scene, limits: Limits, now: datetime) -> Act:
    fate, at = scene.fate, _moment(scene, "accept", limits, now)
    if fate.self_handled and scene.case.self_handle_allowed and scene.by_grid_worker:
        minutes = 15 + 60 * fate.shares.get("handle", 0.3)
        soon = max(now + timedelta(minutes=2), scene.reported_at + timedelta(minutes=minutes))
        return Act(soon, "self_handle", {"text": "当场处置完毕"}, ("photo_before", "photo_after"))
    if fate.withdrawn:
        return Act(min(at, now + timedelta(minutes=20)), "withdraw", {"reason": "问题已自行解决"}, by_reporter=True)
    if fate.merged and scene.twin is not None:
        return Act(at, "merge", {"into": scene.twin})
    if fate.declined:
        code = DECLINE_REASONS[int(fate.shares.get("file", 0) * 1000) % 4]
        return Act(at, "decline", {"reason": "经核实不予受理", "reason_code": code})
    if fate.verified and not scene.by_grid_worker and "ask_verify" not in scene.made:
        return Act(at, "ask_verify")
    return Act(at, "accept")


def _verifying(scene: Scene, limits: Limits, now: datetime) -> Act:
    minutes = 10 + 120 * scene.fate.shares.get("decide", 0.3)
    return Act(now + timedelta(minutes=minutes), "verify_found", {"text": "已到现场，情况属实"})


def _accepted(scene: Scene, limits: Limits, now: datetime) -> Act | None:
    if not scene.case.is_placed:
        return None
    return Act(_moment(scene, "file", limits, now), "file", needs=() if scene.case.category else ("category",))


def _filed(scene: Scene, limits: Limits, now: datetime) -> Act:
    wrong = scene.fate.returns > scene.case.return_count
    at = max(_moment(scene, "dispatch", limits, now), now + timedelta(minutes=3))
    return Act(at, "dispatch", needs=("wrong_lead",) if wrong else ())


def _dispatched(scene: Scene, limits: Limits, now: datetime) -> Act:
    urgency = scene.clocks.urgency
    sign = limits.stages.get(("sign", urgency), WORK_DAY)
    clock = scene.clocks.stage and Clock.of("sign", scene.clocks.stage.started_at, (sign,), limits)
    at = _moment(scene, "sign", limits, now, clock)
    if scene.fate.returns > scene.case.return_count:
        code = RETURN_REASONS[0] if scene.case.return_count == 0 else "needs_other_org"
        return Act(at, "return", {"reason": "不属本单位职责", "reason_code": code})
    return Act(at, "sign")


def _returned(scene: Scene, limits: Limits, now: datetime) -> Act:
    wrong = scene.fate.returns > scene.case.return_count
    return Act(_moment(scene, "dispatch", limits, now), "redispatch", needs=("wrong_lead",) if wrong else ("lead",))


def _handling(scene: Scene, limits: Limits, now: datetime) -> Act:
    case, fate = scene.case, scene.fate
    done = _moment(scene, "handle", limits, now)
    halfway = min(done, max(now + timedelta(minutes=5), now + (done - now) / 3))
    if case.suspension == "pending":
        return Act(_decision(scene, limits, now), "suspend", {"review_on": _review(now)})
    if case.extension == "pending":
        return Act(_decision(scene, limits, now), "extend", {"share": 0.5})
    if fate.suspension and "ask_suspend" not in scene.made:
        code = SUSPEND_REASONS[int(fate.shares.get("close", 0) * 1000) % 3]
        facts = {"reason": "需上级资金安排后实施", "reason_code": code, "review_on": _review(now)}
        return Act(halfway, "ask_suspend", facts)
    if fate.county and case.escalation == "town" and "transfer_up" not in scene.made:
        facts = {"reason": "超出镇级权限", "external_ref": f"HY{now:%Y%m%d%H%M%S}"}
        return Act(halfway, "transfer_up", facts)
    if fate.extension and case.extension == "none" and (case.due_at is None or halfway <= case.due_at):
        return Act(halfway, "ask_extension", {"reason": "现场情况复杂，需延长办理时间"})
    return Act(
        done, "feed_back", {"text": "已到场处理，问题解决", "public_text": "您反映的问题已处理完毕。"}, ("photo_after",)
    )


def _decision(scene: Scene, limits: Limits, now: datetime) -> datetime:
    share = Decimal(str(round(min(1.0, scene.fate.shares.get("decide", 0.3)), 4)))
    return limits.end(now, CATCH_UP.times(share))


def _review(now: datetime) -> str:
    return (now.date() + timedelta(days=REVIEW_AFTER_DAYS)).isoformat()


def _suspended(scene: Scene, limits: Limits, now: datetime) -> Act:
    days = Decimal(str(round(1 + 4 * scene.fate.shares.get("decide", 0.3), 2)))
    return Act(limits.end(now, WORK_DAY.times(days)), "resume", {"reason": "条件已具备，恢复办理"})


def _at_county(scene: Scene, limits: Limits, now: datetime) -> Act:
    days = Decimal(str(round(0.5 + 2 * scene.fate.shares.get("decide", 0.3), 2)))
    at = limits.end(now, WORK_DAY.times(days))
    if scene.fate.shares.get("inspect", 0.3) < 0.35:
        return Act(at, "county_result", {"text": "县级部门已处置并反馈结果"})
    return Act(at, "county_return", {"reason": "按权限由镇级继续办理"}, () if scene.case.lead_org_id else ("lead",))


def _awaiting(scene: Scene, limits: Limits, now: datetime) -> Act:
    case = scene.case
    if case.inspected_by is not None:
        return Act(_moment(scene, "close", limits, now), "close", {"condition_met": True})
    at = _moment(scene, "inspect", limits, now)
    if scene.fate.reworks > case.rework_count:
        return Act(at, "rework", {"reason": "现场仍有残留，请继续处理"}, () if case.lead_org_id else ("lead",))
    return Act(at, "pass_inspection", {"text": "现场已恢复"})


def _closed(scene: Scene, limits: Limits, now: datetime) -> Act:
    share = Decimal(str(round(0.2 + scene.fate.shares.get("evaluate", 0.3), 4)))
    at = limits.end(max(now, scene.case.closed_at or now), WORK_DAY.times(share))
    if scene.fate.dissatisfied and scene.case.reopen_count == 0:
        return Act(
            at, "reopen", {"reason": "问题没有解决"}, () if scene.case.lead_org_id else ("lead",), by_reporter=True
        )
    score = 5 if scene.fate.shares.get("evaluate", 0.3) < 0.4 else 4
    return Act(at, "evaluate", {"score": score, "satisfied": True}, by_reporter=True)


def _reply(scene: Scene, limits: Limits, now: datetime) -> Act | None:
    """Whoever is supervised answers within a work day, or says nothing."""
    if scene.reply_due_at is None or scene.fate.silent:
        return None
    share = Decimal(str(round(min(1.0, scene.fate.shares.get("reply", 0.3)), 4)))
    at = max(now + timedelta(minutes=2), limits.end(now, WORK_DAY.times(share)))
    return Act(at, "reply", {"text": "已安排人员抓紧办理"})


_STATES = {
    "reported": _reported, "verifying": _verifying, "accepted": _accepted, "filed": _filed, "dispatched": _dispatched,
    "returned": _returned, "handling": _handling, "suspended": _suspended, "transferred_up": _at_county,
    "awaiting_inspection": _awaiting, "closed": _closed,
}  # fmt: skip
