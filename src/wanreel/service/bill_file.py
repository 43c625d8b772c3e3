"""A bill as the vendor's console exports it: which columns matter, and what an amount in a spreadsheet means.

Pages, languages and spreadsheet programs differ, so columns are found by name, below whatever title there is, and
the mark between cells is the one that makes sense of them. An amount that can be read in two ways is not guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from wanreel.domain.errors import Invalid, Problem
from wanreel.money.amount import exact
from wanreel.money.bill import Bill, Billed

TASK_COLUMNS = (
    *("task_id", "taskid", "task id", "任务id", "任务编号"),
    *("instance_id", "instanceid", "instance id", "实例id", "resource_id", "resourceid", "resource id", "资源id"),
)
AMOUNT_COLUMNS = (
    *("amount", "cost", "pretaxamount", "pretax_amount", "pretax amount", "payment_amount", "paymentamount"),
    *("payment amount", "应付金额", "现金支付", "税前金额", "金额", "费用"),
)
CURRENCY_COLUMNS = ("currency", "currencycode", "currency_code", "currency code", "币种", "货币")
ROWS_MAX = 1_000_000
PROBLEMS_MAX = 20

_MARKS = (",", ";", "\t", "|")
_HEADER_WITHIN = 20  # titles and notes stand above the header
_CURRENCIES = {
    "CNY": ("cny", "rmb", "人民币", "元", "¥", "￥", "cn¥", "yuan"),
    "USD": ("usd", "us$", "$", "美元", "美金", "dollar"),
}
_SUMS = ("合计", "总计", "小计", "总额", "total", "subtotal", "sum", "grand total")
_BRACKETS = re.compile(r"[(（]([^)）]*)[)）]")
_FIGURE = re.compile(r"(?P<sign>[-+\u2212]?)(?P<digits>[0-9]+(?:[.,' \u00a0\u202f][0-9]+)*)")
_MINUS = "-\u2212"
_SPACED = re.compile(r"[' \u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class _Columns:
    task: int
    amount: int
    currency: int | None
    usual_currency: str
    mark: str


def read_bill(text: str, currency: str, *, task_column: str | None = None, amount_column: str | None = None) -> Bill:
    """The bill in a CSV text. Rows that name no currency are in `currency`. Raises Invalid: no such columns, lines
    whose amount cannot be read, or can be read in two ways.
    """
    asked = (task_column, amount_column)
    mark, above, columns = _header(text, currency, asked)
    found: dict[tuple[str, str], Billed] = {}
    strays: list[Billed] = []
    problems: list[Problem] = []
    for number, row in _rows(text, mark):
        if number <= above or _is_sum(row, columns) or not any(cell.strip() for cell in row):
            continue
        if number > ROWS_MAX + above:
            problems.append(Problem(f"line {number}", f"a bill has at most {ROWS_MAX} rows: split it"))
            break
        one = _billed(row, number, columns)
        if isinstance(one, Problem):
            problems.append(one)
            if len(problems) == PROBLEMS_MAX:
                break
        elif one.task:
            so_far = found.get((one.task, one.currency))
            found[one.task, one.currency] = one if so_far is None else _together(so_far, one)
        else:
            strays.append(one)
    if problems:
        raise Invalid("the bill cannot be used:", tuple(problems))
    return Bill(tuple(found.values()), tuple(strays))


def _together(one: Billed, more: Billed) -> Billed:
    least = min(one.least, more.least)
    return replace(one, amount=one.amount + more.amount, slack=one.slack + more.slack, rows=one.rows + 1, least=least)


def _is_sum(row: Sequence[str], columns: _Columns) -> bool:
    """A row that only adds up what others say; one that names a task is a charge, whatever it begins with."""
    if columns.task < len(row) and _bare(row[columns.task]).rstrip(":：") not in ("", *_SUMS):
        return False
    first = next((cell.strip().lower().rstrip(":：") for cell in row if cell.strip()), "")
    return first in _SUMS


# --- the header -----------------------------------------------------------------------------------------------------


def _header(text: str, currency: str, asked: tuple[str | None, str | None]) -> tuple[str, int, _Columns]:
    """The mark between cells, the line of the header, and where what matters stands. Raises Invalid."""
    widest: list[str] = []
    for mark in _MARKS:
        for number, row in _rows(text, mark, _HEADER_WITHIN):
            names = [_bare(cell) for cell in row]
            task, amount = _place(names, asked[0], TASK_COLUMNS), _place(names, asked[1], AMOUNT_COLUMNS)
            if task is not None and amount is not None:
                in_header = _BRACKETS.search(row[amount])
                usual = (_currency(in_header[1]) if in_header else None) or currency
                return mark, number, _Columns(task, amount, _place(names, None, CURRENCY_COLUMNS), usual, mark)
            widest = max(widest, [name for name in names if name], key=len)
    there = f"; there are {', '.join(widest)[:400]}" if widest else ""
    problems = [
        Problem("columns", f"none holds {what}: name it with {option}{there}")
        for what, option, name, usual in (
            ("the vendor's task ids", "--task-column", asked[0], TASK_COLUMNS),
            ("what each task cost", "--amount-column", asked[1], AMOUNT_COLUMNS),
        )
        if _place(widest, name, usual) is None
    ]
    raise Invalid("", tuple(problems) or (Problem("columns", "no line holds both the task ids and the amounts"),))


def _rows(text: str, mark: str, most: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its line. Raises Invalid where the file breaks off or is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=most is None)
    try:
        for row in reader:
            if most is not None and reader.line_num > most:
                return
            yield reader.line_num, row
    except csv.Error as wrong:
        if most is None:
            raise Invalid("", (Problem(f"line {reader.line_num}", f"is no CSV: {wrong}"),)) from None


def _bare(cell: str) -> str:
    """A column's name without its currency, case and blanks."""
    return " ".join(_BRACKETS.sub("", cell).strip("\ufeff \t").lower().split())


def _place(names: Sequence[str], asked: str | None, usual: Sequence[str]) -> int | None:
    wanted = usual if asked is None else (_bare(asked),)
    return next((names.index(name) for name in wanted if name in names), None)


# --- a row ----------------------------------------------------------------------------------------------------------


def _billed(row: Sequence[str], line: int, columns: _Columns) -> Billed | Problem:
    where, told = f"line {line}", ",".join(row)[:80]
    cell = row[columns.amount] if columns.amount < len(row) else ""
    amount, in_cell = _amount(cell, columns.mark)
    if isinstance(amount, str):
        return Problem(where, amount, told)
    there = row[columns.currency] if columns.currency is not None and columns.currency < len(row) else ""
    currency = _currency(there) or there.strip().upper() or in_cell or columns.usual_currency
    task = row[columns.task].strip() if columns.task < len(row) else ""
    places = -int(amount.as_tuple().exponent)
    slack = Decimal(5).scaleb(-max(places, 2) - 1)
    charge = exact(amount)  # a row of nothing fills the bill up, and is no reason to let the others differ by more
    return Billed(task, currency, charge, slack if charge else Decimal(0), line, least=slack)


def _currency(said: str) -> str | None:
    """The code of a currency however it is written; None for what is none we know."""
    word = said.strip().lower()
    return next((code for code, names in _CURRENCIES.items() if word in names), None)


def _amount(cell: str, mark: str) -> tuple[Decimal | str, str | None]:
    """The figure in a cell and its currency; or, in place of the figure, why it cannot be read."""
    figure = _FIGURE.search(cell)
    if figure is None:
        return "has no amount that could be read", None
    around = f"{cell[: figure.start()]} {cell[figure.end() :]}".strip()
    sign = figure["sign"]
    if not sign and around[:1] in _MINUS:  # -¥3.00
        sign, around = around[:1], around[1:].strip()
    currency = _currency(around)
    if around and currency is None:
        return "has no amount that could be read", None
    plain = _point(_without_blanks(figure["digits"]), mark)
    if plain is None:
        words = f"{cell.strip()[:40]} can be read in two ways: export it with a point before the cents, and no other"
        return words, None
    amount = Decimal(plain) * (-1 if sign and sign in _MINUS else 1)
    try:
        exact(amount)
    except ValueError:
        return "has no amount that could be read", None
    return amount, currency


def _without_blanks(digits: str) -> str:
    """A figure whose thousands are parted by blanks or apostrophes, without them."""
    whole = re.split(r"[.,]", digits)[0]
    return digits.replace(whole, _SPACED.sub("", whole), 1) if _in_thousands(whole, _SPACED.pattern) else digits


def _in_thousands(digits: str, part: str) -> bool:
    return re.fullmatch(rf"[0-9]{{1,3}}(?:{part}[0-9]{{3}})+", digits) is not None


def _point(digits: str, mark: str) -> str | None:
    """The figure with a point before its fraction and nothing else; None where it has no one meaning."""
    marks = [c for c in digits if not c.isdigit()]
    if not marks:
        return digits
    if set(marks) - {".", ","}:
        return None
    last = marks[-1]
    if len(set(marks)) == 2:  # the last parts the fraction, the others the thousands
        whole, _, fraction = digits.rpartition(last)
        other = "," if last == "." else "."
        fits = last not in whole and _in_thousands(whole, re.escape(other))
        return f"{whole.replace(other, '')}.{fraction}" if fits else None
    thousands = _in_thousands(digits, re.escape(last))
    if len(marks) > 1:
        return digits.replace(last, "") if thousands else None
    if last == ".":
        return digits
    if not thousands or digits.startswith("0"):
        return digits.replace(",", ".")
    return None if mark == ";" else digits.replace(",", "")
