"""Many people who work cases through the closed loop over HTTP, and the proof afterwards that nothing was lost or doubled.

For the killing test and the soak: clients send a step again, under the same key, until it is answered. Every step writes its
key as the reason, so that the log tells which answer belongs to which row.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import queue
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extras
from PIL import Image

from api.runtime.cluster import Cluster
from data.scope import Scope
from data.session import Database
from layers.incident import timing
from layers.incident.book import TownBook, book
from layers.incident.case import Actor, Case
from layers.incident.workflow import RULES, LogRow, apply
from tests.broken_lines import sign_in
from tests.web_server import WebServer

PATIENCE_S = 180
# Who has a case in a state, and what may be done with it there, with its weight.
WORK: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "reported": ("desk", {"accept": 19, "decline": 1}),
    "accepted": ("desk", {"file": 1}),
    "filed": ("desk", {"dispatch": 1}),
    "dispatched": ("org", {"sign": 8, "return": 2}),
    "returned": ("desk", {"redispatch": 1}),
    "handling": ("org", {"feed_back": 14, "ask_extension": 2, "return": 1, "ask_suspend": 1}),
    "awaiting_inspection": ("desk", {"close": 20, "pass_inspection": 17, "rework": 3}),
    "suspended": ("org", {"resume": 1}),
    "closed": ("desk", {"reopen": 1}),
}
# Cases whose id begins so are not signed by anybody: the worker does.
UNSIGNED = "01"
ASKED = {"suspension": ("suspend", "deny_suspend"), "extension": ("extend", "deny_extension")}


@dataclass
class Desk:
    """What all share: where cases wait, what was answered, what went wrong."""

    url: str
    category: str
    place: tuple[float, float]
    most_cases: int
    until: float
    waiting: Mapping[str, queue.Queue[str]] = field(
        default_factory=lambda: {role: queue.Queue() for role in ("desk", "org", "head")}
    )
    reports: dict[str, str] = field(default_factory=dict)
    # key of the step → case, name of the step, version it was answered with
    answers: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)
    twice: set[str] = field(default_factory=set)
    begun: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_twice(self, case: str) -> bool:
        """Whether it is not twice among those that wait already."""
        with self.lock:
            if case in self.twice:
                return False
            self.twice.add(case)
            return True

    def is_second(self, case: str) -> bool:
        """Whether it waits elsewhere too; from then on it does not."""
        with self.lock:
            if case not in self.twice:
                return False
            self.twice.remove(case)
            return True

    def may_begin(self) -> bool:
        """Take one of the cases that are still to be reported."""
        with self.lock:
            self.begun += 1
            return self.begun <= self.most_cases


class Person(threading.Thread):
    """Somebody with a login who takes cases that wait for the role and moves each by one step."""

    def __init__(self, desk: Desk, username: str, password: str, role: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.desk, self.role, self.rng = desk, role, random.Random(seed)
        self.headers = sign_in(desk.url, username, password)
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            while time.monotonic() < self.desk.until:
                self._turn()
        except Exception as fault:  # a client that ends early would hide what it saw
            self.desk.wrong.append(f"{self.role}: {type(fault).__name__}: {fault}")
        finally:
            self._hang_up()

    def report_all(self) -> None:
        """Report cases until there are as many as are wanted."""
        while self.desk.may_begin():
            self._report()
        self._hang_up()

    def _turn(self) -> None:
        waiting = self.desk.waiting[self.role]
        try:
            case = waiting.get_nowait()
        except queue.Empty:
            if self.role == "desk" and self.desk.may_begin():
                self._report()
            else:
                time.sleep(0.05)
            return
        # now and then two take the same case: one is told that the other was first
        if self.rng.random() < 0.1 and self.desk.take_twice(case):
            waiting.put(case)
        self._move(case)

    def _report(self) -> None:
        case = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        west, south = self.desk.place
        body = {
            "id": case, "title": f"演练 {case[:8]}", "channel": "phone", "crs": "cgcs2000", "category": self.desk.category,
            "lon": west + self.rng.random() * 0.008, "lat": south + self.rng.random() * 0.008,
        }  # fmt: skip
        status, answer = self._ask("POST", "/api/v1/incidents", body)
        if status not in (200, 201):
            self.desk.wrong.append(f"report: {status} {answer}")
            return
        self.desk.reports[case] = answer["case_no"]
        self.desk.waiting["desk"].put(case)

    def _move(self, case: str) -> None:
        status, answer = self._ask("GET", f"/api/v1/incidents/{case}")
        if status != 200:
            self.desk.wrong.append(f"read: {status} {answer}")
            return
        seen = answer["properties"]
        name = self._choose(seen)
        if name is None:
            self._pass_on(case, seen)
            return
        key = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        body = {"name": name, "version": seen["version"], **self._facts(name, case), "reason": key}
        status, answer = self._ask("POST", f"/api/v1/incidents/{case}/transitions", body, key)
        if status == 200:
            self.desk.answers[key] = (case, name, answer["properties"]["version"])
            self._pass_on(case, answer["properties"])
        elif status in (403, 409):
            self.desk.refused[answer["code"]] += 1
            self._pass_on(case, {"state": answer["detail"].get("state", seen["state"])})
        else:
            self.desk.wrong.append(f"{name}: {status} {answer}")

    def _choose(self, seen: Mapping[str, Any]) -> str | None:
        offered = {one["name"] for one in seen["transitions"]}
        if self.role == "head":
            return next((name for names in ASKED.values() if (name := self.rng.choice(names)) in offered), None)
        role, weights = WORK.get(seen["state"], ("", {}))
        if seen["state"] == "dispatched" and seen["id"][0] in UNSIGNED:
            time.sleep(0.1)
            return None
        if role != self.role or (seen["state"] == "closed" and self.rng.random() > 0.05):
            return None
        # inspected cases are closed, the others inspected
        names = [name for name in weights if name in offered]
        return self.rng.choices(names, [weights[name] for name in names])[0] if names else None

    def _facts(self, name: str, case: str) -> dict[str, Any]:
        rule = RULES[name]
        known: dict[str, Any] = {
            "text": "已办理",
            "condition_met": True,
            "review_on": (date.today() + timedelta(9)).isoformat(),
        }
        facts = {need: known[need] for need in (*rule.needs, "condition_met") if need in known}
        if rule.reasons:
            facts["reason_code"] = rule.reasons[-1]
        if "photo_after" in rule.needs:
            facts["photo_after"] = self._photo(case)
        return facts

    def _photo(self, case: str) -> str:
        status, answer = self._ask("POST", f"/api/v1/incidents/{case}/photos", PICTURE)
        if status not in (200, 201):
            self.desk.wrong.append(f"photo: {status} {answer}")
        return str(answer.get("id", ""))

    def _pass_on(self, case: str, seen: Mapping[str, Any]) -> None:
        if self.desk.is_second(case):
            return
        if any(seen.get(lane) == "pending" for lane in ASKED):
            self.desk.waiting["head"].put(case)
        elif (role := WORK.get(seen["state"], ("", {}))[0]) and not (seen["state"] == "closed" and self.role == "desk"):
            self.desk.waiting[role].put(case)
        elif seen["state"] == "closed" and self.rng.random() < 0.05:
            self.desk.waiting["desk"].put(case)

    def _ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Send until somebody answers; a server or database that is being restarted is waited for."""
        until = time.monotonic() + PATIENCE_S
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        if isinstance(body, bytes):
            headers["Content-Type"], payload = f"multipart/form-data; boundary={BOUNDARY}", body
        else:
            headers["Content-Type"], payload = (
                "application/json",
                json.dumps(body).encode() if body is not None else b"",
            )
        while time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException):
                status, text = self._once(method, path, payload, headers)
                if status < 500:
                    return status, json.loads(text) if text else {}
                self.desk.again[str(status)] += 1
                time.sleep(0.2)
                continue
            self.desk.again["line"] += 1
            self._hang_up()
            time.sleep(0.1)
        raise TimeoutError(f"{method} {path}: no answer for {PATIENCE_S} s")

    def _once(self, method: str, path: str, payload: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self.connection is None:
            at = urlsplit(self.desk.url)
            self.connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
        self.connection.request(method, path, payload, dict(headers))
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


BOUNDARY = "onegrid-picture"


def _picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((48, 48), 40).convert("RGB").save(file, "JPEG")
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + file.getvalue() + f"\r\n--{BOUNDARY}--\r\n".encode()


PICTURE = _picture()


def more_accounts(dsn: str, username: str, count: int) -> list[str]:
    """Give ``count`` accounts the same password, organisation and posts as one that there is; return their names."""
    names = [f"{username}-{n:02d}" for n in range(count)]
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute(
                "with u as (insert into app_user (town_id, username, name, password_hash, org_id) select town_id, %(name)s, %(name)s,"
                " password_hash, org_id from app_user where username = %(like)s returning user_id)"
                " insert into user_role (user_id, town_id, role_code, org_id, platform_code) select u.user_id, r.town_id, r.role_code,"
                " r.org_id, r.platform_code from u, user_role r join app_user a using (user_id) where a.username = %(like)s",
                {"name": name, "like": username},
            )
    connection.close()
    return names


# ---- the faults ----


FAULTS = ("web", "worker", "database", "web", "backend")


def kill(what: str, server: WebServer, cluster: Cluster) -> None:
    """Kill a web process, the worker, one backend or the whole database (one of `FAULTS`), and start it again.

    To be called by the main thread: children of a thread end with it.
    """
    if what == "web":
        server.web_processes()[0].kill()
        server.start_web()
    elif what == "worker":
        server.worker_processes()[0].kill()
        server.start_worker()
    elif what == "backend":
        # the server drops every connection then and recovers from its log
        with suppress(psycopg2.Error), cluster.connection() as connection, connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where usename = 'onegrid_app' limit 1")
            for (pid,) in cursor:
                os.kill(pid, signal.SIGKILL)
    elif cluster.process is not None:
        cluster.process.kill()
        cluster.process.wait()
        cluster.start()


def hurry(dsn: str, category: str) -> None:
    """Give limits so short that the worker has to sign and to supervise during the run."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("update stage_limit set value = 0.002, unit = 'urgent_hour' where stage = 'sign'")
        cursor.execute("update category set limit_value = 0.01, limit_unit = 'urgent_hour' where code = %s", [category])
    connection.close()


# ---- the proof ----


@dataclass
class Found:
    """What the database holds after the work, and every difference to what was answered."""

    cases: int = 0
    steps: int = 0
    closed: int = 0
    by_system: int = 0
    faults: list[str] = field(default_factory=list)


LANES = (
    "state", "rework_count", "return_count", "reopen_count", "supervision_level", "extension", "suspension", "appeal", "escalation",
    "inspected_by", "lead_org_id",
)  # fmt: skip


def prove(dsn: str, app_url: str, town_id: int, desk: Desk) -> Found:
    """Compare what was answered with the log, and the log with the cases: each answered step is there once, nothing else is
    there twice, and walking the log by the table gives state, lanes and clocks of every case."""
    found = Found()
    database = Database(app_url)
    with database.transaction(Scope.system(town_id)) as session:
        town = book(session)
    database.close()
    with (
        psycopg2.connect(dsn, cursor_factory=psycopg2.extras.NamedTupleCursor) as connection,
        connection.cursor() as cursor,
    ):
        cases, logs, orgs = _read(cursor, list(desk.reports))
    connection.close()
    _answered(desk, cases, logs, found)
    for case in cases.values():
        with _noting(found, case.case_no):
            _walk(case, logs[case.id], orgs, town, found)
    return found


def _read(cursor: Any, reported: list[str]) -> tuple[dict[str, Any], dict[str, list[Any]], dict[int, frozenset[int]]]:
    cursor.execute(
        "select i.*, i.incident_id::text as id, c.code as category from incident i left join category c using (category_id)"
        " where i.title like '演练 %'"
    )
    cases = {row.id: row for row in cursor}
    logs: dict[str, list[Any]] = {case: [] for case in cases}
    cursor.execute(
        "select l.*, l.incident_id::text as id from incident_log l where l.name <> 'photo' and l.from_state is not null"
        " and l.incident_id = any (%s::uuid[]) order by l.at, l.log_id",
        [list(cases)],
    )
    for row in cursor:
        logs[row.id].append(row)
    cursor.execute("select user_id, array_remove(array_agg(distinct org_id), null) as orgs from"
                   " (select user_id, org_id from app_user union select user_id, org_id from user_role) o group by 1")  # fmt: skip
    return cases, logs, {row.user_id: frozenset(row.orgs) for row in cursor}


def _answered(desk: Desk, cases: Mapping[str, Any], logs: Mapping[str, list[Any]], found: Found) -> None:
    for case, number in desk.reports.items():
        if case not in cases or cases[case].case_no != number:
            found.faults.append(f"report {number} was answered and is not there")
    kept = [(row.reason, case, row.name) for case, rows in logs.items() for row in rows if row.actor_user_id]
    found.faults += [f"{key} is there {n} times" for key, n in Counter(key for key, _, _ in kept).items() if n > 1]
    there = {key: (case, name) for key, case, name in kept}
    for key, (case, name, _version) in desk.answers.items():
        if there.get(key) != (case, name):
            found.faults.append(f"{name} of {case} was answered and the log has {there.get(key)}")
    for case, rows in logs.items():
        versions = [desk.answers[row.reason][2] for row in rows if row.reason in desk.answers]
        if versions != sorted(set(versions)):
            found.faults.append(f"{case}: its versions were answered in another order: {versions}")
    found.cases, found.steps = len(cases), sum(map(len, logs.values()))
    found.closed = sum(not case.is_open for case in cases.values())
    found.by_system = sum(row.actor_user_id is None for rows in logs.values() for row in rows)


def _walk(row: Any, log: list[Any], orgs: Mapping[int, frozenset[int]], town: TownBook, found: Found) -> None:
    known = town.rules.categories[row.category]
    limit = town.handle_limits.get(row.category)
    case = Case(
        "reported",
        urgency=known.urgency,
        category=row.category,
        platform=known.platform,
        lead_org_id=town.ids[row.category][1],
    )
    steps = [LogRow(r.name, r.from_state, r.to_state, r.at, r.actor_user_id, r.reason, r.facts) for r in log]
    for step in steps:
        case = _step(case, step, orgs)
    for lane in LANES:
        if getattr(case, lane) != getattr(row, lane):
            found.faults.append(f"{row.case_no}: {lane} is {getattr(row, lane)}, its log gives {getattr(case, lane)}")
    if case.handler_ids != frozenset(row.handler_ids) or case.handler_org_ids != frozenset(row.handler_org_ids):
        found.faults.append(f"{row.case_no}: other handlers than its log gives")
    clocks = timing.replay(row.reported_at, known.urgency, steps, town.time_limits, limit)
    if row.clocks and timing.as_json(clocks) != timing.as_json(timing.of_json(row.clocks)):
        found.faults.append(f"{row.case_no}: its clocks are not those of its log")


def _step(case: Case, step: LogRow, orgs: Mapping[int, frozenset[int]]) -> Case:
    """The case after a row of the log, by the table alone: what the row says must be what the table allows then."""
    rule = RULES[step.name]
    assert step.from_state == case.state, f"{step.name} begins at {step.from_state}, the case is {case.state}"
    every = frozenset(word for other in RULES.values() for word in other.permission.split("|")) - {"system", "reporter"}
    actor = Actor(
        step.actor_user_id, every, orgs.get(step.actor_user_id or 0, frozenset()), is_system=step.actor_user_id is None
    )
    facts = {"reason": step.reason, **step.facts}
    after, made = apply(case, rule.name, actor, step.at, **facts)
    assert made.to_state == step.to_state, f"{step.name} leads to {made.to_state}, the log says {step.to_state}"
    return replace(after, version=case.version + 1)


@contextmanager
def _noting(found: Found, case_no: str) -> Iterator[None]:
    try:
        yield
    except Exception as fault:
        found.faults.append(f"{case_no}: {type(fault).__name__}: {fault}")
