"""A thousand tasks in virtual time take seconds; ten thousand leave memory where it was."""

import gc

from tests.emulator.front_desk import FrontDesk, body_for
from wanreel.emulator.accounts import Account


def lives(desk: FrontDesk, count: int, gap_s: float) -> None:
    """So many tasks, each submitted, watched to its end and listed."""
    for _ in range(count):
        task_id = desk.made(*body_for("wan2.6-t2v", size="1280*720", duration=5))
        for _ in range(4):
            desk.wait(gap_s / 4)
            desk.query(task_id)
    desk.rows(page_size="100")


def test_a_thousand_tasks(desk: FrontDesk) -> None:
    """All of them end, with the calls a watcher makes; the durations report keeps this honest about seconds."""
    lives(desk, 1000, 400)

    figures = desk.desk.figures(desk.now + 10_000)
    assert 1000 == figures["tasks_accepted"] == figures["tasks_succeeded"]
    assert 5000.0 == figures["paid_seconds"]


def objects() -> int:
    """How many things the interpreter holds, once the garbage is gone."""
    gc.collect()
    return len(gc.get_objects())


def test_memory_stays_flat() -> None:
    """What a vendor forgets after a day is gone: after 10,000 tasks no more is held than after 1,000."""
    desk = FrontDesk(accounts=(Account(submit_rate=0),), log_max=100)
    lives(desk, 1000, 400)
    before = objects()
    lives(desk, 9000, 400)

    assert 10_000 == desk.desk.figures(desk.now)["tasks_accepted"]
    assert len(desk.desk.tasks(desk.now)) < 300  # a day of one every 400 s is 216
    assert objects() - before < 2000
