"""Street addresses in free text, by their grammar: a number and a street's kind, boxes, units, towns and codes that follow.

American order first ("1420 N Elm St Apt 4, Denver, CO 80203"), then others ("Calle Roble 12", "Lindenstrasse 4"), then whatever
stands after words that announce an address ("I live at ..."). Works on tokens, left to right, in linear time.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from summaries.folding import fold
from summaries.words import COMMON, FUNCTION
from zartsalgo.lib.patterns import WORD, linear
from zartsalgo.lib.places import STATE_NAMES

_LETTER: Final = r"[\p{L}\p{Nl}\p{No}]"
_TOKEN: Final = linear(rf"\d+(?:[-/]\d+)*(?:[a-zA-Z]{{1,2}}\b|[ªº])?|{_LETTER}+(?:['’-]{_LETTER}+)*|\n|[^{WORD}\s\v\x1c-\x1f\x85\p{{Z}}]|_")
_HOUSE_NUMBER: Final = linear(r"\d{1,6}(?:-\d{1,4})?[a-zA-Z]?|\d{1,3}/\d{1,3}")
_SECOND_NUMBER: Final = linear(r"\d+[a-dA-D]?")
_POSTAL_CODE: Final = linear(r"\d{1,6}(?:-\d{2,4})?[a-zA-Z]?")


class Token(NamedTuple):
    """A word, a number, a sign or a line's end at `start..end`; `plain` is it folded."""

    text: str
    plain: str
    start: int
    end: int

    @property
    def number(self) -> bool:
        return self.text[0].isdigit()

    @property
    def word(self) -> bool:
        return self.text[0].isalpha()

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


def tokens(text: str) -> list[Token]:
    """The text cut into tokens; blanks are left out, line ends are kept."""
    spans = [match.span() for match in _TOKEN.finditer(text)]
    return [Token(text[start:end], _plain(text[start:end]), start, end) for start, end in spans]


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return word.lower() if word.isascii() else fold(word).text


# Street kinds that are nothing else, and those that are everyday words too ("a 20 minute drive").
_KINDS: Final = frozenset(
    "street str avenue ave av road rd boulevard blvd lane ln drive dr court ct circle cir terrace ter parkway pkwy highway hwy trail trl freeway fwy expressway turnpike crescent cres mews "
    "calle avenida avda calzada carretera rua via rue viale corso piazza strasse str allee gasse weg straat laan plein ulica utca tere korut setany put trg cesta namesti "
    "katu tie kuja polku gatan vagen vej gade veien gata tn mnt puiestee maantee tanav prospekt bulvar ulitsa".split()
)
_KINDS_TOO: Final = frozenset(
    "st way place pl square sq row run loop pass path pike plaza park alley cove bend ridge point crossing commons estates heights hill hills hollow junction glen green grove gardens mill mills "
    "squares streets roads drives lanes avenues courts terraces extensions extension union unions forge forges bridge bridges causeway centers center corner corners course courts creek curve dale dam divide "
    "estate expressway falls ferry field fields flat flats ford forest fort freeway garden gateway harbor haven island key keys knoll knolls lake lakes land landing light lights lock locks lodge mall manor "
    "meadow meadows mission motorway mount mountain neck orchard oval overpass parks parkways passage pine pines plain plains port ports prairie radial ramp ranch rapid rest river shoal shore shores skyway "
    "spring springs spur spurs station stravenue stream summit throughway trace track tunnel underpass valley valleys via viaduct view views village ville vista walk walks wall ways well wells isle brook brooks branch burg bypass camp canyon cape cliff club crest".split()
)
_SUFFIX: Final = linear(
    r"(?:strasse|straße|gasse|straat|laan|gatan|vagen|vej|veg|gade|stræde|straede|kuja|katu|tie|polku|vegur|gata|weg|platz|allee|utca|stien|veien|bakken|vang|vaenget|vænget|bruecke|brucke|damm|ufer|plein|kade|singel|ulica)$"
)
_ABBREVIATED: Final = frozenset("u ul ut c av r v pl tn str".split())
_DIRECTIONS: Final = frozenset("n s e w ne nw se sw north south east west northeast northwest southeast southwest".split())
_UNITS: Final = frozenset(
    "apt apartment suite ste unit floor fl room rm lot bldg building trailer trlr space spc depto departamento piso int interior box no num".split()
)
_LINKS: Final = frozenset(
    "de la el los las del da do dos das di du des van der den of the and y e et le les und zur am im al an st ste saint san santa".split()
)
_STATES: Final = frozenset(code.lower() for code in STATE_NAMES)
_TOWN_WORDS: Final = frozenset(
    "north south east west new old lake park city united states kingdom republic saint san santa port fort mount upper lower grand great spring springs fall falls river bay hill hills valley beach island village town center heights".split()
)
# Words after which an address stands. The first kind leaves no doubt; after the second there must be a number.
_ANNOUNCED: Final = linear(
    r"\b(?:(?:mail|mailing|billing|shipping|service|home|street|property|my|new|old|job|job site|the|his|her|our|'s)\s+address(?:\s+is(?:\s+now)?)?(?:\s+to)?\s*:?|address\s*(?:is|:)|addr\s*:|direccion\s*(?:es|:)|mi direccion es"
    r"|(?:i|we|they|he|she|who|[\w\x{80}-\x{10FFFF}.'-]+)\s+(?:once\s+|now\s+|still\s+|currently\s+)?(?:live|lives|lived|living|reside|resides|staying)\s+(?:at|on|in)|vivo en|vivimos en|located (?:at|on)|located in(\s)"
    r"|(?:office|house|home|property|shop|store|place|apartment|job|job site|building|party|meeting)\s+(?:is|was)\s+(?:at|on)|office is at|meet(?:ing)? (?:me |us |you )?(?:at|on)|return(?:ed)? to|taxi to|ride to|cab to|uber to|come (?:out )?to|go to|drive to|get to|moving to|move to|moved to|moving from|move from"
    r"|sent to|send (?:it |them |one |a new one |the crew |someone |somebody |a tech(?:nician)? )?(?:out )?to|deliver(?:ed|y)? to|ship(?:ped)? (?:it )?to|arrived at|mail(?:ed)? (?:it )?to|pick (?:me |us |it )?up (?:at|from)|change my address to|in front of|house at|apartment at|property at|home at|job at|leak at|over at|here at|down at|corner of)\s*[:\n]*\s*",
)
_CORNER: Final = linear(r"\bthe corner of ")
_KINDS_FIRST: Final = frozenset("calle avenida avda rua rue via viale carretera calzada paseo camino ulica ul trg".split())
_ORDINALS: Final = frozenset("first second third fourth fifth sixth seventh eighth ninth tenth".split())
_MILITARY: Final = frozenset("apo fpo dpo".split())
_NO_STREET_BEFORE: Final = frozenset("$ € £ # %".split())
_UNIT_NOUNS: Final = frozenset(
    "minute minutes min mins hour hours hr hrs day days week weeks month months year years mile miles foot feet ft inch inches percent dollar dollars bucks story stories bedroom bedrooms bath baths "
    "people person guys men man women times time blocks block doors door sq square gallon gallons ton tons lbs pounds degrees am pm o'clock st nd rd th more other of car cars bed room rooms to x or and".split()
)
_MOST_TOKENS: Final = 24
_LONGEST_NUMBER: Final = 12


def find_addresses(text: str, line: list[Token]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, sure) of every address; `line` is `tokens(text)`."""
    folded = fold(text)
    taken = 0
    announced = _announced(folded.text, folded.places, line)
    at = 0
    while at < len(line):
        end, sure = _from(line, at, announced.get(at, False))
        if end > at and line[at].start >= taken:
            taken = line[end - 1].end
            yield line[at].start, taken, sure
            at = end
        else:
            at += 1


def _announced(folded: str, places: Sequence[int], line: list[Token]) -> dict[int, bool]:
    """Token numbers that stand right after words which announce an address."""
    by_start = {token.start: at for at, token in enumerate(line)}
    ends = [match.end() for match in _ANNOUNCED.finditer(folded) if not match.group(1) or folded[match.end() : match.end() + 1].isdecimal()]
    ends += [match.start() for match in _CORNER.finditer(folded)]
    starts = (places[end] for end in ends if end < len(places))
    return {by_start[start]: True for start in starts if start in by_start}


def _from(line: list[Token], at: int, announced: bool) -> tuple[int, bool]:
    """Where an address that begins at token `at` ends, or `at` where none does; and whether it is sure."""
    token = line[at]
    if (
        token.plain in ("po", "p", "psc", "unit", "usns", "uscgc", "uss", "usnv", "box", "apo", "fpo", "dpo")
        and (end := _box(line, at)) > at
    ):
        return _extend(line, end), True
    if token.number and not (at and line[at - 1].text in _NO_STREET_BEFORE) and _is_house_number(token.text):
        end, sure = _numbered(line, at, announced)
        if end > at:
            return _extend(line, end), sure
    if announced and [one.plain for one in line[at : at + 3]] == ["the", "corner", "of"]:
        end = _anything(line, at + 3)
        return (end, True) if end > at + 3 else (at, False)
    if token.word and (end := _named_street(line, at, announced)) > at:
        return _extend(line, end), announced or token.plain in _KINDS
    if announced and (token.number or token.capital or not _plain_talk(token)) and (end := _anything(line, at)) > at:
        return end, any(one.number for one in line[at:end])
    return at, False


@lru_cache(maxsize=4096)
def _is_house_number(text: str) -> bool:
    return len(text) <= _LONGEST_NUMBER and _HOUSE_NUMBER.fullmatch(text) is not None


def _box(line: list[Token], at: int) -> int:
    """Post boxes and military mail: "P.O. Box 149", "PSC 6293, Box 8158 APO AP 04336", "USNS Name FPO AE 12345"."""
    window = [token.plain for token in line[at : at + 12]]
    for here, plain in enumerate(window):
        if (
            plain == "box"
            and here + 1 < len(window)
            and window[here + 1][0].isdigit()
            and (here == 0 or window[0] in ("po", "p", "psc", "unit", "usns", "uscgc", "uss"))
        ):
            return at + here + 2 if here or (at and line[at - 1].plain not in FUNCTION) else at
        if plain in _MILITARY and here + 2 < len(window) and window[here + 1] in ("aa", "ae", "ap") and window[here + 2].isdecimal():
            return at + here + 3
        if here > 7:
            break
    return at


def _numbered(line: list[Token], at: int, announced: bool) -> tuple[int, bool]:
    """A number and then a street: by its kind, by its ending, by a second number, or by a unit that follows."""
    here = at + 1
    if here < len(line) and line[here].number and _is_house_number(line[here].text) and len(line[here].text) <= 5:
        here += 1  # "14 1420 Crown Street"
    first = here
    words = links = 0
    if here < len(line) and line[here].plain in ("p", "po") and (end := _box(line, here)) > here:
        return end, True
    while here < len(line) and here - first < 8:
        token = line[here]
        plain = token.plain
        if words and plain in _ABBREVIATED and here + 2 < len(line) and line[here + 1].text == "." and line[here + 2].number:
            return here + 3, True
        if token.word:
            strict = plain in _KINDS
            if words == 0 and (
                (plain in _UNIT_NOUNS and not (token.capital and plain == "st"))
                or (plain in COMMON and not token.capital and not announced and plain not in _DIRECTIONS and len(line[at].text) < 3)
            ):
                return at, False
            if (strict or plain in _KINDS_TOO) and (words or (strict and token.capital)):
                capital = any(one.capital for one in line[first:here] if one.word)
                # In small letters the street's name must not be everyday talk: "2 hour drive", "the 3 way".
                named = any(one.word and (one.plain not in COMMON or one.plain in _DIRECTIONS) for one in line[first:here])
                if strict and words and (capital or named or announced or len(line[at].text) >= 3):
                    return _kinds_on(line, here + 1), True
                if capital and (token.capital or announced) or (plain == "st" and (named or announced or len(line[at].text) >= 3)):
                    return _kinds_on(line, here + 1), True
            if _SUFFIX.search(plain) and len(plain) > 6 and plain not in COMMON:
                return (here + 2 if here + 1 < len(line) and line[here + 1].number else here + 1), True
            if plain in _UNITS and words and here + 1 < len(line) and (line[here + 1].number or len(line[here + 1].text) == 1):
                return here, True
            street = (token.capital and plain in (_KINDS | _ABBREVIATED | {"st"})) or plain == "ul"
            if plain in FUNCTION and plain not in _LINKS and plain not in _DIRECTIONS and plain not in _ORDINALS and not street:
                break
            if not token.capital and plain in COMMON and not announced and plain not in _LINKS and plain not in _ORDINALS and not street:
                break
            links += plain in ("of", "the", "and", "y", "e", "et")
            words += 1
        elif token.number:
            capital = any(one.capital for one in line[first:here] if one.word)
            known = any(one.word and one.plain in _KINDS for one in line[first:here])
            if (
                words
                and (not links or known or announced)
                and (capital or known or announced)
                and _SECOND_NUMBER.fullmatch(token.text)
                and _is_house_number(token.text)
                and here - first <= 6
            ):
                return here + 1, known or announced or len(line[at].text) >= 3
            break
        elif token.text == "\n":
            break
        elif token.text not in "'’-" and not (
            token.text == "." and len(line[here - 1].text) <= 4 and line[here - 1].plain not in _ABBREVIATED
        ):
            if token.text == "." and line[here - 1].plain in _ABBREVIATED and here + 1 < len(line) and line[here + 1].number:
                return here + 2, True
            if token.text == "," and here + 1 < len(line) and line[here + 1].plain in _UNITS:
                here += 1
                continue
            break
        here += 1
    return at, False


def _kinds_on(line: list[Token], here: int) -> int:
    """Past "St." and a second kind or direction: "Elm Street NW", "Kishiev Squares"."""
    while here < len(line) and (
        line[here].plain in _DIRECTIONS
        or (line[here].text == "." and here + 1 < len(line) and not line[here + 1].capital)
        or (line[here].capital and line[here].plain in _KINDS | _KINDS_TOO)
        or (
            line[here].number
            and here + 1 < len(line)
            and len(line[here].text) <= 4
            and line[here - 1].plain in _KINDS
            and line[here].start - line[here - 1].end <= 1
        )
    ):
        here += 1
    return here


def _named_street(line: list[Token], at: int, announced: bool) -> int:
    """A street before its number, or with its kind and no number after words that announce it: "Calle Roble 12", "on Elm Street"."""
    token = line[at]
    if token.plain in _KINDS_FIRST and (token.capital or announced or token.plain in ("calle", "avenida", "ul", "rua")):
        here, words = at + 1, 0
        while here < len(line) and words < 6 and (line[here].word or line[here].text in ".#/"):
            if line[here].plain in FUNCTION and line[here].plain not in _LINKS:
                break
            words += line[here].word
            here += 1
        if words and here < len(line) and line[here].number:
            return here + 1
    if not token.capital and not announced:
        return at
    here = at
    while here < len(line) and here - at < 7:
        if line[here].text == "." and here > at and len(line[here - 1].text) <= 4:
            if announced and here + 1 < len(line) and line[here + 1].number:
                return here + 2
            here += 1
            continue
        if not (line[here].word and (line[here].capital or announced or line[here].plain in _LINKS)):
            break
        plain = line[here].plain
        follows = here + 1 < len(line) and line[here + 1].number and _is_house_number(line[here + 1].text)
        if _SUFFIX.search(plain) and len(plain) > 6 and plain not in COMMON and follows:
            return here + 2
        if here > at and line[here].capital and plain in _KINDS and line[at].plain not in FUNCTION and line[at].plain not in COMMON:
            return _kinds_on(line, here + 1)
        if plain in FUNCTION and plain not in _LINKS:
            break
        if announced and follows and line[here].capital:
            return here + 2
        here += 1
    return at


def _plain_talk(token: Token) -> bool:
    return token.plain in COMMON


def _anything(line: list[Token], at: int) -> int:
    """After words that announce an address: everything up to plain talk, with a number in it within the first tokens, or ""."""
    here = at
    while here < len(line) and here - at < _MOST_TOKENS:
        token = line[here]
        if (
            token.word
            and _plain_talk(token)
            and not (token.plain in _LINKS and here > at)
            and token.plain not in (_KINDS | _KINDS_TOO | _UNITS | _TOWN_WORDS)
            and not (token.capital and here == at)
        ):
            break
        if token.text in '?!;:()"' or (
            token.text == "." and (here + 1 >= len(line) or (line[here + 1].capital and len(line[here - 1].text) > 3))
        ):
            break
        here += 1
    while here > at and not (line[here - 1].word or line[here - 1].number):
        here -= 1
    while here > at and line[here - 1].plain in _LINKS:
        here -= 1
    first = next((place for place, token in enumerate(line[at : min(here, at + 8)], start=at) if token.number), None)
    # A line without a number before one with: a name above an address.
    return here if first is not None and not any(token.text == "\n" for token in line[at:first]) else at


def _extend(line: list[Token], end: int) -> int:
    """Past the unit, the town, the state, the code and the country that follow a street."""
    here, last = end, end
    lines = 0
    while here < len(line) and here - end < _MOST_TOKENS:
        token = line[here]
        if token.text == "\n":
            lines += 1
            if lines > 5:
                break
        elif token.text in ",.#>-()" or (token.text == "?" and line[here - 1].text in ("?", "\n") and here + 1 < len(line)):
            if (
                token.text == "."
                and here + 1 < len(line)
                and line[here + 1].word
                and line[here + 1].plain in COMMON
                and line[here + 1].plain not in _UNITS
            ):
                break
        elif token.number:
            if not _POSTAL_CODE.fullmatch(token.text) or (
                line[here - 1].text == "\n"
                and here + 1 < len(line)
                and line[here + 1].text not in "\n,."
                and line[here - 1].text not in ",\n"
            ):
                break
            if here + 1 < len(line) and line[here + 1].text in "-:" and here + 2 < len(line) and line[here + 2].number:
                break  # a telephone number or a time begins here
            last = here + 1
        elif (
            token.plain in _UNITS
            and here + 1 < len(line)
            and (line[here + 1].number or line[here + 1].text == "#" or len(line[here + 1].text) == 1)
        ):
            last = here + 2
            here += 1
        elif token.capital or token.plain in _STATES and line[here - 1].text == ",":
            saint = token.plain == "st" and here + 1 < len(line) and line[here + 1].capital
            after = line[here + 1] if here + 1 < len(line) else None
            code = (
                len(token.text) == 2
                and token.text.isupper()
                and (line[here - 1].text == "," or after is None or after.number or after.text == "\n")
            )
            if (
                token.plain in COMMON
                and token.plain not in _TOWN_WORDS
                and not saint
                and not (len(token.text) > 2 and token.text.isupper())
                and not code
            ):
                break
            if here + 1 < len(line) and line[here + 1].text == ":":
                break  # "Mobile:"
            last = here + 1
        elif not (token.plain in _LINKS and here + 1 < len(line) and line[here + 1].capital and line[here - 1].capital):
            if line[here - 1].text == "," and token.word and token.plain not in COMMON:
                last = here + 1  # ", denver"
            else:
                break
        here += 1
    return last
