"""Which candidate was made by which lost call, and which call made none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.factories import NOW, make_intent, make_job, make_state
from wanreel.domain.doubt import Absent, Adopt, Ask, Call, Case, Exam, Examine, Proof, Verdict, call_of
from wanreel.domain.job import Job, Submitting, Unconfirmed
from wanreel.domain.request import FIRST_FRAME, Media, Stored
from wanreel.domain.sighting import Sighting
from wanreel.domain.weighing import clear_winner, weigh

MODEL = "wan2.5-t2v-preview"
OURS, THEIRS = "key-ours", "key-theirs"
READS = 3


def lost(name: str, at: float = 0.0, *, picture: str = "", air: bool = False, **request: Any) -> Call:
    """A call decided on `at` seconds after noon whose answer was lost two seconds later (or is still awaited)."""
    intent = make_intent(NOW + at, f"int_{name}")
    state = make_state(Submitting, intent=intent) if air else make_state(Unconfirmed, intent=intent, since=NOW + at + 2)
    wish: dict[str, Any] = {"prompt": "a paper boat", "seed": 7, "model": MODEL, **request}
    if picture:
        wish["media"] = (Media(FIRST_FRAME, Stored(picture, "image/png", 9)),)
    call = call_of(make_job(state, id=name, **wish))
    assert call is not None
    return call


def row(name: str, at: float = 1.0, status: str = "SUCCEEDED", key: str = OURS) -> Sighting:
    """A row of the list that is in no job of ours."""
    return Sighting(name, MODEL, status, NOW + at, key)


def case(*calls: Call, rows: tuple[Sighting, ...] = (), **more: Any) -> Case:
    """Our key's id is known and all complete reads are in, unless said otherwise."""
    proofs = {c.job.id: Proof(NOW + 60, seeing=READS) for c in calls if c.lost}
    usual: dict[str, Any] = {"key_ids": frozenset({OURS}), "proofs": proofs, "now": NOW + 600, "reads_needed": READS}
    return Case(calls, rows, **usual | more)


def told(*names: str, prompt: str | None = "a paper boat", **more: Any) -> dict[str, Exam]:
    """What these candidates said when they were asked."""
    return {name: Exam(prompt, **more) for name in names}


def said(found: list[Verdict]) -> list[tuple[str, ...]]:
    """The verdicts without their evidence."""
    words: list[tuple[str, ...]] = []
    for verdict in found:
        if isinstance(verdict, Adopt):
            words.append(
                (verdict.job_id, verdict.task_id)
                if verdict.seed_certain
                else (verdict.job_id, verdict.task_id, "seed?")
            )
        elif isinstance(verdict, Absent):
            words.append((verdict.job_id, "absent"))
        elif isinstance(verdict, Ask):
            words.append((verdict.job_id, "ask"))
        elif isinstance(verdict, Examine):
            words.append(("examine", verdict.task_id))
        else:
            words.append(("compare", verdict.task_id, *verdict.job_ids))
    return sorted(words)


def test_one_candidate_that_tells_our_words_is_adopted() -> None:
    """Alone, known by its words, whatever the key."""
    for keys in (frozenset({OURS}), frozenset[str]()):
        found = weigh(case(lost("j"), rows=(row("t"),), exams=told("t"), key_ids=keys))
        assert [("j", "t")] == said(found)


def test_a_candidate_is_asked_for_its_words_when_it_has_ended() -> None:
    """A running one tells nothing yet, and is waited for; meanwhile nothing is absent."""
    assert [] == weigh(case(lost("j"), rows=(row("t", status="RUNNING"),)))
    assert [("examine", "t")] == said(weigh(case(lost("j"), rows=(row("t"),))))


def test_a_key_that_is_ours_alone_needs_no_words() -> None:
    """It is adopted while it runs, if only interchangeable calls could have made it."""
    running = row("t", status="RUNNING")
    assert [("j", "t")] == said(weigh(case(lost("j"), rows=(running,), key_alone=True)))
    two = (lost("j"), lost("k", 0.5, prompt="a kite"))
    assert [] == weigh(case(*two, rows=(running,), key_alone=True))
    assert [] == weigh(case(lost("j"), rows=(running,), key_alone=True, key_ids=frozenset()))


def test_after_a_persons_word_nothing_is_ours_for_want_of_another_maker() -> None:
    """A call that somebody has written off may have made it: it must tell our words; which seed it was made with
    stays uncertain. Where there are pictures a person says, for two wishes may show the same.
    """
    running, doubted = row("t", status="RUNNING"), {"key_alone": True, "overruled": True}
    assert [] == weigh(case(lost("j"), rows=(running,), **doubted))
    theirs = told("t", prompt="a kite")
    assert [("j", "absent")] == said(weigh(case(lost("j"), rows=(row("t"),), exams=theirs, **doubted)))
    assert [("j", "t", "seed?")] == said(weigh(case(lost("j"), rows=(row("t"),), exams=told("t"), **doubted)))
    shown = lost("j", picture="cat")
    assert [("compare", "t", "j")] == said(weigh(case(shown, rows=(row("t"),), exams=told("t"), **doubted)))
    like, unlike = told("t", distances={"j": 0.02}), told("t", distances={"j": 0.4})
    assert [("j", "ask")] == said(weigh(case(shown, rows=(row("t"),), exams=like, **doubted)))
    assert [("j", "ask")] == said(weigh(case(shown, rows=(row("t"),), exams=unlike, **doubted)))


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_task_of_another_key_is_nobodys(status: str) -> None:
    """Our key's id being known, equal words do not matter."""
    found = weigh(case(lost("j"), rows=(row("t", status=status, key=THEIRS),), exams=told("t")))
    assert [("j", "absent")] == said(found)


def test_a_task_from_before_the_call_or_long_after_is_not_its_own() -> None:
    """Before the intent by any clock met, or later than the vendor holds a request: another's."""
    early, late = row("early", -6.0), row("late", 366.0)
    assert [("j", "absent")] == said(weigh(case(lost("j"), rows=(early, late), exams=told("early", "late"))))
    skewed = case(lost("j"), rows=(early,), exams=told("early"), skew_min_s=-2.0)
    assert [("j", "early")] == said(weigh(skewed))


def test_equal_bodies_share_their_candidates_in_the_order_of_time() -> None:
    """Three calls, two tasks: which is whose does not matter; the third call made none."""
    calls = (lost("j"), lost("k", 20), lost("l", 40))
    found = weigh(case(*calls, rows=(row("t", 41), row("s", 42)), exams=told("t", "s")))
    assert [("j", "t"), ("k", "s"), ("l", "absent")] == said(found)


def test_calls_that_differ_in_their_seed_are_interchangeable_and_say_so() -> None:
    """Where two of them could have made a task its seed is uncertain; where one could, it is certain."""
    calls = (lost("j", seed=1), lost("k", 20, seed=2))
    forced = weigh(case(*calls, rows=(row("t", 1), row("s", 21)), exams=told("t", "s")))
    assert [("j", "t"), ("k", "s")] == said(forced)
    mixed = weigh(case(*calls, rows=(row("t", 21), row("s", 22)), exams=told("t", "s")))
    assert [("j", "t", "seed?"), ("k", "s", "seed?")] == said(mixed)


def test_more_candidates_than_calls_are_put_before_a_person() -> None:
    """One of them is a stranger's, and nobody can say which."""
    found = weigh(case(lost("j"), rows=(row("t"), row("s", 2)), exams=told("t", "s")))
    assert [("j", "ask")] == said(found)


def test_an_unknown_key_waits_to_be_learned_and_does_not_guess_among_strangers() -> None:
    """With other keys about, equal words may be a stranger's; a job of ours under way may yet teach the key."""
    alone: dict[str, Any] = {"rows": (row("t"),), "exams": told("t"), "key_ids": frozenset()}
    busy = weigh(case(lost("j"), **alone, keys_seen=frozenset({OURS, THEIRS})))
    assert [("j", "ask")] == said(busy)
    assert [] == weigh(case(lost("j"), **alone, teachable=True, proofs={}))
    assert [("j", "t")] == said(weigh(case(lost("j"), **alone, teachable=True)))


def test_an_unknown_key_trusts_words_only_while_the_call_was_in_flight() -> None:
    """A task taken after we had hung up is a stranger's as likely as ours."""
    late: dict[str, Any] = {"rows": (row("t", 30),), "exams": told("t")}
    assert [("j", "ask")] == said(weigh(case(lost("j"), **late, key_ids=frozenset())))
    assert [("j", "t")] == said(weigh(case(lost("j"), **late)))


def test_words_are_not_enough_while_another_candidate_has_not_told_its_own() -> None:
    """The one that runs may tell the same."""
    rows = (row("t"), row("s", 2, status="RUNNING"))
    assert [] == weigh(case(lost("j"), rows=rows, exams=told("t")))
    exams = told("t") | told("s", prompt="a kite")
    assert [("j", "t")] == said(weigh(case(lost("j"), rows=rows, exams=exams)))


def test_other_words_are_another_call() -> None:
    """Two lost calls with different words each get their own."""
    calls = (lost("j"), lost("k", prompt="a kite"))
    exams = told("t") | told("s", prompt="a kite")
    assert [("j", "t"), ("k", "s")] == said(weigh(case(*calls, rows=(row("s"), row("t", 2)), exams=exams)))


@pytest.mark.parametrize("prompt", [None, "A paper boat."])
def test_words_that_are_not_clearly_ours_or_not_are_for_a_person(prompt: str | None) -> None:
    """Untold, or nearly ours: neither adopted nor taken for absent."""
    found = weigh(case(lost("j"), rows=(row("t"),), exams=told("t", prompt=prompt)))
    assert [("j", "ask")] == said(found)


def test_equal_words_with_other_pictures_are_told_apart_by_the_clips_frames() -> None:
    """First they are compared; a clear winner is adopted, an unclear one is for a person."""
    calls = (lost("j", picture="cat"), lost("k", 1, picture="dog"))
    rows = (row("t", 2),)
    assert [("compare", "t", "j", "k")] == said(weigh(case(*calls, rows=rows, exams=told("t"))))
    clear = told("t", distances={"j": 0.4, "k": 0.02})
    assert [("j", "absent"), ("k", "t")] == said(weigh(case(*calls, rows=rows, exams=clear)))
    vague = told("t", distances={"j": 0.05, "k": 0.02})
    assert [("j", "ask"), ("k", "ask")] == said(weigh(case(*calls, rows=rows, exams=vague)))


def test_a_call_in_the_air_may_have_made_it() -> None:
    """Until its answer is known nobody adopts."""
    calls = (lost("j"), lost("k", 5, air=True))
    assert [] == weigh(case(*calls, rows=(row("t", 6),), exams=told("t")))
    assert [("j", "t")] == said(weigh(case(*calls, rows=(row("t", -1),), exams=told("t"))))


def test_absence_needs_every_read_to_show_a_later_task_of_ours() -> None:
    """Too few reads wait; enough blind ones are put before a person."""
    few = {"j": Proof(NOW, seeing=READS - 1)}
    assert [] == weigh(case(lost("j"), proofs=few))
    blind = {"j": Proof(NOW, seeing=1, blind=READS - 1)}
    assert [("j", "ask")] == said(weigh(case(lost("j"), proofs=blind)))
    assert [("j", "absent")] == said(weigh(case(lost("j"))))


def test_a_task_that_failed_cost_nothing_and_proves_that_nothing_was_paid() -> None:
    """Made by this call it was not paid; made by another it shows that the list reaches so far."""
    dead, blind = row("t", status="FAILED"), {"j": Proof(NOW, blind=READS)}
    assert [("j", "absent")] == said(weigh(case(lost("j"), rows=(dead,), proofs=blind)))
    assert [] == weigh(case(lost("j"), rows=(dead,), proofs={}))
    foreign = row("t", status="FAILED", key=THEIRS)
    assert [("j", "ask")] == said(weigh(case(lost("j"), rows=(foreign,), proofs=blind)))


def test_what_the_list_cannot_tell_is_put_before_a_person() -> None:
    """An unreadable list, and a doubt older than the list reaches."""
    assert [("j", "ask")] == said(weigh(case(lost("j"), unreadable="HTTP 500")))
    assert [("j", "ask")] == said(weigh(case(lost("j"), now=NOW + 90_000)))


def test_lengths_tell_calls_apart_where_they_were_billed() -> None:
    """Equal words, five seconds and ten."""
    calls = (lost("j", duration_s=5), lost("k", 1, duration_s=10))
    found = weigh(case(*calls, rows=(row("t", 2),), exams=told("t", billed_s=10.0)))
    assert [("j", "absent"), ("k", "t")] == said(found)


def test_the_callers_own_field_is_the_prompt_that_went_out() -> None:
    """An overriding extra field is what the vendor tells back."""
    call = lost("j", extra_input='{"prompt":"a kite"}')
    assert "a kite" == call.prompt
    assert [("j", "t")] == said(weigh(case(call, rows=(row("t"),), exams=told("t", prompt="a kite"))))


def test_only_calls_without_a_task_are_calls() -> None:
    """A queued job has sent nothing."""
    job: Job = make_job()
    assert call_of(job) is None
    assert call_of(replace(job, state=make_state(Unconfirmed))) is not None


@pytest.mark.parametrize(
    ("distances", "winner"),
    [
        ([("a", 0.02), ("b", 0.3)], "a"),
        ([("a", 0.02)], "a"),
        ([("a", 0.3)], None),
        ([("a", 0.02), ("b", 0.06)], None),
        ([("a", 0.02), ("a", 0.03), ("b", 0.2)], "a"),
        ([], None),
    ],
)
def test_a_winner_is_near_and_the_others_are_not(distances: list[tuple[str, float]], winner: str | None) -> None:
    """Two figures for one picture are one picture."""
    assert winner == clear_winner(distances)


def test_a_call_among_alikes_is_not_given_away_while_another_candidate_may_be_its_own() -> None:
    """Of two alike calls one made a task that has not told its words; given the other task, it would be no maker of
    that one any more, and a third call, the only one left, would be handed it for want of another.
    """
    fox, boat, boat_again = lost("fox", prompt="a fox in the snow"), lost("j", 200), lost("k", 500)
    proofs = {"fox": Proof(NOW + 60, READS), "j": Proof(NOW + 260, READS), "k": Proof(NOW + 560)}
    of_j, of_k = row("t1", 201, "PENDING"), row("t2", 501, "RUNNING")
    now: dict[str, Any] = {"key_alone": True, "proofs": proofs, "now": NOW + 700}
    assert [] == said(weigh(case(fox, boat, boat_again, rows=(of_j, of_k), **now)))
    ended = replace(of_j, status="SUCCEEDED")
    found = said(weigh(case(fox, boat, boat_again, rows=(ended, of_k), exams=told("t1"), **now)))
    assert {("j", "t1"), ("k", "t2")} <= set(found)
