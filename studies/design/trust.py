"""Quality rules and comprehension questions as text."""

from collections.abc import Iterable

from annotation.entry import Check
from annotation.quality import MEASURES, Rule

_BREAKING = {
    "gold_accuracy": "with less than {share} of known answers right",
    "catch_trials": "with less than {share} of catch trials right",
    "too_fast": "with more than {share} of answers faster than {seconds:g} s",
    "same_side": "who choose the same position in more than {share} of their choices",
    "straight_lining": "who give equal ratings on more than {share} of pages",
    "self_consistency": "whose answers to repeats agree by less than {share}",
    "agreement_with_others": "whose answers agree with others' by less than {share}",
}
RIGHT, WRONG = "+ ", "- "


def in_words(rule: Rule) -> str:
    """Return a sentence on when a rule is broken, and the consequence."""
    breaking = _BREAKING[rule.name].format(share=f"{100 * rule.limit:g}%", seconds=rule.seconds)
    consequence = "paused and excluded" if rule.pauses else "excluded"
    return (
        f"{MEASURES[rule.name].title}: starting with observation {rule.after}, raters {breaking} "
        f"are {consequence}."
    )


def written_checks(checks: Iterable[Check]) -> str:
    """Return checks as text that `read_checks` reads."""
    return "\n\n".join(
        "\n".join(
            [
                check.question,
                *(
                    f"{RIGHT if place == check.right else WRONG}{option}"
                    for place, option in enumerate(check.options)
                ),
            ]
        )
        for check in checks
    )


def read_checks(text: str) -> tuple[Check, ...]:
    """Return the checks in a text: a line per question, its options below (+ right, - wrong).

    ValueError names the invalid line or question.
    """
    asked: list[tuple[str, list[str]]] = []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if line.startswith((RIGHT, WRONG)):
            if not asked:
                raise ValueError(f"line {number}: write a question before its options")
            asked[-1][1].append(line)
        elif line:
            asked.append((line, []))
    return tuple(_check(question, options) for question, options in asked)


def _check(question: str, options: list[str]) -> Check:
    right = [place for place, option in enumerate(options) if option.startswith(RIGHT)]
    if len(options) < 2 or len(right) != 1:
        raise ValueError(
            f"“{question}” needs at least two options below it, one of them after “+ ” and the "
            "others after “- ”"
        )
    texts = tuple(option[2:].strip() for option in options)
    return Check(question=question, options=texts, right=right[0])
