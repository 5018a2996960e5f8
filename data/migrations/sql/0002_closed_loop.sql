-- Lanes beside the state, who had a hand in a case, and its clocks (layers/incident/timing.py).
alter table incident
    add co_org_ids int[] not null default '{}',
    add handler_ids int[] not null default '{}',
    add handler_org_ids int[] not null default '{}',
    add inspected_by int references app_user,
    add reopen_count int not null default 0,
    add extension text not null default 'none'
        constraint incident_extension check (extension in ('none', 'pending', 'granted', 'denied')),
    add suspension text not null default 'none' constraint incident_suspension check (suspension in ('none', 'pending')),
    add appeal text not null default 'none'
        constraint incident_appeal check (appeal in ('none', 'open', 'upheld', 'rejected')),
    add escalation text not null default 'town'
        constraint incident_escalation check (escalation in ('grid', 'village', 'town', 'county')),
    add void_asked_by int references app_user,
    add merged_into uuid references incident,
    add review_on date,
    add county_ref text,
    add reply_due_at timestamptz,
    add score int constraint incident_score check (score between 1 and 5),
    add is_satisfied boolean,
    add handle_due_at timestamptz,
    add whole_due_at timestamptz,
    add timer_at timestamptz,
    add clocks jsonb not null default '{}';
create index incident_timer on incident (timer_at) where timer_at is not null;
-- The periods of the indicators.
create index incident_dispatched on incident (town_id, dispatched_at) where dispatched_at is not null;
create index incident_handle_due on incident (town_id, handle_due_at) where handle_due_at is not null;
create index incident_whole_due on incident (town_id, whole_due_at) where whole_due_at is not null;
-- Looked for by number, whole or in part; the same number may stand for several cases.
create index incident_county on incident (town_id, county_ref) where county_ref is not null;
create index incident_county_words on incident using gin (county_ref gin_trgm_ops) where county_ref is not null;
create index incident_merged_into on incident (merged_into) where merged_into is not null;
-- The queue of the desk: the nearest deadline first, page by page.
create index incident_queue on incident (town_id, coalesce(due_at, 'infinity'), seq) where is_open;

-- Written from layers/incident/workflow.py; the trigger incident_transition holds every writer to it.
create table transition_rule (
    name text not null,
    from_state text not null,
    to_state text not null,
    permissions text[] not null,
    not_handler boolean not null,
    constraint transition_rule_pk primary key (name, from_state)
);

-- Who opened a case that was dispatched to them: an unseen dispatch is not lost.
create table incident_seen (
    incident_id uuid not null references incident,
    user_id int not null references app_user,
    town_id int not null references town,
    at timestamptz not null,
    constraint incident_seen_pk primary key (incident_id, user_id)
);

-- Exchange with the system above (docs/exchange.md): what codes are called there, files, and what of them is settled.
create table exchange_code (
    town_id int not null references town,
    kind text not null constraint exchange_code_kind check (kind in
        ('category', 'organisation', 'platform', 'area', 'state', 'step', 'answer', 'urgency', 'channel', 'level')),
    ours text not null,
    theirs text not null,
    constraint exchange_code_pk primary key (town_id, kind, ours)
);
create table exchange_file (
    file_id uuid not null,
    town_id int not null references town,
    direction text not null constraint exchange_file_direction check (direction in ('in', 'out')),
    partner text,
    counts jsonb not null default '{}',
    at timestamptz not null,
    constraint exchange_file_pk primary key (town_id, direction, file_id)
);
create index exchange_file_last on exchange_file (town_id, direction, at desc);
-- The cursor of what went out: a case goes again when its version is another. A moment would miss who commits late.
create table exchange_sent (
    incident_id uuid not null constraint exchange_sent_pk primary key references incident,
    town_id int not null references town,
    version int not null
);
-- Rows that came in and were taken: the same row again, in whatever file, changes nothing.
create table exchange_taken (
    town_id int not null references town,
    key text not null,
    row_hash bytea not null,
    incident_id uuid not null references incident,
    file_id uuid not null,
    at timestamptz not null,
    constraint exchange_taken_pk primary key (town_id, key)
);
create index exchange_taken_incident on exchange_taken (incident_id);

-- Pairs that a person said are not one case: told once, whichever of the two is looked at.
create table incident_distinct (
    incident_id uuid not null references incident,
    other_id uuid not null references incident,
    town_id int not null references town,
    user_id int references app_user,
    at timestamptz not null,
    constraint incident_distinct_pk primary key (incident_id, other_id),
    constraint incident_distinct_order check (incident_id < other_id)
);

-- Yellow and red flags of efficiency supervision (效能监察): proposed by rules over the log, decided by a person.
create table efficiency_flag (
    flag_id uuid constraint efficiency_flag_pk primary key default uuid7(),
    town_id int not null references town,
    incident_id uuid not null references incident,
    org_id int references organisation,
    colour text not null constraint efficiency_flag_colour check (colour in ('yellow', 'red')),
    rule text not null,
    basis jsonb not null default '{}',
    state text not null default 'proposed'
        constraint efficiency_flag_state check (state in ('proposed', 'issued', 'dismissed', 'lifted')),
    decided_by int references app_user,
    decided_at timestamptz,
    decision text constraint efficiency_flag_decision check (length(decision) <= 2000),
    reply text constraint efficiency_flag_reply check (length(reply) <= 4000),
    replied_at timestamptz,
    lifted_by int references app_user,
    lifted_at timestamptz,
    version int not null default 1,
    created_at timestamptz not null default now(),
    -- a rule finds the same fact once, however often it looks
    fact text not null,
    constraint efficiency_flag_once unique (incident_id, rule, fact)
);
create index efficiency_flag_open on efficiency_flag (town_id, state, created_at desc);
create index efficiency_flag_org on efficiency_flag (org_id, created_at desc);
