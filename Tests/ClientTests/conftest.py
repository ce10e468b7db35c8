import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from nanobot import Nanobot
from peer import Peer

# Clients read them when they are imported: none asks or tells anybody on the Internet, or reads a file that lies around.
os.environ |= {
    "AIDER_ANALYTICS": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
}


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def running_peer(directory: Path) -> Iterator[Peer]:
    peer = Peer(directory / "peer")
    yield peer
    peer.kill()


@pytest.fixture
def peer(running_peer: Peer) -> Iterator[Peer]:
    """The peer, well, with nothing told and nothing asked. What a test tells it has to happen."""
    running_peer.reset()
    yield running_peer
    assert running_peer.pending() == []


@pytest.fixture(scope="session")
def server(directory: Path, running_peer: Peer) -> Iterator[Nanobot]:
    """Asks the peer, once more where that helps."""
    with Nanobot(directory / "server", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock", STREAM="true") as server:
        yield server


@pytest.fixture(scope="session")
def plain_server(directory: Path, running_peer: Peer) -> Iterator[Nanobot]:
    """Asks the peer once, and shows what comes of it."""
    with Nanobot(directory / "plain", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock", UPSTREAM_RETRIES="0", STREAM="true") as server:
        yield server


@pytest.fixture(scope="session")
def hasty_server(directory: Path, running_peer: Peer) -> Iterator[Nanobot]:
    """Gives the peer four seconds."""
    with Nanobot(directory / "hasty", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock", UPSTREAM_TIMEOUT="4", STREAM="true") as server:
        yield server


@pytest.fixture
def key() -> str:
    """A session of the test's own."""
    return f"test:{uuid.uuid4()}"


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def streams(request: pytest.FixtureRequest) -> bool:
    """Whether the test asks for streams."""
    return request.param
