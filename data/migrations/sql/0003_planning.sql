-- Boundary plans (docs/planning-design.md): a plan is a list of operations on the boundaries of a moment.
create table plan (
    plan_id uuid constraint plan_pk primary key default uuid7(),
    town_id int not null references town,
    name text not null constraint plan_name check (length(name) between 1 and 200),
    state text not null default 'draft'
        constraint plan_state check (state in ('draft', 'in_review', 'approved', 'published', 'retired')),
    version int not null default 0,
    based_on timestamptz not null,
    created_by int references app_user,
    created_at timestamptz not null,
    submitted_by int references app_user,
    submitted_at timestamptz,
    approved_by int references app_user,
    approved_at timestamptz,
    published_by int references app_user,
    publish_at timestamptz,
    published_at timestamptz,
    retired_by int references app_user,
    retired_at timestamptz,
    reason text constraint plan_reason check (length(reason) <= 2000),
    constraint plan_published check (state <> 'published' or published_at is not null)
);
create index plan_list on plan (town_id, created_at desc, plan_id desc);

-- Only ever appended. The patch holds what the operation took out of the borders and put in, so that it is applied again exactly.
create table plan_operation (
    plan_id uuid not null references plan,
    seq int not null constraint plan_operation_seq check (seq > 0),
    town_id int not null references town,
    client_id uuid,
    user_id int references app_user,
    at timestamptz not null,
    operation jsonb not null,
    patch jsonb not null,
    takes_back int,
    codes text[] not null,
    summary jsonb not null default '{}',
    constraint plan_operation_pk primary key (plan_id, seq),
    constraint plan_operation_once unique (plan_id, client_id),
    constraint plan_operation_takes_back foreign key (plan_id, takes_back) references plan_operation,
    constraint plan_operation_earlier check (takes_back < seq)
);

create table plan_staff (
    plan_id uuid not null references plan,
    town_id int not null references town,
    code text not null,
    role text not null constraint plan_staff_role check (role in ('liaison_cadre', 'primary_responsible', 'primary_informant')),
    staff_id int not null references staff,
    constraint plan_staff_pk primary key (plan_id, code, role)
);

create table area_lineage (
    plan_id uuid not null references plan,
    town_id int not null references town,
    old_code text not null,
    new_code text not null,
    area_m2 double precision not null,
    area_share double precision not null constraint area_lineage_area_share check (area_share between 0 and 1),
    households int not null,
    household_share double precision constraint area_lineage_household_share check (household_share between 0 and 1),
    at timestamptz not null,
    constraint area_lineage_pk primary key (plan_id, old_code, new_code)
);
create index area_lineage_old on area_lineage (town_id, old_code);
create index area_lineage_new on area_lineage (town_id, new_code);

-- The count of open cases reads this index alone.
drop index incident_open;
create index incident_open on incident (town_id, due_at)
    include (grid_id, grid_now_id, lead_org_id, platform_code, reporter_user_id, incident_id) where is_open;

-- The same file in two cases is found without reading all photos.
create index photo_same on photo (town_id, sha256);
