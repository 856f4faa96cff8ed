"""Labels become codes the quick way, with the same outcome as the slow one."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.ratings import factorize, interaction

quick = settings(max_examples=60, deadline=None)

integers = st.one_of(st.integers(-5, 5), st.integers(-(2**62), 2**62))
texts = st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=4)


@quick
@given(st.one_of(st.lists(integers), st.lists(st.integers(0, 5)), st.lists(texts)))
def test_distinct_labels_and_their_places_are_numpys(labels: list[Any]) -> None:
    codes, values = factorize(np.array(labels))
    expected, places = np.unique(np.array(labels), return_inverse=True)
    assert values.tolist() == expected.tolist()
    assert codes.tolist() == places.tolist()


def test_labels_of_one_byte_and_of_unsigned_kinds_are_not_mixed_up() -> None:
    for dtype in (np.int8, np.uint8, np.uint64):
        labels = np.array([np.iinfo(dtype).max, np.iinfo(dtype).min, 1], dtype=dtype)
        codes, values = factorize(labels)
        assert values.dtype == dtype
        assert values[codes].tolist() == labels.tolist()


def test_two_texts_that_make_one_number_are_still_told_apart(monkeypatch: Any) -> None:
    monkeypatch.setattr("studies.analysis.data.ratings._PRIME", 1)
    # with a factor of one, "ab" and "ba" make the same number
    codes, values = factorize(np.array(["ba", "ab", "ba"]))
    assert values.tolist() == ["ab", "ba"]
    assert codes.tolist() == [1, 0, 1]


@quick
@given(st.lists(st.tuples(st.integers(0, 4), st.one_of(st.integers(0, 3), st.just(70_000)))))
def test_pairs_are_coded_in_sorted_order(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array([pair[i] for pair in pairs], dtype=np.intp) for i in (0, 1))
    order = sorted(set(pairs))
    assert interaction(first, second).tolist() == [order.index(pair) for pair in pairs]
