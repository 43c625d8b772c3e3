"""The documentation's clips: each sheet is there, small, shown on the page, and made of a spec of its family."""

from tests.emulator.clips.album import ALBUM, FOLDER

PAGE = FOLDER.parent / "emulator-clips.md"
SHEET_BYTES_MAX = 150_000


def test_every_clip_of_the_album_is_shown_on_the_page() -> None:
    """The page shows each sheet of the album and the seeds, and no sheet lies about unshown."""
    sheets = {path.name for path in FOLDER.glob("*.png")}
    assert {f"{name}.png" for name in ALBUM} | {"seeds.png"} == sheets
    page = PAGE.read_text("utf-8")
    assert all(f"(emulator-clips/{name})" in page for name in sheets)


def test_the_sheets_are_small() -> None:
    """A page of sheets loads at once, and the repository stays light."""
    large = [path.name for path in FOLDER.glob("*.png") if path.stat().st_size > SHEET_BYTES_MAX]
    assert [] == large


def test_the_album_holds_each_mode_and_family() -> None:
    """Every mode, every family from 2.2 to 3.0, wide, tall and square, 480P to 1080P."""
    assert {"t2v", "i2v", "kf2v"} == {page.mode for page in ALBUM.values()}
    assert {"2.2", "2.5", "2.6", "2.7", "3.0"} == {name.split("wan")[1] for name in ALBUM}
    sizes = {(page.look.width, page.look.height) for page in ALBUM.values()}
    assert {(832, 480), (720, 1280), (960, 960), (1920, 1080)} <= sizes
