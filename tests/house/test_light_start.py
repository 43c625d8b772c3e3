"""Starting light: nothing heavy is imported to say what the commands are, nor to open a home or serve one."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from wanreel import __version__
from wanreel.version import VERSION

HEAVY = frozenset({"aiohttp", "sqlalchemy", "fastapi", "av", "obstore", "numpy", "PIL", "alembic"})
"""The first five by promise, the others because they weigh as much."""

NEEDLESS = frozenset(
    {
        "PIL", "alembic", "asyncpg", "av", "botocore", "cryptography", "httpx", "jinja2", "mako", "mcp", "numpy",
        "obstore", "rjieba", "temporalio", "wanreel.emulator", "wanreel.prompt.judging", "wanreel.prompt.reading",
        "sqlalchemy.dialects.postgresql",
    }
)  # fmt: skip
"""What neither opening a home nor serving it needs: it comes with the first job, prompt, event or picture that does."""

OPENING = "wanreel.wiring"
SERVING = "wanreel.cli.backstage, wanreel.wiring, wanreel.api.app, wanreel.api.server, wanreel.web.page"
MODULES_MAX = {OPENING: 1020, SERVING: 1300}
"""How many modules there may be after an import: a tenth more than there were when this was last looked at."""

ASK = """
import json, sys
from importlib.metadata import entry_points
sys.argv = ["wanreel", "--help"]
try:
    [script] = entry_points(group="console_scripts", name="wanreel")
    script.load()()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(program: str) -> tuple[str, set[str]]:
    """What a fresh interpreter printed, and which packages it had imported at the end."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    printed, _, names = ran.stdout.rstrip().rpartition("\n")
    return printed, set(json.loads(names))


def test_help_imports_nothing_heavy() -> None:
    """The command's help is printed without the network, the database, the pictures or the faces."""
    printed, names = loaded(ASK)
    assert "generate" in printed
    assert set() == names & HEAVY


def test_importing_the_library_imports_nothing_heavy() -> None:
    """`import wanreel` alone is cheap; its names are handed on when they are first used."""
    _, names = loaded(
        "import json, sys, wanreel\nprint('\\n' + json.dumps([n.partition('.')[0] for n in sys.modules]))"
    )
    assert set() == names & HEAVY


def test_a_heavy_import_would_be_seen() -> None:
    """The same look at a program that does import something heavy finds it."""
    _, names = loaded("import json, sys, numpy\nprint('\\n' + json.dumps([n.partition('.')[0] for n in sys.modules]))")
    assert {"numpy"} == names & HEAVY


def test_the_command_is_installed() -> None:
    """pyproject.toml's script leads to a function that exists."""
    [script] = entry_points(group="console_scripts", name="wanreel")
    assert callable(script.load())


@pytest.mark.parametrize("rooms", MODULES_MAX)
def test_a_home_is_opened_and_served_with_what_that_needs(rooms: str) -> None:
    """Hundreds of processes are started in one run of the tests, and each pays for every module of these."""
    _, names = loaded(f"import json, sys, {rooms}\nprint('\\n' + json.dumps([*sys.modules]))")
    assert set() == names & NEEDLESS
    assert MODULES_MAX[rooms] * 0.7 < len(names) <= MODULES_MAX[rooms]


def test_the_version_is_that_of_the_package() -> None:
    """What every answer and call says of us stands in one place, and the package says the same."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION == __version__
