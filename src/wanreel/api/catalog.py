"""`/v1/models` and `/v1/lint`: what the vendor sells, and what is wrong with a prompt before it is paid for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.requests import Request

from wanreel.api.access import Reader
from wanreel.api.desk import desk_of
from wanreel.api.problems import documented
from wanreel.api.schemas import FindingOut, LintIn, LintOut, ModelList, ModelOut, PictureRule, Price
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound
from wanreel.domain.model import Model
from wanreel.service.linting import read_beside, subject_of

router = Room(prefix="/v1", tags=["catalog"])


@router.get("/models", responses=documented())
async def models(request: Request, caller: Reader) -> ModelList:
    """Every model the catalog knows, with what it takes, where, and at what price."""
    desk = desk_of(request)
    region = desk.catalog.region(desk.account.region)
    return ModelList(
        version=desk.catalog.version,
        region=region.id,
        defaults={mode: name for where, mode, name in desk.catalog.defaults if where == region.id},
        data=[model_out(m, region.id) for m in desk.catalog.models],
    )


@router.get("/models/{model_id}", responses=documented("not_found"))
async def model(request: Request, model_id: Annotated[str, Path(max_length=200)], caller: Reader) -> ModelOut:
    """One model, by its id or a name in use that stands for one here. Raises NotFound."""
    desk = desk_of(request)
    found = desk.catalog.resolve(model_id, desk.account.region)
    if found.model.status == "unknown":
        raise NotFound(f"The catalog has no model {model_id[:80]}.")
    return model_out(found.model, desk.catalog.region(desk.account.region).id)


@router.post("/lint", responses=documented("too_large", "too_slow", "unsupported"))
async def lint(request: Request, body: LintIn, caller: Reader) -> LintOut:
    """Read a prompt by every rule. Nothing is ordered, sent or paid."""
    desk = desk_of(request)
    judged = subject_of(
        body.prompt,
        desk.catalog,
        mode=body.mode,
        model=body.model,
        size=body.size,
        duration_s=body.duration_s,
    )
    found, mended = await read_beside(judged)
    return LintOut(
        findings=[
            FindingOut(
                code=f.rule.code,
                label=f.rule.label,
                severity=f.rule.severity,
                title=f.rule.title,
                message=f.message,
                start=f.start,
                end=f.end,
                fix=f.fix.negative if f.fix else None,
            )
            for f in found.findings
        ],
        mended=mended.prompt if mended.removed else None,
        negative_prompt=mended.negative_prompt if mended.removed else None,
    )


def model_out(model: Model, region: str) -> ModelOut:
    """A model as documented."""
    pictures = model.images
    return ModelOut(
        id=model.id,
        modes=list(model.modes),
        tiers=list(model.tiers),
        sizes=[size.wire for size in model.sizes],
        durations=model.durations.words if model.durations else None,
        seconds=list(model.durations.allowed) if model.durations else [],
        ratios=list(dict.fromkeys(size.ratio for size in model.sizes)),
        prompt_chars_max=model.prompt_chars_max,
        negative_chars_max=model.negative_chars_max,
        pictures=None
        if pictures is None
        else PictureRule(
            formats=list(pictures.formats),
            side_min=pictures.side_min,
            side_max=pictures.side_max,
            bytes_max=pictures.bytes_max,
            ratio_max=pictures.ratio_max,
            png_alpha=pictures.png_alpha,
        ),
        snapshot_of=model.snapshot_of,
        regions=list(model.regions),
        features=sorted(model.features),
        status=model.status,
        prices=[
            Price(
                region=p.region,
                currency=p.currency,
                per_second={tier: str(amount) for tier, amount in p.per_second},
                audio=p.audio,
                as_of=p.as_of,
                source=p.source,
            )
            for p in model.prices
        ],
        here=region in model.regions,
    )
