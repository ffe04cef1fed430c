"""The rules that read an opt-out: verb and object patterns in English and Spanish, keywords, and the lookalikes they must leave alone.

A rule is a pattern over the normalised message (`reply_words.normalise`) and a judge that looks at what stands before and after the
match in its clause: "stop texting me" stops, "don't stop texting me" and "stop by" do not. Nothing here learns: every decision has
the name of its rule as evidence. 47 CFR 64.1200(a)(10): any words count that a reasonable person reads as a wish to stop.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

Kind = Literal["opt_out", "unclear"]


class Around(NamedTuple):
    """A match in its surroundings: words before and after it in the same clause, and the clauses that follow."""

    match: re.Match[str]
    before: str
    after: str
    later: str


Judge = Callable[[Around], Kind | None]


class Rule(NamedTuple):
    name: str
    lang: str
    pattern: re.Pattern[str]
    judge: Judge


FILLER: Final = frozenset(
    "please thanks thank thankyou ok okay now immediately asap already hi hello hey sir maam mam bro dude man guys just kindly sorry no nope so lol damn "
    "fucking seriously god omg team dear and the fuck hell good morning afternoon evening day all me us it this that right away for you everyone today these those with "
    "por favor gracias ya hola buenas buenos dias tardes noches oye oiga senor senora senorita favor ahora mismo muchas disculpe amigo amiga pues si bueno "
    "inmediatamente".split()
)
# Fillers that may stand beside "stop" but not beside a word that has a job of its own ("cancel it": an appointment?).
WEAK: Final = frozenset("all me us it this that you for today si everyone the these those with".split())

_STRONG_WORDS: Final = "stop|stop all|stopall|unsubscribe|unsubscribe all|opt out|opt out all|optout|alto|basta|arret|arretez|desuscribir|desuscribirme|desinscribir"
STRONG: Final = re.compile(rf"(?:{_STRONG_WORDS})(?: (?:{_STRONG_WORDS}))*")
_WEAK_WORDS: Final = (
    r"cancel|cancell|end|quit|revoke|remove|delete|no more|never again|cancela|cancele|cancelen|cancelar|pare|paren|para|parar|parenle|parale|parele|detener|"
    r"detenganse|detente|deten|detengan|baja|de baja|no mas|no mas no mas|ya no mas|fin|terminar|salir|salirme|quitar|quitame|borrar|eliminar|remover|"
    r"anular|dejen|dejalo|dejenlo|suficiente ya|stp|stpo|sotp|tsop|stoo|syop|atop|ztop|stip|stopo|sto p|s top"
)
KEYWORD: Final = re.compile(rf"(?:{_STRONG_WORDS}|{_WEAK_WORDS})(?: (?:{_STRONG_WORDS}|{_WEAK_WORDS}))*")
OPT_IN: Final = re.compile(
    "start|unstop|resume|subscribe|resubscribe|optin|opt in|opt back in|opt me in|opt me back in|sign me back up|iniciar|inicio|comenzar|empezar|"
    "reanudar|suscribir|suscribirme|alta"
)
HELP: Final = re.compile("help|info|help info|ayuda|informacion|aide")

# --- English ---------------------------------------------------------------------------------------------------------------------

_NOUN = (
    r"(?:texts?|texting|text messages?|messages?|messaging|sms|mms|emails?|calls?|calling|phone calls?|notifications?|alerts?|promos?|promotions?|"
    r"promotional|offers|ads|advertisements?|advertising|marketing|reminders|solicitations?|soliciting|communications?|spam|newsletters?|contact|"
    r"robocalls?|robotexts?|blasts?|correspondence|mailings?|harassment|nonsense|madness|bs|bullshit|crap|shit)"
)
_MOD = (
    r"(?:all|any|the|with|your|you|these|this|those|them|fucking|damn|stupid|annoying|random|automated|auto|automatic|sms|such|of|more|further|future|"
    r"from|sales|unwanted|unsolicited|dumb|daily|constant|so|many|anymore|other|kind|kinds|type|types|marketing|promotional|spam|text|phone|and|or|"
    r"additional|subsequent|unnecessary|w|whole)"
)
_ME = r"(?:me|us|my (?:\w+ )?(?:phone|number|cell|line|mobile|inbox)|this (?:\w+ )?(?:number|phone|line|cell|person))"
_VERB = (
    r"(?:text|message|contact|call|phone|email|mail|sms|spam|bother|harass|bug|annoy|ping|solicit|write(?: to)?|pester|stalk|disturb|bombard|"
    r"reach out(?: to)?|reach|hit(?= (?:me|us) up)|blow up|dm)"
)
_VING = (
    r"(?:texting|messaging|contacting|calling|phoning|emailing|mailing|spamming|bothering|harassing|bugging|annoying|pinging|soliciting|"
    r"writing(?: to)?|pestering|stalking|disturbing|bombarding|reaching out(?: to)?|hitting(?= (?:me|us) up)|blowing up|blowing(?= (?:me|us|my)))"
)
_VED = r"(?:texted|contacted|messaged|called|emailed|bothered|solicited|spammed|disturbed|harassed|reached|notified)"
_THESE = r"(?:these|this|those|them|that|it|anything|stuff|things|shit|crap|junk|everything)"
_END = r"(?: (?:please|thanks|thank you|now|ok|okay|anymore|any more|again|ever|asap|immediately|at all|period|already|today|all together|altogether|sir))*$"
_TIME = re.compile(
    r"\b(?:until|til|till|before|after|during|tonight|tomorrow|yet|between|when|while|unless|weekends?|weekdays?|mornings?|nights?|evenings?|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|this (?:week|month|morning|afternoon|evening)|next (?:week|month|year|time)|today|"
    r"so (?:early|late|often|much)|too (?:early|late|often|much)|early|late|past \d|at (?:\d|work|night|noon|home|dinner)|"
    r"for (?:a|another|the next|at least|few|\d)|\d+ ?(?:am|pm)|if|in the (?:morning|evening|afternoon|middle)|on (?:the|my) (?:other|work|home|old|weekend)|right now)\b"
)
# How a sentence goes on after "don't text me" when its writer leaves out the full stop.
_GOES_ON = re.compile(
    r"(?:i|im|ive|id|ill|we|were|weve|its|this|you|your|youre|please|because|bc|cuz|cause|or|and|not|no|with|as|thank|thanks|sir|from|stop|he|she|they|"
    r"who|at this|on this|to this|so|people|unless i|that is|thats|what|wrong|nor|anything|any|another|any of|these|for any|unsolicited|everyone|"
    r"completely|immediately|altogether|dude|man|bro|lady|asap|per|remove|take|leave|lose|delete|dont|do not|texting|and)\b"
)
_AGAIN = re.compile(r"\b(?:again|anymore|any more|ever|any longer|no more|at all)\b")
_LIST = (
    r"(?:lists?|database|db|data ?base|systems?|records?|contacts?|directory|mailing|mailings|distribution|subscriptions?|campaigns?|program|texts?|"
    r"messages?|texting|messaging|sms|spam|group|chain|thread|notifications?|alerts?|everything|marketing|crm|files?|phone ?book|here|it|this|that|"
    r"these|them|there|all|calls|emails?|roster|rotation|blast|registry)"
)
_OTHER_LIST = re.compile(
    r"\b(?:wait|waiting|guest|punch|to ?do|price|invite|packing|materials?|shopping|schedule|calendar|appointments?|booking|espera|invitados)\b"
)
_OWN = r"(?:my|this|our|the|that) (?:\w+ )?(?:number|numbers|name|info|information|contact|contacts|details|data|digits|cell)"


def _ends(after: str) -> bool:
    """True when nothing but courtesies follows in the clause."""
    return bool(re.match(_END, f" {after}".rstrip()))


def always(around: Around) -> Kind | None:
    return "opt_out"


def hold(around: Around) -> Kind | None:
    return "unclear"


def _negation(before: str) -> Kind | Literal["skip", ""]:
    """What the words before a stop verb do to it: "skip" turns it round, "unclear" complains about it, "" leaves it."""
    if re.search(
        r"\b(?:if|unless|or else|better|asked|told|said|how (?:do|can|to)|where (?:do|can)|can i|may i|want to|like to|need to|wish to)\b",
        before,
    ):
        return ""
    if re.search(r"\b(?:dont|do not|never|not)(?: ever| just| you| please)?$", before) or re.search(
        r"\b(?:why|when|did|have|has|had)(?: \w+){0,2}$", before
    ):
        return "unclear" if re.search(r"\b(?:wont|not going to|havent|hasnt)\b", before) else "skip"
    if re.search(r"\b(?:wont|cant|cannot|couldnt|didnt|doesnt|havent|hasnt|wouldnt|without)(?: \w+)?$", before):
        return "unclear" if re.search(r"\b(?:you|they|it|yours?)\b", before) else "skip"
    return "skip" if re.search(r"\b(?:ill|will|i|we|gonna|going to|let me|should|he|she|they)$", before) and "you" not in before else ""


def _stop_doing(around: Around) -> Kind | None:
    turned = _negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    after = around.after
    if (
        re.match(r"(?:you|him|her|them|his|their|your|our)\b(?! guys)", after)
        or re.match(r"(?:the|my|a|an)\b", after)
        and not re.match(rf"{_ME}|the {_NOUN}", after)
    ):
        return None if not re.match(r"my\b", after) else "unclear"
    for_me = re.match(rf"(?:{_ME}|up)\b ?(?:up\b)?", after)
    rest = after[for_me.end() :].strip() if for_me else after
    if not for_me and re.search(r"\bi (?:\w+ ){0,2}to$", around.before):
        return None  # "I have to stop calling around"
    if _TIME.search(rest) and not _AGAIN.search(rest):
        return "unclear" if not re.match(r"(?:today|right now|before i|if you|or)\b", rest) else "opt_out"
    return "opt_out" if for_me or _ends(rest) or _GOES_ON.match(rest) else "unclear"


def _stop_sending(around: Around) -> Kind | None:
    turned = _negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    if re.match(rf"(?:(?:me|us|out) )*(?:{_MOD} )*(?:{_NOUN}|{_THESE})\b|(?:to )?{_ME}{_END}", around.after) or _ends(around.after):
        return "unclear" if _TIME.search(around.after) and not _AGAIN.search(around.after) else "opt_out"
    return "unclear" if re.match(r"(?:me|us)\b", around.after) else None


def _stop_noun(around: Around) -> Kind | None:
    turned = _negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    return "unclear" if _TIME.search(around.after) and "immediately" not in around.after else "opt_out"


_TO_TEXT = re.compile(r"\b(?:text|texts|texting|message|messages|sms|whatsapp)\b")
# "Call me instead", "use my other number": the person wants to be reached, only otherwise.
_ELSEWHERE = re.compile(
    r"(?<!not )(?<!dont )(?<!never )(?<!or )(?<!and )\b(?:call|phone|ring|email|text|message|use|try|reach|contact) (?:me|us|my|him|her|at|the other|\d)|\binstead\b"
)


def _dont_contact(around: Around) -> Kind | None:
    said, after = around.match.group(), around.after
    subject = around.before.rsplit(" ", 1)[-1]
    wanted = re.search(r"\b(?:want|wanna|like|wish|need|care|rather)", said)
    if subject in ("you", "they", "we", "he", "she", "i", "why", "who", "it", "people", "customers", "if", "did", "does") and not wanted:
        if not (subject == "you" and _AGAIN.search(after)):
            return None
    if re.search(r"\bwhy\b", around.before) or (re.match(r"(?:dont|do not) need to\b", said) and not _AGAIN.search(after)):
        return None
    self_said = re.match(rf"(?:(?:or|and|nor|{_VERB}) )*(?:(?:at|on|to) )?{_ME}\b(?: up\b)?(?: (?:or|and|nor) {_VERB}(?: {_ME})?)?", after)
    rest = after[self_said.end() :].strip() if self_said else after
    if not self_said and not _ends(rest) and not re.match(rf"(?:here|anymore|again|list|registry|or {_VERB}|and {_VERB})\b", rest):
        return None
    follows = f"{rest} | {around.later}"
    by_voice = re.search(r"\b(?:call|phone|email|mail)(?:ed)?$", said)
    if _AGAIN.search(rest):
        return "opt_out"
    if by_voice and _TO_TEXT.search(follows) and not re.search(r"\b(?:or|and) (?:text|message)", after):
        return None
    if re.match(r"(?:by|via|through|over|with) (?:\w+ )?(?:phone|mail|email|call|calls|voice)", rest):
        return None
    if _TIME.search(rest):
        return "unclear" if re.match(r"(?:right now|at work|at night|when|while)", rest) else None
    if _ELSEWHERE.search(follows):
        return "unclear"
    if re.match(r"(?:the|a|an|that|those|my|another)\b", rest):
        return None
    return "opt_out" if _ends(rest) or _GOES_ON.match(rest) else "unclear"


def _dont_send(around: Around) -> Kind | None:
    if re.search(r"\b(?:you|they|we|he|she|i|why)$", around.before) and "want" not in around.match.group():
        return None
    after = around.after
    if re.search(r"\b(?:by|in the|through|via) (?:mail|email|post|fax|ups)\b", after) or (_TIME.search(after) and not _AGAIN.search(after)):
        return None
    if re.match(
        rf"(?:(?:me|us|out|to|here|this number) )*(?:{_MOD} )*(?:{_NOUN}|anything|nothing|stuff|shit|crap|things|more|anymore)\b", after
    ):
        return "opt_out"
    return "opt_out" if _ends(after) or re.match(rf"(?:me|us|{_THESE}){_END}", after) else None


def _not_wanted(around: Around) -> Kind | None:
    if re.search(r"\b(?:why|if|when|they|he|she|customers|people)\b", around.before):
        return None
    if re.match(r"(?:about|for the|from the|to my|with the)\b", around.after) or (
        _TIME.search(around.after) and not _AGAIN.search(around.after)
    ):
        return "unclear"
    return "opt_out"


def _off_list(around: Around) -> Kind | None:
    if re.search(r"\b(?:dont|do not|never|not|didnt|did you|will you)$", around.before):
        return None
    return "unclear" if _OTHER_LIST.search(around.match.group() + " " + around.after) else "opt_out"


def _remove_me(around: Around) -> Kind | None:
    if re.search(r"\b(?:dont|do not|never|not|didnt)$", around.before):
        return None
    after = around.after
    if _ends(after) or re.match(r"(?:and|or|i|im|ive|we|before|not|no|you|wrong|because|cuz|right|dont|asap)\b", after):
        return "opt_out"
    return (
        None
        if re.search(r"\d|\b(?:schedule|calendar|appointment|slot|job|route|project|crew|order|quote|bid|line)\b", after)
        or _TIME.search(after)
        else "unclear"
    )


def _opting_out(around: Around) -> Kind | None:
    if re.search(r"\b(?:dont|do not|never|not|didnt|did i|havent|mean)(?: \w+){0,2}$", around.before):
        return "unclear" if re.search(r"\b(?:did|didnt|mean)\b", around.before) else None
    if re.search(r"\b(?:if i|what does|what is|what happens)\b", around.before) or re.search(
        r"\b(?:accident|mistake|accidentally)\b", around.before + " " + around.after
    ):
        return "unclear"
    of = re.match(r"(?:of|from|on)\b ?(.*)", around.after)
    if not of or re.match(
        rf"(?:(?:{_MOD}|receiving|getting|every|sending) )*(?:{_NOUN}|{_LIST}|{_THESE}|receiving|getting|service|you)\b|$", of.group(1)
    ):
        return "opt_out"
    return None


_WANT_NOT = r"(?:(?:dont|do not|no longer|never|not|didnt|did not) (?:want|wish|need|care|desire|wanna|wanting|wishing)|rather not|prefer not|would not like|not like)"


def rule(name: str, lang: str, pattern: str, judge: Judge) -> Rule:
    return Rule(name, lang, re.compile(pattern), judge)


ENGLISH: Final = (
    rule("stop-contacting", "en", rf"\b(?:stop|quit|cease|discontinue|halt|no more|refrain from|desist from|end) (?:(?:with|the|all|your|fucking|constantly|ever|from) )*{_VING}\b", _stop_doing),
    rule("stop-sending", "en", r"\b(?:stop|quit|cease|discontinue|refrain from) (?:sending|getting|receiving)\b", _stop_sending),
    rule("stop-the-messages", "en", rf"\b(?:stop|quit|cease|discontinue|halt|end|cancel|enough|block|turn off|shut off|disable|put (?:a stop|an end) to) (?:(?:{_MOD}|me|my) )*(?:{_NOUN}|(?:text |my |sms |message )?subscriptions?)\b", _stop_noun),
    rule("make-it-stop", "en", rf"\b(?:make|have|get|want|need|wants|like|asked|told|ask|asking|tell|telling|begging|beg|expect) (?:you|this|these|it|them|that|your \w+|all (?:of )?this|you guys|everyone|(?:the |these |your |all )*{_NOUN})(?: to)?(?: please| just)? (?:stop|quit|end)(?: (?:it|this|that|doing this|everything))?{_END}", always),
    rule("asked-to-stop", "en", r"\b(?:i|we|ive|weve|already|clearly|just|times|have|had|to)(?: \w+){0,3}? (?:said|say|saying|told you|tell you|asked you|asking you|texted|typed|replied|wrote)(?: (?:you|all))?(?: to)? (?:stop|unsubscribe|quit|no more)(?= \||$| texting| calling| sending| messaging| contacting| and| already| please| now| it| this| or| i| but| yet)", always),
    rule("can-you-stop", "en", rf"(?:^|\| )(?:please )?(?:can|could|will|would|cant|wont) (?:you|you guys|you people|you all|someone|we)(?: please| just| all)* (?:stop|quit)(?: (?:it|this|that|these|doing (?:this|that)))?{_END[:-1]}(?= \||$)", always),
    rule("stop-then-why", "en", r"(?:^|\| )(?:\w+ )?(?:please )?stop (?:please |now )?(?:i|im|ive|id|we|were|weve|not|no|its|this is|you have|you got|wrong|thanks|already|never|dont|do not|who|or i|or ill|leave|remove|unsubscribe|and (?:leave|remove|delete|dont|do not|never|lose))\b", always),
    rule("ends-in-stop", "en", r"\b(?:interested|thanks|please|number|again|sold|someone|hired|spam|away|person|stop|bye|but|anymore|ok) stop(?: (?:please|thanks|now|it))*(?= \||$)", always),
    rule("do-not-contact", "en", rf"\b(?:dont|do not|never|not to|not|no longer) (?:(?:you|ever|even|please|again|want|wanna|wish|like|need|care|have|try|bother|you guys|your company|anyone|anybody|someone|for|to|be|you to) )*{_VERB}\b(?! ?(?:back and|ahead))", _dont_contact),
    rule("not-to-be-contacted", "en", rf"\b(?:{_WANT_NOT}|not|would rather not|hate|dont like|tired of)(?: for| to)? (?:to )?(?:be|being|get|getting) {_VED}\b", _not_wanted),
    rule("do-not-send", "en", r"\b(?:dont|do not|never|not to|not)(?: (?:you|ever|please|want you to|want you|want anyone to))* send\b", _dont_send),
    rule("messages-not-wanted", "en", rf"\b{_WANT_NOT} (?:(?:to|for|keep|continue|be|receive|receiving|get|getting|have|see|{_MOD}|me|no) )*(?:texts?|texting me|text messages|messages|sms|emails|calls|phone calls|notifications|alerts|promos|promotions|solicitations?|communications?|spam|newsletters?)\b", _not_wanted),
    rule("nothing-wanted", "en", rf"\b{_WANT_NOT} (?:to )?(?:keep |continue |be )?(?:receive|receiving|get|getting) (?:any |more |any more )?(?:{_THESE}|more|from you){_END[:-1]}(?= \||$| from)", _not_wanted),
    rule("hear-from-you", "en", rf"\b{_WANT_NOT} (?:to )?(?:ever )?(?:hear|hearing) (?:anything |any more |more |anymore )*from (?:you|your|this|any)\b|\b{_WANT_NOT} anything (?:else |more )?(?:from|to do with) (?:you|your)\b", _not_wanted),
    rule("not-on-list", "en", rf"\b(?:{_WANT_NOT}|rather not)(?: to)?(?: be| stay)? (?:on|in|part of) (?:your|this|the|any) (?:\w+ ){{0,2}}{_LIST}\b", _off_list),
    rule("no-more-messages", "en", rf"\bno (?:more|further|additional|future) (?:(?:of|{_MOD}) )*(?:{_NOUN}|these|this|those)\b", lambda a: None if re.search(r"\b(?:there|have|got|had|getting|see|saw|is|are|why|receive[ds]?)(?: \w+)?$", a.before) else "unclear" if _TIME.search(a.after) else "opt_out"),
    rule("no-messages", "en", rf"(?:^|\| )(?:(?:please|hi|ok|thanks) )*no (?:{_NOUN}(?: (?:or|and|no) )?)+(?: (?:to|on|at) this (?:number|phone))?{_END[:-1]}(?= \||$)", lambda a: "opt_out" if _TO_TEXT.search(a.match.group()) and not _TO_TEXT.search(a.later) else "unclear" if not _TO_TEXT.search(a.later) else None),
    rule("off-the-list", "en", rf"\b(?:take|remove|delete|drop|get|strike|scratch|scrub|erase|pull|keep|leave|kick|exclude|wipe|clear|cross|have|want|be|removed|taken|deleted) (?:(?:me|us|myself|number|{_OWN}|and \w+ \w+|removed|taken|deleted) )*(?:from|off of|off|out of|out|of) (?:(?:of|your|the|this|all|any|that|every|ur|you|contact|mailing|texting|text|call|calling|sms|marketing|phone|customer|client|email|message|messaging|data|future|further|spam|stupid|damn|receiving|getting|these) )*{_LIST}\b", _off_list),
    rule("remove-me", "en", rf"\b(?:remove|delete|unlist|erase|exclude) (?:me|us|{_OWN}|number)\b|\b(?:take|get|keep|leave|pull) (?:me|us|{_OWN}) (?:off|out)\b|\b(?:lose|forget) (?:my|this|our) (?:\w+ )?number\b|\btake (?:off|out) (?:my|this) number\b", _remove_me),
    rule("wants-off", "en", rf"\b(?:want|wanna|like|wish|need|ask(?:ed|ing)?|request(?:ed|ing)?|demand|prefer) (?:to (?:be|get) )?(?:removed|taken off|unsubscribed|deleted|opted out|left alone|off|out of this)(?: (?:of|from) (?:\w+ ){{0,3}}{_LIST})?{_END[:-1]}(?= \||$)", _off_list),
    rule("wish-you-stopped", "en", rf"\b(?:if|wish|until) you(?: guys| people| all)? (?:would |could |just |please )*(?:stop|stopped|quit) (?:{_VING}|sending|it\b|this\b)", always),
    rule("make-sure", "en", rf"\b(?:make sure|ensure)(?: that)? (?:i|we|you) (?:dont|do not|never) (?:ever )?(?:get|receive|text|contact|message|call|send)(?: (?:{_MOD}|me|us|another))* ?(?:{_NOUN}|me|us|again|anymore)\b", always),
    rule("off-your-list", "en", r"(?:^|\| )(?:(?:me|please|im|get|want|just|out) )*off (?:of )?(?:your|the|this|ur) (?:\w+ )?(?:list|lists)\b", lambda a: "unclear" if _OTHER_LIST.search(a.match.group()) else "opt_out"),
    rule("remove-from-list", "en", r"\b(?:remove|take|delete|strike)(?: number| name| contact| phone)? (?:from|off)(?: of)? (?:(?:your|the|this|all|any|contact|mailing|texting|text|call|sms|marketing|phone|customer) )*(?:lists?|database|db|system|contacts)\b", _off_list),
    rule("other-ways-to-quit", "en", rf"(?:^|\| )(?:please )?(?:unenroll|disenroll|unregister|deactivate|discontinue|terminate|cease|desist|exit|knock it off|cut it out|no thanks stop|block (?:me|my number))(?: me| us)?{_END[:-1]}(?= \||$)|\b(?:unenroll|disenroll|unregister|deregister) (?:me|us|my number)\b|\bno (?:further|more|additional|future) (?:contact|communications?|correspondence|texting|calling|outreach)\b|\bcease (?:all )?(?:communications?|contact|correspondence)\b", always),
    rule("unsubscribe", "en", r"\bunsubscribe\b", lambda a: "unclear" if re.search(r"\b(?:dont|didnt|not|never|did i|accident\w*|mistake)\b", a.before) or re.search(r"\b(?:accident|mistake)", a.after) else "opt_out"),
    rule("opt-out", "en", r"\bopt(?:ed|ing)?(?: (?:me|us|this number|my number))? out\b", _opting_out),
    rule("consent-withdrawn", "en", r"\b(?:revok(?:e|ing|ed)|withdraw(?:ing|n)?|rescind(?:ing)?)(?: \w+){0,3} (?:consent|permission|authorization)\b|\b(?:consent|permission|authorization) (?:is |has been |was )?(?:revoked|withdrawn|denied)\b|\b(?:dont|do not|no longer|never) (?:have (?:my )?(?:consent|permission)|consent to|give (?:you )?(?:my )?(?:consent|permission))\b|\bi (?:no longer|do not|dont) consent\b|\bi revoke\b", always),
    rule("leave-me-alone", "en", r"\bleave (?:me|us)(?: the \w+)? (?:alone|be)\b(?! with)|\b(?:fuck|fock|f|fk|fck|fuk|piss|bugger|buzz|eff|screw|sod) off\b|(?:^|\| )(?:just )?(?:go away|get lost|gtfo|stfu|kick rocks)\b|\bcease (?:and )?desist\b|\bcease all\b", always),
    rule("do-not-call-list", "en", r"\bdo not (?:call|contact|text|disturb|solicit)(?: list| registry|(?= \||$))|\bdnc\b|(?:^|\| )no (?:contact|solicit\w*|texts?)(?= \||$)|\bno need to (?:text|contact|message|call) (?:me |us )?(?:again|anymore|any more|ever)\b|\byou can stop (?:now|it)\b", always),
    rule("wrong-number", "en", r"(?<!is this the )(?<!is this a )(?<!do i have the )(?<!if this is the )(?<!if its the )\bwrong (?:number|person|guy|phone|contact|house|lady|man)\b|\bnot (?:my|the right|the correct|his|her) (?:number|person)\b|\bno longer (?:my|his|her|their|\w+s) (?:number|phone)\b", lambda a: "unclear" if re.search(r"\b(?:gave|have i|did i|is|sorry i|i (?:had|dialed|called|texted)|put)\b", a.before) and not re.search(r"\b(?:this|you|that|it) (?:is|have|got)\b", a.before) else "opt_out"),
    # Doubtful: a person reads these while sending pauses.
    rule("not-interested", "en", r"(?:^|\| )(?:(?:sorry|hi|hey|no|thanks|thank you|but|well|really|im|i am|we are|were|we|am|just|honestly) )*(?:not|no longer|never|aint|isnt|wasnt)(?: really| at all)? interested(?! in (?:a|an|the|buying|selling)\b)", hold),
    rule("complaint", "en", r"\bharass\w*\b|\b(?:report|reported|reporting|block|blocked|blocking) (?:you|your|this number)\b|(?:^|\| )(?:youre |you are )?(?:blocked|reported|spam|scammers?|enough|enough already|thats enough)(?= \||$)|\b(?:sue|suing) you\b|\b(?:lawsuit|legal action|tcpa|fcc|ftc)\b|\b(?:fuck|screw|f) you\b|\bgo to hell\b|\btoo many (?:texts|messages|calls)\b|\b(?:spamming|scammers?|spammers?)\b|\b(?:youre|these (?:texts|messages) are|this is) (?:so |really |very |getting )?annoying\b", hold),
    rule("never-asked", "en", r"\b(?:never|didnt|did not) (?:sign(?:ed)? up|subscribed?|consent(?:ed)?|agreed? to|ask(?:ed)? (?:for (?:this|these|your)|you to)|opt(?:ed)? in|g[ai]ve (?:you )?(?:my )?(?:number|permission|consent)|request(?:ed)? (?:this|these))|\b(?:how|where) did you get (?:my|this) (?:number|info\w*|name)\b|\bwho gave you (?:my|this) number\b", hold),
)  # fmt: skip

# Spans that may hold "stop" and mean nothing of the kind; taken out before the last question, whether a loose "stop" is left.
LOOKALIKE: Final = re.compile(
    rf"\b(?:dont|do not|never|not|cant|cannot|wont|didnt|couldnt|doesnt|wouldnt)(?: ever| you| just| please)* stop\b[^|]*|"
    r"\b(?:stop )*stop (?:by|in|over|at|on|off|for|to|into|out|before|after|here|there|back|through|sign|signs|light|lights|valve|watch|payment|work|service|"
    r"order|delivery|water|gas|along|between|near|when|once|from|with|up|short)\b|"
    r"\b(?:bus|train|truck|pit|rest|door|full|next|first|last|one|non|a|an|quick|short|the|my|your|our|each|every|second|third|another|subway|metro|pickup|final|"
    r"gas|tub|back|door|end|emergency|whistle|f|hard|bike|coffee|lunch|trolley|tram|ferry|brief|single|only) stop\b|"
    rf"\bstop (?!{_VING}\b|sending|getting|receiving|{_NOUN}\b)\w+ing\b|"
    rf"\bstop (?:the|a|an|my|our|your|that|this|it|his|her|all|these|those|any|some) (?!{_NOUN}\b|{_MOD} {_NOUN}\b)\w+|"
    r"\b(?:ill|will|well|gonna|going to|i|we|he|she|they|it|didnt|does|doesnt|wont|should|must|to|could|can|did|would|crew|guys|water|driver|you) stop\b"
)
LOOSE_STOP: Final = re.compile(r"\bstop\b")
ABOUT_MESSAGES: Final = re.compile(rf"\b(?:{_NOUN}|{_VING})\b")
NOT_ME: Final = re.compile(
    rf"(?:^|\| )(?!(?:why|did|you|have|has|they|he|she|i|we|if)\b)[^|]*\b(?:dont|do not|never|not|no) (?!forget|hesitate|worry|mind|be afraid|problem|need|one)(?:\w+ ){{0,3}}?(?:text|message|contact|bother|texting|messaging|contacting)(?:ing)? {_ME}\b"
)
