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
-- Without case: raised over several flags of one organisation. Without organisation: against the desk.
create table efficiency_flag (
    flag_id uuid constraint efficiency_flag_pk primary key default uuid7(),
    town_id int not null references town,
    incident_id uuid references incident,
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
    replied_by int references app_user,
    replied_at timestamptz,
    lifted_by int references app_user,
    lifted_at timestamptz,
    lifting text constraint efficiency_flag_lifting check (length(lifting) <= 2000),
    version int not null default 1,
    created_at timestamptz not null default now(),
    -- a rule finds the same fact once, however often it looks
    fact text not null,
    constraint efficiency_flag_subject check (num_nonnulls(incident_id, org_id) > 0),
    constraint efficiency_flag_once unique (incident_id, rule, fact)
);
create unique index efficiency_flag_once_an_org on efficiency_flag (org_id, rule, fact) where incident_id is null;
create index efficiency_flag_list on efficiency_flag (town_id, created_at desc, flag_id desc);
create index efficiency_flag_open on efficiency_flag (town_id, state, created_at desc, flag_id desc);
create index efficiency_flag_org on efficiency_flag (org_id, created_at desc);

-- Every step of a flag, written by a trigger, never changed.
create table efficiency_flag_log (
    flag_log_id uuid constraint efficiency_flag_log_pk primary key default uuid7(),
    flag_id uuid not null references efficiency_flag,
    town_id int not null references town,
    name text not null,
    from_state text,
    to_state text not null,
    actor_user_id int references app_user,
    at timestamptz not null,
    words text
);
create index efficiency_flag_log_flag on efficiency_flag_log (flag_id, at);

-- What the rules have to look at, and when: a case after each step and at its next deadline, an organisation after each flag.
-- Only ever added to and taken from, so that nobody who works on a case waits for the rules.
create table efficiency_due (
    efficiency_due_id bigint generated always as identity constraint efficiency_due_pk primary key,
    town_id int not null references town,
    incident_id uuid references incident,
    org_id int references organisation,
    at timestamptz not null,
    constraint efficiency_due_one check (num_nonnulls(incident_id, org_id) = 1)
);
create index efficiency_due_at on efficiency_due (town_id, at);

-- Projects (项目化管理): a goal with a deadline, tasks by organisation, and what was done for it.
create table project (
    project_id uuid constraint project_pk primary key default uuid7(),
    town_id int not null references town,
    name text not null constraint project_name check (length(name) between 1 and 200),
    goal text not null constraint project_goal check (length(goal) between 1 and 4000),
    org_id int not null references organisation,
    starts_on date not null,
    due_on date not null,
    state text not null default 'running' constraint project_state
        check (state in ('planned', 'running', 'paused', 'done', 'cancelled')),
    percent int not null default 0 constraint project_percent check (percent between 0 and 100),
    done_on date,
    created_by int references app_user,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint project_days check (starts_on <= due_on),
    constraint project_done check ((state = 'done') = (done_on is not null))
);
create index project_list on project (town_id, due_on, project_id);
create index project_org on project (org_id);
create table project_task (
    task_id uuid constraint project_task_pk primary key default uuid7(),
    project_id uuid not null references project,
    town_id int not null references town,
    name text not null constraint project_task_name check (length(name) between 1 and 200),
    org_id int not null references organisation,
    due_on date not null,
    state text not null default 'open' constraint project_task_state check (state in ('open', 'doing', 'done', 'cancelled')),
    done_on date,
    version int not null default 1,
    created_at timestamptz not null default now(),
    constraint project_task_done check ((state = 'done') = (done_on is not null))
);
create index project_task_project on project_task (project_id, due_on);
create index project_task_org on project_task (org_id);
-- Progress with its evidence and every change, never rewritten.
create table project_entry (
    entry_id uuid constraint project_entry_pk primary key default uuid7(),
    project_id uuid not null references project,
    task_id uuid references project_task,
    town_id int not null references town,
    kind text not null constraint project_entry_kind check (kind in ('progress', 'change')),
    words text not null default '' constraint project_entry_words check (length(words) <= 4000),
    percent int constraint project_entry_percent check (percent between 0 and 100),
    incident_ids uuid[] not null default '{}',
    facts jsonb not null default '{}',
    user_id int not null references app_user,
    at timestamptz not null
);
create index project_entry_project on project_entry (project_id, at desc);
create table project_photo (
    photo_id uuid constraint project_photo_pk primary key default uuid7(),
    entry_id uuid not null references project_entry,
    town_id int not null references town,
    sha256 bytea not null,
    path text not null,
    width_px int not null,
    height_px int not null,
    taken_at timestamptz,
    uploaded_by int references app_user,
    created_at timestamptz not null default now(),
    constraint project_photo_once unique (entry_id, sha256)
);
