"""When to look next: the plain schedule while little is known, then where it saves most, within what may be spent."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from wanreel.domain.facts import Facts, Zone
from wanreel.domain.policy import Policy
from wanreel.domain.runtimes import Histogram, RunKind, RunTimes, curve_of, one_more
from wanreel.ports.watching import Watched
from wanreel.watch.board import Board, Tracked
from wanreel.watch.planning import (
    DEBT_APART_S,
    PER_S_MAX,
    AskFor,
    ListThese,
    Rest,
    View,
    budget_per_s,
    next_look,
    plain_due_at,
    plain_looks,
)

KIND = RunKind("m", "720P", 5)
POLICY = Policy()


def task(age_s: float, *, known_s: float | None = None, name: str = "", **fields: float) -> Tracked:
    """A task accepted so long ago, last known to run `known_s` ago (or at its start)."""
    accepted_at = NOW - age_s
    watched = Watched(f"job{name}{age_s}", f"task{name}{age_s}", KIND, accepted_at, answered=True)
    return Tracked(watched, accepted_at if known_s is None else NOW - known_s, **fields)


def taught(median_s: float = 60.0, count: int = 300) -> RunTimes:
    """What log-normal run times teach."""
    rng, seen = random.Random(1), None
    for _ in range(count):
        seen = one_more(seen, median_s * math.exp(0.6 * rng.gauss(0, 1)))
    assert isinstance(seen, Histogram)
    return RunTimes({KIND: seen})


def curve_mean_s(runtimes: RunTimes) -> float:
    """How long tasks take that were taught so, on average."""
    curve = runtimes.curve(KIND)
    assert curve is not None
    return curve.mean_s


def view(*tasks: Tracked, runtimes: RunTimes | None = None, **fields: object) -> View:
    """A view of tasks, oldest first."""
    ordered = sorted(tasks, key=lambda one: one.task.accepted_at)
    return View(Board(ordered), runtimes or RunTimes(), Facts(zone=Zone.UTC8), **fields)  # type: ignore[arg-type]


def rest_s(seen: View) -> float:
    """For how long nothing is to be looked at."""
    look = next_look(seen, NOW, POLICY)
    assert isinstance(look, Rest)
    return look.until - NOW


# --- while little is known ------------------------------------------------------------------------------------------


def test_without_samples_the_plain_schedule_holds() -> None:
    """5 s after its start, then 1.45 times as long each time, up to a minute, then evenly."""
    due: list[float] = []
    one = task(0.0)
    for _ in range(9):
        one.known_at = NOW + (due[-1] if due else 0.0)
        due.append(plain_due_at(one, POLICY) - NOW)
    steps = [round(b - a, 2) for a, b in zip([0.0, *due], due, strict=False)]
    assert [5.0, 7.25, 10.51, 15.24, 22.1, 32.05, 46.47, 60.0, 60.0] == steps
    one.known_at = NOW + 10_000.0
    assert 0.0 < plain_due_at(one, POLICY) - one.known_at <= 60.0


def test_one_due_task_brings_a_look_at_all_that_stand_on_its_page() -> None:
    """One list request answers for its neighbours too; before anything is due there is rest."""
    assert 1.0 == pytest.approx(rest_s(view(task(4.0), task(3.0))))
    look = next_look(view(task(30.0, known_s=2.0), task(5.0), task(1.0)), NOW, POLICY)
    assert isinstance(look, ListThese)
    assert 3 == len(look.tasks)


def test_a_single_task_is_asked_after_by_itself() -> None:
    """The answer brings the result with it, so the list would only cost one request more."""
    assert isinstance(next_look(view(task(5.0)), NOW, POLICY), AskFor)


def test_a_task_the_list_does_not_show_is_asked_after_by_itself() -> None:
    """Until the list is tried again."""
    hidden = task(40.0, known_s=30.0, unlisted_until=NOW + 10.0)
    look = next_look(view(hidden, task(3.0)), NOW, POLICY)
    assert isinstance(look, AskFor)
    assert hidden is look.task
    hidden.unlisted_until = NOW
    assert isinstance(next_look(view(hidden, task(3.0)), NOW, POLICY), ListThese)


# --- once run times are known ---------------------------------------------------------------------------------------


def test_no_request_is_spent_on_tasks_that_are_too_young() -> None:
    """Where tasks take a minute, nobody looks in the first seconds."""
    look = next_look(view(task(2.0), task(3.0), runtimes=taught()), NOW, POLICY)
    assert isinstance(look, Rest)
    assert look.until > NOW + 1.0


def test_looks_come_oftener_where_ends_are_likelier_and_money_is_no_matter() -> None:
    """The rest after a look is shorter at the age most tasks end, and with a fuller purse."""

    def rest_s(age_s: float, purse: float) -> float:
        tasks = [task(age_s, known_s=0.0, name=str(n)) for n in range(5)]
        look = next_look(view(*tasks, runtimes=taught(), purse=purse), NOW, POLICY)
        assert isinstance(look, Rest)
        return look.until - NOW

    assert rest_s(60.0, 10.0) < rest_s(15.0, 10.0)
    assert rest_s(60.0, 35.0) < rest_s(60.0, 5.0)


def test_an_empty_purse_means_rest() -> None:
    """However likely an end is: nothing is spent that was not earned."""
    tasks = [task(60.0, known_s=20.0, name=str(n)) for n in range(5)]
    assert isinstance(next_look(view(*tasks, runtimes=taught(), purse=30.0), NOW, POLICY), ListThese)
    assert isinstance(next_look(view(*tasks, runtimes=taught(), purse=0.5), NOW, POLICY), Rest)


def test_what_has_as_good_as_ended_is_looked_at_whatever_the_debt() -> None:
    """Once the plain schedule would have, too: its question has to be asked in any case. What may go on still waits."""
    gone = task(3600.0, known_s=3595.0, looked_at=NOW - 3595.0)
    debt = view(gone, task(30.0), runtimes=taught(), purse=-40.0, asked_at=NOW - 1.0)
    look = next_look(debt, NOW, POLICY)
    assert gone in (look.tasks if isinstance(look, ListThese) else [getattr(look, "task", None)])
    may_go_on = view(task(30.0), runtimes=taught(), purse=-40.0, asked_at=NOW - 1.0)
    assert isinstance(next_look(may_go_on, NOW, POLICY), Rest)
    just_asked = task(3600.0, known_s=3595.0, looked_at=NOW - 1.0)
    assert isinstance(next_look(view(just_asked, runtimes=taught(), purse=-40.0), NOW, POLICY), Rest)


def test_a_debt_is_rested_off_no_longer_than_until_the_next_that_may_have_ended_is_due() -> None:
    """A request is earned in a quarter of a minute; who is due in a second is not kept waiting for it."""
    tired = view(task(4.0), task(3.0), runtimes=taught(0.8), purse=-40.0)
    assert 1.0 == pytest.approx(rest_s(tired))
    assert isinstance(next_look(tired, NOW + 1.0, POLICY), ListThese)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_debt_keeps_the_plain_schedule_waiting_for_a_moment_only(known: bool) -> None:
    """Whoever made it is gone: what is left is looked at when that schedule says so, one request in five seconds."""
    runtimes = taught() if known else RunTimes()
    for asked_s, waits_s in ((2.0, DEBT_APART_S - 2.0), (DEBT_APART_S, None), (-3600.0, None)):  # or the clock jumped
        tired = view(task(30.0), runtimes=runtimes, purse=-400.0, asked_at=NOW - asked_s)
        if waits_s is None:
            assert isinstance(next_look(tired, NOW, POLICY), AskFor)
        else:
            assert waits_s == pytest.approx(rest_s(tired))
    early = view(task(3.0), runtimes=runtimes, purse=-400.0, asked_at=NOW - DEBT_APART_S)
    assert 2.0 == pytest.approx(rest_s(early)), "it is not due for two seconds"


def test_a_page_holds_no_more_than_fits() -> None:
    """With pages of ten, a look is for ten neighbours at most, other people's rows counted."""
    tasks = [task(30.0 + n, known_s=25.0) for n in range(40)]
    crowded = view(*tasks, runtimes=taught(), purse=30.0, waiting=True)
    facts = Facts(page_size=10, zone=Zone.UTC8)
    look = next_look(View(crowded.tasks, crowded.runtimes, facts, (), True, 30.0), NOW, POLICY)
    assert isinstance(look, ListThese)
    assert 1 < len(look.tasks) <= 10
    strangers = sorted(NOW - 30.0 - n / 2 for n in range(80))
    look = next_look(View(crowded.tasks, crowded.runtimes, facts, strangers, True, 30.0), NOW, POLICY)
    assert isinstance(look, ListThese)
    assert len(look.tasks) <= 5


# --- the budget -----------------------------------------------------------------------------------------------------


def test_the_plain_schedule_is_the_ceiling_when_nothing_waits() -> None:
    """What five tasks may cost is what five times the plain schedule would make of them."""
    runtimes = taught()
    curve = curve_of(runtimes.by_kind[KIND])
    assert curve is not None
    looks = plain_looks(curve, POLICY)
    assert 5.0 < looks < 7.0
    tasks = [task(10.0 * n) for n in range(5)]
    per_s = budget_per_s(view(*tasks, runtimes=runtimes), POLICY)
    assert per_s == pytest.approx(5 * looks / curve.residual_s(0.0), rel=0.03)
    assert per_s < 1.0


def test_while_work_waits_looks_are_prompt_but_never_more_than_two_a_second() -> None:
    """As many as leave less than a hundredth of a slot's time unseen, up to the user's figure."""
    tasks = [task(10.0 * n) for n in range(5)]
    assert 0.8 < budget_per_s(view(*tasks, runtimes=taught(), waiting=True), POLICY) < 1.2
    assert 2.0 == budget_per_s(view(*tasks, runtimes=taught(15.0), waiting=True), POLICY)
    assert 0.5 == budget_per_s(view(*tasks, runtimes=taught(), waiting=True), Policy(watch_per_s=0.5))


def test_what_ends_is_asked_after_once_however_short_it_is() -> None:
    """Thirty tasks of three seconds on one page: the budget has the questions after their results in it."""
    tasks = [task(0.1 * n) for n in range(30)]
    assert budget_per_s(view(*tasks, runtimes=taught(2.5)), POLICY) > 30 / curve_mean_s(taught(2.5))


@given(st.integers(0, 400), st.booleans(), st.sampled_from((60.0, 300.0)), st.sampled_from((10, 100)))
def test_the_vendors_limits_are_never_planned_away(count: int, waiting: bool, median_s: float, page: int) -> None:
    """More tasks earn more, but never what the vendor would refuse."""
    tasks = [task(n * 0.7) for n in range(count)]
    seen = View(Board(tasks[::-1]), taught(median_s, 50), Facts(page_size=page), (), waiting)
    assert 0.0 <= budget_per_s(seen, POLICY) <= PER_S_MAX


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 1), st.booleans()), max_size=30),
    st.floats(-5, 40),
    st.booleans(),
)
def test_whatever_is_seen_there_is_a_next_look(
    tasks: list[tuple[float, float, bool]], purse: float, learned: bool
) -> None:
    """Never an error, never a rest that has passed, never a look at a task that is in other hands."""
    made = [
        task(age_s, known_s=part * age_s, name=str(n), held_until=NOW + 5.0 if held else 0.0)
        for n, (age_s, part, held) in enumerate(tasks)
    ]
    look = next_look(view(*made, runtimes=taught(count=30) if learned else None, purse=purse), NOW, POLICY)
    if isinstance(look, Rest):
        assert look.until >= NOW
    else:
        looked = look.tasks if isinstance(look, ListThese) else (look.task,)
        assert looked
        assert all(one.held_until <= NOW for one in looked)
