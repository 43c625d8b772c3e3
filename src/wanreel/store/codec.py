"""Frozen dataclasses to plain JSON values and back, exactly, read off their type hints.

Strict on the way back: an unknown field or tag, a missing field without default or a value of another type is
`Unreadable`, because to guess would change what a job is. A missing field that has a default takes it, so that rows
written before the field existed still read. Where a hint is a union of dataclasses, the value carries its class's
name, lower case, under `is`. A Request is translated by its own module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from wanreel.domain import request
from wanreel.domain.errors import Invalid

Write = Callable[[Any], str]  # a value to JSON text
Unpack = Callable[[Any, str], Any]  # plain JSON values, and where they stand, to a value

_TAG = "is"
_WORDS = {None: "null", True: "true", False: "false"}
_quoted = json.encoder.encode_basestring  # JSON's own, which leaves real characters as they are


class Unreadable(Exception):
    """Stored text that is not what this version writes; says where and what."""


def dumps(kind: Any, value: object) -> str:
    """The JSON text of a value of the hinted `kind`. Raises ValueError for NaN and infinity: no instants.

    Real characters, so that a person can read the database; escapes where the text could not be stored otherwise.
    """
    text = write(kind)(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as a vendor's message may hold
        return json.dumps(json.loads(text), separators=(",", ":"), allow_nan=False)
    return text


def loads(kind: Any, text: str) -> Any:
    """The value of a text made by `dumps` with the same kind. Raises Unreadable."""
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"not JSON ({error})") from error
    return unpack(kind)(plain, "")


@cache
def write(kind: Any) -> Write:
    """How values of a hint become JSON text: of pieces, for what is stored is written for every step of every job."""
    if kind is request.Request:
        return _write_request
    origin = get_origin(kind)
    if origin is UnionType:
        kinds = [k for k in get_args(kind) if k is not NoneType]
        if len(kinds) == 1:
            one = write(kinds[0])
            return lambda value: "null" if value is None else one(value)
        return _write_tagged(kinds)
    if origin is tuple:
        item = write(get_args(kind)[0])
        return lambda value: f"[{','.join(map(item, value))}]"
    if is_dataclass(kind):
        return _write_fields(cast("type[Any]", kind))
    if issubclass(kind, (StrEnum, Decimal)):
        return lambda value: _quoted(str(value))
    return _write_scalar


@cache
def unpack(kind: Any) -> Unpack:
    """How plain JSON values become values of a hint."""
    if kind is request.Request:
        return _unpack_request
    origin = get_origin(kind)
    if origin is UnionType:
        kinds = [k for k in get_args(kind) if k is not NoneType]
        if len(kinds) == 1:
            one = unpack(kinds[0])
            return lambda plain, at: None if plain is None else one(plain, at)
        return _unpack_tagged(kinds)
    if origin is tuple:
        return _unpack_tuple(unpack(get_args(kind)[0]))
    if is_dataclass(kind):
        return _unpack_fields(cast("type[Any]", kind))
    if issubclass(kind, StrEnum):
        return _unpack_word(kind)
    if issubclass(kind, Decimal):
        return _unpack_decimal
    return _unpack_scalar(kind)


def _write_fields(kind: type[Any], tag: str = "") -> Write:
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]
    writes = [write(hints[name]) for name in names]
    words = [f'"{_TAG}":"{tag}"'] if tag else []
    form = "{" + ",".join([*words, *(f'"{name}":%s' for name in names)]) + "}"
    if len(names) < 2:  # an attrgetter of one name makes no tuple
        return lambda value: form % tuple(one(getattr(value, name)) for name, one in zip(names, writes, strict=True))
    values = attrgetter(*names)
    return lambda value: form % tuple([one(each) for one, each in zip(writes, values(value), strict=True)])


def _write_tagged(kinds: list[type[Any]]) -> Write:
    writes = {k: _write_fields(k, k.__name__.lower()) for k in kinds}
    return lambda value: writes[type(value)](value)


def _write_scalar(value: Any) -> str:
    if type(value) is str:
        return _quoted(value)
    if value is None or value is True or value is False:
        return _WORDS[value]
    if type(value) is int:
        return int.__repr__(value)
    if type(value) is float and value - value == 0.0:  # neither NaN nor infinite
        return float.__repr__(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=4096)
def _write_request(value: request.Request) -> str:
    """It stays the same for all of a job's life."""
    return json.dumps(request.to_json(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _unpack_fields(kind: type[Any]) -> Unpack:
    hints = get_type_hints(kind)
    unpacks = {f.name: unpack(hints[f.name]) for f in fields(kind)}
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]

    def whole(plain: Any, at: str) -> Any:
        row = _mapping(plain, at)
        try:
            values = {name: unpacks[name](value, f"{at}.{name}" if at else name) for name, value in row.items()}
        except KeyError:
            unknown = sorted(row.keys() - unpacks.keys())
            raise Unreadable(f"unknown field {', '.join(unknown)} in {at or kind.__name__}") from None
        for name in needed:
            if name not in values:
                raise Unreadable(f"no field {name} in {at or kind.__name__}")
        return kind(**values)

    return whole


def _unpack_tagged(kinds: list[type[Any]]) -> Unpack:
    unpacks = {k.__name__.lower(): unpack(k) for k in kinds}

    def tagged(plain: Any, at: str) -> Any:
        row = dict(_mapping(plain, at))
        tag = row.pop(_TAG, None)
        one = unpacks.get(tag) if isinstance(tag, str) else None
        if one is None:
            raise Unreadable(f"unknown kind {tag!r} in {at or 'the value'}")
        return one(row, at)

    return tagged


def _unpack_tuple(item: Unpack) -> Unpack:
    def items(plain: Any, at: str) -> Any:
        if not isinstance(plain, list):
            raise Unreadable(f"{at} is no list")
        return tuple(item(one, at) for one in cast("list[Any]", plain))

    return items


def _unpack_word(kind: type[StrEnum]) -> Unpack:
    words = {str(member): member for member in kind}

    def word(plain: Any, at: str) -> Any:
        if not isinstance(plain, str) or plain not in words:
            raise Unreadable(f"unknown word {plain!r} in {at}")
        return words[plain]

    return word


def _unpack_decimal(plain: Any, at: str) -> Any:
    try:
        amount = Decimal(plain) if isinstance(plain, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise Unreadable(f"{at} is no decimal number")
    return amount


def _unpack_scalar(kind: type[Any]) -> Unpack:
    if kind is float:

        def number(plain: Any, at: str) -> Any:
            if type(plain) is float or type(plain) is int:
                return float(plain)
            raise Unreadable(f"{at} is no number")

        return number

    def scalar(plain: Any, at: str) -> Any:
        if type(plain) is kind:
            return plain
        raise Unreadable(f"{at} is no {kind.__name__}")

    return scalar


def _unpack_request(plain: Any, at: str) -> request.Request:
    try:
        return request.from_json(plain)
    except Invalid as error:
        raise Unreadable(f"{at}: {error.message}") from error


def _mapping(plain: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(plain, dict):
        raise Unreadable(f"{at or 'the value'} is no object")
    return cast("Mapping[str, Any]", plain)
