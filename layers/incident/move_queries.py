"""SQL of transitions. Everything runs under the caller's policies; the trigger incident_transition compares once more."""

from __future__ import annotations

from sqlalchemy import text

HOLD = text("""
    select i.*, i.geom is not null as is_placed, c.code as category, c.self_handle,
        array(select a.user_id from incident_assignment a where a.incident_id = i.incident_id and a.duty = 'verify'
            and a.user_id is not null) as verifier_ids,
        case when i.state = 'evaluated' then (select max(l.at) from incident_log l
            where l.incident_id = i.incident_id and l.name = 'evaluate') end as evaluated_at
    from incident i left join category c using (category_id) where i.incident_id = :incident_id for update of i
""")
LAST_LOG = text("""
    select l.name, l.from_state, l.to_state, l.at, l.reason, staff_name(l.actor_user_id) as actor, o.name as actor_org
    from incident_log l left join organisation o on o.org_id = l.actor_org_id
    where l.incident_id = :incident_id order by l.at desc, l.log_id desc limit 1
""")
# What an organisation's own step can only follow: that it was sent out or back, or signed for at a time that paper told.
BEGAN = text("""
    select l.name, coalesce(cast(l.facts->>'happened_at' as timestamptz), l.at) as at from incident_log l
    where l.incident_id = :incident_id and (l.name in ('dispatch', 'redispatch', 'reopen', 'rework')
        or (l.name = 'sign' and l.facts ? 'happened_at'))
    order by l.at desc, l.log_id desc limit 1
""")
ORG_IDS = text("select code, org_id from organisation where town_id = scope_town() and code = any (:codes)")
VERIFIERS = text("select user_id, name, org, waiting from find_verifiers(:incident_id)")
# By id or by case number: people read the number out.
MERGE_TARGET = text("""
    select incident_id from incident where is_open and state <> 'merged' and (case_no = :ref or incident_id::text = :ref) limit 1
""")
NUMBER_TAKEN = text("""
    select 1 from incident where town_id = scope_town() and county_ref = :number and incident_id <> :incident_id
        and state not in ('voided', 'declined') limit 1
""")
PHOTO = text("select exif_distance_m, uploaded_by from photo where photo_id = :photo_id and incident_id = :incident_id")
NAME_TRANSITION = text("select set_config('onegrid.transition', :given, true)")
MOVE = text("""
    update incident set state = :state, urgency = :urgency, category_id = :category_id, platform_code = :platform_code,
        lead_org_id = :lead_org_id, co_org_ids = :co_org_ids, handler_ids = :handler_ids, handler_org_ids = :handler_org_ids,
        inspected_by = :inspected_by, rework_count = :rework_count, return_count = :return_count, reopen_count = :reopen_count,
        supervision_level = :supervision_level, extension = :extension, suspension = :suspension, appeal = :appeal,
        escalation = :escalation, void_asked_by = :void_asked_by, self_handled = :self_handled,
        merged_into = cast(:merged_into as uuid), review_on = :review_on, county_ref = :county_ref, reply_due_at = :reply_due_at,
        score = :score, is_satisfied = :is_satisfied, accepted_at = :accepted_at, filed_at = :filed_at,
        dispatched_at = :dispatched_at, handled_at = :handled_at, closed_at = :closed_at, clock_started_at = :clock_started_at,
        amber_at = :amber_at, due_at = :due_at, handle_due_at = :handle_due_at, whole_due_at = :whole_due_at,
        timer_at = :timer_at, clocks = cast(:clocks as jsonb), updated_at = :moment
    where incident_id = :incident_id
""")
ASSIGN_USER = text("""
    insert into incident_assignment (incident_id, town_id, user_id, duty)
    select :incident_id, :town_id, :user_id, :duty where not exists (select from incident_assignment
        where incident_id = :incident_id and user_id = :user_id and duty = :duty)
""")
CLEAR_CO_ORGS = text("delete from incident_assignment where incident_id = :incident_id and duty = 'co'")
ASSIGN_ORG = text("""
    insert into incident_assignment (incident_id, town_id, org_id, duty) values (:incident_id, :town_id, :org_id, :duty)
""")
TOWNS = text("select town_id from list_towns() order by town_id")
# Cases whose time has come, each taken by one worker.
RIPE = text("""
    select incident_id from incident where town_id = scope_town() and timer_at <= :now order by timer_at limit :most
    for update skip locked
""")
CLOCKED = text(
    "select incident_id from incident where town_id = scope_town() and is_open and clocks <> '{}' order by seq"
)
LATER = text("update incident set timer_at = :at where incident_id = :incident_id")
WIND = text("""
    update incident set clocks = cast(:clocks as jsonb), handle_due_at = :handle_due_at, whole_due_at = :whole_due_at,
        timer_at = :timer_at
    where incident_id = :incident_id
""")
SEEN = text("""
    insert into incident_seen (incident_id, user_id, town_id, at) values (:incident_id, :user_id, :town_id, :now)
    on conflict on constraint incident_seen_pk do update set at = excluded.at
""")
PROGRESS = text("select read_progress(decode(:code, 'hex'))")
REPORTER_OF = text("select set_config('onegrid.reporter_of', :incident_id, true)")
