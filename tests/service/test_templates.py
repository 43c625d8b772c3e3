"""A home's templates: its own stand before those that ship, and mistakes are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wanreel.domain.errors import Invalid, NotFound
from wanreel.service.templates import CHARS_MAX, KEPT_MAX, Templates, template_body


class InMemory:
    """Own templates in a mapping."""

    def __init__(self, rows: Mapping[str, object] | None = None) -> None:
        self._rows = dict(rows or {})

    def rows(self) -> Mapping[str, object]:
        return dict(self._rows)

    def change(self, edit: Callable[[dict[str, object]], None]) -> None:
        rows = dict(self._rows)
        edit(rows)
        self._rows = rows


def test_one_is_kept_filled_and_forgotten() -> None:
    """It is listed beside those that ship, in the language of its words; once forgotten it is missing."""
    room = Templates(InMemory())
    shipped = len(room.all())
    kept = room.save("rainy", "{thing} in light rain")
    assert ("rainy", "{thing} in light rain", "", ("thing",)) == (kept.name, kept.en, kept.zh, kept.variables)
    assert "雨中的{物}" == room.save("yu", " 雨中的{物} ").zh
    assert "雨中的猫" == room.fill("yu", {"物": "猫"})
    assert shipped + 2 == len(room.all())
    assert "a cat in light rain" == room.fill("rainy", {"thing": "a cat"})
    with pytest.raises(Invalid, match="thing"):
        room.fill("rainy", {})
    room.remove("rainy")
    with pytest.raises(NotFound, match="rainy"):
        room.fill("rainy", {"thing": "a cat"})
    with pytest.raises(NotFound, match="own"):
        room.remove("turntable")


def test_an_own_one_stands_before_one_that_ships() -> None:
    """Under the same name there is one, and forgetting it brings the shipped one back."""
    room = Templates(InMemory())
    before = room.get("turntable")
    room.save("turntable", "{thing} turns")
    assert ["{thing} turns"] == [t.en for t in room.all() if t.name == "turntable"]
    assert template_body(room.get("turntable"), own=True)["own"]
    room.remove("turntable")
    assert before == room.get("turntable")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "../etc"}, "name"),
        ({"text": "{Main Hero} in the rain"}, "text"),
        ({"text": "a {cat in the rain"}, "text"),
        ({"text": "a cat {} in the rain"}, "text"),
        ({"name": "a" * 65}, "name"),
        ({"text": "  "}, "text"),
        ({"text": "x" * (CHARS_MAX + 1)}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"mode": "r2v"}, "mode"),
        ({"kind": "two words"}, "kind"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, str], field: str) -> None:
    """What cannot be kept is refused with the field's name, and nothing is kept."""
    room = Templates(InMemory())
    given = {"name": "rainy", "text": "words"} | wrong
    with pytest.raises(Invalid) as caught:
        room.save(given.pop("name"), given.pop("text"), **given)
    assert [field] == [p.field for p in caught.value.problems]
    assert {} == room.own()


def test_there_is_an_end_to_it() -> None:
    """A full home refuses a new name, and lets one be replaced; rows nobody can read are not written over."""
    full = Templates(InMemory({f"t{n}": {"en": "words"} for n in range(KEPT_MAX)}))
    with pytest.raises(Invalid, match=str(KEPT_MAX)):
        full.save("more", "words")
    assert "other words" == full.save("t0", "other words").en
    with pytest.raises(Invalid, match="bad"):
        Templates(InMemory({"bad": {"en": 7}})).save("more", "words")
