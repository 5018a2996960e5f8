"""What the tests of the pure geometry code share."""

from __future__ import annotations

import psycopg2
import pytest


@pytest.fixture
def postgis(owner_dsn):
    """Give a cursor on a PostGIS database, as the second method; whatever the test makes is rolled back."""
    connection = psycopg2.connect(owner_dsn)
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()
