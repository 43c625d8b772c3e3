"""The lane of an account and model, against what must hold whatever is submitted, cancelled and looked at when."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.front_desk import FrontDesk
from wanreel.emulator.accounts import Account
from wanreel.emulator.tasks import Task


@dataclass(frozen=True)
class Move:
    """Wait, then submit, cancel the n-th task, or just look."""

    wait_s: float
    what: str
    which: int = 0


MOVES = st.lists(
    st.builds(
        Move,
        st.floats(0, 120, allow_nan=False),
        st.sampled_from(["submit", "submit", "submit", "cancel", "look"]),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=30,
)


def played(moves: list[Move], running: int, *, looking: bool) -> list[Task]:
    """The tasks after all moves and a long wait; without looking, looks are left out."""
    desk = FrontDesk(5, accounts=(Account(submit_rate=0, cancel_rate=0, running=running, queued=100),))
    ids: list[str] = []
    for move in moves:
        desk.wait(move.wait_s)
        if move.what == "submit":
            ids.append(desk.made())
        elif move.what == "cancel" and ids:
            desk.desk.cancel(ids[move.which % len(ids)], desk.headers(), desk.now)
        elif looking:
            desk.desk.advance(desk.now)
    desk.wait(20_000)
    return desk.desk.tasks(desk.now)


@settings(max_examples=150, deadline=None)
@given(MOVES, st.integers(1, 3))
def test_what_always_holds(moves: list[Move], running: int) -> None:
    """Never more run than may; nobody waits beside a free slot; looking changes nothing."""
    tasks = played(moves, running, looking=True)
    ran = [task for task in tasks if task.scheduled_at is not None]

    for task in ran:
        start, end = task.scheduled_at or 0.0, task.end_at or 0.0
        others = [one for one in ran if one is not task and (one.scheduled_at or 0.0) <= start < (one.end_at or 0.0)]
        assert len(others) < running
        assert start >= task.submit_at + task.queue_s
        late = start - (task.submit_at + task.queue_s) > 1e-6
        assert not late or start in [one.end_at for one in ran]
        assert end == start + task.run_s
    assert all(task.canceled_at is not None for task in tasks if task not in ran)
    again = played(moves, running, looking=False)
    assert [(one.scheduled_at, one.final_at) for one in tasks] == [(one.scheduled_at, one.final_at) for one in again]


def test_waiting_tasks_start_in_the_order_they_became_ready() -> None:
    """With one slot, starts follow readiness."""
    tasks = played([Move(1.0, "submit") for _ in range(12)], 1, looking=True)
    ordered = sorted(tasks, key=lambda task: task.scheduled_at or 0.0)

    queued = ordered[1:]
    assert all(
        first.submit_at + first.queue_s <= second.submit_at + second.queue_s for first, second in pairwise(queued)
    )
