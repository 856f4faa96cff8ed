"""The buttons above a study's form: what each does, and what is said afterwards."""

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
    """What is asked before an action that others notice."""

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
        f"{counted(built.judgments, 'judgment')} wanted. Look it over, then open it."
    )


def unbuild(request: HttpRequest, study: Study) -> str:
    """Turn a built study back into a draft."""
    study_unbuild(study=study)
    return "The study is a draft again: change what you like and build it anew."


def open_(request: HttpRequest, study: Study) -> str:
    """Let raters in."""
    study_open(study=study)
    return "Open: send raters the invitation link."


def close(request: HttpRequest, study: Study) -> str:
    """End it."""
    study_close(study=study, at=timezone.now())
    return "Closed. The results are computed once more."


def add_explained(request: HttpRequest, study: Study) -> str:
    """Add the neurons that every condition explains."""
    form = SampleForm(request.POST)
    if not form.is_valid():
        raise StudyRefused("How many neurons to add is a whole number above 0, or empty.")
    added = neurons_add_explained(study=study, at_most=form.cleaned_data["at_most"])
    return f"{counted(added, 'neuron')} added."


def adopt(request: HttpRequest, study: Study) -> str:
    """Let what raters wrote or simulated stand beside what models do."""
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
            "Anybody with the invitation link can then answer, and the study cannot become a "
            "draft again: its neurons, conditions, texts and sizes are fixed for good."
        ),
        button="Yes, open it",
    ),
    "close": Confirmation(
        question="Close this study?",
        consequence=(
            "Raters are turned away at once, also those in the middle of an answer. What they "
            "have answered is kept, and you can open the study again."
        ),
        button="Yes, close it",
    ),
}


def confirmation(study: Study, action: str) -> Confirmation | None:
    """Return what is asked before an action; None where nothing is."""
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
            f"What raters gave then stands among the {state.what}s that models give, under a "
            "pseudonym of this study: it can be scored, and compared in other studies. It is not "
            f"taken back.{left_out}"
        ),
        button=f"Yes, adopt {n}",
    )


def panel(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Return what the panel above the form shows."""
    plan = study_plan(study) if study.batch else None
    protocol = study.design.protocol
    return {
        "counts": neuron_counts(study),
        "registration": registration_of(study),
        "n_conditions": study.conditions.count(),
        "plan": plan,
        "plan_text": plan and f"{plan_in_words(plan, protocol)}{dealt_in_words(study)}",
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
            " By how far neurons and raters have differed so far, agreement with the score will "
            f"then be known {within}"
        )
    return f" A share near one half will then be known {within}"


def plan_in_words(plan: Plan, protocol: str) -> str:
    """Return what a built study takes, and how well it will know a share where answers make one."""
    tests = f" and about {plan.tests:,} that test raters" if plan.tests else ""
    return (
        f"{counted(plan.items, 'item')} on {counted(plan.neurons, 'neuron')}; "
        f"{counted(plan.judgments, 'judgment')} wanted{tests}, from at least "
        f"{counted(plan.raters, 'rater')}, in about {plan.hours:.1f} hours at "
        f"{plan.seconds_per_judgment:.0f}\N{NO-BREAK SPACE}s each."
        f"{_known(plan) if PROTOCOLS[protocol].headline_is_share else ''}"
    )


def dealt_in_words(study: Study) -> str:
    """Return how a study deals its items to raters, where that is not all alike."""
    deep = study.extra_overlap_share and not study.draws_pairs
    told = (
        (
            study.draws_pairs,
            f"Pairs are chosen as votes come in, {100 * study.random_share:.0f}\N{NO-BREAK SPACE}% "
            f"of them at random, none more than {counted(study.overlap, 'time')}, until the "
            "judgments wanted are in.",
        ),
        (
            deep,
            f"{study.extra_overlap_share} of each hundred items are judged "
            f"{counted(study.extra_overlap, 'time')}, the others "
            f"{counted(study.overlap, 'time')}.",
        ),
        (
            study.between_raters,
            "Each rater meets one condition, or one pair of them.",
        ),
    )
    return "".join(f" {text}" for holds, text in told if holds)
