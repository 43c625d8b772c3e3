"""A user's own prompt templates: one small TOML file in the home, that a person may also write by hand."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from wanreel.domain.errors import Invalid, Problem, Unavailable

if sys.platform == "win32":
    import msvcrt

    def _wait_for(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _wait_for(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


class TemplateFile:
    """`templates.toml`. A change reads, edits and replaces it whole under a lock; a crash leaves the old or the new."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> Mapping[str, object]:
        """Each template's row by its name; none where there is no file."""
        try:
            return tomllib.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid("", (Problem(str(self._path), f"is not TOML: {error}"),)) from error
        except OSError as error:
            raise self._unusable(error) from error

    def change(self, edit: Callable[[dict[str, object]], None]) -> None:
        """Keep what `edit` makes of the rows."""
        with self._alone():
            rows = dict(self.rows())
            edit(rows)
            self._replace(_written(rows))

    @contextmanager
    def _alone(self) -> Generator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            _wait_for(file)
            yield
        finally:
            os.close(file)  # lets go of the lock

    def _replace(self, text: str) -> None:
        draft = self._path.with_suffix(".draft")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> Unavailable:
        return Unavailable(f"{self._path} cannot be used: {error.strerror or error}. Is the home writable?")


def _written(rows: Mapping[str, object]) -> str:
    """Rows of texts as TOML; a JSON text is one of TOML as well, but for DEL, which TOML wants escaped."""
    lines: list[str] = []
    for name, row in rows.items():
        lines.append(f"[{_text(name)}]")
        lines += [f"{field} = {_text(value)}" for field, value in cast("Mapping[str, str]", row).items() if value]
        lines.append("")
    return "\n".join(lines)


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")
