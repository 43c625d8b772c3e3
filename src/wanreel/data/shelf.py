"""Reads the catalog that ships with the package: cheap, once, without anything of the shell."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from wanreel.domain.catalog import Catalog
from wanreel.domain.catalog_data import parse


@cache
def load_catalog() -> Catalog:
    """The vendor's models as the shipped data file has them."""
    return parse(tomllib.loads(files("wanreel").joinpath("data/catalog.toml").read_text("utf-8")))
