"""What is read out of a prompt, in English and Chinese."""

import numpy as np
import pytest
from PIL import Image

from wanreel.emulator.clips.camera import View
from wanreel.emulator.clips.figures.roster import FIGURES
from wanreel.emulator.clips.picture import Picture
from wanreel.emulator.clips.scenery.land import Ground
from wanreel.emulator.clips.scenery.palette import Palette
from wanreel.emulator.clips.scenery.places import build
from wanreel.emulator.clips.scenery.weather import weather
from wanreel.emulator.clips.words import COLOURS, HOURS, PLACES, SUBJECTS, WEATHERS, Subject, read

RED, WHITE, BLUE = COLOURS["red"][1], COLOURS["white"][1], COLOURS["blue"][1]


@pytest.mark.parametrize(
    ("prompt", "hour"),
    [
        ("a street at night", "night"),
        ("golden hour on the coast", "sunset"),
        ("夕阳下的海", "sunset"),
        ("深夜的街道", "night"),
        ("清晨薄雾", "dawn"),
        ("a sunny day", "day"),
        ("a knight", None),
        ("yesterday", None),
    ],
)
def test_the_hour_is_read(prompt: str, hour: str | None) -> None:
    """Words for the time of day count as whole words."""
    assert hour == read(prompt).hour


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("waves on a beach", "sea"),
        ("穿过竹林", "bamboo"),
        ("a snowy forest", "snow"),
        ("雪中的古镇街道", "city"),
        ("summer woods", "forest"),
        ("雪地里", "snow"),
        ("撒哈拉沙漠", "desert"),
        ("neon alley in Tokyo", "city"),
        ("astronaut in outer space", "space"),
        ("coral, underwater", "underwater"),
        ("coffee on a wooden table", "room"),
        ("perfume, pink background", "studio"),
        ("a beach with mountains in the background", "sea"),
        ("something abstract", None),
    ],
)
def test_the_place_is_read(prompt: str, place: str | None) -> None:
    """The first place named is the place; a background is one only when nothing else is."""
    assert place == read(prompt).place


@pytest.mark.parametrize(
    ("prompt", "camera"),
    [
        ("slow push in", "push in"),
        ("camera zooms out", "pull back"),
        ("pan left over the hills", "pan left"),
        ("tracking shot", "pan right"),
        ("镜头缓缓推进", "push in"),
        ("环绕镜头", "orbit"),
        ("航拍", "aerial"),
        ("固定镜头", "static"),
        ("the camera pans left", "pan left"),
        ("panning to the left", "pan left"),
        ("向左平移", "pan left"),
        ("camera pans across the bay", "pan right"),
        ("a frying pan", None),
        ("a cat", None),
    ],
)
def test_the_camera_is_read(prompt: str, camera: str | None) -> None:
    """Camera words in both languages name one of the moves."""
    assert camera == read(prompt).camera


def test_subjects_take_the_colour_that_stands_before_them() -> None:
    """A colour belongs to the subject it precedes; the rest are left for the scene."""
    wish = read("a red car and a white horse, blue background")
    assert (Subject("car", RED), Subject("horse", WHITE)) == wish.subjects
    assert (BLUE,) == wish.colours


def test_chinese_subjects_take_their_colours_too() -> None:
    """红色跑车 is a red car, and 夜晚 no black paint."""
    wish = read("黑夜里，一辆红色跑车和一匹白马")
    assert (Subject("car", RED), Subject("horse", WHITE)) == wish.subjects
    assert () == wish.colours


def test_a_colour_is_not_shared_with_the_next_subject() -> None:
    """The horse behind a red car keeps its own colour, in both languages."""
    for prompt in ("a red car and a horse", "红色跑车和一匹马"):
        assert (Subject("car", RED), Subject("horse", None)) == read(prompt).subjects


def test_words_inside_other_words_do_not_count() -> None:
    """A cathedral is no cat, cherry blossoms are no flower to stand about, an orange cat is no fruit."""
    assert () == read("a cathedral, scarce, carpet, birdcage").subjects
    assert () == read("樱花飘落").subjects
    assert ("petals",) == read("樱花飘落").weather


def test_what_is_said_not_to_be_there_is_not() -> None:
    """Negated things are not drawn."""
    wish = read("a beach, no people, without rain, 没有船")
    assert () == wish.subjects
    assert () == wish.weather
    assert "sea" == wish.place


def test_at_most_three_subjects_are_drawn() -> None:
    """A crowd is cut to the first three."""
    kinds = [subject.kind for subject in read("a dog, a cat, a horse, a lion and a bear").subjects]
    assert ["dog", "cat", "horse"] == kinds


def test_every_word_has_its_drawing() -> None:
    """Each place, hour and weather the words can name is one that scenery can build."""
    dice = np.random.default_rng(1)
    for hour in HOURS:
        palette = Palette.of(read(hour), "field", dice)
        assert hour == palette.name
        for place in PLACES:
            assert (96, 64) == build(place, Ground((96, 64), palette, (), dice)).sky.size
    picture = Picture.of(Image.new("RGB", (96, 64), "grey"))
    for kind in WEATHERS:
        before = picture.y.tobytes()
        for second in (0.3, 0.9, 1.5):
            weather(kind, (96, 64), (), dice)(picture, second, View(0, 0, 1))
        assert before != picture.y.tobytes(), kind


def test_every_subject_has_a_figure() -> None:
    """What the words can name, the figures can draw; no figure is left without a word but the one for the unknown."""
    assert set(FIGURES) - {"orb"} == set(SUBJECTS)
