"""Reading a batch file: every row named, every mistake with its line, nothing guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from wanreel.domain.errors import Invalid
from wanreel.service.batch import COLUMNS, FILE_BYTES_MAX, Row, read_batch


def rows_of(folder: Path, file: str, text: str, /, **more: str) -> list[Row]:
    """The rows of a file with this text."""
    path = folder / file
    path.write_text(text, encoding="utf-8")
    return read_batch(path, **more)


def refused(folder: Path, name: str, text: str) -> list[str]:
    """What is wrong with a file: each problem as `field: message`."""
    with pytest.raises(Invalid) as wrong:
        rows_of(folder, name, text)
    return [f"{p.field}: {p.message}" for p in wrong.value.problems]


def test_json_lines(tmp_path: Path) -> None:
    """A row is an object a line; blank lines are skipped and counted."""
    text = '{"id": "a", "prompt": "A fox", "duration": 10}\n\n{"id": 7, "prompt": "A hare", "seed": 0}\r\n'
    first, second = rows_of(tmp_path, "shots.jsonl", text)
    assert (1, "a", "A fox", 10) == (first.line, first.id, first.order.prompt, first.order.duration_s)
    assert (3, "7", 0) == (second.line, second.id, second.order.seed)
    assert "batch:shots.jsonl:a" == first.order.key
    assert "a" == first.order.name


def test_tagging_a_row_anew_is_not_buying_it_anew(tmp_path: Path) -> None:
    """A row without an id is known by what it wishes for; its tags may change, its project may not."""
    (bare,) = rows_of(tmp_path, "a.csv", "prompt\nA fox\n")
    (tagged,) = rows_of(tmp_path, "a.csv", 'prompt,tags\nA fox,"hero, red"\n')
    (moved,) = rows_of(tmp_path, "a.csv", "prompt,project\nA fox,spring\n")
    assert bare.id == tagged.id != moved.id
    assert ("hero, red", "spring") == (tagged.order.tags, moved.order.project)


def test_a_line_separator_inside_a_prompt_is_a_letter(tmp_path: Path) -> None:
    """U+2028 may stand bare in JSON and does not end the line."""
    (row,) = rows_of(tmp_path, "s.jsonl", json.dumps({"prompt": "one\u2028two"}, ensure_ascii=False))
    assert "one\u2028two" == row.order.prompt


def test_csv_as_spreadsheets_write_it(tmp_path: Path) -> None:
    """A byte order mark, capitals in the header, quoted commas and line breaks, empty cells and empty rows."""
    text = '\ufeffID, Prompt ,seed,duration\nfox,"A fox, in snow",,5\n,,,\nhare,"A hare\nin grass",3,\n'
    fox, hare = rows_of(tmp_path, "shots.csv", text)
    assert (2, "fox", "A fox, in snow", None, "5") == (
        fox.line, fox.id, fox.order.prompt, fox.order.seed, fox.order.duration_s
    )  # fmt: skip
    assert (4, "hare", "A hare\nin grass", "3", None) == (
        hare.line, hare.id, hare.order.prompt, hare.order.seed, hare.order.duration_s
    )  # fmt: skip


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_of_other_countries(tmp_path: Path, mark: str) -> None:
    """Where the comma is the decimal point, spreadsheets put semicolons or tabs between cells."""
    (row,) = rows_of(tmp_path, "s.csv", f"id{mark}prompt\na{mark}A fox, in snow\n")
    assert ("a", "A fox, in snow") == (row.id, row.order.prompt)


def test_rows_without_an_id_are_known_by_what_they_say(tmp_path: Path) -> None:
    """Equal rows are told apart by how often they were said, and a row keeps its id wherever it moves in the file."""
    fox, hare = '{"prompt": "A fox"}', '{"prompt": "A hare"}'
    one, two, three = rows_of(tmp_path, "s.jsonl", f"{fox}\n{fox}\n{hare}\n")
    moved = rows_of(tmp_path, "s.jsonl", f"{hare}\n{fox}\n")
    assert 3 == len({one.id, two.id, three.id})
    assert [three.id, one.id] == [row.id for row in moved]


def test_the_batch_is_named_by_its_file_or_its_user(tmp_path: Path) -> None:
    """Rows are known within a name; `again` makes every row a new one."""
    text = '{"id": "a", "prompt": "A fox"}'
    keys = [
        rows_of(tmp_path, "s.jsonl", text)[0].order.key,
        rows_of(tmp_path, "s.jsonl", text, name="spring")[0].order.key,
        rows_of(tmp_path, "s.jsonl", text, again="run_1")[0].order.key,
    ]
    assert ["batch:s.jsonl:a", "batch:spring:a", "batch:s.jsonl@run_1:a"] == keys


def test_batches_do_not_meet_by_the_spelling_of_their_names(tmp_path: Path) -> None:
    """The row `b:c` of batch `a` is not the row `c` of batch `a:b`, and a name cannot look like another run."""
    file = tmp_path / "s.jsonl"
    keys: set[str | None] = set()
    for name, row, again in (
        ("a", "b:c", None),
        ("a:b", "c", None),
        ("a@r", "c", None),
        ("a", "c", "r"),
        ("a%3Ab", "c", None),
    ):
        file.write_text(f'{{"id": "{row}", "prompt": "x"}}', "utf-8")
        keys.add(read_batch(file, name, again)[0].order.key)
    assert 5 == len(keys)


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    """A pipe would be waited for, a device would never end, and neither could be interrupted."""
    pipe, device = tmp_path / "pipe.jsonl", tmp_path / "device.csv"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (pipe, device):
        with pytest.raises(Invalid) as wrong:
            read_batch(path)
        assert "plain file" in wrong.value.problems[0].message
    (tmp_path / "huge.csv").touch()
    os.truncate(tmp_path / "huge.csv", FILE_BYTES_MAX + 1)
    with pytest.raises(Invalid) as wrong:
        read_batch(tmp_path / "huge.csv")
    assert "split it" in wrong.value.problems[0].message


def test_pictures_lie_beside_the_file(tmp_path: Path) -> None:
    """A relative path is seen from the batch file; links and whole paths stay as they are."""
    text = '{"image": "in/a.png", "last_frame": "/b.png"}\n{"image": "https://x.example/c.png"}\n'
    first, second = rows_of(tmp_path, "s.jsonl", text)
    assert (str(tmp_path / "in/a.png"), "/b.png") == (first.order.first_frame, first.order.last_frame)
    assert "https://x.example/c.png" == second.order.first_frame


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    """One run shows all that has to be mended."""
    text = """\
{"id": "a", "prompt": "A fox"}
{"id": "a", "prompt": "A hare"}
nonsense
["a list"]
{"prompt": "x", "image_url": "y"}
{"prompt": "x", "prompt": "y"}
{"id": true, "prompt": "x"}
{"seed": NaN}
{"image": 5}
{"image": "a.png", "first_frame": "b.png"}
"""
    problems = refused(tmp_path, "s.jsonl", text)
    assert [f"line {n}" for n in range(2, 11)] == [p.partition(":")[0].partition(",")[0] for p in problems]
    assert "ids must differ" in problems[0]
    assert "is not JSON" in problems[1]
    assert "must be a JSON object" in problems[2]
    assert "called image here" in problems[3]
    assert "prompt is said twice" in problems[4]
    assert "must be text or a whole number" in problems[5]
    assert "NaN" in problems[6]
    assert "must be the text of a path or a link" in problems[7]
    assert "says first_frame twice" in problems[8]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("s.jsonl", "", "has no rows"),
        ("s.csv", "", "has no rows"),
        ("s.csv", "id,prompt\n", "has no rows"),
        ("s.csv", "id,prompt,id\na,b,c\n", "names a column twice: id"),
        ("s.csv", "id,prompt\na,b,c\n", "more cells than the header"),
        ("s.csv", 'id,prompt\na,"b\n', "is not CSV"),
        ("s.csv", "id,colour\na,b\n", "unknown column 'colour'"),
        ("s.txt", "x", "must end in .jsonl"),
    ],
)
def test_files_that_are_no_batch(tmp_path: Path, name: str, text: str, words: str) -> None:
    """Each says what it should be."""
    assert words in refused(tmp_path, name, text)[0]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and another encoding are told apart."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "latin.csv").write_bytes("id,prompt\na,café\n".encode("latin-1"))
    for name, words in (("no.csv", "No such file"), ("folder.csv", "is a folder"), ("latin.csv", "is not UTF-8")):
        with pytest.raises(Invalid, match=words):
            read_batch(tmp_path / name)


def test_the_documented_columns_are_those_an_order_has() -> None:
    """A column for each thing that can be said about a clip, under the names the command line has."""
    assert {"id", "prompt", "model", "image", "duration", "seed", "variants", "last_frame"} <= set(COLUMNS)
    assert not {"duration_s", "key", "name"} & set(COLUMNS)
