"""`wanreel usage`, `wanreel budgets` and `wanreel estimate`: what was paid, what may be, and what a clip would cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import CLIP, HOME, ROWS, VENDOR, ClipOptions, HomeOptions, RowOptions, VendorOptions
from wanreel.cli.prices import money, price_words, print_budget, warn
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from wanreel.client import Home
    from wanreel.money.report import Line

usage = App(name="usage", help="Where the money went: reports, the vendor's bill, wrong prices.")
budgets = App(name="budgets", help="How much a project may commit in a day or a month.")

_COLUMNS = (
    Column("currency"),
    Column("clips", right=True),
    Column("seconds", rank=5, right=True),
    Column("estimated", rank=4, right=True),
    Column("settled", right=True),
    Column("reserved", right=True),
    Column("unproven", right=True),
    Column("a clip", rank=2, right=True),
    Column("an accepted clip", rank=3, right=True),
    Column("unknown", right=True),
)
_BUDGETS = (
    Column("budget"),
    Column("amount", right=True),
    Column("committed", right=True),
    Column("left", right=True),
    Column("zone", rank=1),
)


@usage.default
def usage_report(
    *,
    by: Literal["project", "model", "day", "tag"] = "project",
    since: str | None = None,
    until: str | None = None,
    zone: str | None = None,
    project: str | None = None,
    csv: Annotated[bool, Parameter(negative="")] = False,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """What was paid in the last 30 days, on a terminal with a plot. Money counts on the day its task was sent.

    Parameters
    ----------
    by
        A line for each project, model, day or tag (a clip with several tags stands under each).
    since
        First day, such as 2026-11-01; default: 30 days.
    until
        Last day; default: today.
    zone
        Time zone of the days; default: Asia/Shanghai, the vendor's.
    project
        Only this project.
    csv
        Print CSV.
    """

    async def work(opened: Home) -> int:
        from wanreel.money.report import By, total

        span = opened.till.span(since, until, zone)
        found = await opened.till.usage(span, By(by), project)
        if home.json:
            for line in found:
                print_json(_body(line, by))
        elif csv:
            _print_csv(found, by)
        else:
            shown, person = [_row(line) for line in found], sys.stdout.isatty()
            shown += [_row(line) for line in total(found)] if person and by != "tag" else []
            print_rows(shown, (Column(by, least=12), *_COLUMNS), header=rows.header)
            if person:
                await _plot(opened, span, project)
            for overrun in await opened.till.overruns():
                from wanreel.money.budget import overrun_words

                say(f"note: {overrun_words(overrun)}")
        return Exit.OK

    return in_home(work, home)


@usage.command
def reconcile(
    file: Path,
    /,
    *,
    since: str | None = None,
    until: str | None = None,
    zone: str | None = None,
    account: str | None = None,
    task_column: str | None = None,
    amount_column: str | None = None,
    home: HomeOptions = HOME,
) -> int:
    """Hold a bill exported from the vendor's console (CSV) against the ledger; every difference is named.

    Parameters
    ----------
    file
        The exported bill.
    since
        First day the bill covers; without it, all that was ever settled must be in the bill.
    until
        Last day the bill covers; default: today.
    zone
        Time zone of these days; default: Asia/Shanghai, the vendor's.
    account
        The account whose bill it is; default: all there are here.
    task_column
        Name of the column with the vendor's task ids, when it is an unusual one.
    amount_column
        Name of the column with what each task cost, when it is an unusual one.
    """

    async def work(opened: Home) -> int:
        span = opened.till.span(since, until, zone) if since or until else None
        columns = {"task_column": task_column, "amount_column": amount_column}
        found = await opened.till.reconcile(_text(file), span, account=account, **columns)
        from wanreel.money.amount import words
        from wanreel.service.view_money import view_difference

        for d in found.differences:
            amounts = {"billed": d.billed, "settled": d.settled}
            if home.json:
                print_json(view_difference(d))
                continue
            money_words = ", ".join(f"{name} {words(amount)}" for name, amount in amounts.items() if amount is not None)
            put(f"{d.verdict:8} {d.task}  {d.job or 'no job of ours'}  {money_words}: {d.words}")
        if not home.json:
            counts = f"{found.agreed} tasks agree, {len(found.differences)} differences"
            put(f"{counts}. Billed {_sum_words(found.billed)}, settled {_sum_words(found.settled)}.")
        return Exit.ATTENTION if found.differences else Exit.OK

    return in_home(work, home)


@usage.command
def clear(model: str | None = None, /, *, home: HomeOptions = HOME) -> int:
    """The price of a model has been looked at: it is sent again, after a settlement above its reservation stopped it.

    Parameters
    ----------
    model
        The model; default: all.
    """

    async def work(opened: Home) -> int:
        count = await opened.till.clear(model)
        print_json({"cleared": count}) if home.json else put(f"{count} cleared")
        return Exit.OK

    return in_home(work, home)


@budgets.command(name="list")
def list_budgets(*, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """All budgets, each with what is committed in the period that holds now."""

    async def work(opened: Home) -> int:
        found = await opened.till.budgets()
        from wanreel.money.amount import words
        from wanreel.service.view_money import view_budget

        if home.json:
            for used in found:
                print_json(view_budget(used))
        else:
            shown = [
                [u.budget.id, words(u.budget.amount), words(u.amount), words(u.left), u.budget.zone] for u in found
            ]
            print_rows(shown, _BUDGETS, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@budgets.command(name="set")
def set_budget(
    amount: str,
    /,
    *,
    period: Literal["day", "month"] = "month",
    project: str | None = None,
    currency: str | None = None,
    zone: str | None = None,
    warn_at: str | None = None,
    home: HomeOptions = HOME,
) -> int:
    """Set a budget: nothing is sent that would commit more. What it stops waits, or ends (WANREEL_OVER_BUDGET).

    Parameters
    ----------
    amount
        So much, such as 250 or 99.50.
    period
        In each day, or each month.
    project
        Of this project; default: all projects together.
    currency
        CNY or USD; default: the account's. Nothing is converted.
    zone
        Time zone of the days and months; default: as it was, at first Asia/Shanghai.
    warn_at
        The share at which a notice warns, such as 0.5; default: as it was, at first 0.8.
    """

    async def work(opened: Home) -> int:
        asked: dict[str, Any] = {"project": project, "currency": currency, "zone": zone, "warn_at": warn_at}
        budget = await opened.till.set_budget(amount, period=period, **asked)
        used = await opened.till.budget(budget.id)
        from wanreel.money.amount import words
        from wanreel.service.view_money import view_budget

        if home.json:
            print_json(view_budget(used))
        else:
            put(f"{budget.id}: {words(used.amount)} of {words(budget.amount)} {budget.currency} is committed")
        return Exit.OK

    return in_home(work, home)


@budgets.command
def drop(budget: str, /, *, home: HomeOptions = HOME) -> int:
    """End a budget.

    Parameters
    ----------
    budget
        Its name, as `wanreel budgets list` shows it: PROJECT/day/CNY.
    """

    async def work(opened: Home) -> int:
        await opened.till.drop_budget(budget)
        return Exit.OK

    return in_home(work, home)


def estimate(
    prompt: str | None = None,
    /,
    *,
    variants: str = "1",
    clip: ClipOptions = CLIP,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """What a clip would cost: exactly, at most, or unknown with the reason. Nothing is stored or sent.

    Parameters
    ----------
    prompt
        What the clip shows.
    variants
        So many clips of the same wish.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.order import Order

        order = Order(prompt=prompt, variants=variants, **clip.order())
        planned = await opened.service.plan(order)
        foreseen = await opened.service.foresee([(order, planned)])
        if home.json:
            from wanreel.service.view_money import view_foreseen

            beside = {"budget": view_foreseen(foreseen), "warnings": list(planned.warnings)}
            print_json(money(planned) | {"model": planned.requests[0].model} | beside)
        else:
            warn(planned.warnings)
            put(price_words(planned))
            print_budget(foreseen)
        return Exit.OK

    return in_home(work, home, **vendor.given())


# --- printing -------------------------------------------------------------------------------------------------------


async def _plot(opened: Home, span: Any, project: str | None) -> None:
    """The last thirty days of each currency that was paid in."""
    from decimal import Decimal

    from wanreel.cli.plot import bars
    from wanreel.money.report import By

    days = span.days()[-30:]
    found = await opened.till.usage(span, By.DAY, project)
    for currency in sorted({line.currency for line in found}):
        paid = {line.key: line.settled for line in found if line.currency == currency}
        put("")
        for text in bars([(day, paid.get(day, Decimal(0))) for day in days], currency):
            put(text)


def _body(line: Line, by: str) -> dict[str, Any]:
    from wanreel.service.view_money import view_line

    body = view_line(line)
    return {by: body.pop("key"), **body}


def _row(line: Line) -> list[str]:
    from wanreel.money.amount import plain, words

    money_of = [words(amount) for amount in (line.estimated, line.settled, line.reserved, line.unproven)]
    shares = ["" if share is None else words(share) for share in (line.per_clip, line.per_accepted)]
    counts = [str(line.clips), f"{plain(line.seconds):f}"]
    return [line.key, line.currency, *counts, *money_of, *shares, str(line.unknown) if line.unknown else ""]


def _print_csv(found: list[Line], by: str) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for place, line in enumerate(found):
        body = _body(line, by)
        if not place:
            writer.writerow(body)
        writer.writerow("" if value is None else value for value in body.values())
    put(text.getvalue().rstrip("\n"))


def _sum_words(sums: Mapping[str, Decimal]) -> str:
    from wanreel.money.amount import words

    return " + ".join(f"{words(amount)} {currency}" for currency, amount in sums.items()) or "nothing"


def _text(file: Path) -> str:
    from wanreel.domain.errors import Invalid, Problem
    from wanreel.service.till import BILL_BYTES_MAX

    try:
        if file.stat().st_size > BILL_BYTES_MAX:
            raise Invalid("", (Problem("file", f"is larger than {BILL_BYTES_MAX // 1024**2} MB: split it", str(file)),))
        raw = file.read_bytes()
    except OSError as error:
        raise Invalid("", (Problem("file", f"cannot be read: {error.strerror}", str(file)),)) from None
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode text"
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):  # the latter for Excel in China
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("", (Problem("file", "is no text in UTF-8 or GB18030: export it as CSV", str(file)),))
