"""Build the studio from `web/`: types of our own OpenAPI document, checked code, one small bundle.

`python tools/page.py` builds what is out of date, `--check` only says whether the code fits today's API. Node and npm
come from a wheel of the dev lock; nothing is asked of the user's machine, and npm runs no package's scripts.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from wanreel.api.app import document

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
DIST = ROOT / "src" / "wanreel" / "web" / "dist"
DOCUMENT = WEB / "build" / "openapi.json"
TYPES = WEB / "src" / "lib" / "schema.d.ts"
STAMP = DIST / ".made-of"


def main(words: list[str]) -> int:
    """Build or check; the exit code is the first that is not 0."""
    _document()
    _npm("run", "types")
    if "--check" in words:
        _npm("run", "check")
        return 0
    made_of = _digest()
    if STAMP.exists() and STAMP.read_text() == made_of and (DIST / "index.html").exists():
        return 0
    print("Building the studio", flush=True)
    STAMP.unlink(missing_ok=True)
    _npm("run", "build")
    STAMP.write_text(made_of)
    return 0


def _document() -> None:
    """Write the API's document down, if it is another than the last time."""
    text = json.dumps(document(), indent=1, sort_keys=True)
    DOCUMENT.parent.mkdir(exist_ok=True)
    if not DOCUMENT.exists() or DOCUMENT.read_text() != text:
        DOCUMENT.write_text(text)
        TYPES.unlink(missing_ok=True)


def _npm(*words: str) -> None:
    """Run one of web/package.json's scripts with our own Node."""
    if words == ("run", "types") and TYPES.exists():
        return
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = ["npm", "--silent", *words]
    done = subprocess.run(command, cwd=WEB, env=os.environ | {"PATH": path}, check=False)
    if done.returncode:
        print(f"`npm {' '.join(words)}` in web/ failed.", file=sys.stderr)
        sys.exit(done.returncode)


def _digest() -> str:
    """A sum over all the page is built from."""
    sum_ = hashlib.sha256()
    for path in _sources():
        sum_.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        sum_.update(hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()


def _sources() -> Iterator[Path]:
    yield Path(__file__)
    for path in sorted(WEB.rglob("*")):
        inside = path.relative_to(WEB).parts
        if path.is_file() and inside[0] not in ("node_modules", "build"):
            yield path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
