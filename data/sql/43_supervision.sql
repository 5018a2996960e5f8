-- Efficiency supervision: what the rules have to look at, the steps of a flag, who may change what of a project.

-- Each step of a case is looked at by the rules of the worker. What a file says has happened is not a step, and the ending of
-- a closed case (evaluated, archived) tells the rules nothing: a year of cases from a file raises no flags.
create or replace function efficiency_note() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into efficiency_due (town_id, incident_id, at)
    select town_id, incident_id, max(at) from added where name in (select r.name from transition_rule r) and name not in ('evaluate', 'archive', 'sample')
        and not facts ? 'imported'
    group by town_id, incident_id;
    return null;
end $$;
drop trigger if exists efficiency_note on incident_log;
create trigger efficiency_note after insert on incident_log referencing new table as added
    for each statement execute function efficiency_note();

-- A flag goes proposed → issued → lifted, or proposed → dismissed; whoever it is raised against replies and decides nothing.
create or replace function efficiency_flag_step() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    step text := case when old.state = 'proposed' and new.state = 'issued' then 'issue'
        when old.state = 'proposed' and new.state = 'dismissed' then 'dismiss'
        when old.state = 'issued' and new.state = 'lifted' then 'lift'
        when old.state = 'issued' and new.state = 'issued' and new.replied_at is distinct from old.replied_at then 'reply' end;
    said text := case step when 'reply' then new.reply when 'lift' then new.lifting else new.decision end;
begin
    if step is null or coalesce(trim(said), '') = '' then
        raise exception 'a flag that is % cannot become %', old.state, new.state
            using errcode = 'OG004', detail = 'flag.not_from_here';
    end if;
    if step = 'reply' and not (new.org_id = any (scope_orgs()) or new.org_id is null and scope_may('dispatch')) then
        raise exception 'the organisation itself replies' using errcode = 'OG004', detail = 'flag.not_yours';
    end if;
    if step <> 'reply' and not scope_may('supervise_3') then
        raise exception 'this scope may not decide on flags' using errcode = 'OG004', detail = 'flag.not_permitted';
    end if;
    if step <> 'reply' and (new.org_id = any (scope_orgs())) then
        raise exception 'nobody decides on a flag of the own organisation' using errcode = 'OG004', detail = 'flag.own';
    end if;
    if (step <> 'reply' and (new.reply, new.replied_by, new.replied_at) is distinct from (old.reply, old.replied_by, old.replied_at))
        or (step not in ('issue', 'dismiss') and (new.decision, new.decided_by, new.decided_at)
            is distinct from (old.decision, old.decided_by, old.decided_at))
        or (step <> 'lift' and (new.lifting, new.lifted_by, new.lifted_at) is distinct from (old.lifting, old.lifted_by, old.lifted_at)) then
        raise exception 'a decision is not rewritten' using errcode = 'OG003';
    end if;
    new.version := old.version + 1;
    insert into efficiency_flag_log (flag_id, town_id, name, from_state, to_state, actor_user_id, at, words)
    values (new.flag_id, new.town_id, step, old.state, new.state, scope_user(), server_now(), said);
    if new.incident_id is not null then
        insert into incident_log (incident_id, town_id, name, from_state, to_state, actor_user_id, actor_org_id, at, reason, facts)
        select i.incident_id, i.town_id, 'flag_' || step, i.state, i.state, scope_user(), case when step = 'reply' then new.org_id end,
            server_now(), said, jsonb_build_object('flag', new.flag_id, 'colour', new.colour, 'rule', new.rule)
        from incident i where i.incident_id = new.incident_id;
    end if;
    if step in ('issue', 'lift') and new.org_id is not null then
        insert into efficiency_due (town_id, org_id, at) values (new.town_id, new.org_id, server_now());
    end if;
    return new;
end $$;
comment on function efficiency_flag_step is 'Holds every change of a flag to its steps and writes them to both logs.';
drop trigger if exists efficiency_flag_step on efficiency_flag;
create trigger efficiency_flag_step before update on efficiency_flag for each row execute function efficiency_flag_step();

create or replace function efficiency_flag_proposed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into efficiency_flag_log (flag_id, town_id, name, to_state, actor_user_id, at)
    values (new.flag_id, new.town_id, 'propose', new.state, scope_user(), new.created_at);
    return null;
end $$;
drop trigger if exists efficiency_flag_proposed on efficiency_flag;
create trigger efficiency_flag_proposed after insert on efficiency_flag for each row execute function efficiency_flag_proposed();

-- Whoever may decide changes a project; the organisation that owns it or has a task says how far it is.
create or replace function project_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.version := old.version + 1;
    new.updated_at := server_now();
    if not scope_may('supervise_3') and (to_jsonb(new) - '{percent,version,updated_at}'::text[])
        is distinct from (to_jsonb(old) - '{percent,version,updated_at}'::text[]) then
        raise exception 'this scope may only report progress' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
drop trigger if exists project_changed on project;
create trigger project_changed before update on project for each row execute function project_changed();

create or replace function project_task_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.version := old.version + 1;
    if not scope_may('supervise_3') and ((to_jsonb(new) - '{state,done_on,version}'::text[])
        is distinct from (to_jsonb(old) - '{state,done_on,version}'::text[])
        or 'cancelled' in (new.state, old.state)) then
        raise exception 'this scope may only say how far a task is' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
drop trigger if exists project_task_changed on project_task;
create trigger project_task_changed before update on project_task for each row execute function project_task_changed();

-- Projects that this scope sees. As owner: under their own policies project and project_task would recurse.
create or replace function scope_projects() returns uuid[] language sql stable security definer
set search_path = public, pg_temp as $$
    select coalesce(array_agg(project_id), '{}') from (
        select project_id from project where town_id = scope_town() and (scope_town_wide() or org_id = any (scope_orgs()))
        union
        select project_id from project_task where town_id = scope_town() and org_id = any (scope_orgs())
    ) mine
$$;
