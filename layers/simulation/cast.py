"""Who acts in a simulated day: the accounts of the town, and those that are made for whoever would have none."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data.scope import Scope
from data.session import Database
from layers.incident.case import Case
from layers.incident.moves import actor_of
from layers.incident.workflow import RULES, blocked
from layers.people import login
from layers.people.reach import scope_of
from layers.people.service import NewUser, add_users

PREFIX = "sim-"
# Whoever is nearest does these; the others are the desk's.
LOCAL = frozenset({"pass_inspection", "rework", "verify_found", "self_handle"})

_USERS = text("select user_id from app_user where town_id = scope_town() and disabled_at is null order by user_id")
_ROLES = text(
    "select code, reach, permissions from role where town_id = scope_town() order by cardinality(permissions), code"
)
# Organisations that lead cases, somebody of theirs, and the village whose grids their people are on duty for.
_ORGS = text("""
    select o.org_id, o.code, (select s.name from staff s where s.org_id = o.org_id order by s.staff_id limit 1) as person,
        (select v.code from area_duty d join staff s using (staff_id) join area g on g.area_id = d.area_id
            join area v on v.area_id = g.parent_id where s.org_id = o.org_id and v.level = 'village'
            group by v.code order by count(*) desc, v.code limit 1) as village
    from organisation o
    where o.town_id = scope_town() and exists (select from category c where c.lead_org_id = o.org_id)
    order by o.code
""")
_PLATFORMS = text("""
    select p.code, p.head_name, o.code as org from platform p left join organisation o on o.org_id = p.managing_org_id
    where p.town_id = scope_town() order by p.code
""")
_VILLAGES = text("""
    select v.area_id, v.code, (select s.name from area_duty d join staff s using (staff_id) join area g on g.area_id = d.area_id
        where g.parent_id = v.area_id order by d.role = 'primary_responsible' desc, s.staff_id limit 1) as person
    from area v where v.town_id = scope_town() and v.level = 'village' order by v.code
""")


@dataclass(frozen=True)
class Member:
    """An account and its reach."""

    user_id: int
    scope: Scope


@dataclass(frozen=True)
class Cast:
    """All accounts of a town."""

    members: tuple[Member, ...]

    @classmethod
    def gather(cls, database: Database, town_id: int) -> Cast:
        """Return the accounts in use with what each sees and may do, as they would when signed in."""
        with database.transaction(Scope.system(town_id)) as session:
            users = session.execute(_USERS).scalars().all()
        return cls(tuple(_member(database, town_id, user_id) for user_id in users))

    def for_act(self, name: str, case: Case, grid_id: int | None, at: datetime, rng: random.Random) -> Member | None:
        """Return somebody who may make a transition now and sees the case; None when there is nobody."""
        rule = RULES[name]
        able = [
            m
            for m in self.members
            if sees(m.scope, case, grid_id) and blocked(case, rule, actor_of(m.scope), at) is None
        ]
        if not able:
            return None
        asked = [m for m in able if name.startswith("verify_") and m.user_id in case.verifier_ids]
        likely = asked or [m for m in able if m.scope.town_wide != (name in LOCAL)] or able
        return rng.choice(likely)

    def reporter(self, channel: str, grid_id: int | None, rng: random.Random) -> Member | None:
        """Return who enters a report of a channel; None for the public itself."""
        if channel in ("grid_worker", "patrol"):
            there = [m for m in self.members if m.scope.may("self_handle") and grid_id in m.scope.area_ids]
        elif channel == "village":
            there = [m for m in self.members if m.scope.may("report") and grid_id in m.scope.area_ids]
        elif channel in ("snapshot", "public", "web", "wechat", "app", "map"):
            return None
        else:
            there = [m for m in self.members if m.scope.may("accept") and m.scope.town_wide]
        return rng.choice(there) if there else None

    def handlers(self, org_id: int | None) -> list[Member]:
        """Return who handles cases for an organisation."""
        return [m for m in self.members if m.scope.may("handle") and org_id in m.scope.org_ids]


def sees(scope: Scope, case: Case, grid_id: int | None) -> bool:
    """Tell whether a case lies in a scope by area, organisation or platform, or was handed to its person."""
    return (
        scope.town_wide
        or grid_id in scope.area_ids
        or bool(scope.org_ids & case.org_ids)
        or case.platform in scope.platforms
        or scope.user_id in case.verifier_ids
        or (scope.user_id is not None and scope.user_id == case.reporter_user_id)
    )


def _member(database: Database, town_id: int, user_id: int) -> Member:
    with database.transaction(Scope.login()) as session:
        narrow = login.reach(session, user_id)
    with database.transaction(scope_of(narrow, town_id, user_id)) as session:
        wide = login.whole_orgs(session, narrow)
    return Member(user_id, scope_of(wide, town_id, user_id))


def hire(session: Session, cast: Cast) -> list[str]:
    """Make accounts for organisations, villages and platforms that nobody could act for; return their user names.

    Needs the system's scope; does not commit. Their passwords are made up and told to nobody.
    """
    roles = session.execute(_ROLES).all()
    wanted = [*_offices(session, cast, roles), *_grid_workers(session, cast, roles), *_heads(session, cast, roles)]
    if wanted:
        add_users(session, wanted)
    return [user.username for user in wanted]


def _role(roles: Iterable[Row], reach: str, *permissions: str) -> str | None:
    """The role of this reach that has these permissions and the fewest others."""
    return next((r.code for r in roles if r.reach == reach and set(permissions) <= set(r.permissions)), None)


def _offices(session: Session, cast: Cast, roles: Sequence[Row]) -> Iterable[NewUser]:
    office, cadre = _role(roles, "organisation", "handle"), _role(roles, "area", "handle")
    for org in session.execute(_ORGS):
        if cast.handlers(org.org_id):
            continue
        if org.village and cadre:
            yield NewUser(PREFIX + org.code, org.person or org.code, cadre, org.code, (org.village,))
        elif office:
            yield NewUser(PREFIX + org.code, org.person or org.code, office, org.code)


def _grid_workers(session: Session, cast: Cast, roles: Sequence[Row]) -> Iterable[NewUser]:
    role = _role(roles, "area", "verify", "self_handle", "inspect") or _role(roles, "area", "self_handle")
    for village in session.execute(_VILLAGES):
        there = any(m.scope.may("self_handle") and village.area_id in m.scope.area_ids for m in cast.members)
        if role and not there:
            yield NewUser(f"{PREFIX}grid-{village.code}", village.person or village.code, role, areas=(village.code,))


def _heads(session: Session, cast: Cast, roles: Sequence[Row]) -> Iterable[NewUser]:
    role = _role(roles, "platform", "suspend", "extend")
    for platform in session.execute(_PLATFORMS):
        there = any(m.scope.may("suspend") and _heads_platform(m.scope, platform.code) for m in cast.members)
        if role and not there:
            name = platform.head_name or platform.code
            yield NewUser(f"{PREFIX}head-{platform.code}", name, role, platform.org, platform=platform.code)


def _heads_platform(scope: Scope, platform: str) -> bool:
    return scope.town_wide or platform in scope.platforms


def lead_of(ids: Mapping[str, tuple[int, int | None, str | None]], category: str | None) -> int | None:
    """The organisation that a category belongs to."""
    return ids[category][1] if category is not None and category in ids else None
