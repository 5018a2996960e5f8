"""How many duplicates are found, and how many of those found are some, on pairs labelled by a person.

``duplicate_labels.csv``: two reports, how far apart in metres and minutes they came, how poor the place of the second is, and
whether they are about the same thing. Things of one class side by side and the same thing again days later are among them.
"""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import Scope
from data.session import Database
from data.uuid7 import uuid7
from layers.incident.book import book
from layers.incident.rules import suggest
from layers.incident.service import duplicates
from tests.conftest import Databases
from tests.layers.incident.closed_loop import at, table
from tests.layers.incident.test_suggestion import town_book
from tests.small_town import SmallTown

PLACE = (120.895, 30.405)
DEGREE_M = 110_850.0  # of latitude, here


def pairs() -> list[dict[str, str]]:
    with Path(__file__).with_name("duplicate_labels.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def pack_categories(databases: Databases, small_town: SmallTown) -> dict[str, int]:
    """Ids of the shipped town's categories, given to the small town."""
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        for row in table("categories.csv"):
            cursor.execute(
                "insert into category (town_id, code, platform_code, name, urgency) values (%s, %s, %s, %s, %s)",
                (small_town.town_id, row["code"], row["platform"], row["name"], row["urgency"]),
            )
        cursor.execute("select code, category_id from category where town_id = %s", (small_town.town_id,))
        found = dict(cursor.fetchall())
    connection.close()
    return found


def is_found(session: Session, pair: dict[str, str], ids: dict[str, int], moment) -> bool:
    """Whether the first report is among the likely duplicates of the second."""
    first, second = (suggest(pair[name], None, town_book()) for name in ("first", "second"))
    body = {
        "title": pair["first"],
        "channel": "phone",
        "lon": PLACE[0],
        "lat": PLACE[1],
        "now": moment.isoformat(),
        "category_id": ids[first.category] if first.category and first.confidence >= 0.5 else None,
        "suggestion": first.as_json(),
    }
    answer = session.execute(text("select submit_incident(cast(:p as jsonb))"), {"p": json.dumps(body)}).scalar_one()
    found = duplicates(
        session,
        book(session),
        incident_id=uuid7(),
        title=pair["second"],
        category_id=ids[second.category] if second.category else None,
        lon=PLACE[0],
        lat=PLACE[1] + float(pair["metres"]) / DEGREE_M,
        accuracy_m=float(pair["accuracy_m"]),
        moment=moment + timedelta(minutes=float(pair["minutes"])),
    )
    return answer["id"] in {row["id"] for row in found}


# About 0.83 each by the same rules in Python, where trigrams may differ a little.
# What is missed came after more than a day, or says nothing ("come and look").
def test_duplicates_are_found_with_this_precision_and_recall(
    database: Database, small_town: SmallTown, pack_categories: dict[str, int]
) -> None:
    rows, hits = pairs(), []
    assert len(rows) >= 150
    with database.transaction(Scope.system(small_town.town_id)) as session:
        for n, pair in enumerate(rows):
            # a week apart, so that one pair knows nothing of another
            hits.append(is_found(session, pair, pack_categories, at("2024-01-01T08:00") + timedelta(days=7 * n)))
    right = sum(hit and pair["same"] == "1" for hit, pair in zip(hits, rows, strict=True))
    same = sum(pair["same"] == "1" for pair in rows)
    assert right / sum(hits) >= 0.80
    assert right / same >= 0.80
