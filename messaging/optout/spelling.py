"""Spelling repair: a word that no list knows is read as the word of a refusal that it is a letter or two away from.

Only before the rules, and only towards words that the rules read: "stpo texting me" is "stop texting me". Ordinary words that stand as
close ("shop", "test") are in `lists/ordinary.txt` and stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

_LISTS: Final = Path(__file__).parent / "lists"


def _read(name: str) -> list[str]:
    lines = (_LISTS / name).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


# The first of two that are equally near wins, so the list has the likelier first.
TARGETS: Final = tuple(dict.fromkeys(_read("refusal_words.txt")))
_KNOWN: Final = frozenset([*TARGETS, *_read("ordinary.txt")])
# Small words are mended only where two letters changed places; one letter more or less makes another word of most of them.
_SWAPPED: Final = {
    word[:at] + word[at + 1] + word[at] + word[at + 2 :]: word
    for word in (
        "from",
        "dont",
        "not",
        "off",
        "you",
        "your",
        "the",
        "this",
        "that",
        "these",
        "with",
        "list",
        "me",
        "my",
        "out",
        "para",
        "lista",
        "please",
    )
    for at in range(len(word) - 1)
}
_SMALL: Final = {
    word: meant for word, meant in _SWAPPED.items() if word not in ("form", "to", "fro", "em", "ont", "aprs", "hat") and word not in _SWAPPED.values()
} | {"nt": "not", "ont": "not", "d": "de", "dnot": "dont", "uot": "out", "frm": "from", "fom": "from", "oit": "out", "ouut": "out", "outt": "out",
     "yor": "your", "kiten": "quiten", "kitenme": "quitenme", "pas": "paz", "aginst": "against"}  # fmt: skip
_BY_LENGTH: Final = {
    length: tuple(word for word in TARGETS if len(word) >= 4 and abs(len(word) - length) <= (2 if length > 7 else 1))
    for length in range(3, 18)
}
# Words that people run together: "stoptextingme".
_JOINED: Final = frozenset(
    [
        *(word for word in TARGETS if len(word) >= 4),
        "me",
        "my",
        "us",
        "no",
        "not",
        "from",
        "this",
        "off",
        "all",
        "the",
        "your",
        "ya",
        "mas",
        "de",
    ]
)
_FREQUENT: Final = _JOINED | {"to", "be", "it", "on", "you", "and", "or", "do", "list", "stop", "text", "want"}


def repair(plain: str) -> str:
    """The normalised message with its misspellings mended; the very same where there are none."""
    words = plain.split(" ")
    for at in range(len(words) - 1):
        words[at], words[at + 1] = _moved(words[at], words[at + 1])
    return " ".join(word if word in _KNOWN or not (word.isascii() and word.isalpha()) else _mended(word) for word in words)


def _moved(one: str, two: str) -> tuple[str, str]:
    """A blank that slipped by a letter: "wan tto" is "want to"."""
    if one in _KNOWN or two in _KNOWN or len(one) < 2 or len(two) < 2 or not (one + two).isalpha():
        return one, two
    for left, right in ((one + two[0], two[1:]), (one[:-1], one[-1] + two)):
        if left in _FREQUENT and right in _FREQUENT and (left in TARGETS or right in TARGETS):
            return left, right
    return one, two


def _mended(word: str) -> str:
    if word in _SMALL:
        return _SMALL[word]  # before the list of words: "frmo" stands as near to others
    near = _BY_LENGTH.get(len(word), ())
    most = 2 if len(word) > 7 else 1
    found = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=most)
    if found is not None:
        return str(found[0])
    return _parted(word) or word


def _parted(word: str) -> str:
    """ "stoptextingme" as "stop texting me"; "" for what is no row of such words."""
    ways: list[str | None] = ["", *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 12), end):
            before = ways[start]
            if before is not None and word[start:end] in _JOINED:
                ways[end] = f"{before} {word[start:end]}".strip()
                break
    return ways[-1] or "" if len(word) >= 8 else ""
