"""Windows that repeat another are found, and nothing else is."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from explanations.duplicates import first_alike
from explanations.records import word_texts

WORDS = [f"{first}{second}" for first in "bcdfghjklm" for second in ("at", "en", "ip", "or", "us")]
STORY = word_texts(
    "the old man walked down to the lake and threw his line where the reeds grow thick"
)

some_windows = st.lists(
    st.lists(st.sampled_from(WORDS[:12]), max_size=30).map(
        lambda words: tuple(f" {word}" for word in words)
    ),
    max_size=12,
)


def window(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    return first_alike([one, other]) == [0, 0]


@given(some_windows)
def test_each_window_is_new_or_repeats_a_new_one_before_it(found: list[tuple[str, ...]]) -> None:
    firsts = first_alike(found)
    assert len(firsts) == len(found)
    for place, first in enumerate(firsts):
        assert first <= place
        assert firsts[first] == first
        assert alike(found[first], found[place])


@given(some_windows)
def test_no_two_new_windows_are_alike(found: list[tuple[str, ...]]) -> None:
    new = [found[place] for place, first in enumerate(first_alike(found)) if place == first]
    assert first_alike(new) == list(range(len(new)))


@given(some_windows)
def test_a_later_window_changes_nothing_before_it(found: list[tuple[str, ...]]) -> None:
    assert first_alike(found[:-1]) == first_alike(found)[:-1]


@given(some_windows)
def test_every_window_repeats_its_copy(found: list[tuple[str, ...]]) -> None:
    assert first_alike(found + found)[len(found) :] == first_alike(found)


@given(st.permutations(WORDS))
def test_windows_that_share_no_run_of_words_are_not_alike(words: list[str]) -> None:
    assert not alike(window(words[:25]), window(words[25:]))


@given(st.permutations(WORDS), st.integers(0, 39))
def test_a_copy_with_one_changed_word_repeats_it(words: list[str], place: int) -> None:
    # 40 words have 36 runs of five; a word is in at most 5 of them, so 31 of 36 are left
    changed = [*words[:place], "changed", *words[place + 1 : 40]]
    assert alike(window(words[:40]), window(changed))


@given(st.permutations(WORDS), st.integers(0, 10))
def test_a_copy_that_begins_a_quarter_later_repeats_it(words: list[str], shift: int) -> None:
    # 40 words shifted by 10 share 30 words, which have 26 runs of five: more than half of 36
    assert alike(window(words[:40]), window(words[shift : shift + 40]))


@given(st.permutations(WORDS))
def test_windows_that_share_half_of_their_words_are_not_alike(words: list[str]) -> None:
    # 15 shared words have 11 runs of five, of the 26 that 30 words have: under half
    assert not alike(window(words[:30]), window(words[15:45]))


def test_a_piece_of_a_longer_window_repeats_it() -> None:
    assert alike(window(STORY), window(STORY[4:12]))


def test_case_spacing_and_how_words_are_cut_into_tokens_make_no_difference() -> None:
    cut = tuple("  The OLD man  walked\ndown to the lake and threw his line")
    assert alike(window(STORY[:12]), cut)


def test_short_windows_are_compared_whole() -> None:
    short = [(" the", " cat"), (" the", " dog"), ("The", " cat"), (), (" ",)]
    assert first_alike(short) == [0, 1, 0, 3, 3]


def test_a_phrase_that_a_whole_corpus_repeats_makes_no_duplicates() -> None:
    phrase = word_texts("all rights reserved by the makers of this")
    found = [window([*phrase, *(f"w{n}x{i}" for i in range(12))]) for n in range(300)]
    assert first_alike([*found, found[299], found[0]]) == [*range(300), 299, 0]
