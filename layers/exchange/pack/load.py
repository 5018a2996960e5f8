"""Loads a checked pack: everything in one transaction, or nothing. Runs as the owner: it is a town's first set-up."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from data import audit
from data.errors import Conflict
from data.scope import Scope, apply
from layers.area import service as area_service
from layers.area.service import middle
from layers.exchange import queries
from layers.exchange.pack import incidents, tables
from layers.exchange.pack.check import Pack, read
from layers.exchange.pack.fault import PackFaulty
from layers.exchange.pack.manifest import Manifest
from layers.exchange.pack.shift import weeks_to_now

Progress = Callable[[str], None]


@dataclass
class Loaded:
    """What a load wrote: rows by subject, and what it left out."""

    town_code: str
    town_id: int
    counts: dict[str, int] = field(default_factory=dict)


def load(
    session: Session,
    path: str | Path,
    *,
    now: datetime,
    progress: Progress = lambda _: None,
    assets_dir: Path | None = None,
    demo_password: str | None = None,
) -> Loaded:
    """Write a pack as a town and return what was written. Does not commit.

    Parameters
    ----------
    session : of the **owner** role, in a transaction of its own; the scope is set here.
    path : folder of the pack.
    now : the moment incidents are told relative to (whole weeks), if the pack has an anchor.
    progress : called with the name of each step.
    assets_dir : where pictures of the pack (the relief) are kept for serving; None keeps none.
    demo_password : makes the accounts of `users.csv` with this password; None makes none.

    Raises
    ------
    PackFaulty : `pack.faulty`, with every fault.
    Conflict : `pack.town_exists`, the town already holds something.
    """
    pack, faults = read(path, progress)
    if pack is None or faults:
        raise PackFaulty(str(path), faults)
    progress("town")
    town_id = _town(session, pack.manifest)
    apply(session, Scope.system(town_id))
    loaded = Loaded(pack.manifest.town.code, town_id)
    counts = loaded.counts
    anchor = pack.manifest.incidents.anchor
    pack.weeks = weeks_to_now(anchor, now) if anchor is not None else 0
    progress("areas")
    valid_from = pack.manifest.areas.valid_from or now
    published = area_service.publish(session, pack.areas(), valid_from=valid_from, source="pack")
    counts["areas"] = len(published.added)
    _map(session, pack, town_id, assets_dir)
    for name, step in tables.STEPS:
        progress(name)
        counts[name] = step(session, pack, town_id)
    progress("incidents")
    counts["incidents"] = incidents.load(session, pack, town_id, now)
    if demo_password is not None:
        progress("users")
        counts["users"] = tables.users(session, pack, demo_password)
    audit.record(session, "pack.load", "town", pack.manifest.town.code, detail=counts)
    progress("statistics")
    tables.analyse(session)
    return loaded


def _town(session: Session, manifest: Manifest) -> int:
    """Return the id of the town: a new one, or one that was added and is still empty."""
    town = manifest.town
    values = {
        "code": town.code,
        "name": town.name,
        "name_en": town.name_en,
        "metric_srid": int(town.metric_crs[5:]),
        "timezone": town.timezone,
        "synthetic": town.synthetic,
        "notice": _json(manifest.notice.model_dump()),
        "map": _json(manifest.map.model_dump(exclude_none=True)),
        "settings": _json(manifest.settings),
        "sources": _json([source.model_dump(mode="json", exclude_none=True) for source in manifest.source]),
    }
    known = session.execute(queries.FIND_TOWN, {"code": town.code}).one_or_none()
    if known is None:
        return session.execute(queries.ADD_TOWN, values).scalar_one()
    content = session.execute(queries.TOWN_CONTENT, {"town_id": known.town_id}).one()._asdict()
    if any(content.values()):
        raise Conflict(
            "pack.town_exists",
            f"the town {town.code} {known.name} already holds data; a pack is loaded into a new or an empty town only",
            **content,
        )
    session.execute(queries.CHANGE_TOWN, {**values, "town_id": known.town_id})
    return known.town_id


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _map(session: Session, pack: Pack, town_id: int, assets_dir: Path | None) -> None:
    """Complete how the map opens and keep the relief where it can be served."""
    given = pack.manifest.map
    facts: dict[str, Any] = {} if given.center is not None else {"center": middle(pack.areas().total_bounds)}
    facts |= {name: value for name, value in area_service.MAP_DEFAULTS.items() if getattr(given, name, None) is None}
    shade = pack.manifest.hillshade
    if shade is not None and assets_dir is not None:
        content = (pack.path / shade.file).read_bytes()
        name = f"hillshade-{hashlib.sha256(content).hexdigest()[:16]}{Path(shade.file).suffix.lower()}"
        folder = assets_dir / pack.manifest.town.code
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pack.path / shade.file, folder / name)
        facts["hillshade"] = {"url": f"/api/v1/assets/{name}", "bounds": list(shade.bounds)}
    session.execute(queries.SET_MAP, {"map": _json(facts), "town_id": town_id})
