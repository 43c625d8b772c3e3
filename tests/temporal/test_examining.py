"""What doctor says of a Temporal service; and a worker behind TLS, client certificates and keys: on a real service."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.archive.seaweed import free_ports
from tests.cli.terminal import Ran, Terminal
from tests.client.small_world import environment
from tests.factories import make_job
from tests.temporal.gate import Papers, gate, papers
from tests.temporal.server import TemporalServer
from tests.temporal.troupe import ROOM
from wanreel.domain.errors import Unauthorized
from wanreel.ports.engine import Turn
from wanreel.temporal.engine import TemporalEngine
from wanreel.temporal.examining import Found, examine
from wanreel.temporal.link import Place, connect
from wanreel.temporal.words import ATTRIBUTES

API_KEY = "key-of-the-tests"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """The service's own certificate, and its CA."""
    return papers(tmp_path_factory.mktemp("own") / "service")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """A client's certificate, by another CA."""
    return papers(tmp_path_factory.mktemp("ours") / "client")


async def found(place: Place) -> list[Found]:
    """All that is found."""
    return [one async for one in examine(place)]


async def trouble(place: Place) -> str:
    """The one thing that is amiss, after which nothing more was looked at."""
    (one,) = await found(place)
    assert not one.good
    return one.words


async def test_all_that_is_needed_is_looked_at(service: TemporalServer) -> None:
    """Before the first worker the attributes are missing, and nothing is made by looking; with one, all is well."""
    made = service.ask("operator", "namespace", "create", "--namespace", "fresh", "--retention", "3d")
    assert 0 == made.returncode, made.stderr
    place = Place(service.address, namespace="fresh")
    for _ in range(2):
        reached, space, attributes, workers = await found(place)
        assert reached.good
        assert "lets us in, no TLS, version 1." in reached.words
        assert Found("namespace", good=True, words="fresh, keeps ended workflows for 3 days") == space
        assert not attributes.good
        assert all(name in attributes.words for name in ATTRIBUTES)
        assert "search-attribute create --namespace fresh --type Keyword" in attributes.words
        assert Found("workers", good=True, words=workers.words) == workers
        assert "nobody polls the task queue wanreel now" in workers.words
    async with TemporalEngine(place, ROOM).working(_nothing, "first"):
        while "nobody" in (told := await found(place))[-1].words or "in part" in told[-1].words:
            await asyncio.get_running_loop().run_in_executor(None, service.ask, "operator", "cluster", "health")
        assert all(one.good for one in told), told
        assert "1 poll the task queue wanreel" == told[-1].words


async def _nothing(job_id: str, claimed_by: str) -> Turn:
    raise AssertionError(job_id)


async def test_who_is_not_there_is_said(service: TemporalServer) -> None:
    """An address without a service, no address at all, a namespace that nobody made."""
    (port,) = free_ports(1)
    assert "nobody answers" in await trouble(Place(f"127.0.0.1:{port}"))
    assert "is no HOST:PORT" in await trouble(Place("127.0.0.1"))
    assert "`temporal operator namespace create` makes one" in await trouble(
        Place(service.address, namespace="nowhere")
    )


async def test_what_is_wrong_with_tls_is_told_apart(service: TemporalServer, own: Papers, ours: Papers) -> None:
    """Each of the ways in which two sides fail to be secret is said with the setting that mends it."""
    assert "does not speak TLS" in await trouble(Place(service.address, tls=True))
    async with gate(service.port, own) as port:
        place = Place(f"localhost:{port}")
        assert "Set WANREEL_TEMPORAL_TLS=true" in await trouble(place)
        assert "set WANREEL_TEMPORAL_CA" in await trouble(replace(place, tls=True))
        assert "set WANREEL_TEMPORAL_CA" in await trouble(replace(place, ca=ours.ca))
        wrong = replace(place, ca=own.ca, cert=ours.cert, key=own.key)
        assert "is not the key of" in await trouble(wrong)
        reached = (await found(replace(place, ca=own.ca)))[0]
        assert reached.good
        assert "TLS, version" in reached.words
    async with gate(service.port, own, clients=ours) as port:
        place = Place(f"localhost:{port}", ca=own.ca)
        assert "WANREEL_TEMPORAL_CERT" in await trouble(place)
        assert "WANREEL_TEMPORAL_CERT" in await trouble(replace(place, cert=own.cert, key=own.key))
        assert (await found(replace(place, cert=ours.cert, key=ours.key)))[0].good


async def test_a_key_that_is_not_taken_is_said(service: TemporalServer, own: Papers) -> None:
    """By doctor, and by a worker, which ends rather than asks for ever. The right one opens."""
    async with gate(service.port, own, api_key=API_KEY) as port:
        place = Place(f"localhost:{port}", ca=own.ca, api_key="another")
        assert "check WANREEL_TEMPORAL_API_KEY" in await trouble(place)
        with pytest.raises(Unauthorized, match="WANREEL_TEMPORAL_API_KEY"):
            async with TemporalEngine(place, ROOM).working(_nothing, "first"):
                pass
        assert (await found(replace(place, api_key=API_KEY)))[0].good
        assert await connect(replace(place, api_key=API_KEY))


async def test_a_job_takes_its_turn_behind_all_of_it(service: TemporalServer, own: Papers, ours: Papers) -> None:
    """A worker with its certificate and its key is let in by a service that asks for both."""
    taken = asyncio.Event()

    async def turn(job_id: str, claimed_by: str) -> Turn:
        taken.set()
        return Turn("succeeded", over=True)

    async with gate(service.port, own, clients=ours, api_key=API_KEY) as port:
        place = Place(
            f"localhost:{port}", "default", "behind", ca=own.ca, cert=ours.cert, key=ours.key, api_key=API_KEY
        )
        engine = TemporalEngine(place, ROOM)
        async with engine.working(turn, "first"):
            job = make_job()
            await engine.wake(job)
            await taken.wait()
            client = await connect(place)
            assert "succeeded" == await client.get_workflow_handle(job.id).result()


@pytest.fixture
def terminal(pg_url: str, service: TemporalServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal of somebody whose jobs are in PostgreSQL and worked on Temporal."""
    env = environment(tmp_path / "home", None) | {"WANREEL_DATABASE_URL": pg_url, "WANREEL_ENGINE": "temporal"}
    return Terminal(capsys, env | {"WANREEL_TEMPORAL_ADDRESS": service.address}, tmp_path)


def test_doctor_looks_at_temporal(terminal: Terminal) -> None:
    """A line for each finding; what is amiss makes the whole bad; where it is not used nothing of it is looked at."""
    ran = terminal("doctor", "--offline", "--json", WANREEL_TEMPORAL_QUEUE="doctors")
    told = {row["check"]: row for row in ran.objects}
    of_it = [check for check in told if check.startswith("temporal")]
    assert ["temporal", "temporal, namespace", "temporal, attributes", "temporal, workers"] == of_it
    assert told["temporal"]["ok"]
    assert "nobody polls the task queue doctors now" in told["temporal, workers"]["message"]
    (port,) = free_ports(1)
    ran = terminal("doctor", "--offline", "--json", WANREEL_TEMPORAL_ADDRESS=f"127.0.0.1:{port}")
    assert 8 == ran.code
    assert "nobody answers at" in _of_temporal(ran)["message"]
    ran = terminal("doctor", "--offline", "--json", WANREEL_TEMPORAL_ADDRESS="")
    assert "must say where Temporal is" in _of_temporal(ran)["message"]
    ran = terminal("doctor", "--offline", "--json", WANREEL_ENGINE="loop")
    assert not [row for row in ran.objects if "temporal" in row["check"]]


def _of_temporal(ran: Ran) -> dict[str, Any]:
    """The one finding about Temporal."""
    (row,) = [row for row in ran.objects if row["check"].startswith("temporal")]
    return row
