"""What every command is given: the settings, the town, and the database for as long as the command runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.runtime import installation
from api.runtime.installation import Urls
from api.runtime.settings import Settings
from data.errors import NotFound
from data.scope import Scope
from data.session import Database


@dataclass
class Invocation:
    """One run of ``onegrid``; commands get it with ``@pass_invocation``."""

    town_code: str | None = None
    given: Settings | None = field(default=None, repr=False)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this installation."""
        return self.given or Settings.from_environment()

    @contextlib.contextmanager
    def database(self) -> Iterator[Urls]:
        """Give the URLs of the database; a private cluster that is not running runs until the command is done."""
        with installation.database(self.settings) as urls:
            yield urls

    def choose_town(self, database: Database) -> tuple[int, str]:
        """Return number and code of the town to work on: the one named, else the only one, else the demo town.

        Raises
        ------
        NotFound : town.unknown or town.none, with the codes there are.
        """
        with database.transaction(Scope.login()) as session:
            towns = session.execute(text("select town_id, code, synthetic from list_towns()")).all()
        if self.town_code:
            found = [town for town in towns if town.code == self.town_code]
        else:
            found = list(towns) if len(towns) == 1 else [town for town in towns if town.synthetic][:1]
        if not found:
            known = ", ".join(town.code for town in towns) or "none: load one with 'onegrid load' or 'onegrid town add'"
            codes = [town.code for town in towns]
            if self.town_code:
                raise NotFound("town.unknown", f"there is no town {self.town_code}; there are: {known}", known=codes)
            raise NotFound("town.none", f"name the town with --town CODE; there are: {known}", known=codes)
        return found[0].town_id, found[0].code

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open one transaction of the application role on the chosen town, with the system's scope."""
        with self.database() as urls:
            database = Database(urls.application)
            try:
                town_id, _ = self.choose_town(database)
                with database.transaction(Scope.system(town_id)) as session:
                    yield session
            finally:
                database.close()


pass_invocation = click.make_pass_decorator(Invocation)
