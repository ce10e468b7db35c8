from collections.abc import Iterator

import pytest

from host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    """A Debian of the test's own."""
    with Host() as host:
        yield host
