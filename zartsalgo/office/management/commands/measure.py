"""How well the words are read, on a file of labelled rows: exactly the code that runs live, no network, no database."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from messaging.replies import read_reply
from summaries.figures import values
from summaries.redaction import find_personal
from summaries.retelling import Voice
from summaries.rouge import rouge
from summaries.summarizer import condense
from zartsalgo.office.management.commands._say import SayingCommand

Row = dict[str, Any]
_TURN = re.compile(r"^#Person(\d+)#\s*:\s*(.*)$")
_LABEL = re.compile(r"#Person\d+#")
_ROUGE = ("rouge1", "rouge2", "rougeL")


class Command(SayingCommand):
    help = (
        "measure optout|pii|summary FILE [--json] reads labelled rows (one JSON object a line) with the code that runs live. "
        "Rates and ROUGE are fractions from 0 to 1; a rate without rows is null."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=list(KINDS))
        parser.add_argument("file", help="a file in the layout of the development data, UTF-8")
        self.add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        kind = KINDS[options["what"]]
        rows = _read(path=Path(options["file"]), check=kind[0])
        document = kind[1](rows)
        self.note(f"{len(rows)} rows read.")
        self.say(document, as_json=options["json"], words="\n".join(_lines(document)))


def _read(*, path: Path, check: Callable[[Row], str]) -> list[Row]:
    """The rows of a file; CommandError names the line that cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text (byte {error.start}).") from error
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"Line {number} of {path} is not JSON: {str(error)[:120]}.") from error
        says = check(row) if isinstance(row, dict) else "it must be an object in braces"
        if says:
            raise CommandError(f"Line {number} of {path} cannot be used: {says}.")
        rows.append(row)
    return rows


def _rate(part: int | float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _check_reply(row: Row) -> str:
    if not isinstance(row.get("text"), str):
        return 'it needs "text" in quotes'
    if not isinstance(row.get("lang"), str) or not row["lang"]:
        return 'it needs "lang", such as "en"'
    if row.get("label") not in ("opt_out", "not_opt_out", "wrong_number"):
        return '"label" must be opt_out, not_opt_out or wrong_number'
    return ""


def _measure_optout(rows: list[Row]) -> dict[str, Any]:
    """By language. Recall over opt_out rows; precision over rows read as an opt-out; false alarms over not_opt_out rows; `unclear` is the
    share of both that a person would be asked about, counted neither as caught nor as an alarm. wrong_number rows count nowhere."""
    counts: dict[str, Counter[tuple[str, str]]] = {row["lang"]: Counter() for row in rows}
    for row in rows:
        if row["label"] != "wrong_number":
            counts[row["lang"]][row["label"], read_reply(text=row["text"]).kind] += 1
    document = {}
    for lang, count in sorted(counts.items()):
        wanted = sum(n for (label, _), n in count.items() if label == "opt_out")
        caught, alarms = count["opt_out", "opt_out"], count["not_opt_out", "opt_out"]
        document[lang] = {
            "recall": _rate(caught, wanted),
            "precision": _rate(caught, caught + alarms),
            "false_alarm_rate": _rate(alarms, count.total() - wanted),
            "unclear": _rate(sum(n for (_, kind), n in count.items() if kind == "unclear"), count.total()),
        }
    return document


def _check_personal(row: Row) -> str:
    text, spans = row.get("text"), row.get("spans")
    if not isinstance(text, str):
        return 'it needs "text" in quotes'
    if not isinstance(spans, list):
        return 'it needs "spans", a list'
    for span in spans:
        if not (
            isinstance(span, list)
            and len(span) == 3
            and isinstance(span[0], str)
            and all(type(place) is int for place in span[1:])
            and 0 <= span[1] < span[2] <= len(text)
        ):
            return 'each of "spans" must be ["TYPE", start, end] within the text'
    return ""


def _measure_personal(rows: list[Row]) -> dict[str, Any]:
    """Recall by labelled type: the span lies wholly inside what was found (blanks aside). Precision: finds that touch a labelled span."""
    wanted: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    found = right = 0
    for row in rows:
        text = row["text"]
        spans = find_personal(text)
        seen = {place for span in spans for place in range(span.start, span.end)}
        labelled = {place for _, start, end in row["spans"] for place in range(start, end)}
        for kind, start, end in row["spans"]:
            wanted[kind] += 1
            covered[kind] += all(place in seen or text[place].isspace() for place in range(start, end))
        found += len(spans)
        right += sum(not labelled.isdisjoint(range(span.start, span.end)) for span in spans)
    return {"recall": {kind: _rate(covered[kind], count) for kind, count in sorted(wanted.items())}, "precision": _rate(right, found)}


def _check_dialogue(row: Row) -> str:
    if not isinstance(row.get("dialogue"), str) or not isinstance(row.get("summary"), str):
        return 'it needs "dialogue" and "summary" in quotes'
    return ""


def _measure_summary(rows: list[Row]) -> dict[str, Any]:
    """Mean ROUGE F1 (fractions) of the local summarizer, told with the labels of the file's speakers. `invented_numbers` counts numbers of
    our summaries that are nowhere in their dialogue. The baseline is the dialogue's first three turns as they stand."""
    ours, lead, invented = dict.fromkeys(_ROUGE, 0.0), dict.fromkeys(_ROUGE, 0.0), 0
    for row in rows:
        told, first = _tell(row["dialogue"]), " ".join(row["dialogue"].split("\n")[:3])
        for text, sums in ((told, ours), (first, lead)):
            for name, value in rouge(text=text, reference=row["summary"]).items():
                sums[name] += value
        # The speakers' labels end in a number of their own.
        known, mine = (values([_LABEL.sub("", text)]) for text in (row["dialogue"], told))
        invented += len((mine["number"] | mine["price"]) - known["number"] - known["price"])
    return {
        **{name: _rate(ours[name], len(rows)) for name in _ROUGE},
        "invented_numbers": invented,
        "baseline": {name: _rate(lead[name], len(rows)) for name in _ROUGE},
    }


def _tell(dialogue: str) -> str:
    turns: list[tuple[bool, str]] = []
    for line in dialogue.split("\n"):
        match = _TURN.match(line)
        turns.append((match.group(1) != "2", match.group(2)) if match else (turns[-1][0] if turns else True, line))
    first, second = (Voice(name=f"#Person{n}#", they=f"#Person{n}#", their=f"#Person{n}#'s", them=f"#Person{n}#") for n in (1, 2))
    return " ".join(chosen.told.sentence for chosen in condense(texts=turns, customer=first, business=second))


def _lines(document: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in document.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name:18}{'no rows' if value is None else value}")
    return lines


KINDS: dict[str, tuple[Callable[[Row], str], Callable[[list[Row]], dict[str, Any]]]] = {
    "optout": (_check_reply, _measure_optout),
    "pii": (_check_personal, _measure_personal),
    "summary": (_check_dialogue, _measure_summary),
}
