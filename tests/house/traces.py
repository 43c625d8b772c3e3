"""Traces of the machine a file was made on: package registries named, absolute paths, keys. A clone must not care."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

REGISTRIES = re.compile(
    r"pypi\.(?:org|python\.org)|python[h]osted\.org|npm[j]s\.(?:org|com)|yarn[p]kg\.com|mirrors\.[a-z]+\.(?:com|cn|edu)"
)
HOMES = re.compile(r"(?<![\w.~}/-])/(?:wor[k]|roo[t]|op[t]|Users)/[\w.-]+")
KEYS = re.compile(r"\bsk-[0-9a-f]{32}\b")
SIZE_MAX = 2_000_000
BINARY = frozenset(
    {".mp4", ".png", ".jpg", ".jpeg", ".webp", ".ttf", ".otf", ".woff2", ".wav", ".mp3", ".gz", ".db", ".sqlite3"}
)
ASIDE = frozenset({".git", ".venv", "node_modules", "build", "dist", "demo-out", "__pycache__"})


def committed_files(root: Path) -> list[Path]:
    """What git tracks, or would; without git, everything outside the folders that tools make."""
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        walked = (path for path in root.rglob("*") if not ASIDE & set(path.relative_to(root).parts))
        return sorted(path for path in walked if path.is_file())
    return sorted(root / name for name in set(listed.split("\0")) if name and (root / name).is_file())


def traces(files: list[Path]) -> Iterator[str]:
    """Every registry, machine path and real-looking key in the files' text."""
    for path in files:
        if path.suffix in BINARY or path.stat().st_size > SIZE_MAX:
            continue
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            for pattern, remedy in (
                (REGISTRIES, "pip's and npm's own configuration say where packages come from; leave the host out."),
                (HOMES, "a clone lies elsewhere; make it relative, or ask for it."),
                (KEYS, "a key was committed. Withdraw it at the vendor's, then remove it here."),
            ):
                for found in pattern.findall(line):
                    yield f"{path}:{number}: `{found}` — {remedy}"


def oversized(files: list[Path]) -> Iterator[str]:
    """Files too large to read, and so to have been written here."""
    for path in files:
        if path.stat().st_size > SIZE_MAX:
            yield f"{path}: {path.stat().st_size} bytes. Make it when it is needed; a checkout holds what is written."
