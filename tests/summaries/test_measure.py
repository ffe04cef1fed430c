"""The command `measure`: what it counts on rows written here, null where there are none, and a sentence for a bad file."""

import json

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def measure(tmp_path, capsys):
    def _measure(what, *lines):
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
        call_command("measure", what, str(path), "--json")
        return json.loads(capsys.readouterr().out)

    return _measure


def test_optout_counts_by_language_and_leaves_wrong_numbers_out(measure):
    rows = [
        {"text": "STOP", "lang": "en", "label": "opt_out"},
        {"text": "My roof leaks", "lang": "en", "label": "opt_out"},
        {"text": "Unsubscribe", "lang": "en", "label": "not_opt_out"},
        {"text": "See you on Monday", "lang": "en", "label": "not_opt_out"},
        {"text": "wrong number", "lang": "en", "label": "wrong_number"},
        {"text": "no mas mensajes", "lang": "es", "label": "opt_out"},
        {"text": "wrong number", "lang": "fr", "label": "wrong_number"},
    ]
    assert measure("optout", *rows) == {
        "en": {"recall": 0.5, "precision": 0.5, "false_alarm_rate": 0.5, "unclear": 0.0},
        "es": {"recall": 1.0, "precision": 1.0, "false_alarm_rate": None, "unclear": 0.0},
        "fr": {"recall": None, "precision": None, "false_alarm_rate": None, "unclear": None},
    }


def test_an_unclear_text_is_neither_caught_nor_an_alarm(measure):
    rows = [{"text": "stop it please now", "lang": "en", "label": label} for label in ("opt_out", "not_opt_out")]
    from messaging.replies import read_reply

    kind = read_reply(text="stop it please now").kind
    found = measure("optout", *rows)["en"]
    assert (found["unclear"], found["recall"]) == ((1.0, 0.0) if kind == "unclear" else (0.0, 1.0))


def test_pii_counts_whole_spans_and_finds_that_touch_one(measure):
    rows = [
        {"text": "Call Maria at 303-555-0123.", "spans": [["PERSON", 5, 10], ["PHONE_NUMBER", 14, 26]]},
        {"text": "the blue thing", "spans": [["THING", 4, 8]]},
        {"text": "bob@example.com", "spans": []},
    ]
    assert measure("pii", *rows) == {"recall": {"PERSON": 1.0, "PHONE_NUMBER": 1.0, "THING": 0.0}, "precision": 0.6667}


def test_summary_scores_against_the_summary_and_the_first_three_turns(measure):
    dialogue = "#Person1#: Can you fix my sink today?\n#Person2#: I can come at 3.\n#Person1#: Good.\n#Person2#: Bye."
    found = measure("summary", {"dialogue": dialogue, "summary": "#Person1# asks #Person2# to fix #Person1#'s sink today."})
    assert found["rouge1"] > 0.8 > found["baseline"]["rouge1"] > 0
    assert found["invented_numbers"] == 0
    assert set(found) == {"rouge1", "rouge2", "rougeL", "invented_numbers", "baseline"}


def test_an_empty_file_gives_null(measure):
    assert measure("optout") == {}
    assert measure("pii") == {"recall": {}, "precision": None}
    assert measure("summary")["rouge1"] is None


@pytest.mark.parametrize(
    ("what", "lines", "says"),
    [
        ("optout", ["{}"], 'Line 1 of .* "text"'),
        ("optout", ['{"text": "x", "lang": "en", "label": "maybe"}'], "Line 1 of .* opt_out, not_opt_out or wrong_number"),
        ("pii", ['{"text": "x", "spans": []}', "", "not json"], "Line 3 of .* is not JSON"),
        ("pii", ['{"text": "x", "spans": [["A", 0, 9]]}'], "Line 1 of .* within the text"),
        ("pii", ["[1]"], "Line 1 of .* an object"),
        ("summary", ['{"dialogue": "x"}'], 'Line 1 of .* "summary"'),
    ],
)
def test_a_line_that_cannot_be_used_is_named(measure, what, lines, says):
    with pytest.raises(CommandError, match=says):
        measure(what, *lines)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("measure", "pii", str(tmp_path / "none.jsonl"))
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("measure", "pii", str(tmp_path / "bad"))
