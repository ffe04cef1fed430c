"""Texts that nearly match a pattern: what makes a backtracking engine try everything. Made of the pattern's own source."""

from __future__ import annotations

import importlib
import pkgutil
import re
import re._constants as sre
import re._parser as sre_parser
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from zartsalgo.lib.patterns import PatternSet

# RE2's own spellings in those of `re`; inside a class and outside alike.
_SPELLINGS = (
    (r"\p{Nl}", ""), (r"\p{No}", ""), (r"\p{Nd}", "0-9"), (r"\p{N}", "0-9"), (r"\p{M}", "\u0301"), (r"\p{Z}", " "), (r"\p{L}", "a-z"), (r"\z", r"\Z"), ("(?-i)", ""),
)  # fmt: skip
_CODE = re.compile(r"\\x\{([0-9a-fA-F]{1,6})\}")
_MOST = 3  # copies of what may repeat
_DEEPEST = 12


def patterns_of(*packages: str) -> list[str]:
    """The source of every pattern that stands in these modules or packages, each once."""
    found: dict[str, None] = {}
    for name in packages:
        module = importlib.import_module(name)
        inner = [one.name for one in pkgutil.walk_packages(module.__path__, f"{name}.")] if hasattr(module, "__path__") else []
        for one in (module, *(importlib.import_module(each) for each in inner)):
            found.update(dict.fromkeys(_in_module(one)))
    return list(found)


def _in_module(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        if not isinstance(value, ModuleType | type):
            yield from _in_value(value, 0)


def _in_value(value: Any, depth: int) -> Iterator[str]:
    if depth > 4 or isinstance(value, str | bytes | int | float | ModuleType | type):
        return
    if isinstance(value, PatternSet):
        yield from value.patterns
    elif isinstance(pattern := getattr(value, "pattern", None), str):
        yield pattern
    elif isinstance(value, dict):
        for one in value.values():
            yield from _in_value(one, depth + 1)
    elif isinstance(value, list | tuple | frozenset | set):
        for one in value:
            yield from _in_value(one, depth + 1)
    elif type(value).__module__.partition(".")[0] in ("messaging", "summaries", "zartsalgo", "providers", "leads", "workflows"):
        names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
        for one in names:
            yield from _in_value(getattr(value, one, None), depth + 1)


def near_matches(pattern: str) -> list[str]:
    """Pieces to repeat: the whole match, the match without its end, and the body of everything that may repeat."""
    for theirs, ours in _SPELLINGS:
        pattern = pattern.replace(theirs, ours)
    pattern = _CODE.sub(lambda code: re.escape(chr(int(code.group(1), 16))), pattern)
    flags = 0
    if pattern.startswith("(?") and ")" in pattern[:6] and pattern[2:3] in "ims":
        pattern = pattern[pattern.index(")") + 1 :]
    try:
        tree = sre_parser.parse(pattern.replace("(?i)", ""), flags)
    except re.error:
        return []
    pieces: dict[str, None] = {}
    for turn in (0, 5):
        whole = _sample(tree, turn, 0)
        pieces.update(dict.fromkeys((f"{whole} ", whole[:-1])))
    for body in _bodies(tree, 0):
        pieces.update(dict.fromkeys((body, body * 40 + "~ ")))
    return [piece for piece in pieces if piece.strip() or len(piece) == 1]


def _sample(tree: Any, turn: int, depth: int) -> str:
    return "".join(_sample_of(operation, argument, turn + place, depth) for place, (operation, argument) in enumerate(tree))


def _sample_of(operation: Any, argument: Any, turn: int, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    if operation is sre.LITERAL:
        return chr(argument)
    if operation is sre.NOT_LITERAL:
        return "z" if argument != ord("z") else "y"
    if operation is sre.ANY:
        return "x"
    if operation is sre.IN:
        return _one_of(argument, turn)
    if operation is sre.BRANCH:
        return _sample(argument[1][turn % len(argument[1])], turn, depth + 1)
    if operation is sre.SUBPATTERN:
        return _sample(argument[-1], turn, depth + 1)
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, body = argument
        times = max(least, min(int(most), _MOST if turn % 2 else 1))
        return "".join(_sample(body, turn + place, depth + 1) for place in range(min(times, 60)))
    return ""  # an edge


def _one_of(choices: Any, turn: int) -> str:
    inverted = choices[0][0] is sre.NEGATE
    chars = []
    for operation, argument in choices:
        if operation is sre.LITERAL:
            chars.append(chr(argument))
        elif operation is sre.RANGE:
            chars.append(chr(argument[0]))
        elif operation is sre.CATEGORY:
            chars.append({sre.CATEGORY_DIGIT: "7", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "w"}.get(argument, "-"))
    if inverted:
        return next(char for char in "x7 ,é~" if char not in chars)
    return chars[turn % len(chars)] if chars else ""


def _bodies(tree: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    for operation, argument in tree:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            if argument[1] > 1 and (body := _sample(argument[2], 0, depth)):
                yield body
            yield from _bodies(argument[2], depth + 1)
        elif operation is sre.SUBPATTERN:
            yield from _bodies(argument[-1], depth + 1)
        elif operation is sre.BRANCH:
            for branch in argument[1]:
                yield from _bodies(branch, depth + 1)
