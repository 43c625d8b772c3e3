"""`wanreel models`: what the catalog knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cyclopts import App

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, HomeOptions, RowOptions
from wanreel.cli.render import plain_words, print_json
from wanreel.cli.report import put, report
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.domain.catalog import Catalog, Model

_COLUMNS = (
    Column("id"),
    Column("modes", rank=1),
    Column("tiers", rank=2),
    Column("seconds", rank=3, least=10),
    Column("regions", rank=5, least=12),
    Column("per second", least=24),
    Column("status", rank=4),
)

models = App(name="models", help="The vendor's models: what each takes, where, and at what price.")


@models.command(name="list")
def list_models(*, region: str | None = None, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List models.

    Parameters
    ----------
    region
        Only those offered there: cn-beijing, ap-southeast-1, us-east-1, cn-hongkong.
    """

    def work(catalog: Catalog) -> int:
        wanted = catalog.region(region).id if region else None
        found = [m for m in catalog.models if wanted is None or wanted in m.regions]
        for model in found if home.json else ():
            print_json(_body(model))
        if not home.json:
            print_rows([_row(model, wanted) for model in found], _COLUMNS, header=rows.header)
        return Exit.OK

    return _with_catalog(work, home)


@models.command
def show(model: str, /, *, region: str | None = None, home: HomeOptions = HOME) -> int:
    """Everything known about one model, each row with its source.

    Parameters
    ----------
    model
        An official id, or a name in use that stands for one.
    region
        Where it is to be used; matters for names that differ by region.
    """

    def work(catalog: Catalog) -> int:
        from wanreel.domain.errors import NotFound
        from wanreel.settings import load

        where = region or load(**home.given()).region
        resolved = catalog.resolve(model, where)
        if resolved.model.status == "unknown":
            raise NotFound(resolved.warning)
        body = _body(resolved.model) | {"asked": model, "note_on_name": resolved.warning or None}
        if home.json:
            print_json(body)
            return Exit.OK
        for name, value in body.items():
            if value not in (None, (), [], {}, ""):
                put(f"{name:20} {plain_words(value)}")
        return Exit.OK

    return _with_catalog(work, home)


def _with_catalog(work: Any, home: HomeOptions) -> int:
    try:
        from wanreel.data.shelf import load_catalog

        return work(load_catalog())
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=home.json)


def _row(model: Model, region: str | None) -> list[str]:
    offers = [p for p in model.prices if region is None or p.region == region][:1]
    prices = [f"{p.currency} {', '.join(f'{t} {a:.3g}' for t, a in p.per_second)}" for p in offers]
    seconds = model.durations.words if model.durations else ""
    return [
        model.id,
        " ".join(model.modes),
        " ".join(model.tiers),
        seconds,
        " ".join(model.regions),
        " ".join(prices),
        model.status,
    ]


def _body(model: Model) -> dict[str, Any]:
    body = asdict(model)
    body["features"] = sorted(model.features)
    body["durations"] = model.durations.words if model.durations else None
    body["sizes"] = [f"{s.wire} ({s.tier} {s.ratio})" for s in model.sizes]
    body["prices"] = [
        f"{p.region}: {', '.join(f'{t} {a}' for t, a in p.per_second)} {p.currency}/s"
        + ("" if p.audio is None else " with sound" if p.audio else " silent")
        + f" (as of {p.as_of}; {p.source} [{p.tag}])"
        for p in model.prices
    ]
    return body
