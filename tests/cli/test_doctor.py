"""`wanreel doctor`: each check, when all is well and when it is not."""

from __future__ import annotations

import re
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import Ran, Terminal, until
from tests.client.small_world import small_vendor
from tests.store.pg_server import Server
from wanreel.emulator.server import Emulator


def bad(ran: Ran) -> dict[str, str]:
    """What was found amiss, by check."""
    return {row["check"]: row["message"] for row in ran.objects if not row["ok"]}


def test_all_is_well(terminal: Terminal) -> None:
    """A line for each check, exit 0."""
    ran = terminal("doctor")
    assert 0 == ran.code, ran.out
    assert ["settings", "home", "archive", "spool", "runner", "key", "vendor", "models", "clock"] == [
        row.split()[1] for row in ran.lines
    ]
    assert {} == bad(terminal("doctor", "--json"))


def test_no_key(terminal: Terminal) -> None:
    """It says which variable to set; nothing is asked of the vendor without it."""
    del terminal.env["DASHSCOPE_API_KEY"]
    ran = terminal("doctor", "--offline", "--json")
    assert 8 == ran.code
    assert ["key"] == list(bad(ran))
    assert "DASHSCOPE_API_KEY" in bad(ran)["key"]


def test_a_key_the_vendor_refuses(terminal: Terminal) -> None:
    """The vendor's own words, and the advice that key, region and host belong together."""
    found = bad(terminal("doctor", "--json", DASHSCOPE_API_KEY="wrong"))
    assert "InvalidApiKey" in found["vendor"]
    assert "must belong together" in found["vendor"]


def test_every_account_is_asked(terminal: Terminal, vendor: Emulator) -> None:
    """Not the main one alone: another's missing key is amiss, and its address is asked with its own."""
    terminal.home.mkdir(exist_ok=True)
    config = f'[accounts.film]\napi_key = "sk-film-0123456789"\nbase_url = "{vendor.base_url}"\n\n[accounts.bare]\n'
    (terminal.home / "config.toml").write_text(config)
    ran = terminal("doctor", "--json")
    told = {check["check"]: check["ok"] for check in ran.objects}
    assert told["vendor"]
    assert "vendor, account film" in told
    assert not told["vendor, account bare"]
    assert 0 != ran.code


def test_a_home_whose_accounts_all_have_names_needs_no_key_of_its_own(terminal: Terminal, vendor: Emulator) -> None:
    """The account it would have by itself, and that nobody has set up, is not asked for; what is held back is said with
    whose it is.
    """
    terminal.home.mkdir(exist_ok=True)
    named = "".join(
        f'[accounts.{name}]\napi_key = "sk-{name}-0123456789"\nbase_url = "{vendor.base_url}"\n'
        for name in ("film", "ads")
    )
    (terminal.home / "config.toml").write_text(named)
    del terminal.env["DASHSCOPE_API_KEY"], terminal.env["WANREEL_VENDOR_URL"]
    assert 0 == terminal("accounts", "park", "film", "--why", "we are moving house").code
    ran = terminal("doctor", "--json")
    assert {} == bad(ran)
    told = {check["check"]: check["message"] for check in ran.objects}
    assert "vendor, account ads" in told
    assert "held back on account film: every model (we are moving house)" in told["home"]


def test_a_host_that_is_not_there(terminal: Terminal) -> None:
    """Nobody listens on the port: told with the address."""
    found = bad(terminal("doctor", "--json", "--base-url", "http://127.0.0.1:9/api/v1"))
    assert {"vendor", "clock"} == set(found)
    assert "http://127.0.0.1:9/api/v1" in found["vendor"]


def test_a_host_that_would_see_the_key_in_the_open(terminal: Terminal) -> None:
    """Plain http to another machine is refused before a byte leaves."""
    found = bad(terminal("doctor", "--json", "--base-url", "http://vendor.example/api/v1"))
    assert "https" in found["vendor"]


def test_a_clock_that_is_off(terminal: Terminal, vendor: Emulator) -> None:
    """Ten minutes between this machine and the vendor are told with their direction."""
    vendor.advance(600)
    assert re.search(r"clock is -(59|60)\d s off", bad(terminal("doctor", "--json"))["clock"])


def test_a_database_that_is_none(terminal: Terminal) -> None:
    """A damaged database is a finding, with what to do."""
    terminal.home.mkdir()
    (terminal.home / "wanreel.sqlite3").write_bytes(b"not a database, but long enough to be mistaken for one" * 100)
    ran = terminal("doctor", "--json")
    assert 8 == ran.code
    assert "copy the file" in bad(ran)["home"]


def test_an_archive_that_cannot_be_written(terminal: Terminal) -> None:
    """The folder is named, and the setting that names another."""
    Path("file").write_text("not a folder")
    found = bad(terminal("doctor", "--json", WANREEL_ARCHIVE=str(Path("file/clips").absolute())))
    assert "WANREEL_ARCHIVE" in found["archive"]


def test_a_disk_that_has_no_room_for_the_spool(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would be sent then, and doctor is where one looks why."""
    whole = shutil.disk_usage(terminal.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: whole._replace(free=50_000_000))
    found = bad(terminal("doctor", "--offline", "--json", WANREEL_SPOOL_BYTES="8000000000"))
    assert "WANREEL_SPOOL" in found["spool"]
    assert "0.05 GB is left" in found["spool"]


def test_a_misspelt_variable(terminal: Terminal) -> None:
    """A variable that begins like ours and that nothing reads is probably a slip."""
    assert "WANREEL_SLOT" in bad(terminal("doctor", "--json", WANREEL_SLOT="3"))["settings"]


@pytest.mark.parametrize("words", [("WANREEL_SLOTS", "three"), ("WANREEL_INLINE_BYTES_MAX", "big")])
def test_settings_that_cannot_be_read(terminal: Terminal, words: tuple[str, str]) -> None:
    """Exit 2 like any other command, naming the setting."""
    ran = terminal("doctor", "--json", **{words[0]: words[1]})
    assert 2 == ran.code
    assert words[0].removeprefix("WANREEL_").lower() == ran.error["problems"][0]["field"]


def test_a_shared_database_is_looked_over(terminal: Terminal, pg_url: str) -> None:
    """A line of its own, before the home."""
    ran = terminal("doctor", "--offline", "--json", WANREEL_DATABASE_URL=pg_url)
    told = {row["check"]: row for row in ran.objects}
    assert list(told)[:3] == ["settings", "database", "home"]
    assert told["database"]["ok"], told["database"]
    assert "nobody works" in told["runner"]["message"]


def test_a_shared_database_that_cannot_be_used_is_called_so(terminal: Terminal, pg_server: Server) -> None:
    """The home has nothing to do with it."""
    found = bad(terminal("doctor", "--offline", "--json", WANREEL_DATABASE_URL=pg_server.database()))
    assert ["database"] == list(found)
    assert "wanreel db migrate" in found["database"]


def test_who_works_a_shared_database_is_counted(terminal: Terminal, pg_server: Server, pg_url: str) -> None:
    """Wherever they are: those that say that they live, and no others."""
    until_s = "extract(epoch FROM clock_timestamp())"
    lines = f"('worker a', 'a', {until_s} + 600), ('worker b', 'b', {until_s} - 1), ('acc', 'a', {until_s} + 600)"
    pg_server.sql(f"INSERT INTO leases (account, owner, until) VALUES {lines}", pg_url.rpartition("/")[2])
    ran = terminal("doctor", "--offline", "--json", WANREEL_DATABASE_URL=pg_url)
    told = {row["check"]: row["message"] for row in ran.objects}
    assert told["runner"].startswith("1 worker,")


def test_a_notify_command_that_cannot_start_is_said(terminal: Terminal) -> None:
    """Doctor names it, before and after something should have been told; whoever works says it at once; the journal
    holds each notice once, however often it was tried; once the command is mended, all is told.
    """
    fox = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
    wrong = {"WANREEL_NOTIFY_COMMAND": "no-such-program --loud"}
    assert "no-such-program cannot be started" in bad(terminal("doctor", "--json", **wrong))["notices"]
    for _ in range(2):
        ran = terminal(*fox, **wrong)
        assert 0 == ran.code
        assert "no-such-program cannot be started" in ran.err
    terminal("worker", "--until-idle", **wrong)
    found = bad(terminal("doctor", "--json", **wrong))["notices"]
    assert "2 notices could not be handed on" in found
    assert "no-such-program cannot be started" in found
    assert "2 notices could not be handed on" in bad(terminal("doctor", "--json"))["notices"]
    journal = (terminal.home / "notices.jsonl").read_text("utf-8").splitlines()
    assert 2 == len(journal) == len(set(journal))
    until(lambda: 0 == terminal("worker", "--until-idle").code and {} == bad(terminal("doctor", "--json")), "all told")
    assert 2 == len((terminal.home / "notices.jsonl").read_text("utf-8").splitlines())


def test_a_model_that_is_to_be_retired(terminal: Terminal) -> None:
    """The vendor's list says when; whoever orders it hears so while there is time, and of models that stay."""
    soon = datetime.now(UTC) + timedelta(days=20)
    with small_vendor(quirks={"offline_times": f"wan2.5-t2v-preview={soon:%Y-%m-%d} 00:00:00"}) as vendor:
        there = {"WANREEL_VENDOR_URL": vendor.base_url}
        assert {} == bad(terminal("doctor", "--json", **there))
        ordered = terminal("generate", "A paper boat drifts", "--model", "wan2.5-t2v-preview", "--no-wait", **there)
        assert 0 == ordered.code, ordered.err
        found = bad(terminal("doctor", "--json", **there))
        assert {} == bad(terminal("doctor", "--offline", "--json", **there))
    assert ["models"] == list(found)
    assert "wan2.5-t2v-preview is to be retired on" in found["models"]
    assert "1 of the latest orders name it" in found["models"]


def test_slots_of_a_model_nobody_sells(terminal: Terminal) -> None:
    """Misspelt in the settings, they would never count."""
    found = bad(terminal("doctor", "--offline", "--json", WANREEL_SLOTS='{"wan2.5-t2v-previw": 3}'))
    assert "did you mean wan2.5-t2v-preview" in found["models"]


def test_webhooks_that_reach_nobody(terminal: Terminal) -> None:
    """A door that is shut, one that opens, one that is paused: each with the command that comes next."""
    private = {"WANREEL_WEBHOOK_PRIVATE": "true"}
    assert "webhooks" not in {row["check"] for row in terminal("doctor", "--json").objects}
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/hooks/secret-path"
        hook = terminal("webhooks", "add", url, "--json", **private).objects[0]["id"]
        assert {} == bad(terminal("doctor", "--json", **private))
    shut = bad(terminal("doctor", "--json", **private))["webhooks"]
    assert "takes no connections" in shut
    assert f"wanreel webhooks ping {hook}" in shut
    assert "secret-path" not in shut
    assert {} == bad(terminal("doctor", "--json", "--offline", **private))
    assert 0 == terminal("webhooks", "pause", hook, **private).code
    assert f"wanreel webhooks resume {hook}" in bad(terminal("doctor", "--json", **private))["webhooks"]


def test_the_rest_is_looked_at_though_the_database_is_away(terminal: Terminal) -> None:
    """Two troubles in one night are told in one go: a database that is damaged, a key that is refused."""
    terminal.home.mkdir()
    (terminal.home / "wanreel.sqlite3").write_bytes(b"not a database, but long enough to be mistaken for one" * 100)
    ran = terminal("doctor", "--json", DASHSCOPE_API_KEY="wrong")
    assert {"home", "vendor", "clock"} == set(bad(ran))
    assert {"archive", "key", "models"} <= {row["check"] for row in ran.objects if row["ok"]}
    assert "database is away" not in ran.err
    down = bad(terminal("doctor", "--json", WANREEL_DATABASE_URL="postgresql://nobody:x@127.0.0.1:9/none"))
    assert "database" in down
    assert "vendor" not in down
