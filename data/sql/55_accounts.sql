-- What accounts need beyond signing in: names over all towns, one's own password.

-- User names are unique over all towns; a manager of one town learns only that a name is taken.
create or replace function username_taken(login text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from app_user u where lower(u.username) = lower(login))
$$;
-- One's own password: ends the other sessions (trigger account_changed) and lets cached scopes lapse.
create or replace function change_password(new_hash text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if scope_user() is null then
        raise exception 'nobody is signed in' using errcode = 'insufficient_privilege';
    end if;
    update app_user set password_hash = new_hash, must_change_password = false, failed_logins = 0, locked_until = null,
        scope_version = scope_version + 1
    where user_id = scope_user();
end $$;
-- Who acted, for the log of a case: staff see each other's names, not each other's accounts.
create or replace function staff_name(of_user int) returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select u.name from app_user u where u.user_id = of_user and u.town_id = scope_town() and scope_is_staff()
$$;
-- For whom they acted, on the slip that goes with a case.
create or replace function read_staff_org(of_user int) returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select o.name from app_user u join organisation o using (org_id)
    where u.user_id = of_user and u.town_id = scope_town() and scope_is_staff()
$$;
-- The account of somebody an identity provider let in; tied to its subject at the first time.
create or replace function find_identity(subject text, login text) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare found_user int;
begin
    perform require_login_purpose();
    select user_id into found_user from app_user u where u.oidc_subject = subject and u.disabled_at is null;
    if found_user is null and not exists (select from app_user u where u.oidc_subject = subject) then
        update app_user u set oidc_subject = subject where lower(u.username) = lower(login) and u.oidc_subject is null
            and u.disabled_at is null returning user_id into found_user;
    end if;
    update app_user set last_login_at = now() where user_id = found_user;
    return found_user;
end $$;
