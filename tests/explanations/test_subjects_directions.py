"""A direction's activation is the dot product with the model's vector at its hook point."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from explanations.subjects import SubjectError, load
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS
from tests.explanations.tiny_saes import output, stream

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random Llama."""
    return ARCHITECTURES["llama"].save(tmp_path_factory.mktemp("hosts") / "llama")


def directions(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """Return random arrays; in the names, two underscores stand for a point."""
    torch.manual_seed(3)
    return {name.replace("__", "."): torch.randn(shape) for name, shape in shapes.items()}


def test_activations_are_projections_of_either_sign(llama: Path, tmp_path: Path) -> None:
    arrays = directions(blocks__1__hook_resid_post=(3, 16), layers__0__mlp=(3, 16))
    save_file(arrays, tmp_path / "probes.safetensors")
    subject = load(f"directions:{tmp_path}/probes.safetensors@{llama}", dtype=torch.float32)
    assert (subject.layers, subject.width) == (2, 3)
    assert subject.identity.hook == "blocks.1.hook_resid_post, layers.0.mlp"
    assert subject.identity.name == "probes@llama"
    auto: Any = AutoModelForCausalLM
    model = auto.from_pretrained(llama).eval()
    (batch,) = subject.encode(TEXTS, budget=10_000)
    for row, size in enumerate(batch.mask.sum(1).tolist()):
        ids = batch.ids[row : row + 1, :size]
        final = model.model.norm
        before: list[torch.Tensor] = []
        handle = final.register_forward_pre_hook(lambda _module, args: before.append(args[0]))  # noqa: B023
        mlp = output(model, ids, "model.layers.0.mlp")
        handle.remove()
        for layer, vectors in enumerate((before[0][0], mlp)):
            matrix = arrays[("blocks.1.hook_resid_post", "layers.0.mlp")[layer]]
            expected = torch.einsum("td,nd->tn", vectors, matrix)
            found = subject.run_layer(batch, layer)[row, :size]
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
            assert expected.min() < 0 < expected.max()


def test_the_stream_before_the_first_layer_is_the_embedding(llama: Path, tmp_path: Path) -> None:
    arrays = directions(blocks__0__hook_resid_pre=(2, 16))
    save_file(arrays, tmp_path / "probes.safetensors")
    subject = load(f"directions:{tmp_path}/probes.safetensors@{llama}", dtype=torch.float32)
    auto: Any = AutoModelForCausalLM
    model = auto.from_pretrained(llama).eval()
    batch = next(iter(subject.encode(TEXTS, budget=1)))
    expected = stream(model, batch.ids, 0) @ arrays["blocks.0.hook_resid_pre"].T
    torch.testing.assert_close(subject.run_layer(batch, 0)[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        (
            directions(blocks__0__hook_resid_post=(2, 15)),
            r"vectors of 15 values.* has 16 at blocks.0",
        ),
        (directions(blocks__0__hook_resid_post=(16,)), r"shape \(16,\): directions are an array"),
        (directions(blocks__7__hook_resid_post=(2, 16)), r"layers are 0 to 1"),
        (directions(blocks__0__hook_z=(2, 16)), r"'blocks.0.hook_z' is not a hook point of llama"),
        (
            directions(layers__0__nothing=(2, 16)),
            r"path of a module such as layers.0.mlp.down_proj",
        ),
        (
            directions(layers__0=(2, 16), layers__1=(3, 16)),
            r"differ in width \(layers.0: 2, layers.1: 3\)",
        ),
        ({}, r"is empty: it must hold an array \[n, d\]"),
    ],
)
def test_what_does_not_fit_the_model_is_named(
    arrays: dict[str, torch.Tensor], says: str, llama: Path, tmp_path: Path
) -> None:
    save_file(arrays, tmp_path / "probes.safetensors")
    with pytest.raises(SubjectError, match=says):
        load(f"directions:{tmp_path}/probes.safetensors@{llama}", dtype=torch.float32)


def test_a_place_that_a_family_does_not_have_is_named(tmp_path: Path) -> None:
    neox = ARCHITECTURES["gpt_neox"].save(tmp_path / "neox")
    save_file(directions(blocks__1__hook_resid_mid=(2, 16)), tmp_path / "probes.safetensors")
    with pytest.raises(SubjectError, match=r"has no blocks.1.hook_resid_mid.*gpt_neox"):
        load(f"directions:{tmp_path}/probes.safetensors@{neox}")


def test_a_missing_file_or_model_or_a_broken_file_says_what_to_do(
    llama: Path, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=r"there is no file nowhere.safetensors"):
        load(f"directions:nowhere.safetensors@{llama}")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises(SubjectError, match=r"broken.safetensors names no model"):
        load(f"directions:{broken}")
    with pytest.raises(SubjectError, match=r"broken.safetensors is broken or cut off"):
        load(f"directions:{broken}@{llama}")
