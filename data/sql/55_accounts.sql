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
