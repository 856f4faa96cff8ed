"""Neuronpedia's files: SAEDashboard's batches, and the export of the site.

A batch is one JSON object with `model_id`, `layer`, `sae_set` and `features`, each with its
`activations`. The export is `v1/{model}/{source}/` with `batch-N.jsonl`, packed or not, in
`features`, `activations` and `explanations`; a source is the layer and the set, `6-res-jb`. The
subject is `{model}/{set}`; the user may name the model otherwise. Source: SAEDashboard's and
Neuronpedia's own exporters.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

from explanations.corpora.sources import File, tree
from explanations.formats.lines import ImportOptions, NeuronLine, Parsed, Problem
from explanations.formats.neuronpedia.dashboards import dashboard
from explanations.formats.neuronpedia.export import FOLDERS, export
from explanations.formats.neuronpedia.write import Writer

_BATCH = re.compile(r"batch-(\d+)\.")


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a batch, or a folder with batches below, feature by feature.

    Of a source's export a few numbers a feature are held; a neuron's records, and what is said
    about it, come one after the other, as they are in different files.
    """
    files = [file for file in tree(place, (".json", ".jsonl")) if file.alone or _number(file)]
    for (_, exported), same in groupby(sorted(files, key=_order), key=_source):
        if exported:
            yield from export(list(same), options)
        else:
            for file in same:
                yield from dashboard(file, options)


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write the export's layout into a folder: `v1/{model}/{source}/...`, 1024 features a batch."""
    writer = Writer(path)
    try:
        for neuron in neurons:
            yield from writer.add(neuron)
    finally:
        writer.close()


def _number(file: File) -> re.Match[str] | None:
    return _BATCH.match(PurePosixPath(file.name).name)


def _source(file: File) -> tuple[str, bool]:
    """Return the folder of a file's source, and whether it is an export's."""
    folder = PurePosixPath(file.path).parent
    if file.suffix == ".jsonl":
        return str(folder.parent if folder.name in FOLDERS else folder), True
    return str(folder), False


def _order(file: File) -> tuple[str, bool, str, int, str]:
    """Return what sorts batches by source, folder and number."""
    number = _number(file)
    return (
        *_source(file),
        PurePosixPath(file.path).parent.name,
        int(number.group(1)) if number else 0,
        file.name,
    )
