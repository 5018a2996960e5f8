"""Incidents on the map: shape tells the platform, ring tells the clock; open ones unless asked otherwise."""

from layers.registry import BY_FEATURE, Column, Filter, Layer, LegendEntry, Title

STAGES = {
    "accept": ("reported", "verifying", "accepted", "filed"),
    "handle": ("dispatched", "returned", "handling", "suspended", "transferred_up"),
    "evaluate": ("awaiting_inspection",),
}
_STAGE = " or ".join(
    f"(%(stage)s = '{stage}' and f.state in ({', '.join(repr(state) for state in states)}))"
    for stage, states in STAGES.items()
)
# The grid by the boundaries of today, and the one by those of the day it occurred.
GRID, GRID_THEN = "coalesce(f.grid_now_id, f.grid_id)", "f.grid_id"
_EPOCH = "extract(epoch from {})::bigint"


def _area(column: str, level: str, grid: str = GRID) -> str:
    """Return a subselect for a grid of the incident, or for the village the grid belongs to."""
    if level == "grid":
        return f"(select a.{column} from area a where a.area_id = {grid})"
    return (
        f"(select v.{column} from area a join area v on v.area_id in (a.area_id, a.parent_id) and v.level = 'village'"
        f" where a.area_id = {grid})"
    )


def _in_grid(name: str, grid: str) -> Filter:
    return Filter(name, f"{grid} in (select a.area_id from area a where a.code = any(%({name})s))", "list")


def _in_village(name: str, grid: str) -> Filter:
    return Filter(
        name,
        f"{grid} in (select a.area_id from area a left join area v on v.area_id = a.parent_id"
        f" where a.code = any(%({name})s) or v.code = any(%({name})s))",
        "list",
    )


def _time(name: str, zh: str, en: str, tile: bool = False) -> Column:
    return Column(name, Title(zh, en), f"f.{name}", "time", tile, _EPOCH.format(f"f.{name}"))


LAYER = Layer(
    id="incident",
    title=Title("事件", "Incidents"),
    platform=BY_FEATURE,
    kind="point",
    renderer="symbol",
    source="scoped_incident",
    storage="incident",
    key="seq",
    ref="incident_id",
    cluster_below=14,
    platform_sql="f.platform_code",
    late_sql="case when f.is_open and f.state <> 'suspended' then f.due_at end",
    columns=(
        Column("case_no", Title("案号", "Case number"), "f.case_no"),
        Column("title", Title("标题", "Title"), "f.title", tile=True),
        Column("platform", Title("平台", "Platform"), "f.platform_code", tile=True),
        Column(
            "category", Title("小类", "Category"), "(select c.code from category c where c.category_id = f.category_id)"
        ),
        Column(
            "category_name",
            Title("小类名称", "Category name"),
            "(select c.name from category c where c.category_id = f.category_id)",
        ),
        Column(
            "category_name_en",
            Title("小类英文名", "Category, English"),
            "(select c.name_en from category c where c.category_id = f.category_id)",
        ),
        Column("urgency", Title("紧急程度", "Urgency"), "f.urgency", tile=True),
        Column("state", Title("状态", "State"), "f.state", tile=True),
        Column("is_open", Title("在办", "Open"), "f.is_open", "bool", tile=True),
        Column("channel", Title("来源", "Channel"), "f.channel"),
        Column("grid", Title("网格编码", "Grid code"), _area("code", "grid")),
        Column("grid_name", Title("网格", "Grid"), _area("name", "grid")),
        Column("grid_name_en", Title("网格英文名", "Grid, English"), _area("name_en", "grid")),
        Column("village", Title("村编码", "Village code"), _area("code", "village")),
        Column("village_name", Title("村", "Village"), _area("name", "village")),
        Column("village_name_en", Title("村英文名", "Village, English"), _area("name_en", "village")),
        Column("grid_then", Title("发生时网格编码", "Grid code then"), _area("code", "grid", GRID_THEN)),
        Column("grid_then_name", Title("发生时网格", "Grid then"), _area("name", "grid", GRID_THEN)),
        Column(
            "grid_then_name_en", Title("发生时网格英文名", "Grid then, English"), _area("name_en", "grid", GRID_THEN)
        ),
        Column("village_then", Title("发生时村编码", "Village code then"), _area("code", "village", GRID_THEN)),
        Column("village_then_name", Title("发生时村", "Village then"), _area("name", "village", GRID_THEN)),
        Column(
            "village_then_name_en",
            Title("发生时村英文名", "Village then, English"),
            _area("name_en", "village", GRID_THEN),
        ),
        Column(
            "lead_org",
            Title("主办单位编码", "Lead organisation code"),
            "(select o.code from organisation o where o.org_id = f.lead_org_id)",
        ),
        Column(
            "lead_org_name",
            Title("主办单位", "Lead organisation"),
            "(select o.name from organisation o where o.org_id = f.lead_org_id)",
        ),
        _time("occurred_at", "发生时间", "Occurred"),
        _time("reported_at", "上报时间", "Reported", tile=True),
        _time("closed_at", "结案时间", "Closed", tile=True),
        _time("clock_started_at", "计时开始", "Clock started", tile=True),
        _time("amber_at", "时限过四分之三", "Three quarters of the limit", tile=True),
        _time("due_at", "时限", "Due", tile=True),
        Column("triage_reason", Title("待定位原因", "Why not placed"), "f.triage_reason"),
        _time("whole_due_at", "全程时限", "Due as a whole"),
        Column("rework_count", Title("返工次数", "Reworks"), "f.rework_count", "number"),
        Column("return_count", Title("退回次数", "Returns"), "f.return_count", "number"),
        Column("escalation", Title("办理层级", "Level"), "f.escalation"),
        Column("county_ref", Title("县级编号", "County number"), "f.county_ref"),
        Column("extension", Title("延期", "Extension"), "f.extension"),
        Column("suspension", Title("挂账申请", "Suspension asked"), "f.suspension"),
        Column("review_on", Title("复查日", "Review on"), "f.review_on"),
        Column("reply_due_at", Title("督办答复时限", "Reply due"), "f.reply_due_at", "time"),
        Column("supervision_level", Title("督办级别", "Supervision level"), "f.supervision_level", "number"),
        Column("version", Title("版本", "Version"), "f.version", "number"),
    ),
    filters=(
        Filter("platform", "f.platform_code = any(%(platform)s)", "list"),
        Filter("state", "f.state = any(%(state)s)", "list"),
        Filter("stage", _STAGE, values=tuple(STAGES)),
        Filter("open", "f.is_open", "bool"),
        Filter("late", "f.is_open and f.state <> 'suspended' and f.due_at < (select server_now())", "bool"),
        Filter(
            "amber",
            "f.is_open and f.state <> 'suspended' and f.amber_at <= (select server_now()) and f.due_at >= (select server_now())",
            "bool",
        ),
        Filter("triage", "f.triage_reason is not null", "bool"),
        Filter("level", "f.supervision_level = %(level)s", "number"),
        Filter("reply", "f.reply_due_at is not null", "bool"),
        Filter("asked", "(f.suspension = 'pending' or f.extension = 'pending' or f.void_asked_by is not null)", "bool"),
        Filter("appeal", "f.appeal = any(%(appeal)s)", "list"),
        Filter(
            "mine",
            "(f.lead_org_id = any ((select scope_orgs())::int[]) or f.incident_id = any ((select scope_assigned())::uuid[]))",
            "bool",
        ),
        Filter(
            "unseen",
            "(f.state = 'dispatched' and not exists (select from incident_seen n join app_user u using (user_id)"
            " where n.incident_id = f.incident_id and n.at >= f.dispatched_at and u.org_id = f.lead_org_id))",
            "bool",
        ),
        Filter(
            "seen",
            "(f.state = 'dispatched' and exists (select from incident_seen n join app_user u using (user_id)"
            " where n.incident_id = f.incident_id and n.at >= f.dispatched_at and u.org_id = f.lead_org_id))",
            "bool",
        ),
        Filter(
            "to_me",
            "f.incident_id in (select a.incident_id from incident_assignment a where a.user_id = (select scope_user()))",
            "bool",
        ),
        Filter(
            "to_inspect",
            "(f.state = 'awaiting_inspection' and f.inspected_by is null and not f.handler_ids @> array[(select scope_user())]"
            " and not f.handler_org_ids && (select scope_orgs())::int[])",
            "bool",
        ),
        Filter(
            "self_handle",
            "(f.state = 'reported' and f.category_id in (select c.category_id from category c where c.self_handle))",
            "bool",
        ),
        Filter("supervised", "f.supervision_level > 0", "bool"),
        Filter("escalation", "f.escalation = any(%(escalation)s)", "list"),
        Filter("county_ref", "f.county_ref = %(county_ref)s"),
        Filter("urgency", "f.urgency = any(%(urgency)s)", "list"),
        Filter("channel", "f.channel = any(%(channel)s)", "list"),
        Filter(
            "category",
            "f.category_id in (select c.category_id from category c where c.code = any(%(category)s))",
            "list",
        ),
        Filter("org", "f.lead_org_id in (select o.org_id from organisation o where o.code = any(%(org)s))", "list"),
        _in_grid("grid", GRID),
        _in_village("village", GRID),
        _in_grid("grid_then", GRID_THEN),
        _in_village("village_then", GRID_THEN),
        Filter("from", "f.reported_at >= %(from)s", "time"),
        Filter("to", "f.reported_at < %(to)s", "time"),
        Filter("closed_from", "f.closed_at >= %(closed_from)s", "time"),
        Filter("closed_to", "f.closed_at < %(closed_to)s", "time"),
        *(
            Filter(f"{name}_{edge}", f"f.{name}_at {sign} %({name}_{edge})s", "time")
            for name in ("dispatched", "handle_due", "whole_due")
            for edge, sign in (("from", ">="), ("to", "<"))
        ),
        # what the indicators count
        Filter("valid", "f.state not in ('voided', 'merged', 'declined')", "bool"),
        Filter("taken", "f.accepted_at is not null or f.self_handled", "bool"),
        Filter("handled_in_time", "f.handled_at <= f.handle_due_at", "bool"),
        Filter("unhandled", "f.is_open and f.handled_at is null and f.handle_due_at < (select server_now())", "bool"),
        Filter("closed_in_time", "f.closed_at <= f.whole_due_at", "bool"),
        Filter("reworked", "f.rework_count > 0", "bool"),
        Filter("returned", "f.return_count > 0", "bool"),
        Filter("extended", "f.extension = 'granted'", "bool"),
        Filter("revisited", "f.is_satisfied is not null", "bool"),
        Filter("satisfied", "f.is_satisfied", "bool"),
        # for the replay of a day: what was open at any moment from then on
        Filter("open_since", "(f.is_open or f.closed_at >= %(open_since)s)", "time"),
        Filter(
            "q",
            # one index answers for title, address and case number (needs three characters; two are looked for row by row),
            # another for the number of the county
            "(incident_words(f.title, f.address_text, f.case_no) ilike '%%' || %(q)s || '%%'"
            " or f.county_ref ilike '%%' || %(q)s || '%%')",
            "words",
        ),
    ),
    legend=(
        LegendEntry("open", Title("在办", "Open"), {"ring": "none"}, {"open": "1"}),
        LegendEntry("amber", Title("时限已用 ≥ 75%", "≥ 75% of limit used"), {"ring": "amber"}, {"amber": "1"}),
        LegendEntry("late", Title("超期", "Overdue"), {"ring": "late"}, {"late": "1"}),
    ),
    default_on=frozenset({"wall", "desk", "phone"}),
    order=10,
)
