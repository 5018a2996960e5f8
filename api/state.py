"""What one process holds for as long as it runs: made once, given to every route."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from api.auth.caller import Callers
from api.auth.rate import Rates
from api.runtime.settings import Settings
from data.scope import Scope
from data.session import Database

if TYPE_CHECKING:
    from api.auth.oidc import Provider

TOWNS_LIFE_S = 10
_TOWNS = text("select town_id, code, synthetic from list_towns()")


@dataclass(frozen=True)
class TownEntry:
    """A town of this installation."""

    town_id: int
    code: str
    synthetic: bool


@dataclass
class State:
    """Settings, database, callers and rates of one process."""

    settings: Settings
    database: Database
    callers: Callers
    rates: Rates = field(default_factory=Rates)
    _towns: tuple[float, tuple[TownEntry, ...]] = field(default=(-1e9, ()), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, settings: Settings, rates: Rates | None = None) -> State:
        """The state of a process with these settings. Opens no connection yet."""
        database = Database(settings.database_url)
        return cls(settings, database, Callers(database), rates or Rates())

    @property
    def uploads_dir(self) -> Path:
        """Where photos lie."""
        return self.settings.uploads_dir

    @cached_property
    def secret(self) -> str:
        """The key of this installation; read once, as it may lie in a file."""
        return self.settings.secret_key()

    @cached_property
    def provider(self) -> Provider | None:
        """The identity provider of this installation; None without one."""
        given = self.settings
        if not given.oidc_issuer:
            return None
        # few installations have one; the others need not load what it takes
        from api.auth.oidc import Provider

        return Provider(given.oidc_issuer, given.oidc_client_id, given.oidc_client_secret)

    @property
    def demo(self) -> bool:
        """Whether demo logins are shown."""
        return bool(self.settings.demo)

    def towns(self) -> tuple[TownEntry, ...]:
        """The towns of this installation; at most ten seconds old."""
        read_at, towns = self._towns
        if towns and time.monotonic() - read_at < TOWNS_LIFE_S:
            return towns
        with self._lock, self.database.transaction(Scope.public(None)) as session:
            towns = tuple(TownEntry(*row) for row in session.execute(_TOWNS))
            self._towns = (time.monotonic(), towns)
        return towns

    def public_town(self, code: str | None) -> int | None:
        """The town a request without login is about.

        The one with ``code``, else the only one, else the first that is not synthetic, else the first. None when
        there is no such town.
        """
        towns = self.towns()
        if code:
            return next((town.town_id for town in towns if town.code == code), None)
        real = [town for town in towns if not town.synthetic]
        return next((town.town_id for town in (*real, *towns)), None)

    def close(self) -> None:
        """Close all connections."""
        self.callers.close()
        self.database.close()
