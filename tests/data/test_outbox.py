"""A reader of the outbox misses no uncommitted writer."""

from __future__ import annotations

import random
import threading
import time

from sqlalchemy import text

from data import outbox
from data.outbox import Cursor
from data.scope import Scope
from data.session import Database
from tests.small_town import SmallTown

START = Cursor(0, 0)


def test_eight_writers_and_a_slow_reader_miss_nothing(database: Database, small_town: SmallTown) -> None:
    """Writers hold their transaction open for random times, so positions become visible out of order."""
    written: set[str] = set()
    seen: list[str] = []
    stop = threading.Event()

    def writer(number: int) -> None:
        rng = random.Random(number)
        for turn in range(60):
            refs = [f"{number}-{turn}-{k}" for k in range(rng.randint(1, 3))]
            with database.transaction(Scope.system(small_town.town_id)) as session:
                for ref in refs:
                    outbox.emit(session, "test", "made", ref)
                    time.sleep(rng.random() * 0.004)
            written.update(refs)

    def reader() -> None:
        cursor = START
        while True:
            last_round = stop.is_set()
            with database.transaction(Scope.relay()) as session:
                rows = outbox.read(session, cursor, max_rows=7)
            seen.extend(row.ref for row in rows if row.topic == "test" and row.ref)
            if rows:
                cursor = rows[-1].cursor
            elif last_round:
                return
            time.sleep(0.003)

    threads = [threading.Thread(target=writer, args=(n,)) for n in range(8)]
    reading = threading.Thread(target=reader)
    reading.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    reading.join(timeout=60)
    assert len(written) > 480
    assert sorted(seen) == sorted(written)


def test_open_transaction_holds_later_events_back(database: Database, small_town: SmallTown) -> None:
    with database.transaction(Scope.system(small_town.town_id)) as early:
        outbox.emit(early, "test", "made", "early")
        early.flush()
        with database.transaction(Scope.system(small_town.town_id)) as late:
            outbox.emit(late, "test", "made", "late")
        with database.transaction(Scope.relay()) as session:
            assert [e.ref for e in outbox.read(session, START) if e.topic == "test"] == []
    with database.transaction(Scope.relay()) as session:
        assert [e.ref for e in outbox.read(session, START) if e.topic == "test"] == ["early", "late"]


def test_events_are_read_only_by_the_relay_and_within_scope(database: Database, small_town: SmallTown) -> None:
    with database.transaction(Scope.system(small_town.town_id)) as session:
        outbox.emit(session, "test", "made", "x", area_ids=[1])
    with database.transaction(Scope(small_town.town_id, area_ids=frozenset({2}))) as session:
        assert session.execute(text("select count(*) from event")).scalar_one() == 0
    with database.transaction(Scope(small_town.town_id, area_ids=frozenset({1}))) as session:
        assert session.execute(text("select count(*) from event")).scalar_one() == 1
