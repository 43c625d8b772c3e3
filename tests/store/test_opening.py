"""Opening a database: made, upgraded, or refused in words with not a byte of it changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.factories import make_job
from wanreel.domain.errors import Unavailable
from wanreel.domain.policy import Policy
from wanreel.ports.jobs import Filter
from wanreel.store import opening
from wanreel.store.sql.tables import metadata
from wanreel.store.sqlite import SqliteStore


def store_at(path: Path) -> SqliteStore:
    """A store on a file."""
    return SqliteStore(path, lambda _key: 2, Policy(), busy_s=5.0)


def make(path: Path) -> None:
    """Make an empty database."""
    with closing(store_at(path)) as store:
        store.open()


def edit(path: Path, statement: str) -> None:
    """Change a database behind our back."""
    with closing(sqlite3.connect(path)) as driver:
        driver.execute(statement)
        driver.commit()


def refused(path: Path) -> str:
    """The words a database is refused with; the file is as it was, byte for byte."""
    before = path.read_bytes()
    with pytest.raises(Unavailable) as caught:
        store_at(path).open()
    assert before == path.read_bytes()
    return caught.value.message


# --- making and upgrading -------------------------------------------------------------------------------------------


def test_a_new_home_gets_a_database(tmp_path: Path) -> None:
    """A database is made where there is none, with the folders above it; an empty file is none."""
    make(tmp_path / "deep" / "home" / "w.sqlite3")
    (tmp_path / "empty.sqlite3").touch()
    make(tmp_path / "empty.sqlite3")

    assert (tmp_path / "deep" / "home" / "w.sqlite3").stat().st_size > 0


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A database of this version is opened as it is."""
    path = tmp_path / "w.sqlite3"
    make(path)
    before = path.read_bytes()
    make(path)

    assert before == path.read_bytes()


def test_a_database_of_this_version_needs_no_migration_library(tmp_path: Path) -> None:
    """Alembic, slow to import, is left alone where there is nothing to migrate."""
    path = tmp_path / "w.sqlite3"
    make(path)
    program = (
        "import sys, pathlib; from wanreel.store.sqlite import SqliteStore; from wanreel.domain.policy import Policy;"
        f"s = SqliteStore(pathlib.Path({str(path)!r}), lambda key: 1, Policy()); s.open(); s.close();"
        "print('alembic' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert "False\n" == said.stdout


def test_the_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    """After all migrations the database is what store/sql/tables says."""
    path = tmp_path / "w.sqlite3"
    make(path)
    engine = opening.engine(path, 5.0)
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert [] == compare_metadata(context, metadata)
    engine.dispose()


def test_the_newest_migration_is_the_one_the_code_names() -> None:
    """HEAD is the last of one straight line of migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)

    assert [opening.HEAD] == scripts.get_heads()
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert sorted(revisions, reverse=True) == revisions  # later ones compare greater


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Migrations are one transaction: a table in the way undoes all of them, and afterwards they can run."""
    path = tmp_path / "w.sqlite3"
    make(path)
    edit(path, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(Exception, match=r"0000|already exists"):
        store_at(path).open()
    with closing(sqlite3.connect(path)) as driver:
        assert [("0000",)] == driver.execute("SELECT version_num FROM alembic_version").fetchall()
    edit(path, f"UPDATE alembic_version SET version_num = '{opening.HEAD}'")
    make(path)


def test_many_processes_may_open_a_new_home_at_once(tmp_path: Path) -> None:
    """Of six processes that open the same new home, all succeed, and all are answered by the same job."""
    command = [sys.executable, "-m", "tests.store.children", "open_once", str(tmp_path / "w.sqlite3")]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = [child.communicate(timeout=60)[0] for child in children]

    assert [0] * 6 == [child.returncode for child in children]
    assert 1 == len(set(answers))


# --- refusing -------------------------------------------------------------------------------------------------------


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A database that a newer wanreel has migrated names both versions, says what to do, and is not touched."""
    path = tmp_path / "w.sqlite3"
    make(path)
    edit(path, "UPDATE alembic_version SET version_num = '0999'")

    words = refused(path)
    assert "0999" in words
    assert opening.HEAD in words
    assert "Upgrade wanreel" in words


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Anything else under the name of the database says how to put it out of the way."""
    path = tmp_path / "w.sqlite3"
    path.write_bytes(b"this is no database, it only has its name\n" * 100)

    words = refused(path)
    assert str(path) in words
    assert "Nothing was changed" in words
    assert "move it away" in words


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """A foreign SQLite file is left to whoever owns it."""
    path = tmp_path / "w.sqlite3"
    edit(path, "CREATE TABLE recipes (name TEXT)")

    assert "some other program" in refused(path)


@pytest.mark.parametrize("size", [50, 512, 5000])
def test_a_cut_database_is_refused(tmp_path: Path, size: int) -> None:
    """A database of which only the beginning is left is damaged, in words."""
    path = tmp_path / "w.sqlite3"
    make(path)
    path.write_bytes(path.read_bytes()[:size])

    assert "damaged" in refused(path)


async def test_damage_further_in_is_said_when_it_is_met(tmp_path: Path) -> None:
    """A page that has gone bad is no traceback but the same words, from reading and from writing."""
    path = tmp_path / "w.sqlite3"
    async with store_at(path) as store:
        await store.add([make_job(prompt="x" * 3000) for _ in range(30)])
    whole = bytearray(path.read_bytes())
    for page in range(2 * 4096, len(whole), 4096):
        whole[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)

    with pytest.raises(Unavailable, match="damaged"):
        async with store_at(path) as store:
            await store.find(Filter())
    with pytest.raises(Unavailable, match="damaged"):
        async with store_at(path) as store:
            await store.add([make_job()])


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    """A home that cannot be a folder is said in words."""
    (tmp_path / "home").write_text("a file")

    with pytest.raises(Unavailable, match="Choose a folder"):
        store_at(tmp_path / "home" / "w.sqlite3").open()


def test_a_folder_in_the_place_of_the_database_is_refused(tmp_path: Path) -> None:
    """A folder under the name of the database is said in words."""
    (tmp_path / "w.sqlite3").mkdir()

    with pytest.raises(Unavailable, match="is a folder"):
        store_at(tmp_path / "w.sqlite3").open()


@contextmanager
def powerless() -> Generator[None]:
    """As a user who owns nothing, where the tests run as root, who may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def sealed() -> Iterator[Path]:
    """A folder that others can look into and nobody can write to, its database included."""
    folder = Path(tempfile.mkdtemp(prefix="wanreel-sealed-"))
    make(folder / "w.sqlite3")
    (folder / "w.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_home_is_refused(sealed: Path) -> None:
    """In a home that may only be read neither an existing database nor a new one opens, and the words say why."""
    with powerless():
        for name in ("w.sqlite3", "new.sqlite3", "deeper/new.sqlite3"):
            with pytest.raises(Unavailable, match=r"read-only|may write"):
                store_at(sealed / name).open()
