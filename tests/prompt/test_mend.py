"""Mending: flagged spans go, into the negative prompt where there is one; nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.prompt.scoring import lines, subject
from wanreel.prompt import Subject, lint, mend

DATA = Path(__file__).resolve().parent / "data"
PAIRS = json.loads((DATA / "pairs.json").read_text("utf-8"))
SETS = sorted(DATA.glob("*.jsonl"))


@pytest.mark.parametrize("path", SETS, ids=[path.stem for path in SETS])
def test_only_flagged_spans_go_and_once_is_enough(path: Path) -> None:
    """The rest is the prompt with spans cut out, character for character; a second time changes nothing."""
    for row in lines(path):
        _mends_once(row)


def _mends_once(row: dict[str, str]) -> None:
    before = subject(row)
    mended = mend(before)
    spans = [(f.start, f.end) for f in lint(before).findings if f.fix]
    rest = row["prompt"]
    for start, end in sorted(spans, reverse=True):
        rest = rest[:start] + rest[end:]
    assert mended.prompt == rest, row["id"]
    again = Subject(mended.prompt, mode=before.mode, size=before.size)
    assert (mended.prompt, mended.negative_prompt) == (
        (twice := mend(again, mended.negative_prompt)).prompt,
        twice.negative_prompt,
    ), row["id"]
    if "negation" not in row["labels"]:
        assert (row["prompt"], "") == (mended.prompt, mended.negative_prompt), row["id"]


@pytest.mark.parametrize(
    ("prompt", "rest", "negative"),
    [
        ("a lake at dawn, no text on screen, slow pan", "a lake at dawn, slow pan", "text on screen"),
        ("a lake, no text, logos or watermarks, slow pan", "a lake, slow pan", "text, logos or watermarks"),
        ("no people, a lake at dawn", "a lake at dawn", "people"),
        ("an empty road without cars, dusk", "an empty road, dusk", "cars"),
        ("a lake. Do not show any logos.", "a lake.", "logos"),
        ("西湖，不要出现文字和水印，固定镜头", "西湖，固定镜头", "文字和水印"),
        ("避免抖动，西湖清晨", "西湖清晨", "抖动"),
        ("a plaza, no bicycles, umbrellas or dogs, wide shot", "a plaza, wide shot", "bicycles, umbrellas or dogs"),
        ("a plaza. Do not show bikes, signs, or dogs. Wide.", "a plaza. Wide.", "bikes, signs, or dogs"),
        ("a station, no trains, no rain, dusk", "a station, dusk", "trains, rain"),
        ("老街，不要小汽车，不要汽车，黄昏", "老街，黄昏", "小汽车，汽车"),
        ("Exclude cars from the street. A street at noon.", "A street at noon.", "cars"),
        ("街头小吃摊，镜头切勿晃动，夜晚", "街头小吃摊，夜晚", "镜头晃动"),
    ],
)
def test_what_moves_where(prompt: str, rest: str, negative: str) -> None:
    """The clause goes with the comma before it; the negative prompt gets the thing itself."""
    mended = mend(Subject(prompt))
    assert (rest, negative) == (mended.prompt, mended.negative_prompt)


def test_words_woven_into_a_sentence_stay() -> None:
    """Where taking words out would leave half a sentence, there is a finding and no fix."""
    prompt = "a dog that does not bark at the cat sits by the door"
    (found,) = [f for f in lint(Subject(prompt)).findings if f.rule.label]
    assert found.fix is None
    assert prompt == mend(Subject(prompt)).prompt


@pytest.mark.parametrize(
    "prompt",
    [
        "avoid plastic, chrome and neon, a kitchen, warm light",
        "a cat (no subtitles, no watermark), warm light",
        "小猫（不要字幕，不要水印）睡觉，特写",
        "a pickup on a hill, no other vehicles, dusk",
        "皮卡驶过，画面中不得出现其他车辆，黄昏",
        "a woman reads and never looks at the camera",
        "女孩走远，别让她回头，黄昏",
        "remove all signage from the shop fronts, rainy night",
        "no riders, only the wooden horses of a carousel, dusk",
        "A hall. Do not add text, and make sure there are doors.",
        "一位老人微笑，背景不要变化，柔光",
    ],
)
def test_what_would_change_its_meaning_stays(prompt: str) -> None:
    """Half a list, half a bracket, an act, a contrast, or what is only said beside something: found, and left alone."""
    assert "negation" in lint(Subject(prompt)).labels
    assert (prompt, "") == ((m := mend(Subject(prompt))).prompt, m.negative_prompt)


def test_a_model_without_negative_prompt_keeps_its_words() -> None:
    """Nothing is lost where there is no place for it."""
    prompt = "a lake, no text, slow pan"
    assert prompt == mend(Subject(prompt), negative_chars_max=None).prompt


def test_what_has_no_room_stays() -> None:
    """A negative prompt that is full takes nothing more, and the words stay where they were."""
    prompt = "a lake, no text, slow pan"
    assert (prompt, "x" * 499) == ((m := mend(Subject(prompt), "x" * 499)).prompt, m.negative_prompt)
    assert "blur, text" == mend(Subject(prompt), "blur").negative_prompt


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["id"] for pair in PAIRS])
def test_pairs_that_a_person_has_read(pair: dict[str, str]) -> None:
    """Eighty prompts before and after, as a second reader went through them."""
    mended = mend(Subject(pair["before"], mode=pair["mode"], size=pair["size"]))
    assert (pair["after"], pair["negative_prompt"]) == (mended.prompt, mended.negative_prompt)
