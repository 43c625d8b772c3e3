"""`wanreel emulator`: the vendor's API on this machine, for tests and for trying things out. Nothing is paid there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.report import report


def emulator(
    *,
    host: str = "127.0.0.1",
    port: int = 8787,
    speed: float = 30.0,
    over_limit: Literal["queue", "reject"] = "queue",
    running: int | None = None,
    queued: int | None = None,
    submit_rate: float | None = None,
    region: str = "cn-beijing",
    key: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    state: Path | None = None,
    clips: Path | None = None,
    seed: int | None = None,
    clip_bytes: int = 0,
    quirk: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    virtual: Annotated[bool, Parameter(negative="")] = False,
    rates: str = "{}",
    accounts: Path | None = None,
    events_url: str | None = None,
) -> int:
    """Serve the vendor's API on this machine until stopped; prints one line with its base URL when ready.

    Parameters
    ----------
    host
        Address to listen on.
    port
        0 takes a free one.
    speed
        Tasks wait and run so many times faster than the vendor's.
    over_limit
        What one task too many gets: a place in the queue (PENDING), or 429.
    running
        Tasks of a model that run at once; default: the model's documented limit.
    queued
        Tasks of a model that may wait.
    submit_rate
        Submits a second of a model, 0 for no limit; default: the model's documented limit.
    region
        The region it plays; models of other regions are unknown there.
    key
        Accept only these keys; default: any that begins with sk-.
    state
        Keep tasks and counters in this folder across restarts.
    clips
        Keep rendered clips in this folder across runs.
    seed
        Decides queue and run times; drawn when not given.
    clip_bytes
        Pad every result to at least this size.
    quirk
        NAME=VALUE: how it answers where the vendor's documentation is silent; see the emulator's reference page.
    virtual
        Time stands still until POST /_emulator/advance.
    rates
        Random faults as JSON: {"create": {"drop_after": 0.05}}.
    accounts
        A JSON file with a list of accounts: name, keys, region, limits.
    events_url
        Post completion events to this address on this machine.
    """
    from wanreel.emulator.main import serve
    from wanreel.emulator.options import EmulatorOptions, EventOptions, read_accounts, read_quirks

    try:
        options = EmulatorOptions(
            host=host,
            port=port,
            speed=speed,
            over_limit=over_limit,
            running=running,
            queued=queued,
            submit_rate=submit_rate,
            region=region,
            keys=key,
            state=state,
            clips=clips,
            seed=seed,
            clip_bytes=clip_bytes,
            quirks=read_quirks(quirk),
            virtual=virtual,
            rates=_rates(rates),
            accounts=read_accounts(accounts.read_text("utf-8")) if accounts else (),
            events=EventOptions(events_url) if events_url else None,
        )
        serve(options)
    except (ValueError, OSError, OverflowError) as error:
        return _refuse(error)
    return Exit.OK


def _rates(text: str) -> dict[str, dict[str, float]]:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f'rates must be JSON like {{"create": {{"drop_after": 0.05}}}}: {error}') from None


def _refuse(error: ValueError | OSError | OverflowError) -> int:
    from wanreel.domain.errors import Invalid, Problem, Unavailable

    if isinstance(error, OSError):
        return report(Unavailable(f"the emulator cannot start: {error.strerror or error}"), as_json=False)
    return report(Invalid("", (Problem("emulator", str(error)),)), as_json=False)
