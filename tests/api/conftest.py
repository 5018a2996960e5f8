"""The web process over the small town, asked through Flask's own client as the application role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.auth.rate import Rates
from api.flask_app import make_app
from api.runtime.settings import Settings
from api.state import State
from tests.conftest import Databases
from tests.small_town import PASSWORD


@dataclass
class Browser:
    """Somebody at a browser: keeps the cookie, sends the CSRF token."""

    client: FlaskClient
    csrf: str = ""

    def sign_in(self, username: str, password: str = PASSWORD) -> Browser:
        answer = self.client.post("/api/v1/session", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.json
        self.csrf = answer.json["csrf"]
        return self

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"X-CSRF-Token": self.csrf, **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return self.call("POST", path, **({"json": json} if json is not None else {}), **options)


@dataclass
class Web:
    """The application and new browsers on it."""

    app: Flask
    state: State

    def browser(self, username: str | None = None) -> Browser:
        opened = Browser(self.app.test_client())
        return opened.sign_in(username) if username else opened


def open_web(databases: Databases, folder: Path, rates: Rates | None = None) -> Web:
    """The application over ``databases``; its state is to be closed."""
    settings = Settings(database_url=databases.app_url, data_dir=folder, demo=True, secret="s" * 40)
    state = State.of(settings, rates or Rates(unlimited=True))
    return Web(make_app(state), state)


@pytest.fixture
def web(databases: Databases, tmp_path: Path) -> Iterator[Web]:
    """A web process over a database of its own."""
    opened = open_web(databases, tmp_path)
    yield opened
    opened.state.close()


@pytest.fixture(scope="module")
def shared_web(database_server: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process for the tests of one module that do not mind each other."""
    databases = database_server.create(f"m{tmp_path_factory.mktemp('name').name}", template)
    opened = open_web(databases, tmp_path_factory.mktemp("web"))
    yield opened
    opened.state.close()
    database_server.drop(databases)
