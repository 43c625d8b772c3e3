"""``python -m wanreel.emulator``: the emulator without the rest of wanreel's command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from wanreel.emulator.events import EventOptions
from wanreel.emulator.main import serve
from wanreel.emulator.options import EmulatorOptions, read_accounts, read_quirks


def options_from(arguments: list[str] | None = None) -> EmulatorOptions:
    """Read a command line."""
    parser = argparse.ArgumentParser(prog="wanreel.emulator", description="The Wan video API on this machine.")
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8787, help="0 takes a free one (default 8787)")
    add("--speed", type=float, default=30.0, help="tasks wait and run this many times faster (default 30)")
    add("--over-limit", choices=("queue", "reject"), default="queue")
    add("--running", type=int, help="tasks running at once per model (default: the model's own)")
    add("--queued", type=int, help="tasks waiting beyond those (default 50)")
    add("--submit-rate", type=float, help="submits per second per model, 0 for no limit (default: the model's own)")
    add("--key", action="append", default=[], help="accept only this key; may be repeated")
    add("--region", default="cn-beijing")
    add("--state", type=Path, help="keep tasks, files and counters here, across restarts")
    add("--clips", type=Path, help="keep rendered clips here, across runs")
    add("--seed", type=int)
    add("--virtual", action="store_true", help="time stands still until POST /_emulator/advance")
    add("--clip-bytes", type=int, default=0, help="pad results to this many bytes")
    add("--quirk", action="append", default=[], metavar="NAME=VALUE", help="see docs/reference/emulator.md")
    add("--rates", type=json.loads, default={}, help='random faults: {"create": {"drop_after": 0.05}}')
    add("--events-url", help="post completion events to this address on this machine")
    add("--accounts", type=Path, help="a JSON file: a list of accounts with name, keys, region and limits")
    got = parser.parse_args(arguments)
    try:
        quirks = read_quirks(tuple(got.quirk))
        accounts = read_accounts(got.accounts.read_text("utf-8")) if got.accounts else ()
    except (ValueError, OSError) as wrong:
        parser.error(str(wrong))
    return EmulatorOptions(
        host=got.host,
        port=got.port,
        speed=got.speed,
        over_limit=got.over_limit,
        running=got.running,
        queued=got.queued,
        submit_rate=got.submit_rate,
        keys=tuple(got.key),
        region=got.region,
        state=got.state,
        clips=got.clips,
        seed=got.seed,
        virtual=got.virtual,
        clip_bytes=got.clip_bytes,
        quirks=quirks,
        accounts=accounts,
        rates=got.rates,
        events=EventOptions(got.events_url) if got.events_url else None,
    )


if __name__ == "__main__":
    try:
        serve(options_from())
    except (OSError, ValueError) as wrong:
        sys.exit(f"wanreel emulator: {wrong}")
