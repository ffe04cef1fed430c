"""What stands against showing a text to a client, and what a claim's source does not say. Deterministic; no model is asked.

Hostile input is normal here: the customer wrote the sources and a model may have written the text. Everything is linear in the
length of what it is given and nothing raises.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from summaries import redaction
from summaries.figures import Figure, Kind, figures, values
from summaries.folding import Folded, fold
from summaries.text import Claim, Problem, RawValues, Source
from summaries.words import CAPITALISED, COMMON
from zartsalgo.lib.patterns import encodable, linear

LONGEST: Final = 600
"""Characters of a client-safe text: what fits a phone's screen."""
COPIED_WORDS: Final = 7
"""So many words in a row as the customer wrote them are a copy, not a summary."""
_PARTIAL_NUMBER: Final = 7
_MOST: Final = 100  # problems of one text: nobody reads more
_OF_THE_LEAD: Final = frozenset({"name", "phone", "email", "address"})
LONGEST_SOURCE: Final = 10_000
"""Characters of one source that are read: what intake keeps of one."""
_LONGEST_READ: Final = 1_500  # of the text under check; it is far over LONGEST then and blocked for that alone

_MARKUP: Final = linear(
    r"<[a-zA-Z!/?][^<>]{0,200}>?|\{\{|\}\}|\{%|%\}|&(?:[a-zA-Z]{2,10}|#x?[0-9a-fA-F]{1,6});|javascript:|data:text", ignore_case=True
)
_WORD: Final = linear(r"[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*")
_TOKEN: Final = linear(r"[\p{L}\p{N}]+")
_CAPITALS: Final = linear(r"\p{L}+(?:['’]\p{L}+)?")
_SAYS: Final = {
    "number": "“{}” is in no call, form or reply.",
    "price": "The price “{}” is in no call, form or reply.",
    "day": "“{}” is in no call, form or reply.",
    "promise": "“{}” promises something that the business did not say.",
}
# A promise word in a sentence that only tells what the customer asked for promises nothing.
_ASKED: Final = linear(
    r"\b(?:ask|asks|asked|asking|want|wants|wanted|request|requests|requested|wish|wishes|wished|hope|hopes|hoped|hoping|wonder|wonders|wondered|"
    r"question|would like|looking for|looked for|pregunt\w*|pide|pidio|quiere|queria|quisiera|solicit\w*)\b"
)
_TELLS: Final = linear(r"\W*(?:the|a) (?:customer|caller|homeowner|tenant)\b", ignore_case=True)
_STREET: Final = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "boulevard": "blvd", "court": "ct",
    "circle": "cir", "place": "pl", "terrace": "ter", "parkway": "pkwy", "highway": "hwy", "square": "sq", "trail": "trl", "north": "n", "south": "s",
    "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "apartment": "apt", "suite": "ste",
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "calle": "st", "avenida": "ave",
}  # fmt: skip
_STREET_TYPES: Final = frozenset(
    "st ave rd dr ln blvd ct cir pl ter pkwy hwy sq trl way loop run row pass path pike alley plaza apt unit ste n s e w ne nw se sw".split()
)
_DIGIT_WORDS: Final = {
    word: digit
    for digit, words in enumerate(("zero oh o cero", "one uno", "two dos", "three tres", "four cuatro", "five cinco", "six seis", "seven siete", "eight ocho", "nine nueve"))
    for word in words.split()
}  # fmt: skip


def problems(
    *, text: str, raw: RawValues, claims: Sequence[Claim], sources: Sequence[Source], allowed: Sequence[str] = ()
) -> list[Problem]:
    """Everything that stands against this client-safe text, by where it stands. `allowed` are names that may be said (the business's own)."""
    if not any(unicodedata.category(char)[0] in "LN" for char in text[:_LONGEST_READ]):
        return [Problem(code="empty", says="The text is empty.", start=0, end=len(text))]
    found: list[Problem] = []
    if len(text) > LONGEST:
        found.append(
            Problem(code="too-long", says=f"The text has {len(text)} characters; {LONGEST} is the most.", start=LONGEST, end=len(text))
        )
    text = encodable(text[:_LONGEST_READ])
    folded = fold(text)
    found += private_in(text=text, raw=raw, allowed=allowed)
    found += _copied(folded, raw.words)
    found += _without_source(text, sources)
    found += _unknown_names(text, folded, sources, allowed)
    found += _unsupported(folded, claims)
    return _tidy(found)


def private_in(*, text: str, raw: RawValues, allowed: Sequence[str] = ()) -> list[Problem]:
    """What of a text may never be shown to a client, whoever wrote it: personal data, hidden characters, markup."""
    text = encodable(text)
    folded = fold(text)
    markup = [
        Problem(code="markup", says="HTML or template code does not belong in it.", start=one.start(), end=one.end())
        for one in _MARKUP.finditer(text)
    ]
    return _tidy([*_hidden(text), *markup, *_lead_values(folded, raw), *_personal(text, allowed)])


def hold_against_sources(*, claims: Sequence[Claim], sources: Sequence[Source]) -> list[Claim]:
    """The claims with `supported`, `start`, `end` and `problem` filled in from the sources alone; what a model said of itself is not trusted."""
    named = {claim.source for claim in claims}
    by_key = {source.key: (source, fold(source.text[:LONGEST_SOURCE], squeeze=True)) for source in sources if source.key in named}
    return [_hold(claim, by_key) for claim in claims]


def _hold(claim: Claim, by_key: dict[str, tuple[Source, Folded]]) -> Claim:
    claim = replace(claim, text=encodable(claim.text), supported=False, start=-1, end=-1, problem="")
    whole = fold(claim.quote, squeeze=True).text.strip()
    quote = whole.strip(" \"'.,;:!?…")
    if not claim.source and not quote:
        return replace(claim, problem="It names no source.")
    if claim.source not in by_key:
        return replace(claim, problem="Points to a source that does not exist.")
    if len(_TOKEN.findall(quote)) == 0:
        return replace(claim, problem="Quotes nothing from its source.")
    source, folded = by_key[claim.source]
    at = _find_words(folded.text, whole)
    if at >= 0:
        quote = whole
    else:
        at = _find_words(folded.text, quote)
    if at < 0:
        return replace(claim, problem="The quoted words are not in the source.")
    start, end = folded.span(at, at + len(quote))
    known = values([source.text[start:end]])
    claim = replace(claim, start=start, end=end)
    for figure in figures(claim.text):
        if (
            figure.kind == "promise"
            and source.who != "business"
            and not (_is_asked(claim.text, figure) or _is_told(claim.text, figure, known))
        ):
            return replace(claim, problem=f"“{claim.text[figure.start : figure.end]}” promises something that the business did not say.")
        if not _is_known(figure, known):
            return replace(claim, problem=f"“{claim.text[figure.start : figure.end]}” is not in the quoted words.")
    names = list(_names_in(claim.text))
    said = _words_of(folded.text) if names else set()
    for start, end in names:
        name = claim.text[start:end]
        if not set(_TOKEN.findall(fold(name).text)) <= said:
            return replace(claim, problem=f"The name “{name}” is not in the source.")
    return replace(claim, supported=True)


def _words_of(folded: str) -> set[str]:
    """What `_TOKEN` finds, without its places: many times faster over a whole source."""
    return set("".join(char if char.isalnum() else " " for char in folded).split())


def _is_told(text: str, figure: Figure, known: dict[Kind, set[str]]) -> bool:
    """What the customer said of themselves, told as theirs: "The customer will be home" promises nothing of the business."""
    return figure.value in known["promise"] and bool(_TELLS.match(text))


def _find_words(text: str, quote: str) -> int:
    """Where the quote stands as whole words, or -1: "art" is not a quote from "start"."""
    at = text.find(quote)
    for _ in range(50):
        if at < 0:
            return -1
        before, after = text[at - 1 : at] if at else "", text[at + len(quote) : at + len(quote) + 1]
        if not (before.isalnum() and quote[0].isalnum()) and not (after.isalnum() and quote[-1].isalnum()):
            return at
        at = text.find(quote, at + 1)
    return -1


def _hidden(text: str) -> Iterator[Problem]:
    start = -1
    for place, char in enumerate(f"{text} "):
        bad = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") and char not in "\n\t"
        if bad and start < 0:
            start = place
        if not bad and start >= 0:
            yield Problem(code="hidden", says="Characters that nobody can see stand here.", start=start, end=place)
            start = -1


def _lead_values(folded: Folded, raw: RawValues) -> Iterator[Problem]:
    words = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded.text)]
    yield from _raw_names(folded, words, raw.names)
    yield from _raw_numbers(folded, words, raw.phones)
    yield from _raw_emails(folded, raw.emails)
    yield from _raw_addresses(folded, words, raw.addresses)


def _problem(code: str, says: str, folded: Folded, start: int, end: int) -> Problem:
    first, last = folded.span(start, end)
    return Problem(code=code, says=says, start=first, end=last)


def _raw_names(folded: Folded, words: list[tuple[str, int, int]], names: Sequence[str]) -> Iterator[Problem]:
    says = "The customer's name. Write initials, or “the customer”."
    squeezed, starts, ends = _squeeze(words)
    for name in names:
        parts = _TOKEN.findall(fold(name[:300]).text)
        for part in set(parts):
            # A name that is also an everyday word ("Will Rose") is looked for only beside the person's other names.
            if len(part) >= 3 and part not in COMMON:
                yield from (_problem("name", says, folded, start, end) for word, start, end in words if word == part or word == f"{part}s")
        whole = "".join(parts)
        for target in {whole, *(part for part in parts if len(part) >= 5)}:
            if len(target) >= 4 and target not in COMMON:
                yield from (_problem("name", says, folded, *span) for span in _spelled(squeezed, target, starts, ends))


def _squeeze(words: list[tuple[str, int, int]]) -> tuple[str, dict[int, int], dict[int, int]]:
    """All words run together, with the places where one may begin and end: finds "M a r i a" and "Gonza lez"."""
    starts, ends, at = {}, {}, 0
    for word, start, end in words:
        starts[at] = start
        at += len(word)
        ends[at] = end
    return "".join(word for word, _, _ in words), starts, ends


def _spelled(squeezed: str, target: str, starts: dict[int, int], ends: dict[int, int]) -> Iterator[tuple[int, int]]:
    at = squeezed.find(target)
    while at >= 0:
        if at in starts and at + len(target) in ends:
            yield starts[at], ends[at + len(target)]
        at = squeezed.find(target, at + 1)


def _raw_numbers(folded: Folded, words: list[tuple[str, int, int]], phones: Sequence[str]) -> Iterator[Problem]:
    """Seven digits in a row of the lead's number, whatever stands between them, also in words ("five five five oh one...")."""
    parts = set()
    for phone in phones:
        digits = "".join(char for char in fold(phone[:60]).text if char.isdecimal())
        parts |= {digits[at : at + _PARTIAL_NUMBER] for at in range(len(digits) - _PARTIAL_NUMBER + 1)}
    if not parts:
        return
    stream: list[tuple[str, int, int]] = []
    for word, start, end in words:
        if word in _DIGIT_WORDS:
            stream.append((str(_DIGIT_WORDS[word]), start, end))
        elif any(char.isdecimal() for char in word):
            # "3O3" and "555-O1l2": letters that stand in for digits beside digits.
            swapped = word.translate(str.maketrans("oli", "011"))
            stream += [
                (char, start + at, start + at + 1) for at, char in enumerate(swapped if swapped.isdecimal() else word) if char.isdecimal()
            ]
    digits = "".join(char for char, _, _ in stream)
    hit = [False] * len(digits)
    for at in range(len(digits) - _PARTIAL_NUMBER + 1):
        if digits[at : at + _PARTIAL_NUMBER] in parts:
            hit[at : at + _PARTIAL_NUMBER] = [True] * _PARTIAL_NUMBER
    for at, end in _runs(hit):
        yield _problem("phone", "The customer's phone number.", folded, stream[at][1], stream[end - 1][2])


def _runs(hit: list[bool]) -> Iterator[tuple[int, int]]:
    start = -1
    for at, yes in enumerate([*hit, False]):
        if yes and start < 0:
            start = at
        elif not yes and start >= 0:
            yield start, at
            start = -1


def _raw_emails(folded: Folded, emails: Sequence[str]) -> Iterator[Problem]:
    words = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded.text)]
    plain = [word for word in words if word[0] not in ("at", "dot", "arroba", "punto")]
    squeezed, starts, ends = _squeeze(plain)
    for email in emails:
        local, _, host = fold(email[:254]).text.partition("@")
        whole, mine = "".join(_TOKEN.findall(f"{local} {host}")), "".join(_TOKEN.findall(local))
        for target in {whole, mine if len(mine) >= 5 and mine not in COMMON else ""} - {""}:
            yield from (
                _problem("email", "The customer's email address.", folded, *span) for span in _spelled(squeezed, target, starts, ends)
            )


def _raw_addresses(folded: Folded, words: list[tuple[str, int, int]], addresses: Sequence[str]) -> Iterator[Problem]:
    """The street with its number, the street by its name, the unit with its number, a ZIP. A town alone says nothing about a person."""
    says = "The customer's address."
    plain = [_STREET.get(word, word) for word, _, _ in words]
    for address in addresses:
        line = [_STREET.get(word, word) for word in _TOKEN.findall(fold(address[:400]).text)]
        runs: set[tuple[str, ...]] = set()
        for at, word in enumerate(line):
            pair, triple = tuple(line[at : at + 2]), tuple(line[at : at + 3])
            if len(pair) == 2 and (word[0].isdecimal() or (pair[1] in _STREET_TYPES and word not in _STREET_TYPES and word not in COMMON)):
                runs.add(pair)
            if len(triple) == 3 and any(part[0].isdecimal() or part in _STREET_TYPES for part in triple):
                runs.add(triple)
            if (len(word) == 5 and word.isdecimal()) or (at == 0 and word.isdecimal() and len(word) >= 3):
                runs.add((word,))
        # "1420 N Elm": without the direction too.
        if len(line) >= 3 and line[0].isdecimal() and line[1] in _STREET_TYPES:
            runs |= {(line[0], line[2]), tuple(line[2:4])}
        for size in (1, 2, 3):
            for at in range(len(plain) - size + 1):
                if tuple(plain[at : at + size]) in runs:
                    yield _problem("address", says, folded, words[at][1], words[at + size - 1][2])


def _copied(folded: Folded, written: Sequence[str]) -> Iterator[Problem]:
    grams = set()
    for text in written:
        parts = _WORD.findall(fold(text[:LONGEST_SOURCE]).text)
        grams |= {tuple(parts[at : at + COPIED_WORDS]) for at in range(len(parts) - COPIED_WORDS + 1)}
    words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(folded.text)]
    hit = [False] * len(words)
    for at in range(len(words) - COPIED_WORDS + 1):
        if tuple(word for word, _, _ in words[at : at + COPIED_WORDS]) in grams:
            hit[at : at + COPIED_WORDS] = [True] * COPIED_WORDS
    for at, end in _runs(hit):
        says = f"{end - at} words in a row as the customer wrote them. Say it in other words."
        yield _problem("copied", says, folded, words[at][1], words[end - 1][2])


_PERSONAL_SAYS: Final = {
    "phone": "A phone number.", "email": "An email address.", "card": "A card number.", "ssn": "A social security number.", "iban": "A bank account.",
    "address": "A street address.", "name": "A person's name.", "url": "A web address.", "ip": "An internet address.", "date-of-birth": "A date of birth.",
    "age": "Somebody's age.",
}  # fmt: skip


def _personal(text: str, allowed: Sequence[str]) -> Iterator[Problem]:
    fine = {word for name in allowed for word in _TOKEN.findall(fold(name).text)}
    for span in redaction.find_personal(text):
        said = _PERSONAL_SAYS.get(span.kind)
        if said is None or (span.kind == "name" and set(_TOKEN.findall(fold(text[span.start : span.end]).text)) <= fine):
            continue
        says = said if span.sure else f"{said.removesuffix('.')}, perhaps."
        yield Problem(code=f"personal-{span.kind}", says=says, start=span.start, end=span.end, blocks=span.sure)


def _without_source(text: str, sources: Sequence[Source]) -> Iterator[Problem]:
    anyone = values(source.text for source in sources)
    business = values(source.text for source in sources if source.who == "business")
    for figure in figures(text):
        if figure.kind == "promise":
            if _is_known(figure, business) or (_is_known(figure, anyone) and _is_asked(text, figure)):
                continue
        elif _is_known(figure, anyone):
            continue
        words = text[figure.start : figure.end]
        yield Problem(code=f"unsourced-{figure.kind}", says=_SAYS[figure.kind].format(words), start=figure.start, end=figure.end)


def _is_known(figure: Figure, known: dict[Kind, set[str]]) -> bool:
    return figure.value in known[figure.kind]


def _is_asked(text: str, figure: Figure) -> bool:
    near = max(0, figure.start - 300)
    begin = max(near, *(text.rfind(mark, near, figure.start) + 1 for mark in ".!?\n"))
    return bool(_ASKED.search(fold(text[begin : figure.start]).text))


def _names_in(text: str) -> Iterator[tuple[int, int]]:
    """Capitalised words inside a sentence that are no everyday word: what may be a name. Initials ("M. G.") are none."""
    for match in _CAPITALS.finditer(text):
        word = match.group()
        if not word[0].isupper() or len(word) < 2:
            continue
        plain = fold(word.removesuffix("'s").removesuffix("’s")).text
        if plain in COMMON or plain in CAPITALISED or plain.partition("'")[0] in COMMON:
            continue
        before = text[: match.start()].rstrip(" \"'“”‘’(")[-1:]
        after = text[match.end() : match.end() + 3]
        followed = after[:1].isspace() and "A" <= after.lstrip()[:1] <= "Z"
        if before in ("", ".", "!", "?", ":", "\n") and not followed:
            continue
        yield match.start(), match.end()


def _unknown_names(text: str, folded: Folded, sources: Sequence[Source], allowed: Sequence[str]) -> Iterator[Problem]:
    known = set().union(*(_words_of(fold(part[:LONGEST_SOURCE]).text) for part in (*(source.text for source in sources), *allowed)))
    for start, end in _names_in(text):
        if not set(_TOKEN.findall(fold(text[start:end].removesuffix("'s").removesuffix("’s")).text)) <= known:
            yield Problem(code="unsourced-name", says=f"The name “{text[start:end]}” is in no call, form or reply.", start=start, end=end)


def _unsupported(folded: Folded, claims: Sequence[Claim]) -> Iterator[Problem]:
    for claim in claims:
        if claim.supported or not claim.for_client:
            continue
        words = fold(claim.text, squeeze=True).text.strip(" .")
        at = folded.text.find(words) if words else -1
        if at >= 0:
            yield _problem("unsupported", claim.problem or "No source says this.", folded, at, at + len(words))


def _tidy(found: list[Problem]) -> list[Problem]:
    """In order of place, the first hundred; what lies inside a name, number or address that is marked already is not marked again."""
    found.sort(key=lambda one: (one.start, -one.end, not one.blocks))
    kept: list[Problem] = []
    for one in found:
        covered = any(
            other.start <= one.start
            and one.end <= other.end
            and other.blocks
            and (other.code == one.code or other.code in _OF_THE_LEAD or (other.code.startswith("personal-")))
            for other in kept[-20:]
        )
        if not covered:
            kept.append(one)
    return kept[:_MOST]
