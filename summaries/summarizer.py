"""The local summarizer: what serves when no model does. Extractive and deterministic, standard library only.

It says nothing that was not said: every claim is an extract with its place, every number in it stands in the source. The text for
the client is made of our own phrases (`summaries.key_facts`), so that nothing of a customer's wording can get into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from summaries.checks import hold_against_sources
from summaries.folding import fold
from summaries.key_facts import Fact, is_spanish, read_facts
from summaries.retelling import Voice
from summaries.telling import LONGEST, Chosen, Sentence, choose, sentences
from summaries.text import Claim, Draft, Source
from zartsalgo.lib.patterns import encodable, linear

_CUSTOMER: Final = Voice(name="The customer", they="they", their="their", them="them", many=True)
MOST_CHARACTERS: Final = 15_000
"""Characters of all sources together that are read."""
_MOST_SENTENCES: Final = 4
_LONGEST_ACTION: Final = 200
_SHORT_ENOUGH: Final = 40
"""Words that staff read at a glance: a message of this length is told whole, but for its courtesies."""
# A transcript in one text: "Agent: ...", "Caller: ...", "[00:12] Customer: ...".
_SPEAKER: Final = linear(
    r"(?:^|\n)[ \t]*(?:\[?\(?\d{1,2}:\d{2}(?::\d{2})?\)?\]?[ \t]*)?(agent|rep|representative|operator|business|office|receptionist|staff|employee|technician|caller|customer|client|lead|"
    r"homeowner|visitor|user|speaker [12ab]|person ?[12])[ \t]*:[ \t]*",
    ignore_case=True,
)
_GREETING: Final = linear(r"[^\w]*(?:hola|buen[oa]s|dias|tardes|noches|gracias|muchas|saludos|si|no|ok|[^\w])+")
_SOON: Final = frozenset({"that day", "that night", "that afternoon", "that evening", "that morning", "the next day"})
_OF_BUSINESS: Final = frozenset("agent rep representative operator business office receptionist staff employee technician".split())  # noqa: SIM905


def summarize(*, sources: Sequence[Source], business: str) -> Draft:
    """A draft of what these sources say. `business` is the client's name as staff know it. Never raises; nothing said gives an empty draft."""
    sources = _cut(sources)
    parts = [part for source in sources for part in _parts(source)]
    found = sentences([(customer, text) for _, _, customer, text in parts])
    texts = {source.key: source.text for source in sources}
    theirs = [one for one in found if one.customer]
    facts = read_facts([one.words for one in theirs])
    told = _tell(found, business=business, spanish=any(fact.kind == "spanish" for fact in facts))
    claims = [_claim(f"{words}", one, parts, texts) for words, one in told]
    client_text, said = _for_client(facts, theirs, form=not any(source.who == "business" for source in sources))
    claims += [_claim(words, one, parts, texts, for_client=True) for words, one in said]
    internal = " ".join(words for words, _ in told)
    return Draft(
        claims=hold_against_sources(claims=claims, sources=sources),
        internal_text=internal or "Nothing was said or written that can be summed up.",
        client_text=client_text,
        next_action=_next_action(facts)[:_LONGEST_ACTION],
        risk_flags=_flags(facts),
    )


def condense(*, texts: Sequence[tuple[bool, str]], customer: Voice, business: Voice) -> list[Chosen]:
    """The sentences that carry a conversation (from the customer?, words), in order: about an eighth of its words and a few more."""
    total = sum(len(text.split()) for _, text in texts)
    return choose(found=sentences(texts), customer=customer, business=business, words=budget(total))


def budget(words: int) -> int:
    """How many words tell a conversation of so many."""
    return min(round(5 + 0.13 * words), 70)


def _cut(sources: Sequence[Source]) -> list[Source]:
    """The newest sources, `MOST_CHARACTERS` together: the newest words say what is wanted now."""
    kept: list[Source] = []
    left = MOST_CHARACTERS
    for source in reversed(sources):
        text = encodable(source.text[: min(left, LONGEST)])
        if text:
            kept.append(replace(source, text=text))
        left -= len(text)
    return kept[::-1]


def _parts(source: Source) -> list[tuple[str, int, bool, str]]:
    """(source key, offset in it, from the customer?, text): a transcript in one source is cut at its speakers."""
    customer = source.who != "business"
    marks = list(_SPEAKER.finditer(source.text))
    if not marks:
        return [(source.key, 0, customer, source.text)]
    parts = [(source.key, 0, customer, source.text[: marks[0].start()])] if source.text[: marks[0].start()].strip() else []
    first = marks[0].group(1).lower()
    for at, mark in enumerate(marks):
        who = mark.group(1).lower()
        theirs = who not in _OF_BUSINESS and not (who.startswith(("speaker", "person")) and who == first)
        end = marks[at + 1].start() if at + 1 < len(marks) else len(source.text)
        parts.append((source.key, mark.end(), theirs, source.text[mark.end() : end]))
    return parts


def _tell(found: Sequence[Sentence], *, business: str, spanish: bool) -> list[tuple[str, Sentence]]:
    their_name = business.strip() or "The business"
    house = Voice(name=their_name, they="the business", their="the business's", them="the business")
    words = max(budget(sum(len(one.words.split()) for one in found)), _SHORT_ENOUGH)
    if spanish:
        theirs = [one for one in found if one.customer and not _GREETING.fullmatch(fold(one.words).text)]
        return [(f"The customer says in Spanish: “{one.words}”", one) for one in theirs][:2]
    chosen = choose(found=found, customer=_CUSTOMER, business=house, words=words)[:_MOST_SENTENCES]
    return [(one.told.sentence, one.sentence) for one in chosen]


def _claim(
    words: str, one: Sentence, parts: Sequence[tuple[str, int, bool, str]], texts: dict[str, str], *, for_client: bool = False
) -> Claim:
    key, offset, _, _ = parts[one.source]
    start, end = offset + one.start, offset + one.end
    return Claim(text=words, for_client=for_client, source=key, quote=texts[key][start:end], start=start, end=end)


def _for_client(facts: Sequence[Fact], theirs: Sequence[Sentence], *, form: bool) -> tuple[str, list[tuple[str, Sentence]]]:
    """The client-safe note, and each of its sentences with the one that it rests on."""
    said: list[tuple[str, Sentence]] = []
    kinds = {fact.kind: fact for fact in reversed(facts)}
    topics = [fact for fact in facts if fact.kind == "topic"]
    if topics:
        about = " and ".join(fact.phrase for fact in topics)
        said.append((f"A customer asked about {about}.", theirs[topics[0].sentence]))
    elif "call-back" in kinds:
        said.append(("A customer asked for a call back.", theirs[kinds["call-back"].sentence]))
    opening = said[0][0] if said else ("A customer got in touch." if theirs else "A customer called.")
    if "urgent" in kinds:
        said.append(("They said that it was urgent.", theirs[kinds["urgent"].sentence]))
    wanted = [fact for fact in facts if fact.kind == "wanted"][:2]
    if wanted:
        said.append((f"They hoped for help {' or '.join(fact.phrase for fact in wanted)}.", theirs[wanted[0].sentence]))
    if "price" in kinds and "spam" not in kinds:
        said.append(("They asked about the price.", theirs[kinds["price"].sentence]))
    if "spanish" in kinds:
        said.append(("They prefer Spanish.", theirs[0]))
    text = " ".join([opening, *(words for words, _ in said if words != opening)])
    return text, said


def _flags(facts: Sequence[Fact]) -> list[str]:
    named = {
        "angry": "angry",
        "price": "price asked",
        "legal": "legal or insurance",
        "stop": "wants to stop",
        "spam": "looks like spam",
        "spanish": "Spanish",
    }
    if any(fact.kind == "spam" for fact in facts):
        facts = [fact for fact in facts if fact.kind != "price"]
    flags = ["emergency"] if any(fact.kind == "urgent" and fact.phrase == "emergency" for fact in facts) else []
    return flags + [flag for kind, flag in named.items() if any(fact.kind == kind for fact in facts)]


def _next_action(facts: Sequence[Fact]) -> str:
    kinds = {fact.kind: fact for fact in reversed(facts)}
    topic = kinds["topic"].phrase if "topic" in kinds else ""
    about = f": {topic.removeprefix('a ').removeprefix('an ')}" if topic else ""
    language = " in Spanish" if "spanish" in kinds else ""
    if "stop" in kinds:
        return "Read their words before anything is sent: they may want no more messages"
    if "spam" in kinds:
        return "Look whether this is spam before anybody calls"
    if "urgent" in kinds:
        return f"Call back now{language}{about}" if kinds["urgent"].phrase == "emergency" else f"Call back today{language}{about}"
    if any(fact.kind == "wanted" and fact.phrase in _SOON for fact in facts):
        return f"Call back today{language}{about}"
    if "angry" in kinds:
        return f"Call back today{language}, the customer is upset{about}"
    if any(fact.kind == "legal" and fact.phrase == "a legal step" for fact in facts):
        return f"Have a manager call back{language}{about}"
    if "price" in kinds:
        return f"Answer the question about the price{language}{about}"
    return f"Call back{language}{about}"


__all__ = ["budget", "condense", "is_spanish", "summarize"]
