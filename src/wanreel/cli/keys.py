"""`wanreel projects`, `tokens` and `webhooks`: who may come, who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, HomeOptions, RowOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.client import Home
    from wanreel.domain.access import Token
    from wanreel.domain.hook import Hook

_TOKENS = (
    Column("id"),
    Column("name", least=12),
    Column("project", rank=2, least=12),
    Column("scopes", rank=1),
    Column("used", rank=3),
    Column("state"),
)
_DEEDS = (
    Column("at"),
    Column("token", rank=1),
    Column("project", rank=2, least=12),
    Column("what"),
    Column("subject", least=16),
)
_HOOKS = (
    Column("id"),
    Column("project", rank=1, least=12),
    Column("url", least=24),
    Column("kinds", rank=2, least=12),
    Column("paused", least=12),
)
_DELIVERIES = (
    Column("message"),
    Column("kind", rank=1),
    Column("at", rank=2),
    Column("tries", rank=3, right=True),
    Column("state"),
    Column("trouble", least=16),
)

projects = App(name="projects", help="What jobs, artifacts, budgets and webhooks are kept apart by.")
tokens = App(name="tokens", help="Who may use the HTTP API, and for what.")
webhooks = App(name="webhooks", help="Who is told what happens.")


@projects.command(name="add")
def add_project(name: str, /, *, home: HomeOptions = HOME) -> int:
    """Make a project.

    Parameters
    ----------
    name
        What it is called.
    """

    async def work(opened: Home) -> int:
        project = await opened.tokens.make_project(name)
        print_json({"project": project.name}) if home.json else put(project.name)
        return Exit.OK

    return in_home(work, home)


@projects.command(name="list")
def list_projects(*, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List projects."""

    async def work(opened: Home) -> int:
        found = await opened.tokens.projects()
        if home.json:
            for project in found:
                print_json({"project": project.name})
        else:
            print_rows([[project.name] for project in found], (Column("project"),), header=rows.header)
        return Exit.OK

    return in_home(work, home)


@tokens.command(name="add")
def add_token(
    name: str,
    /,
    *,
    project: str | None = None,
    every_project: Annotated[bool, Parameter(negative="")] = False,
    scope: Annotated[list[str] | None, Parameter(negative="")] = None,
    per_minute: int | None = None,
    resend_window: float | None = None,
    home: HomeOptions = HOME,
) -> int:
    """Make a token and print its secret, once. From then on every caller needs one, on this machine too.

    Parameters
    ----------
    name
        What you know it by.
    project
        Whose jobs it may order and see; default: the default project.
    every_project
        It may act for all projects: an operator's.
    scope
        submit, read or admin; may be given again. Default: submit and read.
    per_minute
        So many requests a minute at most; 0: no limit.
    resend_window
        Seconds in which an equal, unacknowledged create of a foreign client counts as a resend; 0: never.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.labels import PROJECT

        whose = None if every_project else project or PROJECT
        made, secret = await opened.tokens.make(
            name, whose, tuple(scope or ("submit", "read")), per_minute=per_minute, resend_s=resend_window
        )
        if home.json:
            print_json(_token(made) | {"secret": secret})
        else:
            put(secret)
            say(f"note: {made.id}; the secret is shown this once and kept as a hash")
        return Exit.OK

    return in_home(work, home)


@tokens.command(name="list")
def list_tokens(*, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List tokens, with their last use."""

    async def work(opened: Home) -> int:
        found = [_token(token) for token in await opened.tokens.list()]
        if home.json:
            for row in found:
                print_json(row)
        else:
            shown = [
                [r["id"], r["name"], r["project"] or "*", " ".join(r["scopes"]), r["used_at"] or "", r["state"]]
                for r in found
            ]
            print_rows(shown, _TOKENS, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@tokens.command
def revoke(token: str, /, *, home: HomeOptions = HOME) -> int:
    """End a token; a server that runs hears of it within a second.

    Parameters
    ----------
    token
        Its id.
    """

    async def work(opened: Home) -> int:
        ended = await opened.tokens.revoke(token)
        print_json(_token(ended)) if home.json else put(f"{ended.id} is revoked")
        return Exit.OK

    return in_home(work, home)


@tokens.command
def log(*, limit: int = 100, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """Show the audit log, newest first: who did what.

    Parameters
    ----------
    limit
        So many lines at most.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.view import iso

        deeds = await opened.tokens.log(max(1, limit))
        found = [[iso(d.at) or "", d.token or "this machine", d.project, d.what, d.subject] for d in deeds]
        if home.json:
            for row in found:
                print_json(_named(row, _DEEDS))
        else:
            print_rows(found, _DEEDS, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@webhooks.command(name="add")
def add_hook(
    url: str,
    /,
    *,
    project: str | None = None,
    every_project: Annotated[bool, Parameter(negative="")] = False,
    kind: Annotated[list[str] | None, Parameter(negative="")] = None,
    name: str = "",
    home: HomeOptions = HOME,
) -> int:
    """Tell a receiver what happens, and print the secret that signs, once.

    Parameters
    ----------
    url
        Where to POST to; https, and not a private address unless WANREEL_WEBHOOK_PRIVATE allows it.
    project
        Whose jobs it is told of; default: the default project.
    every_project
        It is told of all projects, and of accounts.
    kind
        Only these kinds (job.succeeded, group.completed, …); may be given again.
    name
        What you know it by.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.labels import PROJECT

        whose = None if every_project else project or PROJECT
        made = await opened.hooks.add(url, whose, tuple(kind or ()), name)
        _print_made(made, home)
        return Exit.OK

    return in_home(work, home)


@webhooks.command(name="list")
def list_hooks(*, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """List webhooks."""

    async def work(opened: Home) -> int:
        found = [_hook(hook) for hook in await opened.hooks.list(None)]
        if home.json:
            for row in found:
                print_json(row)
        else:
            shown = [
                [r["id"], r["project"] or "*", r["url"], " ".join(r["kinds"]) or "all", r["paused_why"]] for r in found
            ]
            print_rows(shown, _HOOKS, header=rows.header)
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def remove(webhook: str, /, *, home: HomeOptions = HOME) -> int:
    """End a webhook; what it was still owed is dropped.

    Parameters
    ----------
    webhook
        Its id.
    """

    async def work(opened: Home) -> int:
        await opened.hooks.remove(webhook, None)
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def ping(webhook: str, /, *, home: HomeOptions = HOME) -> int:
    """Send a test message; `wanreel webhooks deliveries` shows what became of it.

    Parameters
    ----------
    webhook
        Its id.
    """

    async def work(opened: Home) -> int:
        message = await opened.hooks.ping(webhook, None)
        print_json({"message": message.id}) if home.json else put(message.id)
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def pause(webhook: str, /, *, why: str = "by hand", home: HomeOptions = HOME) -> int:
    """Tell a webhook nothing for now; what happens meanwhile can be replayed.

    Parameters
    ----------
    webhook
        Its id.
    why
        Shown beside it.
    """

    async def work(opened: Home) -> int:
        hook = await opened.hooks.pause(webhook, None, why)
        print_json(_hook(hook)) if home.json else put(f"{hook.id} is told nothing until it is resumed")
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def resume(webhook: str, /, *, home: HomeOptions = HOME) -> int:
    """Tell a webhook again that was paused, by hand or because its receiver answered 410 Gone.

    Parameters
    ----------
    webhook
        Its id.
    """

    async def work(opened: Home) -> int:
        hook = await opened.hooks.resume(webhook, None)
        words = f"{hook.id} is told again; wanreel webhooks replay {hook.id} --hours N sends what it has missed"
        print_json(_hook(hook)) if home.json else put(words)
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def rotate(webhook: str, /, *, home: HomeOptions = HOME) -> int:
    """Make a new secret and print it, once; the old one signs beside it for a day.

    Parameters
    ----------
    webhook
        Its id.
    """

    async def work(opened: Home) -> int:
        _print_made(await opened.hooks.rotate(webhook, None), home)
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def replay(webhook: str, /, *, message: str | None = None, hours: float | None = None, home: HomeOptions = HOME) -> int:
    """Send again one message, or everything of the last hours; ids stay the same.

    Parameters
    ----------
    webhook
        Its id.
    message
        The id of one message.
    hours
        Everything of so many hours.
    """

    async def work(opened: Home) -> int:
        since = None if hours is None else opened.clock.now() - hours * 3600
        count = await opened.hooks.replay(webhook, None, message=message, since=since)
        print_json({"messages": count}) if home.json else put(f"{count} sent again")
        return Exit.OK

    return in_home(work, home)


@webhooks.command
def deliveries(webhook: str, /, *, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
    """Show what a webhook was told, what it is owed, and what was set aside after a day of tries.

    Parameters
    ----------
    webhook
        Its id.
    """

    async def work(opened: Home) -> int:
        from wanreel.service.view import iso

        found: list[list[str]] = []
        for delivery, message in await opened.hooks.owed(webhook, None):
            state = "delivered" if delivery.delivered_at else "parked" if delivery.parked_at else "owed"
            tried = [str(delivery.tries), state, delivery.trouble]
            found.append([message.id, message.kind, iso(message.at) or "", *tried])
        if home.json:
            for row in found:
                print_json(_named(row, _DELIVERIES))
        else:
            print_rows(found, _DELIVERIES, header=rows.header)
        return Exit.OK

    return in_home(work, home)


def _named(row: list[str], columns: tuple[Column, ...]) -> dict[str, str]:
    return dict(zip((column.name for column in columns), row, strict=True))


def _print_made(hook: Hook, home: HomeOptions) -> None:
    secret = hook.secrets[0].value
    if home.json:
        print_json(_hook(hook) | {"secret": secret})
        return
    put(secret)
    say(f"note: {hook.id}; give the receiver this secret, it is not shown again")


def _token(token: Token) -> dict[str, Any]:
    from wanreel.service.view import iso

    return {
        "id": token.id,
        "name": token.name,
        "project": token.project,
        "scopes": list(token.scopes),
        "per_minute": token.per_minute,
        "created_at": iso(token.created_at),
        "used_at": iso(token.used_at),
        "state": "in force" if token.revoked_at is None else "revoked",
    }


def _hook(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "url": hook.url,
        "project": hook.project,
        "kinds": list(hook.kinds),
        "name": hook.name,
        "paused_why": hook.paused_why,
    }
