"""Texts side by side give what each gives alone, and replacing values what plain hooks compute."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from explanations.interventions import ablation
from explanations.interventions.ablation import (
    divergences,
    jensen_shannon,
    logits,
    observe,
    states,
)
from explanations.interventions.live_neuron import activations
from explanations.methods.requests import Replacement
from explanations.methods.values import Unusable
from explanations.records import NeuronRef, TokenActivations
from explanations.subjects import SubjectError, TransformersMLP, load
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS, tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

REF = NeuronRef(layer=1, index=7)
CAUSAL = sorted(name for name, family in ARCHITECTURES.items() if family.causal)
Stories = list[tuple[str, Any, str]]


def enlarged(module: Any) -> None:
    for parameter in module.parameters(recurse=False):
        if parameter.dim() == 2:
            parameter.data.mul_(10)


def saved(name: str, folder: Path) -> Path:
    """Save a random model whose neurons matter."""
    model = ARCHITECTURES[name].create()
    torch.nn.Module.apply(model, enlarged)
    model.save_pretrained(folder)
    tokenizer(bos=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TransformersMLP:
    folder = saved("llama", tmp_path_factory.mktemp("replacing") / "llama")
    return load(folder, device="cpu", dtype=torch.float32)  # type: ignore[return-value]


def pieces(subject: TransformersMLP, text: str) -> tuple[str, ...]:
    (coded,) = subject.tokenizer.encode([text])
    return coded.pieces


def plainly(model: Any, path: str, batch: Any, ref: NeuronRef, held: Any) -> torch.Tensor:
    """Return log probabilities [tokens, vocabulary] of a text's own tokens, by an ordinary hook."""
    own = slice(batch.first, batch.first + batch.lengths[0])

    def hook(_module: Any, inputs: Any) -> Any:
        values = inputs[0].reshape(batch.ids.shape[1], -1).clone()
        values[own, ref.index] = held
        return (values.reshape(inputs[0].shape),)

    module = dict(model.named_modules())[path.format(ref.layer)]
    handle = module.register_forward_pre_hook(hook) if held is not None else None
    with torch.no_grad():
        found = model(input_ids=batch.ids).logits[0, own].double().log_softmax(-1)
    if handle is not None:
        handle.remove()
    return found


@pytest.mark.parametrize("name", CAUSAL)
def test_the_head_says_what_the_model_says(name: str, tmp_path: Path) -> None:
    subject = load(saved(name, tmp_path / name), device="cpu", dtype=torch.float32)
    assert isinstance(subject, TransformersMLP)
    (batch,) = subject.encode([TEXTS[0]])
    with torch.no_grad():
        expected = subject.model(input_ids=batch.ids).logits[0].double()
    assert torch.allclose(logits(subject, states(subject, batch)[0]), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "llama", "gpt_neox", "gemma2"])
def test_divergences_are_what_plain_hooks_compute(name: str, tmp_path: Path) -> None:
    folder = saved(name, tmp_path / name)
    subject = load(folder, device="cpu", dtype=torch.float32)
    assert isinstance(subject, TransformersMLP)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    path = ARCHITECTURES[name].projection
    texts = [TEXTS[0], "A naïve fish sold the mat."]
    asked, expected = [], []
    generator = np.random.default_rng(1)
    for text in texts:
        (batch,) = subject.encode([text])
        values = generator.normal(0, 3, (2, batch.lengths[0])).astype(np.float32)
        asked.append((REF, Replacement(tokens=batch.pieces[0], values=values)))
        untouched = plainly(model, path, batch, REF, None)
        rows = [plainly(model, path, batch, REF, torch.from_numpy(row)) for row in values]
        expected.append([by_hand(untouched, row) for row in rows])
    for found, right in zip(divergences(subject, asked), expected, strict=True):
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.float64
        assert found == pytest.approx(np.array(right), rel=1e-3, abs=1e-9)
        assert (found > 1e-6).any()


def by_hand(one: torch.Tensor, other: torch.Tensor) -> list[float]:
    p, q = one.exp().numpy(), other.exp().numpy()
    m = (p + q) / 2
    return [float(each) for each in (p * np.log(p / m) + q * np.log(q / m)).sum(-1) / 2]


def test_setting_a_neuron_to_its_own_values_changes_nothing(tiny: TransformersMLP) -> None:
    (seen,) = observe(tiny, [(REF, TEXTS[0])])
    assert isinstance(seen, TokenActivations)
    values = seen.activations[None]
    (found,) = divergences(tiny, [(REF, Replacement(tokens=seen.tokens, values=values))])
    assert isinstance(found, np.ndarray)
    assert float(found.max()) < 1e-10


def test_a_replacement_changes_nothing_before_it(tiny: TransformersMLP) -> None:
    (seen,) = observe(tiny, [(REF, TEXTS[0])])
    assert isinstance(seen, TokenActivations)
    values = seen.activations[None].copy()
    values[0, 5] += 8
    (found,) = divergences(tiny, [(REF, Replacement(tokens=seen.tokens, values=values))])
    assert isinstance(found, np.ndarray)
    assert float(found[0, :5].max()) < 1e-10
    assert found[0, 5] > 1e-4


def test_excerpts_side_by_side_and_of_several_neurons_are_as_each_alone(
    tiny: TransformersMLP,
) -> None:
    generator = np.random.default_rng(0)
    asked = [
        (
            NeuronRef(layer=layer, index=index),
            Replacement(
                tokens=pieces(tiny, text),
                values=generator.normal(0, 3, (count, len(pieces(tiny, text)))).astype(np.float32),
            ),
        )
        for text, layer, index, count in (
            (TEXTS[0], 0, 3, 1),
            (TEXTS[0], 1, 3, 2),
            ("The cat sat.", 0, 9, 3),
            ("The dog", 1, 11, 2),
        )
    ]
    together = divergences(tiny, asked)
    for each, found in zip(asked, together, strict=True):
        (alone,) = divergences(tiny, [each])
        assert isinstance(found, np.ndarray)
        assert found.shape == each[1].values.shape
        assert found == pytest.approx(np.asarray(alone), rel=1e-4, abs=1e-9)


def test_few_logits_at_once_give_the_same(
    tiny: TransformersMLP, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = pieces(tiny, TEXTS[0])
    asked = [(REF, Replacement(tokens=tokens, values=np.full((1, len(tokens)), 4, np.float32)))]
    (whole,) = divergences(tiny, asked)
    monkeypatch.setattr(ablation, "ROWS", 700)
    (parts,) = divergences(tiny, asked)
    assert np.allclose(whole, parts, rtol=1e-6, atol=1e-12)


def test_an_excerpt_that_is_read_as_other_tokens_is_followed_by_characters(
    tiny: TransformersMLP,
) -> None:
    tokens = pieces(tiny, "The cat sat on the mat")
    joined = (tokens[0] + tokens[1], *tokens[2:])
    values = np.arange(len(tokens), dtype=np.float32)
    (apart,) = divergences(
        tiny, [(REF, Replacement(tokens=tokens, values=np.maximum(values, 1)[None]))]
    )
    (found,) = divergences(tiny, [(REF, Replacement(tokens=joined, values=values[None, 1:]))])
    assert isinstance(apart, np.ndarray)
    # the first two tokens that are read take the value of the one that holds both
    assert found == pytest.approx(apart[:, 1:], rel=1e-9)


def test_what_gives_no_divergence_has_a_reason(tiny: TransformersMLP) -> None:
    long = tuple("long " for _ in range(100))
    huge = np.full((1, 2), np.inf, np.float32)
    found = divergences(
        tiny,
        [
            (REF, Replacement(tokens=long, values=np.zeros((1, 100), np.float32))),
            (REF, Replacement(tokens=(), values=np.zeros((1, 0), np.float32))),
            (REF, Replacement(tokens=("The", " cat"), values=huge)),
        ],
    )
    reasons = [each.reason for each in found if isinstance(each, Unusable)]
    assert ["longer than" in reasons[0], "no token" in reasons[1], "no numbers" in reasons[2]] == [
        True
    ] * 3


def test_values_of_another_length_than_the_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="2 tokens but values of shape"):
        Replacement(tokens=("a", "b"), values=np.zeros((1, 3), np.float32))


def test_a_subject_that_predicts_nothing_is_refused(minilm: TransformersMLP) -> None:
    values = np.zeros((1, 1), np.float32)
    with pytest.raises(SubjectError, match="predicts no next token"):
        divergences(minilm, [(REF, Replacement(tokens=("cat",), values=values))])


def test_many_texts_and_neurons_are_observed_as_each_alone(tiny: TransformersMLP) -> None:
    refs = [NeuronRef(layer=0, index=2), NeuronRef(layer=1, index=5)]
    looked = [(ref, text) for text in (*TEXTS, "cat", TEXTS[0]) for ref in refs]
    for each, found in zip(looked, observe(tiny, looked), strict=True):
        alone = activations(tiny, each[1], each[0]).excerpt
        assert isinstance(found, TokenActivations)
        assert found.tokens == alone.tokens
        assert found.activations == pytest.approx(alone.activations, abs=1e-4)


def test_functions_can_be_observed_too_and_an_empty_text_has_a_reason() -> None:
    subject = load("functions:default")
    ref = NeuronRef(layer=0, index=1)
    cat, nothing = observe(subject, [(ref, "A cat"), (ref, " ")])
    assert isinstance(cat, TokenActivations)
    assert cat.activations.tolist() == [0, 1]
    assert isinstance(nothing, Unusable)
    with pytest.raises(SubjectError, match="has no neuron"):
        observe(subject, [(NeuronRef(layer=0, index=99), "A cat")])


@given(
    st.lists(st.floats(-30, 30), min_size=3, max_size=3),
    st.lists(st.floats(-30, 30), min_size=3, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_the_divergence_is_symmetric_and_between_0_and_ln_2(
    one: list[float], other: list[float]
) -> None:
    a, b = torch.tensor(one, dtype=torch.float64), torch.tensor(other, dtype=torch.float64)
    found = float(jensen_shannon(a, b))
    assert 0 <= found <= math.log(2) + 1e-12
    assert found == pytest.approx(float(jensen_shannon(b, a)), abs=1e-12)
    assert float(jensen_shannon(a, a + 3)) == pytest.approx(0, abs=1e-12)


def test_divergence_of_two_coins() -> None:
    # p = (1/2, 1/2), q = (1, 0) nearly: m = (3/4, 1/4)
    # JSD = (1/2 ln(2/3) + 1/2 ln 2)/2 + (ln 4/3)/2 = 0.2157616
    found = float(jensen_shannon(torch.zeros(2).double(), torch.tensor([0.0, -800.0]).double()))
    assert found == pytest.approx(0.2157616, abs=1e-7)


def test_ablating_a_neuron_moves_its_top_stories_more_than_random_ones(
    small_llama: TransformersMLP, stories: Stories
) -> None:
    ref = NeuronRef(layer=4, index=119)
    seen = observe(small_llama, [(ref, text) for _, _, text in stories[:60]])
    excerpts = [each for each in seen if isinstance(each, TokenActivations)]
    mean = float(np.concatenate([each.activations for each in excerpts]).mean())
    by_peak = sorted(excerpts, key=lambda each: -each.peak)

    def moved(some: list[TokenActivations]) -> float:
        asked = [
            (
                ref,
                Replacement(tokens=e.tokens, values=np.full((1, len(e.tokens)), mean, np.float32)),
            )
            for e in some
        ]
        found = divergences(small_llama, asked)
        return float(
            np.concatenate([each[0] for each in found if not isinstance(each, Unusable)]).mean()
        )

    top, random = moved(by_peak[:8]), moved(excerpts[::8])
    # measured: .00043 on the eight top stories, .00024 on every eighth story
    assert 0.0001 < random < top < 0.001
    assert top > 1.3 * random
