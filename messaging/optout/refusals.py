"""Refusals that name no stop: threats, courtesies, and whoever says that we have the wrong person. Both languages. See `rules`.

A threat with its condition ("if you text me again, I call the police") is a wish in all but name. Who says that they are the wrong
person, have moved, do not sell or never asked does not ask to stop in so many words: a person reads it, while texts wait.
"""

from __future__ import annotations

from typing import Final

from messaging.optout.grammar import AGAIN, LIST, ME, NOUN, THESE, TIME, VED, VERB, VING, ends
from messaging.optout.rules import Around, Kind, Rule, found, hold, opens, rule

_SANCTION: Final = (
    r"(?:police|cops?|sheriff|lawyers?|attorneys?|attorney general|sue|suing|sued|lawsuits?|court|legal(?:ly)?|law|fcc|ftc|tcpa|bbb|authorities|fined?|"
    r"report(?:ed|ing)?|complain(?:t|ts|ing)?|charges|harass\w*|block(?:ed|ing)?|small claims|restraining order|cease and desist|illegal|violat\w+|regulators?|carrier)"
)
_NEXT: Final = (
    rf"(?:\bif (?:you|i|this|these|they|your \w+|anyone|anybody)(?: guys| people| ever| dare| so much as| even| do| keep| continue| get| receive| see| don ?t stop| to)*"
    rf" (?:another|{VERB}|{VING}|one more|any more|again)\b|"
    rf"\bif (?:these|this|the|your|any)(?: \w+)? (?:{NOUN}|it) (?:continues?|keeps?|dont stop|doesnt stop|do not stop|does not stop|persists?|comes?)\b|"
    rf"\b(?:text|message|call|contact|bother|email|write|msg)(?: to)? (?:me|us|this number|this phone|here) (?:again|anymore|one more time|once more|one last time)(?: and| i| ill| we| youll|$| \|)|"
    rf"\b(?:keep|continue) (?:on )?(?:{VING}|sending|it up|this up)(?: me| us| this| these| \w+)? (?:and|i|ill|we)\b|"
    rf"\b(?:one more|another|next|any (?:more|further|other)|1 more)(?: (?:unsolicited|single|damn|such))* (?:{NOUN}|one|time)\b)"
)
_ASKS: Final = (
    r"\b(?:need|needs|want|wants|wanted|quote|estimate|looking for|can you|could you|can someone|could someone|would you|will you|when can|when are|how much|do you|"
    r"are you able|schedule|appointment|install|repair|replace|fix|inspect|interested|hoping|help|available|price|cost|book|necesit\w+|quier\w+|quisiera|cotizacion|"
    r"presupuesto|cuanto|pueden?|cita|arregl\w+|repar\w+|instal\w+)\b"
)
_MACHINES: Final = (
    r"\b(?:battery|phone|car|truck|ac|unit|heater|furnace|plants?|trees?|grass|lawn|motor|engine|pump|compressor|fridge|freezer|boiler|washer|dryer|bush\w*|hedge\w*|"
    r"wifi|internet|line|fish|shrubs?|power|remote|sod|outlets?|carro|bateria|motor|planta|arbol|pasto|telefono|celular|calentador)\b"
)


# Said of us and of what they will do: "report you", "hear from my lawyer". A lawyer who joins the next call threatens nobody.
_TURNED_ON_US: Final = (
    r"\b(?:sue|suing|sued|report(?:ing|ed)? (?:you|this|it|u|your|to|as)|harassment|harassing|charges|complaint|restraining order|small claims|legal action|take action|fcc|ftc|tcpa|bbb|"
    r"attorney general|fined?|illegal|violat\w+|block(?:ing|ed)? (?:you|this|your|and)|(?:(?:ill|will|im|am|to|gonna|and|or|be|i) (?:call|calling)|contact|contacting|to|involve|involving|from|get|getting|notify|notifying) "
    r"(?:the |my |an? |our |your )?(?:police|cops|sheriff|lawyers?|attorneys?|authorities|court|carrier|regulators?)|"
    r"(?:lawyer|attorney) (?:will|is going to|is gonna) (?:be (?:in touch|contacting|calling)|contact|call|sue|reach|hear))\b"
)


def _threat(around: Around) -> Kind | None:
    whole = f"{around.earlier} | {around.before} {around.said} {around.after} | {around.later}"
    if not found(rf"\b(?:{NOUN}|{VING}|{VERB}|{VED}|again|sending)\b", f"{around.said} {around.after}") or not found(
        rf"\b{_SANCTION}\b", whole
    ):
        return None
    return "opt_out" if found(_TURNED_ON_US, whole) else "unclear"


def _no_need(around: Around) -> Kind | None:
    """ "No need to text": whoever adds "any more", or says that it goes on, wants no more."""
    if opens(rf"(?:{ME} )?back\b", around.after):
        return None
    follows = f"{around.after} | {around.later}"
    if found(r"\bsend(?:ing)?$", around.said) and not (
        ends(around.after)
        or opens(rf"(?:{ME} )?(?:(?:any|more|of|these|those|this|your|such|further) )*(?:{NOUN}|{THESE}|more)\b", around.after)
    ):
        return None  # "no need to send the invoice"
    if found(TIME, around.after) and not found(AGAIN, around.after):
        return None
    if (
        found(r"\b(?:keep|continue|further)\b", around.said)
        or found(AGAIN, around.after)
        or opens(rf"(?:{ME} )?(?:further|about this|about that)\b", around.after)
    ):
        return "opt_out"
    by_voice = found(r"\b(?:call|calling|phone)$", around.said)
    return (
        None
        if by_voice or not (ends(around.after) or opens(rf"{ME}\b", around.after)) or found(r"\b(?:call|email) me\b", follows) and by_voice
        else "unclear"
    )


def _not_received(around: Around) -> Kind | None:
    """ "Would it be possible to not get these": a wish. "I did not get the message" tells of one."""
    asked = found(
        r"\b(?:possible|rather|prefer|like|want|appreciate|please|could i|can i|can we|able|grateful|mind|wish|hope|love|way)\b",
        around.before,
    )
    return "opt_out" if asked and not found(r"\b(?:why|did|have|still)\b", around.before) else None


def _not_another(around: Around) -> Kind | None:
    """ "Not another text from you", "I want nothing to do with you": wishes. "Not a single text came" tells."""
    if around.said.startswith("nothing"):
        return "opt_out" if found(r"\b(?:want|wants|wish|like)$", around.before) else None
    told = found(r"\b(?:got|get|received?|came|come|comes|seen|there)\b", f"{around.before} {around.after}")
    return None if told else "opt_out"


def _unless_asking(around: Around) -> Kind | None:
    """Held, unless the same words ask for something: "we just moved, can you look at the furnace"."""
    whole = f"{around.earlier} | {around.before} | {around.after} | {around.later}"
    return None if found(_ASKS, whole) else "unclear"


def _unless_asking_else(around: Around) -> Kind | None:
    """As above, but what they say they never asked for ("a quote") is no request."""
    return None if found(_ASKS, f"{around.earlier} | {around.before} | {around.later}") else "unclear"


def _died(around: Around) -> Kind | None:
    return None if found(_MACHINES, f"{around.before} {around.said}") else _unless_asking(around)


def _not_this(around: Around) -> Kind | None:
    """ "This isn't Kevin" alone; "this isn't urgent" says something else of "this"."""
    said = around.said.rsplit(" ", 1)[-1]
    return None if said in _NO_NAMES or said.endswith(("ing", "ed", "ble", "ly", "ful")) else _unless_asking(around)


_NO_NAMES: Final = frozenset(
    "urgent right good fair true enough ok okay funny cool necessary what how it a an the my our your about for in on at bad new old done correct fun "  # noqa: SIM905
    "worth normal real big clear cheap easy hard over ready safe so sure that this too free mine yours ours first last me us him her them all like".split()
)

_ALL_OF_IT: Final = r"(?:^|\| )(?:cancel\w{0,3}|suspend\w{0,3}|borr\w{1,3}|elimin\w{1,3}|par(?:a|e|en)|stop|end) (?:con )?(?:todo|todos|toda|everything|it all|all of it|all of this)(?: \||$)"


def _no_hace_falta(around: Around) -> Kind | None:
    if found(r"\bpor (?:correo|email)\b|\bhoy\b|\bmanana\b", around.after):
        return None
    if found(r"\b(?:mand|envi)\w+$", around.said):
        about = found(
            r"\b(?:mensaj\w*|textos?|sms|whats\w*|mas|nada|publicidad|promocion\w*|recordatorios?|informacion)\b",
            f"{around.said} {around.after}",
        )
        return "opt_out" if about else None  # "no es necesario mandar a nadie"
    return "opt_out"


THREATS: Final[tuple[Rule, ...]] = (
    rule("threat", "en", _NEXT, _threat),
    rule(
        "amenaza",
        "es",
        r"\b(?:si (?:me|nos) (?:vuelven?|vuelves|siguen?|sigues|continuan?|mandan?|escriben?|llaman?|contactan?|molestan?|envian?)\b|"
        r"si (?:vuelven?|siguen?|continuan?|insisten?|no (?:dejan?|paran?|me (?:dejan?|quitan?|borran?|eliminan?|sacan?|dan)))\b|"
        r"(?:un|otro|una|otra|el proximo|la proxima) (?:mensaje|texto|llamada|vez|mas)(?: mas)?\b|(?:mandenme|escribanme|llamenme) otr[ao]\b|"
        r"\bo (?:los|las|les|te|lo|la)? ?(?:voy|llamo|denuncio|reporto|demando|bloqueo|pongo|hablo)\b)",
        lambda a: (
            "opt_out"
            if found(
                r"\b(?:demand\w+|denunci\w+|report\w+|polici\w+|abogad\w+|queja|autoridad\w*|legal\w*|bloque\w+|corte|acoso|multa)\b", f"{a.said} {a.after} | {a.later} | {a.before} | {a.earlier}"
            )
            and found(r"\b(?:mensaj\w*|texto\w*|sms|escrib\w+|mand\w+|envi\w+|llam\w+|molest\w+|contact\w+|lista|sig\w+|insist\w+|vez|dej\w+)\b", f"{a.said} {a.after} | {a.before} | {a.earlier}")
            else None
        ),
    ),
)  # fmt: skip

COURTEOUS: Final[tuple[Rule, ...]] = (
    rule(
        "no-need",
        "en",
        r"\b(?:no need|not necessary|isnt necessary|unnecessary|no reason|(?:dont|do not|neednt|need not|no longer|never) (?:feel (?:the need|obliged|you (?:have|need)|like you (?:have|need))|need|have|bother))"
        r"(?: (?:for|you|to|any|more|guys|us|anyone|your team|again|ever|please|further|keep|continue|be|on))* "
        r"(?:text|texting|message|messaging|msg|contact|contacting|follow up|following up|reach out|reaching out|write|writing|send|sending|call|calling|check in|checking in|texts|messages|reminders)\b",
        _no_need,
    ),
    rule(
        "not-received",
        "en",
        rf"\b(?:not|never|no longer|stop) (?:to )?(?:be )?(?:get|getting|receive|receiving|keep getting|be sent|sent) (?:(?:any|more|of|these|those|this|your|all|such|further|future|so|many|the|anymore|automated|marketing) )*(?:{NOUN}|these|those|this|anything)\b",
        _not_received,
    ),
    rule(
        "not-to-be",
        "en",
        rf"\b(?:prefer|rather|like|love|wish|want|ask|asked|asking|request) (?:it )?(?:not|to not|to no longer|no longer) (?:to )?(?:be |get |being )?(?:{VED}|on (?:your|this|the|any) (?:\w+ )?list)\b",
        lambda a: None if found(r"\b(?:why|customers|people|they|he|she)\b", a.before) else "unclear" if found(TIME, a.after) and not found(AGAIN, a.after) else "opt_out",
    ),
    rule(
        "no-hace-falta",
        "es",
        r"\b(?:no (?:hace falta|es necesario|hay necesidad|se necesita|necesitan?)|prefer\w+ que no|agradec\w+ que (?:ya )?no|agradec\w+ (?:ya )?no|gustaria que (?:ya )?no|pido que (?:ya )?no)"
        r"(?: (?:que|de|me|nos|ya|mas|seguir|sigan|siga|estar|esten|vuelvan?|a|ser|se|recibir|les|le))* "
        r"(?:escrib\w+|mand\w+|envi\w+|contact\w+|text\w+|mensaj\w+|molest\w+|busc?q?u?\w+|recib\w+|sms|mensajes)\b",
        _no_hace_falta,
    ),
)  # fmt: skip

REMOVAL: Final[tuple[Rule, ...]] = (
    rule(
        "removal",
        "en",
        rf"\b(?:request\w*|asking for|ask for|want|demand\w*|need)(?: \w+)? removal from (?:\w+ ){{0,3}}(?:{LIST})\b",
        lambda a: "opt_out",
    ),
    rule(
        "nothing-to-do",
        "en",
        rf"\bnothing (?:more )?to do with (?:you|your)\b|\bnot (?:another|one more|a single|even one) (?:\w+ )?(?:{NOUN})\b",
        _not_another,
    ),
)

WRONG_PERSON: Final[tuple[Rule, ...]] = (
    rule(
        "another-person",
        "en",
        r"\b(?:meant for|intended for|looking for|must want|trying to reach|want) (?:someone|somebody|anyone|another|the (?:previous|last|old|former|prior)|the wrong)\b|"
        r"\b(?:no ?one|nobody|no (?:person|man|woman)|not anyone|isnt anyone|isnt anybody|theres no|there is no|theres nobody) (?:here |at this number )?(?:by|with|called|named|\w+) ?(?:that name|this name|name|here|at this (?:number|phone))\b|"
        r"\b(?:this|that|the) (?:number|phone|cell)(?: now)? (?:belongs to|is (?:not|no longer|now)|isnt|was reassigned|has (?:a new|been reassigned))\b|"
        r"(?:^|\| )no \w+ (?:here|at this (?:number|phone))(?: \||$)|"
        r"\b(?:previous|former|prior) owner of this\b|\bgot the wrong\b|\bmistaken (?:me|identity)\b|"
        r"\b(?:confus\w+|mixed) me (?:up )?(?:with|for)\b|\bnew (?:owner|number)\b.{0,20}\bthis number\b|\bjust got this number\b|"
        r"(?:^|\| )(?:its |that is |thats |thats |it is |that was )?not (?:me|mine|my (?:house|home|name|account|appointment|quote|request|property|job|address))(?: \||$)",
        _unless_asking,
    ),
    rule(
        "not-who",
        "en",
        r"(?:^|\| )(?:no |nope |sorry |um )*this (?:is not|isnt|aint|is no longer) \w+(?: anymore)?(?: \||$)",
        _not_this,
    ),
    rule(
        "no-customer",
        "en",
        r"\b(?:im|i am|am|was|were|we are|never been) (?:not |never )?(?:a|your|the|an existing) (?:customer|client|homeowner|owner|tenant|person) (?:of|here|there|youre|you are|that you|any)\b|"
        r"\b(?:im|i am|we are|were|am) (?:not|no longer) (?:a |your |the |an )?(?:existing )?(?:customer|client|homeowner|home owner|owner)s?\b|"
        r"\bnever (?:heard of|contacted|called|texted|dealt with|did business with|done business with|hired|used|met|spoke with|spoken to|talked to) (?:you|your|this|any of you)\b|"
        r"\b(?:dont|do not) (?:even )?know (?:you(?: guys| people)?(?: \||$)|who (?:you|this)(?: is| are)?(?: \||$)|your company|any of you|what this is|anything about (?:this|you))\b|\bno idea who (?:you|this) (?:is|are)\b|"
        r"\b(?:didnt|did not|never|dont remember|havent) (?:even |ever )?(?:ask(?:ed|ing)?(?: you)? for (?:(?:a|any|an|your|this|these|that|it)(?: \w+)?)|request(?:ed|ing)? (?:a|any|this|your|anything|it|an)(?: \w+)?|sign(?:ed|ing)? up|fill(?:ed)? (?:out|in)|"
        r"inquire[d]?|call(?:ed)? you|contact(?:ed)? you|reach(?:ed)? out|apply|applied|submit(?:ted)?|agree[d]? to|subscrib\w+|enroll\w*|register\w*|opt\w*)\b|"
        r"\b(?:where|how) (?:did|do|have) (?:you|u|yall|they) (?:get|got|have|find|obtain)(?: a hold of| hold of)? (?:my|this|our|me)\b|\bwho (?:gave|sold|told) (?:you|them|yall) (?:my|this|our|i|that|to)\b|\bwho (?:this|it) (?:is|was) (?:meant|for)\b|"
        r"\b(?:update|correct|check|fix) your (?:records?|lists?|database|files?|data)\b",
        _unless_asking_else,
    ),
    rule(
        "lives-elsewhere",
        "en",
        r"\b(?:doesnt|does not|no longer|dont|do not) (?:have|has|use|uses) (?:this|that) (?:number|phone|cell)\b|"
        r"\b(?:doesnt|does not|no longer|dont|do not|isnt|havent|hasnt)(?: \w+)? ?(?:use|uses|own|owns|live|lives|lived|work|works|stay|stays|reside\w*|rent|answers?|belong\w*|with|at|owned|worked)"
        r"(?: (?:to|with|at|in|on|by))?(?: (?:this|that|the|it|my|our|your|here|there|him|her|us|me|a))(?: (?:number|phone|cell|line|house|home|property|place|address|company|office|area|state|city|building|apartment|car|business))?"
        r"(?: (?:anymore|any more|any longer|now))?(?: \||$)",
        lambda a: _unless_asking(a) if found(r"\b(?:live|lives|lived|work|works|own|owns|reside\w*|number|phone|cell|anymore|any more|any longer|no longer|answers?)\b", a.said) and not found(_MACHINES.replace("phone|", ""), a.before) else None,
    ),
    rule(
        "moved-or-sold",
        "en",
        r"\b(?:i|we|they|he|she|ive|weve|have|has|theyve|family)(?: have| has| had| already| since| just| all| actually| recently)* (?:moved|relocated)(?: (?:away|out|to|from|last|already|states?|back|overseas|years?|months?|on|since|a|across|off|this|in (?:january|february|march|april|may|june|july|august|september|october|november|december|\d+))\b| \||$)|"
        r"\b(?:sold|selling|lost|gave up) (?:the|that|my|our|this|his|her) (?:house|home|property|place|condo|business|building|company)\b|\bhouse (?:is|was|has been|already|got)(?: already)? sold\b",
        _unless_asking,
    ),
    rule("died", "en", r"\b(?:passed (?:away|on)|deceased|(?:he|she|husband|wife|dad|mom|father|mother|owner) is dead|(?:he|she|dad|mom|father|mother|husband|wife|brother|sister|son|daughter|grandma|grandpa|grandmother|grandfather|uncle|aunt|owner|landlord|tenant)(?: has| have| just| recently| sadly)* died|no longer with us|(?:his|her) (?:widow|widower|estate))\b", _died),
    rule(
        "not-selling",
        "en",
        r"\b(?:not|never|no longer|isnt|wasnt|arent)(?: (?:interested in|looking to|planning to|going to|thinking of|up|currently|even|really|want to|be|on))* (?:selling|for sale|the market|in the market|buying|looking to (?:buy|sell)|planning to sell|going to sell)\b|"
        r"\b(?:dont|do not|wont|will not) (?:want|wanna|plan|intend|wish|need) to sell\b",
        _unless_asking,
    ),
    rule("shut-up", "en", r"\bshut (?:the \w+ )?up\b|\bdrop dead\b|\bscrew (?:you|off)\b|\bgo to hell\b|\breport(?:ed|ing)? (?:this |you |it |these )?(?:as |for )(?:spam|junk|harassment|abuse|scam)\b|\bmark(?:ed|ing) (?:this |you |it )?(?:as )?(?:spam|junk)\b|\byoure? spam\w*\b", hold),
    rule("all-of-it", "es", _ALL_OF_IT, hold),
    rule(
        "otra-persona",
        "es",
        r"\b(?:otra persona|persona (?:que (?:busca|buscan)|equivocada)|se confund\w+|me confund\w+|confundieron|numero equivocado)\b|"
        r"(?:^|\| )(?:(?:yo|hola|perdon|disculpe|la verdad|pero) )*(?:ya )?(?:no soy|(?:este|esta|esto) no es) \w+(?: \||$)"
        + r"|\bno soy (?:la persona|su cliente|cliente|el dueno|la duena|quien)\b|\b(?:aqui|aca|en este numero) no (?:vive|hay|trabaja|existe|es|conozco)\b|\bno (?:conozco|hay) (?:a )?(?:ningun|nadie|ese|esa)\w*\b|"
        r"\b(?:ya no|no) (?:tiene|usa|vive|vivo|vivimos|trabaja|trabajo|pertenece|es de)(?: (?:este|esta|aqui|ahi|alli|en|ese|esa|con|el|mas|a|para)\b| \||$)|\beste numero (?:ya )?(?:no|es de|pertenece)\b",
        lambda a: None if found(r"\bno (?:soy|es) (?:nada|necesario|urgente|posible|problema|un|una|mucho|seguro|expert|tecnic|capaz|doctor|alergic|fan\b|cierto|asi|lo|para|por|que|tan|muy|justo|verdad|caro|barato|facil|buen|mal|gran|grave|aqui|ahi)", a.said) else _unless_asking(a),
    ),
    rule(
        "no-pedi",
        "es",
        r"\b(?:no|nunca|jamas) (?:les |los |le |te |me |nos |yo )*(?:pedi|pedimos|solicite|solicitamos|suscribi|registre|inscribi|contacte|llame a ustedes|autorice|di mi|dimos|llene|conozco|se quien(?:es)? (?:es|son|eres))\b|"
        r"\b(?:quien|como|de donde|donde) (?:les |le |te |tienen? |sac\w+ |consigui\w+ |obtu\w+ |dieron |dio |agarr\w+ )+(?:mi|este|el|nuestro)\b|\bquien (?:les|le|te) dio (?:mi|este|el|nuestro) (?:numero|telefono|contacto|celular|nombre)\b",
        _unless_asking_else,
    ),
    rule(
        "fallecio",
        "es",
        r"\b(?:fallecio|fallecido|fallecida|fallecieron|murio|difunt[oa]|esta muert[oa]|paso a mejor vida|en paz descanse)\b",
        _died,
    ),
    rule(
        "se-mudo",
        "es",
        r"\b(?:(?:me|nos|se) (?:mude|mudamos|mudo|mudaron|cambie de casa|cambiamos de casa)|ya no viv\w+|vendi(?:mos|o|eron)? (?:la|mi|esa|nuestra|el|su) (?:casa|propiedad|negocio|terreno|carro)|"
        r"no (?:estoy|estamos|quiero|pienso|queremos|pensamos|voy a|deseo) vend\w+|no (?:la|lo)? ?vend[oe]\w*|no (?:esta|se) (?:en venta|a la venta|vende)|ya (?:la|lo) vend\w+)\b",
        _unless_asking,
    ),
)  # fmt: skip
