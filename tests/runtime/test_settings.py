"""Settings: each documented, each read in one place, each bad value refused in one clear line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.runtime.settings import Settings, SettingsFault

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("variable", sorted(Settings.variables().values()))
def test_every_setting_is_documented(variable):
    rows = [line for line in (ROOT / "docs/operations.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    assert any(f"`{variable}`" in row for row in rows)


def test_every_documented_setting_exists():
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8") + (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bONEGRID_[A-Z_]+\b", text)) <= set(Settings.variables().values())


def test_nothing_else_reads_the_environment():
    # a child process is given an environment, and a library its own variable: that is not reading a setting
    passing_on = {"api/runtime/settings.py", "api/runtime/supervisor.py", "api/runtime/backup.py", "api/metrics.py"}
    reading = re.compile(r"\bos\.environ\b|\bgetenv\(|from os import .*environ")
    found = {
        str(path.relative_to(ROOT))
        for package in ("gis", "data", "layers", "webmap", "api")
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts and reading.search(path.read_text(encoding="utf-8"))
    }
    assert found <= passing_on


def test_a_child_reads_the_settings_it_is_given(tmp_path):
    settings = Settings.from_environment(
        {"ONEGRID_DATA_DIR": str(tmp_path), "ONEGRID_DEMO": "0", "ONEGRID_PORT": "9001", "ONEGRID_BIND": "::1"}
    )
    assert Settings.from_environment(settings.environment()) == settings
    assert settings.address == "http://[::1]:9001"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ONEGRID_PORT": "0"}, "ONEGRID_PORT"),
        ({"ONEGRID_PORT": "80a"}, "ONEGRID_PORT"),
        ({"ONEGRID_PORT": "70000"}, "1 to 65535"),
        ({"ONEGRID_WORKERS": "-1"}, "ONEGRID_WORKERS"),
        ({"ONEGRID_DEMO": "perhaps"}, "give 1 or 0"),
        ({"ONEGRID_TLS_CERT": "/etc/hostname"}, "go together"),
        ({"ONEGRID_TLS_CERT": "/nowhere", "ONEGRID_TLS_KEY": "/nowhere"}, "/nowhere"),
        ({"ONEGRID_OWNER_URL": "postgresql://x"}, "ONEGRID_DATABASE_URL"),
        ({"ONEGRID_SECRET_KEY": "short"}, "32 characters"),
    ],
)
def test_a_bad_setting_is_refused(environment, words):
    with pytest.raises(SettingsFault, match=words):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("bind", "loopback"),
    [("127.0.0.1", True), ("127.0.0.53", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.7", False), ("onegrid.example", False)],
)  # fmt: skip
def test_loopback_is_told_from_other_addresses(bind, loopback):
    assert Settings.from_environment({"ONEGRID_BIND": bind}).loopback is loopback


def test_passwords_do_not_show(tmp_path):
    settings = Settings.from_environment(
        {
            "ONEGRID_DATABASE_URL": "postgresql://a:geheim@h/d",
            "ONEGRID_OWNER_URL": "postgresql://o:geheim@h/d",
            "ONEGRID_SECRET_KEY": "geheim" * 8,
        }
    )
    assert "geheim" not in repr(settings)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    settings = Settings.from_environment({"ONEGRID_DATA_DIR": str(tmp_path / "new")})
    key = settings.secret_key()
    assert len(key) >= 48
    assert Settings.from_environment({"ONEGRID_DATA_DIR": str(tmp_path / "new")}).secret_key() == key
    assert (tmp_path / "new" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret-key"]
