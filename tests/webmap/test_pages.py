"""Templates: each renders in both languages, escapes what people wrote, and shows only what the viewer may open."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jinja2 import UndefinedError

from webmap import pages, qr
from webmap.i18n import catalogue
from webmap.pages import Frame, Town, Viewer

EVIL = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>'
TOWN = Town("330499101", "小镇", "Small Town", True, "数据是虚构的。", "The data are made up.", (120.9, 30.4), 12.5)
PERSON = {
    "name": "周敏",
    "username": "zhoumin",
    "roles": [{"code": "a", "name": "指挥室", "name_en": None}],
    "org": {"name": "指挥室"},
    "permissions": ["view"],
    "must_change_password": True,
}
SLIP = {
    "id": "01958f3c-0000-7000-8000-000000000003",
    "case_no": "330424105202603170046",
    "title": EVIL,
    "description": EVIL,
    "address": EVIL,
    "urgency": "U2",
    "platform": "enforcement",
    "channel": "hotline",
    "reporter": {"name": "王**", "phone": "138****2017"},
    "category_name": "工程运输抛洒",
    "category_name_en": "Spilled load",
    "grid_name": "六里村第 3 网格",
    "grid_name_en": "Liuli Village Grid 3",
    "village_name": "六里村",
    "village_name_en": "Liuli Village",
    "lead_org": "综合执法中队",
    "co_orgs": ["交警中队", "六里村"],
    "sent_by": "镇指挥室",
    "occurred_at": "2026-03-17 14:25",
    "due_at": "2026-03-18 14:34",
    "handle_limit": {"value": 1, "unit": "work_day"},
    "sign_limit": {"value": 2, "unit": "work_hour"},
    "printed_at": "2026-03-17 14:35",
}
DATA: dict[str, dict[str, Any]] = {
    "login": {"next": "/", "demo_logins": ["command", "admin"], "demo_password": "onegrid-demo"},
    "report": {},
    "browser": {},
    "desk": {},
    "incidents": {},
    "incident": {"id": "01958f3c-0000-7000-8000-000000000003", "slip": True},
    "inbox": {},
    "progress": {},
    "slip": {"slip": SLIP, "qr": qr.code("330424105202603170046", "330424105202603170046")},
    "admin": {"roles": [], "orgs": []},
    "account": {"person": PERSON, "next": "/"},
    "error": {"status": 404, "code": "page.not_found", "request_id": "01958f3c"},
    "map": {},
}


def viewer(*permissions: str) -> Viewer:
    return Viewer("command", "周敏", "command_room", "指挥室", frozenset(permissions))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", DATA)
def test_every_page_renders_in_both_languages(name: str, lang: str) -> None:
    shown = pages.render(name, Frame(lang=lang, town=TOWN, viewer=viewer("view"), data=DATA[name], demo=True))
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}"' in shown
    subjects = "|".join({key.split(".", 1)[0] for key in catalogue(lang)})
    seen = re.sub(r"<script.*?</script>", "", shown, flags=re.S)
    keys = re.findall(rf"[>\"]\s*((?:{subjects})\.[a-z_]+)\s*[<\"]", seen)
    assert keys == [], "a key stands where its words should"


@pytest.mark.parametrize("name", DATA)
def test_every_page_renders_without_town_and_viewer(name: str) -> None:
    assert "<main" in pages.render(name, Frame(data=DATA[name]))


def test_a_template_that_misses_a_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        pages.render("login", Frame(demo=True))


@pytest.mark.parametrize("name", DATA)
def test_no_page_has_inline_script_or_style(name: str) -> None:
    shown = pages.render(name, Frame(town=TOWN, viewer=viewer("view", "manage_users"), data=DATA[name], demo=True))
    tags = " ".join(re.findall(r"<[^>]*>", shown))
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", tags)
    scripts = re.findall(r"<script([^>]*)>", shown)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)


@pytest.mark.parametrize("name", DATA)
def test_what_people_wrote_is_shown_as_text(name: str) -> None:
    town = Town(EVIL, EVIL, EVIL, True, EVIL, EVIL)
    person = Viewer(EVIL, EVIL, EVIL, EVIL, frozenset(["view", EVIL]))
    data = {**DATA[name], "evil": EVIL}
    if name == "account":
        data["person"] = {**PERSON, "name": EVIL, "username": EVIL, "org": {"name": EVIL}, "permissions": [EVIL]}
    frame = Frame(path=f"/{EVIL}", query={"q": EVIL, EVIL: "1"}, town=town, viewer=person, csrf=EVIL, data=data)
    shown = pages.render(name, frame)
    assert "<img src=x" not in shown
    assert "<script>alert" not in shown
    assert "&lt;img" in shown
    assert frame_of(shown)["data"]["evil"] == EVIL


def frame_of(shown: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="frame">(.*?)</script>', shown, re.S)
    assert found
    return json.loads(found[1])


def test_a_synthetic_town_is_labelled_on_every_page() -> None:
    for name, data in DATA.items():
        shown = pages.render(name, Frame(town=TOWN, data=data))
        assert "演示数据" in shown, name
        assert "数据是虚构的。" in shown, name
    real = Town("1", "真镇", "Real")
    assert "演示数据" not in pages.render("report", Frame(town=real))


@pytest.mark.parametrize(
    ("permissions", "keys"),
    [
        (("view",), ["map", "incidents", "report"]),
        (("view", "triage"), ["map", "incidents", "triage", "report"]),
        (("view", "triage", "manage_users"), ["map", "incidents", "triage", "report", "admin"]),
    ],
)
def test_tabs_follow_the_permissions(permissions: tuple[str, ...], keys: list[str]) -> None:
    assert [tab.key for tab in pages.tabs(viewer(*permissions))] == keys


def test_the_public_sees_report_and_progress_alone() -> None:
    assert [tab.key for tab in pages.tabs(None)] == ["report", "progress"]


@pytest.mark.parametrize("permission", ["handle", "self_handle"])
def test_whoever_handles_has_an_inbox(permission: str) -> None:
    assert "inbox" in [tab.key for tab in pages.tabs(viewer("view", permission))]


def test_demo_logins_are_shown_in_demo_mode_only() -> None:
    assert "onegrid-demo" in pages.render("login", Frame(data=DATA["login"], demo=True))
    assert "data-login" not in pages.render("login", Frame(data=DATA["login"], demo=False))


def test_demo_logins_beside_one_a_role_stand_behind_a_line() -> None:
    data = {**DATA["login"], "demo_logins": ["command", "grid001", "grid200"]}
    shown = pages.render("login", Frame(data=data, demo=True))
    first, _, others = shown.partition("<details")
    assert 'data-login="command"' in first
    assert 'data-login="grid' not in first
    assert others.count('data-login="grid') == 2
    assert "<details" not in pages.render("login", Frame(data=DATA["login"], demo=True))


def test_permissions_are_said_in_words_and_a_town_s_own_by_its_code() -> None:
    person = {**PERSON, "permissions": ["triage", "feed_the_fish"]}
    shown = pages.render("account", Frame(lang="en", town=TOWN, data={**DATA["account"], "person": person}))
    assert re.findall(r'<li class="tag"[^>]*>([^<]+)</li>', shown) == [
        "Place cases without a sure place",
        "feed_the_fish",
    ]


def test_the_other_language_keeps_the_address() -> None:
    shown = pages.render("incidents", Frame(path="/incidents", query={"late": "1", "q": "a&b"}, viewer=viewer("view")))
    assert 'href="/incidents?late=1&amp;q=a%26b&amp;lang=en"' in shown


def test_every_asset_a_page_names_exists() -> None:
    prefix = f"/static/v-{pages.version()}/"
    for name, data in DATA.items():
        shown = pages.render(name, Frame(town=TOWN, data=data, demo=True))
        for path in re.findall(rf'(?:href|src)="{prefix}([^"]+)"', shown):
            assert (pages.STATIC / path).is_file(), f"{name} names {path}"


def test_every_icon_a_page_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="(i-[a-z-]+)"', (pages.PAGES / "icons.html").read_text()))
    for name, data in DATA.items():
        named = set(re.findall(r'href="#(i-[a-z-]+)"', pages.render(name, Frame(town=TOWN, data=data, demo=True))))
        assert named <= sprite, name
    scripts = "\n".join(path.read_text() for path in pages.STATIC.rglob("*.js") if "vendor" not in path.parts)
    assert {f"i-{icon}" for icon in re.findall(r'\bicon\("([a-z-]+)"', scripts)} <= sprite
