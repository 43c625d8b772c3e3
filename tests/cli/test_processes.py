"""Several real processes on one home: one works it, the others hand over, follow, and take its place when it dies."""

from __future__ import annotations

import signal
import subprocess

from tests.cli.terminal import Terminal, finish, interrupt, until
from tests.client.small_world import LOST, bought
from wanreel.cli.exits import Exit
from wanreel.emulator.server import Emulator

FOX = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
LONG = {"fate": {"queue_s": 0, "run_s": 3600}}
HOUR_S = 4000


def is_worked(terminal: Terminal) -> bool:
    """Whether some process works the home."""
    return "another process works" in terminal("doctor", "--offline").out


def test_one_process_works_a_home_and_others_hand_over(terminal: Terminal, vendor: Emulator) -> None:
    """A second runner is refused; `generate` beside the first follows it to the clip; SIGTERM ends it gracefully."""
    with terminal.process("worker") as worker:
        until(lambda: is_worked(terminal), "the worker works the home")
        refused = terminal("worker", "--json")
        assert (Exit.CONFLICT, "conflict") == (refused.code, refused.error["code"])
        made = terminal(*FOX)
        assert 0 == made.code, made.err
        assert 1 == len(made.lines)
        worker.send_signal(signal.SIGTERM)
        ended = finish(worker)
    assert Exit.INTERRUPTED == ended.code
    assert "job.step" in ended.err
    assert 1 == bought(vendor)


def test_a_follower_takes_over_when_the_runner_is_killed(terminal: Terminal, vendor: Emulator) -> None:
    """A runner is killed while its task runs: whoever follows becomes the runner, and the same task is kept."""
    vendor.script({"create": [LONG]}, account="*")
    with terminal.process("worker") as worker:
        until(lambda: is_worked(terminal), "the worker works the home")
        with terminal.process(*FOX) as follower:
            until(lambda: bought(vendor) == 1, "the worker sent it")
            until(lambda: "generating" in terminal("jobs", "list").out, "its answer is stored")
            worker.kill()
            worker.communicate()
            vendor.advance(HOUR_S)
            ended = finish(follower)
    assert 0 == ended.code, ended.err
    assert 1 == len(ended.out.splitlines())
    assert 1 == bought(vendor)


def test_ctrl_c_leaves_the_job_to_whoever_carries_on(terminal: Terminal, vendor: Emulator) -> None:
    """The first Ctrl-C ends `generate` gracefully, saying how to go on; `watch` keeps the clip of the same task."""
    vendor.script({"create": [LONG]}, account="*")
    with terminal.process(*FOX) as generating:
        until(lambda: bought(vendor) == 1, "it was sent")
        until(lambda: "generating" in terminal("jobs", "list").out, "its answer is stored")
        interrupt(generating)
        ended = finish(generating)
    assert Exit.INTERRUPTED == ended.code
    assert "left to go on: job_" in ended.err
    vendor.advance(HOUR_S)
    watched = terminal("watch")
    assert (0, 1) == (watched.code, len(watched.lines)), watched.err
    assert 1 == bought(vendor)


def test_the_second_ctrl_c_is_immediate_and_safe(terminal: Terminal, vendor: Emulator) -> None:
    """With the paid call in the air, the first waits for its answer; the second leaves a doubt, never a second task."""
    vendor.script(LOST | {"create": [{"fault": "slow", "delay_s": 30}]}, account="*")
    with terminal.process(*FOX) as generating:
        until(lambda: bought(vendor) == 1, "it was sent")
        interrupt(generating)
        assert generating.stderr is not None
        assert any("stopping" in line for line in generating.stderr)
        assert generating.poll() is None
        interrupt(generating)
        assert Exit.INTERRUPTED == generating.wait(timeout=5)
    idle = terminal("worker", "--until-idle")
    assert Exit.ATTENTION == idle.code
    assert "the process that was sending it ended" in idle.err
    assert 1 == bought(vendor)


def test_the_emulator_command_serves_until_stopped(terminal: Terminal) -> None:
    """It prints one line with its base URL, makes a real clip for a real client, and ends on SIGTERM with 0."""
    with terminal.process(
        "emulator", "--port", "0", "--speed", "2000", "--submit-rate", "0", "--seed", "1"
    ) as emulator:
        assert emulator.stdout is not None
        ready = emulator.stdout.readline()
        base_url = next(word for word in ready.split() if word.startswith("http"))
        made = terminal(*FOX, "--base-url", base_url, "--json")
        assert 0 == made.code, made.err
        assert made.objects[0]["artifact"]["size_bytes"] > 10_000
        emulator.send_signal(signal.SIGTERM)
        assert 0 == finish(emulator).code
    taken = terminal("emulator", "--port", base_url.rpartition(":")[2].partition("/")[0], "--quirk", "nope=1")
    assert Exit.INVALID == taken.code
    assert "nope" in taken.err


def test_ctrl_c_stops_a_worker_between_jobs(terminal: Terminal) -> None:
    """An idle worker ends at once."""
    with terminal.process("worker") as worker:
        until(lambda: is_worked(terminal), "the worker works the home")
        interrupt(worker)
        try:
            assert Exit.INTERRUPTED == worker.wait(timeout=10)
        except subprocess.TimeoutExpired:
            raise AssertionError("it hangs") from None
