"""`wanreel up` and `wanreel api`: the HTTP faces, with a worker in the same process or beside one."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from wanreel.cli.collecting import SWITCH_S
from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.report import put, say, speaks_json
from wanreel.cli.session import in_home, warn_of_notices

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.metrics.counting import Counting

PORT = 8080
FILES_MAX = 65_536
COLLECT_AT = (20_000, 20, 100)  # a thousand listeners are 300,000 objects that live: look through them rarely


def up(*, host: str = "127.0.0.1", port: int = PORT, home: HomeOptions = HOME, vendor: VendorOptions = VENDOR) -> int:
    """Serve the HTTP faces and work the home's jobs, in one process, until stopped.

    Parameters
    ----------
    host
        The address to listen on. Anything but this machine needs tokens (`wanreel tokens add`).
    port
        The port; 0 takes a free one and prints it.
    """
    return _served(host, port, home, vendor, works=True)


def api(*, host: str = "127.0.0.1", port: int = PORT, home: HomeOptions = HOME, vendor: VendorOptions = VENDOR) -> int:
    """Serve the HTTP faces alone; `wanreel worker` beside it makes the clips.

    Parameters
    ----------
    host
        The address to listen on. Anything but this machine needs tokens.
    port
        The port; 0 takes a free one and prints it.
    """
    return _served(host, port, home, vendor, works=False)


def _served(host: str, port: int, home: HomeOptions, vendor: VendorOptions, *, works: bool) -> int:
    # all of it before there is a loop: what is imported is made in one go, and the collector is told so once
    from wanreel import wiring
    from wanreel.api import app, server
    from wanreel.cli import backstage
    from wanreel.metrics.counting import Counting
    from wanreel.web import page

    del wiring, app, server, backstage, page
    counting = Counting()

    async def work(opened: Home) -> int:
        return await _serve(opened, host, port, counting, works=works)

    return in_home(work, home, log="info", counting=counting, **vendor.given())


async def _serve(opened: Home, host: str, port: int, counting: Counting, *, works: bool) -> int:
    from wanreel.api.app import make_app
    from wanreel.api.server import Address, bind, check_address, serve, url_of
    from wanreel.cli.backstage import Backstage
    from wanreel.web.page import routes

    _let_many_in()
    _take_short_turns()
    address = Address(host, port)
    stage = Backstage(opened, works=works, counting=counting)
    check_address(address, tokens=await stage.has_tokens())
    listening = bind(address)
    try:
        desk = stage.desk()
        app = make_app(desk, loopback=address.is_loopback, pages=routes())
        stage.begin(url_of(listening))
        if speaks_json.get():
            from wanreel.cli.render import print_json

            print_json({"url": url_of(listening)})
        else:
            put(url_of(listening))
        if works:
            warn_of_notices(opened)
        if works and stage.amiss:
            say(f"note: {stage.amiss}")
        await serve(app, listening, desk.hub.hang_up)
    finally:
        listening.close()
        await stage.close()
    return Exit.OK


def _take_short_turns() -> None:
    """A read of the database changes threads some ten times: see `collecting` for what that is about. And what was
    imported until here is never garbage, so no collection need look at it.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)


def _let_many_in() -> None:
    """A listener is an open file: as many as this user may have."""
    try:
        import resource
    except ModuleNotFoundError:  # where there is no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
