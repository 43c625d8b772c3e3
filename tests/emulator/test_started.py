"""Ways to start it: command line options, the pytest fixture, accounts from a file."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.emulator.caller import create
from tests.emulator.front_desk import fake_clip
from wanreel.emulator.__main__ import options_from
from wanreel.emulator.accounts import Account
from wanreel.emulator.options import EmulatorOptions, read_accounts
from wanreel.emulator.server import Emulator

TESTS = '''
"""Two tests with the fixture: one meets its fault, one does not."""

import urllib.error
import urllib.request


def test_meets(wan_emulator):
    """The list is refused once, as scripted."""
    wan_emulator.script({"list": [{"fault": "status", "status": 503}]}, account="*")
    request = urllib.request.Request(wan_emulator.base_url + "/tasks/", headers={"Authorization": "Bearer sk-x"})
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        assert 503 == error.code
        error.close()


def test_misses(wan_emulator):
    """The scripted fault is never met."""
    wan_emulator.script({"create": [{"fault": "drop_after"}]}, account="*")
'''


def test_options_of_a_command_line(tmp_path: Path) -> None:
    """Flags become options; quirks and accounts are read."""
    accounts = tmp_path / "accounts.json"
    accounts.write_text('[{"name": "main", "keys": ["sk-1"], "running": 3}]', "utf-8")

    got = options_from(
        [
            *("--port", "0", "--speed", "9", "--over-limit", "reject", "--quirk", "list_lag_s=5"),
            "--accounts",
            str(accounts),
        ]
    )

    assert (0, 9.0, "reject") == (got.port, got.speed, got.over_limit)
    assert {"list_lag_s": 5.0} == got.quirks
    assert (Account("main", keys=("sk-1",), running=3),) == got.all_accounts()
    assert "reject" == got.all_quirks().over_limit


def test_accounts_that_are_none() -> None:
    """A file that is no list of accounts is refused in words."""
    for text in ("{}", "[]", '[{"nam": "x"}]', "nonsense"):
        with pytest.raises(ValueError, match=r".+"):
            read_accounts(text)


def test_single_account() -> None:
    """Without accounts there is one, with the limits and keys of the options."""
    (only,) = EmulatorOptions(keys=("sk-1",), running=2, queued=1, submit_rate=0).all_accounts()

    assert ("default", ("sk-1",), 2, 1, 0) == (only.name, only.keys, only.running, only.queued, only.submit_rate)


async def test_port_that_is_taken() -> None:
    """A start that fails says so, leaves nothing open, and stopping is harmless at any time."""
    async with Emulator(virtual=True, seed=1, render=fake_clip) as first:
        second = Emulator(virtual=True, seed=1, render=fake_clip, port=first.port)
        with pytest.raises(OSError, match=r".+"):
            await second.start()
        await second.stop()
        with pytest.raises(OSError, match=r".+"), Emulator(render=fake_clip, port=first.port):
            pass
        await first.start()
        assert 200 == (await create(first))[0]
    await first.stop()


async def test_fixture_fails_a_test_that_missed_its_fault(tmp_path: Path) -> None:
    """Shown with pytest itself: two tests pass their bodies, the second fails at its end and names the fault."""
    (tmp_path / "test_inner.py").write_text(TESTS, "utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "wanreel.emulator.pytest_plugin", "-p", "no:cacheprovider"),
        *("-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)

    assert b"2 passed, 1 error" in out
    assert b"drop_after" in out
