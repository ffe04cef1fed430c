"""What a customer's words say that matters to a business: what it is about, how urgent, for when, and what needs care.

Everything is put into our own words from fixed lists, so it can stand in a text for the client: a phrase here never carries a
name, a number or a sentence of the customer. English and Spanish.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from messaging.replies import read_by_rules
from summaries.denials import leave_out_denied
from summaries.figures import figures
from summaries.folding import fold
from summaries.topics import read_topic
from summaries.words import FUNCTION
from zartsalgo.lib.patterns import PatternSet, linear

Kind = Literal["topic", "urgent", "wanted", "price", "angry", "legal", "stop", "spam", "spanish", "call-back"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that sentence number `sentence` says; `phrase` is how we say it ("a leak at the roof", "on Saturday")."""

    kind: Kind
    phrase: str
    sentence: int


_PRICE: Final = linear(
    r"\bhow much\b|\bprices?\b|\bpricing\b|\bcosts?\b|\byou charge\b|\brates?\b|\bafford\b|\bcheap\w*\b|\bexpensive\b|\bballpark\b|\bcuanto\s(?:cuesta|cobra\w*|sale|vale|seria)\b|\bprecios?\b|\bfinancing\b"
)
_URGENT: Final = linear(
    r"\bemergenc\w*|\burgen\w*|\basap\b|\ba\.s\.a\.p|\bright (?:now|away)\b|\bimmediately\b|\bas soon as possible\b|\bflood\w*|\bburst\w*|\bgushing\b|\bpouring\b|\bsewage\b"
    r"|\bno heat\b|\bsmell\w* (?:of )?gas\b|\bgas (?:leak|smell)\b|\bspark(?:s|ing)\b|\bon fire\b|\bsmoke\b|\bcan'?t wait\b|\blo antes posible\b|\bahora mismo\b|\bya mismo\b|\binunda\w*|\bhuele a gas\b"
    r"|\bwater (?:is )?everywhere\b|\bno (?:running )?water\b|\bceiling (?:is )?(?:falling|collaps\w*|coming down)|\bcollaps\w*"
)
_DANGER: Final = linear(
    r"\bemergenc\w*|\bflood\w*|\bburst\w*|\bgushing\b|\bgas (?:leak|smell)\b|\bsmell\w* (?:of )?gas\b|\bhuele a gas\b|\bfuga de gas\b|\bsewage\b|\bspark(?:s|ing)\b|\bon fire\b|\bcollaps\w*|\binunda\w*|\bno heat\b|\bcarbon monoxide\b|\bwater (?:is )?everywhere\b"
)
_ANGRY: Final = linear(
    r"\bangry\b|\bfurious\b|\bridiculous\b|\bunacceptable\b|\bterrible\b|\bhorrible\b|\bworst\b|\bawful\b|\bscam\w*|\brip ?-?off\b|\bripped off\b|\bwtf\b|\bpissed\b|\bbull ?shit\b|\bfuck\w*|\bshit\w*|\bdamn\b"
    r"|\bsick of\b|\bfed up\b|\bno ?body (?:ever )?(?:called|showed|came|answers?|calls?)|\bnever (?:called|showed|came)|\bno show\b|\b(?:third|3rd|second|2nd|fourth|4th) time (?:i|that i|calling|im|i'm)|\bdisappointed\b|\bupset\b|\bcomplain\w*|\bbad review\b|\bone star\b|\bwaste of\b"
    r"|\bmolest[oa]\b|\benojad[oa]\b|\bharto\b|\bestafa\w*|\bpesimo\b|\bnadie (?:me )?(?:llama|llamo|contesta|vino)"
)
_LEGAL: Final = linear(
    r"\blawyers?\b|\battorneys?\b|\bsue\b|\bsuing\b|\blawsuit\b|\blegal action\b|\bsmall claims\b|\bcourt\b|\bliab(?:le|ility)\b|\binjur\w+|\bgot hurt\b|\bbbb\b|\bbetter business\b|\bcontractors? board\b|\bchargeback\b|\babogad[oa]\b|\bdemanda\w*\b"
)
_INSURANCE: Final = linear(
    r"\binsurance\b|\badjuster\b|\bclaim number\b|\bfile(?:d)? a claim\b|\binsured\b|\baseguradora\b|\bel seguro\b|\bmi seguro\b"
)
_CALL_BACK: Final = linear(
    r"\bcall (?:me|us) ?back\b|\b(?:give|gimme) (?:me )?a (?:call|ring)\b|\bcall me\b|\bcall back\b|\bllam(?:e|a|en)me\b|\bme llam(?:e|a|en)\b|\bdevuelv\w+ la llamada\b"
)
_SPAM: Final = linear(
    r"\bseo\b|\b(?:first|1st) page of google\b|\bgoogle ranking\w*|\bbacklinks?\b|\bguest post\b|\bweb ?site (?:redesign|traffic|audit)|\bgrow your (?:business|sales|leads)|\blead generation\b|\bwe (?:can|will) (?:help you )?(?:rank|get you)|\bcrypto\w*|\bbitcoin\b|\bcasino\b"
    r"|\bviagra\b|\bloan\w* (?:approved|offer)|\bbusiness (?:loan|funding|line of credit)|\bpre-?approved\b|\byou(?:'ve| have) won\b|\bclaim your (?:prize|reward)|\bclick (?:here|the link|below)|\bfree (?:gift|iphone|trial)\b|\bextended warranty\b|\bmerchant (?:services|cash)|\bunsubscribe\b|\bexplainer video\b|\bvirtual assistants?\b"
)
_SPANISH: Final = frozenset(
    "el la los las un una que de en por para con mi su me se lo le les no si es esta estoy hay tengo tenemos quiero quisiera necesito necesitamos puede pueden podria favor hola gracias buenas buenos cuanto cuando donde como agua casa techo usted ustedes y o pero porque mucho muy mas ya".split()
)
_ENGLISH: Final = frozenset(
    "the a an and to of in is it i you my me we our for with have has was are on can could please need want this that be do what when how your from at but not".split()
)
_ASKS: Final = linear(
    r"\b(?:need\w*|want\w*|would like|i'd like|id like|looking (?:for|to|at)|hop(?:e|ing)|can (?:you|u|someone|somebody|i|we)|could (?:you|u|someone|i|we)|please|pls|plz|come|schedule|book|appointment|available|get (?:someone|somebody|this|it)|"
    r"interested|wondering|quote|estimate|call|necesit\w*|quier\w*|quisiera|pued\w*|podria\w*|favor|venir|vengan|cita)\b|\?"
)
_NOT_WANTED: Final = linear(r"\b(?:since|last|desde|started|happened|yesterday|ago|was supposed|until|every)\W+(?:\w+\W+){0,2}$")
_NOT_THEN: Final = linear(
    r"\b(?:(?:not|no|except|other than|besides|anything but|excepto|menos)\s+(?:on |this |the |el |la |este )?"
    r"|(?:do not|don'?t|can ?not|can'?t|won'?t|isn'?t) (?:need|want|do|make|have|come|be|meet)(?: (?:it|this|that|you|any(?:one|body)|some(?:one|body)|to|me|come|be|here|at|home|in|around|out)){0,3}\s+(?:on |this )?)\z"
)
_PLAIN_WORD: Final = linear(r"[a-z]+")
# What counts only where it is not denied, and what counts wherever it stands.
_SAID: Final = (
    ("urgent", "emergency", _DANGER), ("urgent", "urgent", _URGENT), ("angry", "angry", _ANGRY), ("legal", "a legal step", _LEGAL),
    ("legal", "insurance", _INSURANCE), ("call-back", "a call back", _CALL_BACK),
)  # fmt: skip
_NAMED: Final = (("price", "the price", _PRICE), ("spam", "spam", _SPAM))
_SAID_SET: Final = PatternSet(pattern.pattern for _, _, pattern in _SAID)
_NAMED_SET: Final = PatternSet(pattern.pattern for _, _, pattern in _NAMED)
LONGEST: Final = 2_000
"""Characters of one sentence that are read."""
_READ_AS_REPLIES: Final = 2_000
"""Characters of a conversation that are looked through for a wish to hear no more; every reply was read for it when it came."""
_DAY_SAID: Final = {"today": "that day", "tonight": "that night", "tomorrow": "the next day", "weekend": "on the weekend", "noon": "around noon", "this week": "that week", "next week": "the week after",
                    "this morning": "that morning", "this afternoon": "that afternoon", "this evening": "that evening", "this month": "that month", "next month": "the month after"}  # fmt: skip
_WEEKDAYS: Final = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())


def is_spanish(text: str) -> bool:
    """True when more of the text's small words are Spanish than English."""
    words = _PLAIN_WORD.findall(fold(text[:5_000]).text)
    spanish, english = sum(word in _SPANISH for word in words), sum(word in _ENGLISH for word in words)
    return spanish > english and spanish >= 2


def read_facts(sentences: Sequence[str]) -> list[Fact]:
    """The facts of a customer's sentences, most telling topic first; what they deny or tell of others is none. Never raises."""
    whole = [fold(sentence[:LONGEST], squeeze=True).text for sentence in sentences]
    plain = leave_out_denied(sentences=whole, topic=lambda text: read_topic(text)[1])
    found: list[Fact] = _topics(plain)
    seen: set[tuple[str, str]] = set()
    for at, text in enumerate(plain):
        said = [_SAID[number] for number in _SAID_SET.hits(text.replace("court street", "street"))]
        said += [_NAMED[number] for number in _NAMED_SET.hits(whole[at])]
        for kind, phrase, _ in said:
            once = (kind, phrase if kind == "legal" else "")
            if once not in seen:
                seen.add(once)
                found.append(Fact(kind, phrase, at))  # type: ignore[arg-type]
        found += [Fact("wanted", day, at) for day in _wanted_days(text) if ("wanted", day) not in seen]
        seen |= {(fact.kind, fact.phrase) for fact in found if fact.kind == "wanted"}
    stops = _first_stop(sentences)
    if stops >= 0:
        found.append(Fact("stop", "no more messages", stops))
    if is_spanish(" ".join(sentences)):
        found.append(Fact("spanish", "Spanish", 0))
    return found


def _first_stop(sentences: Sequence[str]) -> int:
    """The number of the first sentence that asks, or may ask, to hear no more; -1 where none does."""
    read = 0
    for at, sentence in enumerate(sentences):
        words = sentence[: min(300, _READ_AS_REPLIES - read)]
        if not words:
            break
        read += len(words)
        if read_by_rules(words)[0].kind in ("opt_out", "unclear"):
            return at
    return -1


def _wanted_days(text: str) -> list[str]:
    """The days that a sentence asks for, as we say them, each once."""
    days: dict[str, None] = {}
    for figure in figures(text) if _ASKS.search(text) else ():
        said = _DAY_SAID.get(figure.value) or (f"on {figure.value.capitalize()}" if figure.value in _WEEKDAYS else "")
        before = text[max(0, figure.start - 40) : figure.start]
        if figure.kind == "day" and said and not _NOT_WANTED.search(before) and not _NOT_THEN.search(before):
            days[said] = None
    return list(days)


def _topics(plain: Sequence[str]) -> list[Fact]:
    scored: list[tuple[int, int, str]] = []
    for at, text in enumerate(plain):
        phrase, score = read_topic(text)
        if phrase:
            scored.append((-score, at, phrase))
    scored.sort()
    if not scored:
        return []
    best = [Fact("topic", scored[0][2], scored[0][1])]
    # A second one only when it is of another kind: "a leak at the roof", "a bill".
    nouns = set(scored[0][2].split()) - FUNCTION
    best += [Fact("topic", phrase, at) for score, at, phrase in scored[1:] if -score >= 4 and not (set(phrase.split()) - FUNCTION) & nouns][
        :1
    ]
    return best
