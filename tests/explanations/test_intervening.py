"""What a neuron does on a text, and what holding it fixed changes, are what plain hooks say."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from explanations.interventions.live_neuron import SHOWN, Intervention, activations, intervene
from explanations.records import NeuronRef
from explanations.subjects import SubjectError, TransformersMLP, load
from tests.explanations.tiny_models import ARCHITECTURES, tokenizer

TEXT = "A little girl. She loved to play"
REF = NeuronRef(layer=1, index=7)


@pytest.fixture(scope="module", params=["gpt2", "llama", "gpt_neox", "qwen2"])
def causal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random causal model; qwen2's has no BOS."""
    folder: Path = tmp_path_factory.mktemp("causal") / request.param
    torch.manual_seed(1)
    model = ARCHITECTURES[request.param].create()
    # Random weights are so small that no neuron matters: larger ones make a difference to see.
    torch.nn.Module.apply(model, _enlarge)
    model.save_pretrained(folder)
    tokenizer(bos=request.param != "qwen2").save_pretrained(folder)
    return folder


def _enlarge(module: Any) -> None:
    for parameter in module.parameters(recurse=False):
        if parameter.dim() == 2:
            parameter.data.mul_(10)


def plain(
    model: Any, path: str, ids: torch.Tensor, own: slice, ref: NeuronRef, clamp: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return probabilities [tokens, vocabulary] and the neuron's input, by ordinary hooks."""
    seen: list[torch.Tensor] = []

    def hook(_module: Any, inputs: Any) -> Any:
        values = inputs[0].reshape(ids.shape[1], -1)
        seen.append(values[own, ref.index].clone())
        if clamp is None:
            return None
        held = torch.zeros(values.shape, dtype=torch.bool)
        held[own, ref.index] = True
        return (torch.where(held, torch.tensor(clamp), values).reshape(inputs[0].shape),)

    handle = dict(model.named_modules())[path.format(ref.layer)].register_forward_pre_hook(hook)
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
    handle.remove()
    return logits.double().softmax(-1), seen[0]


def assert_same(
    found: Intervention, subject: TransformersMLP, model: Any, path: str, clamp: float, ref: Any
) -> None:
    """Compare with plain passes of an unpadded text, its loss and its divergence written out."""
    (batch,) = subject.encode([TEXT])
    ids, first = batch.ids, batch.first
    own = slice(first, first + batch.lengths[0])
    before, _ = plain(model, path, ids, own, ref, None)
    after, _ = plain(model, path, ids, own, ref, clamp)
    p, q = before[-1], after[-1]
    assert [share for _, share in found.before] == pytest.approx(p.topk(SHOWN)[0].tolist())
    assert [share for _, share in found.after] == pytest.approx(q.topk(SHOWN)[0].tolist())
    assert found.kl == pytest.approx(float((p * (p / q).log()).sum()), rel=1e-4, abs=1e-9)
    grown = (q - p).topk(SHOWN).indices.tolist()
    expected = [(float(p[token]), float(q[token])) for token in grown if q[token] > p[token]]
    assert np.ravel([pair[1:] for pair in found.gains]) == pytest.approx(np.ravel(expected))
    for table, loss in ((before, found.loss_before), (after, found.loss_after)):
        start = max(first, 1)
        logs = [-float(table[at - 1, ids[0, at]].log()) for at in range(start, ids.shape[1])]
        assert loss == pytest.approx(sum(logs) / len(logs), rel=1e-5)


def _model(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.mark.parametrize("clamp", [0.0, 6.5])
def test_an_intervention_is_what_plain_hooks_compute(causal: Path, clamp: float) -> None:
    subject = load(causal, device="cpu", dtype=torch.float32)
    found = intervene(subject, TEXT, REF, clamp)
    assert_same(found, subject, _model(causal), ARCHITECTURES[causal.name].projection, clamp, REF)
    assert found.kl > 0
    assert not found.truncated


def test_activations_are_what_a_plain_hook_reads(causal: Path) -> None:
    subject = load(causal, device="cpu", dtype=torch.float32)
    (batch,) = subject.encode([TEXT])
    own = slice(batch.first, batch.first + batch.lengths[0])
    path = ARCHITECTURES[causal.name].projection
    _, expected = plain(_model(causal), path, batch.ids, own, REF, None)
    reading = activations(subject, TEXT, REF)
    assert reading.excerpt.text == TEXT
    assert reading.excerpt.activations == pytest.approx(expected.numpy(), abs=1e-6)


def test_the_stories_model_loses_what_an_ablated_neuron_gave(
    small_llama: TransformersMLP, small_model: Path
) -> None:
    model = _model(small_model)
    ref = NeuronRef(layer=4, index=119)
    found = intervene(small_llama, TEXT, ref, 0.0)
    assert_same(found, small_llama, model, "model.layers.{}.mlp.down_proj", 0.0, ref)
    assert " the" in [token for token, _ in found.before]
    assert found.kl > 0.02  # measured: .046


def test_holding_a_neuron_where_it_is_changes_nothing(small_llama: TransformersMLP) -> None:
    # A text of one token: to set the neuron to the value that it has there is no intervention.
    ref = NeuronRef(layer=2, index=3)
    reading = activations(small_llama, "The", ref)
    found = intervene(small_llama, "The", ref, float(reading.excerpt.activations[0]))
    assert len(reading.excerpt.tokens) == 1
    assert found.kl == pytest.approx(0, abs=1e-12)
    assert found.after == found.before
    assert found.loss_after == found.loss_before


def test_what_nothing_precedes_has_no_loss(causal: Path) -> None:
    found = intervene(load(causal, device="cpu"), "c", REF, 0.0)
    assert (found.loss_before is None) == (causal.name == "qwen2")


def test_a_text_beyond_the_limit_is_cut_and_said_to_be(causal: Path) -> None:
    subject = load(causal, device="cpu")
    assert intervene(subject, "long " * 100, REF, 0.0).truncated
    reading = activations(subject, "long " * 100, REF)
    assert reading.truncated
    assert ("long " * 100).startswith(reading.excerpt.text)


def test_a_subject_that_predicts_nothing_is_refused(minilm: TransformersMLP) -> None:
    assert activations(minilm, "A red fish.", REF).excerpt.text == "A red fish."
    with pytest.raises(SubjectError, match="predicts no next token"):
        intervene(minilm, "A red fish.", REF, 0.0)


@pytest.mark.parametrize(
    ("text", "ref", "says"),
    [
        ("", REF, "finds no token"),
        ("cat", NeuronRef(layer=9, index=0), "layers are 0 to 4"),
        ("cat", NeuronRef(layer=0, index=172), "neurons 0 to 171"),
    ],
)
def test_what_cannot_be_asked_is_said(
    small_llama: TransformersMLP, text: str, ref: NeuronRef, says: str
) -> None:
    for ask in (activations, lambda *of: intervene(*of, 0.0)):
        with pytest.raises(SubjectError, match=says):
            ask(small_llama, text, ref)


def test_a_value_beyond_what_the_model_can_compute_with_is_said(
    small_llama: TransformersMLP,
) -> None:
    with pytest.raises(SubjectError, match="computes no numbers"):
        intervene(small_llama, TEXT, REF, 1e300)


def test_hooks_are_gone_afterwards(small_llama: TransformersMLP) -> None:
    intervene(small_llama, TEXT, REF, 3.0)
    assert not any(each._forward_pre_hooks for each in small_llama.projections)


def test_threads_that_share_a_subject_do_not_see_each_others_hooks(
    small_llama: TransformersMLP,
) -> None:
    quiet = intervene(small_llama, TEXT, REF, 50.0)
    (batch,) = small_llama.encode([TEXT])
    alone = small_llama.run_layer(batch, 4)
    found: list[Intervention] = []
    interrupted: list[torch.Tensor] = []

    def ask() -> None:
        found.append(intervene(small_llama, TEXT, REF, 50.0))

    def consume(layer: int, values: torch.Tensor) -> None:
        if layer == 0:
            # A question is answered from beginning to end in the middle of this forward pass.
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        if layer == 4:
            interrupted.append(values.float().clone())

    small_llama.run(batch, consume)
    assert found == [quiet]
    assert len(interrupted) == 1
    assert torch.equal(interrupted[0], alone)
