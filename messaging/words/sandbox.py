"""Liquid with nothing in it but names, conditions and a few text filters: no file, no include, no loop, no assignment.

Output is bounded: the source is short, no filter multiplies what it is given, and the stream stops at its limit. A name that is not filled
is an error, and so is one that would print nothing: an empty hole in a customer's text is never sent.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined, Undefined
from liquid.builtin import content, illegal, output
from liquid.builtin.filters.misc import default
from liquid.builtin.filters.string import append, capitalize, downcase, prepend, strip, truncate, upcase
from liquid.builtin.tags import case_tag, comment_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError, LiquidSyntaxError, UnknownFilterError
from liquid.stringify import to_liquid_string

from messaging.words.variables import FILTERS, TAGS, VARIABLES

LONGEST_SOURCE = 4000  # characters; the longest text that providers take is 1,600
_RANGE = re.compile(r"\(\s*[\w.\"']+?\s*\.\.")
_KEYWORD = re.compile(r"{%[^%]*[=<>]\s*(blank|empty)\b")


# What reading or filling in raises. The last four come out of a filter or a number that makes no sense.
_READING = (LiquidError, RecursionError, TypeError, ValueError, ArithmeticError)


class BrokenWords(Exception):
    """The text cannot be read or filled in. `says` is a sentence that names line and cause; line is 0 where there is none."""

    def __init__(self, says: str, *, line: int = 0) -> None:
        super().__init__(says)
        self.line = line


class _Nothing(Undefined):
    """What an empty value looks like in a condition: false, and equal to an empty text and to nil."""

    def __eq__(self, other: object) -> bool:
        return other is None or other == "" or isinstance(other, Undefined)

    __hash__ = None  # type: ignore[assignment]


class _Empty(str):
    """An empty text. Liquid takes '' for true; here both `if name` and `if name != ''` are false without a name."""

    __slots__ = ()

    def __liquid__(self) -> object:
        return _Nothing("")


class _Printed(output.OutputNode):
    """`{{ name }}`: what would print nothing stops the text."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = to_liquid_string(self.expression.evaluate(context), context.autoescape)
        if not text.strip():
            raise LiquidSyntaxError(f"{{{{ {self.expression} }}}} would be empty", token=self.token)
        return buffer.write(text)


class _Output(output.Output):
    node_class = _Printed


class _Sandbox(Environment):
    loop_iteration_limit = 1
    local_namespace_limit = 0
    output_stream_limit = 4000
    block_nesting_limit = 8
    context_depth_limit = 8

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Only what is named here exists."""
        for tag in (
            content.Literal,
            illegal.Illegal,
            _Output,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            case_tag.CaseTag,
            comment_tag.CommentTag,
        ):
            self.add_tag(tag)
        found = (append, capitalize, default, downcase, prepend, strip, truncate, upcase)
        for name, does in zip(FILTERS, found, strict=True):
            self.add_filter(name, does)


_ENVIRONMENT = _Sandbox(undefined=StrictUndefined, loader=None)


@dataclass(frozen=True)
class Fault:
    """Something in the words that cannot be published: where (line from 1) and why, as a sentence."""

    line: int
    says: str


@lru_cache(maxsize=512)
def _parsed(source: str) -> BoundTemplate:
    """Read once per wording: a published version never changes, so its source is its key."""
    return _ENVIRONMENT.from_string(source)


def fill(*, source: str, values: dict[str, Any]) -> str:
    """The words with the values in them, spaces as written. Raises BrokenWords; nothing else escapes."""
    if len(source) > LONGEST_SOURCE:
        raise BrokenWords(f"The words are longer than {LONGEST_SOURCE:,} characters.")
    given = {name: _Empty() if value is None or value == "" else str(value) for name, value in values.items()}
    try:
        return _parsed(source).render(**given)
    except _READING as error:
        raise _broken(error) from error


def faults(*, source: str) -> list[Fault]:
    """Every reason why these words cannot be published, in the order of their lines; none are good words. Reads them, fills nothing in."""
    if len(source) > LONGEST_SOURCE:
        return [Fault(1, f"The words are longer than {LONGEST_SOURCE:,} characters.")]
    try:
        seen = _parsed(source).analyze()
    except _READING as error:
        broken = _broken(error)
        return [Fault(broken.line, str(broken))]
    found = []
    for name, uses in seen.variables.items():
        for use in uses:
            line = use.span.line_col(source)[0]
            if name not in VARIABLES:
                found.append(Fault(line, f"Line {line}: nobody knows {{{{ {name} }}}}. A text may name {_listed(tuple(VARIABLES))}."))
            elif len(use.segments) > 1:
                found.append(Fault(line, f"Line {line}: write {{{{ {name} }}}}; {{{{ {use} }}}} has nothing behind the name."))
    for name, spans in seen.filters.items():
        if name not in FILTERS:
            line = spans[0].line_col(source)[0]
            found.append(Fault(line, f"Line {line}: there is no filter “{name}”. There are {_listed(FILTERS)}."))
    if place := _RANGE.search(source):
        line = source.count("\n", 0, place.start()) + 1
        found.append(Fault(line, f"Line {line}: “{place.group()}” counts a range; a text has nothing to count."))
    if place := _KEYWORD.search(source):
        line = source.count("\n", 0, place.start(1)) + 1
        found.append(Fault(line, f"Line {line}: instead of “{place.group(1)}” compare with '', as in {{% if name != '' %}}."))
    return sorted(found, key=lambda fault: fault.line)


def _broken(error: BaseException) -> BrokenWords:
    if not isinstance(error, LiquidError):
        return BrokenWords("The words cannot be read: something in {{ }} or {% %} makes no sense.")
    place = error.context()
    line = place[0] if place else 0
    says = _in_words(error)
    return BrokenWords(f"Line {line}: {says}" if line else f"{says[:1].upper()}{says[1:]}", line=line)


def _in_words(error: LiquidError) -> str:
    """The library's words, in ours where they are known."""
    said = str(error.message).strip().rstrip(".")
    if isinstance(error, UnknownFilterError):
        named = re.search(r"'([^']+)'", said)
        return f"there is no filter “{named.group(1) if named else said}”. There are {_listed(FILTERS)}."
    if named := re.fullmatch(r"unexpected tag '?(\w+)'?.*", said):
        return f"the tag “{named.group(1)}” is not for texts, or stands where none was opened. There are {_listed(TAGS)}."
    if named := re.match(r"expected tag (\w+)", said):
        return f"“{{% {named.group(1)} %}}” is missing: something was opened and never closed."
    if "primitive expression" in said or said == "missing expression":
        return "a name is missing inside {{ }} or {% %}."
    if said.startswith("expected '}}'") or said.startswith("expected '%}'"):
        return f"{said[10:12]} is missing: something was opened and never closed."
    if named := re.fullmatch(r"'(\w+)' is undefined", said):
        return f"{{{{ {named.group(1)} }}}} was not filled in."
    return f"{said}."


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
