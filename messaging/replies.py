"""What a person's text says about being texted: an opt-out, words that need a person's eye, help, an opt-in, or something else.

Deterministic: the same words always give the same Reading, and its `rule` is the evidence that is kept with the suppression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from messaging.reply_rules import (
    ABOUT_MESSAGES,
    ENGLISH,
    FILLER,
    HELP,
    KEYWORD,
    LOOKALIKE,
    LOOSE_STOP,
    NOT_ME,
    OPT_IN,
    STRONG,
    WEAK,
    Around,
    Rule,
)
from messaging.reply_rules_es import ELSEWHERE, SPANISH, SPANISH_WORDS
from messaging.reply_words import BREAK, is_stop_sign, normalise

Kind = Literal["opt_out", "unclear", "help", "opt_in", "other"]

_RULES: Final[tuple[Rule, ...]] = (*ENGLISH, *SPANISH, *ELSEWHERE)
_PROVIDER: Final[dict[str, Kind]] = {"STOP": "opt_out", "START": "opt_in", "HELP": "help"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`opt_out` suppresses, `unclear` holds sending until a person has read it; `rule` is what decided ("" for "other"), `lang` its language."""

    kind: Kind
    rule: str
    lang: str


def read_reply(*, text: str, opt_out_type: str = "") -> Reading:
    """Read one inbound message. `opt_out_type` is what the carrier side already decided (Twilio's OptOutType) and wins over the words."""
    decided = _PROVIDER.get(opt_out_type.strip().upper())
    if decided:
        return Reading(decided, f"provider:{opt_out_type.strip().lower()}", "")
    if is_stop_sign(text):
        return Reading("opt_out", "stop-sign", "")
    plain = normalise(text)
    if not plain:
        return Reading("other", "", "")
    return _read_whole(plain) or _read_phrases(plain) or Reading("other", "", "")


def _read_whole(plain: str) -> Reading | None:
    """Keywords: the message, or for the strongest words one clause of it, holds nothing else but courtesies."""
    words = plain.replace(BREAK, " ").split()
    core, polite = _core(words, FILLER), _core(words, FILLER - WEAK)
    if STRONG.fullmatch(core) or KEYWORD.fullmatch(polite) or KEYWORD.fullmatch(" ".join(words)):
        return Reading("opt_out", "keyword", _lang(core))
    if HELP.fullmatch(polite):
        return Reading("help", "keyword", _lang(polite))
    if OPT_IN.fullmatch(polite):
        return Reading("opt_in", "keyword", _lang(polite))
    for clause in plain.split(BREAK):
        core = _core(clause.split(), FILLER)
        if STRONG.fullmatch(core):
            return Reading("opt_out", "keyword-clause", _lang(core))
    return None


def _read_phrases(plain: str) -> Reading | None:
    doubt: Reading | None = None
    excused = False
    for rule in _RULES:
        for match in rule.pattern.finditer(plain):
            before = plain[: match.start()].rpartition("|")[2]
            after, _, later = plain[match.end() :].partition("|")
            kind = rule.judge(Around(match, before.strip(), after.strip(), later.strip()))
            if kind == "opt_out":
                return Reading("opt_out", rule.name, rule.lang)
            if kind == "unclear" and doubt is None:
                doubt = Reading("unclear", rule.name, rule.lang)
            excused = excused or kind is None
    return doubt or _read_loose(plain, excused=excused)


def _read_loose(plain: str, *, excused: bool) -> Reading | None:
    """What no rule knows but smells of an opt-out: a loose "stop" in a short message or beside words about messages."""
    rest = LOOKALIKE.sub(" ", plain)
    if LOOSE_STOP.search(rest) and (len(plain.replace(BREAK, " ").split()) <= 4 or ABOUT_MESSAGES.search(rest)):
        return Reading("unclear", "loose-stop", "en")
    # A rule that looked at the words and let them pass ("don't call before 9") has answered the second question already.
    return Reading("unclear", "loose-not", "en") if not excused and NOT_ME.search(rest) else None


def _core(words: list[str], filler: frozenset[str]) -> str:
    return " ".join(word for word in words if word not in filler)


def _lang(core: str) -> str:
    return "es" if any(word in SPANISH_WORDS for word in core.split()) else "en"
