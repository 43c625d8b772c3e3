"""`wanreel --help` starts light: nothing heavy is imported to say what the commands are."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

HEAVY = frozenset({"aiohttp", "sqlalchemy", "fastapi", "av", "obstore", "numpy", "PIL", "alembic"})
"""The first five by promise, the others because they weigh as much."""

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
