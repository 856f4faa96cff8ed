"""A language model says of excerpts, several a prompt, whether each fits an explanation.

An answer has one line per excerpt, in order: its number and "yes" or "no", or with `answers` set to
"graded" a number from 0 to 10. An answer in another form fails all excerpts of its prompt. How
certain a "yes" is comes from its log probability where the model gives one.

Known failures: excerpts of one prompt are not judged quite independently of each other; a model
that says yes to everything scores .5, and not 0, in balanced accuracy.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, isnan
from typing import Any

from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Generate, GetCapabilities, send
from explanations.methods.values import Answer, GeneratedToken, Prompt, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.intervals import with_interval
from explanations.scorers.metrics import METRICS, Prediction
from explanations.scorers.multiple_choice import numbered

_TOP_LOGPROBS = 10
_UNDECIDED = 5

_LINE = re.compile(r"\s*(?P<number>\d+)[.:)]?[ \t]+(?P<answer>[A-Za-z]+|\d+)[.,]?\s*")
_ANSWERS = {
    "yes_no": 'Write one line for each: its number, a colon, and "yes" or "no". Nothing else.',
    "graded": "Write one line for each: its number, a colon, and a whole number from 0 (certainly "
    "not) to 10 (certainly). Nothing else.",
}

CHOICES: dict[str, tuple[str, ...]] = {"answers": tuple(_ANSWERS), "metric": tuple(METRICS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSettings(Settings):
    """How many excerpts of each kind, how many a prompt, and how answers are given and scored."""

    examples: int = 20
    per_prompt: int = 5
    answers: str = "yes_no"
    logprobs: bool = True
    metric: str = "balanced_accuracy"
    max_tokens: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"`{name}` is one of {', '.join(known)}, not {getattr(self, name)!r}"
                )
        for name in ("examples", "per_prompt"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` is 1 or more, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An excerpt as it is shown, on one line, and whether it fits."""

    record: int
    text: str
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A made-up neuron: what it responds to, and excerpts with their answers."""

    explanation: str
    excerpts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked about each excerpt, with examples."""

    system: str
    shots: tuple[Shot, ...]


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return examples in an order that depends only on the seed and their texts."""
    return sorted(examples, key=lambda each: (seeded_hash(seed, "order", each.text), each.record))


def classify(
    task: Task, explanation: str, examples: Sequence[Example], settings: ClassifierSettings
) -> Dialogue[Scored | Unusable]:
    """Ask about all examples and score the answers; `Unusable` where too few can be used."""
    capabilities = yield from send(GetCapabilities())
    logprobs = settings.logprobs and settings.answers == "yes_no" and capabilities.logprobs
    size = settings.per_prompt
    batches = [examples[start : start + size] for start in range(0, len(examples), size)]
    answers = yield from send(
        Generate(prompt(task, explanation, batch, settings, logprobs) for batch in batches)
    )
    predictions: list[Prediction] = []
    failed: list[tuple[Unusable, int]] = []
    for batch, answer in zip(batches, answers, strict=True):
        found = answer if isinstance(answer, Unusable) else parse(answer, batch, settings.answers)
        if isinstance(found, Unusable):
            failed.append((found, len(batch)))
        else:
            predictions += found
    return scored(predictions, failed, settings.metric)


def prompt(
    task: Task,
    explanation: str,
    examples: Sequence[Example],
    settings: ClassifierSettings,
    logprobs: bool,
) -> Prompt:
    """Return a prompt about several examples."""
    form = settings.answers
    shots = [
        (
            _question(shot.explanation, [text for text, _ in shot.excerpts]),
            numbered([_ANSWER[form][fits] for _, fits in shot.excerpts]),
        )
        for shot in task.shots
    ]
    return Prompt.few_shot(
        f"{task.system}\n\n{_ANSWERS[form]}",
        shots,
        _question(explanation, [each.text for each in examples]),
        max_tokens=settings.max_tokens,
        top_logprobs=_TOP_LOGPROBS if logprobs else 0,
    )


_ANSWER = {"yes_no": {True: "yes", False: "no"}, "graded": {True: "9", False: "1"}}


def _question(explanation: str, texts: Sequence[str]) -> str:
    return f"The neuron responds to: {explanation}\n\nThe excerpts:\n{numbered(texts)}"


def parse(answer: Answer, examples: Sequence[Example], form: str) -> list[Prediction] | Unusable:
    """Return one prediction per example; `Unusable` names the first line that is malformed."""
    start = answer.start
    found: list[tuple[str, int]] = []
    try:
        for line in answer.text[start:].split("\n"):
            if line.strip():
                found.append(_parsed(line, len(found) + 1, start))
            start += len(line) + 1
        if len(found) != len(examples):
            raise ValueError(f"the answer has {len(found)} lines for {len(examples)} excerpts")
        return [
            _prediction(example, *each, answer, form)
            for example, each in zip(examples, found, strict=True)
        ]
    except ValueError as error:
        return Unusable(reason=str(error), raw=answer.text)


def _parsed(line: str, number: int, start: int) -> tuple[str, int]:
    """Return a line's answer, and at which character of the whole text it starts."""
    match = _LINE.fullmatch(line)
    if not match or int(match["number"]) != number:
        raise ValueError(f"line {number} of the answer is not {number} and an answer: {line!r}")
    return match["answer"].casefold(), start + match.start("answer")


def _prediction(example: Example, word: str, start: int, answer: Answer, form: str) -> Prediction:
    certainty: float | None
    if form == "graded":
        if not word.isdecimal() or int(word) > 2 * _UNDECIDED:
            raise ValueError(f"an answer is {word!r} and not a whole number from 0 to 10")
        yes, certainty = int(word) > _UNDECIDED, float(word)
    elif word in ("yes", "no"):
        yes, certainty = word == "yes", _certainty(_generated(answer, start))
    else:
        raise ValueError(f'an answer is {word!r} and neither "yes" nor "no"')
    return Prediction(record=example.record, fits=example.fits, predicted=yes, certainty=certainty)


def _generated(answer: Answer, start: int) -> GeneratedToken | None:
    """Return the token at a character of the answer; None where the tokens are of another text."""
    texts = [token.text for token in answer.tokens]
    if not texts or not "".join(texts).startswith(answer.text):
        return None
    starts = list(accumulate(map(len, texts), initial=0))
    return answer.tokens[bisect_right(starts, start) - 1]


def _certainty(token: GeneratedToken | None) -> float | None:
    """Return P(yes) / (P(yes) + P(no)); None where a token is not a whole answer."""
    if token is None or token.text.strip().casefold() not in ("yes", "no"):
        return None
    weights = {"yes": 0.0, "no": 0.0}
    for text, logprob in token.logprobs.items():
        if (word := text.strip().casefold()) in weights:
            weights[word] += exp(logprob)
    both = sum(weights.values())
    return weights["yes"] / both if both else None


def scored(
    predictions: Sequence[Prediction], failed: Sequence[tuple[Unusable, int]], metric: str
) -> Scored | Unusable:
    """Return the score; `failed` are unusable answers, each with its number of excerpts."""
    if failed and len({each.fits for each in predictions}) < 2:
        first = failed[0][0]
        return Unusable(reason=f"too few answers could be used: {first.reason}", raw=first.raw)
    values = {name: each.measure(predictions) for name, each in METRICS.items()}
    records = tuple(each.record for each in predictions)
    details = {**_counts(predictions, failed), **_measures(values)}
    value, n = values[metric], len(predictions)
    if isnan(value):
        reason = METRICS[metric].undefined
        return Scored(value=None, n=n, reason=reason, records=records, details=details)
    interval = METRICS[metric].interval(predictions, value)
    return with_interval(value, interval, n=n, records=records, details=details)


def _counts(
    predictions: Sequence[Prediction], failed: Sequence[tuple[Unusable, int]]
) -> dict[str, Any]:
    """Return the confusion matrix, and the failed excerpts by reason."""
    reasons = Counter[str]()
    for unusable, excerpts in failed:
        reasons[unusable.reason] += excerpts
    counts = Counter((each.fits, each.predicted) for each in predictions)
    return {
        "true_positives": counts[True, True],
        "false_negatives": counts[True, False],
        "false_positives": counts[False, True],
        "true_negatives": counts[False, False],
        "failed": sum(reasons.values()),
        "failures": dict(reasons),
    }


def _measures(values: dict[str, float]) -> dict[str, Any]:
    """Return all measures as JSON holds them: None where undefined, with the reason."""
    return {
        **{name: None if isnan(value) else value for name, value in values.items()},
        "undefined": {
            name: METRICS[name].undefined for name, value in values.items() if isnan(value)
        },
    }
