"""The English rules that read an opt-out, and the lookalikes they must leave alone. See `rules` for how a rule works."""

from __future__ import annotations

from typing import Final

from messaging.optout.grammar import (
    END,
    LIST,
    ME,
    MOD,
    NOUN,
    OTHER_LIST,
    OWN,
    THESE,
    TIME,
    TO_TEXT,
    VED,
    VERB,
    VING,
    WANT_NOT,
    dont_contact,
    dont_send,
    not_wanted,
    off_list,
    off_the_list,
    opting_out,
    remove_me,
    stop_doing,
    stop_noun,
    stop_sending,
    unsubscribing,
)
from messaging.optout.rules import BREAK, always, found, hold, opens, rule
from zartsalgo.lib.patterns import linear

ENGLISH: Final = (
    rule(
        "stop-contacting",
        "en",
        rf"\b(?:stop|quit|cease|discontinue|halt|no more|refrain from|desist from|end|(?:dont|do not|never) (?:bother|keep|"
        rf"continue|be|start)) (?:(?:with|the|all|your|fucking|constantly|ever|from) )*{VING}\b",
        stop_doing,
    ),
    rule("stop-sending", "en", r"\b(?:stop|quit|cease|discontinue|refrain from) (?:sending|getting|receiving)\b", stop_sending),
    rule(
        "stop-the-messages",
        "en",
        rf"\b(?:stop|quit|cease|discontinue|halt|end|cancel|enough|block|turn off|shut off|disable|put (?:a stop|"
        rf"an end) to) (?:(?:{MOD}|me|my) )*(?:{NOUN}|(?:text |my |sms |message )?subscriptions?)\b",
        stop_noun,
    ),
    rule(
        "make-it-stop",
        "en",
        rf"\b(?:make|have|get|want|need|wants|like|asked|told|ask|asking|tell|telling|begging|beg|expect) (?:you|this|"
        rf"these|it|them|that|your \w+|all (?:of )?this|you guys|everyone|(?:the |these |your |"
        rf"all )*{NOUN})(?: to)?(?: please| just)? (?:stop|quit|end)(?: (?:it|this|that|doing this|everything))?{END}",
        always,
    ),
    rule(
        "asked-to-stop",
        "en",
        r"\b(?:i|we|ive|weve|already|clearly|just|times|have|had|to)(?: \w+){0,3}? (?:said|say|saying|told you|tell you|"
        r"asked you|asking you|texted|typed|replied|wrote)(?: (?:you|all))?(?: to)? (?:stop|unsubscribe|quit|"
        r"no more)(?: \||$| texting| calling| sending| messaging| contacting| and| already| please| now| it| this| or| i| you| before| texting| ok| damn|"
        r" but| yet)",
        always,
    ),
    rule(
        "you-must-stop",
        "en",
        rf"\b(?:you|you guys|you people|this|these|it) (?:all )?(?:need|needs|have|has|must|should|better|gotta|"
        rf"got)(?: to)? (?:please |just )?(?:stop|quit)(?: (?:it|this|that))?{END[:-1]}(?: \||$)",
        always,
    ),
    rule(
        "can-you-stop",
        "en",
        rf"(?:^|\| )(?:please )?(?:can|could|will|would|cant|wont) (?:you|you guys|you people|you all|someone|"
        rf"we)(?: please| just| all)* (?:stop|quit)(?: (?:it|this|that|these|doing (?:this|that)))?{END[:-1]}(?: \||$)",
        always,
    ),
    rule(
        "stop-then-why",
        "en",
        r"(?:^|\| )(?:\w+ )?(?:please )?stop (?:please |now )?(?:i|im|ive|id|we|were|weve|not|no|its|this is|you have|"
        r"you got|wrong|thanks|already|never|dont|do not|who|or i|or ill|leave|remove|unsubscribe|and (?:leave|remove|"
        r"delete|dont|do not|never|lose))\b",
        always,
    ),
    rule(
        "ends-in-stop",
        "en",
        r"\b(?:interested|thanks|please|number|again|sold|someone|hired|spam|away|person|stop|bye|but|anymore|"
        r"ok) stop(?: (?:please|thanks|now|it|\d{4,6}))*(?: \||$)",
        always,
    ),
    rule(
        "do-not-contact",
        "en",
        rf"\b(?:dont|do not|never|not to|not|no longer) (?:(?:you|ever|even|please|again|want|wanna|wish|like|need|care|"
        rf"have|try|bother|you guys|your company|anyone|anybody|someone|for|to|be|you to) )*{VERB}\b",
        dont_contact,
    ),
    rule(
        "not-to-be-contacted",
        "en",
        rf"\b(?:{WANT_NOT}|not|would rather not|hate|dont like|tired of)(?: for| to)? (?:to )?(?:be|being|get|"
        rf"getting) {VED}\b",
        not_wanted,
    ),
    rule(
        "do-not-send",
        "en",
        r"\b(?:dont|do not|never|not to|not)(?: (?:you|ever|please|want you to|want you|want anyone to))* send\b",
        dont_send,
    ),
    rule(
        "messages-not-wanted",
        "en",
        rf"\b{WANT_NOT} (?:(?:to|for|keep|continue|be|receive|receiving|get|getting|have|see|{MOD}|me|no) )*(?:texts?|"
        rf"texting me|text messages|messages|sms|emails|calls|phone calls|notifications|alerts|promos|promotions|"
        rf"solicitations?|communications?|spam|newsletters?)\b",
        not_wanted,
    ),
    rule(
        "nothing-wanted",
        "en",
        rf"\b{WANT_NOT} (?:to )?(?:keep |continue |be )?(?:receive|receiving|get|getting) (?:any |more |"
        rf"any more )?(?:{THESE}|more|from you){END[:-1]}(?: \||$| from)",
        not_wanted,
    ),
    rule(
        "these-not-wanted",
        "en",
        rf"\b{WANT_NOT} (?:any of )?(?:these|those|any more of (?:these|this))(?: (?:anymore|any more|again|ever|"
        rf"please))*(?: \||$)",
        lambda a: "opt_out" if found(r"more|again|ever|any", a.said[5:]) else "unclear",
    ),
    rule(
        "hear-from-you",
        "en",
        rf"\b{WANT_NOT} (?:to )?(?:ever )?(?:hear|hearing) (?:anything |any more |more |anymore )*from (?:you|your|this|"
        rf"any)\b|\b{WANT_NOT} anything (?:else |more )?(?:from|to do with) (?:you|your)\b",
        not_wanted,
    ),
    rule(
        "not-on-list",
        "en",
        rf"\b(?:{WANT_NOT}|rather not)(?: to)?(?: be| stay)? (?:on|in|part of) (?:your|this|the|"
        rf"any) (?:\w+ ){{0,2}}{LIST}\b",
        off_list,
    ),
    rule(
        "no-more-messages",
        "en",
        rf"\bno (?:more|further|additional|future) (?:(?:of|{MOD}) )*(?:{NOUN}|these|this|those)\b",
        lambda a: (
            None
            if found(r"\b(?:there|have|got|had|getting|see|saw|is|are|why|receive[ds]?)(?: \w+)?$", a.before)
            else "unclear"
            if found(TIME, a.after)
            else "opt_out"
        ),
    ),
    rule(
        "no-messages",
        "en",
        rf"(?:^|\| )(?:(?:please|hi|ok|thanks) )*no (?:(?:texts|texting|messages|messaging|calls|calling|emails|sms|promos|"
        rf"solicit\w+)(?: (?:or|and|no) )?)+(?: (?:to|on|at) this (?:number|phone))?{END[:-1]}(?: \||$)",
        lambda a: (
            "opt_out" if found(TO_TEXT, a.said) and not found(TO_TEXT, a.later) else "unclear" if not found(TO_TEXT, a.later) else None
        ),
    ),
    rule(
        "off-the-list",
        "en",
        rf"\b(?:tak(?:e|ing)|remov(?:e|ing)|delet(?:e|ing)|getting|drop|get|strike|scratch|scrub|erase|pull|keep|leave|"
        rf"kick|exclude|wipe|clear|cross|have|want|like|love|prefer|be|removed|taken|deleted) (?:(?:me|us|myself|number|{OWN}|and \w+ \w+|"
        rf"removed|taken|deleted) )*(?:from|off of|off|out of|out|of) (?:(?:of|your|the|this|all|any|that|every|whatever|whichever|ur|you|"
        rf"contact|mailing|texting|text|call|calling|sms|marketing|phone|customer|client|email|message|messaging|data|"
        rf"future|further|spam|stupid|damn|receiving|getting|these) )*{LIST}\b",
        off_the_list,
    ),
    rule(
        "remove-me",
        "en",
        rf"\b(?:remove|delete|unlist|erase|exclude) (?:me|us|{OWN}|number)\b|\b(?:take|get|keep|leave|pull) (?:me|us|"
        rf"{OWN}) (?:off|out)\b|\b(?:lose|forget) (?:my|this|our) (?:\w+ )?(?:number|info|information|contact)\b|"
        rf"\btake (?:off|out) (?:my|this) number\b",
        remove_me,
    ),
    rule(
        "wants-off",
        "en",
        rf"\b(?:want|wanna|like|wish|need|ask(?:ed|ing)?|request(?:ed|ing)?|demand|prefer) (?:to (?:be|get) )?(?:removed|"
        rf"taken off|unsubscribed|deleted|opted out|left alone|off|out of this)(?: (?:of|"
        rf"from) (?:\w+ ){{0,3}}{LIST})?{END[:-1]}(?: \||$)",
        off_list,
    ),
    rule(
        "wish-you-stopped",
        "en",
        rf"\b(?:if|wish|until) you(?: guys| people| all)? (?:would |could |just |please )*(?:stop|stopped|quit) (?:{VING}|"
        rf"sending|it\b|this\b)",
        always,
    ),
    rule(
        "make-sure",
        "en",
        rf"\b(?:make sure|ensure)(?: that)? (?:i|we|you) (?:dont|do not|never) (?:ever )?(?:get|receive|text|contact|"
        rf"message|call|send)(?: (?:{MOD}|me|us|another))* ?(?:{NOUN}|me|us|again|anymore)\b",
        always,
    ),
    rule(
        "off-your-list",
        "en",
        r"(?:^|\| )(?:(?:me|please|im|get|want|just|out) )*off (?:of )?(?:your|the|this|ur) (?:\w+ )?(?:list|lists)\b",
        lambda a: "unclear" if found(OTHER_LIST, a.said) else "opt_out",
    ),
    rule(
        "remove-from-list",
        "en",
        r"\b(?:remove|take|delete|strike)(?: number| name| contact| phone)? (?:from|off)(?: of)? (?:(?:your|the|this|all|"
        r"any|contact|mailing|texting|text|call|sms|marketing|phone|customer) )*(?:lists?|database|db|system|contacts)\b",
        off_list,
    ),
    rule(
        "other-ways-to-quit",
        "en",
        rf"(?:^|\| )(?:please )?(?:unenroll|disenroll|unregister|deactivate|discontinue|terminate|cease|desist|exit|"
        rf"knock it off|cut it out|no thanks stop|block (?:me|my number))(?: me| us)?{END[:-1]}(?: \||$)|\b(?:unenroll|"
        rf"disenroll|unregister|deregister) (?:me|us|my number)\b|\bno (?:further|more|additional|future) (?:contact|"
        rf"communications?|correspondence|texting|calling|outreach)\b|\bcease (?:all )?(?:communications?|contact|"
        rf"correspondence)\b",
        always,
    ),
    rule(
        "unsubscribe",
        "en",
        r"\bunsubscribe\b",
        unsubscribing,
    ),
    rule("opt-out", "en", r"\bopt(?:ed|ing)?(?: (?:me|us|this number|my number))? out\b", opting_out),
    rule(
        "consent-withdrawn",
        "en",
        r"\b(?:revok(?:e|ing|ed)|withdraw(?:ing|n)?|rescind(?:ing)?)(?: \w+){0,3} (?:consent|permission|authorization)\b|"
        r"\b(?:consent|permission|authorization) (?:is |has been |was )?(?:revoked|withdrawn|denied)\b|\b(?:dont|do not|"
        r"no longer|never) (?:have (?:my )?(?:consent|permission)|consent to|give (?:you )?(?:my )?(?:consent|"
        r"permission))\b|\bi (?:no longer|do not|dont) consent\b|\bi revoke\b|(?:^|\| )no (?:consent|permission)(?: \||$)",
        always,
    ),
    rule(
        "leave-me-alone",
        "en",
        r"\bleave (?:me|us)(?: the \w+)? (?:alone|be)\b|\b(?:fuck|fock|f|fk|fck|fuk|piss|bugger|buzz|eff|screw|"
        r"sod) off\b|(?:^|\| )(?:just )?(?:go away|get lost|gtfo|stfu|kick rocks)\b|\bcease (?:and )?desist\b|"
        r"\bcease all\b",
        lambda a: None if a.said.startswith("leave") and opens(r"with\b", a.after) else "opt_out",
    ),
    rule(
        "do-not-call-list",
        "en",
        r"\bdo not (?:call|contact|text|disturb|solicit)(?: list| registry|(?: \||$))|\bdnc\b|(?:^|\| )no (?:contact|"
        r"solicit\w*|texts?)(?: \||$)|\bno need to (?:text|contact|message|call) (?:me |us )?(?:again|anymore|any more|"
        r"ever)\b|\byou can stop (?:now|it)\b",
        always,
    ),
    rule(
        "wrong-number",
        "en",
        r"\bwrong (?:number|person|"
        r"guy|phone|contact|house|lady|man)\b|\bnot (?:my|the right|the correct|his|her) (?:number|person)\b|"
        r"\bno longer (?:my|his|her|their|\w+s) (?:number|phone)\b",
        lambda a: (
            None
            if found(r"\b(?:is this (?:the|a)|do i have the|if (?:this|its) (?:is )?the)$", a.before) and a.said.startswith("wrong")
            else "unclear"
            if found(r"\b(?:gave|have i|did i|is|sorry i|i (?:had|dialed|called|texted)|put)\b", a.before)
            and not found(r"\b(?:this|you|that|it) (?:is|have|got)\b", a.before)
            else "opt_out"
        ),
    ),
    # Doubtful: a person reads these while sending pauses.
    rule(
        "not-interested",
        "en",
        r"(?:^|\| )(?:(?:sorry|hi|hey|no|thanks|thank you|but|well|really|im|i am|we are|were|we|am|just|"
        r"honestly) )*(?:not|no longer|never|aint|isnt|wasnt)(?: really| at all)? interested\b",
        lambda a: None if opens(r"in (?:a|an|the|buying|selling)\b", a.after) else "unclear",
    ),
    rule(
        "complaint",
        "en",
        r"\bharass\w*\b|\b(?:report|reported|reporting|block|blocked|blocking) (?:you|your|this number)\b|(?:^|\|"
        r" )(?:youre |you are )?(?:blocked|reported|spam|scammers?|enough|enough already|thats enough)(?: \||$)|\b(?:sue|"
        r"suing) you\b|\b(?:lawsuit|legal action|tcpa|fcc|ftc)\b|\b(?:fuck|screw|f) you\b|\bgo to hell\b|"
        r"\btoo many (?:texts|messages|calls)\b|\b(?:spamming|scammers?|spammers?)\b|\b(?:youre|these (?:texts|"
        r"messages) are|this is) (?:so |really |very |getting )?annoying\b",
        hold,
    ),
    rule("do-not-want", "en", r"(?:^|\| )(?:i )?(?:do not|dont) want(?: \||$)", hold),
    rule(
        "never-asked",
        "en",
        r"\b(?:never|didnt|did not) (?:sign(?:ed)? up|subscribed?|consent(?:ed)?|agreed? to|ask(?:ed)? (?:for (?:this|"
        r"these|your)|you to)|opt(?:ed)? in|g[ai]ve (?:you )?(?:my )?(?:number|permission|consent)|request(?:ed)? (?:this|"
        r"these))|\b(?:how|where) did you get (?:my|this) (?:number|info\w*|name)\b|\bwho gave you (?:my|this) number\b",
        hold,
    ),
)

# Spans that may hold "stop" and mean nothing of the kind; taken out before the last question, whether a loose "stop" is left.
_LOOKALIKE: Final = linear(
    r"\b(?:dont|do not|never|not|cant|cannot|wont|didnt|couldnt|doesnt|wouldnt)(?: ever| you| just| please)* stop\b[^|]*|"
    r"\b(?:stop )*stop (?:by|in|over|at|on|off|for|to|into|out|before|after|here|there|back|through|sign|signs|light|lights|valve|watch|payment|work|service|"
    r"order|delivery|water|gas|along|between|near|when|once|from|with|up|short)\b|"
    r"\b(?:bus|train|truck|pit|rest|door|full|next|first|last|one|non|a|an|quick|short|the|my|your|our|each|every|second|third|another|subway|metro|pickup|final|"
    r"gas|tub|back|door|end|emergency|whistle|f|hard|bike|coffee|lunch|trolley|tram|ferry|brief|single|only) stop\b|"
    r"\bstop \w+ing\b|"
    r"\bstop (?:the|a|an|my|our|your|that|this|it|his|her|all|these|those|any|some) \w+(?: \w+)?|"
    r"\b(?:ill|will|well|gonna|going to|i|we|he|she|they|it|didnt|does|doesnt|wont|should|must|to|could|can|did|would|crew|guys|water|driver|you) stop\b"
)
# Of those, what is about messages after all: "stop calling", "stop your texts".
_MEANT: Final = rf"stop (?:(?:{VING}|sending|getting|receiving|{NOUN})\b|\w+ (?:{NOUN}|{MOD} {NOUN})\b)"
LOOSE_STOP: Final = r"\bstop\b"
ABOUT_MESSAGES: Final = rf"\b(?:{NOUN}|{VING})\b"
_NOT_ME: Final = linear(
    rf"\b(?:dont|do not|never|not|no) ((?:\w+ ){{0,3}}?(?:text|message|contact|bother|texting|messaging|contacting)(?:ing)? {ME}\b)"
)
_OTHER_NOTS: Final = ("forget", "hesitate", "worry", "mind", "be afraid", "problem", "need", "one")
_TELLS: Final = r"(?:why|did|you|have|has|they|he|she|i|we|if)\b"


def without_lookalikes(plain: str) -> str:
    return _LOOKALIKE.sub(lambda match: match.group() if opens(_MEANT, match.group()) else " ", plain)


def asks_not(plain: str) -> bool:
    """A clause that holds "don't ... text me" in words that no rule knows."""
    return any(
        not match.group(1).startswith(_OTHER_NOTS)
        for clause in plain.split(BREAK)
        if not opens(_TELLS, clause)
        for match in _NOT_ME.finditer(clause)
    )
