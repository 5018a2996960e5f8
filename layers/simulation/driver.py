"""Lets a town live: reports come in and people work on cases, each through the services and as its own account."""

from __future__ import annotations

import heapq
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from data import clock
from data.clock import Course
from data.errors import OneGridError
from data.scope import Scope
from data.session import Database
from layers.incident import evidence, moves, photo, progress, queries, service
from layers.incident.book import TownBook, book
from layers.incident.draft import Channel, Draft
from layers.incident.moves import Move
from layers.simulation import year
from layers.simulation.cast import Cast, Member, hire, lead_of
from layers.simulation.picture import picture
from layers.simulation.plan import Fate, Habits, Past, Planned, fate_of, near, plan
from layers.simulation.script import Act, Scene, next_act

log = logging.getLogger("onegrid.simulation")

CHORES_EVERY = timedelta(minutes=5)
# Beside what people do, the worker's chores run until they find nothing; never more often than this at once.
MOST_CHORES = 50
CLOSED_SINCE = timedelta(days=3)
MOST_FAULTS = 4
NEAR_M, FAR_M = 25, 900
CHANNELS = frozenset(get_args(Channel))
Chore = Callable[[Session], object]


@dataclass(frozen=True)
class Settings:
    """How a day is simulated.

    Attributes
    ----------
    speed
        So many times as fast as the real time; None as fast as the work goes: the clock then steps from act to act.
    """

    until: datetime
    seed: int
    clock_path: Path
    uploads_dir: Path
    speed: float | None = 60.0
    habits: Habits = field(default_factory=Habits)


@dataclass
class Tale:
    """What the simulation knows of a case."""

    fate: Fate
    category: str
    by_grid_worker: bool = False
    twin: int | None = None
    made: set[str] = field(default_factory=set)
    faults: int = 0
    reply_due_at: datetime | None = None
    # an act that was planned before the case changed is out of date
    turn: int = 0


@dataclass
class Tally:
    """What happened so far."""

    at: datetime
    reports: int = 0
    transitions: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class Simulation:
    """One simulated stretch of time of one town."""

    def __init__(self, database: Database, town_id: int, settings: Settings, chores: Sequence[Chore] = ()) -> None:
        self._database, self._town_id, self._settings, self._chores = database, town_id, settings, chores
        self._rng = random.Random(settings.seed)
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._tales: dict[UUID, Tale] = {}
        self._incidents: dict[int, UUID] = {}
        self._count = 0
        self.tally = Tally(clock.now())
        self.hired: list[str] = []

    def run(self, tell: Callable[[Tally], None] = lambda tally: None) -> Tally:
        """Live until the end; the clock then runs on like the real one, from the simulated moment, also when interrupted."""
        try:
            self._begin()
            self._steer(clock.now())
            while self._queue and self._queue[0][0] < self._settings.until:
                at, _, act = heapq.heappop(self._queue)
                self._wait(at)
                act()
                self.tally.at = clock.now()
                tell(self.tally)
            self._wait(self._settings.until)
        finally:
            clock.steer(self._settings.clock_path, Course(datetime.now(UTC), clock.now()))
            self.tally.at = clock.now()
        return self.tally

    # ---- time ----------------------------------------------------------------------------------------------------

    def _steer(self, moment: datetime) -> None:
        speed = self._settings.speed
        course = Course(datetime.now(UTC), moment, speed or 0.0, self._settings.until if speed else None)
        clock.steer(self._settings.clock_path, course)

    def _wait(self, at: datetime) -> None:
        if self._settings.speed is None:
            self._steer(max(at, clock.now()))
            return
        while (left := (at - clock.now()).total_seconds()) > 0:
            time.sleep(min(left / self._settings.speed, 0.5))

    def _put(self, at: datetime, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, act))

    # ---- beginning -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        now = clock.now()
        self._cast = Cast.gather(self._database, self._town_id)
        with self._system() as session:
            self._past = year.past(session)
            self._zone = ZoneInfo(session.execute(year.TIMEZONE).scalar_one())
            self._org_codes: dict[int | None, str] = dict(session.execute(year.ORG_CODES).all())
            under_way = session.execute(year.UNDER_WAY, {"since": now - CLOSED_SINCE}).all()
            self.hired = hire(session, self._cast)
        if self.hired:
            self._cast = Cast.gather(self._database, self._town_id)
        planned = plan(self._past, now, self._settings.until, self._zone, self._settings.seed, self._settings.habits)
        for index, one in enumerate(planned):
            self._put(one.at, partial(self._report, index, one))
        self._adopt(under_way)
        self._put(now + CHORES_EVERY, self._do_chores)

    def _adopt(self, rows: Sequence[Row]) -> None:
        """Cases that were there before get a life as well."""
        alike: dict[str | None, list[Past]] = {}
        for past in self._past:
            alike.setdefault(past.category, []).append(past)
        for row in rows:
            rng = random.Random(f"{self._settings.seed} {row.incident_id}")
            like = rng.choice(alike.get(row.category) or self._past)
            fate = fate_of(like, rng, self._settings.habits, merged=False)
            self._tales[row.incident_id] = Tale(fate, row.category or like.category, row.channel == "grid_worker")
            self._go_on(row.incident_id)

    def _system(self) -> Any:
        return self._database.transaction(Scope.system(self._town_id))

    # ---- acts ----------------------------------------------------------------------------------------------------

    def _report(self, index: int, one: Planned) -> None:
        reporter = self._cast.reporter(one.past.channel, one.past.grid_id, self._rng)
        by_staff = reporter is not None and not reporter.scope.town_wide
        draft = Draft(
            title=one.past.title,
            description=one.past.description,
            category=one.past.category if by_staff else None,
            lon=one.lon,
            lat=one.lat,
            crs="cgcs2000",
            accuracy_m=10,
            channel=one.past.channel if one.past.channel in CHANNELS else "other",  # type: ignore[arg-type]
        )
        scope = reporter.scope if reporter else Scope.public(self._town_id)
        try:
            with self._database.transaction(scope) as session:
                told = service.report(session, draft)
        except OneGridError as refused:
            self._refused("report", refused)
            return
        self.tally.reports += 1
        incident_id = self._incidents[index] = UUID(told.answer["id"])
        by_grid_worker = reporter is not None and reporter.scope.may("self_handle")
        self._tales[incident_id] = Tale(one.fate, one.past.category, by_grid_worker, one.twin_of)
        self._go_on(incident_id)

    def _go_on(self, incident_id: UUID) -> None:
        """Plan what is done next with a case."""
        tale = self._tales[incident_id]
        tale.turn += 1
        scene, _, town = self._scene(incident_id)
        act = next_act(scene, town.time_limits, clock.now())
        if act is not None and tale.faults < MOST_FAULTS:
            self._put(act.at, partial(self._act, incident_id, act, tale.turn))

    def _scene(self, incident_id: UUID) -> tuple[Scene, Row, TownBook]:
        tale = self._tales[incident_id]
        with self._system() as session:
            row = session.execute(queries.ONE, {"incident_id": incident_id}).one()
            held, town = moves.view(session, row), book(session)
        twin = self._incidents.get(tale.twin) if tale.twin is not None else None
        scene = Scene(
            held.case, held.clocks, tale.fate, row.reported_at, tale.by_grid_worker, row.reply_due_at,
            str(twin) if twin else None, frozenset(tale.made),
        )  # fmt: skip
        return scene, row, town

    def _act(self, incident_id: UUID, act: Act, turn: int) -> None:
        tale = self._tales[incident_id]
        if turn != tale.turn:
            return
        scene, row, town = self._scene(incident_id)
        fresh = next_act(scene, town.time_limits, clock.now())
        if fresh is not None and fresh.name == act.name:
            try:
                self._make(incident_id, replace(act, facts=fresh.facts), scene, row, town)
                tale.made.add(act.name)
                self.tally.transitions[act.name] += 1
            except OneGridError as refused:
                tale.faults += 1
                self._refused(act.name, refused)
        self._go_on(incident_id)

    def _make(self, incident_id: UUID, act: Act, scene: Scene, row: Row, town: TownBook) -> None:
        grid_id = row.grid_now_id or row.grid_id
        member = self._cast.for_act(act.name, scene.case, grid_id, clock.now(), self._rng)
        facts = dict(act.facts)
        if act.by_reporter and scene.case.reporter_user_id is None:
            with self._system() as session:
                progress.answer(session, incident_id, act.name, facts)
            return
        if member is None:
            raise OneGridError("simulation.nobody", f"nobody may {act.name} this case")
        for need in act.needs:
            facts |= self._brought(need, incident_id, member, scene, row, town)
        with self._database.transaction(member.scope) as session:
            moves.move(session, incident_id, Move(act.name, scene.case.version, facts))

    def _brought(
        self, need: str, incident_id: UUID, member: Member, scene: Scene, row: Row, town: TownBook
    ) -> dict[str, Any]:
        tale = self._tales[incident_id]
        if need in ("photo_before", "photo_after"):
            return {need: self._photo(incident_id, member, scene.fate.far_photo, row)}
        if need == "category":
            return {"category": tale.category}
        right = lead_of(town.ids, scene.case.category or tale.category)
        codes = self._org_codes
        if need == "wrong_lead":
            others = [
                org
                for org in codes
                if org is not None and org not in (right, scene.case.lead_org_id) and self._cast.handlers(org)
            ]
            return {"lead_org": codes[self._rng.choice(sorted(others))]} if others else {}
        return {"lead_org": codes[right]} if right in codes else {}

    def _photo(self, incident_id: UUID, member: Member, far: bool, row: Row) -> str:
        lon, lat = near(row.lon or self._past[0].lon, row.lat or self._past[0].lat, NEAR_M, self._rng)
        if far:
            lon += FAR_M / 111_320
        taken = photo.prepare(
            picture(lon, lat, clock.now().astimezone(self._zone), self._rng.randrange(1 << 30)), self._zone
        )
        path = photo.keep(taken, self._settings.uploads_dir)
        with self._database.transaction(member.scope) as session:
            return str(evidence.add(session, incident_id, taken, path, "")["id"])

    def _refused(self, name: str, refused: OneGridError) -> None:
        log.info("%s was refused: %s %s", name, refused.code, refused.message)
        self.tally.refused[f"{name}: {refused.code}"] += 1

    def _do_chores(self) -> None:
        """What the worker does by the clock; a worker that runs beside this does the same and nothing twice."""
        for chore in self._chores:
            for _ in range(MOST_CHORES):
                with self._database.transaction(Scope.system(None)) as session:
                    if not chore(session):
                        break
        self._put(clock.now() + CHORES_EVERY, self._do_chores)
        with self._system() as session:
            asked = session.execute(year.REPLIES_DUE).all()
        for row in asked:
            tale = self._tales.get(row.incident_id)
            if tale is not None and tale.reply_due_at != row.reply_due_at:
                tale.reply_due_at = row.reply_due_at
                self._go_on(row.incident_id)
