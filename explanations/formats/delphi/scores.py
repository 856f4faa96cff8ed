"""What delphi says about a latent: an explanation and one file of examples for each scorer.

Its scores are lists of examples; the numbers are made of them here. An example without an answer is
no observation, and the explanation that stands for an answer which could not be read is none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from explanations.corpora.sources import File
from explanations.formats.fields import Fields, Problems, number_fault, text_fault
from explanations.formats.lines import ExplanationLine, Location, MethodLine, Problem, ScoreLine
from explanations.formats.reading import told, whole
from explanations.formats.types import LARGEST
from explanations.records import AuthorKind

EXPLAINER = "delphi"
SCORER = "delphi_"
_UNREAD = "Explanation could not be parsed."
_NAME = re.compile(r"(.+)_latent(\d{1,9})\.txt")

Outcome = list[Any]
"""An example: [it fires, what was said of it or None, ...] as `SHAPES` says."""


@dataclass(slots=True)
class _Files:
    explanation: File | None = None
    scores: dict[str, File] = field(default_factory=dict)


class Said:
    """Which files there are about which latents; each is read when it is asked for."""

    def __init__(self, files: Iterable[File], model: str) -> None:
        self._method = MethodLine(
            name=EXPLAINER, version=1, config={"model": model} if model else {}
        )
        self._files: dict[tuple[str, int], _Files] = {}
        for file in files:
            path = PurePosixPath(file.path)
            if (named := _NAME.fullmatch(path.name)) is None:
                continue
            about = self._files.setdefault((named[1].replace("--", "/"), int(named[2])), _Files())
            if path.parent.parent.name == "scores":
                about.scores[path.parent.name] = file
            else:
                about.explanation = file

    def latents(self) -> list[tuple[str, int]]:
        """Return the hookpoint and index of what was not taken yet."""
        return sorted(self._files)

    def take(
        self, hookpoint: str, index: int
    ) -> tuple[Location, list[ExplanationLine], list[Problem]]:
        """Read what is said about one latent, once."""
        files = self._files.pop((hookpoint, index), _Files())
        if files.explanation is None:
            return Location(), [], list(_orphans(files))
        faults: list[Problem] = []
        location = Location(file=files.explanation.name)
        text = _text(files.explanation, faults)
        if not text:
            return location, [], faults
        scores = [
            score
            for scorer, file in sorted(files.scores.items())
            for score in _scores(scorer, file, faults)
        ]
        said = ExplanationLine(
            id="1",
            text=text,
            author_kind=AuthorKind.MODEL,
            method=self._method,
            scores=tuple(scores),
        )
        return location, [said], faults


def _orphans(files: _Files) -> Iterator[Problem]:
    for file in files.scores.values():
        message = "the explanation that it scores is not among the files"
        yield Problem(location=Location(file=file.name), field="", message=message)


def _text(file: File, faults: list[Problem]) -> str:
    noted = Problems([])
    raw = whole(file, noted)
    if not noted.found:
        raw = raw[0] if isinstance(raw, list) and len(raw) == 1 else raw
        if fault := text_fault(raw, LARGEST, empty=False):
            noted.note("", fault)
        elif raw.strip() == _UNREAD:
            noted.note("", "the explainer's answer could not be read, so there is no explanation")
    faults += told(Location(file=file.name), noted)
    return "" if noted.found else raw.strip()


def _scores(scorer: str, file: File, faults: list[Problem]) -> list[ScoreLine]:
    noted = Problems([])
    raw = whole(file, noted)
    examples = [] if noted.found else list(Fields({"": raw}, "", noted).objects(""))
    found: list[ScoreLine] = []
    if not noted.found:
        shape = next((each for each in SHAPES if _fits(each, examples)), None)
        if shape is None:
            known = "; ".join(" and ".join(each) for each in SHAPES)
            noted.note("", f"expected a list of examples that have {known}")
        else:
            found = _numbers(scorer, shape, examples)
    faults += told(Location(file=file.name), noted)
    return [] if noted.found else found


# What an example of each shape has: whether it fires, then what was said of it.
SHAPES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("activating", "prediction"): ("balanced_accuracy", "f1"),
    ("activating", "similarity"): ("auc",),
    ("correct_index", "correct"): ("accuracy",),
}


def _fits(shape: Sequence[str], examples: Sequence[Fields]) -> bool:
    """Return whether all examples have the fields; what was said may be null, if it is there."""
    missing = object()
    return all(fields.take(name, missing) is not missing for name in shape for fields in examples)


def _numbers(scorer: str, shape: tuple[str, ...], examples: Sequence[Fields]) -> list[ScoreLine]:
    outcomes = [_outcome(shape, fields) for fields in examples]
    answered = [each for each in outcomes if each[1] is not None]
    lines = []
    for metric in SHAPES[shape]:
        value = _METRICS[metric](answered)
        kept = {"shape": list(shape), "examples": outcomes} if metric == SHAPES[shape][0] else {}
        lines.append(
            ScoreLine(
                method=MethodLine(name=f"{SCORER}{scorer}", version=1, config={"metric": metric}),
                simulator=None,
                value=value if isinstance(value, float) else None,
                reason=value if isinstance(value, str) else "",
                n=len(answered),
                details=kept,
            )
        )
    return lines


def _outcome(shape: tuple[str, ...], fields: Fields) -> Outcome:
    """Return an example without its text; an intruder's `sample` is missing where nothing came."""
    first, second = (fields.take(name, None) for name in shape)
    if shape[0] == "correct_index":
        return [True, bool(second) if isinstance(first, int) and first >= 0 else None]
    if shape[1] == "prediction":
        return [bool(first), None if second is None else bool(second)]
    return [bool(first), None if number_fault(second, -inf, inf) else float(second)]


def _balanced_accuracy(answered: Sequence[Outcome]) -> float | str:
    firing = [said for fires, said in answered if fires]
    silent = [not said for fires, said in answered if not fires]
    if not firing or not silent:
        return "no answered examples of both kinds"
    return float(sum(firing) / len(firing) + sum(silent) / len(silent)) / 2


def _f1(answered: Sequence[Outcome]) -> float | str:
    right = sum(1 for fires, said in answered if fires and said)
    wrong = sum(1 for fires, said in answered if bool(fires) != bool(said))
    if not right + wrong:
        return "no example fires and none was said to"
    return 2 * right / (2 * right + wrong)


def _auc(answered: Sequence[Outcome]) -> float | str:
    """Return how often a firing example is nearer than a silent one; a tie counts half."""
    firing = np.array([said for fires, said in answered if fires])
    silent = np.sort([said for fires, said in answered if not fires])
    if not len(firing) or not len(silent):
        return "no answered examples of both kinds"
    below = np.searchsorted(silent, firing, "left") + np.searchsorted(silent, firing, "right")
    return float(below.mean() / (2 * len(silent)))


def _accuracy(answered: Sequence[Outcome]) -> float | str:
    if not answered:
        return "no example was answered"
    return sum(1 for _, said in answered if said) / len(answered)


_METRICS = {
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "auc": _auc,
    "accuracy": _accuracy,
}


def raw_examples(score: ScoreLine) -> list[dict[str, Any]] | None:
    """Return a score's examples as delphi writes them; None where it has none."""
    shape, examples = score.details.get("shape"), score.details.get("examples")
    if not score.method.name.startswith(SCORER) or not shape or examples is None:
        return None
    if shape[0] == "correct_index":
        return [
            {"correct_index": -1 if said is None else 0, "correct": bool(said)}
            for _, said in examples
        ]
    rows = [{shape[0]: fires, shape[1]: said} for fires, said in examples]
    if shape[1] == "prediction":
        for row in rows:
            said = row["prediction"]
            row["correct"] = None if said is None else said == row["activating"]
    return rows
