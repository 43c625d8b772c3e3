"""What a dry run prints: the calls as they would go out, and what they would cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wanreel.cli.render import print_json
from wanreel.cli.report import put, say

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.money.budget import Foreseen
    from wanreel.service.batch import PlannedRow
    from wanreel.service.order import Planned


def warn(warnings: Sequence[str], where: str = "") -> None:
    """What a caller should know about a wish that can be fulfilled."""
    for words in warnings:
        say(f"note: {where}{words}")


def print_plan(planned: Planned, foreseen: Foreseen, home: Home, *, as_json: bool) -> None:
    """Each call of an order, the price of them all, and what the budgets would say."""
    from wanreel.service.view_money import view_foreseen

    for request in planned.requests:
        preview = home.preview(request)
        if as_json:
            said = {"estimate": money(planned), "budget": view_foreseen(foreseen), "warnings": list(planned.warnings)}
            print_json(preview | said)
        else:
            put(f"POST {preview['url']}")
            put(json.dumps(preview["body"], ensure_ascii=False, indent=2))
    if not as_json:
        warn(planned.warnings)
        put(f"{_clips(planned.clips)}: {price_words(planned)}. Nothing was sent.")
        print_budget(foreseen)


def print_batch_plan(rows: Sequence[PlannedRow], foreseen: Foreseen, *, as_json: bool) -> None:
    """Each row of a batch with its price, the sum, and what the budgets would say to all of it. Rows that were bought
    before are counted like any other.
    """
    from decimal import Decimal

    from wanreel.money.amount import words

    totals: dict[str, Decimal] = {}
    unknown = 0
    for item in rows:
        row, planned = item.row, item.planned
        model, amount = planned.requests[0].model, planned.estimate.amount
        if as_json:
            facts = {"line": row.line, "id": row.id, "model": model, "clips": planned.clips}
            print_json(facts | {"estimate": money(planned), "warnings": list(planned.warnings)})
        else:
            put(f"line {row.line}  {row.id}  {model}  {_clips(planned.clips)}: {price_words(planned)}")
            warn(planned.warnings, f"line {row.line}: ")
        if amount is None:
            unknown += planned.clips
        else:
            currency = planned.estimate.currency
            totals[currency] = totals.get(currency, Decimal(0)) + amount * planned.clips
    if not as_json:
        sums = " + ".join(f"{words(amount)} {currency}" for currency, amount in totals.items()) or "no known price"
        more = f", and {_clips(unknown)} of unknown price" if unknown else ""
        put(f"{_clips(sum(item.planned.clips for item in rows))}: {sums}{more}. Nothing was sent.")
        print_budget(foreseen)
    elif foreseen.asked or foreseen.stops:
        from wanreel.service.view_money import view_foreseen

        print_json({"budget": view_foreseen(foreseen)})


def print_budget(foreseen: Foreseen) -> None:
    """What the budgets would say, in words; nothing where nobody has set one."""
    if not foreseen.asked and not foreseen.stops:
        return
    if foreseen.stops:
        held = foreseen.clips - foreseen.fit
        which = "it" if foreseen.clips == 1 else f"{held} of the {foreseen.clips} clips"
        would = "would be refused" if foreseen.ends else "would wait for money"
        counted = ", those before it counted in" if foreseen.fit else ""
        put(f"budget: {which} {would}: {'; '.join(stop.why for stop in foreseen.stops)}{counted}")
    else:
        put("budget: enough is left")
    for words in foreseen.warnings:
        put(f"budget: it would be warned: {words}")


def money(planned: Planned) -> dict[str, Any]:
    """An estimate as plain values; amounts are decimal numbers as text."""
    e = planned.estimate
    return {
        "amount": None if e.amount is None else str(e.amount * planned.clips),
        "per_clip": None if e.amount is None else str(e.amount),
        "currency": e.currency,
        "clips": planned.clips,
        "at_most": e.at_most,
        "source": e.source,
        "as_of": e.as_of,
        "why": e.why or None,
    }


def price_words(planned: Planned) -> str:
    """An estimate in words, with what it is made of."""
    e = planned.estimate
    if e.amount is None:
        return f"price unknown ({e.why})"
    bound = "at most " if e.at_most else ""
    from wanreel.money.amount import words

    made_of = f"{e.seconds} s at {e.per_second} a second, as of {e.as_of}"
    return f"{bound}{words(e.amount * planned.clips)} {e.currency} ({made_of})"


def _clips(count: int) -> str:
    return f"{count} clip" if count == 1 else f"{count} clips"
