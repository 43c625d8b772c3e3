"""A prompt and what it is for, judged by the limits of the model that was named: one way for every face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wanreel.domain.catalog import Catalog
from wanreel.domain.job import Remark
from wanreel.domain.request import Request
from wanreel.prompt import Lint, Mended, Subject, lint, mend
from wanreel.prompt.lint import is_loaded, load
from wanreel.prompt.mend import NEGATIVE_CHARS_MAX
from wanreel.prompt.subject import CHARS_MAX

T = TypeVar("T")

LONG_CHARS = 400
"""From here on a prompt is read in a thread: it takes a millisecond and more, and others would wait for it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A prompt with the limits it is judged by; `negative_chars_max` None: the model has no negative prompt."""

    subject: Subject
    negative_chars_max: int | None


def subject_of(
    prompt: str, catalog: Catalog, *, mode: str | None, model: str | None, size: str | None, duration_s: int
) -> Judged:
    """The limits of a prompt, by the model's name where one is given."""
    known = catalog.model(_official(model, catalog) or "") if model else None
    own = known.prompt_chars_max if known else None
    aliased = (
        model is not None and model.startswith("wan2.5-") and known is not None and not known.id.startswith("wan2.5-")
    )
    subject = Subject(
        prompt,
        mode=mode or (known.modes[0] if known and known.modes else "t2v"),
        size=size,
        duration_s=duration_s,
        chars_max=CHARS_MAX if aliased or own is None else own,
        official_max=own if aliased else None,
        multi_shot=known is not None and ("shot_type" in known.features or known.protocol == "media"),
    )
    negative = known.negative_chars_max if known is not None and known.checked else NEGATIVE_CHARS_MAX
    return Judged(subject, negative)


def read_prompt(judged: Judged) -> tuple[Lint, Mended]:
    """What the lint finds, and the prompt with everything mended that is safe to mend."""
    found = lint(judged.subject)
    return found, mend(judged.subject, found=found, negative_chars_max=judged.negative_chars_max)


async def read_beside(judged: Judged) -> tuple[Lint, Mended]:
    """`read_prompt`; what takes long is done in a thread, where nobody has to wait for it but who asked."""
    return await _beside(judged.subject.prompt, lambda: read_prompt(judged))


async def get_ready() -> None:
    """Load what the lint reads by, beside everything else, so that the first order finds it there."""
    await asyncio.to_thread(load)


async def remarks_beside(request: Request, catalog: Catalog) -> tuple[Remark, ...]:
    """`remarks`; what takes long is done in a thread, where nobody has to wait for it but who asked."""
    return await _beside(request.prompt, lambda: remarks(request, catalog))


async def _beside(prompt: str, read: Callable[[], T]) -> T:
    if is_loaded() and len(prompt) < LONG_CHARS:
        return read()
    return await asyncio.to_thread(_loaded, read)


def _loaded(read: Callable[[], T]) -> T:
    load()
    return read()


def remarks(request: Request, catalog: Catalog) -> tuple[Remark, ...]:
    """What the lint says of a checked request's prompt, advice left out; a shape that only the ratio tells counts."""
    if not request.prompt.strip():
        return ()
    judged = subject_of(
        request.prompt,
        catalog,
        mode=request.mode,
        model=request.asked_model or request.model,
        size=request.size or request.ratio,
        duration_s=request.duration_s or 5,
    )
    return tuple(
        Remark(f.rule.code, f.rule.label, f.rule.severity, f.message, f.start, f.end)
        for f in lint(judged.subject, advise=False).findings
        if f.rule.label is not None
    )


def _official(name: str, catalog: Catalog) -> str:
    """The model a name stands for, in whichever region has one: only its limits are asked here."""
    alias = next((a for a in catalog.aliases if a.name == name), None)
    return alias.to[0][1] if alias and alias.to else name
