"""The lint at the moment of ordering: errors refuse, warnings ride along on the job."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.service.shops import make_counter
from wanreel.domain.errors import Invalid
from wanreel.ports.jobs import Filter
from wanreel.service import linting
from wanreel.service.order import Order
from wanreel.service.view import view

PLAIN = Order(prompt="A lake at dawn, soft light, slow pan", model="wan2.5-t2v-preview")
ANIMATE = replace(PLAIN, prompt="Animate this photo, soft light")


async def test_what_cannot_come_out_is_refused_before_it_is_paid_for() -> None:
    """The refusal names the rule, says why, and how to order it all the same."""
    desk = make_counter()
    with pytest.raises(Invalid) as wrong:
        await desk.service.submit(ANIMATE)
    (problem,) = wrong.value.problems
    assert "prompt" == problem.field
    for word in ("PL106", "wrong_mode", "text-to-video", "--no-lint"):
        assert word in problem.message
    assert [] == await desk.store.find(Filter(limit=10))


@pytest.mark.parametrize("no", [False, "false", "no"])
async def test_an_order_can_insist(no: Any) -> None:
    """`lint` no orders it, and the job still remembers what was said."""
    (job,) = await make_counter().service.submit(replace(ANIMATE, lint=no))
    assert [("PL106", "error")] == [(r.code, r.severity) for r in job.remarks]


async def test_warnings_ride_along() -> None:
    """They are told when planning, kept on the job with their place in the prompt, and shown by every face."""
    desk = make_counter()
    order = replace(PLAIN, prompt="a lake at dawn, no people, slow pan", ratio="9:16")
    planned = await desk.service.plan(order)
    assert any(words.startswith("PL101 negation: ") for words in planned.warnings)
    (job,) = await desk.service.submit(order, planned)
    (remark,) = (await desk.service.get(job.id)).remarks
    assert "no people" in job.request.prompt[remark.start : remark.end]
    (shown,) = view(job, lambda _: "x")["lint"]
    assert ("PL101", "negation", "warning") == (shown["code"], shown["label"], shown["severity"])


async def test_framing_is_compared_with_what_was_ordered() -> None:
    """A ratio, or a size, decides which framing is the wrong one."""
    desk = make_counter()
    tall = replace(PLAIN, prompt="vertical 9:16 video of a lake, soft light, slow pan")
    assert () == (await desk.service.plan(replace(tall, size="720*1280"))).remarks
    (remark,) = (await desk.service.plan(replace(tall, size="1280*720"))).remarks
    assert "aspect_mismatch" == remark.label


async def test_a_clean_prompt_has_nothing_said_of_it() -> None:
    """Advice counts for nothing; an image with no words has nothing to read."""
    desk = make_counter()
    assert () == (await desk.service.plan(replace(PLAIN, prompt="A fox"))).remarks
    picture = Order(model="wan2.5-i2v-preview", first_frame="still.png")
    assert () == (await desk.service.plan(picture)).remarks


async def test_a_retry_keeps_what_was_said() -> None:
    """And needs no insisting a second time."""
    desk = make_counter()
    (job,) = await desk.service.submit(replace(ANIMATE, lint=False))
    again = await desk.service.retry((await desk.service.cancel(job.id)).id)
    assert job.remarks == again.remarks


async def test_lint_takes_yes_or_no() -> None:
    """Anything else is told where it enters."""
    with pytest.raises(Invalid) as wrong:
        await make_counter().service.plan(replace(PLAIN, lint="perhaps"))
    assert ["lint"] == [problem.field for problem in wrong.value.problems]


@pytest.mark.parametrize(("loaded", "chars", "beside"), [(True, 40, False), (True, 1200, True), (False, 40, True)])
async def test_what_takes_long_to_read_is_read_beside_everything_else(
    loaded: bool, chars: int, beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long prompt, and the first one while the words are still being loaded, hold up nobody but who ordered."""
    where: list[bool] = []
    read = linting.remarks

    def watched(*asked: Any) -> Any:
        where.append(threading.current_thread() is not threading.main_thread())
        return read(*asked)

    monkeypatch.setattr(linting, "remarks", watched)
    monkeypatch.setattr(linting, "is_loaded", lambda: loaded)
    prompt = "A lake at dawn, soft light, slow pan. " * (chars // 38 + 1)
    await make_counter().service.plan(replace(PLAIN, prompt=prompt[:chars]))
    assert [beside] == where


async def test_the_words_are_loaded_ahead_of_the_first_order() -> None:
    """A server that has just started has them before anybody asks."""
    await linting.get_ready()
    assert linting.is_loaded()
