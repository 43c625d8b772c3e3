"""The bill against the ledger: what agrees, and each difference by name."""

from __future__ import annotations

from decimal import Decimal

from tests.factories import NOW
from wanreel.domain.booking import Kind
from wanreel.money.bill import Difference, Verdict, reconcile
from wanreel.money.ledger import Posting, Purse
from wanreel.service.bill_file import read_bill


def posting(task: str, amount: str | None, target: Purse = Purse.SPENT, currency: str = "CNY") -> Posting:
    """A transfer out of what was reserved, of job `j-TASK`."""
    exact = None if amount is None else Decimal(amount)
    return Posting(
        id=f"settle:{task}",
        kind=Kind.SETTLE,
        source=Purse.RESERVED,
        target=target,
        amount=exact,
        currency=currency,
        at=NOW,
        since=NOW,
        holder=f"j-{task}",
        job=f"j-{task}",
        project="p",
        account="main",
        model="m",
        task=task,
    )


def found(rows: str, *postings: Posting, known: dict[str, str] | None = None) -> tuple[Difference, ...]:
    """The differences of a bill, and what the ledger has."""
    return reconcile(read_bill("task_id,amount\n" + rows, "CNY"), postings, known or {}).differences


def test_a_missing_an_extra_and_a_changed_row_are_each_named() -> None:
    """With its job, or as unknown to us; the same amount is no difference."""
    told = found(
        "same,3\nchanged,4\nextra,9\nours,2\n", *(posting(t, "3") for t in ("same", "changed", "missing")),
        known={"ours": "j-ours"},
    )  # fmt: skip
    assert [
        (Verdict.CHANGED, "changed", "j-changed", Decimal(4), Decimal(3)),
        (Verdict.EXTRA, "extra", None, Decimal(9), None),
        (Verdict.MISSING, "missing", "j-missing", None, Decimal(3)),
        (Verdict.EXTRA, "ours", "j-ours", Decimal(2), None),
    ] == [(d.verdict, d.task, d.job, d.billed, d.settled) for d in told]
    assert "unknown to us" in told[1].words


def test_a_bill_is_rounded_and_that_is_no_difference() -> None:
    """To the decimals it shows and at least to the cent; a cent is one, and so is less where more decimals stand."""
    assert () == found("t,3.67\n", posting("t", "3.66962"))
    assert () == found("t,5.1\n", posting("t", "5.10"))
    assert [Verdict.CHANGED] == [d.verdict for d in found("t,5.1\n", posting("t", "5.112"))]
    assert [Verdict.CHANGED] == [d.verdict for d in found("t,3.68\n", posting("t", "3.66962"))]
    assert [Verdict.CHANGED] == [d.verdict for d in found("t,3.669\n", posting("t", "3.66962"))]


def test_rows_of_nothing_leave_no_more_room_for_a_difference() -> None:
    """A task of many rows may differ by a rounding of each that charges something, however many say 0.00."""
    filler = "t,0.00\n" * 20
    assert [Verdict.CHANGED] == [d.verdict for d in found(f"{filler}t,3.05\n", posting("t", "3"))]
    assert () == found(f"{filler}t,3.00\n{filler}", posting("t", "3.004"))
    assert () == found("t,1.00\nt,1.00\nt,1.00\n", posting("t", "3.013"))
    assert () == found(filler, posting("t", "0.004"))
    assert [Verdict.CHANGED] == [d.verdict for d in found(filler, posting("t", "0.01"))]


def test_a_row_that_stands_twice_is_seen() -> None:
    """Billed twice, in words."""
    (twice,) = found("t,3.00\nt,3.00\n", posting("t", "3"))
    assert (Verdict.CHANGED, Decimal(6)) == (twice.verdict, twice.billed)
    assert "in 2 rows" in twice.words


def test_nothing_billed_for_what_cost_nothing_agrees() -> None:
    """Failed tasks may stand in a bill with nothing, clips for nothing may be missing; a refund may take all back."""
    assert () == found("failed,0.00\nback,3\nback,-3\n", posting("gift", "0"))


def test_another_currency_is_a_difference_and_not_converted() -> None:
    """However much it is."""
    (told,) = reconcile(read_bill("task_id,amount\nt,$3\n", "CNY"), [posting("t", "3")], {}).differences
    assert (Verdict.CHANGED, "USD", "j-t") == (told.verdict, told.currency, told.job)
    assert "nothing is converted" in told.words
    sums = reconcile(read_bill("task_id,amount\nt,$3\nu,2\n", "CNY"), [posting("t", "3")], {})
    assert {"CNY": Decimal(2), "USD": Decimal(3)} == sums.billed


def test_what_nobody_could_price_or_prove_is_said_as_such() -> None:
    """A bill answers it: the amount of a clip without a price, a task that was given up."""
    (unpriced,) = found("t,3\n", posting("t", None))
    assert (Verdict.CHANGED, None) == (unpriced.verdict, unpriced.settled)
    (unproven,) = found("t,3\n", posting("t", "3", Purse.UNPROVEN))
    assert (Verdict.EXTRA, "j-t") == (unproven.verdict, unproven.job)
    assert "unproven here" in unproven.words
    (unbilled,) = found("", posting("t", None))
    assert Verdict.MISSING == unbilled.verdict
