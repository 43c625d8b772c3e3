"""Amounts of money: exact decimals, kept in the store as whole billionths of a currency's unit.

No float comes near: prices have six decimals and lengths three, so a product fits nine, and sums of whole numbers are
exact in every database.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext

CURRENCIES = ("CNY", "USD")
NANOS = 10**9
_STEP = Decimal(1).scaleb(-9)
_MOST = Decimal(10) ** 9  # of any one amount: sums stay far within 64 bits


def exact(amount: Decimal) -> Decimal:
    """The amount to the billionth, half to even. Raises ValueError for what is no amount."""
    if not amount.is_finite() or amount.copy_abs() > _MOST:  # abs() would round, and overflow
        raise ValueError(f"{amount} is no amount of money")
    with localcontext() as context:
        context.prec = 40
        return amount.quantize(_STEP, ROUND_HALF_EVEN).normalize() + 0


def times(rate: Decimal, seconds: Decimal) -> Decimal:
    """What so many seconds cost."""
    with localcontext() as context:
        context.prec = 60
        return exact(rate * seconds)


def to_nanos(amount: Decimal) -> int:
    """As the store keeps it."""
    with localcontext() as context:
        context.prec = 40
        return int(exact(amount) * NANOS)


def of_nanos(nanos: int) -> Decimal:
    """As the store told it."""
    with localcontext() as context:
        context.prec = 40
        return plain(Decimal(nanos) * _STEP)


def plain(amount: Decimal) -> Decimal:
    """Without needless zeros behind the point, and without an exponent."""
    whole = amount.normalize()
    return whole.quantize(Decimal(1)) if whole == whole.to_integral_value() else whole


def words(amount: Decimal) -> str:
    """For people: at least two decimals, as many as there are."""
    text = f"{plain(amount):f}"
    point = text.find(".")
    behind = 0 if point < 0 else len(text) - point - 1
    return text if behind >= 2 else f"{plain(amount):.2f}"


def read_amount(text: str) -> Decimal | None:
    """An amount a person wrote, from 0; None for anything else."""
    try:
        amount = Decimal(text.strip())
        return exact(amount) if amount.is_finite() and amount >= 0 else None
    except (InvalidOperation, ValueError):
        return None
