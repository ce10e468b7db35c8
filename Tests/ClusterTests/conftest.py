import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ceph import Ceph
from cluster import NETWORK, Cluster
from gluster import Gluster
from machine import Machine, make_network

STORAGES = {"ceph": Ceph, "gluster": Gluster}


@pytest.fixture(scope="session")
def network() -> None:
    make_network(f"{NETWORK}.1")


@pytest.fixture(scope="session", params=STORAGES)
def cluster(request: pytest.FixtureRequest, network: None) -> Iterator[Cluster]:
    """Three hosts on CephFS, and on GlusterFS."""
    directory = Path(os.environ["NANOBOT_CLUSTER"]) / request.param
    cluster = Cluster(STORAGES[request.param](Machine("storage", f"{NETWORK}.5"), directory))
    yield cluster
    cluster.close()
