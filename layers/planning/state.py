"""The boundaries of a plan at each of its versions, as values kept in the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary, ref

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import event
from sqlalchemy.orm import Session

from data.scope import scope_of
from gis.partition import Partition
from gis.partition.patch import Patch
from gis.partition.places import Measure
from layers.area import index
from layers.planning import queries
from layers.planning.arcs import Arc, arcs

COLUMNS = ("code", "name", "name_en", "kind", "level", "parent")
KEPT = 24


@lru_cache(maxsize=8)
def measure(metric_crs: str) -> Measure:
    """Return what measures shapes in degrees in a metric CRS."""
    return Measure(metric_crs, [shapely.Point(0, 0)])


@dataclass(frozen=True, eq=False)
class Base:
    """The boundaries that a plan starts from. ``sources``: where each of them comes from."""

    moment: datetime
    part: Partition
    metric_crs: str
    sources: dict[str, Any] = field(repr=False)
    # leaf of each point before anything was drawn
    located: WeakKeyDictionary[Any, Any] = field(default_factory=WeakKeyDictionary, repr=False)

    def before(self) -> None:
        """Nothing: a plan starts here."""

    @property
    def measure(self) -> Measure:
        """Metres of the town's own system."""
        return measure(self.metric_crs)


@dataclass(frozen=True, eq=False)
class State:
    """A plan at one version."""

    plan_id: UUID
    version: int
    base: Base
    part: Partition
    # leaf of each point, by the points it was asked for (layers.planning.points)
    located: WeakKeyDictionary[Any, Any] = field(default_factory=WeakKeyDictionary, repr=False)
    _before: ref[State] | None = field(default=None, repr=False)

    def before(self) -> State | Base | None:
        """Return the version that this one was made of, if it is still kept."""
        return self.base if self.version == 0 else None if self._before is None else self._before()

    @cached_property
    def arcs(self) -> dict[str, Arc]:
        """The borders as lines between junctions, by id."""
        return arcs(self.part, self.base.part)

    def after(self, patch: Patch) -> State:
        """Return the next version."""
        return State(self.plan_id, self.version + 1, self.base, self.part.patched(patch), _before=ref(self))


def load_base(session: Session, moment: datetime) -> Base:
    """Return the boundaries in force at a moment as a partition; parents are made of their leaves."""
    areas = index.load(session, moment)
    frame = areas.frame
    table = pd.DataFrame({name: [_plain(value) for value in frame[name]] for name in COLUMNS}, dtype=object)
    parents = set(table["parent"].dropna())
    shapes = [None if code in parents else shape for code, shape in zip(table["code"], frame.geometry, strict=True)]
    part = Partition.from_areas(gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=4490)))
    return Base(moment, part, areas.metric_crs, dict(zip(frame["code"], frame["source"], strict=True)))


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class States:
    """The last states by database, plan and version. Others are made of the nearest one before, by the stored patches."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._states: OrderedDict[tuple[str, UUID, int], State] = OrderedDict()

    def get(self, session: Session, plan: Any, version: int) -> State:
        """Return a plan (its row) at a version that is committed, or that this transaction wrote."""
        key = (str(session.get_bind().engine.url), plan.plan_id)
        own: dict[tuple[UUID, int], State] = session.info.get("plan_states", {})
        if (plan.plan_id, version) in own:
            return own[plan.plan_id, version]
        start = self._nearest(key, version)
        if start is None:
            base = load_base(session, plan.based_on)
            start = State(plan.plan_id, 0, base, base.part)
            self._keep(key, start)
        if start.version == version:
            return start
        params = {"plan_id": plan.plan_id, "after": start.version, "upto": version}
        part = start.part
        for patch in session.execute(queries.PATCHES, params).scalars():
            part = part.patched(Patch.of_json(patch))
        state = State(plan.plan_id, version, start.base, part, _before=ref(start))
        self.keep_on_commit(session, state)
        return state

    def _nearest(self, key: tuple[str, UUID], version: int) -> State | None:
        with self._lock:
            known = [one for one in self._states if one[:2] == key and one[2] <= version]
            if not known:
                return None
            nearest = max(known, key=lambda one: one[2])
            self._states.move_to_end(nearest)
            return self._states[nearest]

    def keep_on_commit(self, session: Session, state: State) -> None:
        """Keep a state once its transaction is committed: before that, another one may yet become this version."""
        key = (str(session.get_bind().engine.url), state.plan_id)
        session.info.setdefault("plan_states", {})[state.plan_id, state.version] = state
        event.listen(session, "after_commit", lambda _: self._keep(key, state), once=True)

    def _keep(self, key: tuple[str, UUID], state: State) -> None:
        with self._lock:
            self._states[(*key, state.version)] = state
            self._states.move_to_end((*key, state.version))
            while len(self._states) > self._kept:
                self._states.popitem(last=False)


STATES = States()


def key_of(session: Session) -> tuple[str, int | None]:
    """Database and town of a session: what belongs to one is not taken for another's."""
    return str(session.get_bind().engine.url), scope_of(session).town_id
