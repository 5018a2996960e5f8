"""Which column of a file is what: as the user says, else by the names that such files have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data.errors import Invalid

# Names that files of towns use, in the order of preference. Compared without case and blanks.
_NAMES: dict[str, tuple[str, ...]] = {
    "code": ("code", "编码", "代码", "编号", "id", "ref"),
    "name": ("name", "名称", "姓名", "单位名称", "主体名称"),
    "name_en": ("name_en", "英文名称", "name:en"),
    "kind": ("kind", "类型", "类别", "type"),
    "parent": ("parent", "上级编码", "上级", "所属村编码", "parent_code"),
    "lon": ("lon", "lng", "longitude", "经度", "x"),
    "lat": ("lat", "latitude", "纬度", "y"),
    "crs": ("crs", "坐标系", "source_crs"),
    "accuracy_m": ("accuracy_m", "accuracy", "精度"),
    "address": ("address", "地址", "详细地址", "经营场所", "事发地址"),
    "plate_id": ("plate_id", "门牌编号", "门牌id", "external_ref"),
    "village_code": ("village_code", "村编码", "行政村编码"),
    "natural_village": ("natural_village", "自然村"),
    "villager_group": ("villager_group", "村民小组", "组", "小组"),
    "road": ("road", "道路", "街路巷", "addr:street", "street"),
    "number": ("number", "门牌号", "addr:housenumber", "housenumber"),
    "households": ("households", "户数"),
    "residents": ("residents", "人口", "人数"),
    "uscc": ("uscc", "统一社会信用代码", "信用代码"),
    "platform": ("platform", "平台"),
    "licence_no": ("licence_no", "许可证号", "许可证编号"),
    "licence_until": ("licence_until", "许可证有效期至", "有效期至"),
    "status": ("status", "状态"),
    "risk_level": ("risk_level", "风险等级"),
    "credit_level": ("credit_level", "信用等级"),
    "territorial_responsible": ("territorial_responsible", "属地责任人"),
    "regulator_responsible": ("regulator_responsible", "监管责任人"),
    "own_responsible": ("own_responsible", "主体责任人"),
    "last_inspected_on": ("last_inspected_on", "上次检查", "上次检查日期"),
    "next_inspection_on": ("next_inspection_on", "下次检查", "下次检查日期"),
    "class": ("class", "等级", "highway"),
    "external_ref": ("external_ref", "osm_id"),
    "id": ("id", "编号", "external_ref", "unique_key", "工单号"),
    "case_no": ("case_no", "案号", "案卷号"),
    "title": ("title", "标题", "事件标题"),
    "description": ("description", "描述", "内容", "事件描述", "诉求内容"),
    "category": ("category", "小类", "事件小类", "小类编码"),
    "urgency": ("urgency", "紧急程度"),
    "state": ("state", "办理状态", "status", "状态"),
    "channel": ("channel", "来源", "渠道"),
    "occurred_at": ("occurred_at", "发生时间"),
    "reported_at": ("reported_at", "上报时间", "created_date", "created_at", "受理时间"),
    "closed_at": ("closed_at", "结案时间", "closed_date"),
    "due_at": ("due_at", "时限", "办结时限", "due_date"),
    "lead_org": ("lead_org", "主办单位编码", "主办单位"),
    "reporter_name": ("reporter_name", "上报人", "来电人"),
    "reporter_phone": ("reporter_phone", "联系电话", "来电号码"),
    "org": ("org", "单位编码", "所属单位"),
    "post": ("post", "岗位", "职务"),
    "phone": ("phone", "电话", "联系方式"),
    "platforms": ("platforms", "平台", "所属平台"),
    "is_managing": ("is_managing", "是否牵头"),
    "head_name": ("head_name", "负责人"),
    "head_post": ("head_post", "负责人职务"),
    "day": ("day", "日期", "date"),
    "is_workday": ("is_workday", "是否工作日", "工作日"),
    "periods": ("periods", "工作时段", "时段"),
    "source": ("source", "来源", "依据"),
    "provisional": ("provisional", "暂定"),
    "ours": ("ours", "本镇编码", "本级编码"),
    "theirs": ("theirs", "上级编码", "对方编码"),
}


@dataclass(frozen=True)
class Kind:
    """What can be imported: its columns, those it must have, and whether rows lie somewhere."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    geometry: str | None = None
    layer: str | None = None
    hint: str = field(default="", compare=False)


_PLACE = ("lon", "lat", "crs", "accuracy_m", "address", "plate_id")
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("areas", ("code", "name", "name_en", "kind", "parent"), ("code",), "polygon", "areas"),
        Kind("roads", ("name", "class", "external_ref"), (), "line", "roads"),
        Kind(
            "addresses",
            ("plate_id", "village_code", "natural_village", "villager_group", "road", "number", "households",
             "residents", "lon", "lat", "crs"),
            ("plate_id",), "point", "addresses",
        ),
        Kind(
            "entities",
            ("uscc", "name", "kind", "platform", "licence_no", "licence_until", "status", "risk_level", "credit_level",
             "territorial_responsible", "regulator_responsible", "own_responsible", "last_inspected_on",
             "next_inspection_on", *_PLACE),
            ("uscc", "name", "kind"), "point",
        ),
        Kind(
            "incidents",
            ("id", "case_no", "title", "description", "category", "platform", "lead_org", "urgency", "state", "channel",
             "occurred_at", "reported_at", "closed_at", "due_at", "reporter_name", "reporter_phone", *_PLACE),
            ("title", "reported_at"), "point",
        ),
        Kind("households", ("plate_id", "households", "residents"), ("plate_id", "households")),
        Kind("staff", ("code", "name", "org", "post", "phone"), ("code", "name")),
        Kind(
            "organisations",
            ("code", "name", "kind", "platforms", "parent", "is_managing", "head_name", "head_post", "phone"),
            ("code", "name", "kind"),
        ),
        Kind("calendar", ("day", "is_workday", "periods", "name", "source", "provisional"), ("day", "is_workday")),
        Kind("codes", ("kind", "ours", "theirs"), ("kind", "ours", "theirs")),
    )
}  # fmt: skip


def resolve(kind: Kind, columns: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return our column → the file's column.

    Parameters
    ----------
    columns : names in the file.
    given : what the user says, our name → the file's; an empty name leaves a column out.

    Raises
    ------
    Invalid : `import.field_unknown` (not one of ours), `import.column_unknown` (not in the file),
        `import.column_missing` (needed and not found).
    """
    names = list(columns)
    for ours, theirs in given.items():
        if ours not in kind.columns:
            raise Invalid("import.field_unknown", f"{kind.name} have no {ours}; map one of {', '.join(kind.columns)}")
        if theirs and theirs not in names:
            raise Invalid(
                "import.column_unknown", f"the file has no column {theirs}; it has {', '.join(names)}", columns=names
            )
    folded = {_fold(name): name for name in reversed(names)}
    found = {}
    for ours in kind.columns:
        if ours in given:
            if given[ours]:
                found[ours] = given[ours]
            continue
        match = next((folded[_fold(name)] for name in _NAMES[ours] if _fold(name) in folded), None)
        if match is not None and match not in given.values():
            found[ours] = match
    lacking = [ours for ours in kind.required if ours not in found]
    if lacking:
        raise Invalid(
            "import.column_missing",
            f"no column for {', '.join(lacking)}; the file has {', '.join(names)}: use --map {lacking[0]}=FIELD",
            missing=lacking,
            columns=names,
        )
    return found


def _fold(name: str) -> str:
    return name.strip().lower().replace(" ", "_")
