"""First names that people bear, read from lists/given_names.txt: folded, without accents. See there where they come from.

Only a hint: a name found in free text by a list alone is a guess, and a customer's own name is compared separately.
"""

from pathlib import Path
from typing import Final


def _read() -> dict[str, frozenset[str]]:
    sections: dict[str, list[str]] = {}
    words: list[str] = []
    for line in (Path(__file__).parent / "lists" / "given_names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = sections.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            words += line.split()
    return {name: frozenset(found) for name, found in sections.items()}


_SECTIONS: Final = _read()
GIVEN: Final = _SECTIONS["common"]
"""Common enough to be a name wherever they are written."""
SELDOM: Final = _SECTIONS["seldom"]
"""Names where a name stands, as in the name field of a form."""
AMBIGUOUS: Final = _SECTIONS["words"]
"""Names that are also everyday words or places: alone they say nothing."""
