"""The builder: parts to a prompt in either language, and back with every word."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.prompt.scoring import lines
from wanreel.domain.errors import Invalid
from wanreel.prompt.build import Shot, build, build_shots
from wanreel.prompt.explain import explain, parts
from wanreel.prompt.slots import ORDER, Slots, language_of
from wanreel.prompt.templates import parse_own, shipped
from wanreel.prompt.vocabulary import terms

DEV = {row["id"]: row["prompt"] for row in lines(Path(__file__).resolve().parent / "data" / "dev.jsonl")}

OWN = [
    "close-up, a glass teapot, steam rising, on a wooden tray, soft window light, slow push-in, product film, 4k",
    "wide shot, a red kayak, crossing a fjord, early morning mist, drone follows from behind, cinematic film look",
    "low angle, a skateboarder, jumping, city plaza, hard light, handheld camera, vintage look",
    "medium shot, a potter, shaping a bowl, rustic workshop, side light, static camera, documentary style",
    "macro shot, a drop of honey, falling onto a pancake, bright kitchen, backlight, slow motion, photorealistic",
    "aerial shot, a white ferry, leaving the harbour, blue hour, slow orbit, cinematic film look, high detail",
    "full body shot, a dancer in green silk, turning on stage, spotlight, slow pan, fashion film",
    "top-down shot, a chess board, hands moving a rook, warm light, static camera, crisp detail",
    "extreme close-up, a watch gear, rotating, desk lamp, slow push-in, sharp focus",
    "establishing shot, a mountain village, smoke drifting, sunrise, crane up, 35mm",
    "eye-level shot, an empty living room, afternoon sun, slow dolly in, real estate film, 4k",
    "a sports car, driving through a tunnel, neon light, smooth tracking shot, high contrast",
    "medium close-up, a violinist, playing, concert hall, rim light, slow orbit, warm tones",
    "bird's-eye view, a coral island, waves rolling in, daylight, pull out, photorealistic",
    "over-the-shoulder shot, a chess player, thinking, candlelight, slow push-in, oil painting style",
    "wide angle, a lighthouse, waves breaking on the rocks, dusk, static camera, moody look",
    "symmetrical composition, a hotel corridor, a bellboy walking away, practical light, push in, vintage look",
    "silhouette, a heron, standing in the reeds, sunset, static camera, low saturation",
    "first-person view, a bicycle, riding down a forest trail, dappled light, handheld camera",
    "telephoto shot, a cheetah, resting in tall grass, golden hour, slow pan, documentary style",
    "特写，一只玻璃茶壶，热气升腾，木质托盘上，柔和的窗光，镜头缓慢推近，产品广告，4K",
    "远景，一艘红色皮划艇，缓缓划过峡湾，清晨薄雾，黄金时刻，航拍跟随，电影质感",
    "低角度，滑板少年，跃过栏杆，城市广场，硬光，手持拍摄，复古色调",
    "中景，陶艺师，捏塑陶碗，乡村作坊，侧光，固定镜头，纪录片风格，浅景深",
    "微距，一滴蜂蜜，落在松饼上，明亮的厨房，背光，慢动作，写实",
    "航拍，白色渡轮，驶离港口，蓝调时刻，镜头缓慢环绕，电影质感，细节丰富",
    "全身镜头，绿色丝裙舞者，在台上旋转，聚光灯光，镜头缓慢横摇，时尚大片",
    "俯拍，一副棋盘，手移动棋子，暖光，固定镜头，细节清晰",
    "大特写，手表齿轮，缓缓转动，台灯光线，镜头缓慢推近，对焦清晰",
    "定场镜头，山中村落，炊烟飘起，日出，镜头升起，35毫米胶片",
    "平视，空荡的客厅，午后阳光，镜头缓慢推进，地产影片风格，4K",
    "一辆跑车，驶过隧道，霓虹灯光，平稳跟拍，高对比度",
    "中近景，小提琴手，拉琴，音乐厅里，边缘光，镜头缓慢环绕，暖色调",
    "鸟瞰，珊瑚岛，浪花涌来，日光，镜头拉远，写实",
    "过肩镜头，棋手，沉思，烛光，镜头缓慢推近，油画风格",
    "广角，灯塔，浪花拍打礁石，黄昏，固定镜头，电影质感",
    "对称构图，酒店走廊，服务生走远，实用光，镜头推近，复古色调",
    "剪影，白鹭，立在芦苇丛中，日落，固定镜头，低饱和度",
    "第一人称视角，自行车，驶下林间小路，斑驳光影，手持拍摄",
    "长焦，猎豹，卧在高草里，黄金时刻，镜头缓慢横摇，纪录片风格",
]


def words(prompt: str) -> Counter[str]:
    """Latin words and single Chinese characters, as many times as they stand there."""
    return Counter(re.findall(r"[\u3400-\u9fff]|[\w'-]+", prompt))


@pytest.mark.parametrize("prompt", [DEV["dev-076"], DEV["dev-122"], *OWN])
def test_a_prompt_taken_apart_and_put_together_keeps_every_word(prompt: str) -> None:
    """Order aside; and the parts, taken apart again, are the same parts."""
    slots = explain(prompt)
    again = build(slots, language=language_of(prompt))
    assert words(prompt) == words(again)
    assert len(slots.filled()) >= 4


def test_the_articles_example_is_told_by_its_parts() -> None:
    """Each piece of the known example speaks for the slot a person would say."""
    slots = explain(DEV["dev-122"])
    assert "wide angle" == slots.shot
    assert "a cup of bubble tea" == slots.subject
    assert "condensation drops sliding down the cup" == slots.action
    assert "on a marble table next to a window" == slots.setting
    assert "soft afternoon backlight" == slots.lighting
    assert "slow dolly in" == slots.camera
    assert "photorealistic, 4k, shallow depth of field" == slots.quality


def test_terms_come_out_in_the_language_asked_for() -> None:
    """The vocabulary is translated; a user's own words are left alone."""
    slots = Slots(shot="close-up", subject="a teapot of mine", camera="slow push-in", quality="4k, photorealistic")
    assert "特写，a teapot of mine，镜头缓慢推近，4K，写实" == build(slots, language="zh")
    assert slots == explain(build(slots))


@pytest.mark.parametrize("term", terms(), ids=[f"{t.slot}-{t.en}" for t in terms()])
def test_every_term_is_found_again_in_both_languages(term: object) -> None:
    """Built alone, a term is told for its slot, with a meaning; each word names one slot only."""
    (found,) = [t for t in terms() if t is term]
    assert found.meaning
    for text in (found.en, found.zh):
        (part,) = parts(text)
        assert found.slot == part.slot
    assert found.en in build(Slots(**{found.slot: found.zh}), language="en")


def test_a_picture_needs_motion_and_camera_only() -> None:
    """With a first frame the rest is fixed; with nothing else given it is said after all."""
    slots = Slots(subject="a vase", action="turning", camera="slow orbit", style="product film")
    assert "turning, slow orbit" == build(slots, mode="i2v")
    assert "a vase" == build(Slots(subject="a vase"), mode="i2v")
    assert "turning, slow orbit, soft rain" == build(slots, mode="i2v", sound="soft rain")


def test_several_shots_have_numbers_and_times() -> None:
    """As the vendor's guide writes them, in both languages."""
    shots = [Shot(0, 3, Slots(subject="a cat")), Shot(3, 5, Slots(subject="a dog"))]
    assert "Generate a multi-shot video. A garden. Shot 1 [0-3s]: a cat. Shot 2 [3-5s]: a dog" == build_shots(
        "A garden", shots
    )
    assert "第2个镜头[3-5秒]" in build_shots("花园", shots, language="zh")


def test_templates_fill_in_both_languages_and_name_what_is_missing() -> None:
    """Every template that ships builds without a labelled finding; a missing or unknown variable is named."""
    from wanreel.prompt import Subject, lint

    for template in shipped():
        values = dict.fromkeys(template.variables, "a teapot")
        for language in ("en", "zh"):
            filled = template.fill(values, language)
            assert "{" not in filled
            assert () == lint(Subject(filled, mode=template.mode)).labels
    with pytest.raises(Invalid) as caught:
        shipped()[0].fill({"colour": "red"})
    assert {"product", "colour"} == {p.field for p in caught.value.problems}
    assert {"product", "food", "fashion", "property", "transition"} == {t.kind for t in shipped()}


def test_own_templates_are_checked() -> None:
    """Mistakes in a saved file are listed by name."""
    (own,) = parse_own({"mine": {"en": "{thing} in rain"}})
    assert "a cat in rain" == own.fill({"thing": "a cat"})
    with pytest.raises(Invalid):
        parse_own({"mine": {"en": 3}})


def test_slots_are_eight() -> None:
    """In the order a prompt is written."""
    assert ("shot", "subject", "action", "setting", "lighting", "camera", "style", "quality") == ORDER
