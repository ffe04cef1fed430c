"""Personal data in free text: found by shape, by grammar and by context; everyday words of the trades are not taken for it."""

import pytest

from summaries.redaction import Span, find_personal, mask


def found(text, *, sure=None):
    return [(one.kind, text[one.start : one.end]) for one in find_personal(text) if sure is None or one.sure == sure]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("call me at 303-555-0123 pls", "phone", "303-555-0123"),
        ("my cell (303) 555 0123 ext. 7", "phone", "(303) 555 0123 ext. 7"),
        ("+1 303.555.0123", "phone", "+1 303.555.0123"),
        ("text 3035550123", "phone", "3035550123"),
        ("it is three oh three five five five zero one two three", "phone", "three oh three five five five zero one two three"),
        ("llámeme al ３０３ ５５５ ０１２３", "phone", "３０３ ５５５ ０１２３"),
        ("write to maria.g+roof@example.com.", "email", "maria.g+roof@example.com"),
        ("maria at example dot com", "email", "maria at example dot com"),
        ("see https://example.com/my-roof?x=1, thanks", "url", "https://example.com/my-roof?x=1"),
        ("my page is www.example.com", "url", "www.example.com"),
        ("card 4111 1111 1111 1111 exp 12/27", "card", "4111 1111 1111 1111"),
        ("ssn 219-09-9999", "ssn", "219-09-9999"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "iban", "DE89 3704 0044 0532 0130 00"),
        ("from 192.0.2.17 last night", "ip", "192.0.2.17"),
        ("date of birth 6/24/1991", "date-of-birth", "6/24/1991"),
        ("I live at 1420 N Elm St Apt 4, Denver, CO 80203. Please call", "address", "1420 N Elm St Apt 4, Denver, CO 80203"),
        ("come to 55 west 3rd ave, denver", "address", "55 west 3rd ave, denver"),
        ("mail it to PO Box 12, Denver CO 80203", "address", "PO Box 12, Denver CO 80203"),
        ("vivo en calle Roble 12, apto 3", "address", "calle Roble 12, apto 3"),
        ("Lindenstrasse 4 is the house", "address", "Lindenstrasse 4"),
        ("Hi my name is xochitl quauhtli and i need help", "name", "xochitl quauhtli"),
        ("me llamo José Ángel Núñez", "name", "José Ángel Núñez"),
        ("ask for Mrs. O'Brien", "name", "Mrs. O'Brien"),
        ("Maria called about the roof", "name", "Maria"),
        ("Thanks,\nBob Carter", "name", "Bob Carter"),
        ("directed by Brad L Key", "name", "Brad L Key"),
    ],
)
def test_what_is_personal_is_found_whole(text, kind, words):
    assert (kind, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "A customer asked about a leak at the kitchen ceiling. They hoped for help that day.",
        "They found the business on Google Ads and asked for a free inspection.",
        "Asked for a quote on 45 square feet of quartz countertops for 2 bathrooms.",
        "The caller needs a new Carrier furnace. Their Trane unit is 20 years old.",
        "Will they need a permit? They asked about the price.",
        "The roof is 2,400 sq ft, with Owens Corning shingles.",
        "Rose granite, 3 cm, for the kitchen. Mark the slab as sold.",
        "The crew was there on Friday from 8 to 12 and the leak came back.",
        "Wants 12 pallets delivered by December 3, it is a 2 hour drive.",
        "They paid $1,250 in 2024 and open from 2024-04-16 11:30.",
        "Un cliente pregunta por una gotera en el techo de la cocina. Es urgente.",
        "MY BASEMENT IS FLOODED AND I NEED SOMEONE NOW",
    ],
)
def test_words_of_the_trades_are_not_personal(text):
    assert found(text) == []


def test_a_guess_is_not_sure_and_a_town_is_no_person():
    assert found("They live near Lakewood.") == [("place", "Lakewood")]
    assert found("It is a restaurant, Bella Napoli.", sure=False) == [("name", "Bella Napoli")]
    assert found("An order number 1234567 8", sure=True) == []


def test_a_card_needs_its_check_digit_or_the_word():
    assert found("number 4111 1111 1111 1112", sure=True) == []
    assert ("card", "4111 1111 1111 1112") in found("my card 4111 1111 1111 1112")


def test_masking_leaves_the_rest_as_it_was():
    text = "Maria Gonzalez, 303-555-0123, 1420 Elm Street, from Denver: the roof leaks."
    assert mask(text) == "[name], [phone], [address], from Denver: the roof leaks."


def test_hidden_characters_do_not_hide_a_number_and_places_are_those_of_the_text():
    text = "call 303\u200b-555\u202e-0123 now"
    assert found(text) == [("phone", "303\u200b-555\u202e-0123")]
    assert mask(text) == "call [phone] now"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\ud800",
        "1 " * 5_000,
        "a@" * 5_000,
        "1-" * 5_000,
        "I live at " * 1_000,
        "(" * 10_000,
        "\u202e\u200b" * 5_000,
        "my name is " * 900,
    ],
)
def test_hostile_text_gives_ordered_spans_within_it(text):
    spans = find_personal(text)
    assert all(isinstance(one, Span) and 0 <= one.start < one.end <= len(text) for one in spans)
    assert all(one.end <= other.start for one, other in zip(spans, spans[1:], strict=False))
    mask(text)
