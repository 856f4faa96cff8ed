"""Scorers that ask a language model multiple-choice questions: the share it answers rightly."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import scipy

from explanations.methods.requests import Dialogue, Generate, send
from explanations.methods.values import Answer, Prompt, Scored, Unusable
from explanations.scorers.intervals import wilson, with_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it is asked, the label of the right option, and the records it rests on."""

    text: str
    right: str
    records: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Instructions, examples as questions with their answers, and the labels of the options."""

    system: str
    examples: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]

    @property
    def chance(self) -> float:
        """Return the share that guessing gets right."""
        return 1 / len(self.labels)


def ask_questions(
    task: Task,
    questions: Sequence[Question],
    *,
    max_tokens: int,
    failed: Sequence[Unusable] = (),
    details: Mapping[str, object] | None = None,
) -> Dialogue[Scored | Unusable]:
    """Ask one question a prompt and return the share that is answered rightly.

    Answers that cannot be used are left out and counted, with what `failed` before; `Unusable`
    where none is left.
    """
    answers = yield from send(
        Generate(
            Prompt.few_shot(task.system, task.examples, each.text, max_tokens=max_tokens)
            for each in questions
        )
    )
    choices = [choice(answer, task.labels) for answer in answers]
    failures = [each for each in choices if isinstance(each, Unusable)]
    if len(failures) == len(choices):
        first = failures[0]
        return Unusable(reason=f"no answer could be used: {first.reason}", raw=first.raw)
    answered = [
        (question, label)
        for question, label in zip(questions, choices, strict=True)
        if not isinstance(label, Unusable)
    ]
    right, n = sum(label == question.right for question, label in answered), len(answered)
    test = scipy.stats.binomtest(right, n, task.chance, alternative="greater")
    return with_interval(
        right / n,
        wilson(right, n),
        n=n,
        records=[record for question, _ in answered for record in question.records],
        details={
            "right": right,
            "chance": task.chance,
            "p": float(test.pvalue),
            "failed": len(failed) + len(failures),
            "failures": dict(Counter(each.reason for each in (*failed, *failures))),
            **(details or {}),
        },
    )


def choice(answer: Answer | Unusable, labels: Sequence[str]) -> str | Unusable:
    """Return the label that an answer consists of; anything else is unusable, and not wrong."""
    if isinstance(answer, Unusable):
        return answer
    match = re.fullmatch(rf"\s*({'|'.join(labels)})[.):]?\s*", answer.text[answer.start :])
    if not match:
        return Unusable(reason=f"the answer is not one of {', '.join(labels)}", raw=answer.text)
    return match[1]


def numbered(texts: Sequence[str]) -> str:
    """Return texts as a numbered list."""
    return "\n".join(f"{number}: {text}" for number, text in enumerate(texts, 1))
