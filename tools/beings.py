"""Write the list of English words for persons and animals anew: tools/beings.py WORDNET.

WORDNET is WordNet's `dict` folder (Debian's package `wordnet-base` brings it as /usr/share/wordnet). A word is on the
list when its commonest sense as a noun is a person or an animal.
"""

from __future__ import annotations

import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "src" / "wanreel" / "prompt" / "data"
ANIMAL, PERSON = 5, 18
ENGLISH = """\
# Words whose commonest sense as a noun is a person or an animal, after WordNet 3.0; written by tools/beings.py.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Free to use, copy, modify and distribute
# with this notice; provided as is, without warranty. See https://wordnet.princeton.edu/license-and-commercial-use
"""


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


def main() -> None:
    """Write the file."""
    words = english(Path(sys.argv[1]))
    (DATA / "beings.txt").write_text(ENGLISH + "\n".join(words) + "\n", "utf-8")
    print(f"{len(words)} words in beings.txt")


if __name__ == "__main__":
    main()
