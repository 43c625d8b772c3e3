"""Reading a prompt: hour, place, weather, subjects with their colours, camera; English and Chinese, tables only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

RGB = tuple[int, int, int]

HOURS: dict[str, str] = {
    "night": r"nights?|midnight|moonlit|moonlight|moon|starry"
    r"|夜晚|黑夜|深夜|夜色|夜空|夜里|夜景|月光|月亮|月色|星空|午夜|夜",
    "sunset": r"sunset|dusk|twilight|golden hour|evening|日落|夕阳|黄昏|傍晚|晚霞|落日|暮色",
    "dawn": r"sunrise|dawn|morning|daybreak|日出|清晨|早晨|黎明|晨光|朝霞|晨雾|晨",
    "overcast": r"overcast|cloudy|gloomy|stormy?|foggy|misty|rainy|阴天|多云|暴风雨|乌云|雨天|灰蒙蒙",
    "day": r"day(?:time|light)?|noon|sunny|sunlit|sunlight|blue sky|白天|正午|阳光|晴天|晴朗|蓝天|午后|中午",
}

PLACES: dict[str, str] = {
    "space": r"outer space|space|galaxy|planets?|mars|asteroids?|太空|宇宙|银河|星球|火星",
    "underwater": r"underwater|coral|deep sea|seabed|海底|水下|珊瑚|深海",
    "sea": r"seas?|seaside|oceans?|beach(?:es)?|waves?|coast|shore|surf"
    r"|大海|海边|海滩|海浪|海面|沙滩|海洋|海岸|浪花|波涛|海",
    "lake": r"lakes?|rivers?|pond|stream|湖|河|江|溪|池塘|水面",
    "bamboo": r"bamboos?|竹林|竹子|翠竹|竹",
    "forest": r"forests?|woods?|woodland|jungle|trees?|森林|树林|丛林|林间|林中|树木",
    "snow": r"snow(?:y|field|scape)?|arctic|glacier|ice|winter|雪地|雪山|雪原|冰川|冬天|冬季|冰雪|雪",
    "desert": r"deserts?|dunes?|sand|sahara|沙漠|沙丘|戈壁",
    "mountain": r"mountains?|hills?|peaks?|cliffs?|valley|canyon|高山|山脉|山峰|群山|山谷|悬崖|山顶|山",
    "city": r"city|cities|streets?|skyline|buildings?|downtown|urban|alley|tokyo|shanghai|new york|neon|road|highway"
    r"|城市|街道|街头|高楼|大厦|都市|巷|上海|北京|东京|霓虹|公路|马路|街",
    "studio": r"studio|product shot|product photo(?:graphy)?|(?:plain |solid |white "
    r"|black |pink |blue |grey |gray )?background"
    r"|摄影棚|产品|背景|展台",
    "room": r"room|kitchen|office|indoors?|interior|table|desk|caf[eé]|bedroom|library|shop|stage"
    r"|房间|厨房|室内|办公室|客厅|卧室|咖啡馆|桌|图书馆|商店|舞台|餐厅",
    "field": r"fields?|meadows?|grass(?:land)?|garden|park|prairie|lawn|countryside|farm"
    r"|草地|草原|田野|花园|公园|草坪|田园|乡村",
}

WEATHERS: dict[str, str] = {
    "snow": r"snow(?:ing|fall|flakes?|y)?|blizzard|下雪|飘雪|雪花|大雪|雪",
    "rain": r"rain(?:ing|y|drops?|fall)?|drizzle|downpour|storm|下雨|雨中|细雨|大雨|暴雨|雨",
    "fog": r"fog(?:gy)?|mist(?:y)?|haze|雾|薄雾|烟雾",
    "petals": r"petals?|cherry blossoms?|sakura|blossoms?|花瓣|樱花|桃花|落花",
    "leaves": r"falling leaves|autumn|fall leaves|maple|落叶|秋天|秋日|枫叶|秋",
    "fireworks": r"fireworks?|烟花|烟火|焰火",
    "sparks": r"fire|flames?|embers?|sparks?|bonfire|fireflies|火焰|篝火|火花|萤火虫|燃烧",
    "bubbles": r"bubbles?|泡泡|气泡",
}

SUBJECTS: dict[str, str] = {
    "cat": r"cats?|kittens?|kitty|小猫|猫咪|猫",
    "dog": r"dogs?|pupp(?:y|ies)|corgi|husky|小狗|狗狗|狗|柯基|犬",
    "fox": r"fox(?:es)?|狐狸|狐",
    "wolf": r"wol(?:f|ves)|狼",
    "rabbit": r"rabbits?|bunny|bunnies|hare|兔子|兔",
    "panda": r"pandas?|熊猫",
    "bear": r"bears?|teddy|熊",
    "horse": r"horses?|pony|stallion|unicorn|骏马|马儿|马(?!路|克)",
    "deer": r"deer|stag|elk|reindeer|小鹿|鹿",
    "tiger": r"tigers?|leopard|cheetah|老虎|虎|豹",
    "lion": r"lions?|狮子|狮",
    "elephant": r"elephants?|大象|象",
    "camel": r"camels?|骆驼",
    "cow": r"cows?|bull|ox|cattle|奶牛|牛",
    "sheep": r"sheep|lambs?|goats?|绵羊|山羊|羊",
    "dragon": r"dragons?|巨龙|龙",
    "whale": r"whales?|dolphins?|orca|鲸鱼|鲸|海豚",
    "fish": r"fish(?:es)?|koi|goldfish|shark|小鱼|金鱼|锦鲤|鲨鱼|鱼",
    "bird": r"birds?|eagles?|seagulls?|gulls?|parrot|crow|owl|swallow|cranes?|小鸟|飞鸟|老鹰|海鸥|燕子|鹤|鸟|鹰",
    "butterfly": r"butterfl(?:y|ies)|蝴蝶|蝶",
    "astronaut": r"astronauts?|cosmonaut|宇航员|航天员|太空人",
    "robot": r"robots?|android|mecha?|机器人|机甲",
    "woman": r"wom[ae]n|girls?|lady|princess|queen|mother|actress|bride|she|her"
    r"|女孩|女人|女子|少女|姑娘|女士|女性|小姐|公主|母亲|妈妈|新娘",
    "man": r"m[ae]n|boys?|guy|king|father|warrior|samurai|knight|chef|dancer|person|people|child(?:ren)?|kids?|he|his"
    r"|男孩|男人|男子|少年|男士|老人|父亲|武士|厨师|舞者|人物|行人|小孩|孩子|儿童|侠客|剑客|将军",
    "rocket": r"rockets?|spaceship|spacecraft|starship|火箭|飞船",
    "plane": r"(?:air)?planes?|aircraft|jet|飞机",
    "drone": r"ufo|helicopter|无人机|直升机",
    "train": r"trains?|metro|subway|火车|高铁|列车|地铁",
    "bus": r"bus(?:es)?|trucks?|van|巴士|公交车|卡车|货车",
    "car": r"cars?|sports car|taxi|suv|sedan|convertible|vehicles?|汽车|跑车|轿车|出租车|车辆|小车|赛车",
    "bicycle": r"bicycles?|bikes?|cyclist|motorcycle|自行车|单车|摩托车",
    "boat": r"boats?|ships?|sail(?:boat|ing)?|yacht|canoe|帆船|小船|轮船|渔船|游艇|船|舟",
    "balloon": r"balloons?|hot[- ]air balloons?|热气球|气球",
    "lantern": r"lanterns?|灯笼|孔明灯",
    "cup": r"coffee|cups?|mug|tea|latte|咖啡|茶杯|杯子|茶|杯",
    "bottle": r"bottles?|perfume|wine|serum|skincare|lotion|soda|cola|瓶子|香水|酒瓶|精华|护肤品|饮料|瓶",
    "phone": r"phones?|smartphone|tablet|手机|平板",
    "watch": r"watch(?!ing)|wristwatch|clock|手表|腕表|时钟|钟表",
    "shoe": r"sneakers?|shoes?|boots?|运动鞋|球鞋|鞋子|鞋",
    "cake": r"cakes?|dessert|cupcake|蛋糕|甜点",
    "flower": r"flowers?|rose|tulips?|sunflowers?|lotus|peony"
    r"|花朵|玫瑰|向日葵|荷花|莲花|牡丹|郁金香|鲜花|(?<![樱桃落烟雪浪火])花(?!园|瓣|火)",
    "campfire": r"campfires?|bonfires?|篝火|火堆|营火",
    "castle": r"castles?|palace|temple|pagoda|tower|城堡|宫殿|寺庙|宝塔|塔|宫",
    "house": r"houses?|cabin|cottage|hut|village|房子|小屋|木屋|村庄|屋",
    "windmill": r"windmills?|wind turbines?|风车",
    "ball": r"balls?|football|basketball|sphere|球体|足球|篮球|皮球",
}

COLOURS: dict[str, tuple[str, RGB]] = {
    "red": (r"red|crimson|scarlet|红色|红", (214, 48, 49)),
    "orange": (r"orange|橙色|橘色|橘|橙", (240, 138, 40)),
    "yellow": (r"yellow|黄色|黄", (247, 208, 56)),
    "gold": (r"gold(?:en)?|amber|金色|金", (226, 176, 60)),
    "green": (r"green|emerald|绿色|翠绿|碧绿|绿|翠", (58, 158, 82)),
    "teal": (r"teal|turquoise|cyan|aqua|青色|青", (48, 178, 180)),
    "blue": (r"blue|azure|cobalt|蓝色|蔚蓝|蓝", (52, 110, 214)),
    "navy": (r"navy|indigo|藏青|靛", (32, 50, 110)),
    "purple": (r"purple|violet|lavender|紫色|紫", (136, 84, 196)),
    "pink": (r"pink|rosy|magenta|粉色|粉红|粉", (240, 128, 170)),
    "brown": (r"brown|chestnut|棕色|褐色|棕|褐", (128, 84, 50)),
    "black": (r"black|黑色|黑", (34, 36, 42)),
    "white": (r"white|ivory|白色|雪白|白", (242, 242, 240)),
    "grey": (r"gr[ae]y|silver|灰色|银色|灰|银", (150, 156, 166)),
}

CAMERAS: dict[str, str] = {
    "pull back": r"pull(?:s|ing)?[- ](?:back|out|away)|zoom(?:s|ing)?[- ]out|dolly(?:ing)?[- ]out"
    r"|拉远|拉镜|后拉|镜头后退",
    "push in": r"push(?:es|ing)?[- ]in|zoom(?:s|ing)?(?:[- ]in)?|dolly(?:ing)?(?:[- ]in)?|close[- ]?up"
    r"|推进|推近|推镜|拉近|前推|特写",
    "orbit": r"orbit(?:s|ing)?|circl(?:es|ing)|arc shot|rotat(?:es|ing) around|360|环绕|绕拍|旋转",
    "pan left": r"pan(?:s|ning)?[- ](?:to the )?left|向左(?:平移|摇|移)|左移|左摇",
    "pan right": r"(?:camera pans?|camera panning|panning|slow pan|pan shot)(?![- ](?:to the )?left)"
    r"|pan(?:s|ning)?[- ](?:to the )?right|pan(?:s|ning)? (?:across|over|along)|track(?:s|ing)?"
    r"|向右(?:平移|摇|移)|右移|右摇|平移|摇镜|横移|跟拍|跟随",
    "tilt up": r"tilt(?:s|ing)?[- ]up|crane(?:s|ing)?[- ]up|ascend(?:s|ing)?|rise|上摇|上升|升镜|仰",
    "tilt down": r"tilt(?:s|ing)?[- ]down|crane(?:s|ing)?[- ]down|descend(?:s|ing)?|下摇|下降|降镜|俯",
    "handheld": r"hand[- ]?held|shak(?:y|ing)|手持|晃动",
    "aerial": r"aerial|drone (?:shot|view)|bird'?s[- ]eye|flyover|航拍|俯瞰|鸟瞰",
    "static": r"static|fixed (?:camera|shot)|still (?:camera|shot)|locked[- ]off|tripod|固定镜头|固定机位|静止",
}

STYLES: dict[str, str] = {
    "mono": r"black[- ]and[- ]white|monochrome|ink wash|ink painting|水墨|黑白|素描",
    "neon": r"cyberpunk|neon|synthwave|赛博朋克|霓虹",
}

BRISK = (
    r"runs?|running|gallop(?:s|ing)?|sprint(?:s|ing)?|rac(?:es|ing)|dash(?:es"
    r"|ing)|chas(?:es|ing)|fast|speed(?:s|ing)?|danc(?:es|ing)"
    r"|奔跑|飞奔|疾驰|飞驰|快速|奔驰|追逐|跳舞|起舞|跑"
)

_NOT = re.compile(
    r"\b(?:no|without|not|never|avoid)\s+(?:any\s+)?[\w'-]+(?:\s+(?:or"
    r"|and)\s+[\w'-]+)?|(?:没有|不要|避免|无)[^，。,.；;\s]{1,4}"
)
_SNOWED = ("snow", "forest", "mountain")
_READ_CHARS = 4_000
_NEAR = 26
_STOP = re.compile(r"[,，。.;；]")
SUBJECTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to draw, in the colour the prompt gave it (None: its own)."""

    kind: str
    colour: RGB | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt asks to see; None and empty where it does not say."""

    hour: str | None
    place: str | None
    weather: tuple[str, ...]
    subjects: tuple[Subject, ...]
    colours: tuple[RGB, ...]
    camera: str | None
    style: str | None = None
    brisk: bool = False


def read(prompt: str) -> Wish:
    """The wish in a prompt: first mention wins, at most three subjects, things said not to be there left out."""
    text = _NOT.sub(lambda found: "#" * len(found[0]), prompt[:_READ_CHARS].casefold())
    camera = _first(CAMERAS, text)
    hour = _first(HOURS, text)
    # Chinese hours contain colour words (黑夜, 白天, 黄昏) and so do a few English ones: they are no paint.
    paints = _paints(_blank(HOURS, text))
    subjects = _subjects(_blank(CAMERAS, text), paints)
    brisk = bool(_regex(BRISK).search(text))
    taken = {subject.colour for subject in subjects}
    spare = tuple(dict.fromkeys(rgb for _, rgb in paints if rgb not in taken))
    weather = tuple(kind for kind, pattern in WEATHERS.items() if _regex(pattern).search(text))
    return Wish(hour, _place(text), weather, subjects, spare, camera, _first(STYLES, text), brisk)


def _place(text: str) -> str | None:
    """The first place named. A mere background is one only when nothing else is; snow in a street is weather."""
    named = sorted((found.start(), name) for name, found in _hits(PLACES, text))
    places = [name for _, name in named]
    others = [name for name in places if name != "studio"]
    if others and others[0] == "snow":
        return next((name for name in others if name not in _SNOWED), "snow")
    return (others or places or [None])[0]


def _subjects(text: str, paints: list[tuple[int, RGB]]) -> tuple[Subject, ...]:
    found: list[tuple[int, str]] = []
    for kind, pattern in SUBJECTS.items():
        match = _regex(pattern).search(text)
        if match:
            found.append((match.start(), kind))
    chosen: list[Subject] = []
    for at, kind in sorted(found)[:SUBJECTS_MAX]:
        before = max((start for start, _ in found if start < at), default=-1)  # its colour is not this one's
        near = [rgb for end, rgb in paints if before < end <= at <= end + _NEAR and not _STOP.search(text, end, at)]
        chosen.append(Subject(kind, near[-1] if near else None))
    return tuple(chosen)


def _paints(text: str) -> list[tuple[int, RGB]]:
    """Every colour word with the place it ends at, in order."""
    hits = [(found.end(), rgb) for pattern, rgb in COLOURS.values() for found in _regex(pattern).finditer(text)]
    return sorted(hits)


def _first(table: dict[str, str], text: str) -> str | None:
    hits = [(found.start(), name) for name, found in _hits(table, text)]
    return min(hits)[1] if hits else None


def _hits(table: dict[str, str], text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for name, pattern in table.items():
        found = _regex(pattern).search(text)
        if found:
            yield name, found


def _blank(table: dict[str, str], text: str) -> str:
    for pattern in table.values():
        text = _regex(pattern).sub(lambda found: "#" * len(found[0]), text)
    return text


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """English words whole, Chinese ones anywhere."""
    return re.compile("|".join(part if _is_han(part) else rf"\b(?:{part})\b" for part in _split(pattern)))


def _split(pattern: str) -> list[str]:
    """The alternatives at the top level of a pattern."""
    parts: list[str] = []
    depth = start = 0
    for index, char in enumerate(pattern):
        depth += (char in "([") - (char in ")]")
        if char == "|" and not depth:
            parts.append(pattern[start:index])
            start = index + 1
    return [*parts, pattern[start:]]


def _is_han(part: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in part)
