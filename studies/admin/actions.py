"""The buttons above a study's form: what each does, and the message afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from annotation.quality import read_rules
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.report.wording import counted
from studies.design.candidates import LeftOut
from studies.design.size import Plan
from studies.design.trust import in_words
from studies.forms import SampleForm
from studies.models import Study
from studies.selectors.adopting import adoption_state
from studies.selectors.material import neuron_counts
from studies.selectors.pages import study_plan
from studies.selectors.registrations import registration_of, trust_of
from studies.services.adopting import study_adopt
from studies.services.building import study_build, study_unbuild
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_close, study_open
from studies.services.neurons import neurons_add_explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The confirmation of an action that affects others."""

    question: str
    consequence: str
    button: str


def build(request: HttpRequest, study: Study) -> str:
    """Build a draft."""
    built = study_build(study=study)
    for each in built.left_out:
        messages.warning(request, f"Left out: {each.text}.")
    return (
        f"Built {counted(built.items, 'item')} on {counted(built.neurons, 'neuron')}: "
        f"{counted(built.judgments, 'judgment')} wanted. Check it, then open it."
    )


def unbuild(request: HttpRequest, study: Study) -> str:
    """Turn a built study back into a draft."""
    study_unbuild(study=study)
    return "The study is a draft again. Change it and build it again."


def open_(request: HttpRequest, study: Study) -> str:
    """Open the study to raters."""
    study_open(study=study)
    return "The study is open. Send raters the invitation link."


def close(request: HttpRequest, study: Study) -> str:
    """Close the study."""
    study_close(study=study, at=timezone.now())
    return "The study is closed. The results are being computed again."


def add_explained(request: HttpRequest, study: Study) -> str:
    """Add neurons that have an explanation of every condition."""
    form = SampleForm(request.POST)
    if not form.is_valid():
        raise StudyRefused("Enter a whole number above 0, or leave the number of neurons empty.")
    added = neurons_add_explained(study=study, at_most=form.cleaned_data["at_most"])
    return f"{counted(added, 'neuron')} added."


def adopt(request: HttpRequest, study: Study) -> str:
    """Adopt what raters wrote or simulated."""
    adopted, *others = study_adopt(study=study, at=timezone.now()).lines
    for line in others:
        messages.warning(request, line)
    return adopted


ACTIONS: dict[str, Callable[[HttpRequest, Study], str]] = {
    "build": build,
    "unbuild": unbuild,
    "open": open_,
    "close": close,
    "add-explained": add_explained,
    "adopt": adopt,
}
_CONFIRMED = {
    "open": Confirmation(
        question="Open this study to raters?",
        consequence=(
            "Anyone with the invitation link can then answer. The design (neurons, conditions, "
            "texts and sizes) can no longer be changed."
        ),
        button="Yes, open it",
    ),
    "close": Confirmation(
        question="Close this study?",
        consequence=(
            "Raters are turned away immediately, even while they are answering. Their answers "
            "are kept, and you can open the study again."
        ),
        button="Yes, close it",
    ),
}


def confirmation(study: Study, action: str) -> Confirmation | None:
    """Return the question before an action; None if there is none."""
    if action != "adopt":
        return _CONFIRMED.get(action)
    state = adoption_state(study)
    if state is None:
        return None
    n = counted(state.waiting, state.what)
    left_out = "".join(f" Left out: {k} {why}." for why, k in state.left_out)
    return Confirmation(
        question=f"Adopt {n}?",
        consequence=(
            f"The raters' {state.what}s are added to those by models, under the pseudonyms of this "
            f"study. They can be scored, and compared in other studies. This cannot be undone."
            f"{left_out}"
        ),
        button=f"Yes, adopt {n}",
    )


def panel(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Return the context of the panel above the form."""
    plan = study_plan(study) if study.batch else None
    protocol = study.design.protocol
    return {
        "counts": neuron_counts(study),
        "registration": registration_of(study),
        "n_conditions": study.conditions.count(),
        "plan": plan,
        "plan_text": plan and f"{plan_in_words(plan, protocol)}{distribution_in_words(study)}",
        "rules": [in_words(rule) for rule in read_rules(trust_of(study)["rules"])],
        "left_out": [LeftOut(**each).text for each in study.left_out],
        "adoption": adoption_state(study) if study.state == Study.State.CLOSED else None,
        "invitation": study.batch
        and request.build_absolute_uri(reverse("annotation:invitation", args=[study.batch.token])),
    }


def _known(plan: Plan) -> str:
    within = f"to about ±{100 * plan.half_width:.0f} percentage points."
    if plan.is_measured:
        return (
            " Judging by the differences between neurons and raters so far, agreement with the "
            f"score will be known {within}"
        )
    return f" A share near one half will be known {within}"


def plan_in_words(plan: Plan, protocol: str) -> str:
    """Return how much a built study takes, and how precise it will be."""
    tests = f" and about {plan.tests:,} test answers" if plan.tests else ""
    return (
        f"{counted(plan.items, 'item')} on {counted(plan.neurons, 'neuron')}; "
        f"{counted(plan.judgments, 'judgment')} wanted{tests}, from at least "
        f"{counted(plan.raters, 'rater')}, in about {plan.hours:.1f} hours at "
        f"{plan.seconds_per_judgment:.0f}\N{NO-BREAK SPACE}s each."
        f"{_known(plan) if PROTOCOLS[protocol].headline_is_share else ''}"
    )


def distribution_in_words(study: Study) -> str:
    """Return how a study distributes its items, if not equally."""
    deep = study.extra_overlap_share and not study.draws_pairs
    sentences = (
        (
            study.draws_pairs,
            f"Pairs are chosen adaptively as votes arrive, {100 * study.random_share:.0f}% of them "
            f"at random, each at most {counted(study.overlap, 'time')}, until all judgments are "
            "in.",
        ),
        (
            deep,
            f"{study.extra_overlap_share}% of the items are judged "
            f"{counted(study.extra_overlap, 'time')}, the others "
            f"{counted(study.overlap, 'time')}.",
        ),
        (
            study.between_raters,
            "Each rater sees one condition or one pair.",
        ),
    )
    return "".join(f" {text}" for applies, text in sentences if applies)
