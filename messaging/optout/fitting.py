"""Fitting the classifier that may only hold, offline. Needs the `fit` extra (scikit-learn); nothing here runs live.

Positives are our own phrases and the labelled phrases of a data folder; negatives our own ordinary ones and the folder's ordinary texts
that no rule takes for a refusal. Every figure is of folds that were left out of the fit.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any, Final

from messaging.optout.classifier import SIZE, WEIGHTS, Model, features, save, score
from messaging.optout.phrases import ours
from messaging.replies import as_meant, read_by_rules

FOLDS: Final = 5
# Our own ordinary phrases were written to stand near a refusal; each weighs as many of a data file.
_HARD: Final = 6


def fit(*, data: Path, held_in_1000: float, path: Path = WEIGHTS) -> dict[str, Any]:
    """Fit on the phrases and on `data` (optout/phrases.jsonl, natural/texts.jsonl), write the weights, return the figures.

    The threshold is the lowest that holds at most `held_in_1000` of the ordinary texts in folds that the fit has not seen.
    """
    positive, negative = _texts(data)
    folds = range(FOLDS)
    held_out: list[tuple[float, bool, bool]] = []
    for fold in folds:
        model = _fitted(
            [text for at, (text, _) in enumerate(positive) if at % FOLDS != fold],
            [pair for at, pair in enumerate(negative) if at % FOLDS != fold],
        )
        held_out += [(score(text, model=model), True, missed) for at, (text, missed) in enumerate(positive) if at % FOLDS == fold]
        held_out += [(score(text, model=model), False, own) for at, (text, own) in enumerate(negative) if at % FOLDS == fold]
    ordinary = sorted((value for value, wanted, own in held_out if not wanted and not own), reverse=True)
    threshold = ordinary[int(len(ordinary) * held_in_1000 / 1000)]
    full = _fitted([text for text, _ in positive], negative)
    figures = {
        "texts": {"refusals": len(positive), "ordinary": len(negative)},
        "found": _rate([value > threshold for value, wanted, _ in held_out if wanted]),
        "found_of_those_no_rule_knows": _rate([value > threshold for value, wanted, missed in held_out if wanted and missed]),
        "ordinary_held_in_1000": 1000 * _rate([value > threshold for value, wanted, own in held_out if not wanted and not own]),
        "our_hard_ordinary_held": _rate([value > threshold for value, wanted, own in held_out if not wanted and own]),
    }
    save(full._replace(threshold=threshold), path=path, notes={"figures": figures})
    return figures


def _texts(data: Path) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Normalised texts: positives, each with whether no rule knows it; negatives, each with whether it is of our own making."""
    rows = [json.loads(line) for line in (data / "optout" / "phrases.jsonl").read_text(encoding="utf-8").splitlines()]
    wanted = [(phrase.text, phrase.label != "ordinary") for phrase in ours()]
    wanted += [(row["text"], row["label"] != "not_opt_out") for row in rows if row["lang"] in ("en", "es")]
    ordinary = [json.loads(line)["text"] for line in (data / "natural" / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    spam = data / "spam" / "messages.jsonl"
    if spam.exists():
        texts = [json.loads(line) for line in spam.read_text(encoding="utf-8").splitlines()]
        ordinary += [row["text"] for row in texts if row["label"] == "ham"]
    positive, negative = [], []
    for text, refuses in wanted:
        reading, _ = read_by_rules(text)
        if refuses:
            positive.append((as_meant(text), reading.kind == "other"))
        elif reading.kind == "other":
            negative.append((as_meant(text), True))
    negative += [(as_meant(text), False) for text in ordinary if read_by_rules(text)[0].kind == "other"]
    return positive, negative


def _fitted(positive: Sequence[str], negative: Sequence[tuple[str, bool]]) -> Model:
    import numpy
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    rows = [sorted(features(text)) for text in (*positive, *(text for text, _ in negative))]
    places = numpy.concatenate([numpy.array(row, dtype=numpy.int32) for row in rows])
    values = numpy.concatenate([numpy.full(len(row), 1 / sqrt(len(row) or 1), dtype=numpy.float32) for row in rows])
    ends = numpy.cumsum([0, *map(len, rows)])
    table = csr_matrix((values, places, ends), shape=(len(rows), SIZE))
    labels = [1] * len(positive) + [0] * len(negative)
    weighed = [4] * len(positive) + [_HARD if own else 1 for _, own in negative]
    fitted = LogisticRegression(C=30, max_iter=2000, solver="liblinear").fit(table, labels, sample_weight=weighed)
    weights = fitted.coef_[0]
    scale = float(abs(weights).max()) / 127
    return Model(array("b", (int(value) for value in (weights / scale).round())), scale, float(fitted.intercept_[0]), 0.0)


def _rate(hits: list[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0
