"""`wanreel doctor`: is everything in place, and if not, what to do. Its calls to the vendor cost nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.render import print_json
from wanreel.cli.session import put, run

if TYPE_CHECKING:
    from wanreel.client import Home

Check = Callable[["Home"], Coroutine[Any, Any, str]]


class _Amiss(Exception):
    """A check's bad news, in words that say what to do."""


def doctor(
    *,
    offline: Annotated[bool, Parameter(negative="")] = False,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Check home, database, archive, key, region, host and clock; say what to do about what is amiss.

    Parameters
    ----------
    offline
        Leave the vendor alone.
    """

    async def work() -> int:
        from wanreel.settings import load
        from wanreel.wiring import open_home

        async with open_home(load(**home.given(), **vendor.given())) as opened:
            checks: list[tuple[str, Check]] = [
                ("home", _home),
                ("archive", _archive),
                ("runner", _runner),
                ("key", _key),
            ]
            if not offline:
                checks += [("vendor", _vendor), ("clock", _clock)]
            bad = 0
            for name, check in checks:
                try:
                    words, good = await check(opened), True
                except _Amiss as amiss:
                    words, good = str(amiss), False
                bad += not good
                if home.json:
                    print_json({"check": name, "ok": good, "message": words})
                else:
                    put(f"{'ok  ' if good else 'BAD '} {name:8} {words}")
            return Exit.UNAVAILABLE if bad else Exit.OK

    return run(work, as_json=home.json)


async def _home(opened: Home) -> str:
    parks = await opened.service.parks()
    held = "".join(f"; held back: {p.park.key.account} {p.park.key.model} ({p.park.why})" for p in parks)
    return f"{opened.path}, database readable and writable{held}"


async def _archive(opened: Home) -> str:
    folder = opened.settings.archive_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"wanreel")
            os.fsync(trial.fileno())
        free = os.statvfs(folder)
    except OSError as error:
        raise _Amiss(
            f"{folder} cannot be written ({error.strerror}): mend its rights, or set WANREEL_ARCHIVE"
        ) from None
    gigabytes = free.f_bavail * free.f_frsize / 1e9
    if gigabytes < 1:
        raise _Amiss(f"{folder} has {gigabytes:.2f} GB left: make room, or clips cannot be kept")
    return f"{folder}, {gigabytes:.0f} GB free"


async def _runner(opened: Home) -> str:
    if opened.lock.try_lock():
        opened.lock.release()
        return "nobody works this home's jobs now: `wanreel worker`, `watch` or `generate` will"
    return "another process works this home's jobs"


async def _key(opened: Home) -> str:
    key = opened.settings.api_key
    if key is None or not key.get_secret_value().strip():
        raise _Amiss("no key: set DASHSCOPE_API_KEY (Model Studio console, API keys; the region must match)")
    return f"a key is set, for {opened.account.base_url} ({opened.account.region})"


async def _vendor(opened: Home) -> str:
    """A free question about a task that cannot exist: the right answer is that it is unknown."""
    from wanreel.domain.event import QueryFailed

    answer = await opened.vendor.look(opened.account, "00000000-0000-4000-8000-000000000000")
    if isinstance(answer, QueryFailed):
        raise _Amiss(f"{answer.why}. Check key, region and host: they must belong together")
    return f"{opened.account.base_url} answers and takes the key"


async def _clock(opened: Home) -> str:
    from wanreel.ports import ListFailed

    now = opened.clock.now()
    try:
        page = await opened.vendor.list(opened.account, "", now - 3600, now, 1)
    except ListFailed as why:
        raise _Amiss(f"the vendor's clock could not be read: {why}") from None
    if page.skew_s is None:
        return "the vendor did not tell its time"
    if abs(page.skew_s) > 60:
        raise _Amiss(f"this machine's clock is {-page.skew_s:+.0f} s off the vendor's: set it (NTP)")
    return f"within {abs(page.skew_s):.0f} s of the vendor's"
