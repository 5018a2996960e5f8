"""The demo town's people, organisations, catalogue and market entities fit together."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import pytest

from layers.incident.rules import Category, RuleBook, SuggestionRule, suggest
from tests.packs.ganpu import PACK, anchor_of_the_pack, areas, codes, features, split, table

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REFERENCES = [
    ("organisations", "parent", "organisations"),
    ("organisations", "platforms", "platforms"),
    ("platforms", "managing_org", "organisations"),
    ("forces", "org", "organisations"),
    ("forces", "platform", "platforms"),
    ("staff", "org", "organisations"),
    ("duties", "staff", "staff"),
    ("categories", "platform", "platforms"),
    ("categories", "lead_org", "organisations"),
    ("categories", "co_orgs", "organisations"),
    ("rules", "category", "categories"),
    ("sites", "org", "organisations"),
    ("sites", "platform", "platforms"),
    ("entities", "platform", "platforms"),
    ("incidents", "category", "categories"),
    ("incidents", "lead_org", "organisations"),
    ("incidents", "platform", "platforms"),
    ("users", "role", "roles"),
    ("users", "org", "organisations"),
]


@pytest.mark.parametrize(("name", "column", "target"), REFERENCES)
def test_references_resolve(name: str, column: str, target: str) -> None:
    named = {code for row in table(name) for code in split(row[column])}
    assert named
    assert named <= codes(target)


def test_plates_of_entities_and_incidents_exist() -> None:
    plates = codes("addresses", "plate_id")
    for name in ("entities", "incidents"):
        assert {row["plate_id"] for row in table(name)} - {""} <= plates
    assert {properties["plate_id"] for properties, _ in features("base/buildings")} == plates


def test_every_grid_has_its_three_duties_once() -> None:
    duties = Counter((row["area_code"], row["role"]) for row in table("duties"))
    roles = ("liaison_cadre", "primary_responsible", "primary_informant")
    assert duties == Counter((code, role) for code in areas("grids") for role in roles)


def test_platforms_have_their_forces_and_one_managing_office() -> None:
    assert {row["force"] for row in table("forces") if row["platform"] == "public_order"} == {
        "综合治理", "信访维稳", "警务", "司法调解", "治保调解",
    }  # fmt: skip
    managing = {row["managing_org"] for row in table("platforms")}
    assert managing == {row["code"] for row in table("organisations") if row["is_managing"] == "true"}
    assert len(managing) == len(table("platforms")) == 4


def test_limits_cover_every_stage_and_urgency() -> None:
    found = {(row["stage"], row["urgency"]) for row in table("limits")}
    stages = ("accept", "dispatch", "sign", "handle", "inspect", "close")
    assert found == {(stage, urgency) for stage in stages for urgency in ("U1", "U2", "U3", "U4")}


def test_categories_spread_over_platforms_and_duty_lines() -> None:
    assert len(table("categories")) >= 60
    assert Counter(row["platform"] for row in table("categories")).most_common()[-1][1] >= 12
    assert len({row["line"] for row in table("categories")}) == 8
    assert all(
        split(row["keywords"]) and row["filing_condition"] and row["closing_condition"] for row in table("categories")
    )


def test_calendar_has_every_day_and_the_published_exceptions() -> None:
    days = {row["day"]: row for row in table("calendar")}
    assert len(days) == (datetime(2028, 1, 1) - datetime(2024, 1, 1)).days
    for day, works in {"2024-02-18": True, "2025-01-26": True, "2026-02-28": True, "2026-10-10": True,
                       "2025-10-08": False, "2026-02-23": False, "2024-09-17": False}.items():  # fmt: skip
        assert (days[day]["is_workday"] == "true") == works, day
    assert {row["provisional"] for day, row in days.items() if day >= "2027"} == {"true"}
    assert {row["provisional"] for day, row in days.items() if day < "2027"} == {"false"}


def test_suggestion_rules_find_the_category_of_most_reports() -> None:
    """Of the texts the pack itself tells; one that is found by nothing would show a rule that cannot fire."""
    book = RuleBook.of(
        [Category(r["code"], r["platform"], r["urgency"], r["lead_org"], tuple(split(r["keywords"])), r["minor"])
         for r in table("categories")],
        [SuggestionRule(r["code"], tuple(split(r["words"])), r["category"], float(r["weight"]), tuple(split(r["not_words"])),
                        r["channel"] or None)
         for r in table("rules")],
    )  # fmt: skip
    rows = table("incidents")[::7]
    found = [suggest(f"{row['title']}\n{row['description']}", row["channel"], book) for row in rows]
    right = sum(one.category == row["category"] for one, row in zip(found, rows, strict=True))
    assert right > 0.9 * len(rows)
    assert {one.category for one in found} >= {row["category"] for row in rows}


def test_permissions_of_the_roles_are_those_the_format_names() -> None:
    text = (PACK.parents[2] / "docs" / "pack-format.md").read_text(encoding="utf-8")
    written = text[text.index("any set of permissions") : text.index("6. **Categories")]
    named = set(re.findall(r"`([a-z_0-9]+)`", written))
    assert {permission for row in table("roles") for permission in split(row["permissions"])} == named


# ---- market entities


def test_credit_codes_have_valid_check_characters() -> None:
    """GB 32100-2015 over 18 characters: the weighted sum is 0 mod 31 with the check character's weight 1."""
    found = codes("entities", "uscc")
    assert len(found) == len(table("entities"))
    for code in found:
        assert len(code) == 18
        values = [USCC_ALPHABET.index(character) for character in code]
        assert (sum(v * pow(3, i, 31) for i, v in enumerate(values[:17])) + values[17]) % 31 == 0
        body = [int(c, 36) for c in code[8:16]]  # GB 11714-1997
        rest = 11 - sum(w * v for w, v in zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True)) % 11
        assert code[16] == {10: "X", 11: "0"}.get(rest, str(rest))


def test_some_entities_lack_a_responsible_person_and_some_are_late() -> None:
    active = [row for row in table("entities") if row["status"] == "active"]
    columns = ("territorial_responsible", "regulator_responsible", "own_responsible")
    assert sum(any(not row[c] for c in columns) for row in active) == 23
    anchor = anchor_of_the_pack().date().isoformat()
    late = [row for row in active if row["next_inspection_on"] < anchor]
    assert 20 <= len(late) <= 70
    assert 1_100 <= len(table("entities")) <= 1_400
    assert len({row["kind"] for row in table("entities")}) >= 10


def test_somebody_may_verify_wherever_a_case_lies() -> None:
    may = {row["code"] for row in table("roles") if "verify" in split(row["permissions"])}
    reached = {area for row in table("users") if row["role"] in may for area in split(row["areas"])}
    parents = {properties["code"]: properties["parent"] for properties, _ in features("areas/grids")}
    assert [code for code, parent in parents.items() if not {code, parent} & reached] == []


def test_accounts_of_villages_are_those_of_their_grid_workers() -> None:
    staff = {row["code"]: row for row in table("staff")}
    workers = {
        (staff[row["staff"]]["name"], staff[row["staff"]]["org"])
        for row in table("duties")
        if row["role"] == "primary_informant"
    }
    accounts = [row for row in table("users") if row["role"] == "grid_worker"]
    assert {(row["name"], row["org"]) for row in accounts} <= workers
    assert len({row["username"] for row in table("users")}) == len(table("users"))
