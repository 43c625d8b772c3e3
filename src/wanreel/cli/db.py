"""`wanreel db`: the database jobs are kept in, as a whole."""

from __future__ import annotations

from dataclasses import asdict

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
