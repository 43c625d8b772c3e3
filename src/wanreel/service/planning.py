"""From an order to checked requests: files kept, variants seeded, every problem named before anything is paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.labels import priority_figure, project_name, tag_names
from wanreel.domain.price import estimate
from wanreel.domain.reading import Findings, whole
from wanreel.domain.reference import InlineData, LocalPath, read_reference
from wanreel.domain.request import AUDIO, FIRST_FRAME, LAST_FRAME, Draft, Link, Media, Request, Stored
from wanreel.domain.validate import SEED_MAX, Options, validate
from wanreel.ports import Clock, Inputs, StoredInput
from wanreel.service.order import VARIANTS_MAX, Order, Planned

_T = TypeVar("_T")


async def plan(
    order: Order, catalog: Catalog, region: str, options: Options, inputs: Inputs, clock: Clock, project: str
) -> Planned:
    """Check an order and price it; `project` is for orders that name none. Local files are copied into the home.
    Raises Invalid with every problem.
    """
    variants = _variants(order.variants)
    media, problems = await _media(order, inputs)
    wrong_labels: list[Problem] = []
    of_project = _or_wrong(lambda: project_name(order.project, project), project, wrong_labels)
    tags = _or_wrong(lambda: tag_names(order.tags), (), wrong_labels)
    priority = _or_wrong(lambda: priority_figure(order.priority), 0, wrong_labels)
    problems = (*problems, *wrong_labels)
    try:
        checked = validate(_draft(order, media), catalog, region, options)
    except Invalid as wrong:
        hidden = {p.field for p in problems}  # a file that could not be kept is not also "missing"
        raise Invalid("", (*problems, *(p for p in wrong.problems if p.field not in hidden))) from None
    if problems:
        raise Invalid("", problems)
    requests = _seeded(checked.request, variants, clock)
    return Planned(requests, checked.warnings, estimate(checked.request, catalog, region), of_project, tags, priority)


def _or_wrong(read: Callable[[], _T], instead: _T, problems: list[Problem]) -> _T:
    try:
        return read()
    except Invalid as wrong:
        problems.extend(wrong.problems)
        return instead


def _variants(value: object) -> int:
    variants = whole(value, "variants", Findings())
    if value is None or (isinstance(value, str) and not value.strip()):
        return 1
    if variants is None or not 1 <= variants <= VARIANTS_MAX:
        raise Invalid("", (Problem("variants", f"must be a whole number from 1 to {VARIANTS_MAX}", str(value)),))
    return variants


def _seeded(request: Request, variants: int, clock: Clock) -> tuple[Request, ...]:
    """Every clip of ours has a seed on record; variants of a given seed count up from it."""
    first = request.seed if request.seed is not None else int(clock.draw() * (SEED_MAX + 1))
    return tuple(replace(request, seed=(first + place) % (SEED_MAX + 1)) for place in range(variants))


async def _media(order: Order, inputs: Inputs) -> tuple[tuple[Media, ...], tuple[Problem, ...]]:
    media: list[Media] = []
    problems: list[Problem] = []
    for role, reference in (
        (FIRST_FRAME, order.first_frame),
        (LAST_FRAME, order.last_frame),
        (AUDIO, order.audio_file),
    ):
        if not reference:
            continue
        try:
            kept = await _kept(reference, inputs)
        except Invalid as wrong:
            found = wrong.problems or (Problem(role, wrong.message, reference[:80]),)
            problems.extend(replace(p, field=role) for p in found)
            continue
        if kept is None:
            media.append(Media(role, Link(reference.strip())))
            continue
        stored = Stored(
            sha256=kept.sha256,
            mime=kept.mime,
            size_bytes=kept.size_bytes,
            width=kept.width,
            height=kept.height,
            name=kept.name,
            has_alpha=kept.has_alpha,
        )
        media.append(Media(role, stored))
    return tuple(media), tuple(problems)


async def _kept(reference: str, inputs: Inputs) -> StoredInput | None:
    """The home's copy of what a reference names; None for a link, which the vendor fetches itself. Raises Invalid."""
    found = read_reference(reference)
    if isinstance(found, LocalPath):
        return await inputs.keep(Path(found.path))
    if isinstance(found, InlineData):
        return await inputs.keep_bytes(found.data, "inline")
    return None


def local_path(reference: str) -> Path | None:
    """The local file a reference means; None for anything else. Raises Invalid."""
    found = read_reference(reference)
    return Path(found.path).expanduser() if isinstance(found, LocalPath) else None


def _draft(order: Order, media: tuple[Media, ...]) -> Draft:
    return Draft(
        prompt=order.prompt,
        model=order.model,
        mode=order.mode,
        negative_prompt=order.negative_prompt,
        media=media,
        size=order.size,
        resolution=order.resolution,
        ratio=order.ratio,
        duration_s=order.duration_s,
        seed=order.seed,
        prompt_extend=order.prompt_extend,
        watermark=order.watermark,
        shot_type=order.shot_type,
        audio=order.audio,
        template=order.template,
        extra_input=order.extra_input,
        extra_parameters=order.extra_parameters,
    )
