"""The engine a home's settings name: the only place that knows what to install for it, and imports that when asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from wanreel.domain.errors import Invalid, Problem, Unavailable
from wanreel.ports.engine import Engine, Room
from wanreel.settings import Settings

if TYPE_CHECKING:
    from wanreel.temporal.examining import Found
    from wanreel.temporal.link import Place

_NEEDS = "work on Temporal needs {}: pip install 'wanreel[temporal]'"


def engine_of(settings: Settings, room: Room) -> Engine | None:
    """The engine, with room for so much at once; None where the loop is the engine. Raises Invalid (what it needs is
    not set), Unavailable (what it needs is not installed).
    """
    if settings.engine == "loop":
        return None
    address = _address(settings)
    try:
        from wanreel.temporal.engine import TemporalEngine
    except ModuleNotFoundError as error:
        raise Unavailable(_NEEDS.format(error.name)) from None
    return TemporalEngine(_place(settings, address), room)


def examination_of(settings: Settings) -> AsyncGenerator[Found] | None:
    """What a look at the engine's service finds, one thing after the other; None where the loop is the engine.
    Raises as `engine_of`; going through it raises Invalid.
    """
    if settings.engine == "loop":
        return None
    address = _address(settings)
    try:
        from wanreel.temporal.examining import examine
    except ModuleNotFoundError as error:
        raise Unavailable(_NEEDS.format(error.name)) from None
    return examine(_place(settings, address))


def _address(settings: Settings) -> str:
    """Where the service is. Raises Invalid."""
    if settings.temporal_address is None:
        words = "must say where Temporal is, as HOST:PORT: --temporal-address, or WANREEL_TEMPORAL_ADDRESS"
        raise Invalid("", (Problem("temporal_address", words),))
    if settings.database is None:
        words = "must be set: on Temporal several machines work, and a file of the home is one machine's own"
        raise Invalid("", (Problem("database_url", words),))
    return settings.temporal_address


def _place(settings: Settings, address: str) -> Place:
    from wanreel.temporal.link import Place

    secret = settings.temporal_api_key
    return Place(
        address=address,
        namespace=settings.temporal_namespace,
        queue=settings.temporal_queue,
        tls=settings.temporal_tls,
        ca=settings.temporal_ca,
        cert=settings.temporal_cert,
        key=settings.temporal_key,
        api_key="" if secret is None else secret.get_secret_value().strip(),
    )
