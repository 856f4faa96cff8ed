"""Published designs, in one module each."""

from studies.presets import (
    bills_2023,
    borowski_zimmermann_2021,
    bricken_2023,
    casper_2023,
    detection,
    find_2023,
    human_simulation,
    intervention,
    intruder,
    pairwise,
    written,
    yes_maybe_no,
)
from studies.presets.base import Preset

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        pairwise.PRESET,
        pairwise.STRENGTH,
        bills_2023.RATE,
        bills_2023.RANK,
        bricken_2023.PRESET,
        yes_maybe_no.PRESET,
        borowski_zimmermann_2021.TEXTS,
        borowski_zimmermann_2021.IMAGES,
        intruder.PRESET,
        casper_2023.PRESET,
        find_2023.PRESET,
        detection.PRESET,
        human_simulation.PRESET,
        intervention.PRESET,
        written.PRESET,
    )
}
