"""Text-to-video that speaks of a picture or a video nobody supplied."""

# ruff: noqa: E501 - a pattern is read as one line, like the row of a table

from __future__ import annotations

import re
from collections.abc import Iterator

from wanreel.prompt.finding import WRONG_MODE, Finding
from wanreel.prompt.gate import Gated
from wanreel.prompt.reading import Reading

_PIC = r"(?:images?|photos?|pictures?|pics?|photographs?|stills?|snapshots?|screenshots?|selfies?|headshots?|drawings?|sketch(?:es)?|paintings?|illustrations?|artworks?|renders?|renderings?|logos?|portraits?|posters?|designs?|jpe?gs?|pngs?|scans?|files?|cartoon|comic|storyboard|concept art|product shots?|first frame|last frame|frames?|attachments?|uploads?|reference|map|diagram|icon|avatar|meme|mock-?up)"
_VID = r"(?:videos?|clips?|footage|recordings?|gifs?|movies?|films?|takes?|mp4)"
_ANY = rf"(?:{_PIC}|{_VID})"
_SUPPLIED = r"(?:attached|uploaded|provided|supplied|given|input|source|enclosed|original|above|submitted|included|reference|existing|accompanying|user's|sent|selected|inserted|linked|shared|imported)"
_MINE = r"(?:my|our|your)"
_ADJ = r"(?:(?!of\b|in\b|on\b|with\b|and\b|to\b|is\b)[\w'’-]+ ){0,3}"
_EN = (
    rf"\b(?:the|this|these|those|that|my|our|your|an?) (?:\w+ )?{_SUPPLIED} {_ADJ}{_ANY}\b",
    rf"\b{_SUPPLIED} (?:{_PIC}|{_VID})\b",
    r"\b(?:this|these) (?:still |old |family |black[- ]and[- ]white |vintage |product |profile |wedding |static |single |\w+ )?(?:image|photo|picture|pic|photograph|still|snapshot|screenshot|selfie|headshot|drawing|sketch|illustration|artwork|render|jpe?g|png|scan|video|footage|gif|file|attachment|childhood photo)s?\b(?! (?:is|was|shows|studio|album|booth|shoot|frame)\b)",
    r"\b(?:this|these) (?:painting|portrait|logo|poster|design|clip|cartoon|frame|recording|storyboard)s?\b(?= *(?:$|[,.;]|so|to|and|into|come|move|as|by|with|alive|in|of me|of my))",
    rf"\b{_MINE} (?:{_ADJ})?(?:image|photo|picture|pic|photograph|snapshot|screenshot|selfie|headshot|drawing|sketch|illustration|artwork|render|jpe?g|png|scan|video|footage|gif|upload|attachment|clip|logo|still)s?\b(?! (?:frame|album|booth|camera|card))",
    rf"\b{_ANY} (?:that |which )?(?:i|we|you) (?:\w+ )?(?:just |have |had |already |recently |'ve )*(?:uploaded|upload|attached|attach|provided|provide|sent|send|gave|give|shared|share|supplied|supply|took|made|drew|submitted|posted|included|added|shot|captured|painted|pasted|linked)\b",
    r"\bhere(?:'s| is| are|,) (?:a|an|my|our|the|two|some|your) (?:\w+ ){0,2}(?:image|photo|picture|pic|photograph|snapshot|screenshot|selfie|drawing|sketch|illustration|video|clip|portrait|logo|frame)s?\b",
    r"\b(?:take|use|using|animate|with|from|based on|turn|make) (?:my|our) (?:\w+ ){0,2}(?:portrait|painting|poster|frame|design|map|mock-?up|still|avatar|storyboard|plan)s?\b",
    r"\b(?:i|we)(?: have|'ve)? (?:just |already )?(?:uploaded|attached|provided|sent|shared|supplied|included|submitted|pasted)\b",
    rf"\b{_ANY} (?:attached|provided|supplied|uploaded|enclosed|given|above|below|i'm sending|from the link)\b(?! by (?:a|the) \w+ (?:to|on) (?:the|a))",
    rf"\b(?:animate|bring|turn|convert|transform|extend|continue|make|edit|restore|colou?ri[sz]e|stylize|restyle|morph|re-?animate|enhance|remix|upscale|loop|prolong|lengthen|rework|retouch|redo) (?:the|this|that|these|my|our|it from the) (?:{_ADJ})?(?:image|photo|picture|pic|photograph|still|snapshot|screenshot|selfie|headshot|drawing|sketch|illustration|artwork|render|jpe?g|png|scan|video|footage|clip|logo|portrait|painting|poster|frame|character in|person in|people in|subject in|subjects in)\b",
    rf"\b(?:people|person|man|woman|men|women|girl|boy|child|kid|baby|couple|characters?|figures?|subjects?|models?|products?|object|dog|cat|animal|car|face|faces|everyone|someone|clothes|outfit|hair|background|sky|water|scene|room|building|flowers?|bottle|item|shoe|sneaker|logo|lady|guy|pet|family|team|landscape|bird|horse|statue|house|elements?|objects?|composition|pose|lighting|style|colou?rs?) (?:\w+ )?(?:shown |seen |pictured |depicted |visible |featured )?(?:in|from|of|on) (?:the|this|that) (?:{_ADJ})?(?:image|photo|picture|pic|photograph|snapshot|screenshot|selfie|still|video|footage|clip|attachment|upload|reference|first frame|input|drawing)\b(?! (?:frame|album|wall|book|on the|hanging|booth))",
    rf"\b(?:based on|according to|starting from|start from|starting with|start with|begin with|beginning with|beginning from|using|use|from|match|matching|follow|following|as (?:shown|seen|depicted|pictured) in|like in|same as in|taken from|inspired by|referencing|refer to|reference|built from|generated from|given|keep|preserve|faithful to|identical to|take) (?:the|this|that|my) (?:{_ADJ})?(?:image|photo|picture|pic|photograph|snapshot|screenshot|selfie|still|jpe?g|png|attachment|upload|first frame|input frame|input|reference frame|sketch|drawing|artwork)\b(?! (?:frame|album|wall|book|on the|hanging|booth|stud|he|she|they|of (?:his|her|their|a|an)\b))",
    r"\b(?:as|for) (?:the|its|an|my) (?:first|opening|starting|initial|start|last|end|key) ?frame\b|\breference (?:image|photo|picture|video|frame)s?\b|\binput (?:image|photo|picture|video|frame)s?\b|\bimage[- ]to[- ]video\b|\bi2v\b|\bimg2vid\b",
    r"\b(?:image|photo|picture|video) ?(?:#|no\.? ?)?[1-9]\b(?! (?:in|on) (?:a|the) (?:series|gallery))|@(?:image|img|photo|video)\w*|<image>|\[image\]",
    r"\b(?:the|this|still) (?:image|photo|photograph|picture|still|snapshot|selfie|drawing|artwork) (?:should |must |to |slowly |gently |suddenly )*(?:come|comes|coming) (?:alive|to life)\b|\b(?:bring|make|let) (?:the|this|that|my) (?:\w+ )?(?:image|photo|photograph|picture|snapshot|selfie|still|drawing)\b",
    r"\b(?:in|from|to|like|as|per|match(?:es|ing)?|following|on) the (?:reference|attachment|upload|input|source (?:image|photo)|supplied (?:image|photo))\b(?! (?:book|library|desk|room|section|work|shelf|point|line|level|manual))",
    r"\bhere(?:'s| is| are|,) (?:my|our) (?:\w+ ){0,2}(?:shot|packshot|product|render|file|artwork|design|mock-?up|storyboard|footage)s?\b",
    r"\b(?:i'm|i am|we're|we are) (?:now |also )?(?:attaching|uploading|sending|sharing|providing|giving you)\b|\b(?:i've|i have|we've|we have) (?:got )?(?:an?|this|the|my|our|two|some) (?:\w+ ){0,2}(?:image|photo|picture|still|snapshot|selfie|drawing|video|clip|scan)s?\b",
    r"\bhere(?:'s| is| are) my (?:\w+ ){0,2}\w+\b(?=[^.;]{0,12}\b(?:please|make|let|animate|have|turn|get)\b)",
    r"\b(?:first|second|third|last|other) (?:image|photo|picture|still|snapshot|drawing)s? (?:as|for|serves? as|is) (?:the|its|an?) (?:\w+ )?(?:start|end|ending|beginning|opening|final|last|first|reference|background|source|style|target)\w*\b",
    r"\bwhat(?:'s| is|ever is)?(?: you see| we see)?(?: shown| visible| depicted)? (?:in|on) the (?:image|photo|picture|photograph|still|screenshot|snapshot)\b",
    r"\b(?:picks? up|continues?|continuing|resum\w+|carry on|carries on) (?:right |directly |seamlessly |exactly )*(?:from )?(?:where )?(?:the|my|this|that) (?:\w+ )?(?:previous |last |earlier |prior )?(?:video|clip|footage|shot) ?(?:ends|ended|stops|left off)?\b",
)
_ZH_PIC = r"(?:图片|照片|图像|相片|图|画作|插画|截图|自拍照?|海报|素材|视频|片段|录像|头像|原画|草图|手稿|效果图|产品图|商品图|人像|合影|画面|证件照|全家福|老照片|影像|动图|设计图|线稿|风景照|生活照|写真|剧照|黑白照|婚纱照|[\u4e00-\u9fff]{0,3}照|[\u4e00-\u9fff]{0,3}图)"
_MIXED = r"photo|image|picture|pic|selfie|video|clip|footage|screenshot|img|jpg|png|gif|logo image|sketch|drawing"
_ZH = (
    r"(?:这|该|此|那)(?:一)?(?:张|幅|段|组|帧|些|份|条|个(?!人|女|男|孩|动|地|城|时|角|小|老|画))(?:[\u4e00-\u9fffA-Za-z]{0,6}?)(?:图片|照片|图像|相片|插画|截图|自拍|素材|视频|片段|录像|画作|海报|原图|草图|效果图|合影|全家福|老照片|[\u4e00-\u9fff]{0,4}照(?!亮|耀|射|在|着|顾|常|样|镜)|图(?!书|案|腾|谋)|画(?!面|框|廊|展|家|师|画|着|出|上|完|笔|卷))",
    r"(?:上传|提供|附上|附带|发来|发送|给出|给定|导入|传入|所附|所给|输入|指定|提交|上面|下面|上述|已有|现有|贴出|发给你|给你|分享|选定|传(?!递|统|说|来|播|承|奇|单|真))(?:的|了的|过的)?(?:这|那)?(?:一)?(?:张|幅|段|个|组)?(?:[\u4e00-\u9fff]{0,6}?)(?:图片|照片|图像|相片|图|插画|截图|自拍|素材|视频|片段|录像|画|海报|文件|照|草图|手稿|logo|LOGO|标志)",
    r"(?:附件|附图|上图|下图|原图|参考图|参考视频|参考照片|参考素材|首帧图|首帧|尾帧|末帧|输入图|底图|源图|源视频|原视频|原片|原照片|垫图|图生视频|所附图|所附照片)",
    r"(?<![地构版拼插意试企蓝贴绘海星宏鸿版附截])图(?:片|像)?(?:中|里|内|上)(?:的|所)?(?!案|书|腾|层|画书)",
    r"(?<!老)(?<!墙上的)(?<!手中的)(?<!手里的)(?:照片|相片|截图|画像|合影)(?:中|里|内|上)(?:的)?(?=两|二|三|四|五|几|那|这|一|主|全|各|每|所有|双|另|左|右|前|后|中间|人|女|男|孩|角色|模特|小|老|狗|猫|商品|产品|建筑|主体|风景|水|云|花|场景|天空|背景|宠|爷|奶|妈|爸|新|车|物|[\u4e00-\u9fff]{1,4}(?:动|眨|笑|转|走|跳|挥|说|活))",
    r"(?:根据|基于|按照|参照|参考|依照|依据|结合|沿用|延续|续写|接着|承接|保持|还原|对照|仿照|以|用|将|把|让|使|给|为|从|由)(?:我|我们|你|这|那|上|下|原|该|此|给|所|附|本)(?:[\u4e00-\u9fff]{0,8}?)(?:图片|照片|图像|相片|插画|截图|自拍|素材|视频|片段|录像|草图|手稿|(?<![地拼版构企意])图(?!书|案|腾|纸|景)|海报|自拍照)",
    r"(?:把|将|让|使|用|以|基于|根据|按照|参考|参照)(?:[\u4e00-\u9fff]{0,4})(?:图片|照片|图像|相片|截图|静态图|静图|图)(?:[\u4e00-\u9fff]{0,4})?(?:动起来|活过来|活起来|变成|变为|转成|转为|转换|做成|制作成?|生成|扩展|延伸|动态化|作为|为首帧|为基础|为起始|为参考|为蓝本|变视频|动画化|还原|上色)",
    r"(?:以|用|将|把)(?:[\u4e00-\u9fff]{0,8})(?:作为|为|当作|做)(?:首帧|第一帧|起始帧|开场画面|尾帧|起始画面|开头画面|参考)",
    r"(?:我|我们|用户|客户|本人)(?:刚|刚刚|之前|已经)?(?:拍|画|上传|提供|发|附|给|传|设计|做|保存)(?:的|好的|来的|了的)(?:[\u4e00-\u9fff]{0,6}?)(?:图|照片|图片|视频|素材|画|片|照|logo|LOGO|作品|海报)",
    r"(?:我|我们|我家|咱家|本人)(?:的)?(?:[\u4e00-\u9fff]{0,4})(?:照片|自拍照?|图片|视频|截图|相片)(?!墙|框|馆)",
    r"(?:图片|照片|图像|图|视频|素材)\s*[1-9一二三](?!\s*[:：]\s*\d)(?=中|里|的|作|为|和|与|，|、)|(?:续写|延续|延长|接续)(?:[\u4e00-\u9fff]{0,6})视频",
    r"(?:照片?|图片?|图像|相片|截图|合影)(?:里|中|上|内)?(?:面)?的?[^，。；,;]{0,12}(?:动起来|动一动|活过来|活起来)",
    r"(?:^|[，。；,;\n]|把|让|使|将|给)(?:这|该|那)?(?:段|条|个)?(?:视频|影片|录像|短片|素材)(?:中|里|内)(?:的)(?=人|男|女|孩|小|老|他|她|主|狗|猫|车|画)",
    r"(?:替换|修改|更换|去除|去掉|编辑|改变|保留)(?:掉)?(?:这段|该|原)?(?:视频|照片|图片|图)(?:里|中|内)(?:的)?",
    r"参考(?:的)?(?:片段|动作|图像|画面|人物|图片|镜头|样片)(?:的|中|里|，|,)|我的(?:自拍|照片|图片|头像|视频|画)",
    rf"(?:上传|提供|附上?|发来?|给出|所给|我|我的|这张|该|这段|原)(?:的|了的)?\s*(?:{_MIXED})\b",
    rf"(?:基于|根据|以|用|把|将|让|使|按照?|参考|参照|从|给)\s*(?:这张|这段|我的|我上传的|我提供的|该|上传的|the |this |my )?\s*(?:input|uploaded|attached|source|reference|original|my|product|ref)?\s*(?:的)?\s*(?:{_MIXED})\b(?!\s*(?:墙|册|框))",
    r"(?:静态)?(?:照片|图片|图像)(?:动起来|活过来|活起来)|画(?:中|里)(?:的)?(?:人|人物|角色|女子|男子)(?:动起来|活过来|活起来)(?=$|，|。)",
)
PATTERNS = tuple(Gated(pattern) for pattern in (*_EN, *_ZH))
_PLACES = {pattern: number for number, pattern in enumerate(PATTERNS)}
# A picture that is a thing in the scene: somebody holds it, it hangs or lies somewhere, it was named with "a" before.
_OBJECT = re.compile(
    r"\b(?:holds?|holding|looks?|looking|gaz(?:es|ing)|star(?:es|ing)|framed|frame|album|hangs?|hanging|wall|pinned|develop(?:s|ing)|darkroom|kiss(?:es|ing)|wip(?:es|ing)|tak(?:es|ing) (?:a|the|his|her)|snap(?:s|ping)|point(?:s|ing) at|frames|picks? up|locket|wallet|mantelpiece|shelf|projector|museum|gallery|exhibition|sketch(?:es|ing)|paint(?:s|ing) (?:a|on)|draws|drawing on|easel|hands? (?:over )?(?:him|her)|touches|touching|sliding|slides|polaroid|clutch(?:es|ing)|editing|edits|upload(?:s|ing) )\b"
    r"|翻看|端详|凝视|看着|望着|抚摸|擦拭|拿着|捧着|举着|手中|手里|手捧|相册|相框|墙上|挂着|摆着|桌上|钱包|冲洗|暗房|展厅|画展|画廊|贴着|泛黄"
)
# "The original design", "the jukebox still plays": words that need not mean what somebody supplied.
_MAY_BE_THERE = re.compile(
    r"\b(?:original|existing|above|given|shared|selected|included|source|sent|linked|inserted|input)\b[\w '’-]* ?(?:designs?|portraits?|paintings?|posters?|artworks?|films?|movies?|maps?|icons?|frames?|comics?|cartoons?|diagrams?|files?|drawings?|sketch(?:es)?|logos?|takes?|recordings?|illustrations?)$"
)
_TOLD_TO_USE = re.compile(
    r"\b(?:use|using|animate|bring|make|turn|keep|take|based on|from|convert|extend|continue|match|follow|preserve|edit|restore)\b[^.;]{0,20}$"
)
_STILL_NOUN = re.compile(
    r"\s*(?:$|[^\sa-z])| (?:to|so|and|of|as|into|in|with|by|that|should|come|comes|for|from|image|photo|frame)\b"
)
# The video that is being asked for, and the picture as its frame: "this video should", "keep the picture simple".
_ITSELF = re.compile(
    r"^(?:this|these) (?:video|film|clip|footage|movie)s?$",
)
# "keep people out of the picture", "everyone can picture it": no picture that was sent.
_NO_PICTURE = re.compile(
    r"\bout of (?:the|this|that)\b|\b(?:can|could|will|would|may|might|must|should|to|try|let) (?:picture|image|film|video|still)$"
)
_TELLS = re.compile(
    r" (?:should|must|will|would|can|is|are|was|needs?|has|have|shows?|opens?|begins?|starts?|ends?|follows?|tells?|feels?|takes?|plays?|looks?|runs?|captures?|depicts?|presents?|features?|explores?|lasts?|celebrates?|we|for|about|of (?!my|mine|me))\b"
)
_FRAME = re.compile(
    r"\b(?:background|foreground|left|right|cent(?:er|re)|middle|edge|edges|corner|top|bottom|side|half|third|rest|mood|style|colou?rs?|tone|light|lighting|composition|subject) (?:of|in) the (?:picture|image|photo|photograph|video|clip|footage)$|^keep the (?:\w+ )?(?:picture|image|video|footage|clip)$"
)
_KEPT = re.compile(r" (?:as|exactly|unchanged|the same|identical|intact|but|and animate|face|in)\b|[,.;]|$")
_ITSELF_ZH = re.compile(r"^(?:这|该|此)(?:一)?(?:段|条|个|支|部)[\u4e00-\u9fff]{0,4}(?:视频|片段|影像|短片|影片)$")
_TELLS_ZH = re.compile(
    r"[\u4e00-\u9fff]{0,4}?(?:表现|展示|展现|讲述|记录|呈现|描绘|采用|使用|以[\u4e00-\u9fff]|要(?!动)|需要|应|是|为|共|时长|长度|开头|开场|开始|结尾|结束|整体|风格|节奏|氛围|的(?:风格|节奏|氛围|主题|开头|结尾|基调|色调|质感|画面|镜头|时长|主角|整体|核心))"
)
_FIRST_FRAME_ZH = re.compile(r"(?:画面|镜头)?(?:为|是|：|:|应|展示|展现|呈现|从|里|中)(?!图|上传|附|我)")
_THROUGHOUT = re.compile(
    r"\bfrom (?:the )?(?:very )?(?:first|opening) frame (?:on\b|onwards?|to (?:the )?(?:very )?last)|\b(?:until|till|in|at|on|by) the (?:very )?(?:last|final|first) frame\b"
)
_ALWAYS = re.compile(
    r"upload|attach|provided|supplied|reference|input|animate|i2v|image-to|\b(?:i|we)\b|my |上传|提供|附|参考|首帧|我|动起来|原图"
)


def wrong_modes(prompt: Reading, mode: str | None) -> Iterator[Finding]:
    """References to an input, where the mode takes none."""
    if mode != "t2v":
        return
    for pattern in prompt.open_gates(_PLACES):
        for match in prompt.matches(pattern):
            if not _in_scene(prompt, match):
                words = "refers to a picture or video, and text-to-video gets none. Use i2v or kf2v with the input, or describe what should be seen."
                yield Finding(WRONG_MODE, *match.span(), f"“{prompt.text[match.start() : match.end()]}” {words}")
                return


def _in_scene(prompt: Reading, match: re.Match[str]) -> bool:
    text = prompt.lower
    if _THROUGHOUT.search(text, max(0, match.start() - 5), match.end() + 40):
        return True
    if _of_itself(text, match):
        return True
    if match[0].endswith(" still") and _STILL_NOUN.match(text, match.end()) is None:
        return True
    if _MAY_BE_THERE.search(match[0]) and not _TOLD_TO_USE.search(
        text[max(0, match.start() - 40) : match.start()] + match[0].split()[0]
    ):
        return True
    start, end = prompt.clause_at(match.start())
    near = text[max(start, match.start() - 50) : min(end, match.end() + 25)]
    outside = re.sub(r"(?:first|last|start|end|opening) ?frame", " ", near.replace(match[0], " "))
    strong = _ALWAYS.search(match[0]) is not None
    if _OBJECT.search(outside) and not re.search(
        r"upload|attach|(?:i|we) (?:sent|gave|provided)|上传|附件|动起来|提供", near
    ):
        return True
    if strong:
        return False
    if re.search(r"老照片|旧照片|翻看|相册|相框|墙上|手中|手里|捧着|端详", text[: match.start()]):
        return True
    return (
        re.search(
            r"\b(?:an?|old|faded|framed|torn|his|her|their|family|wedding|two|three|some|\d+) (?:[\w-]+ ){0,3}(?:photo|photograph|picture|painting|portrait|polaroid|poster|drawing|sketch|snapshot|television|tv|phone|screen)s?\b",
            text[: match.start()],
        )
        is not None
    )


def _of_itself(text: str, match: re.Match[str]) -> bool:
    """Whether what is spoken of is the video asked for."""
    said = match[0]
    if _NO_PICTURE.search(said):
        return True
    if said in ("this image", "this picture", "this photo", "this photograph"):
        return (
            re.match(
                r" (?:exudes?|evokes?|conveys?|captures?|embod(?:y|ies)|invites?|radiates?|celebrates?)\b",
                text[match.end() :],
            )
            is not None
        )
    if _ITSELF.match(said):
        return _TELLS.match(text, match.end()) is not None
    if _FRAME.search(said):
        return not said.startswith("keep") or _KEPT.match(text, match.end()) is None
    if _ITSELF_ZH.match(said):
        return _TELLS_ZH.match(text, match.end()) is not None
    if said in ("首帧", "尾帧", "末帧"):
        near = text[max(0, match.start() - 8) : match.start()]
        return (
            _FIRST_FRAME_ZH.match(text, match.end()) is not None
            and re.search(r"作为|设为|当作|上传|图|照片|为$|以$", near) is None
        )
    return False
