"""The linear-time patterns: what RE2 refuses is refused at import, and a hostile text costs its length."""

import pytest

from zartsalgo.lib.patterns import PatternSet, linear


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(?<!a)b", r"(a)\1", r"(a"])
def test_what_re2_does_not_take_is_refused_with_its_words(pattern):
    with pytest.raises(ValueError, match="RE2 does not take"):
        linear(pattern)
    with pytest.raises(ValueError, match="RE2 does not take"):
        PatternSet([pattern])


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
