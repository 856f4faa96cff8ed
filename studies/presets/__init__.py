"""Published designs, one module each."""

from studies.presets import (
    bills_2023_rank,
    bills_2023_rate,
    borowski_2021,
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
    zimmermann_2021,
)
from studies.presets.base import Preset

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        pairwise.PRESET,
        bills_2023_rate.PRESET,
        bills_2023_rank.PRESET,
        bricken_2023.PRESET,
        yes_maybe_no.PRESET,
        zimmermann_2021.PRESET,
        borowski_2021.PRESET,
        intruder.PRESET,
        casper_2023.PRESET,
        find_2023.PRESET,
        detection.PRESET,
        human_simulation.PRESET,
        intervention.PRESET,
        written.PRESET,
    )
}
