"""ROUGE F1 of a text against one written by a person: shared words, shared pairs of words, longest common subsequence.

As in Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), lower case, letters and digits only, no stemming.
Fractions from 0 to 1.
"""

from collections import Counter

from zartsalgo.lib.patterns import linear

_WORD = linear(r"[a-z0-9]+")


def rouge(*, text: str, reference: str) -> dict[str, float]:
    """`rouge1`, `rouge2` and `rougeL` as F1; 0 where either text has no word."""
    ours, theirs = _words(text), _words(reference)
    return {
        "rouge1": _f1(_shared(ours, theirs, 1), len(ours), len(theirs)),
        "rouge2": _f1(_shared(ours, theirs, 2), len(ours) - 1, len(theirs) - 1),
        "rougeL": _f1(_longest_common(ours, theirs), len(ours), len(theirs)),
    }


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _shared(ours: list[str], theirs: list[str], size: int) -> int:
    return sum((_grams(ours, size) & _grams(theirs, size)).values())


def _grams(words: list[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def _longest_common(ours: list[str], theirs: list[str]) -> int:
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = 0
        for at, other in enumerate(theirs, start=1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]


def _f1(shared: int, ours: int, theirs: int) -> float:
    return 2 * shared / (ours + theirs) if shared and ours > 0 and theirs > 0 else 0.0
