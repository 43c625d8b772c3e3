"""Real servers that more than one room of tests asks for, each started at its first use."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.store.pg_server import Server

# A busy machine is no finding: how long an example took, or how slowly they are drawn, fails no property.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Names are this machine's or lead nowhere, at once: a look-up leaves the machine, and one that hangs holds a test up.
_REAL_LOOKUP = socket.getaddrinfo
os.environ.setdefault("RES_OPTIONS", "attempts:1 timeout:1")  # processes that tests start may ask, but not for long


def _look_up(host: Any, *rest: Any, **more: Any) -> Any:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name and name not in {"localhost", socket.gethostname()}:
        try:
            ip_address(name.partition("%")[0])
        except ValueError:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is not this machine") from None
    return _REAL_LOOKUP(host, *rest, **more)


socket.getaddrinfo = _look_up


@pytest.fixture(scope="session", autouse=True)
def _homes_begin_quickly() -> Iterator[None]:
    """A new home's tables are migrated once in a run; hundreds of tests begin one. `tests/store` migrates each."""
    from tests.blank import repeat
    from wanreel.store import opening

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "migrate", repeat)
        yield


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server that checks signatures; its address."""
    from tests.archive.seaweed import seaweed  # nobody pays for its imports who does not ask for it

    with seaweed(tmp_path_factory.mktemp("seaweed")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Server]:
    """A real PostgreSQL server of this run's own."""
    from tests.store.pg_server import postgres

    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def pg_template(pg_server: Server) -> str:
    """The name of a database with our tables and nothing in them; `pg_server.database` makes others like it."""
    from tests.store.pg_server import migrated

    return migrated(pg_server)


@pytest.fixture(scope="session")
def _pg_common(pg_server: Server, pg_template: str) -> str:
    return pg_server.database(pg_template)


@pytest.fixture
def pg_url(_pg_common: str) -> str:
    """The URL of an empty database: always the same one, emptied."""
    from tests.store.pg_server import emptied

    return emptied(_pg_common)
