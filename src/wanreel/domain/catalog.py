"""What the vendor sells: regions, models, their limits and prices, as frozen values read from one data file.

Nothing here opens the file; `parse` takes the mapping a TOML reader made of it and refuses one that is not whole.
A name the catalog does not know is not an error: `Catalog.resolve` answers with a guess that is passed through
unchecked, and with a warning that names the nearest known id. The vendor refuses what it does not have, unpaid.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.model import MODES, TIERS, Durations, Limit, Model, Region, Size

_NEAR_MAX = 3


@dataclass(frozen=True, slots=True)
class Alias:
    """A name in use that is not an official id, and what it stands for in each region (`any`: everywhere)."""

    name: str
    to: tuple[tuple[str, str], ...]
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model by whatever name the caller used; `warning` is "" when the name was the official one."""

    model: Model
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All regions and models of one version of the data file."""

    version: str
    source: str
    regions: tuple[Region, ...]
    models: tuple[Model, ...]
    aliases: tuple[Alias, ...]
    defaults: tuple[tuple[str, str, str], ...] = field(default=())  # region, mode, id

    def region(self, region_id: str) -> Region:
        """A region by its id or the vendor's code for it. Raises Invalid."""
        for region in self.regions:
            if region_id in (region.id, region.code):
                return region
        known = ", ".join(r.id for r in self.regions)
        raise Invalid("", (Problem("region", f"not a region of the vendor's; known are {known}", region_id),))

    def model(self, model_id: str) -> Model | None:
        """A model by its official id, in whichever region."""
        return next((m for m in self.models if m.id == model_id), None)

    def limit(self, model_id: str, region_id: str) -> Limit | None:
        """Documented limits of a model in a region, by id or code; None where none are published. Raises Invalid."""
        model = self.model(model_id)
        return model.limit(self.region(region_id).id) if model else None

    def default(self, region_id: str, mode: str) -> str | None:
        """The id used when the caller names no model."""
        wanted = self.region(region_id).id
        return next((name for region, m, name in self.defaults if (region, m) == (wanted, mode)), None)

    def must_know(self, name: str) -> None:
        """Raises Invalid where neither a model nor a name in use is called so: with those it may be meant for."""
        asked = name.strip()
        known = self._names()
        if asked in known or asked.lower() in known:
            return
        near = difflib.get_close_matches(asked.lower(), known, n=_NEAR_MAX, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise Invalid("", (Problem("model", f"is not in the catalog: {hint}`wanreel models list` shows all", asked),))

    def resolve(self, name: str, region_id: str, mode: str | None = None) -> Resolved:
        """The model a name stands for in a region. An unknown name passes, as a guess with a warning.

        Raises Invalid where the model is known not to be offered in the region.
        """
        region = self.region(region_id)
        asked = name.strip()
        if self.model(asked) is None and self.model(asked.lower()) is not None:
            asked = asked.lower()  # the vendor's ids are lower case; nothing else can be meant
        official, why = self._unalias(asked, region)
        model = self.model(official)
        if model is None:
            return Resolved(guess(asked, region.id, mode), self._unknown_words(asked))
        if region.id not in model.regions:
            twin = dict(model.twin).get(region.id)
            if twin is None:
                raise Invalid("", (self._elsewhere(asked, model, region),))
            why, model = f"is spelled {twin} in {region.name}", self.model(twin) or model
        if model.id == asked:
            return Resolved(model, "" if model.checked else _unchecked_words(model))
        warning = f"{asked} {why or 'stands for ' + model.id}"
        return Resolved(model, warning if model.checked else f"{warning}; {_unchecked_words(model)}")

    def _unalias(self, asked: str, region: Region) -> tuple[str, str]:
        alias = next((a for a in self.aliases if a.name == asked), None)
        if alias is None:
            return asked, ""
        to = dict(alias.to)
        official = to.get(region.id, to.get("any"))
        if official is None:
            where = ", ".join(f"{target} in {self.region(r).name}" for r, target in alias.to)
            fitting = self.default(region.id, "kf2v")
            advice = f"; here, use {fitting}" if fitting else ""
            message = f"is not an official id and stands for nothing in {region.name} ({where}){advice}"
            raise Invalid("", (Problem("model", message, asked),))
        note = f" ({alias.note})" if alias.note else ""
        return official, f"is another name for {official}{note}"

    def _elsewhere(self, asked: str, model: Model, region: Region) -> Problem:
        where = ", ".join(self.region(r).name for r in model.regions)
        here = [
            m.id
            for m in self.models
            if region.id in m.regions and m.checked and m.snapshot_of is None and set(m.modes) & set(model.modes)
        ]
        advice = f"models of {region.name} for this: {', '.join(here)}" if here else "the region has none for this"
        return Problem("model", f"is offered in {where}, not in {region.name}; {advice}", asked)

    def _names(self) -> list[str]:
        return [m.id for m in self.models] + [a.name for a in self.aliases]

    def _unknown_words(self, asked: str) -> str:
        near = difflib.get_close_matches(asked, self._names(), n=1, cutoff=0.6)
        hint = f"; the nearest known id is {near[0]}" if near else ""
        return f"{asked} is not in the catalog: it is passed through unchecked{hint}"


def _unchecked_words(model: Model) -> str:
    what = "is deprecated" if model.status == "deprecated" else "is passed through unchecked"
    if model.status == "undocumented":
        what = "is not in the vendor's documentation and is passed through unchecked"
    return f"{model.id} {what}"


# --- a model nobody has told us about -------------------------------------------------------------------------------

_OF_IMAGE2VIDEO = ("kf2v", "s2v", "animate")  # FS §3.2: these names go to the image2video path
_GENERATION = re.compile(r"wanx?(\d+)\.(\d+)")


def guess(name: str, region_id: str, mode: str | None) -> Model:
    """The most likely shape of a model the catalog does not know, by its name and the mode it is asked for."""
    found = _GENERATION.match(name)
    modern = found is None or (int(found[1]), int(found[2])) >= (2, 7)
    frames = mode == "kf2v" or "kf2v" in name
    still = frames or mode == "i2v" or "i2v" in name
    legacy_fields = (
        (("first_frame", "first_frame_url"), ("last_frame", "last_frame_url"), ("audio", "audio_url"))
        if frames
        else (("first_frame", "img_url"), ("audio", "audio_url"))
    )
    old_path = any(part in name for part in _OF_IMAGE2VIDEO)
    return Model(
        id=name,
        modes=(mode,) if mode else MODES,
        protocol="media" if modern else "legacy",
        path="image2video" if old_path else "video-generation",
        regions=(region_id,),
        status="unknown",
        shape="resolution" if modern or still else "size",
        checked=False,
        tiers=TIERS,
        default_tier="1080P",
        sizes=() if modern else _size_table(_PLAIN_SIZES),
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "adaptive") if modern and not still else (),
        fields=(("audio", "audio_url"),) if modern else legacy_fields,
        media_types=(("first_frame", "first_frame"), ("last_frame", "last_frame")) if modern else (),
        durations=Durations((5,), 5),
        source="guessed from the name",
        tag="I",
    )


_PLAIN_SIZES: Mapping[str, Mapping[str, str]] = {
    "480P": {"16:9": "832*480", "9:16": "480*832", "1:1": "624*624"},
    "720P": {"16:9": "1280*720", "9:16": "720*1280", "1:1": "960*960"},
    "1080P": {"16:9": "1920*1080", "9:16": "1080*1920", "1:1": "1440*1440"},
}


def _size_table(table: Mapping[str, Mapping[str, str]]) -> tuple[Size, ...]:
    sizes: list[Size] = []
    for tier, by_ratio in table.items():
        for ratio, wire in by_ratio.items():
            width, height = wire.split("*")
            sizes.append(Size(tier, ratio, int(width), int(height)))
    return tuple(sizes)
