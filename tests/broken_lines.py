"""Clients over lines that break, and a map that stays open: for the test of exactly-once reports and the soak."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from contextlib import closing, suppress
from urllib.parse import urlsplit


class Line:
    """A plain socket to the server that can be cut anywhere."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 80)
        self.headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def post(self, path: str, body: bytes, cut: float | None) -> tuple[int, bytes] | None:
        """Send and return status and body; None when the line broke. ``cut`` 0…1 = after this share of the request; 1…2 =
        after it was sent, without waiting for the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{self.headers}Connection: close\r\n"
        )
        request = head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            with socket.create_connection(self.address, timeout=20) as line:
                if cut is not None and cut < 1:
                    line.sendall(request[: int(len(request) * cut)])
                    return None
                line.sendall(request)
                if cut is not None:
                    time.sleep((cut - 1) * 0.03)
                    return None
                answer = b""
                while chunk := line.recv(65536):
                    answer += chunk
        except OSError:
            return None
        if b"\r\n\r\n" not in answer:
            return None
        head_bytes, payload = answer.split(b"\r\n\r\n", 1)
        return int(head_bytes.split()[1]), payload


class OpenMap(threading.Thread):
    """Holds the event stream open as a browser does: reconnects with the last id, keeps incidents by id."""

    def __init__(self, url: str, cookie: str, rng: random.Random) -> None:
        super().__init__()
        self.url, self.cookie, self.rng = urlsplit(url), cookie, rng
        self.told: dict[str, int] = {}
        self.last_id: str | None = None
        self.hello = threading.Event()
        self.stop = threading.Event()
        self.cuts = 0

    def run(self) -> None:
        while not self.stop.is_set():
            with suppress(OSError):
                self._read()
            self.cuts += 1
            time.sleep(0.02)

    def _read(self) -> None:
        lives_until = time.monotonic() + self.rng.uniform(0.2, 3)
        with socket.create_connection((self.url.hostname, self.url.port), timeout=1) as line:
            last = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
            line.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: {self.cookie}\r\n{last}\r\n".encode())
            buffer = b""
            while time.monotonic() < lives_until and not self.stop.is_set():
                with suppress(TimeoutError):
                    chunk = line.recv(65536)
                    if not chunk:
                        return
                    buffer += chunk
                *whole, buffer = buffer.split(b"\n\n")
                for block in whole:
                    self._message(block.decode())

    def _message(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "id" in fields:
            self.last_id = fields["id"]
        event = fields.get("event", "")
        assert event != "reset"
        if event == "hello":
            self.hello.set()
        if event == "incident":
            ref = json.loads(fields["data"])["ref"]
            self.told[ref] = self.told.get(ref, 0) + 1


def sign_in(url: str, username: str, password: str) -> dict[str, str]:
    """Return the headers of a session."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(
        "POST",
        "/api/v1/session",
        json.dumps({"username": username, "password": password}),
        {"Content-Type": "application/json"},
    )
    with closing(connection), connection.getresponse() as answer:
        assert answer.status == 200
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        return {"Cookie": cookie, "X-CSRF-Token": json.loads(answer.read())["csrf"]}


def report_until_answered(line: Line, body: dict[str, object], rng: random.Random) -> tuple[int, dict[str, object]]:
    """Send one report again and again, half of the times over a line that breaks; return the answer."""
    for _ in range(200):
        cut = rng.choice([None, None, rng.random(), 1 + rng.random()])
        answer = line.post("/api/v1/incidents", json.dumps(body).encode(), cut)
        if answer and answer[0] < 500:
            return answer[0], json.loads(answer[1])
        time.sleep(0.01)
    raise AssertionError("no answer after 200 tries")
