"""Rows for a person and for a program: fitted to a terminal, or whole, headed and tab-separated in a pipe.

In a pipe a row is one line and nothing is left out, whatever it holds; the first line names the columns. On a terminal
a row is one line as well: long words are shortened, and columns are left out by their rank, until it fits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from wanreel.cli.report import plain, put, say

GAP = 2
WIDEST = 2000  # a cell that is longer is shortened on any terminal


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and what may become of it where there is little room: `rank` 0 is always shown, of the others the
    highest goes first; `least` is how short it may be made, in cells of the terminal (0: never shortened).
    """

    name: str
    rank: int = 0
    least: int = 0
    right: bool = False  # figures stand below each other


Widths = dict[int, int]
"""The columns that are shown, in their order, and how wide each of them is."""


def print_rows(rows: Sequence[Sequence[str]], columns: Sequence[Column], *, header: bool = True) -> None:
    """Print them on stdout; the first column is what people copy."""
    lines = [[_one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_fitted(lines, columns, header=header)
        return
    if header:
        put("\t".join(column.name for column in columns))
    for line in lines:
        put("\t".join(line))


def fit(columns: Sequence[Column], natural: Sequence[int], room: int) -> Widths:
    """Which columns are shown in so many cells, and how wide; `natural` is what each needs, 0 where it is empty."""
    shown = [place for place, width in enumerate(natural) if width or not place]
    while True:
        widths = {place: natural[place] for place in shown}
        excess = sum(widths.values()) + GAP * (len(shown) - 1) - room
        while excess > 0:
            long = [place for place in shown if columns[place].least and widths[place] > columns[place].least]
            if not long:
                break
            widths[max(long, key=lambda place: widths[place])] -= 1
            excess -= 1
        spare = [place for place in shown if columns[place].rank]
        if excess <= 0 or not spare:
            return widths
        shown.remove(max(spare, key=lambda place: columns[place].rank))


def _print_fitted(lines: Sequence[Sequence[str]], columns: Sequence[Column], *, header: bool) -> None:
    if not lines:
        say("there is nothing to list")
        return
    from rich.cells import cell_len
    from rich.console import Console

    console = Console()
    needed = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    natural = [
        min(WIDEST, max(width, cell_len(column.name))) if width else 0
        for column, width in zip(columns, needed, strict=True)
    ]
    widths = fit(columns, natural, console.width)
    if header:
        _print_line(console, [column.name for column in columns], columns, widths, style="bold")
    for line in lines:
        _print_line(console, line, columns, widths)
    left_out = [columns[place].name for place, width in enumerate(natural) if width and place not in widths]
    if left_out:
        say(f"left out for want of room: {', '.join(left_out)}  (wider, in a pipe, or --json: all)")


def _print_line(
    console: object, line: Sequence[str], columns: Sequence[Column], widths: Widths, style: str = ""
) -> None:
    from rich.console import Console
    from rich.text import Text

    assert isinstance(console, Console)
    whole = Text(style=style)
    for number, (place, width) in enumerate(widths.items()):
        cell = Text(line[place])
        cell.truncate(width, overflow="ellipsis")
        if columns[place].right:
            cell.pad_left(width - cell.cell_len)
        elif number < len(widths) - 1:
            cell.pad_right(width - cell.cell_len)
        whole.append(" " * GAP if number else "").append_text(cell)
    console.print(whole, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)


def _one_line(cell: str) -> str:
    return plain(cell.replace("\t", " ").replace("\r\n", " ").replace("\n", " "))
