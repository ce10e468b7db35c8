from collections.abc import Iterator

import pytest

from host import Host


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A Debian of the test's own: 12, unless the test is for others."""
    with Host(getattr(request, "param", "bookworm")) as host:
        yield host
