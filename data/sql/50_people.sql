-- Signing in: done before a scope is known, so by functions that return no more than is needed, and only in a
-- transaction whose purpose is login.
create or replace function require_login_purpose() returns boolean language plpgsql stable as $$
begin
    if scope_purpose() not in ('login', 'system') then
        raise exception 'only signing in reads accounts' using errcode = 'insufficient_privilege';
    end if;
    return true;
end $$;
-- Towns of this installation: number, code and names, so that a request can find its own.
create or replace function list_towns() returns table (town_id int, code text, name text, name_en text, synthetic boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select town_id, code, name, name_en, synthetic from town order by code
$$;
create or replace function find_login(login text)
returns table (user_id int, town_id int, username text, name text, password_hash text, failed_logins int,
               locked_until timestamptz, disabled_at timestamptz, must_change_password boolean, scope_version int)
language sql stable security definer set search_path = public, pg_temp as $$
    select user_id, town_id, username, name, password_hash, failed_logins, locked_until, disabled_at,
           must_change_password, scope_version from app_user u
    where require_login_purpose() and lower(u.username) = lower(login)
$$;
create or replace function note_login(login_user int, success boolean, lock_after int, lock_for interval) returns void
language sql security definer set search_path = public, pg_temp as $$
    update app_user set
        -- a lock that has passed begins a new count
        failed_logins = case when success then 0 when locked_until <= now() then 1 else failed_logins + 1 end,
        locked_until = case when success then null
            when case when locked_until <= now() then 1 else failed_logins + 1 end >= lock_after then now() + lock_for
            when locked_until <= now() then null else locked_until end,
        last_login_at = case when success then now() else last_login_at end
    where require_login_purpose() and user_id = login_user
$$;
create or replace function open_session(token bytea, login_user int, csrf text, life interval) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into user_session (token_hash, user_id, csrf_token, scope_version, expires_at)
    select token, u.user_id, csrf, u.scope_version, now() + life from app_user u
    where require_login_purpose() and u.user_id = login_user and u.disabled_at is null
$$;
-- Rises with every area that is published: what lies below the areas of a post may be more then.
create or replace function boundary_version(of_town int) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select max(area_version_id) from area_version where town_id = of_town
$$;
-- A live session, and its expiry moved on (at most once a minute, so that reads stay reads).
drop function if exists find_session(bytea, interval);
create or replace function find_session(token bytea, life interval)
returns table (user_id int, town_id int, csrf_token text, scope_version int, boundary_version bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform require_login_purpose();
    update user_session s set seen_at = now(), expires_at = now() + life
    where s.token_hash = token and s.expires_at > now() and s.seen_at < now() - interval '1 minute';
    return query select u.user_id, u.town_id, s.csrf_token, u.scope_version, boundary_version(u.town_id)
        from user_session s join app_user u using (user_id)
        where s.token_hash = token and s.expires_at > now() and u.disabled_at is null
          and s.scope_version = u.scope_version;
end $$;
create or replace function close_session(token bytea) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from user_session where token_hash = token and require_login_purpose()
$$;
create or replace function drop_expired_sessions() returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from user_session where expires_at < now() and require_login_purpose()
$$;
drop function if exists find_token(bytea);
create or replace function find_token(token bytea)
returns table (user_id int, town_id int, scopes text[], scope_version int, boundary_version bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.user_id, u.town_id, t.scopes, u.scope_version, boundary_version(u.town_id) from api_token t join app_user u using (user_id)
    where require_login_purpose() and t.token_hash = token and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
      and u.disabled_at is null
$$;
-- What a user may do and see: one row a role in force.
create or replace function user_posts(of_user int)
returns table (role_code text, name text, name_en text, reach text, permissions text[], org_id int, platform_code text,
               area_ids int[])
language sql stable security definer set search_path = public, pg_temp as $$
    select r.code, r.name, r.name_en, r.reach, r.permissions, coalesce(ur.org_id, u.org_id), ur.platform_code,
        -- every leaf below the areas of the post, and these areas themselves
        array(with recursive below as (
                select ua.area_id from user_area ua where ua.user_role_id = ur.user_role_id
                union select a.area_id from area a join below b on a.parent_id = b.area_id)
              select area_id from below order by 1)
    from user_role ur join app_user u using (user_id) join role r on (r.town_id, r.code) = (ur.town_id, ur.role_code)
    where require_login_purpose() and ur.user_id = of_user and ur.valid_from <= now() and now() < ur.valid_to
    order by r.code
$$;
-- The scope version lets processes drop what they cached about a person, and ends open sessions and streams.
create or replace function scope_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare changed int := case when tg_op = 'DELETE' then old.user_id else new.user_id end;
begin
    update app_user set scope_version = scope_version + 1 where user_id = changed;
    return null;
end $$;
drop trigger if exists user_role_changed on user_role;
create trigger user_role_changed after update or delete on user_role for each row execute function scope_changed();
-- A disabled, moved or changed account: its sessions end and its streams are told.
create or replace function account_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into event (town_id, topic, kind, ref, user_ids, payload)
    values (new.town_id, 'account', 'changed', new.user_id, array[new.user_id], '{}');
    if new.disabled_at is not null or new.password_hash is distinct from old.password_hash then
        delete from user_session where user_id = new.user_id;
    end if;
    return null;
end $$;
drop trigger if exists account_changed on app_user;
create trigger account_changed after update on app_user for each row
    when ((old.disabled_at, old.org_id, old.scope_version, old.password_hash) is distinct from
          (new.disabled_at, new.org_id, new.scope_version, new.password_hash))
    execute function account_changed();
