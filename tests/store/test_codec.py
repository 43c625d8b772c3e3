"""Values to JSON and back: exact for everything a job can hold, strict about everything it cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import make_job, make_state
from wanreel.domain.event import Entry, Notice, Park
from wanreel.domain.job import Archiving, Generating, Job, State
from wanreel.store.codec import Unreadable, dumps, loads

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # half surrogate pairs too: vendors send anything
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(),
    float: FLOATS,
    bool: st.booleans(),
    NoneType: st.none(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Every value a hint allows, every field of a dataclass drawn."""
    if get_origin(hint) is UnionType:
        return st.one_of(*(values_of(one) for one in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=3).map(tuple)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(cast("type[Any]", hint), **{f.name: values_of(hints[f.name]) for f in fields(hint)})
    return SCALARS[hint] if hint in SCALARS else st.sampled_from(hint)


@pytest.mark.parametrize("kind", [Job, Entry, Notice, Park])
def test_what_is_written_reads_back_equal(kind: type[Any]) -> None:
    """Any job, line of history, notice and park survives the way to text and back, floats to the last bit."""

    @settings(max_examples=150, deadline=None)
    @given(values_of(kind))
    def returns(value: object) -> None:
        text = dumps(kind, value)
        assert value == loads(kind, text)
        text.encode()  # can be stored

    returns()


def test_people_can_read_what_is_stored() -> None:
    """A Chinese prompt stands in the database in its own characters."""
    assert "红色风筝" in dumps(Job, make_job(prompt="红色风筝"))


def test_instants_are_never_infinite() -> None:
    """Not a number and infinity are no instants; writing one is refused."""
    with pytest.raises(ValueError, match="Out of range"):
        dumps(Job, make_job(due_at=float("inf")))


@pytest.mark.parametrize("said", ["1.5", "NaN", 1.5])
def test_money_is_a_text_with_an_exact_figure(said: object) -> None:
    """An amount written as a number of JSON, or as none at all, was not written by us."""
    plain = json.loads(dumps(Job, make_job(max_cost=Decimal("0.30"))))
    assert "0.30" == plain["max_cost"]
    text = json.dumps(plain | {"max_cost": said})
    if said == "1.5":
        assert Decimal("1.5") == loads(Job, text).max_cost
    else:
        with pytest.raises(Unreadable, match="max_cost"):
            loads(Job, text)


@dataclass(frozen=True)
class Grown:
    """What a later version may look like: a field more, with a default."""

    old: str
    new: int = 7


def test_a_field_added_since_takes_its_default() -> None:
    """A row that was written before a field existed still reads."""
    assert Grown("x", 7) == loads(Grown, '{"old":"x"}')


def tampered(**changes: Any) -> str:
    """The text of a state with some fields put in, and those given as None... taken out."""
    row = json.loads(dumps(State, make_state(Generating)))
    return json.dumps({name: value for name, value in {**row, **changes}.items() if value != "gone"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (tampered(color="red"), "unknown field color"),
        (tampered(**{"is": "frobbing"}), "unknown kind 'frobbing'"),
        (tampered(**{"is": "gone"}), "unknown kind None"),
        (tampered(due_at="gone"), "no field due_at"),
        (tampered(due_at="soon"), "due_at is no number"),
        (tampered(due_at=True), "due_at is no number"),
        (tampered(polls=1.5), "polls is no int"),
        (tampered(polls=True), "polls is no int"),
        (tampered(status=None), "status is no str"),
        (tampered(cancel="perhaps"), "unknown word 'perhaps' in cancel"),
        (tampered(cancel=["none"]), "unknown word"),
        (tampered(task={"id": 5, "accepted_at": 1.0}), "task.id is no str"),
        (tampered(task=None), "task is no object"),
        ("[]", "is no object"),
        ('{"is": "gener', "not JSON"),
        ("", "not JSON"),
    ],
)
def test_what_this_version_does_not_write_is_unreadable(text: str, words: str) -> None:
    """An unknown field, kind or word, a missing field or one of another type says where it stands."""
    with pytest.raises(Unreadable, match=words):
        loads(State, text)


def test_lists_are_lists() -> None:
    """A job's earlier tasks must be a list; its request is read by its own strict rules."""
    row = json.loads(dumps(Job, make_job(Archiving)))
    with pytest.raises(Unreadable, match="past is no list"):
        loads(Job, json.dumps({**row, "past": "none"}))
    with pytest.raises(Unreadable, match="request"):
        loads(Job, json.dumps({**row, "request": {**row["request"], "fps": 60}}))
