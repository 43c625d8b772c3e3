"""A bill exported from the vendor's console, held against the ledger: every difference by its task and its job.

The console's columns differ by page and language, so they are found by name: an id of the task, an amount, and if there
is one a day. Several rows of one task are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from wanreel.domain.errors import Invalid, Problem
from wanreel.money.amount import exact
from wanreel.money.ledger import Posting, Purse

TASK_COLUMNS = ("task_id", "taskid", "task id", "任务id", "任务编号", "instance_id", "instanceid", "实例id", "资源id")
AMOUNT_COLUMNS = (
    *("amount", "cost", "pretaxamount", "pretax_amount", "pretax amount", "payment_amount", "paymentamount"),
    *("应付金额", "现金支付", "税前金额", "金额", "费用"),
)
ROWS_MAX = 1_000_000


class Verdict(StrEnum):
    """How a task of the bill and the ledger differ."""

    MISSING = "missing"  # settled here, not in the bill
    EXTRA = "extra"  # in the bill, not settled here
    CHANGED = "changed"  # in both, with other amounts


@dataclass(frozen=True, slots=True)
class Difference:
    """One task that bill and ledger do not agree on. `job` is None where we know nothing of it."""

    verdict: Verdict
    task: str
    job: str | None
    billed: Decimal | None
    settled: Decimal | None
    words: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it: how many tasks agree, and those that do not."""

    agreed: int
    billed: Decimal
    settled: Decimal
    differences: tuple[Difference, ...]


def read_bill(
    cells: Iterable[Sequence[str]], task_column: str | None = None, amount_column: str | None = None
) -> dict[str, Decimal]:
    """What each task is billed, from the cells of each line. Raises Invalid: no such columns, lines that are none."""
    rows = iter(cells)
    header = [cell.strip().strip("\ufeff").lower() for cell in next(rows, ())]
    at_task = _column(header, task_column, TASK_COLUMNS, "--task-column", "the vendor's task ids")
    at_amount = _column(header, amount_column, AMOUNT_COLUMNS, "--amount-column", "what each task cost")
    billed: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows, 2):
        if number > ROWS_MAX:
            problems.append(Problem(f"line {number}", f"a bill has at most {ROWS_MAX} rows: split it"))
            break
        if not any(cell.strip() for cell in row):
            continue
        task = row[at_task].strip() if at_task < len(row) else ""
        amount = _amount(row[at_amount]) if at_amount < len(row) else None
        if not task or amount is None:
            words = "must name a task and an amount" if not task else "has no amount that could be read"
            problems.append(Problem(f"line {number}", words, ",".join(row)[:80]))
        else:
            billed[task] = billed.get(task, Decimal(0)) + amount
    if problems:
        raise Invalid("the bill cannot be used:", tuple(problems[:20]))
    return billed


def reconcile(billed: Mapping[str, Decimal], postings: Iterable[Posting], known: Mapping[str, str]) -> Reconciled:
    """The bill against what was settled. `known` tells the jobs of tasks that were not settled here."""
    settled: dict[str, Decimal] = {}
    jobs: dict[str, str] = {}
    for p in postings:
        if p.task:
            jobs[p.task] = p.job
        if p.target is Purse.SPENT and p.task:
            settled[p.task] = settled.get(p.task, Decimal(0)) + (p.amount or Decimal(0))
    differences = [
        _difference(task, billed.get(task), settled.get(task), jobs.get(task, known.get(task)))
        for task in sorted(billed.keys() | settled.keys())
        if billed.get(task) != settled.get(task)
    ]
    agreed = sum(settled.get(task) == amount for task, amount in billed.items())
    zero = Decimal(0)
    return Reconciled(agreed, sum(billed.values(), zero), sum(settled.values(), zero), tuple(differences))


def _difference(task: str, billed: Decimal | None, settled: Decimal | None, job: str | None) -> Difference:
    if billed is None:
        return Difference(Verdict.MISSING, task, job, None, settled, "settled here, and the bill does not have it")
    if settled is not None:
        return Difference(Verdict.CHANGED, task, job, billed, settled, "the bill has another amount")
    words = "billed, and unknown to us" if job is None else "billed, and not settled here: see its history"
    return Difference(Verdict.EXTRA, task, job, billed, None, words)


def _column(header: Sequence[str], asked: str | None, usual: Sequence[str], option: str, what: str) -> int:
    names = usual if asked is None else (asked.strip().lower(),)
    for name in names:
        if name in header:
            return header.index(name)
    there = ", ".join(cell for cell in header if cell) or "nothing"
    raise Invalid("", (Problem("columns", f"none holds {what}: name it with {option}; there are {there}"),))


def _amount(cell: str) -> Decimal | None:
    bare = cell.strip().lstrip("¥￥$").replace(",", "")
    try:
        return exact(Decimal(bare))
    except (InvalidOperation, ValueError):
        return None
