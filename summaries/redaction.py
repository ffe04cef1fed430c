"""Finding and masking personal data in free text: deterministic, local, no model. English and Spanish first.

What has a shape of its own (numbers, addresses on the net, cards) is found by the shape and, where there is one, its checksum;
names and street addresses by their grammar and by what stands around them. A find that rests on a guess is not `sure`: it is
shown to a person and masked, but does not block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers

from summaries.addresses import find_addresses
from summaries.folding import fold
from summaries.people_names import find_names

LONGEST: Final = 200_000
"""Characters that are read; `mask` drops what is longer."""

_WEIGHT: Final = {
    kind: weight
    for weight, kind in enumerate(
        ("email", "url", "ssn", "iban", "card", "ip", "date-of-birth", "address", "phone", "age", "name", "place", "company")
    )
}
_SHOWN: Final = frozenset({"place", "company"})
"""Kinds that say nothing about a person by themselves: found, never masked."""

_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}\s?@\s?(?:[^\W_](?:[\w-]{0,62}[^\W_])?\.){1,6}[^\W\d_]{2,24}(?![\w@])")
_EMAIL_SAID: Final = re.compile(
    r"\b[\w.+-]{2,64}\s*[\[(]?\s?\b(?:at|arroba)\b\s?[\])]?\s*[\w-]{2,60}\s*[\[(]?\s?\b(?:dot|punto)\b\s?[\])]?\s*(?:com|net|org|edu|us|mx|gov|io|co)\b",
    re.IGNORECASE,
)
_URL: Final = re.compile(
    r"\b(?:https?|ftp)://[^\s<>\"']{1,2000}|\bwww\.[^\s<>\"']{1,500}|(?<![\w@.-])(?:[a-zA-Z0-9][a-zA-Z0-9-]{0,62}\.){1,4}(?:com|net|org|info|biz|io|gov|edu|me|ly|app|shop|online|site|xyz|us|mx|uk|de|fr|es|it|se|cz|ch|pl|ca|au|br)(?:/[^\s<>\"']{0,500})?(?![\w@.-])",
    re.IGNORECASE,
)
_SSN: Final = re.compile(
    r"(?<![\w-])\d{3}([-. ])\d{2}\1\d{4}(?![\w-])|(?<=ssn )\d{9}\b|(?<=ssn: )\d{9}\b|(?<=social security number is )\d{9}\b|(?<=social is )\d{9}\b",
    re.IGNORECASE,
)
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-])")
_ABOUT_CARD: Final = re.compile(r"\bcards?\b|\bcc\b|\bvisa\b|\bmaster ?card\b|\bamex\b|\bdebit\b|\btarjeta\b", re.IGNORECASE)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IPV4: Final = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)")
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}(?![\w:])")
_DATE: Final = re.compile(
    r"\b(?:\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|(?:\d{1,2}\s+(?:of\s+|de\s+)?)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic)[a-z]{0,8}\.?\s*(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?(?:de\s+|del\s+)?\d{4})\b",
    re.IGNORECASE,
)
_ABOUT_BIRTH: Final = re.compile(
    r"\bborn\b|\bbirth ?da(?:y|te)\b|\bdate of birth\b|\bd\.?o\.?b\b|\bnaci(?:o|ó|miento|da|do)?\b|\bbirth\b|\bcumpleaños\b", re.IGNORECASE
)
_AGE: Final = re.compile(
    r"\b(?:turn(?:ed|s|ing)|aged?)\s+(?P<a>\d{1,3})\b|\b(?P<b>\d{1,3})\s?(?:y/o|yo\b|years? old|yrs? old|year[- ]old|a(?:ñ|n)os de edad)(?=\s*(?:$|[.,!?;)]|and|y\b|man|woman|boy|girl|son|daughter|lady|guy|person|mother|father|male|female|kid|widow))",
    re.IGNORECASE,
)
_A_PERSON: Final = re.compile(
    r"\b(?:i|i'm|im|he|she|he's|she's|am|who|mother|father|mom|dad|son|daughter|brother|sister|wife|husband|man|woman|lady|grand\w+|aunt|uncle|tengo|soy|a)\b",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(
    r"(?<![\w$€£])(?<!\d[.,:])(?:\+\s?)?(?:\(\+?\d{1,5}\)\s?[.-]?)?\d{1,15}(?:(?:[ .\-/]|\s-\s|(?=\())(?:\(\d{1,4}\)[ .\-]?)?\d{1,15}){0,6}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w%])",
    re.IGNORECASE,
)
_ABOUT_PHONE: Final = re.compile(
    r"\b(?:phones?|call(?:ing)?|ring|text|txt|reach|cell|mobile|fax|tel|telephone|(?:my|her|his|our|best|their) number|whatsapp|dial|desk|office|llam\w+|celular|telefono|tel[eé]fono|numero|n[uú]mero|marque|registered)\b", re.IGNORECASE
)  # fmt: skip
_CALENDAR: Final = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:\s\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,3}(?:\.\d{3}){1,3}|(?:19|20)\d\d\s?-\s?(?:19|20)\d\d"
)
_DIGIT: Final = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
_SPOKEN: Final = re.compile(rf"\b{_DIGIT}(?:[\s,.-]{{1,3}}(?:double |triple )?{_DIGIT}){{6,14}}\b", re.IGNORECASE)
_LETTERS_FOR_DIGITS: Final = str.maketrans("oOlI", "0011")


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data of one `kind` at `start..end`: phone, email, card, ssn, iban, ip, url, date-of-birth, address, age, name; place and
    company are found too, so that they are not taken for a person, and are never masked."""

    kind: str
    start: int
    end: int
    sure: bool = True


def find_personal(text: str) -> list[Span]:
    """What in this text is personal data, in order of place, without overlaps. Reads the first `LONGEST` characters; never raises."""
    text = text[:LONGEST]
    plain, places = _readable(text)
    found = [*_shapes(plain), *(Span("address", start, end, sure) for start, end, sure in find_addresses(plain))]
    found += [Span(one.kind, one.start, one.end, one.sure) for one in find_names(plain)]
    return [Span(one.kind, places[one.start], places[one.end - 1] + 1, one.sure) for one in _settle(found)]


def mask(text: str) -> str:
    """The text with every find replaced by its kind in square brackets, such as "[phone]"; towns and companies stay."""
    text = text[:LONGEST]
    out: list[str] = []
    at = 0
    for span in find_personal(text):
        if span.kind not in _SHOWN:
            out += [text[at : span.start], f"[{span.kind}]"]
            at = span.end
    return "".join([*out, text[at:]])


def _readable(text: str) -> tuple[str, list[int]]:
    """The text with unseen characters gone and every kind of digit as 0-9, and where each character came from."""
    if text.isascii():
        return text, list(range(len(text)))
    kept = [(char, place) for place, original in enumerate(text) for char in [_see(original)] if char]
    return "".join(char for char, _ in kept), [place for _, place in kept]


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


def _shapes(text: str) -> Iterator[Span]:
    for pattern, kind in ((_EMAIL, "email"), (_EMAIL_SAID, "email"), (_URL, "url"), (_SSN, "ssn"), (_IPV4, "ip"), (_SPOKEN, "phone")):
        for match in pattern.finditer(text):
            yield Span(kind, match.start(), match.start() + len(match.group().rstrip(".,;:!?)") if kind == "url" else match.group()))
    for match in _IPV6.finditer(text):
        if match.group().count(":") >= 4 or "::" in match.group():
            yield Span("ip", *match.span())
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        about = bool(_ABOUT_CARD.search(text, max(0, match.start() - 60), match.start()))
        if about or (len(digits) >= 13 and _luhn(digits)):
            yield Span("card", match.start(), match.end(), about or digits[0] in "23456")
    for match in _IBAN.finditer(text):
        if _mod97(match.group().replace(" ", "")):
            yield Span("iban", *match.span())
    for match in _DATE.finditer(text):
        if _ABOUT_BIRTH.search(text, max(0, match.start() - 50), match.start()):
            yield Span("date-of-birth", *match.span())
    for match in _AGE.finditer(text):
        group = "a" if match.group("a") else "b"
        if (
            group == "a"
            or _A_PERSON.search(text, max(0, match.start() - 12), match.start())
            or re.match(r"\W*(?:man|woman|boy|girl|son|daughter|lady)", text[match.end() : match.end() + 12])
        ):
            yield Span("age", *match.span(group), sure=False)
    yield from _phones(text)


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        words = match.group()
        bare = re.split(r"(?i)x|ext", words)[0]
        digits = re.sub(r"\D", "", bare)
        if not 7 <= len(digits) <= 15 or _CALENDAR.fullmatch(bare.strip()):
            continue
        groups = re.findall(r"\d+", bare)
        about = bool(_ABOUT_PHONE.search(text, max(0, match.start() - 40), match.start())) or bool(
            re.match(r"\W{0,3}(?:fax|office|mobile|cell|home|work)\b", text[match.end() : match.end() + 12], re.IGNORECASE)
        )
        known = _is_number(bare)
        if len(groups) > 2 and max(map(len, groups)) <= 2 and " " in bare and not about:
            continue
        if known or about or len(groups) > 1 or len(digits) in (10, 11):
            yield Span("phone", *match.span(), sure=known or about)


def _is_number(words: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(words.strip()[:40], "US")) and len(re.sub(r"\D", "", words)) >= 10
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
