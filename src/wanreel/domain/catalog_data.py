"""Reads the catalog's data: from the mapping a TOML reader makes to checked, frozen values.

A mistake in the data is found here, all at once, and not by the first caller who meets the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast

from wanreel.domain.catalog import Alias, Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.model import TIERS, Durations, ImageRule, Limit, Model, Price, Region, Size

Table = Mapping[str, object]
_T = TypeVar("_T")

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PROTOCOLS = ("legacy", "media")
_PATHS = ("video-generation", "image2video")
_EFFORTS = ("std", "pro")  # what a model without tiers is priced by
_SHAPES = ("size", "resolution", "none")
_STATUSES = ("current", "preview", "legacy", "deprecated", "undocumented")
_FEATURES = ("audio_url", "audio", "shot_type", "template", "prompt_extend")
_SOUNDS = ("silent", "generated")
_MODEL_KEYS = frozenset(
    (
        *("id", "spelled", "snapshots", "modes", "checked", "protocol", "path", "regions", "status", "shape", "tiers"),
        *("default_tier", "sizes", "ratios", "default_ratio", "duration", "prompt", "negative_chars_max", "features"),
        *("fields", "media_types", "audio_seconds", "images", "fps", "sound", "limits", "prices", "bills_input"),
        *("seconds_max", "input_seconds_max", "total_seconds_max", "note", "source", "tag"),
    )
)


def parse(data: Table) -> Catalog:
    """The catalog of a data file's mapping. Raises Invalid listing every mistake, each with the row it is in."""
    reader = _Reader()
    head = reader.table(data, "catalog", "catalog")
    regions = tuple(reader.region(name, row) for name, row in reader.tables(data, "regions"))
    known = {r.id for r in regions}
    sizes = {name: reader.sizes(name, row) for name, row in reader.tables(data, "sizes")}
    images = {name: reader.images(name, row) for name, row in reader.tables(data, "images")}
    shared = _Shared(known, sizes, images)
    models: list[Model] = []
    for row in reader.rows(data, "models", "models"):
        models.extend(reader.models(row, shared))
    aliases = tuple(reader.alias(row) for row in reader.rows(data, "aliases", "aliases"))
    defaults = tuple(
        (region, mode, str(name)) for region, row in reader.tables(data, "defaults") for mode, name in row.items()
    )
    catalog = Catalog(
        version=reader.text(head, "version", "catalog"),
        source=reader.text(head, "source", "catalog"),
        regions=regions,
        models=tuple(models),
        aliases=aliases,
        defaults=defaults,
    )
    reader.cross_check(catalog)
    if reader.problems:
        raise Invalid("the catalog's data is not usable:", tuple(reader.problems))
    return catalog


class _Shared:
    """Names that model rows refer to."""

    def __init__(self, regions: set[str], sizes: dict[str, tuple[Size, ...]], images: dict[str, ImageRule]) -> None:
        self.regions = regions
        self.sizes = sizes
        self.images = images


class _Reader:
    """Takes values out of untyped tables and notes what is wrong with them instead of stopping."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, where: str, message: str, given: object = "") -> None:
        self.problems.append(Problem(where, message, str(given)[:200]))

    # --- plain values ------------------------------------------------------------------------------------------------

    def value(self, row: Table, key: str, where: str, kind: type[_T], default: _T | None = None) -> _T:
        """A value of exactly one kind; `default` makes the key optional."""
        found = row.get(key, default)
        if type(found) is kind:
            return found
        self.wrong(f"{where}.{key}", f"must be {kind.__name__}", found)
        return kind()

    def text(self, row: Table, key: str, where: str, default: str | None = None) -> str:
        return self.value(row, key, where, str, default)

    def maybe_text(self, row: Table, key: str, where: str, among: tuple[str, ...] = ()) -> str | None:
        if key not in row:
            return None
        found = self.text(row, key, where)
        if among and found not in among:
            self.wrong(f"{where}.{key}", f"must be one of {', '.join(among)}", found)
        return found

    def maybe_int(self, row: Table, key: str, where: str) -> int | None:
        return self.value(row, key, where, int) if key in row else None

    def word(self, row: Table, key: str, where: str, among: tuple[str, ...]) -> str:
        return self.maybe_text(row, key, where, among) or self.text(row, key, where)

    def texts(self, row: Table, key: str, where: str, among: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = cast("list[object]", self.value(row, key, where, list, []))
        if not all(isinstance(item, str) and (not among or item in among) for item in found):
            self.wrong(f"{where}.{key}", f"must be texts{' among ' + ', '.join(among) if among else ''}", found)
        return tuple(str(item) for item in found)

    def ints(self, row: Table, key: str, where: str) -> tuple[int, ...]:
        found = cast("list[object]", self.value(row, key, where, list, []))
        if not all(type(item) is int for item in found):
            self.wrong(f"{where}.{key}", "must be whole numbers", found)
        return tuple(item for item in found if isinstance(item, int))

    def pairs(self, row: Table, key: str, where: str) -> tuple[tuple[str, str], ...]:
        return tuple((k, str(v)) for k, v in self.table(row, key, where, optional=True).items())

    def table(self, row: Table, key: str, where: str, *, optional: bool = False) -> Table:
        found = row.get(key)
        if isinstance(found, Mapping):
            return cast("Table", found)
        if found is not None or not optional:
            self.wrong(f"{where}.{key}", "must be a table", found)
        return {}

    def tables(self, row: Table, key: str) -> list[tuple[str, Table]]:
        found = self.table(row, key, "data")
        return [(name, self.table(found, name, key)) for name in found]

    def rows(self, row: Table, key: str, where: str) -> list[Table]:
        found = cast("list[object]", self.value(row, key, where, list))
        return [cast("Table", item) for item in found if isinstance(item, Mapping)]

    # --- shared tables -----------------------------------------------------------------------------------------------

    def region(self, name: str, row: Table) -> Region:
        where = f"regions.{name}"
        host = self.text(row, "workspace_host", where)
        if "{workspace}" not in host:
            self.wrong(f"{where}.workspace_host", "must contain {workspace}", host)
        return Region(
            id=name,
            name=self.text(row, "name", where),
            code=self.text(row, "code", where),
            shared_host=self.maybe_text(row, "shared_host", where),
            workspace_host=host,
            currency=self.word(row, "currency", where, ("CNY", "USD")),
            source=self.text(row, "source", where),
            tag=self.text(row, "tag", where),
        )

    def sizes(self, name: str, row: Table) -> tuple[Size, ...]:
        sizes: list[Size] = []
        for tier in row:
            for ratio, wire in self.table(row, tier, f"sizes.{name}").items():
                sides = str(wire).split("*")
                if tier not in TIERS or len(sides) != 2 or not all(side.isdigit() for side in sides):
                    self.wrong(f"sizes.{name}.{tier}.{ratio}", "must be a W*H under a known tier", wire)
                    continue
                sizes.append(Size(tier, ratio, int(sides[0]), int(sides[1])))
        return tuple(sizes)

    def images(self, name: str, row: Table) -> ImageRule:
        where = f"images.{name}"
        ratio = row.get("ratio_max")
        return ImageRule(
            formats=self.texts(row, "formats", where),
            png_alpha=self.value(row, "png_alpha", where, bool),
            side_min=self.value(row, "side_min", where, int),
            side_max=self.value(row, "side_max", where, int),
            bytes_max=self.value(row, "bytes_max", where, int),
            ratio_max=float(ratio) if isinstance(ratio, int | float) else None,
            usual_side_min=self.maybe_int(row, "usual_side_min", where),
            usual_side_max=self.maybe_int(row, "usual_side_max", where),
            source=self.text(row, "source", where),
            tag=self.text(row, "tag", where),
        )

    def alias(self, row: Table) -> Alias:
        name = self.text(row, "name", "aliases")
        return Alias(
            name=name,
            to=self.pairs(row, "to", f"aliases.{name}"),
            note=self.text(row, "note", f"aliases.{name}", ""),
            source=self.text(row, "source", f"aliases.{name}"),
        )

    # --- models ------------------------------------------------------------------------------------------------------

    def models(self, row: Table, shared: _Shared) -> list[Model]:
        """One row's models: itself, its dated snapshots, or one for each regional spelling."""
        spelled = self.pairs(row, "spelled", "models")
        if spelled:
            return [self.model(row, shared, name, (region,), twin=spelled) for region, name in spelled]
        name = self.text(row, "id", "models")
        regions = self.texts(row, "regions", f"models.{name}", tuple(sorted(shared.regions)))
        dated = self.texts(row, "snapshots", f"models.{name}")
        return [
            self.model(row, shared, name, regions),
            *(self.model(row, shared, other, regions, snapshot_of=name) for other in dated),
        ]

    def model(
        self,
        row: Table,
        shared: _Shared,
        name: str,
        regions: tuple[str, ...],
        *,
        twin: tuple[tuple[str, str], ...] = (),
        snapshot_of: str | None = None,
    ) -> Model:
        where = f"models.{name}"
        for key in row.keys() - _MODEL_KEYS:
            self.wrong(f"{where}.{key}", "is not a key of a model's row")
        tiers = self.texts(row, "tiers", where, TIERS)
        prompt = self.table(row, "prompt", where)
        table = self.maybe_text(row, "sizes", where, tuple(shared.sizes))
        rule = self.maybe_text(row, "images", where, tuple(shared.images))
        seconds = self.ints(row, "audio_seconds", where)
        return Model(
            id=name,
            modes=self.texts(row, "modes", where),
            protocol=self.word(row, "protocol", where, _PROTOCOLS),
            path=self.word(row, "path", where, _PATHS),
            regions=regions,
            status=self.word(row, "status", where, _STATUSES),
            shape=self.word(row, "shape", where, _SHAPES),
            checked=self.value(row, "checked", where, bool, default=True),
            tiers=tiers,
            default_tier=self.maybe_text(row, "default_tier", where, tiers),
            sizes=tuple(s for s in shared.sizes.get(table or "", ()) if s.tier in tiers),
            ratios=self.texts(row, "ratios", where),
            default_ratio=self.maybe_text(row, "default_ratio", where),
            durations=self.durations(row, where),
            prompt_required=self.texts(prompt, "required", where),
            prompt_chars_max=self.maybe_int(prompt, "chars_max", where),
            negative_chars_max=self.maybe_int(row, "negative_chars_max", where),
            features=frozenset(self.texts(row, "features", where, _FEATURES)),
            fields=self.pairs(row, "fields", where),
            media_types=self.pairs(row, "media_types", where),
            audio_seconds=(seconds[0], seconds[1]) if len(seconds) == 2 else None,
            images=shared.images.get(rule or ""),
            fps=self.maybe_int(row, "fps", where),
            sound=self.maybe_text(row, "sound", where, _SOUNDS),
            limits=self.limits(row, where, regions),
            prices=tuple(p for p in self.prices(row, where, tiers) if p.region in regions),
            bills_input=self.value(row, "bills_input", where, bool, default=False),
            seconds_max=self.maybe_int(row, "seconds_max", where),
            input_seconds_max=self.maybe_int(row, "input_seconds_max", where),
            total_seconds_max=self.maybe_int(row, "total_seconds_max", where),
            note=self.text(row, "note", where, ""),
            source=self.text(row, "source", where),
            tag=self.text(row, "tag", where),
            twin=twin,
            snapshot_of=snapshot_of,
        )

    def durations(self, row: Table, where: str) -> Durations | None:
        if "duration" not in row:
            return None
        found = self.table(row, "duration", where)
        allowed = self.ints(found, "allowed", where)
        if not allowed:
            low, high = self.maybe_int(found, "min", where), self.maybe_int(found, "max", where)
            allowed = tuple(range(low, high + 1)) if low is not None and high is not None else ()
        default = self.value(found, "default", f"{where}.duration", int)
        if default not in allowed:
            self.wrong(f"{where}.duration", "must have a default that is allowed", found)
        return Durations(allowed, default, self.maybe_int(found, "open", where)) if allowed else None

    def limits(self, row: Table, where: str, regions: tuple[str, ...]) -> tuple[tuple[str, Limit], ...]:
        limits: list[tuple[str, Limit]] = []
        table = self.table(row, "limits", where, optional=True)
        for region in table:
            pair = self.ints(table, region, f"{where}.limits")
            if len(pair) != 2 or min(pair) < 1:
                self.wrong(f"{where}.limits.{region}", "must be [submits per second, running at once]", pair)
            elif region in regions:
                limits.append((region, Limit(pair[0], pair[1])))
        return tuple(limits)

    def prices(self, row: Table, where: str, tiers: tuple[str, ...]) -> tuple[Price, ...]:
        if "prices" not in row:
            return ()
        return tuple(self.price(item, f"{where}.prices", tiers) for item in self.rows(row, "prices", where))

    def price(self, row: Table, where: str, tiers: tuple[str, ...]) -> Price:
        per_second: list[tuple[str, Decimal]] = []
        for tier, amount in self.table(row, "per_second", where).items():
            try:
                value = Decimal(amount) if isinstance(amount, str) else Decimal(-1)
            except InvalidOperation:
                value = Decimal(-1)
            if tier not in (*(tiers or _EFFORTS), "any") or not value.is_finite() or value <= 0:
                self.wrong(f"{where}.{tier}", "must be a price as text, under a tier of the model", amount)
            per_second.append((tier, value))
        return Price(
            region=self.text(row, "region", where),
            currency=self.word(row, "currency", where, ("CNY", "USD")),
            audio=self.value(row, "audio", where, bool) if "audio" in row else None,
            per_second=tuple(per_second),
            as_of=self.text(row, "as_of", where),
            source=self.text(row, "source", where),
            tag=self.text(row, "tag", where),
            since=self.day(row, "since", where),
            until=self.day(row, "until", where),
        )

    def day(self, row: Table, key: str, where: str) -> str | None:
        found = self.maybe_text(row, key, where)
        if found is not None and not _DAY.fullmatch(found):
            self.wrong(f"{where}.{key}", "must be a day such as 2026-11-22", found)
        return found

    # --- the whole ---------------------------------------------------------------------------------------------------

    def cross_check(self, catalog: Catalog) -> None:
        """What can only be seen with everything read: names used twice, and names that lead nowhere."""
        names = [m.id for m in catalog.models] + [a.name for a in catalog.aliases]
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.wrong(f"models.{name}", "is named twice")
        ids = {m.id for m in catalog.models}
        regions = {r.id for r in catalog.regions}
        for alias in catalog.aliases:
            for region, target in alias.to:
                if target not in ids or region not in regions | {"any"}:
                    self.wrong(f"aliases.{alias.name}", "leads nowhere", f"{region} -> {target}")
        for region, mode, name in catalog.defaults:
            model = catalog.model(name)
            if model is None or region not in model.regions or mode not in model.modes:
                self.wrong(f"defaults.{region}.{mode}", "is not a model of that region and mode", name)
