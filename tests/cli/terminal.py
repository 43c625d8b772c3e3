"""A user's terminal: runs the command in this process, or as a real one, with nothing of this machine's settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from wanreel.cli.main import main

COMMAND = [sys.executable, "-m", "wanreel"]
PATIENCE_S = 60.0
TICK_S = 0.02


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Its answer, line by line."""
        return self.out.splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its answer as JSON Lines."""
        return [json.loads(line) for line in self.lines]

    @property
    def error(self) -> dict[str, Any]:
        """The one error told as JSON on stderr."""
        return json.loads(self.err)["error"]


class Terminal:
    """`terminal("jobs", "list")` runs a command; `env` is all it finds of our own variables."""

    def __init__(self, capsys: pytest.CaptureFixture[str], env: dict[str, str], folder: Path) -> None:
        self._capsys = capsys
        self.env = env
        self.folder = folder

    @property
    def home(self) -> Path:
        """Where its jobs are kept."""
        return Path(self.env["WANREEL_HOME"])

    def __call__(self, *words: str | Path, **env: str) -> Ran:
        """Run a command in this process; no error may come out of it but as words and a code."""
        self._capsys.readouterr()
        code: object = None
        with _environment(self.env | env):
            try:
                main([str(word) for word in words])
            except SystemExit as end:
                code = end.code
            finally:
                structlog.reset_defaults()
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        assert isinstance(code, int), "the command did not end with an exit code"
        return Ran(code, said.out, said.err)

    def on_screen(self, *words: str | Path, width: int = 80) -> Ran:
        """The same where a person looks: its answer goes to a terminal of so many columns."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys.stdout, "isatty", lambda: True)
            patch.setenv("TERM", "dumb")
            return self(*words, COLUMNS=str(width))

    @contextmanager
    def process(self, *words: str | Path, **env: str) -> Generator[subprocess.Popen[str], None, None]:
        """A real process of the command; killed at the end if it still runs."""
        command = [*COMMAND, *(str(word) for word in words)]
        whole = self.whole_env() | env
        with subprocess.Popen(
            command, env=whole, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    process.kill()

    def whole_env(self) -> dict[str, str]:
        """The environment of a real process."""
        return _clean() | self.env


def finish(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process and take in what it said."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err, err
    return Ran(process.returncode, out, err)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("WANREEL_", "DASHSCOPE_"))}


@contextmanager
def _environment(env: dict[str, str]) -> Generator[None, None, None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("WANREEL_", "DASHSCOPE_")):
                patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        yield


def until(true: Callable[[], bool], what: str) -> None:
    """Look until something in another process has come true; it usually has within a fraction of a second."""
    tick = threading.Event()
    for _ in range(int(PATIENCE_S / TICK_S)):
        if true():
            return
        tick.wait(TICK_S)
    pytest.fail(f"never came true: {what}")
