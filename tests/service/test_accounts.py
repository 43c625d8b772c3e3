"""Accounts as they are set up: addresses, keys, limits, pools; and where new jobs go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.domain.errors import Invalid, NotFound
from wanreel.domain.event import SlotKey
from wanreel.domain.job import Account
from wanreel.service.accounts import Accounts
from wanreel.service.addresses import accounts_of
from wanreel.settings import load

T2V = "wan2.5-t2v-preview"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of this machine's own variables, and a home of this test's."""
    for name in list(os.environ):
        if name.startswith(("WANREEL_", "DASHSCOPE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WANREEL_HOME", str(tmp_path))


def set_up(tmp_path: Path, toml: str = "", **given: Any) -> Accounts:
    """The accounts of a home with this file."""
    (tmp_path / "config.toml").write_text(toml)
    return accounts_of(load(**given), CATALOG)


TWO = """
api_key = "sk-own-0123456789"
[accounts.film]
api_key = "sk-film-0123456789"
api_keys = ["sk-film-9876543210", "sk-film-0123456789"]
workspace = "ws-1"
key_is_ours_alone = true
[accounts.film.slots]
"*" = 9
[accounts.far]
region = "singapore"
api_key_env = "FAR_KEY"
"""


def test_named_accounts_stand_beside_the_homes_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its address, its keys in order and its figures; nothing prints a key."""
    monkeypatch.setenv("FAR_KEY", "sk-far-0123456789")
    accounts = set_up(tmp_path, TWO)
    own, film, far = accounts.all()
    assert ("cn-beijing", "film", "far") == (own.account.id, film.account.id, far.account.id)
    assert "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1" == film.account.base_url
    assert ("sk-film-0123456789", "sk-film-9876543210") == film.keys
    assert (("sk-far-0123456789",), "singapore") == (far.keys, far.account.region)
    assert (True, False) == (film.ours_alone, own.ours_alone)
    assert own is accounts.main
    assert "sk-" not in repr(accounts.all())


def test_a_key_goes_to_its_own_account_at_its_own_address_alone(tmp_path: Path) -> None:
    """Neither to another account at the same address nor to the same name elsewhere."""
    accounts = set_up(tmp_path, TWO)
    own = accounts.main.account
    assert ("sk-own-0123456789",) == accounts.keys_of(own)
    assert () == accounts.keys_of(Account("stranger", own.region, own.base_url))
    assert () == accounts.keys_of(Account(own.id, own.region, "https://evil.example/api/v1"))
    alone = set_up(tmp_path, 'api_key = "sk-own-0123456789"')
    assert ("sk-own-0123456789",) == alone.keys_of(Account("named otherwise before", own.region, own.base_url))


def test_accounts_of_a_region_with_keys_share_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main one first; an address given for the home itself stands alone."""
    accounts = set_up(tmp_path, TWO)
    assert [["cn-beijing", "film"]] == [[a.id for a in pool] for pool in accounts.pools()]
    assert () == accounts.pool("singapore")
    monkeypatch.setenv("FAR_KEY", "sk-far-0123456789")
    assert ["far"] == [a.id for a in set_up(tmp_path, TWO).pool("singapore")]

    emulator = set_up(tmp_path, TWO, vendor_url="http://127.0.0.1:1/api/v1")
    assert (["127.0.0.1:1"], ()) == ([a.id for a in emulator.pool("beijing")], emulator.pools())


def test_without_a_key_of_its_own_the_home_orders_from_a_named_account(tmp_path: Path) -> None:
    """The first of its region, else the first there is."""
    keyless = TWO.replace('api_key = "sk-own-0123456789"\n', "")
    assert "film" == set_up(tmp_path, keyless).main.account.id
    assert "film" == set_up(tmp_path, keyless, region="singapore").main.account.id
    assert "cn-beijing" == set_up(tmp_path).main.account.id


def test_limits_are_the_users_else_the_vendors_word_else_documented(tmp_path: Path) -> None:
    """Each account has its own; what was told is forgotten when it is told anew."""
    accounts = set_up(tmp_path, TWO + '\n[slots]\n"m" = 4\n')
    own, film = accounts.main.account, accounts.get("film").account
    accounts.tell(own, {T2V: 8, "m": 8})
    accounts.tell(film, {T2V: 8})
    told = [accounts.limit_of(SlotKey(own.id, m)) for m in (T2V, "m", "wan2.2-t2v-plus", "unheard-of")]
    assert [8, 4, 2, 2] == told
    assert 9 == accounts.limit_of(SlotKey("film", T2V))
    accounts.tell(own, {})
    assert 5 == accounts.limit_of(SlotKey(own.id, T2V))


@pytest.mark.parametrize(
    ("toml", "field", "words"),
    [
        ('[accounts."*"]\n', "accounts.*", "printable"),
        ("[accounts.cn-beijing]\n", "accounts.cn-beijing", "own account"),
        ('[accounts.a]\nbase_url = "ftp://x"\n', "accounts.a.base_url", "http"),
        ('[accounts.a]\nregion = "frankfurt"\n', "accounts.a.workspace", "no shared host"),
        ('[accounts.a]\nregion = "atlantis"\n', "region", "known are"),
        ('[accounts.a]\nkey = "sk-secret-0123456789"\n', "accounts.a.key", ""),
        ('[accounts.a]\nslots = {"*" = 0}\n', "accounts.a.slots.*", "greater"),
    ],
)
def test_what_cannot_work_is_said_by_name(tmp_path: Path, toml: str, field: str, words: str) -> None:
    """Every mistake names its place in the file, and no key."""
    with pytest.raises(Invalid) as refused:
        set_up(tmp_path, toml)
    assert [field] == [problem.field for problem in refused.value.problems]
    assert words in refused.value.problems[0].message
    assert "sk-secret" not in str(refused.value)


def test_an_unknown_name_is_said(tmp_path: Path) -> None:
    """With the names that are known."""
    with pytest.raises(NotFound, match="known are cn-beijing"):
        set_up(tmp_path).get("film")
