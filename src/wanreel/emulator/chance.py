"""Chance without a dice: every draw is a hash of the seed and of what is being drawn, so runs repeat exactly."""

from __future__ import annotations

from hashlib import blake2b
from math import exp
from statistics import NormalDist

_NORMAL = NormalDist()


def digest(seed: int | str, *about: object) -> bytes:
    """Sixteen bytes that depend on nothing but the seed and the words."""
    text = "\x1f".join((str(seed), *map(str, about)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def uniform(seed: int | str, *about: object) -> float:
    """A number in (0, 1), never exactly either end."""
    return (int.from_bytes(digest(seed, *about)[:8], "big") + 0.5) / 2.0**64 or 5e-324


def log_normal(median: float, sigma: float, seed: int | str, *about: object) -> float:
    """A positive number with that median; p99 lies at ``median * exp(2.326 * sigma)``."""
    share = min(max(uniform(seed, *about), 1e-12), 1 - 1e-12)
    return median * exp(sigma * _NORMAL.inv_cdf(share))


def uuid(seed: int | str, *about: object) -> str:
    """A lower-case version-4 style UUID."""
    raw = bytearray(digest(seed, *about))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
