"""The base map, from the town's own data: no tile comes from outside."""

from __future__ import annotations

from layers.registry import Column, Filter, Kind, Layer, LegendEntry, Title

_NAME = Column("name", Title("名称", "Name"), "f.name", tile=True)


def _base(theme: str, title: Title, kind: Kind, order: int, minzoom: int, *more: Column) -> Layer:
    return Layer(
        id=theme,
        title=title,
        platform=None,
        kind=kind,
        renderer="area",
        source="scoped_base_feature",
        storage="base_feature",
        key="base_feature_id",
        ref="base_feature_id",
        columns=(
            _NAME,
            Column("name_en", Title("英文名称", "English name"), "f.name_en", tile=True),
            Column("kind", Title("类型", "Kind"), "f.kind", tile=True),
            *more,
        ),
        filters=(Filter("kind", "f.kind = any(%(kind)s)", "list"),),
        where=f"f.theme = '{theme}'",
        minzoom=minzoom,
        permission=None,
        is_base=True,
        default_on=frozenset({"wall", "desk", "phone"}),
        order=order,
        label_column="name",
    )


LAYERS = (
    _base("landuse", Title("地类", "Land use"), "polygon", 240, 8),
    _base("water", Title("水域", "Water"), "polygon", 250, 6),
    Layer(
        id="road",
        title=Title("道路", "Roads"),
        platform=None,
        kind="line",
        renderer="area",
        source="scoped_road",
        storage="road",
        key="road_id",
        ref="road_id",
        columns=(_NAME, Column("class", Title("等级", "Class"), "f.class", tile=True)),
        filters=(Filter("class", "f.class = any(%(class)s)", "list"),),
        legend=(LegendEntry("road", Title("道路", "Road"), {"line": "road"}),),
        minzoom=8,
        permission=None,
        is_base=True,
        default_on=frozenset({"wall", "desk", "phone"}),
        order=260,
        label_column="name",
    ),
    _base("building", Title("建筑", "Buildings"), "polygon", 270, 15),
    _base(
        "place",
        Title("地名", "Place names"),
        "point",
        280,
        0,
        Column("min_zoom", Title("最小级别", "First zoom"), "f.min_zoom", "number", tile=True),
    ),
)
