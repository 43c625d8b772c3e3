"""`wanreel mcp`: the tools for agents, over standard input and output."""

from __future__ import annotations

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, VENDOR, HomeOptions, VendorOptions
from wanreel.cli.session import run
from wanreel.version import VERSION


def mcp(
    *, server: str | None = None, token: str | None = None, home: HomeOptions = HOME, vendor: VendorOptions = VENDOR
) -> int:
    """Serve tools to an agent (Model Context Protocol, stdio): submit, get, wait, list, cancel, estimate.

    Parameters
    ----------
    server
        A wanreel server to work through, like http://127.0.0.1:8080; default: this home.
    token
        The server's token.
    """

    async def work() -> int:
        from wanreel.clock import SystemClock
        from wanreel.domain.errors import Unavailable
        from wanreel.library import AsyncClient, async_client

        try:
            from wanreel.mcp.tools import make_server
        except ModuleNotFoundError:
            raise Unavailable("the agents' protocol is an extra: pip install 'wanreel[mcp]'") from None
        client = (
            AsyncClient(**home.given(), **vendor.address()) if server is None else async_client(server, token=token)
        )
        async with client as wan:
            await make_server(wan, SystemClock(), VERSION).run_stdio_async()
        return Exit.OK

    return run(work, as_json=home.json)
