"""Fictional people: town and village cadres, grid workers, their three duties in each grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from frame import stream
from partition import Areas

SURNAMES = "徐沈朱王张许吴陆陈顾钱蔡俞冯马金何姚周赵富步干祝黄杨曹宋郭潘"
MALE = [
    "建华",
    "国强",
    "永根",
    "志明",
    "海峰",
    "水法",
    "金泉",
    "伟民",
    "阿四",
    "根法",
    "林根",
    "卫东",
    "文斌",
    "立群",
    "建平",
    "永祥",
    "晓明",
    "振华",
    "春华",
    "雪良",
    "正方",
    "建国",
    "军",
    "超",
    "斌",
    "杰",
    "亮",
    "国平",
    "明华",
    "土根",
    "伟",
    "利明",
    "中良",
    "海良",
]
FEMALE = [
    "丽娟",
    "丽萍",
    "亚芬",
    "美珍",
    "秀英",
    "静芳",
    "海英",
    "慧芬",
    "晓燕",
    "雪芳",
    "文娟",
    "小妹",
    "佩芳",
    "月琴",
    "建英",
    "敏",
    "洁",
    "芳",
    "晓岚",
    "玉凤",
    "金花",
    "小红",
    "婷",
    "莉",
    "雅琴",
    "惠英",
    "彩虹",
    "春燕",
]


def person(rng: np.random.Generator) -> str:
    """Return a made-up name."""
    given = MALE if rng.random() < 0.55 else FEMALE
    return str(rng.choice(list(SURNAMES))) + str(rng.choice(given))


def phone(serial: int) -> str:
    """Return a number nobody has: the 0573-00 block is not in use."""
    return f"0573-00{serial:06d}"


def village_organisations(areas: Areas, start: int) -> list[dict[str, Any]]:
    """Return one organisation a village: its committee."""
    rng, rows = stream("village heads"), []
    for k, village in enumerate(areas.villages):
        community = village.kind == "community"
        rows.append(
            {
                "code": f"village_{village.code[-3:]}",
                "name": village.name + ("居委会" if community else "村委会"),
                "name_en": f"{village.name_en} Committee",
                "kind": "village",
                "platforms": "public_order;enforcement;market;service",
                "parent": "town_government",
                "is_managing": None,
                "head_name": person(rng),
                "head_post": "书记、主任",
                "phone": phone(start + k),
            }
        )
    return rows


def village_accounts(staff: list[dict[str, Any]], duties: list[dict[str, Any]], areas: Areas) -> list[dict[str, Any]]:
    """Return one account a village: the full-time worker of its first grid, who may be asked to verify anywhere in the village."""
    person_of = {row["code"]: row for row in staff}
    workers = {d["area_code"]: person_of[d["staff"]] for d in duties if d["role"] == "primary_informant"}
    first = {grid.parent: workers[grid.code] for grid in sorted(areas.grids, key=lambda g: g.code, reverse=True)}
    return [
        {
            "username": f"grid{village.code[-3:]}",
            "name": first[village.code]["name"],
            "role": "grid_worker",
            "org": first[village.code]["org"],
            "areas": village.code,
        }
        for village in areas.villages
    ]


def staff_and_duties(
    areas: Areas, organisations: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return staff and the three duties of every grid: liaison cadre, first responsible, first informant."""
    rng = stream("staff")
    staff: list[dict[str, Any]] = []
    duties: list[dict[str, Any]] = []

    def add(name: str, org: str, post: str) -> str:
        code = f"S{len(staff) + 1:04d}"
        staff.append({"code": code, "name": name, "org": org, "post": post, "phone": phone(1000 + len(staff))})
        return code

    for row in organisations:
        if row["head_name"] and row["kind"] != "county":
            add(row["head_name"], row["code"], row["head_post"])
        if row["kind"] in ("office", "squadron", "station", "agency"):
            for _ in range(5 if row["code"] in ("enforcement_squadron", "police_station", "market_station") else 2):
                add(person(rng), row["code"], "工作人员")
    fixed = {"330424105206003": "吴丽娟"}
    cadre_post = {"330424105206": "徐永根"}
    for village in areas.villages:
        org = f"village_{village.code[-3:]}"
        liaison = add(person(rng), "town_government", "联村干部")
        cadres = [
            add(cadre_post.get(village.code, person(rng)) if k == 0 else person(rng), org, "村干部") for k in range(3)
        ]
        for k, grid in enumerate(g for g in areas.grids if g.parent == village.code):
            worker = add(fixed.get(grid.code, person(rng)), org, "专职网格员")
            for code, role in (
                (liaison, "liaison_cadre"),
                (cadres[k % 3], "primary_responsible"),
                (worker, "primary_informant"),
            ):
                duties.append({"area_code": grid.code, "staff": code, "role": role, "valid_from": "2025-01-01"})
    return staff, duties
