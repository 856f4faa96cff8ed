"""Files in the formats of OpenAI and Neuronpedia, as large and as odd as those that are published.

The texts are the demo's passages. Peaks are chosen, so that a test can say what is found.
"""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

RECORD_LENGTH, DASHBOARD_LENGTH = 64, 127
SHORT = {7: 48, 60: 59, 120: 62}
"""How long the three records are that are shorter than all others."""


def windows(length: int, first: int = 0) -> Iterator[list[str]]:
    """Yield stretches of the demo's passages as tokens: words with the space before them."""
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    words = [f" {word}" for line in lines for word in json.loads(line)["text"].split()]
    # Steps of a number that shares no factor with the words: no two windows begin alike.
    starts = ((first + n) * 31 % (len(words) - length) for n in range(len(words)))
    return (words[start : start + length] for start in starts)


def openai_record(*, type_first: bool) -> dict[str, Any]:
    """Return a NeuronRecord of 50 top, 50 random and 5 times 20 records by quantile.

    The last of the top records is out of order, the outer quantile boundaries are null, the 20
    of the highest quantile are among the top ones, and three records are short. `type_first`
    says whether objects begin or end with `dataclass_name`: published files do both.
    """

    def typed(name: str, **fields: Any) -> dict[str, Any]:
        kind = {"dataclass_name": name}
        return {**kind, **fields} if type_first else {**fields, **kind}

    draw = random.Random(5)  # noqa: S311
    texts = windows(RECORD_LENGTH)

    def record(number: int, peak: float) -> dict[str, Any]:
        tokens = next(texts)[: SHORT.get(number)]
        values = [round(min(peak, draw.uniform(-0.17, -0.01)), 4) for _ in tokens]
        values[draw.randrange(len(tokens))] = peak
        return typed("ActivationRecord", tokens=tokens, activations=values)

    peaks = [round(3.2617 - 0.0186 * n, 4) for n in range(49)]
    top = [record(n, peak) for n, peak in enumerate([*peaks, 2.5195])]
    drawn = [record(50 + n, round(draw.uniform(-0.02, 0.4), 4)) for n in range(50)]
    lows = (-0.014, -0.0032, 0.5039, 1.5391)
    quantiles = [
        [record(100 + 20 * q + n, round(low + 0.0001 * n, 4)) for n in range(20)]
        for q, low in enumerate(lows)
    ]
    return typed(
        "NeuronRecord",
        neuron_id=typed("NeuronId", layer_index=1, neuron_index=1),
        random_sample=drawn,
        random_sample_by_quantile=[*quantiles, top[10:30]],
        quantile_boundaries=[None, -0.0032, 0.5005, 1.5146, 2.3789, None],
        mean=-0.0499,
        variance=0.0053,
        skewness=9.8557,
        kurtosis=195.6007,
        most_positive_activation_records=top,
    )


def dashboards(folder: Path) -> Path:
    """Write two batches of two features each, as SAEDashboard does for Neuronpedia.

    The first feature has 38 sequences, 9 of them twice: 6 of the top ones, and the three of the
    highest interval. The second never fires, and 30 of its 35 sequences are one and the same.
    """
    folder.mkdir()
    features = [
        _feature(0, 2.214, top=24, again=6, frac=0.0002),
        _feature(1, 0.0, top=1, again=29, frac=0.0),
        _feature(2, 0.8, top=30, again=0, frac=0.00035999999999999997),
        _feature(3, 5.5, top=30, again=0, frac=0.0125),
    ]
    for number in range(2):
        batch = {
            "model_id": "gpt2-small",
            "layer": 0,
            "sae_set": "res-jb",
            "features": features[2 * number : 2 * number + 2],
        }
        (folder / f"batch-{number}.json").write_text(json.dumps(batch))
    return folder


def _feature(index: int, peak: float, *, top: int, again: int, frac: float) -> dict[str, Any]:
    texts = list(islice(windows(DASHBOARD_LENGTH, 100 * index), top + 5))
    best = [
        _sequence(text, n * 5 % DASHBOARD_LENGTH, round(peak * 0.97**n, 3), -1, peak)
        for n, text in enumerate(texts[:top])
    ]
    tops = [*best, *islice(cycle(best), again)]
    fifth = round(peak / 5, 3)
    highest = [
        {**each, "bin_min": round(peak - fifth, 3), "bin_contains": frac}
        for each in (best[:3] if peak else [])
    ]
    lowest = [_sequence(text, 0, 0.0, 0.0, fifth, contains=1.0) for text in texts[top:]]
    zeros = [0.0] * 3
    return {
        "feature_index": index,
        **{f"neuron_alignment_{kind}": zeros for kind in ("indices", "values", "l1")},
        **{f"correlated_neurons_{kind}": zeros for kind in ("indices", "l1", "pearson")},
        **{f"correlated_features_{kind}": zeros[:2] for kind in ("indices", "l1", "pearson")},
        "neg_str": ["ãĤ±", "\n", *["sequence"] * 8],
        "neg_values": [-0.743] * 10,
        "pos_str": [" Brigade", *[" MRI"] * 9],
        "pos_values": [3.753] * 10,
        "frac_nonzero": frac,
        "freq_hist_data_bar_values": _even(peak) if peak else [],
        "freq_hist_data_bar_heights": [*range(50, 0, -1)] if peak else [],
        "logits_hist_data_bar_heights": [*range(50)],
        "logits_hist_data_bar_values": _even(1.0),
        "n_prompts_total": 5000,
        "n_tokens_in_prompt": 128,
        "dataset": "passages",
        "decoder_weights_dist": [],
        "activations": [*tops, *highest, *lowest],
    }


def _sequence(
    tokens: Sequence[str], at: int, peak: float, low: float, high: float, *, contains: float = -1
) -> dict[str, Any]:
    values = [0.0] * len(tokens)
    values[at] = peak
    return {
        "bin_min": low,
        "bin_max": high,
        "bin_contains": contains,
        "tokens": list(tokens),
        "values": values,
        "qualifying_token_index": at,
        "dfa_values": [],
        "dfa_maxValue": 0,
        "dfa_targetIndex": -1,
    }


def _even(peak: float) -> list[float]:
    return [round(peak * (n + 0.5) / 50, 3) for n in range(50)]
