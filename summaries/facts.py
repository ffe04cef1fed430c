"""What a customer's words say that matters to a business: what it is about, how urgent, for when, and what needs care.

Everything is put into our own words from fixed lists, so it can stand in a text for the client: a phrase here never carries a
name, a number or a sentence of the customer. English and Spanish.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from messaging.replies import read_reply
from summaries.figures import figures
from summaries.folding import fold
from summaries.words import COMMON, FUNCTION

Kind = Literal["topic", "urgent", "wanted", "price", "angry", "legal", "stop", "spam", "spanish", "call-back"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that sentence number `sentence` says; `phrase` is how we say it ("a leak at the roof", "on Saturday")."""

    kind: Kind
    phrase: str
    sentence: int


def _table(rows: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    split = (row.rsplit("=", 1) for row in rows.strip().split("\n"))
    return tuple((re.compile(rf"\b(?:{pattern.strip()})\b"), phrase.strip()) for pattern, phrase in split)


# Problem -> how it is said alone, and before "at/in/to the thing".
_PROBLEMS: Final = _table(
    r"""
    no hot water|sin agua caliente|no (?:hay|tengo|tenemos) agua caliente|hot water (?:is )?(?:out|gone|not working) = no hot water
    no heat|heat(?:er|ing)? (?:is )?(?:out|not working|died|stopped)|sin calefaccion = no heat
    no power|power is out|sparks?|sparking|outlet smok\w+ = an electrical problem
    gas (?:leak|smell)|smell\w* (?:of )?gas|huele a gas|fuga de gas = a smell of gas
    sewage|sewer (?:backup|backed|back up)|aguas negras = a sewage backup
    leak\w*|drip\w*|dripping|fuga\w*|gotea\w*|gotera\w*|water (?:is )?(?:coming|running|dripping|pouring|everywhere)|se mete el agua|entra agua|filtra\w* = a leak
    burst\w*|gushing|se rompio (?:un|el|la) tub\w+|tuberia rota = a burst pipe
    flood\w*|inunda\w*|standing water = flooding
    clog\w*|backed up|block(?:ed|age)|won'?t drain|not draining|slow drain|tapad[oa]|destap\w* = a clog
    storm damage|hail(?:ed| damage)?|wind damage|tree (?:fell|came down|hit)|missing shingles|granizo = storm damage
    mold|moho = mold
    crack\w*|chipp?ed|rota|roto = damage
    (?:weird|strange|loud|banging|grinding|odd) (?:noise|sound)s?|ruido\w* = a strange noise
    bad smell|smells?|stinks?|huele mal = a smell
    (?:stopped|quit|not|isn'?t|won'?t|doesn'?t|wont|doesnt) (?:work\w*|turn on|start\w*|cool\w*|heat\w*|flush\w*|stop running)|broke(?:n)?|no funciona|se descompuso|no sirve|no enfria = something that does not work
    """
)
_WORK: Final = _table(
    r"""
    tear off|re-?roof|replac\w*|reemplaz\w*|cambiar = replacement
    install\w*|instala\w*|put in = installation
    inspect\w*|look at (?:it|my|the|our)|revis\w+|inspeccion = inspection
    clean(?:ing|ed)?|limpi\w* = cleaning
    remodel\w*|renovat\w*|remodel = remodel
    tune-?up|maintenance|mantenimiento|servic(?:e|ing) (?:my|our|the) = maintenance
    repair\w*|fix\w*|patch\w*|repar\w*|arregl\w* = repair
    """
)
_OBJECTS: Final = _table(
    r"""
    water heaters?|hot water tank|tankless|calentador(?: de agua)? = water heater
    garbage disposal|disposal|triturador = garbage disposal
    sump pump = sump pump
    sewer line|sewer|drenaje principal = sewer line
    (?:main )?water line = water line
    kitchen ceiling|techo de la cocina = kitchen ceiling
    bathroom ceiling|techo del bano = bathroom ceiling
    bedroom ceiling|living room ceiling|ceilings? = ceiling
    kitchen sink|fregadero = kitchen sink
    bathroom sink|lavabo = bathroom sink
    kitchen faucet|faucets?|grifo|llave del agua = faucet
    toilets?|inodoro|excusado = toilet
    shower|ducha|regadera = shower
    bath ?tub|tub|tina = bathtub
    drains?|drenaje|desague = drain
    pipes?|tuberias?|tubo = pipe
    gutters?|canaletas?|canalones? = gutters
    shingles?|tejas? = shingles
    skylights?|tragaluz = skylight
    chimney|chimenea = chimney
    flashing = flashing
    siding = siding
    countertops?|counter tops?|encimeras?|granite|granito|quartz|cuarzo|marble|marmol|backsplash|vanity tops? = countertops
    furnace|boiler|calefaccion|calefactor = furnace
    thermostat|termostato = thermostat
    a/?c|air condition\w*|aire(?: acondicionado)?|hvac|heat pump = air conditioning
    roofs?|roofing|techo|tejado = roof
    windows?|ventanas? = window
    garage door = garage door
    basement|sotano = basement
    attic|atico = attic
    sink|sinks = sink
    piano = piano
    kitchen|cocina = kitchen
    bathroom|bano = bathroom
    """
)
_SERVICES: Final = _table(
    r"""
    (?:re-?schedul\w*|move|change|cambiar) (?:my |the |our |mi |la |an? )?(?:appointment|visit|cita|time|date)|reschedul\w* = a change of an appointment
    cancel\w* (?:my |the |our |mi |la |an? )?(?:appointment|visit|cita|job|order|move) = a cancellation
    (?:my|the|our|an?|your) (?:bill|invoice|balance|deposit|charge)|over ?charged|factura|double charged = a bill
    (?:are you|you(?:'re| guys)?) hiring|apply for|job (?:opening|application)|looking for work|trabajo para mi = a job with the business
    (?:local |long distance |office )?(?:move|moving|relocat\w*|mudan\w*|mudarme|mudarnos)(?: (?:out|in|from|to|across))? = a move
    storage|almacenamiento|bodega = storage
    pack(?:ing)? (?:help|service|supplies)|boxes|empacar = packing
    junk removal|haul\w* = junk removal
    wholesale|pallets?|bulk (?:order|price)|trade account|contractor pricing|slabs? = a trade order
    (?:order|delivery|shipment|pedido|entrega)(?: status)? = an order or a delivery
    warranty|garantia = a warranty question
    """
)
_QUOTE: Final = re.compile(r"\b(?:quotes?|estimates?|bids?|cotiza\w*|presupuesto|estimado)\b")
_PRICE: Final = re.compile(
    r"\bhow much\b|\bprices?\b|\bpricing\b|\bcosts?\b|\byou charge\b|\brates?\b|\bafford\b|\bcheap\w*\b|\bexpensive\b|\bballpark\b|\bcuanto\s(?:cuesta|cobra\w*|sale|vale|seria)\b|\bprecios?\b|\bfinancing\b"
)
_URGENT: Final = re.compile(
    r"\bemergenc\w*|\burgen\w*|\basap\b|\ba\.s\.a\.p|\bright (?:now|away)\b|\bimmediately\b|\bas soon as possible\b|\bflood\w*|\bburst\w*|\bgushing\b|\bpouring\b|\bsewage\b"
    r"|\bno heat\b|\bsmell\w* (?:of )?gas\b|\bgas (?:leak|smell)\b|\bspark(?:s|ing)\b|\bon fire\b|\bsmoke\b|\bcan'?t wait\b|\blo antes posible\b|\bahora mismo\b|\bya mismo\b|\binunda\w*|\bhuele a gas\b"
    r"|\bwater (?:is )?everywhere\b|\bno (?:running )?water\b|\bceiling (?:is )?(?:falling|collaps\w*|coming down)|\bcollaps\w*"
)
_DANGER: Final = re.compile(
    r"\bemergenc\w*|\bflood\w*|\bburst\w*|\bgushing\b|\bgas (?:leak|smell)\b|\bsmell\w* (?:of )?gas\b|\bhuele a gas\b|\bfuga de gas\b|\bsewage\b|\bspark(?:s|ing)\b|\bon fire\b|\bcollaps\w*|\binunda\w*|\bno heat\b|\bcarbon monoxide\b|\bwater (?:is )?everywhere\b"
)
_ANGRY: Final = re.compile(
    r"\bangry\b|\bfurious\b|\bridiculous\b|\bunacceptable\b|\bterrible\b|\bhorrible\b|\bworst\b|\bawful\b|\bscam\w*|\brip ?-?off\b|\bripped off\b|\bwtf\b|\bpissed\b|\bbull ?shit\b|\bfuck\w*|\bshit\w*|\bdamn\b"
    r"|\bsick of\b|\bfed up\b|\bno ?body (?:ever )?(?:called|showed|came|answers?|calls?)|\bnever (?:called|showed|came)|\bno show\b|\b(?:third|3rd|second|2nd|fourth|4th) time (?:i|that i|calling|im|i'm)|\bdisappointed\b|\bupset\b|\bcomplain\w*|\bbad review\b|\bone star\b|\bwaste of\b"
    r"|\bmolest[oa]\b|\benojad[oa]\b|\bharto\b|\bestafa\w*|\bpesimo\b|\bnadie (?:me )?(?:llama|llamo|contesta|vino)"
)
_LEGAL: Final = re.compile(
    r"\blawyers?\b|\battorneys?\b|\bsue\b|\bsuing\b|\blawsuit\b|\blegal action\b|\bsmall claims\b|\bcourt\b(?! street)|\bliab(?:le|ility)\b|\binjur\w+|\bgot hurt\b|\bbbb\b|\bbetter business\b|\bcontractors? board\b|\bchargeback\b|\babogad[oa]\b|\bdemanda\w*\b"
)
_INSURANCE: Final = re.compile(
    r"\binsurance\b|\badjuster\b|\bclaim number\b|\bfile(?:d)? a claim\b|\binsured\b|\baseguradora\b|\bel seguro\b|\bmi seguro\b"
)
_CALL_BACK: Final = re.compile(
    r"\bcall (?:me|us) ?back\b|\b(?:give|gimme) (?:me )?a (?:call|ring)\b|\bcall me\b|\bcall back\b|\bllam(?:e|a|en)me\b|\bme llam(?:e|a|en)\b|\bdevuelv\w+ la llamada\b"
)
_SPAM: Final = re.compile(
    r"\bseo\b|\b(?:first|1st) page of google\b|\bgoogle ranking\w*|\bbacklinks?\b|\bguest post\b|\bweb ?site (?:redesign|traffic|audit)|\bgrow your (?:business|sales|leads)|\blead generation\b|\bwe (?:can|will) (?:help you )?(?:rank|get you)|\bcrypto\w*|\bbitcoin\b|\bcasino\b"
    r"|\bviagra\b|\bloan\w* (?:approved|offer)|\bbusiness (?:loan|funding|line of credit)|\bpre-?approved\b|\byou(?:'ve| have) won\b|\bclaim your (?:prize|reward)|\bclick (?:here|the link|below)|\bfree (?:gift|iphone|trial)\b|\bextended warranty\b|\bmerchant (?:services|cash)|\bunsubscribe\b|\bexplainer video\b|\bvirtual assistants?\b"
)
_SPANISH: Final = frozenset(
    "el la los las un una que de en por para con mi su me se lo le les no si es esta estoy hay tengo tenemos quiero quisiera necesito necesitamos puede pueden podria favor hola gracias buenas buenos cuanto cuando donde como agua casa techo usted ustedes y o pero porque mucho muy mas ya".split()
)
_ENGLISH: Final = frozenset(
    "the a an and to of in is it i you my me we our for with have has was are on can could please need want this that be do what when how your from at but not".split()
)
_ASKS: Final = re.compile(
    r"\b(?:need\w*|want\w*|would like|i'd like|id like|looking (?:for|to|at)|hop(?:e|ing)|can (?:you|u|someone|somebody|i|we)|could (?:you|u|someone|i|we)|please|pls|plz|come|schedule|book|appointment|available|get (?:someone|somebody|this|it)|"
    r"interested|wondering|quote|estimate|call|necesit\w*|quier\w*|quisiera|pued\w*|podria\w*|favor|venir|vengan|cita)\b|\?"
)
_NOT_WANTED: Final = re.compile(r"\b(?:since|last|desde|started|happened|yesterday|ago|was supposed|until|every)\W+(?:\w+\W+){0,2}$")
_FALLBACK: Final = re.compile(
    r"\b(?:need(?:s|ed)?(?: some)? help with|help with|quotes? (?:for|on)|estimates? (?:for|on)|interested in|question(?:s)? about|looking for|looking to get|calling about|asking about|inquir\w+ about|need|want)\s+(?:a |an |the |my |our |some |your |to get |to have )?((?:[a-z'-]+\s?){1,4})"
)
_DAY_SAID: Final = {"today": "that day", "tonight": "that night", "tomorrow": "the next day", "weekend": "on the weekend", "noon": "around noon", "this week": "that week", "next week": "the week after",
                    "this morning": "that morning", "this afternoon": "that afternoon", "this evening": "that evening", "this month": "that month", "next month": "the month after"}  # fmt: skip
_WEEKDAYS: Final = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())


def is_spanish(text: str) -> bool:
    """True when more of the text's small words are Spanish than English."""
    words = re.findall(r"[a-z]+", fold(text[:5_000]).text)
    spanish, english = sum(word in _SPANISH for word in words), sum(word in _ENGLISH for word in words)
    return spanish > english and spanish >= 2


def read_facts(sentences: Sequence[str]) -> list[Fact]:
    """The facts of a customer's sentences, most telling topic first. Never raises."""
    plain = [fold(sentence, squeeze=True).text for sentence in sentences]
    found: list[Fact] = _topics(plain)
    seen: set[tuple[str, str]] = set()
    for at, text in enumerate(plain):
        for kind, pattern, phrase in (
            ("urgent", _DANGER, "emergency"), ("urgent", _URGENT, "urgent"), ("price", _PRICE, "the price"), ("angry", _ANGRY, "angry"), ("legal", _LEGAL, "a legal step"), ("legal", _INSURANCE, "insurance"),
            ("spam", _SPAM, "spam"), ("call-back", _CALL_BACK, "a call back"),
        ):  # fmt: skip
            once = (kind, phrase if kind == "legal" else "")
            if once not in seen and pattern.search(text):
                seen.add(once)
                found.append(Fact(kind, phrase, at))  # type: ignore[arg-type]
        if ("stop", "") not in seen and read_reply(text=sentences[at][:1_000]).kind in ("opt_out", "unclear"):
            seen.add(("stop", ""))
            found.append(Fact("stop", "no more messages", at))
        if _ASKS.search(text):
            for figure in figures(sentences[at][:2_000]):
                said = _DAY_SAID.get(figure.value) or (f"on {figure.value.capitalize()}" if figure.value in _WEEKDAYS else "")
                if figure.kind == "day" and said and ("wanted", said) not in seen and not _NOT_WANTED.search(text[: figure.start][-40:]):
                    seen.add(("wanted", said))
                    found.append(Fact("wanted", said, at))
    if is_spanish(" ".join(sentences)):
        found.append(Fact("spanish", "Spanish", 0))
    return found


def _topics(plain: Sequence[str]) -> list[Fact]:
    scored: list[tuple[int, int, str]] = []
    for at, text in enumerate(plain):
        phrase, score = _topic(text)
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


def _topic(text: str) -> tuple[str, int]:
    thing = _first(_OBJECTS, text)
    problem, work = _first(_PROBLEMS, text), _first(_WORK, text)
    quote = bool(_QUOTE.search(text))
    service = _first(_SERVICES, text)
    if service and not problem:
        return (
            f"a quote for {service}" if quote and service.startswith(("a move", "storage", "packing", "junk", "a trade")) else service
        ), 4
    if problem and thing:
        if problem == "something that does not work":
            return f"a problem with the {thing}", 4
        if (
            problem in ("no hot water", "no heat", "a smell of gas", "a sewage backup", "an electrical problem", "a burst pipe")
            or thing in problem
        ):
            return problem, 5
        between = {"storm damage": "to", "damage": "to", "mold": "in", "flooding": "in", "a clog": "in"}.get(problem, "at")
        return f"{problem} {between} the {thing}", 5
    if problem:
        return problem, (2 if problem in ("something that does not work", "a smell", "damage") else 3)
    if thing and work:
        noun = f"{thing.removesuffix('s')} {work}" if thing not in ("gutters", "countertops", "shingles") else f"{work} of {thing}"
        return (f"a quote for {_a(noun)}" if quote else _a(noun)), 4
    if thing:
        return (f"a quote for {_a(thing)}" if quote else f"{_a(thing)}"), (4 if quote else 2)
    if match := _FALLBACK.search(text):
        words = []
        for word in match.group(1).split():
            if word in FUNCTION or word not in COMMON:
                break
            words.append(word)
        noun = " ".join(words)
        if noun and words[0] not in ("make", "come", "know", "get", "say", "talk", "help", "person", "call", "hear", "work"):
            return (f"a quote for {noun}" if "quote" in match.group() or "estimate" in match.group() else noun), 1
    return ("a quote", 1) if quote else (_a(work), 1) if work else ("", 0)


def _first(table: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str:
    return next((phrase for pattern, phrase in table if pattern.search(text)), "")


def _a(noun: str) -> str:
    if (
        noun.split(" ")[0] in ("gutters", "countertops", "shingles", "siding", "flashing", "maintenance", "cleaning", "air")
        or " of " in noun
    ):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
