"""Which sentences of a conversation carry it: an extractive choice by what is asked, what comes up again, and where it stands.

No model and no downloads; the same conversation always gives the same choice. Every chosen sentence keeps its place in its source.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from summaries.folding import fold
from summaries.retelling import Told, Voice, retell
from summaries.words import FUNCTION
from zartsalgo.lib.patterns import linear

LONGEST: Final = 10_000
"""Characters of one source that are read; a longer one is read at its beginning."""
_MOST_SENTENCES: Final = 200
_LONGEST_SENTENCE: Final = 1_000
"""Characters; speech written down without a full stop is cut at a blank."""
_SPACE: Final = r"[\s\v\x1c-\x1f\x85\p{Z}]"
_END: Final = linear(
    rf"([.!?…]+)[\"”')]*({_SPACE}|$)|\n+|{_SPACE}[-–—]{{1,2}}{_SPACE}"
    # People run sentences together: a comma before a request or an introduction ends one, too.
    r"|(,\s+(?:and\s+)?)(?:(?:can|could|would|will)\s(?:you|u|ya|someone|somebody|i|we)\b|(?:please|pls|plz)\s[\p{L}\p{N}_]|how\s(?:much|soon|long)\b|my\sname\b|(?:i|we)\s(?:need|want)\b|call\sme\b)",
    ignore_case=True,
)
_ABBREVIATED: Final = frozenset("mr mrs ms dr st apt ave no".split())
_TOKEN: Final = linear(r"[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)?")
_COURTESY: Final = linear(
    r"\b(?:how are you|nice to meet|nice to see|good to see|have a (?:nice|good|great)|see you|take care|you're welcome|you are welcome|no problem|glad to|my pleasure|"
    r"thank you|thanks|bye|good ?bye|here you are|here it is|what can i do for you|can i help|may i help|how can i help|how may i|anything else|(?:thanks|thank you) for (?:calling|reaching|your)|sorry (?:we|i) missed|this is|speaking|don't mention|hold on|just a moment|one moment|that's all right|"
    r"sounds (?:good|great)|i see|that's great|really|of course|sure thing|excuse me|i'm sorry to hear|what's up|go ahead|i guess so|i think so|that's (?:a )?(?:good|nice|true))\b",
    ignore_case=True,
)
_NEED: Final = linear(
    r"\b(?:need|want|would like|i'd like|i 'd like|looking for|trying to|have to|can you|could you|would you|please|help|problem|trouble|broken?|leak\w*|worried|afraid|lost|missed|hope|plan\w*|decid\w*|"
    r"order\w*|book\w*|schedule|cancel\w*|appointment|quote|estimate|cost|price|how much|complain\w*|interested|recommend\w*|suggest\w*|apply|applied|invite\w*|offer\w*|"
    r"think|believe|prefer|should|must|because|going to|used to|necesit\w*|quier\w*|quisiera|ayuda|problema|fuga|gotea|cotiza\w*|precio|urgente|cita)\b",
    ignore_case=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of one speaker at `start..end` of source number `source`; `turn` counts changes of speaker."""

    source: int
    start: int
    end: int
    words: str
    customer: bool
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A sentence that carries the conversation, how much, and how it is told."""

    sentence: Sentence
    told: Told
    weight: float


def sentences(texts: Sequence[tuple[bool, str]]) -> list[Sentence]:
    """Cut texts (from the customer?, words) into sentences with their offsets."""
    found: list[Sentence] = []
    turn, speaking = -1, None
    for source, (customer, text) in enumerate(texts):
        text = text[:LONGEST]
        at = 0
        for end in _ends(text):
            piece = text[at:end]
            words = piece.strip(" \t\n-–—")
            if len(found) >= _MOST_SENTENCES:
                break
            if words:
                if customer is not speaking:
                    turn, speaking = turn + 1, customer
                start = at + piece.index(words)
                found.append(Sentence(source=source, start=start, end=start + len(words), words=words, customer=customer, turn=turn))
            at = end
        speaking = None if found and found[-1].source == source else speaking
    return found


def _ends(text: str) -> Iterator[int]:
    at = 0
    for end in [*_stops(text), len(text)]:
        while end - at > _LONGEST_SENTENCE:
            blank = text.rfind(" ", at + 1, at + _LONGEST_SENTENCE)
            at = blank + 1 if blank > 0 else at + _LONGEST_SENTENCE
            yield at
        at = end
        yield end


def _stops(text: str) -> Iterator[int]:
    for stop in _END.finditer(text):
        if stop.group(3):
            yield stop.end(3)
        elif stop.group(1) is None:
            yield stop.end()
        elif len(stop.group(1)) > 1 or not _is_abbreviated(text[max(0, stop.start() - 5) : stop.start()]):
            yield stop.start(2)
        elif stop.group(2) == "\n":
            yield stop.end()


def _is_abbreviated(before: str) -> bool:
    """A full stop after one of these words, or after a single letter, ends no sentence."""
    at = len(before)
    while at and (before[at - 1].isalnum() or before[at - 1] == "_"):
        at -= 1
    word = before[at:].lower()
    return word in _ABBREVIATED or (len(word) == 1 and "a" <= word <= "z")


def choose(*, found: Sequence[Sentence], customer: Voice, business: Voice, words: int) -> list[Chosen]:
    """The sentences that carry it, in order, told by a third, with about `words` words together (one at least, where any can be told)."""
    contents = {one: _content(one.words) for one in found}
    counts = Counter(word for one in found for word in set(contents[one]))
    candidates: list[Chosen] = []
    last_turn = max((one.turn for one in found), default=0)
    for one in found:
        speaker, other = (customer, business) if one.customer else (business, customer)
        told = retell(words=one.words, speaker=speaker, other=other)
        if told is not None and (weight := _weight(one, told, contents[one], counts, last_turn)) > 0:
            candidates.append(Chosen(sentence=one, told=told, weight=weight))
    chosen: list[Chosen] = []
    covered: Counter[str] = Counter()
    left = words
    while candidates:
        # What is said already adds little: each word counts less the second time.
        worth = {one: one.weight * _novelty(contents[one.sentence], covered) for one in candidates}
        candidates.sort(key=lambda one: (worth[one], -one.sentence.turn), reverse=True)
        if chosen:
            candidates = [one for one in candidates if len(one.told.sentence.split()) <= left * 1.25]
        if not candidates or (chosen and worth[candidates[0]] < 0.25 * chosen[0].weight):
            break
        best = candidates.pop(0)
        chosen.append(best)
        covered.update(contents[best.sentence])
        left -= len(best.told.sentence.split())
        if left < 4:
            break
    return sorted(chosen, key=lambda one: (one.sentence.source, one.sentence.start))


def _content(words: str) -> list[str]:
    return [
        word for word in (match.removesuffix("'s") for match in _TOKEN.findall(fold(words).text)) if word not in FUNCTION and len(word) > 2
    ]


def _novelty(content: Sequence[str], covered: Counter[str]) -> float:
    return sum(1.0 if not covered[word] else 0.35 for word in content) / len(content) if content else 0.3


def _weight(one: Sentence, told: Told, content: Sequence[str], counts: Counter[str], last_turn: int) -> float:
    size = len(_TOKEN.findall(one.words))
    if size < 3 or not content:
        return 0.0
    weight = sum(min(counts[word], 4) for word in set(content)) / (len(content) + 3) + 0.15 * min(len(set(content)), 6)
    weight += {"ask": 0.9, "suggest": 0.5, "question": 0.5, "tell": 0.15}[told.act]
    if told.act == "tell" and not told.rest.startswith("says "):
        weight += 0.25  # about the speaker
    if _NEED.search(one.words):
        weight += 0.6
    if one.turn <= 1:
        weight += 0.9
    elif one.turn <= 3:
        weight += 0.35
    elif one.turn >= last_turn - 1:
        weight += 0.1
    if _COURTESY.search(one.words):
        weight -= 1.2 if size < 10 else 0.3
    if size > 22:
        weight -= 0.04 * (size - 22)
    return weight
