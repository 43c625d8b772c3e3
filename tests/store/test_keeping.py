"""What is erased from a database cannot be read from its files any more."""

from __future__ import annotations

from pathlib import Path

from tests.factories import NOW, make_change, make_job
from wanreel.domain.job import Generating, Succeeded
from wanreel.domain.keeping import erased
from wanreel.domain.policy import Policy
from wanreel.store.sqlite import SqliteStore

SECRET = "a lighthouse keeper called Amaranthine"


async def test_no_file_of_the_home_holds_an_erased_word(tmp_path: Path) -> None:
    """Neither the database nor its write-ahead log, while it is open and after it was closed."""
    path = tmp_path / "wanreel.sqlite3"
    async with SqliteStore(path, lambda _: 1, Policy()) as store:
        await store.add(
            [make_job(Generating, id="job_b", prompt="something else"), make_job(id="job_c", prompt="filler " * 2000)]
        )
        job = make_job(Generating, id="job_a", task_id="task-a", prompt=SECRET + " " + "and so on " * 3000)
        await store.add([job])
        done = make_job(Succeeded, id="job_a", task_id="task-a", prompt=job.request.prompt)
        await store.commit(make_change(job, done.state))
        assert SECRET.encode() in b"".join(contents(tmp_path))
        await store.keeping.erase([erased(await store.get("job_a"))], NOW)
        assert SECRET.encode() not in b"".join(contents(tmp_path))
        assert "something else" == (await store.get("job_b")).request.prompt
    assert SECRET.encode() not in b"".join(contents(tmp_path))


def contents(folder: Path) -> list[bytes]:
    """Every file's bytes."""
    return [path.read_bytes() for path in folder.iterdir()]
