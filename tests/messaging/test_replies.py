"""What replies say, in phrases of our own making (messaging/optout/phrases). Every line is one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.optout.phrases import ours
from messaging.replies import Reading, read_reply


def phrases(table: str) -> list[str]:
    return [phrase for line in table.strip().splitlines() for phrase in line.split(" | ")]


PHRASES = ours()
OPT_OUT_ENGLISH, OPT_OUT_SPANISH = ([one.text for one in PHRASES if (one.kind, one.lang) == ("worded", lang)] for lang in ("en", "es"))
LOOKALIKES = [one.text for one in PHRASES if one.kind == "lookalike"]

UNCLEAR = phrases("""
not interested | No me interesa | this is harassment | how did you get my number | I never signed up for this
don't text me, call me | I'm reporting you | fuck you | who gave you my number | STOP texting me at work | too many texts
ya no quiero | Stop you are annoying | do not want | No calls | the sign says stop | alto, como 3 metros
no me mande mensajes, llámeme
""")


def test_english_opt_outs() -> None:
    assert [text for text in OPT_OUT_ENGLISH if read_reply(text=text).kind != "opt_out"] == []


def test_spanish_opt_outs() -> None:
    readings = {text: read_reply(text=text) for text in OPT_OUT_SPANISH}
    assert {text: reading for text, reading in readings.items() if (reading.kind, reading.lang) != ("opt_out", "es")} == {}


def test_lookalikes_and_ordinary_replies_neither_suppress_nor_hold() -> None:
    readings = {text: read_reply(text=text) for text in LOOKALIKES}
    assert {text: reading for text, reading in readings.items() if reading != Reading("other", "", "")} == {}


@pytest.mark.parametrize("text", UNCLEAR)
def test_doubtful_words_hold(text: str) -> None:
    reading = read_reply(text=text)
    assert reading.kind == "unclear"
    assert reading.rule


@pytest.mark.parametrize(
    "form",
    ["Hi, please {} ok? Thanks", "{} please", "{}!!!", "  {}\n\n", "{}. Thank you.", "Hola, {} gracias", "OK {} \U0001f620"],
    ids=range(7),
)
def test_courtesy_case_and_emoji_change_nothing(form: str) -> None:
    for text in OPT_OUT_ENGLISH + OPT_OUT_SPANISH:
        for said in (form.format(text), form.format(text).upper(), form.format(text).lower()):
            assert read_reply(text=said).kind == "opt_out", said


@pytest.mark.parametrize("form", ["Hi, {} ok? Thanks", "{}!!!", "  {}\n\n", "{}. Gracias"], ids=range(4))
def test_courtesy_case_and_emoji_do_not_make_an_opt_out(form: str) -> None:
    for text in LOOKALIKES:
        for said in (form.format(text), form.format(text).upper(), form.format(text).lower()):
            assert read_reply(text=said).kind == "other", said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Reading("opt_out", "keyword", "en")),
        ("stop.", Reading("opt_out", "keyword", "en")),
        ("St0p", Reading("opt_out", "keyword", "en")),
        ("s.t.o.p", Reading("opt_out", "keyword", "en")),
        ("Stoooppp!!", Reading("opt_out", "keyword", "en")),
        ("\U0001f6d1", Reading("opt_out", "stop-sign", "")),
        ("ALTO", Reading("opt_out", "keyword", "es")),
        ("no más mensajes", Reading("opt_out", "no-mas-mensajes", "es")),
        ("Please stop texting me", Reading("opt_out", "stop-contacting", "en")),
        ("Kindly take me off your list", Reading("opt_out", "off-the-list", "en")),
        ("Not interested, remove", Reading("opt_out", "not-interested+keyword", "en")),
        ("arrêtez", Reading("opt_out", "keyword", "en")),
        ("ne m'écrivez plus", Reading("opt_out", "arret", "fr")),
        ("não quero receber", Reading("opt_out", "pare", "pt")),
        ("HELP", Reading("help", "keyword", "en")),
        ("ayuda", Reading("help", "keyword", "es")),
        ("Please help!", Reading("other", "", "")),
        ("START", Reading("opt_in", "keyword", "en")),
        ("unstop", Reading("opt_in", "keyword", "en")),
        ("yes", Reading("other", "", "")),
        ("", Reading("other", "", "")),
        ("\x00\ud800", Reading("other", "", "")),
    ],
)
def test_the_rule_is_evidence(text: str, expected: Reading) -> None:
    assert read_reply(text=text) == expected


@pytest.mark.parametrize(("opt_out_type", "kind"), [("STOP", "opt_out"), ("start", "opt_in"), (" HELP ", "help")])
def test_what_the_provider_decided_wins(opt_out_type: str, kind: str) -> None:
    reading = read_reply(text="see you at 3", opt_out_type=opt_out_type)
    assert (reading.kind, reading.rule) == (kind, f"provider:{opt_out_type.strip().lower()}")


def test_an_unknown_provider_verdict_is_ignored() -> None:
    assert read_reply(text="STOP", opt_out_type="MAYBE").kind == "opt_out"


def test_our_own_words_sent_back_are_not_an_opt_out() -> None:
    ours = "Hi, this is Summit Roofing. Sorry we missed your call! Reply STOP to opt out, HELP for help."
    for text in (
        f"Liked \u201c{ours}\u201d",
        f'Loved "{ours}"',
        f"Le gustó \u201c{ours}\u201d",
        f"Reacted \U0001f44d to \u201c{ours}\u201d",
    ):
        assert read_reply(text=text).kind == "other", text


def test_an_opt_out_at_the_end_of_a_long_message_is_found() -> None:
    assert read_reply(text="I told your crew about the roof. " * 200 + "Now please stop texting me").kind == "opt_out"


@given(st.text(max_size=300))
def test_reading_never_raises_and_is_deterministic(text: str) -> None:
    assert read_reply(text=text) == read_reply(text=text)


@given(st.lists(st.sampled_from("stop no me dont want the list please no mas mensajes de texting remove from | , .".split()), max_size=120))  # noqa: SIM905
def test_hostile_repetition_is_read_in_bounded_time(words: list[str]) -> None:
    assert read_reply(text=" ".join(words)).kind in ("opt_out", "unclear", "help", "opt_in", "other")
