"""Every fault kind has a script here, on every operation it is for; each is met, and an unmet one is told."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.emulator.caller import ASYNC, KEY, call, create, fetch, finished
from tests.emulator.front_desk import T2V, FrontDesk, fake_clip
from wanreel.emulator.faults import TASK_CODES, swarm
from wanreel.emulator.pytest_plugin import all_met
from wanreel.emulator.replies import CODES
from wanreel.emulator.scripts import KINDS, OPERATIONS, parse_instruction
from wanreel.emulator.server import Emulator

Answer = tuple[int, bytes]


async def plain(
    emulator: Emulator,
    method: str,
    path: str,
    *,
    headers: dict[str, str] = KEY,
    json: Any = None,
    data: aiohttp.FormData | None = None,
) -> Answer:
    """One call; status and raw body. Connections that break raise."""
    url = URL(path if path.startswith("http") else emulator.base_url + path, encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=headers, json=json, data=data) as answer,
    ):
        return answer.status, await answer.read()


async def upload(emulator: Emulator) -> Answer:
    """A form upload with nothing in it."""
    form = aiohttp.FormData({"key": "x"})
    form.add_field("file", b"x", filename="x.png")
    return await plain(emulator, "POST", f"{emulator.host_url}/_oss/dashscope-instant", headers={}, data=form)


async def download(emulator: Emulator) -> Answer:
    """A result that does not exist: the call is made all the same."""
    return await plain(emulator, "GET", f"{emulator.host_url}/results/1d/x.mp4", headers={})


CREATE = "/services/aigc/video-generation/video-synthesis"
DETECT = "/services/aigc/image2video/face-detect"
CALLS: dict[str, Callable[[Emulator], Awaitable[Answer]]] = {
    "create": lambda emulator: plain(emulator, "POST", CREATE, headers=ASYNC, json=T2V),
    "query": lambda emulator: plain(emulator, "GET", "/tasks/x"),
    "list": lambda emulator: plain(emulator, "GET", "/tasks/"),
    "cancel": lambda emulator: plain(emulator, "POST", "/tasks/x/cancel"),
    "policy": lambda emulator: plain(emulator, "GET", "/uploads?action=getPolicy&model=wan2.6-i2v"),
    "upload": upload,
    "limits": lambda emulator: plain(emulator, "GET", "/models/limits"),
    "models": lambda emulator: plain(emulator, "GET", "/models"),
    "detect": lambda emulator: plain(emulator, "POST", DETECT, json={"model": "wan2.2-s2v-detect"}),
    "download": download,
}


def test_every_operation_has_a_caller() -> None:
    """Nothing the emulator answers is left without a test of its scripts."""
    assert set(OPERATIONS) == set(CALLS)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_operation_can_be_scripted(emulator: Emulator, operation: str) -> None:
    """A refusal and a dropped connection can be had from each operation, and each is counted as met."""
    # Always, since this HTTP library itself repeats a GET whose connection broke.
    faults = [{"fault": "status", "status": 503}, {"fault": "drop_before", "times": "always"}]
    emulator.script({operation: faults}, account="*")

    status, body = await CALLS[operation](emulator)
    with pytest.raises(aiohttp.ClientError):
        await CALLS[operation](emulator)

    assert 503 == status
    assert body
    assert {} == emulator.unmet()
    assert emulator.counters()["faults"][f"{operation}.drop_before"] >= 1


ANSWERED: dict[str, tuple[dict[str, Any], int, bytes, int]] = {
    "pass": ({}, 200, b"task_id", 1),
    "status": ({"code": "Arrearage"}, 400, b"Arrearage", 0),
    "error_after": ({"status": 504}, 504, b"code", 1),
    "slow": ({"delay_s": 0.01}, 200, b"task_id", 1),
    "slow_before": ({"delay_s": 0.01}, 200, b"task_id", 1),
    "html": ({}, 502, b"<html>", 0),
    "empty": ({}, 200, b"", 1),
    "top_code": ({}, 200, b'"code"', 0),
    "blank": ({}, 200, b'"output": {}', 1),
}
BROKEN = {"drop_before": 0, "drop_after": 1, "half_body": 1}
ELSEWHERE = {"down", "unknown", "cut", "corrupt", "zero", "xml", "wrong_length"}


def test_every_kind_is_tried_here() -> None:
    """A new fault kind without a test fails."""
    assert set(KINDS) == set(ANSWERED) | set(BROKEN) | ELSEWHERE


@pytest.mark.parametrize("kind", ANSWERED)
async def test_answers_that_are_faults(emulator: Emulator, kind: str) -> None:
    """What the client sees, and whether a task was bought behind it."""
    fields, status, part, accepted = ANSWERED[kind]
    emulator.script({"create": [{"fault": kind, **fields}]}, account="*")

    got, body = await CALLS["create"](emulator)

    assert (status, accepted) == (got, emulator.counters()["tasks_accepted"])
    assert part in body
    assert {} == emulator.unmet()


@pytest.mark.parametrize("kind", BROKEN)
async def test_connections_that_break(emulator: Emulator, kind: str) -> None:
    """The client has no answer, or half of one; the task was bought or not."""
    emulator.script({"create": [{"fault": kind}]}, account="*")

    with pytest.raises(aiohttp.ClientError):
        await CALLS["create"](emulator)

    assert BROKEN[kind] == emulator.counters()["tasks_accepted"]
    assert {} == emulator.unmet()


async def test_processed_can_be_overridden(emulator: Emulator) -> None:
    """An HTML page can hide a task that was accepted."""
    emulator.script({"create": [{"fault": "html", "processed": True}]}, account="*")

    await CALLS["create"](emulator)

    assert 1 == emulator.counters()["tasks_accepted"]


async def test_down_for_an_hour(emulator: Emulator) -> None:
    """Once down, every operation drops until the hour is over."""
    emulator.script({"query": [{"fault": "down", "for_s": 3600}]}, account="*")
    for operation in ("query", "create", "list"):
        with pytest.raises(aiohttp.ClientError):
            await CALLS[operation](emulator)
    emulator.advance(3601)

    assert 200 == (await CALLS["list"](emulator))[0]


async def test_outage_by_hand(emulator: Emulator) -> None:
    """An outage asked for over HTTP begins and ends when it should, with the status it was given."""
    async with aiohttp.ClientSession() as session:
        asked = {"for_s": 60, "in_s": 10, "status": 503, "code": "ModelUnavailable"}
        async with session.post(f"{emulator.host_url}/_emulator/outage", json=asked) as answer:
            assert 200 == answer.status
    before = await CALLS["list"](emulator)
    emulator.advance(11)
    during = await CALLS["list"](emulator)
    emulator.advance(60)
    after = await CALLS["list"](emulator)

    assert [200, 503, 200] == [before[0], during[0], after[0]]


async def test_unknown_n_times(emulator: Emulator) -> None:
    """A living task says UNKNOWN as often as asked, then its state."""
    emulator.script({"query": [{"fault": "unknown", "times": 2}]}, account="*")
    _, body = await create(emulator)
    path = f"/tasks/{body['output']['task_id']}"

    seen = [(await call(emulator, "GET", path))[1]["output"]["task_status"] for _ in range(3)]

    assert ["UNKNOWN", "UNKNOWN"] == seen[:2]
    assert "UNKNOWN" != seen[2]


async def test_downloads_gone_wrong(emulator: Emulator) -> None:
    """Cut, corrupt, empty, XML for a video, wrong length, 403 and 500: each as scripted, then the good file."""
    faults: list[dict[str, Any]] = [
        {"fault": "cut", "fraction": 0.25},
        {"fault": "corrupt"},
        {"fault": "zero"},
        {"fault": "xml"},
        {"fault": "wrong_length", "length_delta": -7},
        {"fault": "status", "status": 403, "times": 2},
        {"fault": "status", "status": 500},
        {"fault": "half_body"},
        {"fault": "drop_after", "times": 2},  # this HTTP library repeats a GET once
        {"fault": "slow", "delay_s": 0.01},
    ]
    emulator.script({"download": faults}, account="default")
    url = (await finished(emulator))["output"]["video_url"]

    with pytest.raises(aiohttp.ClientPayloadError):
        await fetch(url)
    corrupt, zero, xml, short = [(await fetch(url))[1] for _ in range(4)]
    refused = [await fetch(url) for _ in range(3)]
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await fetch(url)
    await fetch(url)
    status, good, headers = await fetch(url)

    assert 200 == status
    assert len(good) == len(corrupt) == int(headers["content-length"])
    assert corrupt != good
    assert b"" == zero
    assert b"<Error>" in xml
    assert good[:-7] == short
    assert [403, 403, 500] == [answer[0] for answer in refused]
    assert b"Request has expired." in refused[0][1]
    assert {} == emulator.unmet()


@pytest.mark.parametrize("code", TASK_CODES)
def test_tasks_that_fail(desk: FrontDesk, code: str) -> None:
    """A task fails with each code, in the vendor's words, without usage, and costs nothing."""
    desk.desk.add_script({"create": [{"fate": {"outcome": "failed", "code": code}}]}, account="*")

    body = desk.finish(desk.made())

    assert ("FAILED", code, CODES[code][1]) == (
        body["output"]["task_status"],
        body["output"]["code"],
        body["output"]["message"],
    )
    assert "usage" not in body
    assert 0.0 == desk.desk.figures(desk.now)["paid_seconds"]


def test_other_fates(desk: FrontDesk) -> None:
    """Content block, no URL, stuck, early expiry and fixed times, one create each."""
    fates: list[dict[str, Any]] = [
        {"outcome": "content_block"},
        {"outcome": "no_url"},
        {"outcome": "stuck", "queue_s": 0},
        {"url_life_s": 5, "queue_s": 1, "run_s": 2},
    ]
    desk.desk.add_script({"create": [{"fate": fate} for fate in fates]}, account="*")
    blocked, bare, stuck, brief = [desk.made() for _ in fates]
    desk.wait(3.5)
    early = desk.output(brief)
    running = desk.output(stuck)
    desk.wait(2000)

    assert ("DataInspectionFailed", "Output data may contain inappropriate content.") == (
        desk.output(blocked)["code"],
        desk.output(blocked)["message"],
    )
    assert "SUCCEEDED" == desk.output(bare)["task_status"]
    assert "video_url" not in desk.output(bare)
    assert "RUNNING" == running["task_status"] == desk.output(stuck)["task_status"]
    assert f"Expires={(1_780_000_000 + 3 + 5)}&" in early["video_url"]
    assert {} == desk.desk.gate.scripts.unmet()


def test_endless_instruction(desk: FrontDesk) -> None:
    """An instruction for always is met by every call, and once is enough for its account."""
    desk.desk.add_script({"list": [{"fault": "status", "status": 429, "times": "always"}]}, account="*")
    unmet = desk.desk.gate.scripts.unmet()

    codes = [desk.desk.list({}, desk.headers(), desk.now).status for _ in range(5)]

    assert {"script-1": {"list": [{"fault": "status", "met": 0, "times": "always"}]}} == unmet
    assert [429] * 5 == codes
    assert {} == desk.desk.gate.scripts.unmet()


def test_scripts_are_bound(desk: FrontDesk) -> None:
    """A script bound to a key is met by that key alone, one bound to nobody by its header alone."""
    desk.desk.add_script({"list": [{"fault": "status", "status": 503}]}, key="sk-a")
    named = desk.desk.add_script({"list": [{"fault": "status", "status": 500}]})

    def listed(key: str, **headers: str) -> int:
        return desk.desk.list({}, desk.headers(key, **headers), desk.now).status

    assert [200, 503, 200] == [listed("sk-b"), listed("sk-a"), listed("sk-a")]
    assert 500 == listed("sk-b", x_wanreel_emulator_script=named.id)
    assert 400 == listed("sk-b", x_wanreel_emulator_script="nobody")


def test_down_over_the_desk(desk: FrontDesk) -> None:
    """A mishap tells a simulator whether the call took effect."""
    desk.desk.add_script({"create": [{"fault": "drop_before"}, {"fault": "drop_after"}]}, account="*")
    before, after = desk.create(), desk.create()

    assert before.mishap is not None
    assert after.mishap is not None
    assert (("drop_before", False), ("drop_after", True)) == (
        (before.mishap.kind, before.mishap.processed),
        (after.mishap.kind, after.mishap.processed),
    )
    assert (0, 0) == (before.status, after.status)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"fault": "explode"}, "explode"),
        ({"fault": "status", "colour": "red"}, "colour"),
        ({"fault": "cut"}, "download"),
        ({"fault": "status", "times": 0}, "times"),
        ({"fate": {"outcome": "lost"}}, "lost"),
        ("status", "object"),
    ],
)
def test_wrong_scripts_are_refused(row: object, words: str) -> None:
    """A script that could never be met as meant is refused with words that say why."""
    with pytest.raises(ValueError, match=words):
        parse_instruction("create", row)


def test_unmet_fault_fails_its_test() -> None:
    """What the fixture asserts at its end: an unmet script is an error that names the fault."""
    with Emulator(virtual=True, seed=0, render=fake_clip) as emulator:
        emulator.script({"create": [{"fault": "drop_after"}]}, account="*")
        with pytest.raises(AssertionError, match="drop_after"):
            all_met(emulator)


def test_random_faults_repeat() -> None:
    """Rates drawn from a seed give the same faults again, and about as many as asked for."""

    def faults(seed: int) -> dict[str, int]:
        desk = FrontDesk(seed, rates={"query": {"status": 0.2, "html": 0.1}})
        for _ in range(500):
            desk.wait(1)
            desk.desk.query("x", desk.headers(), desk.now)
        return desk.desk.figures(desk.now)["faults"]

    assert faults(1) == faults(1)
    assert 70 < faults(1)["query.status"] < 130
    assert faults(1) != faults(2)


def test_swarm_draws_the_rates_themselves() -> None:
    """Some seeds are calm and some are terrible, and a desk takes whatever is drawn."""
    worst = [max((rate for kinds in swarm(seed).values() for rate in kinds.values()), default=0) for seed in range(50)]

    assert min(worst) < 0.01
    assert max(worst) > 0.15
    FrontDesk(rates=swarm(3)).create()


def test_misspelt_rates_are_refused() -> None:
    """A random fault that could never happen is refused at the start."""
    with pytest.raises(ValueError, match="dropafter"):
        FrontDesk(rates={"create": {"dropafter": 0.5}})
