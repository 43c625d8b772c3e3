"""Real processes killed with -9 at drawn instants: no job is lost, none is paid for twice, counted at the vendor.

One batch is twenty jobs. A `wanreel batch` (which becomes the runner) or `wanreel worker` is started, killed after a
drawn time, and started again, over and over; then the batch is run to its end and a person settles what is in doubt.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.clip import small_clip
from tests.e2e.place import KEY, QUICK, emulator, tasks_by_prompt
from wanreel.emulator.server import Emulator

KILLS = int(os.environ.get("WANREEL_TEST_KILLS", "25"))
BATCHES_MIN = 10 if KILLS >= 200 else 3
ROWS = 20


@dataclass
class Series:
    """What was done and seen over all batches."""

    kills: int = 0
    states_at_kill: Counter[str] = field(default_factory=Counter[str])
    doubts: int = 0
    paid: int = 0
    archived: int = 0


class Home:
    """A home and the commands a user would type at it."""

    def __init__(self, folder: Path, emu: Emulator) -> None:
        self.folder = folder
        self.file = folder / "rows.jsonl"
        self._base_url = emu.base_url
        folder.mkdir()
        rows = [
            {"id": f"row-{n}", "prompt": f"{folder.name} shot {n}", "model": "wan2.5-t2v-preview"} for n in range(ROWS)
        ]
        self.file.write_text("\n".join(map(json.dumps, rows)))
        self._env = os.environ | {
            "DASHSCOPE_API_KEY": KEY,
            "WANREEL_VENDOR_URL": emu.base_url,
            "WANREEL_LOG": "info",
        }
        self._env |= {f"WANREEL_POLICY__{name.upper()}": str(value) for name, value in QUICK.items()}
        self._env["WANREEL_HOME"] = str(folder / "home")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A command in the background."""
        command = [sys.executable, "-m", "wanreel", *words]
        return subprocess.Popen(command, env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def states(self) -> Counter[str]:
        """How many jobs stand in which state, read from the database beside whoever works it."""
        database = self.folder / "home" / "wanreel.sqlite3"
        if not database.exists():
            return Counter()
        with closing(sqlite3.connect(database)) as connection:
            try:
                return Counter(dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state")))
            except sqlite3.OperationalError:  # killed before the tables were made
                return Counter()

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> list[dict[str, object]]:
        """A command to its end, its JSON lines."""
        command = [sys.executable, "-m", "wanreel", *words, "--json"]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode in codes, (words, done.returncode, done.stderr[-2000:])
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.kill9
def test_killed_at_drawn_instants_every_job_is_kept_and_paid_for_once(tmp_path: Path) -> None:
    """After all kills each job is archived, or in doubt and listed; settled, all are archived and paid once each."""
    seed = int(os.environ.get("WANREEL_TEST_SEED", str(random.SystemRandom().randrange(10**6))))
    draw = random.Random(seed)
    series = Series()
    # Answers to creates take a moment, so that many kills fall between the sending and the answer.
    with emulator(speed=150, running=5, submit_rate=0) as emu:
        emu.script({"create": [{"fault": "slow", "delay_s": 0.12, "times": "always"}]}, account="*")
        number = 0
        while series.kills < KILLS or number < BATCHES_MIN:
            number += 1
            share = max(1, -(-(KILLS - series.kills) // max(1, BATCHES_MIN - number + 1)))
            _one_batch(Home(tmp_path / f"batch-{number}", emu), emu, share, draw, series)
    print(f"\nkill -9: seed {seed}, {number} batches of {ROWS}, {series.kills} kills, {series.doubts} doubts,")
    print(
        f"  {series.paid} tasks paid for {number * ROWS} jobs, {series.archived} archived; states at the kills: ",
        end="",
    )
    print(dict(series.states_at_kill))

    assert number * ROWS == series.paid == series.archived


def _one_batch(home: Home, emu: Emulator, kills: int, draw: random.Random, series: Series) -> None:
    for turn in range(kills):
        words = ("batch", str(home.file)) if turn % 2 == 0 else ("worker",)
        with home.start(*words) as process:
            _kill_at_a_drawn_instant(process, draw, series)
        series.states_at_kill += home.states()
    rows = home.run("batch", str(home.file), codes=(0, 3))
    _judge_jobs(home, emu, rows, series)


def _kill_at_a_drawn_instant(process: subprocess.Popen[bytes], draw: random.Random, series: Series) -> None:
    """One kill in five falls anywhere in the start-up; the others after the process has begun to work."""
    assert process.stderr is not None
    if draw.random() < 0.8:
        process.stderr.readline()
    try:
        process.wait(timeout=draw.random() * 1.2)
    except subprocess.TimeoutExpired:
        process.kill()
        series.kills += 1


def _judge_jobs(home: Home, emu: Emulator, rows: list[dict[str, object]], series: Series) -> None:
    """Nothing lost, nothing twice; then a person settles the doubts by what the vendor's console shows."""
    tasks = tasks_by_prompt(emu)
    assert ROWS == len(rows) == len({row["id"] for row in rows})
    doubtful = {str(job["id"]): str(job["prompt"]) for job in home.run("jobs", "list", "--state", "unconfirmed")}
    for row in rows:
        ours = tasks.get(str(row["prompt"]), [])
        assert len(ours) <= 1, f"paid twice: {row}"
        held_up = row["state"] == "queued" and doubtful and row["attention"]  # by the slots that doubts hold
        assert row["state"] == "succeeded" or row["id"] in doubtful or held_up, row
        if row["state"] == "succeeded":
            assert [row["task_id"]] == ours
    series.doubts += len(doubtful)
    for job, prompt in doubtful.items():
        ours = tasks.get(prompt, [])
        home.run("jobs", "resolve", job, *(("--adopt", ours[0]) if ours else ("--resubmit",)))
    ended = home.run("batch", str(home.file))
    final = tasks_by_prompt(emu)
    for row in ended:
        path = Path(str(row["path"]))
        assert small_clip() == path.read_bytes()
        series.archived += 1
        series.paid += len(final[str(row["prompt"])])
