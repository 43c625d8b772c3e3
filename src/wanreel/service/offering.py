"""Whether the models a home orders will still be there: the catalog, the settings and the vendor's own list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid
from wanreel.domain.event import ALL
from wanreel.domain.model import MODES
from wanreel.ports.vendor import Offered

SOON_S = 90 * 86_400.0  # the vendor announces the end of a main model three months ahead, of a snapshot one (FS §1.6)


@dataclass(frozen=True, slots=True)
class Wares:
    """What is looked over. `asked` counts recent orders by model, `named` are model ids that settings name, `offered`
    is the vendor's list: None where it did not say.
    """

    catalog: Catalog
    region: str
    asked: Mapping[str, int]
    named: tuple[str, ...] = ()
    offered: Mapping[str, Offered] | None = None


def models_amiss(wares: Wares, now: float) -> list[str]:
    """What is to be done about models, in words; nothing where all is well."""
    return [*_strange(wares), *_ending(wares, now)]


def models_words(wares: Wares) -> str:
    """One line for people."""
    catalog, region = wares.catalog, wares.region
    count = sum(region in model.regions for model in catalog.models)
    pairs = ((mode, catalog.default(region, mode)) for mode in MODES)
    chosen = ", ".join(f"{name} ({mode})" for mode, name in pairs if name)
    words = f"{count} of the catalog of {catalog.version} are offered in {region}; where none is named: {chosen}"
    if wares.offered is None:
        return words
    ends = sorted(model for model, offer in wares.offered.items() if offer.ends)
    return f"{words}; {'the vendor retires ' + ', '.join(ends) if ends else 'the vendor announces no retirement'}"


def _strange(wares: Wares) -> Iterator[str]:
    for name in wares.named:
        if name == ALL:
            continue
        try:
            wares.catalog.must_know(name)
        except Invalid as why:
            yield f"WANREEL_SLOTS names {name}, which {why.problems[0].message}"


def _ending(wares: Wares, now: float) -> Iterator[str]:
    for model in _used(wares):
        offer = (wares.offered or {}).get(model, Offered())
        soon = offer.ends_at is None or offer.ends_at - now <= SOON_S
        if not offer.ends or not soon:
            continue
        if offer.ends_at is None:
            when = f"is to be retired (the vendor says {offer.ends})"
        else:
            day = datetime.fromtimestamp(offer.ends_at, UTC).date().isoformat()
            when = f"{'was retired' if offer.ends_at <= now else 'is to be retired'} on {day}"
        count = wares.asked.get(model, 0)
        who = f"{count} of the latest orders name it" if count else "it is taken where no model is named"
        yield f"{model} {when}, and {who}: name another one, by --model or in your orders{_others(wares, model)}"


def _used(wares: Wares) -> Iterable[str]:
    chosen = (wares.catalog.default(wares.region, mode) for mode in MODES)
    return dict.fromkeys([*wares.asked, *(name for name in chosen if name)])


def _others(wares: Wares, model: str) -> str:
    """Models for the same that the vendor lists without an end."""
    known = wares.catalog.model(model)
    if known is None:
        return ""
    lasting = [
        other.id
        for other in wares.catalog.models
        if other.id != model
        and other.checked
        and other.snapshot_of is None
        and wares.region in other.regions
        and set(known.modes) <= set(other.modes)
        and not (wares.offered or {}).get(other.id, Offered()).ends
    ]
    return f", such as {', '.join(lasting[:3])}" if lasting else ""
