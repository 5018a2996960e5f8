"""The web process behind a real socket: large bodies, cut connections, many at once."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.small_town import PASSWORD
from tests.web_server import WebServer


@pytest.fixture(scope="module")
def server(database_server, template, tmp_path_factory):
    databases = database_server.create(f"srv{uuid.uuid4().hex[:6]}", template)
    running = WebServer(databases.app_url, databases.owner_url, tmp_path_factory.mktemp("server"), worker=False)
    running.start()
    yield running
    running.stop()
    database_server.drop(databases)


def connect(server: WebServer) -> http.client.HTTPConnection:
    address = urlsplit(server.url)
    return http.client.HTTPConnection(address.hostname, address.port, timeout=20)


def signed_in(server: WebServer) -> dict[str, str]:
    connection = connect(server)
    body = json.dumps({"username": "command", "password": PASSWORD})
    connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    connection.close()
    return {"Cookie": cookie, "X-CSRF-Token": told["csrf"], "Content-Type": "application/json"}


def post(server: WebServer, path: str, body: object, headers: dict[str, str]) -> tuple[int, dict]:
    connection = connect(server)
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def raw(server: WebServer, head: str, chunk: bytes, most_bytes: int) -> tuple[bytes, int]:
    """What comes back, and how many bytes of body were sent until the server had enough."""
    address = urlsplit(server.url)
    sent = 0
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.settimeout(20)
        try:
            while sent < most_bytes:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except OSError:
            pass
    return answer, sent


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        ("/api/v1/incidents", 2 * 2**30),
        ("/api/v1/incidents/01900000-0000-7000-8000-000000000000/photos", 2 * 2**30),
        ("/api/v1/incidents", 2**20 + 1),
    ],
)
def test_body_that_says_it_is_too_large_is_refused_before_it_is_sent(server, path, stated):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {stated}\r\n\r\n"
    started = time.monotonic()
    answer, _ = raw(server, head, b"x", 1)
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request.too_large"
    assert time.monotonic() - started < 5


def test_body_without_a_length_is_counted(server):
    head = "POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer, sent = raw(server, head, chunk, 200 * 2**20)
    assert sent < 50 * 2**20
    assert answer.startswith(b"HTTP/1.1 413") or answer == b""  # the pipe may break before the answer is read


def test_server_still_answers_after_refusals_and_cut_connections(server):
    address = urlsplit(server.url)
    for _ in range(40):  # more than there are threads
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    connection = connect(server)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_reports_cut_and_retried_are_there_once(server):
    headers = signed_in(server)
    ids = [str(uuid.uuid4()) for _ in range(40)]

    def deliver(identifier: str, n: int) -> None:
        body = {
            "id": identifier,
            "title": f"第 {n} 件",
            "channel": "app",
            "lon": 120.885,
            "lat": 30.405,
            "crs": "wgs84",
        }
        for attempt in range(3):
            if attempt < 2:  # sent, and the connection cut before the answer is read
                connection = connect(server)
                connection.request("POST", "/api/v1/incidents", json.dumps(body), headers)
                if attempt:
                    time.sleep(0.002 * n)
                connection.close()
                continue
            status, _ = post(server, "/api/v1/incidents", body, headers)
            assert status in {200, 201}

    threads = [threading.Thread(target=deliver, args=(identifier, n)) for n, identifier in enumerate(ids)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection = connect(server)
    connection.request("GET", "/api/v1/incidents?limit=500&q=%E7%AC%AC", headers={"Cookie": headers["Cookie"]})
    found = [feature["id"] for feature in json.loads(connection.getresponse().read())["features"]]
    connection.close()
    assert sorted(found) == sorted(ids)


def test_photo_comes_back_over_the_wire(server):
    from tests.layers.incident.test_photo import picture

    headers = signed_in(server)
    _, told = post(server, "/api/v1/incidents", {"title": "图", "channel": "app"}, headers)
    boundary = "x" * 20
    data = picture(size=(1800, 1200))
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'.encode()
        + data
        + f"\r\n--{boundary}--\r\n".encode()
    )
    connection = connect(server)
    form = {**headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection.request("POST", f"/api/v1/incidents/{told['id']}/photos", body, form)
    answer = connection.getresponse()
    photo = json.loads(answer.read())
    assert answer.status == 201, photo
    connection.request("GET", photo["url"], headers={"Cookie": headers["Cookie"]})
    shown = connection.getresponse()
    content = shown.read()
    assert (shown.status, content[:2], int(shown.headers["Content-Length"])) == (200, b"\xff\xd8", len(content))
    connection.close()


def test_logs_hold_no_password_and_no_token(server):
    signed_in(server)
    logs = "".join(path.read_text(errors="replace") for path in Path(server.data_dir).glob("*.log"))
    assert PASSWORD not in logs
