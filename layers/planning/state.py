"""The boundaries of a plan at each of its versions, as values kept in the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import geopandas as gpd
import pandas as pd
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


@dataclass(frozen=True, eq=False)
class Base:
    """The boundaries that a plan starts from. ``sources``: where each of them comes from."""

    moment: datetime
    part: Partition
    metric_crs: str
    sources: dict[str, Any] = field(repr=False)

    @cached_property
    def measure(self) -> Measure:
        """Metres of the town's own system."""
        return Measure(self.metric_crs, list(self.part.shapes(self.part.rows).values()))


@dataclass(frozen=True, eq=False)
class State:
    """A plan at one version."""

    plan_id: UUID
    version: int
    base: Base
    part: Partition

    @cached_property
    def arcs(self) -> dict[str, Arc]:
        """The borders as lines between junctions, by id."""
        return arcs(self.part, self.base.part)

    def after(self, patch: Patch) -> State:
        """Return the next version."""
        return State(self.plan_id, self.version + 1, self.base, self.part.patched(patch))


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
        start = self._nearest(key, version)
        if start is None:
            start = State(plan.plan_id, 0, load_base(session, plan.based_on), None)  # type: ignore[arg-type]
            start = State(plan.plan_id, 0, start.base, start.base.part)
            self._keep(key, start)
        if start.version == version:
            return start
        params = {"plan_id": plan.plan_id, "after": start.version, "upto": version}
        part = start.part
        for patch in session.execute(queries.PATCHES, params).scalars():
            part = part.patched(Patch.of_json(patch))
        state = State(plan.plan_id, version, start.base, part)
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
