"""A model goes on with a text as its own generation does, and a clamp makes the difference."""

import numpy as np
import pytest
import torch

from explanations.interventions.generation import continuations
from explanations.methods.requests import Continuation
from explanations.methods.values import Unusable
from explanations.records import NeuronRef
from explanations.subjects import SubjectError, TransformersMLP

TEXT = "Once upon a time, there was a little girl"
REF = NeuronRef(layer=4, index=143)


def go_on(
    subject: TransformersMLP,
    *texts: str,
    clamp: float | None = None,
    tokens: int = 12,
    seed: int | None = None,
) -> list[str | Unusable]:
    return continuations(
        subject,
        [(REF, Continuation(text=text, clamp=clamp, tokens=tokens, seed=seed)) for text in texts],
    )


def test_the_likeliest_tokens_are_those_of_the_models_own_generation(
    small_llama: TransformersMLP,
) -> None:
    (batch,) = small_llama.encode([TEXT])
    with torch.inference_mode():
        ids = small_llama.model.generate(
            input_ids=batch.ids, attention_mask=batch.mask, do_sample=False, max_new_tokens=12
        )[0]
    decode = small_llama.tokenizer.backend.decode
    whole = decode(ids.tolist()[batch.first :])
    (found,) = go_on(small_llama, TEXT)
    assert TEXT + str(found) == whole


def test_texts_side_by_side_go_on_as_each_alone(small_llama: TransformersMLP) -> None:
    texts = [TEXT, "The cat", "Tom and his dog went to the park. They"]
    for seed in (None, 3):
        together = go_on(small_llama, *texts, seed=seed)
        alone = [go_on(small_llama, text, seed=seed)[0] for text in texts]
        assert together == alone
        assert all(isinstance(each, str) and each for each in together)


def test_draws_hang_on_the_seed(small_llama: TransformersMLP) -> None:
    first = go_on(small_llama, TEXT, seed=1, tokens=20)
    assert first == go_on(small_llama, TEXT, seed=1, tokens=20)
    assert first != go_on(small_llama, TEXT, seed=2, tokens=20)


def test_draws_follow_the_models_distribution(small_llama: TransformersMLP) -> None:
    (batch,) = small_llama.encode(["She"])
    with torch.inference_mode():
        shares = small_llama.model(input_ids=batch.ids).logits[0, -1].float().softmax(-1)
    best = int(shares.argmax())
    said = small_llama.tokenizer.backend.decode([*batch.ids[0, 1:].tolist(), best])
    asked = [
        (REF, Continuation(text="She", clamp=None, tokens=1, seed=seed)) for seed in range(300)
    ]
    drawn = [f"She{each}" for each in continuations(small_llama, asked)]
    # of 300 draws: the standard error of a share is at most .029
    assert np.mean([each == said for each in drawn]) == pytest.approx(float(shares[best]), abs=0.1)


def test_a_strong_clamp_changes_what_follows_and_a_weak_one_little(
    small_llama: TransformersMLP,
) -> None:
    texts = [TEXT, "The cat", "Tom went home. He", "One day, a bird"]
    plain = go_on(small_llama, *texts, seed=5)
    assert go_on(small_llama, *texts, seed=5, clamp=60.0) != plain
    same = [
        a == b for a, b in zip(plain, go_on(small_llama, *texts, seed=5, clamp=0.07), strict=True)
    ]
    assert sum(same) >= 2


def test_a_text_at_the_limit_has_a_reason(small_llama: TransformersMLP) -> None:
    (room,) = go_on(small_llama, "a " * 1000)
    assert isinstance(room, Unusable)
    assert "longer than the subject reads" in room.reason
    (nothing,) = go_on(small_llama, "")
    assert isinstance(nothing, Unusable)
    assert "no token" in nothing.reason


def test_a_model_that_computes_no_numbers_says_so(small_llama: TransformersMLP) -> None:
    (found,) = go_on(small_llama, TEXT, clamp=1e300)
    assert isinstance(found, Unusable)
    assert "no numbers" in found.reason


def test_what_cannot_go_on_is_said(minilm: TransformersMLP) -> None:
    with pytest.raises(SubjectError, match="predicts no next token"):
        continuations(
            minilm,
            [
                (
                    NeuronRef(layer=0, index=0),
                    Continuation(text="a", clamp=None, tokens=1, seed=1),
                )
            ],
        )
    with pytest.raises(ValueError, match="at least one token"):
        Continuation(text="a", clamp=None, tokens=0, seed=1)
