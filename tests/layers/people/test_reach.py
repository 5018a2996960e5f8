"""From posts to scope: each post adds, none takes away; a token never adds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.people.password import hash_password, initial_password, verify, weakness
from layers.people.reach import Post, reach_of, scope_of

PERMISSIONS = st.frozensets(st.sampled_from(["view", "report", "accept", "handle", "manage_users"]))
POSTS = st.builds(
    Post,
    role=st.sampled_from(["a", "b"]),
    name=st.just("x"),
    name_en=st.none(),
    reach=st.sampled_from(["town", "area", "organisation", "platform", "own"]),
    permissions=PERMISSIONS,
    org_id=st.none() | st.integers(1, 3),
    platform=st.none() | st.sampled_from(["market", "service"]),
    area_ids=st.frozensets(st.integers(1, 5)),
)


def post(reach: str, permissions: frozenset[str] = frozenset({"view"}), **more) -> Post:
    return Post("role", "name", None, reach, permissions, **more)


@pytest.mark.parametrize(
    ("held", "town_wide", "areas", "orgs", "platforms"),
    [
        (post("town"), True, set(), set(), set()),
        (post("area", area_ids=frozenset({7})), False, {7}, set(), set()),
        (post("organisation", org_id=3), False, set(), {3}, set()),
        (post("platform", platform="market", org_id=3), False, set(), {3}, {"market"}),
        (post("own", org_id=3, platform="market", area_ids=frozenset({7})), False, set(), set(), set()),
        # what a post was given for counts only where its role reaches that way
        (post("area", area_ids=frozenset({7}), org_id=3, platform="market"), False, {7}, set(), set()),
        (post("area", area_ids=frozenset({7}), org_id=3, permissions=frozenset({"handle"})), False, {7}, {3}, set()),
    ],
)
def test_reach_of_one_post(held, town_wide, areas, orgs, platforms):
    found = reach_of([held])
    assert (found.town_wide, found.area_ids, found.org_ids, found.platforms) == (town_wide, areas, orgs, platforms)


def test_platform_post_without_a_platform_asks_for_those_of_its_organisation():
    assert reach_of([post("platform", org_id=3)]).platform_org_ids == {3}


@given(st.lists(POSTS, max_size=4), POSTS)
def test_another_post_only_adds(held, more):
    before, after = reach_of(held), reach_of([*held, more])
    assert before.town_wide <= after.town_wide
    for name in ("area_ids", "org_ids", "platforms", "permissions"):
        assert getattr(before, name) <= getattr(after, name)


@given(st.lists(POSTS, max_size=4), PERMISSIONS)
def test_token_never_adds_a_permission(held, limit):
    reach = reach_of(held)
    own, limited = scope_of(reach, 1, 2), scope_of(reach, 1, 2, limit)
    assert limited.permissions <= own.permissions
    assert limited.permissions == (own.permissions & limit if limit else own.permissions)
    assert (limited.area_ids, limited.town_wide) == (own.area_ids, own.town_wide)


def test_nobody_reaches_nothing():
    scope = scope_of(reach_of([]), 1, 2)
    assert (scope.town_wide, scope.permissions, scope.area_ids) == (False, frozenset(), frozenset())


def test_password_fits_its_hash_and_no_other():
    stored = hash_password("a long sentence")
    assert stored.startswith("$argon2id$")
    assert stored != hash_password("a long sentence")
    assert verify(stored, "a long sentence")
    assert not verify(stored, "a long sentence ")
    assert not verify(None, "a long sentence")
    assert not verify("not a hash", "a long sentence")


def test_initial_passwords_differ_and_are_good_enough():
    made = {initial_password() for _ in range(100)}
    assert len(made) == 100
    assert all(weakness(password, "somebody") is None for password in made)


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "too_short"), ("x" * 201, "too_long"), ("somebody123", "contains_name"), ("ababababab", "too_plain")],
)
def test_weak_passwords_are_named(password, reason):
    assert weakness(password, "somebody") == reason
