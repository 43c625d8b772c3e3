"""`wanreel get` and `wanreel embed`: a finished clip, what is derived from it, and its place on a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.clip import Aspect
    from wanreel.service.reading import Found


def get(
    job: str,
    /,
    *,
    out: Annotated[str | None, Parameter(name=["--out", "-o"])] = None,
    what: str = "clip",
    remake: Annotated[bool, Parameter(negative="")] = False,
    life: float | None = None,
    home: HomeOptions = HOME,
) -> int:
    """Get a finished clip, or what is derived from it; without -o, say where it is.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    out
        The file to write, or a folder. Length and hash are checked before the file gets its name.
    what
        clip, poster, thumbnail, sheet (eight moments), sprite, track (WebVTT for the sprite), or still.
    remake
        Make what is derived from the clip anew.
    life
        Seconds that the link can be used, where the storage gives links; one hour unless set otherwise.
    """
    target = Path(out or "").expanduser()

    async def work(opened: Home) -> int:
        from wanreel.service.taking import take

        found = await opened.reading.find(job, _aspect(what), remake=remake)
        if out is not None:
            written = await take(opened.reading, found, target)
            print_json(_told(found) | {"path": str(written)}) if home.json else put(str(written))
            return Exit.OK
        link = await opened.reading.link(found, life)
        place = link or opened.shelf.where(found.artifact)
        print_json(_told(found) | {"link": link, "where": place}) if home.json else put(place)
        return Exit.OK

    return in_home(work, home)


def embed(
    job: str,
    /,
    *,
    revoke: Annotated[bool, Parameter(negative="")] = False,
    home: HomeOptions = HOME,
) -> int:
    """Print the HTML that shows a clip on a page, with links that last until you revoke them.

    Parameters
    ----------
    job
        Its id, or an unambiguous beginning of it.
    revoke
        End all of the job's links for good, instead.
    """

    async def work(opened: Home) -> int:
        if revoke:
            ended = await opened.reading.unshare(job)
            print_json({"revoked": ended}) if home.json else say(f"{ended} links ended")
            return Exit.OK
        made = await opened.reading.embed(job)
        if home.json:
            print_json(
                {
                    "html": made.html,
                    "clip": made.clip,
                    "poster": made.poster,
                    "still": made.still,
                    "width": made.facts.width,
                    "height": made.facts.height,
                    "duration_s": made.facts.duration_s,
                }
            )
        else:
            put(made.html)
        return Exit.OK

    return in_home(work, home)


def _aspect(what: str) -> Aspect:
    from wanreel.domain.clip import Aspect
    from wanreel.domain.errors import Invalid, Problem

    try:
        return Aspect(what)
    except ValueError:
        known = ", ".join(Aspect)
        raise Invalid("", (Problem("what", f"must be one of {known}", what),)) from None


def _told(found: Found) -> dict[str, Any]:
    kept = found.artifact
    return {
        "job": found.job.id,
        "what": str(found.aspect),
        "key": kept.key,
        "media_type": kept.media_type,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
    }
