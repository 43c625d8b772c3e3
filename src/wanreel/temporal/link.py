"""The connection to a Temporal service, and what must be there: the namespace, and the attributes jobs are found by."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from wanreel.domain.errors import Invalid, Problem, Unauthorized, Unavailable, WanreelError
from wanreel.temporal.words import ATTRIBUTES

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
_NOT_LET_IN = ("Unauthenticated", "PermissionDenied")  # the SDK tells a refusal of its first question in words alone
_NOT_OURS_TO_ASK = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.UNAUTHENTICATED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Temporal service is, and how one is let in. Files are PEM."""

    address: str
    namespace: str = "default"
    queue: str = "wanreel"
    tls: bool = False
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    api_key: str = field(default="", repr=False)


async def connect(place: Place) -> Client:
    """A connection to a service that has what we need. Raises Invalid, Unauthorized, Unavailable."""
    client = await reach(place)
    await _check_namespace(client, place)
    await _check_attributes(client, place)
    return client


async def reach(place: Place) -> Client:
    """A connection, whatever is there. Raises Invalid, Unauthorized, Unavailable."""
    tls = _tls(place)
    try:
        return await Client.connect(
            place.address, namespace=place.namespace, tls=tls, api_key=place.api_key or None, runtime=_runtime()
        )
    except RuntimeError as why:
        if any(said in str(why) for said in _NOT_LET_IN):
            raise _refused(place, _first_line(why)) from None
        raise Unavailable(f"Temporal at {place.address} does not answer ({_first_line(why)})") from None
    except ValueError as why:
        raise Invalid(
            "", (Problem("temporal_address", f"cannot be used: {_first_line(why)}", place.address),)
        ) from None


def of_rpc(why: RPCError, place: Place) -> WanreelError:
    """What an answer of the service means for us."""
    if why.status in (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED):
        return _refused(place, why.message)
    if why.status is RPCStatusCode.NOT_FOUND:
        words = f"is not there at {place.address} ({why.message}); `temporal operator namespace create` makes one"
        return Invalid("", (Problem("temporal_namespace", words, place.namespace),))
    return Unavailable(f"Temporal at {place.address}: {why.message or why.status.name}")


def _refused(place: Place, why: str) -> Unauthorized:
    words = f"Temporal at {place.address} does not let us in ({why}): check WANREEL_TEMPORAL_API_KEY, "
    return Unauthorized(words + "the certificate, and what they may do in this namespace")


async def _check_namespace(client: Client, place: Place) -> None:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=place.namespace))
    except RPCError as why:
        raise of_rpc(why, place) from None


async def _check_attributes(client: Client, place: Place) -> None:
    """Make the search attributes that are missing. Where that is not ours to do, whoever may has done it, or a start
    will say so.
    """
    asked = ListSearchAttributesRequest(namespace=place.namespace)
    try:
        known = await client.operator_service.list_search_attributes(asked)
        missing = {name: _KEYWORD for name in ATTRIBUTES if name not in known.custom_attributes}
        if missing:
            wanted = AddSearchAttributesRequest(namespace=place.namespace, search_attributes=missing)
            await client.operator_service.add_search_attributes(wanted)
    except RPCError as why:
        if why.status is not RPCStatusCode.ALREADY_EXISTS and why.status not in _NOT_OURS_TO_ASK:
            raise of_rpc(why, place) from None


@cache
def _runtime() -> Runtime:
    """The SDK's threads, once for a process. They write no lines of their own: what matters is said in our log."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


def _tls(place: Place) -> TLSConfig | bool:
    if place.ca or place.cert or place.key:
        return TLSConfig(
            server_root_ca_cert=_read("temporal_ca", place.ca),
            client_cert=_read("temporal_cert", place.cert),
            client_private_key=_read("temporal_key", place.key),
        )
    return place.tls or bool(place.api_key)


def _read(name: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.expanduser().read_bytes()
    except OSError as why:
        raise Invalid("", (Problem(name, f"cannot be read: {why.strerror}", str(path)),)) from None


def _first_line(why: Exception) -> str:
    return str(why).splitlines()[0][:200] if str(why) else type(why).__name__
