"""Every kind of subject can be captured, and its records show what it did."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explanations.capture import capture
from explanations.records import NeuronRef, Split
from explanations.services.captures import capture_create
from explanations.stores.reader import open_store
from explanations.subjects import load
from tests.explanations.tiny_models import ARCHITECTURES
from tests.explanations.tiny_saes import saelens

DOCUMENTS = [
    (str(number), list(Split)[number % 3], f"The dog saw {number} cats and a red bird. It ran.")
    for number in range(12)
]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=["model", "sae", "directions", "functions"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the source of one kind of subject."""
    folder = tmp_path_factory.mktemp("kinds")
    model = ARCHITECTURES["llama"].save(folder / "llama")
    saelens(folder / "sae", architecture="topk", k=5)
    save_file({"blocks.0.hook_resid_post": torch.randn(4, 16)}, folder / "probes.safetensors")
    kinds = {
        "model": str(model),
        "sae": f"sae:{folder / 'sae'}@{model}",
        "directions": f"directions:{folder / 'probes.safetensors'}@{model}",
        "functions": "functions:default@3",
    }
    return kinds[request.param]


def test_records_hold_what_the_subject_does_on_their_text(source: str, tmp_path: Path) -> None:
    subject = load(source, dtype=torch.float32, device="cpu")
    capture(subject, DOCUMENTS, tmp_path / "store", seed=1)
    store = open_store(tmp_path / "store")
    assert store.manifest.subject == subject.identity
    for index in range(subject.width):
        best = store.records(NeuronRef(layer=0, index=index), Split.EXPLAIN)[0]
        (batch,) = subject.encode([best.excerpt.text])
        own = slice(batch.first, batch.first + batch.lengths[0])
        found = subject.run_layer(batch, 0)[0, own, index]
        torch.testing.assert_close(
            torch.from_numpy(best.excerpt.activations), found, atol=1e-5, rtol=1e-5
        )


def test_a_subject_is_loaded_again_from_what_a_capture_says(source: str) -> None:
    subject = load(source, dtype=torch.float32, device="cpu")
    again = load(
        subject.identity.source,
        revision=subject.identity.revision,
        dtype=getattr(torch, subject.identity.dtype),
        device="cpu",
    )
    assert again.identity == subject.identity


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("models/llama/", "llama"),
        ("sae:saes/wide@models/llama", "wide@llama"),
        ("sae:saes/wide", "wide"),
        ("functions:default@3", "functions:default@3"),
    ],
)
def test_a_subject_that_is_read_off_a_model_has_a_name_of_its_own(
    source: str, name: str, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("One cat.\n")
    assert capture_create(source=source, text=text).subject.name == name
