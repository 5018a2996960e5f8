"""Child processes that cannot outlive their parent, and what the kernel tells about processes (Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1


def die_with_parent(how: signal.Signals, parent: int | None = None) -> None:
    """Ask the kernel to send ``how`` to the calling process when its parent ends, however it ends.

    Parameters
    ----------
    how
        Signal that this process is to get.
    parent
        Process id that the parent must still have; if it has ended in between, this process exits at once.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Sequence[str | Path],
    *,
    log: IO[bytes] | int | None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    bound: signal.Signals | None = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own and return it.

    Its own session keeps Ctrl-C and a closing terminal from reaching it: its parent decides when it stops.

    Parameters
    ----------
    log
        Where its output and errors go; None: to the terminal.
    user
        Account to run as (root only); None: this one.
    bound
        Signal it gets if this process dies; None: it may live on.
    """
    parent = os.getpid()

    def prepare() -> None:
        # after the change of user, which clears the parent-death signal
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if bound is not None:
            die_with_parent(bound, parent)

    account = pwd.getpwnam(user) if user else None
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log if log is None else subprocess.STDOUT,
        env=dict(environment) if environment is not None else None,
        start_new_session=True,
        preexec_fn=prepare,
        pass_fds=pass_fds,
        cwd=cwd,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=os.getgrouplist(account.pw_name, account.pw_gid) if account else None,
    )


def alive(pid: int) -> bool:
    """Return whether a process with this id exists and has not merely been left unreaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def working_in(folder: Path, program: str) -> Iterator[int]:
    """Yield the ids of processes named ``program`` whose working directory is ``folder``."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() == program and Path(os.readlink(entry / "cwd")) == folder:
                yield int(entry.name)


def signal_group(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Send ``how`` to a child and to whatever it has started itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)


def end(process: subprocess.Popen[bytes], how: signal.Signals, patience_s: float) -> None:
    """Stop a child: ``how`` first, SIGKILL to it and its group after ``patience_s`` seconds; return when it is gone."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    signal_group(process, signal.SIGKILL)
    process.wait()


def wait_gone(pid: int, patience_s: float) -> bool:
    """Return whether the process has ended within ``patience_s`` seconds."""
    until = time.monotonic() + patience_s
    while alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class Terminal:
    """The terminal this process was started from, if any."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._in_front = False
        with contextlib.suppress(OSError):
            self._descriptor = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)

    def gone(self) -> bool:
        """Return whether it has been closed while this process ran in its foreground."""
        if self._descriptor is None:
            return False
        try:
            self._in_front = os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return self._in_front
        return False
