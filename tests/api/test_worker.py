"""The worker: jobs done once, chores at their intervals, a broken one stops nothing."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from api import worker
from api.worker import Chore, Worker, handlers
from data import audit, job
from data.scope import Scope


def one(database, statement):
    with database.transaction(Scope.system(None)) as session:
        return session.execute(text(statement)).scalar()


@pytest.fixture
def town_id(small_town):
    return small_town.town_id


def test_jobs_of_every_subject_are_known():
    assert "area.rebin" in handlers()


def test_worker_does_each_job_once_and_stops(database, town_id, monkeypatch):
    done = []
    monkeypatch.setattr(worker, "handlers", lambda: {"test.note": lambda session, args: done.append(args["n"])})
    with database.transaction(Scope.system(town_id)) as session:
        for n in range(3):
            job.enqueue(session, "test.note", {"n": n})
    workers = [Worker(database) for _ in range(2)]
    threads = [threading.Thread(target=one.run) for one in workers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(done) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    for one_worker in workers:
        one_worker.stop()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert sorted(done) == [0, 1, 2]


def test_job_that_fails_waits_and_keeps_its_error(database, town_id, monkeypatch):
    monkeypatch.setattr(worker, "handlers", lambda: {"test.fail": lambda session, args: 1 / 0})
    with database.transaction(Scope.system(town_id)) as session:
        job.enqueue(session, "test.fail")
    assert job.run_one(database, worker.handlers())
    assert one(database, "select error from job where kind = 'test.fail' and state = 'waiting'").startswith(
        "ZeroDivision"
    )
    assert not job.run_one(database, worker.handlers())


def test_chores_are_done_at_their_intervals(database):
    at_work = Worker(database)
    everything = [chore.name for chore in worker.chores()]
    assert at_work.do_chores(0.0) == everything
    assert at_work.do_chores(0.5) == []
    assert at_work.do_chores(59.0) == ["move cases by the clock", "propose flags"]
    assert at_work.do_chores(61.0) == ["seal audit", "merge tile changes", "move cases by the clock"]


def test_chore_that_fails_does_not_stop_the_others(database):
    at_work = Worker(database)
    at_work._chores.insert(0, Chore("broken", 60, lambda session: session.execute(text("select no_such_function()"))))
    assert "seal audit" in at_work.do_chores(0.0)


def test_worker_seals_the_audit(database, town_id):
    with database.transaction(Scope.system(town_id)) as session:
        audit.record(session, "test", "thing", 1)
    # the newest seconds are left to the next seal
    assert one(database, "select count(*) from audit_seal") == 0
    time.sleep(5.2)
    Worker(database).do_chores(0.0)
    assert one(database, "select rows_sealed from audit_seal") == 1
