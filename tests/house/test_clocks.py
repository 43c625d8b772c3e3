"""Time and chance are read in the clock alone; tests neither sleep nor roll dice they cannot roll again."""

from pathlib import Path

import pytest

from tests.house import clocks
from tests.house.conftest import Plant
from tests.house.findings import none_of
from tests.house.sources import Source, Tree, read_files


def test_only_the_clock_reads_time_and_chance(tree: Tree, root: Path) -> None:
    """No other file of the package asks what time it is, sleeps, or draws."""
    none_of(clocks.clock_reads(list(tree.sources.values()), root / "src" / "wanreel"))


def test_tests_neither_sleep_nor_gamble(tests: list[Source]) -> None:
    """A test waits for a signal and draws from a seed."""
    none_of(clocks.chance_and_sleep(tests))


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "import time as t\nNOW = t.monotonic",
        "from time import perf_counter as tick\ntick()",
        "from time import *",
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.utcnow()",
        "from datetime import date\ndate.today()",
        "import random\nrandom.random()",
        "from random import Random\nRandom(7)",
        "import secrets\nsecrets.token_hex()",
        "from uuid import uuid4\nuuid4()",
        "import os\nos.urandom(8)",
        "import asyncio\nasync def wait():\n    await asyncio.sleep(0)",
        "import asyncio\nasyncio.get_running_loop().time()",
        "def later(loop, f):\n    loop.call_later(1, f)",
        "import numpy as np\nnp.random.rand(3)",
        "from sqlalchemy import func\nfunc.now()",
    ],
)
def test_a_read_of_time_or_chance_is_found(plant: Plant, tmp_path: Path, text: str) -> None:
    """Each way to read time or chance is seen through its alias."""
    tree = plant({"worker/step.py": text})
    assert 1 == len(list(clocks.clock_reads(list(tree.sources.values()), tmp_path / "src" / "wanreel")))


def test_the_clocks_may_read(plant: Plant, tmp_path: Path) -> None:
    """The two clocks read time; the emulator may draw from a seed, but not without one."""
    tree = plant(
        {
            "clock.py": "import time\ntime.time()",
            "emulator/clock.py": "import time\ntime.time()",
            "emulator/task.py": "import random\nimport numpy as np\nrandom.Random(7)\nnp.random.default_rng(7)",
        }
    )
    none_of(clocks.clock_reads(list(tree.sources.values()), tmp_path / "src" / "wanreel"))
    tree = plant({"emulator/task.py": "import random\nrandom.Random()"})
    assert [] != list(clocks.clock_reads(list(tree.sources.values()), tmp_path / "src" / "wanreel"))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "import time\ntime.sleep(1)"),
        (1, "import asyncio\nasync def wait():\n    await asyncio.sleep(0.1)"),
        (0, "import asyncio\nasync def let_others_run():\n    await asyncio.sleep(0)"),
        (1, "import random\nrandom.choice([1, 2])"),
        (1, "import random\nrandom.Random()"),
        (0, "import random\nrandom.Random(7).choice([1, 2])"),
        (0, "import random\nseed = random.SystemRandom().getrandbits(32)"),
        (0, "import time\ntime.monotonic()"),
    ],
)
def test_a_test_that_sleeps_or_gambles_is_found(tmp_path: Path, count: int, text: str) -> None:
    """Sleeping and unseeded chance are found in tests; yielding and seeds are welcome."""
    (tmp_path / "test_it.py").write_text(text, "utf-8")
    assert count == len(list(clocks.chance_and_sleep(read_files(tmp_path))))
