-- Scoped views: what the application reads by place. A view runs with its owner's rights, so row-level security does
-- not apply inside it; it repeats the policy as plain predicates, and the planner may then use the GiST index (under
-- RLS it never does: && is not leakproof). Not security barriers on purpose. Each is tested against the policy, for
-- every role, and its plan for the index.

create or replace view scoped_incident as
    select i.* from incident i where i.town_id = (select scope_town()) and (
        (select scope_town_wide())
        or i.grid_id = any ((select scope_areas())::int[]) or i.grid_now_id = any ((select scope_areas())::int[])
        or i.lead_org_id = any ((select scope_orgs())::int[])
        or i.platform_code = any ((select scope_platforms())::text[])
        or i.reporter_user_id = (select scope_user())
        or i.incident_id = any ((select scope_assigned())::uuid[]));

create or replace view scoped_market_entity as
    select e.* from market_entity e where e.town_id = (select scope_town()) and ((select scope_town_wide())
        or e.grid_id = any ((select scope_areas())::int[]) or e.platform_code = any ((select scope_platforms())::text[]));

create or replace view scoped_address as
    select a.* from address a where a.town_id = (select scope_town()) and ((select scope_town_wide())
        or a.grid_id = any ((select scope_areas())::int[]));

-- What everybody in the town may see needs the town only.
create or replace view scoped_service_site as
    select s.* from service_site s where s.town_id = (select scope_town());
create or replace view scoped_road as
    select r.* from road r where r.town_id = (select scope_town());
create or replace view scoped_base_feature as
    select b.* from base_feature b where b.town_id = (select scope_town());

-- Areas in force now, with the shape of each zoom; zoom 99 is the full boundary.
create or replace view scoped_area as
    select v.area_version_id, a.area_id, a.town_id, a.level, a.code, a.name, a.name_en, a.kind, p.code as parent_code,
           v.version, v.geom, v.geom_3857, v.label_point, v.area_m2, v.valid_from
    from area_version v join area a using (area_id) left join area p on p.area_id = a.parent_id
    where v.town_id = (select scope_town()) and v.valid_from <= (select server_now())
      and (select server_now()) < v.valid_to;
create or replace view scoped_area_shape as
    select s.zoom, s.geom_3857, a.area_version_id, a.area_id, a.town_id, a.level, a.code, a.name, a.name_en, a.kind,
           a.parent_code, a.version, a.area_m2
    from area_shape s join scoped_area a using (area_version_id);
