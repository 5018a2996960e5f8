"""SQL of flags: what the rules read and write, the lists and the steps of persons. Everything runs under the caller's policies."""

from __future__ import annotations

from sqlalchemy import text

TOWNS = text("select town_id from list_towns() order by town_id")
SETTINGS = text("select settings, timezone from town where town_id = scope_town()")
# Taken by one worker each; whoever writes a step meanwhile adds a row of its own.
TAKE = text("""
    delete from efficiency_due where efficiency_due_id = any (array(select efficiency_due_id from efficiency_due
        where town_id = scope_town() and at <= :now order by at limit :most for update skip locked))
    returning incident_id, org_id
""")
LOOK_AT = text("""
    insert into efficiency_due (town_id, incident_id, org_id, at) values (scope_town(), :incident_id, :org_id, :at)
""")
CASE = text("""
    select i.incident_id, i.reported_at, i.urgency, i.state, i.lead_org_id, i.accepted_at, i.filed_at, i.dispatched_at, i.handled_at,
        i.closed_at, c.code as category
    from incident i left join category c using (category_id) where i.incident_id = :incident_id
""")
STEPS = text("""
    select l.log_id, l.name, l.from_state, l.to_state, l.at, l.actor_user_id, l.reason, l.facts
    from incident_log l where l.incident_id = :incident_id order by l.at, l.log_id
""")
# Photos of a case whose very file another case had before, with those cases: never more than twelve photos a case.
ELSEWHERE = text("""
    select own.photo_id::text as photo, jsonb_agg(jsonb_build_object('id', i.incident_id, 'case_no', i.case_no) order by i.case_no) as cases
    from photo own join photo earlier on earlier.town_id = own.town_id and earlier.sha256 = own.sha256
        and earlier.incident_id <> own.incident_id and (earlier.created_at, earlier.photo_id) < (own.created_at, own.photo_id)
    join incident i on i.incident_id = earlier.incident_id and i.state <> 'voided'
    where own.incident_id = :incident_id group by 1
""")
PROPOSE = text("""
    insert into efficiency_flag (town_id, incident_id, org_id, colour, rule, basis, fact, created_at)
    values (scope_town(), :incident_id, :org_id, :colour, :rule, cast(:basis as jsonb), :fact, :now) on conflict do nothing
    returning flag_id
""")
# Yellow flags that stand, by month of the town in which they were issued.
MONTHS = text("""
    select to_char(f.decided_at at time zone :timezone, 'YYYY-MM') as month, array_agg(f.flag_id::text order by f.decided_at) as flags
    from efficiency_flag f where f.org_id = :org_id and f.colour = 'yellow' and f.state = 'issued' group by 1
    having count(*) >= :at_least
""")
STEP = text("""
    update efficiency_flag set state = :state, decided_by = :decided_by, decided_at = :decided_at, decision = :decision,
        reply = :reply, replied_by = :replied_by, replied_at = :replied_at,
        lifted_by = :lifted_by, lifted_at = :lifted_at, lifting = :lifting
    where flag_id = :flag_id and version = :version returning version
""")
HOLD = text("select * from efficiency_flag where flag_id = :flag_id")
LOG = text("""
    select l.name, l.from_state, l.to_state, l.at, l.words, staff_name(l.actor_user_id) as actor
    from efficiency_flag_log l where l.flag_id = :flag_id order by l.at, l.flag_log_id
""")
LAST = text("""
    select l.name, l.at, staff_name(l.actor_user_id) as actor from efficiency_flag_log l where l.flag_id = :flag_id
    order by l.at desc, l.flag_log_id desc limit 1
""")
# Shared by the list and the one: flag, case and organisation as a page shows them.
COLUMNS = """
    f.flag_id::text as id, f.org_id, f.colour, f.rule, f.state, f.version, f.created_at, f.basis,
    f.decision, f.decided_at, staff_name(f.decided_by) as decided_by, f.reply, f.replied_at, staff_name(f.replied_by) as replied_by,
    f.lifting, f.lifted_at, staff_name(f.lifted_by) as lifted_by, o.code as org, o.name as org_name,
    i.incident_id::text as incident_id, i.case_no, i.title, i.platform_code as platform, i.urgency, i.state as case_state,
    i.appeal, i.supervision_level, i.closed_at, i.due_at, i.whole_due_at
"""
FROM = "from efficiency_flag f left join organisation o using (org_id) left join incident i on i.incident_id = f.incident_id"
ONE = text(f"select {COLUMNS} {FROM} where f.flag_id = :flag_id")
MANY = text(f"select {COLUMNS} {FROM} where f.flag_id = any (cast(:flag_ids as uuid[])) order by f.decided_at")
ORGANISATIONS = text("""
    select distinct o.code, o.name from efficiency_flag f join organisation o using (org_id) order by o.name
""")
FIGURES = text("""
    select count(*) filter (where state = 'proposed') as proposed, count(*) filter (where state = 'proposed' and colour = 'red')
            as proposed_red,
        count(*) filter (where state = 'issued') as issued, count(*) filter (where state = 'issued' and colour = 'red') as issued_red,
        count(*) filter (where state = 'issued' and replied_at is null) as unreplied,
        count(*) filter (where state in ('issued', 'lifted') and decided_at >= date_trunc('month', cast(:now as timestamptz), :timezone))
            as issued_this_month
    from efficiency_flag
""")
SUPERVISED = text("""
    select coalesce(sum(1) filter (where supervision_level = 1), 0)::int as level_1,
        coalesce(sum(1) filter (where supervision_level = 2), 0)::int as level_2,
        coalesce(sum(1) filter (where supervision_level = 3), 0)::int as level_3,
        count(*) filter (where reply_due_at is not null) as reply, count(*) filter (where reply_due_at < :now) as reply_late
    from scoped_incident where is_open and supervision_level > 0
""")
APPEALS = text("select count(*) from scoped_incident where appeal = 'open'")
