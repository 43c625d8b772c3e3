"""The figures as tables in a page of the docs, between two marks, so that the words around them stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.engine.figures import Figures, Watching

BEGIN, END = "<!-- made by make bench-engine: begin -->", "<!-- made by make bench-engine: end -->"


def write(page: Path, found: Sequence[Figures], machine: Sequence[str]) -> None:
    """Put the tables where the page's marks are."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError(f"{page} has no marks: {BEGIN} … {END}")
    page.write_text(f"{before}{BEGIN}\n\n{tables(found, machine)}\n{END}{after}", "utf-8")


def tables(found: Sequence[Figures], machine: Sequence[str]) -> str:
    """All of it, as markdown."""
    parts = [*(f"* {line}" for line in machine), "", *_life(found), "", *_memory(found), "", *_kills(found), ""]
    return "\n".join(parts)


def _life(found: Sequence[Figures]) -> list[str]:
    rows = [
        "| engine | jobs | jobs/s | CPU a job: workers | servers | rows a job | commits a job | beside | paid |",
        "|---|--:|--:|--:|--:|--:|--:|---|--:|",
    ]
    for one in found:
        if (it := one.life) is not None:
            cpu = f"{it.cpu_ms:.1f} ms | {it.servers_ms:.1f} ms" if it.servers_ms else f"{it.cpu_ms:.1f} ms | none"
            rows.append(
                f"| {one.name} | {it.jobs:,} | {it.jobs_s:.0f} | {cpu} | {it.rows:.1f} | {it.commits:.1f}"
                f" | {it.beside or '–'} | {it.paid:,} |"
            )
    return rows


def _memory(found: Sequence[Figures]) -> list[str]:
    sizes = sorted({one.tasks for figures in found for one in figures.watching})
    rows = [
        f"| memory: workers + servers | {' | '.join(f'{size:,} watched' for size in sizes)} |",
        f"|---|{'--:|' * len(sizes)}",
    ]
    return rows + [
        f"| {one.name} | {' | '.join(_megabytes(one.at(size)) for size in sizes)} |" for one in found if one.watching
    ]


def _megabytes(it: Watching | None) -> str:
    if it is None:
        return "not measured"
    return f"{it.worker_mb:,.0f} + {it.servers_mb:,.0f} MB" if it.servers_mb else f"{it.worker_mb:,.0f} MB"


def _kills(found: Sequence[Figures]) -> list[str]:
    rows = [
        "| after a kill -9 | next end | all ended | jobs | paid | bought, not yet heard of |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return rows + [
        f"| {one.name} | {it.next_s:.1f} s | {it.all_s:.0f} s | {it.jobs} | {it.paid} | {it.in_air} |"
        for one in found
        if (it := one.recovery) is not None
    ]
