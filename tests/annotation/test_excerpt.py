"""Excerpts as raters see them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.excerpt import Excerpt
from annotation.templatetags.heatmap import marked, strongest
from tests.annotation.factories import excerpt

TOKENS = st.lists(
    st.tuples(st.text(max_size=6), st.floats(-10, 10, allow_nan=False), st.integers(0, 10)),
    min_size=1,
    max_size=12,
)


@st.composite
def excerpts(draw: st.DrawFn) -> Excerpt:
    tokens, values, levels = zip(*draw(TOKENS), strict=True)
    return Excerpt(tokens=tokens, values=values, levels=levels)


def test_unmarked_text_is_one_stretch_and_space_around_a_marked_word_stays_plain() -> None:
    assert [(s.text, s.level) for s in excerpt().segments] == [
        ("The ", 0),
        ("trout", 10),
        (" ", 0),
        ("swam", 3),
        (" up the ", 0),
        ("river", 1),
        (".", 0),
    ]


def test_a_marked_line_break_can_be_seen() -> None:
    shown = Excerpt(tokens=("a", "\n", " "), values=(0, 3, 2), levels=(0, 9, 5)).segments
    assert [(s.text, s.level) for s in shown] == [("a", 0), ("↵", 9), ("\n", 0), ("␣", 5), (" ", 0)]


def test_markup_in_a_token_is_shown_as_text() -> None:
    shown = marked(Excerpt(tokens=("<b>", " <i>"), values=(0, 1), levels=(0, 4)))
    assert shown == '&lt;b&gt; <mark class="l4" title="1">&lt;i&gt;</mark>'


def test_those_who_hear_the_page_are_told_the_strongest_three() -> None:
    assert strongest(excerpt()) == "trout 8.25, swam 2.5, river 0.83"


@given(excerpts())
def test_an_excerpt_shows_all_of_its_text(shown: Excerpt) -> None:
    text = "".join(s.text for s in shown.segments)
    assert text.replace("↵", "").replace("␣", "") == "".join(shown.tokens).replace("↵", "").replace(
        "␣", ""
    )


@given(excerpts())
def test_an_excerpt_is_read_as_it_was_written(shown: Excerpt) -> None:
    assert Excerpt.from_json(json.loads(json.dumps(shown.to_json()))) == shown


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"score": 0.9}, "unknown field 'score'"),
        ({"tokens": []}, "tokens: Tuple should have at least 1"),
        ({"tokens": "text"}, "tokens: must be a valid tuple"),
        ({"tokens": [1, 2]}, "tokens.0: must be a valid string"),
        ({"levels": [0, 11]}, "levels.1: must be less than or equal to 10"),
        ({"levels": [0, True]}, "levels.1: must be a valid integer"),
        ({"levels": [0]}, "as many"),
        ({"values": [0, float("nan")]}, "finite"),
    ],
)
def test_an_excerpt_that_is_not_exactly_one_is_refused(
    change: dict[str, object], fault: str
) -> None:
    right = {"tokens": ["a", "b"], "values": [0, 1.5], "levels": [0, 9]}
    Excerpt.from_json(right)
    with pytest.raises(ValueError, match=fault):
        Excerpt.from_json({**right, **change})
