"""What a customer says is *not* so, or is so of somebody else: "no leak anymore", "not urgent", "my neighbor has a leak, I just want ...".

Read before facts are looked for, on folded sentences: what is denied is blanked out, so no reader behind can take it for a fact. English
and Spanish. A negation of something else leaves the fact alone: "can't stop the leak", "nobody fixed it", "not sure if it is a leak".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from zartsalgo.lib.patterns import linear

_PROBLEM: Final = (
    r"(?:leak\w*|drip\w*|burst\w*|flood\w*|clog\w*|backed up|block(?:ed|age)\w*|mold\w*|crack\w*|damaged?|broken?|smell\w*|sewage|spark(?:s|ing)|noises?|on fire|smoke|"
    r"fugas?|fuga de gas|gote(?:a\w*|ras?)|inunda\w*|tapad[oa]s?|moho|rot[oa]s?|ruidos?|huele|filtra\w*|se rompio|descompuest[oa]s?)\b"
)
_URGENCY: Final = r"(?:emergenc\w*|urgen\w*|asap|a\.s\.a\.p|right (?:now|away)|immediate(?:ly)?|as soon as possible|lo antes posible|ahora mismo|inmediat\w*)"
_OTHER_WORRY: Final = r"(?:angry|upset|furious|disappointed|su(?:e|ing)|lawyers?|attorneys?|lawsuit|enojad[oa]|molest[oa]|demanda\w*|abogad[oa]|(?:a )?call ?(?:me |us )?back)\b"
_NOT: Final = (
    r"(?:\bnot|\bnever|\bno longer|\bnothing|\bwould(?:n ?'?t| not) (?:call|say|consider|describe)|\b(?:is|are|was|were|ai|do|does|did|has|have|had|need|must)n ?'?t|\bno way|\b(?:can|could)(?:n'?t|not| not)(?: possibly)? (?:be|have been)|"
    r"\btampoco|\bnunca|\bnada|\bya no)"
)
# What may stand between the negation and what it denies.
_BETWEEN: Final = (
    r"(?:an?|any|some|as|so|that|this|very|too|super|really|terribly|particularly|necessarily|exactly|actually|currently|quite|overly|even|ever|yet|at all|in|of|for|is|was|were|be|been|being|have|has|had|having|got|get|see|seen|seeing|"
    r"notice|noticed|think|believe|its?|it's|there(?:'s)?|look|looks|like|seem|seems|signs?|kind|case|active(?:ly)?|actual|real|big|small|major|serious|huge|bad|visible|new|more|gas|water|roof|pipe|plumbing|matter|considered|call|called|"
    r"need|needs|needed|reason|to|done|happen|come|here|you|anyone|someone|somebody|anything|fixed|finished|started|threatening|going|planning|want|"
    r"es|hay|hubo|tengo|tenemos|tiene|esta|estan|una?|ningun[oa]?|muy|tan|ser|que|sea|requiere|de|tipo|creo|nada)"
)
# After a bare "no": never "it is", which would be an answer ("no it is leaking").
_AFTER_NO: Final = (
    r"(?:an?|any|more|longer|signs?|of|active|actual|real|big|small|major|serious|huge|visible|new|gas|water|roof|pipe|plumbing|need|reason|for|to|come|call|be|you|kind|"
    r"es|hay|hubo|tengo|tenemos|tiene|esta|estan|una?|ningun[oa]?|muy|tan|ser|que|sea|requiere|tipo|creo|se|nada)"
)
_DENIES: Final = rf"(?:{_NOT}(?:\s+{_BETWEEN}){{0,7}}|(?:\bno|\bwithout|\bsin|\bni)(?:\s+{_AFTER_NO}){{0,5}}|\bnon)"
# "Urgent? No." and "Urgency: low", but not "Urgent: no heat".
_SAYS_NO: Final = (
    rf"(?:(?:no|nope|none|low|not)(?: (?:really|thanks|thank you|at all|very|yet|so much))?\s*(?:[.,;!)]|\z)"
    rf"|(?:no|nope)\b[\s,]*(?:it|this|that|just|only|but|we|i)\b|(?:no|not)(?: very| that| really)?\s+{_URGENCY})"
)
_DENIED_PROBLEM: Final = linear(rf"{_DENIES}[\s-]+{_PROBLEM}")
_DENIED_WORD: Final = linear(
    rf"{_DENIES}[\s-]*(?:{_URGENCY}|\b{_OTHER_WORRY})|{_URGENCY}(?: (?:service|repair|call|job|visit))?\s*[:?=-]+\s*{_SAYS_NO}|\blow urgency"
    rf"|\b(?:hardly|scarcely) (?:an? |very |that )?{_URGENCY}"
)
_OVER: Final = linear(
    rf"{_PROBLEM}(?:\s+(?:is|was|are|were|has been|have been|got|has|had|esta|fue|quedo)(?:\s+(?:already|now|finally|all|since|ya)){{0,2}}\s+(?:gone|fixed|repaired|stopped|solved|resolved|taken care of|under control|sorted|cleared|reparad[oa]|arreglad[oa])"
    r"|\s+(?:stopped|went away|cleared up|no more)\b|\s+ya (?:esta|fue|quedo) \w+ad[oa]\b|\s+ya paro\b)"
)
# "The toilet was leaking but my husband fixed it": the clause behind tells the end of what the clause before tells.
_WAS: Final = linear(
    rf"\b(?:was|were|had|used to|started|estaba\w*|tenia\w*|habia|hubo)\b.{{0,60}}{_PROBLEM}|\b(?:leaked|flooded|burst|clogged|dripped|cracked|goteaba)\b"
)
_ENDED: Final = linear(
    r"[\s,;.]*(?:(?:and|but|then|so|since|y|pero)\s+){0,2}(?:[a-z']+\s+){0,4}(?:fixed|repaired|solved|handled|sorted|cleared|stopped|replaced|patched|took care of)\s+(?:it|that|this|them|everything)\b"
    r"|[\s,;.]*(?:(?:and|but|then)\s+){0,2}(?:it|that|this)(?:'s| is| was| has been| got)?(?: (?:all|already|now|since))* (?:fixed|repaired|solved|resolved|taken care of|gone|stopped)\b"
    r"|[\s,;.]*(?:(?:y|pero)\s+)?(?:[a-z']+\s+){0,4}(?:lo|la) (?:arregl|repar)o\b"
)
_NOT_ENDED: Final = linear(
    r"n'?t\b|\b(?:not|never|nobody|no|nadie|can|could|should|would|need\w*|want\w*|please|tried|said|says|claim\w*|will|if|until|have|get)\b"
)
# "We thought it was a leak, turns out it is not": what they took it for is not what it is.
_THOUGHT: Final = linear(rf"\b(?:thought|feared|assumed|suspected|(?:was|were) (?:worried|afraid)|crei\w*|pensa\w*)\b.{{0,60}}{_PROBLEM}")
_TURNED_OUT: Final = linear(
    r"\b(?:(?:it |that )?turn(?:s|ed)? out|but (?:it|there|that|we|i) (?:was|were|is|did|do|does|has|have)(?:n ?'?t| not)|(?:it was |a )?false alarm|it was(?:n ?'?t| not)|resulto|pero no)\b"
)
_OTHERWISE: Final = linear(rf"n ?'?t\b|\b(?:not|no|nothing|false|wrong|just|only|nada)\b|\b{_PROBLEM}|\bcondensa\w+")
# "It is not the roof, it is the gutter": the same sentence names what it is.
_INSTEAD: Final = linear(
    r"\b((?:it|this|that|problem|issue)(?: ?'s| is| was)? ?(?:not|is ?n ?'?t|was ?n ?'?t) (?:the|my|our|an?) [a-z' ]{1,60}[,;-]+) ?(?:but )?(?:rather )?(?:it|this|that)(?: ?'s| is| was) (?:the|my|our|an?)\b"
)
# "It is not the first time the roof leaks, it is the third" names no other thing.
_COUNTS: Final = linear(r"\b(?:first|second|third|last|only|best|same|whole|end)\b")
# Before "the leak is fixed" these speak of what is still to come.
_WISHED: Final = linear(
    r"\b(?:need\w*|want\w*|make sure|once|when|if|after|before|until|can|could|please|get|getting|have|like|cuando|si|quier\w*|necesit\w*)\b"
)
_BACK: Final = linear(
    r"\b(?:again|(?:came|comes?|coming|is|are|was|it's) back|still|return\w*|worse|until|otra vez|de nuevo|volvio|sigue|todavia)\b|\?\s*\z"
)
_WAS_URGENT: Final = linear(rf"\b(?:was|were|used to be|fue|era) (?:an? |so |very |really |muy |una? )?{_URGENCY}")
# What makes an urgency of the past one that has passed.
_PASSED: Final = linear(
    r"\b(?:fixed|repaired|solved|resolved|handled|sorted|stopped|taken care of|took care|under control|anymore|any more|better now|fine now|ok now|okay now|last (?:week|month|year|winter|summer|spring|fall)|reparad[oa]|arregl\w+|pasad[oa])\b"
)
# What they did not get in touch for.
_NOT_ABOUT: Final = linear(
    r"\b(?:not|isn ?'?t|aren ?'?t) (?:calling|writing|asking|texting|emailing|inquiring|here|interested|looking|this|it)?\s*(?:about|regarding|for|in)\b|\b(?:do not|don ?'?t|didn ?'?t|doesn ?'?t|no longer) (?:need|want) (?:an?|any|new)\b"
    r"|\bno (?:llamo|escribo|es) (?:por|sobre)\b|\bno (?:necesit|quier|quer)\w+ (?:un|una|nuev[oa])\b"
)
_CLAUSE_ENDS: Final = linear(
    r"[,;.:!?()]|\s-+\s|\b(?:but|however|although|though|and|so|because|instead|rather|pero|sino|aunque|porque|y|asi que)\b"
)
_ANSWERED_NO: Final = linear(r"\s*(?:no|nope|nah|not really|none)\s*(?:[.,!;]|\z|(?:it|this|not|thanks|thank|but|we|i)\b)")
_OTHERS: Final = linear(
    r"\b(?:my|our|the|a) (?:next[- ]door )?(?:neighbou?rs?|friends?|landlord|co-?worker|colleague|boss|brother|sister|cousin|buddy|uncle|aunt|mother|mom|father|dad|parents|in-?laws|daughter|son|tenants?)\b"
    r"|\b(?:people|guy|lady|family|house|unit|apartment|place) (?:next door|upstairs|downstairs|across the (?:street|hall))|\b(?:mi|mis|el|la|los) (?:vecin|amig|herman|prim|ti|cunad|compañer|companer)[oa]s?\b"
)
_OURS_TOO: Final = linear(r"\b(?:my|our|us|me|mine|ours|mi|mis|nuestr[oa]s?|i|we|i'm|we're|yo|nosotros)\b")
_JUST: Final = linear(
    r"\b(?:i|we)(?:'m|'d|'re| am| are| would)? (?:just|only|simply)\b|\b(?:just|only) (?:want|need|asking|wondering|checking)|\b(?:for|about) (?:me|us|myself|mine|ours)\b|\bsol(?:o|amente) (?:quiero|quisiera|necesito|queremos|pregunto|me)|\byo solo"
)


def leave_out_denied(*, sentences: Sequence[str], topic: Callable[[str], int]) -> list[str]:
    """The folded sentences, each as long as it was, with blanks where they deny something or tell it of others.

    `topic` says how telling a piece of text is by itself (0: says nothing).
    """
    texts = [_without_denied(text, following) for text, following in zip(sentences, (*sentences[1:], ""), strict=False)]
    for at, text in enumerate(sentences):
        following = sentences[at + 1] if at + 1 < len(sentences) else ""
        if "?" in text[-2:] and _ANSWERED_NO.match(following):
            texts[at] = " " * len(text)
            continue
        if _NOT_ABOUT.search(text):
            texts[at] = _without_unwanted(texts[at], following, topic)
        if _OTHERS.search(text):
            texts[at] = _without_others(texts[at], following, topic)
    return texts


def _without_denied(text: str, following: str) -> str:
    dead = [match.span() for match in _DENIED_WORD.finditer(text)] + _ended(text, following) + _mistaken(text, following)
    dead += [match.span(1) for match in _INSTEAD.finditer(text) if not _COUNTS.search(match.group(1))]
    if _PASSED.search(text) and not _BACK.search(text):
        dead += [match.span() for match in _WAS_URGENT.finditer(text)]
    problems = [match.span() for match in _DENIED_PROBLEM.finditer(text)]
    over = [] if _BACK.search(text) else [match.span() for match in _OVER.finditer(text)]
    if problems or over:
        for start, end in _clauses(text):
            gone = any(start < last and first < end for first, last in problems)
            if gone or any(start <= first < end and not _WISHED.search(text[start:first]) for first, _ in over):
                dead.append((start, end))
    return _blank(text, dead)


def _ended(text: str, following: str) -> list[tuple[int, int]]:
    """Clauses of a trouble of the past whose end the next clause tells, be it in the next sentence."""
    if not _WAS.search(text) or _BACK.search(text) or _BACK.search(following):
        return []
    clauses = [(start, end, text[start:end]) for start, end in _clauses(text)]
    then = [clause for _, _, clause in clauses[1:] if clause.strip(" .,;!")] + [following]
    return [
        (start, end)
        for (start, end, clause), after in zip(clauses, then, strict=False)
        if _WAS.search(clause) and (told := _ENDED.match(after)) and not _NOT_ENDED.search(told.group())
    ]


def _mistaken(text: str, following: str) -> list[tuple[int, int]]:
    """What they thought it was, where they say that it is not or that it is something else."""
    thought = _THOUGHT.search(text)
    if thought is None:
        return []
    out = _TURNED_OUT.search(text, thought.end())
    start, after = (out.start(), text[out.start() :]) if out else (len(text), following if _TURNED_OUT.match(following) else "")
    return [(thought.start(), start)] if _OTHERWISE.search(after) else []


def _without_others(text: str, following: str, topic: Callable[[str], int]) -> str:
    """Without what is told of a neighbor, where the writer's own wish is another one."""
    dead: list[tuple[int, int]] = []
    own: list[str] = []
    of_others = False
    for start, end in _clauses(text):
        clause = text[start:end]
        about = _OTHERS.search(clause)
        mine = bool(_OURS_TOO.search(clause[: about.start()] + clause[about.end() :] if about else clause))
        of_others = not mine if about else of_others and not mine
        if of_others:
            dead.append((start, end))
        elif mine:
            own.append(clause)
    if not dead:
        return text
    rest = own or [following]
    return _blank(text, dead) if any(_JUST.search(words) or topic(words) > 1 for words in rest) else text


def _without_unwanted(text: str, following: str, topic: Callable[[str], int]) -> str:
    """Without what they say they did not come for, where they name what they did come for."""
    dead = [(start, end) for start, end in _clauses(text) if _NOT_ABOUT.search(text[start:end])]
    rest = _blank(text, dead)
    return rest if topic(rest) or topic(following) else text


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for match in _CLAUSE_ENDS.finditer(text):
        yield at, match.start()
        at = match.start()
    yield at, len(text)


def _blank(text: str, spans: Sequence[tuple[int, int]]) -> str:
    if not spans:
        return text
    chars = list(text)
    for start, end in spans:
        chars[start:end] = " " * (end - start)
    return "".join(chars)
