"""Town, villages, grids and zones on the map: borders of one coverage, simplified for each zoom so that none tears."""

from __future__ import annotations

from layers.registry import Column, Filter, Layer, LegendEntry, Title

_COLUMNS = (
    Column("code", Title("编码", "Code"), "f.code", tile=True),
    Column("name", Title("名称", "Name"), "f.name", tile=True),
    Column("name_en", Title("英文名称", "English name"), "f.name_en", tile=True),
    Column("level", Title("级别", "Level"), "f.level", tile=True),
    Column("kind", Title("类型", "Kind"), "f.kind", tile=True),
    Column("parent", Title("上级编码", "Parent code"), "f.parent_code", tile=True),
    Column("version", Title("版本", "Version"), "f.version", "number"),
    Column("area_m2", Title("面积（平方米）", "Area (m²)"), "round(f.area_m2)", "number"),
)
_FILTERS = (
    Filter("code", "f.code = any(%(code)s)", "list"),
    Filter("kind", "f.kind = any(%(kind)s)", "list"),
    Filter("parent", "f.parent_code = any(%(parent)s)", "list"),
)


def _areas(level: str, title: Title, order: int, minzoom: int, legend: tuple[LegendEntry, ...]) -> Layer:
    return Layer(
        id=level,
        title=title,
        platform=None,
        kind="polygon",
        renderer="area",
        source="scoped_area",
        shape_source="scoped_area_shape",
        storage="area",
        key="area_id",
        ref="code",
        columns=_COLUMNS,
        filters=_FILTERS,
        legend=legend,
        where=f"f.level = '{level}'",
        minzoom=minzoom,
        permission=None,
        is_base=True,
        default_on=frozenset({"wall", "desk", "phone"}),
        order=order,
        label_column="name",
    )


LAYERS = (
    _areas(
        "town", Title("镇界", "Town"), 200, 0, (LegendEntry("town", Title("镇界", "Town border"), {"line": "town"}),)
    ),
    _areas(
        "village",
        Title("村（社区）", "Villages"),
        210,
        8,
        (
            LegendEntry("village", Title("行政村", "Village"), {"line": "village"}, {"kind": "village"}),
            LegendEntry("community", Title("社区", "Community"), {"line": "village"}, {"kind": "community"}),
        ),
    ),
    _areas(
        "grid",
        Title("网格", "Grids"),
        220,
        8,
        (
            LegendEntry("base", Title("基础网格", "Base grid"), {"line": "grid", "dash": [4, 3]}, {"kind": "base"}),
            LegendEntry("exclusive", Title("专属网格", "Exclusive grid"), {"line": "grid"}, {"kind": "exclusive"}),
        ),
    ),
    _areas(
        "zone",
        Title("不属村的区域", "Zones of no village"),
        230,
        8,
        (LegendEntry("zone", Title("湖、海、景区等", "Lake, sea, scenic area"), {"line": "grid"}),),
    ),
)
