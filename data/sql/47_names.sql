-- Names that people's picks in triage teach: proposed beside the pick, known to the geocoder once somebody has reviewed them.

create or replace function propose_name(words text, lon float8, lat float8, within_m float8) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare proposed bigint; place geometry := st_setsrid(st_makepoint(lon, lat), 4490); grid int; village text;
begin
    if not (scope_may('triage') or scope_may('accept')) then
        raise exception 'this scope may not propose names' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from gazetteer_name n where n.town_id = require_town() and (n.name = words or words = any (n.aliases))) then
        return null;  -- known, or proposed already
    end if;
    select l.area_id into grid from locate_leaf(scope_town(), place, now()) l;
    select v.code into village from area a join area v on v.area_id in (a.area_id, a.parent_id) and v.level = 'village'
        where a.area_id = grid;
    insert into gazetteer_name (town_id, kind, name, village_code, radius_m, geom, reviewed, proposed_by)
    values (scope_town(), 'landmark', words, village, within_m, place, false, scope_user())
    returning gazetteer_name_id into proposed;
    return proposed;
end $$;
comment on function propose_name is
    'Proposes a landmark name at a picked place (EPSG:4490); NULL when the name is known. Unknown to the geocoder until reviewed.';

-- Takes a proposal into the gazetteer or drops it; false when there is none of that number.
create or replace function review_name(proposal bigint, accepted boolean, better_name text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not scope_may('manage_town') then
        raise exception 'this scope may not review names' using errcode = 'insufficient_privilege';
    end if;
    if accepted then
        update gazetteer_name set reviewed = true, name = coalesce(better_name, name)
        where gazetteer_name_id = proposal and town_id = require_town() and not reviewed;
    else
        delete from gazetteer_name where gazetteer_name_id = proposal and town_id = require_town() and not reviewed;
    end if;
    return found;
end $$;
comment on function review_name is 'Accepts (under a better name, if one is given) or drops a proposed place name.';
