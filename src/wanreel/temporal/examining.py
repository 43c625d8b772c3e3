"""What is to be said of a Temporal service before work is left to it: reached, secret, let in, equipped."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from wanreel.domain.errors import WanreelError
from wanreel.temporal.link import Place, of_rpc, reach
from wanreel.temporal.words import ATTRIBUTES, heavy

PATIENCE_S = 10.0
TRIED_WITH = "1.32"
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # HTTP/2's preface, no settings
_TLS_RECORDS = (0x15, 0x16)
_HIDDEN = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.UNAUTHENTICATED)
_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD


@dataclass(frozen=True, slots=True)
class Found:
    """What one look has found; where not `good`, the words say what to do."""

    what: str
    good: bool
    words: str


async def examine(place: Place) -> AsyncGenerator[Found]:
    """One finding after the other; after one that leaves nothing to look at, no more. Raises Invalid (files that
    cannot be read).
    """
    trouble = await _line_trouble(place)
    if trouble:
        yield Found("temporal", good=False, words=trouble)
        return
    try:
        client = await reach(place)
        told = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        space = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=place.namespace))
    except RPCError as why:
        yield Found("temporal", good=False, words=str(of_rpc(why, place)))
        return
    except WanreelError as why:
        yield Found("temporal", good=False, words=str(why))
        return
    how = "TLS" if _secret(place) else "no TLS"
    tried = "" if told.server_version.startswith(TRIED_WITH) else f" (tried with {TRIED_WITH})"
    words = f"{place.address} lets us in, {how}, version {told.server_version or 'not told'}{tried}"
    yield Found("temporal", good=True, words=words)
    days = space.config.workflow_execution_retention_ttl.seconds // 86_400
    yield Found("namespace", good=True, words=f"{place.namespace}, keeps ended workflows for {days} days")
    yield await _attributes(client, place)
    yield await _workers(client, place)


def _secret(place: Place) -> bool:
    return bool(place.tls or place.ca or place.cert or place.key or place.api_key)


async def _line_trouble(place: Place) -> str:
    """What keeps a connection from being one, in words; empty where nothing does. Raises Invalid."""
    host, _, port = place.address.rpartition(":")
    if not host or not port.isdecimal():
        return f"{place.address} is no HOST:PORT: set WANREEL_TEMPORAL_ADDRESS"
    try:
        secret = _context(place) if _secret(place) else None
        async with asyncio.timeout(PATIENCE_S):
            return await _greet(place, host.strip("[]"), int(port), secret)
    except TimeoutError:
        return f"{place.address} does not answer within {PATIENCE_S:g} s: is it Temporal, and no firewall between?"
    except ssl.SSLError as why:
        return _tls_words(place, why)
    except OSError as why:
        words = why.strerror or str(why) or type(why).__name__
        return f"nobody answers at {place.address} ({words}): start Temporal, or set WANREEL_TEMPORAL_ADDRESS"


async def _greet(place: Place, host: str, port: int, secret: ssl.SSLContext | None) -> str:
    """Say hello in HTTP/2. A service that wants a certificate of ours says so only now."""
    reader, writer = await asyncio.open_connection(host, port, ssl=secret)
    try:
        writer.write(_HELLO)
        await writer.drain()
        answer = await reader.read(16)
    except ConnectionError:
        answer = b""
    finally:
        writer.transport.abort()
    if answer and (secret is not None or answer[0] not in _TLS_RECORDS):
        return ""
    if secret is None:
        return f"{place.address} hangs up on us: it speaks TLS, most likely. Set WANREEL_TEMPORAL_TLS=true"
    return f"{place.address} hangs up after TLS: it wants a certificate (WANREEL_TEMPORAL_CERT and _KEY), most likely"


def _context(place: Place) -> ssl.SSLContext:
    """As the SDK will speak it. Raises ssl.SSLError, OSError."""
    made = ssl.create_default_context(cafile=place.ca.expanduser() if place.ca else None)
    made.set_alpn_protocols(["h2"])
    if place.cert and place.key:
        made.load_cert_chain(place.cert.expanduser(), place.key.expanduser())
    return made


def _tls_words(place: Place, why: ssl.SSLError) -> str:
    """What a failed handshake means, and what to do."""
    said = f"{why.reason or why}".lower().replace("_", " ")
    if isinstance(why, ssl.SSLCertVerificationError):
        words = f"its certificate is not believed ({why.verify_message})"
        return (
            f"{place.address}: {words}: set WANREEL_TEMPORAL_CA to the CA it is signed by, and use the name it is for"
        )
    if "certificate required" in said:
        return f"{place.address} wants a certificate of ours: set WANREEL_TEMPORAL_CERT and WANREEL_TEMPORAL_KEY"
    if "unknown ca" in said or "bad certificate" in said or "certificate unknown" in said:
        return f"{place.address} does not believe our certificate ({said}): is WANREEL_TEMPORAL_CERT signed by its CA?"
    if "wrong version number" in said or "record layer failure" in said:
        return f"{place.address} does not speak TLS: leave WANREEL_TEMPORAL_TLS, _CA, _CERT and the API key out"
    if "mismatch" in said:
        return "WANREEL_TEMPORAL_KEY is not the key of WANREEL_TEMPORAL_CERT"
    return f"{place.address}: TLS fails ({said}): check WANREEL_TEMPORAL_CA, _CERT and _KEY"


async def _attributes(client: Client, place: Place) -> Found:
    try:
        asked = ListSearchAttributesRequest(namespace=place.namespace)
        there = (await client.operator_service.list_search_attributes(asked)).custom_attributes
    except RPCError as why:
        if why.status in _HIDDEN:
            words = f"cannot be looked at with what we may do there; {', '.join(ATTRIBUTES)} (Keyword) must be there"
            return Found("attributes", good=True, words=words)
        return Found("attributes", good=False, words=str(of_rpc(why, place)))
    other = [name for name in ATTRIBUTES if name in there and there[name] != _KEYWORD]
    if other:
        words = f"{', '.join(other)}: of another type than Keyword, so no job is found by them; use another namespace"
        return Found("attributes", good=False, words=words)
    missing = [name for name in ATTRIBUTES if name not in there]
    if missing:
        one = f"temporal operator search-attribute create --namespace {place.namespace} --type Keyword --name NAME"
        words = f"missing: {', '.join(missing)}. The first worker makes them if it may; else you do, each by `{one}`"
        return Found("attributes", good=False, words=words)
    return Found("attributes", good=True, words=", ".join(ATTRIBUTES))


async def _workers(client: Client, place: Place) -> Found:
    """Who polls the queues. Nobody is no fault of the service, as a home that nobody works is none."""
    counted: list[int] = []
    turn = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    for name, kind in (
        (place.queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (place.queue, turn),
        (heavy(place.queue), turn),
    ):
        asked = DescribeTaskQueueRequest(
            namespace=place.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind
        )
        try:
            counted.append(len((await client.workflow_service.describe_task_queue(asked)).pollers))
        except RPCError as why:
            return Found("workers", good=False, words=str(of_rpc(why, place)))
    if not any(counted):
        words = f"nobody polls the task queue {place.queue} now: `wanreel worker --engine temporal` will"
        return Found("workers", good=True, words=words)
    if not all(counted):
        words = (
            f"the task queue {place.queue} is polled in part: workers of another program? Give this home its own queue"
        )
        return Found("workers", good=False, words=words)
    return Found("workers", good=True, words=f"{max(counted)} poll the task queue {place.queue}")
