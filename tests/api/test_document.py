"""Tests over the whole OpenAPI document: what it allows is answered as it says, and projects are strangers on it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from tests.api.served import WISH, Served, served
from tests.api.test_tokens import bearer
from wanreel.api import admission
from wanreel.api.app import document

EXAMPLES = 2
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""That data fitting the schema is always accepted is no promise of ours: models have rules no schema can say."""

MARK = "a-secret-of-films"


# --- what it says is what it does -----------------------------------------------------------------------------------


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Served]:
    """A home served and worked, whose vendor refuses every connection: whatever is ordered waits."""
    async with served(tmp_path / "home", None) as it:
        yield it


async def _schemathesis(server: Served, checks: Sequence[str], *more: str) -> tuple[int, str]:
    """Its command line over the served document; streams end at once, so that they can be read to their end."""
    server.desk.hub.hang_up()
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
    options = [
        "--checks",
        ",".join(checks),
        "--max-examples",
        str(EXAMPLES),
        "--seed",
        "1",
        "--no-color",
        "--request-timeout",
        "20",
    ]
    run = await asyncio.create_subprocess_exec(
        *command,
        *options,
        *more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=server.home.path,
    )
    told, _ = await run.communicate()
    assert run.returncode is not None
    return run.returncode, told.decode(errors="replace")


async def test_the_document_holds_without_tokens(busy: Served) -> None:
    """Whatever the document allows, and more, is answered as documented, never with a 5xx of ours. The single cases of
    each field are left to the caller with a token of all projects: behind the door the code is the same.
    """
    code, told = await _schemathesis(busy, CHECKS, "--phases", "examples,fuzzing,stateful")
    assert 0 == code, told[-6000:]


async def test_the_document_holds_with_tokens(busy: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a caller with a token, whose absence is noticed on every route that wants one."""
    monkeypatch.setattr(admission, "GUESSES_PER_MINUTE", 100_000)  # a wrong token on every route: more than are let try
    mine = await bearer(busy, None, "submit", "read", "admin")
    code, told = await _schemathesis(busy, (*CHECKS, "ignored_auth"), "--header", f"Authorization: {mine}")
    assert 0 == code, told[-6000:]


async def test_the_document_is_of_its_kind(idle: Served) -> None:
    """OpenAPI 3.1, every operation named once, and what is served is what is made without a server."""
    served_one = (await idle.ask("GET", "/openapi.json")).json
    assert json.loads(json.dumps(document())) == served_one
    assert served_one["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in _operations(served_one)]
    assert len(names) == len(set(names))


# --- projects are strangers, on every route there is ----------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """One operation of the document."""

    verb: str
    path: str
    operation: dict[str, Any]

    @property
    def parameters(self) -> list[str]:
        """Names in its path."""
        return [p["name"] for p in self.operation.get("parameters", []) if p["in"] == "path"]

    @property
    def streams(self) -> bool:
        """Whether it never ends by itself."""
        return "text/event-stream" in self.operation["responses"].get("200", {}).get("content", {})

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in made["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), path, operation


DOCUMENT = document()
ASKS = [Ask(*found) for found in _operations(DOCUMENT)]
NOBODYS = {"code", "model_id", "token", "account", "link", "template", "role"}
"""Path parameters that name nothing of any project, or what strangers are to see."""
WORDS = {"role": "first_frame"}
"""Path parameters that take certain words alone."""


@pytest.fixture
async def films(tmp_path: Path) -> AsyncIterator[tuple[Served, dict[str, str], str, str]]:
    """A server where `films` has one of everything, with a stranger's token and the owner's; by path parameter."""
    async with served(tmp_path / "home", None, works=False) as it:
        owner = await bearer(it, "films", "admin")
        stranger = await bearer(it, "news", "admin")
        order = WISH | {"variants": 2, "prompt": MARK, "name": MARK, "tags": [MARK]}
        made = (await it.ask("POST", "/v1/jobs", order, authorization=owner)).json
        hook = {"url": f"https://{MARK}.example/", "name": MARK}
        hooked = (await it.ask("POST", "/v1/webhooks", hook, authorization=owner)).json
        ids = {
            "job_id": made["jobs"][0]["id"],
            "task_id": made["jobs"][0]["id"],
            "video_id": made["jobs"][0]["id"],
            "group_id": made["group"],
            "hook_id": hooked["id"],
            "project": "films",
            "period": "month",
            "currency": "CNY",
            "link": "0123456789abcdefghjkmnpqrstvwxyz",
        }
        await it.ask("PUT", "/v1/budgets/films/month/CNY", {"amount": "5"}, authorization=owner)
        yield it, ids, stranger, owner


def _body(ask: Ask, made: dict[str, Any]) -> Any:
    """The smallest body an operation takes; None where it takes none."""
    content = ask.operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else _smallest(content["schema"], made)


def _smallest(schema: dict[str, Any], made: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _smallest(made["components"]["schemas"][schema["$ref"].rpartition("/")[2]], made)
    if "anyOf" in schema:
        return _smallest(schema["anyOf"][0], made)
    match schema.get("type"):
        case "object":
            fields = cast("dict[str, Any]", schema.get("properties", {}))
            return {name: _smallest(fields[name], made) for name in schema.get("required", [])}
        case "array":
            return [_smallest(schema["items"], made)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return (schema.get("examples") or ["x"])[0]


async def _answer(server: Served, ask: Ask, path: str, token: str, body: Any) -> tuple[int, str]:
    if not ask.streams:
        got = await server.ask(ask.verb, path, body, authorization=token)
        return got.status, got.bytes.decode(errors="replace")
    heard = b""
    async with server.session.get(server.url + path, headers={"authorization": token}) as got:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                async for piece in got.content.iter_any():
                    heard += piece
        return got.status, heard.decode()


async def test_a_stranger_sees_nothing(films: tuple[Served, dict[str, str], str, str]) -> None:
    """On every route another project's token gets for what is there exactly what it gets for what is not."""
    server, ids, stranger, owner = films
    before = await server.ask("GET", "/v1/jobs", authorization=owner)
    for ask in ASKS:
        unknown = [name for name in ask.parameters if name not in ids and name not in NOBODYS]
        assert not unknown, f"{ask}: teach this test what {unknown} names: make one for `films`, or say it is nobody's"
        body = _body(ask, DOCUMENT)
        for query in ["", *(f"?{name}={value}" for name, value in _queries(ask, ids))]:
            there = ask.path + query
            for name in ask.parameters:
                there = there.replace(f"{{{name}}}", ids.get(name, WORDS.get(name, "x")))
            missing = there
            for value in ids.values():
                missing = missing.replace(value, _missing(value))
            status, told = await _answer(server, ask, there, stranger, body)
            same = await _answer(server, ask, missing, stranger, body)
            assert (same[0], _plain(same[1], ids)) == (status, _plain(told, ids)), f"{ask} {query}"
            assert MARK not in told, f"{ask} {query}"
            if ids.keys() & set(ask.parameters):
                expected = {200, 400} if ask.path.startswith("/api/v1/tasks") else {404}  # UNKNOWN, and not PENDING
                assert status in expected, f"{ask}: {told}"
    assert before.json == (await server.ask("GET", "/v1/jobs", authorization=owner)).json
    for path in ("/v1/webhooks", "/v1/budgets"):
        assert 1 == len((await server.ask("GET", path, authorization=owner)).json["data"])


def _queries(ask: Ask, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Query parameters that could name something of `films`."""
    for parameter in ask.operation.get("parameters", []):
        if parameter["in"] == "query":
            name = parameter["name"]
            yield from [(name, ids[f"{name}_id"])] if f"{name}_id" in ids else []
            yield from [(name, ids[name])] if name in ids else []
            pages = "Page" in json.dumps(ask.operation)
            yield from [(name, ids[kind]) for kind in ("job_id", "group_id")] if name == "after" and pages else []
            yield from [(name, "films")] if name == "project" else []
            yield from [(name, MARK)] if name == "tag" else []


def _missing(value: str) -> str:
    return value[:-4] + "zzzz" if "_" in value else value


def _plain(told: str, ids: dict[str, str]) -> str:
    """An answer without what differs by itself: ids that were asked for, request ids, ids and times just made."""
    for value in ids.values():
        told = told.replace(value, "ID").replace(_missing(value), "ID")
    with suppress(ValueError):
        body = json.loads(told)
        if isinstance(body, dict):
            found = cast("dict[str, Any]", body)
            said = {
                name: found.get(name) for name in ("status", "detail", "output", "code", "message", "total", "error")
            }
            return json.dumps(said | {"keys": sorted(found)})
    return "" if told.startswith(": wanreel") else told
