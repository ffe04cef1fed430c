"""Finding and masking personal data in free text: deterministic, local, no model. English and Spanish first.

What has a shape of its own (numbers, addresses on the net, cards) is found by the shape and, where there is one, its checksum;
names and street addresses by their grammar and by what stands around them. A find that rests on a guess is not `sure`: it is
shown to a person and masked, but does not block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers

from summaries.addresses import find_addresses, tokens
from summaries.folding import fold
from summaries.people_names import find_names
from zartsalgo.lib.patterns import WORD, Bordered, encodable, linear

LONGEST: Final = 10_000
"""Characters that are read, what intake keeps of one text; `mask` drops what is longer."""
_MOST_TOKENS: Final = 3_000
_MOST_PARSED: Final = 200
"""Numbers of one text that are held against the numbering plan; what comes after is judged by its shape."""

_WEIGHT: Final = {
    kind: weight
    for weight, kind in enumerate(
        ("email", "url", "ssn", "iban", "card", "ip", "date-of-birth", "address", "phone", "age", "name", "place", "company")
    )
}
_SHOWN: Final = frozenset({"place", "company"})
"""Kinds that say nothing about a person by themselves: found, never masked."""

_EMAIL: Final = Bordered(
    r"([\p{L}\p{N}_.+'-]+)\s?@\s?(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.){1,6}\p{L}{2,24}",
    before=rf"{WORD}.+\-",
    after=f"{WORD}@",
)
_LONGEST_LOCAL_PART: Final = 64
_EMAIL_SAID: Final = linear(
    r"[\w\x{C0}-\x{24F}.+-]{2,64}\s*[\[(]?\s?\b(?:at|arroba)\b\s?[\])]?\s*[\w\x{C0}-\x{24F}-]{2,60}\s*[\[(]?\s?\b(?:dot|punto)\b\s?[\])]?\s*(?:com|net|org|edu|us|mx|gov|io|co)\b",
    ignore_case=True,
)
_URL: Final = linear(r"\b(?:https?|ftp)://[^\s<>\"']+|\bwww\.[^\s<>\"']+", ignore_case=True)
_HOST: Final = Bordered(
    r"(?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}(?:com|net|org|info|biz|io|gov|edu|me|ly|app|shop|online|site|xyz|us|mx|uk|de|fr|es|it|se|cz|ch|pl|ca|au|br)(?:/[^\s<>\"']*)?",
    before=rf"{WORD}@.\-",
    after=rf"{WORD}@.\-",
    ignore_case=True,
)
_SSN: Final = Bordered(r"\d{3}(?:-\d{2}-|\.\d{2}\.| \d{2} )\d{4}", before=rf"{WORD}\-", after=rf"{WORD}\-")
_SSN_NAMED: Final = linear(r"(?:ssn:? |social security number is |social is )(\d{9})\b", ignore_case=True)
_CARD: Final = Bordered(r"\d(?:[ -]?\d){11,18}", before=rf"{WORD}.\-", after=rf"{WORD}\-")
_ABOUT_CARD: Final = linear(r"\bcards?\b|\bcc\b|\bvisa\b|\bmaster ?card\b|\bamex\b|\bdebit\b|\btarjeta\b")
_IBAN: Final = linear(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IPV4: Final = Bordered(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", before=f"{WORD}.")
_MORE_DIGITS: Final = linear(r"[\w.]*\d")
_IPV6: Final = Bordered(r"(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}", before=f"{WORD}:", after=f"{WORD}:")
_DATE: Final = linear(
    r"\b(?:\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|(?:\d{1,2}\s+(?:of\s+|de\s+)?)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)[a-z]{0,8}\.?\s*(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?(?:de\s+|del\s+)?\d{4})\b"
)
_ABOUT_BIRTH: Final = linear(
    r"\bborn\b|\bbirth ?da(?:y|te)\b|\bdate of birth\b|\bd\.?o\.?b\b|\bnaci(?:o|miento|da|do)?\b|\bbirth\b|\bcumpleanos\b"
)
_AGE: Final = linear(
    r"\b(?:turn(?:ed|s|ing)|aged?)\s+(\d{1,3})\b|\b(\d{1,3})(\s?(?:y/o|yo\b|years? old|yrs? old|year[- ]old|anos de edad))\s*(?:$|[.,!?;)]|and|y\b|man|woman|boy|girl|son|daughter|lady|guy|person|mother|father|male|female|kid|widow)"
)
_A_PERSON: Final = linear(
    r"\b(?:i|i'm|im|he|she|he's|she's|am|who|mother|father|mom|dad|son|daughter|brother|sister|wife|husband|man|woman|lady|grand\w+|aunt|uncle|tengo|soy|a)\b"
)
_OF_AGE: Final = linear(r"\W*(?:man|woman|boy|girl|son|daughter|lady)")
_PHONE: Final = Bordered(
    r"(?:\+\s?)?(?:\(\+?\d{1,5}\)\s?[.-]?)?\d{1,15}(?:(?:[ .\-/]|\s-\s)(?:\(\d{1,4}\)[ .\-]?)?\d{1,15}|\(\d{1,4}\)[ .\-]?\d{1,15}){0,6}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?",
    # Not inside a word, a price or a decimal.
    opens=rf"(?:^[.,:]?|[^\d][.,:]|[^{WORD}$€£.,:])",
    after=f"{WORD}%",
    ignore_case=True,
)
_ABOUT_PHONE: Final = linear(
    r"\b(?:phones?|call(?:ing)?|ring|text|txt|reach|cell|mobile|fax|tel|telephone|(?:my|her|his|our|best|their) number|whatsapp|dial|desk|office|llam\w+|celular|telefono|numero|marque|registered)\b"
)
_IS_A: Final = linear(r"\W{0,3}(?:fax|office|mobile|cell|home|work)\b")
_CALENDAR: Final = linear(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:\s\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,3}(?:\.\d{3}){1,3}|(?:19|20)\d\d\s?-\s?(?:19|20)\d\d"
)
_DIGIT: Final = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
_SPOKEN: Final = linear(rf"\b{_DIGIT}(?:[\s,.-]{{1,3}}(?:double |triple )?{_DIGIT}){{6,14}}\b")


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data of one `kind` at `start..end`: phone, email, card, ssn, iban, ip, url, date-of-birth, address, age, name; place and
    company are found too, so that they are not taken for a person, and are never masked."""

    kind: str
    start: int
    end: int
    sure: bool = True


def find_personal(text: str) -> list[Span]:
    """What in this text is personal data, in order of place, without overlaps; never raises.

    Reads the first `LONGEST` characters, and no more than 3,000 words and signs of them.
    """
    return _find(text)[0]


def _find(text: str) -> tuple[list[Span], int]:
    """What was found, and how many characters were read."""
    text = encodable(text[:LONGEST])
    plain, places = _readable(text)
    read = len(text)
    line = tokens(plain)
    if len(line) > _MOST_TOKENS:
        end = line[_MOST_TOKENS].start
        plain, line, read = plain[:end], line[:_MOST_TOKENS], places[end]
    found = [*_shapes(plain, _low(plain)), *(Span("address", start, end, sure) for start, end, sure in find_addresses(plain, line))]
    found += [Span(one.kind, one.start, one.end, one.sure) for one in find_names(plain, line)]
    return [Span(one.kind, places[one.start], places[one.end - 1] + 1, one.sure) for one in _settle(found)], read


def mask(text: str) -> str:
    """The text with every find replaced by its kind in square brackets, such as "[phone]"; towns and companies stay."""
    found, read = _find(text)
    out: list[str] = []
    at = 0
    for span in found:
        if span.kind not in _SHOWN:
            out += [text[at : span.start], f"[{span.kind}]"]
            at = span.end
    return "".join([*out, text[at:read]])


def _readable(text: str) -> tuple[str, list[int]]:
    """The text with unseen characters gone and every kind of digit as 0-9, and where each character came from."""
    if text.isascii():
        return text, list(range(len(text)))
    kept = [(char, place) for place, original in enumerate(text) for char in [_see(original)] if char]
    return "".join(char for char, _ in kept), [place for _, place in kept]


def _low(text: str) -> str:
    """Small letters without accents where that keeps the length."""
    if text.isascii():
        return text.lower()
    return "".join(char.lower() if char.isascii() else (same if len(same := fold(char).text) == 1 else char) for char in text)


def _see(char: str) -> str:
    if char.isascii():
        return char
    folded = fold(char).text
    if folded == "" and not char.isspace():
        # Marks that stand alone belong to the letter before; they and unseen characters are left out.
        return ""
    if len(folded) == 1 and (folded.isdecimal() or folded in "'\"-@."):
        return folded
    return " " if char.isspace() and char != "\n" else char


def _settle(found: list[Span]) -> list[Span]:
    """Without overlaps: the kind with the stronger shape keeps its place, the longer of two alike."""
    found.sort(key=lambda one: (_WEIGHT[one.kind], not one.sure, one.start - one.end))
    kept: list[Span] = []
    starts: dict[int, Span] = {}
    for one in found:
        if not any(place in starts for place in range(one.start, one.end)):
            kept.append(one)
            starts.update(dict.fromkeys(range(one.start, one.end), one))
    return sorted(kept, key=lambda one: one.start)


def _shapes(text: str, low: str) -> Iterator[Span]:
    """What has a shape of its own. `low` is the text in small letters without accents, character for character."""
    for match in _EMAIL.finditer(text):
        if match.end(1) - match.start(1) <= _LONGEST_LOCAL_PART:
            yield Span("email", *match.span())
    for kind, found in (
        ("email", _EMAIL_SAID.finditer(text)), ("url", _URL.finditer(text)), ("url", _HOST.finditer(text)), ("ssn", _SSN.finditer(text)), ("phone", _SPOKEN.finditer(low)),
    ):  # fmt: skip
        for one in found:
            yield Span(kind, one.start(), one.start() + len(one.group(0).rstrip(".,;:!?") if kind == "url" else one.group(0)))
    for named in _SSN_NAMED.finditer(text):
        yield Span("ssn", *named.span(1))
    for match in _IPV4.finditer(text):
        if not _MORE_DIGITS.match(text[match.end() : match.end() + 100]):
            yield Span("ip", *match.span())
    for match in _IPV6.finditer(text):
        if match.group().count(":") >= 4 or "::" in match.group():
            yield Span("ip", *match.span())
    for match in _CARD.finditer(text):
        digits = _digits(match.group())
        about = bool(_ABOUT_CARD.search(low[max(0, match.start() - 60) : match.start()]))
        if about or (len(digits) >= 13 and _luhn(digits)):
            yield Span("card", match.start(), match.end(), about or digits[0] in "23456")
    for iban in _IBAN.finditer(text):
        if _mod97(iban.group().replace(" ", "")):
            yield Span("iban", *iban.span())
    for date in _DATE.finditer(low):
        if _ABOUT_BIRTH.search(low[max(0, date.start() - 50) : date.start()]):
            yield Span("date-of-birth", *date.span())
    for age in _AGE.finditer(low):
        group, end = (1, age.end(1)) if age.group(1) else (2, age.end(3))
        if group == 1 or _A_PERSON.search(low[max(0, age.start() - 12) : age.start()]) or _OF_AGE.match(low[end : end + 12]):
            yield Span("age", *age.span(group), sure=False)
    yield from _phones(text, low)


def _phones(text: str, low: str) -> Iterator[Span]:
    parsed = 0
    for match in _PHONE.finditer(text):
        bare = match.group()[: (low[match.start() : match.end()] + "x").replace("ext", "x  ").index("x")]
        digits = _digits(bare)
        if not 7 <= len(digits) <= 15 or _CALENDAR.fullmatch(bare.strip()):
            continue
        groups = "".join(char if char.isdecimal() else " " for char in bare).split()
        about = bool(_ABOUT_PHONE.search(low[max(0, match.start() - 40) : match.start()])) or bool(
            _IS_A.match(low[match.end() : match.end() + 12])
        )
        parsed += 1
        known = parsed <= _MOST_PARSED and _is_number(bare, digits)
        if len(groups) > 2 and max(map(len, groups)) <= 2 and " " in bare and not about:
            continue
        if known or about or len(groups) > 1 or len(digits) in (10, 11):
            yield Span("phone", *match.span(), sure=known or about)


def _digits(words: str) -> str:
    return "".join(char for char in words if char.isdecimal())


def _is_number(words: str, digits: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(words.strip()[:40], "US")) and len(digits) >= 10
    except phonenumbers.NumberParseException:
        return False


def _luhn(digits: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _mod97(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return 15 <= len(iban) <= 34 and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
