"""A small classifier that may only hold: it finds what no rule knows, and a person reads it while texts wait.

Logistic regression over hashed words, pairs of words and runs of two to five letters, fitted offline (`script/manage fit optout`). The
weights are a table of bytes in `weights.bin`; scoring is a sum in plain Python. It decides nothing but "unclear", so a wrong weight costs
a look of a person, never a suppression.
"""

from __future__ import annotations

import json
from array import array
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

WEIGHTS: Final = Path(__file__).parent / "weights.bin"
SIZE: Final = 1 << 16
# Characters that are scored: the cost grows with them, and what steers texting stands near an end.
_LONGEST: Final = 600


class Model(NamedTuple):
    weights: array[int]
    scale: float
    bias: float
    threshold: float


def features(plain: str) -> set[int]:
    """The places of a normalised text's features in the table."""
    words = plain.replace("|", " ").split()
    found = {crc32(word.encode()) % SIZE for word in words}
    found.update(crc32(f"{one} {two}".encode()) % SIZE for one, two in zip(words, words[1:], strict=False))
    padded = f" {' '.join(words)} ".encode()
    for size in (2, 3, 4, 5):
        found.update(crc32(padded[at : at + size], size) % SIZE for at in range(len(padded) - size + 1))
    return found


def score(plain: str, *, model: Model) -> float:
    """Above the model's threshold the text may be a wish to be left alone. Log odds, by length."""
    plain = plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST // 2]} {plain[-_LONGEST // 2 :]}"
    found = features(plain)
    weights = model.weights
    return model.bias + model.scale * sum([weights[place] for place in found]) / sqrt(len(found) or 1)


def may_be_refusal(plain: str) -> bool:
    model = load()
    return score(plain, model=model) > model.threshold


@cache
def load() -> Model:
    """The fitted weights: a line of JSON with scale, bias and threshold, then one signed byte a feature."""
    head, _, body = WEIGHTS.read_bytes().partition(b"\n")
    said = json.loads(head)
    weights = array("b")
    weights.frombytes(body)
    if len(weights) != SIZE:
        raise ValueError(f"{WEIGHTS.name} holds {len(weights)} weights instead of {SIZE}; fit it anew")
    return Model(weights, said["scale"], said["bias"], said["threshold"])


def save(model: Model, *, path: Path, notes: dict[str, object]) -> None:
    head = json.dumps({"scale": model.scale, "bias": model.bias, "threshold": model.threshold, **notes})
    path.write_bytes(head.encode() + b"\n" + model.weights.tobytes())
