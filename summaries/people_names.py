"""Names of people in free text, and of places and companies so that they are not taken for people. No model: lists and context.

Sure is what a person introduced, what carries a title, and a known first name written as one. Other capitalised words that are no
everyday words are guesses: shown to a person, never a reason to block.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Final, Literal

from summaries.addresses import Token
from summaries.folding import fold
from summaries.words import CAPITALISED, COMMON, FUNCTION
from zartsalgo.lib.given_names import AMBIGUOUS, GIVEN
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.places import STATE_NAMES


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a person, a place or a company at `start..end`."""

    kind: Literal["name", "place", "company"]
    start: int
    end: int
    sure: bool


_TITLES: Final = frozenset("mr mrs ms miss mister dr doctor prof sr sra srta senor senora senorita don dona sir madam herr frau".split())
_COMPANY: Final = frozenset(
    "inc llc ltd corp co company gmbh group partners technologies technology bank insurance ratings agency associates services solutions systems global capital investors investments labs media industries holdings enterprises plumbing roofing movers supply".split()
)
_PARTICLES: Final = frozenset("de la del los las da do dos di du van der den von zu el al bin ibn ben mac mc st san o d y e".split())
_COUNTRIES: Final = frozenset(
    """
    canada mexico france germany spain italy portugal england ireland scotland wales greece cyprus turkey russia ukraine poland hungary austria switzerland sweden norway denmark finland iceland
    greenland estonia latvia lithuania slovenia croatia serbia bosnia macedonia albania bulgaria romania moldova belarus georgia armenia azerbaijan israel lebanon syria jordan iraq iran egypt
    tunisia algeria morocco libya sudan kenya nigeria ghana ethiopia uganda tanzania zambia zimbabwe namibia botswana angola cameroon senegal somalia india pakistan bangladesh nepal china japan
    korea taiwan vietnam thailand malaysia singapore indonesia philippines australia brazil argentina chile peru colombia venezuela ecuador bolivia uruguay paraguay cuba jamaica haiti panama
    guatemala honduras nicaragua belgium netherlands luxembourg europe africa asia america czechia slovakia malta monaco brunei cambodia belize fiji guam
    """.split()
)
_PLAIN_LETTERS: Final = frozenset(f"{ascii_lowercase} ")
_STATES: Final = frozenset("".join(char for char in name.lower() if char in _PLAIN_LETTERS) for name in STATE_NAMES.values())
# After these, what follows in capitals is somebody; the first kind counts in small letters too.
_INTRODUCED: Final = linear(
    r"(\b(?:(?:my (?:full |first |last )?name(?:'s| is)|name is|the name's|i am called|(?:people|they|friends|everyone|you can|sometimes people) call me|me llamo|mi nombre es|mi nombre|first name|last name|full name|nombre completo)\b\s*[:=-]?|(?:my (?:full |first |last )?name|nombre|name)\s*[:=-])\s*)"
    r"|(?:\b(?:this is|it's|i'm|im|i am|named (?:him|her|it|me)|ask for|asked for|attn:?|c/o|speak (?:to|with)|spoke (?:to|with)|talk (?:to|with)|talked (?:to|with)|regards,?|sincerely,?|cheers,?|thanks,?|thank you,?|thx,?|best,?|love,?|saludos,?|atentamente,?|atte\.?,?|gracias,?|"
    r"habla|le habla|soy|de parte de|user:|customer:|caller:|from:|signed,?|met|married|wife|husband|son|daughter|mother|mom|father|dad|sister|brother|boss|friend|neighbor|landlord|tenant|manager|owner|esposo|esposa|hijo|hija|vecino|vecina|add|hi|hello|hey|hola|dear|by|says|said|correct it to|change it to|is)\s+)",
)
_QUESTION: Final = linear(r"\bname\b[^\n?]{0,40}\?\s*(?:(?:user|customer|caller|me)\s*:\s*)?")
_LIVES: Final = frozenset("in from near around outside to at".split())
_VERBS_AFTER: Final = frozenset(
    "had has is was lives lived spent began listed gave given called wants wanted needs said says asked told went flew works worked and can could would did does, 's".split()
)
# Endings of everyday English words that seldom end a name.
_DERIVED: Final = linear(
    r"(?:ness|tion|tions|sion|sions|ment|ments|ity|ities|ism|isms|ship|ships|ful|less|ous|able|ible|ably|ally|edly|ingly|ctly|ance|ances|ence|ences|ating|izing|ized|ated|[^aeiou]ings?)$"
)
_SHORT_ENDINGS: Final = frozenset("s d ll re ve m t".split())
_BREAKS: Final = frozenset('.!?:\n"“”(>•*')


def find_names(text: str, line: Sequence[Token]) -> Iterator[Named]:
    """Every name, in order of place; overlaps are the caller's to settle. `line` is `tokens(text)`."""
    shouting = _is_shouting(text)
    introduced = _introduced(text, line)
    at = 0
    while at < len(line):
        found = None if not line[at].word else _known(line, at, introduced.get(at, ""), shouting)
        if found is None:
            at += 1
            continue
        end, kind, sure = found
        start = at
        if (
            kind == "name"
            and at
            and (line[at - 1].plain in _TITLES or (line[at - 1].text == "." and at > 1 and line[at - 2].plain in _TITLES))
        ):
            start = at - 1 if line[at - 1].plain in _TITLES else at - 2
        yield Named(kind, line[start].start, line[end - 1].end, sure)
        at = end


def _is_shouting(text: str) -> bool:
    letters = [char for char in text[:5_000] if char.isalpha()]
    return len(letters) > 20 and sum(char.isupper() for char in letters) > 0.7 * len(letters)


def _introduced(text: str, line: Sequence[Token]) -> dict[int, str]:
    folded = fold(text)
    by_start = {token.start: at for at, token in enumerate(line)}
    found: dict[int, str] = {}
    for pattern in (_INTRODUCED, _QUESTION):
        for match in pattern.finditer(folded.text):
            if match.end() < len(folded.places) and (at := by_start.get(folded.places[match.end()])) is not None:
                strong = pattern is _QUESTION or match.start(1) >= 0
                found[at] = "strong" if strong or found.get(at) == "strong" else "after"
    return found


def _known(line: Sequence[Token], at: int, introduced: str, shouting: bool) -> tuple[int, Literal["name", "place", "company"], bool] | None:
    token = line[at]
    stem, mark, ending = token.plain.rpartition("'")
    plain = stem if mark and ending in _SHORT_ENDINGS else token.plain
    titled = bool(at) and (line[at - 1].plain in _TITLES or (line[at - 1].text == "." and at > 1 and line[at - 2].plain in _TITLES))
    if titled and plain not in FUNCTION and plain not in _TITLES and plain not in ("bot",):
        return _run(line, at, lower=not token.capital, most=4), "name", True
    if introduced == "strong" and plain not in COMMON and plain not in CAPITALISED and (token.capital or not _DERIVED.search(plain)):
        return _run(line, at, lower=not token.capital or shouting, most=4), "name", True
    if shouting:
        if plain in GIVEN and plain not in AMBIGUOUS and plain not in COMMON:
            return _run(line, at, lower=True, most=3), "name", introduced != ""
        return None
    if not token.capital:
        # Small letters: only two names in a row that are nothing else, or what stands where a name must.
        if plain in GIVEN and plain not in AMBIGUOUS and plain not in COMMON and len(plain) > 2:
            end = _run(line, at, lower=True, most=3)
            if end > at + 1 or introduced:
                return end, "name", bool(introduced) and end > at
            return (end, "name", False) if not any(other.capital for other in line[: at + 6]) else None
        return None
    first = plain in GIVEN and plain not in AMBIGUOUS
    followed = at + 1 < len(line) and _is_name_word(line[at + 1])
    if not first and ((_DERIVED.search(plain) and not followed) or (token.text.isupper() and len(token.text) <= 4)):
        return None
    if plain in _COUNTRIES or plain in _STATES:
        return at + 1, "place", False
    if token.text in ("I", "A") or (plain in CAPITALISED and not (plain in GIVEN and followed)):
        return None
    starts = at == 0 or line[at - 1].text in _BREAKS
    # "Will Rose", "Mark" after words that introduce somebody, "Mark!" as the last word.
    called = plain in GIVEN and not starts and (introduced == "after" or _is_vocative(line, at))
    if plain in COMMON and not (plain in GIVEN and followed) and not called:
        return None
    end = _run(line, at, lower=False, most=4)
    words = [one for one in line[at:end] if one.word]
    if any(one.plain in _COMPANY for one in words[1:]):
        return end, "company", False
    if end < len(line) and line[end].plain in _COMPANY and line[end].capital:
        return end + 1, "company", False
    if first or (plain in GIVEN and len(words) > 1):
        return end, "name", first or len(words) > 1
    if introduced == "strong" or (introduced == "after" and plain not in COMMON):
        return end, "name", introduced == "strong"
    before = line[at - 1].plain if at else ""
    if before in _LIVES:
        return end, "place", False
    if starts and len(words) == 1:
        after = line[end] if end < len(line) else None
        after_next = line[end + 1].plain if end + 1 < len(line) else ""
        told = after is not None and (
            after.plain in _VERBS_AFTER
            or after.plain.startswith("'")
            or (after.text == "," and after_next in ("can", "could", "please", "i", "who", "is", "are"))
        )
        alone = len(line) == 1 or (after is not None and after.text == "\n" and at == 0)
        return (end, "name", False) if told or alone or not plain.isascii() else None
    return end, "name", False


def _is_vocative(line: Sequence[Token], at: int) -> bool:
    """After a comma and before the sentence's end: who is spoken to."""
    return bool(at) and line[at - 1].text == "," and (at + 1 == len(line) or line[at + 1].text in ".!?")


def _is_name_word(token: Token) -> bool:
    return token.word and token.capital and (token.plain not in COMMON or len(token.text) == 1) and token.plain not in CAPITALISED


def _goes_on(token: Token, lower: bool) -> bool:
    return token.word and (token.capital or lower) and token.plain not in FUNCTION


def _run(line: Sequence[Token], at: int, *, lower: bool, most: int) -> int:
    """Where the name that begins at token `at` ends: up to `most` words, with initials ("M.") and particles ("de la")."""
    here, last, words = at + 1, at + 1, 1
    while here < len(line) and words < most:
        token = line[here]
        if token.text == "." and len(line[here - 1].text) == 1:
            here += 1
            continue
        if line[here - 1].end < token.start - 1 and line[here - 1].text != ".":
            break
        if not token.word or line[here - 1].plain.endswith("'s"):
            break
        if token.capital and (
            len(token.text) == 1
            or (token.plain not in COMMON and (token.plain not in CAPITALISED or line[at].plain in GIVEN))
            or (token.plain in GIVEN and token.plain not in FUNCTION)
        ):
            words += 1
            last = here + 1
        elif token.capital and len(line[here - 1].text) == 1 and line[here - 1].capital and token.plain not in FUNCTION:
            # "Brad L Key": after an initial comes a name, whatever else the word means.
            words += 1
            last = here + 1
        elif token.plain in _PARTICLES and here + 1 < len(line) and (_goes_on(line[here + 1], lower) or line[here + 1].plain in _PARTICLES):
            pass
        elif (
            lower
            and not token.capital
            and token.plain not in COMMON
            and len(token.text) > 1
            or token.capital
            and token.plain in COMMON
            and token.plain not in FUNCTION
            and line[at].plain in GIVEN
            and words == 1
        ):
            words += 1
            last = here + 1
        else:
            break
        here += 1
    return last
