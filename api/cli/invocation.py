"""What every command is given: the settings, the town, and the database for as long as the command runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import click

from api.runtime import installation
from api.runtime.installation import Urls
from api.runtime.settings import Settings


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


pass_invocation = click.make_pass_decorator(Invocation)
