"""What a question may be about: texts, images, interventions, groups, predictions."""

from typing import Any

import pytest

from annotation.protocols.choose import ChoosePayload
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.rank import RankPayload
from annotation.protocols.stimuli import Group, Stimulus
from annotation.templatetags.heatmap import marked, predicted_by
from tests.annotation.factories import (
    excerpt,
    image,
    intervention,
    item_of,
    plain,
    showing,
    texts,
)

LEVELS = [0, 5, 0, 0, 0, 9, 0]


def stimulus(data: object) -> Stimulus:
    return Group.from_json({"heading": "x", "excerpts": [data]}).excerpts[0]


def predicted(key: str, levels: list[int] | None = None) -> dict[str, Any]:
    """Return an excerpt with what was predicted from one option."""
    return {**excerpt().to_json(), "simulated": [{"key": key, "levels": levels or LEVELS}]}


@pytest.mark.parametrize(
    "data", [excerpt().to_json(), plain("a text"), image(), intervention(), predicted("a")]
)
def test_a_stimulus_is_read_as_it_was_written(data: dict[str, Any]) -> None:
    assert stimulus(data).to_json() == data


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"kind": "sound"}, "'sound'"),
        ({**plain("x"), "score": 1}, "unknown field 'score'"),
        (plain(" "), "text: is empty"),
        (image("trout"), "name: String should match"),
        (image("../../settings" + "0" * 16), "name: String should match"),
        ({**image(), "name": f"{'0' * 16}.svg"}, "name: String should match"),
        (image(alternative=""), "alternative: is empty"),
        (image(width=0), "width: must be greater than 0"),
        (image(method="sae"), "unknown field 'method'"),
        ({**intervention(), "shares": []}, "shares: Tuple should have at least 1"),
        ({**intervention(), "clamp": 3.0}, "unknown field 'clamp'"),
        (predicted("a", [1]), "as many values and levels"),
        (predicted("a", [11] * 7), "less than or equal to 10"),
        ("text", "excerpts.0"),
    ],
)
def test_what_is_not_exactly_a_stimulus_is_refused(data: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        stimulus(data)


def test_probabilities_go_from_0_to_1() -> None:
    data = intervention()
    data["shares"][0]["after"] = 1.2
    with pytest.raises(ValueError, match="after: must be less than or equal to 1"):
        stimulus(data)


def test_groups_have_headings_and_their_images_may_be_fetched() -> None:
    groups = [
        {"heading": "most", "excerpts": [image("a" * 16)]},
        {"heading": "least", "excerpts": [image("b" * 16)]},
    ]
    options = showing(1, image("c" * 16), image("d" * 16))
    payload = ChoosePayload.from_json(item_of("choose", groups=groups, options=options))
    assert ChoosePayload.from_json(payload.to_json()) == payload
    assert payload.images == {f"{letter * 16}.png" for letter in "abcd"}
    for bad, fault in (
        ({"heading": " ", "excerpts": [plain("x")]}, "heading: is empty"),
        ({"heading": "x", "excerpts": []}, "excerpts: Tuple should have at least 1"),
    ):
        with pytest.raises(ValueError, match=fault):
            Group.from_json(bad)


def test_what_an_option_predicts_is_shown_as_marks_of_its_own() -> None:
    options = texts(0, 4)
    shown = predicted(options[2]["key"])
    payload = RankPayload.from_json(item_of("rank", excerpts=[shown], options=options))
    (first,) = payload.excerpts
    assert isinstance(first, Excerpt)
    assert predicted_by(first, options[0]["key"]) is None
    beside = predicted_by(first, options[2]["key"])
    assert beside is not None
    assert '<mark class="l9" title="9">river</mark>' in marked(beside)


def test_a_prediction_belongs_to_an_option_that_is_shown() -> None:
    with pytest.raises(ValueError, match="'other' belongs to no option"):
        RankPayload.from_json(item_of("rank", excerpts=[predicted("other")]))
