"""Door plates: for exports and close-up maps; seen within the viewer's areas only."""

from __future__ import annotations

from layers.registry import Column, Filter, Layer, Title

LAYER = Layer(
    id="address",
    title=Title("门牌", "Door plates"),
    platform=None,
    kind="point",
    renderer="area",
    source="scoped_address",
    storage="address",
    key="address_id",
    ref="plate_id",
    columns=(
        Column("plate_id", Title("门牌编号", "Door plate"), "f.plate_id"),
        Column("number", Title("门牌号", "Number"), "f.number", tile=True),
        Column("road", Title("道路", "Road"), "f.road"),
        Column("village_code", Title("村编码", "Village code"), "f.village_code"),
        Column("natural_village", Title("自然村", "Natural village"), "f.natural_village"),
        Column("villager_group", Title("村民小组", "Villager group"), "f.villager_group"),
        Column("households", Title("户数", "Households"), "f.households", "number"),
        Column("residents", Title("人口", "Residents"), "f.residents", "number"),
        Column("grid", Title("网格编码", "Grid code"), "(select a.code from area a where a.area_id = f.grid_id)"),
    ),
    filters=(
        Filter("grid", "f.grid_id in (select a.area_id from area a where a.code = any(%(grid)s))", "list"),
        Filter("road", "f.road = any(%(road)s)", "list"),
    ),
    minzoom=16,
    permission="view",
    reach=frozenset({"area"}),
    is_base=True,
    order=290,
    label_column="number",
)
