import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ceph import Ceph
from cluster import NETWORK, Cluster
from disk import Disk
from gluster import Gluster
from machine import Machine, make_network

DEFAULTS = "gluster with its defaults"


@pytest.fixture(scope="session")
def network() -> None:
    make_network(f"{NETWORK}.1")


@pytest.fixture(scope="session", params=["ceph", "gluster"])
def cluster(request: pytest.FixtureRequest, network: None) -> Iterator[Cluster]:
    """Three hosts on CephFS, and on GlusterFS. One at a time."""
    machine, directory = Machine("storage", f"{NETWORK}.5"), Path(os.environ["NANOBOT_CLUSTER"]) / request.param.replace(" ", "-")
    if request.param == DEFAULTS:
        cluster = Cluster(Gluster(machine, directory, with_settings=False), mount_options="_netdev")
    else:
        cluster = Cluster({"ceph": Ceph, "gluster": Gluster, "disk": Disk}[request.param](machine, directory))
    yield cluster
    cluster.close()
