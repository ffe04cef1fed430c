"""The linear-time patterns: what RE2 refuses is refused, and a hostile text costs its length."""

import pytest

from zartsalgo.lib.patterns import WORD, Bordered, PatternSet, encodable, escape, linear


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(?<!a)b", r"(a)\1", r"(a"])
def test_what_re2_does_not_take_is_refused_with_its_words(pattern):
    with pytest.raises(ValueError, match="RE2 does not take"):
        linear(pattern).search("a")
    with pytest.raises(ValueError, match="RE2 does not take"):
        PatternSet([pattern]).hits("a")
    with pytest.raises(ValueError, match="RE2 does not take"):
        Bordered(pattern).search("a")


def test_a_nested_star_over_a_near_match_of_100_kb_ends():
    assert linear(r"(a+)+\z").search("a" * 100_000 + "b") is None


def test_flags_are_taken_and_places_are_in_characters():
    found = linear(r"^É.b$", ignore_case=True, dot_all=True, lines=True).search("ñ\né\nb\n")
    assert found is not None
    assert found.span() == (2, 5)


def test_a_set_names_the_patterns_that_hit_in_their_order():
    patterns = PatternSet([r"c", r"x", r"a"], ignore_case=True)
    assert patterns.hits("A cab") == [0, 2]
    assert patterns.hits("") == []
    assert PatternSet([]).hits("anything") == []


def test_borders_are_shared_by_neighbours_and_hold_beside_letters_with_accents():
    pattern = Bordered(r"[a-z]+(\d)?", before=WORD, after=WORD)
    assert [(one.group(), one.span(), one.span(1)) for one in pattern.finditer("é ab c1 ñd x-y")] == [
        ("ab", (2, 4), (-1, -1)), ("c1", (5, 7), (6, 7)), ("x", (11, 12), (-1, -1)), ("y", (13, 14), (-1, -1)),
    ]  # fmt: skip
    assert pattern.sub(lambda found: found.group().upper(), "ñ ab,cd éf") == "ñ AB,CD éf"
    assert pattern.search("éa") is None


def test_what_no_pattern_reads_is_marked_in_its_place():
    assert encodable("a\ud800b") == "a\ufffdb" and encodable("é") == "é"
    assert linear(escape("a.b*")).search("xa.b*") is not None and linear(escape("a.b*")).search("axb") is None
