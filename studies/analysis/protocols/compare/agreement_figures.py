"""Tables about agreement: its measures, parts, items, a single truth; and position bias."""

from math import isfinite

from studies.analysis.protocols.compare.agreement_details import OneTruth
from studies.analysis.protocols.compare.analyse import CATEGORIES, CHOICES, Comparisons
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, percent


def figures(found: Comparisons) -> dict[str, Figure]:
    """Return agreement as a whole, part by part and item by item, and position bias."""
    return {
        "measures": _measures(found),
        "parts": _parts(found),
        "items": _items(found),
        "truth": _truth(found.agreement_details.truth),
        "bias": _bias(found),
    }


def _measures(found: Comparisons) -> Figure:
    measures, ceiling = found.agreement, found.ceiling
    given = ", ".join(
        f"{each.category} {each.n:,} ({percent(each.share)})"
        for each in measures.prevalence
        if isfinite(each.share)
    )
    return Figure(
        title="Agreement between raters",
        caption=(
            f"Answers given: {given}. First and second are the item's own stored order, balanced "
            "between conditions."
        ),
        columns=(
            ("Measure", "text"),
            ("Value and 95% interval", "number"),
            ("What it means", "text"),
        ),
        rows=[
            (
                "Percent agreement",
                measures.percent,
                "How often two raters give the same answer",
            ),
            (
                "Krippendorff's α, nominal",
                measures.alpha_nominal,
                "1 is perfect, 0 is chance; chance is taken from the answers given",
            ),
            (
                "Krippendorff's α, ordinal",
                measures.alpha_ordinal,
                "The same, with a tie halfway between the two options",
            ),
            (
                "Gwet's AC1",
                measures.gwet_ac,
                "Stays meaningful where one answer prevails",
            ),
            (
                "Brennan\N{EN DASH}Prediger",
                measures.brennan_prediger,
                "Chance is one third, whatever was answered",
            ),
            (
                "Noise ceiling, lower",
                ceiling.lower,
                "Two raters choose the same option, ties left out",
            ),
            (
                "Noise ceiling, upper",
                ceiling.upper,
                "How often a score could match a rater if it always knew the common view",
            ),
            (
                "With the majority of the others",
                ceiling.leave_one_out,
                "How often a rater chooses as most others do",
            ),
        ],
    )  # fmt: skip


def _parts(found: Comparisons) -> Figure:
    return Figure(
        title="Agreement by pair of conditions, and by layer",
        caption=(
            "Chance is that of the part, so alphas of parts with different answers cannot be "
            "compared."
        ),
        columns=(
            ("By", "text"),
            ("Part", "text"),
            ("Same answer", "share"),
            ("Alpha, ordinal", "number"),
        ),
        rows=[
            (each.by, each.part, each.percent, each.alpha) for each in found.agreement_details.parts
        ],
        empty="There are only two conditions, in one layer, so there is only one part.",
    )


def _items(found: Comparisons) -> Figure:
    details = found.agreement_details
    return Figure(
        title="Items on which raters agree least",
        caption=(
            f"At most forty of {counted(details.n_items, 'item')} with two votes or more, by the "
            "numbers of the export. A few votes say little about an item's agreement: read these "
            "items, do not drop them."
        ),
        columns=(
            ("Item", "text"),
            ("Votes", "count"),
            ("Pairs of votes that agree", "share"),
            ("Most frequent answer", "text"),
            ("Its share", "share"),
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
            "Dawid and Skene (1979): what items probably are, and how often each rater says so, "
            "with each rater's own pattern of errors. For a preference there may be no right "
            "answer, and a minority with good reasons looks like error: nobody is excluded for it."
            f"{_shares(truth)}"
        ),
        columns=(("Rater", "text"), ("Judgments", "count"), ("Gives the probable answer", "share")),
        rows=[
            (f"Rater {each.rater + 1}", each.n_ratings, each.accuracy)
            for each in sorted(truth.raters, key=lambda each: -each.n_ratings)
        ],
        empty=f"Not known: {truth.reason or 'no judgment yet'}.",
    )


def _shares(truth: OneTruth) -> str:
    if truth.reason or not isfinite(truth.certain):
        return ""
    shares = ", ".join(
        f"{CHOICES[code]} {percent(share)}"
        for code, share in zip(CATEGORIES, truth.shares, strict=True)
    )
    return f" Of all items: {shares}; {percent(truth.certain)} are 90% certain or more."


def _bias(found: Comparisons) -> Figure:
    sides = found.sides
    return Figure(
        title="Position bias and ties",
        caption="Without position bias, the explanation on the left wins 50% of decided votes.",
        columns=(("Votes", "text"), ("Share and 95% interval", "share"), ("Number", "text")),
        rows=[
            (
                "Decided votes for the left",
                sides.left_share,
                f"{sides.left:,} left, {sides.right:,} right",
            ),
            ("Ties", sides.tie_share, f"{sides.ties:,} of {counted(found.n_judgments, 'vote')}"),
        ],
    )
