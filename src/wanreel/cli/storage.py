"""`wanreel storage`: what lies in your storage, what stays, what goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, HomeOptions, RowOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.keeping import Custody

_TRASH = (Column("job"), Column("deleted", rank=1), Column("gone after"), Column("why", least=12))

storage = App(name="storage", help="Look after your storage: check, keep, delete, erase.")


@storage.command
def check(*, home: HomeOptions = HOME) -> int:
    """Compare your storage with what the jobs say; report, and remove nothing. Exit code 3 when there is something.

    Orphans are files that belong to no job, missing are clips that should be there, and in the spool are clips that
    your storage has not taken yet.
    """

    async def work(opened: Home) -> int:
        found = await opened.keeping.check()
        if home.json:
            print_json(asdict(found) | {"clean": found.clean})
        else:
            put(f"{found.clips} clips, {found.size_bytes / 1e6:.1f} MB with what lies beside them")
            for kind, strays in (
                ("orphan", found.orphans),
                ("missing", found.missing),
                ("in the spool", found.spooled),
                ("left in the spool", found.spool_orphans),
            ):
                for stray in strays:
                    whose = f" ({stray.job_id})" if stray.job_id else ""
                    put(f"{kind}: {stray.key}{whose} {stray.words}")
            for sha256 in found.inputs:
                put(f"unused input: {sha256}")
        return Exit.OK if found.clean else Exit.ATTENTION

    return in_home(work, home)


@storage.command
def sweep(*, dry_run: Annotated[bool, Parameter(negative="")] = False, home: HomeOptions = HOME) -> int:
    """Apply the rules of age, empty the trash of what lay there long enough, and let go of pictures and sounds that no
    job needs; `wanreel worker` does so by itself.

    Parameters
    ----------
    dry_run
        Only say what would go.
    """

    async def work(opened: Home) -> int:
        done = await opened.keeping.sweep(dry_run=dry_run)
        idle = await opened.keeping.idle_rules([project.name for project in await opened.tokens.projects()])
        if home.json:
            print_json(asdict(done) | {"dry_run": dry_run, "rules_of_unknown_projects": idle})
        else:
            would = "would be " if dry_run else ""
            for name in idle:
                say(f"WANREEL_RETENTION has a rule for {name}, a project nobody knows: misspelt?")
            for what, ids in (("trashed", done.trashed), ("purged", done.purged), ("erased", done.erased)):
                for job_id in ids:
                    put(f"{would}{what}: {job_id}")
            for sha256 in done.inputs:
                put(f"{would}removed: unused input {sha256}")
            for job_id, why in done.failed:
                say(f"{job_id}: {why}")
        return Exit.UNAVAILABLE if done.failed else Exit.OK

    return in_home(work, home)


@storage.command
def reindex(*, dry_run: Annotated[bool, Parameter(negative="")] = False, home: HomeOptions = HOME) -> int:
    """Make finished jobs again of the clips that lie in your storage, after a home was lost.

    Every archive this home knows is looked through. Prompts and costs are not kept there, and stay unknown.

    Parameters
    ----------
    dry_run
        Only say what would be restored.
    """

    async def work(opened: Home) -> int:
        done = await opened.keeping.reindex(dry_run=dry_run)
        if home.json:
            print_json(asdict(done) | {"dry_run": dry_run})
        else:
            would = "would be " if dry_run else ""
            for job_id in done.restored:
                put(f"{would}restored: {job_id}")
            for key, why in done.strange:
                put(f"left alone: {key}: {why}")
            put(f"{done.clips} clips: {len(done.restored)} {would}restored, {done.known} known")
        return Exit.ATTENTION if done.strange else Exit.OK

    return in_home(work, home)


@storage.command
def archives(
    *,
    forget: str | None = None,
    lost: Annotated[bool, Parameter(negative="")] = False,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """List the archives clips of this home may lie in: the one that is set, and earlier ones.

    Parameters
    ----------
    forget
        An earlier one whose clips were all moved: they are looked for in the one that is set now. Refused while clips
        of this home still lie there, or are not in the one that is set.
    lost
        Forget it all the same: what lay there and was not moved is lost for good.
    """

    async def work(opened: Home) -> int:
        if forget is not None:
            await opened.keeping.forget_archive(forget, lost=lost)
        found = opened.shelf.all()
        if home.json:
            for place, name in enumerate(found):
                print_json({"archive": name, "set": place == 0})
        else:
            shown = [[name, "set" if place == 0 else "earlier"] for place, name in enumerate(found)]
            print_rows(shown, (Column("archive"), Column("use")), header=rows.header)
        return Exit.OK

    return in_home(work, home)


@storage.command
def spools(*, gone: str | None = None, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List the machines' spools that hold clips, where several work on one database.

    Parameters
    ----------
    gone
        A machine's that is lost for good: its clips are fetched anew where the vendor still has them, and fail where
        not.
    """

    async def work(opened: Home) -> int:
        if gone is not None:
            for job_id in await opened.keeping.spool_is_gone(gone):
                say(f"{job_id}: nobody waits for {gone} any more")
        found = list((await opened.keeping.spools()).items())
        if home.json:
            for place, (name, job_ids) in enumerate(found):
                print_json({"spool": name, "here": place == 0, "jobs": job_ids})
        else:
            shown = [[name, str(len(ids)), "here" if place == 0 else ""] for place, (name, ids) in enumerate(found)]
            print_rows(shown, (Column("spool"), Column("clips", right=True), Column("where")), header=rows.header)
        return Exit.OK

    return in_home(work, home)


@storage.command
def trash(*, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List what lies in the trash, and until when it can be brought back."""

    async def work(opened: Home) -> int:
        from wanreel.service.view import iso

        found = await opened.keeping.trash()
        if home.json:
            for custody in found:
                print_json(_told(custody))
        else:
            shown = [[c.job_id, iso(c.trashed_at) or "", iso(c.purge_at) or "", c.trashed_why] for c in found]
            print_rows(shown, _TRASH, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@storage.command
def delete(job: str, /, *, why: str = "", home: HomeOptions = HOME) -> int:
    """Move a job's clip to the trash. Its record stays.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    why
        Kept with it.
    """
    return _one(lambda opened: opened.keeping.delete(job, why), home)


@storage.command
def restore(job: str, /, *, home: HomeOptions = HOME) -> int:
    """Bring a clip back from the trash; no rule of age takes it again.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    """
    return _one(lambda opened: opened.keeping.restore(job), home)


@storage.command
def hold(job: str, /, *, why: str, home: HomeOptions = HOME) -> int:
    """Put a clip under legal hold: nobody and no rule can delete or erase it.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    why
        Who asked, which case.
    """
    return _one(lambda opened: opened.keeping.hold(job, why), home)


@storage.command
def release(job: str, /, *, home: HomeOptions = HOME) -> int:
    """End a legal hold.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    """
    return _one(lambda opened: opened.keeping.release(job), home)


@storage.command
def erase(job: str, /, *, yes: Annotated[bool, Parameter(negative="")] = False, home: HomeOptions = HOME) -> int:
    """Erase a job for good: its clip, what it was made from, its prompts and history. There is no way back.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    yes
        Really; without it, nothing is erased.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.errors import Invalid, Problem

        if not yes:
            found = await opened.service.get(job)
            words = f"{found.id} would be erased, with its clip, inputs, prompts and history: say --yes"
            raise Invalid("", (Problem("yes", words),))
        gone = await opened.keeping.erase(job)
        if home.json:
            print_json({"erased": list(gone)})
        else:
            for job_id in gone:
                put(f"erased: {job_id}")
        return Exit.OK

    return in_home(work, home)


def _one(do: Callable[[Home], Awaitable[Custody]], home: HomeOptions) -> int:
    async def work(opened: Home) -> int:
        from wanreel.service.view import iso

        custody = await do(opened)
        if home.json:
            print_json(_told(custody))
            return Exit.OK
        if custody.held_at is not None:
            put(f"{custody.job_id} is under legal hold: {custody.held_why}")
        elif custody.trashed_at is not None:
            put(f"{custody.job_id} is in the trash until {iso(custody.purge_at)}")
        else:
            put(f"{custody.job_id} is kept")
        return Exit.OK

    return in_home(work, home)


def _told(custody: Custody) -> dict[str, Any]:
    from wanreel.service.view import iso

    return {name: iso(value) if name.endswith("_at") else value for name, value in asdict(custody).items()}
