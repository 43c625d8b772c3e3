"""Reads the catalog that ships with the package: cheap, once, without anything of the shell."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from wanreel.domain.catalog import Catalog
from wanreel.domain.catalog_data import parse
from wanreel.domain.errors import Invalid, Problem, Unavailable
from wanreel.money.books import Books
from wanreel.money.tariff import Tariff, read_prices, tariff_of


@cache
def load_catalog() -> Catalog:
    """The vendor's models as the shipped data file has them."""
    return parse(tomllib.loads(files("wanreel").joinpath("data/catalog.toml").read_text("utf-8")))


def load_books(own: Path, *, must_exist: bool) -> Books:
    """Books by the catalog's prices and, before them, those of the user's own file. Raises Invalid, Unavailable."""
    return Books(load_catalog(), load_tariff(own, must_exist=must_exist))


def load_tariff(own: Path, *, must_exist: bool) -> Tariff:
    """The catalog's prices and, before them, those of the user's own file. Raises Invalid, Unavailable."""
    catalog = load_catalog()
    try:
        rows = read_prices(tomllib.loads(own.read_text("utf-8")), catalog)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise Invalid("", (Problem("prices", "there is no such file", str(own)),)) from None
        rows = ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("", (Problem(str(own), f"is not valid TOML: {error}; mend or remove it"),)) from None
    except OSError as error:
        raise Unavailable(f"{own} cannot be read: {error.strerror}; check its permissions") from None
    return tariff_of(catalog, rows)
