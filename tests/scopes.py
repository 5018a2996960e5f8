"""Scopes of the small town's users, as signing in gives them, written out by hand as a second opinion."""

from __future__ import annotations

from data.scope import Scope
from tests.small_town import GRIDS, ROLES, USERS, VILLAGES, SmallTown

_PERMISSIONS = {code: frozenset(permissions) for code, _, permissions in ROLES}
_REACH = {code: reach for code, reach, _ in ROLES}
_BELOW = {VILLAGES[0]: GRIDS[:2], VILLAGES[1]: GRIDS[2:]}


def every_scope(town: SmallTown) -> dict[str, Scope]:
    """Return name → scope: each user, the public, the system, and the same people's twins in the other town."""
    scopes = {"public": Scope.public(town.town_id), "system": Scope.system(town.town_id), "nobody": Scope(None)}
    for username, role, org, area, platform in USERS:
        reach = _REACH[role]
        codes = {area, *_BELOW.get(area or "", ())} - {None}
        scopes[username] = Scope(
            town.town_id,
            town.users[username],
            town_wide=reach == "town",
            area_ids=frozenset(town.areas[code] for code in codes if code) if reach == "area" else frozenset(),
            org_ids=frozenset({town.organisations[org]}) if org and reach == "organisation" else frozenset(),
            platforms=frozenset({platform}) if platform else frozenset(),
            permissions=_PERMISSIONS[role],
        )
    scopes["other town"] = Scope.system(town.other_town_id)
    scopes["other leader"] = Scope(
        town.other_town_id, 999_999, town_wide=True, permissions=frozenset({"view", "audit"})
    )
    return scopes
