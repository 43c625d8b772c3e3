"""What should not appear or be done, said in the main prompt; safe ones can move into the negative prompt."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wanreel.prompt.finding import NEGATION, Finding, Fix
from wanreel.prompt.gate import Gated
from wanreel.prompt.lexicon import words as listed_words
from wanreel.prompt.reading import Reading, Span
from wanreel.prompt.rules.moving import moved

# Things a person asks to keep out of a picture: what makes "-free", "free of" and "avoiding" a direction.
_UNWANTED = (
    r"(?:text|texts|words?|letters?|captions?|subtitles?|titles?|watermarks?|logos?|brands?|branding|signage|people|person|humans?|"
    r"crowds?|faces?|hands|blur(?:ring|riness)?|motion blur|noise|grain|flicker(?:ing)?|jitter|shak(?:e|ing|iness)|distortions?|artifacts?|"
    r"artefacts?|warping|morphing|glitch(?:es)?|ghosting|clutter|overlays?|borders?|frames?|lens flares?|glare|reflections?|shadows?|cars?|"
    r"vehicles?|animals?|cuts?|jump cuts?|transitions?|zoom(?:ing)?|camera shake|music|dialogue|dialog|speech|voices?|narration|sound|"
    r"overexposure|banding|deformities|extra (?:fingers|limbs|hands|people|objects)|numbers|emoji|emojis|graphics|ui|stickers?|props|"
    r"gore|blood|nudity|violence|smiling|talking|camera movement|duplicates?|pixelation|compression|sudden \w+|fast \w+|harsh \w+|any \w+)"
)
_IDIOM = re.compile(
    r"no\.? ?\d|no\. |no (?:longer|matter|sooner|doubt|wonder|stranger|time|man's|one else's|less than|fewer than|more than|bigger|larger|smaller|"
    r"wider|taller|higher|lower|thicker|thinner|nonsense|less|frills)\b|not a (?:minute|second|moment|day|hour|bit) (?:late|too|early|older|before|after)|no (?:great|particular|small|ordinary|mean|wait|worries|problem|hurry) ?|not (?:only|far|unlike|just|quite|necessarily|surprisingly|least|long)\b|"
    r"never[ -](?:ending|end|ceasing|failing|fading|stop(?:s|ped)?|before|mind|say|setting|sleeping|sleeps|stopping|resting|seen)\b|"
    r"without (?:a )?(?:doubt|saying|end|fail|exception|compare|hesitation|effort|question|warning|equal|hurry|haste)\b|"
    r"nothing (?:fancy|special|extraordinary|compares|but|short|less|like|more than)\b|none other\b|(?:can't|cannot|can not|couldn't|could not) (?:help|wait|stop|contain|resist|get enough|believe)\b|"
    r"no-(?:man|one's|look|nonsense|frills|bake|hands|name|go|brainer|show|fly)|nobody's\b|no$"
)
# What is told of somebody and asks for nothing: "she never tires", "he says nothing", "without thinking", "no one dared".
_MIND = (
    r"(?:tires?|seems?|forg[eo]ts?|knows?|knew|gives? up|wavers?|fails?|learn(?:s|ed|t)?|dares?|dared|minds?|notices?|noticed|doubts?|loses?|lost|"
    r"lonely|alone|sleeps?|rests?|wants?|understands?|understood|believes?|thought|expects?|expected|remembers?|needs?|hears?|heard|"
    r"been|had|has|was|were|ceases?|gets? (?:tired|enough|old)|grows? (?:tired|old)|ages?|quite|before|again)"
)
_TOLD = re.compile(
    rf"(?:never|not) (?:(?:once|quite|even|really|ever|seems?|appears?) )*{_MIND}\b"
    r"|not (?:merely|mere|simply|alone|ordinary|yet|entirely|completely|always|everyone|everything|all|to)\b"
    r"|(?:does not|doesn't|do not|don't|is not|isn't|cannot|can't|has not|hasn't) (?:\w+ly |yet |even |quite )?(?:know|notice|understand|seem|care|mind|realise|realize|believe|want|see (?:him|her|them|it)|hear|feel|dare|flinch|hesitate|hurry|give up|remember|matter|answer|reply)s?\b"
    rf"|(?:nobody|no one|no-one|nothing|none of \w+(?: \w+)?) (?:else )?(?:(?:has|had) (?:ever )?|ever |would |could |quite )?(?:dar|notic|know|knew|remember|believ|understand|understood|answer|suspect|expect|hear|want|happen|compar|stops? (?:him|her|it|them))\w*"
    r"|without (?:a (?:word|sound|pause|care|thought|trace|ripple of)|(?:meaning|thinking|knowing|reali[sz]ing|noticing|hesitating|waiting|speaking|slowing|pausing|breaking stride|losing|missing|spilling|blinking|flinching|complaining|understanding|progress\w*|turning (?:around|round|back|his head|her head)|looking (?:up|back|down|away|round|around|at (?:him|her|it|them|the (?!camera|lens|viewer))))\b)"
)
_SAYS_NOTHING = re.compile(
    r"\b(?:say|says|said|saying|do|does|did|doing|see|sees|saw|hear|hears|heard|know|knows|find|finds|found|feel|feels|notice|notices|want|wants|needs?|ask|asks|answers?|reveals?|leaves?|lit by|holds?|pretend|pretends|pretending|tr(?:y|ies|ying)|careful|is|was|or) $"
)
_CONTRAST = re.compile(
    r"not [^.;!?]{1,60}?,? but (?!please\b|make\b|keep\b|also\b|with\b|show\b|do\b|no\b|not\b|never\b)|not (?:too|overly|excessively) \w+"
)
_STATED = re.compile(r"(?:\b(?:is|are|was|were|lies?|lay|did|does|do|be|but|yet|rests?|comes?|came)|[—–-]) ?$")
# In a story a negated statement about somebody tells what happens; about the picture it directs.
_STATEMENT = re.compile(
    r"(?:does not|doesn't|did not|didn't|is not|isn't|are not|aren't|cannot|can't|can not|never|will not|won't|not)$"
)
_ABSTRACT = re.compile(
    r" ?(?:\w+ )?(?:chance|escape|hope|memor(?:y|ies)|reason|purpose|fear|end|way|idea|result|success|luck|warning|choice|trace|bounds|being|having|answer|reply|rush|need|doubt|regrets?|word)\b"
)
_FINDS = re.compile(r"\b(?:finds?|found|discovers?|discovered|sees?|saw|gets?|got|makes?|made|leaves?|left) (?:\w+ )?$")
_OF_PICTURE = re.compile(
    r"\b(?:camera|shot|frame|picture|image|video|clip|film|footage|text|caption|subtitle|title|logo|watermark|brand|lettering|music|dialogue|voice-?over|narration|sound|cuts?|edits?|lens|flare|blur|shak\w+|zoom\w*|people|person|humans?|crowds?|pedestrians?|bystanders?|passers-?by|vehicles?|cars?|modern|faces?|hands|animals?|scene|background|please|must|should|make sure|ensure|we|i|you|let|want|in sight|in view|visible|anywhere)s?\b"
)
_A_VOID = re.compile(r"\b(?:the|a|an|this|that|its|into|endless|vast|silent) (?:[\w'-]+,? ){0,3}$")
_NAME = re.compile(r"No [A-Z][a-z]+ (?:[A-Z]|Inn\b|Bar\b)|No-[A-Z]")
_WORD = re.compile(
    r"(?<![\w'’-])(?:"
    r"(?:please |and |but |make sure |ensure |strictly |absolutely |ideally |just )*(?:do not|don't|dont|does not|doesn't|must not|mustn't|should not|shouldn't|"
    r"can't|cannot|can not|may not|will not|won't|shall not|is not|isn't|are not|aren't|need not|never|not)"
    r"|(?:with |and |but |there (?:is|are|should be|must be) |has |have |having |showing |absolutely |strictly |contains? )*(?:absolutely |strictly )?(?:no|zero(?= "
    + _UNWANTED
    + r"\b)|zero(?= [a-z]+ ?[a-z]*(?:[,.;]|$))(?! (?:gravity|degrees?|waste|emissions?|hour|point|tolerance|sum|calorie|sugar|g\b)))"
    r"|(?:and |but )?without(?: (?:any|a single))?|nobody|nothing|none of|no one|no-one|neither|nor|nowhere"
    r"|(?:and |but |please )*(?:refrain from|stay away from|steer clear of|get rid of|leave out|omit|exclude|excluding|forbid|prohibit|devoid of|bereft of|void of|absent (?:of|any|all)|sans|lacking any|(?:in the )?absence of(?= (?:any|all|text|people|logos?|sound|colou?r))|"
    r"negatives? ?:|negative prompt ?:?|no need for|keep out|rule out|eliminate|disallow)"
    r")(?![\w'’-]|-)"
)
_REST = re.compile(r"[\w'’-]*")  # of a word that is cut: half of "now" is no "no"
_KEY = re.compile(
    r"(?<![\w'-])(?:do|does|don't|dont|doesn't|must|mustn't|should|shouldn't|can't|can|cannot|may|will|won't|shall|is|isn't|are|aren't|need|never|not|no|zero|without|nobody|nothing|none|no-one|neither|nor|nowhere"
    r"|refrain|stay|steer|get|leave|omit|exclude|excluding|forbid|prohibit|devoid|bereft|void|absent|sans|lacking|absence of|in the absence|negative|negatives|keep out|rule out|eliminate|disallow)(?![\w'])"
)
_KEY_WORDS = listed_words(
    "do, does, don't, dont, doesn't, must, mustn't, should, shouldn't, can't, can, cannot, may, will, won't, shall, is, isn't, are, aren't, need, never, not, no, zero, without, nobody, nothing, none, "
    "neither, nor, nowhere, refrain, stay, steer, get, leave, omit, exclude, excluding, forbid, prohibit, devoid, bereft, void, absent, sans, lacking, absence, negative, negatives, keep, rule, eliminate, disallow"
)
"""One of these stands in every match of `_KEY`."""
_AVOID = Gated(
    r"(?<![\w-])(?:and |but |please |try to |must |should |also |to )*(avoid|avoiding|prevent|preventing|remove|removing|skip|hide|hiding|ban|minus|less)\b (?=\w)"
)
_FREE = Gated(
    rf"\b(?:completely |totally |entirely )?free (?:of|from) (?:any )?{_UNWANTED}\b|\b(?:text|logo|watermark|people|person|blur|caption|subtitle|flicker|noise|grain|artifact|artefact|crowd|shake|jitter|distortion|clutter|brand)s?[- ]free\b"
)
_KEEP = Gated(
    rf"\b(?:keep|leave) (?:the |all |every )?[\w ]{{2,30}}? (?:clear|free|empty|clean) (?:of|from) [\w ]+?(?= *(?:$|[,.;]))|\b(?:keep|leave|cut|crop|edit) (?:all |any |the |every )*[\w ,]{{2,60}}? (?:out of (?:it|this)\b|out of (?:the )?(?:frame|shot|picture|scene|video|image|view)|out(?= *(?:$|[,.;])))"
    rf"|\bshould (?:be|stay|remain) (?:absent|hidden|invisible)\b|\b{_UNWANTED} (?:is|are) (?:forbidden|prohibited|banned|unwanted|not allowed|not permitted)\b"
)
PATTERNS = (_AVOID, _FREE, _KEEP)
_END = re.compile(r"[,;.!?，。；！？\n()\[\]（）【】]|:(?=\s|$)|\s[-–—]\s|\b(?:but|while|then|yet)\b")
# "no bicycles, umbrellas or dogs": further things of the list, bare and short, up to the one after "or".
_BARE = r"(?!(?:a|an|the|one|two|three|his|her|its|their|some|many|only|just|slow|close|wide|medium|with|in|on|at|under) )[a-z][\w'-]*(?: (?!and |or |nor |with |in |while |as )[\w'-]+){0,2}"
_LIST = re.compile(
    rf"(?:, {_BARE}){{0,6}},? (?:or|nor) (?:any )?{_BARE}(?: (?:on|in|at|anywhere)\b[^,.;!?()]*)?(?=\s*(?:$|[,.;!?)]| and (?:make|do|don't|avoid|no|please)))"
)
_LIST_AND = re.compile(rf"(?:, {_BARE}){{0,6}},? and {_BARE}(?=\s*(?:$|[,.;!?)]))")
_ITEM = re.compile(
    rf",? (?:and |or |nor )?(?:(?:any|visible|extra|on-screen|other|camera|brand|company) )*{_UNWANTED}(?: (?:on screen|in frame|visible|whatsoever|at all))?(?=\s*(?:$|[,.;!?]| (?:and|or) ))|(?:, )?(?:and|or|nor) (?:any |other |visible )?{_UNWANTED}\b"
)

_ZH_NOUN = (
    r"(?:任何|其他|其它|多余|多馀|额外|明显|杂|一切|所有|丝毫|半点){0,6}(?:的)?(?:人物|人影|人像|人声|人脸|人(?!机|工|鱼|造|参|间|驾|区|车|艇|店|超市|售|便利|岛|潜|值|配送|化|船|直升|小车|码头|酒店|工厂|餐)|行人|路人|旁人|游客|车辆|车(?!间)|文字|字幕|字样|字(?!塔)|水印|logo|标志|标识|品牌|商标|"
    r"台标|噪点|抖动|闪烁|对白|台词|旁白|配乐|音乐|背景音|声音|变形|畸变|模糊|遮挡|反光|杂物|动物|边框|剪辑|切换|剪切|转场|特效|滤镜|拼接|穿帮|失真|卡顿|曝光过度|重影|鬼影|血腥|暴力|说话|镜头抖动|招牌|广告|符号|数字|阴影(?!灯)|杂音|污渍|瑕疵)"
)
_ZH = re.compile(
    r"(?:请|千万|绝对|一定|且|并且|同时|画面|画面中|画面里|镜头|视频|背景|全程|也|并){0,6}(?:"
    r"(?<!要)(?:不要|不能|不得|不许|不可(?!思议|多得|一世|或缺|分割|磨灭|缺少|捉摸|抗拒|名状|避免|方物|估量|逾越|胜数)|不准|不应|不该|不宜|不允许|不需要|不希望|不想(?=看|要|有)|不必(?=出现|加|有)|无[需须](?=出现|加|有|任何|显示|添加|配乐|字幕|文字|人物|旁白)|不用(?=出现|加|有|字幕|文字|任何|配乐)|"
    r"不出现|不(?:带|含|包含|显示|加|添加|露(?!声色)|露出|看镜头|拍|拍到|展示|使用|切换|改变|抖动|晃动|模糊|变形|说话|出声|保留|遮挡|闪烁|存在|有任何|看向镜头|切镜|剪辑|入镜|进入画面|夹杂|含有|产生|失真|穿帮)(?!锈)"
    r"|切勿|切忌|免(?=字幕|水印|文字|配乐|旁白|人物)|请勿|勿(?!忘我|忘草)|禁止|严禁|禁用|杜绝|避免|避开(?=文字|人|品牌|水印|字)|防止|拒绝(?=出现|任何|文字|字幕|水印|人)|去掉|去除|删除|删掉|排除|剔除|移除|省略|屏蔽|抹去(?=文字|水印|字|人|画面)|擦除(?=文字|水印|字)|拿掉)"
    rf"|(?<![有])没有(?!尽头|边际|边界|终点|止境|尽期|什么不同)|(?<![\u6ca1出淹沉埋])没(?=人|字|有?任何)|毫无(?!疑问|保留|畏惧)|不见(?:一个)?(?:人影|人|行人|车)|(?<!空)无一人|(?:无|零)(?={_ZH_NOUN})|别(?=让|出现|有(?!洞天|风味|韵味|情趣|一番|用心|风情|天地|致|滋味|意境)|加|带|露|拍|放|显示|给|用|写|再|动|看|把|说|切|晃|抖|太)|(?<![^，。；！？,;!?\s：:、])别(?=[\u4e00-\u9fff])(?!具|有|墅|致|样|开生面|处|人|名|称|针|出心裁|来无恙|过|离|后)|非必要"
    r"|反向提示词|负面提示词|负向提示"
    r")"
)
_ZH_SIGNS = re.compile("[不切免勿禁杜避防拒去删排剔移省屏抹擦拿没毫无零别非示]")
"""One of these stands in every match of `_ZH`."""
_ZH_BAD = re.compile(r"不断|不锈|不停|特别|区别|分别|告别|差别|个别|送别|离别|别墅|级别|性别|辨别|识别|道别|惜别|久别")
_ZH_END = re.compile(r"[，。；！？,;!?\n()\[\]（）【】]|(?<=[\u4e00-\u9fff])\s*\.|但(?=是|要|需|保)|而是")


def negations(prompt: Reading, unwanted: Sequence[Span]) -> Iterator[Finding]:
    """Each direction that says what should not be there, whole, with the mark that ties it to the rest."""
    last = -1
    for start, end in sorted(unwanted):
        if start < last:
            continue
        last = end
        yield _finding(prompt, start, end)


def spans(prompt: Reading) -> tuple[Span, ...]:
    """Where something is said not to be there; other rules do not read those places as wishes."""
    return (*_english(prompt), *_chinese(prompt))


def _english(prompt: Reading) -> Iterator[tuple[int, int]]:
    text = prompt.lower
    last = -1
    for match in () if prompt.lacks(_KEY_WORDS) else _words(text):
        if match.start() < last or _idiomatic(text, match) or _named(prompt.said, match) or _narrated(prompt, match):
            continue
        start, last = match.start(), _until(text, match.end())
        yield start, last
    for match in prompt.matches(_AVOID):
        if _is_direction(text, match):
            yield match.start(), _until(text, match.end())
    for pattern in (_FREE, _KEEP):
        for match in prompt.matches(pattern):
            yield match.span()


def _words(text: str) -> Iterator[re.Match[str]]:
    """The matches of `_WORD`, tried only around the words it turns on: it begins with words of many kinds."""
    place = 0
    for key in _KEY.finditer(text):
        if key.start() < place:
            continue
        start = max(place, text.rfind("\n", 0, key.start()), key.start() - 40)
        match = _WORD.search(text, start, _to_the_end_of_a_word(text, key.end() + 40))
        if match is not None and match.end() > key.start():
            place = match.end()
            yield match


def _to_the_end_of_a_word(text: str, place: int) -> int:
    rest = _REST.match(text, place)
    return place if rest is None else rest.end()


def _idiomatic(text: str, match: re.Match[str]) -> bool:
    key = match[0].split()[-1] if match[0].split() else ""
    at = match.end() - len(key)
    if _IDIOM.match(text, at) or _IDIOM.match(text, match.start()):
        return True
    before = text[max(0, match.start() - 16) : match.start()]
    asks = re.search(r"\b(?:i|we|you)(?:'d| would)? (?:really )?$", before) is not None
    if not asks and (_TOLD.match(text, at) or _TOLD.match(text, match.start())):
        return True
    if key == "not" and _CONTRAST.match(text, at) and _STATED.search(before):
        return True
    if (
        key in ("nothing", "not")
        and _SAYS_NOTHING.search(before)
        and (key == "nothing" or text.startswith("not to ", at))
    ):
        return True
    if key == "of" and match[0].startswith("void") and _A_VOID.search(text[max(0, match.start() - 40) : match.start()]):
        return True
    if key in ("no", "not") and re.search(
        r"(?:or|whether or|yes or|says?|say|head|nods?|if|why|dr\.?|believe it or) $", before
    ):
        return True
    if key in ("nor", "never", "not") and re.search(r"(?:once|if) $", before):
        return True
    return re.match(r"[\s.]*$", text[match.end() :]) is not None and key in ("no", "not")


def _narrated(prompt: Reading, match: re.Match[str]) -> bool:
    """Whether a long text tells of somebody what was not: "the seasons do not pass", "he finds no trace of her"."""
    if not prompt.tells_a_story:
        return False
    if _STATEMENT.search(match[0]) is None:  # "no", "without": of a thing that might be seen, unless it is none
        before = prompt.lower[max(0, match.start() - 24) : match.start()]
        return _ABSTRACT.match(prompt.lower, match.end()) is not None or _FINDS.search(before) is not None
    first, last = prompt.sentence_around(match.start())
    start, _ = prompt.clause_at(match.start())
    opens = start >= match.start() or not prompt.lower[max(start, first) : match.start()].strip()
    if opens and not match[0].startswith(("and", "but")):
        return False  # an order begins with its negation
    return (
        _OF_PICTURE.search(prompt.lower, max(first, match.start() - 60), min(last, _until(prompt.lower, match.end())))
        is None
    )


def _named(said: str, match: re.Match[str]) -> bool:
    """Whether "No" is part of a name: the No Name Saloon."""
    at = match.end() - 2
    return match[0].endswith("no") and _NAME.match(said, at) is not None and re.search(r"\w $", said[:at]) is not None


def _is_direction(text: str, match: re.Match[str]) -> bool:
    """Whether "avoid" is said to the model and not of somebody in the scene."""
    verb, before = match[1], text[: match.start()].rstrip()
    rest = text[match.end() : match.end() + 60]
    unwanted = (
        re.match(rf"(?:any |all |the |every |visible |unwanted |excessive )*(?:\w+ )?{_UNWANTED}\b", rest) is not None
    )
    opens = before == "" or before[-1] in ",;.!?，。；\n" or match[0].startswith(("please", "and please"))
    told = opens or match[0].startswith(("and ", "but ", "must ", "should ", "also ", "try to "))
    if verb == "avoid":
        return (
            told and not match[0].startswith("to ")
            if not unwanted
            else not re.search(r"(?:swerv|dodg|duck|jump|leap|weav|run|turn|step|veer)\w* (?:\w+ ){0,4}$", before + " ")
        )
    if verb == "less":
        return False
    if verb in ("minus", "removing", "hiding", "skip", "hide", "ban", "remove"):
        return unwanted and opens
    return unwanted


def _until(text: str, place: int) -> int:
    """The end of what is unwanted: its clause, and further items of its list."""
    found = _END.search(text, place)
    end = found.start() if found else len(text)
    if (more := _LIST.match(text, end)) is not None:
        end = more.end()
    while (item := _ITEM.match(text, end)) is not None and item.end() > end:
        end = item.end()
    return end


def _chinese(prompt: Reading) -> Iterator[tuple[int, int]]:
    if not prompt.has_chinese or _ZH_SIGNS.search(prompt.lower) is None:
        return
    text = prompt.lower
    last = -1
    for match in _ZH.finditer(text):
        if match.start() < last or _ZH_BAD.search(text, max(0, match.end() - 2), match.end() + 1):
            continue
        if _told_chinese(prompt, match):
            continue
        found = _ZH_END.search(text, match.end())
        last = found.start() if found else len(text)
        yield match.start(), last


_ZH_TOLD = re.compile(
    r"不得不|不能不|(?:防止|避免)(?:进一步|更多|更大)|没有(?:停|挪|动(?!物|态|画)|回头|回答|说话就|说一|放弃|忘|改变|变化|察觉|注意|发现|意识|料到|想到|害怕|退缩|犹豫|理会|理睬|抬头|睡|醒|走远|离开|松|散|熄|干|融|化|完全|立刻|马上|随着|因为|任何人(?:知道|发现|注意))|(?:不会|不能)(?:忘|停止|放弃|再)|不应该?被"
)
_ZH_PICTURE = re.compile(r"(?:画面|镜头|视频|背景|构图|全程|全片|画质|机位)[\u4e00-\u9fff]{0,4}$")


def _told_chinese(prompt: Reading, match: re.Match[str]) -> bool:
    """Whether it is told of somebody what did not happen: 弦却没有停, 还没有拆掉的幕布."""
    text = prompt.lower
    at = max(text.find("没有", match.start(), match.end()), text.find("不", match.start(), match.end()), match.start())
    if _ZH_PICTURE.search(text[max(0, at - 10) : at]):
        return False
    if _ZH_TOLD.match(text, at) or _ZH_TOLD.match(text, match.start()):
        return True
    if not text.startswith("没有", at):
        return False
    if prompt.tells_a_story and not re.match(
        rf"没有(?:一[个丝点]|任何|半点)*(?:多余|其他|其它)?(?:的)?{_ZH_NOUN}", text[at:]
    ):
        words = [w for w in prompt.chinese if at + 2 <= w.start < at + 5]
        if words and words[0].kind[:1] in ("v", "d", "p"):
            return True
    return (
        re.match(
            r"没有(?:被|能|敢|想|再|去|来|把|让|向|对(?!白|话)|在|等|给)|没有[\u4e00-\u9fff]{1,3}(?:掉|完|成|过|到|下来|起来|过来)(?:的|，|。|$)",
            text[at : at + 14],
        )
        is not None
    )


def _finding(prompt: Reading, start: int, end: int) -> Finding:
    text = prompt.text
    while end > start and text[end - 1].isspace():
        end -= 1
    words = text[start:end]
    message = f"“{words[:60]}” says what should not be there; models draw the words they read. Say what should be there instead"
    whole, unwanted = moved(prompt, start, end)
    if not unwanted:
        return Finding(NEGATION, *whole, f"{message}.")
    return Finding(NEGATION, *whole, f"{message}, or move it to the negative prompt.", Fix(unwanted))
