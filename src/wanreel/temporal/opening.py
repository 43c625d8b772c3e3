"""The engine a home's settings name: the only place that knows what to install for it, and imports that when asked."""

from __future__ import annotations

from wanreel.domain.errors import Invalid, Problem, Unavailable
from wanreel.ports.engine import Engine
from wanreel.settings import Settings


def engine_of(settings: Settings) -> Engine | None:
    """The engine; None where the loop is the engine. Raises Invalid (what it needs is not set), Unavailable (what it
    needs is not installed).
    """
    if settings.engine == "loop":
        return None
    if settings.temporal_address is None:
        words = "must say where Temporal is, as HOST:PORT: --temporal-address, or WANREEL_TEMPORAL_ADDRESS"
        raise Invalid("", (Problem("temporal_address", words),))
    if settings.database is None:
        words = "must be set: on Temporal several machines work, and a file of the home is one machine's own"
        raise Invalid("", (Problem("database_url", words),))
    try:
        from wanreel.temporal.engine import Room, TemporalEngine
        from wanreel.temporal.link import Place
    except ModuleNotFoundError as error:
        raise Unavailable(f"work on Temporal needs {error.name}: pip install 'wanreel[temporal]'") from None
    secret = settings.temporal_api_key
    place = Place(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        queue=settings.temporal_queue,
        tls=settings.temporal_tls,
        ca=settings.temporal_ca,
        cert=settings.temporal_cert,
        key=settings.temporal_key,
        api_key="" if secret is None else secret.get_secret_value().strip(),
    )
    return TemporalEngine(place, Room(clips=settings.archives_max))
