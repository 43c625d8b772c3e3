"""From an order to checked requests: files kept, variants seeded, every problem named before anything is paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from wanreel.domain.catalog import Catalog
from wanreel.domain.clip import Fit
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.group import Seeds
from wanreel.domain.job import Remark
from wanreel.domain.labels import priority_figure, project_name, tag_names
from wanreel.domain.reading import Findings, switch, whole
from wanreel.domain.reference import InlineData, LocalPath, VendorLink, WebLink, read_reference
from wanreel.domain.request import AUDIO, FIRST_FRAME, LAST_FRAME, Draft, Link, Media, Request, Stored
from wanreel.domain.validate import SEED_MAX, Options, model_for, validate
from wanreel.money.amount import read_amount, words
from wanreel.money.books import Books
from wanreel.money.estimate import estimate
from wanreel.ports.clock import Clock
from wanreel.ports.inputs import Inputs, StoredInput
from wanreel.service.linting import remarks_beside
from wanreel.service.order import VARIANTS_MAX, Order, Planned

_T = TypeVar("_T")


async def plan(
    order: Order, books: Books, region: str, options: Options, inputs: Inputs, clock: Clock, project: str
) -> Planned:
    """Check an order and price it; `project` is for orders that name none. Local files and what
    links lead to are copied into the home. Raises Invalid with every problem.
    """
    given = _given_seeds(order.seed)
    variants = _variants(order.variants, given)
    media, problems, changes = await _media(order, inputs, _fit(order, books.catalog, region, options))
    wrong_labels: list[Problem] = []
    of_project = _or_wrong(lambda: project_name(order.project, project), project, wrong_labels)
    tags = _or_wrong(lambda: tag_names(order.tags), (), wrong_labels)
    priority = _or_wrong(lambda: priority_figure(order.priority), 0, wrong_labels)
    one, all_of_it = (_or_wrong(partial(_cap, *cap), None, wrong_labels) for cap in _caps(order))
    problems = (*problems, *wrong_labels)
    try:
        checked = validate(_draft(order, media), books.catalog, region, options)
    except Invalid as wrong:
        hidden = {p.field for p in problems}  # a file that could not be kept is not also "missing"
        raise Invalid("", (*problems, *(p for p in wrong.problems if p.field not in hidden))) from None
    said = await remarks_beside(checked.request, books.catalog)
    problems = (*problems, *_refused(said, order, options))
    if problems:
        raise Invalid("", problems)
    requests = _seeded(checked.request, variants, given, clock)
    warnings = (*changes, *checked.warnings, *(f"{r.code} {r.label}: {r.message}" for r in said))
    price = estimate(checked.request, books.catalog, books.tariff, region, clock.now())
    seeds = Seeds.GIVEN if given else Seeds.DRAWN if checked.request.seed is None else Seeds.DERIVED
    planned = Planned(requests, warnings, price, of_project, tags, priority, said, one, all_of_it, seeds)
    _affordable(planned)
    return planned


def _caps(order: Order) -> tuple[tuple[str, object], tuple[str, object]]:
    return ("max_cost", order.max_cost), ("group_max_cost", order.group_max_cost)


def _cap(field: str, value: object) -> Decimal | None:
    """The most that may be paid; None where nothing was said. A number of JSON is read as written. Raises Invalid."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    amount = None if isinstance(value, bool) else read_amount(str(value))
    if amount is None:
        raise Invalid("", (Problem(field, "must be an amount of money from 0, such as 3 or 0.75", str(value)),))
    return amount


def _affordable(planned: Planned) -> None:
    """What is dearer than was allowed need not wait to be told so. Raises Invalid."""
    price, per_clip = planned.estimate, planned.estimate.amount
    problems: list[Problem] = []
    totals = (("max_cost", planned.max_cost, 1), ("group_max_cost", planned.group_max_cost, planned.clips))
    for field, cap, clips in totals:
        if cap is None:
            continue
        if per_clip is None:
            problems.append(Problem(field, f"cannot be kept: the price is unknown ({price.why})", words(cap)))
        elif per_clip * clips > cap:
            bound = "at most " if price.at_most else ""
            cost = f"{bound}{words(per_clip * clips)} {price.currency}"
            problems.append(Problem(field, f"is less than it may cost: {cost}", words(cap), "over_cap"))
    if problems:
        raise Invalid("", tuple(problems))


def _refused(said: tuple[Remark, ...], order: Order, options: Options) -> Iterator[Problem]:
    """What the lint refuses an order for: nothing where the order says `lint` no; nor the length, where prompts may be
    cut.
    """
    find = Findings()
    asked = switch(order.lint, "lint", find)
    yield from find.problems
    for remark in said if asked is not False else ():
        if remark.severity == "error" and not (remark.label == "too_long" and options.allow_truncate):
            words = f"{remark.message} ({remark.code} {remark.label}). To order it all the same: --no-lint, lint false"
            yield Problem("prompt", words, code=remark.code)


def _or_wrong(read: Callable[[], _T], instead: _T, problems: list[Problem]) -> _T:
    try:
        return read()
    except Invalid as wrong:
        problems.extend(wrong.problems)
        return instead


def _variants(value: object, given: Sequence[int]) -> int:
    variants = whole(value, "variants", Findings())
    if value is None or (isinstance(value, str) and not value.strip()):
        return len(given) or 1
    if given and variants in (1, len(given)):
        return len(given)
    if given:
        words = f"asks for another number of clips than the {len(given)} seeds that are given: leave it out"
        raise Invalid("", (Problem("variants", words, str(value)),))
    if variants is None or not 1 <= variants <= VARIANTS_MAX:
        raise Invalid("", (Problem("variants", f"must be a whole number from 1 to {VARIANTS_MAX}", str(value)),))
    return variants


def _given_seeds(value: object) -> tuple[int, ...]:
    """The seeds of an order that names one for each clip; none where it does not. Raises Invalid."""
    rows: list[object]
    if isinstance(value, str) and "," in value.replace("，", ","):
        rows = [part.strip() for part in value.replace("，", ",").split(",") if part.strip()]
    elif isinstance(value, (list, tuple)):
        rows = list(cast("Sequence[object]", value))
    else:
        return ()
    find = Findings()
    seeds = [whole(row, "seed", find) for row in rows]
    found = [seed for seed in seeds if seed is not None]
    if not rows or len(rows) > VARIANTS_MAX:
        find.wrong("seed", f"must name from 1 to {VARIANTS_MAX} seeds", len(rows))
    if any(not 0 <= seed <= SEED_MAX for seed in found):
        find.wrong("seed", f"must each be from 0 to {SEED_MAX}", found)
    if len(set(found)) < len(found):
        find.wrong("seed", "must not name one twice: two clips of one seed are one clip, paid twice", found)
    if find.problems:
        raise Invalid("", tuple(find.problems))
    return tuple(found)


def _seeded(request: Request, variants: int, given: Sequence[int], clock: Clock) -> tuple[Request, ...]:
    """Every clip of ours has a seed on record; variants of one seed count up from it."""
    if given:
        return tuple(replace(request, seed=seed) for seed in given)
    first = request.seed if request.seed is not None else int(clock.draw() * (SEED_MAX + 1))
    return tuple(replace(request, seed=(first + place) % (SEED_MAX + 1)) for place in range(variants))


def _references(order: Order) -> tuple[tuple[str, str], ...]:
    """Each part and the reference given for it."""
    found = ((FIRST_FRAME, order.first_frame), (LAST_FRAME, order.last_frame), (AUDIO, order.audio_file))
    return tuple((role, reference) for role, reference in found if reference)


def _fit(order: Order, catalog: Catalog, region: str, options: Options) -> Fit | None:
    """What pictures are made to fit: the model's rule, where that is wished for and there is one. Raises Invalid."""
    find = Findings()
    wanted = switch(order.fit, "fit", find)
    if find.problems:
        raise Invalid("", tuple(find.problems))
    if not (options.fit if wanted is None else wanted):
        return None
    media = tuple(Media(role, Link(reference)) for role, reference in _references(order))
    model = model_for(_draft(order, media), catalog, region)
    rule = model.images if model else None
    return Fit(rule.side_min, rule.side_max, rule.bytes_max, rule.png_alpha) if rule else None


async def _media(
    order: Order, inputs: Inputs, fit: Fit | None
) -> tuple[tuple[Media, ...], tuple[Problem, ...], tuple[str, ...]]:
    """The order's media, what is wrong with them, and what was done to them."""
    media: list[Media] = []
    problems: list[Problem] = []
    changes: list[str] = []
    for role, reference in _references(order):
        called = order.called.get(reference, "")
        try:
            kept = await _kept(reference, inputs, fit, called)
        except Invalid as wrong:
            found = wrong.problems or (Problem(role, wrong.message, called or reference.partition("?")[0][:80]),)
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
        if kept.changes:
            changes.append(f"{role}: {called or kept.name} was {', '.join(kept.changes)}")
    media += [Media(role, Link(link.strip())) for role, link in order.more_media]
    return tuple(media), tuple(problems), tuple(changes)


async def _kept(reference: str, inputs: Inputs, fit: Fit | None, called: str) -> StoredInput | None:
    """The home's copy of what a reference names; None for a link that the vendor fetches itself. Raises Invalid."""
    match read_reference(reference):
        case LocalPath(path):
            return await inputs.keep(Path(path), fit, called)
        case InlineData(_, data):
            return await inputs.keep_bytes(data, "inline", fit)
        case WebLink(url):
            return await inputs.keep_link(url, fit)
        case VendorLink():
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
        seed=_one_seed(order.seed),
        prompt_extend=order.prompt_extend,
        watermark=order.watermark,
        shot_type=order.shot_type,
        audio=order.audio,
        template=order.template,
        extra_input=order.extra_input,
        extra_parameters=order.extra_parameters,
    )


def _one_seed(value: object) -> int | str | None:
    """The seed that is checked with the rest of the order; several have been checked by themselves."""
    if _given_seeds(value):
        return _given_seeds(value)[0]
    return cast("int | str | None", value)
