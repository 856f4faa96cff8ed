"""A methods paragraph with a study's numbers, and its citations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotation.quality import Rule
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.report.wording import counted
from studies.design.trust import in_words

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: f"\\{sign}" for sign in "&%$#_{}"
}
Facts = Mapping[str, Any]


# --- Methods --------------------------------------------------------------------------------------


def methods(study: Facts, results: Facts, summary: Facts) -> str:
    """Return a paragraph on how a study was done and what it found, with its numbers."""
    parts = (
        _design(study, results),
        _answers(study, results),
        summary["methods_text"] or "Nobody has answered yet.",
        _inference(results),
    )
    return " ".join(parts) + "\n"


def _design(study: Facts, results: Facts) -> str:
    flow, conditions = results["flow"], [each["name"] for each in study["conditions"]]
    design = PROTOCOLS[study["protocol"]].design
    named = f"{counted(len(conditions), 'condition')} ({', '.join(conditions)})"
    return (
        f"We {design.format(conditions=named if conditions else 'no explanations')} on "
        f"{counted(flow['neurons_used'], 'neuron')} of {flow['neurons_chosen']:,} chosen, in "
        f"{counted(flow['items'], 'item')}. Raters did not know who or what had written an "
        f"explanation; each item showed at most {counted(study['excerpts'], 'excerpt')} with the "
        f"neuron's activations. All draws came from the seed {study['seed']}."
    )


def _answers(study: Facts, results: Facts) -> str:
    seconds, synthetic = results["median_seconds"], results["n_synthetic"]
    took = "" if seconds is None else f", in a median of {seconds:.0f} s each"
    by_program = f"; {synthetic:,} of these judgments were made by a program" if synthetic else ""
    flow = results["flow"]
    return (
        f"{_wanted(study)}, and at most {study['items_per_rater']:,} from a rater. "
        f"{counted(results['n_raters'], 'rater')} gave the "
        f"{counted(results['n_judgments'], 'judgment')} analysed{took}{by_program}. "
        f"{counted(flow['skipped'], 'item')} were skipped and {flow['expired']:,} lapsed. "
        f"{_rules(study)}"
    )


def _rules(study: Facts) -> str:
    rules = [in_words(Rule.from_json(rule)) for rule in study["rules"]]
    if not rules:
        return "No quality rules were set in advance."
    return f"Quality rules set in advance: {' '.join(rules)}"


def _wanted(study: Facts) -> str:
    wanted = f"{counted(study['overlap'], 'judgment')} of each item were wanted"
    if study["draws_pairs"]:
        wanted = (
            f"{counted(study['budget'], 'judgment')} were wanted of pairs chosen adaptively as "
            f"votes arrived: with probability {study['random_share']:g} at random, else by "
            f"expected information, and each at most {counted(study['overlap'], 'time')}"
        )
    elif study["extra_overlap_share"]:
        wanted += f" ({study['extra_overlap']:,} of {study['extra_overlap_share']}% of them)"
    between = study["condition_assignment"] == "between"
    return f"Each rater saw one condition or one pair. {wanted}" if between else wanted


def _inference(results: Facts) -> str:
    return (
        "Intervals take both raters and neurons as samples [@cameron2011] and come from a "
        "two-way jackknife with Student's t unless said otherwise. The analysis is version "
        f"{results['version']} of Concordance's, with the seed {results['plan']['seed']}."
    )


# --- Citation -------------------------------------------------------------------------------------

_SOURCES = r"""
@book{krippendorff2004,
  author = {Krippendorff, Klaus},
  title = {Content Analysis: An Introduction to Its Methodology},
  edition = {2},
  publisher = {Sage},
  year = {2004}
}

@article{gwet2008,
  author = {Gwet, Kilem Li},
  title = {Computing inter-rater reliability and its variance in the presence of high agreement},
  journal = {British Journal of Mathematical and Statistical Psychology},
  volume = {61},
  number = {1},
  pages = {29--48},
  year = {2008}
}

@article{cameron2011,
  author = {Cameron, A. Colin and Gelbach, Jonah B. and Miller, Douglas L.},
  title = {Robust Inference With Multiway Clustering},
  journal = {Journal of Business \& Economic Statistics},
  volume = {29},
  number = {2},
  pages = {238--249},
  year = {2011}
}
"""


def bibtex(study: Facts, at: datetime) -> str:
    """Return entries for the data set and for what the methods paragraph cites."""
    own = {
        "title": tex(study["title"]),
        "year": str(at.year),
        "month": f"{at:%b}".lower(),
        "howpublished": "Data set",
        "note": f"Exported from Concordance, study {tex(study['slug'])}",
    }
    fields = ",\n".join(f"  {name} = {{{value}}}" for name, value in own.items())
    return f"@misc{{{study['slug']},\n{fields}\n}}\n{_SOURCES}"


def tex(text: str) -> str:
    """Return text as TeX prints it."""
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))
