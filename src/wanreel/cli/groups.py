"""`wanreel groups`: the clips of one wish (its variants) or of one batch, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.follow import follow
from wanreel.cli.options import HOME, ROWS, VENDOR, HomeOptions, RowOptions, VendorOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put
from wanreel.cli.session import in_home, run
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.service.picture import GroupView

_COLUMNS = (Column("group"), Column("kind", rank=1), Column("clips"), Column("of", least=16))
_TAKES = (
    Column("job"),
    Column("place"),
    Column("score", right=True),
    Column("seed", rank=1, right=True),
    Column("why", least=16),
)

groups = App(name="groups", help="Variants of a wish, and batches: list, compare, wait.")


@groups.command(name="list")
def list_groups(
    *,
    project: str | None = None,
    limit: int = 50,
    after: str | None = None,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """List groups, newest first.

    Parameters
    ----------
    project
        Only this project's.
    limit
        So many at most.
    after
        The id of the last one seen, to go on from.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.pictures import group_body

        found = await opened.picture.groups(project, limit=max(1, limit), after=after)
        views = [await opened.picture.group(group.id) for group in found]
        if home.json:
            for view in views:
                print_json(group_body(view))
        else:
            print_rows([_row(view) for view in views], _COLUMNS, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@groups.command
def show(
    group: str,
    /,
    *,
    judge: Annotated[bool, Parameter(negative="--no-judge")] = True,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """A group's clips, the best first: what was picked, then by score; and those that are not there.

    Parameters
    ----------
    group
        Its id, as `generate --variants`, `batch` and `groups list` print it.
    judge
        Look now at clips nobody has looked at yet.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.job import state_name
        from wanreel.service.pictures import group_body

        ranking = await opened.picture.rank(group, judge=judge)
        view = await opened.picture.group(group)
        if home.json:
            print_json(group_body(view, ranking, await opened.picture.reviews([one.job_id for one in ranking])))
            return Exit.OK
        jobs = {take.job.id: take.job for take in view.takes}
        found: list[list[str]] = []
        for one in ranking:
            score = "" if one.score is None else f"{one.score:.2f}"
            mark = "picked" if one.picked else str(one.place)
            found.append([one.job_id, mark, score, str(jobs[one.job_id].request.seed), one.why])
        found += [
            [take.job.id, "", "", str(take.job.request.seed), state_name(take.job.state)]
            for take in view.takes
            if all(take.job.id != one.job_id for one in ranking)
        ]
        print_rows(found, _TAKES, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@groups.command
def wait(
    group: str, /, *, timeout: float | None = None, home: HomeOptions = HOME, vendor: VendorOptions = VENDOR
) -> int:
    """Wait until every clip of a group has ended or needs a person; work on them where nobody does.

    Parameters
    ----------
    group
        Its id.
    timeout
        Seconds to wait at most; the jobs go on all the same.
    """

    async def work() -> int:
        from wanreel.library import AsyncClient

        async with AsyncClient(**home.given(), **vendor.address()) as client:
            view = await client.home.picture.group(group)
            ids = [take.job.id for take in view.takes]
            return await follow(client, ids, out=None, as_json=home.json, timeout_s=timeout)

    return run(work, as_json=home.json)


def _words(view: GroupView) -> str:
    return view.takes[0].job.request.prompt if view.takes else ""


def _row(view: GroupView) -> list[str]:
    clips = f"{view.tally.succeeded} of {view.tally.wanted}"
    return [view.group.id, str(view.group.kind), clips, view.group.name or _words(view)]


def print_review(body: dict[str, Any]) -> None:
    """What judges said of a clip, for a person."""
    put(f"score            {body['score']:.2f}")
    for check in (c for opinion in body["opinions"] for c in opinion["checks"]):
        mark = {True: "fine", False: "WRONG", None: "cannot be told"}[check["ok"]]
        put(f"  {check['name']:14} {mark:15} {check['words']}")
    for part in (p for opinion in body["opinions"] for p in opinion["parts"]):
        put(f"  {part['score']:.1f}  {part['text']}: {part['sentence']}")
    for words in body["amiss"]:
        put(f"  not heard: {words}")
