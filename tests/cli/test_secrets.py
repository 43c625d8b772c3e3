"""A key is used and never shown: not in output, logs, errors, reprs, the database, the process list."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal, finish, interrupt, until
from tests.client.small_world import KEY, bought
from wanreel import AsyncClient, Client
from wanreel.emulator.server import Emulator
from wanreel.settings import load

FOX = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
WORDS = f"Your key {KEY} is not welcome; Bearer {KEY}"


def files_with(folder: Path, secret: str) -> list[Path]:
    """Files that hold the secret anywhere, as text or in a database."""
    needles = (secret.encode(), secret.encode("utf-16-le"))
    return [path for path in folder.rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)]


def test_nothing_a_run_leaves_behind_shows_the_key(terminal: Terminal, vendor: Emulator) -> None:
    """Everything said at the loudest level, and every file of the home, through faults that quote the key back."""
    vendor.script(
        {
            "create": [
                {"fault": "status", "status": 401, "code": "InvalidApiKey", "message": WORDS},
                {"fault": "status", "status": 500, "code": "InternalError", "message": WORDS},
                {"fault": "status", "status": 400, "code": "InvalidParameter", "message": WORDS},
            ],
            "query": [{"fault": "status", "status": 403, "code": "AccessDenied", "message": WORDS}],
        },
        account="*",
    )
    loud = {"WANREEL_LOG": "debug"}
    said: list[str] = []
    for words in (FOX, ("worker", "--until-idle"), (*FOX, "--json"), FOX, ("jobs", "list", "--json"), ("doctor",)):
        ran = terminal(*words, **loud)
        said += [ran.out, ran.err]
    for job in terminal("jobs", "list", "--json").objects:
        said.append(terminal("jobs", "show", job["id"], "--json").out)
    assert "InvalidApiKey" in "".join(said)
    assert "vendor.call" in "".join(said)
    assert KEY not in "".join(said)
    assert [] == files_with(terminal.home, KEY)


def test_the_process_list_does_not_show_the_key(terminal: Terminal, vendor: Emulator) -> None:
    """No option takes a key, and none is handed to a process by its arguments."""
    vendor.script({"create": [{"fate": {"queue_s": 0, "run_s": 3600}}]}, account="*")
    with terminal.process(*FOX) as process:
        until(lambda: bought(vendor) == 1, "it was sent")
        line = Path(f"/proc/{process.pid}/cmdline")
        if line.exists():
            assert KEY not in line.read_text()
        interrupt(process)
        finish(process)
    assert "key" not in terminal("generate", "--help").out.lower().replace("keyframes", "")


def test_objects_do_not_print_the_key(tmp_path: Path) -> None:
    """Clients and settings may be printed."""
    settings = load(home=tmp_path, api_key=KEY)
    for thing in (settings, Client(home=tmp_path, api_key=KEY), AsyncClient(home=tmp_path, api_key=KEY)):
        assert KEY not in f"{thing!r} {thing} {vars(thing)}"
