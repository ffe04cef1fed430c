"""What replies say, by kind of person: phrases that are measured, not learnt (optout_unseen.txt). Rates may not fall."""

from collections import Counter
from pathlib import Path

import pytest

from messaging.optout import classifier, mixed, phrases, quotations, spelling
from messaging.optout.bare import says_more
from messaging.replies import Reading, read_reply

UNSEEN = list(phrases.read(Path(__file__).parent / "optout_unseen.txt"))


def rates(label, lang, kind=""):
    """Suppressed, and suppressed or held, as shares."""
    kinds = [read_reply(text=one.text).kind for one in UNSEEN if (one.label, one.lang) == (label, lang) and kind in ("", one.kind)]
    counts = Counter(kinds)
    return counts["opt_out"] / len(kinds), (counts["opt_out"] + counts["unclear"]) / len(kinds)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_explicit_wishes_are_suppressed_and_the_rest_is_held(lang):
    suppressed, noticed = rates("opt_out", lang)
    assert suppressed >= 0.97
    assert noticed >= 0.99


@pytest.mark.parametrize("kind", sorted({(one.kind, one.lang) for one in UNSEEN if one.label == "opt_out"}))
def test_no_kind_of_person_is_left_out(kind):
    suppressed, noticed = rates("opt_out", kind[1], kind[0])
    assert suppressed >= 0.8 and noticed == 1


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_wrong_person_is_held(lang):
    assert rates("doubt", lang)[1] >= 0.95


@pytest.mark.parametrize("lang", ["en", "es"])
def test_ordinary_words_are_never_suppressed_and_hardly_held(lang):
    suppressed, noticed = rates("ordinary", lang)
    assert suppressed == 0
    assert noticed <= 0.06


def test_spelling_mends_towards_a_refusal_only():
    assert spelling.repair("stpo txeting me unsubscirbe") == "stop texting me unsubscribe"
    assert spelling.repair("stoptextingme") == "stop texting me"
    assert spelling.repair("shop test tax step top swimming pool using") == "shop test tax step top swimming pool using"


@pytest.mark.parametrize(
    ("guard", "name", "off", "text"),
    [
        ("messaging.replies", "repair", lambda plain: plain, "pls stpo txeting me"),
        ("messaging.replies", "in_english", lambda plain: plain, "stop mandando mensajes"),
        (
            "messaging.replies",
            "own_words",
            lambda text: text.partition("\n")[0],
            "Liked “Sorry we missed your call”\nStop texting me please",
        ),
        ("messaging.replies", "spoken_signs", lambda text: text, "\U0001f6d1 texting me"),
    ],
)
def test_each_reader_is_needed(monkeypatch, guard, name, off, text):
    assert read_reply(text=text).kind == "opt_out"
    monkeypatch.setattr(f"{guard}.{name}", off)
    assert read_reply(text=text).kind != "opt_out"


def test_the_classifier_holds_and_never_suppresses(monkeypatch):
    odd = "nobody asked for your messages"
    assert read_reply(text=odd) == Reading("unclear", "classifier", "en")
    monkeypatch.setattr("messaging.replies.may_be_refusal", lambda plain: False)
    assert read_reply(text=odd).kind == "other"
    # However sure it is, it holds; and a rule that let the words pass is not overruled.
    monkeypatch.setattr("messaging.replies.may_be_refusal", lambda plain: True)
    assert read_reply(text="see you at nine").kind == "unclear"
    assert read_reply(text="don't stop texting me").kind == "other"


def test_scoring_follows_the_table():
    model = classifier.load()
    assert len(model.weights) == classifier.SIZE
    assert classifier.score("stop writing to me", model=model) > classifier.score("see you at nine", model=model)


def test_mixed_languages_are_read_in_english_only_where_both_are_spoken():
    assert mixed.in_english("no me manden text") == "dont send text"
    for plain in ("no me manden mensajes", "stop texting me"):
        assert mixed.in_english(plain) == plain


OURS = "Hi, this is Summit. Sorry we missed your call! Reply STOP to opt out."


@pytest.mark.parametrize(
    "verb",
    ["Liked ", "Loved ", "Laughed at ", "Emphasized ", "Emphasised ", "Disliked ", "Questioned ", "Reacted \U0001f44d to ", "Removed a like from ",
     "Removed \U0001f44d from ", "\u200b\U0001f602\u200b to ", "Le gustó ", "A Ana le encantó ", "Reaccionó con \U0001f44d a ", "A aimé "],
)  # fmt: skip
@pytest.mark.parametrize("marks", ["“”", '""', "«»"])
def test_a_reaction_is_a_whole_message_and_what_follows_is_the_persons(verb, marks):
    quoted = f"{verb}{marks[0]}{OURS}{marks[1]}"
    assert quotations.own_words(quoted).strip() == ""
    assert read_reply(text=quoted).kind == "other"
    assert read_reply(text=f"{quoted}\nPlease stop texting me").kind == "opt_out"
    assert read_reply(text=f"{quoted} on Facebook. Please stop texting me.").kind == "opt_out"


def test_quotations_inside_a_quotation_do_not_end_it():
    assert quotations.own_words("Liked “Say “STOP” to end” thanks").strip() == "thanks"
    assert quotations.own_words('Liked "Say "STOP" to end" thanks').strip() == "thanks"
    assert quotations.own_words("Liked “Say STOP to end").strip() == ""
    assert quotations.own_words("Liked the quote, STOP by at 5") == "Liked the quote, STOP by at 5"


def test_history_below_a_reply_is_not_the_writers():
    assert quotations.own_words("Yes, Tuesday\n\nOn Mon, Nov 2, 2026, Summit wrote:\n> unsubscribe here") == "Yes, Tuesday"
    assert read_reply(text="STOP\n\nOn Mon, Bugs Plumbing wrote:\n> Hi").kind == "opt_out"
    assert quotations.own_words("On Monday I wrote: stop") == "On Monday I wrote: stop"


@pytest.mark.parametrize(
    "text",
    [
        "We unsubscribed from another lawn service",
        "I have to unsubscribe from my old cleaning company, do you do offices?",
        "unsubscribe from our current plan, then you start?",
    ],
)
def test_leaving_somebody_else_is_no_wish_about_us(text):
    assert read_reply(text=text).kind != "opt_out"


@pytest.mark.parametrize(
    "text",
    [
        "unsubscribe from this",
        "Unsubscribe from my phone number",
        "unsubscribe from the other list",
        "want to unsubscribe from those texts",
        "Arrête",
        "arrete",
    ],
)
def test_leaving_our_texts_is(text):
    assert read_reply(text=text).kind == "opt_out"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("STOP", False),
        ("Please stop texting me!!", False),
        ("can you stop texting me?", False),
        ("Take me off your list. Thank you.", False),
        ("quítenme de la lista, gracias", False),
        ("arrêtez", False),
        ("STOP. When will my refund come?", True),
        ("stop, call me", True),
        ("Stop texting me, I hired someone else", True),
        ("Stop texting. My roof is still leaking!!", True),
        ("ya no me escriban. ¿Cuándo me devuelven mi dinero?", True),
    ],
)
def test_a_bare_wish_and_one_that_says_more(text, more):
    assert read_reply(text=text).kind == "opt_out"
    assert says_more(text) is more
