"""How an emulator is set up, whether by command line, fixture or hand: one frozen value without heavy imports."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from wanreel.emulator.accounts import Account
from wanreel.emulator.events import EventOptions
from wanreel.emulator.objects import as_list, as_object
from wanreel.emulator.quirks import Quirks, parse_quirk


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """Settings of one emulator; every default is the likelier behaviour of the vendor.

    ``port`` 0 takes a free one. ``speed`` divides the time tasks wait and run. ``over_limit``, ``running``, ``queued``
    and ``submit_rate`` override the models' own limits; ``keys`` empty accepts any key that begins with ``sk-``, else
    only those (strict). ``accounts`` replaces that single account. ``seed`` None draws one.
    """

    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1.0
    over_limit: str = "queue"
    running: int | None = None
    queued: int | None = None
    submit_rate: float | None = None
    keys: tuple[str, ...] = ()
    region: str = "cn-beijing"
    state: Path | None = None
    seed: int | None = None
    virtual: bool = False
    start_at: float | None = None
    clock_rate: float = 1.0
    accounts: tuple[Account, ...] = ()
    quirks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, dict[str, float]])
    clip_bytes: int = 0  # pad every result to at least this many bytes
    clips: Path | None = None  # keep rendered clips here, across runs
    render: Callable[[Any], bytes] | None = None  # makes a clip from a ClipSpec, in place of the real renderer
    public_url: str = ""  # how clients reach this host, when that is not http://host:port
    log_max: int = 2000
    events: EventOptions | None = None

    def __post_init__(self) -> None:
        wrong = {
            "speed": not 0 < self.speed < inf,
            "clock_rate": not 0 < self.clock_rate <= 1e6,
            "port": not 0 <= self.port <= 65535,
            "clip_bytes": self.clip_bytes < 0,
            "log_max": self.log_max < 0,
        }
        for name in (name for name, is_wrong in wrong.items() if is_wrong):
            raise ValueError(f"{name} can not be {getattr(self, name)!r}")

    def all_accounts(self) -> tuple[Account, ...]:
        """The accounts given, or the single one these options describe."""
        if self.accounts:
            return self.accounts
        only = Account(
            keys=self.keys,
            region=self.region,
            submit_rate=self.submit_rate,
            running=self.running,
            queued=self.queued,
        )
        return (only,)

    def all_quirks(self) -> Quirks:
        """The switches, with ``over_limit`` among them. Raises ValueError in words."""
        fields: dict[str, Any] = {"over_limit": self.over_limit, **self.quirks}
        return Quirks(**fields)


def read_quirks(pairs: tuple[str, ...]) -> dict[str, object]:
    """``NAME=VALUE`` pairs of a command line as a mapping. Raises ValueError in words."""
    return dict(parse_quirk(pair) for pair in pairs)


def read_accounts(text: str) -> tuple[Account, ...]:
    """A JSON list of accounts, each with the fields of `Account`. Raises ValueError in words."""
    rows = as_list(json.loads(text))
    if not rows:
        raise ValueError('accounts are a JSON list: [{"name": "main", "keys": ["sk-..."], "region": "cn-beijing"}]')
    known = set(Account.__dataclass_fields__)
    found: list[Account] = []
    for row in rows:
        given = as_object(row)
        if given is None or set(given) - known:
            raise ValueError(f"an account has the fields {', '.join(sorted(known))}")
        lists = {name: tuple(as_list(given[name])) for name in ("keys", "workspaces") if name in given}
        fields: dict[str, Any] = {**given, **lists}
        found.append(Account(**fields))
    return tuple(found)
