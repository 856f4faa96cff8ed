"""Near-duplicate windows are found, and nothing else is."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from explanations.capture.near_duplicates import near_pairs
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
    return near_pairs({"one": one, "other": other}) == {"one": {"other"}, "other": {"one"}}


@given(some_windows)
def test_two_windows_are_near_each_other_or_neither_is(found: list[tuple[str, ...]]) -> None:
    near = near_pairs(dict(enumerate(found)))
    assert all(others and key not in others for key, others in near.items())
    assert all(key in near[other] for key, others in near.items() for other in others)


@given(some_windows)
def test_whether_two_are_near_depends_on_no_other_window(found: list[tuple[str, ...]]) -> None:
    near = near_pairs(dict(enumerate(found)))
    assert near == near_pairs({key: found[key] for key in reversed(range(len(found)))})
    for key in range(1, len(found)):
        assert alike(found[0], found[key]) == (key in near.get(0, ()))


@given(some_windows)
def test_every_window_is_near_its_copy(found: list[tuple[str, ...]]) -> None:
    near = near_pairs(dict(enumerate(found + found)))
    assert all(key + len(found) in near[key] for key in range(len(found)))


@given(st.permutations(WORDS))
def test_windows_that_share_no_run_of_words_are_not_near(words: list[str]) -> None:
    assert not alike(window(words[:25]), window(words[25:]))


@given(st.permutations(WORDS), st.integers(0, 39))
def test_a_copy_with_one_changed_word_is_near(words: list[str], place: int) -> None:
    # 40 words have 36 runs of five; a word is in at most 5 of them, so 31 of 36 are left
    changed = [*words[:place], "changed", *words[place + 1 : 40]]
    assert alike(window(words[:40]), window(changed))


@given(st.permutations(WORDS), st.integers(0, 10))
def test_a_copy_that_begins_a_quarter_later_is_near(words: list[str], shift: int) -> None:
    # 40 words shifted by 10 share 30 words, which have 26 runs of five: more than half of 36
    assert alike(window(words[:40]), window(words[shift : shift + 40]))


@given(st.permutations(WORDS))
def test_windows_that_share_half_of_their_words_are_not_near(words: list[str]) -> None:
    # 15 shared words have 11 runs of five, of the 26 that 30 words have: under half
    assert not alike(window(words[:30]), window(words[15:45]))


def test_a_piece_of_a_longer_window_is_near_it() -> None:
    assert alike(window(STORY), window(STORY[4:12]))


def test_case_spacing_and_how_words_are_cut_into_tokens_make_no_difference() -> None:
    cut = tuple("  The OLD man  walked\ndown to the lake and threw his line")
    assert alike(window(STORY[:12]), cut)


def test_short_windows_are_compared_whole() -> None:
    short = [(" the", " cat"), (" the", " dog"), ("The", " cat"), (), (" ",)]
    assert near_pairs(dict(enumerate(short))) == {0: {2}, 2: {0}, 3: {4}, 4: {3}}


def test_a_phrase_that_a_whole_corpus_repeats_makes_no_duplicates() -> None:
    phrase = word_texts("all rights reserved by the makers of this")
    found = {n: window([*phrase, *(f"w{n}x{i}" for i in range(12))]) for n in range(300)}
    assert near_pairs({**found, 300: found[299]}) == {299: {300}, 300: {299}}
