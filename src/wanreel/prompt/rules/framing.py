"""The framing a prompt asks for against the shape of its size."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from wanreel.prompt.finding import ASPECT_MISMATCH, Finding
from wanreel.prompt.gate import Gated
from wanreel.prompt.reading import Reading

_NOUN = r"(?:videos?|clips?|formats?|framing|framed|orientation|composition|frame|aspect(?: ratio)?|mode|footage|reels?|stor(?:y|ies)|shorts?|shot|screen|crop|layout|ratio|film|recording|canvas|version|cut|output|layout|teaser|ad|advert|trailer|vlog|picture|image|cinematography|edit|post|feed|wallpaper)"
_FILL = r"(?:(?:phone|mobile|smartphone|phone-style|short|social|social-media|full-?screen|fullscreen|cinematic|handheld|selfie|story|9:16|16:9|4k|hd|cell ?phone|style|screen|smartphone-style|short-form|film|camera|ultra|tall|wide|music|fashion|product|travel|promo|lifestyle|video|aspect) )*"
_COLON = r"\s?[:：x×∶/]\s?"
_PORTRAIT = Gated(
    rf"(?<![\d:.])9{_COLON}(?:16|21|19\.5|20)(?![\d:])|(?<![\d:.])3{_COLON}4(?![\d:])(?![- ](?:view|angle|profile|turn|pose|front|back|rear|shot|length|light|time|of|inch|cup|portion|portrait))|(?<![\d:.])4{_COLON}5(?![\d:])|(?<![\d:.])2{_COLON}3(?![\d:])|(?<!\d)(?:1080{_COLON}1920|720{_COLON}1280)"
    rf"|\b(?:vertical|upright|tall|portrait)(?:ly)?[- ]{_FILL}{_NOUN}\b"
    r"|\b(?:shot|filmed|framed|recorded|composed|rendered|captured|cropped|presented|formatted|oriented|film|shoot|frame|record) (?:it |this |everything |entirely |all )?(?:vertically|in (?:vertical|portrait)(?! (?:light|style|photo|paint)))\b"
    r"|(?:^|[,;.，] *)(?:vertical|vertically framed)(?= *(?:$|[,;.，]))|\bin vertical\b(?= *(?:$|[,;.]| for))"
    r"|\b(?:for|as) (?:an? )?(?:tiktok|instagram|ig|youtube|douyin|phone|facebook|snapchat)?\s?(?:reels?|stories|shorts|story format)\b|\b(?:compose|shoot|film|frame|make|keep|hold|crop)d? (?:it |this |everything )?upright\b|\bupright,? for\b|\btaller than (?:it is )?wide\b|\bphone[- ]format\b|\b(?:9|nine) (?:by|to|x) (?:16|sixteen)\b|\bvertical[- ](?:first|oriented)\b|\b(?:full-?screen|mobile|phone|smartphone)[ ,-]+(?:\w+ )?(?:vertical|portrait)\b"
    r"|竖屏|竖版|竖构图|竖画幅|竖幅|竖式(?:构图|画面|视频)|纵向(?:构图|画幅|画面|视频)|竖向(?:构图|画幅|画面|视频)|竖直构图|竖着(?:拍|看|播放|构图|放|刷)|竖拍|九比十六|9比16|竖型|直幅|直式",
)
_LANDSCAPE = Gated(
    rf"(?<![\d:.])16{_COLON}(?:9|10)(?![\d:])|(?<![\d:.])(?:21{_COLON}9|32{_COLON}9|18{_COLON}9|2\.(?:20?|35|39|40?|76){_COLON}1|1\.(?:85|78|66){_COLON}1|2{_COLON}1)(?![\d:])|(?<![\d:.])4{_COLON}3(?![\d:])|(?<![\d:.])3{_COLON}2(?![\d:])|(?<!\d)(?:1920{_COLON}1080|1280{_COLON}720)"
    r"|\b(?:16|sixteen) (?:by|to|x) (?:9|nine)\b|\b2\.\d\d? to 1\b|\b21 (?:by|to) 9\b|\bscope (?:ratio|frame|format|framing|aspect)\b|\bultra-?wide (?:cinema |cinematic |movie |film )?(?:crop|frame|format|framing|aspect|canvas)\b|\bblack bars\b|上下黑边|\bultra[- ]?wide ?screen\b|\bwide-?screen\b|\bwide screen\b|\bcinema-?scope\b|\bletter-?box(?:ed|ing)\b|\b(?:cinematic|movie|film|anamorphic|black|classic|with|theatrical|widescreen|\d:1)[ -](?:wide |black |cinematic |scope )?letter-?box\b|\bletter-?box (?:format|framing|bars|look|composition|ratio|aspect|crop|style|film|shot|frame|video|presentation)\b|(?:^|[,;.] *)letter-?box(?= *(?:$|[,;.]))"
    rf"|\b(?:landscape|horizontal|panoramic)[- ](?:format|orientation|framing|aspect(?: ratio)?|mode|video|clip|crop|layout|composition|canvas|ratio|frame|screen|footage|recording|film format|16:9|output)\b|\bhorizontal {_FILL}(?:video|clip|shot|film|footage|frame|image|format|framing|ad)\b"
    r"|\b(?:shot|filmed|framed|recorded|composed|rendered|captured|cropped|presented|formatted|oriented|film|shoot|frame|record) (?:it |this |everything |entirely )?(?:horizontally|in (?:landscape|horizontal|widescreen|scope)(?! (?:light|style|photo|paint|scen)))\b|(?:^|[,;.] *)(?:horizontal|landscape orientation)(?= *(?:$|[,;.]))|\bwider than (?:it is )?tall\b|\banamorphic (?:format|ratio|frame|framing|widescreen)\b"
    r"|横屏|横版|横构图|横画幅|宽银幕|宽屏|超宽画幅|横式构图|横向(?:构图|画幅|画面|视频)|横幅(?:构图|画面|画幅)|横着拍|横拍|十六比九|16比9|21比9|遮幅|西部片画幅|电影宽画幅|宽画幅|宽幅(?:构图|画面|电影)",
)
_SQUARE = Gated(
    rf"(?<![\d:.])1{_COLON}1(?![\d:.])|\bsquare[- ]{_FILL}(?:video|clip|format|framing|crop|composition|aspect|frame(?! of)|ratio|orientation|canvas|post)\b|正方形(?:画面|构图|画幅|视频)|方形(?:画面|构图|画幅|视频)|方画幅",
)
PATTERNS = (_PORTRAIT, _LANDSCAPE, _SQUARE)
# The words for a framing used of a thing in the scene, of a clock, of a score.
_THING_AFTER = re.compile(
    r"\s*(?:[\u4e00-\u9fff]{0,3}(?:显示器|显示屏|电视|画(?!面|幅|质)|书法|挂历|海报|卷轴|屏风|地图)|tv\b|tvs\b|television|monitor|laptop|display|billboard|led|screen on|garden|blinds|farm|stripes|lines|in (?:his|her|their) hands?|on (?:the|a) wall|am\b|pm\b|a\.m|p\.m|o'clock|train|lead|win|victory|scale|score|screen (?:on|in|of|above)"
    r"|(?:的)?(?:电视|显示器|广告屏|广告机|大屏|海报|书法|招牌|照片|卷轴|挂轴|游戏|地图|过关|屏幕|打游戏|玩|看|握|手游|刷|电脑|笔记本|比分|展板|灯箱|立轴|画轴|对联|闯关|卡带|电子屏|投影|监视器|追剧|条幅|字画|中堂|握着|拿))",
)
_THING_BEFORE = re.compile(
    r"(?:clock|watch|time|timer|score|scoreboard|reads?|reading|showing|shows|display(?:s|ing)?|at|ratio of|winning|leading|verse|psalm|chapter|playing on|plays on|watch(?:es|ing)? (?:a|an|the)|holds? (?:a|an|his|her|the)|of (?:a|an|the) (?:phone|tablet)|record(?:s|ing) (?:a|an)|films? (?:a|an)|filming (?:a|an)|shoots? (?:a|an)|shooting (?:a|an)|scroll\w* through(?: \w+)?|tablet in|phone in|screen in|edit(?:s|ing) (?:a|an)|比分|时间|时钟|钟|表)\s*(?:“|\")?$"
)
_PHONE_HELD = re.compile(
    r"(?:握|拿|举|捧|横着|竖着|横过来|竖起|架着|盯着|看着|低头)[^，。；,;]{0,8}(?:手机|平板|屏幕)?[^，。；,;]{0,4}$"
)


def mismatches(prompt: Reading, size: str | None) -> Iterator[Finding]:
    """Framing words whose shape is not the size's."""
    shape = shape_of(size)
    if shape is None:
        return
    for asked, pattern in (("portrait", _PORTRAIT), ("landscape", _LANDSCAPE), ("square", _SQUARE)):
        if asked == shape:
            continue
        for match in prompt.matches(pattern):
            if not _is_thing(prompt.lower, match):
                words = f"asks for {asked} framing, and the size {size} is {shape}: change one of them."
                yield Finding(ASPECT_MISMATCH, *match.span(), f"“{prompt.text[match.start() : match.end()]}” {words}")


@lru_cache(maxsize=256)
def shape_of(size: str | None) -> str | None:
    """`landscape`, `portrait` or `square` of W*H (or a ratio); None where it cannot be read."""
    found = re.fullmatch(r"\s*(\d+)\s*[*x×:]\s*(\d+)\s*", size or "")
    if not found:
        return None
    width, height = int(found[1]), int(found[2])
    return "square" if width == height else "landscape" if width > height else "portrait"


def _is_thing(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 40) : match.start()]
    if match[0].startswith("tall") and re.search(r"\b(?:his|her|its|their|lanky|slender) $", before):
        return True  # of somebody's build
    if match[0][:1].isdigit() and re.search(
        r"\b(?:clock|clocks|watch|o'clock|timer|alarm|score|scoreboard|kick-?off|timetable|departure)\b|时钟|闹钟|挂钟|比分|钟表|手表|计时",
        text[max(0, match.start() - 60) : match.end() + 40],
    ):
        return True
    if _THING_AFTER.match(text, match.end()) or _THING_BEFORE.search(before):
        return True
    held = match[0].startswith(("横", "竖")) and _PHONE_HELD.search(before) is not None
    wider = re.match(r"[^，。；,;]{0,6}(?:打游戏|玩游戏|看剧|看电影|看直播|追剧)", text[match.end() :]) is not None
    return held or (match[0][0] in "横竖" and wider)
