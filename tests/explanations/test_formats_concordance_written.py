"""Whatever a neuron's line may hold, writing and reading it gives the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explanations.formats.concordance.read import dump
from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    NeuronLine,
    RecordLine,
    ScoreLine,
    SimulatedLine,
    SimulationLine,
    SubjectLine,
)
from explanations.records import AuthorKind, RecordKind, Scale, Split
from tests.explanations.test_formats_concordance import line, outcomes

finite = st.floats(-(2.0**100), 2.0**100, width=32)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
name = text.filter(str.strip)
config = st.dictionaries(text, st.integers(-9, 9) | text | st.floats(-1, 1), max_size=2)
methods = st.builds(MethodLine, name=name, version=st.integers(0, 9), config=config)


@st.composite
def record_lines(draw: st.DrawFn, number: int) -> RecordLine:
    tokens = draw(st.lists(text, max_size=4))
    kind = draw(st.sampled_from(RecordKind))
    return RecordLine(
        document=f"{draw(name)[:4]}/{number}",
        start=draw(st.integers(0, 99)),
        split=draw(st.sampled_from(Split)),
        kind=kind,
        quantile=draw(st.integers(0, 3)) if kind == RecordKind.QUANTILE else None,
        tokens=tuple(tokens),
        activations=tuple(draw(finite) for _ in tokens),
    )


@st.composite
def simulation_lines(draw: st.DrawFn, records: tuple[RecordLine, ...]) -> SimulationLine:
    numbers = draw(st.lists(st.sampled_from(range(len(records))), unique=True)) if records else []
    simulated = [
        SimulatedLine(record=n, values=tuple(draw(finite) for _ in records[n].tokens), reason="")
        if draw(st.booleans())
        else SimulatedLine(record=n, values=None, reason=draw(name))
        for n in numbers
    ]
    scale = draw(st.sampled_from(Scale))
    return SimulationLine(method=draw(methods), scale=scale, records=tuple(simulated))


@st.composite
def explanation_lines(
    draw: st.DrawFn, number: int, records: tuple[RecordLine, ...]
) -> ExplanationLine:
    simulations = draw(st.lists(simulation_lines(records), max_size=1))
    simulator = simulations[0].method if simulations else None
    value = draw(st.none() | st.floats(-1, 1))
    score = ScoreLine(
        method=draw(methods),
        simulator=simulator,
        value=value,
        reason=draw(name) if value is None else "",
        n=draw(st.integers(0, 99)),
        low=None if value is None else draw(st.floats(-1, 1)),
        high=None if value is None else draw(st.floats(-1, 1)),
        records=tuple(range(draw(st.integers(0, len(records))))),
        details=draw(config),
    )
    return ExplanationLine(
        id=str(number),
        text=f"{draw(name).strip()} {number}",
        author_kind=draw(st.sampled_from(AuthorKind)),
        method=MethodLine(name="m", version=number, config=draw(config)),
        parent=None if number == 0 else draw(st.sampled_from([None, "0"])),
        shown=tuple(range(len(records))),
        scores=(score,),
        simulations=tuple(simulations),
        details=draw(config),
    )


@st.composite
def neuron_lines(draw: st.DrawFn) -> NeuronLine:
    layers, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    records = tuple(draw(record_lines(number)) for number in range(draw(st.integers(0, 3))))
    count = draw(st.integers(0, 2))
    return NeuronLine(
        subject=SubjectLine(name=draw(name), layers=layers, width=width, hook=draw(text)),
        layer=draw(st.integers(0, layers - 1)),
        index=draw(st.integers(0, width - 1)),
        maximum=max([0.0, *(value for record in records for value in record.activations)]),
        mean=draw(st.none() | st.floats(-9, 9)),
        firing_rate=draw(st.none() | st.floats(0, 1)),
        records=records,
        explanations=tuple(draw(explanation_lines(number, records)) for number in range(count)),
    )


@given(neuron_lines())
def test_what_is_written_is_read_again_unchanged(neuron: NeuronLine) -> None:
    written = dump(neuron)
    assert "\n" not in written
    assert outcomes(written.encode()) == [neuron]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_activations_survive_as_float32_to_the_last_bit(values: list[float]) -> None:
    raw = line()
    raw["maximum"] = 3.5e38
    raw["records"] = [{**raw["records"][0], "tokens": ["x"] * len(values), "activations": values}]
    raw["explanations"] = []
    (neuron,) = outcomes(raw)
    assert isinstance(neuron, NeuronLine)
    (again,) = outcomes(dump(neuron))
    assert isinstance(again, NeuronLine)
    kept = np.array(again.records[0].activations, dtype=np.float32)
    np.testing.assert_array_equal(kept, np.array(values, dtype=np.float32))


def test_a_float32_is_written_with_no_more_digits_than_it_needs() -> None:
    # float32(0.1) is 0.10000000149011612; its shortest form is 0.1
    (neuron,) = outcomes(line())
    assert isinstance(neuron, NeuronLine)
    assert '"activations":[0.1,-0.1,0.0]' in dump(neuron)
