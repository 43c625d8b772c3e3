"""`/v1/prompt`: put prompts together from their parts, take them apart, and start from a template."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Reader, Submitter
from wanreel.api.caller import Caller
from wanreel.api.desk import desk_of
from wanreel.api.problems import Refusal, documented
from wanreel.api.switch import Room
from wanreel.prompt.build import build
from wanreel.prompt.explain import explain
from wanreel.prompt.slots import ORDER, Language, Slots, language_of
from wanreel.prompt.vocabulary import terms, titles
from wanreel.service.templates import template_body

router = Room(prefix="/v1/prompt", tags=["prompt"])

_PROMPT_MAX = 20_000  # of a part as well: one may be all there is


class SlotsIO(BaseModel):
    """The eight parts of a prompt; an empty one says nothing. A part may hold several pieces, joined by commas."""

    model_config = ConfigDict(extra="forbid", title="PromptSlots")

    shot: str = Field(default="", max_length=_PROMPT_MAX, examples=["wide shot"])
    subject: str = Field(default="", max_length=_PROMPT_MAX, examples=["a paper boat"])
    action: str = Field(default="", max_length=_PROMPT_MAX, examples=["sails through a rain gutter"])
    setting: str = Field(default="", max_length=_PROMPT_MAX, examples=["a quiet street at dawn"])
    lighting: str = Field(default="", max_length=_PROMPT_MAX, examples=["soft light"])
    camera: str = Field(default="", max_length=_PROMPT_MAX, examples=["camera follows"])
    style: str = Field(default="", max_length=_PROMPT_MAX, examples=["watercolour"])
    quality: str = Field(default="", max_length=_PROMPT_MAX, examples=["shallow depth of field"])


class BuildIn(BaseModel):
    """Parts, and for what they are put together. With pictures only action and camera are said, where given."""

    model_config = ConfigDict(extra="forbid", title="PromptBuild")

    slots: SlotsIO
    mode: Literal["t2v", "i2v", "kf2v"] = "t2v"
    language: Language = "en"


class ReadIn(BaseModel):
    """A prompt to take apart."""

    model_config = ConfigDict(extra="forbid", title="PromptRead")

    prompt: str = Field(max_length=_PROMPT_MAX, examples=["Wide shot, a paper boat, soft light"])


class BuiltOut(BaseModel):
    """A prompt of its parts."""

    model_config = ConfigDict(title="PromptBuilt")

    prompt: str = Field(examples=["wide shot, a paper boat, soft light"])


class ReadOut(BaseModel):
    """A prompt's parts, every word kept, and the language it is in."""

    model_config = ConfigDict(title="PromptParts")

    slots: SlotsIO
    language: Language


class TermOut(BaseModel):
    """One of the field's terms."""

    model_config = ConfigDict(title="PromptTerm")

    en: str = Field(examples=["close-up"])
    zh: str = Field(examples=["特写"])
    meaning: str = Field(examples=["a face or an object fills the frame"])


class SlotOut(BaseModel):
    """One of the eight parts, and the terms that are usual there."""

    model_config = ConfigDict(title="PromptSlot")

    slot: str = Field(examples=["shot"])
    title: str = Field(examples=["shot type"])
    terms: list[TermOut]


class VocabularyOut(BaseModel):
    """The parts of a prompt in the order they are written."""

    model_config = ConfigDict(title="PromptVocabulary")

    data: list[SlotOut]


class TemplateOut(BaseModel):
    """A prompt with `{variables}`, in English, Chinese or both."""

    model_config = ConfigDict(title="PromptTemplate")

    name: str = Field(examples=["turntable"])
    kind: str = Field(examples=["product"])
    mode: str = Field(examples=["i2v"])
    en: str = Field(examples=["{product} rotates slowly on a turntable"])
    zh: str = Field(examples=["{product}在转台上缓慢旋转"])
    variables: list[str] = Field(examples=[["product"]])
    own: bool = Field(description="Kept by this home's users; the others ship.")


class TemplateIn(BaseModel):
    """A template to keep: a prompt with `{variables}` in braces."""

    model_config = ConfigDict(extra="forbid", title="PromptTemplateIn")

    text: str = Field(max_length=_PROMPT_MAX, examples=["{thing} in light rain, slow push-in"])
    mode: Literal["t2v", "i2v", "kf2v"] = "t2v"
    kind: str = Field(default="own", max_length=40, description="A word to group it by.")


class FillIn(BaseModel):
    """What a template's variables stand for."""

    model_config = ConfigDict(extra="forbid", title="PromptTemplateFill")

    variables: dict[str, str] = Field(default_factory=dict[str, str], examples=[{"product": "a glass teapot"}])
    language: Language = "en"


class TemplateList(BaseModel):
    """The templates that ship, and the home's own."""

    model_config = ConfigDict(title="PromptTemplates")

    data: list[TemplateOut]


@router.post("/build", responses=documented("too_large", "too_slow", "unsupported"))
async def put_together(_: Request, body: BuildIn, caller: Reader) -> BuiltOut:
    """One prompt of the parts that say something; terms of the vocabulary come out in the language asked for."""
    return BuiltOut(prompt=build(Slots(**body.slots.model_dump()), mode=body.mode, language=body.language))


@router.post("/read", responses=documented("too_large", "too_slow", "unsupported"))
async def take_apart(_: Request, body: ReadIn, caller: Reader) -> ReadOut:
    """The prompt's parts, where its commas make them plain."""
    return ReadOut(slots=SlotsIO.model_construct(**asdict(explain(body.prompt))), language=language_of(body.prompt))


@router.get("/vocabulary", responses=documented())
async def vocabulary(_: Request, caller: Reader) -> VocabularyOut:
    """The field's terms by part, in English and Chinese, each with what it means."""
    by_slot: dict[str, list[TermOut]] = {slot: [] for slot in ORDER}
    for term in terms():
        by_slot[term.slot].append(TermOut(en=term.en, zh=term.zh, meaning=term.meaning))
    return VocabularyOut(data=[SlotOut(slot=slot, title=titles()[slot], terms=by_slot[slot]) for slot in ORDER])


TemplateName = Annotated[str, PathParameter(max_length=200, description="A template's name.")]


@router.get("/templates", responses=documented())
async def templates(request: Request, caller: Reader) -> TemplateList:
    """Prompts with variables, for kinds of clips that are made again and again; a home's are everybody's to read."""
    room = desk_of(request).templates
    own, every = await asyncio.to_thread(lambda: (room.own(), room.all()))
    return TemplateList(data=[TemplateOut(**template_body(t, own=t.name in own)) for t in every])


@router.put("/templates/{template}", responses=documented("too_large", "too_slow", "unsupported"))
async def keep_template(request: Request, template: TemplateName, body: TemplateIn, caller: Submitter) -> TemplateOut:
    """Keep one; the same name again replaces it, and stands before one that ships under that name."""
    _whole_home(caller)
    room = desk_of(request).templates
    kept = await asyncio.to_thread(room.save, template, body.text, mode=body.mode, kind=body.kind)
    return TemplateOut(**template_body(kept, own=True))


@router.delete("/templates/{template}", status_code=204, responses=documented("not_found"))
async def forget_template(request: Request, template: TemplateName, caller: Submitter) -> None:
    """Forget one of the home's own; those that ship stay."""
    _whole_home(caller)
    await asyncio.to_thread(desk_of(request).templates.remove, template)


@router.post("/templates/{template}/fill", responses=documented("not_found", "too_large", "too_slow", "unsupported"))
async def fill_template(request: Request, template: TemplateName, body: FillIn, caller: Reader) -> BuiltOut:
    """A template's prompt, with its variables said."""
    room = desk_of(request).templates
    return BuiltOut(prompt=await asyncio.to_thread(room.fill, template, body.variables, body.language))


def _whole_home(caller: Caller) -> None:
    """Templates belong to the home: who sees one project of it changes nothing for the others."""
    if caller.project is not None:
        raise Refusal("forbidden", "Templates belong to the whole home: a token of one project may read and fill them.")
