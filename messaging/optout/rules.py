"""The rules that read an opt-out: verb and object patterns in English and Spanish, keywords, and the lookalikes they must leave alone.

A rule is a pattern over the normalised message (`words.normalise`) and a judge that looks at what stands before and after the
match in its clause: "stop texting me" stops, "don't stop texting me" and "stop by" do not. Nothing here learns: every decision has
the name of its rule as evidence. 47 CFR 64.1200(a)(10): any words count that a reasonable person reads as a wish to stop.
"""

# ruff: noqa: SIM905 (tables of words read better as text)

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, Literal, NamedTuple

from zartsalgo.lib.patterns import Match, Pattern, linear

Kind = Literal["opt_out", "unclear"]


class Around(NamedTuple):
    """A match in its surroundings: words before and after it in the same clause, and the clauses around that."""

    said: str
    earlier: str
    before: str
    after: str
    later: str


Judge = Callable[[Around], Kind | None]


class Rule(NamedTuple):
    name: str
    lang: str
    pattern: Pattern
    judge: Judge


FILLER: Final = frozenset(
    "please thanks thank thankyou ok okay now immediately asap already hi hello hey sir maam mam bro dude man guys just kindly sorry no nope so lol damn "
    "fucking seriously god omg team dear and the fuck hell good morning afternoon evening day all me us it this that right away for you everyone today these those with "
    "por favor gracias ya hola buenas buenos dias tardes noches oye oiga senor senora senorita favor ahora mismo muchas disculpe amigo amiga pues si bueno "
    "inmediatamente".split()
)
# Fillers that may stand beside "stop" but not beside a word that has a job of its own ("cancel it": an appointment?).
WEAK: Final = frozenset("all me us it this that you for today si everyone the these those with".split())

_STRONG_WORDS: Final = "stop|stop all|stopall|unsubscribe|unsubscribe all|opt out|opt out all|optout|alto|basta|arret|arrete|arretez|desuscribir|desuscribirme|desinscribir"
STRONG: Final = linear(rf"(?:{_STRONG_WORDS})(?: (?:{_STRONG_WORDS}))*")
_WEAK_WORDS: Final = (
    r"cancel|cancell|cancel all|end all|remove all|end|quit|revoke|remove|delete|no more|never again|cancela|cancele|cancelen|cancelar|pare|paren|para|parar|parenle|parale|parele|detener|"
    r"detenganse|detente|deten|detengan|baja|de baja|no mas|no mas no mas|ya no mas|fin|terminar|salir|salirme|quitar|quitame|borrar|eliminar|remover|"
    r"anular|desactivar|desactiven|suspender|suspendan|suspenda|cese|cesen|detengase|detenga|retirar|dejen|dejalo|dejenlo|dejame|dejenme|desuscripcion|suficiente ya|stp|stpo|sotp|tsop|stoo|syop|atop|ztop|stip|stopo|sto p|s top"
)
KEYWORD: Final = linear(rf"(?:{_STRONG_WORDS}|{_WEAK_WORDS})(?: (?:{_STRONG_WORDS}|{_WEAK_WORDS}))*")
OPT_IN: Final = linear(
    "start|unstop|resume|subscribe|resubscribe|optin|opt in|opt back in|opt me in|opt me back in|sign me back up|iniciar|inicio|comenzar|empezar|"
    "reanudar|suscribir|suscribirme|alta"
)
CLAUSE: Final = linear(r"(?:stop|stop all|stopall|unsubscribe|opt out|optout)(?: (?:stop|unsubscribe))*")
"""Words that decide alone in a clause of their own; "alto" and "basta" are adjectives too and only make it doubtful."""
CLAUSE_DOUBT: Final = linear(r"(?:alto|basta|arret)(?: (?:alto|basta))*")
HELP: Final = linear("help|info|help info|ayuda|informacion|aide")


BREAK: Final = " | "
"""Stands between the clauses of a normalised message."""


def found(pattern: str, text: str) -> Match | None:
    """Where the pattern stands in the text first."""
    return _compiled(pattern).search(text)


def opens(pattern: str, text: str) -> Match | None:
    """The pattern at the beginning of the text."""
    return _compiled(pattern).match(text)


@cache
def _compiled(pattern: str) -> Pattern:
    return linear(pattern)


def matches(rule: Rule, plain: str) -> Iterator[Around]:
    """The matches of a rule in a normalised message. The break that ends a match is its neighbour's beginning too, so it is given back."""
    at = 0
    while match := rule.pattern.search(plain, at):
        start, end = match.span()
        said = match.group()
        if said.endswith(" |"):
            said, end = said[:-2], end - 2
        earlier, _, before = plain[:start].rpartition("|")
        after, _, later = plain[end:].partition("|")
        yield Around(said, earlier.strip(), before.strip(), after.strip(), later.strip())
        at = max(end, start + 1)


def always(around: Around) -> Kind | None:
    return "opt_out"


def hold(around: Around) -> Kind | None:
    return "unclear"


def rule(name: str, lang: str, pattern: str, judge: Judge) -> Rule:
    return Rule(name, lang, linear(pattern), judge)
