"""`wanreel lint` and `wanreel prompt` at the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal without a key in an empty folder: prompts need neither account nor network."""
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, {"WANREEL_HOME": str(tmp_path / "home")}, tmp_path)


def test_a_text_is_judged(terminal: Terminal) -> None:
    """Findings in words with code and place, 1 where something was found, 0 where only advice was."""
    ran = terminal("lint", "a lake, no text, slow pan")
    assert 1 == ran.code
    assert "PL101 negation" in ran.out
    assert 0 == terminal("lint", "a lake, soft light, slow pan").code


def test_a_file_of_lines_as_json(terminal: Terminal) -> None:
    """Lines carry their own id, mode, model and size; the answer gives labels and exact spans."""
    rows = [
        {"id": "a", "mode": "t2v", "size": "1280*720", "prompt": "vertical video, a cat, no text"},
        {"id": "b", "mode": "i2v", "model": "wan2.5-i2v-plus", "prompt": "让图中的猫动起来"},
    ]
    (terminal.folder / "p.jsonl").write_text("\n".join(json.dumps(r) for r in rows), "utf-8")
    first, second = terminal("lint", "p.jsonl", "--format", "json").objects
    assert ("a", ["aspect_mismatch", "negation"]) == (first["id"], first["labels"])
    assert ("b", []) == (second["id"], second["labels"])
    assert {"code", "label", "severity", "start", "end", "message", "fix"} == set(first["findings"][0])


def test_fix_prints_the_mended_prompt_and_leaves_the_file(terminal: Terminal) -> None:
    """A model without a negative prompt keeps its words and says so."""
    ran = terminal("lint", "--fix", "a lake, no text, slow pan")
    assert (0, ["a lake, slow pan"]) == (ran.code, ran.lines)
    assert "text" in ran.err
    ran = terminal("lint", "--fix", "--model", "wan3.0-video", "a lake, no text, slow pan")
    assert ["a lake, no text, slow pan"] == ran.lines


def test_half_a_letter_comes_through_a_fix(terminal: Terminal) -> None:
    """A lone surrogate is no letter, and still the author's: JSON says it as it was, text by its number."""
    (terminal.folder / "p.jsonl").write_text(json.dumps({"prompt": "a fox \ud83e runs, no text"}), "utf-8")
    (fixed,) = terminal("lint", "--fix", "p.jsonl").objects
    assert ("a fox \ud83e runs", "text") == (fixed["prompt"], fixed["negative_prompt"])
    assert ["a fox \\ud83e runs"] == terminal("lint", "--fix", "a fox \ud83e runs, no text").lines


def test_a_message_speaks_one_language(terminal: Terminal) -> None:
    """A Chinese name is quoted; what to write instead is said in the message's own language."""
    for prompt in ("梵高风格的星空", "a can of 可口可乐 on ice"):
        (found,) = (
            f for f in terminal("lint", prompt, "--format", "json").objects[0]["findings"] if f["code"] == "PL103"
        )
        quoted, _, said = found["message"].partition("”")
        assert quoted[1:] in prompt
        assert said.isascii(), said


def test_annotations_for_a_pipeline(terminal: Terminal) -> None:
    """File, line and columns as code hosts read them."""
    (terminal.folder / "p.txt").write_text("a lake\na lake, no text\n", "utf-8")
    ran = terminal("lint", "p.txt", "--format", "github")
    assert any(line.startswith("::warning file=p.txt,line=2,col=7") for line in ran.lines)


def test_what_cannot_be_read_is_told(terminal: Terminal) -> None:
    """A missing file, and lines that are no prompts, each with its number."""
    assert 4 == terminal("lint", "gone.jsonl").code
    (terminal.folder / "p.jsonl").write_text('{"prompt": 3}\nrubbish\n', "utf-8")
    ran = terminal("lint", "p.jsonl", "--format", "json")
    assert (2, ["line 1", "line 2"]) == (ran.code, [p["field"] for p in ran.error["problems"]])


def test_build_explain_and_templates(terminal: Terminal) -> None:
    """Parts to a prompt, a prompt to parts, a template kept and used again."""
    assert ["close-up, a cat, slow push-in"] == terminal(
        "prompt", "build", "--shot", "close-up", "--subject", "a cat", "--camera", "slow push-in"
    ).lines
    assert 2 == terminal("prompt", "build").code
    (told,) = terminal("prompt", "explain", "close-up, a cat", "--json").objects
    assert ["shot", "subject"] == [p["slot"] for p in told["parts"]]
    assert 0 == terminal("prompt", "templates", "--save", "rainy", "--text", "{thing} in light rain").code
    assert ["a fox in light rain"] == terminal("prompt", "build", "rainy", "thing=a fox").lines
    assert {"rainy", "turntable"} <= {t["name"] for t in terminal("prompt", "templates", "--json").objects}
    assert 4 == terminal("prompt", "build", "nothing-like-it").code
    assert 100 < len(terminal("prompt", "templates", "--words").lines)


def test_deep_lint_without_a_key_says_what_to_set(terminal: Terminal) -> None:
    """It is never needed, so nothing is guessed: the rules alone need no key."""
    ran = terminal("lint", "--deep", "a lake", DASHSCOPE_API_KEY="", WANREEL_API_KEY="")
    assert (6, True) == (ran.code, "WANREEL_LINT_URL" in ran.err), (ran.code, ran.err)
    assert 0 == terminal("lint", "a lake, soft light, slow pan").code


def test_a_language_model_that_is_not_there_is_a_note(terminal: Terminal) -> None:
    """What the rules found is printed all the same."""
    ran = terminal("lint", "--deep", "a lake, no text, slow pan", WANREEL_LINT_URL="http://127.0.0.1:9/v1")
    assert (1, True, True) == (ran.code, "PL101" in ran.out, "cannot be reached" in ran.err)


@pytest.mark.parametrize("words", [("-",), ("-", "--fix"), ()])
def test_a_dash_is_standard_input(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """`wanreel lint -` reads a pipe, as the bare command does."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("一片湖，没有行人\n".encode())))
    ran = terminal("lint", *words)
    assert "行人" in ran.out + ran.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_files_are_read_as_editors_write_them(terminal: Terminal, encoding: str) -> None:
    """UTF-8 with and without its mark, UTF-16, and what Chinese Windows writes."""
    Path("p.txt").write_bytes("一片湖，没有行人\r\n".encode(encoding))
    ran = terminal("lint", "p.txt", "--json")
    assert ["negation"] == ran.objects[0]["labels"]


def test_a_file_that_is_no_text_is_refused_in_words(terminal: Terminal) -> None:
    """Bytes that no encoding explains are the user's mistake, not ours."""
    Path("p.txt").write_bytes(bytes(range(256)) * 4)
    ran = terminal("lint", "p.txt")
    assert 2 == ran.code
    assert "save it as UTF-8" in ran.err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"prompt": "a lake", "duration": "abc"}', "seconds"),
        ('{"prompt": "a lake", "duration": 1e999}', "seconds"),
        ('{"prompt": "a lake", "duration": [1]}', "seconds"),
        ('{"prompt": "a lake", "duration": -3}', "seconds"),
        ('{"prompt": "a lake", "duration": true}', "seconds"),
        ('{"prompt": "a lake", "mode": "T2V"}', "t2v, i2v, kf2v"),
        ('{"prompt": "a lake", "mode": ["t"]}', "t2v, i2v, kf2v"),
        ('{"prompt": "a lake", "model": {}}', "a model's id"),
        ('{"prompt": "a lake", "model": "wan2.5-t2v-prevew"}', "did you mean wan2.5-t2v-preview"),
        ('{"prompt": "a lake", "model": "nosuch"}', "not in the catalog: `wanreel models list` shows all"),
        ('{"prompt": "a lake", "size": "banana"}', "1280*720"),
        ('{"prompt": "a lake", "size": 7}', "1280*720"),
        ("[" * 200_000, "JSON object"),
        (json.dumps({"prompt": "a lake, " * 5000}), "characters long"),
    ],
)
def test_rows_that_make_no_sense_are_refused_in_words(terminal: Terminal, row: str, said: str) -> None:
    """The line and the field are named, and nothing is judged by half of what was given."""
    Path("p.jsonl").write_text('{"prompt": "a lake"}\n' + row, "utf-8")
    ran = terminal("lint", "p.jsonl")
    assert 2 == ran.code, ran.err
    assert "line 2" in ran.err
    assert said in ran.err


def test_only_line_feeds_end_a_line(terminal: Terminal) -> None:
    """A line separator inside a JSON text is part of it."""
    Path("p.jsonl").write_text('{"id": "z", "prompt": "a lake\u2028at dawn, no people"}\r\n', "utf-8")
    ran = terminal("lint", "p.jsonl", "--json")
    assert [("z", ["negation"])] == [(found["id"], found["labels"]) for found in ran.objects]


def test_a_mode_that_is_none_is_refused(terminal: Terminal) -> None:
    """A misspelt mode would switch rules off without a word."""
    assert 2 == terminal("lint", "animate this photo", "--mode", "T2V").code
