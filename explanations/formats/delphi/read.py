"""delphi's results: activations in safetensors, an explanation and scores as one text per latent.

`latents/<hookpoint>/<start>_<end>.safetensors` holds where the latents from start to end fire:
`locations` [n, 3] as context, position and latent counted from start, `activations` [n], and the
token numbers of all contexts, `tokens` [contexts, length]. `explanations/<hookpoint>_latent<N>.txt`
and `scores/<scorer>/<hookpoint>_latent<N>.txt` are JSON. The subject is named by the model and the
hookpoint with a star for its layer. Source: github.com/EleutherAI/delphi.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from explanations.corpora.sources import File, TextError, tree
from explanations.formats.arrays import mapped
from explanations.formats.delphi.arrays import Cache
from explanations.formats.delphi.scores import Said
from explanations.formats.delphi.windows import Chosen, Contexts, Firing, choose
from explanations.formats.delphi.write import write_hookpoint
from explanations.formats.fields import Problems, text_fault
from explanations.formats.lines import (
    FormatError,
    ImportOptions,
    Location,
    NeuronLine,
    Parsed,
    Problem,
    RecordLine,
    SubjectLine,
)
from explanations.formats.reading import damage, whole
from explanations.formats.tokens import Pieces, pieces

_RANGE = re.compile(r"(\d{1,9})_(\d{1,9})\.safetensors")
_LAYER = re.compile(r"(?<![^.])\d{1,4}(?![^.])")
_TOKENIZER = "these files hold token numbers: name the model's tokenizer.json with --tokenizer"


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a folder of results or a part of it; of the arrays a million entries are held."""
    files = tree(place, (".safetensors", ".json", ".txt"))
    arrays = [file for file in files if file.suffix == ".safetensors"]
    if arrays and not options.tokenizer:
        raise FormatError(_TOKENIZER)
    said = Said(
        (file for file in files if file.suffix == ".txt"),
        _told(files, "run_config.json", "explainer_model"),
    )
    reader = _Reader(files, said, options)
    for hookpoint, same in groupby(sorted(arrays, key=_sorted), key=_hookpoint):
        yield from reader.hookpoint(hookpoint, list(same))
    for hookpoint, index in said.latents():
        yield from reader.said_only(hookpoint, index)


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write a folder of results, one hookpoint after the other; its records are held meanwhile."""
    if not options.tokenizer:
        raise FormatError(_TOKENIZER)
    coder = pieces(options.tokenizer)
    for (subject, layer), same in groupby(neurons, key=lambda each: (each.subject, each.layer)):
        model, _, pattern = subject.name.rpartition("/")
        hookpoint = pattern.replace("*", str(layer)) if "*" in pattern else f"layers.{layer}"
        yield from write_hookpoint(path, hookpoint, model or subject.name, same, coder)


def _hookpoint(file: File) -> str:
    return PurePosixPath(file.path).parent.name


def _sorted(file: File) -> tuple[str, str, int]:
    path = PurePosixPath(file.path)
    named = _RANGE.fullmatch(path.name)
    return path.parent.name, str(path.parent), int(named[1]) if named else 0


def _told(files: Iterable[File], name: str, field: str, folder: str = "") -> str:
    """Return what one of delphi's configurations says, or ""."""
    for file in files:
        path = PurePosixPath(file.path)
        if path.name == name and (not folder or path.parent.name == folder):
            raw = whole(file, Problems([]))
            value = raw.get(field) if isinstance(raw, dict) else None
            if not text_fault(value, 200, empty=False):
                return str(value)
    return ""


class _Reader:
    """Reads hookpoint by hookpoint; the contexts of one file are used for the next where equal."""

    def __init__(self, files: list[File], said: Said, options: ImportOptions) -> None:
        self._configs = [file for file in files if file.suffix == ".json"]
        self._said, self._options = said, options
        self._pieces: Pieces | None = pieces(options.tokenizer) if options.tokenizer else None
        self._contexts: Contexts | None = None
        self._widths: dict[str, int] = {}
        self._subjects: dict[str, SubjectLine] = {}

    def hookpoint(self, name: str, files: list[File]) -> Iterator[Parsed | Problem]:
        """Read all files of a hookpoint."""
        ends = [int(named[2]) for file in files if (named := self._named(file))]
        self._widths[name] = max(ends, default=-1) + 1
        for file in files:
            named = self._named(file)
            if named is None:
                message = "expected a name of two numbers, as in 0_8191.safetensors"
                yield Problem(location=Location(file=file.name), field="", message=message)
                continue
            try:
                with mapped(file) as arrays:
                    first = int(named[1])
                    cache = Cache.of(arrays, file.name, int(named[2]) - first + 1)
                    yield from self._file(file, cache, name, first)
            except TextError as error:
                yield Problem(
                    location=Location(file=file.name), field="", message=damage(file, error)
                )

    def said_only(self, hookpoint: str, index: int) -> Iterator[Parsed | Problem]:
        """Read what is said about a latent whose activations are not among the files."""
        place, explanations, faults = self._said.take(hookpoint, index)
        yield from faults
        if explanations:
            line = NeuronLine(
                subject=self._subject(hookpoint),
                layer=_layer(hookpoint),
                index=index,
                maximum=None,
                explanations=tuple(explanations),
            )
            yield Parsed(location=place, line=line)

    def _named(self, file: File) -> re.Match[str] | None:
        return _RANGE.fullmatch(PurePosixPath(file.name).name)

    def _file(
        self, file: File, cache: Cache, hookpoint: str, first: int
    ) -> Iterator[Parsed | Problem]:
        contexts = self._of(cache)
        for number, firing in cache.latents():
            location = Location(file=file.name, record=f"latent {first + number}")
            if message := _wrong(cache, firing):
                yield Problem(location=location, field="locations", message=message)
                continue
            _, explanations, faults = self._said.take(hookpoint, first + number)
            yield from faults
            mean, rate = _figures(cache, first + number, firing)
            line = NeuronLine(
                subject=self._subject(hookpoint),
                layer=_layer(hookpoint),
                index=first + number,
                maximum=max(0.0, float(firing.values.max())),
                mean=mean,
                firing_rate=rate,
                records=tuple(_record(contexts, each) for each in choose(contexts, firing)),
                explanations=tuple(explanations),
            )
            yield Parsed(location=location, line=line)

    def _of(self, cache: Cache) -> Contexts:
        before = self._contexts
        if before is not None and _same(before, cache):
            return before
        assert self._pieces is not None  # noqa: S101
        self._contexts = Contexts(
            tokens=cache.tokens,
            lengths=cache.lengths,
            pieces=self._pieces,
            seed=self._options.seed,
        )
        return self._contexts

    def _subject(self, hookpoint: str) -> SubjectLine:
        if hookpoint not in self._subjects:
            self._subjects[hookpoint] = self._named_subject(hookpoint)
        return self._subjects[hookpoint]

    def _named_subject(self, hookpoint: str) -> SubjectLine:
        model = (
            self._options.subject
            or _told(self._configs, "config.json", "model_name", hookpoint)
            or _told(self._configs, "run_config.json", "model")
        )
        if not model:
            raise FormatError("no config.json says of which model this is: name it with --subject")
        pattern = _LAYER.sub("*", hookpoint, count=1)
        return SubjectLine(
            name=f"{model}/{pattern}",
            hook=pattern,
            layers=self._options.layers,
            width=self._options.width or self._widths.get(hookpoint, 0),
        )


def _same(contexts: Contexts, cache: Cache) -> bool:
    return np.array_equal(contexts.lengths, cache.lengths) and np.array_equal(
        contexts.tokens, cache.tokens
    )


def _layer(hookpoint: str) -> int:
    """Return the first number among the parts of a hookpoint; 0 where there is none."""
    found = _LAYER.search(hookpoint)
    return int(found.group()) if found else 0


def _wrong(cache: Cache, firing: Firing) -> str:
    """Return what is wrong with a latent's entries; "" for nothing."""
    contexts, length = cache.tokens.shape
    if firing.rows.max() >= contexts or firing.positions.max() >= length:
        return f"beyond the {contexts} contexts of {length} tokens"
    if (firing.positions >= cache.lengths[firing.rows]).any():
        return "beyond the end of a context"
    return "" if np.isfinite(firing.values).all() else "an activation is not finite"


def _figures(cache: Cache, index: int, firing: Firing) -> tuple[float | None, float | None]:
    """Return a latent's mean per token and share of tokens above 0, as far as they are known."""
    if cache.figures is not None:
        return cache.figures.get(index, (None, None))
    tokens = int(cache.lengths.sum())
    total = float(firing.values.sum(dtype=np.float64))
    return total / tokens, float(np.count_nonzero(firing.values > 0) / tokens)


def _record(contexts: Contexts, chosen: Chosen) -> RecordLine:
    return RecordLine(
        document=contexts.key(chosen.window),
        start=0,
        split=contexts.split(chosen.window),
        kind=chosen.kind,
        quantile=chosen.quantile,
        tokens=contexts.pieces.texts(contexts.ids(chosen.window)),
        activations=tuple(chosen.values.tolist()),
    )
