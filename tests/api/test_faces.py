"""Which operation is reachable by which face: a new one without a face fails here, or says why it has none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, cast

import pytest

from tests.factories import FakeClock
from wanreel.api.app import document
from wanreel.cli.main import app
from wanreel.client import BlockingClient, EmbeddedClient, RemoteClient
from wanreel.mcp.tools import Wan, make_server

AGENTS = "agents order, look and wait; what is decided about clips and money is people's"
OPERATORS = "for whoever keeps the home: on its machine, with its files, never by a caller"
LINE = "one line of Python with what there is"
SCREEN = "for people at a terminal"
HERE = "a home on this machine has its files and needs no links or uploads"
SAME = "one surface here and against a server: what the library has no name for at home it has none for there"
PAGE = "for the studio and other pages; the same code is `wanreel.prompt` for Python"
CALL = "how a server is kept and asked, which has no meaning without one"


@dataclass(frozen=True)
class Row:
    """An operation's name in each face, several with spaces between; what begins with ! is why there is none."""

    http: str
    cli: str
    library: str
    remote: str
    mcp: str = f"!{AGENTS}"


TABLE = (
    Row("jobs_submit groups_submit", "generate", "submit generate", "submit generate", "submit"),
    Row("!each row is an order of `jobs_submit`, with a key of its own", "batch", "batch", "batch"),
    Row("jobs_estimate", "estimate", "plan", "plan", "estimate"),
    Row("jobs_get", "jobs/show", "get", "get", "get"),
    Row("jobs_list_jobs", "jobs/list", "list", "list", "list"),
    Row("!`Prefer: wait`, and events", "watch", "wait wait_all", "wait wait_all", "wait"),
    Row("jobs_history", f"!in `jobs show`: {SCREEN}", "history", "history"),
    Row("jobs_cancel", "jobs/cancel", "cancel", "cancel", "cancel"),
    Row("jobs_retry", "jobs/retry", "retry", "retry"),
    Row("jobs_resolve", "jobs/resolve", "resolve", "resolve"),
    Row("jobs_mark", "jobs/mark", "mark", "mark"),
    Row("events_events", "!`watch` shows them", "stream", "stream"),
    Row("groups_get", "groups/show", "group group_view", "group group_view"),
    Row("groups_list_groups", "groups/list", "groups", "groups"),
    Row("!`Prefer: wait` of a group", "groups/wait", "wait_group", "wait_group"),
    Row("reviews_reviews reviews_review", "jobs/review", "review rank", "review rank"),
    Row("reviews_pick reviews_pick_job", "jobs/pick", "pick", "pick"),
    Row("reviews_diagnosis", "jobs/diagnose", "diagnose", "diagnose"),
    Row("reviews_replace", "jobs/replace", "replace", "replace"),
    Row("artifacts_artifact artifacts_source", "get", "save", "save", "!`link` in every answer"),
    Row("artifacts_short_link", f"!{HERE}", f"!{HERE}", "!`save` has the bytes; a page asks for its own short links"),
    Row("artifacts_embed artifacts_unshare", "embed", "embed unshare", "embed unshare"),
    Row("links_share links_links links_revoke_all links_revoke artifacts_shared", "!`embed`", "!`embed`", "!`embed`"),
    Row("uploads_upload", f"!{HERE}", f"!{HERE}", "!`submit` sends the files an order names"),
    Row("usage_usage", "usage", "usage", "usage"),
    Row("usage_reconcile", "usage/reconcile", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("usage_overruns usage_clear", "usage/clear", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row(
        "budgets_list_budgets budgets_put budgets_drop",
        "budgets/list budgets/set budgets/drop",
        f"!{OPERATORS}",
        f"!{OPERATORS}",
    ),
    Row("catalog_models catalog_model", "models/list models/show", f"!{LINE}: the catalog", f"!{SAME}"),
    Row("catalog_lint", "lint", f"!{PAGE}", f"!{PAGE}"),
    Row("prompt_put_together prompt_vocabulary", "prompt/build", f"!{PAGE}", f"!{PAGE}"),
    Row("prompt_take_apart", "prompt/explain", f"!{PAGE}", f"!{PAGE}"),
    Row(
        "prompt_templates prompt_keep_template prompt_forget_template prompt_fill_template",
        "prompt/templates",
        "templates save_template remove_template",
        "templates save_template remove_template",
    ),
    Row("accounts_accounts", "accounts/list", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("accounts_plan", "accounts/plan", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("accounts_park accounts_park_project", "accounts/park", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("accounts_resume accounts_resume_project", "accounts/resume", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_list_hooks webhooks_get", "webhooks/list", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_add", "webhooks/add", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_remove", "webhooks/remove", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_rotate", "webhooks/rotate", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_pause webhooks_resume", "webhooks/pause webhooks/resume", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_ping", "webhooks/ping", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_replay", "webhooks/replay", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("webhooks_deliveries", "webhooks/deliveries", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row(
        "!a token must not make tokens",
        "tokens/add tokens/list tokens/log tokens/revoke",
        f"!{OPERATORS}",
        f"!{OPERATORS}",
    ),
    Row("!a token is of one project", "projects/add projects/list", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row("health_healthz health_readyz health_metrics", "doctor", f"!{CALL}", f"!{CALL}"),
    Row("health_problem_type", f"!{CALL}", f"!{CALL}", f"!{CALL}"),
    Row(f"!{OPERATORS}", "up api worker mcp emulator", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row(f"!{OPERATORS}", "db/backup db/copy db/migrate db/restore db/status", f"!{OPERATORS}", f"!{OPERATORS}"),
    Row(
        f"!{OPERATORS}",
        "storage/archives storage/check storage/delete storage/erase storage/hold storage/reindex storage/release "
        "storage/restore storage/spools storage/sweep storage/trash",
        f"!{OPERATORS}",
        f"!{OPERATORS}",
    ),
)
FOREIGN = {"dashscope", "videos"}
"""Tags of the faces that are somebody else's: their operations are that API's, and stand for ours."""


def names(face: str) -> list[str]:
    """What the table says there is in a face."""
    return [name for row in TABLE if not (said := getattr(row, face)).startswith("!") for name in said.split()]


def http() -> Iterator[str]:
    """Operations of our own API."""
    for verbs in document()["paths"].values():
        for operation in verbs.values():
            if operation["operationId"].partition("_")[0] not in FOREIGN:
                yield operation["operationId"]


def cli(group: Any = app, before: str = "") -> Iterator[str]:
    """Commands that do something."""
    for name in group:
        if name.startswith("-"):
            continue
        below = list(cli(group[name], f"{before}{name}/")) if any(not n.startswith("-") for n in group[name]) else []
        yield from below
        if not below or group[name].default_command is not None:
            yield f"{before}{name}"


def methods(kind: type) -> Iterator[str]:
    """What a client offers."""
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_") and inspect.isfunction(member):
            yield name


async def mcp() -> list[str]:
    """Tools."""
    server = make_server(cast("Wan", None), FakeClock(), "0")
    return [tool.name for tool in await server.list_tools()]


async def test_every_operation_stands_in_the_table() -> None:
    """Once, in every face; and what stands there is there."""
    found = {
        "http": set(http()),
        "cli": set(cli()),
        "library": set(methods(EmbeddedClient)),
        "remote": set(methods(RemoteClient)),
        "mcp": set(await mcp()),
    }
    for face, there in found.items():
        told = names(face)
        assert len(told) == len(set(told)), f"{face}: named twice"
        assert there == set(told), f"{face}: only there {there - set(told)}; only in the table {set(told) - there}"


def test_the_blocking_client_has_what_the_other_has() -> None:
    """One surface in two colours."""
    assert set(methods(EmbeddedClient)) <= set(methods(BlockingClient))


@pytest.mark.parametrize("face", [field.name for field in fields(Row)])
def test_what_is_missing_has_a_reason(face: str) -> None:
    """In words."""
    assert [] == [row for row in TABLE if (said := getattr(row, face)).startswith("!") and len(said) < 8]
