"""What of a negation can go: the span whose loss leaves the rest whole, and the thing itself for the negative prompt."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re

from wanreel.prompt.lexicon import words as listed_words
from wanreel.prompt.reading import Reading, Span

_LEAD = re.compile(
    r"^(?:(?:and|but|please|make sure|ensure|strictly|absolutely|with|there (?:is|are|should be|must be)|has|have|having|also|try to|must|should|showing|contains?) )*"
    r"(?P<key>do not|don't|dont|must not|mustn't|should not|shouldn't|can't|cannot|never|not|no|zero|without|avoid(?:ing)?|prevent(?:ing)?|remov(?:e|ing)|skip|hide|ban|exclude|excluding|omit|refrain from|"
    r"steer clear of|stay away from|get rid of|leave out|devoid of|bereft of|void of|absent (?:of|any|all)|(?:in the )?absence of|sans|(?:completely |totally |entirely )?free (?:of|from)|negative prompt:?|minus|no need for|eliminate|rule out)(?!\w)\s*"
    r"(?P<verb>(?:(?:show|showing|add|adding|include|including|have|use|display|put|render|draw|let|introduce|there be|be) )*)(?:(?:any|the(?! [\w'’]+['’]s)|a single|a|an) )*",
    re.IGNORECASE,
)
_ZH_LEAD = re.compile(
    r"^(?:请|千万|绝对|一定|且|并且|同时|画面中|画面里|画面|镜头|视频|全程|也|并)*(?:不要|不能|不得|不许|不可|不准|不应|不该|不允许|不需要|不希望|不想|不必|不用|无需|无须|切勿|切忌|免(?=字幕|水印|文字|配乐|旁白|人物)|请勿|勿|禁止|严禁|禁用|杜绝|避免|防止|去掉|去除|删除|排除|没有|没|毫无|无|别|不)(?:再)?(?:让|给)?(?:画面中|画面里|画面|镜头里)?(?:出现|有|加入|加上|添加|加|带有|带|包含|含有|含|显示|露出|展示|使用|存在|产生|拍到|看到)?(?:任何|其他|其它|一切|所有|的)*"
)

_NOBODY = re.compile(
    r"(?:please,? )?(?:and |but )?(?:nothing|nobody|no one|no-one|none|neither|nor|nowhere)\b", re.IGNORECASE
)
_PLEASE = re.compile(r",? please$|,? (?:anywhere|at all|whatsoever)$", re.IGNORECASE)
_AGAIN = re.compile(
    r",? (?:and|or) (?:please )?(?:don't|do not|no|without|avoid|never)(?: (?:show|include|add|have|use|display))?(?: any)? (?=\w)",
    re.IGNORECASE,
)
_AGAIN_ZH = re.compile(r"[，,、]?(?:也|和|且)?(?:无(?!人机|花果|线|限|垠)|没有|不要有?|不带|不含)")
_FROM = re.compile(r" from (?:the|its|his|her|their|this|that|any|all|a) [^,;]*$", re.IGNORECASE)
# Words of which a negative prompt makes something else than was meant: "other people" than whom?
_RELATIVE = re.compile(
    r"\bother\b|\belse\b|\banother\b|\bextra (?:cars|vehicles)\b|其他|其它|别的|另外|他人|旁人", re.IGNORECASE
)
_PRONOUN = re.compile(r"(?:he|she|it|they|him|her|them|his|its|their)\b|[他她它](?:们)?", re.IGNORECASE)
# An act told of somebody: "zooming" is a thing to keep out, "altering the background" and "looks at the camera" are not.
_ACT = re.compile(
    r"(?<!\w)\w+ing (?:the|a|an|his|her|its|their|at|any)\b|(?<!\w)\w+(?<!s)s (?:at|to|into|the|his|her|its|their)\b",
    re.IGNORECASE,
)
# Chinese verbs that name a flaw of a picture and so stand well in a negative prompt.
_FLAWS = listed_words(
    "抖动, 晃动, 闪烁, 变形, 模糊, 剪辑, 切换, 转场, 遮挡, 反光, 失真, 畸变, 曝光, 卡顿, 摇晃, 运镜, 拼接, 穿帮, 重影, 过曝, 旁白, 对白, 配乐, 说话, 旋转, 特写, 慢动作, 字幕, 变焦, 推拉"
)
_SUBJECT_ZH = re.compile(r"^(?:请|千万|全程|并且?|且)*(镜头|画面|相机|机位)(?=.{0,4}(?:抖|晃|移|推|切|转|摇|旋|变焦))")
_AFTER_UNSAFE = re.compile(r",? *(?:only|just|but|except)\b|[，,]?(?:只有|只是|仅有|而是|唯有)", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:, (?!(?:a|an|the|one|two) )[\w'-]+(?: [\w'-]+){0,2})*,? (?:and|or|nor) (?!(?:a|an|the|one|two|then|while|make|do|don't|avoid|no|please) )[\w'-]+(?: [\w'-]+)?(?=\s*(?:$|[,.;!?]))",
    re.IGNORECASE,
)
_TAIL_ZH = re.compile(r"[，,][\u4e00-\u9fff]{1,5}[和或与及][\u4e00-\u9fff]{1,5}(?=$|[，。；,;])")
_OPEN, _CLOSE = "(（[【", ")）]】"


def moved(prompt: Reading, start: int, end: int) -> tuple[Span, str]:
    """The span to take out and what the negative prompt gets; nothing for it where taking out would not be safe."""
    whole = _own_clause(prompt, start, end)
    if whole is None:
        return (start, end), ""
    if _bracketed(prompt.text, start, end) or _unsafe(prompt.text, whole, start, end):
        return (start, end), ""
    return whole, _unwanted(prompt, start, end)


def _own_clause(prompt: Reading, start: int, end: int) -> Span | None:
    """The span to take out so that the rest stays whole; None where the words are woven into a sentence."""
    text = prompt.text
    left, right = start, end
    while left > 0 and text[left - 1] in " \t":
        left -= 1
    opens = left == 0 or text[left - 1] in ",;，；、"
    begins_sentence = left == 0 or text[left - 1] in ".!?。！？\n"
    closes = right == len(text) or text[right] in ",;.!?，。；！？、\n"
    if not closes:
        return None
    if opens and left > 0:
        return left - 1, right  # ", no text": the comma before it goes with it
    if begins_sentence:
        if right < len(text):
            right += 1
            while left == 0 and right < len(text) and text[right] in " \t":
                right += 1
        return left, right
    lead = text[start:end].lower().lstrip()
    if re.match(
        r"(?:and |but )?(?:with(?:out)?\b|(?:and |but )(?:no|don't|do not|avoid|never)|free (?:of|from)|with no|devoid of|avoid)",
        lead,
    ):
        return left, right
    return None


def _bracketed(text: str, start: int, end: int) -> bool:
    """Whether a bracket opens before the words and closes after them: half of it must not go."""
    opened = max(text.rfind(mark, max(0, start - 200), start) for mark in _OPEN)
    closed = max(text.rfind(mark, max(0, start - 200), start) for mark in _CLOSE)
    return opened > closed or any(mark in text[start:end] for mark in _OPEN + _CLOSE)


def _unsafe(text: str, whole: Span, start: int, end: int) -> bool:
    """Whether what follows hangs on the words: the rest of their list, or "only …" set against them."""
    words = text[start:end].lower()
    follows = re.match(r", (?:and|or|nor|but) (?:make|ensure|keep|be)\b", text[end:].lower())
    if _AFTER_UNSAFE.match(text, end) or follows or words.startswith("but not "):
        return True
    place = _FROM.search(words)
    if place is not None and re.match(r"(?:please |and )*(?:remov|exclu|eras|delet|get rid|eliminat|omit)", words):
        named = re.findall(r"\w+", place[0])[-1].removesuffix("s")
        if named not in (text[: whole[0]] + text[whole[1] :]).lower():
            return True  # with "remove the signs from the shop fronts" the shop fronts would go too
    listed = re.match(r"(?:and |but |please )*(?:avoid|without|exclude|do not|don't|remove|omit|with no)", words)
    tail = _TAIL.match(text, end)
    if tail is not None and (listed or " and " not in tail[0].lower()):
        return True
    return bool(re.match(r"[请别]*(?:不要|避免|不得|禁止|没有|请勿|不能)", words) and _TAIL_ZH.match(text, end))


def _unwanted(prompt: Reading, start: int, end: int) -> str:
    """The thing itself: "no text on screen" is "text on screen", 不要出现文字 is 文字; empty where there is no thing."""
    plain = prompt.text[start:end].replace("’", "'").strip()
    if _NOBODY.match(plain) or _RELATIVE.search(plain):
        return ""  # "nothing modern may appear" has no thing of its own to move
    chinese = re.search(r"[\u4e00-\u9fff]", plain) is not None
    rest = _chinese(prompt, plain, end) if chinese else _english(plain)
    return "" if rest == plain.strip(" ,，、。.") or _PRONOUN.match(rest) else rest


def _english(plain: str) -> str:
    lead = _LEAD.match(plain)
    if lead is None:
        return ""
    key = lead["key"].lower()
    if key in (
        "do not",
        "don't",
        "dont",
        "must not",
        "mustn't",
        "should not",
        "shouldn't",
        "can't",
        "cannot",
        "never",
        "not",
    ):
        verb = lead["verb"].lower().split()
        if not verb or verb[-1] == "let":
            return ""
    rest = _AGAIN.sub(", ", _PLEASE.sub("", plain[lead.end() :].strip(" ,.")))
    if key.startswith(("remov", "exclu", "hide", "get rid", "omit", "eliminate", "leave out")) and _FROM.search(rest):
        rest = _FROM.sub("", rest)
    return "" if _ACT.search(rest) else rest


def _chinese(prompt: Reading, plain: str, end: int) -> str:
    if re.match(r"(?:请|千万)*(?:别|不要|不能|不得)(?:让|使)", plain):
        return ""
    lead = _ZH_LEAD.match(plain)
    if lead is None:
        return ""
    subject = _SUBJECT_ZH.match(plain)
    rest = plain[lead.end() :]
    words = [w for w in prompt.chinese if w.start >= end - len(rest) and w.end <= end]
    acts = [
        w.text for w in words if w.kind == "v" and w.text not in _FLAWS and w.text not in ("带", "有", "出现", "感")
    ]
    if acts and not any(w.text == "的" for w in words):
        return ""
    rest = _AGAIN_ZH.sub("，", rest.strip(" ,，、。."))
    return f"{subject[1]}{rest}" if subject and not rest.startswith(subject[1]) else rest
