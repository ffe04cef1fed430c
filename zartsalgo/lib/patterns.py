r"""Patterns over words that people or other machines wrote: matched by RE2, whose time grows with the length of the text and no faster.

Python's `re` backtracks: one text of 400 letters can hold a process for years, with the GIL held. So no reader of words from outside uses
it. What RE2 does not know (lookahead, lookbehind, backreferences) is said in two patterns, a rule and its `unless`, or in a loop. `\w`, `\d`,
`\s` and `\b` are ASCII there: fold the text first or name the letters, `[\p{L}\p{N}_]`. `\z` is the end of the text; `$` never stands before a
last line break.

A pattern is compiled when it is first asked: most processes read only some of our words, and all of them compiled are 20 MB a process.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import re2


class Match(Protocol):
    """What `re.Match` offers of use here; positions are in characters."""

    def group(self, *groups: int | str) -> Any: ...
    def expand(self, template: str) -> str: ...
    def groups(self, default: Any = None) -> tuple[Any, ...]: ...
    def groupdict(self, default: Any = None) -> dict[str, Any]: ...
    def __getitem__(self, group: int | str) -> Any: ...
    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...
    def span(self, group: int = 0) -> tuple[int, int]: ...


WORD = r"\p{L}\p{N}_"
r"""What `\w` means in `re`, as the inside of a character class."""


class Pattern(Protocol):
    """What `re.Pattern` offers of use here. A text must hold no lone surrogate (`names.clean_text` takes them out at the door)."""

    @property
    def pattern(self) -> str: ...
    def search(self, text: str, pos: int | None = None, endpos: int | None = None) -> Match | None: ...
    def match(self, text: str, pos: int | None = None, endpos: int | None = None) -> Match | None: ...
    def fullmatch(self, text: str, pos: int | None = None, endpos: int | None = None) -> Match | None: ...
    def finditer(self, text: str, pos: int | None = None, endpos: int | None = None) -> Iterator[Match]: ...
    def findall(self, text: str, pos: int | None = None, endpos: int | None = None) -> list[Any]: ...
    def split(self, text: str, maxsplit: int = 0) -> list[str]: ...
    def sub(self, repl: str | Callable[[Match], str], text: str, count: int = 0) -> str: ...


def linear(pattern: str, *, ignore_case: bool = False, dot_all: bool = False, lines: bool = False) -> Pattern:
    """The pattern, compiled by RE2. `dot_all`: a dot takes line breaks too; `lines`: `^` and `$` stand at each line.

    One that RE2 does not take raises ValueError when it is first asked.
    """
    flags = "".join(flag for flag, wanted in (("s", dot_all), ("m", lines)) if wanted)
    return _Linear(f"(?{flags}){pattern}" if flags else pattern, ignore_case=ignore_case)


class _Linear:
    """What is asked of it is looked up once in the compiled pattern and stands in the object from then on."""

    search: Any
    match: Any
    fullmatch: Any
    finditer: Any
    findall: Any
    split: Any
    sub: Any

    def __init__(self, pattern: str, *, ignore_case: bool) -> None:
        self.pattern = pattern
        self._ignore_case = ignore_case

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        asked = getattr(self._compiled, name)
        setattr(self, name, asked)
        return asked

    @functools.cached_property
    def _compiled(self) -> Any:
        return _compile(self.pattern, ignore_case=self._ignore_case)


def _compile(pattern: str | bytes, *, ignore_case: bool) -> Any:
    """Raises ValueError for a pattern that RE2 does not take."""
    try:
        return re2.compile(pattern, _options(ignore_case=ignore_case))
    except re2.error as error:
        raise ValueError(f"RE2 does not take {pattern!r}: {_said(error)}") from None


def encodable(text: str) -> str:
    """The text with a mark for each lone surrogate, which no pattern reads and no database keeps. Places stay."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def escape(words: str) -> str:
    """The words as a pattern that matches exactly them."""
    return str(re2.escape(words))


class PatternSet:
    """Many patterns asked at once: which of them hit anywhere in a text, in one pass over it. Not where: run those alone for that."""

    def __init__(self, patterns: Iterable[str], *, ignore_case: bool = False) -> None:
        self.patterns = tuple(patterns)
        self._ignore_case = ignore_case

    @functools.cached_property
    def _set(self) -> Any:
        """Raises ValueError for a pattern that RE2 does not take."""
        made = re2.Set.SearchSet(_options(ignore_case=self._ignore_case))
        for pattern in self.patterns:
            try:
                made.Add(pattern)
            except re2.error as error:
                raise ValueError(f"RE2 does not take {pattern!r}: {_said(error)}") from None
        made.Compile()
        return made

    def hits(self, text: str) -> list[int]:
        """The places of the patterns that hit, in the order in which they were given."""
        return sorted(self._set.Match(text) or ()) if self.patterns else []


def _options(*, ignore_case: bool) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False  # else RE2 writes them to stderr as well
    return options


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


class Found(NamedTuple):
    """One place where a `Bordered` pattern stands; group 0 is what it found, without its borders. Positions are in characters."""

    text: str
    spans: Sequence[tuple[int, int]]

    def group(self, group: int = 0) -> str:
        start, end = self.spans[group]
        return self.text[start:end] if start >= 0 else ""

    def span(self, group: int = 0) -> tuple[int, int]:
        return self.spans[group]

    def start(self, group: int = 0) -> int:
        return self.spans[group][0]

    def end(self, group: int = 0) -> int:
        return self.spans[group][1]


class Bordered:
    """A pattern that counts only where certain characters stand neither before nor after it: what `(?<![...])` and `(?![...])` say in `re`.

    The borders are consumed by the match and given back to the next one, so two finds may share one blank. Groups count from 1 within
    `core`; one that took no part is (-1, -1).
    """

    def __init__(self, core: str, *, before: str = "", after: str = "", opens: str = "", ignore_case: bool = False) -> None:
        """`before` and `after` are the insides of character classes; `opens` is a pattern of its own for what may stand before."""
        opens = opens or (rf"(?:^|[^{before}])" if before else "")
        closes = rf"(?:$|[^{after}])" if after else ""
        self.pattern = f"{opens}({core}){closes}"
        self._ignore_case = ignore_case

    @functools.cached_property
    def _compiled(self) -> Any:
        """Over bytes: a search that goes on from a place then costs what it reads, not the whole text again. Raises ValueError as above."""
        return _compile(self.pattern.encode(), ignore_case=self._ignore_case)

    def finditer(self, text: str) -> Iterator[Found]:
        """Every find in order, without overlaps; `core` must not match the empty text."""
        data = text.encode()
        plain = len(data) == len(text)
        at = seen = chars = 0
        while match := self._compiled.search(data, at):
            spans = [match.span(group) for group in range(1, self._compiled.groups + 1)]
            at = spans[0][1]
            if not plain:
                places = {-1: -1}
                for place in sorted({place for span in spans for place in span if place >= 0}):
                    chars += len(data[seen:place].decode())
                    seen, places[place] = place, chars
                spans = [(places[start], places[end]) for start, end in spans]
            yield Found(text, spans)

    def search(self, text: str) -> Found | None:
        return next(self.finditer(text), None)

    def sub(self, repl: Callable[[Found], str], text: str) -> str:
        """The text with every find replaced by what `repl` makes of it; the borders stay."""
        kept, at = [], 0
        for found in self.finditer(text):
            kept += [text[at : found.start()], repl(found)]
            at = found.end()
        return "".join([*kept, text[at:]])
