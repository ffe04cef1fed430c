"""What somebody says is not so, or is so of a neighbor, is no topic, no urgency and no flag; a negation of something else changes nothing."""

from datetime import UTC, datetime

import pytest

from summaries.summarizer import summarize
from summaries.text import Source


def draft_of(words):
    source = Source(key="event.personal.message", who="customer", at=datetime(2026, 3, 2, 15, tzinfo=UTC), text=words)
    return summarize(sources=[source], business="Pen Roofing")


@pytest.mark.parametrize(
    ("words", "told", "action"),
    [
        ("The porch roof wants fixing. It is not urgent, some time in spring.", "A customer asked about a roof repair.", "Call back: roof repair"),
        ("This isn't an emergency! The boiler is old, we would like it replaced.", "A customer asked about a furnace replacement.", "Call back: furnace replacement"),
        ("We have a non-urgent leak at the sink", "A customer asked about a leak at the sink.", "Call back: leak at the sink"),
        ("No need to come right away, our faucet drips", "A customer asked about a leak at the faucet.", "Call back: leak at the faucet"),
        ("Is this an emergency? No. The gutters need cleaning", "A customer asked about cleaning of gutters.", "Call back: cleaning of gutters"),
        ("Urgency: not urgent. The drain is clogged", "A customer asked about a clog in the drain.", "Call back: clog in the drain"),
        ("The roof is no longer leaking, but the toilet is clogged", "A customer asked about a clog in the toilet.", "Call back: clog in the toilet"),
        ("no flooding or leaks, just want a furnace inspection", "A customer asked about a furnace inspection.", "Call back: furnace inspection"),
        ("I don't think it's a leak, there is condensation on the window", "A customer asked about condensation on the window.", "Call back: condensation on the window"),
        ("The leak was fixed last week, now we want a quote for siding", "A customer asked about a quote for siding.", "Call back: quote for siding"),
        ("The furnace isn't broken.", "A customer got in touch.", "Call back"),
        ("The people upstairs have a burst pipe and call everybody, I only want to know your hours", "A customer asked about opening hours.", "Call back: opening hours"),
        ("My friend's basement flooded, so I'd like an inspection of our sump pump", "A customer asked about a sump pump inspection.", "Call back: sump pump inspection"),
        ("Hardly an emergency, but the deck needs a repair", "A customer asked about a deck repair.", "Call back: deck repair"),
        ("It never was urgent. We want the driveway replaced", "A customer asked about a driveway replacement.", "Call back: driveway replacement"),
        ("It was an emergency on Monday but my uncle fixed it. Please do a roof inspection", "A customer asked about a roof inspection.", "Call back: roof inspection"),
        ("I am not writing about the boiler. The drywall needs patching", "A customer asked about drywall repair.", "Call back: drywall repair"),
        ("We don't need a new roof, please clean the gutters", "A customer asked about cleaning of gutters.", "Call back: cleaning of gutters"),
        ("The folks are fine, which towns do you serve?", "A customer asked about the service area.", "Call back: the service area"),
        ("Do you open on Sundays", "A customer asked about opening hours.", "Call back: opening hours"),
        ("Not today please, Friday is fine to fix the faucet", "A customer asked about a faucet repair. They hoped for help on Friday.", "Call back: faucet repair"),
        ("No es urgente, pero necesitamos cambiar el fregadero", "A customer asked about a kitchen sink replacement. They prefer Spanish.", "Call back in Spanish: kitchen sink replacement"),
        ("Ya no hay fuga en el sotano, pero el inodoro esta tapado", "A customer asked about a clog in the toilet. They prefer Spanish.", "Call back in Spanish: clog in the toilet"),
        ("Mi vecina tiene una fuga urgente, yo solo quiero saber su horario", "A customer asked about opening hours. They prefer Spanish.", "Call back in Spanish: opening hours"),
    ],
)  # fmt: skip
def test_what_is_denied_or_of_others_is_told_nowhere(words, told, action):
    draft = draft_of(words)
    assert (draft.client_text, draft.next_action) == (told, action)
    assert set(draft.risk_flags) <= {"Spanish"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("I can't stop the leak under the sink", "A customer asked about a leak at the sink."),
        ("Nobody fixed the leak in my bathroom ceiling", "A customer asked about a leak at the bathroom ceiling."),
        ("Not sure if it is a leak at the window", "A customer asked about a leak at the window."),
        ("No, it's a leak at the roof", "A customer asked about a leak at the roof."),
        ("I need to make sure the roof leak is fixed before winter", "A customer asked about a leak at the roof."),
        ("The leak was fixed last week but it is back", "A customer asked about a leak."),
        ("There is no hot water since Monday", "A customer asked about no hot water."),
        ("My mother has a leak under her sink. Can you send somebody?", "A customer asked about a leak at the sink."),
        ("la gotera no para de gotear", "A customer asked about a leak."),
    ],
)
def test_a_negation_of_something_else_leaves_the_problem(words, told):
    assert draft_of(words).client_text.startswith(told)


def test_danger_is_still_danger_beside_a_denial():
    draft = draft_of("It is not the sink. Water everywhere, the pipe burst, come right now!")
    assert draft.risk_flags == ["emergency"]
    assert draft.next_action == "Call back now: leak at the pipe"


@pytest.mark.parametrize(
    "words", ["Urgent: no water at all", "Emergency - not heating, two babies here", "It was fixed last year, now it is urgent again"]
)
def test_what_follows_urgent_is_no_answer_to_it(words):
    assert "urgent" in draft_of(words).client_text


def test_anger_and_lawyers_that_are_denied_raise_no_flag():
    assert draft_of("I am not upset and I'm not going to call a lawyer. No need to call me back").risk_flags == []
    assert draft_of("I am upset and my lawyer will hear of it").risk_flags == ["angry", "legal or insurance"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("The tub was leaking but my dad repaired it. We would like the fence replaced", "A customer asked about a fence replacement."),
        ("The tub was leaking and nobody repaired it", "A customer asked about a leak at the bathtub."),
        ("We thought it was a leak, turns out it isn't. Please inspect the deck", "A customer asked about a deck inspection."),
        ("It is not the skylight, it is the chimney that leaks", "A customer asked about a leak at the chimney."),
        ("It is not the first time the skylight leaks, it is the third", "A customer asked about a leak at the skylight."),
        ("I wouldn't say it is urgent, the toilet drips", "A customer asked about a leak at the toilet."),
        ("The dishwasher does not drain", "A customer asked about a clog in the dishwasher."),
    ],
)
def test_what_is_over_mistaken_or_something_else_is_no_topic(words, told):
    assert draft_of(words).client_text == told
