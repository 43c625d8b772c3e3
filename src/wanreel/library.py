"""The library's two names, `Client` and `AsyncClient`, over a home on this machine."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from wanreel.client import BlockingClient, EmbeddedClient, RemoteClient
from wanreel.client.logs import log_like_a_library
from wanreel.clock import SystemClock
from wanreel.wiring import open_home


class AsyncClient(EmbeddedClient):
    """Make videos and keep them. Use it in an `async with` block.

    Everything defaults to the settings (environment, `config.toml` in the home): `home` is the folder of the database
    and the archive, `api_key` the vendor's key, `base_url` the vendor's address, `region` the main account's region.
    If no other process works the home's jobs this one does while the block is open; what is unfinished at its end
    goes on with the next.
    """

    def __init__(
        self,
        *,
        home: str | Path | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        region: str | None = None,
    ) -> None:
        log_like_a_library()
        key = None if api_key is None else SecretStr(api_key)  # so that no print of this object shows it
        super().__init__(open_home, {"home": home, "api_key": key, "vendor_url": base_url, "region": region})


def async_client(server: str, *, token: str | None = None) -> RemoteClient:
    """The same surface as `AsyncClient`, against a server (`wanreel up`); use it in an `async with` block."""
    return RemoteClient(server, token, SystemClock())


class Client(BlockingClient):
    """`AsyncClient`, blocking. Use it in a `with` block; between calls it goes on working in a thread of its own.

    With a `server` ("http://127.0.0.1:8080") and its `token` there is no home here: the server does the work.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        token: str | None = None,
        home: str | Path | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        region: str | None = None,
    ) -> None:
        if server is not None:
            super().__init__(RemoteClient(server, token, SystemClock()))
            return
        super().__init__(AsyncClient(home=home, api_key=api_key, base_url=base_url, region=region))
