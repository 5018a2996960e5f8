"""What changed goes out: each case as it stands, with all its steps, in the words of the system above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import audit, clock
from data.scope import scope_of
from data.uuid7 import uuid7
from layers.exchange.copying import upsert_rows
from layers.exchange.upper.codes import Codes, Town, town
from layers.exchange.upper.container import Manifest, Writer, writing

_PIECE_ROWS = 2_000
# One statement, so one moment: the steps of a case are those of the version that goes out with them.
_CHANGED = """
select i.incident_id, i.version, jsonb_build_object(
    'our_no', i.case_no, 'outer_no', i.county_ref, 'version', i.version, 'title', i.title, 'description', i.description,
    'category', c.code, 'category_name', c.name, 'platform', i.platform_code, 'urgency', i.urgency, 'channel', i.channel,
    'state', i.state, 'level', i.escalation, 'supervision_level', i.supervision_level, 'rework_count', i.rework_count,
    'return_count', i.return_count, 'lead_org', o.code, 'lead_org_name', o.name,
    'co_orgs', (select coalesce(jsonb_agg(h.code order by h.code), '[]') from organisation h where h.org_id = any (i.co_org_ids)),
    'grid', g.code, 'village', v.code, 'address', i.address_text,
    'lon', round(st_x(i.geom)::numeric, 7), 'lat', round(st_y(i.geom)::numeric, 7),
    'occurred_at', i.occurred_at, 'reported_at', i.reported_at, 'accepted_at', i.accepted_at, 'filed_at', i.filed_at,
    'dispatched_at', i.dispatched_at, 'handled_at', i.handled_at, 'closed_at', i.closed_at, 'due_at', i.whole_due_at,
    'score', i.score, 'satisfied', i.is_satisfied,
    'merged_into', (select m.case_no from incident m where m.incident_id = i.merged_into)),
  (select jsonb_build_object('reporter_name', r.name, 'reporter_phone', r.phone) from incident_reporter r
   where r.incident_id = i.incident_id and not r.is_anonymous order by r.incident_reporter_id limit 1),
  (select coalesce(jsonb_agg(jsonb_build_object('step_id', l.log_id, 'step', l.name, 'from', l.from_state, 'to', l.to_state,
      'at', l.at, 'org', p.code, 'reason', l.reason, 'reason_code', l.facts->>'reason_code', 'text', l.facts->>'text',
      'public_text', l.facts->>'public_text', 'happened_at', l.facts->>'happened_at', 'level', l.facts->'level')
      order by l.at, l.from_state is not null, l.log_id), '[]')
   from incident_log l left join organisation p on p.org_id = l.actor_org_id
   where l.incident_id = i.incident_id and l.to_state is not null and l.name not in ('photo', 'correct'))
from incident i
left join exchange_sent s on s.incident_id = i.incident_id
left join category c on c.category_id = i.category_id
left join organisation o on o.org_id = i.lead_org_id
left join area g on g.area_id = coalesce(i.grid_now_id, i.grid_id)
left join area v on v.level = 'village' and v.area_id in (g.area_id, g.parent_id)
where i.town_id = scope_town() and (s.version is distinct from i.version or i.updated_at >= %(since)s)
order by i.seq
"""
_LAST = text(
    "select file_id from exchange_file where town_id = scope_town() and direction = 'out' order by at desc, file_id desc limit 1"
)
_NOTE = text("""
    insert into exchange_file (file_id, town_id, direction, partner, counts, at)
    values (:file_id, scope_town(), 'out', :partner, jsonb_build_object('cases', :cases, 'steps', :steps), :at)
""")
# Two that go out at once would both send the same and leave one of them out of the chain of files.
_LOCK = text("select pg_advisory_xact_lock(4112, scope_town())")
_CASE_CODES = {"category": "category", "platform": "platform", "urgency": "urgency", "channel": "channel", "state": "state",
               "level": "level", "lead_org": "organisation", "grid": "area", "village": "area"}  # fmt: skip


@dataclass
class Sent:
    """What went out."""

    path: Path
    file_id: UUID
    cases: int = 0
    steps: int = 0
    personal: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {**vars(self), "path": str(self.path), "file_id": str(self.file_id)}


def send(session: Session, path: Path, since: datetime | None = None) -> Sent:
    """Write what changed since the last file to a new one, and move the cursor in the session's transaction. Does not commit.

    Needs ``export``. Writes an audit row that names the personal fields. If the transaction fails, the file is there, and the next
    one holds the same again: whoever reads it knows a step by its ``step_id``.

    Parameters
    ----------
    path : a new zip (its name ends in .zip) or a new folder.
    since : cases changed from then on go out also if they went before.

    Raises
    ------
    Conflict : `exchange.there`. Forbidden : `scope.forbidden`. Invalid : `exchange.settings`.
    """
    scope_of(session).require("export")
    session.execute(_LOCK)
    own, codes, sent = town(session), Codes.read(session), Sent(path, uuid7())
    with writing(path) as writer:
        rows = _changed(session, since)
        while piece := list(islice(rows, _PIECE_ROWS)):
            for row in piece:
                _write(writer, row, codes, own, sent)
            marks = ((row[0], scope_of(session).town_id, row[1]) for row in piece)
            upsert_rows(session, "exchange_sent", ("incident_id", "town_id", "version"), marks, ("incident_id",))
        sent.notes = list(codes.notes())
        _note(session, own, sent)
        writer.finish(_manifest(session, writer, own, sent), path)
    return sent


def _changed(session: Session, since: datetime | None) -> Iterator[tuple[Any, ...]]:
    cursor: Any = session.connection().connection.cursor("exchange")
    cursor.itersize = _PIECE_ROWS
    cursor.execute(_CHANGED, {"since": since or "infinity"})
    try:
        yield from cursor
    finally:
        cursor.close()


def _write(writer: Writer, row: tuple[Any, ...], codes: Codes, own: Town, sent: Sent) -> None:
    _, _, case, reporter, steps = row
    case |= {name: codes.theirs(kind, case[name]) for name, kind in _CASE_CODES.items()}
    case["co_orgs"] = [code for org in case["co_orgs"] if (code := codes.theirs("organisation", org))]
    case["crs"] = "EPSG:4490" if case["lon"] is not None else None
    told = {name: reporter[name] for name in own.partner.personal if reporter and reporter[name]}
    sent.personal += bool(told)
    writer.write("cases.jsonl", _given({**case, **told}))
    for step in steps:
        writer.write("steps.jsonl", _given(_step(step, case, codes)))
    sent.cases += 1
    sent.steps += len(steps)


def _step(step: Mapping[str, Any], case: Mapping[str, Any], codes: Codes) -> dict[str, Any]:
    return {
        "our_no": case["our_no"],
        "outer_no": case["outer_no"],
        **step,
        "step": codes.theirs("step", step["step"]),
        "from": codes.theirs("state", step["from"]),
        "to": codes.theirs("state", step["to"]),
        "org": codes.theirs("organisation", step["org"]),
    }


def _given(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is not known is left out."""
    return {name: value for name, value in record.items() if value is not None and value != []}


def _note(session: Session, own: Town, sent: Sent) -> None:
    detail = {
        "cases": sent.cases, "steps": sent.steps, "receiver": own.partner.receiver, "file": sent.path.name,
        "personal_fields": list(own.partner.personal), "personal_cases": sent.personal,
    }  # fmt: skip
    audit.record(session, "exchange.out", "file", sent.file_id, detail=detail)


def _manifest(session: Session, writer: Writer, own: Town, sent: Sent) -> Manifest:
    now = clock.now()
    previous = session.execute(_LAST).scalar_one_or_none()
    session.execute(
        _NOTE,
        {"file_id": sent.file_id, "partner": own.partner.receiver, "cases": sent.cases, "steps": sent.steps, "at": now},
    )
    return Manifest(
        id=sent.file_id, sender=own.partner.sender, receiver=own.partner.receiver, created_at=now, previous=previous,
        synthetic=own.synthetic, files=writer.parts(),
    )  # fmt: skip
