"""What a person says about being written to, in the field of a form that asks: a clear yes, a clear no and for which channel, or neither.

Consent is stored for a clear yes only. Whoever ticks a box sends the words beside it as often as "on"; whoever types sends anything. So the
words are read clause by clause: a refusal in any of them outweighs every yes, fine print ("consent is not a condition", "reply STOP to opt
out") says nothing, and what is neither is no consent and no refusal.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from dataclasses import dataclass, replace
from typing import Any, Final

from providers.forms.labels import plain
from zartsalgo.lib.patterns import PatternSet, linear

LONGEST: Final = 1_600
SMS, EMAIL, CALL = "sms", "email", "call"

_YES: Final = frozenset(
    "1 on yes y true t checked accepted accept agree agreed iagree ok okay consent consented optin optedin subscribe subscribed granted allow allowed "
    "yesplease sure si s acepto aceptado deacuerdo estoydeacuerdo autorizo consiento siacepto claro siporfavor".split()
)
_BLANK: Final = frozenset("0 false f off unchecked notchecked blank empty undefined null none na nil unset".split())
_NO: Final = frozenset(
    "no n nope never nothanks nothankyou decline declined disagree denied deny refuse refused rejected reject optout optedout unsubscribe unsubscribed donotagree "
    "notagreed nogracias nunca rechazo noacepto noautorizo declino notconsented dnc".split()
)

_APART: Final = linear(r"[.;:!\n|()\"]+|,| - | but | however | although | pero | sino ")
_QUESTION: Final = linear(r"\?")
_NOT_LETTERS: Final = linear(r"[^a-z0-9]+")
_FINE_PRINT: Final = PatternSet((
    r"\bcondition of\b|\brequired to (buy|purchase)\b|\bno purchase\b|\bcondicion (de|para)\b",
    r"\b(reply|text|send|responda|envie|txt)\b.{0,20}\b(stop|help|alto|ayuda|cancel|end|quit)\b",
    r"\b(rates?|charges?|fees?|tarifas|cargos)\b.{0,20}\b(may|apply|aplican|aplicar)",
    r"\b(frequency|frecuencia)\b",
    r"\b(share|shared|sell|sold|third part(y|ies)|terceros|compart\w+|vend\w+)\b",
    r"\b(can|may|able to|puedo|puede) (opt out|unsubscribe|withdraw|cancel|revoke|cancelar|darme de baja)\b.{0,40}",
    r"\bat any ?time\b|\ben cualquier momento\b",
    r"(\bnot|n't|\bdont) (mind|object)\b|\bno (problem|objection|worries|hay problema|me molesta)\b|\bnot sure\b|\bno (estoy segur|se)\b",
    r"\b(privacy|terms|cookies?|privacidad|terminos|condiciones)\b",
    r"\bwe('ll)? (will |do |would |shall |can )?(not|never)\b|\bwe (don't|won't|dont|wont|never)\b|\bspam\b",
    r"\bnot (need|have|required|obligated) to\b|\bnot (a requirement|required)\b|\bno es (obligatorio|necesario|requisito)\b",
    r"\bif you\b|\bsi usted\b|\bunless\b",
))  # fmt: skip
_PRIVACY_AT: Final = 8

_TEXT: Final = linear(r"\b(texts?|texting|texted|txts?|sms|mms|text ?messag\w+|messag\w+|msgs?|mensaj\w+|textos?|textear|whatsapp)\b")
_MAIL: Final = linear(r"\b(e ?mails?|emailing|mails?|newsletters?|correos?|boletin)\b")
_PHONE: Final = linear(r"\b(calls?|calling|phone|telephone|llam\w+|telefono)\b")
_ALL: Final = linear(
    r"\b(contact\w*|reach|communicat\w+|marketing|solicit\w*|anything|promotion\w*|offers?|comunica\w*|publicidad|promocion\w*|ofertas?)\b"
)

_REFUSES: Final = PatternSet((
    r"\b(do|does|did|can|could|would|will|should|may|must) ?(not|n't|nt)\b|\b(dont|wont|cant|cannot|shouldnt|wouldnt)\b",
    r"\b(never|nor|without|no more|stop|quit|cease|remove|decline|declines|refuse|refuses|disagree|object to|opposed|withhold|revoke|withdraw)\b",
    r"\bopt(ed|ing)?[ -]?out\b|\bunsubscribe\b|\btake me off\b|\bleave me\b",
    r"\b(rather|prefer|like|want|wish|agree|consent|interested|authoriz\w+|allow\w*|accept|okay|ok|please|i am|i'm|im|rather be|prefer to|thanks) (to )?not\b",
    r"\bnot (to )?(text|sms|message|email|mail|call|contact|receive|get|be|agree|consent|interested|authorized|allowed|want|wish|send|accept|okay|ok|for)\b",
    r"^(no|not|nope|nah)\b|\bno (texts?|sms|text|messag\w+|msgs?|txts?|e ?mails?|calls?|contact|marketing|thanks|thank you|consent|mensaj\w+|textos?|correos?|llamad\w+)\b",
    r"\b(no|ni|nunca|jamas) (me |nos |le |te |mas )*(quier\w+|dese\w+|acept\w+|autoriz\w+|envi\w+|mand\w+|escrib\w+|recib\w+|text\w+|contact\w+|llam\w+|"
    r"estoy de acuerdo|consient\w+|permit\w+|doy|gusta\w*|manden|moleste\w*|por)\b",
    r"\b(prefiero|prefiere|preferiria|favor de|pido) no\b|\bsin (mensaj\w+|textos?|sms|correos?|llamad\w+)\b|\bnada de\b",
    r"\b(rechaz\w+|declin\w+|me niego|darme de baja|dar de baja|dejen de|no gracias|nunca|jamas|me opongo)\b",
))  # fmt: skip
_ONLY: Final = linear(r"\b(only|solo|solamente|unicamente|exclusively|just|instead|nada mas)\b")
_AGREES: Final = PatternSet((
    r"\b(i|we|you|yo) (do )?(hereby )?(expressly )?(agree|consent|accept|authoriz\w+|approve|opt in|acepto|autorizo|consiento)\b",
    r"^(yes|yeah|yep|sure|si|absolutely|of course|claro)\b",
    r"^(please )?(agree\w*|consent\w*|accept\w*|authoriz\w+|opt(ed)?[ -]?in|subscribe|acepto|acepta|autorizo|consiento|doy mi (consentimiento|permiso))\b",
    r"\b(i|we) (would like|want|wish|'d like|d like) to (receive|get|be texted|opt in)\b|\bi('d| would) like (text|sms|to get|to receive)",
    r"\b(please|you (can|may)|ok to|okay to|fine to|free to|go ahead and) (text|sms|message|send me)\b|^(text|sms|send) me\b|\bsign me up\b",
    r"\b(estoy de acuerdo|de acuerdo|si acepto|si quiero|quiero recibir|deseo recibir|pueden? (enviarme|mandarme|escribirme|textearme))\b",
    r"\b(marking|checking|ticking|clicking|submitting|marcar|enviar)\b.{0,60}\b(agree|consent|acepta|autoriza)\b",
))  # fmt: skip
_BARE_CHANNELS: Final = linear(
    r"^(?:(?:or|and|nor|ni|o|y|u|e|text|texts|texting|sms|e ?mails?|emailing|calls?|calling|messag\w+|mensajes|correos?|llamadas?|me|us|please) ?)+$"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`granted` for a clear yes and `for_channels` where the words name some; `refused` holds the channels of a clear no; `words` as they wrote them."""

    granted: bool = False
    refused: frozenset[str] = frozenset()
    for_channels: frozenset[str] = frozenset()
    words: str = ""


def read_wish(*, value: str, wording: str = "", own: str = SMS) -> Wish:
    """Read one answer. `wording` are the words that stood beside a box; `own` is the channel the field asks about. Doubt is neither."""
    text = plain(value[:LONGEST]).replace("’", "'").replace("´", "'").replace("`", "'").strip()
    bare = _NOT_LETTERS.sub("", text)
    if bare in _BLANK or not bare:
        return Wish(words=wording)
    if bare in _YES:
        shown = wording or ("" if bare in _ONE_WORD else value.strip()[:LONGEST])
        about = _about(plain(wording[:LONGEST])) if wording else None
        return Wish(granted=about is None or about != frozenset(), for_channels=about or frozenset(), words=shown)
    if bare in _NO:
        return Wish(refused=frozenset({own}), words=wording or value.strip()[:LONGEST])
    granted, refused, about = _clauses(text, own=own)
    words = value.strip()[:LONGEST]
    if refused:
        return Wish(refused=refused, words=words)
    return Wish(
        granted=granted, for_channels=about if granted else frozenset(), words=wording or words if len(words.split()) > 1 else wording
    )


_ONE_WORD: Final = frozenset(
    "1 on yes y true t checked accepted accept agree agreed ok okay iagree optin optedin subscribed granted si s".split()
)


def _about(words: str) -> frozenset[str] | None:
    """The channels that the words of a box name; None where they name none, an empty set where they are only about terms and privacy."""
    channels = _channels(words)
    if not channels and _PRIVACY_AT in _FINE_PRINT.hits(words) and not _ALL.search(words):
        return frozenset()
    return channels or None


def _clauses(text: str, *, own: str) -> tuple[bool, frozenset[str], frozenset[str]]:
    granted, about, negated = False, frozenset[str](), False
    refused: set[str] = set()
    for raw in _APART.split(text.replace("?", "?|"))[:60]:
        clause = " ".join(raw.split())
        if not clause:
            continue
        if _QUESTION.search(clause):
            negated = False
            continue
        fine = _FINE_PRINT.hits(clause)
        channels = _channels(clause)
        if negated and not fine and _BARE_CHANNELS.match(clause):
            refused |= channels
            continue
        negated = False
        if not fine and _ONLY.search(clause) and channels and not _AGREES.hits(clause):
            # "Email only", "just call me": the written channels that are left out are refused.
            refused |= {SMS, EMAIL} - channels
            granted = False
            continue
        if not fine and _REFUSES.hits(clause):
            negated = True
            everything = not channels and _ALL.search(clause)
            refused |= {SMS, EMAIL} if everything else channels & {SMS, EMAIL} if channels else {own}
            continue
        if (
            _AGREES.hits(clause)
            and not (fine and set(fine) != {_PRIVACY_AT})
            and (_PRIVACY_AT not in fine or channels or _ALL.search(clause))
        ):
            granted, about = True, about | channels
    return granted, frozenset(refused & {SMS, EMAIL}), about


def of_field(*, wish: Wish, name: str) -> Wish:
    """The wish, where its field's name says for what it asks: a bare yes to `sms_consent` is none to mails."""
    named = _channels(plain(name.replace("_", " ").replace("-", " "))) & {SMS, EMAIL}
    return replace(wish, for_channels=named) if wish.granted and not wish.for_channels and named else wish


def _channels(words: str) -> frozenset[str]:
    found = {name for name, pattern in ((SMS, _TEXT), (EMAIL, _MAIL), (CALL, _PHONE)) if pattern.search(words)}
    return frozenset(found)


def as_fact(wish: Wish) -> dict[str, Any]:
    """The wish as an event's fact `consent`."""
    fact: dict[str, Any] = {"granted": wish.granted, "wording": wish.words}
    written = wish.for_channels & {SMS, EMAIL}
    if wish.granted and written:
        fact["channels"] = sorted(written)
    if wish.granted and wish.for_channels and not written:
        fact["granted"] = False  # they agreed to calls
    if wish.refused:
        fact["refused"] = sorted(wish.refused)
    return fact
