"""Twelve bad nights are walked as their page tells: each command, in its order, says what the page says it does."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.cli.terminal import Terminal
from tests.client.small_world import LOST, bought
from wanreel.clock import SystemClock
from wanreel.domain.event import Accepted, SubmitBegun
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.emulator.server import Emulator
from wanreel.store.sqlite import SqliteStore

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "at-two-in-the-morning.md"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
FOX = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
NOWHERE = "http://127.0.0.1:9/api/v1"
Names = dict[str, str]
Night = Callable[["Scene"], Generator[Names]]


def blocks() -> dict[str, list[list[str]]]:
    """Each night's blocks of commands, as they stand on the page."""
    nights: dict[str, list[list[str]]] = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        found = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
        nights[part.partition("\n")[0]] = [[line[2:] for line in block.splitlines()] for block in found]
    return nights


class Scene:
    """A terminal and the vendor behind it; `env` is what is wrong tonight."""

    def __init__(self, terminal: Terminal, vendor: Emulator) -> None:
        self.terminal = terminal
        self.vendor = vendor
        self.env: Names = {}

    def order(self, **env: str) -> str:
        """Order a clip that nobody works yet; its id."""
        made = self.terminal(*FOX, "--no-wait", "--json", **env)
        assert 0 == made.code, made.err
        return made.objects[0]["id"]

    def type(self, line: str, names: Names) -> None:
        """Type a line of the page; what it says must be in the answer."""
        command, _, says = line.partition("# says ")
        for name, value in names.items():
            command = command.replace(name, value)
        words = shlex.split(command)
        env = dict(self.env)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        ran = self.terminal(*words[1:], **env)
        assert ran.code in {0, 3, 8}, f"{command}: {ran.code} {ran.err}"
        assert says.strip() in ran.out + ran.err, f"{command}: {ran.out}{ran.err}"


@contextmanager
def paid_and_kept(scene: Scene, count: int) -> Generator[None]:
    """However the night goes, what was paid for is archived, each of it."""
    yield
    assert count == bought(scene.vendor)
    assert count == len(scene.terminal("jobs", "list", "--no-header", "--state", "succeeded").lines)


@contextmanager
def one_task(scene: Scene) -> Generator[None]:
    """However the night goes, one clip is paid for once and archived."""
    with paid_and_kept(scene, 1):
        yield


def refused(scene: Scene) -> Generator[Names]:
    """The key is one the vendor does not know."""
    scene.env = {"DASHSCOPE_API_KEY": "not-a-key-of-theirs"}
    with one_task(scene):
        job = scene.order()
        scene.terminal("worker", "--until-idle", **scene.env)
        yield {"JOB": job}
        scene.env = {}
        yield {"JOB": job}


def storage_away(scene: Scene) -> Generator[Names]:
    """The archive's folder is a file."""
    blocked = scene.terminal.folder / "blocked"
    blocked.write_text("in the way")
    scene.env = {"WANREEL_ARCHIVE": str(blocked)}
    with one_task(scene):
        ran = scene.terminal(*FOX, "--timeout", "2", "--json", **scene.env)
        job = re.findall(r"job_\w+", ran.err)[0]
        yield {"JOB": job}
        blocked.unlink()
        yield {"JOB": job}


def doubt(scene: Scene) -> Generator[Names]:
    """The task was taken, its answer lost, and the list that could tell is out of order."""
    scene.vendor.script(LOST, account="*")
    with one_task(scene):
        job = scene.order()
        scene.terminal("worker", "--until-idle")
        (task,) = scene.vendor.tasks()
        names = {"JOB": job, "TASK": task["task_id"]}
        yield names
        yield names


def nobody(scene: Scene) -> Generator[Names]:
    """No process works the jobs."""
    with one_task(scene):
        job = scene.order()
        yield {"JOB": job}
        yield {"JOB": job}


def host_down(scene: Scene) -> Generator[Names]:
    """Nothing listens where the vendor should be."""
    with one_task(scene):
        scene.order()
        scene.env = {"WANREEL_VENDOR_URL": NOWHERE}
        yield {}
        scene.env = {}
        yield {}


def errors(scene: Scene) -> Generator[Names]:
    """The vendor answers its first looks with 503."""
    scene.vendor.script({"query": [{"fault": "status", "status": 503, "times": 2}]}, account="*")
    with one_task(scene):
        scene.order()
        yield {}
        yield {}


def no_money(scene: Scene) -> Generator[Names]:
    """A budget too small for one clip."""
    with one_task(scene):
        scene.terminal("budgets", "set", "1")
        job = scene.order()
        scene.terminal("worker", "--until-idle")
        yield {"JOB": job}
        yield {"JOB": job}


def few_slots(scene: Scene) -> Generator[Names]:
    """One job in the queue stands for many."""
    with one_task(scene):
        job = scene.order()
        yield {"JOB": job}
        yield {"JOB": job}


def deaf(scene: Scene) -> Generator[Names]:
    """A webhook whose receiver has no address."""
    with one_task(scene):
        made = scene.terminal("webhooks", "add", "https://receiver.example/hook", "--json")
        hook = made.objects[0]["id"]
        scene.order()
        scene.terminal("worker", "--until-idle")
        yield {"HOOK": hook}
        yield {"HOOK": hook}


def mistake(scene: Scene) -> Generator[Names]:
    """Two jobs, one of them meant."""
    with one_task(scene):
        scene.order()
        wrong = scene.order()
        yield {"JOB": wrong}
        yield {}


def spare(scene: Scene) -> Generator[Names]:
    """The answer to a lost call comes when a person has had the job sent again."""
    scene.vendor.script(LOST, account="*")
    with paid_and_kept(scene, 2):
        job = scene.order()
        scene.terminal("worker", "--until-idle")
        (task,) = scene.vendor.tasks()
        assert 0 == scene.terminal("jobs", "resolve", job, "--resubmit", "--note", "nothing in the console").code
        scene.terminal("worker", "--until-idle")
        names = {"SPARE": late_answer(scene.terminal.home, job, task["task_id"]), "JOB": job}
        yield names
        yield names


def late_answer(home: Path, job_id: str, task_id: str) -> str:
    """What a worker writes that stood still in mid-call and goes on; the id of what came of it."""

    async def write() -> str:
        async with SqliteStore(home / "wanreel.sqlite3", lambda _key: 1, Policy()) as store:
            begun = next(entry.event for entry in await store.history(job_id) if isinstance(entry.event, SubmitBegun))
            late = Accepted(begun.intent.id, task_id)
            change = transition(await store.get(job_id), late, SystemClock().now(), Policy(), 0.5)
            await store.commit(change)
            return change.born[0].id

    return asyncio.run(write())


def fault(scene: Scene) -> Generator[Names]:
    """The spool's folder is a file."""
    blocked = scene.terminal.folder / "blocked"
    blocked.write_text("in the way")
    scene.env = {"WANREEL_SPOOL": str(blocked)}
    with one_task(scene):
        yield {}
        blocked.unlink()
        scene.order()
        yield {}


NIGHTS: dict[str, Night] = {
    "The vendor refuses the account": refused,
    "The storage is away, and clips wait there to die": storage_away,
    "A doubt waits": doubt,
    "Jobs wait and nothing runs": nobody,
    "The vendor's host does not answer": host_down,
    "The vendor answers with errors": errors,
    "There is no money left for it": no_money,
    "There are too few slots": few_slots,
    "Webhooks do not arrive": deaf,
    "Somebody ordered ten thousand clips by mistake": mistake,
    "A clip was paid for twice": spare,
    "Something broke and was survived": fault,
}


def test_every_night_of_the_page_is_walked() -> None:
    """A night that is written and not walked would be a guess."""
    assert list(NIGHTS) == list(blocks())


def test_every_alert_has_a_night() -> None:
    """Whoever is woken by a name finds it on the page; and the page knows no alert that there is not."""
    rules = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} == set(re.findall(r"\*(Wanreel\w+)\*", PAGE.read_text("utf-8")))


@pytest.mark.parametrize("name", NIGHTS)
def test_the_night_goes_as_the_page_says(name: str, terminal: Terminal, vendor: Emulator) -> None:
    """Looking shows what the page says is seen; what it says to do ends the night with each clip paid once and kept."""
    scene = Scene(terminal, vendor)
    asked = iter(blocks()[name])
    for names in NIGHTS[name](scene):  # to its end, where it counts what was paid for
        for line in next(asked):
            scene.type(line, names)
    assert next(asked, None) is None
