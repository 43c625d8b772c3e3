"""Reading clips back and looking after the storage from the command line, end to end."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.terminal import Ran, Terminal
from tests.client.small_world import bought, picture, small_vendor
from tests.media.clips import brightening
from wanreel.emulator.server import Emulator

FOX = ("A red fox in fresh snow, wide shot", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
SECRET = "A lighthouse keeper called Amaranthine waves"


@pytest.fixture
def vendor() -> Iterator[Emulator]:
    """The vendor, its clips small and real: two seconds that grow brighter."""
    with small_vendor(render=real, quirks={"foreign_media": "assume"}) as emulator:
        yield emulator


def real(spec: Any) -> bytes:
    """A clip of the sides that were asked for."""
    with tempfile.TemporaryDirectory() as folder:
        return brightening(Path(folder, "clip.mp4"), 250, side=(spec.width, spec.height), salt=spec.key()).read_bytes()


def made(terminal: Terminal, *words: str) -> dict[str, Any]:
    """A clip, as its job is told."""
    ran = terminal("generate", *(words or FOX), "--json")
    assert 0 == ran.code, ran.err
    (job,) = ran.objects
    return job


def fine(ran: Ran) -> Ran:
    """A command that ended well."""
    assert 0 == ran.code, ran.err
    return ran


def test_a_clip_is_got_whole(terminal: Terminal, vendor: Emulator) -> None:
    """Into a file, into a folder, and where it lies without -o; the bytes are those that were archived."""
    job = made(terminal)
    assert ["fox.mp4"] == fine(terminal("get", job["id"], "-o", "fox.mp4")).lines
    sha256 = hashlib.sha256(Path("fox.mp4").read_bytes()).hexdigest()
    assert job["artifact"]["sha256"] == sha256
    Path("clips").mkdir()
    assert [f"clips/{job['id']}.mp4"] == fine(terminal("get", job["id"], "-o", "clips")).lines
    assert [job["path"]] == fine(terminal("get", job["id"][:20])).lines


def test_what_a_page_needs_is_made_once_and_remade_when_asked(terminal: Terminal, vendor: Emulator) -> None:
    """Every kind opens as what it says it is; the second time nothing is made; --remake makes it anew."""
    job = made(terminal)
    kinds = {"poster": (832, 480), "thumbnail": (320, 185), "sheet": (1300, 422), "sprite": (1280, 184)}
    for what, sides in kinds.items():
        (path,) = fine(terminal("get", job["id"], "--what", what, "-o", f"it.{what}")).lines
        with Image.open(path) as opened:
            assert sides == opened.size, what
    (track,) = fine(terminal("get", job["id"], "--what", "track")).lines
    text = Path(track).read_text()
    (sprite,) = fine(terminal("get", job["id"], "--what", "sprite")).lines
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.250\n")
    assert f"{Path(sprite).name}#xywh=1120,92,160,92" in text
    poster = Path(fine(terminal("get", job["id"], "--what", "poster")).lines[0])
    poster.write_bytes(b"spoilt")
    fine(terminal("get", job["id"], "--what", "thumbnail"))
    assert b"spoilt" == poster.read_bytes()
    fine(terminal("get", job["id"], "--what", "poster", "--remake"))
    assert b"\xff\xd8\xff" == poster.read_bytes()[:3]
    poster.unlink()
    fine(terminal("get", job["id"], "--what", "poster", "-o", "again.jpg"))
    assert poster.exists()


def test_a_damaged_clip_is_not_handed_out(terminal: Terminal, vendor: Emulator) -> None:
    """Another byte in the storage, and no file is written."""
    job = made(terminal)
    clip = Path(job["path"])
    clip.write_bytes(clip.read_bytes()[:-1] + b"x")
    ran = terminal("get", job["id"], "-o", "fox.mp4")
    assert (8, True, False) == (ran.code, "another hash" in ran.err, Path("fox.mp4").exists())


def test_what_cannot_be_got_is_said(terminal: Terminal, vendor: Emulator) -> None:
    """Unknown kinds, unknown jobs, no still where there was none, no address for stable links."""
    job = made(terminal)
    assert 2 == terminal("get", job["id"], "--what", "soundtrack").code
    assert 4 == terminal("get", "job_00000000000000000000000000").code
    assert 4 == terminal("get", job["id"], "--what", "still").code
    ran = terminal("embed", job["id"])
    assert (2, True) == (ran.code, "WANREEL_PUBLIC_URL" in ran.err)


def test_embed_gives_stable_links_until_they_are_revoked(terminal: Terminal, vendor: Emulator) -> None:
    """The same HTML each time: a poster, and the still it was made from for browsers without video."""
    Path("cat.png").write_bytes(picture())
    job = made(terminal, "It blinks", "--image", "cat.png", "--model", "wan2.5-i2v-preview", "--resolution", "480P")
    public = {"WANREEL_PUBLIC_URL": "https://clips.example.com/"}
    first = fine(terminal("embed", job["id"], **public)).out
    assert first == fine(terminal("embed", job["id"], **public)).out
    links = re.findall(r"https://clips\.example\.com/s/[0-9a-z]{32}\b", first)
    assert 3 == len(set(links)) == len(links)
    assert re.search(
        r'<video controls .*poster="https.*<source src="https.*<img src="https.*</video>', first, re.DOTALL
    )
    assert [{"revoked": 3}] == fine(terminal("embed", job["id"], "--revoke", "--json")).objects
    assert not set(links) & set(re.findall(r"https://[^\"]+", fine(terminal("embed", job["id"], **public)).out))


def test_a_deleted_clip_can_be_brought_back_until_its_grace_ends(terminal: Terminal, vendor: Emulator) -> None:
    """In the trash it is not shown; restored it is; past its grace it is gone, and its record stays."""
    job = made(terminal)
    fine(terminal("get", job["id"], "--what", "poster"))
    clip = Path(job["path"])
    assert "in the trash until" in fine(terminal("storage", "delete", job["id"], "--why", "a rehearsal")).out
    assert (5, True) == ((ran := terminal("get", job["id"])).code, "in the trash" in ran.err)
    assert ["a rehearsal"] == [row["trashed_why"] for row in fine(terminal("storage", "trash", "--json")).objects]
    fine(terminal("storage", "sweep"))
    assert clip.exists()
    fine(terminal("storage", "restore", job["id"]))
    fine(terminal("get", job["id"]))
    fine(terminal("storage", "delete", job["id"], WANREEL_TRASH_DAYS="0"))
    assert f"would be purged: {job['id']}" in fine(terminal("storage", "sweep", "--dry-run")).lines
    assert clip.exists()
    assert f"purged: {job['id']}" in fine(terminal("storage", "sweep")).lines
    assert [] == list(terminal.home.joinpath("archive").rglob(f"*{job['id']}*"))
    assert 4 == terminal("get", job["id"]).code
    assert "succeeded" == json.loads(fine(terminal("jobs", "show", job["id"], "--json")).out)["state"]


def test_rules_of_age_go_by_project_and_stop_at_a_hold(terminal: Terminal, vendor: Emulator) -> None:
    """Only the project's clips, none that is held, none that was brought back; and first of all only said."""
    kept = made(terminal, *FOX, "--project", "films")
    drafts = [made(terminal, *FOX, "--project", "drafts", "--seed", str(n)) for n in range(2)]
    fine(terminal("storage", "hold", drafts[0]["id"], "--why", "case 7"))
    rules = {"WANREEL_RETENTION": '{"drafts": 0}'}
    assert [f"would be trashed: {drafts[1]['id']}"] == fine(terminal("storage", "sweep", "--dry-run", **rules)).lines
    assert [] == fine(terminal("storage", "trash", "--json")).objects
    typo = terminal("storage", "sweep", "--dry-run", WANREEL_RETENTION='{"drfats": 0}', WANREEL_TRASHDAYS="3")
    assert ([], True, True) == (fine(typo).lines, "a rule for drfats" in typo.err, "WANREEL_TRASHDAYS" in typo.err)
    assert [f"trashed: {drafts[1]['id']}"] == fine(terminal("storage", "sweep", **rules)).lines
    for refused in (("storage", "delete", drafts[0]["id"]), ("storage", "erase", drafts[0]["id"], "--yes")):
        assert (5, True) == ((ran := terminal(*refused)).code, "case 7" in ran.err)
    fine(terminal("storage", "restore", drafts[1]["id"]))
    assert [] == fine(terminal("storage", "sweep", **rules)).lines
    assert "kept" in fine(terminal("storage", "release", drafts[0]["id"])).out
    fine(terminal("get", kept["id"]))


def test_an_erased_job_leaves_no_word_behind(terminal: Terminal, vendor: Emulator) -> None:
    """No file of the home holds its prompt, its clip, its input; nothing is bought again; others are untouched."""
    Path("cat.png").write_bytes(picture("#123456"))
    words = (
        SECRET,
        "--image",
        "cat.png",
        "--model",
        "wan2.5-i2v-preview",
        "--resolution",
        "480P",
        "--name",
        "Amaranthine",
    )
    job, other = made(terminal, *words), made(terminal)
    fine(terminal("get", job["id"], "--what", "poster"))
    assert holders(terminal.home, b"Amaranthine")
    assert (2, True) == ((ran := terminal("storage", "erase", job["id"])).code, "--yes" in ran.err)
    assert [f"erased: {job['id']}"] == fine(terminal("storage", "erase", job["id"], "--yes")).lines
    assert [] == holders(terminal.home, b"Amaranthine")
    assert [] == list((terminal.home / "inputs").iterdir())
    assert [] == list(terminal.home.joinpath("archive").rglob(f"*{job['id']}*"))
    shown = json.loads(fine(terminal("jobs", "show", job["id"], "--json")).out)
    assert ("succeeded", "", []) == (shown["state"], shown["prompt"], shown["history"])
    assert 4 == terminal("get", job["id"]).code
    fine(terminal("get", other["id"]))
    assert fine(terminal("storage", "check", "--json")).objects[0]["clean"]
    assert 2 == bought(vendor)


def test_a_lost_home_finds_its_clips_again(terminal: Terminal, vendor: Emulator) -> None:
    """The database is gone: what lies in the folder makes jobs again, without words, and they are got as before."""
    job = made(terminal)
    for path in terminal.home.glob("wanreel.sqlite3*"):
        path.unlink()
    assert f"would be restored: {job['id']}" in fine(terminal("storage", "reindex", "--dry-run")).lines
    assert 4 == terminal("jobs", "show", job["id"]).code
    told = fine(terminal("storage", "reindex", "--json")).objects[0]
    assert ([job["id"]], 1, 0) == (told["restored"], told["clips"], told["known"])
    shown = json.loads(fine(terminal("jobs", "show", job["id"], "--json")).out)
    for name in ("id", "state", "model", "resolution", "duration_s", "seed", "project", "task_id", "created_at"):
        assert job[name] == shown[name], name
    assert (job["artifact"], "") == (shown["artifact"], shown["prompt"])
    assert ["fox.mp4"] == fine(terminal("get", job["id"], "-o", "fox.mp4")).lines
    Path(job["path"]).with_name("stray.mp4").write_bytes(b"x")
    ran = terminal("storage", "reindex")
    assert (3, "1 known") == (ran.code, ran.lines[-1].rpartition(", ")[2])
    assert "stray.mp4: nothing beside it says which job it is of" in ran.out
    assert ["archive\tuse", "home:archive\tset"] == fine(terminal("storage", "archives")).lines
    assert 5 == terminal("storage", "archives", "--forget", "home:archive").code
    ran = terminal("storage", "archives", "--forget", Path("archive").absolute().as_uri())  # as set, not as listed
    assert (4, True) == (ran.code, "`wanreel storage archives` lists them" in ran.err)


@pytest.mark.parametrize("kind", ["orphan", "missing", "size"])
def test_check_reports_and_removes_nothing(terminal: Terminal, vendor: Emulator, kind: str) -> None:
    """A file of nobody, a clip that is not there, a clip of another size: each named, none touched."""
    job = made(terminal)
    clip = Path(job["path"])
    assert fine(terminal("storage", "check")).out.startswith("1 clips")
    if kind == "orphan":
        stray = clip.with_name("old-holiday.mp4")
        stray.write_bytes(b"x")
        old(stray)
    elif kind == "missing":
        clip.unlink()
    else:
        clip.write_bytes(b"x")
    before = sorted(path.name for path in clip.parent.iterdir())
    ran = terminal("storage", "check")
    words = {"orphan": "old-holiday.mp4 belongs to no job", "missing": "is not there", "size": "has 1 bytes"}
    assert (3, True) == (ran.code, words[kind] in ran.out)
    assert before == sorted(path.name for path in clip.parent.iterdir())


def old(path: Path) -> None:
    """Make a file look as if it had lain there for long."""
    os.utime(path, (1_700_000_000, 1_700_000_000))


def holders(folder: Path, word: bytes) -> list[Path]:
    """Files that hold a word, or are called by it."""
    return [p for p in folder.rglob("*") if p.is_file() and (word in p.read_bytes() or word.decode() in p.name)]


def test_an_archive_by_another_name_is_the_same_archive(terminal: Terminal, vendor: Emulator) -> None:
    """An enclosing folder, a link to it, a way with `..`: nothing that lies there is an orphan or missing, and the
    clips are found again once each.
    """
    job = made(terminal)
    terminal("get", job["id"], "--as", "poster", "-o", "p.jpg")
    archive = Path(job["artifact"]["where"])
    while archive.name != "archive":
        archive = archive.parent
    outer = Path("outer").absolute()
    outer.mkdir()
    archive.rename(outer / "archive")
    archive.symlink_to(outer / "archive")
    Path("link").symlink_to(outer / "archive")
    for path in outer.rglob("*"):
        os.utime(path, (0, 0))  # what is young is no orphan
    for path in terminal.home.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    names = (
        archive,
        "link",
        outer,
        outer / "archive",
        outer / "x" / ".." / "archive",
        terminal.home,
        terminal.home.parent,
    )
    for name in names:
        terminal.env["WANREEL_ARCHIVE"] = str(Path(name).absolute())
        assert fine(terminal("storage", "check")).lines[0].startswith("1 clips"), name
        told = terminal("storage", "reindex", "--json").objects[0]
        assert (1, []) == (told["known"], [key for key, _ in told["strange"] if "spool" not in key]), name


def test_an_archive_is_forgotten_when_nothing_of_this_home_lies_there(terminal: Terminal, vendor: Emulator) -> None:
    """Refused while its clips are only there, or are there as well: an erasure would leave them. What is lost for good
    is forgotten on request.
    """
    job = made(terminal)
    clip = Path(job["path"])
    terminal.env["WANREEL_ARCHIVE"] = str(Path("new").absolute())
    forget = ("storage", "archives", "--forget", "home:archive")
    ran = terminal(*forget)
    assert (5, True) == (ran.code, "not in the archive that is set" in ran.err), ran.err
    old_place = next(parent for parent in clip.parents if parent.name == "archive")
    shutil.copytree(old_place, "new")
    ran = terminal(*forget)
    assert (5, True) == (ran.code, "still lie in home:archive" in ran.err), ran.err
    shutil.rmtree(old_place)
    assert ["archive\tuse", f"{Path('new').absolute()}\tset"] == fine(terminal(*forget)).lines
    fine(terminal("storage", "erase", job["id"], "--yes"))
    assert [] == [path for path in Path("new").rglob("*") if path.is_file()]

    again = made(terminal)
    terminal.env["WANREEL_ARCHIVE"] = str(Path("newer").absolute())
    Path(again["path"]).unlink()
    assert 5 == terminal("storage", "archives", "--forget", str(Path("new").absolute())).code
    fine(terminal("storage", "archives", "--forget", str(Path("new").absolute()), "--lost"))


def test_what_a_clip_is_called_is_the_users_to_say(terminal: Terminal, vendor: Emulator) -> None:
    """By a template with the job's id in it; one without is refused before anything is bought, and an erased job's
    record does not remember the name its clip had.
    """
    terminal.env["WANREEL_ARCHIVE_KEY"] = "{project}/{model}/{group}/{name}-{job}.mp4"
    job = made(terminal, *FOX, "--name", "Amaranthine kite")
    there = Path(job["path"])
    assert there.name == f"Amaranthine-kite-{job['id']}.mp4"
    assert ["default", "wan2.5-t2v-preview"] == [part.name for part in (there.parents[1], there.parents[0])]
    fine(terminal("storage", "check"))
    fine(terminal("storage", "erase", job["id"], "--yes"))
    assert not there.exists()
    assert "Amaranthine" not in fine(terminal("jobs", "show", job["id"], "--json")).out
    assert [] == holders(terminal.home, b"Amaranthine")
    terminal.env["WANREEL_ARCHIVE_KEY"] = "{project}/{name}.mp4"
    ran = terminal("generate", *FOX)
    assert (2, True) == (ran.code, "{job} is missing" in ran.err), ran.err
    assert 1 == bought(vendor)
