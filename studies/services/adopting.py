"""Adopting raters' answers as explanations and simulations, like those by models."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from annotation.protocols import simulate, write
from annotation.protocols.asks import AnswerError
from explanations.methods.values import Simulated, Unusable
from explanations.models import PERSON, Explanation, Method, Record, Simulation
from explanations.selectors.material import explanations_to_simulate
from explanations.services.human_explanations import explanation_adopt, simulation_adopt
from explanations.services.methods import method_get_or_create
from explanations.simulators.held_out import held_out
from studies.analysis.data.answers import people_of
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.report.wording import counted
from studies.models import Adoption, Study
from studies.selectors.adopting import Adoptable, adoptable, adoption_state
from studies.services.errors import StudyRefused


@dataclass(slots=True, kw_only=True)
class Adopted:
    """How many answers were adopted, could not be used, or were left out, with reasons.

    `same` of the adopted have the same text as another rater's about the neuron, stored once.
    """

    what: str
    adopted: int = 0
    same: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def lines(self) -> list[str]:
        """A summary in sentences."""
        same = f", {self.same} of them identical to another rater's" if self.same else ""
        return [
            f"{counted(self.adopted, self.what)} adopted{same}.",
            *(f"{n} not usable: {reason}." for reason, n in self.failed.most_common()),
            *(f"{n} left out: {reason}." for reason, n in self.left_out.most_common()),
        ]


@transaction.atomic
def study_adopt(*, study: Study, at: datetime) -> Adopted:
    """Adopt the answers that have not been adopted yet. StudyRefused unless it is closed.

    Answers of programs, of raters whom a rule excludes, to repeats and to catch trials are left
    out. What was adopted stays even if its rater is excluded later: other studies may show it.
    """
    now = Study.objects.select_for_update(of=("self",)).select_related("batch").get(pk=study.pk)
    state = adoption_state(now)
    if state is None:
        protocols = " or ".join(
            sorted((n for n, each in PROTOCOLS.items() if each.adopts), reverse=True)
        )
        raise StudyRefused(f"Only what raters {protocols} can be adopted.")
    if now.state != Study.State.CLOSED:
        raise StudyRefused("Close the study first: raters can still change their answers.")
    adopted = Adopted(what=state.what, left_out=Counter(dict(state.left_out)))
    adopter = _Adopter(now)
    for answer in adoptable(now):
        came = adopter.adopt(answer)
        _store(now, answer, came, at)
        if isinstance(came, Unusable):
            adopted.failed[came.reason] += 1
        else:
            adopted.adopted += 1
    adopted.same = adopter.same
    return adopted


def _store(
    study: Study, answer: Adoptable, came: Explanation | Simulation | Unusable, at: datetime
) -> None:
    Adoption.objects.create(
        study=study,
        judgment_id=answer.judgment,
        explanation=came if isinstance(came, Explanation) else None,
        simulation=came if isinstance(came, Simulation) else None,
        reason=came.reason[:300] if isinstance(came, Unusable) else "",
        adopted=at,
    )


class _Adopter:
    """Adopts the answers of one study, one by one."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.same = 0
        self._unseen: dict[int, set[int]] = {}

    def adopt(self, answer: Adoptable) -> Explanation | Simulation | Unusable:
        """Return the explanation or simulation, or why there is none."""
        if self.study.protocol_analysis.adopts == "simulation":
            return self._simulated(answer)
        return self._written(answer)

    def _method(self, kind: Method.Kind, version: int, person: str, number: int) -> Method:
        """Return the method of a person; later answers to the same question have a number."""
        later = {"answer": number} if number > 1 else {}
        return method_get_or_create(
            kind=kind,
            name=self._name,
            version=version,
            config={
                "study": self.study.slug,
                "protocol": self.study.design.protocol,
                PERSON: person,
                **later,
            },
        )

    @property
    def _name(self) -> str:
        return people_of(self.study.slug)

    # --- Explanations -------------------------------------------------------------------------

    def _written(self, answer: Adoptable) -> Explanation | Unusable:
        try:
            payload = write.WRITE.read(answer.payload)
            text = write.parse(payload, {"text": answer.answer.get("text")}).text
        except (AnswerError, ValueError) as error:
            return Unusable(reason=f"not an explanation: {error}")
        of_study = Explanation.objects.filter(neuron=answer.neuron, method__name=self._name)
        shown = _stored(answer.records)
        for other in of_study.filter(text=text).order_by("pk"):
            if set(other.shown.values_list("pk", flat=True)) == set(shown):
                self.same += 1
                return other
        own = of_study.filter(**{f"method__config__{PERSON}": answer.person}).count()
        return explanation_adopt(
            neuron_id=answer.neuron,
            text=text,
            method=self._method(
                Method.Kind.EXPLAINER, payload.version, answer.person, number=own + 1
            ),
            shown=shown,
            parent=_earlier(answer),
        )

    # --- Simulations --------------------------------------------------------------------------

    def _simulated(self, answer: Adoptable) -> Simulation | Unusable:
        if answer.explanation is None:
            return Unusable(reason="the question was not about an explanation")
        try:
            payload = simulate.SIMULATE.read(answer.payload)
            painted = simulate.parse(payload, {"values": answer.answer.get("values")})
        except (AnswerError, ValueError) as error:
            return Unusable(reason=f"not a simulation: {error}")
        if answer.explanation not in self._unseen:
            self._unseen[answer.explanation] = _unseen(answer.explanation)
        unseen = self._unseen[answer.explanation]
        outcomes = _outcomes(unseen, answer.records, payload.texts, painted.values)
        if not any(isinstance(each, Simulated) for each in outcomes.values()):
            reasons = [each.reason for each in outcomes.values() if isinstance(each, Unusable)]
            return Unusable(reason=(reasons or ["the records shown no longer exist"])[0])
        own = Simulation.objects.filter(
            explanation=answer.explanation,
            method__name=self._name,
            **{f"method__config__{PERSON}": answer.person},
        ).count()
        return simulation_adopt(
            explanation_id=answer.explanation,
            method=self._method(
                Method.Kind.SIMULATOR, payload.version, answer.person, number=own + 1
            ),
            outcomes=outcomes,
            details=_details(outcomes),
        )


def _outcomes(
    unseen: Container[int],
    shown: Sequence[int],
    texts: Sequence[tuple[str, ...]],
    painted: Sequence[tuple[int, ...]],
) -> dict[int, Simulated | Unusable]:
    """Return the painted values on each record shown that still exists.

    Only records in `unseen` have values.
    """
    records = Record.objects.in_bulk(shown)
    return {
        pk: _on_record(records[pk], tokens, values, unseen=pk in unseen)
        for pk, tokens, values in zip(shown, texts, painted, strict=True)
        if pk in records
    }


def _stored(records: tuple[int, ...]) -> list[int]:
    """Return the ids of the records that still exist."""
    return list(Record.objects.filter(pk__in=records).values_list("pk", flat=True))


def _earlier(answer: Adoptable) -> Explanation | None:
    """Return the explanation adopted from the answer that this one replaced, if any."""
    before = Adoption.objects.filter(judgment__assignment=answer.assignment)
    latest = before.exclude(explanation=None).select_related("explanation").order_by("-pk").first()
    return latest.explanation if latest else None


def _unseen(explanation: int) -> set[int]:
    """Return the held-out records with no overlap with what an explanation's author saw."""
    task = explanations_to_simulate([explanation])[explanation]
    kept = held_out([each.window for each in task.excerpts], task.shown)
    return {task.excerpts[position].record for position in kept}


def _on_record(
    record: Record, tokens: tuple[str, ...], values: tuple[int, ...], *, unseen: bool
) -> Simulated | Unusable:
    """Return the painted values on a record; tokens that were not shown have none."""
    if tuple(record.tokens[: len(tokens)]) != tokens:
        return Unusable(reason="the record has different tokens from those shown")
    if not unseen:
        return Unusable(reason="the explanation's author saw this text or a similar one")
    painted = np.full(len(record.tokens), np.nan, dtype=np.float32)
    painted[: len(values)] = values
    return Simulated(values=painted)


def _details(outcomes: Mapping[int, Simulated | Unusable]) -> dict[str, Any]:
    made = [each for each in outcomes.values() if isinstance(each, Simulated)]
    left_out = sum(int((~each.known).sum()) for each in made)
    return {"tokens_left_out": left_out} if left_out else {}
