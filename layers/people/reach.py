"""From the posts somebody holds to what they see and may do. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from data.scope import Scope


@dataclass(frozen=True)
class Post:
    """A role in force, with what it was given for. ``area_ids`` hold the areas of the post and all below them."""

    role: str
    name: str
    name_en: str | None
    reach: str
    permissions: frozenset[str]
    org_id: int | None = None
    platform: str | None = None
    area_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """What all posts together open: each post adds, none takes away."""

    posts: tuple[Post, ...] = ()
    town_wide: bool = False
    area_ids: frozenset[int] = frozenset()
    org_ids: frozenset[int] = frozenset()
    platforms: frozenset[str] = frozenset()
    # Organisations whose platforms the holder of a platform post without a platform of its own sees.
    platform_org_ids: frozenset[int] = frozenset()
    permissions: frozenset[str] = field(default=frozenset())


def reach_of(posts: Iterable[Post]) -> Reach:
    """The reach of a set of posts.

    ``town`` opens every area, ``area`` the areas of the post, ``organisation`` what its organisation leads,
    ``platform`` the platform of the post or, without one, those of its organisation, ``own`` only what is one's own.
    A post over areas that may handle cases acts for its organisation too: the cadre of a village for the village.
    """
    held = tuple(posts)

    return Reach(
        posts=held,
        town_wide=any(post.reach == "town" for post in held),
        area_ids=frozenset().union(*(post.area_ids for post in held if post.reach == "area")),
        org_ids=frozenset(p.org_id for p in held if _acts_for_org(p) and p.org_id is not None),
        platforms=frozenset(p.platform for p in held if p.reach == "platform" and p.platform is not None),
        platform_org_ids=frozenset(
            p.org_id for p in held if p.reach == "platform" and p.platform is None and p.org_id is not None
        ),
        permissions=frozenset().union(*(post.permissions for post in held)),
    )


def _acts_for_org(post: Post) -> bool:
    return post.reach in ("organisation", "platform") or (post.reach == "area" and "handle" in post.permissions)


def scope_of(
    reach: Reach, town_id: int, user_id: int, limit: frozenset[str] | None = None, purpose: str = "request"
) -> Scope:
    """The scope of a user's transactions.

    Parameters
    ----------
    limit
        Permissions that a token is limited to; None and empty do not limit. A limit never adds.
    """
    permissions = reach.permissions & limit if limit else reach.permissions
    return Scope(
        town_id=town_id,
        user_id=user_id,
        town_wide=reach.town_wide,
        area_ids=reach.area_ids,
        org_ids=reach.org_ids,
        platforms=reach.platforms,
        permissions=permissions,
        purpose=purpose,
        roles=tuple(post.role for post in reach.posts),
    )
