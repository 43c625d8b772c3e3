"""Tests of what is packed: the studio is in the wheel, and no wheel is made without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from starlette.routing import BaseRoute

from wanreel.web.page import DIST

ROOT = Path(__file__).resolve().parents[2]


def _build(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    return subprocess.run(command, cwd=folder, env=dict(os.environ), check=False, capture_output=True, text=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As little of this checkout as a wheel is made of."""
    copy = tmp_path / "checkout"
    (copy / "src" / "wanreel" / "web").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore", "tools/wheel.py"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    (copy / "src" / "wanreel" / "__init__.py").touch()
    return copy


def test_the_wheel_carries_the_studio(pages: list[BaseRoute], checkout: Path, tmp_path: Path) -> None:
    """Every built file is in it, although git ignores them."""
    assert pages
    shutil.copytree(DIST, checkout / "src" / "wanreel" / "web" / "dist")
    built = _build(checkout, tmp_path / "out")
    assert 0 == built.returncode, built.stderr
    with zipfile.ZipFile(next((tmp_path / "out").glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    wanted = {
        f"wanreel/web/dist/{p.relative_to(DIST).as_posix()}" for p in DIST.rglob("*") if p.suffix in (".js", ".html")
    }
    assert wanted
    assert wanted <= packed


def test_no_wheel_without_it(checkout: Path, tmp_path: Path) -> None:
    """An unbuilt checkout refuses, and says what to do."""
    built = _build(checkout, tmp_path / "out")
    assert 0 != built.returncode
    assert "make page" in built.stderr + built.stdout
