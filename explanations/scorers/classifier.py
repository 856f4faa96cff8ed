"""A language model says of excerpts, several a prompt, whether each fits an explanation.

An answer has one line an excerpt, in order: its number and "yes" or "no", or with `answers` set to
"graded" a number from 0 to 10. An answer of another form fails all excerpts of its prompt. How sure
a "yes" is comes from its log probability where the model gives one.

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

from explanations.methods.requests import Dialogue, Generate, GetCapabilities, send
from explanations.methods.values import Answer, GeneratedToken, Message, Prompt, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.base import Config
from explanations.scorers.intervals import with_interval
from explanations.scorers.metrics import METRICS, Verdict

DEFAULTS: dict[str, Any] = {
    "examples": 20,
    "per_prompt": 5,
    "answers": "yes_no",
    "logprobs": True,
    "metric": "balanced_accuracy",
    "max_tokens": 200,
    "seed": 0,
}
_TOP_LOGPROBS = 10
_UNDECIDED = 5

_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_LINE = re.compile(r"\s*(?P<number>\d+)[.:)]?[ \t]+(?P<said>[A-Za-z]+|\d+)[.,]?\s*")
_ANSWERS = {
    "yes_no": 'Write one line for each: its number, a colon, and "yes" or "no". Nothing else.',
    "graded": "Write one line for each: its number, a colon, and a whole number from 0 (surely "
    "not) to 10 (surely). Nothing else.",
}

CHOICES: dict[str, tuple[str, ...]] = {"answers": tuple(_ANSWERS), "metric": tuple(METRICS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An excerpt as it is shown, on one line, and whether it fits."""

    record: int
    text: str
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A neuron made up for a prompt: what it responds to, and excerpts with their answers."""

    explanation: str
    excerpts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked of each excerpt, and examples of it."""

    system: str
    shots: tuple[Shot, ...]


def settled(config: Config) -> dict[str, Any]:
    """Return the settings with their defaults; `ValueError` for one that means nothing."""
    settings = {**DEFAULTS, **config}
    for name, known in CHOICES.items():
        if settings[name] not in known:
            raise ValueError(f"`{name}` is one of {', '.join(known)}, not {settings[name]!r}")
    for name in ("examples", "per_prompt"):
        if settings[name] < 1:
            raise ValueError(f"`{name}` is 1 or more, not {settings[name]}")
    return settings


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return examples in the order that a seed draws, however they came."""
    return sorted(examples, key=lambda each: (seeded_hash(seed, "order", each.text), each.record))


def judged(
    task: Task, explanation: str, examples: Sequence[Example], config: Config
) -> Dialogue[Scored | Unusable]:
    """Ask about all examples and measure the answers; `Unusable` where a side got none."""
    settings = settled(config)
    known = yield from send(GetCapabilities())
    reads = settings["logprobs"] and settings["answers"] == "yes_no" and known.logprobs
    size = settings["per_prompt"]
    batches = [examples[at : at + size] for at in range(0, len(examples), size)]
    answers = yield from send(
        Generate(tuple(prompt(task, explanation, few, settings, reads) for few in batches))
    )
    verdicts: list[Verdict] = []
    failed: list[tuple[Unusable, int]] = []
    for few, answer in zip(batches, answers, strict=True):
        said = answer if isinstance(answer, Unusable) else parse(answer, few, settings["answers"])
        if isinstance(said, Unusable):
            failed.append((said, len(few)))
        else:
            verdicts += said
    return measured(verdicts, failed, settings["metric"])


def prompt(
    task: Task,
    explanation: str,
    examples: Sequence[Example],
    settings: Config,
    reads: bool,
) -> Prompt:
    """Ask about a few examples at once."""
    form = settings["answers"]
    turns = [Message(role="system", content=f"{task.system}\n\n{_ANSWERS[form]}")]
    for shot in task.shots:
        turns.append(_question(shot.explanation, [text for text, _ in shot.excerpts]))
        lines = [f"{i}: {_written(fits, form)}" for i, (_, fits) in enumerate(shot.excerpts, 1)]
        turns.append(Message(role="assistant", content="\n".join(lines)))
    turns.append(_question(explanation, [each.text for each in examples]))
    return Prompt(
        messages=tuple(turns),
        max_tokens=settings["max_tokens"],
        top_logprobs=_TOP_LOGPROBS if reads else 0,
    )


def _question(explanation: str, texts: Sequence[str]) -> Message:
    numbered = "\n".join(f"{number}: {text}" for number, text in enumerate(texts, 1))
    return Message(
        role="user", content=f"The neuron responds to: {explanation}\n\nThe excerpts:\n{numbered}"
    )


def _written(fits: bool, form: str) -> str:
    if form == "graded":
        return "9" if fits else "1"
    return "yes" if fits else "no"


def parse(answer: Answer, examples: Sequence[Example], form: str) -> list[Verdict] | Unusable:
    """Read one verdict an example; `Unusable` names the first line that is not as asked."""
    at = begins(answer)
    found: list[tuple[str, int]] = []
    try:
        for line in answer.text[at:].split("\n"):
            if line.strip():
                found.append(_said(line, len(found) + 1, at))
            at += len(line) + 1
        if len(found) != len(examples):
            raise ValueError(f"the answer has {len(found)} lines for {len(examples)} excerpts")
        return [
            _verdict(example, *each, answer, form)
            for example, each in zip(examples, found, strict=True)
        ]
    except ValueError as error:
        return Unusable(reason=str(error), raw=answer.text)


def begins(answer: Answer) -> int:
    """Return where an answer begins, behind what the model thought aloud."""
    thought = _THINKING.match(answer.text)
    return thought.end() if thought else 0


def _said(line: str, number: int, at: int) -> tuple[str, int]:
    """Return what a line says, and where in the whole answer it says so."""
    match = _LINE.fullmatch(line)
    if not match or int(match["number"]) != number:
        raise ValueError(f"line {number} of the answer is not {number} and an answer: {line!r}")
    return match["said"].casefold(), at + match.start("said")


def _verdict(example: Example, said: str, at: int, answer: Answer, form: str) -> Verdict:
    if form == "graded":
        if not said.isdecimal() or int(said) > 2 * _UNDECIDED:
            raise ValueError(f"an answer is {said!r} and no whole number from 0 to 10")
        yes, certainty = int(said) > _UNDECIDED, float(said)
        return Verdict(record=example.record, fits=example.fits, said=yes, certainty=certainty)
    if said not in ("yes", "no"):
        raise ValueError(f'an answer is {said!r} and neither "yes" nor "no"')
    return Verdict(
        record=example.record,
        fits=example.fits,
        said=said == "yes",
        certainty=_certainty(_generated(answer, at)),
    )


def _generated(answer: Answer, at: int) -> GeneratedToken | None:
    """Return the token at a place of the answer; None where the tokens are of another text."""
    texts = [token.text for token in answer.tokens]
    if not texts or not "".join(texts).startswith(answer.text):
        return None
    starts = list(accumulate(map(len, texts), initial=0))
    return answer.tokens[bisect_right(starts, at) - 1]


def _certainty(token: GeneratedToken | None) -> float | None:
    """Return P(yes) / (P(yes) + P(no)); None where a token is no whole answer."""
    if token is None or token.text.strip().casefold() not in ("yes", "no"):
        return None
    weights = {"yes": 0.0, "no": 0.0}
    for text, logprob in token.logprobs.items():
        if (word := text.strip().casefold()) in weights:
            weights[word] += exp(logprob)
    both = sum(weights.values())
    return weights["yes"] / both if both else None


def measured(
    verdicts: Sequence[Verdict], failed: Sequence[tuple[Unusable, int]], metric: str
) -> Scored | Unusable:
    """Measure verdicts; `failed` are answers that could not be used, each for so many excerpts."""
    if failed and len({each.fits for each in verdicts}) < 2:
        first = failed[0][0]
        return Unusable(reason=f"too few answers could be used: {first.reason}", raw=first.raw)
    values = {name: each.measure(verdicts) for name, each in METRICS.items()}
    chosen = METRICS[metric]
    records = tuple(each.record for each in verdicts)
    details = {**_told(verdicts, failed), **_defined(values)}
    if isnan(values[metric]):
        return Scored(
            value=None,
            n=len(verdicts),
            reason=chosen.undefined,
            records=records,
            details=details,
        )
    interval = chosen.interval(verdicts, values[metric])
    return with_interval(
        values[metric], interval, n=len(verdicts), records=records, details=details
    )


def _told(verdicts: Sequence[Verdict], failed: Sequence[tuple[Unusable, int]]) -> dict[str, Any]:
    """Count verdicts by what they were about, and failed excerpts by reason."""
    reasons = Counter[str]()
    for unusable, excerpts in failed:
        reasons[unusable.reason] += excerpts
    counts = Counter((each.fits, each.said) for each in verdicts)
    return {
        "true_positives": counts[True, True],
        "false_negatives": counts[True, False],
        "false_positives": counts[False, True],
        "true_negatives": counts[False, False],
        "failed": sum(reasons.values()),
        "failures": dict(reasons),
    }


def _defined(values: dict[str, float]) -> dict[str, Any]:
    """Return measures as JSON holds them: None where undefined, and then why."""
    return {
        **{name: None if isnan(value) else value for name, value in values.items()},
        "undefined": {
            name: METRICS[name].undefined for name, value in values.items() if isnan(value)
        },
    }
