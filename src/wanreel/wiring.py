"""Puts a home together from its settings: the only file that names concrete adapters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanreel.archive.labels import job_of, label_of
from wanreel.archive.naming import Named, Naming, clip_key
from wanreel.archive.opening import open_archive
from wanreel.archive.shared_spool import SharedSpool, name_in
from wanreel.archive.shelves import Reach
from wanreel.archive.spool import LocalSpool
from wanreel.archive.whole import whole_clip
from wanreel.client.home import Home
from wanreel.clock import SharedClock, SystemClock
from wanreel.data.shelf import load_books, load_catalog
from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Conflict, Unauthorized, Unavailable, WanreelError
from wanreel.domain.event import SlotKey
from wanreel.domain.job import Account, Artifact, Job
from wanreel.domain.keeping import Retention, input_key
from wanreel.domain.labels import project_name
from wanreel.domain.policy import Policy
from wanreel.domain.request import Request, Stored
from wanreel.domain.sighting import Sighting
from wanreel.domain.validate import Options
from wanreel.inputs.home import HomeInputs
from wanreel.inputs.links import Links
from wanreel.inputs.uploads import HomeUploads
from wanreel.judge.likeness import ClipLikeness
from wanreel.judge.local import LocalJudge
from wanreel.judge.panel import Judges
from wanreel.judge.vision import Seer, VisionJudge
from wanreel.judge.words import Endpoint, WordReader, forget_words
from wanreel.media.looks import Looks
from wanreel.metrics.gauges import Gauges
from wanreel.money.books import Books
from wanreel.notify.addresses import check_url
from wanreel.notify.command import CommandNotifier
from wanreel.notify.courier import Courier
from wanreel.notify.hooks import HookNotifier
from wanreel.notify.journal import JournalNotifier
from wanreel.ports.archive import Label, Shelf
from wanreel.ports.clock import Clock
from wanreel.ports.engine import Room
from wanreel.ports.jobs import Filter
from wanreel.ports.notices import Notifier
from wanreel.ports.reviews import Judge
from wanreel.ports.vendor import PrepareFailed
from wanreel.service.addresses import accounts_of
from wanreel.service.keeping import Keeping
from wanreel.service.keeping_room import KeepingRoom
from wanreel.service.marking import MarkBook
from wanreel.service.picture import Picture, Pieces
from wanreel.service.reading import Reading, ReadingRoom
from wanreel.service.templates import Templates
from wanreel.service.till import Till
from wanreel.service.tokens import Tokens
from wanreel.service.uses import Service, Shop
from wanreel.service.webhooks import Webhooks
from wanreel.settings import Settings
from wanreel.store.carrying import Chance
from wanreel.store.choosing import examination, store_of
from wanreel.store.doors import Doors
from wanreel.store.hooks import SqlHooks
from wanreel.store.lock import Places, RunnerLock
from wanreel.store.prices import PriceFile
from wanreel.store.templates import TemplateFile
from wanreel.store.tending import Restored, restore
from wanreel.temporal.opening import engine_of
from wanreel.vendor.body import model_of, preview
from wanreel.vendor.client import UNUSABLE_KEY, DashScope, Publish, may_be_key
from wanreel.vendor.client import Options as CallOptions
from wanreel.vendor.download import Bounds, Downloads
from wanreel.vendor.http import Patience
from wanreel.vendor.keys import Keys
from wanreel.vendor.listing import event_sighting
from wanreel.version import VERSION
from wanreel.watch.certificates import Certificates
from wanreel.watch.doubts import Search
from wanreel.watch.hook import Ears, EventHook
from wanreel.watch.news import RunNews
from wanreel.watch.watcher import Watcher as AccountWatcher
from wanreel.watch.watcher import WatchTools
from wanreel.worker.hearing import Ears as Heard
from wanreel.worker.loop import UNFINISHED, Pace, Runner
from wanreel.worker.moving import Mover
from wanreel.worker.presence import LEASE_S, Presence
from wanreel.worker.reviewing import Reviewer
from wanreel.worker.spool_gate import SpoolGate, holdups
from wanreel.worker.telling import Teller
from wanreel.worker.tools import Tools

if TYPE_CHECKING:
    from wanreel.store.postgres.examining import Examined

GROUP_MAX = 200_000
LINT_CACHE = "deep-lint"
LOCK_HOLDER = "runner"  # one runner a home, by its lock: whoever watched before is dead, and its lease is ours
_OWN = re.compile(
    r"(archives|config|notices|prices|runner|templates|wanreel)\.(json|jsonl|lock|toml|sqlite3.*)"
    r"|deep-lint|inputs|spool|tmp|uploads|workers"
)
INPUT_LINK_LIFE_S = 12 * 3600.0  # the vendor fetches an input when the task begins, at most hours after the call


@asynccontextmanager
async def open_home(settings: Settings) -> AsyncGenerator[Home]:
    """An opened home, closed on leaving. Raises Invalid (settings), Unavailable (disk, database)."""
    catalog = load_catalog()
    accounts = accounts_of(settings, catalog)
    account = accounts.main.account
    Naming(template=settings.archive_key)  # refused here rather than after something was paid
    path = _folder(settings.home)
    policy = settings.figures()
    shared = settings.database is not None
    clock = SharedClock() if shared else SystemClock()
    prices = PriceFile(settings.prices_path, clock, must_exist=settings.prices is not None)
    books = Books(catalog, prices)
    limit_of = accounts.limit_of
    media = Looks()
    links = Links(settings.input_hosts) if settings.input_links == "keep" else None
    inputs = HomeInputs(path / "inputs", media, links)
    lock = Places(path / "workers") if shared else RunnerLock(path / "runner.lock")
    uploads = HomeUploads(path / "uploads", clock)
    project = project_name(settings.project)
    keys = Keys(accounts.keys_of)

    def account_of(name: str, region: str) -> Account:
        there = next((known.account for known in accounts.all() if known.account.id == name), None)
        return there or replace(account, id=name or account.id, region=region or account.region)

    def check_key() -> None:
        found = accounts.main.keys
        if not found:
            raise Unauthorized(
                "no key: set DASHSCOPE_API_KEY to your Model Studio key (its region must match), or try things out "
                "with `wanreel emulator` and --base-url"
            )
        if not all(map(may_be_key, found)):
            raise Unauthorized(UNUSABLE_KEY)

    calls = CallOptions(
        patience=Patience(settings.connect_timeout_s, settings.answer_timeout_s),
        inline_bytes_max=settings.inline_bytes_max,
        delivery=settings.input_delivery,
        workspace_of=lambda wanted: known.workspace if (known := accounts.known(wanted)) else None,
        refused=keys.refuse,
        agent=f"wanreel/{VERSION}",
    )
    reach = Reach(
        region=settings.archive_region,
        endpoint=settings.archive_endpoint,
        link_endpoint=settings.archive_link_endpoint,
        public_base=settings.archive_public_base,
        path_style=settings.archive_path_style,
        profile=settings.archive_profile,
        tags=settings.archive_tags,
        silence_s=settings.archive_silence_s,
    )
    async with AsyncExitStack() as stack:
        spool: LocalSpool | SharedSpool = LocalSpool(settings.spool_path, settings.spool_bytes, clock)
        store = await stack.enter_async_context(_store(settings, path, limit_of, policy, clock.new_id("prc")))
        if isinstance(clock, SharedClock):
            await clock.learn(store.time)
        opening = open_archive(settings.archive_at, reach, path, clock, store if shared else None)
        archive, shelf = await stack.enter_async_context(opening)
        if shared:
            name = await asyncio.to_thread(name_in, settings.spool_path, clock.new_id("spl"))
            spool = SharedSpool(LocalSpool(settings.spool_path, settings.spool_bytes, clock), name, store, clock)
        vendor = DashScope(catalog, clock, inputs, keys.use, calls, publisher(shelf), store if shared else None)
        stack.push_async_callback(vendor.close)
        results = Downloads(
            clock, settings.result_hosts, Bounds(bytes_s_min=settings.archive_bytes_s_min), settings.archive_bytes_s
        )
        stack.push_async_callback(results.close)
        shop = Shop(
            clock=clock,
            jobs=store,
            slots=store,
            holds=store,
            watching=store,
            marks=store,
            overview=store,
            ledger=store,
            inputs=inputs,
            catalog=catalog,
            accounts=accounts,
            books=books,
            policy=policy,
            options=Options(settings.allow_truncate, settings.fit),
            project=project,
            check_key=check_key,
            holdups=partial(holdups, spool, store, policy),
            refuse_over_budget=settings.over_budget == "refuse",
            look_at_prices=prices.look,
        )
        till = Till(clock, store, store, store, store, catalog, account, policy)

        @lru_cache(maxsize=1000)
        def naming_of(project: str) -> Naming:
            return Naming(project, settings.archive_key)

        def artifact_key(job: Job) -> str:
            named = Named(job.name, job.group, job.request.model)
            return clip_key(job.id, job.created_at, named, naming_of(job.project))

        service = Service(shop)
        reading_room = ReadingRoom(
            clock=clock,
            service=service,
            gallery=store.keeping,
            custodian=store.keeping,
            shelf=shelf,
            media=media,
            inputs=inputs,
            public_url=settings.public_url,
            public_base=settings.archive_public_base,
            link_life_s=settings.link_life_s,
            shared_redirect=settings.shared_links == "redirect",
        )
        keeping_room = KeepingRoom(
            clock=clock,
            service=service,
            jobs=store,
            gallery=store.keeping,
            custodian=store.keeping,
            shelf=shelf,
            inputs=inputs,
            retention=Retention(settings.retention, settings.trash_days),
            spool=spool,
            stakes=store,
            copies=store if shared else None,
            uploads=uploads,
            own=partial(_is_own, _real(path)),
            keys_of=lambda job: (
                artifact_key(job),
                clip_key(job.id, job.created_at, naming=Naming(job.project)),
            ),
            drop_archive=shelf.forget,
            know_archives=shelf.know,
            whole=whole_clip,
            recover=lambda there, artifact: job_of(there, artifact, account_of),
            forget_words=lambda prompt: asyncio.to_thread(forget_words, path / LINT_CACHE, prompt),
            hooks=store.hooks,
            history_days=settings.history_days,
            input_days=settings.input_days,
        )
        judges: list[Judge] = [LocalJudge(media, inputs, catalog)]
        if settings.judge == "vision":
            judges.append(_vision(settings, media))
        panel = Judges(judges, shelf)
        service = Service(shop)
        pieces = Pieces(clock, store, store, store, panel, catalog)

        async def group_of(group: str) -> Sequence[Job]:
            if await store.find(Filter(group=group, states=UNFINISHED, limit=1)):
                return ()
            return await store.find(Filter(group=group, limit=GROUP_MAX))

        likeness = ClipLikeness(results, media, inputs, path / "tmp")
        alone = frozenset(known.account.id for known in accounts.all() if known.ours_alone)

        def runner() -> Runner:
            owner = clock.new_id("run")
            asked_by = prices.version

            async def mind_prices() -> None:
                nonlocal asked_by
                await prices.look()
                if prices.version != asked_by:
                    now = prices.version
                    await till.wake("the prices were changed")
                    asked_by = now

            told = RunNews(store, clock)
            watch = WatchTools(clock, told, store, vendor, policy, LOCK_HOLDER)
            presence: Presence | None = None
            if isinstance(clock, SharedClock):
                watch = replace(watch, owner=owner, lease_s=LEASE_S)
                presence = Presence(clock, store, store, owner, partial(clock.learn, store.time))
            tools = Tools(
                clock=clock,
                jobs=store,
                slots=store,
                ledger=store,
                watching=store,
                outbox=store,
                vendor=vendor,
                results=results,
                archive=archive,
                policy=policy,
                books=books,
                owner=owner,
                spool=spool,
                archive_name=shelf.name,
                artifact_key=artifact_key,
                refuse_over_budget=settings.over_budget == "refuse",
                label=label_of,
            )
            pace = Pace(archives_max=settings.archives_max)
            room = Room(submits=pace.submits_max, clips=pace.archives_max, looks=pace.looks_max)
            return Runner(
                tools,
                (*_notifiers(settings, path), HookNotifier(store.hooks, store.get, group_of)),
                limit_of,
                pace,
                reaches=accounts.reaches,
                mover=Mover(store, accounts.pools(), limit_of),
                teller=Teller(vendor, [k.account for k in accounts.all() if k.keys], accounts.tell),
                seeker=Search(clock, store, store, vendor, likeness, policy, alone),
                ears=Heard(store, tuple(k.account.id for k in accounts.all())),
                reviewer=None if settings.judge == "off" else Reviewer(clock, store, store, panel, policy),
                watchers=[AccountWatcher(k.account, watch) for k in accounts.all() if k.keys],
                told=told,
                gate=SpoolGate(spool, store, clock, policy, store.keeping),
                presence=presence,
                engine=engine_of(settings, room),
                nudges=store.nudges,
                mind_prices=mind_prices,
            )

        def owed() -> SqlHooks:
            if not isinstance(clock, SharedClock):
                return store.hooks
            mine = Presence(clock, store, store, clock.new_id("cou"), partial(clock.learn, store.time))
            return store.hooks.for_one(lambda: mine.alone("webhooks"))

        certificates = Certificates(clock)
        stack.push_async_callback(certificates.close)

        def hook(worker: Runner, url: str) -> EventHook:
            async def saw(seen: Sighting) -> None:
                worker.hear(seen.task_id)

            hosts = frozenset(host.lower() for host in settings.hooks_certificate_hosts)
            return EventHook(settings.hooks_url or url, clock, Ears(certificates.fetch, event_sighting, saw, hosts))

        yield Home(
            path=path,
            settings=settings,
            catalog=catalog,
            account=account,
            accounts=accounts,
            clock=clock,
            service=service,
            reading=Reading(reading_room),
            till=till,
            keeping=Keeping(keeping_room),
            picture=Picture(service, pieces),
            marks=MarkBook(store, clock),
            vendor=vendor,
            offers=vendor,
            media=media,
            feed=store,
            nudges=store.nudges,
            tokens=Tokens(store.access, clock),
            hooks=Webhooks(store.hooks, clock, lambda url: check_url(url, private=settings.webhook_private)),
            courier=lambda: Courier(owed(), clock, private=settings.webhook_private),
            lock=lock,
            runner=runner,
            hook=hook,
            shelf=shelf,
            preview=lambda request: _preview(request, catalog, account),
            templates=templates_of(settings),
            uploads=uploads,
            watching=store,
            creates=store,
            gauges=Gauges(clock, store, store, store, spool, limit_of),
            outbox=store,
            alive=(lambda: store.alive(clock.now())) if shared else None,
        )


def templates_of(settings: Settings) -> Templates:
    """A home's templates; it need not be opened for them."""
    return Templates(TemplateFile(settings.home.expanduser() / "templates.toml"))


async def restored(settings: Settings, file: Path) -> Restored:
    """Put a backup into the settings' database. Raises Conflict, NotFound, Invalid, Unavailable."""
    books = load_books(settings.prices_path, must_exist=settings.prices is not None)
    clock = SystemClock()
    chance = Chance(clock.now(), clock.new_id, clock.draw)
    home = _folder(settings.home)
    lock = RunnerLock(home / "runner.lock")
    if not lock.try_lock("wanreel db restore"):
        raise Conflict(f"a process works the jobs of {home}: stop it first ({lock.holder()})")
    try:
        return await restore(settings.database, home, file, settings.figures(), books, chance)
    finally:
        lock.release()


async def examined(settings: Settings, clock: Clock) -> Examined:
    """Look the settings' shared database over. Raises Invalid, Unavailable."""
    return await examination()(settings.database or "", settings.listen, clock.now)


def prompt_reader(settings: Settings) -> WordReader:
    """The language model of the deep lint: the vendor's own endpoint and key, or another with a key of its own.
    Raises Invalid, Unauthorized.
    """
    cache = settings.home.expanduser() / LINT_CACHE
    if settings.lint_url is not None:
        secret = settings.lint_key.get_secret_value().strip() if settings.lint_key else ""
        return WordReader(Endpoint(settings.lint_url, settings.lint_model), secret, cache)
    main = accounts_of(settings, load_catalog()).main
    key = next(iter(main.keys), "")
    if not key or not may_be_key(key):
        raise Unauthorized(
            "the deep lint asks the vendor's Qwen: set DASHSCOPE_API_KEY, or WANREEL_LINT_URL and WANREEL_LINT_KEY"
        )
    return WordReader(Endpoint(_compatible(main.account.base_url), settings.lint_model), key, cache)


def _compatible(base_url: str) -> str:
    """The vendor's OpenAI-compatible endpoint, on the same host as its API."""
    return base_url.removesuffix("/api/v1") + "/compatible-mode/v1"


def publisher(shelf: Shelf) -> Publish:
    """Lays kept inputs into the user's own storage, once each, and signs links to them."""

    async def publish(file: Stored, path: Path) -> str:
        key = input_key(file)
        try:
            there = await shelf.look(key)
            if there is None or there.size_bytes != file.size_bytes:
                await shelf.put(key, await asyncio.to_thread(path.read_bytes), Label(media_type=file.mime))
            artifact = Artifact(key, file.size_bytes, file.sha256, file.mime)
            link = await shelf.link(artifact, INPUT_LINK_LIFE_S)
        except (OSError, WanreelError) as why:
            raise PrepareFailed(f"{file.name or 'an input'} cannot be delivered from your storage: {why}") from why
        if link is None:
            words = "the archive is a folder, which gives no links: set WANREEL_INPUT_DELIVERY to auto, or use a bucket"
            raise PrepareFailed(words, code="input_delivery", fatal=True)
        return link

    return publish


def _store(
    settings: Settings, path: Path, limit_of: Callable[[SlotKey], int], policy: Policy, name: str
) -> AbstractAsyncContextManager[Doors]:
    """The home's store, to be opened. Raises Invalid, Unavailable."""
    return store_of(settings.database, path, limit_of, policy, name=name, listen_url=settings.listen)


def _real(folder: Path) -> Path:
    return folder.resolve()


def _is_own(home: Path, place: str) -> bool:
    """Whether a file belongs to the home itself, where an archive is the home or a folder that holds it."""
    path = Path(place)
    return path.is_relative_to(home) and path != home and bool(_OWN.fullmatch(path.relative_to(home).parts[0]))


def _folder(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the home {home} cannot be made ({error.strerror}): set WANREEL_HOME or --home") from None
    return home


def _vision(settings: Settings, media: Looks) -> VisionJudge:
    """The judge that asks a model. Raises Invalid (an address a key must not travel to)."""
    secret = settings.judge_key.get_secret_value().strip() if settings.judge_key else ""
    if settings.judge_url is not None:
        url = settings.judge_url
    else:
        main = accounts_of(settings, load_catalog()).main
        url, secret = _compatible(main.account.base_url), secret or next(iter(main.keys), "")
    return VisionJudge(media, Seer(url, settings.judge_model, settings.judge_timeout_s), lambda: secret)


def _notifiers(settings: Settings, home: Path) -> Sequence[Notifier]:
    journal = JournalNotifier(home / "notices.jsonl")
    return (journal, CommandNotifier(settings.notify_command)) if settings.notify_command else (journal,)


def _preview(request: Request, catalog: Catalog, account: Account) -> dict[str, Any]:
    """The call as it would go out: method, URL, body."""
    outgoing = preview(request, model_of(request, catalog, account.region))
    return {"path": outgoing.path, "url": account.base_url + outgoing.path, "body": outgoing.body}
