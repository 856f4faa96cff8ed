"""The sentence encoder: all-MiniLM-L6-v2 as its package carries it."""

import sys

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from explanations.backends import encoder
from explanations.backends.encoder import sentence_encoder

TEXTS = ["fish", "a shark in the sea", "the court ruled against him", "fish", ""]


def test_it_gives_unit_vectors_of_384_numbers_for_any_texts() -> None:
    vectors = sentence_encoder()(TEXTS)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert sentence_encoder()([]).shape == (0, 384)


def test_what_means_alike_is_nearer_than_what_does_not() -> None:
    vectors = sentence_encoder()(TEXTS)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_its_vectors_are_the_normalised_mean_of_the_models_last_layer() -> None:
    folder = encoder._model_folder()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    expected = []
    for text in TEXTS:
        with torch.inference_mode():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        mean = hidden.mean(0)
        expected.append((mean / mean.norm()).numpy())
    np.testing.assert_allclose(sentence_encoder()(TEXTS), np.stack(expected), atol=1e-4)


def test_a_process_has_one_encoder_and_it_gives_the_same_in_any_order() -> None:
    assert sentence_encoder() is sentence_encoder()
    fresh = encoder._Encoder(encoder._model_folder())
    np.testing.assert_allclose(
        fresh.encode(TEXTS[::-1]), sentence_encoder()(TEXTS)[::-1], atol=1e-4
    )


def test_it_loads_in_silence_and_without_the_library_that_is_slow_to_import(
    capfd: pytest.CaptureFixture[str],
) -> None:
    encoder._Encoder(encoder._model_folder())
    assert capfd.readouterr() == ("", "")
    assert "sentence_transformers" not in sys.modules


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "PACKAGE", "nothing_of_the_kind")
    with pytest.raises(ImportError, match="nothing-of-the-kind: pip install it"):
        encoder._model_folder()
