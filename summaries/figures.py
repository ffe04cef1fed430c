"""Numbers, prices, days and promises in a text: what must never be in a summary without a source. English and Spanish, no model.

Every find has a `value` that compares equal however it was written: "1,200", "1200" and "1.2k"; "two" and "2"; "mañana" and
"tomorrow". Reading is by fixed rules, so the same text always gives the same finds.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from summaries.folding import fold
from zartsalgo.lib.patterns import linear

Kind = Literal["number", "price", "day", "promise"]


class Figure(NamedTuple):
    """One find at `start..end` of the text. `value` compares equal over spellings and the two languages."""

    kind: Kind
    value: str
    start: int
    end: int


_LONGEST_NUMBER: Final = 40
_UNITS: Final = {
    word: value
    for row in (
        "2:two,dos 3:three,tres 4:four,cuatro 5:five,cinco 6:six,seis 7:seven,siete 8:eight,ocho 9:nine,nueve 10:ten,diez 11:eleven,once "
        "12:twelve,doce,dozen,docena 13:thirteen,trece 14:fourteen,catorce 15:fifteen,quince 16:sixteen,dieciseis 17:seventeen,diecisiete "
        "18:eighteen,dieciocho 19:nineteen,diecinueve 20:twenty,veinte 30:thirty,treinta 40:forty,fourty,cuarenta 50:fifty,cincuenta "
        "60:sixty,sesenta 70:seventy,setenta 80:eighty,ochenta 90:ninety,noventa "
        "200:doscientos 300:trescientos 400:cuatrocientos 500:quinientos 600:seiscientos 700:setecientos 800:ochocientos 900:novecientos"
    ).split()
    for value, words in [(int(row.split(":")[0]), row.split(":")[1])]
    for word in words.split(",")
}
_SCALES: Final = {
    "hundred": 100,
    "cien": 100,
    "ciento": 100,
    "cientos": 100,
    "thousand": 1000,
    "mil": 1000,
    "grand": 1000,
    "million": 1_000_000,
}
# "once" is eleven in Spanish only; in English it is no number.
_WORD: Final = "|".join(sorted((word for word in _UNITS if word != "once"), key=len, reverse=True))
_SCALE: Final = "|".join(_SCALES)
_NUMBER: Final = linear(rf"(\d+(?:[.,:]\d+)*)(\s?k\b)?|\b((?:{_WORD}|{_SCALE})(?:[\s-]+(?:and\s+|y\s+)?(?:{_WORD}|one|uno?|{_SCALE}))*)\b")
_MONEY_BEFORE: Final = linear(r"(?:[$€£]|\busd|\beur|\bus\$)\s?$")
_MONEY_AFTER: Final = linear(r"\s?(?:[$€£%]|usd\b|dollars?\b|bucks\b|dolares\b|pesos\b|euros?\b|cents\b|percent\b|por ciento\b|grand\b)")

_MONEY_ENDS: Final = frozenset("$€£dr")
_MONEY_BEGINS: Final = frozenset("$€£%udbpecg")

_DAYS: Final = {
    word: value
    for row in (
        "monday:monday,mondays,mon,lunes tuesday:tuesday,tuesdays,tues,tue,martes wednesday:wednesday,wednesdays,wed,miercoles "
        "thursday:thursday,thursdays,thurs,thur,thu,jueves friday:friday,fridays,fri,viernes saturday:saturday,saturdays,sabado "
        "sunday:sunday,sundays,domingo january:january,jan,enero february:february,feb,febrero march:marzo april:april,apr,abril "
        "may:mayo june:june,junio july:july,julio august:august,aug,agosto september:september,sept,septiembre october:october,oct,octubre "
        "november:november,nov,noviembre december:december,dec,diciembre today:today,2day,hoy tonight:tonight,2nite,tonite "
        "tomorrow:tomorrow,tmrw,tomorow,tommorow,tommorrow,2morrow,mañana yesterday:yesterday,ayer weekend:weekend,weekends weekday:weekday,weekdays "
        "noon:noon,midday,mediodia midnight:midnight,medianoche"
    ).split()
    for value, words in [row.split(":")]
    for word in fold(words).text.split(",")
}
_DAY: Final = linear(
    rf"\b({'|'.join(sorted(_DAYS, key=len, reverse=True))})\b"
    r"|\b(this|next|coming|esta|este|proxim[oa])\s(morning|afternoon|evening|week|month|year|tarde|noche|semana|mes)\b"
    r"|\b(fin de semana)\b|\b(esta noche)\b"
    r"|\b(march|may)\s\d|\b(?:in|by|since|until|of|early|late)\s(march|may)\b"
)
# "by may we need": the verb, not the month.
_VERB_AFTER: Final = linear(r"\s(?:be|have|not|need|i|we|take)\b")
_UNIT_OF: Final = {"tarde": "afternoon", "noche": "evening", "semana": "week", "mes": "month"}

_PROMISES: Final = (
    ("will", r"\bwill\b|\bshall\b|'ll\b|\bgoing to (?:be|come|send|fix|do|call|visit|repair|arrive|replace)\b"),
    ("guarantee", r"\bguarant\w*|\bgarantiz\w*|\bgarantia\b"),
    ("promise", r"\bpromis\w*|\bpromet\w*|\bpledg\w*|\bvow(?:s|ed)?\b|\bassur(?:e|es|ed|ance)\b"),
    ("commitment", r"\bcommit(?:s|ted|ment|ments)?\b|\bagreed to\b|\bconfirmed (?:for|that|the|a|an)\b"),
    ("same day", r"\bsame[\s-]?day\b|\bmismo dia\b"),
    ("right away", r"\bright away\b|\bimmediate(?:ly)?\b|\bde inmediato\b|\binmediatamente\b|\bin no time\b"),
    ("free", r"\bfree\b|\bgratis\b|\bgratuit\w*|\bcomplimentary\b"),
    ("no charge", r"\b(?:no|without|zero|sin)\s(?:extra\s|additional\s)?(?:charge|cost|fee|fees|obligation|costo|cargo|cargos)\b|\bwaiv\w*"),
    ("discount", r"\bdiscount\w*|\bdescuento\w*|\bcoupon\w*|\bcupon\w*|\brebate\w*|\b(?:special|limited)[\s-](?:offer|deal|price)s?\b|% off\b|\bpercent off\b"),
    ("refund", r"\brefund\w*|\breembols\w*|\bmoney[\s-]back\b"),
    ("warranty", r"\bwarrant\w*|\blifetime\b"),
    ("best price", r"\b(?:best|lowest|cheapest|beat any)\s(?:price|prices|rate|rates|quote)\b|\bprice[\s-]match\w*|\bmejor precio\b"),
)  # fmt: skip
_PROMISE: Final = linear("|".join(f"({pattern})" for _, pattern in _PROMISES))
# Where a word promises nothing: what stands right before it, and what right after.
_NO_PROMISE: Final = {
    "will": (("good ",), linear(r" (?:you|u)\b")),
    "free": (("toll ", "toll-", "feel ", "leak-", "hands-"), linear(r"\s(?:to|of|up)\b")),
}
_WITH_THOUSANDS: Final = linear(r"\d{1,3}(?:[.,]\d{3})+")
_WITH_CENTS: Final = linear(r"(\d{1,3}(?:(?:\.\d{3})+|(?:,\d{3})+))[.,](\d{1,2})")
_DECIMAL: Final = linear(r"\d+[.,]\d+")


LONGEST: Final = 10_000
"""Characters of a text that are read: what intake keeps of one."""


def figures(text: str) -> list[Figure]:
    """Every number, price, day and promise of a text, in order. Never raises; linear in the length."""
    folded = fold(text[:LONGEST])
    found = list(_found(folded.text))
    found.sort(key=lambda figure: (figure.start, figure.end))
    return [Figure(one.kind, one.value, *folded.span(one.start, one.end)) for one in found]


def _found(folded: str) -> Iterator[Figure]:
    """Kind by kind, with places in the folded text."""
    yield from _numbers(folded)
    yield from _days(folded)
    yield from _promises(folded)


def values(texts: Iterable[str]) -> dict[Kind, set[str]]:
    """What stands in these texts, by kind. A price counts as its number too, so "$120" supports "120"."""
    known: dict[Kind, set[str]] = {"number": set(), "price": set(), "day": set(), "promise": set()}
    for text in texts:
        folded = fold(text[:LONGEST]).text
        for figure in _found(folded):
            known[figure.kind].add(figure.value)
            if figure.kind == "price":
                known["number"].add(figure.value)
        runs = "".join(char if char.isdecimal() else " " for char in folded).split()
        known["number"].update(run.lstrip("0") or "0" for run in runs)
    if "tomorrow" in known["day"]:
        known["day"].add("this morning")  # mañana is both
    return known


def _numbers(text: str) -> Iterator[Figure]:
    for match in _NUMBER.finditer(text):
        digits, kilo, words = match.groups()
        if digits and digits.isdecimal() and not kilo:
            value = (digits.lstrip("0") or "0") if len(digits) <= _LONGEST_NUMBER else digits
        else:
            value = _as_value(digits, kilo=bool(kilo)) if digits else _from_words(words)
        start, end = match.span()
        near = max(0, start - 6)
        # Most numbers stand beside no money: a look at one letter is cheaper than a pattern.
        before = _MONEY_BEFORE.search(text[near:start]) if text[near:start].rstrip()[-1:] in _MONEY_ENDS else None
        after = _MONEY_AFTER.match(text[end : end + 20]) if text[end : end + 2].lstrip()[:1] in _MONEY_BEGINS else None
        if before or after:
            yield Figure("price", value, near + before.start() if before else start, end + after.end() if after else end)
        else:
            yield Figure("number", value, start, end)


def _as_value(digits: str, *, kilo: bool) -> str:
    if ":" in digits or len(digits) > _LONGEST_NUMBER:
        return digits
    if digits.isdecimal():
        pass
    elif _WITH_THOUSANDS.fullmatch(digits):
        digits = _without_marks(digits)
    elif thousands := _WITH_CENTS.fullmatch(digits):
        digits = f"{_without_marks(thousands.group(1))}.{thousands.group(2)}"
    if digits.isdecimal():
        pass
    elif _DECIMAL.fullmatch(digits):
        whole, fraction = digits.replace(",", ".").split(".")
        if kilo:
            return str(int(whole) * 1000 + int((fraction + "000")[:3]))
        fraction = fraction.rstrip("0")
        return f"{int(whole)}.{fraction}" if fraction else str(int(whole))
    if not digits.isdecimal():
        return digits
    return str(int(digits) * (1000 if kilo else 1))


def _without_marks(digits: str) -> str:
    return digits.replace(".", "").replace(",", "")


def _from_words(words: str) -> str:
    total = current = 0
    for word in words.replace("-", " ").split():
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * scale, 0
        elif word not in ("and", "y"):
            current += _UNITS.get(word, 1)
    return str(total + current)


def _days(text: str) -> Iterator[Figure]:
    for match in _DAY.finditer(text):
        start, end = match.span()
        word, part, unit, weekend, tonight, month, bare_month = match.groups()
        if word:
            if text[end : end + 1] == "-":
                continue
            value = _DAYS[word]
        elif weekend:
            value = "weekend"
        elif tonight:
            value = "tonight"
        elif unit:
            value = f"{'this' if part in ('this', 'esta', 'este') else 'next'} {_UNIT_OF.get(unit, unit)}"
        elif month:
            value, end = month, end - 1  # without the day's digit
        elif _VERB_AFTER.match(text[end : end + 8]):
            continue
        else:
            value = bare_month
        yield Figure("day", value, start, end)


def _promises(text: str) -> Iterator[Figure]:
    for match in _PROMISE.finditer(text):
        start, end = match.span()
        before, after = _NO_PROMISE.get(match.group(), ((), None))
        if text[max(0, start - 10) : start].endswith(before) or (after is not None and after.match(text[end : end + 8])):
            continue
        kind = next(kind for (kind, _), found in zip(_PROMISES, match.groups(), strict=True) if found is not None)
        yield Figure("promise", kind, start, end)
