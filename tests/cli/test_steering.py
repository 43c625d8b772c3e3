"""Words of users and of the vendor stay words: nothing in them steers a terminal."""

from __future__ import annotations

import json

import pytest

from tests.cli.terminal import Terminal
from wanreel.cli.table import Column, print_rows

NASTY = "\x1b[2J\x1b]0;owned\x07 \u009b31m \u202eback [bold]cat[/bold]"


@pytest.mark.parametrize("words", [("jobs", "list"), ("jobs", "show", "job_0"), ("jobs", "show", "job_0", "--json")])
def test_what_would_steer_a_terminal_is_shown_as_text(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Escape sequences, turned writing and markup in a prompt reach no terminal, and are not lost from sight."""
    assert 0 == terminal("generate", NASTY, "--name", NASTY, "--no-wait").code
    ran = terminal(*words)
    assert 0 == ran.code
    assert [] == [letter for letter in "\x1b\x07\u009b\u202e" if letter in ran.out + ran.err]
    assert "\\u001b[2J" in ran.out
    assert "[bold]cat[/bold]" in ran.out
    if "--json" in words:
        assert NASTY == json.loads(ran.out)["prompt"]


def test_a_table_on_a_terminal_steers_nothing_either(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cells, drawn by rich."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_rows([["1", NASTY]], [Column("id"), Column("prompt")])
    shown = capsys.readouterr().out
    assert "owned" in shown
    assert [] == [letter for letter in "\x07\u009b\u202e" if letter in shown]
    assert "\x1b[2J" not in shown
