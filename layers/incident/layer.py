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
GRID = "coalesce(f.grid_now_id, f.grid_id)"
_EPOCH = "extract(epoch from {})::bigint"


def stage_of(state: str) -> str | None:
    """Return the stage that a state belongs to; None for those that are over."""
    return next((stage for stage, states in STAGES.items() if state in states), None)


def _area(column: str, level: str) -> str:
    """Return a subselect for the grid of the incident, or for the village the grid belongs to."""
    if level == "grid":
        return f"(select a.{column} from area a where a.area_id = {GRID})"
    return (
        f"(select v.{column} from area a join area v on v.area_id in (a.area_id, a.parent_id) and v.level = 'village'"
        f" where a.area_id = {GRID})"
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
        Filter("supervised", "f.supervision_level > 0", "bool"),
        Filter("urgency", "f.urgency = any(%(urgency)s)", "list"),
        Filter("channel", "f.channel = any(%(channel)s)", "list"),
        Filter(
            "category",
            "f.category_id in (select c.category_id from category c where c.code = any(%(category)s))",
            "list",
        ),
        Filter("org", "f.lead_org_id in (select o.org_id from organisation o where o.code = any(%(org)s))", "list"),
        Filter("grid", f"{GRID} in (select a.area_id from area a where a.code = any(%(grid)s))", "list"),
        Filter(
            "village",
            f"{GRID} in (select a.area_id from area a left join area v on v.area_id = a.parent_id"
            " where a.code = any(%(village)s) or v.code = any(%(village)s))",
            "list",
        ),
        Filter("from", "f.reported_at >= %(from)s", "time"),
        Filter("to", "f.reported_at < %(to)s", "time"),
        Filter("closed_from", "f.closed_at >= %(closed_from)s", "time"),
        Filter("closed_to", "f.closed_at < %(closed_to)s", "time"),
        # for the replay of a day: what was open at any moment from then on
        Filter("open_since", "(f.is_open or f.closed_at >= %(open_since)s)", "time"),
        Filter(
            "q",
            # one index answers for title, address and case number (needs three characters; two are looked for row by row)
            "incident_words(f.title, f.address_text, f.case_no) ilike '%%' || %(q)s || '%%'",
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
