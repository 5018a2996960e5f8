"""Notices to outside: each dispatch and supervision once by its id, signed, tried again; nothing without an adapter."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg2
import pytest
from sqlalchemy import text

from api.runtime.settings import Settings, SettingsFault
from api.worker import Worker, adapters
from data import job
from data.scope import Scope
from layers.exchange.upper.notice import FileAdapter, Webhook, signature
from tests.api.test_transition import dispatched, done, reported

SECRET = "k" * 40
NOTICES = text(
    "select state, attempts, error, run_at > clock_timestamp() as later from job where kind = 'notice' order by job_id"
)


class Receiver:
    """Somebody on the loopback address who takes notices; answers with what it is told to."""

    def __init__(self):
        self.got, self.answers = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 204
                outer.got.append((status, self.headers, body))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notices?from=town"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    opened = Receiver()
    yield opened
    opened.close()


def work(database, *using):
    """Do all jobs that are due, as the worker does."""
    handlers = Worker(database, using)._handlers
    while job.run_one(database, handlers):
        pass


def jobs(database):
    with database.transaction(Scope.system(None)) as session:
        return session.execute(
            text("select state, attempts, error, run_at > clock_timestamp() as later from job where kind = 'notice'")
        ).all()


def again_at_once(databases):
    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("update job set run_at = clock_timestamp() where kind = 'notice' and state = 'waiting'")
    connection.close()


def test_a_dispatch_and_a_supervision_are_told_signed_and_once(web, database, receiver):
    command, _squad, case = dispatched(web)
    done(command, case, "supervise", level=1, reason="时限已过四分之三")
    for _ in range(2):
        work(database, Webhook(receiver.url, SECRET))
    told = [json.loads(body) for _, _, body in receiver.got]
    assert [(notice["step"], notice["level"]) for notice in told] == [("dispatch", None), ("supervise", 1)]
    assert {notice["incident"] for notice in told} == {case}
    assert told[0]["lead_org"] == "squad"
    for _, headers, body in receiver.got:
        assert headers["X-OneGrid-Signature"] == signature(SECRET, headers["X-OneGrid-Time"], body)
        assert headers["X-OneGrid-Event"] == json.loads(body)["id"]


def test_a_receiver_that_fails_is_tried_again_later_under_the_same_id(web, database, databases, receiver):
    dispatched(web)
    receiver.answers = [500, 302]
    hook = Webhook(receiver.url, SECRET)
    for attempts in (1, 2):
        work(database, hook)
        assert [(row.state, row.attempts, row.later) for row in jobs(database)] == [("waiting", attempts, True)]
        again_at_once(databases)
    assert "answers 302" in jobs(database)[0].error
    work(database, hook)
    assert [row.state for row in jobs(database)] == ["done"]
    assert len({headers["X-OneGrid-Event"] for _, headers, _ in receiver.got}) == 1
    assert Counter(status for status, _, _ in receiver.got) == {500: 1, 302: 1, 204: 1}


def test_nobody_at_the_address_loses_nothing(web, database, databases, receiver):
    dispatched(web)
    work(database, Webhook("http://127.0.0.1:9/", SECRET))
    assert "does not answer" in jobs(database)[0].error
    again_at_once(databases)
    work(database, Webhook(receiver.url, SECRET))
    assert len(receiver.got) == 1


def test_files_are_whole_named_by_the_event_and_hold_no_person(web, database, tmp_path):
    command = web.browser("command")
    case = reported(command, reporter={"name": "张三丰", "phone": "13800001111"})
    for name in ("accept", "file", "dispatch"):
        done(command, case, name)
    work(database, FileAdapter(tmp_path / "notices"))
    files = list((tmp_path / "notices").iterdir())
    assert len(files) == 1
    notice = json.loads(files[0].read_text(encoding="utf-8"))
    assert files[0].name == f"{notice['id']}.json"
    assert (notice["state"], notice["synthetic"]) == ("dispatched", True)
    assert "张三丰" not in str(notice)
    assert "1380000" not in str(notice)


def test_without_adapters_nothing_is_asked_and_nothing_waits(web, database):
    dispatched(web)
    assert adapters(Settings()) == []
    work(database)
    assert [row.state for row in jobs(database)] == ["done"]


def test_settings_make_the_adapters_and_say_what_is_wrong(tmp_path):
    given = {
        "ONEGRID_NOTICE_DIR": str(tmp_path),
        "ONEGRID_NOTICE_WEBHOOK": "https://town.example/n",
        "ONEGRID_NOTICE_SECRET": SECRET,
    }
    made = adapters(Settings.from_environment(given))
    assert made == [FileAdapter(tmp_path), Webhook("https://town.example/n", SECRET)]
    assert SECRET not in repr(made)
    for wrong in ({"ONEGRID_NOTICE_SECRET": ""}, {"ONEGRID_NOTICE_SECRET": "short"}, {"ONEGRID_NOTICE_WEBHOOK": "ftp://a/b"},
                  {"ONEGRID_NOTICE_WEBHOOK": "https://me:secret@a/b"}, {"ONEGRID_NOTICE_WEBHOOK": "https://a:99999/b"}):  # fmt: skip
        with pytest.raises(SettingsFault):
            Settings.from_environment(given | wrong)
