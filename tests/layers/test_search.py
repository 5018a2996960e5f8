"""The search box: what is typed is meant as it stands, and nothing outside the scope is found."""

from __future__ import annotations

import json
import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import apply
from layers.search import search
from tests.scopes import every_scope
from tests.small_town import GRIDS, SmallTown


def test_signs_of_patterns_find_themselves_only(session: Session) -> None:
    assert search(session, "%") == []
    assert search(session, "_") == []
    body = {"title": "折扣 50% 的摊位", "channel": "phone", "lon": 120.881, "lat": 30.405}
    session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)})
    assert [hit["title"] for hit in search(session, "50% 的")] == ["折扣 50% 的摊位"]


def test_grid_is_found_by_code_and_case_by_number_within_the_scope(session: Session, small_town: SmallTown) -> None:
    body = {"title": "渣土抛洒", "channel": "phone", "lon": 120.895, "lat": 30.415}
    answer = session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)}).scalar_one()
    assert search(session, GRIDS[0])[0]["id"] == GRIDS[0]
    assert search(session, answer["case_no"])[0]["id"] == answer["id"]
    apply(session, every_scope(small_town)["worker-a1"])
    assert [hit for hit in search(session, answer["case_no"]) if hit["kind"] == "incident"] == []
    assert [hit for hit in search(session, "渣土抛洒") if hit["kind"] == "incident"] == []


def test_imported_case_is_found_by_the_number_it_had_before(session: Session) -> None:
    row = {
        "n": 1, "incident_id": str(uuid.uuid4()), "external_ref": "GD-7", "title": "路灯不亮", "urgency": "U3",
        "state": "reported", "channel": "phone", "lon": 120.881, "lat": 30.405, "occurred_at": "2026-03-17T06:00:00Z",
        "reported_at": "2026-03-17T06:00:00Z",
    }  # fmt: skip
    submit = text("select * from submit_incidents(cast(:rows as jsonb))")
    session.execute(submit, {"rows": json.dumps([row])})
    assert [hit["title"] for hit in search(session, "GD-7")] == ["路灯不亮"]
