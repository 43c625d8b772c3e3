"""A service over a store in memory, a clock that stands still, and a picture shelf that takes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.domain.catalog_file import BOOKS, CATALOG
from tests.factories import FakeClock, make_account
from wanreel.domain.clip import Fit
from wanreel.domain.errors import Invalid, Unauthorized
from wanreel.domain.job import Job
from wanreel.domain.policy import Policy
from wanreel.domain.validate import Options
from wanreel.ports.inputs import StoredInput
from wanreel.service.accounts import Accounts, Known
from wanreel.service.uses import Service, Shop
from wanreel.store.memory import MemoryStore

SLOTS = 2


class Shelf:
    """`ports.Inputs` that keeps nothing and knows every name but `missing.png`."""

    async def keep(self, source: Path, fit: Fit | None = None, called: str = "") -> StoredInput:
        if source.name == "missing.png":
            raise Invalid(f"{source} is not there")
        return StoredInput("ab" * 32, "image/png", 1000, source.name, width=1280, height=720, format="png")

    async def keep_bytes(self, data: bytes, name: str, fit: Fit | None = None) -> StoredInput:
        return await self.keep(Path(name))

    async def keep_link(self, url: str, fit: Fit | None = None) -> StoredInput | None:
        return None

    async def forget(self, sha256: str) -> bool:
        return False

    async def kept(self) -> list[str]:
        return []

    async def idle(self, before: float) -> list[str]:
        return []

    async def in_use(self, sha256: str) -> None:
        pass

    async def forget_idle(self, sha256: str, before: float) -> bool:
        return False

    def path(self, sha256: str) -> Path:
        return Path(sha256)


@dataclass(frozen=True)
class Counter:
    """A service and what stands behind it."""

    service: Service
    store: MemoryStore
    clock: FakeClock


async def nothing_held() -> Callable[[Job], str]:
    """A spool with room for everything."""
    return lambda job: ""


def make_counter(*, key: bool = True) -> Counter:
    """A service of an account in Singapore with two slots a model."""
    clock, policy = FakeClock(), Policy()
    store = MemoryStore(lambda _: SLOTS, policy)

    def check_key() -> None:
        if not key:
            raise Unauthorized("no key")

    shop = Shop(
        clock=clock,
        jobs=store,
        slots=store,
        holds=store,
        watching=store,
        marks=store,
        ledger=store,
        overview=store,
        inputs=Shelf(),
        catalog=CATALOG,
        accounts=Accounts(
            [Known(make_account(region="singapore"), ("sk-test-12345678",), slots={"*": SLOTS})], CATALOG, main="main"
        ),
        books=BOOKS,
        policy=policy,
        options=Options(),
        check_key=check_key,
        holdups=nothing_held,
    )
    return Counter(Service(shop), store, clock)
