"""Replay one world, or run a batch: `python -m tests.simulation --seed 42 [--steps]`, `--seeds 0:10000 --jobs 2`."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.run import quiet, run_batch, run_seed


def main(argv: list[str]) -> int:
    """0 when every promise held and, in a batch, every row and every fault was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the one world to replay, with its transcript")
    parser.add_argument("--steps", action="store_true", help="with --seed: every single await, not only what happened")
    parser.add_argument("--seeds", help="a batch: FROM:TO, the last not included")
    parser.add_argument("--jobs", type=int, default=2, help="processes for a batch")
    asked = parser.parse_args(argv)
    quiet()
    if asked.seed is not None:
        return _replay(asked.seed, steps=asked.steps)
    if not asked.seeds:
        parser.error("say --seed S or --seeds FROM:TO")
    first, _, last = asked.seeds.partition(":")
    return _batch(range(int(first), int(last)), asked.jobs)


def _replay(seed: int, *, steps: bool) -> int:
    def listener(said: str) -> None:
        if steps or " awaits " not in said:
            print(said)

    outcome = run_seed(seed, listener=listener)
    met = ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.met.items())) or "nothing went wrong"
    print(f"seed {seed}: {outcome.jobs} jobs, {outcome.worked} steps of a worker, {outcome.steps} turns; {met}")
    print(f"BROKEN: {outcome.broken}" if outcome.broken else "every promise held")
    return 1 if outcome.broken else 0


def _batch(seeds: range, jobs: int) -> int:
    began = time.perf_counter()
    total = run_batch(seeds, jobs)
    print(total.words())
    print(f"{time.perf_counter() - began:.1f} s on {jobs} processes")
    for outcome in total.broken[:10]:
        print(f"\nseed {outcome.seed}: {outcome.broken}   (make simulate SEED={outcome.seed})")
        print("\n".join(outcome.transcript[-30:]))
    if total.rows_missed:
        print(f"rows that no world took: {total.rows_missed}")
    if total.kinds_missed:
        print(f"faults that no world met: {total.kinds_missed}")
    return 1 if total.broken or total.rows_missed or total.kinds_missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
