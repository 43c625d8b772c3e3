"""Run the kinds of checks in order, stop at the first that fails, and close with one line that sums them all up.

`make test` is the same list for a contributor and for CI. Tests never see this machine's keys, homes or proxies.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
LIMIT_S = 15 * 60
PYTEST = ("-m", "pytest")


@dataclass(frozen=True)
class Kind:
    """One kind of check: the Python command that runs it, and what a contributor does when it fails."""

    name: str
    command: tuple[str, ...]
    remedy: str
    limit_s: float = LIMIT_S

    @property
    def is_pytest(self) -> bool:
        """Whether it leaves a report of its tests."""
        return self.command[:2] == PYTEST

    @property
    def report(self) -> Path:
        """Where its tests' report goes."""
        return REPORTS / f"{self.name}.xml"


FORMAT = Kind("format", ("-m", "ruff", "format", "--check", "."), "`make fix` formats it.")
LINT = Kind(
    "lint", ("-m", "ruff", "check", "."), "`make fix` repairs what is safe; each rule's reason: pyproject.toml."
)
TYPES = Kind(
    "types", ("-m", "pyright"), "Give each name the type it has; `cast` and ignores need a reason beside them."
)
IMPORTS = Kind(
    "imports",
    ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-logo"),
    "Imports point down the floors (pyproject.toml, [tool.importlinter]); pass a port instead of reaching sideways.",
)
HOUSE = Kind(
    "house", (*PYTEST, "-q", "--durations=0", "--durations-min=5", "tests/house"), "Each message says what to do."
)
PAGE = Kind(
    "page",
    ("tools/page.py", "--check"),
    "The studio's code (web/src) does not fit its own types or today's API; `make page` builds it.",
)
TESTS = Kind(
    "tests",
    (*PYTEST, "-n", "4", "--dist", "worksteal", "--ignore=tests/house"),
    "One test alone: .venv/bin/python -m pytest PATH -k NAME",
)
SIMULATION = Kind(
    "simulation",
    (*PYTEST, "-q", "-s", "--durations=0", "--durations-min=5", "-m", "simulation", "tests/simulation"),
    "Replay the seed it printed: make simulate SEED=…",
)
KILL9 = Kind("kill9", (*PYTEST, "-s", "-m", "kill9", "tests"), "The seed and the instants are printed.", 3600)
LONG = Kind(
    "long",
    (*PYTEST, "-s", "-m", "(long or kill9) and not bench", "tests"),
    "These are long on purpose: run one alone.",
    6 * 3600,
)
BENCH = Kind("bench", (*PYTEST, "-q", "-s", "-m", "bench", "bench"), "Run it on a quiet machine.", 3600)

QUICK = (FORMAT, LINT, TYPES, IMPORTS, HOUSE)
PLANS = {
    "lint": QUICK,
    "test": (*QUICK, PAGE, TESTS, SIMULATION),
    "kill9": (KILL9,),
    "long": (LONG, BENCH),
    "bench": (BENCH,),
}


def main(plan: str) -> int:
    """Run one plan; the exit code is that of the first kind that failed."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    ran: list[Kind] = []
    code = 0
    for kind in PLANS[plan]:
        kind.report.unlink(missing_ok=True)
        print(f"\n--- {kind.name}", flush=True)
        kind_started = time.monotonic()
        code = _run(kind, _environment(plan))
        ran.append(kind)
        print(f"--- {kind.name}: {'failed' if code else 'ok'} in {time.monotonic() - kind_started:.1f}s", flush=True)
        if code:
            print(f"make {plan} stopped at '{kind.name}'. {kind.remedy}", flush=True)
            break
    _close(ran, failed=bool(code), took_s=time.monotonic() - started)
    return code


def _run(kind: Kind, environment: dict[str, str]) -> int:
    """Run one kind with all it starts in a process group of its own, so that a limit passed leaves nothing behind."""
    report = (f"--junitxml={kind.report}",) if kind.is_pytest else ()
    command = [sys.executable, *kind.command, *report]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        return process.wait(kind.limit_s)
    except subprocess.TimeoutExpired:
        print(f"'{kind.name}' was still running after {kind.limit_s:.0f}s and was ended.")
        return 124
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(plan: str) -> dict[str, str]:
    """Leave out what would let a test reach this machine's account, home or proxy."""
    private = ("WANREEL_", "DASHSCOPE_", "BAILIAN_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith(private) and not name.startswith("WANREEL_TEST_"))
        and not name.lower().endswith("_proxy")
    }
    kept["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"  # no question to the registry about newer versions
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])  # its own Node
    kept["WANREEL_TEST_KILLS"] = os.environ.get("KILLS") or ("10" if plan == "test" else "200")
    return kept


def _close(ran: list[Kind], *, failed: bool, took_s: float) -> None:
    """Print the ten slowest tests and the closing line, in pytest's own form, over all kinds that ran."""
    passed = failures = errors = skipped = 0
    slowest: list[tuple[float, str]] = []
    for kind in ran:
        if not (kind.is_pytest and kind.report.exists()):
            continue
        for case in ET.parse(kind.report).iter("testcase"):
            slowest.append((float(case.get("time", "0")), f"{case.get('classname')}::{case.get('name')}"))
            kinds = {child.tag for child in case}
            failures += "failure" in kinds
            errors += "error" in kinds
            skipped += "skipped" in kinds
            passed += not kinds & {"failure", "error", "skipped"}
    if failed and not failures:
        errors += 1  # the kind itself failed, or broke before its tests could
    if slowest:
        print("\nten slowest tests")
        for seconds, name in sorted(slowest, reverse=True)[:10]:
            print(f"{seconds:8.2f}s  {name}")
    counts = (
        (failures, "failed"),
        (passed, "passed"),
        (skipped, "skipped"),
        (errors, "error" if errors == 1 else "errors"),
    )
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "0 passed"
    print(f"\n{f' {said} in {took_s:.2f}s ':=^100}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
