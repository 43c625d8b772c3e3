"""Bills as spreadsheets write them: marks, titles, thousands, currencies, and what is not guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wanreel.domain.errors import Invalid
from wanreel.money.bill import Billed
from wanreel.service.bill_file import read_bill


def only(text: str, currency: str = "CNY") -> Billed:
    """The one task of a bill."""
    (one,) = read_bill(text, currency).tasks
    return one


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("3.00", "3.00", "CNY"),
        ("3", "3", "CNY"),
        ("¥3.5", "3.5", "CNY"),
        ("￥ 3.5", "3.5", "CNY"),
        ("3.5元", "3.5", "CNY"),
        ("$0.15", "0.15", "USD"),
        ("0.15 USD", "0.15", "USD"),
        ("-3.00", "-3.00", "CNY"),
        ("\u2212¥3.00", "-3.00", "CNY"),
        ('"1,234.50"', "1234.50", "CNY"),
        ('"1,234,567"', "1234567", "CNY"),
        ('"1.234,50"', "1234.50", "CNY"),
        ('"3,50"', "3.50", "CNY"),
        ('"0,733924"', "0.733924", "CNY"),
        ("1 234.50", "1234.50", "CNY"),
        ("1'234.50", "1234.50", "CNY"),
        ("0.733924", "0.733924", "CNY"),
    ],
)
def test_an_amount_is_read_as_it_was_meant(cell: str, amount: str, currency: str) -> None:
    """Signs, symbols, thousands in three fashions, and a fraction behind a comma."""
    found = only(f"task_id,amount\nt1,{cell}\n")
    assert (Decimal(amount), currency) == (found.amount, found.currency)


@pytest.mark.parametrize("cell", ["", "much", "1.2.3", '"1,23,456"', "1e3", "(3.00)", "3.00 EUR", "NaN", "1_000"])
def test_what_is_no_amount_is_named_with_its_line(cell: str) -> None:
    """A bill half understood is worse than none."""
    with pytest.raises(Invalid) as wrong:
        read_bill(f"task_id,amount\nt0,1\nt1,{cell}\n", "CNY")
    assert ["line 3"] == [problem.field for problem in wrong.value.problems]


def test_an_amount_with_two_meanings_is_not_guessed() -> None:
    """Where cells are parted by semicolons a comma is as likely a point as it parts thousands."""
    assert Decimal(1500) == only('task_id,amount\nt1,"1,500"\n').amount
    assert Decimal("1.5") == only("task_id;amount\nt1;1,5\n").amount
    assert Decimal("1500.25") == only("task_id;amount\nt1;1.500,25\n").amount
    with pytest.raises(Invalid, match="two ways"):
        read_bill("task_id;amount\nt1;1,500\n", "CNY")


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftask_id,amount\nt1,3\n",
        "Task ID ;Amount (CNY)\r\nt1;3\r\n",
        "账期\t任务ID\t应付金额（元）\n2026-11\tt1\t3\n",
        "sep=;\nperiod;instance id;pretax amount\n2026-11;t1;3\n",
        "Bill of November, all products\n\nperiod,Instance ID,Payment Amount\n2026-11,t1,3\n\n",
        '"task_id","amount"\n"t1","3"\nTotal,3\n合计：,3\n',
    ],
)
def test_columns_are_found_wherever_they_are(text: str) -> None:
    """Whatever mark, case, title, byte order mark or sum there is."""
    found = read_bill(text, "CNY")
    assert [("t1", Decimal(3), 1)] == [(one.task, one.amount, one.rows) for one in found.tasks]
    assert () == found.strays


def test_rows_of_a_task_are_added_up_and_counted() -> None:
    """A row that stands twice is billed twice; a refund takes off; each currency stands for itself."""
    text = "task_id,amount,currency\nt1,3.00,CNY\nt1,3.00,RMB\nt2,3,cny\nt2,-3,人民币\nt3,0.15,USD\nt3,1,CNY\n"
    found = {(one.task, one.currency): (one.amount, one.rows) for one in read_bill(text, "CNY").tasks}
    assert {
        ("t1", "CNY"): (Decimal(6), 2),
        ("t2", "CNY"): (Decimal(0), 2),
        ("t3", "USD"): (Decimal("0.15"), 1),
        ("t3", "CNY"): (Decimal(1), 1),
    } == found


def test_a_row_without_a_task_is_kept_and_a_sum_is_not() -> None:
    """What the vendor bills beside tasks is for a person to see; the sum of a column is no bill."""
    found = read_bill("product,task_id,amount\nwan,t1,3\nstorage,,0.50\nTotal,,3.50\n", "CNY")
    assert [("t1", Decimal(3))] == [(one.task, one.amount) for one in found.tasks]
    assert [(3, Decimal("0.50"))] == [(one.line, one.amount) for one in found.strays]


def test_a_row_that_names_a_task_is_a_charge_whatever_it_begins_with() -> None:
    """A tag called "total" hides no billed task."""
    bill = read_bill("tag,task_id,amount\ntotal,t1,9000.00\ntotal,,9000.00\n", "CNY")
    assert [("t1", Decimal(9000))] == [(one.task, one.amount) for one in bill.tasks]
    assert not bill.strays


def test_the_header_may_name_the_currency() -> None:
    """A column in dollars is not taken for the account's yuan."""
    assert "USD" == only("task_id,cost (USD)\nt1,3\n").currency
    assert "EUR" == only("task_id,cost,currency\nt1,3,eur\n").currency


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "--task-column"),
        ("when,what\n1,2\n", "there are when, what"),
        ("task_id,what\n1,2\n", "--amount-column"),
        ('task_id,amount\nt1,"3\n', "is no CSV"),
        ("task_id,amount\nt1," + "3" * 200_000 + "\n", "is no CSV"),
    ],
)
def test_what_is_no_bill_is_refused_in_words(text: str, words: str) -> None:
    """With the columns there are, and the option that names one; a file that breaks off is not half read."""
    with pytest.raises(Invalid, match=words):
        read_bill(text, "CNY")
