"""Rules on raters and checks of the instructions, in words that people read and write. Pure."""

from collections.abc import Iterable

from annotation.entry import Check
from annotation.quality import MEASURES, Rule

_BREAKING = {
    "gold_accuracy": "with less than {share} of the known answers right",
    "catch_trials": "with less than {share} of the catch trials right",
    "too_fast": "with more than {share} of the answers in less than {seconds:g} s",
    "same_side": "with more than {share} of the choices on one place",
    "straight_lining": "with all ratings the same on more than {share} of the pages",
    "self_consistency": "whose answers to what is asked twice are alike to less than {share}",
    "agreement_with_others": "whose answers are alike to those of others to less than {share}",
}
RIGHT, WRONG = "+ ", "- "


def in_words(rule: Rule) -> str:
    """Say when a rule is broken and what follows."""
    share = f"{100 * rule.limit:g} %"
    breaking = _BREAKING[rule.name].format(share=share, seconds=rule.seconds)
    follows = "is asked nothing more, and left out" if rule.pauses else "is left out"
    return f"{MEASURES[rule.name].title}: from {rule.after} on, a rater {breaking} {follows}."


def written_checks(checks: Iterable[Check]) -> str:
    """Write checks as `read_checks` reads them."""
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
    """Read questions, each on a line of its own with its options below: + the right one, - others.

    ValueError names the line or the question at fault.
    """
    asked: list[tuple[str, list[str]]] = []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if line.startswith((RIGHT, WRONG)):
            if not asked:
                raise ValueError(f"line {number}: a question comes before its options")
            asked[-1][1].append(line)
        elif line:
            asked.append((line, []))
    return tuple(_check(question, options) for question, options in asked)


def _check(question: str, options: list[str]) -> Check:
    right = [place for place, option in enumerate(options) if option.startswith(RIGHT)]
    if len(options) < 2 or len(right) != 1:
        raise ValueError(
            f"“{question}” needs two options or more below it, one of them after “+ ” and the "
            "others after “- ”"
        )
    said = tuple(option[2:].strip() for option in options)
    return Check(question=question, options=said, right=right[0])
