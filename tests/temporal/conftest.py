"""One Temporal server for the suites that only use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.temporal.server import TemporalServer, temporal


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporalServer]:
    """A real server that nobody stops."""
    with temporal(tmp_path_factory.mktemp("temporal")) as server:
        yield server
