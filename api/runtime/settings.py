"""The settings of one installation, read from the environment once, at the entry point."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.runtime.errors import RuntimeFault


class SettingsFault(RuntimeFault):
    """A setting is missing, malformed, or not allowed with another one."""

    code = "settings.invalid"


def _variable(name: str, default: Any, show: bool = True) -> Any:
    """Return a dataclass field that remembers the environment variable it is read from."""
    return field(default=default, repr=show, metadata={"variable": name})


@dataclass(frozen=True)
class Settings:
    """Everything an installation can be told from outside. Nothing else in the code reads the environment.

    Notes
    -----
    ``demo`` has three values: True and False when ``ONEGRID_DEMO`` says so, None when it is not set (then the demo
    town is allowed in the private database only). In the web and worker processes it is always True or False: the
    supervisor decides.
    """

    database_url: str = _variable("ONEGRID_DATABASE_URL", "", show=False)
    owner_url: str = _variable("ONEGRID_OWNER_URL", "", show=False)
    port: int = _variable("ONEGRID_PORT", 8000)
    bind: str = _variable("ONEGRID_BIND", "127.0.0.1")
    data_dir: Path = _variable("ONEGRID_DATA_DIR", Path(".onegrid"))
    tls_cert: Path | None = _variable("ONEGRID_TLS_CERT", None)
    tls_key: Path | None = _variable("ONEGRID_TLS_KEY", None)
    demo: bool | None = _variable("ONEGRID_DEMO", None)
    secret: str = _variable("ONEGRID_SECRET_KEY", "", show=False)
    now: str = _variable("ONEGRID_NOW", "")
    workers: int = _variable("ONEGRID_WORKERS", 2)
    oidc_issuer: str = _variable("ONEGRID_OIDC_ISSUER", "")
    oidc_client_id: str = _variable("ONEGRID_OIDC_CLIENT_ID", "")
    oidc_client_secret: str = _variable("ONEGRID_OIDC_CLIENT_SECRET", "", show=False)
    notice_dir: Path | None = _variable("ONEGRID_NOTICE_DIR", None)
    notice_webhook: str = _variable("ONEGRID_NOTICE_WEBHOOK", "")
    notice_secret: str = _variable("ONEGRID_NOTICE_SECRET", "", show=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that the environment describes.

        Parameters
        ----------
        environment
            Variables by name; default: the environment of this process.

        Raises
        ------
        SettingsFault
            A value cannot be read, or two settings contradict each other.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for entry in fields(cls):
            text = environment.get(entry.metadata["variable"], "").strip()
            if text:
                values[entry.name] = _READERS.get(entry.name, _text)(entry.metadata["variable"], text)
        values["data_dir"] = Path(values.get("data_dir", Path(".onegrid"))).resolve()  # type: ignore[arg-type]
        settings = cls(**values)  # type: ignore[arg-type]
        settings._check()
        return settings

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the environment variable of each setting, by the name of the setting."""
        return {entry.name: entry.metadata["variable"] for entry in fields(cls)}

    @property
    def private(self) -> bool:
        """Whether the database is the private cluster."""
        return not self.database_url

    @property
    def tls(self) -> bool:
        """Whether pages are served over TLS."""
        return self.tls_cert is not None

    @property
    def loopback(self) -> bool:
        """Whether the address answers to this machine only."""
        if self.bind == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """The address to open in a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.bind, self.bind)
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def uploads_dir(self) -> Path:
        """Folder of photos and other uploads; part of every backup."""
        return self.data_dir / "uploads"

    @property
    def assets_dir(self) -> Path:
        """Folder of the pictures that came with town packs (shaded relief); inside the uploads, so backed up."""
        return self.uploads_dir / "assets"

    @property
    def clock_path(self) -> Path:
        """File of the simulated time that all processes of a demo follow; none else reads it."""
        return self.data_dir / "clock.json"

    @property
    def log_dir(self) -> Path:
        """Folder of the logs of all processes."""
        return self.data_dir / "log"

    def environment(self, **changes: object) -> dict[str, str]:
        """Return the variables that make a child process read the same settings, with ``changes`` applied."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        result = {}
        for entry in fields(changed):
            value = getattr(changed, entry.name)
            if value is None or value == "":
                continue
            result[entry.metadata["variable"]] = str(int(value)) if isinstance(value, bool) else str(value)
        return result

    def secret_key(self) -> str:
        """Return the key that signs session cookies: the given one, else one made once and kept in the data folder.

        The file is readable by its owner only. Deleting it signs everybody out and does no other harm.
        """
        if self.secret:
            return self.secret
        path = self.data_dir / "secret-key"
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            # written aside and linked: of two processes that start at once, both read the same whole key
            aside = path.with_name(f"secret-key.{os.getpid()}")
            aside.touch(mode=0o600)
            aside.write_text(secrets.token_urlsafe(48) + "\n", encoding="ascii")
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)
            aside.unlink()
        return path.read_text(encoding="ascii").strip()

    def _check(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise SettingsFault("ONEGRID_TLS_CERT and ONEGRID_TLS_KEY go together: set both or neither")
        for path in (self.tls_cert, self.tls_key):
            if path is not None and not os.access(path, os.R_OK):
                raise SettingsFault(f"{path}: the TLS file is missing or cannot be read")
        if self.owner_url and not self.database_url:
            raise SettingsFault("ONEGRID_OWNER_URL is set and ONEGRID_DATABASE_URL is not: set both or neither")
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise SettingsFault("ONEGRID_OIDC_ISSUER and ONEGRID_OIDC_CLIENT_ID go together: set both or neither")
        if bool(self.notice_webhook) != bool(self.notice_secret):
            raise SettingsFault("ONEGRID_NOTICE_WEBHOOK and ONEGRID_NOTICE_SECRET go together: set both or neither")
        if self.notice_webhook and not _is_address(self.notice_webhook):
            raise SettingsFault(
                "ONEGRID_NOTICE_WEBHOOK: give an address, as https://host/path, without a password in it"
            )
        if self.notice_secret and len(self.notice_secret) < 32:
            raise SettingsFault("ONEGRID_NOTICE_SECRET is too short: give 32 characters or more")
        if self.secret and len(self.secret) < 32:
            raise SettingsFault("ONEGRID_SECRET_KEY is too short: give 32 characters or more")


def _is_address(text: str) -> bool:
    try:
        at = urlsplit(text)
        return at.scheme in ("http", "https") and bool(at.hostname) and at.username is None and at.port != 0
    except ValueError:
        return False


def _text(variable: str, text: str) -> str:
    return text


def _path(variable: str, text: str) -> Path:
    return Path(text).expanduser().resolve()


def _whole(variable: str, text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise SettingsFault(f"{variable}={text}: give a whole number from {low} to {high}")
    return int(text)


def _flag(variable: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingsFault(f"{variable}={text}: give 1 or 0")


_READERS = {
    "data_dir": _path,
    "notice_dir": _path,
    "tls_cert": _path,
    "tls_key": _path,
    "demo": _flag,
    "port": lambda variable, text: _whole(variable, text, 1, 65535),
    "workers": lambda variable, text: _whole(variable, text, 1, 64),
}
