"""``onegrid simulate``: a believable day of the demo town, seen on wall and desk."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import text

from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import json_option, tell
from api.runtime import installation
from api.runtime.errors import RuntimeFault
from api.runtime.settings import Settings
from data import clock
from data.clock import Course
from data.scope import Scope
from data.session import Database
from layers.incident.book import book
from layers.incident.due import run_timers
from layers.people import queries
from layers.simulation.driver import Settings as Plan
from layers.simulation.driver import Simulation, Tally
from layers.simulation.year import past
from layers.supervision.flags import run_rules

DEFAULT_HOURS = 24.0
LONGEST = timedelta(days=31)
BEFORE_OPENING = timedelta(minutes=10)
NOON = timedelta(hours=3)
_TIMEZONE = text("select timezone from town where town_id = scope_town()")


class NoDemo(RuntimeFault):
    """Simulated people act in a demo only."""

    code = "simulation.not_demo"


@click.command()
@click.option("--speed", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="So many times as fast.")
@click.option("--at-once", is_flag=True, help="As fast as the work goes; the clock steps from act to act.")
@click.option("--hours", type=click.FloatRange(0.01), metavar="N", help="So many simulated hours; default 24.")
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    help="Put the clock forward to this first: 08:30, or a time with its zone; by default, at night and on days off, to the next opening.",
)
@click.option("--until", metavar="TIME", help="End then: 18:00, or a time with its zone.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plans the same reports.")
@click.option("--reset-clock", is_flag=True, help="Bring back the real time; simulate nothing.")
@json_option
@pass_invocation
def simulate(
    invocation: Invocation, speed: float, at_once: bool, hours: float | None, begin: str | None, until: str | None,
    seed: int, reset_clock: bool, as_json: bool,
) -> None:  # fmt: skip
    """Let the demo town live: reports come in and its people work on them, by its own year and in its own roles."""
    settings = invocation.settings
    if reset_clock:
        _require_demo(settings)
        clock.release(settings.clock_path)
        tell(as_json, {"now": clock.now().isoformat()}, ["the real time is back"])
        return
    with invocation.database() as urls:
        database = Database(urls.application, statement_timeout_s=0)
        try:
            town_id, zone = _demo_town(invocation, database)
            clock.follow(settings.clock_path)
            if begin is None and until is None and (opening := _next_opening(database, town_id)):
                begin = opening.astimezone(zone).isoformat()
                if not as_json:
                    click.echo(
                        f"nobody is at work now: the clock goes to {opening.astimezone(zone):%Y-%m-%d %H:%M} first"
                    )
            _put_forward(settings, begin, zone)
            end = _end(until, hours, zone)
            plan = Plan(end, seed, settings.clock_path, settings.uploads_dir, None if at_once else speed)
            simulation = Simulation(database, town_id, plan, (run_timers, run_rules))
            began = clock.now()
            with _shown(as_json, began, end, zone) as show, contextlib.suppress(KeyboardInterrupt):
                simulation.run(show)
            _tell(as_json, simulation, began, zone)
        finally:
            clock.follow(None)
            database.close()


def _require_demo(settings: Settings) -> None:
    """The running installation says whether it is one; where none runs, ONEGRID_DEMO does."""
    state = installation.read_state(settings) if installation.is_running(settings) else None
    if not (state["demo"] if state else settings.demo):
        raise NoDemo("only a demo has a simulated day: start it with make run, or set ONEGRID_DEMO=1")


def _demo_town(invocation: Invocation, database: Database) -> tuple[int, ZoneInfo]:
    _require_demo(invocation.settings)
    if invocation.settings.now:
        raise RuntimeFault("ONEGRID_NOW fixes or shifts the clock of this demo: unset it")
    town_id, code = invocation.choose_town(database)
    with database.transaction(Scope.system(town_id)) as session:
        if not session.execute(queries.DEMO_LOGINS).scalar_one_or_none():
            raise NoDemo(f"{code} is no demo town: nobody simulated may act in it")
        return town_id, ZoneInfo(session.execute(_TIMEZONE).scalar_one())


def _next_opening(database: Database, town_id: int) -> datetime | None:
    """Shortly before the town next goes to work; None while it works or rests for a noon. Refuses a town without past cases."""
    with database.transaction(Scope.system(town_id)) as session:
        past(session)  # before the clock of the demo is touched
        opens = next(begin for begin, _ in book(session).calendar.spans(clock.now()))
    return opens - BEFORE_OPENING if opens - clock.now() > NOON else None


def _put_forward(settings: Settings, begin: str | None, zone: ZoneInfo) -> None:
    now = clock.now()
    start = _moment(begin, now, zone) if begin else now
    if start < now:
        raise click.UsageError(f"--from lies in the past: it is {now.astimezone(zone):%Y-%m-%d %H:%M} already")
    if start > now:
        clock.steer(settings.clock_path, Course(datetime.now(now.tzinfo), start))


def _end(until: str | None, hours: float | None, zone: ZoneInfo) -> datetime:
    if until and hours:
        raise click.UsageError("give --hours or --until, not both")
    now = clock.now()
    end = _moment(until, now, zone) if until else now + timedelta(hours=hours or DEFAULT_HOURS)
    if not now < end <= now + LONGEST:
        raise click.UsageError(f"the end must lie within {LONGEST.days} days from now")
    return end


def _moment(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The next time the town's clock shows ``HH:MM``, or the time that is written out with its zone."""
    if match := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", words):
        local = now.astimezone(zone).replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
        return local if local >= now else local + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise click.UsageError(f"{words!r} is no time: write 18:00, or 2026-03-17T18:00:00+08:00") from None
    if moment.tzinfo is None:
        raise click.UsageError(f"{words!r} names no zone: write 2026-03-17T18:00:00+08:00")
    return moment


@contextlib.contextmanager
def _shown(as_json: bool, began: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Callable[[Tally], None]]:
    """Give a function that shows how far the day is; silent where nobody looks."""
    if as_json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=(end - began).total_seconds(), told="")

        def show(tally: Tally) -> None:
            bar.update(
                task,
                completed=(tally.at - began).total_seconds(),
                description=f"{tally.at.astimezone(zone):%m-%d %H:%M}",
                told=f"{tally.reports} reports, {tally.transitions.total()} steps, {tally.refused.total()} refused",
            )

        yield show


def _tell(as_json: bool, simulation: Simulation, began: datetime, zone: ZoneInfo) -> None:
    tally = simulation.tally
    facts: dict[str, Any] = {
        "from": began.isoformat(),
        "until": tally.at.isoformat(),
        "reports": tally.reports,
        "transitions": dict(tally.transitions.most_common()),
        "refused": dict(tally.refused.most_common()),
        "accounts_made": len(simulation.hired),
    }
    lines = [
        f"{began.astimezone(zone):%Y-%m-%d %H:%M} – {tally.at.astimezone(zone):%Y-%m-%d %H:%M}: {tally.reports} reports,"
        f" {tally.transitions.total()} steps, {tally.refused.total()} refused",
        "the clock runs on from there; onegrid simulate --reset-clock brings back the real time",
    ]
    tell(as_json, facts, lines)


commands = (simulate,)
