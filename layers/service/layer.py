"""Service sites on the map: halls, windows and stations, each of its platform."""

from __future__ import annotations

from layers.registry import BY_FEATURE, Column, Filter, Layer, LegendEntry, Title

LAYER = Layer(
    id="service-site",
    title=Title("服务站点", "Service sites"),
    platform=BY_FEATURE,
    kind="point",
    renderer="symbol",
    source="scoped_service_site",
    storage="service_site",
    key="site_id",
    ref="code",
    platform_sql="f.platform_code",
    columns=(
        Column("code", Title("编码", "Code"), "f.code"),
        Column("name", Title("名称", "Name"), "f.name", tile=True),
        Column("name_en", Title("英文名称", "English name"), "f.name_en", tile=True),
        Column("kind", Title("类型", "Kind"), "f.kind", tile=True),
        Column("platform", Title("平台", "Platform"), "f.platform_code", tile=True),
        Column("address", Title("地址", "Address"), "f.address_text"),
        Column("hours", Title("开放时间", "Hours"), "f.hours"),
        Column("phone", Title("电话", "Phone"), "f.phone"),
        Column("grid", Title("网格编码", "Grid code"), "(select a.code from area a where a.area_id = f.grid_id)"),
    ),
    filters=(
        Filter("platform", "f.platform_code = any(%(platform)s)", "list"),
        Filter("kind", "f.kind = any(%(kind)s)", "list"),
        Filter("q", "f.name ilike '%%' || %(q)s || '%%'", "words"),
    ),
    legend=(LegendEntry("site", Title("服务站点", "Service site"), {"shape": "plate", "radius": 8}),),
    permission=None,
    # At the scale of the town the normal is left out, so that exceptions are seen.
    minzoom=13,
    default_on=frozenset({"desk", "phone"}),
    order=40,
    label_column="name",
)
