"""What the files of `deploy/` say, read as Docker would read them: the compose file filled in, the image's steps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
EXAMPLE = DEPLOY / "wanreel.env.example"
CONTAINERFILE = DEPLOY / "Containerfile"
APP = ("migrate", "api", "worker")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled_example(**more: str) -> dict[str, str]:
    """The example of `.env`, with everything that is left empty in it made up."""
    pairs = [line.partition("=") for line in EXAMPLE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return {name: value or f"made-up-{name.lower().replace('_', '-')}" for name, _, value in pairs} | more


def commented_example() -> dict[str, str]:
    """What the example offers to uncomment."""
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE))


def compose(env: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its variables filled in. Raises KeyError for one that is needed and not set."""

    def fill(found: re.Match[str]) -> str:
        name, how, words = found.groups()
        value = env.get(name, "")
        if not value and how != "-":
            raise KeyError(name)
        return value or words

    return yaml.safe_load(_VARIABLE.sub(fill, COMPOSE.read_text("utf-8")))


def asked_variables() -> set[str]:
    """The variables that the compose file asks for."""
    return {found[1] for found in _VARIABLE.finditer(COMPOSE.read_text("utf-8"))}


def own_environment(service: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """What a service of ours finds set: the image's, the file's, then its own."""
    assert [".env"] == service["env_file"]
    image = {name: value for name, value in environment_of_image().items() if name.startswith("WANREEL_")}
    return {**image, **env, **service["environment"]}


@dataclass(frozen=True)
class Step:
    """One instruction of the Containerfile; `stage` counts from 0."""

    stage: int
    word: str
    rest: str

    @property
    def shell(self) -> str:
        """What a RUN gives to the shell, without what it has mounted."""
        return re.sub(r"--mount=\S+\s+", "", self.rest).strip()


def steps() -> list[Step]:
    """The Containerfile, instruction by instruction, lines that go on joined."""
    lines = [line for line in CONTAINERFILE.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[Step] = []
    stage = -1
    for line in filter(None, map(str.strip, whole.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Step(stage, word, rest.strip()))
    return found


def last(word: str) -> str:
    """What an instruction says that stands once in what runs."""
    (found,) = [step.rest for step in steps() if step.word == word and step.stage == 1]
    return found


def environment_of_image() -> dict[str, str]:
    """What the image that runs sets."""
    return dict(pair.split("=", 1) for pair in shlex.split(last("ENV")))
