"""Notices to outside: a dispatch or a supervision is told to the adapters that the town has set, once by its id.

The transition writes a job in its own transaction (`layers.incident.moves`); the worker delivers, and tries again with growing
pauses. Without adapters nothing leaves the house.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Unavailable

# No name, telephone or words of a person: who is to be reached knows the case by its number.
_CASE = text("""
    select jsonb_build_object('town', t.code, 'synthetic', t.synthetic, 'case_no', i.case_no, 'title', i.title, 'state', i.state,
        'platform', i.platform_code, 'category', c.code, 'urgency', i.urgency, 'supervision_level', i.supervision_level,
        'lead_org', o.code, 'lead_org_name', o.name, 'due_at', i.due_at, 'reply_due_at', i.reply_due_at,
        'co_orgs', (select coalesce(jsonb_agg(h.code order by h.code), '[]') from organisation h where h.org_id = any (i.co_org_ids)))
    from incident i join town t using (town_id) left join category c on c.category_id = i.category_id
    left join organisation o on o.org_id = i.lead_org_id where i.incident_id = cast(:incident as uuid)
""")
_ID = re.compile(r"[0-9A-Za-z.-]{1,100}")


class Adapter(Protocol):
    """Takes a notice to somewhere; raises when it may not have arrived. The same id again must do no harm."""

    def deliver(self, notice: Mapping[str, Any]) -> None:
        """Deliver one notice."""


@dataclass(frozen=True)
class FileAdapter:
    """A file a notice in a folder, named by its id, complete from the first moment; whoever reads it takes it away."""

    folder: Path

    def deliver(self, notice: Mapping[str, Any]) -> None:
        """Write the file."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        name = str(notice["id"])
        assert _ID.fullmatch(name)
        aside = self.folder / f".{name}.{os.getpid()}"
        aside.write_bytes(_body(notice))
        os.replace(aside, self.folder / f"{name}.json")


@dataclass(frozen=True)
class Webhook:
    """A POST with the notice as JSON, signed; only the host that the town names is asked, no proxy and no redirect is followed.

    ``X-OneGrid-Signature`` is hexadecimal HMAC-SHA256 over ``X-OneGrid-Time``, a full stop and the body. The receiver answers 2xx
    when it has kept it, and knows ``X-OneGrid-Event`` when it comes again.
    """

    url: str
    secret: str = field(repr=False)
    timeout_s: float = 5

    def deliver(self, notice: Mapping[str, Any]) -> None:
        """Send it."""
        body, moment = _body(notice), str(int(time.time()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-OneGrid-Event": str(notice["id"]),
            "X-OneGrid-Time": moment,
            "X-OneGrid-Signature": signature(self.secret, moment, body),
        }
        at = urlsplit(self.url)
        connection = self._connection(at.scheme, at.hostname or "", at.port)
        try:
            connection.request("POST", at.path + (f"?{at.query}" if at.query else "") or "/", body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("notice.unreachable", f"{at.netloc} does not answer: {error}") from error
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise Unavailable("notice.refused", f"{at.netloc} answers {status}")

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self.timeout_s)


def signature(secret: str, moment: str, body: bytes) -> str:
    """Return the signature of a notice.

    Examples
    --------
    >>> signature("s" * 32, "1774000000", b"{}")[:16]
    '2d2e17d834af6748'
    """
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliverer(adapters: Sequence[Adapter]) -> Callable[[Session, dict[str, Any]], None]:
    """Return the handler of the job ``notice``: one after the other, the ones that cannot fail half first."""

    def deliver(session: Session, args: dict[str, Any]) -> None:
        if not adapters:
            return
        case = session.execute(_CASE, {"incident": args["incident"]}).scalar_one_or_none()
        notice = {**(case or {}), **args}
        for adapter in adapters:
            adapter.deliver(notice)

    return deliver


def _body(notice: Mapping[str, Any]) -> bytes:
    return json.dumps(notice, ensure_ascii=False, separators=(",", ":")).encode()
