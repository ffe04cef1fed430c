"""Refusals outside of texts and mails: in a form's message, a call's transcript, a voicemail, a note, a chat.

Only a wish in so many words counts here, and it only holds: a transcript may have misheard, anybody can fill in a form, and a note is
what somebody else made of it. Whoever is the wrong person or complains in a call is heard by a person anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from messaging.optout.refusals import WRONG_PERSON
from messaging.optout.words import LONGEST
from messaging.replies import Reading, read_by_rules
from zartsalgo.lib.patterns import linear

# Where words stand in an event, beside `text` and `subject`, which a text or mail is read by.
_OF_CUSTOMER: Final = ("message", "comments", "comment", "description", "transcript", "transcription", "voicemail", "chat", "body")
_OF_STAFF: Final = ("note", "notes")
# What is read of one field; longer ones keep both ends.
_MOST: Final = 10_000
_VAGUE: Final = frozenset(
    [*(rule.name for rule in WRONG_PERSON), "not-interested", "complaint", "do-not-want", "never-asked", "no-me-interesa", "queja", "loose-stop", "loose-not", "hand"]
)  # fmt: skip
_SPEAKER: Final = linear(
    r"(?:^|[\n.?!\]] ?)\s*(?:\[?\d{1,2}:\d{2}(?::\d{2})?\]?\s*)?([\p{L}][\p{L}\d ]{0,30}?)\s*(?:\(\d{1,2}:\d{2}(?::\d{2})?\)\s*)?:\s",
    lines=True,
)
_BUSINESS: Final = linear(
    r"(?:agent|rep|representative|business|staff|operator|office|csr|company|employee|technician|receptionist|assistant|bot|system|dispatcher|support|sales|"
    r"us|me|host|agente|empresa|oficina|asistente|recepcion\w*)(?: ?\d)?",
    ignore_case=True,
)
_SENTENCE_END: Final = linear(r"[.?!\n]+")
# A sentence without one of these holds no wish to be left alone, and most of a long transcript is not read further.
_SMELLS: Final = linear(
    r"stop|st0p|quit|text|messag|mensaj|sms|list|lista|remov|unsub|opt|contact|number|numero|número|no more|no mas|no más|dnc|do not|don.?t|never|alone|en paz|"
    r"deje|deja|par[ae]n?\b|basta|alto|quit[ae]|borr|elimin|saqu|baja\b|escrib|mand[ae]|envi|env\x{ed}|delete|erase|take me|take us|cease",
    ignore_case=True,
)
# The small print of a consent box that came along as an answer; no words of the person's own.
_SMALL_PRINT: Final = linear(
    r"\b(?:i agree|i consent|by (?:checking|submitting|clicking|providing|signing)|data rates|message frequency|msg frequency|at any ?time|acepto recibir)\b", ignore_case=True
)  # fmt: skip
_CONSENT_FIELD: Final = linear(r"consent|agree|opt.?in|tcpa|disclosure|terms|privacy|wording", ignore_case=True)
_THEM: Final = linear(r"\b(?:her|him|them|(?:the |this )?(?:customer|caller|client|lead|homeowner))\b", ignore_case=True)


def refusal_in(*, personal: Mapping[str, Any]) -> Reading | None:
    """The wish not to be written to in an event's words, other than its text and subject; None where there is none."""
    for text in _passages(personal):
        reading, _ = read_by_rules(text)
        if reading.kind == "opt_out" or (reading.kind == "unclear" and reading.rule.partition(",")[0] not in _VAGUE):
            return reading
    return None


def refusal_in_note(*, text: str) -> Reading | None:
    """The same in a note that staff wrote about somebody."""
    return refusal_in(personal={"note": text})


def _passages(personal: Mapping[str, Any]) -> Iterator[str]:
    for name in _OF_CUSTOMER:
        for text in _texts(personal.get(name)):
            yield from _telling(_without_agent(text))
    answers = personal.get("answers")
    if isinstance(answers, Mapping):
        for question, answer in list(answers.items())[:100]:
            if not _CONSENT_FIELD.search(str(question)[:200]):
                for text in _texts(answer):
                    yield from _telling(text)
    for name in _OF_STAFF:
        for text in _texts(personal.get(name)):
            # Staff write of a third person: "do not text her".
            yield from _telling(_THEM.sub("me", text))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value if len(value) <= _MOST else f"{value[: _MOST // 2]}\n{value[-_MOST // 2 :]}"
    elif isinstance(value, list):
        # A chat or transcript in turns: words, or objects with words and perhaps a speaker.
        turns = [_turn(item) for item in value[:500]]
        yield from _texts("\n".join(turn for turn in turns if turn))


def _turn(item: object) -> str:
    if isinstance(item, Mapping):
        words = next(
            (item[name] for name in ("text", "message", "content", "body", "words", "transcript") if isinstance(item.get(name), str)), ""
        )
        speaker = next(
            (item[name] for name in ("speaker", "role", "who", "from", "author", "sender") if isinstance(item.get(name), str)), ""
        )
        return f"{speaker}: {words}" if speaker and words else str(words)
    return item if isinstance(item, str) else ""


def _without_agent(text: str) -> str:
    """A transcript without what the business said in it; all of it where nobody is named. "I can take you off the list" is an offer."""
    said: list[str] = []
    start, business = 0, False
    for label in _SPEAKER.finditer(text):
        if not business:
            said.append(text[start : label.start(1)])
        start, business = label.end(), bool(_BUSINESS.fullmatch(label.group(1).strip()))
    if not business:
        said.append(text[start:])
    return "\n".join(said)


def _telling(text: str) -> Iterator[str]:
    """What of the text may hold a wish, as one passage that a reader takes whole; the first ones where there are too many."""
    chosen: list[str] = []
    room = LONGEST
    for sentence in _SENTENCE_END.split(text):
        sentence = sentence.strip()
        if sentence and _SMELLS.search(sentence) and not _SMALL_PRINT.search(sentence):
            room -= len(sentence) + 2
            if room < 0:
                sentence = sentence[: room + len(sentence)]
            chosen.append(sentence)
            if room <= 0:
                break
    if chosen:
        yield ". ".join(chosen)
