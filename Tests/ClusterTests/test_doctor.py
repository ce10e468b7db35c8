"""nanobot doctor --peer, between two hosts of a cluster."""

import pytest
from cluster import Cluster
from conftest import DEFAULTS


def doctor(cluster: Cluster) -> str:
    """What the doctor of the first host says of it and the second one."""
    first, second = cluster.hosts[:2]
    return first.run("doctor --config /etc/nanobot/config.json --peer http://{}:{}".format(*second.address), status=None)


def test_the_doctor_finds_nothing_wrong_with_the_files_of_this_directory(cluster: Cluster) -> None:
    said = doctor(cluster)
    assert "problem  " not in said and "warning  peer" not in said, said
    assert "locks: one that is held on either side keeps out the other" in said
    assert f"carries the mark {cluster.id}" in cluster.hosts[2].run("cluster status /srv/nanobot/data --config /etc/nanobot/config.json")


@pytest.mark.parametrize("cluster", [DEFAULTS], indirect=True)
def test_the_doctor_finds_what_loses_turns(cluster: Cluster) -> None:
    said = doctor(cluster)
    assert "performance.stat-prefetch is on" in said and "appends: what is added here is not seen at once" in said, said
