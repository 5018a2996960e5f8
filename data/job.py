"""The queue of work that need not be done while somebody waits. Rows in the database, so a job commits with its cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import Scope, apply
from data.session import Database

Handler = Callable[[Session, dict[str, Any]], None]

_ENQUEUE = text("select enqueue_job(:kind, cast(:args as jsonb), :key, :run_at, :attempts)")
_TAKE = text(
    "select job_id, town_id, kind, args, attempts, max_attempts from job"
    " where state = 'waiting' and run_at <= clock_timestamp() order by run_at, job_id limit 1 for update skip locked"
)
_DONE = text(
    "update job set state = 'done', attempts = attempts + 1, finished_at = clock_timestamp(), error = null,"
    " key = null where job_id = :job_id"
)
_FAILED = text(
    "update job set attempts = attempts + 1, error = :error, run_at = clock_timestamp() + :pause, state ="
    " case when attempts + 1 >= max_attempts then 'failed' else 'waiting' end where job_id = :job_id"
)


def enqueue(
    session: Session,
    kind: str,
    args: dict[str, Any] | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
    attempts: int = 10,
) -> None:
    """Add a job in the caller's transaction. A key makes it one: the same key while waiting adds nothing.

    After so many ``attempts`` it stays as failed; the pause between two doubles from 10 s up to an hour.
    """
    values = {
        "kind": kind,
        "args": json.dumps(args or {}, default=str),
        "key": key,
        "run_at": run_at,
        "attempts": attempts,
    }
    session.execute(_ENQUEUE, values)


def run_one(database: Database, handlers: dict[str, Handler]) -> bool:
    """Run the next due job, if any; return whether there was one.

    The job runs in the transaction that marks it done, so a killed worker leaves it waiting. A job that raises is
    tried again with growing pauses, then stays as 'failed' with its error.
    """
    failure: tuple[Any, str, int] | None = None
    with database.transaction(Scope.system(None)) as session:
        job = session.execute(_TAKE).one_or_none()
        if job is None:
            return False
        try:
            with session.begin_nested():
                apply(session, Scope.system(job.town_id))
                handlers[job.kind](session, job.args)
            apply(session, Scope.system(None))
            session.execute(_DONE, {"job_id": job.job_id})
        except Exception as error:
            apply(session, Scope.system(None))
            failure = (job.job_id, f"{type(error).__name__}: {error}"[:2000], job.attempts)
            pause = timedelta(seconds=min(3600, 5 * 2 ** min(job.attempts, 12)))
            session.execute(_FAILED, {"job_id": job.job_id, "error": failure[1], "pause": pause})
    return True
