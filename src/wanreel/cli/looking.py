"""`wanreel jobs review | pick | mark | replace | diagnose`: what came out, which one it is, and why it looks wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.groups import print_review
from wanreel.cli.jobs import jobs
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wanreel.client import Home
    from wanreel.service.diagnosis import Word

SHOWN_MAX = 3


@jobs.command
def review(job: str, /, *, again: Annotated[bool, Parameter(negative="")] = False, home: HomeOptions = HOME) -> int:
    """What judges say of a clip: checks, movement, and the prompt's parts. Asks them where nobody has looked yet.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    again
        Ask once more.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.pictures import review_body

        body = review_body(await opened.picture.review(job, again=again))
        print_json(body) if home.json else print_review(body)
        return Exit.OK

    return in_home(work, home)


@jobs.command
def pick(
    job: str,
    /,
    *,
    change: Annotated[bool, Parameter(negative="")] = False,
    by: str = "",
    note: str = "",
    home: HomeOptions = HOME,
) -> int:
    """Say that it is this clip. A pick is a person's word: no score changes it, and it counts as the accepted clip.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    change
        Another clip of the group was picked before; it is this one now.
    by
        Who says so.
    note
        Why; kept with it.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.pictures import pick_body

        word = await opened.picture.pick(job, change=change, by=by, note=note)
        print_json(pick_body(word)) if home.json else put(f"{word.job_id}  picked")
        return Exit.OK

    return in_home(work, home)


@jobs.command
def mark(
    job: str,
    /,
    *,
    favourite: bool | None = None,
    tag: Annotated[list[str] | None, Parameter(negative="")] = None,
    untag: Annotated[list[str] | None, Parameter(negative="")] = None,
    by: str = "",
    home: HomeOptions = HOME,
) -> int:
    """Call a job a favourite, or give it other tags, whatever became of it. `jobs list` finds it by them.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    favourite
        It is one, or is none.
    tag
        A tag to add; several may be given.
    untag
        A tag to take away; several may be given.
    by
        Who says so.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.mark import marking_of, tags_of
        from wanreel.service.view import view

        found = await opened.service.get(job)
        said = await opened.marks.mark(found, marking_of(favourite, None, tag, untag), by)
        if home.json:
            print_json(view(found, opened.shelf.where, said))
        else:
            star = "favourite, " if said.favourite else ""
            put(f"{found.id}  {star}tags: {', '.join(tags_of(found, said)) or 'none'}")
        return Exit.OK

    return in_home(work, home)


@jobs.command
def replace(job: str, /, *, seed: int | None = None, home: HomeOptions = HOME) -> int:
    """Order another take in the place of one that has ended: the same wish, a seed its group has not had.

    A runner (`wanreel worker`, `watch`) makes it. What it replaces is kept.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    seed
        The seed; drawn when not given.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.view import view

        fresh = await opened.picture.replace(job, seed)
        if home.json:
            print_json(view(fresh, opened.shelf.where))
        else:
            put(f"{fresh.id}  queued, seed {fresh.request.seed}")
        return Exit.OK

    return in_home(work, home)


@jobs.command
def diagnose(
    job: str, /, *, judge: Annotated[bool, Parameter(negative="--no-judge")] = True, home: HomeOptions = HOME
) -> int:
    """It succeeded, but it looks wrong: which known cause fits, with the evidence, and one command for a better try.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    judge
        Look at the clip now where nobody has looked yet.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.pictures import diagnosis_body

        found = await opened.picture.diagnose(job, judge=judge)
        if home.json:
            print_json(diagnosis_body(found))
            return Exit.OK
        for place, cause in enumerate(found.causes[:SHOWN_MAX]):
            put(f"{'most likely: ' if place == 0 else 'or: '}{cause.title}")
            for words in cause.evidence:
                put(f"    {words}")
        if found.words:
            put("what the vendor made of the prompt ([-left out-] {+put in+}):")
            put(f"    {compared(found.words)}")
        if found.command:
            say("try:")
            put(found.command)
        return Exit.OK

    return in_home(work, home)


def compared(words: Sequence[Word]) -> str:
    """Two prompts in one line, as a word diff."""
    shapes = {"kept": "{}", "lost": "[-{}-]", "added": "{{+{}+}}"}
    said: list[str] = []
    for what, run in _runs(words):
        chinese = any("\u3400" <= w[0] <= "\u9fff" for w in run)
        said.append(shapes[what].format(("" if chinese else " ").join(run)))
    return " ".join(said)


def _runs(words: Sequence[Word]) -> list[tuple[str, list[str]]]:
    runs: list[tuple[str, list[str]]] = []
    for word in words:
        if runs and runs[-1][0] == word.what:
            runs[-1][1].append(word.text)
        else:
            runs.append((word.what, [word.text]))
    return runs
