"""Starting, crashing and stopping, with real processes and real signals."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

from api.runtime import processes

ROOT = Path(__file__).parents[2]


def test_everything_runs_and_answers_after_start(running):
    status = running.status()
    assert [row["name"] for row in status["processes"]] == ["database", "web-1", "web-2", "worker"]
    assert all(row["running"] for row in status["processes"])
    assert running.answers()
    assert not status["demo"]


def test_a_second_start_says_where_the_first_serves(running):
    second = running.onegrid("up", "--serve")
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"already running at http://127.0.0.1:{running.port}" in second.stderr
    assert running.answers()


def test_a_taken_port_is_told_before_anything_starts(installation, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        answer = installation.onegrid("up", "--serve", ONEGRID_DATA_DIR=str(tmp_path), ONEGRID_PORT=port)
    assert answer.returncode == 1
    assert answer.stderr == f"onegrid: port {port} is in use by another program; set ONEGRID_PORT to a free one\n"
    assert {path.name for path in tmp_path.iterdir()} <= {"up.lock"}


@pytest.mark.parametrize("name", ["web-1", "worker"])
def test_a_killed_child_comes_back(running, name):
    before = running.pids()
    os.kill(before[name], signal.SIGKILL)
    running.wait(lambda: running.pids()[name] not in (before[name], None), 60)
    assert running.answers()
    assert {other: pid for other, pid in running.pids().items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def test_a_killed_database_comes_back_with_all_that_was_committed(running):
    with running.cluster.connection() as connection, connection.cursor() as cursor:
        cursor.execute("create table if not exists kept (n int); truncate kept; insert into kept values (1)")
    before = running.pids()["database"]
    os.kill(before, signal.SIGKILL)
    running.wait(lambda: running.pids()["database"] not in (before, None) and running.cluster.answers(), 60)
    running.wait(running.answers, 60)
    with running.cluster.connection() as connection, connection.cursor() as cursor:
        cursor.execute("select n from kept")
        assert cursor.fetchall() == [(1,)]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing_running(running, how):
    assert len(running.everything()) >= 5
    assert running.stop(how) == 0
    assert running.everything() == set()
    assert not running.cluster.socket_dir.exists()


def test_a_killed_supervisor_takes_everything_with_it(running):
    os.kill(running.up.pid, signal.SIGKILL)
    running.up.wait()
    running.up = None
    running.wait(lambda: running.everything() == set(), 60)


def test_start_survives_what_a_crash_left_behind(running):
    running.stop(signal.SIGTERM)
    # a lock file that names a living process of something else, as after a restart of the machine
    with socket.socket() as other:
        other.bind(("127.0.0.1", running.cluster.port))
        other.listen()
        (running.cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{running.cluster.data}\n1\n")
        running.start()
    assert running.answers()


def test_down_stops_everything_and_says_so(running):
    answer = running.onegrid("down")
    assert (answer.returncode, answer.stdout) == (0, "stopped\n")
    assert running.up.wait(60) == 0
    assert running.everything() == set()
    assert running.onegrid("down").stdout == "nothing was running\n"
    assert running.onegrid("status").returncode == 1


def test_it_stops_while_it_is_still_starting(installation):
    for pause_s in (0.15, 0.4, 0.8):
        child = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "up", "--serve"],
            env=installation.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(pause_s)
        child.terminate()
        assert child.wait(60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert installation.everything() == set()


def test_a_child_dies_with_its_parent_however_that_ends():
    program = """
        import os
        from api.runtime import processes
        print(processes.spawn(["sleep", "60"], log=os.open(os.devnull, os.O_WRONLY)).pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    parent = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    assert parent.returncode == -signal.SIGKILL
    assert processes.wait_gone(int(parent.stdout), 5)


def test_a_closed_terminal_leaves_nothing_running_under_make(installation):
    # make is the terminal's first process here: the kernel tells it alone that the terminal has gone
    assert installation.everything() == set()
    terminal, inner = pty.openpty()
    make = subprocess.Popen(
        ["make", "serve"],
        cwd=ROOT,
        env=installation.environment,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(inner)
    shown = b""
    while b"Ctrl-C stops it" not in shown:
        shown += os.read(terminal, 4096)
    assert installation.answers()
    os.close(terminal)
    installation.wait(lambda: installation.everything() == set(), 60)
    make.wait(60)
