"""SAEDashboard's batches, read as they stream by: one feature is held at a time."""

from collections.abc import Iterator
from typing import IO, Any

import ijson

from explanations.corpora.sources import File, TextError
from explanations.formats.fields import Fields, Problems
from explanations.formats.lines import (
    ImportOptions,
    Location,
    NeuronLine,
    Parsed,
    Problem,
    SubjectLine,
)
from explanations.formats.neuronpedia.activations import collect, sequence
from explanations.formats.reading import damage, told
from explanations.formats.windows import WindowRecords

_HEAD = ("model_id", "layer", "sae_set")
_STEPS = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_DEEPEST = 100


def dashboard(file: File, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read one batch; a bad feature, or a bad sequence of one, is a fault and left out."""
    location = Location(file=file.name)
    try:
        faults = Problems([])
        head = Fields(_head(file), "", faults)
        names = [head.text(name, 200) for name in ("model_id", "sae_set")]
        layer = head.whole("layer")
        yield from told(location, faults)
        if not faults.found:
            subject = SubjectLine(
                name=f"{options.subject or names[0]}/{names[1]}",
                layers=options.layers,
                width=options.width,
            )
            yield from _features(file, subject, layer, options.seed)
    except TextError as error:
        yield Problem(location=location, field="", message=damage(file, error))
    except (ijson.JSONError, UnicodeDecodeError) as error:
        yield Problem(
            location=location, field="", message=f"is no JSON, or damaged: {str(error)[:150]}"
        )


def _head(file: File) -> dict[str, Any]:
    """Return what the batch says of itself, which may stand before or after its features."""
    head: dict[str, Any] = {}
    with file.open() as handle:
        for prefix, event, value in ijson.parse(_events(handle)):
            if prefix in _HEAD and event in ("string", "number"):
                head[prefix] = value
            if len(head) == len(_HEAD):
                break
    return head


def _events(handle: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield what a file's JSON is made of; one nested beyond reason would take forever."""
    depth = 0
    for event, value in ijson.basic_parse(handle, use_float=True):
        depth += _STEPS.get(event, 0)
        if depth > _DEEPEST:
            raise ijson.JSONError(f"nested more than {_DEEPEST} deep")
        yield event, value


def _features(
    file: File, subject: SubjectLine, layer: int, seed: int
) -> Iterator[Parsed | Problem]:
    with file.open() as handle:
        for number, raw in enumerate(ijson.items(ijson.parse(_events(handle)), "features.item")):
            faults = Problems([])
            fields = Fields(raw, "", faults)
            location = Location(file=file.name, record=f"features[{number}]")
            neuron = _feature(fields, subject, layer, seed)
            yield from told(location, faults)
            if neuron is not None:
                yield Parsed(location=location, line=neuron)


def _feature(fields: Fields, subject: SubjectLine, layer: int, seed: int) -> NeuronLine | None:
    index = fields.whole("feature_index")
    rate = fields.number("frac_nonzero", 0, 1) if fields.has("frac_nonzero") else None
    if fields.faults.found:
        return None
    read = [sequence(each, "bin_min", "bin_max") for each in fields.objects("activations")]
    good = [each for each in read if each is not None]
    maximum = max((each.excerpt.peak for each in good), default=None)
    windows = WindowRecords(seed)
    for each in good:
        collect(windows, each, maximum or 0.0)
    return NeuronLine(
        subject=subject,
        layer=layer,
        index=index,
        maximum=maximum,
        firing_rate=rate,
        records=windows.records,
    )
