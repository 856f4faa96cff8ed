"""The datasheet of an export: its content, collection and intended uses.

Its questions are those of Gebru et al., Datasheets for Datasets (2021).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from annotation.entry import Check
from annotation.quality import Rule
from studies.analysis.report.wording import counted
from studies.design.trust import in_words, written_checks
from studies.exports.tables import described

Facts = Mapping[str, Any]


def datasheet(
    study: Facts, results: Facts, summary: Facts, files: Iterable[tuple[str, str]], at: datetime
) -> str:
    """Return a study's datasheet as Markdown; `files` are names with descriptions."""
    listed = "\n".join(f"| `{name}` | {about} |" for name, about in files)
    return (
        "\n\n".join(
            [
                f"# {study['title']}",
                *([_IDENTIFIED] if study["identified"] else []),
                _notice(summary),
                _motivation(study),
                _composition(study, results),
                f"| file | content |\n|---|---|\n{listed}",
                "## Columns\n\n" + described("###", identified=study["identified"]),
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
    asked = study["question"] or "Not documented."
    return f"## Motivation\n\nResearch question: {asked}"


def _composition(study: Facts, results: Facts) -> str:
    flow = results["flow"]
    conditions = "\n".join(f"- {_condition(each)}" for each in study["conditions"])
    left_out = "".join(
        f"\n- left out, {each['n']:,}: {each['reason']}" for each in flow["left_out"]
    )
    return (
        "## Composition\n\n"
        f"{counted(flow['judgments'], 'valid judgment')} ({results['n_synthetic']:,} of those "
        f"analysed made by programs) of {flow['judgments_wanted']:,} wanted, on "
        f"{counted(flow['items'], 'item')} about {counted(flow['neurons_used'], 'neuron')}, by "
        f"{counted(flow['raters_judging'], 'rater')}; "
        f"{counted(flow['corrected'], 'corrected answer')} not included. The protocol is "
        f"`{study['protocol']}`. Conditions:\n\n{conditions}{left_out}"
    )


def _condition(condition: Facts) -> str:
    if condition["method"] is None:
        return f"{condition['name']}: written by people"
    return f"{condition['name']}: {condition['method']}, version {condition['method_version']}"


def _collection(study: Facts, results: Facts, at: datetime) -> str:
    finished = results["flow"]["raters_finished"]
    return (
        "## Collection\n\n"
        f"Raters answered in a browser and did not know who or what had written an explanation; "
        f"{finished:,} of {results['flow']['raters_enrolled']:,} finished. The last answer is "
        f"from {at:%Y-%m-%d} (UTC); the study was {study['state']} when it was exported. "
        "All raters agreed to this text:\n\n"
        + "\n".join(f"> {line}".rstrip() for line in study["consent"].splitlines())
        + "\n\nand read these instructions:\n\n"
        + "\n".join(f"> {line}".rstrip() for line in study["instructions"].splitlines())
        + f"\n\n{_trust(study, results)}"
    )


def _trust(study: Facts, results: Facts) -> str:
    """Return the comprehension questions, practice and quality rules."""
    checks = [Check.from_json(check) for check in study["checks"]]
    asked = (
        "Before the first item they answered these comprehension questions (+ is right); anyone "
        "who failed two attempts was screened out:\n\n```\n" + written_checks(checks) + "\n```\n\n"
        if checks
        else "There were no comprehension questions. "
    )
    practised = f"Then came {counted(study['practice'], 'practice question')} (not stored). "
    return asked + practised + _rules(study, results)


def _rules(study: Facts, results: Facts) -> str:
    taken = {step["rule"]: step["excluded"] for step in results["exclusions"]}
    rules = [Rule.from_json(rule) for rule in study["rules"]]
    if not rules:
        return "No quality rules were set."
    return "Quality rules, set in advance, and the judgments they exclude:\n\n" + "\n".join(
        f"- {in_words(rule)} {counted(taken.get(rule.name, 0), 'judgment')} excluded."
        for rule in rules
    )


_IDENTIFIED = """\
> **This export contains personal data.** The table raters has the recruiter (Prolific) IDs of
> raters, which identify people. Keep it only if the consent allows it, do not share it, and delete
> it when payments are settled. Use an export without IDs for any analysis."""
_USES = """\
## Uses

Intended to study whether people agree on explanations, and whether scores predict what they prefer.
Raters have pseudonyms: a keyed hash whose key never leaves the installation. Times and free text
are as given, so read free text before publishing it. Do not try to identify raters. Exclude
synthetic judgments before reporting anything about people."""
_DISTRIBUTION = """\
## Distribution

No licence is attached. Before publishing, choose one, and check that the excerpts may be
redistributed. `python -m studies.analysis EXPORT.zip` recomputes `results.json` from these files
alone. `croissant.json` describes the files in a machine-readable form, with their SHA-256."""
