"""How people tell of an incident: titles, and sentences in the voice of the channel."""

from __future__ import annotations

import re

import numpy as np
from catalogue import Category
from whereabouts import Place

OPENING = {
    "grid_worker": ["网格员走访时发现：", "日常巡格发现，", "", "走访农户时反映："],
    "patrol": ["巡查队巡到此处，", "例行巡查发现：", "夜巡发现，", ""],
    "hotline": ["12345 转述：", "来电人称，", "市民来电：", "热线工单："],
    "snapshot": ["", "随手拍：", "路过看到，", "拍了照片，"],
    "video": ["视频巡查发现，", "监控显示：", "探头抓拍，"],
    "window": ["窗口受理：", "群众到窗口反映，", ""],
    "village": ["村干部反映：", "村里巡查看到，", ""],
    "letter": ["来信反映：", "意见箱来信，"],
    "higher": ["县里交办：", "上级转办件：", "巡察组转来线索："],
    "phone": ["来电反映：", "值班电话接报，", ""],
}


CLOSING = [
    "",
    "",
    "",
    "",
    "请尽快处理。",
    "希望有人来看看。",
    "已拍照。",
    "之前也反映过。",
    "请帮忙联系一下。",
    "已先行劝导。",
    "当事人不在现场。",
    "具体位置见照片。",
    "望回复。",
    "周边住户也有反映。",
]


# "对面门口" and the like, where an address that already says where meets a sentence that says it again
DOUBLED = re.compile(r"(段|附近|旁边|对面|门前|路口|米|面田里|后山|后面|机耕路边)(?:门口|前|附近|旁边|一带)")


class Teller:
    """Words for an incident."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def fill(self, text: str, place: Place, category: Category) -> str:
        """Return the text with its slots filled."""
        n = int(self.rng.choice([2, 2, 3, 3, 4, 5, 6, 8]))
        time = str(self.rng.choice(["晚上十点", "半夜", "凌晨一点", "天没亮", "昨晚九点", "十一点多", "早上五点"]))
        thing = str(self.rng.choice(category.objects)) if category.objects else ""
        for big in "十百千":
            text = text.replace("{n}" + big, "零一两三四五六七八"[n] + big if big != "十" or n != 2 else "二十")
        slots = {
            "a": place.address,
            "r": place.road,
            "h": place.hamlet,
            "l": place.landmark,
            "s": place.subject,
            "n2": str(max(1, n - 1)),
            "n": str(n),
            "t": time,
            "x": thing,
        }
        for key, value in slots.items():
            text = text.replace("{" + key + "}", value)
        return DOUBLED.sub(r"\1", text)

    def story(self, place: Place, category: Category, channel: str) -> dict[str, str]:
        """Return a short title, now and then led by the place, and one or two sentences in the voice of the channel."""
        k = int(self.rng.integers(len(category.titles)))
        title, lead = category.titles[k], self.rng.random()
        if lead < 0.2 and category.place in ("house", "farmland", "river", "hill"):
            title = place.hamlet + title
        elif lead < 0.24 and category.place in ("road", "street", "mainroad", "oldtown", "market"):
            title = place.road + title
        body = self.fill(category.details[k], place, category)
        opening, closing = (str(self.rng.choice(texts)) for texts in (OPENING[channel], CLOSING))
        return {"title": title, "description": f"{opening}{body}。{closing}"}
