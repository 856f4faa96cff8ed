"""Passages read by a local model: in batches behind a shared prefix, as if each were read alone."""

import dataclasses
from pathlib import Path

import pytest
import torch

from explanations.backends.base import Callbacks
from explanations.backends.local import LocalBackend
from explanations.backends.local.numbers import BATCH_TOKENS, KEPT
from explanations.methods.requests import NumberLogprobs, NumberPrompt, PredictNumbers
from explanations.methods.values import Unusable
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS, tokenizer

TEN = "10 10 10 9 8 7 6 5 4 3 2 1 0\t10\n"
KINDS = ("llama", "gpt2", "gemma2", "mistral", "phi")
# A window that is shorter than the prefix, so that what lies behind it must not be looked at.
WINDOW = {"mistral": {"sliding_window": 24}, "gemma2": {"sliding_window": 24}}


def saved(kind: str, folder: Path, *, texts: tuple[str, ...] = (*TEXTS, TEN)) -> Path:
    tiny = ARCHITECTURES[kind]
    room = {"n_positions": 256} if kind == "gpt2" else {"max_position_embeddings": 256}
    settings = tiny.settings | room | WINDOW.get(kind, {})
    dataclasses.replace(tiny, settings=settings).create().save_pretrained(folder)
    tokenizer(bos=True, texts=texts).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=[*KINDS, "small_llama"])
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, one_thread: None
) -> LocalBackend:
    if request.param == "small_llama":
        folder = request.getfixturevalue("small_model")
    else:
        folder = saved(request.param, tmp_path_factory.mktemp(request.param))
    return LocalBackend(str(folder), "cpu")


def passage(about: str, tokens: str) -> NumberPrompt:
    prefix = f"Numbers for a neuron.\ncat\t10\nmat\t0\nIt likes {about}.\n"
    return NumberPrompt(prefix=prefix, parts=tuple(f"{t}\t" for t in tokens.split()), filler="?\n")


PASSAGES = [
    passage("cats", "The cat sat on the mat"),
    passage("dogs", "and the dog"),
    passage("cats", "it"),
    passage("cats", "She sold it , they said , in spring"),
    passage("dogs, and naïve 😀 fish", "watched it sit 😀"),
    passage("dogs", "They said in the spring that the cat sat"),
]


def alone(backend: LocalBackend, asked: NumberPrompt) -> torch.Tensor:
    """Read one passage in a plain pass of the whole model, without a cache and a batch."""
    loaded = backend.loaded
    ids = loaded.begun(asked.prefix)
    positions = []
    for part in asked.parts:
        ids += loaded.coded(part)
        positions.append(len(ids) - 1)
        ids += loaded.coded(asked.filler)
    with torch.no_grad():
        logits = loaded.model(torch.tensor([ids])).logits[0, positions]
    numbers = [loaded.coded(f"a\t{n}")[-1] for n in backend.capabilities().numbers]
    return torch.log_softmax(logits[:, numbers], dim=-1)


def logprobs(reading: NumberLogprobs | Unusable) -> torch.Tensor:
    assert isinstance(reading, NumberLogprobs)
    return torch.tensor([list(place.values()) for place in reading.logprobs])


def test_a_batch_behind_a_cached_prefix_reads_as_each_passage_alone(backend: LocalBackend) -> None:
    for _ in range(2):  # the second time every prefix is kept already
        for asked, reading in zip(PASSAGES, backend.answer(PredictNumbers(PASSAGES)), strict=True):
            expected = alone(backend, asked)
            assert logprobs(reading).shape == expected.shape
            assert torch.allclose(logprobs(reading), expected, atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 200, 10_000])
def test_batches_of_any_size_give_the_same(
    backend: LocalBackend, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BATCH_TOKENS, "cpu", tokens)
    cats = [passage("cats", text) for text in ("the mat", "it", "The dog sat in the spring", "a")]
    for asked, reading in zip(cats, backend.answer(PredictNumbers(cats)), strict=True):
        assert torch.allclose(logprobs(reading), alone(backend, asked), atol=1e-4)


def test_what_prefixes_share_is_computed_once(backend: LocalBackend) -> None:
    fresh = LocalBackend(backend.loaded.source, "cpu")
    first, second, third = (
        fresh.answer(PredictNumbers([passage(about, "The cat")]))[0]
        for about in ("cats", "cows", "cats")
    )
    assert isinstance(first, NumberLogprobs)
    assert isinstance(second, NumberLogprobs)
    assert isinstance(third, NumberLogprobs)
    own = first.tokens_in - len(fresh.loaded.begun(passage("cats", "").prefix))
    assert own < second.tokens_in < first.tokens_in / 2
    assert third.tokens_in == own


def test_prefixes_that_were_forgotten_are_computed_again(backend: LocalBackend) -> None:
    asked = [passage(f"the letter {letter}", "The cat") for letter in "abcdefg"]
    assert len(asked) > KEPT
    for one, reading in zip(
        asked * 2,
        backend.answer(PredictNumbers(asked)) + backend.answer(PredictNumbers(asked)),
        strict=True,
    ):
        assert torch.allclose(logprobs(reading), alone(backend, one), atol=1e-4)


def test_each_reading_is_told_and_a_check_may_end_it(backend: LocalBackend) -> None:
    told: dict[int, object] = {}
    outcomes = backend.answer(PredictNumbers(PASSAGES), Callbacks(on_result=told.__setitem__))
    assert tuple(told[at] for at in range(len(PASSAGES))) == outcomes

    def enough() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        backend.answer(PredictNumbers(PASSAGES), Callbacks(raise_if_stopped=enough))
    assert isinstance(backend.answer(PredictNumbers(PASSAGES[:1]))[0], NumberLogprobs)


def test_a_passage_too_long_for_the_model_is_a_failure_and_the_others_are_read(
    backend: LocalBackend,
) -> None:
    long = passage("cats", "the cat " * 300)
    readings = backend.answer(PredictNumbers([long, PASSAGES[0]]))
    assert isinstance(readings[0], Unusable)
    assert "tokens, and the model takes" in readings[0].reason
    assert isinstance(readings[1], NumberLogprobs)


def test_a_tokenizer_that_keeps_ten_whole_gives_all_numbers_and_one_that_splits_it_all_but_ten(
    tmp_path: Path,
) -> None:
    whole = LocalBackend(str(saved("llama", tmp_path / "whole")), "cpu").capabilities()
    split = LocalBackend(str(saved("llama", tmp_path / "split", texts=TEXTS)), "cpu").capabilities()
    assert whole.numbers == tuple(str(number) for number in range(11))
    assert split.numbers == tuple(str(number) for number in range(10))
    assert whole.number_logprobs
    assert split.number_logprobs


def test_small_llama_splits_ten(small_model: Path) -> None:
    found = LocalBackend(str(small_model), "cpu").capabilities()
    assert found.numbers == tuple(str(number) for number in range(10))


def test_what_is_no_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"local:.* cannot be loaded .* folder that holds one"):
        LocalBackend(str(tmp_path), "cpu")
