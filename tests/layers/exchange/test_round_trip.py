"""Incidents that were exported come back in as what they are: known."""

from __future__ import annotations

import json
import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

SUBMIT = text("select n, outcome from submit_incidents(cast(:rows as jsonb))")


def test_row_with_our_own_id_is_repeated_and_a_stranger_with_a_taken_number_is_told(session: Session) -> None:
    body = {"title": "路灯不亮", "channel": "phone", "lon": 120.881, "lat": 30.405}
    known = session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)}).scalar_one()
    row = {
        "incident_id": str(uuid.uuid4()),
        "case_no": known["case_no"],
        "title": "路灯不亮",
        "urgency": "U3",
        "state": "reported",
        "channel": "phone",
        "lon": 120.881,
        "lat": 30.405,
        "occurred_at": "2026-03-17T06:00:00Z",
        "reported_at": "2026-03-17T06:00:00Z",
    }
    rows = [{**row, "n": 1, "external_ref": known["id"]}, {**row, "n": 2, "external_ref": "another-system-7"}]
    outcomes = dict(session.execute(SUBMIT, {"rows": json.dumps(rows)}).all())
    assert outcomes == {1: "repeated", 2: "case_no_taken"}
