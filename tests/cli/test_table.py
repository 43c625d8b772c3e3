"""Rows: whole and headed in a pipe, one line each on a terminal however narrow it is."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.cli.terminal import Terminal
from wanreel.cli.table import Column, fit

COLUMNS = (
    Column("id"),
    Column("state"),
    Column("model", rank=2),
    Column("why", rank=1, least=12),
    Column("p", least=20),
)
LONG = "A red fox in snow,\twide shot,\nthe camera follows it slowly past the frozen lake while snow falls softly"
HAN = "一只红狐狸在雪地里慢慢走过，镜头缓缓推近，雪花轻轻飘落，远处是一片安静的森林，天色渐暗，灯火初上"


@pytest.mark.parametrize(
    ("natural", "room", "widths"),
    [
        ((30, 9, 10, 0, 90), 200, {0: 30, 1: 9, 2: 10, 4: 90}),  # nothing is shortened while there is room
        ((30, 9, 10, 0, 90), 100, {0: 30, 1: 9, 2: 10, 4: 45}),  # first words are shortened
        ((30, 9, 18, 0, 90), 80, {0: 30, 1: 9, 4: 37}),  # then whole columns go, by rank
        ((30, 9, 18, 40, 90), 80, {0: 30, 1: 9, 3: 15, 4: 20}),
        ((30, 9, 18, 40, 90), 66, {0: 30, 1: 9, 4: 23}),
        ((30, 9, 18, 40, 90), 20, {0: 30, 1: 9, 4: 20}),  # the first is never shortened: it is copied
    ],
)
def test_columns_are_fitted(natural: tuple[int, ...], room: int, widths: dict[int, int]) -> None:
    """What is empty is left out, long words are shortened to their least, then columns go by their rank."""
    assert widths == fit(COLUMNS, natural, room)


def test_a_row_is_a_line(terminal: Terminal) -> None:
    """In a pipe the head names what each cell is and nothing is cut; on a terminal no line is longer than it is wide,
    ids are whole, and what was left out is said.
    """
    ids = [terminal("generate", words, "--model", "wan2.5-t2v-preview", "--no-wait").lines[0] for words in (LONG, HAN)]
    ids.reverse()
    head, *rows = (line.split("\t") for line in terminal("jobs", "list").lines)
    assert ["id", "state", "model", "ordered", "why", "prompt"] == head
    assert [6, 6] == [len(row) for row in rows]
    assert [HAN, " ".join(LONG.split())] == [row[5] for row in rows]
    for width in (60, 80, 100, 160):
        ran = terminal.on_screen("jobs", "list", width=width)
        assert 3 == len(ran.lines)
        assert all(cell_len(line) <= width for line in ran.lines), ran.out
        assert ids == [line.split()[0] for line in ran.lines[1:]]
        assert ("model" in ran.err) == (width < 80) == ("wan2.5" not in ran.out), ran.err
    assert ids == [line.split("\t")[0] for line in terminal("jobs", "list", "--no-header").lines]


@pytest.mark.parametrize(
    "words",
    [
        "accounts list",
        "budgets list",
        "groups list",
        "models list",
        "projects list",
        "prompt templates",
        "storage archives",
        "storage spools",
        "storage trash",
        "tokens list",
        "tokens log",
        "usage",
        "webhooks list",
    ],
)
def test_every_list_has_a_head_and_fits(terminal: Terminal, words: str) -> None:
    """With something in it or nothing: in a pipe rows as wide as the head, on 80 columns no line is wider."""
    head, *rows = (line.split("\t") for line in terminal(*words.split()).lines)
    assert all(name and name == name.strip() for name in head)
    assert all(len(row) == len(head) for row in rows)
    ran = terminal.on_screen(*words.split())
    assert 0 == ran.code, ran.err
    assert all(cell_len(line) <= 80 for line in ran.lines), ran.out
    assert bool(rows) == bool(ran.lines) or words == "usage"
