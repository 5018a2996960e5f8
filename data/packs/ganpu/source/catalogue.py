"""Categories with their limits and stories, suggestion rules, the working calendar."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from records import read_csv

HERE = Path(__file__).parent
SHORT = {"public_order": "ZZ", "enforcement": "ZF", "market": "SJ", "service": "BM"}
LINES = ["party", "public_order", "social_security", "land", "market", "civil_affairs", "environment", "enforcement"]
# of an '@' line of categories.txt
COLUMNS = (
    *("platform", "line", "major", "minor", "name", "name_en", "urgency", "lead_org", "co_orgs"),
    *("limit_value", "limit_unit", "self_handle", "place", "weight", "season", "hours"),
)
WORK_PERIODS = "08:00-12:00;14:00-18:00"


@dataclass
class Category:
    """One row of the catalogue and the stories told of it."""

    code: str
    platform: str
    line: str
    major: str
    minor: str
    name: str
    name_en: str
    urgency: str
    lead_org: str
    co_orgs: str
    limit_value: str
    limit_unit: str
    self_handle: bool
    place: str
    weight: float
    season: str
    hours: str
    keywords: str = ""
    filing: str = ""
    closing: str = ""
    basis: str = ""
    public: bool = True
    titles: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Return the row of categories.csv."""
        return {
            "code": self.code,
            "platform": self.platform,
            "line": self.line,
            "major": self.major,
            "minor": self.minor,
            "name": self.name,
            "name_en": self.name_en,
            "urgency": self.urgency,
            "lead_org": self.lead_org,
            "co_orgs": self.co_orgs,
            "limit_value": self.limit_value,
            "limit_unit": self.limit_unit,
            "self_handle": self.self_handle,
            # a pair of words (a+b) is for the rules, which know how to ask for both
            "keywords": ";".join(word for word in self.keywords.split(";") if "+" not in word),
            "filing_condition": self.filing,
            "closing_condition": self.closing,
            "public": self.public,
            "legal_basis": self.basis,
        }


def categories() -> list[Category]:
    """Return the catalogue in the order of its file.

    A code is platform, duty line, major class and a running number: ZF-08-02-001.
    """
    majors: dict[str, list[str]] = defaultdict(list)
    serial: dict[str, int] = defaultdict(int)
    found: list[Category] = []
    for text in (HERE / "categories.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = text.partition(" ")
        if mark == "@":
            found.append(_category(rest, majors, serial))
            continue
        last = found[-1]
        if mark in ("t", "d"):
            (last.titles if mark == "t" else last.details).extend(rest.split("/"))
        elif mark == "x":
            last.objects = rest.split(";")
        elif mark == "p":
            last.public = rest != "n"
        else:
            setattr(last, {"k": "keywords", "f": "filing", "c": "closing", "b": "basis"}[mark], rest)
    return found


def _category(text: str, majors: dict[str, list[str]], serial: dict[str, int]) -> Category:
    """Return the category of one '@' line, numbered after those before it; its major class is counted in."""
    columns: dict[str, Any] = dict(zip(COLUMNS, text.split("|"), strict=True))
    platform, line, major = columns["platform"], columns["line"], columns["major"]
    if major not in majors[platform]:
        majors[platform].append(major)
    stem = f"{SHORT[platform]}-{LINES.index(line) + 1:02d}-{majors[platform].index(major) + 1:02d}"
    serial[stem] += 1
    columns["self_handle"] = columns["self_handle"] == "y"
    columns["weight"] = float(columns["weight"])
    return Category(code=f"{stem}-{serial[stem]:03d}", **columns)


def rules(found: list[Category]) -> list[dict[str, Any]]:
    """Return suggestion rules: any of a category's words; the name itself weighs most; and some sharper pairs."""
    rows = []
    for k, category in enumerate(found, 1):
        rows.append(
            {
                "code": f"R{k:03d}",
                "words": category.keywords,
                "not_words": "",
                "channel": "",
                "category": category.code,
                "weight": "1.0",
            }
        )
        rows.append(
            {
                "code": f"N{k:03d}",
                "words": category.name,
                "not_words": "",
                "channel": "",
                "category": category.code,
                "weight": "2.0",
            }
        )
    by_name = {c.name: c.code for c in found}
    for k, (words, not_words, channel, name, weight) in enumerate(SHARP, 1):
        rows.append(
            {
                "code": f"P{k:03d}",
                "words": words,
                "not_words": not_words,
                "channel": channel,
                "category": by_name[name],
                "weight": weight,
            }
        )
    for k, row in enumerate(read_csv(HERE / "tables" / "words.csv"), 1):
        rows.append(
            {
                "code": f"T{k:03d}",
                "words": spoken(row["things"], row["states"]),
                "not_words": row["not_words"],
                "channel": "",
                "category": by_name[row["category"]],
                "weight": row["weight"],
            }
        )
    return rows


def spoken(things: str, states: str) -> str:
    """Return what people say: one of the things beside one of what is the matter with it, or a word that tells both."""
    return f"{things.replace(';', '|')}+{states.replace(';', '|')}" if states else things


# words, words that must be absent, channel, category name, weight
SHARP = [
    ("渣土车;拌料车;运泥车", "偷倒", "", "渣土车抛洒", "2.5"),
    ("井盖不见;没盖;井盖缺", "篷布;盖章;锅", "", "井盖缺失", "2.5"),
    ("井盖松动;井盖破;井盖裂", "不见", "", "井盖破损", "2.5"),
    ("烧秸秆;烧垃圾;露天焚烧", "", "", "露天焚烧秸秆垃圾", "2.5"),
    ("着火;明火;火苗", "秸秆;烧烤", "", "初起火情", "2.2"),
    ("菜场门口;早点摊;夜宵摊;水果车", "", "", "流动摊占道", "2.0"),
    ("路灯", "", "", "路灯不亮", "2.5"),
    ("转账;刷单;验证码", "", "", "疑似电信诈骗劝阻", "2.5"),
    ("赶海;滩涂;鳗苗", "", "", "塘外赶海涉险", "2.2"),
    ("水葫芦;漂浮物;浮萍", "", "", "河面漂浮物", "2.2"),
    ("黑水;排污;直排", "", "", "污水入河", "2.2"),
    ("工资;工钱;欠薪", "", "", "拖欠工资", "2.2"),
    ("停满车;挡住车;乱停", "消防", "", "机动车乱停", "1.8"),
    ("办酒;喜酒;家宴", "", "", "家宴未申报", "2.2"),
    ("停水;水管", "独居;老人", "", "停水水管漏水", "1.8"),
    ("停电;跳闸", "", "", "停电线路故障", "1.8"),
]


def calendar() -> list[dict[str, Any]]:
    """Return one row a day of 2024–2027: the weekday rule, then the holiday notices; 2027 is provisional."""
    special: dict[date, dict[str, str]] = {}
    for row in read_csv(HERE / "tables" / "holidays.csv"):
        day, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
        while day <= last:
            special[day] = row
            day += timedelta(days=1)
    rows, day = [], date(2024, 1, 1)
    while day <= date(2027, 12, 31):
        row = special.get(day, {})
        works = row["is_workday"] == "true" if row else day.weekday() < 5
        source = row.get("source") or (
            "周一至周五工作日规则" if day.year < 2027 else "周一至周五工作日规则（待国务院通知）"
        )
        rows.append(
            {
                "day": day.isoformat(),
                "is_workday": works,
                "periods": WORK_PERIODS if works else "",
                "name": row.get("name", ""),
                "source": source,
                "provisional": day.year >= 2027,
            }
        )
        day += timedelta(days=1)
    return rows
