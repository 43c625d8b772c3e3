"""The catalog: names in every region, guesses for unknown ones, prices, and what the shipped data must hold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.catalog_file import CATALOG, DATA
from wanreel.domain.catalog_data import parse
from wanreel.domain.errors import Invalid

OFFICIAL = (
    *("wan3.0-video", "wan3.0-video-prime", "wan2.7-t2v", "wan2.7-t2v-2026-04-25", "wan2.7-t2v-2026-06-12"),
    *("wan2.6-t2v", "wan2.6-t2v-us", "wan2.5-t2v-preview", "wan2.2-t2v-plus", "wanx2.1-t2v-turbo"),
    *("wanx2.1-t2v-plus", "wan2.1-t2v-turbo", "wan2.1-t2v-plus", "wan2.7-i2v", "wan2.7-i2v-2026-04-25"),
    *("wan2.6-i2v-flash", "wan2.6-i2v", "wan2.6-i2v-us", "wan2.5-i2v-preview", "wan2.2-i2v-flash"),
    *("wan2.2-i2v-plus", "wanx2.1-i2v-turbo", "wanx2.1-i2v-plus", "wan2.1-i2v-turbo", "wan2.1-i2v-plus"),
    *("wan2.2-kf2v-flash", "wanx2.1-kf2v-plus", "wan2.1-kf2v-plus", "wan2.7-r2v", "wan2.7-r2v-2026-06-12"),
    *("wan2.6-r2v", "wan2.6-r2v-flash", "wan2.7-videoedit", "wanx2.1-vace-plus", "wan2.1-vace-plus"),
    *("wan2.2-s2v", "wan2.2-animate-move", "wan2.2-animate-mix", "wanx-txt2video-pro", "wanx-img2video-pro"),
    "wanx-kf2v",
)


def test_holds_every_model_of_the_fact_sheet() -> None:
    """Each id the vendor's pages name is a row, with a source and a tag."""
    assert set(OFFICIAL) <= {m.id for m in CATALOG.models}
    assert all(m.source.startswith("FS §") and m.tag in {"D", "S", "T", "I"} for m in CATALOG.models)
    assert all(p.source.startswith("FS §") and p.as_of for m in CATALOG.models for p in m.prices)


def test_every_region_s_defaults_can_be_resolved() -> None:
    """Whoever names no model gets one that exists there and does that."""
    assert {"beijing", "singapore", "virginia", "hongkong"} == {region for region, _, _ in CATALOG.defaults}
    for region, mode, name in CATALOG.defaults:
        resolved = CATALOG.resolve(name, region)
        assert (name, "") == (resolved.model.id, resolved.warning)
        assert mode in resolved.model.modes


@pytest.mark.parametrize(
    ("name", "region", "official"),
    [
        ("wan2.5-t2v-plus", "beijing", "wan2.5-t2v-preview"),
        ("wan2.5-t2v-plus-2025-12-15", "singapore", "wan2.5-t2v-preview"),
        ("wan2.5-i2v-plus", "singapore", "wan2.5-i2v-preview"),
        ("wan2.5-kf2v-plus", "beijing", "wan2.2-kf2v-flash"),
        ("wan2.5-kf2v-plus", "singapore", "wan2.1-kf2v-plus"),
        ("wan2.1-t2v-turbo", "beijing", "wanx2.1-t2v-turbo"),
        ("wanx2.1-t2v-turbo", "singapore", "wan2.1-t2v-turbo"),
        ("wanx2.1-kf2v-plus", "cn-beijing", "wanx2.1-kf2v-plus"),
        ("wan2.1-vace-plus", "beijing", "wanx2.1-vace-plus"),
    ],
)
def test_a_name_stands_for_the_official_id_of_its_region(name: str, region: str, official: str) -> None:
    """Unofficial names and the other region's spelling are accepted and shown with what they stand for."""
    resolved = CATALOG.resolve(name, region)
    assert official == resolved.model.id
    assert (name == official) == (resolved.warning == "")
    assert official in resolved.warning or name == official


@pytest.mark.parametrize(
    ("name", "region", "words"),
    [
        ("wan2.5-kf2v-plus", "virginia", "use wan3.0-video"),
        ("wan2.2-kf2v-flash", "singapore", "wan2.1-kf2v-plus"),
        ("wan2.6-t2v-us", "beijing", "offered in US (Virginia)"),
        ("wan2.1-t2v-turbo", "virginia", "wan2.6-t2v"),
        ("wan2.7-t2v", "nowhere", "known are beijing"),
    ],
)
def test_a_model_that_is_elsewhere_is_refused_with_what_to_use(name: str, region: str, words: str) -> None:
    """A model known not to live in the region is a clear error that names those that do."""
    with pytest.raises(Invalid) as caught:
        CATALOG.resolve(name, region)
    assert words in caught.value.problems[0].message


def test_an_unknown_model_passes_with_the_nearest_known_id() -> None:
    """A typo is not refused here: the vendor does that, unpaid; but the caller is told."""
    resolved = CATALOG.resolve("wan2.7-t2w", "beijing", "t2v")
    assert "wan2.7-t2w" == resolved.model.id
    assert not resolved.model.checked
    assert "nearest known id is wan2.7-t2v" in resolved.warning
    assert "nearest" not in CATALOG.resolve("zzzzzz", "beijing", "t2v").warning


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [
        ("wan2.8-t2v", "t2v", ("media", "video-generation", "resolution")),
        ("wan2.4-t2v-x", "t2v", ("legacy", "video-generation", "size")),
        ("wan2.4-kf2v-x", "kf2v", ("legacy", "image2video", "resolution")),
        ("wan2.4-i2v-x", "i2v", ("legacy", "video-generation", "resolution")),
        ("happyhorse-1.0-t2v", "t2v", ("media", "video-generation", "resolution")),
    ],
)
def test_the_shape_of_an_unknown_model_is_guessed(name: str, mode: str, expected: tuple[str, str, str]) -> None:
    """Generation and path follow from the name, as the vendor's own names do."""
    model = CATALOG.resolve(name, "beijing", mode).model
    assert expected == (model.protocol, model.path, model.shape)


@pytest.mark.parametrize(
    ("name", "region", "tier", "audio", "amount", "currency"),
    [
        ("wan2.7-t2v", "beijing", "720P", None, "0.6", "CNY"),
        ("wan2.7-t2v-2026-06-12", "singapore", "1080P", None, "0.15", "USD"),
        ("wan2.6-i2v-flash", "beijing", "720P", None, "0.3", "CNY"),
        ("wan2.6-i2v-flash", "beijing", "720P", False, "0.15", "CNY"),
        ("wan2.6-i2v-flash", "beijing", "1080P", True, "0.5", "CNY"),
        ("wanx2.1-t2v-turbo", "beijing", "480P", None, "0.24", "CNY"),
        ("wan2.6-t2v-us", "virginia", "720P", None, "0.733924", "CNY"),
        ("wan3.0-video-prime", "beijing", "1080P", None, "1.80", "CNY"),
    ],
)
def test_prices(name: str, region: str, tier: str, audio: bool | None, amount: str, currency: str) -> None:
    """The price of a second is exact, in the region's money, and depends on tier and sound alone."""
    model = CATALOG.model(name)
    assert model is not None
    found = model.price(region, tier, audio=audio)
    assert found is not None
    assert (Decimal(amount), currency) == (found[0], found[1].currency)


def test_a_price_not_on_record_is_none() -> None:
    """What nobody published is not invented."""
    flash = CATALOG.model("wan2.6-i2v-flash")
    assert flash is not None
    assert flash.price("singapore", "720P") is None
    assert flash.price("beijing", "480P") is None


def test_limits_and_hosts() -> None:
    """Documented limits per region; base URLs from the shared host or a workspace's own."""
    kf2v = CATALOG.model("wan2.1-kf2v-plus")
    assert kf2v is not None
    limit = kf2v.limit("singapore")
    assert limit is not None
    assert (2, 1) == (limit.submits_per_s, limit.running_max)
    assert kf2v.limit("beijing") is None
    assert limit == CATALOG.limit("wan2.1-kf2v-plus", "ap-southeast-1")
    assert None is CATALOG.limit("wan9", "singapore")
    singapore = CATALOG.region("singapore")
    assert "https://dashscope-intl.aliyuncs.com/api/v1" == singapore.base_url()
    assert "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1" == singapore.base_url("ws-1")
    assert CATALOG.region("tokyo").base_url() is None


def test_every_size_of_a_model_is_of_one_of_its_tiers() -> None:
    """The shared size tables are cut down to what the model makes."""
    for model in CATALOG.models:
        assert {s.tier for s in model.sizes} <= set(model.tiers)
    assert all("1024*1024" != s.wire for m in CATALOG.models for s in m.sizes)


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda d: d["models"][0].update(tier=["720P"]), "models.wan2.6-t2v.tier"),
        (lambda d: d["models"][0].update(protocol="new"), "models.wan2.6-t2v.protocol"),
        (lambda d: d["models"][0].update(id="wan2.7-t2v"), "models.wan2.7-t2v"),
        (lambda d: d["models"][0]["prices"][0]["per_second"].update({"720P": 0.6}), "models.wan2.6-t2v.prices.720P"),
        (lambda d: d["models"][0].update(duration={"min": 2, "max": 4, "default": 5}), "models.wan2.6-t2v.duration"),
        (lambda d: d["models"][0].update(limits={"beijing": [5]}), "models.wan2.6-t2v.limits.beijing"),
        (lambda d: d["aliases"][0].update(to={"any": "wan9"}), "aliases.wan2.5-t2v-plus"),
        (lambda d: d["defaults"]["beijing"].update(t2v="wan2.7-i2v"), "defaults.beijing.t2v"),
        (lambda d: d["sizes"]["legacy"]["480P"].update({"16:9": "wide"}), "sizes.legacy.480P.16:9"),
        (lambda d: d["regions"]["tokyo"].update(workspace_host="x"), "regions.tokyo.workspace_host"),
        (lambda d: d.update(models=3), "models.models"),
        (lambda d: d.update(catalog=[]), "catalog.catalog"),
    ],
)
def test_a_mistake_in_the_data_is_named_with_its_row(spoil: Callable[[dict[str, Any]], None], where: str) -> None:
    """A spoilt file is refused as a whole, and says which row."""
    data = copy.deepcopy(DATA)
    spoil(data)
    with pytest.raises(Invalid) as caught:
        parse(data)
    assert where in {p.field for p in caught.value.problems}
