"""The clock that several machines share: what moves it, and what only makes it careful."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from wanreel.clock import SharedClock, SystemClock
from wanreel.vendor.http import Gate, TooLateError

HOUR_S = 3600.0
NOON = 1_790_000_000.0


class Machine:
    """What the machine's clocks say, and the database's; the first is two hours ahead of it."""

    def __init__(self) -> None:
        self.wall = NOON + 2 * HOUR_S
        self.steady = 1000.0
        self.theirs = NOON
        self.clock = SharedClock(lambda: self.wall, lambda: self.steady)

    def pass_s(self, seconds: float) -> None:
        """Time passes."""
        self.wall += seconds
        self.steady += seconds
        self.theirs += seconds

    async def ask(self) -> float:
        """What the database says; that takes a tenth of a second."""
        self.pass_s(0.1)
        return self.theirs - 0.05


@pytest.fixture
async def machine() -> Machine:
    """One that has asked."""
    made = Machine()
    assert -2 * HOUR_S == pytest.approx(await made.clock.learn(made.ask))
    return made


async def test_what_was_named_before_the_first_answer_does_not_hold_it_ahead() -> None:
    """A process has a name before it has a database: else it would call everybody else dead for two hours."""
    machine = Machine()
    machine.clock.new_id("prc")
    assert machine.clock.now() > NOON + HOUR_S
    await machine.clock.learn(machine.ask)
    assert machine.theirs == pytest.approx(machine.clock.now())
    shown_at = machine.clock.now()
    machine.theirs -= HOUR_S  # from then on it never goes back
    await machine.clock.learn(machine.ask)
    assert shown_at <= machine.clock.now()


async def test_it_is_the_databases_time(machine: Machine) -> None:
    """Whatever the machine's own clock says, and as time passes."""
    machine.pass_s(50.0)
    assert machine.theirs == pytest.approx(machine.clock.now())
    assert machine.theirs == pytest.approx(machine.clock.latest())


async def test_a_clock_that_is_set_ahead_moves_nothing(machine: Machine) -> None:
    """Its worker would write signs of life and due instants that hold up all others for an hour, then stand still."""
    machine.wall += HOUR_S
    machine.pass_s(5.0)
    assert machine.theirs == pytest.approx(machine.clock.now())
    machine.wall -= 2 * HOUR_S
    machine.pass_s(5.0)
    assert machine.theirs == pytest.approx(machine.clock.now())


async def test_no_paid_call_goes_out_while_nobody_knows_how_late_it_is(machine: Machine) -> None:
    """The leap may be right, if the whole machine stood still; what the database says then ends the doubt."""
    machine.wall += HOUR_S
    assert machine.theirs + HOUR_S == pytest.approx(machine.clock.latest())
    with pytest.raises(TooLateError):
        Gate(machine.clock, machine.clock.now() + 30.0, once=True).pass_through()
    await machine.clock.learn(machine.ask)
    assert machine.theirs == pytest.approx(machine.clock.latest())
    Gate(machine.clock, machine.clock.now() + 30.0, once=True).pass_through()


async def test_a_machine_that_stood_still_unawares_is_told(machine: Machine) -> None:
    """Its clocks stood still as well, and only the database's went on."""
    machine.theirs += HOUR_S
    await machine.clock.learn(machine.ask)
    assert machine.theirs == pytest.approx(machine.clock.now())


async def test_it_never_goes_back(machine: Machine) -> None:
    """A clock that was ahead stands still until the others have caught up."""
    before = machine.clock.now()
    machine.theirs -= 30.0
    await machine.clock.learn(machine.ask)
    assert before <= machine.clock.now() < before + 1.0
    machine.pass_s(40.0)
    assert machine.theirs == pytest.approx(machine.clock.now())


_FORKED = """
import os
from wanreel.clock import SystemClock
clock = SystemClock()
clock.draw()
child = os.fork()
print([clock.draw() for _ in range(3)], flush=True)
if child:
    os.waitpid(child, 0)
"""


def test_nothing_is_drawn_twice() -> None:
    """Not in thousands of draws, which fetch entropy again and again, and in no other thread."""
    clock = SystemClock()
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda _: clock.new_id("job"), range(3000)))
    draws = [clock.draw() for _ in range(3000)]

    assert 3000 == len({made[-16:] for made in ids}) == len(set(draws))
    assert all(0.0 <= draw < 1.0 for draw in draws)
    assert 0.45 < sum(draws) / len(draws) < 0.55  # nine standard deviations away


def test_a_forked_process_draws_for_itself() -> None:
    """What was fetched before a fork is the parent's."""
    told = subprocess.run([sys.executable, "-c", _FORKED], capture_output=True, text=True, check=True).stdout

    assert 2 == len(set(told.splitlines()))
