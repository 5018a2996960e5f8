"""What the system above sends: new cases come down, cases that went up come back with a result or for handling.

Each row is taken by itself: what it says is impossible is noted with its reason and stops no other. A row that was taken is
remembered by its number there, so that the same file again, or one that overlaps, changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import psycopg2
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data import audit, clock
from data.errors import Conflict, Invalid, NotFound, OneGridError, Unavailable
from data.scope import scope_of
from data.session import translate
from layers.exchange.importing.report import Imported
from layers.exchange.pack.check import reasons
from layers.exchange.upper.codes import PERSONAL, Codes, Town, town
from layers.exchange.upper.container import FileName, Manifest, reading
from layers.incident import county
from layers.incident.draft import Draft
from layers.incident.moves import Move, move

CHECKPOINT_ROWS = 200
ANSWERS = ("return", "result")

_TAKEN = text("select row_hash, incident_id from exchange_taken where town_id = scope_town() and key = :key")
# The second of two that bring the same row at once waits here for the first.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 4113))")
_TAKE = text("""
    insert into exchange_taken (town_id, key, row_hash, incident_id, file_id, at)
    values (scope_town(), :key, :row_hash, :incident_id, :file_id, :at)
""")
_BY_NUMBER = text("""
    select incident_id, case_no, county_ref, lead_org_id from incident
    where town_id = scope_town() and (county_ref = :outer_no or case_no = :our_no) order by seq limit 3
""")
_NOTE = text("""
    insert into exchange_file (file_id, town_id, direction, partner, counts, at)
    values (:file_id, scope_town(), 'in', :partner, cast(:counts as jsonb), :at)
    on conflict on constraint exchange_file_pk do nothing
""")

Number = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
                   StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]  # fmt: skip
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]


class CaseRow(BaseModel):
    """A line of `cases.jsonl`: a case sent down. What it has beside these is ignored."""

    model_config = ConfigDict(extra="ignore")
    outer_no: Number
    title: str
    description: str = ""
    category: Code | None = None
    lon: float | None = None
    lat: float | None = None
    crs: str | None = None
    accuracy_m: float | None = None
    address: str | None = None
    occurred_at: AwareDatetime | None = None
    text: Words | None = None
    reporter_name: str | None = None
    reporter_phone: str | None = None


class AnswerRow(BaseModel):
    """A line of `answers.jsonl`: what became of a case that went up."""

    model_config = ConfigDict(extra="ignore")
    step_id: Number | None = None
    outer_no: Number | None = None
    our_no: Number | None = None
    answer: Code
    at: AwareDatetime | None = None
    reason: Words | None = None
    text: Words | None = None
    public_text: Words | None = None
    category: Code | None = None
    lead_org: Code | None = None

    @model_validator(mode="after")
    def _numbered(self) -> AnswerRow:
        if self.outer_no is None and self.our_no is None:
            raise ValueError("give outer_no or our_no")
        return self


R = TypeVar("R", bound=BaseModel)


def receive(
    session: Session, path: Path, *, dry_run: bool = False, checkpoint: Callable[[], None] = lambda: None
) -> Imported:
    """Take the rows of a file and return what became of each: cases as ``added``, answers as ``changed``. Does not commit, but for
    ``checkpoint``.

    Needs ``import``. A case is taken in by `layers.incident.county`, an answer is a transition ``county_return``, ``send_down`` or
    ``county_result``. Writes an audit row that names the personal fields.

    Parameters
    ----------
    checkpoint : commits and opens the next transaction under the same scope; called every `CHECKPOINT_ROWS` rows unless
        ``dry_run``. Broken off, the import goes on where it stopped when it is run again.

    Raises
    ------
    Invalid : `exchange.manifest`, `exchange.damaged`, `exchange.not_for_us`, `exchange.synthetic`, `exchange.settings`.
    Forbidden : `scope.forbidden`.
    """
    scope_of(session).require("import")
    with reading(path) as reader:
        own = town(session)
        _check_partner(reader.manifest, own)
        taking = _Taking(session, Imported("exchange", path, dry_run), Codes.read(session), reader.manifest)
        done = 0
        for name, take in (("cases.jsonl", taking.case), ("answers.jsonl", taking.answer)):
            for number, line in reader.lines(name):  # type: ignore[arg-type]
                taking.row(name, number, line, take)  # type: ignore[arg-type]
                done += 1
                if done % CHECKPOINT_ROWS == 0 and not dry_run:
                    checkpoint()
        taking.finish()
    return taking.imported


def _check_partner(manifest: Manifest, own: Town) -> None:
    known = own.partner
    if manifest.receiver not in (None, "", known.sender) or (known.receiver and manifest.sender != known.receiver):
        raise Invalid(
            "exchange.not_for_us",
            f"this file goes from {manifest.sender} to {manifest.receiver or 'nobody named'}; "
            f"expected from {known.receiver or 'anybody'} to {known.sender}",
        )
    if manifest.synthetic and not own.synthetic:
        raise Invalid("exchange.synthetic", "this file holds made-up data and the town is a real one")


class _Taking:
    """The rows of one file, one after the other."""

    def __init__(self, session: Session, imported: Imported, codes: Codes, manifest: Manifest) -> None:
        self.session, self.imported, self.codes, self.manifest = session, imported, codes, manifest
        self.personal = 0

    def row(self, name: FileName, number: int, line: bytes, take: Callable[[dict[str, Any]], bool]) -> None:
        """Take a row, or note why not. Its writes are kept together, or none of them."""
        given: Any = None
        try:
            given = json.loads(line)
            if not isinstance(given, dict):
                raise ValueError
            with self.session.begin_nested():
                taken = take(given)
        except (OneGridError, DBAPIError, psycopg2.Error, ValidationError) as error:
            self.imported.reject(number, _reason(error), {"file": name, **_cells(given)})
        except (ValueError, RecursionError):
            cells = {"file": name, "line": line[:200].decode(errors="replace").strip()}
            self.imported.reject(number, "is no JSON object", cells)
        else:
            self.imported.unchanged += not taken

    def case(self, given: dict[str, Any]) -> bool:
        """Take in a case that is sent down; False when it was there."""
        row = CaseRow.model_validate(given)
        key = f"case:{row.outer_no}"
        if self._was_taken(key, given):
            return False
        draft = Draft.model_validate({**self._words(row), "external_ref": row.outer_no})
        taken = county.receive(
            self.session, draft, exchange=str(self.manifest.id), **({"text": row.text} if row.text else {})
        )
        self._remember(key, given, taken.incident_id)
        self.imported.added += not taken.repeated
        self.personal += bool(not taken.repeated and (row.reporter_name or row.reporter_phone))
        return not taken.repeated

    def _words(self, row: CaseRow) -> dict[str, Any]:
        words = row.model_dump(exclude={"outer_no", "text", "category", *PERSONAL})
        category = self.codes.ours("category", row.category)
        reporter = {"name": row.reporter_name, "phone": row.reporter_phone}
        return {**words, "category": category, "reporter": reporter if any(reporter.values()) else None}

    def answer(self, given: dict[str, Any]) -> bool:
        """Take what became of a case that went up; False when it was taken before."""
        row = AnswerRow.model_validate(given)
        key = f"answer:{row.step_id}" if row.step_id else f"answer#{_hash(given).hex()}"
        if self._was_taken(key, given):
            return False
        kind = self.codes.ours("answer", row.answer)
        if kind not in ANSWERS:
            raise Invalid("exchange.answer", f"answer: {row.answer} is none that the town knows")
        case = self._find(row)
        move(self.session, case.incident_id, Move(_step(kind, case), None, self._facts(row)))
        self._remember(key, given, case.incident_id)
        self.imported.changed += 1
        return True

    def _facts(self, row: AnswerRow) -> dict[str, Any]:
        words = row.model_dump(
            mode="json", exclude={"step_id", "outer_no", "our_no", "answer", "at", "category", "lead_org"}
        )
        return {
            **words,
            "reason": row.reason or row.text,
            "text": row.text or row.reason,
            "external_ref": row.outer_no,
            "happened_at": row.at and row.at.isoformat(),
            "category": self.codes.ours("category", row.category),
            "lead_org": self.codes.ours("organisation", row.lead_org),
            "exchange": str(self.manifest.id),
        }

    def _find(self, row: AnswerRow) -> Row:
        """The one case that both numbers, or the one given, name."""
        found = self.session.execute(_BY_NUMBER, {"outer_no": row.outer_no, "our_no": row.our_no}).all()
        if row.our_no is not None:
            others = [case for case in found if case.case_no != row.our_no]
            found = [case for case in found if case.case_no == row.our_no]
            if found and others and found[0].county_ref != row.outer_no:
                message = f"outer_no {row.outer_no} is that of case {others[0].case_no}, not of {row.our_no}"
                raise Conflict("exchange.numbers_differ", message)
        if not found:
            numbers = " or ".join(number for number in (row.outer_no, row.our_no) if number)
            raise NotFound("exchange.number_unknown", f"there is no case of number {numbers}")
        if len(found) > 1:
            raise Conflict("exchange.number_shared", f"several cases have the number {row.outer_no}; give our_no")
        return found[0]

    def _was_taken(self, key: str, given: Mapping[str, Any]) -> bool:
        self.session.execute(_LOCK, {"key": f"{scope_of(self.session).town_id}/{key}"})
        known = self.session.execute(_TAKEN, {"key": key}).one_or_none()
        if known is None:
            return False
        if bytes(known.row_hash) != _hash(given):
            raise Conflict(
                "exchange.said_otherwise", f"{key.partition(':')[2]} was taken before and said something else"
            )
        return True

    def _remember(self, key: str, given: Mapping[str, Any], incident_id: UUID) -> None:
        values = {"key": key, "row_hash": _hash(given), "incident_id": incident_id, "file_id": self.manifest.id}
        self.session.execute(_TAKE, {**values, "at": clock.now()})

    def finish(self) -> None:
        """Note the file and what it brought."""
        imported = self.imported
        for words in self.codes.notes():
            imported.note(words)
        counts = {
            "added": imported.added, "changed": imported.changed, "unchanged": imported.unchanged, "rejected": imported.rejected
        }  # fmt: skip
        note = {
            "file_id": self.manifest.id,
            "partner": self.manifest.sender,
            "counts": json.dumps(counts),
            "at": clock.now(),
        }
        self.session.execute(_NOTE, note)
        detail = {
            **counts, "sender": self.manifest.sender, "file": imported.path.name,
            "personal_fields": list(PERSONAL) if self.personal else [], "personal_cases": self.personal,
        }  # fmt: skip
        audit.record(self.session, "exchange.in", "file", self.manifest.id, detail=detail)


def _step(kind: str, case: Row) -> str:
    """The transition that an answer is: what nobody in the town had been sent to handle begins as accepted."""
    if kind == "result":
        return "county_result"
    return "county_return" if case.lead_org_id is not None else "send_down"


def _hash(given: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(given, sort_keys=True, ensure_ascii=False).encode(errors="replace")).digest()


def _cells(given: Any) -> dict[str, Any]:
    return {str(name): value for name, value in given.items()} if isinstance(given, dict) else {}


def _reason(error: OneGridError | DBAPIError | psycopg2.Error | ValidationError) -> str:
    """Return why a row is not taken; a database that does not answer is no fault of the row."""
    if isinstance(error, ValidationError):
        return "; ".join(reasons(error))
    known: Exception = error
    if isinstance(error, psycopg2.Error):  # of a statement that went straight to the driver
        known = DBAPIError.instance("", {}, error, psycopg2.Error)
    if isinstance(known, DBAPIError):
        known = translate(known)
    if isinstance(known, Unavailable):
        raise known from error
    if isinstance(known, OneGridError):
        faults = known.detail.get("faults") or ()
        return "; ".join(
            [f"{known.code}: {known.message}", *(f"{fault['field']}: {fault['message']}" for fault in faults)]
        )
    return f"the database refuses it: {str(getattr(known, 'orig', known)).splitlines()[0]}"
