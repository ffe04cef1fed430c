"""What somebody said, told by a third: "Can you come today? My sink leaks" becomes "asks the business to come today", "their sink leaks".

Grammar by rule for short English sentences as people say and type them. Nothing is added but who said it; numbers, names and
times are passed through as they are. What the rules do not understand keeps its own words after "says".
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from summaries.words import COMMON
from zartsalgo.lib.patterns import WORD, Match, Pattern, PatternSet, linear


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a speaker is called: `name` where a sentence begins with them, `they`, `their`, `them` after that; `many` for plural verbs."""

    name: str
    they: str
    their: str
    them: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A retold sentence without its subject and full stop: `subject` is the speaker's name, `rest` begins with the verb."""

    subject: str
    rest: str
    act: str  # ask (for something), question, tell, suggest

    @property
    def sentence(self) -> str:
        return f"{self.subject} {self.rest}."


_OPENERS: Final = linear(
    r"^(?:(?:well|oh|ok|okay|yes|yeah|yep|yup|no|nope|hi|hello|hey|so|and|but|um+|uh+|er|ah|hmm+|mm+|right|sure|sorry|please|actually|anyway|you know|you see|i see|i mean|"
    r"of course|look|listen|now|then|alright|all right|good (?:morning|afternoon|evening|day)|excuse me|pardon me|great|wow|really|fine|honestly|"
    r"to be honest|by the way|in fact|i'm sorry|i am sorry|thanks(?: a lot| so much)?|thank you(?: very much| so much)?|my god|oh my god|gosh|god|guess what|"
    r"that's (?:right|great|good|fine|nice|true)|the thing is|it's just that|because|cause|cuz|how nice|certainly|absolutely|exactly|definitely|there|"
    r"hola|buenas(?: tardes| noches)?|buenos dias|sir|madam|ma'?am|folks|guys|man|dear|honey)\b(?:\s*[,.!?;:-]+\s*|\s+))",
    ignore_case=True,
)
# Openers that may be the first word of the sentence's own grammar: only a comma after them takes them away.
_NEEDS_COMMA: Final = frozenset(
    "no so right sure sorry please look listen now then really fine great there because well actually that my man dear honey guys folks sir madam i to you of all god".split()
)
_VOCATIVE: Final = linear(r"^(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?[A-Z][a-z]+,\s+|,\s+(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?(?:[A-Z][a-z]+|sir|madam|ma'?am|please|honey|dear|man|though|too|right|ok|okay|thanks|thank you)(\s*[.!?]*)$", ignore_case=True)  # fmt: skip
_FAREWELL: Final = linear(
    r"(?:[\s,]+(?:please|pls|plz|thanks(?: a lot| so much)?|thank you(?: so much| very much)?|thx|ty))+\s*[.!?]*$", ignore_case=True
)
# "Need a quote", "looking for a plumber": people leave out who.
_NO_SUBJECT: Final = linear(
    r"(?:(looking (?:for|to|at|into)|trying to|moving (?:from|to|out|in|on|next|this)|calling (?:about|to|for)|interested in|wondering (?:if|how|what|when|whether)|hoping (?:to|for)|having (?:a |an |some |trouble|problems|issues))"
    r"|(?:really |just |also )?(?:need|want|would (?:like|love)|have (?:an?|some|no|water|to|been|two|three)|got (?:a|an|some|no|water|your)|noticed|hope|saw|found|wanted|needed)\b)",
    ignore_case=True,
)
_TOLD_TO: Final = linear(r"(?:really |just |also )?have an? (?:seat|look|nice|good|great|try|drink|rest|bite)", ignore_case=True)
_ADDRESSED: Final = linear(r"^(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?[A-Z][a-z]+,\s+")
_SHORT: Final = tuple((linear(f"(?i){pattern}"), full) for pattern, full in (
    (r"\bi ?' ?m\b", "I am"), (r"(?-i)\bim ", "I am "), (r"\b(i|you|we|they) ?' ?ve\b", r"\1 have"),
    (r"\b(i|you|he|she|it|we|they) ?' ?ll\b", r"\1 will"), (r"\b(i|you|he|she|we|they) ?' ?d (better|been)\b", r"\1 had \2"),
    (r"\b(i|you|he|she|we|they) ?' ?d\b", r"\1 would"), (r"\b(you|we|they) ?' ?re\b", r"\1 are"),
    (r"\bcan ?' ?t\b|\bcannot\b|\bcant\b", "can not"), (r"\bwon ?' ?t\b", "will not"), (r"\bwont ", "will not "),
    (r"\b(do|does|did|is|are|was|were|have|has|had|would|could|should)n ?' ?t\b", r"\1 not"), (r"\bdont\b", "do not"),
    (r"\bdidnt\b", "did not"), (r"\b(?:you|u) (?:guys|folks|all)\b|\by'?all\b", "you"), (r"(?-i)\bqoute", "quote"), (r"\b(?:gonna)\b", "going to"), (r"\bwanna\b", "want to"),
    (r"\bgotta\b", "have to"), (r"\bu\b( ?(?:[^.' ]|$))", r"you\1"), (r"\bur\b", "your"),
    (r"\bpl[sz]\b", "please"), (r"\blet ?' ?s\b|\blets\b", "let's"), (r"(?-i)\bi\b", "I"),
))  # fmt: skip
_ANY_SHORT: Final = PatternSet(pattern.pattern for pattern, _ in _SHORT)
_IRREGULAR: Final = {"have": "has", "do": "does", "go": "goes", "am": "is", "are": "is", "were": "was"}
_MODALS: Final = frozenset("can could will would shall should may might must cannot ought".split())
_PAST: Final = frozenset(
    "was had did went got saw made took came knew thought said told found gave left felt kept began ran brought wrote sat stood lost paid met set put cut hit "
    "let read bought caught taught heard held built sent spent slept swept understood forgot broke chose drove ate fell flew grew rode rose spoke stole threw "
    "woke wore won used quit heard moved became".split()
)
_ADVERBS: Final = frozenset(
    "really just also never always still already only usually often sometimes even actually probably definitely certainly maybe simply almost now then both "
    "all currently recently finally not ever absolutely totally honestly kinda truly".split()
)
_AUX: Final = frozenset("is are am was were do does did has have had can could will would shall should may might must".split())
_BEFORE_SUBJECT: Final = frozenset(
    "that if when what because where how why whether think know hope sure guess believe say said says see mean wish feel and or but so then which who while since "
    "until till before after though although as than hear heard thing things everything anything something all time way reason whatever".split()
)
_LEAD_REQUEST: Final = linear(
    r"^(?:(?:can|could|would|will|do|does|did|is it possible(?: that| for)?)\s+(?:you|u|someone|somebody|anyone|y'all)(?:\s+(?:guys|folks|all))?\s+(?:please\s+|possibly\s+|maybe\s+|just\s+|kindly\s+)?"
    r"|would you mind\s+|please\s+|kindly\s+|do you think you (?:can|could)\s+|any chance (?:you|someone) (?:can|could)\s+)",
    ignore_case=True,
)
_MAY_I: Final = linear(r"^(?:can|could|may|might|shall)\s+(?:i|we)\s+(?:please\s+|just\s+|also\s+)?", ignore_case=True)
_HELPERS: Final = "is|are|am|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must"
_YES_NO: Final = linear(
    rf"^({_HELPERS})\s+(not\s+)?(?:(you(?:\s+guys)?|i|we|he|she|it|they|there|this|that|these|those)"
    rf"|(the|a|an|my|your|his|her|our|their|any|anybody|anyone|someone|somebody|everything|everyone|[A-Z][a-z]+)(\s+[{WORD}]+)?)\s+(.+)$",
    ignore_case=True,
)
_NO_SECOND: Final = frozenset("is are in on at for to have has been be still already ever".split())
_WH: Final = linear(
    rf"^((?:for |at |in |on |to |with |by |from )?(?:what|which|who|whom|whose|where|when|why|how)(?:'s|(s))?((?:\s+[{WORD}'-]+){{0,4}}?))\s+({_HELPERS})\s+(.+)$",
    ignore_case=True,
)
_LETS: Final = linear(r"(?:let's|why don't we|why do not we|shall we|how about we)\s+(.+)$", ignore_case=True)
_WHAT_ABOUT: Final = linear(r"(?:how|what) about\s+(.+)$", ignore_case=True)
_I_OR_WE: Final = linear(r"(?:I|we)\s+(.+)$", ignore_case=True)
_WISHES: Final = linear(
    r"(?:\w+ )?(?:need|want|would like|am looking|are looking|would love|was wondering|am calling|am interested|hope)", ignore_case=True
)
_WHY_NOT: Final = linear(r"(?:why (?:don't|do not|not) (?:we|you)?|shall we)\s*(.+)$", ignore_case=True)
_DO_YOU_WANT: Final = linear(r"(?:do|would|don't) you (?:want|like|care) (?:to|for)\s+(.+)$", ignore_case=True)
_DO_YOU_THINK: Final = linear(r"(?:do|does|did) you think you\b", ignore_case=True)
_DOES: Final = linear(r"(?:do|does|did)\b", ignore_case=True)
_LIKE: Final = linear(r"(?:like|be|have)\b", ignore_case=True)
_HELP_YOU: Final = linear(r"help you|do for you|get you", ignore_case=True)
_STATES_IT: Final = linear(r"(?:you|there|it|this|that|they|someone|anyone)\s", ignore_case=True)
_PRONOUN_FIRST: Final = linear(r"(you(?: guys)?|i|we|he|she|it|they|there|this|that)\b\s*(.*)$", ignore_case=True)
_NOUN_FIRST: Final = linear(rf"((?:the|my|your|his|her|our|their|this|that|a|an)\s+[{WORD}'-]+)\s*(.*)$", ignore_case=True)
_DOUBLES_LAST: Final = linear(r"[^aeiou]*[aeiou][bdgmnprt]")
_HELPER_NOT: Final = linear(r"\b(can|could|will|would|should|do|does|did|is|are|was|were|has|have|had) not\b")
_FIRST_WORD: Final = linear(r"[a-z']*")
_IMPERATIVE: Final = frozenset(
    "call come send bring tell give show let take make check fix help keep get put try stop wait look go open close turn leave stay remember ask use read write "
    "sign fill buy pay find follow meet think don't do be have pick book text email reply contact forget consider sit stand relax explain forward repair replace".split()
)


def retell(*, words: str, speaker: Voice, other: Voice) -> Told | None:
    """One sentence told by a third, or None where nothing is left of it after the courtesies. `words` is English, one sentence."""
    asked = words.rstrip().endswith("?")
    plain = _plain(words)
    if not any(char.isalpha() for char in plain):
        return None
    lower = plain.lower()
    if asked and (found := _question(plain, speaker, other)):
        return found
    if match := _LETS.match(plain):
        return Told(speaker.name, f"suggests {_gerund(_persons(match.group(1), speaker, other))}", "suggest")
    if match := _WHAT_ABOUT.match(plain):
        return Told(speaker.name, f"suggests {_persons(match.group(1), speaker, other)}", "suggest")
    if (match := _LEAD_REQUEST.match(plain)) and not _DOES.match(lower):
        return Told(speaker.name, f"asks {other.them} to {_persons(_lower_first(plain[match.end() :]), speaker, other)}", "ask")
    if match := _MAY_I.match(plain):
        return Told(speaker.name, f"asks to {_persons(plain[match.end() :], speaker, other, after=True)}", "ask")
    if not asked and lower.split(" ", 1)[0] in _IMPERATIVE and len(lower.split()) > 1:
        if lower.startswith(("don't ", "do not ")):
            return Told(
                speaker.name,
                f"tells {other.them} not to {_persons(plain.split(' ', 2 if lower.startswith('do not') else 1)[-1], speaker, other)}",
                "ask",
            )
        return Told(speaker.name, f"tells {other.them} to {_persons(_lower_first(plain), speaker, other)}", "ask")
    if match := _I_OR_WE.match(plain):
        rest = _persons(f"I {match.group(1)}", speaker, other, name_first=True)
        act = "ask" if _WISHES.match(match.group(1)) else "tell"
        return Told(speaker.name, rest, act)
    if asked:
        return Told(speaker.name, f"asks: {_lower_first(_persons(plain, speaker, other))}", "question")
    return Told(speaker.name, f"says {_lower_first(_persons(plain, speaker, other))}", "tell")


def _plain(words: str) -> str:
    """Without greetings, fillers, the name of who is spoken to, closing marks; short forms written out."""
    plain = " ".join(words.replace("’", "'").replace("' ", "'").split()) if "' " in words else " ".join(words.replace("’", "'").split())
    letters = [char for char in plain if char.isalpha()]
    if len(letters) > 12 and sum(char.isupper() for char in letters) > 0.8 * len(letters):
        plain = plain.lower()
    for _ in range(6):
        match = _OPENERS.match(plain)
        if not match or (_opener(match.group()) in _NEEDS_COMMA and not any(mark in match.group() for mark in ",.!?;:")):
            break
        plain = _ADDRESSED.sub("", plain[match.end() :])
    for number in _ANY_SHORT.hits(plain):
        plain = _written_out(plain, *_SHORT[number])
    plain = _VOCATIVE.sub(_closing, _VOCATIVE.sub(_closing, plain.strip()))
    plain = _FAREWELL.sub("", plain)
    if (match := _NO_SUBJECT.match(plain)) and not _TOLD_TO.match(plain):
        plain = f"I {'am ' if match.group(1) else ''}{plain[0].lower()}{plain[1:]}"
    return plain.strip(" \t.!?,;:-…\"'")


def _written_out(plain: str, pattern: Pattern, full: str) -> str:
    if plain.isascii():
        return pattern.sub(full, plain)

    def expand(match: Match) -> str:
        # A letter with an accent is no border: the last one of "Saborži" is not "I".
        beside = plain[match.start() - 1 : match.start()] + plain[match.end() : match.end() + 1]
        return str(match.group()) if any(char.isalnum() and not char.isascii() for char in beside) else match.expand(full)

    return pattern.sub(expand, plain)


def _opener(words: str) -> str:
    first = _FIRST_WORD.match(words.lower())
    return first.group() if first else ""


def _closing(vocative: Match) -> str:
    """The marks after a name that stood last."""
    return vocative.group(1) or ""


def _question(plain: str, speaker: Voice, other: Voice) -> Told | None:
    if match := _WHAT_ABOUT.match(plain):
        return Told(speaker.name, f"suggests {_persons(match.group(1), speaker, other)}", "suggest")
    if match := _WHY_NOT.match(plain):
        return Told(speaker.name, f"suggests {_gerund(_persons(match.group(1), speaker, other))}", "suggest")
    if match := _DO_YOU_WANT.match(plain):
        return Told(
            speaker.name,
            f"asks whether {_verb(other, 'want')} {_persons(plain[plain.lower().index(' to ' if ' to ' in plain.lower() else ' for ') + 1 :], speaker, other)}",
            "question",
        )
    if (match := _LEAD_REQUEST.match(plain)) and (_DO_YOU_THINK.match(plain) or not _DOES.match(plain)):
        rest = plain[match.end() :]
        if rest.lower().startswith(("tell me ", "explain ")) or not _LIKE.match(rest):
            return Told(speaker.name, f"asks {other.them} to {_persons(rest, speaker, other)}", "ask")
    if match := _MAY_I.match(plain):
        if _HELP_YOU.match(plain[match.end() :]):
            return None
        return Told(speaker.name, f"asks to {_persons(plain[match.end() :], speaker, other, after=True)}", "ask")
    wh, ends_in_s, of, aux, rest = match.groups() if (match := _WH.match(plain)) else ("",) * 5
    if wh and (not ends_in_s or f"{of} ".lower().startswith(" the ")):
        aux = aux.lower()
        return Told(speaker.name, f"asks {_lower_first(wh)} {_reordered(aux, rest, speaker, other)}", "question")
    if match := _YES_NO.match(plain):
        aux, _, who, noun, second, rest = match.groups()
        aux, second = aux.lower(), second or ""
        if second.strip().lower() in _NO_SECOND:
            second, rest = "", f"{second.strip()} {rest}"
        subject = who or f"{noun}{second}"
        turned = f"{subject} {rest}" if aux in ("do", "does") else f"{subject} {aux} {rest}" if aux != "did" else f"{subject} {_past(rest)}"
        return Told(speaker.name, f"asks whether {_persons(turned, speaker, other, agree=True)}", "question")
    if _STATES_IT.match(plain):
        return Told(speaker.name, f"asks whether {_lower_first(_persons(plain, speaker, other, agree=True))}", "question")
    return None


def _reordered(aux: str, rest: str, speaker: Voice, other: Voice) -> str:
    """ "do you open" -> "the business opens"; "is the price" -> "the price is"."""
    match = _PRONOUN_FIRST.match(rest) or _NOUN_FIRST.match(rest)
    if not match:
        return _persons(f"{aux} {rest}", speaker, other)
    subject, tail = match.groups()
    if aux in ("do", "does"):
        turned = f"{subject} {tail}"
        if aux == "does" and tail and not subject.lower().startswith(("you", "i ", "we")):
            first, _, more = tail.partition(" ")
            turned = f"{subject} {_third(first)} {more}".strip()
    elif aux == "did":
        turned = f"{subject} {_past(tail)}"
    else:
        first, _, more = tail.partition(" ")
        # "is the price of X": the noun phrase goes on; the verb to its end.
        turned = (
            f"{subject} {tail} {aux}"
            if first.lower() in ("of", "for", "to", "between") and aux in ("is", "are", "was", "were")
            else f"{subject} {aux} {tail}"
        )
    return _persons(turned.strip(), speaker, other, agree=True)


def _past(tail: str) -> str:
    first, _, more = tail.partition(" ")
    irregular = {"go": "went", "get": "got", "have": "had", "do": "did", "see": "saw", "make": "made", "take": "took", "come": "came", "say": "said", "find": "found",
                 "give": "gave", "leave": "left", "tell": "told", "think": "thought", "buy": "bought", "know": "knew", "meet": "met", "put": "put", "hear": "heard",
                 "lose": "lost", "break": "broke", "send": "sent", "spend": "spent", "pay": "paid", "feel": "felt", "bring": "brought", "write": "wrote", "read": "read"}  # fmt: skip
    low = first.lower()
    if low in _ADVERBS and more:
        return f"{first} {_past(more)}"
    verb = irregular.get(low) or (f"{low}d" if low.endswith("e") else f"{low[:-1]}ied" if _ends_in_y(low) else f"{low}ed")
    return f"{verb} {more}".strip() if low else tail


def _ends_in_y(word: str) -> bool:
    """After a consonant, so that it changes: "try", not "play"."""
    return len(word) > 1 and word.endswith("y") and word[-2] not in "aeiou"


def _gerund(rest: str) -> str:
    first, _, more = rest.partition(" ")
    low = first.lower()
    if not low.isalpha() or low in ("not", "be", "just") or low in _MODALS:
        return f"to {rest}"
    verb = (
        f"{low[:-1]}ing"
        if low.endswith("e") and not low.endswith("ee")
        else f"{low}{low[-1]}ing"
        if _DOUBLES_LAST.fullmatch(low)
        else f"{low}ing"
    )
    return f"{verb} {more}".strip()


def _third(verb: str) -> str:
    low = verb.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if (
        low in _MODALS
        or low in _PAST
        or low in ("is", "has", "does", "was")
        or (low.endswith("ed") and low not in ("need", "feed", "speed", "bleed", "proceed"))
    ):
        return verb
    if low.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb if low.endswith("s") and not low.endswith("ss") else f"{verb}es"
    return f"{verb[:-1]}ies" if _ends_in_y(low) else f"{verb}s"


def _verb(voice: Voice, verb: str) -> str:
    return f"{voice.they} {verb if voice.many else _third(verb)}"


def _persons(rest: str, speaker: Voice, other: Voice, *, name_first: bool = False, agree: bool = False, after: bool = False) -> str:
    """First and second person to third, with the verb that follows. `name_first`: begins with I, whose name stands before the result."""
    words = rest.split(" ")
    out: list[str] = []
    waiting: Voice | None = None  # the subject whose verb comes next
    singular = False
    for at, word in enumerate(words):
        core = word.strip(',.!?;:"()').lower()
        tail = word[len(word.rstrip(',.!?;:")')) :]
        before = words[at - 1].lower().strip(",.!?;:") if at else ""
        voice, form = None, ""
        if core in ("i", "we"):
            voice, form = speaker, speaker.they
        elif core in ("myself", "ourselves"):
            form = "themselves" if speaker.many else speaker.them
        elif core in ("me", "us"):
            form = speaker.them
        elif core in ("my", "our", "mine", "ours"):
            form = speaker.their
        elif core in ("you", "yourself", "yourselves"):
            subject = at == 0 or before in _BEFORE_SUBJECT or before.endswith(",") or words[at - 1].endswith(",") or before in _AUX
            voice, form = (other if subject and core == "you" else None), other.they if subject else other.them
        elif core in ("your", "yours"):
            form = other.their
        if voice is not None or form:
            first = name_first and at == 0
            if not first:
                out.append(f"{form}{tail}")
            waiting = voice
            singular = first or (voice is not None and not voice.many)
            if voice is not None and before in _AUX and at:
                waiting = None
            continue
        if waiting is not None and core in _ADVERBS:
            out.append(word)
            continue
        if waiting is not None:
            if core.replace("'", "").isalpha():
                if singular:
                    word = _third(core) + tail if core not in _MODALS else word
                elif core in ("am", "was"):
                    word = {"am": "are", "was": "were"}[core] + tail
            waiting = None
            # "I do not want": the helper carries the verb.
        out.append(word)
    told = " ".join(out)
    return _HELPER_NOT.sub(_shortened, told)


def _shortened(match: Match) -> str:
    helper = match.group(1)
    return {"can": "cannot", "will": "won't"}.get(helper, f"{helper}n't")


def _lower_first(text: str) -> str:
    """The first word small, unless it is "I", a name or an abbreviation."""
    first = text.split(" ", 1)[0]
    plain = first.lower().strip(",.'\"").split("'")[0]
    if not first or first == "I" or first[1:2].isupper() or (plain not in COMMON and plain not in _IMPERATIVE):
        return text
    return text[0].lower() + text[1:]
