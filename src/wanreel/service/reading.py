"""Reading finished clips back: the clip and what is derived from it, links to both, and a page's piece of HTML.

What is derived from a clip is made once, on first use, and kept beside it; it is made anew when somebody asks, when the
storage has lost it, or when the clip is another one.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from wanreel.domain.clip import Aspect, ClipFacts, Derived, track
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from wanreel.domain.job import Artifact, Job, Succeeded, is_final, state_name
from wanreel.domain.keeping import Custody, KeptViews, Share, View, view_key
from wanreel.domain.request import FIRST_FRAME, Stored
from wanreel.ports.archive import Label, Shelf, Span
from wanreel.ports.clock import Clock
from wanreel.ports.inputs import Inputs
from wanreel.ports.keeping import Custodian, Gallery
from wanreel.ports.media import Media
from wanreel.service.uses import Service

SHARED_PATH = "/s/"
"""Where the server answers stable links: this, then the token."""

READ_BYTES = 1024 * 1024  # asked of the storage at a time, when the decoder wants some
READ_AHEAD_MAX = 8  # so many such pieces are held
TRACK_TYPE = "text/vtt"
SHARED_LIFE_S = 300.0  # of what a stable link leads on to: so long after a revoke it may still be seen
LINK_LIFE_MAX_S = 7 * 86_400.0  # storage signs no longer


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """What reading needs. `public_url` is where this server is seen from outside, `public_base` where the bucket is."""

    clock: Clock
    service: Service
    gallery: Gallery
    custodian: Custodian
    shelf: Shelf
    media: Media
    inputs: Inputs
    public_url: str | None = None
    public_base: str | None = None
    link_life_s: float = 3600.0
    shared_redirect: bool = False  # stable links lead on into the storage, in place of serving the bytes


@dataclass(frozen=True, slots=True)
class Found:
    """An artifact that may be shown, and what a browser should call it when it is saved."""

    job: Job
    aspect: Aspect
    artifact: Artifact
    filename: str

    @property
    def plain_name(self) -> str:
        """What a stranger's browser calls it: that it is a clip, a poster; nothing of whose."""
        return f"{self.aspect}.{self.filename.rpartition('.')[2]}"

    @property
    def is_clip(self) -> bool:
        """Whether it is the paid clip itself: what is derived can be made anew."""
        return self.aspect is Aspect.CLIP


@dataclass(frozen=True, slots=True)
class Embed:
    """A piece of HTML for somebody's page, and the links in it."""

    html: str
    clip: str
    poster: str
    still: str
    facts: ClipFacts


class Reading:
    """The use cases of whoever looks at clips."""

    def __init__(self, room: ReadingRoom) -> None:
        self._room = room

    @property
    def public_url(self) -> str | None:
        """Where this server is seen from outside, where that was set."""
        return self._room.public_url

    # --- what is there ----------------------------------------------------------------------------------------------

    async def find(self, job_id: str, aspect: Aspect = Aspect.CLIP, *, remake: bool = False) -> Found:
        """An artifact of a job. Raises NotFound (no such job, or its clip is gone), Conflict (not finished, or in the
        trash), Invalid (the clip cannot be decoded), Unavailable.
        """
        job = await self._room.service.get(job_id)
        state = await self._showable(job)
        stem = _stem(job)
        if aspect is Aspect.CLIP:
            return Found(job, aspect, state.artifact, f"{stem}.mp4")
        kept = await self._views(job, state.artifact, remake=remake)
        view = kept.of(aspect)
        if view is None:
            raise NotFound(f"{job.id} has no {aspect}")
        return Found(job, aspect, view.artifact, f"{stem}.{aspect}.{view.artifact.key.rpartition('.')[2]}")

    async def facts(self, job_id: str) -> KeptViews:
        """What is known of a job's clip, and what lies beside it. Raises as `find`."""
        job = await self._room.service.get(job_id)
        state = await self._showable(job)
        return await self._views(job, state.artifact, remake=False)

    async def open(self, found: Found, span: Span | None = None) -> AsyncIterator[bytes]:
        """The bytes of an artifact, or a part. One of the derived that the storage has lost is made anew. Raises
        NotFound, Unavailable; so does the iterating.
        """
        try:
            return await self._room.shelf.open(found.artifact, span)
        except NotFound:
            if found.aspect is Aspect.CLIP:
                raise
            again = await self.find(found.job.id, found.aspect, remake=True)
            return await self._room.shelf.open(again.artifact, span)

    async def track(self, job_id: str, sprite_link: str) -> str:
        """The WebVTT text of a job's sprite, for a player that finds the sprite at this link. Raises as `find`."""
        kept = await self.facts(job_id)
        return track(kept.sprite, kept.facts.duration_s, sprite_link)

    async def source(self, job_id: str, role: str) -> tuple[Stored, bytes]:
        """A picture or sound a job started from, where the home keeps it. Raises NotFound, in the same words for a job
        without one, one that names a link, and a copy that is gone.
        """
        job = await self._room.service.get(job_id)
        nothing = NotFound(f"{job.id} has no {role} that is kept here")
        kept = job.request.source(role)
        if not isinstance(kept, Stored):
            raise nothing
        try:
            path = self._room.inputs.path(kept.sha256)
        except NotFound:
            raise nothing from None
        data = await _read_file(path)
        if not data:
            raise nothing
        return kept, data

    # --- links ------------------------------------------------------------------------------------------------------

    async def link(self, found: Found, life_s: float | None = None) -> str | None:
        """A link that anybody can read an artifact by for a while, straight from the storage, made anew each time.
        None where the storage has none. Raises Invalid, Unavailable.
        """
        life_s = self._room.link_life_s if life_s is None else life_s
        if not 1 <= life_s <= LINK_LIFE_MAX_S:
            raise Invalid("", (Problem("life", "must be 1 second to 7 days", f"{life_s:g} s"),))
        return await self._room.shelf.link(found.artifact, life_s, found.filename)

    async def share(self, job_id: str, aspect: Aspect = Aspect.CLIP) -> Share:
        """A stable link to one artifact: the same one for as long as it is not revoked. Raises as `find`."""
        found = await self.find(job_id, aspect)
        now = self._room.clock.now()
        return await self._room.gallery.share(Share(self._token(), found.job.id, aspect, now))

    async def shared(self, token: str) -> Found:
        """What a stable link shows, to anybody who has it. Raises NotFound, in the same words whether the token was
        never given, was revoked, or its clip is gone; Unavailable.
        """
        nothing = NotFound("there is nothing here (any more)")
        share = await self._room.gallery.shared(token) if re.fullmatch(r"[0-9a-z]{32}", token) else None
        if share is None or share.revoked_at is not None:
            raise nothing
        try:
            return await self.find(share.job_id, share.aspect)
        except (NotFound, Conflict, Invalid):
            raise nothing from None

    async def leads_to(self, found: Found) -> str | None:
        """Where a stable link sends a stranger on to, for a few minutes; None: serve the bytes. Raises Unavailable."""
        room = self._room
        if not room.shared_redirect:
            return None
        return await room.shelf.link(found.artifact, min(SHARED_LIFE_S, room.link_life_s), found.plain_name)

    async def shares(self, job_id: str) -> list[Share]:
        """All stable links of a job, revoked ones too. Raises NotFound."""
        job = await self._room.service.get(job_id)
        return await self._room.gallery.shares_of(job.id)

    async def revoke(self, token: str) -> bool:
        """End a stable link for good; whether it was live."""
        return await self._room.gallery.revoke(token, self._room.clock.now())

    async def unshare(self, job_id: str) -> int:
        """End all stable links of a job; how many were live. Raises NotFound."""
        return sum([await self.revoke(share.token) for share in await self.shares(job_id)])

    async def embed(self, job_id: str) -> Embed:
        """A `<video>` for somebody's page: with a poster, and for browsers without video the still it was made from (or
        the poster). Its links are stable. Raises Invalid (no address is set), and as `find`.
        """
        job = await self._room.service.get(job_id)
        kept = await self.facts(job.id)
        clip, poster = await self._stable(job.id, Aspect.CLIP), await self._stable(job.id, Aspect.POSTER)
        still = await self._stable(job.id, Aspect.STILL) if kept.of(Aspect.STILL) else poster
        return Embed(_markup(kept.facts, clip, poster, still), clip, poster, still, kept.facts)

    async def _stable(self, job_id: str, aspect: Aspect) -> str:
        room = self._room
        found = await self.find(job_id, aspect)
        if room.public_base and room.shelf.of(found.artifact.archive) is room.shelf.of(""):
            return f"{room.public_base.rstrip('/')}/{quote(found.artifact.key)}"
        if not room.public_url:
            raise Invalid(
                "",
                (
                    Problem(
                        "public_url",
                        "must be set for links that last: WANREEL_PUBLIC_URL is where this server is seen from outside",
                    ),
                ),
            )
        return f"{room.public_url.rstrip('/')}{SHARED_PATH}{(await self.share(job_id, aspect)).token}"

    def _token(self) -> str:
        """160 bits that nobody guesses and that tell no time."""
        return "".join(self._room.clock.new_id("x")[-16:] for _ in range(2))

    # --- making -----------------------------------------------------------------------------------------------------

    async def _showable(self, job: Job) -> Succeeded:
        """The state of a job whose clip may be shown. Raises Conflict, NotFound."""
        state = job.state
        if not isinstance(state, Succeeded):
            if not is_final(job):
                raise Conflict(f"{job.id} is still {state_name(state)}: its clip is not there yet")
            raise NotFound(f"{job.id} is {state_name(state)} and has no clip")
        custody = (await self._room.custodian.custody_of([job.id])).get(job.id, Custody(job.id))
        if custody.readable:
            return state
        if custody.erase_asked_at is not None:
            raise NotFound(f"{job.id}'s clip was erased")
        if custody.purged_at is not None:
            raise NotFound(f"{job.id}'s clip was deleted ({custody.trashed_why or 'by hand'})")
        raise Conflict(f"{job.id}'s clip is in the trash: wanreel storage restore {job.id} brings it back")

    async def _views(self, job: Job, clip: Artifact, *, remake: bool) -> KeptViews:
        """What was derived from a clip; made now if it never was."""
        room = self._room
        kept = await room.gallery.views_of(job.id)
        if kept is not None and kept.clip_sha256 == clip.sha256 and not remake:
            return kept
        made = await room.media.views(ShelvedClip(room.shelf, clip))
        views = [await self._put(clip, derived) for derived in (*made.files, *await self._still(job))]
        text = track(made.sprite, made.facts.duration_s, _near(views)).encode()
        views.append(await self._put(clip, Derived(Aspect.TRACK, TRACK_TYPE, text)))
        kept = KeptViews(job.id, clip.sha256, room.clock.now(), made.facts, made.sprite, tuple(views))
        await room.gallery.keep_views(kept)
        try:
            await self._showable(job)
        except (Conflict, NotFound):  # erased or deleted while this was made: what was made goes, too
            for view in views:
                await room.shelf.of(view.artifact.archive).remove(view.artifact.key)
            await room.gallery.drop_views(job.id)
            raise
        return kept

    async def _put(self, clip: Artifact, derived: Derived) -> View:
        key = view_key(clip.key, derived.aspect, derived.media_type)
        shelf = self._room.shelf.of(clip.archive)
        artifact = replace(
            await shelf.put(key, derived.data, Label(media_type=derived.media_type)), archive=clip.archive
        )
        return View(derived.aspect, artifact, derived.width, derived.height)

    async def _still(self, job: Job) -> list[Derived]:
        """The picture a clip was made from, where it was made from a kept one."""
        source = job.request.source(FIRST_FRAME)
        if not isinstance(source, Stored) or not source.mime.startswith("image/"):
            return []
        try:
            path = self._room.inputs.path(source.sha256)
        except NotFound:
            return []
        data = await _read_file(path)
        return [Derived(Aspect.STILL, source.mime, data, source.width, source.height)] if data else []


class ShelvedClip:
    """A clip in the user's storage as `ports.FileBytes`: read in large pieces, the last few of which are held."""

    def __init__(self, shelf: Shelf, clip: Artifact) -> None:
        self._shelf = shelf
        self._clip = clip
        self._held: dict[int, bytes] = {}
        self.name = clip.key
        self.size_bytes = clip.size_bytes

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        stop = min(start + size, self.size_bytes)
        parts: list[bytes] = []
        while start < stop:
            number, skip = divmod(start, READ_BYTES)
            piece = (await self._piece(number))[skip : skip + stop - start]
            if not piece:
                raise Unavailable(f"the clip {self.name} ended before its {self.size_bytes} bytes")
            parts.append(piece)
            start += len(piece)
        return b"".join(parts)

    async def _piece(self, number: int) -> bytes:
        held = self._held.pop(number, None)
        if held is None:
            span = Span(number * READ_BYTES, min((number + 1) * READ_BYTES, self.size_bytes))
            held = b"".join([part async for part in await self._shelf.open(self._clip, span)])
        self._held[number] = held  # the one used last stands last
        while len(self._held) > READ_AHEAD_MAX:
            self._held.pop(next(iter(self._held)))
        return held


def _stem(job: Job) -> str:
    """A safe file name without its ending: the caller's name for the job where it has one, and the job's id."""
    name = re.sub(r"[^\w.-]+", "_", job.name or "", flags=re.UNICODE).strip("._")[:80]
    return f"{name}-{job.id}" if name else job.id


def _near(views: list[View]) -> str:
    """The sprite's name, as a file beside it finds it."""
    return next((v.artifact.key.rpartition("/")[2] for v in views if v.aspect is Aspect.SPRITE), "")


async def _read_file(path: Path) -> bytes:
    """A kept input; nothing where it cannot be read: a page can do without it."""
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError:
        return b""


def _markup(facts: ClipFacts, clip: str, poster: str, still: str) -> str:
    """The HTML. It loads nothing but its poster before somebody plays it, and keeps its place while it loads."""
    sides = f'width="{facts.width}" height="{facts.height}"'
    style = 'style="max-width:100%;height:auto"'
    return (
        f'<video controls playsinline preload="none" {sides} {style} poster="{html.escape(poster)}">\n'
        f'  <source src="{html.escape(clip)}" type="video/mp4">\n'
        f'  <img src="{html.escape(still)}" alt="" {sides} {style}>\n'
        "</video>"
    )
