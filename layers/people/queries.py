"""SQL of signing in, of the reach of a person, and of accounts.

The functions that sign in are in data/sql: no scope is known yet when they run.
"""

from __future__ import annotations

from sqlalchemy import text

FIND_LOGIN = text("select * from find_login(:username)")
NOTE_LOGIN = text("select note_login(:user_id, :success, :lock_after, make_interval(mins => :lock_min))")
FIND_IDENTITY = text("select find_identity(:subject, :username)")
OPEN_SESSION = text("select open_session(:token, :user_id, :csrf, make_interval(hours => :life_h))")
# These two go straight to the driver: every request asks one of them.
FIND_SESSION = "select * from find_session(%(token)s, make_interval(hours => %(life_h)s))"
FIND_TOKEN = "select * from find_token(%(token)s)"
CLOSE_SESSION = text("select close_session(:token)")
CHANGE_PASSWORD = text("select change_password(:password_hash)")

# Posts in force with what they reach. One row a post, none for a user without any.
POSTS = text("select * from user_posts(:user_id)")

# Who it is, for the caller itself; under its own scope.
PERSON = text("""
    select u.user_id, u.username, u.name, u.must_change_password, u.org_id, o.code as org_code, o.name as org_name
    from app_user u left join organisation o using (org_id) where u.user_id = :user_id
""")

# An organisation and all below it: who heads an office sees the cases of its squads.
ORG_SUBTREE = text("""
    with recursive below as (
        select org_id from organisation where org_id = any (:org_ids)
        union select o.org_id from organisation o join below b on o.parent_id = b.org_id)
    select org_id from below
""")
# The platforms an organisation manages or works for.
ORG_PLATFORMS = text("select distinct platform_code from organisation_platform where org_id = any (:org_ids)")
# The extent of the areas of a post, in force now: where the map of somebody who sees no more opens.
HOME = text("""
    select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e)
    from (select st_extent(geom) as e from scoped_area where area_id = any (:area_ids)) x where e is not null
""")
AREA_CODES = text("select code from area where area_id = any (:area_ids) and level <> 'town' order by code")

# Codes of a bulk of new users, each resolved once.
ORG_IDS = text("select code, org_id from organisation where code = any (:codes)")
AREA_IDS = text("select code, area_id from area where code = any (:codes)")
ROLES = text("select code, reach from role")
PLATFORMS = text("select code from platform")
# Names are unique over all towns; those of another town count as taken without saying whose they are.
TAKEN = text("select login from unnest(cast(:usernames as text[])) as login where username_taken(login)")

# Users with their roles, by name; keyset on the lower-case name.
LIST_USERS = text("""
    select u.user_id, u.username, u.name, u.disabled_at, u.locked_until, u.last_login_at, u.must_change_password,
        u.created_at, o.code as org, o.name as org_name,
        coalesce((select jsonb_agg(jsonb_build_object('code', r.code, 'name', r.name, 'name_en', r.name_en,
                'platform', ur.platform_code,
                'areas', (select coalesce(jsonb_agg(a.code order by a.code), '[]') from user_area ua
                          join area a using (area_id) where ua.user_role_id = ur.user_role_id)) order by r.code)
            from user_role ur join role r on (r.town_id, r.code) = (ur.town_id, ur.role_code)
            where ur.user_id = u.user_id and ur.valid_from <= now() and now() < ur.valid_to), '[]') as roles
    from app_user u left join organisation o using (org_id)
    where u.town_id = :town_id and (cast(:after as text) is null or lower(u.username) > :after)
      and (cast(:q as text) is null or position(lower(:q) in lower(u.username)) > 0 or position(:q in u.name) > 0
           or position(:q in coalesce(o.name, '')) > 0)
    order by lower(u.username) limit :limit
""")
COUNT_USERS = text("""
    select count(*) from app_user u left join organisation o using (org_id)
    where u.town_id = :town_id and (cast(:q as text) is null or position(lower(:q) in lower(u.username)) > 0
        or position(:q in u.name) > 0 or position(:q in coalesce(o.name, '')) > 0)
""")
# Users, other than one, who could still manage users: the last of them is not disabled.
OTHER_MANAGERS = text("""
    select count(distinct u.user_id) from app_user u join user_role ur using (user_id)
    join role r on (r.town_id, r.code) = (ur.town_id, ur.role_code)
    where u.town_id = :town_id and u.user_id <> :user_id and u.disabled_at is null
      and 'manage_users' = any (r.permissions)
      and ur.valid_from <= now() and now() < ur.valid_to
""")
MANAGER_ROLE = text("""
    select code from role where town_id = :town_id and 'manage_users' = any (permissions)
    order by reach = 'town' desc, code limit 1
""")
LIST_TOKENS = text("""
    select t.token_id, t.name, u.username, t.scopes, t.created_at, t.expires_at, t.revoked_at
    from api_token t join app_user u using (user_id) where u.town_id = :town_id order by t.token_id desc
""")
# What the town says of itself; bounds from its boundary in force.
TOWN = text("""
    select t.code, t.name, t.name_en, t.timezone, t.synthetic, t.notice, t.map,
        array[st_xmin(e.box), st_ymin(e.box), st_xmax(e.box), st_ymax(e.box)] as bounds
    from town t left join lateral (
        select box2d(v.geom) as box from area_version v join area a using (area_id)
        where v.town_id = t.town_id and a.level = 'town' and v.valid_from <= now() and now() < v.valid_to
        limit 1) e on true
    where t.town_id = :town_id
""")

# What a form for new accounts offers, and which demo logins the login page may show.
ROLE_CHOICES = text(
    "select code, name, name_en, reach, permissions from role where town_id = scope_town() order by code"
)
# Which roles a town gives a permission: who is asked for what the caller may not do.
ROLES_WITH = text(
    "select name, name_en from role where town_id = scope_town() and :permission = any (permissions) order by code"
)
ORG_CHOICES = text("select code, name from organisation where town_id = scope_town() order by code")
DEMO_LOGINS = text("select coalesce(settings -> 'demo_logins', '[]') from town where town_id = scope_town()")
