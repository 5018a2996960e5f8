-- No state changes but by the table of the closed loop, whoever writes: the transaction names the transition in the
-- setting onegrid.transition = {"incident", "name", "reason", "facts", "client_at", "org_id"}, a trigger compares it with
-- transition_rule, and writes the log. What the service guards beyond that needs facts that SQL does not have.

-- The columns that only a transition may change; and those of the clocks, which the worker winds too.
create or replace function lanes_of(i incident) returns text language sql stable as $$
    select row(i.state, i.supervision_level, i.rework_count, i.return_count, i.reopen_count, i.self_handled, i.extension,
        i.suspension, i.appeal, i.escalation, i.void_asked_by, i.merged_into, i.inspected_by, i.handler_ids, i.handler_org_ids,
        i.co_org_ids, i.county_ref, i.score, i.is_satisfied, i.accepted_at, i.filed_at, i.dispatched_at, i.handled_at, i.closed_at,
        i.reply_due_at, i.review_on, case when not scope_is_system() then
            row(i.clock_started_at, i.amber_at, i.due_at, i.handle_due_at, i.whole_due_at, i.timer_at, i.clocks)::text end)::text
$$;

create or replace function incident_transition() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    given jsonb := nullif(current_setting('onegrid.transition', true), '')::jsonb;
    rule transition_rule%rowtype;
begin
    if lanes_of(new) = lanes_of(old) and given->>'incident' is distinct from old.incident_id::text then
        return new;
    end if;
    if given is null or given->>'incident' is distinct from old.incident_id::text then
        raise exception 'a case changes its state by a transition only' using errcode = 'OG004', detail = 'transition.unknown';
    end if;
    select * into rule from transition_rule r
        where r.name = given->>'name' and r.from_state = old.state and r.to_state = new.state;
    if rule.name is null then
        raise exception 'no transition % leads from % to %', given->>'name', old.state, new.state
            using errcode = 'OG004', detail = 'transition.not_from_here';
    end if;
    if not exists (select from unnest(rule.permissions) word where (word = 'system' and scope_is_system())
            or (word = 'reporter' and current_setting('onegrid.reporter_of', true) = old.incident_id::text)
            or (word not in ('system', 'reporter') and scope_user() is not null and scope_may(word))) then
        raise exception 'this scope may not make the transition %', rule.name
            using errcode = 'OG004', detail = 'transition.not_permitted';
    end if;
    if rule.not_handler and (scope_user() = any (old.handler_ids) or scope_orgs() && old.handler_org_ids) then
        raise exception 'whoever handled a case neither inspects nor closes it'
            using errcode = 'OG004', detail = 'transition.handler';
    end if;
    if rule.name = 'void' and (old.void_asked_by is null or old.void_asked_by = scope_user()) then
        raise exception 'a second person voids a case' using errcode = 'OG004', detail = 'transition.second_person';
    end if;
    if rule.name = 'unask_void' and old.void_asked_by is distinct from scope_user() then
        raise exception 'whoever asked takes it back' using errcode = 'OG004', detail = 'transition.not_asker';
    end if;
    if new.rework_count <> old.rework_count + (rule.name = 'rework')::int
        or new.return_count <> old.return_count + (rule.name = 'return')::int
        or new.reopen_count <> old.reopen_count + (rule.name = 'reopen')::int
        or (new.supervision_level <> old.supervision_level and rule.name <> 'supervise'
            and not (rule.name = 'reopen' and new.supervision_level = 0)) then
        raise exception 'the transition % does not change these counters', rule.name
            using errcode = 'OG004', detail = 'transition.not_from_here';
    end if;
    insert into incident_log (incident_id, town_id, name, from_state, to_state, actor_user_id, actor_org_id, at, client_at, reason,
        facts)
    values (old.incident_id, old.town_id, rule.name, old.state, new.state, scope_user(), (given->>'org_id')::int,
        case when abs(extract(epoch from (given->>'at')::timestamptz - server_now())) < 300 then (given->>'at')::timestamptz else server_now() end, (given->>'client_at')::timestamptz, given->>'reason',
        coalesce(given->'facts', '{}'));
    -- one transition, one change
    perform set_config('onegrid.transition', '', true);
    perform set_config('onegrid.moved', new.incident_id || ':' || new.version, true);
    perform set_config('onegrid.step', rule.name, true);
    return new;
end $$;
comment on function incident_transition is 'Holds every change of a case to transition_rule and writes its log row.';
drop trigger if exists incident_transition on incident;
create trigger incident_transition before update on incident for each row execute function incident_transition();

-- Who may be asked to verify a case: accounts with the permission whose posts reach its grid, the fewest open asks first.
create or replace function find_verifiers(case_id uuid) returns table (user_id int, name text, org text, waiting int)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    if not (scope_may('accept') or scope_is_system()) then
        raise exception 'this scope may not ask for verification' using errcode = 'insufficient_privilege';
    end if;
    return query
        select u.user_id, u.name, o.name,
            (select count(*)::int from incident_assignment a join incident w using (incident_id)
             where a.user_id = u.user_id and a.duty = 'verify' and w.state = 'verifying')
        from incident i
        join user_role r on r.town_id = i.town_id and r.valid_from <= server_now() and server_now() < r.valid_to
        join role k on k.town_id = r.town_id and k.code = r.role_code and 'verify' = any (k.permissions) and k.reach = 'area'
        join user_area ua on ua.user_role_id = r.user_role_id
        join area g on g.area_id = coalesce(i.grid_now_id, i.grid_id)
        join app_user u on u.user_id = r.user_id and u.disabled_at is null
        left join organisation o on o.org_id = r.org_id
        where i.incident_id = case_id and i.town_id = scope_town() and ua.area_id in (g.area_id, g.parent_id)
        order by (ua.area_id = g.area_id) desc, 4, u.user_id;
end $$;

-- What a reporter is shown for the query code: outer stages and times, nothing personal, nobody's name.
create or replace function read_progress(code_hash bytea) returns jsonb
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare mine incident%rowtype; shown incident%rowtype;
begin
    select i.* into mine from incident_reporter r join incident i using (incident_id) where r.query_code_hash = code_hash;
    if mine.incident_id is null then return null; end if;
    shown := mine;
    -- a merged report shows how the case goes on that it was merged into
    while shown.merged_into is not null loop
        select i.* into strict shown from incident i where i.incident_id = shown.merged_into;
    end loop;
    return (select jsonb_build_object('id', mine.incident_id, 'town_id', mine.town_id, 'case_no', mine.case_no, 'title', mine.title,
        'reported_at', mine.reported_at, 'state', shown.state, 'merged', shown.incident_id <> mine.incident_id,
        'version', mine.version, 'taken_up', mine.filed_at is not null or mine.dispatched_at is not null
            or mine.handled_at is not null or mine.county_ref is not null, 'accepted_at', shown.accepted_at, 'filed_at', shown.filed_at,
        'dispatched_at', shown.dispatched_at, 'handled_at', shown.handled_at, 'closed_at', shown.closed_at,
        'evaluated_at', (select max(l.at) from incident_log l where l.incident_id = shown.incident_id and l.name = 'evaluate'),
        'due_at', shown.whole_due_at,
        'reopen_count', shown.reopen_count, 'score', mine.score, 'is_satisfied', mine.is_satisfied,
        'org', o.name, 'platform', p.name, 'platform_en', p.name_en,
        'answer', (select l.facts->>'public_text' from incident_log l where l.incident_id = shown.incident_id
            and l.facts ? 'public_text' order by l.at desc limit 1),
        'decline_reason', (select l.facts->>'reason_code' from incident_log l where l.incident_id = shown.incident_id
            and l.to_state = 'declined' order by l.at desc limit 1))
    from (select 1) one left join organisation o on o.org_id = case when shown.dispatched_at is not null then shown.lead_org_id end
    left join platform p on p.town_id = shown.town_id and p.code = shown.platform_code);
end $$;
