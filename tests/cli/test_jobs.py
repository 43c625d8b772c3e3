"""`wanreel jobs`: looking at jobs, stopping them, repeating them, settling doubts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.terminal import Terminal
from tests.client.small_world import LOST, bought
from wanreel.emulator.server import Emulator

FOX = ("A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")


def ordered(terminal: Terminal, *more: str) -> str:
    """The id of a job that is stored and not worked."""
    return terminal("generate", *FOX, "--no-wait", *more).lines[0]


def in_doubt(terminal: Terminal, vendor: Emulator, script: dict[str, Any] = LOST) -> str:
    """The id of a job whose paid call was taken, whose answer was lost, and whose task the list does not show."""
    vendor.script(script, account="*")
    ran = terminal("generate", *FOX, "--json")
    assert 3 == ran.code
    return ran.objects[0]["id"]


def test_list_is_newest_first_and_narrows_by_state(terminal: Terminal) -> None:
    """A row a job, tab-separated in a pipe; --state, --limit and --after narrow it."""
    ids = [ordered(terminal) for _ in range(3)]
    made = terminal("generate", *FOX, "--json").objects[0]["id"]
    assert 0 == terminal("worker", "--until-idle").code
    waiting = ordered(terminal)
    assert [waiting, made, *reversed(ids)] == [
        line.split("\t")[0] for line in terminal("jobs", "list", "--no-header").lines
    ]
    assert [waiting] == [
        line.split("\t")[0] for line in terminal("jobs", "list", "--no-header", "--state", "queued").lines
    ]
    ran = terminal("jobs", "list", "--limit", "1", "--after", waiting, "--json")
    assert [made] == [job["id"] for job in ran.objects]


def test_a_job_is_called_a_favourite(terminal: Terminal) -> None:
    """And tagged, and untagged; lists go by it, and one who says nothing is told."""
    job, other = ordered(terminal, "--tag", "draft"), ordered(terminal)
    ran = terminal("jobs", "mark", job, "--favourite", "--tag", "hero", "--tag", "海", "--untag", "draft")
    assert [f"{job}  favourite, tags: hero, 海"] == ran.lines
    assert [job] == [line.split("\t")[0] for line in terminal("jobs", "list", "--no-header", "--favourites").lines]
    assert [job] == [one["id"] for one in terminal("jobs", "list", "--tag", "hero", "--json").objects]
    (shown,) = terminal("jobs", "show", job, "--json").objects
    assert (True, ["hero", "海"]) == (shown["favourite"], shown["tags"])
    assert [f"{job}  tags: hero, 海"] == terminal("jobs", "mark", job, "--no-favourite").lines
    assert 2 == terminal("jobs", "mark", other).code


def test_show_tells_the_whole_story(terminal: Terminal) -> None:
    """State, request, the vendor's words and every event, in words or as one object."""
    job_id = terminal("generate", *FOX, "--json").objects[0]["id"]
    (shown,) = terminal("jobs", "show", job_id, "--json").objects
    events = [line["event"] for line in shown["history"]]
    assert ["SubmitBegun", "Accepted"] == events[:2]
    assert "Stored" == events[-1]
    words = terminal("jobs", "show", job_id[:28])
    assert 0 == words.code
    assert "state            succeeded" in words.lines
    assert "submitting → generating  Accepted: accepted by the vendor" in words.out


def test_show_says_why_a_job_waits(terminal: Terminal) -> None:
    """A queued job tells its place in the line, and that nobody is there to send it."""
    ordered(terminal)
    second = ordered(terminal)
    words = terminal("jobs", "show", second).out
    assert "waiting          1 in front of it" in words
    assert "runner           nobody works this home's jobs now" in words


def test_show_says_that_the_spool_holds_a_job(terminal: Terminal, vendor: Emulator) -> None:
    """What could not be saved if the storage failed is not sent, and its job says so, in figures."""
    job_id = ordered(terminal)
    (terminal.home / "spool").mkdir()
    with (terminal.home / "spool" / "job_x.mp4").open("wb") as file:
        file.truncate(98_000_000)
    shown = terminal("jobs", "show", job_id, WANREEL_SPOOL_BYTES="100000000").out
    assert "waiting          held until a clip is stored: 1 clips lie in the spool, and what is under way may" in shown
    assert "2 MB of it are free, this clip may take 5 MB; mend the storage" in shown


def test_a_waiting_job_is_cancelled_for_nothing(terminal: Terminal, vendor: Emulator) -> None:
    """What was never sent ends at once and is never sent; a second cancel is a conflict."""
    job_id = ordered(terminal)
    assert "cancelled" in terminal("jobs", "cancel", job_id).out
    assert 0 == terminal("worker", "--until-idle").code
    assert 0 == bought(vendor)
    again = terminal("jobs", "cancel", job_id, "--json")
    assert (5, "conflict") == (again.code, again.error["code"])


def test_retry_repeats_what_failed_and_names_it(terminal: Terminal, vendor: Emulator) -> None:
    """A failed job is ordered again as a new one; what succeeded is not bought a second time by a slip."""
    vendor.script({"create": [{"fate": {"outcome": "content_block"}}]}, account="*")
    failed = terminal("generate", *FOX, "--json")
    assert 1 == failed.code
    old = failed.objects[0]
    assert "DataInspectionFailed" in json.dumps(old["error"])
    (fresh,) = terminal("jobs", "retry", old["id"], "--json").objects
    assert (old["id"], "queued", old["seed"]) == (fresh["retry_of"], fresh["state"], fresh["seed"])
    assert 0 == terminal("worker", "--until-idle").code
    assert "succeeded" == terminal("jobs", "show", fresh["id"], "--json").objects[0]["state"]
    assert 5 == terminal("jobs", "retry", fresh["id"]).code
    assert 2 == bought(vendor)


def test_a_lost_answer_is_held_and_listed(terminal: Terminal, vendor: Emulator) -> None:
    """Exit 3, and the list of doubts says what is known and what to do; a worker does not send it again."""
    job_id = in_doubt(terminal, vendor)
    (held,) = terminal("jobs", "list", "--state", "unconfirmed", "--json").objects
    assert job_id == held["id"]
    assert held["sent_at"]
    assert "--adopt TASK | --resubmit | --give-up" in held["attention"]
    assert "a person decides, unless the vendor's list does first" in terminal("jobs", "show", job_id).out
    idle = terminal("worker", "--until-idle")
    assert 3 == idle.code
    assert f"{job_id}: The answer to the paid call was lost" in idle.err
    assert 1 == bought(vendor)


def test_a_lost_answer_is_found_again_in_the_list(terminal: Terminal, vendor: Emulator) -> None:
    """Nobody has to do anything: the task is found, adopted with the evidence on record, and paid once."""
    vendor.script({"create": [{"fault": "drop_after"}]}, account="*")
    ran = terminal("generate", *FOX, "--json")
    assert 0 == ran.code, ran.err
    (shown,) = terminal("jobs", "show", ran.objects[0]["id"], "--json").objects
    assert "Found" in [line["event"] for line in shown["history"]]
    assert "our very words" in json.dumps(shown["history"])
    assert 1 == bought(vendor)


def test_adopting_the_task_ends_the_doubt(terminal: Terminal, vendor: Emulator) -> None:
    """The task found in the vendor's console is the job's after all: kept, and paid once."""
    job_id = in_doubt(terminal, vendor)
    task = vendor.tasks()[0]["task_id"]
    ran = terminal("jobs", "resolve", job_id, "--adopt", task, "--note", "seen in the console")
    assert f"{job_id}  generating" == ran.lines[0]
    assert 0 == terminal("worker", "--until-idle").code
    (shown,) = terminal("jobs", "show", job_id, "--json").objects
    assert ("succeeded", task) == (shown["state"], shown["task_id"])
    assert "seen in the console" in json.dumps(shown["history"])
    assert 1 == bought(vendor)


def test_resubmit_and_give_up(terminal: Terminal, vendor: Emulator) -> None:
    """A person's word that it never arrived sends it again; one who cannot know ends it."""
    job_id = in_doubt(terminal, vendor)
    assert "queued" in terminal("jobs", "resolve", job_id, "--resubmit").out
    assert 0 == terminal("worker", "--until-idle").code
    second = in_doubt(terminal, vendor, {"create": LOST["create"]})  # the list is still out of order
    (ended,) = terminal("jobs", "resolve", second, "--give-up", "--json").objects
    assert ("failed", "given_up") == (ended["state"], ended["error"]["code"])


@pytest.mark.parametrize("answers", [(), ("--resubmit", "--give-up"), ("--adopt", " ")])
def test_resolve_wants_one_answer(terminal: Terminal, answers: tuple[str, ...]) -> None:
    """Exactly one of the three answers, and a task id that can be one."""
    job_id = ordered(terminal)
    assert 2 == terminal("jobs", "resolve", job_id, *answers).code


def test_resolve_wants_a_doubt(terminal: Terminal) -> None:
    """A job in no doubt is left alone, in words."""
    ran = terminal("jobs", "resolve", ordered(terminal), "--give-up")
    assert 5 == ran.code
    assert "not unconfirmed" in ran.err


@pytest.mark.parametrize("command", ["show", "cancel", "retry"])
def test_a_job_that_is_not_there(terminal: Terminal, command: str) -> None:
    """Exit 4 for an id nobody has."""
    ran = terminal("jobs", command, "job_nothing", "--json")
    assert (4, "not_found") == (ran.code, ran.error["code"])


def test_a_beginning_that_fits_two_is_no_name(terminal: Terminal) -> None:
    """`job_0` alone names nobody once there are two."""
    ordered(terminal)
    ordered(terminal)
    ran = terminal("jobs", "show", "job_0")
    assert 5 == ran.code
    assert "give more of it" in ran.err


@pytest.mark.parametrize("words", [("--state", "running"), ("--limit", "0")])
def test_a_filter_that_means_nothing(terminal: Terminal, words: tuple[str, str]) -> None:
    """Exit 2, and the words that would mean something."""
    assert 2 == terminal("jobs", "list", *words).code
    assert 4 == terminal("jobs", "list", "--after", "job_nothing").code
    assert 0 == terminal("jobs", "list", "--limit", "9" * 30).code
