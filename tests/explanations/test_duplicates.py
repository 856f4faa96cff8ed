"""Near-duplicate windows: the better one stays, the copy goes."""

from hypothesis import given
from hypothesis import strategies as st

from explanations.duplicates import distinct
from explanations.records import word_texts

WORDS = [f"{first}{second}" for first in "bcdfghjklm" for second in ("at", "en", "ip", "or", "us")]
STORY = word_texts(
    "the old man walked down to the lake and threw his line where the reeds grow thick"
)


def window(words: list[str]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)


def windows(longest: int = 30) -> st.SearchStrategy[list[tuple[str, ...]]]:
    some_words = st.lists(st.sampled_from(WORDS[:12]), max_size=longest).map(window)
    return st.lists(some_words, max_size=12)


@given(windows())
def test_what_is_kept_stands_in_order_and_the_best_is_kept(found: list[tuple[str, ...]]) -> None:
    kept = distinct(found)
    assert kept == sorted(set(kept))
    assert kept[:1] == [0][: len(found)]


@given(windows())
def test_what_was_kept_is_kept_again(found: list[tuple[str, ...]]) -> None:
    kept = [found[place] for place in distinct(found)]
    assert distinct(kept) == list(range(len(kept)))


@given(windows())
def test_a_worse_window_changes_nothing_before_it(found: list[tuple[str, ...]]) -> None:
    assert distinct(found[:-1]) == [place for place in distinct(found) if place < len(found) - 1]


@given(windows())
def test_a_second_copy_of_all_goes(found: list[tuple[str, ...]]) -> None:
    assert distinct(found + found) == distinct(found)


@given(st.permutations(WORDS))
def test_windows_that_share_no_run_of_words_stay(words: list[str]) -> None:
    assert distinct([window(words[:25]), window(words[25:])]) == [0, 1]


@given(st.permutations(WORDS), st.integers(0, 39))
def test_a_copy_with_one_changed_word_goes(words: list[str], place: int) -> None:
    # 40 words have 36 runs of five; a word is in at most 5 of them, so 31 of 36 are left
    changed = [*words[:place], "changed", *words[place + 1 : 40]]
    assert distinct([window(words[:40]), window(changed)]) == [0]


@given(st.permutations(WORDS), st.integers(0, 10))
def test_a_copy_that_begins_a_quarter_later_goes(words: list[str], shift: int) -> None:
    # 40 words shifted by 10 share 30 words, which have 26 runs of five: more than half of 36
    assert distinct([window(words[:40]), window(words[shift : shift + 40])]) == [0]


@given(st.permutations(WORDS))
def test_windows_that_share_only_their_last_third_stay(words: list[str]) -> None:
    # 15 shared words have 11 runs of five, of the 26 that 30 words have: under half
    assert distinct([window(words[:30]), window(words[20:] + words[15:20])]) == [0, 1]


def test_a_piece_of_a_longer_window_goes_and_so_does_the_longer_one_after_its_piece() -> None:
    assert distinct([window(STORY), window(STORY[4:12])]) == [0]
    assert distinct([window(STORY[4:12]), window(STORY)]) == [0]


def test_case_spacing_and_how_words_are_cut_into_tokens_make_no_difference() -> None:
    cut = tuple("  The OLD man  walked\ndown to the lake and threw his line")
    assert distinct([window(STORY[:12]), cut]) == [0]


def test_short_windows_are_compared_whole() -> None:
    short = [(" the", " cat"), (" the", " dog"), ("The", " cat"), (), (" ",)]
    assert distinct(short) == [0, 1, 3]
