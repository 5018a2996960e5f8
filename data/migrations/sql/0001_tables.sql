-- Tables of the house. Functions, triggers and policies are in data/sql (applied again at every upgrade).
-- Geometry: EPSG:4490 (CGCS2000), x = longitude, y = latitude, on the 1e-7 degree lattice for areas.
-- geom_3857 is a stored copy for tiles only; nothing is measured in it.

create extension if not exists postgis;
create extension if not exists btree_gist;
create extension if not exists pg_trgm;

-- Transform once, at write time; marked immutable because both systems are fixed by their EPSG codes.
create function to_mercator(g geometry) returns geometry language sql immutable strict parallel safe
    return st_transform(g, 3857);

-- Time-ordered identifiers (RFC 9562, version 7) for rows that the database itself makes.
create function uuid7() returns uuid language sql volatile parallel safe return
    encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid;

-- ── the town ────────────────────────────────────────────────────────────────────────────────────────────────
create table town (
    town_id int generated always as identity constraint town_pk primary key,
    code text not null constraint town_code_unique unique,
    name text not null,
    name_en text,
    metric_srid int not null,
    timezone text not null default 'Asia/Shanghai',
    synthetic boolean not null default false,
    notice jsonb not null default '{}',
    map jsonb not null default '{}',
    settings jsonb not null default '{}',
    sources jsonb not null default '[]',
    created_at timestamptz not null default now()
);
create table platform (
    town_id int not null references town,
    code text not null,
    short text not null,
    name text not null,
    name_en text,
    symbol text not null constraint platform_symbol check (symbol in ('circle', 'diamond', 'square', 'triangle')),
    colour_dark text not null,
    colour_light text not null,
    sort int not null default 0,
    managing_org_id int,
    head_name text,
    valid_from date,
    valid_to date,
    constraint platform_pk primary key (town_id, code)
);
create table organisation (
    org_id int generated always as identity constraint organisation_pk primary key,
    town_id int not null references town,
    code text not null,
    name text not null,
    kind text not null,
    parent_id int references organisation,
    head_name text,
    head_post text,
    phone text,
    valid_from date,
    valid_to date,
    constraint organisation_code_unique unique (town_id, code)
);
alter table platform add constraint platform_managing_org_fk foreign key (managing_org_id) references organisation;
create table organisation_platform (
    org_id int not null references organisation,
    town_id int not null,
    platform_code text not null,
    force text,
    is_managing boolean not null default false,
    constraint organisation_platform_pk primary key (org_id, platform_code),
    constraint organisation_platform_fk foreign key (town_id, platform_code) references platform
);
create index organisation_platform_town on organisation_platform (town_id, platform_code);

-- ── people who sign in, and posts ───────────────────────────────────────────────────────────────────────────
create table role (
    town_id int not null references town,
    code text not null,
    name text not null,
    name_en text,
    reach text not null constraint role_reach check (reach in ('town', 'area', 'organisation', 'platform', 'own')),
    permissions text[] not null default '{}',
    constraint role_pk primary key (town_id, code)
);
create table app_user (
    user_id int generated always as identity constraint app_user_pk primary key,
    town_id int not null references town,
    username text not null constraint app_user_username_unique unique
        constraint app_user_username check (username ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$'),
    name text not null,
    password_hash text,
    oidc_subject text constraint app_user_oidc_unique unique,
    org_id int references organisation,
    must_change_password boolean not null default false,
    failed_logins int not null default 0,
    locked_until timestamptz,
    disabled_at timestamptz,
    scope_version int not null default 1,
    created_at timestamptz not null default now(),
    last_login_at timestamptz
);
create index app_user_town on app_user (town_id, username);
create table user_role (
    user_role_id int generated always as identity constraint user_role_pk primary key,
    user_id int not null references app_user,
    town_id int not null,
    role_code text not null,
    org_id int references organisation,
    platform_code text,
    valid_from timestamptz not null default '-infinity',
    valid_to timestamptz not null default 'infinity',
    constraint user_role_role_fk foreign key (town_id, role_code) references role
);
create index user_role_user on user_role (user_id);
create table user_session (
    token_hash bytea constraint user_session_pk primary key,
    user_id int not null references app_user,
    csrf_token text not null,
    scope_version int not null,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index user_session_user on user_session (user_id);
create table api_token (
    token_id int generated always as identity constraint api_token_pk primary key,
    token_hash bytea not null constraint api_token_hash_unique unique,
    user_id int not null references app_user,
    name text not null,
    scopes text[] not null default '{}',
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
create table staff (
    staff_id int generated always as identity constraint staff_pk primary key,
    town_id int not null references town,
    code text not null,
    name text not null,
    org_id int references organisation,
    post text,
    phone text,
    user_id int references app_user,
    constraint staff_code_unique unique (town_id, code)
);

-- ── areas ───────────────────────────────────────────────────────────────────────────────────────────────────
create table area (
    area_id int generated always as identity constraint area_pk primary key,
    town_id int not null references town,
    level text not null constraint area_level check (level in ('town', 'village', 'grid', 'zone')),
    code text not null,
    name text not null,
    name_en text,
    kind text not null,
    parent_id int references area,
    created_at timestamptz not null default now(),
    constraint area_code_unique unique (town_id, code),
    constraint area_parent check ((level = 'town') = (parent_id is null))
);
create index area_parent_id on area (parent_id);
create table area_version (
    area_version_id bigint generated always as identity constraint area_version_pk primary key,
    area_id int not null references area,
    town_id int not null references town,
    version int not null,
    code text not null,
    geom geometry(MultiPolygon, 4490) not null,
    geom_3857 geometry(MultiPolygon, 3857) generated always as (to_mercator(geom)) stored,
    label_point geometry(Point, 4490) not null,
    area_m2 double precision not null constraint area_version_area check (area_m2 > 0),
    valid_from timestamptz not null,
    valid_to timestamptz not null default 'infinity',
    source text,
    created_at timestamptz not null default now(),
    constraint area_version_unique unique (area_id, version),
    constraint area_version_period check (valid_from < valid_to),
    constraint area_version_one_at_a_time exclude using gist (area_id with =, tstzrange(valid_from, valid_to) with &&)
);
create index area_version_geom on area_version using gist (geom);
create index area_version_geom_3857 on area_version using gist (geom_3857);
create index area_version_town on area_version (town_id, valid_to);
create table area_shape (
    area_version_id bigint not null references area_version on delete cascade,
    town_id int not null,
    zoom int not null,
    geom_3857 geometry(MultiPolygon, 3857) not null,
    constraint area_shape_pk primary key (area_version_id, zoom)
);
create index area_shape_geom on area_shape using gist (geom_3857);
create table partition_check (
    town_id int constraint partition_check_pk primary key
);
create table area_duty (
    area_duty_id int generated always as identity constraint area_duty_pk primary key,
    town_id int not null references town,
    area_id int not null references area,
    staff_id int not null references staff,
    role text not null constraint area_duty_role
        check (role in ('liaison_cadre', 'primary_responsible', 'primary_informant')),
    valid_from date not null,
    valid_to date not null default 'infinity'
);
create index area_duty_area on area_duty (area_id);
create table user_area (
    user_role_id int not null references user_role on delete cascade,
    area_id int not null references area,
    constraint user_area_pk primary key (user_role_id, area_id)
);

-- ── what the base map draws ─────────────────────────────────────────────────────────────────────────────────
create table road (
    road_id bigint generated always as identity constraint road_pk primary key,
    town_id int not null references town,
    name text,
    class text not null,
    external_ref text,
    geom geometry(LineString, 4490) not null,
    geom_3857 geometry(LineString, 3857) generated always as (to_mercator(geom)) stored
);
create index road_geom_3857 on road using gist (geom_3857);
create index road_name on road (town_id, name);
create table base_feature (
    base_feature_id bigint generated always as identity constraint base_feature_pk primary key,
    town_id int not null references town,
    theme text not null constraint base_feature_theme check (theme in ('water', 'landuse', 'building', 'place')),
    kind text not null,
    name text,
    name_en text,
    min_zoom int not null default 0,
    external_ref text,
    geom geometry(Geometry, 4490) not null,
    geom_3857 geometry(Geometry, 3857) generated always as (to_mercator(geom)) stored
);
create index base_feature_geom_3857 on base_feature using gist (geom_3857);
create index base_feature_theme on base_feature (town_id, theme);

-- ── places and addresses ────────────────────────────────────────────────────────────────────────────────────
create table address (
    address_id bigint generated always as identity constraint address_pk primary key,
    town_id int not null references town,
    plate_id text not null,
    village_code text,
    natural_village text,
    villager_group text,
    road text,
    number text,
    full_text text,
    households int not null default 0 constraint address_households check (households >= 0),
    residents int constraint address_residents check (residents >= 0),
    status text not null default 'OC' constraint address_status check (status in ('OC', 'AB', 'IN', 'UN')),
    geom geometry(Point, 4490) not null,
    geom_3857 geometry(Point, 3857) generated always as (to_mercator(geom)) stored,
    grid_id int references area,
    attributes jsonb not null default '{}',
    constraint address_plate_unique unique (town_id, plate_id)
);
create index address_geom_3857 on address using gist (geom_3857);
create index address_grid on address (grid_id);
create table gazetteer_name (
    gazetteer_name_id bigint generated always as identity constraint gazetteer_name_pk primary key,
    town_id int not null references town,
    kind text not null,
    name text not null,
    aliases text[] not null default '{}',
    village_code text,
    target text,
    radius_m double precision,
    geom geometry(Point, 4490),
    reviewed boolean not null default true,
    proposed_by int references app_user,
    created_at timestamptz not null default now()
);
create index gazetteer_name_town on gazetteer_name (town_id, kind);

-- ── categories, rules, calendar ─────────────────────────────────────────────────────────────────────────────
create table category (
    category_id int generated always as identity constraint category_pk primary key,
    town_id int not null references town,
    code text not null,
    platform_code text not null,
    line text,
    major text,
    minor text,
    name text not null,
    name_en text,
    urgency text not null constraint category_urgency check (urgency in ('U1', 'U2', 'U3', 'U4')),
    lead_org_id int references organisation,
    co_org_ids int[] not null default '{}',
    limit_value numeric,
    limit_unit text constraint category_limit_unit
        check (limit_unit in ('urgent_hour', 'work_hour', 'work_day', 'natural_day')),
    self_handle boolean not null default false,
    keywords text[] not null default '{}',
    filing_condition text,
    closing_condition text,
    is_public boolean not null default false,
    legal_basis text,
    constraint category_code_unique unique (town_id, code),
    constraint category_platform_fk foreign key (town_id, platform_code) references platform
);
create table stage_limit (
    town_id int not null references town,
    stage text not null,
    urgency text not null,
    value numeric not null,
    unit text not null,
    source text,
    constraint stage_limit_pk primary key (town_id, stage, urgency)
);
create table suggestion_rule (
    town_id int not null references town,
    code text not null,
    words text[] not null,
    not_words text[] not null default '{}',
    channel text,
    category_id int not null references category,
    weight double precision not null,
    constraint suggestion_rule_pk primary key (town_id, code)
);
create table work_calendar (
    town_id int not null references town,
    day date not null,
    is_workday boolean not null,
    periods text[] not null default '{}',
    name text,
    source text,
    provisional boolean not null default false,
    constraint work_calendar_pk primary key (town_id, day)
);

-- ── incidents ───────────────────────────────────────────────────────────────────────────────────────────────
create table incident (
    incident_id uuid constraint incident_pk primary key default uuid7(),
    seq bigint generated always as identity constraint incident_seq_unique unique,
    town_id int not null references town,
    case_no text not null,
    title text not null constraint incident_title check (length(title) between 1 and 200),
    description text not null default '' constraint incident_description check (length(description) <= 10000),
    category_id int references category,
    platform_code text,
    lead_org_id int references organisation,
    urgency text not null default 'U3' constraint incident_urgency check (urgency in ('U1', 'U2', 'U3', 'U4')),
    state text not null default 'reported' constraint incident_state check (state in (
        'reported', 'verifying', 'accepted', 'declined', 'merged', 'filed', 'dispatched', 'returned', 'handling',
        'suspended', 'transferred_up', 'awaiting_inspection', 'closed', 'evaluated', 'archived', 'voided')),
    is_open boolean not null generated always as (state not in
        ('declined', 'merged', 'closed', 'evaluated', 'archived', 'voided')) stored,
    supervision_level int not null default 0 constraint incident_supervision check (supervision_level between 0 and 3),
    rework_count int not null default 0,
    return_count int not null default 0,
    self_handled boolean not null default false,
    channel text not null,
    version int not null default 1,
    -- the place, as given
    raw_lon double precision,
    raw_lat double precision,
    source_crs text,
    accuracy_m double precision constraint incident_accuracy check (accuracy_m >= 0),
    provider text,
    address_text text constraint incident_address check (length(address_text) <= 10000),
    -- the place, as found
    geom geometry(Point, 4490),
    geom_3857 geometry(Point, 3857) generated always as (to_mercator(geom)) stored,
    place_level text,
    place_score double precision,
    radius_m double precision,
    place_how jsonb not null default '{}',
    grid_shares jsonb not null default '[]',
    triage_reason text,
    grid_id int references area,
    grid_version_id bigint references area_version,
    grid_now_id int references area,
    -- times: of the occurrence, of the client, of the server, and of the stages
    occurred_at timestamptz not null,
    client_at timestamptz,
    reported_at timestamptz not null,
    accepted_at timestamptz,
    filed_at timestamptz,
    dispatched_at timestamptz,
    handled_at timestamptz,
    closed_at timestamptz,
    clock_started_at timestamptz,
    amber_at timestamptz,
    due_at timestamptz,
    suggestion jsonb not null default '{}',
    reporter_user_id int references app_user,
    external_ref text,
    attributes jsonb not null default '{}',
    updated_at timestamptz not null default now(),
    constraint incident_case_no_unique unique (town_id, case_no),
    constraint incident_external_unique unique (town_id, external_ref),
    constraint incident_platform_fk foreign key (town_id, platform_code) references platform,
    constraint incident_place check (geom is not null or triage_reason is not null)
);
create index incident_geom_3857 on incident using gist (geom_3857);
create index incident_open_geom on incident using gist (geom_3857) where is_open;
create index incident_time on incident (town_id, reported_at desc, seq desc);
create index incident_open on incident (town_id, due_at) where is_open;
create index incident_open_time on incident (town_id, reported_at desc, seq desc) where is_open;
create index incident_closed on incident (town_id, closed_at) where closed_at is not null;
create index incident_grid on incident (grid_id, reported_at desc);
create index incident_grid_now on incident (coalesce(grid_now_id, grid_id), reported_at desc);
create index incident_lead_org on incident (lead_org_id, reported_at desc);
create index incident_triage on incident (town_id, reported_at) where triage_reason is not null;
create index incident_reporter_user on incident (reporter_user_id) where reporter_user_id is not null;
-- what people search by, in one index: title, address, case number
create function incident_words(i_title text, i_address text, i_case_no text) returns text
    language sql immutable parallel safe return i_title || ' ' || coalesce(i_address, '') || ' ' || i_case_no;
create index incident_words_trgm on incident using gin (incident_words(title, address_text, case_no) gin_trgm_ops);
create table incident_reporter (
    incident_reporter_id bigint generated always as identity constraint incident_reporter_pk primary key,
    incident_id uuid not null references incident,
    town_id int not null references town,
    name text constraint incident_reporter_name check (length(name) <= 100),
    phone text constraint incident_reporter_phone check (length(phone) <= 40),
    is_anonymous boolean not null default false,
    query_code_hash bytea,
    created_at timestamptz not null default now()
);
create index incident_reporter_incident on incident_reporter (incident_id);
create table incident_assignment (
    incident_id uuid not null references incident,
    town_id int not null references town,
    user_id int references app_user,
    org_id int references organisation,
    duty text not null constraint incident_assignment_duty check (duty in ('lead', 'co', 'verify', 'inspect')),
    created_at timestamptz not null default now(),
    constraint incident_assignment_one check (num_nonnulls(user_id, org_id) = 1)
);
create unique index incident_assignment_unique on incident_assignment
    (incident_id, coalesce(user_id, 0), coalesce(org_id, 0), duty);
create index incident_assignment_user on incident_assignment (user_id) where user_id is not null;
create index incident_assignment_org on incident_assignment (org_id) where org_id is not null;
create table incident_log (
    log_id uuid not null default uuid7(),
    incident_id uuid not null,
    town_id int not null,
    name text not null,
    from_state text,
    to_state text,
    actor_user_id int,
    actor_org_id int,
    at timestamptz not null default now(),
    client_at timestamptz,
    reason text,
    facts jsonb not null default '{}',
    constraint incident_log_pk primary key (log_id, at)
) partition by range (at);
create index incident_log_incident on incident_log (incident_id, at);
create table incident_log_rest partition of incident_log default;
create table photo (
    photo_id uuid constraint photo_pk primary key default uuid7(),
    town_id int not null references town,
    incident_id uuid not null references incident,
    sha256 bytea not null,
    path text not null,
    width_px int not null,
    height_px int not null,
    bytes int not null,
    taken_at timestamptz,
    exif_geom geometry(Point, 4490),
    exif_distance_m double precision,
    uploaded_by int references app_user,
    created_at timestamptz not null default now(),
    constraint photo_once unique (incident_id, sha256)
);

-- ── market entities and service sites ───────────────────────────────────────────────────────────────────────
create table market_entity (
    entity_id uuid constraint market_entity_pk primary key default uuid7(),
    seq bigint generated always as identity constraint market_entity_seq_unique unique,
    town_id int not null references town,
    uscc text not null,
    name text not null,
    kind text not null,
    platform_code text not null default 'market',
    licence_no text,
    licence_until date,
    status text not null default 'active' constraint market_entity_status
        check (status in ('active', 'suspended', 'closed')),
    address_text text,
    plate_id text,
    geom geometry(Point, 4490),
    geom_3857 geometry(Point, 3857) generated always as (to_mercator(geom)) stored,
    triage_reason text,
    grid_id int references area,
    risk_level text constraint market_entity_risk check (risk_level in ('A', 'B', 'C', 'D')),
    credit_level text constraint market_entity_credit check (credit_level in ('A', 'B', 'C', 'D')),
    territorial_responsible text,
    regulator_responsible text,
    own_responsible text,
    duty_complete boolean not null generated always as (status <> 'active' or (territorial_responsible is not null
        and regulator_responsible is not null and own_responsible is not null)) stored,
    last_inspected_on date,
    next_inspection_on date,
    version int not null default 1,
    attributes jsonb not null default '{}',
    updated_at timestamptz not null default now(),
    constraint market_entity_uscc_unique unique (town_id, uscc),
    constraint market_entity_platform_fk foreign key (town_id, platform_code) references platform
);
create index market_entity_geom_3857 on market_entity using gist (geom_3857);
create index market_entity_grid on market_entity (grid_id);
create index market_entity_name_trgm on market_entity using gin (name gin_trgm_ops);
create table service_site (
    site_id int generated always as identity constraint service_site_pk primary key,
    town_id int not null references town,
    code text not null,
    name text not null,
    name_en text,
    kind text not null,
    platform_code text not null,
    org_id int references organisation,
    address_text text,
    hours text,
    phone text,
    geom geometry(Point, 4490) not null,
    geom_3857 geometry(Point, 3857) generated always as (to_mercator(geom)) stored,
    grid_id int references area,
    constraint service_site_code_unique unique (town_id, code),
    constraint service_site_platform_fk foreign key (town_id, platform_code) references platform
);
create index service_site_geom_3857 on service_site using gist (geom_3857);

-- ── outbox, receipts, jobs, audit, tile versions ────────────────────────────────────────────────────────────
create table event (
    position bigint generated always as identity,
    xid xid8 not null default pg_current_xact_id(),
    town_id int not null,
    topic text not null,
    kind text not null,
    ref text,
    area_ids int[] not null default '{}',
    org_ids int[] not null default '{}',
    platforms text[] not null default '{}',
    user_ids int[] not null default '{}',
    is_public boolean not null default false,
    payload jsonb not null default '{}',
    at timestamptz not null default now(),
    constraint event_pk primary key (position, at)
) partition by range (at);
create index event_order on event (xid, position);
create index event_town_time on event (town_id, at);
create table event_rest partition of event default;
create table receipt (
    town_id int not null,
    client_id text not null constraint receipt_client_id check (length(client_id) between 1 and 200),
    user_id int,
    body_hash bytea not null,
    status int not null,
    answer jsonb not null,
    at timestamptz not null default now(),
    constraint receipt_pk primary key (town_id, client_id)
);
create table job (
    job_id uuid constraint job_pk primary key default uuid7(),
    town_id int references town,
    kind text not null,
    args jsonb not null default '{}',
    key text constraint job_key_unique unique,
    run_at timestamptz not null default now(),
    attempts int not null default 0,
    max_attempts int not null default 10,
    state text not null default 'waiting' constraint job_state check (state in ('waiting', 'done', 'failed')),
    progress jsonb not null default '{}',
    error text,
    created_by int,
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
create index job_due on job (run_at) where state = 'waiting';
create table audit (
    audit_id bigint generated always as identity,
    town_id int,
    user_id int,
    action text not null,
    subject text,
    subject_id text,
    reason text,
    detail jsonb not null default '{}',
    request_id text,
    at timestamptz not null default now(),
    constraint audit_pk primary key (audit_id, at)
) partition by range (at);
create index audit_subject on audit (subject, subject_id);
create table audit_rest partition of audit default;
create table audit_seal (
    seal_id bigint generated always as identity constraint audit_seal_pk primary key,
    first_audit_id bigint not null,
    last_audit_id bigint not null,
    rows_sealed int not null,
    rows_hash bytea not null,
    chain_hash bytea not null,
    at timestamptz not null default now()
);
create table tile_change (
    tile_change_id bigint generated always as identity constraint tile_change_pk primary key,
    town_id int not null,
    layer text not null,
    region_x int not null,
    region_y int not null,
    changes bigint not null
);
create index tile_change_region on tile_change (town_id, layer, region_x, region_y) include (changes);
