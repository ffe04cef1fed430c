"""What speaks against a text, found the same way each time: each finding is a sentence and either refuses to publish or warns.

Carrier rules: CTIA Messaging Principles (who writes, the way out at the first text, no public link shorteners). A price or a promise is
published only with a note of where it comes from; the answer to a missed call is one service reply and carries no offer at all, because the
caller's own call is no consent to marketing (47 CFR 64.1200).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from messaging import purposes
from messaging.words import sandbox
from messaging.words.segments import UCS_2, Segments, count_segments
from messaging.words.variables import VARIABLES, time_span
from zartsalgo.lib.names import clean_text

REFUSES, WARNS = "refuses", "warns"
MOST_CHARACTERS = 1600  # what providers take in one text
MANY_PARTS = 3

SHORTENERS = (
    "adf.ly", "bit.do", "bit.ly", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "dlvr.it", "goo.gl", "is.gd", "j.mp", "lnkd.in", "ow.ly",
    "qr.ae", "rb.gy", "rebrand.ly", "s.id", "short.io", "shorturl.at", "shorte.st", "soo.gd", "t.co", "t.ly", "tiny.cc", "tinyurl.com",
    "trib.al", "v.gd", "x.co",
)  # fmt: skip
_SHORT = re.compile(rf"(?<![\w.-])(?:{'|'.join(re.escape(host) for host in SHORTENERS)})(?![\w-]|\.\w)", re.IGNORECASE)
_STOP = re.compile(r"\b(?:reply|text|send|responda|envíe|envie|conteste)\s+[\"“']?(?:STOP|ALTO|PARAR)\b", re.IGNORECASE)
_PRICE = re.compile(
    r"[$€£]\s?\d(?:[\d,.]*\d)?|\b\d[\d,.]*\s?(?:dollars?|usd|bucks|dólares|dolares|€|£)(?!\w)|\b\d{1,3}\s?(?:%|percent|por ciento)(?:\s+(?:off|de descuento))?"
    r"|\b(?:(?<!feel )free(?!\s+(?:to|up|of)\b)|discounts?|coupons?|half price|special offer|cheapest|lowest price|best price|on sale|no charge|gratis|gratuit[oa]s?"
    r"|descuentos?|ofertas?|sin costo|cupón|cupon)\b",
    re.IGNORECASE,
)  # fmt: skip
_PROMISE = re.compile(
    r"\b(?:guarantee[ds]?|warrant(?:y|ies)|promise[ds]?|garantiz\w+|garantía|garantia|prometemos)\b"
    r"|\b(?:within|in (?:under|less than|just)?|en|dentro de)\s*(?:the next\s+)?(?:\d+|one|two|a few|an|a|una?|dos)\s*(?:min|minutes?|hours?|hrs?|days?|minutos?|horas?|días?|dias?)\b"
    r"|\b(?:same[- ]day|24/7|24 hours a day|immediately|right away|at once|instantly|mismo día|mismo dia|inmediatamente|enseguida)\b"
    r"|\b(?:always available|never late|100\s?%|the best|number one|licensed and insured|satisfaction)\b",
    re.IGNORECASE,
)  # fmt: skip
_LEFT_OVER = re.compile(r"\[[A-Za-z][^\]]*\]|\b(?:lorem|ipsum|TODO|TBD|XXX+)\b|{{|}}|{%|%}|<[a-z/][^>]*>|\b(?:None|null|undefined)\b")
_LINK = re.compile(r"\bhttp://\S+|\bhttps?://\d{1,3}(?:\.\d{1,3}){3}\S*", re.IGNORECASE)
_LIQUID = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


OWN_HOST = (urlsplit(settings.PUBLIC_URL).hostname or "").lower()
_ADDRESS = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,24})(?=[/?#:\s]|$)[^\s]*|https?://(?P<bare>\S+)", re.IGNORECASE
)
_CHOOSING = re.compile(
    r"\b(?:(?:5|five|4|four)[- ]?stars?|(?:positive|good|great|glowing|nice|kind|favou?rable|perfect|top) (?:reviews?|ratings?|feedback)"
    r"|(?:if|in case|since|as|when) (?:you|it|we|everything)(?:['’](?:re|ve|d|s))?(?: \w+){0,3} (?:happy|satisfied|pleased|love[ds]?|like[ds]?|enjoy(?:ed)?|great|well|good)"
    r"|(?:cinco|5|cuatro|4) estrellas|(?:reseñas?|opini[oó]n(?:es)?) (?:positivas?|buenas?)|buenas? (?:reseñas?|opini[oó]n(?:es)?)"
    r"|si (?:est[aá]|qued[oó]|le gust[oó])\b[^.?!]{0,30})",
    re.IGNORECASE,
)  # fmt: skip
_REWARD = re.compile(
    r"\b(?:gift ?cards?|raffle|prize|win|reward(?:s|ed)?|credits?|vouchers?|coupons?|discounts?|\d+ ?% off|thank[- ]you gift|entry into|in (?:return|exchange)"
    r"|tarjetas? de regalo|sorteo|premios?|recompensas?|descuentos?)\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `line` is where in the words, 0 for the text as a whole."""

    code: str
    severity: str
    says: str
    line: int = 0

    @property
    def refuses(self) -> bool:
        return self.severity == REFUSES


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text as it is checked: the source and what goes with it. `response_minutes` is None where no window is set."""

    body: str
    purpose: str
    channel: str = "sms"
    opt_out_line: str = ""
    response_minutes: int | None = None
    source: str = ""
    subject: str = ""


MOST_IN_SUBJECT = 150


def one_line(*, text: str) -> str:
    """Words as a header may hold them: one line, no control characters, at most MOST_IN_SUBJECT characters."""
    return " ".join(clean_text(text, limit=MOST_IN_SUBJECT * 4).split())[:MOST_IN_SUBJECT].rstrip()


def complete(*, text: str, channel: str, opt_out_line: str) -> str:
    """The filled-in words as they leave: one line on SMS, lines kept elsewhere, the way out at the end where it is a field of its own."""
    if channel == "sms":
        return " ".join(f"{text} {opt_out_line}".split())
    lines = [" ".join(line.split()) for line in text.strip().splitlines()]
    return "\n".join([*lines, *(["", opt_out_line] if opt_out_line else [])])


def supplied(*, values: dict[str, object], response_minutes: int | None) -> dict[str, object]:
    """The values with what the template itself knows."""
    return values if response_minutes is None else {**values, "reply_within": time_span(minutes=response_minutes)}


def _given(words: Words) -> dict[str, object]:
    """A sample for each name that is filled in for this purpose."""
    left_out = {"reply_within"} if purposes.of(key=words.purpose).asks_for_review else {"reply_within", "review_link"}
    return {name: one.sample for name, one in VARIABLES.items() if name not in left_out}


def trials(*, words: Words) -> list[dict[str, object]]:
    """The values a text is tried with before it is published: all filled, then each that may be empty without its value."""
    full = _given(words)
    bare = [{**full, name: ""} for name, one in VARIABLES.items() if one.may_be_empty]
    return [supplied(values=values, response_minutes=words.response_minutes) for values in (full, *bare)]


def check(*, words: Words) -> list[Finding]:
    """Everything that speaks against these words, refusals first. Deterministic; touches no row."""
    found = [Finding("liquid", REFUSES, fault.says, fault.line) for fault in sandbox.faults(source=words.body)]
    if found:
        return [*found, *(one for one in (*_claims(words), *_links(words, "")) if one.refuses)]
    texts = []
    for values in trials(words=words):
        try:
            text = sandbox.fill(source=words.body, values=values)
        except sandbox.BrokenWords as error:
            says = str(error)
            if "reply_within" in says and words.response_minutes is None:
                says = f"{says} Set a response window, or leave it out."
            elif "review_link" in says:
                says = f"{says} It is filled in only in review requests and their reminder."
            elif "would be empty" in says:
                says = f"{says} It is often not known: write {{% if name != '' %}} {{{{ name }}}}{{% endif %}}."
            return [Finding("liquid", REFUSES, says, error.line)]
        texts.append(complete(text=text, channel=words.channel, opt_out_line=words.opt_out_line))
    longest = max(texts, key=len)
    if not all(texts):
        return [Finding("empty", REFUSES, "There are no words: the text would be empty.")]
    found = [*_identity(words, texts), *_ways_out(words, texts), *_claims(words), *_links(words, longest), *_left_overs(words, longest)]
    found += [*_length(words, longest), *_manner(words), *_subject(words), *_asking(words, texts)]
    return sorted(found, key=lambda one: (not one.refuses, one.line))


def _subject(words: Words) -> list[Finding]:
    """An email has one and it can be filled in; a text has none."""
    if words.channel != "email":
        return [Finding("subject", WARNS, "A text message has no subject; it is left out.")] if words.subject.strip() else []
    if not words.subject.strip():
        return [Finding("subject", REFUSES, "An email needs a subject that says what it is about.")]
    if "\n" in words.subject or "\r" in words.subject:
        return [Finding("subject", REFUSES, "A subject is one line.")]
    for values in trials(words=words):
        try:
            filled = sandbox.fill(source=words.subject, values=values)
        except sandbox.BrokenWords as error:
            return [Finding("subject", REFUSES, f"The subject: {error}")]
        if not one_line(text=filled):
            return [Finding("subject", REFUSES, "Without a known name the subject would be empty.")]
    # 15 USC 7704(a)(2): a subject must not mislead.
    if re.match(r"\s*(?:re|fwd?)\s*:", words.subject, re.IGNORECASE):
        return [Finding("subject", REFUSES, "“Re:” or “Fwd:” pretends an earlier mail; a subject must not mislead (CAN-SPAM).")]
    return []


def _line_of(words: Words, place: int) -> int:
    return words.body.count("\n", 0, place) + 1


def _identity(words: Words, texts: list[str]) -> list[Finding]:
    if purposes.of(key=words.purpose).continues or all(VARIABLES["business"].sample in text for text in texts):
        return []
    return [Finding("identity", REFUSES, "It does not always say who writes: name {{ business }}, outside of any condition.")]


def _ways_out(words: Words, texts: list[str]) -> list[Finding]:
    if words.channel != "sms" or purposes.of(key=words.purpose).continues or all(_STOP.search(text) for text in texts):
        return []
    return [
        Finding("stop-line", REFUSES, "A first text says how to end it: “Reply STOP to opt out.”, in the words or as the opt-out line.")
    ]


def _claims(words: Words) -> list[Finding]:
    """Prices and promises, in what is written: what a variable fills in has its source in the record."""
    written = _LIQUID.sub(lambda match: " " * len(match.group()), words.body)
    found = []
    for code, pattern, what in (("price", _PRICE, "a price or an offer"), ("promise", _PROMISE, "a promise")):
        for match in pattern.finditer(written):
            line = _line_of(words, match.start())
            said = " ".join(match.group().split())
            if purposes.of(key=words.purpose).no_offers and code == "price":
                says = f"Line {line}: “{said}” is {what}. An answer to a missed call carries none: their call is no consent to marketing."
                found.append(Finding(code, REFUSES, says, line))
            elif words.source.strip():
                says = f"Line {line}: “{said}” is {what}. Its source is noted: {words.source.strip().rstrip('.')}."
                found.append(Finding(code, WARNS, says, line))
            else:
                says = f"Line {line}: “{said}” is {what} without a source. Note where it comes from, or leave it out."
                found.append(Finding(code, REFUSES, says, line))
    return found


def _links(words: Words, text: str) -> list[Finding]:
    found = []
    for match in _SHORT.finditer(words.body):
        if match.group().lower() == OWN_HOST:
            continue
        line = _line_of(words, match.start())
        says = (
            f"Line {line}: “{match.group()}” is a public link shortener; carriers block texts with one. Write the business’s own address."
        )
        found.append(Finding("shortener", REFUSES, says, line))
    if plain := _LINK.search(text):
        found.append(Finding("link", WARNS, f"“{plain.group()}” is not a safe address: use https and a name."))
    return found


def _asking(words: Words, texts: list[str]) -> list[Finding]:
    """A review request is the same to all and leads to one place: our own link; it names no stars, asks for no mood, and gives nothing.

    16 CFR 465.4 and 255.2(d); Google's contribution policy. Carriers: an address in it is ours or none.
    """
    if not purposes.of(key=words.purpose).asks_for_review:
        return []
    found = []
    if not all(VARIABLES["review_link"].sample in text for text in texts):
        found.append(
            Finding("review-link", REFUSES, "It does not always carry the link: write {{ review_link }}, outside of any condition.")
        )
    written = _LIQUID.sub(lambda match: " " * len(match.group()), words.body)
    for match in _ADDRESS.finditer(written):
        if (match.group("host") or "").lower() != OWN_HOST:
            line = _line_of(words, match.start())
            says = f"Line {line}: “{match.group()}” is not our own address. A review request leads nowhere but to {{{{ review_link }}}}."
            found.append(Finding("foreign-link", REFUSES, says, line))
    for match in _CHOOSING.finditer(written):
        line = _line_of(words, match.start())
        says = f"Line {line}: “{match.group()}” asks for a certain review, or only those who liked it. Ask everybody for an honest one."
        found.append(Finding("choosing", REFUSES, says, line))
    for match in _REWARD.finditer(written):
        line = _line_of(words, match.start())
        says = f"Line {line}: “{match.group()}” offers something for a review, which nobody may."
        found.append(Finding("reward", REFUSES, says, line))
    return found


def _left_overs(words: Words, text: str) -> list[Finding]:
    match = _LEFT_OVER.search(text)
    return [Finding("left-over", REFUSES, f"“{match.group()}” looks like something that was left to fill in.")] if match else []


def _length(words: Words, longest: str) -> list[Finding]:
    if words.channel != "sms":
        return []
    if len(longest) > MOST_CHARACTERS:
        return [Finding("length", REFUSES, f"It has {len(longest):,} characters; a text takes {MOST_CHARACTERS:,} at most.")]
    count = count_segments(longest)
    found = []
    if count.parts > MANY_PARTS:
        found.append(Finding("length", WARNS, f"It goes as {count.parts} parts, each of them paid for."))
    if count.encoding == UCS_2:
        found.append(Finding("alphabet", WARNS, _alphabet(count)))
    return found


def _alphabet(count: Segments) -> str:
    odd = count.odd[0]
    do = f"Write {odd.instead} instead." if odd.instead.strip() else "Leave it out to fit more into a part."
    return f"“{odd.char}” ({odd.name}) is not in the phone alphabet: the whole text counts 70 to a part, not 160. {do}"


def _manner(words: Words) -> list[Finding]:
    written = _LIQUID.sub("", words.body)
    shouted = [word for word in re.findall(r"\b[A-Z]{4,}\b", written) if word not in ("STOP", "HELP", "ALTO", "PARAR")]
    found = []
    if len(shouted) >= 2 or "!!" in written:
        found.append(Finding("manner", WARNS, "It shouts (capitals or several exclamation marks): carriers’ filters take that for spam."))
    return found
