"""What a request is about, in our own words from fixed lists: "a leak at the roof", "a quote for a move". English and Spanish."""

from __future__ import annotations

from typing import Final

from summaries.words import COMMON, FUNCTION
from zartsalgo.lib.patterns import PatternSet, linear


class _Table:
    """Patterns with what each stands for; the first in the list wins, wherever it stands in the text."""

    def __init__(self, rows: str) -> None:
        split = [row.rsplit("=", 1) for row in rows.strip().split("\n")]
        self._phrases = [phrase.strip() for _, phrase in split]
        self._patterns = PatternSet(rf"\b(?:{pattern.strip()})\b" for pattern, _ in split)

    def first(self, text: str) -> str:
        hits = self._patterns.hits(text)
        return self._phrases[hits[0]] if hits else ""


# Problem -> how it is said alone, and before "at/in/to the thing".
_PROBLEMS: Final = _Table(
    r"""
    no hot water|sin agua caliente|no (?:hay|tengo|tenemos) agua caliente|hot water (?:is )?(?:out|gone|not working) = no hot water
    no heat|heat(?:er|ing)? (?:is )?(?:out|not working|died|stopped)|sin calefaccion = no heat
    no power|power is out|sparks?|sparking|outlet smok\w+ = an electrical problem
    gas (?:leak|smell)|smell\w* (?:of )?gas|huele a gas|fuga de gas = a smell of gas
    sewage|sewer (?:backup|backed|back up)|aguas negras = a sewage backup
    leak\w*|drip\w*|dripping|fuga\w*|gotea\w*|gotera\w*|water (?:is )?(?:coming|running|dripping|pouring|everywhere)|se mete el agua|entra agua|filtra\w* = a leak
    burst\w*|gushing|se rompio (?:un|el|la) tub\w+|tuberia rota = a burst pipe
    flood\w*|inunda\w*|standing water = flooding
    clog\w*|backed up|block(?:ed|age)|(?:won'?t|doesn'?t|don'?t|didn'?t|can'?t|cannot|does not|will not) drain|not draining|slow (?:to )?drain|tapad[oa]|destap\w* = a clog
    storm damage|hail(?:ed| damage)?|wind damage|tree (?:fell|came down|hit)|missing shingles|granizo = storm damage
    mold|moho = mold
    crack\w*|chipp?ed|rota|roto = damage
    condensation|condensacion|sweating = condensation
    (?:weird|strange|loud|banging|grinding|odd) (?:noise|sound)s?|ruido\w* = a strange noise
    bad smell|smells?|stinks?|huele mal = a smell
    (?:stopped|quit|not|isn'?t|won'?t|doesn'?t|wont|doesnt) (?:work\w*|turn on|start\w*|cool\w*|heat\w*|flush\w*|stop running)|broke(?:n)?|no funciona|se descompuso|no sirve|no enfria = something that does not work
    """
)
_WORK: Final = _Table(
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
_OBJECTS: Final = _Table(
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
    garage doors?|puerta del garaje = garage door
    drywall|sheetrock|tablaroca = drywall
    fences?|fencing|cerca = fence
    decks?|decking = deck
    driveways? = driveway
    dishwashers?|lavaplatos|lavavajillas = dishwasher
    basement|sotano = basement
    attic|atico = attic
    sink|sinks = sink
    piano = piano
    kitchen|cocina = kitchen
    bathroom|bano = bathroom
    """
)
_SERVICES: Final = _Table(
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
    (?:your|opening|business|store|shop|holiday|weekend) hours|hours of operation|what(?:'s| are) (?:your|the) hours|(?:when|what time) (?:do|are) you(?: guys)? (?:open|close)\w*|are you(?: guys)? open|(?:do|are) you(?: guys)? (?:open|close)\w*|you(?:'re| are)? open on|(?:su|el|que) horario|horarios?|a que hora (?:abren|cierran)|estan abiertos|abren = opening hours
    (?:service|coverage) areas?|areas? (?:do )?you (?:serve|service|cover)|do you (?:guys )?(?:serve|service|cover|come (?:out )?to|work in)|(?:what|which) (?:towns|cities|areas|counties)|zona de servicio|que zonas = the service area
    where are you(?: guys)? (?:located|based)|(?:what(?:'s| is) )?your (?:address|location)|donde estan(?: ubicados)? = where the business is
    """
)
# "The dishwasher won't drain" names no drain.
_DRAINING: Final = linear(r"\b(?:(?:wo|do|does|did|is|ca)n ?'?t|not|cannot|to|never) drain\b")
_QUOTE: Final = linear(r"\b(?:quotes?|estimates?|bids?|cotiza\w*|presupuesto|estimado)\b")
_FALLBACK: Final = linear(
    r"\b(?:need(?:s|ed)?(?: some)? help with|help with|quotes? (?:for|on)|estimates? (?:for|on)|interested in|question(?:s)? about|looking for|looking to get|calling about|asking about|inquir\w+ about|need|want)\s+(?:a |an |the |my |our |some |your |to get |to have )?((?:[a-z'-]+\s?){1,4})"
)


def read_topic(text: str) -> tuple[str, int]:
    """What a folded sentence is about, and how telling that is: 0 (nothing) to 5 (a problem and its place)."""
    thing = _OBJECTS.first(_DRAINING.sub(" ", text))
    problem, work = _PROBLEMS.first(text), _WORK.first(text)
    quote = bool(_QUOTE.search(text))
    service = _SERVICES.first(text)
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
        between = {"storm damage": "to", "damage": "to", "mold": "in", "flooding": "in", "a clog": "in", "condensation": "on"}.get(
            problem, "at"
        )
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


def _a(noun: str) -> str:
    if (
        noun.split(" ")[0] in ("gutters", "countertops", "shingles", "siding", "flashing", "drywall", "maintenance", "cleaning", "air")
        or " of " in noun
    ):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
