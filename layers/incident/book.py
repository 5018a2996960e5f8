"""What a town says about incidents: categories, suggestion rules, limits, work calendar, settings; kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from data import scope as scopes
from data.scope import Scope, scope_of
from layers.area.versioned import Versioned
from layers.incident import queries
from layers.incident.clock import WorkCalendar, amber, deadline
from layers.incident.rules import Category, RuleBook, SuggestionRule
from layers.incident.timing import Limit, Limits

Value = TypeVar("Value")


@dataclass(frozen=True)
class Duplicates:
    """When two reports are likely one: pack settings ``[settings.duplicates]``."""

    within_m: float = 50.0
    within_h: int = 24
    likeness: float = 0.5
    # How much of a poor accuracy may widen the search.
    accuracy_most_m: float = 200.0


@dataclass(frozen=True)
class TownBook:
    """All that `layers.incident` reads of one town.

    ``ids`` maps category codes to ``(category_id, lead_org_id, lead_org_name)``; ``limits`` maps (stage, urgency) to
    (value, unit). ``handle_limits`` are those that a category fixes for its handling; ``co_orgs`` its helping organisations.
    """

    town_id: int
    town_code: str
    timezone: str
    rules: RuleBook
    ids: Mapping[str, tuple[int, int | None, str | None]]
    names: Mapping[str, tuple[str, str | None]]
    limits: Mapping[tuple[str, str], tuple[Any, Any]]
    handle_limits: Mapping[str, Limit]
    co_orgs: Mapping[str, tuple[int, ...]]
    calendar: WorkCalendar
    duplicates: Duplicates
    min_confidence: float

    @cached_property
    def time_limits(self) -> Limits:
        """The limits as the clocks of `timing` read them."""
        return Limits({key: Limit(value, unit) for key, (value, unit) in self.limits.items()}, self.calendar)

    def id_of(self, category: str | None) -> int | None:
        """The id of a category by its code."""
        found = self.ids.get(category or "")
        return found[0] if found else None

    def stage_times(self, stage: str, urgency: str, start: datetime) -> tuple[datetime | None, datetime | None]:
        """Amber moment and deadline of a stage that begins at ``start``; None where the town sets no limit."""
        limit = self.limits.get((stage, urgency))
        if limit is None:
            return None, None
        value, unit = limit
        return amber(start, value, unit, self.calendar), deadline(start, value, unit, self.calendar)


def _as_system(act: Callable[[Session, int | None], Value]) -> Callable[[Session], Value]:
    """``act`` under the system's scope: who reports may be helped by rules it may not read."""

    def run(session: Session) -> Value:
        own = scope_of(session)
        scopes.apply(session, Scope.system(own.town_id))
        found = act(session, own.town_id)
        # after an error the transaction is lost with all its settings
        scopes.apply(session, own)
        return found

    return run


def _stamp(session: Session, town_id: int | None) -> str:
    return session.execute(queries.RULES_STAMP, {"town_id": town_id}).scalar_one() or ""


def _build(session: Session, town_id: int | None) -> TownBook:
    own = {"town_id": town_id}
    town = session.execute(queries.TOWN, own).one()
    rows = session.execute(queries.CATEGORIES, own).all()
    rules = [
        SuggestionRule(r.code, tuple(r.words), r.category, float(r.weight), tuple(r.not_words), r.channel)
        for r in session.execute(queries.RULES, own)
    ]
    categories = [
        Category(
            r.code, r.platform_code, r.urgency, r.lead_org, tuple(r.keywords), r.minor, tuple(filter(None, r.told))
        )
        for r in rows
    ]
    decided = [(r.code, f"{r.title}\n{r.description}") for r in session.execute(queries.DECIDED, own)]
    settings = town.settings or {}
    return TownBook(
        town_id=town.town_id,
        town_code=town.code,
        timezone=town.timezone,
        rules=RuleBook.of(categories, rules, decided),
        ids={r.code: (r.category_id, r.lead_org_id, r.lead_org_name) for r in rows},
        names={r.code: (r.name, r.name_en) for r in rows},
        handle_limits={r.code: Limit(r.limit_value, r.limit_unit) for r in rows if r.limit_value is not None},
        co_orgs={r.code: tuple(r.co_org_ids) for r in rows},
        limits={(r.stage, r.urgency): (r.value, r.unit) for r in session.execute(queries.LIMITS, own)},
        calendar=WorkCalendar.of(
            [dict(row) for row in session.execute(queries.CALENDAR, own).mappings()], town.timezone
        ),
        duplicates=_duplicates(settings.get("duplicates", {})),
        min_confidence=float(settings.get("suggestion", {}).get("min_confidence", 0.5)),
    )


def _duplicates(given: Mapping[str, Any]) -> Duplicates:
    known = {name: given[name] for name in Duplicates.__dataclass_fields__ if name in given}
    return Duplicates(**known)


BOOKS: Versioned[TownBook] = Versioned("incident-book", _as_system(_stamp), _as_system(_build))


def book(session: Session) -> TownBook:
    """The rules of the town of the session's scope; at most a second old.

    Raises
    ------
    sqlalchemy.exc.NoResultFound
        The scope names no town.
    """
    return BOOKS.get(session)
