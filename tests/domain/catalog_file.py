"""The catalog as shipped, read once for all tests that need it."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from wanreel.domain.catalog_data import parse
from wanreel.money.books import Books
from wanreel.money.tariff import tariff_of

DATA = tomllib.loads(files("wanreel").joinpath("data/catalog.toml").read_text("utf-8"))
CATALOG = parse(DATA)
BOOKS = Books(CATALOG, tariff_of(CATALOG))
