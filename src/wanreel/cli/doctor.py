"""`wanreel doctor`: is everything in place, and if not, what to do. Its calls to the vendor cost nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from wanreel.cli.checkup import Amiss
from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put
from wanreel.cli.session import run, who_works

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.job import Account
    from wanreel.ports.notices import Owed
    from wanreel.service.accounts import Known
    from wanreel.settings import Settings

Check = Callable[["Home"], Coroutine[Any, Any, str]]
ROOM_GB_MIN = 1.0
SKEW_S_MAX = 60.0
OWED_MAX = 1000
YEAR_S = 366 * 86_400.0
NO_TASK = "00000000-0000-4000-8000-000000000000"


def doctor(
    *,
    offline: Annotated[bool, Parameter(negative="")] = False,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Check settings, database, archive, spool, key, webhooks, Temporal, host, models and clock; say what to do.

    Parameters
    ----------
    offline
        Leave the vendor alone.
    """

    async def work() -> int:
        from wanreel.domain.errors import Unavailable
        from wanreel.settings import load
        from wanreel.wiring import open_home

        told = _Findings(as_json=home.json)
        settings = load(**home.given(), **vendor.given())
        await told.check("settings", _settings(settings.home))
        name = "home" if settings.database is None else "database"
        try:
            if settings.database is not None:
                await told.check("database", _database(settings))
            async with open_home(settings) as opened:
                await _in_home(opened, told, offline=offline)
                await _temporal(settings, told)
                await _beyond(opened, told, offline=offline)
        except Unavailable as why:
            await told.check(name, _never(str(why)))
            await _without_database(settings, told, offline=offline)
        return Exit.UNAVAILABLE if told.bad else Exit.OK

    return run(work, as_json=home.json)


async def _in_home(opened: Home, told: _Findings, *, offline: bool) -> None:
    """Whatever needs the home's database."""
    from wanreel.cli.checkup import webhooks

    for name, check in (("home", _home), ("archive", _archive), ("spool", _spool), ("runner", _runner), ("key", _key)):
        await told.check(name, check(opened))
    if opened.settings.notify_command or await _untold(opened):
        await told.check("notices", _notices(opened))
    hooks = await opened.hooks.list(None)
    if hooks:
        await told.check("webhooks", webhooks(opened, hooks, offline=offline))
    if opened.settings.retention:
        await told.check("retention", _retention(opened))


async def _beyond(opened: Home, told: _Findings, *, offline: bool) -> None:
    """The vendor, and what it sells."""
    from wanreel.cli.checkup import models

    if not offline:
        await told.check("vendor", _vendor(opened, opened.account))
        for known in opened.accounts.all():
            unused = not known.keys and known.account.id not in opened.settings.accounts  # the home's own
            if known.account != opened.account and not unused:
                await told.check(f"vendor, account {known.account.id}", _other(opened, known))
    await told.check("models", models(opened, offline=offline))
    if not offline:
        await told.check("clock", _clock(opened))


async def _without_database(settings: Settings, told: _Findings, *, offline: bool) -> None:
    """The checks that need none, in an empty home that is thrown away: nights have more than one trouble at a time."""
    from wanreel.domain.errors import WanreelError
    from wanreel.wiring import open_home

    archive = settings.archive_at.folder or settings.archive
    with tempfile.TemporaryDirectory(prefix="wanreel-doctor-") as folder:
        own = {"home": Path(folder), "database_url": None, "archive": archive, "prices": None, "notify_command": ()}
        try:
            async with open_home(settings.model_copy(update=own)) as opened:
                for name, check in (("archive", _archive), ("key", _key)):
                    await told.check(name, check(opened))
                await _temporal(settings, told)
                await _beyond(opened, told, offline=offline)
        except WanreelError as why:
            await told.check("the rest", _never(str(why)))


class _Findings:
    """Prints each check's outcome and counts the bad ones."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.bad = 0

    async def check(self, name: str, finding: Coroutine[Any, Any, str]) -> None:
        try:
            words, good = await finding, True
        except Amiss as amiss:
            words, good = str(amiss), False
        self.bad += not good
        if self._as_json:
            print_json({"check": name, "ok": good, "message": words})
        else:
            put(f"{'ok  ' if good else 'BAD '} {name:8} {words}")


async def _temporal(settings: Settings, told: _Findings) -> None:
    """The engine's service, where there is one: each finding a line of its own."""
    from wanreel.domain.errors import WanreelError
    from wanreel.temporal.opening import examination_of

    try:
        looking = examination_of(settings)
        if looking is None:
            return
        async for found in looking:
            name = found.what if found.what == "temporal" else f"temporal, {found.what}"
            await told.check(name, _said(found.words) if found.good else _never(found.words))
    except WanreelError as why:
        await told.check("temporal", _never(str(why)))


async def _said(words: str) -> str:
    return words


async def _never(words: str) -> str:
    raise Amiss(words)


async def _settings(home: Path) -> str:
    from wanreel.settings import CONFIG_NAME, stray_variables

    stray = stray_variables()
    if stray:
        raise Amiss(f"nothing reads {', '.join(stray)}: misspelt? See the reference of settings")
    config = home / CONFIG_NAME
    return f"from the environment and {config}" if config.exists() else f"from the environment; there is no {config}"


async def _database(settings: Settings) -> str:
    """A shared database. Raises Unavailable."""
    from wanreel.clock import SystemClock
    from wanreel.wiring import examined

    found = await examined(settings, SystemClock())
    if found.amiss:
        raise Amiss("; ".join(found.amiss))
    return found.words


async def _home(opened: Home) -> str:
    from wanreel.domain.event import ALL
    from wanreel.service.standing import parked_words

    parks = [parked.park for parked in await opened.service.parks()]
    where = {park: "every account" if park.key.account == ALL else f"account {park.key.account}" for park in parks}
    held = "".join(f"; held back on {where[park]}: {parked_words(park)} ({park.why})" for park in parks)
    return f"{opened.path}, database readable{_room(opened.path)}{held}"


async def _archive(opened: Home) -> str:
    from wanreel.ports.archive import Label

    address = opened.settings.archive_at
    if address.folder is None:
        trial = await opened.shelf.put("wanreel-doctor.txt", b"wanreel", Label("text/plain"))
        await opened.shelf.remove(trial.key)
        return f"{address}, writable"
    return await asyncio.to_thread(_folder_works, Path(address.folder))


async def _retention(opened: Home) -> str:
    days = opened.settings.retention
    idle = await opened.keeping.idle_rules([project.name for project in await opened.tokens.projects()])
    if idle:
        raise Amiss(f"WANREEL_RETENTION has rules for projects nobody knows: {', '.join(idle)}; misspelt?")
    return ", ".join(f"{project}: {limit:g} days" for project, limit in sorted(days.items()))


async def _spool(opened: Home) -> str:
    from wanreel.settings import SPOOL_BYTES_MIN

    found = await opened.keeping.spooling()
    room = found.room
    lies = f"{room.clips} clips wait there for your storage, {room.used_bytes / 1e9:.2f} GB"
    if not room.bytes_max:
        if room.clips:
            raise Amiss(f"off (WANREEL_SPOOL_BYTES=0), yet {lies}")
        return "off: a storage that is away longer than a URL lives loses clips (WANREEL_SPOOL_BYTES=0)"
    needs = f"what is under way may need {found.stake_bytes / 1e9:.2f} GB of the {room.left_bytes / 1e9:.1f} GB left"
    if found.short:
        raise Amiss(f"{lies}; {needs}: nothing new is sent. Mend the storage, or raise WANREEL_SPOOL_BYTES")
    if room.left_bytes < SPOOL_BYTES_MIN and not room.clips:
        left = f"{room.left_bytes / 1e9:.2f} GB is left for it at {opened.settings.spool_path}"
        raise Amiss(
            f"{left}, and no work is sent whose clip would not fit: make room, set WANREEL_SPOOL to another disk's "
            "folder, or go without (WANREEL_SPOOL_BYTES=0)"
        )
    if room.clips:
        raise Amiss(f"{lies}; {needs}. They go on by themselves when it answers")
    return f"empty; {needs}"


def _folder_works(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"wanreel")
            trial.flush()
            os.fsync(trial.fileno())
    except OSError as error:
        raise Amiss(f"{folder} cannot be written ({error.strerror}): mend its rights, or set WANREEL_ARCHIVE") from None
    return f"{folder}, writable{_room(folder)}"


def _room(folder: Path) -> str:
    """How much room is left on a disk. Raises Amiss when it is next to none."""
    gigabytes = shutil.disk_usage(folder).free / 1e9
    if gigabytes < ROOM_GB_MIN:
        raise Amiss(f"{folder} has {gigabytes:.2f} GB left: make room, or clips cannot be kept")
    return f", {gigabytes:.0f} GB free"


async def _runner(opened: Home) -> str:
    return await who_works(opened)


async def _notices(opened: Home) -> str:
    """Who is to be told can be, and has been."""
    from wanreel.notify.command import never_starts
    from wanreel.service.view import iso

    amiss, late = never_starts(opened.settings.notify_command), await _untold(opened)
    if late:
        count = f"{OWED_MAX} or more notices" if len(late) == OWED_MAX else f"{len(late)} notice{'s' * (len(late) > 1)}"
        words = f"{count} could not be handed on, the oldest, of {iso(late[0].notice.at)}, at {late[0].tries} tries"
        why = amiss or "what was wrong stands in the worker's log, as notice.failed"
        raise Amiss(f"{words}: {why}. They are told once that is mended, and stand in {opened.path / 'notices.jsonl'}")
    if amiss:
        raise Amiss(amiss)
    return f"each is handed to {opened.settings.notify_command[0]}"


async def _untold(opened: Home) -> list[Owed]:
    """Notices that were tried in vain and still are owed, oldest first."""
    return [item for item in await opened.outbox.owed(opened.clock.now() + YEAR_S, OWED_MAX) if item.tries]


async def _key(opened: Home) -> str:
    from wanreel.domain.errors import Unauthorized

    try:
        opened.service.check_key()
    except Unauthorized as why:
        raise Amiss(str(why)) from None
    return f"a key is set, for {opened.account.base_url} ({opened.account.region})"


async def _other(opened: Home, known: Known) -> str:
    """The same of an account that is not the main one."""
    if not known.keys:
        raise Amiss(f"account {known.account.id} has no key: set one, or leave the account out")
    return await _vendor(opened, known.account)


async def _vendor(opened: Home, account: Account) -> str:
    """A free question about a task that cannot exist: the right answer is that it is unknown."""
    from wanreel.domain.event import QueryFailed

    answer = await opened.vendor.look(account, NO_TASK)
    if isinstance(answer, QueryFailed):
        raise Amiss(f"{answer.why}. Key, region and host must belong together: {account.base_url}")
    return f"{account.base_url} answers and takes the key"


async def _clock(opened: Home) -> str:
    from wanreel.domain.facts import Facts
    from wanreel.watch.reading import Span, read_window

    now = opened.clock.now()
    reading = await read_window(opened.vendor, opened.account, Span(now - 3600, now), Facts())
    skew_s = reading.met.skew_s
    if not reading.answered:
        raise Amiss(f"the vendor's clock could not be read: {reading.why}")
    if skew_s is None:
        return "the vendor did not tell its time"
    if abs(skew_s) > SKEW_S_MAX:
        raise Amiss(f"this machine's clock is {-skew_s:+.0f} s off the vendor's: set it (NTP)")
    return f"within {max(1.0, abs(skew_s)):.0f} s of the vendor's"
