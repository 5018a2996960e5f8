"""Market entities on the map: what is missing or late is red, the rest a dot."""

from __future__ import annotations

from typing import Any

from layers.registry import Column, Filter, Layer, LegendEntry, Title

_DUE_DAYS = 30
_DAY_S = 86_400
# An inspection is late from the day after its date on, in the town's own days.
_NEXT_EPOCH = (
    "extract(epoch from ((f.next_inspection_on + 1)::timestamp at time zone"
    " (select w.timezone from town w where w.town_id = (select scope_town()))))::bigint"
)
_TODAY = (
    "((select server_now()) at time zone (select w.timezone from town w where w.town_id = (select scope_town())))::date"
)
_ACTIVE = "f.status = 'active'"
_LATE = f"({_ACTIVE} and f.next_inspection_on < {_TODAY})"
_DUE_SOON = f"({_ACTIVE} and f.next_inspection_on >= {_TODAY} and f.next_inspection_on < {_TODAY} + {_DUE_DAYS})"
_DUE_AT: tuple[Any, ...] = ("to-number", ("get", "next_inspection_at"), 0)
_NOW: tuple[Any, ...] = ("global-state", "now")
_IS_ACTIVE: tuple[Any, ...] = ("==", ("get", "status"), "active")
_LATE_WHEN: tuple[Any, ...] = ("all", _IS_ACTIVE, (">", _DUE_AT, 0), ("<", _DUE_AT, _NOW))
_HORIZON: tuple[Any, ...] = ("+", _NOW, _DUE_DAYS * _DAY_S)
_SOON_WHEN: tuple[Any, ...] = ("all", _IS_ACTIVE, (">=", _DUE_AT, _NOW), ("<", _DUE_AT, _HORIZON))

LAYER = Layer(
    id="market-entity",
    title=Title("市场主体", "Market entities"),
    platform="market",
    kind="point",
    renderer="symbol",
    source="scoped_market_entity",
    storage="market_entity",
    key="seq",
    ref="entity_id",
    cluster_below=14,
    platform_sql="f.platform_code",
    columns=(
        Column("name", Title("名称", "Name"), "f.name", tile=True),
        Column("uscc", Title("统一社会信用代码", "Unified social credit code"), "f.uscc"),
        Column("kind", Title("类型", "Kind"), "f.kind", tile=True),
        Column("platform", Title("平台", "Platform"), "f.platform_code"),
        Column("status", Title("状态", "Status"), "f.status", tile=True),
        Column("licence_no", Title("许可证号", "Licence number"), "f.licence_no"),
        Column("licence_until", Title("许可证有效期至", "Licence valid until"), "f.licence_until", "date"),
        Column("address", Title("地址", "Address"), "f.address_text"),
        Column("plate_id", Title("门牌编号", "Door plate"), "f.plate_id"),
        Column("grid", Title("网格编码", "Grid code"), "(select a.code from area a where a.area_id = f.grid_id)"),
        Column("grid_name", Title("网格", "Grid"), "(select a.name from area a where a.area_id = f.grid_id)"),
        Column("triage_reason", Title("待定位原因", "Why not placed"), "f.triage_reason"),
        Column("risk_level", Title("风险等级", "Risk level"), "f.risk_level", tile=True),
        Column("credit_level", Title("信用等级", "Credit level"), "f.credit_level", tile=True),
        Column("territorial_responsible", Title("属地责任人", "Territorial responsible"), "f.territorial_responsible"),
        Column("regulator_responsible", Title("监管责任人", "Regulatory responsible"), "f.regulator_responsible"),
        Column("own_responsible", Title("主体责任人", "Own responsible"), "f.own_responsible"),
        Column(
            "duty",
            Title("责任落实", "Responsibility"),
            "case when f.duty_complete then 'complete' else 'missing' end",
            tile=True,
        ),
        Column("last_inspected_on", Title("上次检查", "Last inspection"), "f.last_inspected_on", "date"),
        Column("next_inspection_on", Title("下次检查", "Next inspection"), "f.next_inspection_on", "date"),
        Column(
            "next_inspection_at",
            Title("检查期限", "Inspection due"),
            f"to_timestamp({_NEXT_EPOCH})",
            "time",
            True,
            _NEXT_EPOCH,
        ),
    ),
    filters=(
        Filter("kind", "f.kind = any(%(kind)s)", "list"),
        Filter("status", "f.status = any(%(status)s)", "list"),
        Filter("platform", "f.platform_code = any(%(platform)s)", "list"),
        Filter(
            "duty",
            "case when f.duty_complete then 'complete' else 'missing' end = any(%(duty)s)",
            "list",
            ("complete", "missing"),
        ),
        Filter("late", _LATE, "bool"),
        Filter("due_soon", _DUE_SOON, "bool"),
        Filter("attention", f"({_LATE} or not f.duty_complete)", "bool"),
        Filter("risk", "f.risk_level = any(%(risk)s)", "list", ("A", "B", "C", "D")),
        Filter("credit", "f.credit_level = any(%(credit)s)", "list", ("A", "B", "C", "D")),
        Filter("triage", "f.triage_reason is not null", "bool"),
        Filter(
            "grid",
            "f.grid_id in (select a.area_id from area a where a.town_id = f.town_id and a.code = any(%(grid)s))",
            "list",
        ),
        Filter(
            "village",
            "f.grid_id in (select a.area_id from area a left join area v on v.area_id = a.parent_id"
            " where a.town_id = f.town_id and (a.code = any(%(village)s) or v.code = any(%(village)s)))",
            "list",
        ),
        Filter("q", "(f.name ilike '%%' || %(q)s || '%%' or f.uscc ilike %(q)s || '%%')", "words"),
    ),
    legend=(
        LegendEntry(
            "late",
            Title("检查逾期", "Inspection late"),
            {"shape": "square", "colour": "late", "fill": "solid", "radius": 6},
            {"late": "1"},
            _LATE_WHEN,
        ),
        LegendEntry(
            "missing",
            Title("责任人不全", "Responsibility incomplete"),
            {"shape": "square", "colour": "late", "fill": "hollow", "radius": 6},
            {"duty": "missing"},
        ),
        LegendEntry(
            "due-soon",
            Title("30 天内到期", "Due within 30 days"),
            {"shape": "square", "colour": "neutral", "fill": "hollow", "radius": 5},
            {"due_soon": "1"},
            _SOON_WHEN,
        ),
        LegendEntry(
            "active",
            Title("正常", "In order"),
            {"shape": "circle", "colour": "neutral", "fill": "solid", "radius": 3},
            {"status": "active"},
        ),
    ),
    reach=frozenset({"area", "platform"}),
    order=30,
    label_column="name",
    # At the scale of the town only what somebody must do something about is drawn.
    style={"far": {"below": 14, "filter": {"attention": "1"}}},
)
