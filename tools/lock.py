"""Write requirements/*.txt: every version pinned, every file's hash, for every platform and Python we support.

The registry is the one pip is configured to use, so that a mirror works here as it does for installing; which one it
was is not written down, and neither are extra indexes and local folders of the machine that made the lock.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    ("run.txt", ("--group", "build")),
    ("dev.txt", ("--group", "dev", "--constraints", "requirements/run.txt")),
    ("image.txt", ("--all-extras", "--constraints", "requirements/dev.txt")),
    ("engine.txt", ("--group", "engine", "--constraints", "requirements/dev.txt")),
)
FORM = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def main(arguments: list[str]) -> int:
    """Compile each lock in turn; the tools' locks may not move a version that the run lock has pinned, and the
    container image has what was tested.
    """
    upgrade = ["--upgrade"] if "--upgrade" in arguments else []
    for name, what in LOCKS:
        lock = f"requirements/{name}"
        if upgrade:
            (ROOT / lock).unlink(missing_ok=True)
        command = ["uv", "pip", "compile", "pyproject.toml", *what, *FORM, *upgrade, "-o", lock]
        done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=_registry(), check=False)
        if done.returncode:
            return done.returncode
        print(f"wrote {lock}: {(ROOT / lock).read_text().count('==')} versions")
    return 0


def _registry() -> dict[str, str]:
    """Hand pip's main index to uv, which does not read pip's configuration."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # not set: nothing said, exit code 1
    told = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {**os.environ, **({"UV_DEFAULT_INDEX": told} if told else {})}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
