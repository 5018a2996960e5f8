"""A case as the closed loop sees it, and who acts on it. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STATES = (
    "reported", "verifying", "accepted", "declined", "merged", "filed", "dispatched", "returned", "handling", "suspended",
    "transferred_up", "awaiting_inspection", "closed", "evaluated", "archived", "voided",
)  # fmt: skip
OPEN = frozenset(STATES) - {"declined", "merged", "closed", "evaluated", "archived", "voided"}
# Supervised: from dispatch until the case closes.
SUPERVISED = frozenset({"dispatched", "returned", "handling", "suspended", "transferred_up", "awaiting_inspection"})
# What people outside are shown; 督办 is a lane beside, not a stage a case waits in.
OUTER_STAGE = {
    **dict.fromkeys(("reported", "verifying", "accepted", "filed"), "accept"),
    **dict.fromkeys(("dispatched", "returned", "handling", "suspended", "transferred_up"), "handle"),
    **dict.fromkeys(("awaiting_inspection", "closed", "evaluated", "archived"), "evaluate"),
}
LEVELS = ("grid", "village", "town", "county")


@dataclass(frozen=True)
class Case:
    """What the table looks at of one incident. Ids are the database's; times carry their zone."""

    state: str
    version: int = 1
    urgency: str = "U3"
    category: str | None = None
    platform: str | None = None
    self_handle_allowed: bool = False
    # one in ten of those that grid workers settle themselves is looked at again
    sampled: bool = False
    lead_org_id: int | None = None
    co_org_ids: tuple[int, ...] = ()
    reporter_user_id: int | None = None
    verifier_ids: frozenset[int] = frozenset()
    # whoever ever signed, fed back or settled the case, and their organisations since it was last dispatched: neither
    # inspects nor closes it
    handler_ids: frozenset[int] = frozenset()
    handler_org_ids: frozenset[int] = frozenset()
    inspected_by: int | None = None
    rework_count: int = 0
    return_count: int = 0
    reopen_count: int = 0
    supervision_level: int = 0
    reply_due: bool = False
    extension: str = "none"
    suspension: str = "none"
    appeal: str = "none"
    escalation: str = "town"
    # the county sent it down
    from_above: bool = False
    void_asked_by: int | None = None
    is_placed: bool = True
    # filed, sent out, worked on or sent up once: its reporter cannot take it back any more, wherever it returns to
    is_taken_up: bool = False
    closed_at: datetime | None = None
    evaluated_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def org_ids(self) -> frozenset[int]:
        """The organisations it is with: leading and helping."""
        return frozenset(org for org in (self.lead_org_id, *self.co_org_ids) if org is not None)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody."""
        return self.state in OPEN


@dataclass(frozen=True)
class Actor:
    """Who acts. ``user_id`` None and ``is_system`` for the worker; a reporter by query code has neither."""

    user_id: int | None = None
    permissions: frozenset[str] = frozenset()
    org_ids: frozenset[int] = frozenset()
    is_system: bool = False
    is_reporter: bool = False

    def may(self, permission: str) -> bool:
        """Whether one of the words in ``permission`` (separated by ``|``) is held."""
        words = permission.split("|")
        return (
            any(word in self.permissions for word in words)
            or (self.is_system and "system" in words)
            or (self.is_reporter and "reporter" in words)
        )


SYSTEM = Actor(is_system=True)
