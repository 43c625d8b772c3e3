"""Who is met again: the dog is the golden retriever of the sentence before, and one of two dancers is no third."""

# ruff: noqa: E501 - a pattern, or a list of words, is read as one line

from __future__ import annotations

import re
from collections.abc import Iterable

from wanreel.prompt.lexicon import casting, words
from wanreel.prompt.reading import Reading
from wanreel.prompt.rules.actors_english import Actor, singular

_PEOPLE = words(
    "man, woman, boy, girl, child, kid, person, figure, stranger, lady, guy, gentleman, couple, pair, duo, trio, two, three, group, friend, artist, performer, athlete, worker, elder, youngster, "
    "hero, heroine, protagonist, rider, driver, subject, character, family, baby, toddler, lover, sibling, brother, sister, master, elder, youth, teenager, other, others, crew, team, creature, being, giant"
)
_BEASTS = words(
    "animal, creature, beast, dog, pup, puppy, cat, kitten, bird, horse, fish, predator, pair, duo, pet, other, others"
)
_KINDS = {
    "dog": re.compile(
        r"\b(?:retriever|corgi|terrier|pupp(?:y|ies)|pup|husk(?:y|ies)|hound|poodle|labrador|collie|shepherd|spaniel|beagle|bulldog|dachshund|pug|mastiff|inu|pomeranian|chihuahua|dalmatian|boxer|dogs?|mutt|greyhound|sheepdog)s?\b"
    ),
    "cat": re.compile(r"\b(?:tabby|kitten|siamese|persian|calico|tomcat|cats?|feline|shorthair|maine coon)s?\b"),
    "horse": re.compile(r"\b(?:stallion|mare|pony|foal|gelding|colt|steed|horses?|mustang)s?\b"),
    "bird": re.compile(
        r"\b(?:eagle|hawk|falcon|owl|crow|raven|parrot|sparrow|robin|gull|seagull|heron|crane|swan|pigeon|dove|macaw|hummingbird|kingfisher|finch|magpie|birds?)s?\b"
    ),
    "fish": re.compile(r"\b(?:shark|trout|salmon|goldfish|koi|carp|fish)s?\b"),
}
# What belongs to somebody or something met already: it does not act by itself.
_PARTS = words(
    "tail, mane, ear, wing, paw, fur, eye, hair, hand, arm, leg, foot, feet, head, face, mouth, lip, voice, breath, shadow, feather, trunk, claw, beak, horn, antler, hoof, hooves, fin, dress, skirt, cape, coat, scarf, "
    "laughter, smile, finger, heel, sole, tongue, lace, toe, strap, lid, cap, wheel, hood, back, body, shoulder, chest, knee, gaze, expression, demeanor, demeanour, posture, silhouette, whisker, muzzle, snout, nose, jaw, "
    "tear, sleeve, robe, veil, braid, ponytail, beard, moustache, mustache, belt, blade, sword, staff, movement, motion, reflection, air, surface, edge, tip, hull, sail, engine, propeller, rotor, headlight, mask, helmet, glove, boot, shoe"
)
_PLURAL = re.compile(r"\b(?:two|three|both|couple|pair|duo|trio|twins|pairs|2|3)\b")
_PART_OF = re.compile(
    r"^(?:one|the other|another|the others|others|the first|the second|the third|the last|each|a few other)\b"
)
_THE = re.compile(r"^(?:the|this|that|these|those) ")
_CAST = re.compile(
    r"\b(?:people|persons?|children|kids|friends|figures|characters|siblings|adults|men|women|lovers|musicians|members|performers|participants)$|\bgroup$"
)

# Chinese names of one and the same, as a story varies them.
_SAME = tuple(
    words(row)
    for row in (
        "老人, 老者, 艺人, 老艺人, 爷爷, 老爷爷, 大爷, 老大爷, 老头, 老汉, 老师傅, 师傅, 老伯, 外公, 老翁, 祖父, 匠人, 老匠人, 爷孙, 祖孙, 父亲, 爸爸, 男人, 男子, 大叔, 主人公, 主角",
        "孙女, 小孙女, 小姑娘, 女孩, 小女孩, 姑娘, 少女, 女儿, 女生, 女童, 孩子, 小孩, 女主角, 徒弟, 学徒",
        "孙子, 小孙子, 男孩, 小男孩, 儿子, 孩子, 小孩, 少年, 男生, 男童, 小伙, 小伙子, 青年, 徒弟, 学徒, 男主角",
        "女人, 女子, 女士, 妇人, 妈妈, 母亲, 阿姨, 少妇, 女主角, 新娘, 姑娘, 少女",
        "奶奶, 老奶奶, 老太太, 外婆, 婆婆, 阿婆, 老妇人, 老妇, 老人",
        "狗, 小狗, 狗狗, 金毛, 柯基, 柴犬, 哈士奇, 边牧, 泰迪, 拉布拉多, 小家伙, 土狗, 牧羊犬",
        "猫, 小猫, 猫咪, 橘猫, 黑猫, 白猫, 狸花猫, 三花猫, 小家伙",
    )
)


def first_met(prompt: Reading, actors: Iterable[Actor]) -> list[Actor]:
    """Each actor once, where first met; parts and ways of saying the same again are left out. In the order of the text."""
    met: dict[str, Actor] = {}
    for actor in actors:
        if "\u3400" <= actor.name[-1:] <= "\u9fff":
            known = _known_chinese(prompt, actor, met)
        else:
            known = _known(prompt, actor, list(met.values()))
        if not known:
            met.setdefault(actor.name, actor)
    return sorted(met.values(), key=lambda a: a.start)


def _known(prompt: Reading, actor: Actor, met: list[Actor]) -> bool:
    said = prompt.lower[actor.start : actor.end]
    head = singular(re.split(r"[\s-]", said.split("@")[0].strip())[-1])
    if head in _PARTS and said.split(" ", 1)[-1] not in casting().machines:
        return True
    before = [prompt.lower[a.start : a.end] for a in met]
    if _PART_OF.match(said) and any(map(_PLURAL.search, before)):
        return True
    if before and _CAST.search(before[-1]) and _PLURAL.search(before[-1]) and head in _PEOPLE:
        return re.fullmatch(r"[\s,:—–-]*(?:and )?", prompt.lower[met[-1].end : actor.start]) is not None
    if not _THE.match(said):
        return False
    new = [b for b in before if not _THE.match(b)]
    if any(singular(re.split(r"[\s-]", b)[-1]) == head for b in before):
        return True
    if head in _KINDS:
        return any(_KINDS[head].search(b) for b in before)
    return bool(new) and (head in _PEOPLE or head in _BEASTS)


def _known_chinese(prompt: Reading, actor: Actor, met: dict[str, Actor]) -> bool:
    """船 is the 乌篷船 met before; 老人 of a later sentence the 爷爷 of an earlier one."""
    name = actor.name
    if any(one != name and (one.endswith(name) or name.endswith(one)) for one in met):
        return True
    number = prompt.sentence_number(actor.start)
    return any(
        name in same
        and any(one in same and one != name and prompt.sentence_number(a.start) < number for one, a in met.items())
        for same in _SAME
    )
