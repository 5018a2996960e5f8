-- Plans go draft → in review → approved → published → retired; back to draft with a reason. Two people: whoever submitted a plan
-- neither approves nor publishes it. What a plan starts from and who did what is not rewritten.
create or replace function plan_step() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    step text := case when old.state = new.state then 'edit'
        when old.state = 'draft' and new.state = 'in_review' then 'submit'
        when old.state = 'in_review' and new.state = 'approved' then 'approve'
        when old.state in ('in_review', 'approved') and new.state = 'draft' then 'return'
        when old.state = 'approved' and new.state = 'published' then 'publish'
        when old.state = 'published' and new.state = 'retired' then 'retire' end;
begin
    if step is null then
        raise exception 'a plan that is % cannot become %', old.state, new.state
            using errcode = 'OG004', detail = 'plan.not_from_here';
    end if;
    if step in ('approve', 'publish') and scope_user() is not null and scope_user() = old.submitted_by then
        raise exception 'somebody else than who submitted it does this' using errcode = 'OG004', detail = 'plan.same_person';
    end if;
    if (step in ('edit', 'submit') and not scope_may('plan') and new.version <> old.version)
        or (step = 'submit' and not scope_may('plan'))
        or (step in ('approve', 'return', 'publish', 'retire') and not scope_may('review_plan')) then
        raise exception 'this scope may not do that with a plan' using errcode = 'insufficient_privilege';
    end if;
    if (new.publish_at, new.published_by, new.published_at) is distinct from (old.publish_at, old.published_by, old.published_at)
        and (old.state <> 'approved' or not scope_may('review_plan')
            or (scope_user() is not null and scope_user() = old.submitted_by and new.published_by is not null)) then
        raise exception 'this scope may not publish that plan' using errcode = 'insufficient_privilege';
    end if;
    if new.version <> old.version and (step <> 'edit' or old.state <> 'draft' or new.version <> old.version + 1) then
        raise exception 'only a draft is edited, one step at a time' using errcode = 'OG004', detail = 'plan.not_draft';
    end if;
    if (new.plan_id, new.town_id, new.based_on, new.created_by, new.created_at)
        is distinct from (old.plan_id, old.town_id, old.based_on, old.created_by, old.created_at)
        or (step <> 'submit' and (new.submitted_by, new.submitted_at) is distinct from (old.submitted_by, old.submitted_at))
        or (step not in ('approve', 'return') and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at)) then
        raise exception 'what happened with a plan is not rewritten' using errcode = 'OG003';
    end if;
    return new;
end $$;
comment on function plan_step is 'Holds every change of a plan to its steps, and to two people.';
drop trigger if exists plan_step on plan;
create trigger plan_step before update on plan for each row execute function plan_step();

-- An operation is the step that its plan was just moved to: whoever raced another one to the version does not come here.
create or replace function plan_operation_next() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from plan p where p.plan_id = new.plan_id and p.version = new.seq and p.state = 'draft') then
        raise exception 'an operation is the next step of a draft' using errcode = 'OG003';
    end if;
    return new;
end $$;
drop trigger if exists plan_operation_next on plan_operation;
create trigger plan_operation_next before insert on plan_operation for each row execute function plan_operation_next();
