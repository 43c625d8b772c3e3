"""The documentation can be followed: the tutorial's commands and the README's program run as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.client.small_world import bought
from wanreel.cli.main import app
from wanreel.emulator.server import Emulator

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-clip.md"
ADDRESS = "http://127.0.0.1:8787"
ALREADY_DONE = (". .venv/bin/activate", "wanreel emulator", "export DASHSCOPE_BASE_URL")


def commands(page: Path) -> list[str]:
    """What a page asks to type, in order."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.skipif(
    shutil.which("curl") is None or sys.platform == "win32", reason="the tutorial types curl in a shell"
)
def test_the_tutorial_can_be_followed(terminal: Terminal, vendor: Emulator, tmp_path: Path) -> None:
    """Each command of the page, in one shell, against an emulator: six clips of six tasks, the lost one among them."""
    home = tmp_path / "user"
    home.mkdir()
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    asked = commands(TUTORIAL)
    assert all(any(line.startswith(done) for line in asked) for done in ALREADY_DONE)
    lines = [line.replace(ADDRESS, vendor.host_url) for line in asked if not line.startswith(ALREADY_DONE)]
    steps = [line if "exit code" in line else f"{line} || exit 91" for line in lines]
    shell = "set -u -o pipefail\n" + "\n".join(steps)
    env = terminal.whole_env() | {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    ran = subprocess.run(["bash", "-c", shell], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, ran.stderr + ran.stdout
    assert "BAD" not in ran.stdout
    assert "1 clip: 3.00 CNY" in ran.stdout
    assert "exit code 0" in ran.stdout
    assert {"fox.mp4", "takes", "moving.mp4"} <= {path.name for path in tmp_path.iterdir()}
    assert 6 == bought(vendor)
    assert 6 == len(list((home / "wanreel-tutorial" / "archive").rglob("*.mp4")))


def test_the_readmes_program_runs(terminal: Terminal, vendor: Emulator) -> None:
    """The twenty lines, as they stand: one clip, and three takes from a picture."""
    from tests.client.small_world import picture

    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert 20 >= len(program.splitlines())
    Path("lantern.png").write_bytes(picture())
    ran = subprocess.run(
        [sys.executable, "-c", program], env=terminal.whole_env(), capture_output=True, text=True, check=False
    )
    assert 0 == ran.returncode, ran.stderr
    assert 3 == ran.stdout.count("succeeded")
    assert 4 == bought(vendor)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_in_the_docs_exists(page: Path) -> None:
    """Commands and long options in code are ones the command line has."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in (line for code in (*blocks, *inline) for line in code.splitlines()):
        for call in re.findall(r"(?:^|[$;=|(/]\s?|/env )(wanreel [a-z][^$|;()]*)", line):
            words = call.split("#")[0].split()[1:]
            if words[0] == "emulator" and words[1:2] == ["ready:"]:
                continue  # what it prints, not what is typed
            assert words[0] in app, call
            command = app[words[0]]
            if command.default_command is None and len(words) > 1:
                assert words[1] in command, call
                command = command[words[1]]
            if command.default_command is not None:
                known = {name for a in command.assemble_argument_collection() for name in a.names} | {"--help", "-h"}
                options = {word.rstrip(").,") for word in words if re.match(r"--[a-z]", word)}
                assert options <= known, call


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link names a file that is there."""
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert [] == missing
