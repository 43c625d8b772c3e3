"""The journal holds one whole line a notice, whoever else writes and whatever went wrong before."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

import pytest

from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Notice
from wanreel.notify.journal import JournalNotifier
from wanreel.ports.notices import Notifier


def notice(number: int = 1, text: str = "done") -> Notice:
    return Notice(f"note_{number}", f"job_{number}", "job.succeeded", 1790000000.25, text)


def lines(path: Path) -> list[bytes]:
    """The journal's lines; the last one must be ended."""
    *whole, rest = path.read_bytes().split(b"\n")
    assert b"" == rest
    return whole


async def test_a_notice_is_one_line_of_json(tmp_path: Path) -> None:
    """With its id, so that a reader can drop doubles, and a text of several lines still on one."""
    journal: Notifier = JournalNotifier(tmp_path / "home" / "notices.jsonl")
    await journal.tell(notice(text='夏天\nsays "hello"\r\x85\u2028 \ud800'))
    (line,) = lines(tmp_path / "home" / "notices.jsonl")
    assert {
        "id": "note_1",
        "job": "job_1",
        "kind": "job.succeeded",
        "at": 1790000000.25,
        "text": '夏天\nsays "hello"\r\x85\u2028 ?',
    } == json.loads(line)


async def test_told_twice_it_stands_there_once(tmp_path: Path) -> None:
    """By the same process or by the next one, as when somebody else cannot be told for long; by its whole id."""
    path = tmp_path / "notices.jsonl"
    odd = Notice('note "2" \\', "job_2", "job.succeeded", 0.0, '{"id": "note_9"')
    journal = JournalNotifier(path)
    for _ in range(2):
        for told in (notice(11), notice(11), odd, odd):
            await journal.tell(told)
        journal = JournalNotifier(path)
    await journal.tell(notice(1))
    await journal.tell(notice(9))
    assert ["note_11", 'note "2" \\', "note_1", "note_9"] == [json.loads(line)["id"] for line in lines(path)]


WRITER = """
import asyncio, sys
from pathlib import Path
from wanreel.domain.event import Notice
from wanreel.notify.journal import JournalNotifier

async def main(path, start):
    journal = JournalNotifier(Path(path))
    notices = [Notice(f"note_{n}", "job", "kind", 0.0, "x" * 5000) for n in range(start, start + 25)]
    await asyncio.gather(*map(journal.tell, notices))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_several_processes_may_write_at_once(tmp_path: Path) -> None:
    """Fifty notices from two processes are fifty whole lines."""
    path = tmp_path / "notices.jsonl"
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path), str(start)) for start in (0, 25)
    ]
    assert [0, 0] == [await writer.wait() for writer in writers]
    assert {f"note_{number}" for number in range(50)} == {json.loads(line)["id"] for line in lines(path)}


async def test_a_line_cut_short_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    """The next notice begins a line of its own."""
    path = tmp_path / "notices.jsonl"
    path.write_bytes(b'{"id": "note_0"}\n{"id": "no')
    await JournalNotifier(path).tell(notice())
    assert [b'{"id": "note_0"}', b'{"id": "no'] == lines(path)[:2]
    assert "note_1" == json.loads(lines(path)[2])["id"]


async def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    """Half a line that still found room is taken back; the notice is owed again."""
    path = tmp_path / "notices.jsonl"
    journal = JournalNotifier(path)
    await journal.tell(notice())
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(Unavailable, match="tried again"):
            await journal.tell(notice(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert before == path.read_bytes()
    await journal.tell(notice(2))
    assert 2 == len(lines(path))


@pytest.mark.parametrize("place", ["folder", "below a file"])
async def test_a_journal_that_cannot_be_written_is_unavailable(tmp_path: Path, place: str) -> None:
    """The message names the file."""
    (tmp_path / "file").touch()
    path = tmp_path if place == "folder" else tmp_path / "file" / "notices.jsonl"
    with pytest.raises(Unavailable) as error:
        await JournalNotifier(path).tell(notice())
    assert str(path) in error.value.message
