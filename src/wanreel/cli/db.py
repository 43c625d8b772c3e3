"""`wanreel db`: the database jobs are kept in, as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from cyclopts import App

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put
from wanreel.cli.session import run

db = App(name="db", help="Look after the database jobs are kept in.")


@db.command
def status(*, home: HomeOptions = HOME) -> int:
    """Say which database jobs are kept in, of which version it is, and how many jobs there are. Changes nothing.

    Exit code 3 when it must be migrated before it can be used.
    """

    async def work() -> int:
        from wanreel.settings import load
        from wanreel.store.tending import standing

        settings = load(**home.given())
        found = await standing(settings.database, settings.home)
        if home.json:
            print_json(asdict(found) | {"fits": found.fits})
            return Exit.OK if found.fits else Exit.ATTENTION
        put(f"{found.kind}: {found.where}")
        put(f"revision {found.revision or 'none: no tables yet'}, this wanreel knows up to {found.newest}")
        for state, count in found.jobs.items():
            put(f"{count} {state}")
        if not found.fits:
            put("run `wanreel db migrate`")
        return Exit.OK if found.fits else Exit.ATTENTION

    return run(work, as_json=home.json)


@db.command
def migrate(*, home: HomeOptions = HOME) -> int:
    """Make the tables, or bring them to this version. What runs on a PostgreSQL database may go on meanwhile.

    A database in a file is brought to this version by whatever opens it; there this is never needed.
    """

    async def work() -> int:
        from wanreel.settings import load
        from wanreel.store.tending import migrate as bring

        settings = load(**home.given())
        done = await bring(settings.database, settings.home)
        if home.json:
            print_json(asdict(done))
        elif done.before == done.after:
            put(f"{done.where} is at revision {done.after} already")
        else:
            put(f"{done.where}: revision {done.before or 'none'} -> {done.after}")
        return Exit.OK

    return run(work, as_json=home.json)


@db.command
def copy(*, home: HomeOptions = HOME) -> int:
    """Move a home's jobs, with all that belongs to them, into the database of WANREEL_DATABASE_URL, and go on there.

    Jobs may be in flight; nobody may work the home meanwhile. The database must have its tables (`wanreel db migrate`)
    and no jobs. The file stays, and is closed for good.
    """

    async def work() -> int:
        from wanreel.domain.errors import Conflict, Invalid
        from wanreel.settings import load
        from wanreel.store.lock import RunnerLock
        from wanreel.store.tending import copy as move

        settings = load(**home.given())
        if settings.database is None:
            raise Invalid("set WANREEL_DATABASE_URL to the database the jobs are to go to")
        lock = RunnerLock(settings.home / "runner.lock")
        if not lock.try_lock("wanreel db copy"):
            raise Conflict(f"a process works the jobs of {settings.home}: stop it first ({lock.holder()})")
        try:
            carried = await move(settings.database, settings.home)
        finally:
            lock.release()
        return _told(carried, "moved", as_json=home.json)

    return run(work, as_json=home.json)


@db.command
def backup(file: Path, *, home: HomeOptions = HOME) -> int:
    """Write all that the database holds into a new file, while work goes on. Clips and kept inputs are not in it.

    Parameters
    ----------
    file
        Where to; nothing is overwritten.
    """

    async def work() -> int:
        from wanreel.clock import SystemClock
        from wanreel.settings import load
        from wanreel.store.tending import backup as keep

        settings = load(**home.given())
        carried = await keep(settings.database, settings.home, file, SystemClock().now())
        return _told(carried, f"kept in {file}", as_json=home.json)

    return run(work, as_json=home.json)


@db.command
def restore(file: Path, *, home: HomeOptions = HOME) -> int:
    """Put a backup into an empty database (of either kind) and go on from there; nothing is paid for twice.

    What was sent after the backup was taken is not in it. So every job that waits to be sent is looked for at the
    vendor first, and sent only when it is proven that it was not; what cannot be proven waits for you.

    Parameters
    ----------
    file
        What `wanreel db backup` has written.
    """

    async def work() -> int:
        from wanreel.settings import load
        from wanreel.wiring import restored

        settings = load(**home.given())
        done = await restored(settings, file)
        if home.json:
            print_json(asdict(done))
            return Exit.OK
        _told(done.rows, "restored", as_json=False)
        put(f"{done.in_doubt} jobs are looked for at the vendor before anything is sent for them")
        return Exit.OK

    return run(work, as_json=home.json)


def _told(rows: Mapping[str, int], done: str, *, as_json: bool) -> int:
    if as_json:
        print_json(dict(rows))
    else:
        put(f"{rows['jobs']} jobs {done}, with {sum(rows.values()) - rows['jobs']} rows of what belongs to them")
    return Exit.OK
