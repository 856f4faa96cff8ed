"""In every family a captured activation is what an ordinary hook sees, whatever surrounds it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM

from explanations.subjects import TransformersMLP, load, load_transformer
from explanations.subjects.architectures import ARCHITECTURES as KNOWN
from explanations.subjects.hook_points import find_hook_point
from tests.conftest import ROOT
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS, differs

CAUSAL = [name for name, tiny in ARCHITECTURES.items() if tiny.causal]
ONE_BATCH, ALONE = 10_000, 1

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="session", params=ARCHITECTURES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random model of one family, named after it."""
    folder: Path = tmp_path_factory.mktemp("families") / request.param
    return ARCHITECTURES[request.param].save(folder)


@pytest.fixture(scope="session")
def subject(family: Path) -> TransformersMLP:
    """Return that model as a subject."""
    return load_transformer(family, dtype=torch.float32, device="cpu")


def plain(folder: Path) -> Any:
    """Load a model without our own code."""
    auto: Any = AutoModelForCausalLM if ARCHITECTURES[folder.name].causal else AutoModel
    return auto.from_pretrained(folder).eval()


def test_every_known_family_is_tested() -> None:
    assert set(ARCHITECTURES) == set(KNOWN)


def test_every_module_that_a_family_names_is_in_its_models(
    family: Path, subject: TransformersMLP
) -> None:
    known = KNOWN[family.name]
    layer = subject.base.get_submodule(known.layers)[0]  # type: ignore[index]
    named = ("projection", "reads", "mlp", "middle", "end", "before", "after")
    for path in (*(getattr(known, name) for name in named), *known.stream):
        layer.get_submodule(path)
    for path in (known.first, known.final):
        subject.base.get_submodule(path)
    assert bool(known.final) == known.causal


def test_activations_are_those_of_a_plain_hook_padded_and_not(
    family: Path, subject: TransformersMLP
) -> None:
    tiny = ARCHITECTURES[family.name]
    (padded,) = subject.encode(TEXTS, budget=ONE_BATCH)
    assert padded.mask.min() == 0
    for budget in (ONE_BATCH, ALONE):
        assert differs(subject, plain(family), tiny.projection, TEXTS, budget) <= 1e-6


@pytest.mark.parametrize("name", CAUSAL)
def test_activations_without_bos_are_those_of_a_plain_hook(name: str, tmp_path: Path) -> None:
    tiny = ARCHITECTURES[name]
    folder = tiny.save(tmp_path / name, bos=False)
    subject = load(folder, dtype=torch.float32, device="cpu")
    (batch,) = subject.encode(["cat"])
    assert batch.first == 0
    for budget in (ONE_BATCH, ALONE):
        assert differs(subject, plain(folder), tiny.projection, TEXTS, budget) <= 1e-6


def test_the_identity_names_the_hook_the_size_and_the_precision(
    family: Path, subject: TransformersMLP
) -> None:
    identity = subject.identity
    assert identity.hook == ARCHITECTURES[family.name].projection.format("{layer}")
    assert (identity.layers, identity.width, identity.dtype) == (2, 24, "float32")
    assert (identity.name, identity.source) == (family.name, str(family))


def test_special_tokens_surround_the_text_as_the_family_expects(
    family: Path, subject: TransformersMLP
) -> None:
    (batch,) = subject.encode(["cat"])
    before, after = ([0], []) if ARCHITECTURES[family.name].causal else ([1], [2])
    ids = batch.ids[0].tolist()
    assert ids[: batch.first] == before
    assert ids[batch.first + batch.lengths[0] :] == after
    assert min(ids[batch.first : batch.first + batch.lengths[0]]) > 2


def test_a_text_as_long_as_the_family_reads_runs_and_a_longer_one_is_cut(
    family: Path, subject: TransformersMLP
) -> None:
    (batch,) = subject.encode(["short", "long " * 100], budget=ONE_BATCH)
    assert batch.ids.shape[1] == ARCHITECTURES[family.name].positions
    assert batch.truncated == (False, True)
    assert subject.run_layer(batch, 1).isfinite().all()


def vectors(subject: TransformersMLP, name: str) -> torch.Tensor:
    """Return what a hook point gives on one text."""
    kept: list[torch.Tensor] = []
    handle = find_hook_point(subject, name).watch(kept.append)
    subject.forward(next(iter(subject.encode([TEXTS[0]]))))
    handle.remove()
    return kept[0].double()


def test_the_residual_stream_adds_up_in_every_family(
    family: Path, subject: TransformersMLP
) -> None:
    known = KNOWN[family.name]
    pre, post, mlp = (
        vectors(subject, f"blocks.0.hook_{name}") for name in ("resid_pre", "resid_post", "mlp_out")
    )
    following = vectors(subject, "blocks.1.hook_resid_pre")
    if known.end:
        # a norm closes the layer: attention's norm before, that norm after
        layer = subject.base.get_submodule(f"{known.layers}.0")
        with torch.no_grad():
            middle = layer.get_submodule(known.middle)(
                vectors(subject, "blocks.0.hook_resid_mid").float()
            ).double()
            torch.testing.assert_close(middle + mlp, post, atol=1e-5, rtol=0)
            torch.testing.assert_close(
                layer.get_submodule(known.end)(post.float()).double(), following, atol=1e-5, rtol=0
            )
        return
    torch.testing.assert_close(post, following, atol=0, rtol=0)
    if known.middle:
        middle = vectors(subject, "blocks.0.hook_resid_mid")
        torch.testing.assert_close(middle + mlp, post, atol=1e-5, rtol=0)
        assert not torch.allclose(middle, pre)


def test_neurons_are_a_hook_point_too(subject: TransformersMLP) -> None:
    batch = next(iter(subject.encode([TEXTS[0]])))
    neurons = vectors(subject, "blocks.1.mlp.hook_post")
    torch.testing.assert_close(neurons.float(), subject.run_layer(batch, 1), atol=0, rtol=0)


# GPT-2's GELU is the tanh approximation, which its configuration calls gelu_new:
# 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
def test_gpt2_uses_the_gelu_that_its_configuration_names(tmp_path: Path) -> None:
    folder = ARCHITECTURES["gpt2"].save(tmp_path / "gpt2")
    subject = load_transformer(folder, dtype=torch.float32, device="cpu")
    assert subject.model.config.activation_function == "gelu_new"
    batch = next(iter(subject.encode([TEXTS[0]])))
    block = subject.base.get_submodule("h.1")
    with torch.no_grad():
        middle = vectors(subject, "blocks.1.hook_resid_mid").float()
        x = (block.get_submodule("mlp.c_fc")(block.get_submodule("ln_2")(middle)) * 1.0).double()
    exact = 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)))
    sigmoid = x * torch.sigmoid(1.702 * x)
    found = subject.run_layer(batch, 1).double()
    torch.testing.assert_close(found, exact, atol=1e-6, rtol=0)
    assert (found - sigmoid).abs().max() > 1e-3


def test_another_activation_in_the_configuration_is_obeyed(tmp_path: Path) -> None:
    tiny = ARCHITECTURES["gpt2"]
    tanh = replace(tiny, settings=tiny.settings | {"activation_function": "relu"})
    subject = load(tanh.save(tmp_path / "relu"), dtype=torch.float32, device="cpu")
    batch = next(iter(subject.encode([TEXTS[0]])))
    assert subject.run_layer(batch, 0).min() == 0


def test_the_documentation_names_the_hook_of_every_family(family: Path) -> None:
    said = (ROOT / "docs" / "subjects.md").read_text(encoding="utf-8")
    hook = ARCHITECTURES[family.name].projection.format("{layer}")
    (line,) = [line for line in said.splitlines() if f"`{hook}`" in line and _lists(line, family)]
    assert line.startswith("|")


def _lists(line: str, family: Path) -> bool:
    """Tell whether a table's first cell lists a family."""
    names = line.strip("|").split("|")[0].replace("(Pythia)", "").split(",")
    return family.name in [name.strip() for name in names]
