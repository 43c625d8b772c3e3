"""Hands out the vendor's bodies, one frozen item each, from the data files beside this one.

    from tests.vendor_contract.load import items

    @pytest.mark.parametrize("item", items("queries"), ids=str)
    def test_parse(item: Item) -> None: ...

Nothing here knows the package under test: a body is what the fact sheet says, and `expect` says in plain
words and numbers what it means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent
KEYS = frozenset(
    {
        *("id", "shape", "section", "tag", "note", "choice"),
        *("method", "path", "query", "url", "http_status", "headers", "body", "body_text", "expect"),
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An open question of the fact sheet, and the answer this item stands for."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of the fact sheet that must have data."""

    section: str
    group: str
    shape: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One request, answer, event or URL.

    A request has `method` and `path` (from the host's root, with `/api/v1`); an answer has `http_status`.
    `text` is the body as it travels: None when the item says nothing about a body, "" when it must be empty.
    """

    id: str
    group: str
    shape: str
    section: str
    tag: str
    note: str
    choice: Choice | None
    method: str | None
    path: str | None
    query: Mapping[str, str]
    url: str | None
    http_status: int | None
    headers: Mapping[str, str]
    text: str | None
    is_json: bool
    _expect: str

    def __str__(self) -> str:
        return self.id

    @property
    def raw(self) -> bytes:
        """The body's bytes, UTF-8; empty where there is none."""
        return (self.text or "").encode()

    @property
    def body(self) -> Any:
        """The JSON body, read anew each time so that a test may change it; None where the body is not JSON."""
        return json.loads(self.text) if self.is_json and self.text is not None else None

    @property
    def expect(self) -> dict[str, Any]:
        """What the item means, read anew each time."""
        return json.loads(self._expect)


@cache
def shapes() -> tuple[Shape, ...]:
    """Every shape that must have data, from the hand-kept list."""
    return tuple(Shape(**row) for row in json.loads((HERE / "sections.json").read_text(encoding="utf-8")))


@cache
def groups() -> tuple[str, ...]:
    """The names of the data files, sorted."""
    return tuple(sorted(path.stem for path in (HERE / "data").glob("*.json")))


def items(group: str, *, shape: str | None = None) -> list[Item]:
    """The items of one data file, in its order; with `shape`, those whose shape begins so."""
    return [item for item in _read(group) if shape is None or item.shape.startswith(shape)]


def item(name: str) -> Item:
    """The one item of that id, in whatever file; KeyError when there is none."""
    return {each.id: each for group in groups() for each in _read(group)}[name]


@cache
def _read(group: str) -> tuple[Item, ...]:
    rows = json.loads((HERE / "data" / f"{group}.json").read_text(encoding="utf-8"))
    return tuple(_item(group, row) for row in rows)


def _item(group: str, row: dict[str, Any]) -> Item:
    unknown = row.keys() - KEYS
    if unknown or ("body" in row and "body_text" in row):
        raise ValueError(f"{group}/{row.get('id')}: take out {sorted(unknown) or 'one of body and body_text'}")
    text = _compact(row["body"]) if "body" in row else row.get("body_text")
    headers = row.get("headers", {})
    return Item(
        id=row["id"],
        group=group,
        shape=row["shape"],
        section=row["section"],
        tag=row["tag"],
        note=row["note"],
        choice=Choice(**row["choice"]) if "choice" in row else None,
        method=row.get("method"),
        path=row.get("path"),
        query=MappingProxyType(row.get("query", {})),
        url=row.get("url"),
        http_status=row.get("http_status"),
        headers=MappingProxyType(headers),
        text=text,
        is_json="body" in row or (bool(text) and headers.get("Content-Type") == "application/json"),
        _expect=_compact(row["expect"]),
    )


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
