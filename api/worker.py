"""The worker process: runs due jobs as they come, and does the chores of the house at their intervals.

    python -m api.worker

Several may run: jobs are taken by one each, chores exclude each other in the database or do no harm twice. A worker
that dies leaves its job waiting; a lost database is waited for.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import layers
from api.runtime.settings import Settings
from data import audit, clock
from data.errors import OneGridError
from data.job import Handler, run_one
from data.scope import Scope
from data.session import Database
from layers.exchange.upper.notice import Adapter, FileAdapter, Webhook, deliverer
from layers.incident import due
from layers.supervision import flags

log = logging.getLogger("onegrid.worker")

POLL_S = 0.5
LONGEST_PAUSE_S = 30.0
# Jobs rebuild boundaries and indexes; a request would never be allowed this long.
STATEMENT_TIMEOUT_S = 900
EVENTS_KEPT_DAYS = 3


def _call(statement: str, **values: object) -> Callable[[Session], object]:
    return lambda session: session.execute(text(statement), values)


@dataclass
class Chore:
    """Something done again and again; ``due_s`` on the clock of `time.monotonic`.

    With ``again`` it is due at once while ``act`` still finds something to do.
    """

    name: str
    every_s: float
    act: Callable[[Session], object]
    due_s: float = field(default=0.0)
    again: bool = False


def chores() -> list[Chore]:
    """What the house needs, each with its interval in seconds."""
    return [
        Chore("seal audit", 60, audit.seal),
        Chore("merge tile changes", 60, _call("select compact_tile_changes()")),
        Chore("make partitions", 3600, _call("select ensure_partitions()")),
        Chore("drop ended sessions", 600, _call("select drop_expired_sessions()")),
        Chore(
            "drop old events", 600, _call("select drop_old_events(make_interval(days => :days))", days=EVENTS_KEPT_DAYS)
        ),
        Chore("move cases by the clock", 1, due.run_timers, again=True),
        Chore("propose flags", 5, flags.run_rules, again=True),
        Chore("drop old case serials", 3600, _call("select drop_old_case_serials()")),
    ]


def handlers() -> dict[str, Handler]:
    """Every job kind and what does it, from ``layers/<subject>/jobs.py``.

    Raises
    ------
    ValueError
        Two subjects claim one kind.
    """
    found: dict[str, Handler] = {}
    for package in pkgutil.iter_modules(layers.__path__):
        name = f"layers.{package.name}.jobs"
        if not package.ispkg or importlib.util.find_spec(name) is None:
            continue
        own: Mapping[str, Handler] = importlib.import_module(name).HANDLERS
        if twice := found.keys() & own.keys():
            raise ValueError(f"two subjects do the job {', '.join(sorted(twice))}; the second is {name}")
        found.update(own)
    return found


def adapters(settings: Settings) -> list[Adapter]:
    """What the town has set for notices to outside; files first, since writing one again does no harm."""
    found: list[Adapter] = []
    if settings.notice_dir is not None:
        found.append(FileAdapter(settings.notice_dir))
    if settings.notice_webhook:
        found.append(Webhook(settings.notice_webhook, settings.notice_secret))
    return found


class Worker:
    """One worker over one database, until it is told to stop."""

    def __init__(self, database: Database, adapters: Sequence[Adapter] = ()) -> None:
        self._database = database
        self._handlers = {"notice": deliverer(adapters), **handlers()}
        self._chores = chores()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Finish the job at hand, then end."""
        self._stop.set()

    def run(self) -> None:
        """Work until `stop`."""
        pause_s = POLL_S
        while not self._stop.is_set():
            try:
                busy = run_one(self._database, self._handlers)
                self.do_chores(time.monotonic())
                pause_s = POLL_S
            except (OneGridError, SQLAlchemyError) as fault:
                busy = False
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
                log.warning("the database did not serve: %s; trying again in %.0f s", fault, pause_s)
            if not busy:
                self._stop.wait(pause_s)

    def do_chores(self, now_s: float) -> list[str]:
        """Do what is due at ``now_s``, each in a transaction of its own; the names of what was done.

        A chore that fails is told in the log and due again at its interval: one broken chore must not stop the others.
        """
        done = []
        for chore in self._chores:
            if now_s < chore.due_s:
                continue
            chore.due_s = now_s + chore.every_s
            try:
                with self._database.transaction(Scope.system(None)) as session:
                    found = chore.act(session)
                if chore.again and found:
                    chore.due_s = now_s
                done.append(chore.name)
            except (OneGridError, SQLAlchemyError) as fault:
                log.error("chore %r failed: %s", chore.name, fault)
        return done


def main() -> None:
    """Run one worker with the settings of the environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings.from_environment()
    if settings.now and settings.demo:
        clock.set_now(settings.now)
    clock.follow(settings.clock_path if settings.demo else None)
    database = Database(settings.database_url, pool_size=2, statement_timeout_s=STATEMENT_TIMEOUT_S)
    worker = Worker(database, adapters(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    log.info("at work")
    worker.run()
    database.close()
    log.info("ended")


if __name__ == "__main__":
    main()
