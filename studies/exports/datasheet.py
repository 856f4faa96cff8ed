"""The datasheet of an export: what is in it, how it came about, what it is not for.

Its questions are those of Gebru et al., Datasheets for Datasets (2021).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from annotation.entry import Check
from annotation.quality import Rule
from studies.analysis.report.wording import counted
from studies.design.trust import in_words, written_checks
from studies.exports.tables import TABLES, columns_of

Facts = Mapping[str, Any]


def datasheet(
    study: Facts, results: Facts, summary: Facts, files: Iterable[tuple[str, str]], at: datetime
) -> str:
    """Return a study's datasheet as Markdown. `files` are names and what they hold."""
    listed = "\n".join(f"| `{name}` | {about} |" for name, about in files)
    return (
        "\n\n".join(
            [
                f"# {study['title']}",
                *([_IDENTIFIED] if study["identified"] else []),
                _notice(summary),
                _motivation(study),
                _composition(study, results),
                f"| file | what it holds |\n|---|---|\n{listed}",
                _columns(study["identified"]),
                _collection(study, results, at),
                _USES,
                _DISTRIBUTION,
            ]
        )
        + "\n"
    )


def _notice(summary: Facts) -> str:
    texts = [summary.get("synthetic_notice"), summary.get("headline")]
    texts += summary.get("warnings", ())
    texts += [f"Not as registered: {each}" for each in summary.get("departures", ())]
    return "\n\n".join(each for each in texts if each)


def _motivation(study: Facts) -> str:
    asked = study["question"] or "Not written down."
    return f"## Why it was made\n\nThe question of the study: {asked}"


def _composition(study: Facts, results: Facts) -> str:
    flow = results["flow"]
    conditions = "\n".join(f"- {_condition(each)}" for each in study["conditions"])
    left_out = "".join(
        f"\n- left out, {each['n']:,}: {each['reason']}" for each in flow["left_out"]
    )
    return (
        "## What is in it\n\n"
        f"{counted(flow['judgments'], 'judgment')} that stand ({results['n_synthetic']:,} of those "
        f"analysed made by a program) of {flow['judgments_wanted']:,} wanted, on "
        f"{counted(flow['items'], 'item')} about {counted(flow['neurons_used'], 'neuron')}, by "
        f"{counted(flow['raters_judging'], 'rater')}; {flow['corrected']:,} answers were "
        "corrected later and are not in it. Questions have the form "
        f"`{study['protocol']}`. Conditions:\n\n{conditions}{left_out}"
    )


def _condition(condition: Facts) -> str:
    if condition["method"] is None:
        return f"{condition['name']}: written by people"
    return f"{condition['name']}: {condition['method']}, version {condition['method_version']}"


def _columns(identified: bool) -> str:
    tables = (
        f"### {name}\n\n{table.about}\n\n| column | meaning |\n|---|---|\n"
        + "\n".join(
            f"| `{column.name}` | {column.meaning} |"
            for column in columns_of(name, identified=identified)
        )
        for name, table in TABLES.items()
    )
    return "## Columns\n\n" + "\n\n".join(tables)


def _collection(study: Facts, results: Facts, at: datetime) -> str:
    finished = results["flow"]["raters_finished"]
    return (
        "## How it came about\n\n"
        f"Raters answered in a browser, blind to who or what wrote an explanation; "
        f"{finished:,} of {results['flow']['raters_enrolled']:,} finished. The last answer was "
        f"given on {at:%Y-%m-%d} (UTC); the study was {study['state']} when this was exported. "
        "Every rater agreed to this:\n\n"
        + "\n".join(f"> {line}".rstrip() for line in study["consent"].splitlines())
        + "\n\nand read these instructions:\n\n"
        + "\n".join(f"> {line}".rstrip() for line in study["instructions"].splitlines())
        + f"\n\n{_trust(study, results)}"
    )


def _trust(study: Facts, results: Facts) -> str:
    """Tell what raters were asked first and held to."""
    checks = [Check.from_json(check) for check in study["checks"]]
    asked = (
        "Before the first question they answered these about the instructions, with two tries, or "
        "were asked nothing more (+ is right):\n\n```\n" + written_checks(checks) + "\n```\n\n"
        if checks
        else "No questions were asked about the instructions. "
    )
    practised = f"{counted(study['practice'], 'question')} to practise on came first, not stored. "
    return asked + practised + _rules(study, results)


def _rules(study: Facts, results: Facts) -> str:
    taken = {step["rule"]: step["excluded"] for step in results["exclusions"]}
    rules = [Rule.from_json(rule) for rule in study["rules"]]
    if not rules:
        return "No rules on raters were set."
    return "Rules on raters, set before the first answer, and what they took out:\n\n" + "\n".join(
        f"- {in_words(rule)} {counted(taken.get(rule.name, 0), 'judgment')} taken out."
        for rule in rules
    )


_IDENTIFIED = """\
> **This export says who the raters are.** The table raters holds what a recruiter calls them, which
> leads to a person. Keep it only where the consent allows it, share it with nobody, and delete it
> when payments are settled. Make another export, without it, for any analysis."""
_USES = """\
## What it is for, and what not

To ask whether people agree on explanations, and whether scores foresee what they prefer. Raters are
under pseudonyms: a keyed hash whose key never leaves the installation. Times of answers and what
raters wrote are as they gave them, so read free text before publishing it. Do not try to find out
who a rater is. Leave synthetic judgments out before reporting anything about people."""
_DISTRIBUTION = """\
## Distribution

No licence is attached. Whoever publishes this names one, and checks that the texts of excerpts may
be passed on. `python -m studies.analysis EXPORT.zip` computes `results.json` anew from these files
alone. `croissant.json` describes the files to machines, with their SHA-256."""
