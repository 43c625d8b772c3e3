"""What the vendor bills, by hand: FS §10.2's prices times FS §4.3's usages, kept apart from the catalog.

Each row: the request (model, region, how it was asked for), the vendor's usage, what is settled, and what was said
before it was sent ("at most" where the vendor chooses the length, or bills what came in). `None` is "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the table. Amounts are texts: nothing here is a float."""

    model: str
    region: str
    asked: dict[str, Any]
    usage: str
    settled: str
    currency: str
    said: str | None = None  # the estimate; the same as what is settled when left out
    at_most: bool = False
    mode: str = "t2v"
    name: str = field(default="")

    def __str__(self) -> str:
        return f"{self.model} {self.region} {self.asked} -> {self.settled} {self.currency}"


CN, SG, US = "beijing", "singapore", "virginia"

# t2v 2.1, 2.2, 2.5: video_duration, video_ratio is the size, video_count
OLD = '{"video_duration": 5, "video_ratio": "%s", "video_count": 1}'
# t2v 2.6: a float duration, a size, SR
NEW = (
    '{"duration": %s, "size": "%s", "input_video_duration": 0, "output_video_duration": %s, "video_count": 1, "SR": %s}'
)
# i2v 2.6 and the flash with its audio; i2v 2.5 and 2.2; kf2v 2.2
I26 = '{"duration": %s, "input_video_duration": 0, "output_video_duration": %s, "video_count": 1, "SR": %s}'
FLASH = (
    '{"duration": %s, "input_video_duration": 0, "output_video_duration": %s, "video_count": 1, "SR": %s, "audio": %s}'
)
MID = '{"duration": %s, "SR": %s, "video_count": 1}'
STANDARD = '{"video_duration": %s, "video_ratio": "standard", "video_count": 1}'
KF22 = '{"video_duration": 5, "video_count": 1, "SR": %s}'
V27 = (
    '{"duration": %s, "input_video_duration": %s, "output_video_duration": %s, "video_count": 1, "ratio": "16:9", '
    '"SR": %s}'
)
V30 = (
    '{"video_count": 1, "duration": %s, "input_video_duration": %s, "output_video_duration": %s, "fps": 30, "SR": %s, '
    '"ratio": "16:9"}'
)
ONE_CLIP = '{"media": [{"type": "reference_video", "url": "https://example.com/a.mp4"}]}'
EDITED = '{"media": [{"type": "video", "url": "https://example.com/a.mp4"}]}'

TABLE = (
    # --- text to video, 2.1 to 2.6
    Row("wanx2.1-t2v-turbo", CN, {"size": "832*480"}, OLD % "832*480", "1.20", "CNY"),
    Row("wanx2.1-t2v-turbo", CN, {"size": "1280*720"}, OLD % "1280*720", "1.20", "CNY"),
    Row("wan2.1-t2v-turbo", SG, {"size": "832*480"}, OLD % "832*480", "0.18", "USD"),
    Row("wanx2.1-t2v-plus", CN, {"size": "1280*720"}, OLD % "1280*720", "3.50", "CNY"),
    Row("wan2.1-t2v-plus", SG, {"size": "1280*720"}, OLD % "1280*720", "0.50", "USD"),
    Row("wan2.2-t2v-plus", CN, {"size": "832*480"}, OLD % "832*480", "0.70", "CNY"),
    Row("wan2.2-t2v-plus", CN, {"size": "1920*1080"}, OLD % "1920*1080", "3.50", "CNY"),
    Row("wan2.2-t2v-plus", SG, {"size": "832*480"}, OLD % "832*480", "0.10", "USD"),
    Row("wan2.2-t2v-plus", SG, {}, OLD % "1920*1080", "0.50", "USD"),
    Row("wan2.5-t2v-preview", CN, {"size": "832*480"}, OLD % "832*480", "1.50", "CNY"),
    Row("wan2.5-t2v-preview", CN, {"size": "1280*720"}, OLD % "1280*720", "3.00", "CNY"),
    Row("wan2.5-t2v-preview", CN, {"size": "1440*1440"}, OLD % "1440*1440", "5.00", "CNY"),
    Row("wan2.5-t2v-preview", SG, {"size": "832*480"}, OLD % "832*480", "0.25", "USD"),
    Row(
        "wan2.5-t2v-preview",  # sources disagree on its shape: the other one
        CN,
        {"size": "1280*720", "duration_s": 10},
        NEW % ("10.0", "1280*720", "10", "720"),
        "6.00",
        "CNY",
    ),
    Row("wan2.6-t2v", CN, {"size": "1280*720", "duration_s": 10}, NEW % ("10.0", "1280*720", 10, 720), "6.00", "CNY"),
    Row("wan2.6-t2v", CN, {"size": "1632*1248", "duration_s": 2}, NEW % ("2.0", "1632*1248", 2, 1080), "2.00", "CNY"),
    Row("wan2.6-t2v", SG, {"size": "1280*720", "duration_s": 15}, NEW % ("15.0", "1280*720", 15, 720), "1.50", "USD"),
    Row("wan2.6-t2v", US, {"size": "1920*1080", "duration_s": 3}, NEW % ("3.0", "1920*1080", 3, 1080), "3.00", "CNY"),
    Row(
        "wan2.6-t2v-us", US, {"size": "1280*720", "duration_s": 5}, NEW % ("5.0", "1280*720", 5, 720), "3.66962", "CNY"
    ),
    Row(
        "wan2.6-t2v-us",
        US,
        {"size": "1920*1080", "duration_s": 10},
        NEW % ("10.0", "1920*1080", 10, 1080),
        "11.00886",
        "CNY",
    ),
    # --- image to video, 2.1 to 2.6
    Row("wanx2.1-i2v-turbo", CN, {"duration_s": 3}, STANDARD % 3, "0.72", "CNY", mode="i2v"),
    Row("wan2.1-i2v-turbo", SG, {"duration_s": 4}, STANDARD % 4, "0.144", "USD", mode="i2v"),
    Row("wanx2.1-i2v-plus", CN, {}, STANDARD % 5, "3.50", "CNY", mode="i2v"),
    Row("wan2.2-i2v-flash", CN, {"resolution": "480P"}, MID % (5, 480), "0.50", "CNY", mode="i2v"),
    Row("wan2.2-i2v-flash", CN, {"resolution": "720P"}, MID % (5, 720), "1.00", "CNY", mode="i2v"),
    Row("wan2.2-i2v-flash", CN, {"resolution": "1080P"}, MID % (5, 1080), "2.40", "CNY", mode="i2v"),
    Row("wan2.2-i2v-plus", CN, {"resolution": "480P"}, MID % (5, 480), "0.70", "CNY", mode="i2v"),
    Row("wan2.2-i2v-plus", SG, {"resolution": "1080P"}, MID % (5, 1080), "0.50", "USD", mode="i2v"),
    Row("wan2.5-i2v-preview", CN, {"resolution": "720P", "duration_s": 10}, MID % (10, 720), "6.00", "CNY", mode="i2v"),
    Row("wan2.5-i2v-preview", SG, {"resolution": "1080P", "duration_s": 5}, MID % (5, 1080), "0.75", "USD", mode="i2v"),
    Row("wan2.6-i2v", CN, {"resolution": "720P", "duration_s": 7}, I26 % (7, 7, 720), "4.20", "CNY", mode="i2v"),
    Row("wan2.6-i2v", US, {"duration_s": 5}, I26 % (5, 5, 1080), "5.00", "CNY", mode="i2v"),
    Row(
        "wan2.6-i2v-us",
        US,
        {"resolution": "720P", "duration_s": 15},
        I26 % (15, 15, 720),
        "11.00886",
        "CNY",
        mode="i2v",
    ),
    Row(
        "wan2.6-i2v-flash",
        CN,
        {"resolution": "720P", "duration_s": 5},
        FLASH % (5, 5, 720, "true"),
        "1.50",
        "CNY",
        mode="i2v",
    ),
    Row(
        "wan2.6-i2v-flash",
        CN,
        {"resolution": "720P", "duration_s": 5, "audio": False},
        FLASH % (5, 5, 720, "false"),
        "0.75",
        "CNY",
        mode="i2v",
    ),
    Row(
        "wan2.6-i2v-flash",
        CN,
        {"resolution": "1080P", "duration_s": 3, "audio": False},
        FLASH % (3, 3, 1080, "false"),
        "0.75",
        "CNY",
        mode="i2v",
    ),
    Row(
        "wan2.6-i2v-flash",
        CN,
        {"resolution": "1080P", "duration_s": 15},
        FLASH % (15, 15, 1080, "true"),
        "7.50",
        "CNY",
        mode="i2v",
    ),
    # --- first and last frame
    Row("wan2.2-kf2v-flash", CN, {"resolution": "480P"}, KF22 % 480, "0.50", "CNY", mode="kf2v"),
    Row("wan2.2-kf2v-flash", CN, {"resolution": "720P"}, KF22 % 720, "1.00", "CNY", mode="kf2v"),
    Row("wan2.2-kf2v-flash", CN, {"resolution": "1080P"}, KF22 % 1080, "2.40", "CNY", mode="kf2v"),
    Row("wanx2.1-kf2v-plus", CN, {"resolution": "720P"}, STANDARD % 5, "3.50", "CNY", mode="kf2v"),
    Row("wan2.1-kf2v-plus", SG, {"resolution": "720P"}, STANDARD % 5, "0.50", "USD", mode="kf2v"),
    # --- 2.7
    Row("wan2.7-t2v", CN, {"resolution": "720P", "duration_s": 15}, V27 % (15, 0, 15, 720), "9.00", "CNY"),
    Row("wan2.7-t2v", SG, {"resolution": "1080P", "duration_s": 2}, V27 % (2, 0, 2, 1080), "0.30", "USD"),
    Row("wan2.7-t2v-2026-06-12", CN, {"duration_s": 5}, V27 % (5, 0, 5, 1080), "5.00", "CNY"),
    Row("wan2.7-i2v", CN, {"resolution": "720P", "duration_s": 5}, I26 % (5, 5, 720), "3.00", "CNY", mode="i2v"),
    Row("wan2.7-i2v", SG, {"resolution": "720P", "duration_s": 10}, I26 % (10, 10, 720), "1.00", "USD", mode="kf2v"),
    # --- what came in is billed too: at most, and then what it was
    Row(
        "wan2.7-r2v",
        CN,
        {"resolution": "720P", "duration_s": 5, "extra_input": ONE_CLIP},
        V27 % ("8.52", "3.52", 5, 720),
        "5.112",
        "CNY",
        said="6.00",
        at_most=True,
        mode="r2v",
    ),
    Row(
        "wan2.6-r2v-flash",
        CN,
        {
            "size": "1280*720",
            "duration_s": 5,
            "audio": False,
            "extra_input": '{"reference_urls": ["https://example.com/a.mp4", "https://example.com/b.png?x=1"]}',
        },
        I26 % (10, 5, 720),
        "1.50",
        "CNY",
        at_most=True,
        mode="r2v",
    ),
    Row(
        "wan2.7-videoedit",
        CN,
        {"resolution": "720P", "extra_input": EDITED},
        V27 % ("10.04", "5.02", "5.02", 720),
        "6.024",
        "CNY",
        said="12.00",
        at_most=True,
        mode="edit",
    ),
    Row(
        "wan2.7-videoedit",
        SG,
        {"resolution": "1080P", "duration_s": 4, "extra_input": EDITED},
        V27 % ("14.00", "10.00", 4, 1080),
        "2.10",
        "USD",
        at_most=True,
        mode="edit",
    ),
    # --- 3.0: an exact length, and one the model chooses
    Row("wan3.0-video", CN, {"resolution": "480P", "duration_s": 2}, V30 % (2, 0, 2, 480), "0.60", "CNY"),
    Row("wan3.0-video", CN, {"duration_s": 5}, V30 % (5, 0, 5, 1080), "6.00", "CNY"),
    Row(
        "wan3.0-video",
        CN,
        {"resolution": "720P", "duration_s": -1},
        V30 % (7, 0, 7, 720),
        "4.20",
        "CNY",
        said="18.00",
        at_most=True,
    ),
    Row(
        "wan3.0-video",
        SG,
        {"resolution": "1080P", "duration_s": -1},
        V30 % (30, 0, 30, 1080),
        "6.00",
        "USD",
        at_most=True,
    ),
    Row(
        "wan3.0-video",
        CN,
        {"resolution": "720P", "duration_s": 10, "extra_input": ONE_CLIP},
        V30 % (14, 4, 10, 720),
        "8.40",
        "CNY",
        said="18.00",
        at_most=True,
        mode="r2v",
    ),
    Row("wan3.0-video-prime", CN, {"resolution": "1080P", "duration_s": 30}, V30 % (30, 0, 30, 1080), "54.00", "CNY"),
    # --- the other functions
    Row("wanx2.1-vace-plus", CN, {"size": "1280*720"}, OLD % "1280*720", "3.50", "CNY", at_most=True, mode="vace"),
    Row(
        "wan2.2-s2v",
        CN,
        {"resolution": "480P"},
        '{"video_duration": 12.36, "SR": 480}',
        "6.18",
        "CNY",
        said="10.00",
        at_most=True,
        mode="s2v",
    ),
    Row(
        "wan2.2-animate-move",
        CN,
        {"extra_parameters": '{"mode": "wan-std"}'},
        '{"video_duration": 5.2, "video_ratio": "standard"}',
        "2.08",
        "CNY",
        said="12.00",
        at_most=True,
        mode="animate",
    ),
    Row(
        "wan2.2-animate-mix",
        CN,
        {"extra_parameters": '{"mode": "wan-pro"}'},
        '{"video_duration": 5.2, "video_ratio": "pro"}',
        "4.68",
        "CNY",
        said="27.00",
        at_most=True,
        mode="animate",
    ),
    # --- a tier that the vendor chose otherwise than asked is paid as it was made
    Row(
        "wan2.5-i2v-preview",
        CN,
        {"resolution": "1080P", "duration_s": 5},
        MID % (5, 720),
        "3.00",
        "CNY",
        said="5.00",
        mode="i2v",
    ),
)

# --- every shape of usage in FS §4.3, by the models that have it ----------------------------------------------------

_OLD, _STANDARD = "video_duration video_ratio video_count", "video_duration video_ratio video_count"
_LONG = "duration input_video_duration output_video_duration video_count SR"
SHAPES = (
    ("t2v 2.1", "2.1-t2v", _OLD),
    ("t2v 2.2", "wan2.2-t2v", _OLD),
    ("t2v 2.5", "wan2.5-t2v", _OLD),
    ("t2v 2.5, as another source has it", "wan2.5-t2v", f"{_LONG} size"),
    ("t2v 2.6", "wan2.6-t2v", f"{_LONG} size"),
    ("i2v 2.6", "wan2.6-i2v", _LONG),
    ("i2v 2.6 flash", "wan2.6-i2v-flash", f"{_LONG} audio"),
    ("i2v 2.5", "wan2.5-i2v", "duration SR video_count"),
    ("i2v 2.2", "wan2.2-i2v", "duration SR video_count"),
    ("i2v 2.1", "2.1-i2v", _STANDARD),
    ("kf2v 2.2", "wan2.2-kf2v", "video_duration video_count SR"),
    ("kf2v 2.1", "2.1-kf2v", _STANDARD),
    ("t2v 2.7", "wan2.7-t2v", f"{_LONG} ratio"),
    ("i2v 2.7", "wan2.7-i2v", _LONG),
    ("r2v 2.7", "wan2.7-r2v", f"{_LONG} ratio"),
    ("videoedit 2.7, in fractions", "wan2.7-videoedit", f"{_LONG} ratio"),
    ("3.0", "wan3.0", f"{_LONG} fps ratio"),
    ("animate", "wan2.2-animate", "video_duration video_ratio"),
    ("s2v", "wan2.2-s2v", "video_duration SR"),
)

# --- every price of FS §10.2: a second's, by tier; None where none is on record ---------------------------------------


def _three(*rates: str | None) -> dict[str, str]:
    return {tier: rate for tier, rate in zip(("480P", "720P", "1080P"), rates, strict=True) if rate is not None}


_CNY_STANDARD, _USD_STANDARD = _three(None, "0.6", "1.0"), _three(None, "0.10", "0.15")
_27 = ("wan2.7-t2v", "wan2.7-t2v-2026-04-25", "wan2.7-t2v-2026-06-12", "wan2.7-i2v", "wan2.7-i2v-2026-04-25")
_R2V = ("wan2.7-r2v", "wan2.7-r2v-2026-06-12", "wan2.6-r2v", "wan2.7-videoedit")
PRICES = (  # models, region, currency, by tier, with sound or silent
    ((*_27, "wan2.6-t2v", "wan2.6-i2v", *_R2V), CN, "CNY", _CNY_STANDARD, None),
    ((*_27, "wan2.6-t2v", "wan2.6-i2v", *_R2V), SG, "USD", _USD_STANDARD, None),
    (("wan2.5-t2v-preview", "wan2.5-i2v-preview"), CN, "CNY", _three("0.3", "0.6", "1.0"), None),
    (("wan2.5-t2v-preview", "wan2.5-i2v-preview"), SG, "USD", _three("0.05", "0.10", "0.15"), None),
    (("wan2.6-i2v-flash", "wan2.6-r2v-flash"), CN, "CNY", _three(None, "0.3", "0.5"), True),
    (("wan2.6-i2v-flash", "wan2.6-r2v-flash"), CN, "CNY", _three(None, "0.15", "0.25"), False),
    (("wan2.2-t2v-plus", "wan2.2-i2v-plus"), CN, "CNY", _three("0.14", None, "0.70"), None),
    (("wan2.2-t2v-plus", "wan2.2-i2v-plus"), SG, "USD", _three("0.02", None, "0.10"), None),
    (("wan2.2-i2v-flash", "wan2.2-kf2v-flash"), CN, "CNY", _three("0.10", "0.20", "0.48"), None),
    (("wanx2.1-t2v-turbo", "wanx2.1-i2v-turbo"), CN, "CNY", {"any": "0.24"}, None),
    (("wan2.1-t2v-turbo", "wan2.1-i2v-turbo"), SG, "USD", {"any": "0.036"}, None),
    (("wanx2.1-t2v-plus", "wanx2.1-i2v-plus", "wanx2.1-kf2v-plus"), CN, "CNY", _three(None, "0.70", None), None),
    (("wan2.1-t2v-plus", "wan2.1-i2v-plus", "wan2.1-kf2v-plus"), SG, "USD", _three(None, "0.10", None), None),
    (("wanx2.1-vace-plus",), CN, "CNY", _three(None, "0.70", None), None),
    (("wan2.1-vace-plus",), SG, "USD", _three(None, "0.10", None), None),
    (("wan2.2-s2v",), CN, "CNY", _three("0.5", "0.9", None), None),
    (("wan2.2-animate-move",), CN, "CNY", {"std": "0.4", "pro": "0.6"}, None),
    (("wan2.2-animate-mix",), CN, "CNY", {"std": "0.6", "pro": "0.9"}, None),
    (("wan3.0-video",), CN, "CNY", _three("0.30", "0.60", "1.20"), None),
    (("wan3.0-video",), SG, "USD", _three("0.05", "0.10", "0.20"), None),
    (("wan3.0-video-prime",), CN, "CNY", _three("0.45", "0.90", "1.80"), None),
    (("wan2.6-t2v", "wan2.6-i2v"), US, "CNY", _CNY_STANDARD, None),
    (("wan2.6-t2v-us", "wan2.6-i2v-us"), US, "CNY", _three(None, "0.733924", "1.100886"), None),
)
