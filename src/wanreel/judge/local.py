"""The local judge: measures the clip on this machine. Costs computing and no money, and knows nothing of taste."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wanreel.domain.catalog import Catalog
from wanreel.domain.clip import Frame, Sampled, Sampling
from wanreel.domain.errors import Invalid, NotFound, WanreelError
from wanreel.domain.job import Job
from wanreel.domain.looking import as_asked, camera_agreement, camera_check, camera_wanted, shows
from wanreel.domain.request import FIRST_FRAME, LAST_FRAME, Stored
from wanreel.domain.verdict import Check, Opinion, score_of_checks
from wanreel.ports.inputs import Inputs
from wanreel.ports.media import FileBytes, Media
from wanreel.ports.reviews import JudgeFailed
from wanreel.prompt.explain import explain
from wanreel.prompt.lint import shots

WIDTH = 192  # pixels across at which clips are measured
_UNTOLD = 0.5  # how well the camera obeys where it cannot be told


class LocalJudge:
    """`ports.Judge`."""

    name = "local"

    def __init__(self, media: Media, inputs: Inputs, catalog: Catalog) -> None:
        self._media = media
        self._inputs = inputs
        self._catalog = catalog

    async def judge(self, job: Job, clip: FileBytes) -> Opinion:
        """As `ports.Judge.judge`. A clip that cannot be played is an opinion, too."""
        try:
            film = await self._media.frames(clip, Sampling(count=0, width=WIDTH, grey=True))
        except Invalid as wrong:
            checks = (Check("readable", ok=False, words=wrong.message),)
            return Opinion(self.name, score_of_checks(checks, 0.0), checks)
        except NotFound as gone:
            raise JudgeFailed(str(gone)) from gone
        except WanreelError as why:
            raise JudgeFailed(str(why), later=True) from why
        first = await self._given(job, FIRST_FRAME)
        last = await self._given(job, LAST_FRAME)
        return await asyncio.to_thread(self._opinion, job, film, first, last)

    def _opinion(self, job: Job, film: Sampled, first: Frame | None, last: Frame | None) -> Opinion:
        from wanreel.judge.measure import measure  # noqa: PLC0415 - loads numpy, which most commands never need

        request = job.request
        model = self._catalog.model(request.model)
        seen = measure(film.facts, film.frames, first, last)
        several = request.shot_type == "multi" or shots(request.prompt) > 1
        checks = as_asked(request, film.facts, model) + shows(request, film.facts, seen, multi_shot=several)
        slot = explain(request.prompt).camera
        wanted = camera_wanted(slot)
        agreement = None if several else camera_agreement(wanted, seen.motion)
        camera = None if several else camera_check(wanted, seen.motion, slot)
        if camera is not None:
            checks.append(camera)
        grades = [_UNTOLD if agreement is None else agreement]
        grades += [likeness for likeness in (seen.first_likeness, seen.last_likeness) if likeness is not None]
        return Opinion(self.name, score_of_checks(checks, sum(grades) / len(grades)), tuple(checks))

    async def _given(self, job: Job, role: str) -> Frame | None:
        """The picture a clip should begin or end with, where it is kept here and can be read."""
        source = job.request.source(role)
        if not isinstance(source, Stored):
            return None
        try:
            data = await asyncio.to_thread(_bytes_of, self._inputs.path(source.sha256))
            return await self._media.pixels(_Held(data, source.name or role), WIDTH)
        except WanreelError:
            return None  # removed since, or unreadable: then it cannot be told


class _Held:
    """Bytes in memory, as `ports.FileBytes`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self.name = name
        self.size_bytes = len(data)

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return self._data[start : start + size]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"the input {path} cannot be read: {error.strerror}") from error
