"""Who may be greeted by name, and how numbers and letters are read out of a field."""

import pytest

from zartsalgo.lib.charset import decode
from zartsalgo.lib.greeting import LONGEST, first_name
from zartsalgo.lib.names import read_emails
from zartsalgo.lib.phone_in_words import read_numbers


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ana Ruiz", "Ana"), ("ana ruiz", "Ana"), ("ANA RUIZ", "Ana"), ("Ruiz, Ana", "Ana"), ("RUIZ ANA", "Ana"), ("RUIZ ANA M", "Ana"), ("Dr. Ana Ruiz", "Ana"),
        ("Ana Ruiz, MD", "Ana"), ("Ana Ruiz Jr.", "Ana"), ("José Luis García", "José"), ("JOSÉ GARCÍA", "José"), ("Anne-Marie Cole", "Anne-Marie"),
        ("ANNE-MARIE COLE", "Anne-Marie"), ("de la Cruz, María", "María"), ("McKenna Hall", "McKenna"), ("Mark", "Mark"), ("Jennifer Null", "Jennifer"),
        ("O’Neil Ruiz", "O’Neil"),
    ],
)  # fmt: skip
def test_a_first_name_greets_in_the_shape_of_a_name(name: str, first: str) -> None:
    assert first_name(name) == first


@pytest.mark.parametrize(
    "name",
    [
        "", "SPAM LIKELY", "Scam Likely", "WIRELESS CALLER", "Unknown", "Anonymous", "CHICAGO IL", "AUSTIN TX", "Charlotte NC", "Toll Free Call", "Mom (cell)",
        "The Ruiz Family", "Ruiz Family", "Ana and Bob Ruiz", "Ana & Bob", "Mr. James", "Valued Customer", "Grace Church", "Wells Fargo", "Ana's Salon",
        "Ruiz Plumbing LLC", "St Davids Hospital", "+12125550123", "Ana2", "4155550123 Ana", "12 Elm Street", "ana@example.com", "@ana", "www.ana.com", "ana.com",
        "https://evil.example.com/x Ana", "Ana https://evil.example.com", "Ana 😀", "❤️", "undefined", "undefined undefined", "null", "None", "N/A", "test", "Test Test",
        "First Last", "FirstName LastName", "{{name}}", "Zqxwv Ruiz", "A. Ruiz", "Ana\u202eevil", "Summer", "Dallas", "x" * 5000, "Ana " * 50, "王伟",
    ],
)  # fmt: skip
def test_in_doubt_nobody_is_greeted(name: str) -> None:
    assert first_name(name) == ""


def test_a_greeting_is_short_and_of_letters() -> None:
    assert all(len(first_name(name)) <= LONGEST for name in ("Maria" * 10, "Anne-" * 9 + "Marie"))


@pytest.mark.parametrize(
    ("raw", "first", "further", "left"),
    [
        ("212-555-0114 (cell)", "+12125550114", (), "cell"), ("212.555.0114 ext", "+12125550114", (), "ext"),
        ("212 555 0114 x45", "+12125550114", (), "ext 45"), ("call 212.555.0123 after 5", "+12125550123", (), "call after 5"),
        ("mobile512-213-4567", "+15122134567", (), "mobile"), ("512 555 0100 2125550111", "+15125550100", ("+12125550111",), ""),
        ("512-555-0100/0101", "+15125550100", ("+15125550101",), ""), ("512–555–0100 ; ２１２ 555 0111", "+15125550100", ("+12125550111",), ""),
        ("512-555-0100 or 512-555-0100", "+15125550100", (), ""), ("+44 20 7946 0018", "+442079460018", (), ""),
        ("1-800-555-ROOF", "+18005557663", (), ""), ("tel:+12125550123", "+12125550123", (), ""), ("no phone", "", (), ""), ("5551234", "", (), ""),
        ("(512) " * 20_000, "", (), ""), (2125550123, "+12125550123", (), ""), (None, "", (), ""),
    ],
)  # fmt: skip
def test_numbers_are_found_among_words(raw: object, first: str, further: tuple[str, ...], left: str) -> None:
    read = read_numbers(raw=raw)
    assert (read.first.e164, read.further, read.left) == (first, further, left)


@pytest.mark.parametrize(
    ("raw", "found", "left"),
    [
        ("ana@example.com", ("ana@example.com",), ""), ("ana@example.com or Bob@Example.com", ("ana@example.com", "bob@example.com"), ""),
        ("a@example.com;b@example.com, a@example.com", ("a@example.com", "b@example.com"), ""), ("Ana <ana@example.com>", ("ana@example.com",), ""),
        ("ana@example.com (work)", ("ana@example.com",), "(work)"), ("ana at example", (), "ana at example"), ("", (), ""),
    ],
)  # fmt: skip
def test_addresses_are_found_among_words(raw: str, found: tuple[str, ...], left: str) -> None:
    assert read_emails(raw) == (found, left)


WORDS = "María José Núñez, Jörg Straße"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_a_charset_is_read_from_the_bytes(charset: str) -> None:
    assert decode(WORDS.encode(charset)) == WORDS
    assert decode(WORDS.encode(charset), stated="utf-8") == WORDS, "whatever the header says"


def test_a_stated_charset_counts_where_the_bytes_say_nothing() -> None:
    assert decode("Мария".encode("cp1251"), stated="windows-1251") == "Мария"
    assert decode(b"\xff\xfe") == "" and decode(b"") == "" and "\ufffd" in decode(b"a\x81")


@pytest.mark.parametrize(
    ("raw", "first", "further"),
    [
        ("five one two, two one three, four five six seven", "+15122134567", ()),
        ("cinco uno dos dos uno tres cuatro cinco seis siete", "+15122134567", ()),
        ("512 double two one three four five six", "+15122213456", ()),
        ("one or two rooms, three or four beds", "", ()),
        ("fax 212-555-0111, cell 512-213-4567", "+15122134567", ("+12125550111",)),
        ("phone/fax 212-555-0111, 512-213-4567", "+12125550111", ("+15122134567",)),
    ],
)
def test_numbers_said_in_words_are_read_and_a_fax_comes_last(raw: str, first: str, further: tuple[str, ...]) -> None:
    read = read_numbers(raw=raw)
    assert (read.first.e164, read.further) == (first, further)
