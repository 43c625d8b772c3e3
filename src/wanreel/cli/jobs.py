"""`wanreel jobs`: list, show, cancel, retry, resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, HomeOptions, RowOptions
from wanreel.cli.render import plain_words, print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home, who_works
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.job import Job

_COLUMNS = (
    Column("id"),
    Column("state"),
    Column("model", rank=2),
    Column("ordered", rank=3),
    Column("why", rank=1, least=12),
    Column("prompt", least=20),
)

jobs = App(name="jobs", help="Look at jobs, stop them, settle doubts.")


@jobs.command(name="list")
def list_jobs(
    *,
    state: Annotated[list[str] | None, Parameter(negative="")] = None,
    group: str | None = None,
    project: str | None = None,
    tag: str | None = None,
    favourites: Annotated[bool, Parameter(negative="")] = False,
    limit: int = 50,
    after: str | None = None,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """List jobs, newest first.

    Parameters
    ----------
    state
        Only these states: queued, submitting, unconfirmed, generating, archiving, succeeded, failed, cancelled.
    group
        Only the jobs of a group (variants, batch).
    project
        Only the jobs of a project.
    tag
        Only jobs with this tag.
    favourites
        Only those that somebody called a favourite.
    limit
        So many at most.
    after
        The id of the last one seen, to go on from.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.errors import Invalid, Problem
        from wanreel.domain.job import STATES, state_name
        from wanreel.ports.jobs import Filter
        from wanreel.service.view import view

        if limit < 1:
            raise Invalid("", (Problem("limit", "must be 1 or more", str(limit)),))
        known = [state_name(s) for s in STATES]
        for word in state or ():
            if word not in known:
                raise Invalid("", (Problem("state", f"must be one of {', '.join(known)}", word),))
        which = Filter(
            states=tuple(state or ()),
            group=group,
            project=project,
            tag=tag,
            favourites=favourites,
            limit=limit,
            after=after,
        )
        found = await opened.service.list(which)
        if home.json:
            attention, marks = await opened.service.attention(found), await opened.marks.of(found)
            for job in found:
                body = view(job, opened.shelf.where, marks.get(job.id))
                print_json(body | {"attention": attention.get(job.id)})
        else:
            print_rows(
                [[j.id, state_name(j.state), j.request.model, _when(j), _told(j), j.request.prompt] for j in found],
                _COLUMNS,
                header=rows.header,
            )
        return Exit.OK

    return in_home(work, home)


@jobs.command
def show(job: str, /, *, home: HomeOptions = HOME) -> int:
    """Everything about one job: request, state, why it waits, history with the vendor's words.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.job import is_final
        from wanreel.service.view import view_entry, view_inputs
        from wanreel.service.view_money import cost_words, view_cost

        found = await opened.service.get(job)
        body = await _whole(opened, found)
        cost = await opened.till.cost(found.id)
        body["cost"] = [view_cost(line) if home.json else cost_words(line) for line in cost]
        body["inputs"] = view_inputs(found)
        body["history"] = [view_entry(e) for e in await opened.service.history(found.id)]
        if home.json:
            print_json(body)
            return Exit.OK
        history = body.pop("history")
        said = body.pop("lint")
        for name, value in body.items():
            if value not in (None, [], False, "") and not name.startswith("asks_"):
                put(f"{name:16} {plain_words(value)}")
        if not is_final(found):
            put(f"{'runner':16} {await who_works(opened)}")
        if body.get("spooled_at"):
            goes = f"will go to {opened.settings.archive_at} when it answers"
            put(f"{'spool':16} lies in the spool since {body['spooled_at']}, {goes}")
        for remark in said:
            put(f"lint             {remark['severity']} {remark['code']} {remark['label']}: {remark['message']}")
        put("history")
        for line in history:
            details = plain_words(line["details"])
            put(f"  {line['at']}  {line['from']} → {line['to']}  {line['event']}: {line['reason']}")
            if details:
                put(f"      {details}")
        return Exit.OK

    return in_home(work, home)


@jobs.command
def cancel(job: str, /, *, discard: Annotated[bool, Parameter(negative="")] = False, home: HomeOptions = HOME) -> int:
    """Ask that a job be stopped. What the vendor has begun is paid for, and kept.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    discard
        A clip that comes all the same need not be kept.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.job import is_final

        after = await opened.service.cancel(job, discard=discard)
        await _print(opened, after, home)
        if not is_final(after) and not home.json:
            kept = "not kept" if discard else "kept"
            say(f"asked: a task that already runs is finished and paid for all the same, and its clip {kept}")
        return Exit.OK

    return in_home(work, home)


@jobs.command
def retry(job: str, /, *, home: HomeOptions = HOME) -> int:
    """Repeat a failed or cancelled job as a new one; a runner (`wanreel worker`, `watch`) makes it.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    """

    async def work(opened: Home) -> int:
        fresh = await opened.service.retry(job)
        await _print(opened, fresh, home)
        return Exit.OK

    return in_home(work, home)


@jobs.command
def resolve(
    job: str,
    /,
    *,
    adopt: str | None = None,
    resubmit: Annotated[bool, Parameter(negative="")] = False,
    give_up: Annotated[bool, Parameter(negative="")] = False,
    note: str = "",
    home: HomeOptions = HOME,
) -> int:
    """Settle a job in doubt by hand, after looking in the vendor's console.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    adopt
        The vendor's task id: this is the job's task after all.
    resubmit
        The vendor never had it: send it again (and pay again, should that be wrong).
    give_up
        End it without knowing; it may have been billed.
    note
        What you saw; kept in the history.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.settling import settlement

        event = settlement(adopt=adopt, resubmit=resubmit, give_up=give_up, note=note)
        after = await opened.service.resolve(job, event)
        await _print(opened, after, home)
        return Exit.OK

    return in_home(work, home)


async def _whole(opened: Home, job: Job) -> dict[str, Any]:
    """A job's public shape, with why it waits and what a person could do."""
    from wanreel.service.view import view

    body = view(job, opened.shelf.where, (await opened.marks.of([job])).get(job.id))
    waiting = await opened.service.waiting(job)
    if waiting is not None:
        body["waiting"] = waiting.words
        body["place"] = waiting.place
        body["about_s"] = waiting.about_s
    if (outlook := await opened.service.outlook(job)) is not None:
        body["outlook"] = outlook
    body["attention"] = (await opened.service.attention([job])).get(job.id)
    return body


async def _print(opened: Home, job: Job, home: HomeOptions) -> None:
    body = await _whole(opened, job)
    if home.json:
        print_json(body)
        return
    put(f"{job.id}  {body['state']}")
    if body["attention"]:
        say(body["attention"])


def _when(job: Job) -> str:
    from wanreel.service.view import iso

    return (iso(job.created_at) or "")[:19].replace("T", " ")


def _told(job: Job) -> str:
    from wanreel.domain.job import Failed, Queued, Unconfirmed

    state = job.state
    if isinstance(state, Failed):
        return state.code
    return state.why if isinstance(state, (Queued, Unconfirmed)) else ""
