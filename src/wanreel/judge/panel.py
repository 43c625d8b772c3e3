"""All judges of a home, one after another over one clip. Whatever one of them does, the others are still heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wanreel.domain.errors import NotFound, WanreelError
from wanreel.domain.job import Artifact, Job, Succeeded
from wanreel.domain.verdict import Opinion, Review, score_of
from wanreel.ports.archive import Shelf, Span
from wanreel.ports.reviews import Judge, JudgeFailed, Reviewed
from wanreel.telemetry import JUDGE_FAILED, log

PATIENCE_S = 300.0  # with one judge, whatever it promises of its own patience


class Judges:
    """`ports.Panel`."""

    def __init__(self, judges: Sequence[Judge], shelf: Shelf, *, patience_s: float = PATIENCE_S) -> None:
        self._judges = judges
        self._shelf = shelf
        self._patience_s = patience_s

    async def review(self, job: Job, now: float) -> Reviewed:
        """As `ports.Panel.review`."""
        state = job.state
        if not isinstance(state, Succeeded):
            return Reviewed(Review(job.id, now, 0.0, amiss=("there is no clip to look at",)), again=False)
        clip = ShelfFile(self._shelf, state.artifact)
        opinions: list[Opinion] = []
        amiss: list[str] = []
        again = False
        for judge in self._judges:
            try:
                async with asyncio.timeout(self._patience_s):
                    opinions.append(await judge.judge(job, clip))
            except JudgeFailed as failure:
                amiss.append(f"{judge.name}: {failure.why}")
                again = again or failure.later
            except TimeoutError:
                amiss.append(f"{judge.name}: no answer within {self._patience_s:g} s")
                again = True
            except WanreelError as why:  # the clip itself: not there any more, or not to be had today
                amiss.append(f"{judge.name}: {why}")
                again = again or not isinstance(why, NotFound)
            except Exception:  # noqa: BLE001 - a bug in a judge must not be anybody else's; it is logged whole
                log.exception(JUDGE_FAILED, job=job.id, judge=judge.name)
                amiss.append(f"{judge.name}: a bug of ours; the log has it")
        for words in amiss:
            log.warning(JUDGE_FAILED, job=job.id, why=words)
        return Reviewed(Review(job.id, now, score_of(opinions), tuple(opinions), tuple(amiss)), again)


class ShelfFile:
    """A clip as `ports.FileBytes`, read where it lies."""

    def __init__(self, shelf: Shelf, artifact: Artifact) -> None:
        self._shelf = shelf
        self._artifact = artifact

    @property
    def name(self) -> str:
        """Its key."""
        return self._artifact.key

    @property
    def size_bytes(self) -> int:
        """As it was archived."""
        return self._artifact.size_bytes

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        pieces = await self._shelf.open(self._artifact, Span(start, min(start + size, self.size_bytes)))
        return b"".join([piece async for piece in pieces])
