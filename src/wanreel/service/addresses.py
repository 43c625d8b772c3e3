"""From settings to accounts: names, addresses and keys, every mistake in words before anything goes out."""

from __future__ import annotations

from urllib.parse import urlsplit

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.job import Account
from wanreel.domain.model import Region
from wanreel.service.accounts import Accounts, Known
from wanreel.settings import AccountSettings, Settings

NAME_CHARS_MAX = 64


def accounts_of(settings: Settings, catalog: Catalog) -> Accounts:
    """The account the settings themselves speak of, and those that are named beside it. Raises Invalid.

    Named accounts share the work of their region with the home's own, unless the home was given an address of its own:
    whoever points it at an emulator does not want clips bought elsewhere.
    """
    own = _own(settings, catalog)
    named = [_named(name, given, settings, catalog) for name, given in settings.accounts.items()]
    taken = [known.account.id for known in named if known.account.id == own.account.id]
    if taken:
        raise Invalid("", (Problem(f"accounts.{taken[0]}", "has the name of the home's own account: use another"),))
    alone = bool(own.keys) and settings.vendor_url is not None
    main = own.account.id
    if not own.keys:
        of_region = [known for known in named if known.account.region == own.account.region]
        main = next((known.account.id for known in (*of_region, *named) if known.keys), main)
    return Accounts([own, *named], catalog, main=main, alone=alone)


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


def _own(settings: Settings, catalog: Catalog) -> Known:
    region = catalog.region(settings.region)
    base_url = _address(
        settings.vendor_url, region, settings.workspace, ("vendor_url", "workspace", "WANREEL_WORKSPACE")
    )
    name = settings.account or (region.code if settings.vendor_url is None else urlsplit(base_url).netloc)
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    return Known(
        Account(id=name, region=region.id, base_url=base_url),
        (key,) if key else (),
        settings.workspace,
        settings.slots,
        settings.key_is_ours_alone,
    )


def _named(name: str, given: AccountSettings, settings: Settings, catalog: Catalog) -> Known:
    at = f"accounts.{name}"
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > NAME_CHARS_MAX or "*" in name:
        words = f"an account's name has 1 to {NAME_CHARS_MAX} printable characters, no * and no space at its ends"
        raise Invalid("", (Problem(at[:80], words),))
    region = catalog.region(given.region or settings.region)
    base_url = _address(given.base_url, region, given.workspace, (f"{at}.base_url", f"{at}.workspace", "it"))
    account = Account(id=name, region=region.id, base_url=base_url)
    return Known(account, given.keys(), given.workspace, given.slots, given.key_is_ours_alone)


def _address(given: str | None, region: Region, workspace: str | None, names: tuple[str, str, str]) -> str:
    """A base URL that can be called. Raises Invalid."""
    base_url = (given or region.base_url(workspace) or "").strip().rstrip("/")
    if not base_url:
        raise Invalid("", (Problem(names[1], f"{region.name} has no shared host: set {names[2]}"),))
    refusal = misshapen(base_url)
    if refusal:
        raise Invalid("", (Problem(names[0], refusal),))
    return base_url if urlsplit(base_url).path else f"{base_url}/api/v1"
