"""Who is asking: set on the transaction, read by every policy and scoped function of the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from data import clock
from data.errors import Forbidden


@dataclass(frozen=True)
class Scope:
    """The reach of one transaction.

    ``town_wide`` opens every area of the town; else a row is in reach by leaf area, organisation, platform,
    assignment or authorship. ``purpose`` is 'request', 'system' (worker, loader, command line), 'login' or 'relay'.
    """

    town_id: int | None
    user_id: int | None = None
    town_wide: bool = False
    area_ids: frozenset[int] = frozenset()
    org_ids: frozenset[int] = frozenset()
    platforms: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    purpose: str = "request"
    roles: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def public(cls, town_id: int | None) -> Scope:
        """Somebody without a login: sees what is public, may report."""
        return cls(town_id, permissions=frozenset({"report"}))

    @classmethod
    def system(cls, town_id: int | None) -> Scope:
        """Worker, loader and command line: the whole town."""
        return cls(town_id, town_wide=True, purpose="system")

    @classmethod
    def relay(cls) -> Scope:
        """The reader of the outbox: every event, nothing else."""
        return cls(None, purpose="relay")

    @classmethod
    def login(cls) -> Scope:
        """Signing in: accounts and sessions, nothing else."""
        return cls(None, purpose="login")

    def may(self, permission: str) -> bool:
        """Tell whether this scope has the permission."""
        return self.purpose == "system" or permission in self.permissions

    def require(self, permission: str) -> None:
        """Refuse with Forbidden('scope.forbidden') unless the scope has the permission."""
        if not self.may(permission):
            raise Forbidden("scope.forbidden", f"this account lacks the permission {permission}", permission=permission)

    @property
    def key(self) -> str:
        """Short hash of everything that decides what is seen; part of ETags and cache keys."""
        parts = (
            self.town_id,
            self.user_id,
            self.town_wide,
            sorted(self.area_ids),
            sorted(self.org_ids),
            sorted(self.platforms),
            sorted(self.permissions),
            self.purpose,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def settings(self) -> dict[str, str]:
        """Return the settings as the database functions read them."""
        return {
            "onegrid.town_id": "" if self.town_id is None else str(self.town_id),
            "onegrid.user_id": "" if self.user_id is None else str(self.user_id),
            "onegrid.town_wide": "on" if self.town_wide else "off",
            "onegrid.area_ids": _array(self.area_ids),
            "onegrid.org_ids": _array(self.org_ids),
            "onegrid.platforms": _array(self.platforms),
            "onegrid.permissions": _array(self.permissions),
            "onegrid.purpose": self.purpose,
            "onegrid.now": clock.now().isoformat() if clock.is_moved() else "",
        }


def _array(values: Iterable[object]) -> str:
    return (
        "{"
        + ",".join('"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"' for v in sorted(map(str, values)))
        + "}"
    )


SET = "select set_config(k, v, true) from unnest(%(scope_names)s::text[], %(scope_values)s::text[]) as s(k, v)"


def parameters(scope: Scope) -> dict[str, Any]:
    """Return what `SET` needs."""
    settings = scope.settings()
    return {"scope_names": list(settings), "scope_values": list(settings.values())}


def set_on(connection: Connection, scope: Scope) -> None:
    """Set the scope for the rest of the transaction of a connection."""
    # straight to the driver: every request does this, and half of its time would go into building the statement
    cursor = connection.connection.cursor()
    cursor.execute(SET, parameters(scope))
    cursor.close()


def apply(session: Session, scope: Scope) -> None:
    """Set the scope for the rest of this transaction; it ends with it."""
    set_on(session.connection(), scope)
    session.info["scope"] = scope


def scope_of(session: Session) -> Scope:
    """Return the scope applied to this session; KeyError if none was."""
    return session.info["scope"]
