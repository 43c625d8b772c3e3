"""Puts a home together from its settings: the only file that names concrete adapters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wanreel.archive.labels import label_of
from wanreel.archive.local import LocalArchive
from wanreel.archive.local_shelf import LocalShelf
from wanreel.archive.naming import Naming, clip_key
from wanreel.client.home import Home
from wanreel.clock import SystemClock
from wanreel.data.shelf import load_catalog
from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem, Unauthorized, Unavailable
from wanreel.domain.event import SlotKey
from wanreel.domain.job import Account, Job
from wanreel.domain.labels import project_name
from wanreel.domain.request import Request
from wanreel.domain.validate import Options
from wanreel.inputs.home import HomeInputs
from wanreel.inputs.links import Links
from wanreel.media.looks import Looks
from wanreel.notify.addresses import check_url
from wanreel.notify.command import CommandNotifier
from wanreel.notify.courier import Courier
from wanreel.notify.hooks import HookNotifier
from wanreel.notify.journal import JournalNotifier
from wanreel.ports import Filter, Notifier
from wanreel.service.tokens import Tokens
from wanreel.service.uses import Service, Shop
from wanreel.service.webhooks import Webhooks
from wanreel.settings import Settings
from wanreel.store.lock import RunnerLock
from wanreel.store.sqlite import SqliteStore
from wanreel.vendor.body import model_of, preview
from wanreel.vendor.client import UNUSABLE_KEY, DashScope, may_be_key
from wanreel.vendor.client import Options as CallOptions
from wanreel.vendor.download import Downloads
from wanreel.vendor.http import Patience
from wanreel.worker.loop import UNFINISHED, Runner
from wanreel.worker.tools import Tools

GROUP_MAX = 200_000
SLOTS_UNKNOWN = 2  # where the vendor documents no limit; a 429 parks, so a wrong guess costs time only


def account_of(settings: Settings, catalog: Catalog) -> Account:
    """The main account the settings speak of. Raises Invalid."""
    region = catalog.region(settings.region)
    base_url = (settings.vendor_url or region.base_url(settings.workspace) or "").strip().rstrip("/")
    if not base_url:
        raise Invalid("", (Problem("workspace", f"{region.name} has no shared host: set WANREEL_WORKSPACE"),))
    refusal = misshapen(base_url)
    if refusal:
        raise Invalid("", (Problem("vendor_url", refusal),))
    parts = urlsplit(base_url)
    if not parts.path:
        base_url += "/api/v1"
    name = settings.account or (region.code if settings.vendor_url is None else parts.netloc)
    return Account(id=name, region=region.id, base_url=base_url)


def misshapen(base_url: str) -> str:
    """What a base URL must look like, where it does not; "" where it does. Says nothing of what was given: it may hold
    a password.
    """
    try:
        parts = urlsplit(base_url)
        bare = parts.username is None and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        bare, parts = False, urlsplit("")
    fit = parts.scheme in ("http", "https") and bool(parts.hostname) and base_url.isprintable() and " " not in base_url
    return "" if bare and fit else "must be an http(s) URL of scheme, host and path alone, ending in /api/v1"


def slot_limits(settings: Settings, catalog: Catalog, account: Account) -> Callable[[SlotKey], int]:
    """How many tasks of a model may run at once: the user's figure, else the documented one."""

    def limit_of(key: SlotKey) -> int:
        own = settings.slots.get(key.model, settings.slots.get("*"))
        if own is not None:
            return own
        model = catalog.model(key.model)
        documented = model.limit(account.region) if model else None
        return documented.running_max if documented else SLOTS_UNKNOWN

    return limit_of


@asynccontextmanager
async def open_home(settings: Settings) -> AsyncGenerator[Home]:
    """An opened home, closed on leaving. Raises Invalid (settings), Unavailable (disk, database)."""
    catalog = load_catalog()
    account = account_of(settings, catalog)
    path = _folder(settings.home)
    policy = settings.figures()
    clock = SystemClock()
    limit_of = slot_limits(settings, catalog, account)
    archive, shelf = LocalArchive(settings.archive_path.absolute()), LocalShelf(settings.archive_path.absolute())
    media = Looks()
    links = Links(settings.input_hosts) if settings.input_links == "keep" else None
    inputs = HomeInputs(path / "inputs", media, links)
    lock = RunnerLock(path / "runner.lock")
    project = project_name(settings.project)
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""

    def key_for(wanted: Account) -> str | None:
        """The key goes only to the address it was configured for."""
        return key or None if wanted.base_url == account.base_url else None

    def check_key() -> None:
        if not key:
            raise Unauthorized(
                "no key: set DASHSCOPE_API_KEY to your Model Studio key (its region must match), or try things out "
                "with `wanreel emulator` and --base-url"
            )
        if not may_be_key(key):
            raise Unauthorized(UNUSABLE_KEY)

    calls = CallOptions(
        patience=Patience(settings.connect_timeout_s, settings.answer_timeout_s),
        inline_bytes_max=settings.inline_bytes_max,
        workspace=settings.workspace,
        agent=f"wanreel/{version('wanreel')}",
    )
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(SqliteStore(path / "wanreel.sqlite3", limits=limit_of, policy=policy))
        vendor = DashScope(catalog, clock, inputs, key_for, calls)
        stack.push_async_callback(vendor.close)
        results = Downloads(clock, settings.result_hosts)
        stack.push_async_callback(results.close)
        shop = Shop(
            clock=clock,
            jobs=store,
            slots=store,
            holds=store,
            inputs=inputs,
            catalog=catalog,
            account=account,
            policy=policy,
            options=Options(settings.allow_truncate, settings.fit),
            limit_of=limit_of,
            project=project,
            check_key=check_key,
        )

        def artifact_key(job: Job) -> str:
            return clip_key(job.id, job.created_at, job.name, Naming(project=job.project))

        async def group_of(group: str) -> Sequence[Job]:
            if await store.find(Filter(group=group, states=UNFINISHED, limit=1)):
                return ()
            return await store.find(Filter(group=group, limit=GROUP_MAX))

        def runner() -> Runner:
            tools = Tools(
                clock=clock,
                jobs=store,
                slots=store,
                outbox=store,
                vendor=vendor,
                results=results,
                archive=archive,
                policy=policy,
                owner=clock.new_id("run"),
                artifact_key=artifact_key,
                label=label_of,
            )
            return Runner(
                tools,
                (*_notifiers(settings, path), HookNotifier(store.hooks, store.get, group_of)),
                limit_of,
                reaches=lambda wanted: key_for(wanted) is not None,
            )

        yield Home(
            path=path,
            settings=settings,
            catalog=catalog,
            account=account,
            clock=clock,
            service=Service(shop),
            vendor=vendor,
            media=media,
            feed=store,
            tokens=Tokens(store.access, clock),
            hooks=Webhooks(store.hooks, clock, lambda url: check_url(url, private=settings.webhook_private)),
            courier=lambda: Courier(store.hooks, clock, private=settings.webhook_private),
            lock=lock,
            runner=runner,
            shelf=shelf,
            preview=lambda request: _preview(request, catalog, account),
        )


def _folder(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the home {home} cannot be made ({error.strerror}): set WANREEL_HOME or --home") from None
    return home


def _notifiers(settings: Settings, home: Path) -> Sequence[Notifier]:
    journal = JournalNotifier(home / "notices.jsonl")
    return (journal, CommandNotifier(settings.notify_command)) if settings.notify_command else (journal,)


def _preview(request: Request, catalog: Catalog, account: Account) -> dict[str, Any]:
    """The call as it would go out: method, URL, body."""
    outgoing = preview(request, model_of(request, catalog, account.region))
    return {"path": outgoing.path, "url": account.base_url + outgoing.path, "body": outgoing.body}
