"""Lists as people save them: comma, semicolon, tab or bar between the columns, in UTF-8, UTF-16 or cp1252, with a heading or without.

Read in one pass over the file, so a registry's list of millions of numbers needs no memory of its own. What cannot be a list is said in a sentence.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zartsalgo.lib import charset
from zartsalgo.lib.patterns import linear

_SAMPLE: Final = 64 * 1024
_SEPARATORS: Final = (",", ";", "\t", "|")
# Excel's own first line: "sep=;".
_STATED: Final = linear(r'^\x{FEFF}?"?sep=([,;\t|])"?[,;\t| ]*\r?(?:\n|\z)', ignore_case=True)
_BOOKS: Final = (
    (b"PK\x03\x04", "an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a text document"),
)
LONGEST_LINE: Final = 100_000


class NotAList(ValueError):
    """The file is no list that can be read; the text is a sentence that begins with the file's name."""


def rows_of(*, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers from 1 and cells, blank lines left out. Raises NotAList, at the latest when the odd line is reached."""
    try:
        with path.open("rb") as file:
            start = file.read(_SAMPLE)
        name = _charset(path=path, start=start)
        with path.open(encoding=name, newline="", errors="strict") as text:
            sample = text.read(_SAMPLE // 4)
            text.seek(0)
            stated = _STATED.match(sample)
            separator = stated.group(1) if stated else _separator(sample)
            for line, cells in enumerate(csv.reader(_limited(text), delimiter=separator), start=1):
                if any(cell.strip() for cell in cells) and not (stated and line == 1):
                    yield line, [cell.strip().lstrip("\ufeff") for cell in cells]
    except OSError as error:
        raise NotAList(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error
    except UnicodeDecodeError as error:
        raise NotAList(f"{path.name} cannot be read as text. Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise NotAList(f"{path.name} cannot be read: {error}. Save it as CSV in UTF-8.") from error


def _charset(*, path: Path, start: bytes) -> str:
    for mark, what in _BOOKS:
        if start.startswith(mark):
            raise NotAList(f"{path.name} cannot be read: it is {what}. Save it as CSV and try again.")
    name = charset.name_of(start, whole=len(start) < _SAMPLE)
    if name != "utf-8" or len(start) < _SAMPLE:
        return name
    # What is UTF-8 at its beginning may have a letter of another charset further down.
    try:
        with path.open(encoding="utf-8", newline="") as text:
            while text.read(_SAMPLE):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return name


def _separator(sample: str) -> str:
    """The separator that stands equally often in most lines; a comma for a list of one column."""
    lines = [line for line in sample.splitlines()[:50] if line.strip()]
    if len(lines) > 1 and len(sample) >= _SAMPLE // 4:
        lines = lines[:-1]  # cut in the middle
    best, most = ",", 0.0
    for separator in _SEPARATORS:
        counts = [line.count(separator) for line in lines]
        filled = [count for count in counts if count]
        if filled:
            usual = max(set(filled), key=filled.count)
            weight = usual * filled.count(usual) / len(lines)
            if len(filled) * 2 > len(lines) and weight > most:
                best, most = separator, weight
    return best


def _limited(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise csv.Error(f"a line is longer than {LONGEST_LINE} characters")
        yield line.replace("\x00", "")
