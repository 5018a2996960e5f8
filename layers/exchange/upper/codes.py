"""What codes of the town are called in the system above: data of the pack, never of the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Invalid

_CODES = text("select kind, ours, theirs from exchange_code where town_id = scope_town() order by kind, ours")
_TOWN = text("select code, settings->'exchange' as given, synthetic from town where town_id = scope_town()")
# Fields about persons that may go out, and only when the town names them.
PERSONAL = ("reporter_name", "reporter_phone")


@dataclass
class Codes:
    """Both directions of the table. A kind that it does not have at all keeps the codes of the town."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    # (kind, code) that had no counterpart, and how often
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._back: dict[str, dict[str, set[str]]] = {}
        for kind, pairs in self.rows.items():
            for ours, theirs in pairs.items():
                self._back.setdefault(kind, {}).setdefault(theirs, set()).add(ours)

    @classmethod
    def read(cls, session: Session) -> Codes:
        """Return those of the session's town."""
        found: dict[str, dict[str, str]] = {}
        for row in session.execute(_CODES):
            found.setdefault(row.kind, {})[row.ours] = row.theirs
        return cls(found)

    def theirs(self, kind: str, ours: str | None) -> str | None:
        """Return the code there; None where there is none, which is counted."""
        if ours is None or kind not in self.rows:
            return ours
        found = self.rows[kind].get(ours)
        if found is None:
            self.missing[kind, ours] += 1
        return found

    def ours(self, kind: str, theirs: str | None) -> str | None:
        """Return the code of the town; None where there is none, or more than one, which is counted."""
        if theirs is None or kind not in self.rows:
            return theirs
        found = self._back[kind].get(theirs, set())
        if len(found) != 1:
            self.missing[kind, theirs] += 1
            return None
        return next(iter(found))

    def notes(self) -> Iterable[str]:
        """Yield what had no counterpart, the most frequent first."""
        for (kind, code), count in self.missing.most_common(50):
            yield f"{kind} {code} has no single counterpart ({count:,} rows); name it in the import of codes"


class Partner(BaseModel):
    """Who exchanges with whom: pack settings ``[settings.exchange]``. ``sender`` is the town's code there."""

    model_config = ConfigDict(extra="forbid")
    sender: str = ""
    receiver: str | None = None
    personal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Town:
    """The town as the exchange sees it."""

    code: str
    partner: Partner
    synthetic: bool


def town(session: Session) -> Town:
    """Return the session's town.

    Raises
    ------
    Invalid : `exchange.settings`.
    """
    row: Any = session.execute(_TOWN).one()
    try:
        partner = Partner.model_validate(row.given or {})
    except ValueError as error:
        raise Invalid("exchange.settings", f"[settings.exchange] of the town cannot be read: {error}") from None
    if unknown := set(partner.personal) - set(PERSONAL):
        raise Invalid(
            "exchange.settings",
            f"[settings.exchange] personal: {', '.join(sorted(unknown))}: none of {', '.join(PERSONAL)}",
        )
    return Town(row.code, partner.model_copy(update={"sender": partner.sender or row.code}), row.synthetic)
