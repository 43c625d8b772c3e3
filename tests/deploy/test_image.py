"""The image's steps, run as they stand in a copy of what the build would see: no container, a fresh environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.papers import ROOT, environment_of_image, steps


def seen_by_the_build(folder: Path) -> Path:
    """A copy of the checkout as `.dockerignore` lets it through: git's files, of the paths that are let in."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = tuple(rule[1:] for rule in rules if rule.startswith("!"))
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and any(name == path or name.startswith(path + "/") for path in let_in):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def environment(folder: Path) -> Iterator[tuple[str, str]]:
    """What the build sets, its folders inside ours; and of this machine what pip and npm are told."""
    for step in steps():
        if step.word == "ENV" and step.stage == 0:
            for name, _, value in (pair.partition("=") for pair in step.rest.split()):
                if name != "NPM_CONFIG_USERCONFIG":  # a secret of the build: here npm is told by what this machine has
                    yield name, f"{folder}{value}" if value.startswith("/") else value
    for name in os.environ:
        if name in {"PATH", "HOME"} or name.lower().startswith(
            ("pip_", "npm_", "ssl_", "node_extra", "http", "no_proxy")
        ):
            yield name, os.environ[name]


@pytest.mark.long
def test_the_steps_of_the_build_make_a_program_that_serves_the_studio(tmp_path: Path) -> None:
    """Every RUN of the first stage, one after the other; what comes out has the studio, and every extra, in it."""
    source = seen_by_the_build(tmp_path / "src")
    env = {**dict(environment(tmp_path))}
    (tmp_path / "srv").mkdir()
    ran = 0
    for step in steps():
        if step.stage == 0 and step.word == "RUN":
            done = subprocess.run(["/bin/sh", "-c", step.shell], cwd=source, env=env, capture_output=True, text=True)  # noqa: PLW1510
            assert 0 == done.returncode, step.shell + done.stdout[-2000:] + done.stderr[-4000:]
            ran += 1
    assert 3 == ran
    program = Path(env["APP"]) / "bin"
    assert environment_of_image()["PATH"].startswith("/srv/wanreel/bin:")
    assert env["APP"].endswith("/srv/wanreel")
    told = subprocess.run([program / "wanreel", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "0.1.0" == told.stdout.strip()
    look = (
        "import asyncpg, botocore, alibabacloud_oss_v2, mcp, temporalio, opentelemetry.sdk, wanreel.web.page as page;"
        "print(len(page.routes()))"
    )
    found = subprocess.run([program / "python", "-c", look], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert 0 < int(found.stdout)
