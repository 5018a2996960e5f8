"""The briefing: opens without a network, runs nobody's text, its figures equal the lists."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers import briefing as content
from webmap.documents import briefing, offline
from webmap.documents.offline import OutsideReference, safe, self_contained

NASTY = "<img src=x onerror=alert(1)>`${alert(2)}`\\</script><script>alert(3)</script>'\"{{7*7}}"


def report(session: Session, **body: object) -> None:
    session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps({"channel": "phone", **body})})


@pytest.fixture
def filled(session: Session) -> Session:
    for n in range(5):
        report(
            session,
            title=f"事件 {n}",
            lon=120.881 + n * 0.004,
            lat=30.405,
            platform_code="market",
            due_at="2026-01-01T00:00:00Z",
        )
    report(session, title=NASTY, lon=120.895, lat=30.415, platform_code="enforcement", description=NASTY)
    report(session, title="没有位置", platform_code="service")
    session.execute(text("update organisation set name = :n"), {"n": NASTY})
    return session


def test_document_asks_nobody_and_holds_every_open_case(filled: Session) -> None:
    frame = content.frame(filled, "指挥室 <b>")
    for language in ("zh", "en"):
        document = briefing.render(frame, language)
        tags = re.findall(r"<(?:script|link|img|iframe)[^>]*>", document)
        assert all("http" not in tag for tag in tags)
        assert offline.POLICY in document
        assert document.count("<tr><td>") >= 7 + len(frame["platforms"]) + len(frame["villages"])
        assert "没有位置" in document


def test_text_of_people_stays_text_in_markup_and_in_scripts(filled: Session) -> None:
    document = briefing.render(content.frame(filled, NASTY))
    assert "<img src=x" not in document
    assert "${alert" not in document
    assert "<script>alert(3)" not in document


def test_figures_equal_their_lists(filled: Session) -> None:
    frame = content.frame(filled, "x")
    assert frame["summary"]["open"] == len(frame["cases"]) == 7
    assert frame["summary"]["late"] == sum(bool(case["late"]) for case in frame["cases"]) == 5
    assert sum(village["open"] for village in frame["villages"]) == 6
    assert sum(p["open"] for p in frame["summary"]["platforms"].values()) == 7


def test_empty_town_says_so(session: Session) -> None:
    document = briefing.render(content.frame(session, "x"))
    assert "没有在办事件" in document
    assert "无数据" in document


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example/x.css"/>',
        '<script src="vendor:../../../pyproject.toml"></script>',
        '<img src="//cdn.example/x.png">',
        "<style>@import 'https://cdn.example/x.css'</style>",
    ],
)
def test_reference_to_another_host_is_refused(tag: str) -> None:
    with pytest.raises(OutsideReference):
        self_contained(f"<html><head></head><body>{tag}</body></html>")


def test_safe_text_survives_html_attributes_and_template_literals() -> None:
    escaped = safe(NASTY)
    assert not set("<>`$\\{}\"'") & set(escaped)
