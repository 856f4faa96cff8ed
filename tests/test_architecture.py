"""The architecture, executed: layers, blinding across the siblings, what may load what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignObject

from tests.conftest import ROOT

PURE = [
    "explanations.records",
    "explanations.stores",
    "explanations.methods",
    "explanations.prices",
    "explanations.explainers",
    "explanations.simulators",
    "explanations.scorers",
    "explanations.ground_truth",
    "explanations.sandbox",
    "explanations.formats",
    "explanations.corpora",
    "annotation.protocols",
    "annotation.allocation",
    "studies.design",
    "studies.analysis",
]

# Imports the named module with the frameworks made unimportable.
IMPORT_ALONE = """
import importlib, pkgutil, sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "celery", "torch", "transformers", "openai"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NotInstalled())
module = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
"""

# Serves real pages of a study that raters answer, then says which heavy modules are loaded.
SERVE_PAGES = """
import sys
from deploy.wsgi import application
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
from tests import factories
study = factories.open_study()
rater = Client()
invitation = f"/rate/{study.batch.token}/"
for method, path in (("get", invitation), ("post", invitation), ("get", invitation + "next/")):
    response = getattr(rater, method)(path, follow=True)
    assert response.status_code == 200, (path, response.status_code)
staff = Client()
neuron = study.neurons.select_related("subject").first()
staff.force_login(get_user_model().objects.create_superuser("admin", password="x"))
for path in (
    "/", "/studies/", f"/studies/{study.slug}/results/", f"/admin/studies/study/{study.pk}/change/",
    f"/studies/{study.slug}/export/scores.csv", f"/api/studies/{study.slug}/results/", "/api/runs/",
    "/neurons/", f"/neurons/{neuron.subject.name}/", f"/neurons/{neuron.subject.name}/0/",
    f"/neurons/{neuron.subject.name}/0/{neuron.index}/",
    "/admin/explanations/neuron/", "/admin/explanations/run/", "/admin/explanations/explanation/",
):
    response = staff.get(path)
    assert response.status_code == 200, (path, response.status_code)
    list(response) if response.streaming else response.content
asked = {"kind": "intervene", "subject": study.neurons.first().subject.name, "text": "a fish"}
response = staff.post("/api/questions/", asked | {"layer": 0, "index": 0, "clamp": 0})
assert response.status_code == 201, response.content
assert staff.get(f"/api/questions/{response.json()['token']}/").status_code == 200
print(",".join(name for name in ("torch", "transformers", "openai") if name in sys.modules))
"""


# What a process of the site has loaded before its first request; it takes a third of the memory.
START = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
import deploy.wsgi
from django.urls import get_resolver
assert get_resolver().url_patterns
heavy = ("scipy.stats", "scipy.optimize", "pyarrow", "torch")
print(",".join(name for name in heavy if name in sys.modules))
"""


def _python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_every_import_contract_holds() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def test_no_foreign_key_crosses_from_one_sibling_to_the_other() -> None:
    siblings = {"annotation", "explanations"}
    crossing = [
        f"{model.__name__}.{field.name}"
        for label in siblings
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        for field in model._meta.get_fields(include_hidden=True)
        if isinstance(field, ForeignObject)
        and {model._meta.app_label, field.related_model._meta.app_label} == siblings
    ]
    assert crossing == []


def test_nothing_below_studies_points_up_to_it() -> None:
    upward = [
        f"{model.__name__}.{field.name}"
        for label in ("annotation", "explanations")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        for field in model._meta.local_fields + model._meta.local_many_to_many
        if field.related_model is not None
        and not isinstance(field.related_model, str)
        and field.related_model._meta.app_label == "studies"
    ]
    assert upward == []


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_with_no_framework_installed(module: str) -> None:
    result = _python(IMPORT_ALONE, module)
    assert result.returncode == 0, result.stderr


def test_the_web_process_never_loads_torch(tmp_path: Path) -> None:
    result = _python(
        SERVE_PAGES, CONCORDANCE_VAR_DIR=str(tmp_path), CONCORDANCE_DATABASE_URL="sqlite://:memory:"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""


def test_the_site_starts_without_what_only_computing_needs(tmp_path: Path) -> None:
    result = _python(START, CONCORDANCE_VAR_DIR=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCORDANCE_LEASE_SECONDS", "soon"),
        ("CONCORDANCE_DEBUG", "perhaps"),
        ("CONCORDANCE_PORT", "70000"),
        ("CONCORDANCE_TIME_ZONE", "Mars"),
        ("CONCORDANCE_BROKER_URL", "redus://localhost"),
        ("CONCORDANCE_DATABASE_URL", "nonsense"),
    ],
)
def test_a_bad_setting_stops_start_up_with_its_name(name: str, value: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import deploy.settings"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, name: value},
    )
    assert result.returncode != 0
    assert name in result.stderr
