"""Where a private cluster lives, and that its socket can be reached from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.runtime import postgres
from api.runtime.cluster import Cluster

LONGEST_SOCKET = 107


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("place", ["/srv/onegrid/.onegrid", "/home/" + "a-long-folder-name/" * 12 + ".onegrid"])
def test_the_socket_path_is_never_too_long(monkeypatch, user, place):
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("os.getuid", lambda: user)
    cluster = Cluster(Path(place))
    assert len(f"{cluster.socket_dir}/.s.PGSQL.65535.lock") <= LONGEST_SOCKET
    assert str(cluster.home).startswith("/var/lib/onegrid/" if user == 0 else place)


@pytest.mark.parametrize("user", [0, 1000])
def test_two_data_folders_share_nothing(monkeypatch, user):
    monkeypatch.setattr("os.geteuid", lambda: user)
    one, two = Cluster(Path("/srv/one/.onegrid")), Cluster(Path("/srv/two/.onegrid"))
    assert one.home != two.home
    assert one.socket_dir != two.socket_dir


def test_buffers_follow_the_memory_of_the_machine():
    def buffers(memory: int) -> str:
        text = postgres.configuration(port=1, socket_dir=Path("/run/x"), durable=True, memory=memory)
        return next(line for line in text.splitlines() if line.startswith("shared_buffers"))

    assert [buffers(memory) for memory in (512, 8_192, 262_144)] == [
        "shared_buffers = 128MB",
        "shared_buffers = 1024MB",
        "shared_buffers = 2048MB",
    ]


def test_only_a_cluster_for_tests_may_lose_what_was_committed():
    for durable in (True, False):
        text = postgres.configuration(port=1, socket_dir=Path("/run/x"), durable=durable, memory=4096)
        assert ("fsync = off" in text) is not durable
        assert ("synchronous_commit = off" in text) is not durable
