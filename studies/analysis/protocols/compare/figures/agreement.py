"""What is shown about agreement beside its measures: parts, items, one truth."""

from math import isfinite

from studies.analysis.protocols.compare.agreement_details import OneTruth
from studies.analysis.protocols.compare.analyse import CHOICES, Results
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, percent


def figures(results: Results) -> dict[str, Figure]:
    """Return agreement part by part and item by item, and raters against one truth."""
    return {
        "parts": _parts(results),
        "items": _items(results),
        "truth": _truth(results.agreement_details.truth),
    }


def _parts(results: Results) -> Figure:
    return Figure(
        title="Agreement by conditions that meet, and by layer",
        caption=(
            "Chance is that of the part: alphas of parts whose answers are spread otherwise do not "
            "compare."
        ),
        columns=(
            ("By", "text"),
            ("Part", "text"),
            ("Same answer", "share"),
            ("Alpha, ordinal", "number"),
        ),
        rows=[
            (each.by, each.part, each.percent, each.alpha)
            for each in results.agreement_details.parts
        ],
        empty="Only two conditions meet, in one layer: there is but one part.",
    )


def _items(results: Results) -> Figure:
    details = results.agreement_details
    return Figure(
        title="Items on which raters agree least",
        caption=(
            f"At most forty of {counted(details.n_items, 'item')} with two votes or more, by the "
            "numbers of the export. A few votes are a guess at an item's agreement: read these "
            "items, do not drop them."
        ),
        columns=(
            ("Item", "text"),
            ("Votes", "count"),
            ("Pairs of votes alike", "share"),
            ("Most said", "text"),
            ("So many", "share"),
        ),
        rows=[
            (f"Item {each.item}", each.n, each.agreement, CHOICES[each.most], each.share)
            for each in details.items
        ],
        empty="No item has two votes yet.",
    )


def _truth(truth: OneTruth) -> Figure:
    return Figure(
        title="If every item had one right answer",
        caption=(
            "Dawid and Skene (1979): what items probably are, and how often each rater says it, "
            "each erring in their own way. For a preference there may be no such answer, and a "
            f"minority with a reason looks like error: nobody is excluded for it.{_told(truth)}"
        ),
        columns=(("Rater", "text"), ("Judgments", "count"), ("Says what it is", "share")),
        rows=[
            (f"Rater {each.rater + 1}", each.n_ratings, each.accuracy)
            for each in sorted(truth.raters, key=lambda each: -each.n_ratings)
        ],
        empty=f"Not known: {truth.reason or 'no judgment yet'}.",
    )


def _told(truth: OneTruth) -> str:
    if truth.reason or not isfinite(truth.certain):
        return ""
    names = [CHOICES[code] for code in sorted(CHOICES)]
    shares = ", ".join(
        f"{name} {percent(share)}" for name, share in zip(names, truth.shares, strict=True)
    )
    return f" Of all items: {shares}; {percent(truth.certain)} are 90 % certain or more."
