"""Whatever cannot be loaded or run is named, with what to do about it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explanations.subjects import SubjectError, load
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS
from tests.explanations.tiny_saes import LATENTS, saelens, sparsify

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random Llama."""
    return ARCHITECTURES["llama"].save(tmp_path_factory.mktemp("hosts") / "llama")


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does where a model is gated, missing, or has no such revision."""

    def do_HEAD(self) -> None:
        """Refuse by the first part of the path."""
        code, status = {
            "gated": ("GatedRepo", 403),
            "old": ("RevisionNotFound", 404),
        }.get(self.path.split("/")[1], ("RepoNotFound", 401))
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    """Serve a hub on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


SCRIPT = """
import json, sys
from explanations.subjects import SubjectError, load
said = {}
for source in sys.argv[1:]:
    try:
        load(source, revision="v9" if source.startswith("old") else "")
    except SubjectError as error:
        said[source] = str(error)
print(json.dumps(said))
"""


def asked(hub: str, cache: Path, *sources: str, offline: str = "0") -> dict[str, str]:
    """Load sources in a process whose hub is ours; return what is said of each."""
    environment = os.environ | {
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": offline,
        "HF_HOME": str(cache),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *sources],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_gated_a_missing_and_an_outdated_model_say_what_to_do(hub: str, tmp_path: Path) -> None:
    saelens(tmp_path / "sae", model="pythia-70m")
    sae = f"sae:{tmp_path / 'sae'}"
    said = asked(hub, tmp_path / "cache", "gated/model", "missing/model", "old/model", sae)
    assert said["gated/model"].startswith("gated/model could not be loaded: it is gated; accept")
    assert "hf auth login" in said["gated/model"]
    assert "the hub has no such model, or it is private" in said["missing/model"]
    assert "it has no such revision; give a branch" in said["old/model"]
    assert said[sae].startswith("EleutherAI/pythia-70m could not be loaded")


def test_a_model_that_is_not_here_offline_says_what_to_do(hub: str, tmp_path: Path) -> None:
    said = asked(hub, tmp_path, "some/model", offline="1")["some/model"]
    assert "it is not on this machine and the hub was not reached; give a folder" in said


def test_broken_weights_of_a_model_are_named(tmp_path: Path) -> None:
    folder = ARCHITECTURES["llama"].save(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(SubjectError, match="weights of model are broken or cut off"):
        load(folder)


def test_a_model_of_another_shape_than_its_settings_is_named(tmp_path: Path) -> None:
    folder = ARCHITECTURES["llama"].save(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 25}))
    with pytest.raises(SubjectError, match="model could not be loaded"):
        load(folder)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    if find_spec("tiktoken"):
        pytest.skip("the package that must be missing is installed")
    folder = ARCHITECTURES["llama"].save(tmp_path / "model")
    for file in folder.glob("token*"):
        file.unlink()
    (folder / "tokenizer.model").write_bytes(b"not a tokenizer")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}')
    with pytest.raises(SubjectError, match=r"a package is missing; install .*tiktoken"):
        load(folder)


def test_code_that_comes_with_a_model_is_neither_run_nor_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "raise SystemExit('this code was run')"
    (tmp_path / "own.py").write_text(code)
    config = {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(SubjectError, match="could not be loaded"):
        load(tmp_path)
    assert "run the custom code" not in capsys.readouterr().out


def test_memory_that_runs_out_in_a_pass_says_what_to_do(llama: Path, tmp_path: Path) -> None:
    save_file({"blocks.0.hook_resid_post": torch.zeros(2, 16)}, tmp_path / "d.safetensors")
    for source in (str(llama), f"directions:{tmp_path / 'd.safetensors'}@{llama}"):
        subject = load(source, device="cpu")
        (batch,) = subject.encode(TEXTS, budget=10_000)
        with pytest.raises(
            SubjectError, match=r"not enough memory to run .*: use a smaller budget"
        ):
            subject.run(batch, lambda _layer, _values: torch.empty(2**58))


def test_an_error_that_is_not_about_memory_stays_what_it_is(llama: Path) -> None:
    subject = load(llama, device="cpu")
    (batch,) = subject.encode(TEXTS, budget=10_000)
    with pytest.raises(RuntimeError, match="size of tensor"):
        subject.run(batch, lambda _layer, values: values.add_(torch.zeros(7)))


def test_a_layer_that_is_not_there_is_named(llama: Path, tmp_path: Path) -> None:
    saelens(tmp_path / "sae")
    for source in (str(llama), f"sae:{tmp_path / 'sae'}@{llama}", "functions:default"):
        subject = load(source, device="cpu")
        batch = next(iter(subject.encode(["cat"])))
        for layer in (subject.layers, -1):
            with pytest.raises(SubjectError, match=f"no layer {layer}: layers are 0 to"):
                subject.run_layer(batch, layer)


Write = Callable[[Path], object]


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (
            lambda f: saelens(f, hook="blocks.9.hook_resid_post"),
            "beyond llama: its layers are 0 to 1",
        ),
        (lambda f: saelens(f, hook="blocks.0.attn.hook_z"), "'blocks.0.attn.hook_z' is not a hook"),
        (lambda f: saelens(f, hook=""), "names no hook_name"),
        (
            lambda f: saelens(f, inputs=24),
            "24 values, but llama has 16 at blocks.0.hook_resid_post",
        ),
        (lambda f: saelens(f, architecture="temporal"), "kind 'temporal'.*it knows standard, jump"),
        (lambda f: saelens(f, activation_fn="tanh-relu"), "kind 'tanh-relu'"),
        (lambda f: saelens(f, architecture="jumprelu"), "holds no threshold: it has W_dec, W_enc"),
        (lambda f: saelens(f, architecture="topk"), "names k None: give a number from 1 to 40"),
        (lambda f: saelens(f, architecture="topk", k=41), "names k 41"),
        (
            lambda f: saelens(f, normalize_activations="expected_average_only_in"),
            "'expected_average_only_in'.*fold_activation_norm_scaling_factor",
        ),
        (lambda f: saelens(f, normalize_activations="l2"), "normalized by 'l2'.*known are none"),
        (lambda f: saelens(f, reshape_activations="hook_z"), "reads attention heads"),
        (
            lambda f: saelens(f, model_from_pretrained_kwargs={"fold_everything": True}),
            "loaded with fold_everything, which this version does not know",
        ),
        (lambda f: saelens(f, d_sae=41), "says d_sae 41, but the weights have 40"),
        (lambda f: saelens(f, extra={"b_enc": torch.zeros(3)}), r"b_enc in .* shape \(3,\), not"),
        (lambda f: saelens(f, extra={"W_enc": torch.zeros(3)}), r"no matrix W_enc \[d_in, d_sae\]"),
        (lambda f: sparsify(f, signed=True), "trained with signed"),
        (lambda f: sparsify(f, activation="groupmax", k=7), "activation 'groupmax' with k 7"),
        (lambda f: sparsify(f, d_in=17), "says d_in 17, but the weights have 16"),
        (lambda f: cut(saelens, f), "sae_weights.safetensors is broken or cut off"),
        (lambda f: cut(sparsify, f), "sae.safetensors is broken or cut off"),
        (lambda f: without_weights(f), r"sae_weights.safetensors \(SAELens\) or sae.safetensors"),
        (lambda f: text(f, "no JSON"), "cfg.json is not JSON"),
        (lambda f: text(f, "[]"), "cfg.json holds no settings"),
        (lambda f: f.mkdir(), "nor a folder in it holds an SAE's cfg.json"),
        (lambda f: None, "there is no folder .*layers.0: give one"),
    ],
)
def test_an_sae_that_cannot_be_read_says_why(
    write: Write, says: str, llama: Path, tmp_path: Path
) -> None:
    write(tmp_path / "layers.0")
    with pytest.raises(SubjectError, match=says):
        load(f"sae:{tmp_path / 'layers.0'}@{llama}", device="cpu")


def cut(make: Callable[[Path], object], folder: Path) -> None:
    """Write an SAE whose weights end too early."""
    make(folder)
    (weights,) = folder.glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-8])


def without_weights(folder: Path) -> None:
    """Write an SAE's settings alone."""
    sparsify(folder)
    (folder / "sae.safetensors").unlink()


def text(folder: Path, said: str) -> None:
    """Write settings that are not."""
    folder.mkdir()
    (folder / "cfg.json").write_text(said)


def test_saes_that_name_no_model_or_several_ask_for_one(tmp_path: Path) -> None:
    sparsify(tmp_path / "one" / "layers.0")
    with pytest.raises(SubjectError, match=r"one name no model: write sae:.*one@MODEL"):
        load(f"sae:{tmp_path / 'one'}")
    for number in (0, 1):
        hook = f"blocks.{number}.hook_resid_post"
        saelens(tmp_path / "two" / hook, hook=hook, model=f"model-{number}")
    with pytest.raises(SubjectError, match="two name model-0, model-1: write sae:"):
        load(f"sae:{tmp_path / 'two'}")


def test_saes_of_different_widths_are_not_one_subject(llama: Path, tmp_path: Path) -> None:
    for number, latents in enumerate((LATENTS, 2 * LATENTS)):
        sparsify(tmp_path / f"layers.{number}", latents=latents)
    with pytest.raises(SubjectError, match=r"differ in width \(layers.0: 40, layers.1: 80\)"):
        load(f"sae:{tmp_path}@{llama}")
