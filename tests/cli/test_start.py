"""Starting the command: light, and right about mistakes at the keyboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.terminal import COMMAND, Terminal
from wanreel.cli.exits import Exit

HEAVY = ("aiohttp", "sqlalchemy", "alembic", "fastapi", "av", "obstore", "pydantic", "structlog", "PIL", "rich.live")


def test_help_imports_nothing_heavy() -> None:
    """`wanreel --help` starts without the libraries that only working commands need."""
    code = (
        "import sys\n"
        "sys.argv = ['wanreel', '--help']\n"
        "try:\n"
        "    from wanreel.cli.main import main\n"
        "    main()\n"
        "finally:\n"
        f"    print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, ran.stderr
    assert "HEAVY []" == ran.stdout.splitlines()[-1]
    assert "generate" in ran.stdout


@pytest.mark.parametrize("module", ["wanreel", "wanreel.cli.main"])
def test_importing_is_light(module: str) -> None:
    """Neither the package nor the command's module pulls heavy libraries in."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert "[]\n" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_version(terminal: Terminal) -> None:
    """`--version` is the installed one."""
    from wanreel import __version__

    assert [__version__] == terminal("--version").lines


@pytest.mark.parametrize(
    "words",
    [
        ("generat",),
        ("generate", "a", "b"),
        ("generate", "a", "--nope"),
        ("generate", "a", "--timeout", "many"),
        ("generate", "a", "--timeout", "soon"),
        ("jobs", "show"),
        ("jobs", "nope"),
        ("batch",),
        ("emulator", "--over-limit", "x"),
    ],
)
def test_a_misused_command_is_invalid(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Exit 2 with a line that says what was wrong and where help is, or one JSON object."""
    ran = terminal(*words)
    assert Exit.INVALID == ran.code
    assert "--help" in ran.err
    assert "command line" == terminal(*words, "--json").error["problems"][0]["field"]


def test_no_words_at_all_shows_the_commands(terminal: Terminal) -> None:
    """`wanreel` alone lists what there is."""
    ran = terminal()
    assert 0 == ran.code
    assert "generate" in ran.out


def test_a_reader_that_leaves_is_no_bug(terminal: Terminal) -> None:
    """`wanreel models list --json | head -1` ends quietly."""
    command = f"{' '.join(COMMAND)} models list --json | head -1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=terminal.whole_env())
    assert "" == ran.stderr
    assert json.loads(ran.stdout)["id"]


UNNEEDED = ("alembic", "av", "numpy", "PIL", "mcp", "asyncpg", "alibabacloud_oss_v2", "wanreel.emulator")
UP_MODULES_MAX = 1450  # 1,281 when this was written, four fifths of them libraries'


def test_a_server_answers_before_it_imports_what_that_does_not_need(tmp_path: Path) -> None:
    """`wanreel up` on a home that is there: its first answer needs no migrations, pictures, buckets or agents, and no
    more modules than so many. Counted, since how long that takes is the machine's business.
    """
    names = {"WANREEL_HOME": str(tmp_path), "DASHSCOPE_API_KEY": "sk-test-0123456789"}
    env = {**os.environ, **names}
    subprocess.run([sys.executable, "-m", "wanreel", "jobs", "list"], env=env, capture_output=True, check=True)
    command = [sys.executable, "-X", "importtime", "-m", "wanreel", "up", "--port", "0"]
    told = tmp_path / "imports.txt"
    with told.open("w") as err, subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=err, text=True) as up:
        try:
            assert up.stdout is not None
            url = up.stdout.readline().strip()
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                assert 200 == answer.status
            lines = told.read_text("utf-8").splitlines()
        finally:
            up.terminate()
    rows = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
    assert "fastapi" in rows
    assert [] == [name for name in rows if name in UNNEEDED or name.startswith(tuple(f"{one}." for one in UNNEEDED))]
    assert len(rows) <= UP_MODULES_MAX
