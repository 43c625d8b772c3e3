"""Money as every face shows it: plain values, amounts as decimal numbers in text, times in ISO."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wanreel.money.amount import plain, words
from wanreel.money.bill import Difference
from wanreel.money.budget import Foreseen, Used
from wanreel.money.ledger import Overrun
from wanreel.money.report import Line
from wanreel.service.view import iso


def text(amount: Decimal | None) -> str | None:
    """An amount without an exponent and without needless zeros."""
    return None if amount is None else f"{plain(amount):f}"


def view_line(line: Line) -> dict[str, Any]:
    """A line of a report."""
    return {
        "key": line.key,
        "currency": line.currency,
        "clips": line.clips,
        "seconds": text(line.seconds),
        "estimated": text(line.estimated),
        "settled": text(line.settled),
        "reserved": text(line.reserved),
        "unproven": text(line.unproven),
        "per_clip": text(line.per_clip),
        "accepted": line.accepted,
        "per_accepted": text(line.per_accepted),
        "unknown": line.unknown,
    }


def view_cost(line: Line) -> dict[str, Any]:
    """What one job holds and has cost."""
    kept = ("currency", "reserved", "settled", "unproven", "unknown")
    return {name: value for name, value in view_line(line).items() if name in kept}


def cost_words(line: Line) -> str:
    """The same for people; purses with nothing in them are left out."""
    purses = ((line.settled, "settled"), (line.reserved, "reserved"), (line.unproven, "unproven"))
    said = [f"{words(amount)} {line.currency} {name}" for amount, name in purses if amount]
    said += [f"{line.unknown} at a price nobody knows"] if line.unknown else []
    return ", ".join(said) or "nothing"


def view_budget(used: Used) -> dict[str, Any]:
    """A budget with what is committed of it in the period that holds now."""
    budget = used.budget
    return {
        "budget": budget.id,
        "project": budget.project,
        "period": budget.period,
        "amount": text(budget.amount),
        "committed": text(used.amount),
        "left": text(used.left),
        "currency": budget.currency,
        "zone": budget.zone,
        "warn_at": text(budget.warn_at),
        "begins_at": iso(used.begins_at),
        "ends_at": iso(used.ends_at),
    }


def view_difference(found: Difference) -> dict[str, Any]:
    """What bill and ledger do not agree on."""
    return {
        "verdict": str(found.verdict),
        "task_id": found.task,
        "job": found.job,
        "billed": text(found.billed),
        "settled": text(found.settled),
        "currency": found.currency,
        "words": found.words,
    }


def view_overrun(overrun: Overrun) -> dict[str, Any]:
    """A settlement above its reservation."""
    return {
        "model": overrun.model,
        "account": overrun.account,
        "job": overrun.job,
        "task_id": overrun.task,
        "at": iso(overrun.at),
        "reserved": text(overrun.reserved),
        "settled": text(overrun.settled),
        "currency": overrun.currency,
    }


def view_foreseen(foreseen: Foreseen) -> dict[str, Any]:
    """What budgets would say to an order; `verdict` is None where nothing limits what may be spent."""
    limited = foreseen.asked or bool(foreseen.stops)
    verdict = ("refused" if foreseen.ends else "held") if foreseen.stops else "fits" if limited else None
    return {
        "verdict": verdict,
        "clips": foreseen.clips,
        "fit": foreseen.fit,
        "why": [stop.why for stop in foreseen.stops],
        "warnings": list(foreseen.warnings),
    }
