"""Looks into foreign clips and pictures as `ports.Media`: every decoder runs in a child process, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wanreel.domain.clip import Aspect, ClipFacts, Derived, Fit, Frame, Sampled, Sampling, Sprite, Still, Views
from wanreel.domain.errors import Internal, Invalid
from wanreel.media.child import Child
from wanreel.media.limits import LIMITS, PROBE, Limits
from wanreel.ports.media import FileBytes

SAMPLES_MAX = 1000
WIDTH_MAX = 4096


class Looks:
    """`ports.Media`."""

    def __init__(self, child: Child | None = None, limits: Limits = LIMITS, probing: Limits = PROBE) -> None:
        self._child = child or Child()
        self._limits = limits
        self._probing = probing

    async def probe(self, clip: FileBytes) -> ClipFacts:
        """As `ports.Media.probe`."""
        return _facts((await self._child.ask("probe", clip, {}, self._probing)).told)

    async def frames(self, clip: FileBytes, wanted: Sampling) -> Sampled:
        """As `ports.Media.frames`."""
        if not 0 <= wanted.count <= SAMPLES_MAX or not 1 <= wanted.width <= WIDTH_MAX:
            raise Invalid(f"at most {SAMPLES_MAX} pictures of at most {WIDTH_MAX} pixels across can be looked at")
        answer = await self._child.ask("frames", clip, asdict(wanted), self._limits)
        rows: list[Mapping[str, Any]] = answer.told["frames"]
        frames = tuple(Frame(**row, pixels=pixels) for row, pixels in zip(rows, answer.pieces, strict=True))
        if any(len(frame.pixels) != frame.width * frame.height * frame.channels for frame in frames):
            raise Internal(f"the pictures of {clip.name} came incomplete")
        return Sampled(_facts(answer.told), frames)

    async def views(self, clip: FileBytes) -> Views:
        """As `ports.Media.views`."""
        answer = await self._child.ask("views", clip, {}, self._limits)
        rows: list[Mapping[str, Any]] = answer.told["files"]
        files = [
            Derived(Aspect(row["aspect"]), row["media_type"], data, row["width"], row["height"])
            for row, data in zip(rows, answer.pieces, strict=True)
        ]
        return Views(_facts(answer.told), Sprite(**answer.told["sprite"]), tuple(files))

    async def still(self, file: FileBytes, fit: Fit | None = None) -> Still:
        """As `ports.Media.still`."""
        args = {"fit": asdict(fit) if fit else None}
        answer = await self._child.ask("still", file, args, self._limits)
        told = dict(answer.told)
        changes = tuple(map(str, told.pop("changes")))
        return Still(**told, data=answer.pieces[0] if answer.pieces else None, changes=changes)

    async def pixels(self, file: FileBytes, width: int) -> Frame:
        """As `ports.Media.pixels`."""
        if not 1 <= width <= WIDTH_MAX:
            raise Invalid(f"pictures of at most {WIDTH_MAX} pixels across can be looked at")
        answer = await self._child.ask("pixels", file, {"width": width}, self._limits)
        frame = Frame(**answer.told, pixels=b"".join(answer.pieces))
        if len(frame.pixels) != frame.width * frame.height:
            raise Internal(f"the pixels of {file.name} came incomplete")
        return frame


def _facts(told: Mapping[str, Any]) -> ClipFacts:
    return ClipFacts(**told["facts"])
