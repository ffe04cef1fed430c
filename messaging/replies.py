"""What a person's text says about being texted: an opt-out, words that need a person's eye, help, an opt-in, or something else.

Deterministic: the same words always give the same Reading, and its `rule` is the evidence that is kept with the suppression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from messaging.optout.classifier import may_be_refusal
from messaging.optout.elsewhere import ELSEWHERE
from messaging.optout.english import ABOUT_MESSAGES, ENGLISH, LOOSE_STOP, asks_not, without_lookalikes
from messaging.optout.mixed import in_english
from messaging.optout.quotations import own_words
from messaging.optout.refusals import COURTEOUS, REMOVAL, THREATS, WRONG_PERSON
from messaging.optout.rules import BREAK, CLAUSE, CLAUSE_DOUBT, FILLER, HELP, KEYWORD, OPT_IN, STRONG, WEAK, Rule, found, matches
from messaging.optout.spanish import SPANISH, SPANISH_WORDS
from messaging.optout.spelling import repair
from messaging.optout.words import bare_words, has_hand, has_stop_sign, normalise, shortened, spoken_signs
from zartsalgo.lib.patterns import PatternSet

Kind = Literal["opt_out", "unclear", "help", "opt_in", "other"]

_RULES: Final[tuple[Rule, ...]] = (*ENGLISH, *THREATS, *REMOVAL, *COURTEOUS, *SPANISH, *ELSEWHERE, *WRONG_PERSON)
_ANY: Final = PatternSet(rule.pattern.pattern for rule in _RULES)
_PROVIDER: Final[dict[str, Kind]] = {"STOP": "opt_out", "START": "opt_in", "HELP": "help"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`opt_out` suppresses, `unclear` holds sending until a person has read it; `rule` is what decided ("" for "other"), `lang` its language."""

    kind: Kind
    rule: str
    lang: str


_NOTHING: Final = Reading("other", "", "")


def read_reply(*, text: str, opt_out_type: str = "") -> Reading:
    """Read one inbound message. `opt_out_type` is what the carrier side already decided (Twilio's OptOutType) and wins over the words."""
    decided = _PROVIDER.get(opt_out_type.strip().upper())
    if decided:
        return Reading(decided, f"provider:{opt_out_type.strip().lower()}", "")
    reading, answered = read_by_rules(text)
    if reading.kind == "other" and not answered and may_be_refusal(mended := as_meant(text)):
        return Reading("unclear", "classifier", _lang(mended))
    return reading


def as_meant(text: str) -> str:
    """The message as plain words, misspellings mended."""
    return repair(normalise(own_words(shortened(text))))


def read_by_rules(text: str) -> tuple[Reading, bool]:
    """What the rules alone say, and whether one looked at the words and let them pass ("don't stop texting me"): that is an answer too."""
    text = shortened(own_words(shortened(text)))
    plain = normalise(text)
    signed = has_stop_sign(text)
    if not plain:
        return Reading("opt_out", "stop-sign", "") if signed else Reading("unclear", "hand", "") if has_hand(text) else _NOTHING, True
    # A bare "HELP" only: "please help!" is a person with a leak.
    bare = bare_words(text)
    if HELP.fullmatch(bare):
        return Reading("help", "keyword", _lang(bare)), True
    reading, answered = _read(plain)
    if reading.kind in ("other", "unclear"):
        # Misspelled, in two languages, or with a sign for the word "stop": read once more as meant. What that finds counts, what it
        # loses does not.
        mended = repair(plain)
        meanings = (("spelling", mended), ("mixed", in_english(mended)), ("sign", normalise(spoken_signs(text)) if signed else plain))
        for rule, meant in meanings:
            again = _read(meant)[0] if meant != plain else _NOTHING
            if again.kind in ("opt_out", "unclear") and reading.kind != "opt_out" and (again.kind == "opt_out" or reading.kind == "other"):
                reading = Reading(again.kind, f"{again.rule}, {rule}", again.lang)
    return reading, answered


def _read(plain: str) -> tuple[Reading, bool]:
    whole = _read_whole(plain)
    return (whole, True) if whole else _read_phrases(plain)


def _read_whole(plain: str) -> Reading | None:
    """Keywords: the message, or for the strongest words one clause of it, holds nothing else but courtesies."""
    words = plain.replace(BREAK, " ").split()
    core, polite = _core(words, FILLER), _core(words, FILLER - WEAK)
    if STRONG.fullmatch(core) or KEYWORD.fullmatch(polite) or KEYWORD.fullmatch(" ".join(words)):
        return Reading("opt_out", "keyword", _lang(core))
    if OPT_IN.fullmatch(polite):
        return Reading("opt_in", "keyword", _lang(polite))
    for clause in plain.split(BREAK):
        if CLAUSE.fullmatch(_core(clause.split(), FILLER)):
            return Reading("opt_out", "keyword-clause", "en")
    return None


def _read_phrases(plain: str) -> tuple[Reading, bool]:
    clauses = plain.split(BREAK)
    doubt = next((Reading("unclear", "keyword-clause", _lang(clause)) for clause in clauses if CLAUSE_DOUBT.fullmatch(clause)), None)
    excused = False
    for place in _ANY.hits(plain):
        rule = _RULES[place]
        for around in matches(rule, plain):
            kind = rule.judge(around)
            if kind == "opt_out":
                return Reading("opt_out", rule.name, rule.lang), True
            if kind == "unclear" and doubt is None:
                doubt = Reading("unclear", rule.name, rule.lang)
            excused = excused or kind is None
    # "Not interested, remove": a weak keyword in a clause of its own counts once the rest is a refusal too.
    if doubt and any(KEYWORD.fullmatch(clause) and not CLAUSE_DOUBT.fullmatch(clause) for clause in clauses):
        return Reading("opt_out", f"{doubt.rule}+keyword", doubt.lang), True
    rest = without_lookalikes(plain)
    return doubt or _read_loose(plain, rest=rest, excused=excused) or _NOTHING, excused or rest != plain


def _read_loose(plain: str, *, rest: str, excused: bool) -> Reading | None:
    """What no rule knows but smells of an opt-out: a loose "stop" in a short message or beside words about messages."""
    if found(LOOSE_STOP, rest) and (len(plain.replace(BREAK, " ").split()) <= 4 or found(ABOUT_MESSAGES, rest)):
        return Reading("unclear", "loose-stop", "en")
    # A rule that looked at the words and let them pass ("don't call before 9") has answered the second question already.
    return Reading("unclear", "loose-not", "en") if not excused and asks_not(rest) else None


def _core(words: list[str], filler: frozenset[str]) -> str:
    return " ".join(word for word in words if word not in filler)


def _lang(core: str) -> str:
    return "es" if any(word in SPANISH_WORDS for word in core.split()) else "en"
