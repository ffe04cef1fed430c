"""English vocabulary of the reply rules, and the judges that look at what stands around a match."""

from __future__ import annotations

from typing import Literal

from messaging.optout.rules import Around, Kind, found, opens
from zartsalgo.lib.patterns import linear

NOUN = (
    r"(?:texts?|texting|text messages?|messages?|messaging|sms|mms|emails?|calls?|calling|phone calls?|notifications?|alerts?|promos?|promotions?|"
    r"promotional|offers|ads|advertisements?|advertising|marketing|reminders|solicitations?|soliciting|communications?|spam|newsletters?|contact|"
    r"robocalls?|robotexts?|updates|deals|coupons|surveys|invitations?|flyers|follow ?ups|blasts?|correspondence|mailings?|harassment|nonsense|madness|bs|bullshit|crap|shit)"
)
MOD = (
    r"(?:all|any|the|with|your|you|these|this|those|them|fucking|damn|stupid|annoying|random|automated|auto|automatic|sms|such|of|more|further|future|"
    r"from|sales|unwanted|unsolicited|dumb|daily|constant|so|many|anymore|other|kind|kinds|type|types|marketing|promotional|spam|text|phone|and|or|"
    r"additional|subsequent|unnecessary|w|whole)"
)
ME = r"(?:me|us|my (?:\w+ )?(?:phone|number|cell|line|mobile|inbox)|this (?:\w+ )?(?:number|phone|line|cell|person))"
VERB = (
    r"(?:text|message|contact|call|phone|email|mail|sms|spam|bother|harass|bug|annoy|ping|solicit|write(?: to)?|pester|stalk|disturb|bombard|"
    r"reach out(?: to)?|reach|hit|blow up|dm|reply(?: to)?|respond(?: to)?)"
)
VING = (
    r"(?:texting|messaging|contacting|calling|phoning|emailing|mailing|spamming|bothering|harassing|bugging|annoying|pinging|soliciting|"
    r"writing(?: to)?|pestering|stalking|disturbing|bombarding|reaching out(?: to)?|hitting|replying|responding|blowing up|blowing)"
)
VED = r"(?:texted|contacted|messaged|called|emailed|bothered|solicited|spammed|disturbed|harassed|reached|notified)"
THESE = r"(?:these|this|those|them|that|it|anything|stuff|things|shit|crap|junk|everything)"
END = r"(?: (?:please|thanks|thank you|now|ok|okay|anymore|any more|again|ever|asap|immediately|at all|period|already|today|all together|altogether|sir))*$"
TIME = (
    r"\b(?:until|til|till|before|after|during|tonight|tomorrow|yet|between|when|while|unless|weekends?|weekdays?|mornings?|nights?|evenings?|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|this (?:week|month|morning|afternoon|evening)|next (?:week|month|year|time)|today|"
    r"so (?:early|late|often|much)|too (?:early|late|often|much)|early|late|past \d|at (?:\d|work|night|noon|home|dinner)|"
    r"for (?:a|another|the next|at least|few|\d)|\d+ ?(?:am|pm)|if|in the (?:morning|evening|afternoon|middle)|on (?:the|my) (?:other|work|home|old|weekend)|right now)\b"
)
# How a sentence goes on after "don't text me" when its writer leaves out the full stop.
GOES_ON = (
    r"(?:i|im|ive|id|ill|we|were|weve|its|this|you|your|youre|please|because|bc|cuz|cause|or|and|not|no|with|as|thank|thanks|sir|from|stop|he|she|they|"
    r"who|at this|on this|to this|so|people|unless i|that is|thats|what|wrong|nor|anything|any|another|any of|these|for any|unsolicited|everyone|"
    r"completely|immediately|altogether|further|dude|man|bro|lady|asap|per|remove|take|leave|lose|delete|dont|do not|texting|and)\b"
)
AGAIN = r"\b(?:again|further|going forward|in (?:the )?future|from now on|anymore|any more|ever|any longer|no more|at all)\b"
TO_TEXT = r"\b(?:text|texts|texting|message|messages|sms|whatsapp)\b"
LIST = (
    r"(?:lists?|database|db|data ?base|systems?|records?|contacts?|directory|mailing|mailings|distribution|subscriptions?|campaigns?|program|texts?|"
    r"messages?|texting|messaging|sms|spam|group|chain|thread|notifications?|alerts?|everything|marketing|crm|files?|phone ?book|here|it|this|that|"
    r"these|them|there|all|calls|emails?|roster|rotation|blast|registry)"
)
OTHER_LIST = r"\b(?:wait|waiting|guest|punch|to ?do|price|invite|packing|materials?|shopping|schedule|calendar|appointments?|booking|espera|invitados)\b"
OWN = r"(?:my|this|our|the|that) (?:\w+ )?(?:number|numbers|name|info|information|contact|contacts|details|data|digits|cell|line|phone|mobile)"


_INSTEAD = linear(r"\b(?:just|only|please|but|instead)\b")


def ends(after: str) -> bool:
    """True when nothing but courtesies follows in the clause."""
    return bool(opens(END, f" {after}".rstrip()))


def negation(before: str) -> Kind | Literal["skip", ""]:
    """What the words before a stop verb do to it: "skip" turns it round, "unclear" complains about it, "" leaves it."""
    if found(
        r"\b(?:if|unless|or else|better|asked|told|said|how (?:do|can|to)|where (?:do|can)|can i|may i|want to|like to|need to|wish to)\b",
        before,
    ):
        return ""
    if found(r"\b(?:that|which|app|filter|it) (?:will|can|would|could|should|to)$", before):
        return "skip"  # "an app that will stop those ads"
    if found(r"\btell(?:ing)? (?:them|him|her|\w+) to(?: please)?$", before) and not found(r"\btell(?:ing)? (?:you|your|u|yall)\b", before):
        return "unclear"
    if found(r"\b(?:dont|do not|never|not)(?: ever| just| you| please)?$", before) or found(
        r"\b(?:why|when|did|have|has|had)(?: \w+){0,2}$", before
    ):
        return "unclear" if found(r"\b(?:wont|not going to|havent|hasnt)\b", before) else "skip"
    if found(r"\b(?:wont|cant|cannot|couldnt|didnt|doesnt|havent|hasnt|wouldnt|without)(?: \w+)?$", before):
        return "unclear" if found(r"\b(?:you|they|it|yours?)\b", before) else "skip"
    return "skip" if found(r"\b(?:ill|will|i|we|gonna|going to|let me|should|he|she|they)$", before) and "you" not in before else ""


def other_way(around: Around) -> bool:
    """Calls or mails are refused and a text is asked for: "no calls, just text me"."""
    about = around.said
    asks = found(TO_TEXT, f"{around.after} | {around.later}")
    return bool(
        asks
        and found(r"call|phone|email|mail", about + " " + around.after)
        and not found(TO_TEXT, about + " " + _INSTEAD.split(around.after, 1)[0])
    )


def by_name(around: Around) -> bool:
    """ "Stop calling me Dave"."""
    named = opens(r"(?:me|us) (\w+)$", around.after) if around.said.endswith(" calling") else None
    return named is not None and not (ends(named.group(1)) or opens(GOES_ON, named.group(1)))


def stop_doing(around: Around) -> Kind | None:
    if half(around):
        return None
    turned = negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    if other_way(around):
        return "unclear"
    after = around.after
    if (
        opens(r"(?:you|him|her|them|his|their|your|our)\b", after)
        and not opens(r"\w+ guys", after)
        or opens(r"(?:the|my|a|an)\b", after)
        and not opens(rf"{ME}|the {NOUN}", after)
    ):
        return None if not opens(r"my\b", after) else "unclear"
    for_me = opens(rf"(?:{ME}|up)\b ?(?:up\b)?", after)
    rest = after[for_me.end() :].strip() if for_me else after
    if by_name(around):
        return "unclear"
    if not for_me and found(r"\bi (?:\w+ ){0,2}to$", around.before):
        return None  # "I have to stop calling around"
    if found(TIME, rest) and not found(AGAIN, rest):
        return "unclear" if not opens(r"(?:today|right now|before i|if you|or)\b", rest) else "opt_out"
    return "opt_out" if for_me or ends(rest) or opens(GOES_ON, rest) else "unclear"


def stop_sending(around: Around) -> Kind | None:
    turned = negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    if opens(rf"(?:(?:me|us|out) )*(?:{MOD} )*(?:{NOUN}|{THESE})\b|(?:to )?{ME}{END}", around.after) or ends(around.after):
        return "unclear" if found(TIME, around.after) and not found(AGAIN, around.after) else "opt_out"
    return "unclear" if opens(r"(?:me|us)\b", around.after) else None


def stop_noun(around: Around) -> Kind | None:
    turned = negation(around.before)
    if turned:
        return None if turned == "skip" else "unclear"
    return "unclear" if by_name(around) or (found(TIME, around.after) and "immediately" not in around.after) else "opt_out"


# "Call me instead", "use my other number": the person wants to be reached, only otherwise.
_ELSEWHERE = linear(
    r"(?:^|(\w+) |\W)(?:call|phone|ring|email|text|message|use|try|reach|contact) (?:me|us|my|him|her|at|the other|\d)|\b(instead)\b"
)


def elsewhere(text: str) -> bool:
    return any(match.group(2) or match.group(1) not in ("not", "dont", "never", "or", "and") for match in _ELSEWHERE.finditer(text))


def half(around: Around) -> bool:
    """A verb that wants more: "hit" is a wish to write only in "hit me up", "blowing" only in "blowing up my phone"."""
    verb = around.said.rsplit(" ", 1)[-1]
    return (verb in ("hit", "hitting") and not opens(r"(?:me|us) up\b", around.after)) or (
        verb == "blowing" and not opens(r"(?:me|us|my|up)\b", around.after)
    )


def dont_contact(around: Around) -> Kind | None:
    said, after = around.said, around.after
    if half(around) or opens(r"(?:back and|ahead)", after):
        return None
    subject = around.before.rsplit(" ", 1)[-1]
    wanted: object = found(r"\b(?:want|wanna|like|wish|need|care|rather)", said) or found(
        r"\b(?:rather|prefer|wish|appreciate (?:it )?if|appreciate|like it if|grateful if|better if|glad if|good if|great if|nice if|mind if)(?: that)?(?: if)? you(?: guys| all)?(?: would| could| did| can| please| just)*$",
        around.before,
    )
    if found(r"\b(?:could|can|would|will|cant|wont) you(?: guys| all| please| just)*$", around.before) and opens(rf"not {VERB}", said):
        wanted = True
    tells = subject in ("you", "they", "we", "he", "she", "i", "why", "who", "it", "people", "customers", "if", "did", "does")
    if tells and not wanted and not (subject == "you" and found(AGAIN, after)):
        return None  # "you don't call me" tells, it does not ask
    if found(r"\bwhy\b", around.before) or (opens(r"(?:dont|do not) need to\b", said) and not found(AGAIN, after)):
        return None
    self_said = opens(rf"(?:(?:or|and|nor|{VERB}) )*(?:(?:at|on|to) )?{ME}\b(?: up\b)?(?: (?:or|and|nor) {VERB}(?: {ME})?)?", after)
    rest = after[self_said.end() :].strip() if self_said else after
    if not self_said and not ends(rest) and not opens(rf"(?:here|anymore|again|list|registry|or {VERB}|and {VERB})\b", rest):
        return None
    follows = f"{rest} | {around.later}"
    by_voice = found(r"\b(?:call|phone|email|mail)(?:ed)?$", said)
    if found(AGAIN, rest):
        return "opt_out"
    asked = f"{around.earlier} | {around.before}"
    if (
        by_voice
        and found(r"\b(?:text|email|message)\b", asked)
        and not found(r"\b(?:not|dont|stop|no) (?:\w+ )?(?:text|email|message)", asked)
    ):
        return None
    if not by_voice and found(r"(?:^|\| )(?:just |only |please |you can )*call(?: me)?(?: \||$)", f"{around.earlier} | {around.before}"):
        return "unclear"
    if by_voice and found(TO_TEXT, follows) and not found(r"\b(?:or|and) (?:text|message)", after):
        return None
    if opens(r"(?:by|via|through|over|with) (?:\w+ )?(?:phone|mail|email|call|calls|voice)", rest):
        return None
    if found(TIME, rest):
        return "unclear" if not by_voice and opens(r"(?:right now|at work|at night|when|while)", rest) else None
    if elsewhere(follows):
        return "unclear"
    if opens(r"(?:the|a|an|that|those|my|another)\b", rest):
        return None
    return "opt_out" if ends(rest) or opens(GOES_ON, rest) else "unclear"


def dont_send(around: Around) -> Kind | None:
    if found(r"\b(?:you|they|we|he|she|i|why)$", around.before) and "want" not in around.said:
        return None
    after = around.after
    if other_way(around):
        return None
    if found(r"\b(?:by|in the|through|via) (?:mail|email|post|fax|ups)\b", after) or (found(TIME, after) and not found(AGAIN, after)):
        return None
    if opens(
        rf"(?:(?:me|us|out|to|here|this number) )*(?:{MOD} )*(?:{NOUN}|anything|nothing|stuff|shit|crap|things|more|anymore)\b", after
    ):
        return "opt_out"
    return "opt_out" if ends(after) or opens(rf"(?:me|us|{THESE}){END}", after) else None


def not_wanted(around: Around) -> Kind | None:
    if found(r"\b(?:why|if|when|they|he|she|customers|people)\b", around.before) or other_way(around):
        return None
    if opens(r"(?:about|for the|from the|to my|with the)\b", around.after) or (
        found(TIME, around.after) and not found(AGAIN, around.after)
    ):
        return "unclear"
    return "opt_out"


def off_the_list(around: Around) -> Kind | None:
    """Off what? A list by its name, or "this" where they say who is to be taken off: "out there at noon" and "take out this tub" are none."""
    said = around.said
    if opens(r"(?:get|getting|have|want|keep|leave|be) (?:me |us )?(?:the|that|this) ", said) or (
        found(r"\w of ", said)
        and not found(r"\b(?:off|out) of ", said)
        and not opens(rf"(?:tak|remov|delet|drop)\w* (?:me|us|my|{OWN}|number)\b", said)
    ):
        return None
    if found(
        r"\b(?:it|this|that|these|them|there|here|all|everything|calls?|emails?|contacts?|files?|group|records?|thread|phone ?book|program|systems?)$",
        said,
    ):
        who = found(rf"\b(?:me|us|myself|{OWN}|removed|deleted)\b", said)
        named = found(r"\b(?:your|ur|calling|texting|marketing|mailing|customer|client|contact)\b", said)
        if not (who or named) or (
            found(r"\b(?:this|that|these|all|there|here|it)$", said) and not (ends(around.after) or _goes_on(around.after))
        ):
            return None
        if found(r"\bout (?:of )?(?:here|there|it)$", said):
            return None
    return off_list(around)


def _goes_on(after: str) -> bool:
    return bool(opens(r"(?:i|im|ive|id|we|were|its|please|because|cuz|or|and|not|no|thank|thanks|asap|you|stop|dont|do)\b", after))


def off_list(around: Around) -> Kind | None:
    if found(r"\b(?:dont|do not|never|not|didnt|did you|will you)$", around.before):
        return None
    return "unclear" if found(OTHER_LIST, around.said + " " + around.after) else "opt_out"


def remove_me(around: Around) -> Kind | None:
    if found(r"\b(?:dont|do not|never|not|didnt)$", around.before):
        return None
    after = around.after
    if opens(r"and (?:use|put|add|call|text|replace|send)\b", after) or found(
        r"\bmy (?:old|other|work|second|previous|home)\b", around.said
    ):
        return "unclear"
    if ends(after) or opens(r"(?:and|or|i|im|ive|we|before|not|no|you|wrong|because|cuz|right|dont|asap)\b", after):
        return "opt_out"
    return (
        None
        if found(
            r"\d|\b(?:schedule|calendar|appointment|slot|job|route|project|crew|order|quote|bid|line|estimate|invoice|contract|account|deed|bill|lease|title|policy|application)\b",
            after,
        )
        or found(TIME, after)
        else "unclear"
    )


def unsubscribing(around: Around) -> Kind | None:
    if found(r"\b(?:dont|didnt|not|never|did i|accident\w*|mistake)\b", around.before) or found(r"\b(?:accident|mistake)", around.after):
        return "unclear"
    theirs = opens(r"(?:my|our|the|a|people|customers?|users?|subscribers?|someone|somebody)\b", around.after) and not opens(
        rf"{ME}|{OWN}", around.after
    )
    elsewhere = opens(
        r"from (?:(?:my|our|a|an|the|another|some|that|this) )?(?:old|other|former|previous|current|present|last|another|different|cable|internet|phone) ",
        around.after,
    ) and not found(rf"\b(?:{NOUN}|{LIST}|numbers?)\b", around.after)
    if theirs or elsewhere or (opens(r"(?:button|link|page|option|form)\b", around.after) and found(r"\b(?:my|our)\b", around.after)):
        return None  # "how do I unsubscribe my newsletter from my website": work for us
    return "opt_out"


def opting_out(around: Around) -> Kind | None:
    if found(r"\b(?:dont|do not|never|not|didnt|did i|havent|mean)(?: \w+){0,2}$", around.before):
        return "unclear" if found(r"\b(?:did|didnt|mean)\b", around.before) else None
    if found(r"\b(?:if i|what does|what is|what happens)\b", around.before) or found(
        r"\b(?:accident|mistake|accidentally)\b", around.before + " " + around.after
    ):
        return "unclear"
    of = opens(r"(?:of|from|on)\b ?(.*)", around.after)
    if not of or opens(
        rf"(?:(?:{MOD}|receiving|getting|every|sending) )*(?:{NOUN}|{LIST}|{THESE}|receiving|getting|service|you)\b|$", of.group(1)
    ):
        return "opt_out"
    return None


WANT_NOT = r"(?:(?:dont|do not|no longer|never|not|didnt|did not) (?:want|wish|need|care|desire|wanna|wanting|wishing)|rather not|prefer not|would not like|not like)"
