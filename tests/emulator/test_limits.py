"""Rates, running and queued limits per (account, model), and the lanes behind them."""

import pytest

from tests.emulator.front_desk import T2V, FrontDesk, t2v
from wanreel.emulator.accounts import Account


def statuses(desk: FrontDesk, count: int, **more: str) -> list[int]:
    """Submit so often; the answers' statuses."""
    return [desk.create(**more).status for _ in range(count)]


def test_submit_rate(desk: FrontDesk) -> None:
    """Five submits a second, per model; a second later five more."""
    assert [200] * 5 + [429] == statuses(desk, 6)
    assert 200 == desk.create({**T2V, "model": "wan2.5-t2v-preview"}).status
    desk.wait(1)
    assert [200] * 5 + [429] == statuses(desk, 6)


def test_reject_beyond_running() -> None:
    """In reject mode the sixth task is a 429 until one has ended."""
    desk = FrontDesk(quirks={"over_limit": "reject"}, accounts=(Account(submit_rate=0),))
    first = desk.made()

    assert [200] * 4 + [429] == statuses(desk, 5)
    reply = desk.create()
    assert isinstance(reply.body, dict)
    assert "Throttling.RateQuota" == reply.body["code"]
    desk.finish(first)
    assert 200 == desk.create().status


def test_queue_beyond_running() -> None:
    """In queue mode further tasks wait up to the queue limit; never more than the limit run."""
    desk = FrontDesk(accounts=(Account(submit_rate=0, running=2, queued=3),))
    assert [200] * 5 + [429] == statuses(desk, 6)

    seen: list[int] = []
    for _ in range(200):
        desk.wait(10)
        seen.append(sum(row["status"] == "RUNNING" for row in desk.rows()))

    assert 2 == max(seen)
    assert 5 == desk.desk.figures(desk.now)["tasks_succeeded"]


def test_asking_late_or_often_gives_the_same_times() -> None:
    """A lane that is looked at every second and one looked at once tell the same story."""

    def story(step_s: float) -> list[dict[str, object]]:
        desk = FrontDesk(accounts=(Account(submit_rate=0, running=2),), seed=3)
        for _ in range(8):
            desk.made()
        for _ in range(int(6000 / step_s)):
            desk.wait(step_s)
            desk.desk.advance(desk.now)
        return [
            {name: row[name] for name in ("task_id", "start_time", "end_time", "status")}
            for row in desk.rows(page_size="50")
        ]

    assert story(1.0) == story(6000.0)


@pytest.mark.parametrize("operation", ["query", "list", "cancel"])
def test_twenty_a_second(desk: FrontDesk, operation: str) -> None:
    """Query, list and cancel are throttled at 20 a second each, in the vendor's words."""
    calls = {
        "query": lambda: desk.desk.query("x", desk.headers(), desk.now),
        "list": lambda: desk.desk.list({}, desk.headers(), desk.now),
        "cancel": lambda: desk.desk.cancel("x", desk.headers(), desk.now),
    }
    replies = [calls[operation]() for _ in range(21)]

    assert 429 not in [reply.status for reply in replies[:20]]
    assert isinstance(replies[20].body, dict)
    assert (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.") == (
        replies[20].status,
        replies[20].body["code"],
        replies[20].body["message"],
    )


def test_limits_are_per_account() -> None:
    """Two accounts do not share a limit; two keys of one account do."""
    desk = FrontDesk(accounts=(Account("one", keys=("sk-1", "sk-1b")), Account("two", keys=("sk-2",))))

    assert [200] * 5 == statuses(desk, 5, key="sk-1")
    assert [429] == statuses(desk, 1, key="sk-1b")
    assert [200] == statuses(desk, 1, key="sk-2")


def test_deadline_of_the_vendor() -> None:
    """A task not finished in 3 h fails as InternalError.Timeout, running or still waiting."""
    desk = FrontDesk(accounts=(Account(submit_rate=0, running=1),))
    desk.desk.add_script({"create": [{"fate": {"outcome": "stuck", "queue_s": 0}}]}, account="*")
    stuck, behind = desk.made(), desk.made(t2v(duration=2))
    desk.wait(3 * 3600 - 1)
    assert ["RUNNING", "PENDING"] == [desk.output(stuck)["task_status"], desk.output(behind)["task_status"]]
    desk.wait(2)

    assert "InternalError.Timeout" == desk.output(stuck)["code"]
    assert "InternalError.Timeout" == desk.output(behind)["code"]
