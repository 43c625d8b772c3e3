"""`wanreel batch`: many wishes at once, each bought once however often the command is run."""

from pathlib import Path

from tests.cli.terminal import Terminal
from tests.client.small_world import bought, picture
from wanreel.emulator.server import Emulator

HEAD = "id,prompt,model,resolution,variants,image\n"
FOX = "fox,A red fox in snow,wan2.5-t2v-preview,480P,,\n"
HARE = "hare,A hare in grass,wan2.5-t2v-preview,480P,2,\n"


def test_running_it_again_buys_only_what_is_new(terminal: Terminal, vendor: Emulator) -> None:
    """The second run of the same file buys nothing, a third one with a further row buys that row."""
    Path("shots.csv").write_text(HEAD + FOX)
    assert 0 == terminal("batch", "shots.csv").code
    second = terminal("batch", "shots.csv")
    assert 0 == second.code
    assert "1 of 1 clips were ordered before" in second.err
    assert 1 == bought(vendor)
    Path("shots.csv").write_text(HEAD + HARE + FOX)
    third = terminal("batch", "shots.csv", "-o", "clips")
    assert 0 == third.code, third.err
    assert 3 == len(third.lines)
    assert 3 == bought(vendor)
    assert ["fox", "hare", "hare"] == sorted(path.name.partition("-")[0] for path in Path("clips").iterdir())


def test_again_buys_everything_anew(terminal: Terminal, vendor: Emulator) -> None:
    """--again and another --name both make the rows new ones."""
    Path("shots.csv").write_text(HEAD + FOX)
    for more in ((), ("--again",), ("--name", "spring"), ("--name", "spring")):
        assert 0 == terminal("batch", "shots.csv", *more).code
    assert 3 == bought(vendor)


def test_a_changed_row_is_told_and_not_bought(terminal: Terminal, vendor: Emulator) -> None:
    """An id that was bought stands for what was bought; its new words need a new id."""
    Path("shots.csv").write_text(HEAD + FOX)
    assert 0 == terminal("batch", "shots.csv").code
    Path("shots.csv").write_text(HEAD + FOX.replace("red", "grey"))
    ran = terminal("batch", "shots.csv")
    assert "note: line 2: fox was ordered before in other words; give it a new id to buy it" in ran.err
    assert 1 == bought(vendor)


def test_more_variants_of_a_known_row_buys_the_difference(terminal: Terminal, vendor: Emulator) -> None:
    """Raising a row's variants from 1 to 3 keeps the clip it has and buys two."""
    Path("shots.csv").write_text(HEAD + FOX)
    assert 0 == terminal("batch", "shots.csv").code
    Path("shots.csv").write_text(HEAD + FOX.replace("480P,,", "480P,3,"))
    ran = terminal("batch", "shots.csv", "--json")
    assert 3 == len({job["id"] for job in ran.objects})
    assert 3 == bought(vendor)


def test_one_bad_row_stops_all_before_anything_is_stored(terminal: Terminal, vendor: Emulator) -> None:
    """Every row's mistakes are told with their lines, in one go; nothing is stored or sent."""
    Path("shots.csv").write_text(
        HEAD
        + FOX
        + "a,,wan2.5-t2v-preview,,,\nb,B,wan2.5-t2v-preview,999P,,\nc,C,,,0,\nd,D,wan2.5-i2v-preview,,,no.png\n"
    )
    ran = terminal("batch", "shots.csv", "--json")
    assert 2 == ran.code
    fields = [problem["field"] for problem in ran.error["problems"]]
    assert ["line 3, prompt", "line 4, resolution", "line 5, variants", "line 6, first_frame"] == fields
    assert "" == terminal("jobs", "list", "--no-header").out
    assert 0 == bought(vendor)


def test_pictures_are_found_beside_the_file(terminal: Terminal) -> None:
    """The command may be run from anywhere."""
    folder = Path("campaign")
    folder.mkdir()
    (folder / "cat.png").write_bytes(picture())
    (folder / "shots.jsonl").write_text('{"prompt": "It blinks", "image": "cat.png", "model": "wan2.5-i2v-preview"}\n')
    ran = terminal("batch", folder / "shots.jsonl")
    assert 0 == ran.code, ran.err


def test_a_dry_run_prices_every_row(terminal: Terminal, vendor: Emulator) -> None:
    """Each row with its price and the sum of them all, without a key."""
    del terminal.env["DASHSCOPE_API_KEY"]
    Path("shots.csv").write_text(HEAD + FOX + HARE)
    ran = terminal("batch", "shots.csv", "--dry-run")
    assert 0 == ran.code, ran.err
    assert ran.lines[0].startswith("line 2  fox  wan2.5-t2v-preview  1 clip: 1.50 CNY")
    assert "3 clips: 4.50 CNY. Nothing was sent." == ran.lines[-1]
    assert {} == vendor.counters()["requests"]


def test_twenty_jobs_wait_for_two_slots(terminal: Terminal, vendor: Emulator) -> None:
    """Work waits for a free slot of its model: twenty jobs with two slots all succeed, never more than two at once."""
    Path("many.jsonl").write_text(
        "".join(f'{{"prompt": "Scene {n}", "model": "wan2.5-t2v-preview", "resolution": "480P"}}\n' for n in range(20))
    )
    ran = terminal("batch", "many.jsonl", "--json", WANREEL_SLOTS='{"*": 2}')
    assert 0 == ran.code, ran.err
    assert ["succeeded"] * 20 == [job["state"] for job in ran.objects]
    assert 20 == bought(vendor)


def test_no_wait_stores_the_rows(terminal: Terminal, vendor: Emulator) -> None:
    """Ids come back at once, with the rows' names; a worker makes the clips."""
    Path("shots.csv").write_text(HEAD + FOX)
    ran = terminal("batch", "shots.csv", "--no-wait", "--json")
    assert ["fox"] == [job["name"] for job in ran.objects]
    assert 0 == terminal("worker", "--until-idle").code
    assert 1 == bought(vendor)
