-- The scope of a transaction, as set by data.scope.apply. All are stable and read settings only, so that a policy
-- can say (select scope_…()) and have it evaluated once a query.

create or replace function scope_town() returns int language sql stable parallel safe as
$$ select nullif(current_setting('onegrid.town_id', true), '')::int $$;
create or replace function scope_user() returns int language sql stable parallel safe as
$$ select nullif(current_setting('onegrid.user_id', true), '')::int $$;
create or replace function scope_town_wide() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('onegrid.town_wide', true), '') = 'on' $$;
create or replace function scope_areas() returns int[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('onegrid.area_ids', true), ''), '{}')::int[] $$;
create or replace function scope_orgs() returns int[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('onegrid.org_ids', true), ''), '{}')::int[] $$;
create or replace function scope_platforms() returns text[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('onegrid.platforms', true), ''), '{}')::text[] $$;
create or replace function scope_purpose() returns text language sql stable parallel safe as
$$ select coalesce(current_setting('onegrid.purpose', true), '') $$;
create or replace function scope_is_system() returns boolean language sql stable parallel safe as
$$ select scope_purpose() = 'system' $$;
create or replace function scope_may(permission text) returns boolean language sql stable parallel safe as
$$ select scope_is_system() or permission = any
    (coalesce(nullif(current_setting('onegrid.permissions', true), ''), '{}')::text[]) $$;
-- Somebody who is signed in, or the system; not the public.
create or replace function scope_is_staff() returns boolean language sql stable parallel safe as
$$ select scope_user() is not null or scope_is_system() $$;

-- Incidents handed to this person or organisation, wherever they lie. Runs as owner: under its own policy it would recurse.
create or replace function scope_assigned() returns uuid[] language sql stable security definer
set search_path = public, pg_temp as $$
    select coalesce(array_agg(incident_id), '{}') from (
        select incident_id from incident_assignment where user_id = scope_user() and town_id = scope_town()
        union
        select incident_id from incident_assignment where org_id = any (scope_orgs()) and town_id = scope_town()
    ) mine
$$;

-- The time of the server; fixed or shifted in the demo and in tests only (data.clock), by the same transaction setting
-- as the scope.
create or replace function server_now() returns timestamptz language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('onegrid.now', true), '')::timestamptz, now()) $$;

create or replace function require_town() returns int language plpgsql stable as $$
begin
    if scope_town() is null then
        raise exception 'no town in the scope of this transaction' using errcode = 'OG002';
    end if;
    return scope_town();
end $$;
