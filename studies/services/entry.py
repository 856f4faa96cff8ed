"""What comes before a study's first item: comprehension questions and practice."""

from typing import Any

from annotation.protocols.options import Option
from studies.design.candidates import option_keys
from studies.design.seeds import stream
from studies.models import Study
from studies.presets.base import Example, Preset


def entry_of(study: Study) -> dict[str, Any]:
    """Return the entry of a study's batch."""
    example = study.design.practice if study.practises else None
    trials = [_trial(study.design, example, study.seed)] if example else []
    return {"checks": study.checks, "practice": trials}


def _trial(preset: Preset, example: Example, seed: int) -> dict[str, Any]:
    """Return a practice question, with options in random positions like any other."""
    offers = preset.offers(example.material)
    keys = tuple(option_keys(len(offers), stream(seed, "practice keys")))
    options = sorted(
        (
            Option(key=key, text=offer.text, shown=offer.shown)
            for key, offer in zip(keys, offers, strict=True)
        ),
        key=lambda option: option.key,
    )
    payload = preset.payload(example.material, tuple(options))
    return {"payload": payload.to_json(), "gold": example.gold(keys), "why": example.why}
