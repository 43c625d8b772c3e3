"""What processes take: CPU seconds, whoever of them has already ended, and memory, shared pages counted once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pids: Iterable[int]) -> list[int]:
    """These processes and all that come from them and live."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found, left = list[int](), list(pids)
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """User and system seconds of these families so far, with their ended children who were waited for."""
    total = 0
    for pid in family(pids):
        with suppress(OSError):
            total += sum(int(field) for field in _stat(pid)[11:15])
    return total / _TICKS


def memory_mb(pids: Iterable[int]) -> float:
    """Megabytes these families hold together: each shared page counted once among its sharers (PSS)."""
    total = 0
    for pid in family(pids):
        with suppress(OSError):
            total += _pss_kb(Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return total / 1024.0


def _pss_kb(lines: Sequence[str]) -> int:
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
