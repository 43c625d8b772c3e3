"""Trash, holds and erasure as decisions: what may follow what, and what an erased job still is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import NOW, make_job
from wanreel.domain.clip import Aspect, Sprite, track
from wanreel.domain.errors import Conflict, Invalid
from wanreel.domain.job import Artifact, Cancelled, Failed, Fault, Queued, Remark, Succeeded, known_tasks
from wanreel.domain.keeping import (
    DAY_S,
    Custody,
    Retention,
    ask_erasure,
    begin_purge,
    end_purge,
    erased,
    hold,
    put_off,
    release,
    restore,
    todo_at,
    trash,
    view_key,
)

KEPT = Custody("job_a")
HELD = hold(KEPT, NOW, "case 7")
TRASHED = trash(KEPT, NOW, 30, "too old")
PURGED = Custody("job_a", trashed_at=NOW, purge_at=NOW, purged_at=NOW)
ERASING = ask_erasure(KEPT, NOW)


def test_trash_has_a_grace_and_can_be_brought_back() -> None:
    """Until then nothing is to be done but to wait; brought back it is safe from rules of age."""
    assert (NOW + 30 * DAY_S, False) == (todo_at(TRASHED), TRASHED.readable)
    assert TRASHED == trash(TRASHED, NOW + 5, 1, "again")
    back = restore(TRASHED, NOW + 9)
    assert (None, True, NOW + 9) == (todo_at(back), back.readable, back.restored_at)


def test_a_hold_stands_above_everything() -> None:
    """What is held leaves the trash, and is neither trashed nor erased until it is released."""
    assert (None, True) == (todo_at(hold(TRASHED, NOW, "case 7")), hold(TRASHED, NOW, "case 7").readable)
    for step in (lambda: trash(HELD, NOW, 30, ""), lambda: ask_erasure(HELD, NOW)):
        with pytest.raises(Conflict, match="case 7"):
            step()
    assert KEPT == release(HELD)
    assert NOW == hold(HELD, NOW + 5, "case 8").held_at


@pytest.mark.parametrize(
    "step",
    [
        lambda: restore(KEPT, NOW),
        lambda: restore(PURGED, NOW),
        lambda: restore(ERASING, NOW),
        lambda: trash(PURGED, NOW, 30, ""),
        lambda: hold(PURGED, NOW, "case 7"),
        lambda: hold(ERASING, NOW, "case 7"),
        lambda: release(KEPT),
    ],
)
def test_what_is_gone_is_gone(step: Callable[[], Custody]) -> None:
    """And what was never done cannot be undone."""
    with pytest.raises(Conflict):
        step()


def test_a_purge_is_decided_before_it_begins_and_is_due_until_all_is_gone() -> None:
    """Once it is on its way no hold is taken, in words that say why; what is held, early or done is not purged."""
    due_at = NOW + 30 * DAY_S
    going = begin_purge(TRASHED, due_at)
    assert going is not None
    assert (due_at, due_at, False) == (going.purged_at, todo_at(going), going.readable)
    with pytest.raises(Conflict, match="is being removed"):
        hold(going, due_at, "case 7")
    assert going == begin_purge(going, due_at + 60), "cut short, and gone on with"
    done = end_purge(going)
    assert (None, due_at) == (todo_at(done), done.purged_at)
    with pytest.raises(Conflict, match="is gone"):
        hold(done, due_at, "case 7")
    with pytest.raises(Conflict, match="is being erased"):
        hold(ERASING, NOW, "case 7")
    for custody in (KEPT, TRASHED, hold(TRASHED, NOW, "case 7"), ERASING):
        assert begin_purge(custody, due_at - 1) is None
    assert begin_purge(put_off(TRASHED, due_at + 60), due_at) is None


def test_a_hold_needs_a_reason() -> None:
    """Blank is none."""
    with pytest.raises(Invalid, match="why"):
        hold(KEPT, NOW, " \n ")


def test_an_erasure_is_to_be_finished_at_once_and_only_once() -> None:
    """From the moment it is asked for the clip is not shown any more."""
    assert (NOW, False) == (todo_at(ERASING), ERASING.readable)
    assert ERASING == ask_erasure(ERASING, NOW + 9)
    assert todo_at(Custody("job_a", erase_asked_at=NOW, erased_at=NOW)) is None


def test_retention_goes_by_project() -> None:
    """A rule of its own wins over that for all others; without either, for ever."""
    assert 2 * DAY_S == Retention({"drafts": 2, "*": 9}).limit_s("drafts")
    assert 9 * DAY_S == Retention({"drafts": 2, "*": 9}).limit_s("films")
    assert Retention({"drafts": 2}).limit_s("films") is None


@pytest.mark.parametrize("kind", [Succeeded, Failed, Cancelled])
def test_an_erased_job_has_no_words_and_the_same_end(kind: type) -> None:
    """State, task, key, seed, model and billed seconds stay; everything anybody wrote goes."""
    changes: dict[str, Any] = {"message": "WORDS", "code": "c", "fault": Fault.THEIRS} if kind is Failed else {}
    words: dict[str, Any] = {"prompt": "WORDS", "negative_prompt": "WORDS", "name": "WORDS", "tags": ("WORDS",)}
    words["remarks"] = (Remark("WR001", "words", "warning", "WORDS is said twice", 0, 5),)
    if kind is Succeeded:
        words["artifact"] = Artifact("films/WORDS-job_a.mp4", 1, "ab" * 32)
    job = make_job(kind, task_id="task-1", **words, **changes)
    after = erased(job)
    assert "WORDS" not in repr(after)
    assert (kind, job.version + 1, job.request.seed) == (type(after.state), after.version, after.request.seed)
    assert (job.id, job.key, known_tasks(job)) == (after.id, after.key, known_tasks(after))


def test_what_has_not_ended_is_not_erased() -> None:
    """Its task may still be paid for."""
    with pytest.raises(Conflict, match="cancel it"):
        erased(make_job(Queued))


def test_a_derived_file_lies_beside_its_clip() -> None:
    """Under its name, with an ending that says what it is."""
    assert "a/b/job_1.poster.jpg" == view_key("a/b/job_1.mp4", Aspect.POSTER, "image/jpeg")
    assert "a/b/job_1.track.vtt" == view_key("a/b/job_1.mp4", Aspect.TRACK, "text/vtt")


def test_a_track_says_which_cell_belongs_to_which_moment() -> None:
    """Times without gaps from beginning to end, cells row by row."""
    text = track(Sprite(columns=2, cells=3, width=160, height=90), 3661.5, "sprite.jpg")
    assert text.splitlines() == [
        "WEBVTT",
        "",
        "00:00:00.000 --> 00:20:20.500",
        "sprite.jpg#xywh=0,0,160,90",
        "",
        "00:20:20.500 --> 00:40:41.000",
        "sprite.jpg#xywh=160,0,160,90",
        "",
        "00:40:41.000 --> 01:01:01.500",
        "sprite.jpg#xywh=0,90,160,90",
    ]
