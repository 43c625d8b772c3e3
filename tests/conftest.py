"""Real servers that more than one room of tests asks for, each started at its first use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server that checks signatures; its address."""
    from tests.archive.seaweed import seaweed  # nobody pays for its imports who does not ask for it

    with seaweed(tmp_path_factory.mktemp("seaweed")) as endpoint:
        yield endpoint
