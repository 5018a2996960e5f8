-- Who sees and writes what. Enabled, not forced: the owner (migrations, dumps) is not bound.
-- The application role is named in the setting onegrid.app_role while this file is applied.
do $$
declare app text := current_setting('onegrid.app_role'); t record; c record;
begin
    execute format('grant usage on schema public to %I', app);
    execute format('revoke create on schema public from public, %I', app);
    for t in select tablename from pg_tables where schemaname = 'public' and tablename <> 'spatial_ref_sys'
             and tableowner = current_user loop
        execute format('alter table %I enable row level security', t.tablename);
        execute format('revoke all on %I from %I, public', t.tablename, app);
        for c in select policyname from pg_policies where schemaname = 'public' and tablename = t.tablename loop
            execute format('drop policy %I on %I', c.policyname, t.tablename);
        end loop;
    end loop;
    execute format('grant select on spatial_ref_sys to %I', app);
    -- Of our own functions the application calls these and no others; the rest run inside them or as triggers.
    for t in select p.oid::regprocedure as signature, p.proname, p.prokind from pg_proc p
             where p.pronamespace = 'public'::regnamespace and p.proowner = current_user::regrole
               and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') loop
        execute format('revoke all on routine %s from public, %I', t.signature, app);
        if t.proname ~ '^(scope_|tile_|read_|count_|search_|find_|to_mercator|uuid7|require_)' or t.proname in (
            'incident_visible', 'incident_words', 'server_now', 'submit_incident', 'submit_incidents', 'locate_leaf', 'locate_leaf_at', 'on_lattice', 'event_horizon',
            'event_floor', 'emit_event', 'list_towns', 'note_login', 'open_session', 'close_session',
            'drop_expired_sessions', 'user_posts', 'username_taken', 'change_password', 'staff_name', 'submit_photo',
            'may_add_photo', 'propose_name', 'review_name', 'record_audit', 'seal_audit', 'broken_seals', 'enqueue_job',
            'ensure_partitions', 'drop_old_events', 'compact_tile_changes', 'drop_old_case_serials') then
            execute format('grant execute on routine %s to %I', t.signature, app);
        end if;
    end loop;
end $$;

-- Read by everybody in the town, signed in or not: boundaries, the base map, what is offered and how it is named.
do $$
declare t text; app text := current_setting('onegrid.app_role');
begin
    foreach t in array array['town', 'platform', 'area', 'area_version', 'area_shape', 'road', 'base_feature',
                             'service_site', 'category', 'work_calendar', 'stage_limit'] loop
        execute format('create policy read_town on %I for select using (town_id = (select scope_town()))', t);
        execute format('grant select on %I to %I', t, app);
    end loop;
    -- staff only
    foreach t in array array['organisation', 'organisation_platform', 'role', 'staff', 'area_duty', 'suggestion_rule',
                             'gazetteer_name'] loop
        execute format('create policy read_staff on %I for select
            using (town_id = (select scope_town()) and (select scope_is_staff()))', t);
        execute format('grant select on %I to %I', t, app);
    end loop;
    -- by area
    foreach t in array array['address', 'market_entity'] loop
        execute format('create policy read_area on %I for select using (town_id = (select scope_town())
            and ((select scope_town_wide()) or grid_id = any ((select scope_areas())::int[])%s))', t,
            case t when 'market_entity' then ' or platform_code = any ((select scope_platforms())::text[])' else '' end);
        execute format('grant select on %I to %I', t, app);
    end loop;
    -- set up by an administrator or the planner's publication
    foreach t in array array['area', 'area_version', 'area_shape'] loop
        execute format('create policy write_publish on %I for insert with check
            (town_id = (select scope_town()) and (select scope_may(''publish'')))', t);
        execute format('create policy change_publish on %I for update using (town_id = (select scope_town())
            and (select scope_may(''publish''))) with check (town_id = (select scope_town()))', t);
        execute format('create policy drop_publish on %I for delete using (town_id = (select scope_town())
            and (select scope_may(''publish'')))', t);
    end loop;
    execute format('grant insert, update on area, area_version to %I', app);
    execute format('grant insert, delete on area_shape to %I', app);
    foreach t in array array['road', 'base_feature', 'address', 'gazetteer_name', 'service_site', 'market_entity',
                             'organisation', 'organisation_platform', 'staff', 'area_duty', 'category', 'stage_limit',
                             'suggestion_rule', 'work_calendar', 'platform'] loop
        execute format('create policy write_import on %I for insert with check
            (town_id = (select scope_town()) and (select scope_may(''import'')))', t);
        execute format('create policy change_import on %I for update using (town_id = (select scope_town())
            and (select scope_may(''import''))) with check (town_id = (select scope_town()))', t);
        execute format('create policy drop_import on %I for delete using (town_id = (select scope_town())
            and (select scope_may(''import'')))', t);
        execute format('grant insert, update, delete on %I to %I', t, app);
    end loop;
    create policy town_setting on town for update using (town_id = (select scope_town())
        and (select scope_may('manage_town'))) with check (town_id = (select scope_town()));
    execute format('grant update (name, name_en, notice, map, settings, sources) on town to %I', app);
    for t in select viewname from pg_views where schemaname = 'public' and viewname like 'scoped\_%' loop
        execute format('grant select on %I to %I', t, app);
    end loop;
    -- nobody deletes an area version, an incident, a log, an audit row: no grant

    -- incidents
    create policy incident_read on incident for select using (town_id = (select scope_town()) and (
        (select scope_town_wide())
        or grid_id = any ((select scope_areas())::int[]) or grid_now_id = any ((select scope_areas())::int[])
        or lead_org_id = any ((select scope_orgs())::int[])
        or platform_code = any ((select scope_platforms())::text[])
        or reporter_user_id = (select scope_user())
        or incident_id = any ((select scope_assigned())::uuid[])));
    create policy incident_correct on incident for update using (town_id = (select scope_town()) and (
        (select scope_is_system()) or (select scope_may('triage')) or (select scope_may('accept'))))
        with check (town_id = (select scope_town()));
    -- whoever sees a case may act on it as far as the trigger incident_transition lets them
    create policy incident_act on incident for update using (town_id = (select scope_town()) and (select scope_is_staff())
        and ((select scope_town_wide())
        or grid_id = any ((select scope_areas())::int[]) or grid_now_id = any ((select scope_areas())::int[])
        or lead_org_id = any ((select scope_orgs())::int[])
        or platform_code = any ((select scope_platforms())::text[])
        or reporter_user_id = (select scope_user())
        or incident_id = any ((select scope_assigned())::uuid[])))
        with check (town_id = (select scope_town()));
    execute format('grant select on incident, transition_rule to %I', app);
    create policy rule_read on transition_rule for select using (true);
    execute format('grant update (title, description, category_id, platform_code, lead_org_id, urgency, geom, place_level,
        place_score, radius_m, place_how, grid_shares, triage_reason, grid_id, grid_version_id, grid_now_id, amber_at,
        due_at, suggestion, updated_at, state, supervision_level, rework_count, return_count, self_handled, accepted_at, filed_at,
        dispatched_at, handled_at, closed_at, clock_started_at, co_org_ids, handler_ids, handler_org_ids, inspected_by,
        reopen_count, extension, suspension, appeal, escalation, void_asked_by, merged_into, review_on, county_ref, reply_due_at,
        score, is_satisfied, handle_due_at, whole_due_at, timer_at, clocks) on incident to %I', app);
    create policy reporter_read on incident_reporter for select using (town_id = (select scope_town())
        and ((select scope_may('unmask')) or (select scope_may('accept')))
        and exists (select from incident i where i.incident_id = incident_reporter.incident_id));
    execute format('grant select on incident_reporter to %I', app);
    create policy assignment_read on incident_assignment for select using (town_id = (select scope_town())
        and exists (select from incident i where i.incident_id = incident_assignment.incident_id));
    create policy assignment_write on incident_assignment for insert with check (town_id = (select scope_town())
        and ((select scope_may('dispatch')) or (select scope_may('accept'))));
    create policy assignment_drop on incident_assignment for delete using (town_id = (select scope_town())
        and (select scope_may('dispatch')));
    execute format('grant select, insert, delete on incident_assignment to %I', app);
    create policy seen_read on incident_seen for select using (town_id = (select scope_town()) and (select scope_is_staff()));
    create policy seen_add on incident_seen for insert with check (town_id = (select scope_town()) and user_id = (select scope_user())
        and exists (select from incident i where i.incident_id = incident_seen.incident_id));
    create policy seen_again on incident_seen for update using (user_id = (select scope_user()));
    execute format('grant select, insert on incident_seen to %I', app);
    execute format('grant update (at) on incident_seen to %I', app);
    create policy distinct_read on incident_distinct for select using (town_id = (select scope_town()) and (select scope_is_staff()));
    create policy distinct_add on incident_distinct for insert with check (town_id = (select scope_town())
        and user_id = (select scope_user()) and ((select scope_may('accept')) or (select scope_may('merge'))));
    create policy distinct_drop on incident_distinct for delete using (town_id = (select scope_town())
        and ((select scope_may('accept')) or (select scope_may('merge'))));
    execute format('grant select, insert, delete on incident_distinct to %I', app);
    -- a proposal is nobody's business but the supervisor's; the desk answers for what no organisation does
    create policy flag_read on efficiency_flag for select using (town_id = (select scope_town()) and ((select scope_may('supervise_3'))
        or (state in ('issued', 'lifted') and (org_id = any ((select scope_orgs())::int[])
            or (org_id is null and (select scope_may('dispatch')))))));
    create policy flag_add on efficiency_flag for insert with check (town_id = (select scope_town()) and (select scope_is_system()));
    create policy flag_decide on efficiency_flag for update using (town_id = (select scope_town()) and ((select scope_may('supervise_3'))
        or org_id = any ((select scope_orgs())::int[]) or (org_id is null and (select scope_may('dispatch')))))
        with check (town_id = (select scope_town()));
    execute format('grant select, insert on efficiency_flag to %I', app);
    execute format('grant update (state, decided_by, decided_at, decision, reply, replied_by, replied_at, lifted_by, lifted_at, lifting)
        on efficiency_flag to %I', app);
    create policy flag_log_read on efficiency_flag_log for select using (town_id = (select scope_town())
        and exists (select from efficiency_flag f where f.flag_id = efficiency_flag_log.flag_id));
    execute format('grant select on efficiency_flag_log to %I', app);
    create policy efficiency_work on efficiency_due for all using (town_id = (select scope_town()) and (select scope_is_system()))
        with check (town_id = (select scope_town()) and (select scope_is_system()));
    execute format('grant select, insert, delete, update on efficiency_due to %I', app);
    -- spelt out beside scope_projects, which does not see the row that is just being written
    create policy project_read on project for select using (town_id = (select scope_town())
        and ((select scope_town_wide()) or org_id = any ((select scope_orgs())::int[])
            or project_id = any ((select scope_projects())::uuid[])));
    create policy project_add on project for insert with check (town_id = (select scope_town()) and (select scope_may('supervise_3')));
    create policy project_change on project for update using (town_id = (select scope_town()) and ((select scope_may('supervise_3'))
        or org_id = any ((select scope_orgs())::int[]))) with check (town_id = (select scope_town()));
    execute format('grant select, insert on project to %I', app);
    execute format('grant update (name, goal, org_id, starts_on, due_on, state, percent, done_on) on project to %I', app);
    create policy task_read on project_task for select using (town_id = (select scope_town())
        and project_id = any ((select scope_projects())::uuid[]));
    create policy task_add on project_task for insert with check (town_id = (select scope_town()) and (select scope_may('supervise_3')));
    create policy task_change on project_task for update using (town_id = (select scope_town()) and ((select scope_may('supervise_3'))
        or org_id = any ((select scope_orgs())::int[])
        or exists (select from project p where p.project_id = project_task.project_id and p.org_id = any ((select scope_orgs())::int[]))))
        with check (town_id = (select scope_town()));
    execute format('grant select, insert on project_task to %I', app);
    execute format('grant update (name, org_id, due_on, state, done_on) on project_task to %I', app);
    create policy entry_read on project_entry for select using (town_id = (select scope_town())
        and project_id = any ((select scope_projects())::uuid[]));
    create policy entry_add on project_entry for insert with check (town_id = (select scope_town()) and user_id = (select scope_user())
        and project_id = any ((select scope_projects())::uuid[]) and ((select scope_may('supervise_3')) or (select scope_may('handle'))));
    execute format('grant select, insert on project_entry to %I', app);
    create policy project_photo_read on project_photo for select using (town_id = (select scope_town())
        and exists (select from project_entry e where e.entry_id = project_photo.entry_id));
    create policy project_photo_add on project_photo for insert with check (town_id = (select scope_town())
        and uploaded_by = (select scope_user())
        and exists (select from project_entry e where e.entry_id = project_photo.entry_id and e.user_id = (select scope_user())));
    execute format('grant select, insert on project_photo to %I', app);
    create policy log_read on incident_log for select using (town_id = (select scope_town())
        and exists (select from incident i where i.incident_id = incident_log.incident_id));
    execute format('grant select on incident_log to %I', app);
    -- exchange with the system above
    create policy code_read on exchange_code for select using (town_id = (select scope_town()) and (select scope_is_staff()));
    create policy code_add on exchange_code for insert with check (town_id = (select scope_town()) and (select scope_may('import')));
    create policy code_change on exchange_code for update using (town_id = (select scope_town()) and (select scope_may('import')))
        with check (town_id = (select scope_town()));
    create policy file_read on exchange_file for select using (town_id = (select scope_town())
        and ((select scope_may('import')) or (select scope_may('export'))));
    create policy file_add on exchange_file for insert with check (town_id = (select scope_town())
        and ((select scope_may('import')) or (select scope_may('export'))));
    create policy sent_read on exchange_sent for select using (town_id = (select scope_town()) and (select scope_may('export')));
    create policy sent_add on exchange_sent for insert with check (town_id = (select scope_town()) and (select scope_may('export')));
    create policy sent_change on exchange_sent for update using (town_id = (select scope_town()) and (select scope_may('export')))
        with check (town_id = (select scope_town()));
    create policy taken_read on exchange_taken for select using (town_id = (select scope_town()) and (select scope_may('import')));
    create policy taken_add on exchange_taken for insert with check (town_id = (select scope_town()) and (select scope_may('import')));
    execute format('grant select, insert, update on exchange_code, exchange_sent to %I', app);
    execute format('grant select, insert on exchange_file, exchange_taken to %I', app);
    create policy photo_read on photo for select using (town_id = (select scope_town())
        and exists (select from incident i where i.incident_id = photo.incident_id));
    create policy photo_write on photo for insert with check (town_id = (select scope_town())
        and exists (select from incident i where i.incident_id = photo.incident_id));
    execute format('grant select, insert on photo to %I', app);

    -- boundary plans: operations are added and never changed; no grant to update or delete them
    create policy plan_read on plan for select using (town_id = (select scope_town())
        and ((select scope_may('plan')) or (select scope_may('review_plan'))));
    create policy plan_add on plan for insert with check (town_id = (select scope_town()) and (select scope_may('plan'))
        and state = 'draft' and version = 0 and created_by is not distinct from (select scope_user()));
    create policy plan_change on plan for update using (town_id = (select scope_town())
        and ((select scope_may('plan')) or (select scope_may('review_plan')))) with check (town_id = (select scope_town()));
    execute format('grant select on plan to %I', app);
    execute format('grant insert (plan_id, town_id, name, based_on, created_by, created_at) on plan to %I', app);
    execute format('grant update (name, state, version, submitted_by, submitted_at, approved_by, approved_at, published_by, publish_at,
        published_at, retired_by, retired_at, reason) on plan to %I', app);
    create policy plan_operation_read on plan_operation for select using (town_id = (select scope_town())
        and ((select scope_may('plan')) or (select scope_may('review_plan'))));
    create policy plan_operation_add on plan_operation for insert with check (town_id = (select scope_town())
        and (select scope_may('plan')) and user_id is not distinct from (select scope_user())
        and exists (select from plan p where p.plan_id = plan_operation.plan_id and p.town_id = plan_operation.town_id));
    execute format('grant select, insert on plan_operation to %I', app);
    create policy plan_staff_read on plan_staff for select using (town_id = (select scope_town())
        and ((select scope_may('plan')) or (select scope_may('review_plan'))));
    create policy plan_staff_write on plan_staff for all using (town_id = (select scope_town()) and (select scope_may('plan'))
        and exists (select from plan p where p.plan_id = plan_staff.plan_id and p.state = 'draft'))
        with check (town_id = (select scope_town()));
    execute format('grant select, insert, update, delete on plan_staff to %I', app);
    create policy lineage_read on area_lineage for select using (town_id = (select scope_town()) and (select scope_is_staff()));
    create policy lineage_add on area_lineage for insert with check (town_id = (select scope_town()) and (select scope_may('publish')));
    execute format('grant select, insert on area_lineage to %I', app);

    -- accounts
    create policy user_read on app_user for select using (town_id = (select scope_town())
        and (user_id = (select scope_user()) or (select scope_may('manage_users'))));
    create policy user_add on app_user for insert with check (town_id = (select scope_town())
        and (select scope_may('manage_users')));
    create policy user_change on app_user for update using (town_id = (select scope_town())
        and (select scope_may('manage_users'))) with check (town_id = (select scope_town()));
    execute format('grant select, insert, update on app_user to %I', app);
    create policy post_read on user_role for select using (town_id = (select scope_town())
        and (user_id = (select scope_user()) or (select scope_may('manage_users'))));
    create policy post_write on user_role for insert with check (town_id = (select scope_town())
        and (select scope_may('manage_users')));
    create policy post_change on user_role for update using (town_id = (select scope_town())
        and (select scope_may('manage_users'))) with check (town_id = (select scope_town()));
    create policy post_drop on user_role for delete using (town_id = (select scope_town())
        and (select scope_may('manage_users')));
    execute format('grant select, insert, update, delete on user_role to %I', app);
    create policy post_area_read on user_area for select using (exists (select from user_role r
        where r.user_role_id = user_area.user_role_id));
    create policy post_area_write on user_area for insert with check ((select scope_may('manage_users'))
        and exists (select from user_role r where r.user_role_id = user_area.user_role_id)
        and exists (select from area a where a.area_id = user_area.area_id));
    create policy post_area_drop on user_area for delete using ((select scope_may('manage_users'))
        and exists (select from user_role r where r.user_role_id = user_area.user_role_id));
    execute format('grant select, insert, delete on user_area to %I', app);
    create policy token_own on api_token for select using (user_id = (select scope_user())
        or ((select scope_may('manage_users')) and exists (select from app_user u where u.user_id = api_token.user_id)));
    create policy token_add on api_token for insert with check ((select scope_may('manage_users'))
        and exists (select from app_user u where u.user_id = api_token.user_id));
    create policy token_revoke on api_token for update using ((select scope_may('manage_users'))
        and exists (select from app_user u where u.user_id = api_token.user_id));
    execute format('grant select, insert, update (revoked_at) on api_token to %I', app);

    -- events, receipts, jobs, audit
    create policy event_read on event for select using (town_id = (select scope_town())
        and (topic <> 'plan' or (select scope_may('plan')) or (select scope_may('review_plan'))) and (is_public
        or (select scope_town_wide()) or area_ids && (select scope_areas())::int[]
        or org_ids && (select scope_orgs())::int[] or platforms && (select scope_platforms())::text[]
        or (select scope_user()) = any (user_ids)));
    execute format('grant select on event to %I', app);
    create policy receipt_own on receipt for select using (town_id = (select scope_town())
        and user_id is not distinct from (select scope_user()));
    create policy receipt_add on receipt for insert with check (town_id = (select scope_town())
        and user_id is not distinct from (select scope_user()));
    execute format('grant select, insert on receipt to %I', app);
    create policy job_work on job for all using ((select scope_is_system())
        or (town_id = (select scope_town()) and created_by = (select scope_user())));
    execute format('grant select, update on job to %I', app);
    create policy audit_read on audit for select using (town_id = (select scope_town()) and (select scope_may('audit')));
    create policy seal_read on audit_seal for select using ((select scope_may('audit')));
    execute format('grant select on audit, audit_seal to %I', app);
end $$;
