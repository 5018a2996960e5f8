"""A real Chromium against a real server with the demo town.

Every page is watched: a violation of the content security policy, an error on the console, a request to an outside
host or a failed script fails the test that caused it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.conftest import ROOT, Databases, Server
from tests.web_server import WebServer

PASSWORD = "onegrid-demo"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', e => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""


@pytest.fixture(scope="session")
def demo_databases(demo_template: str, database_server: Server) -> Databases:
    """The demo town, for all browser tests; they add to it and never rely on its being untouched."""
    return database_server.create("demo_served", demo_template)


@contextmanager
def serving(databases: Databases, files: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A server over a demo town, with its relief."""
    folder, relief = files.mktemp("served"), files.getbasetemp() / "assets"
    if relief.is_dir():
        shutil.copytree(relief, folder / "uploads" / "assets")
    running = WebServer(databases.app_url, databases.owner_url, folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def server(demo_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with serving(demo_databases, tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: WebServer) -> str:
    """Base URL without a slash at its end."""
    return server.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


@dataclass
class Watch:
    """What went wrong on a page, unless the test says that it should."""

    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, part: str) -> None:
        """A problem that contains this text is meant to happen in this test."""
        self.expected.append(part)

    def unexpected(self) -> list[str]:
        return [p for p in self.problems if not any(part in p for part in self.expected)]


def watch_page(page: Page, watch: Watch, base: str) -> None:
    """Note each console error, page error, policy violation and outside request of a page."""
    host = urlsplit(base).netloc

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            watch.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            watch.problems.append(f"outside: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: watch.problems.append(f"pageerror: {error}"))
    page.on("request", on_request)
    page.add_init_script(WATCH)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def context(browser: Browser, server_url: str) -> Iterator[BrowserContext]:
    """A fresh profile, desk size, Chinese, motion reduced."""
    opened = browser.new_context(
        base_url=server_url,
        viewport={"width": 1440, "height": 900},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        permissions=["geolocation"],
        geolocation={"longitude": 120.8897, "latitude": 30.3935},
    )
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, watch: Watch, server_url: str) -> Iterator[Page]:
    """A watched page; the test fails at its end if anything went wrong on it."""
    opened = context.new_page()
    watch_page(opened, watch, server_url)
    yield opened
    if not opened.is_closed():
        watch.problems += [f"policy: {v}" for v in opened.evaluate("() => window.__violations || []")]
    assert watch.unexpected() == []


@pytest.fixture
def login(server_url: str) -> Callable[[Page, str], None]:
    """login(page, "command"): a session for the page's profile, by the same route the login page uses."""

    def sign_in(page: Page, username: str) -> None:
        given = {"username": username, "password": PASSWORD}
        answer = page.request.post(f"{server_url}/api/v1/session", data=given)
        while answer.status == 429:  # many tests sign in from one address; whoever is told to wait waits
            page.wait_for_timeout(1_000 * answer.json()["detail"]["retry_after_s"])
            answer = page.request.post(f"{server_url}/api/v1/session", data=given)
        assert answer.ok, answer.text()

    return sign_in


@pytest.fixture
def command(page: Page, login: Callable[[Page, str], None]) -> Page:
    """A page of the command room."""
    login(page, "command")
    return page


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """shots(page, "map-wall"): keeps a screenshot when the folder .onegrid/shots exists."""
    folder = ROOT / ".onegrid" / "shots"

    def keep(page: Page, name: str) -> None:
        if folder.is_dir():
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return keep
