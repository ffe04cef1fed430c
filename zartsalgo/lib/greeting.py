"""The name a text opens with: a first name that reads as one, or none.

Names come from strangers' forms and from telephone networks: "SPAM LIKELY", "CHICAGO IL", "Smith Family", a link. What a text says goes out
in the business's name, so only letters pass, only a first name we have seen people bear, and in doubt the text greets nobody by name.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from zartsalgo.lib.given_names import AMBIGUOUS, GIVEN, SELDOM
from zartsalgo.lib.places import STATE_ZONES

LONGEST: Final = 20
MOST_WORDS: Final = 6
_TITLES: Final = frozenset("mr mrs ms mx miss mister dr doctor prof professor rev fr sr sra srta senor senora senorita don dona".split())
_AFTER: Final = frozenset("jr sr ii iii iv md do phd esq dds dmd rn np pa cpa dvm jd mba pe ret".split())
# Family names that are first names as well. Networks write the family name first, and mostly in capitals.
_FAMILY: Final = frozenset(
    "thomas james martin lee scott allen nelson lewis taylor carter jackson mitchell clark robinson wilson anderson young smith miller nguyen "
    "kim jordan henry george howard gordon harvey franklin stewart russell warren perry craig curtis kelly ryan alexander santiago ramon "
    "marshall harrison dean barry leon vincent tyler logan owen francis reed ross wallace spencer bryant grant cruz santos".split()
)
# Family names that the lists hold, and that nobody wants to be greeted with.
_NO_FIRST: Final = frozenset("nguyen tran pham smith miller wilson anderson robinson chen young sung garcia lopez perez martinez".split())
# Ambiguous ones that say too little alone: places, and words more often than names.
_NOT_ALONE: Final = frozenset(
    "may my an min van long lane will chance chase art king royal guy pat rich pearl wade paris sydney london austin dallas brooklyn phoenix madison "
    "dakota georgia carolina virginia florence israel jordan summer opal jade crystal rusty dusty misty stormy sunny woody buddy sonny miles "
    "cliff brook heath lance pierce ford harley luz paz hong ming hui yan yu ling mei wei jun ole sung ji soo young dulce "
    "consuelo rocio pilar patience prudence destiny harmony melody charity parker hunter carter taylor cooper fisher porter potter turner walker".split()
)


def _words(name: str) -> frozenset[str]:
    lines = (Path(__file__).parent / "lists" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_NEVER: Final = _words("not_in_a_name.txt")


@lru_cache(maxsize=4096)
def first_name(name: str) -> str:
    """The first name in `name` as it may stand in a text, at most LONGEST letters; "" in doubt. Costs no more than 120 characters do."""
    if not name or len(name) > 120:
        return ""
    text = unicodedata.normalize("NFC", name).strip().strip(",;")
    turned, comma = text, text.count(",")
    if comma:
        before, _, after = text.partition(",")
        if comma > 1 and not all(_bare(part) in _AFTER for part in after.split(",")):
            return ""
        # "Ana Ruiz, MD" is no "Ruiz, Ana".
        turned = before if all(_bare(word) in _AFTER for word in after.replace(",", " ").split()) else f"{after} {before}"
    words = [word for word in turned.split() if word]
    if not 0 < len(words) <= MOST_WORDS or not all(_is_word(word) for word in words):
        return ""
    while len(words) > 1 and _bare(words[-1]) in _AFTER:
        words.pop()
    titled = 0
    while words and _bare(words[0]) in _TITLES and len(words) > 1:
        words, titled = words[1:], titled + 1
    if titled and len(words) == 1:
        return ""  # "Mr. James": which of the two names it is, nobody knows
    plain = [fold(word) for word in words]
    # Null is a family name too: behind a first name, and written as one.
    if any(_bare(word) in _NEVER and not (word == "Null" and at) for at, word in enumerate(words)) or any(
        word.endswith("'s") for word in plain
    ):
        return ""
    if len(words) > 1 and words[-1].isupper() and words[-1] in STATE_ZONES:
        return ""  # "AUSTIN TX"
    shouted = len(words) in (2, 3) and not comma and not titled and all(word.isupper() for word in words)
    at = 0
    if shouted and _weight(plain[1]) > 1 and (_weight(plain[0]) < _weight(plain[1]) or plain[0] in _FAMILY):
        if plain[0] in _FAMILY and plain[1] in _FAMILY:
            return ""
        at = 1
    given, folded = words[at], plain[at]
    if not _weight(folded) or folded in _NO_FIRST or (len(words) == 1 and folded in _NOT_ALONE) or not 1 < len(given) <= LONGEST:
        return ""
    return _shaped(given)


def fold(text: str) -> str:
    """Lower case without accents, straight apostrophes: how the lists of names are written."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ʼ", "'").replace("đ", "d").replace("Đ", "D")).casefold()
    return "".join(char for char in plain if unicodedata.category(char) != "Mn")


def _bare(word: str) -> str:
    return fold(word).strip(".,'").replace(".", "")


def _weight(word: str) -> int:
    """2 for a common first name, 1 for a seldom one; of "anne-marie" both halves must be names."""
    halves = [half for half in word.replace("'", "").split("-") if half]
    if not halves or len(halves) > 2:
        return 0
    weights = [2 if half in GIVEN else 1 if half in SELDOM or half in AMBIGUOUS else 0 for half in halves]
    return min(weights)


def _is_word(word: str) -> bool:
    """Letters, with an apostrophe or hyphen inside or a full stop behind: "O'Neil", "Anne-Marie", "J."."""
    inside = word.removesuffix(".").replace("’", "'")
    return all(char.isalpha() or char in "'-." for char in inside) and any(char.isalpha() for char in inside)


def _shaped(word: str) -> str:
    """All capitals or small letters become a name's shape; "McKenna" stays as it is written."""
    word = word.rstrip(".")
    if not (word.isupper() or word[0].islower()):
        return word
    return "-".join("'".join(part[:1].upper() + part[1:].lower() for part in half.split("'")) for half in word.split("-"))
