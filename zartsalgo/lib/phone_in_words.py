"""Numbers in a field that holds more than one number: words round it, several of them, an extension, digits said in words.

The phone library's own matcher finds them, after what it trips over is taken apart: letters that touch digits, and two numbers with only a
blank between them. The field is cut first, because the matcher's cost grows fast with what looks like the beginning of a number.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from zartsalgo.lib.names import clean_text
from zartsalgo.lib.patterns import linear
from zartsalgo.lib.phone import Number, read_number

LONGEST: Final = 200
MOST: Final = 5
MOST_TRIES: Final = 8  # what looks like a number and is none, before the field is given up
_URI: Final = linear(r"^\s*(?:tel|sms|callto|whatsapp|sips?)\s*:", ignore_case=True)
# Digits with what people put between them; a plus sign begins a new one.
_RUN: Final = linear(r"\+?[0-9(][0-9() .\-‐‑–—/]{8,}")
_GROUP: Final = linear(r"[0-9]+")
_OTHER_LINE: Final = linear(r"^\s*(?:/|\\|or|o|&)\s*([0-9]{4})(?:[^0-9]|\z)", ignore_case=True)
_TOUCHING: Final = linear(r"([\p{L}])([0-9+(])|([0-9])([\p{L}])")
_DIGITS: Final = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "zero oh o cero",
            "one uno",
            "two dos",
            "three tres",
            "four cuatro",
            "five cinco",
            "six seis",
            "seven siete",
            "eight ocho",
            "nine nueve",
        )
    )
    for word in words.split()
}
_TIMES: Final = {"double": 2, "doble": 2, "triple": 3}
_SPOKEN_WORD: Final = rf"(?:{'|'.join((*_TIMES, *_DIGITS))}|[0-9]{{1,4}})"
# A number as it is said, in words with digits among them; how many digits they make is counted afterwards.
_SPOKEN: Final = linear(rf"\b{_SPOKEN_WORD}(?:[ ,.()-]{{1,3}}{_SPOKEN_WORD}){{4,}}\b", ignore_case=True)
_SPOKEN_PART: Final = linear(r"[a-z]+|[0-9]+")
_FEWEST_SPOKEN: Final = 3
# "Phone/fax" is a phone too.
_FAX_BEFORE: Final = linear(r"(?:^|[^/&\p{L}\s])\s*fax(?: (?:no|number|is))?\b[^\p{L}0-9]{0,4}\z", ignore_case=True)
_FAX_BEHIND: Final = linear(r"^\s*(?:\(\s*fax\s*\)|fax\s*(?:[,;]|\z))", ignore_case=True)
_EMPTY_BRACKETS: Final = linear(r"[(\[{<]\s*[)\]}>]")
_JOINS: Final = frozenset("and or y o u e tel tel. phone number telephone telefono numero no no. ph ph. #".split())


@dataclass(frozen=True, slots=True)
class Numbers:
    """`first` is what counts, or the reason why there is none; `further` ones (E.164) stand behind it; `left` is what is no number."""

    first: Number
    further: tuple[str, ...] = ()
    left: str = ""


def read_numbers(*, raw: object, region: str = "US") -> Numbers:
    """Every number in a field, in order. Never raises. A plain number costs no more than `read_number`."""
    if isinstance(raw, str):
        raw = raw[:LONGEST]
    whole = read_number(raw=raw, region=region)
    if not isinstance(raw, str) or whole.e164 and (_is_plain(raw) or _URI.match(raw)):
        return Numbers(whole)
    text = _opened(raw)
    found, left = _found(text=text, region=region)
    if found:
        numbers = [number for e164 in found if (number := read_number(raw=e164, region=region)).e164]
        # What may be texted goes first only by where it stands: the person wrote them in this order, a fax last.
        if numbers:
            return Numbers(numbers[0], tuple(number.e164 for number in numbers[1:]), left)
    if whole.e164 and not _is_vanity(text):
        # Words between the digits of no number: "5 5 rooms 12".
        whole = read_number(raw="", region=region) if not any(char.isdigit() for char in text) else Number("", "invalid", "")
    return Numbers(whole)


def _is_plain(raw: str) -> bool:
    """One number and nothing else: no letters, and not more digits than a number has."""
    return len(raw) <= 32 and not any(char.isalpha() for char in raw) and sum(char.isdecimal() for char in raw) <= 15 and "/" not in raw


def _is_vanity(text: str) -> bool:
    """A number that is spelled: "1-800-555-ROOF", "1-800-FLOWERS"."""
    letters, digits = sum(char.isalpha() for char in text), sum(char.isdecimal() for char in text)
    return 2 <= letters <= 8 and 3 <= digits <= 9 and 10 <= letters + digits <= 13


def _opened(raw: str) -> str:
    """Cut, in plain digits and plain dashes, letters apart from digits, numbers apart from each other."""
    text = unicodedata.normalize("NFKC", clean_text(raw[: LONGEST * 4], limit=LONGEST)).replace("\n", " ; ").replace("\t", " ")
    text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)[:LONGEST]
    text = text.translate({0x2010: "-", 0x2011: "-", 0x2012: "-", 0x2013: "-", 0x2014: "-", 0x2212: "-"})
    if _is_vanity(text):
        return text
    text = _SPOKEN.sub(lambda match: _as_digits(match.group()), text)
    spaced = _TOUCHING.sub(lambda match: " ".join(part for part in match.groups() if part), text)
    # A letter and a digit may share their neighbour: the second pass takes those that the first stepped over.
    spaced = _TOUCHING.sub(lambda match: " ".join(part for part in match.groups() if part), spaced)
    return _RUN.sub(lambda match: _parted(match.group()), spaced)


def _as_digits(spoken: str) -> str:
    """ "three oh three, five five five ..." in digits where they make one American number, else as it was."""
    digits, words, times = "", 0, 1
    for part in _SPOKEN_PART.findall(spoken.lower()):
        if part in _TIMES:
            times = _TIMES[part]
            continue
        words += part in _DIGITS
        digits += _DIGITS.get(part, part) * times
        times = 1
    whole = len(digits) == 10 or (len(digits) == 11 and digits.startswith("1"))
    return digits if whole and words >= _FEWEST_SPOKEN else spoken


def _parted(run: str) -> str:
    """Two or more numbers, or a number and an extension, with only blanks or slashes between: parted where ten digits are full."""
    if run.startswith("+") and not run.startswith("+1"):
        return run
    cuts: list[int] = []
    groups = [(match.start(), match.end()) for match in _GROUP.finditer(run)]
    digits, wanted = 0, 0
    for at, (start, end) in enumerate(groups):
        if not digits:
            wanted = 11 if run[start] == "1" else 10
        digits += end - start
        rest = sum(other_end - other_start for other_start, other_end in groups[at + 1 :])
        # "512-555-0100/0101" is another line of the same house, not another number: see _OTHER_LINE.
        if digits == wanted and rest and not (rest == 4 and run[end:].lstrip().startswith("/")):
            cuts.append(end)
            digits = 0
        elif digits > wanted:
            return run
    for cut in reversed(cuts):
        run = f"{run[:cut]} ; {run[cut:].lstrip(' -./')}"
    return run


def _found(*, text: str, region: str) -> tuple[list[str], str]:
    """Numbers (E.164) in order of place, and what is left of the text without them."""
    spans: list[tuple[int, int, str, str]] = []
    for leniency in (Leniency.VALID, Leniency.POSSIBLE):
        rest = list(text)
        for start, end, *_ in spans:
            rest[start:end] = ";" * (end - start)
        for match in PhoneNumberMatcher("".join(rest), region, leniency=leniency, max_tries=MOST_TRIES):
            number = match.number
            # "Possible" is any ten digits: a number nobody has put in service may still be theirs.
            if leniency == Leniency.POSSIBLE and (number.country_code != 1 or len(str(number.national_number)) != 10):
                continue
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            spans.append((match.start, match.end, e164, number.extension or ""))
            if len(spans) >= MOST:
                break
    spans.sort()
    found: list[str] = []
    faxes: list[str] = []
    left, at = [], 0
    for start, end, e164, extension in spans:
        left += [text[at:start], f"ext {extension}" if extension else ""]
        is_fax = _FAX_BEFORE.search(text[at:start]) or _FAX_BEHIND.match(text[end:])
        at = end
        (faxes if is_fax else found).append(e164)
        # "512-555-0100/0101": the other line of the same house.
        if (other := _OTHER_LINE.match(text[end:])) and e164.startswith("+1"):
            found.append(e164[:-4] + other.group(1))
            at = end + other.end(1)
    left.append(text[at:])
    found += faxes
    return list(dict.fromkeys(found))[:MOST], _words_of(" ".join(left)) if found else ""


def _words_of(left: str) -> str:
    """What somebody should still read of the rest: no separators, no "or" between numbers that are gone."""
    left = _EMPTY_BRACKETS.sub(" ", left)
    words = [word.strip("()[]{},;:|/&\"'") for word in left.split()]
    return " ".join(word for word in words if any(char.isalnum() for char in word) and word.casefold() not in _JOINS)
