"""Functions with known truth as a subject: no model, words and marks as tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from explanations.ground_truth.known import SETS, Function
from explanations.ground_truth.made import Kind, parse_function_set
from explanations.ground_truth.rules import Text
from explanations.ground_truth.texts import text_functions
from explanations.records import NeuronRef
from explanations.stores.reader import SubjectIdentity
from explanations.subjects.base import Batch, Consume, SubjectError, check_layer
from explanations.subjects.tokenization import TextTokenizer
from explanations.subjects.transformers_mlp import BUDGET

VERSION = "1"
"""Raised when a function of some set changes: it is the subject's revision."""

NUMBERS = 2**20
"""Tokens have numbers below this: few enough for tables that have a place for each."""

LIMIT = 100_000
"""The most tokens of a text that are read unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextFunctions:
    """A set of functions, each a neuron of the only layer. They run on the processor.

    A token's number is a hash of its word as it is written, below `NUMBERS`: the same for the same
    word in any text, and seldom the same for two words.
    """

    identity: SubjectIdentity
    functions: tuple[Function, ...]
    seed: int
    tokenizer: TextTokenizer

    @property
    def layers(self) -> int:
        """One: all functions are in layer 0."""
        return self.identity.layers

    @property
    def width(self) -> int:
        """How many functions there are."""
        return self.identity.width

    @property
    def device(self) -> torch.device:
        """The processor."""
        return torch.device("cpu")

    def truth(self, neuron: NeuronRef) -> str:
        """Return the description that is true of a function."""
        check_layer(self.identity, neuron.layer)
        if not 0 <= neuron.index < self.width:
            raise SubjectError(
                f"{self.identity.name} has no function {neuron.index}: they are 0 to "
                f"{self.width - 1}"
            )
        return self.functions[neuron.index].truth

    def encode(self, texts: Sequence[str], *, budget: int = BUDGET) -> Iterator[Batch]:
        """Cut texts into batches of at most `budget` tokens, shortest texts first."""
        for batch in self.tokenizer.batches(texts, budget=budget, device=self.device):
            ids = torch.zeros_like(batch.ids)
            for row, pieces in enumerate(batch.pieces):
                ids[row, : len(pieces)] = torch.tensor([_number(piece) for piece in pieces])
            yield replace(batch, ids=ids)

    def forward(self, batch: Batch) -> None:
        """Compute the functions: there is no model whose pass could be bare."""
        self.run_layer(batch, 0)

    def run(self, batch: Batch, consume: Consume) -> None:
        """Give the functions' activations [rows, tokens, width] to `consume`, 0 on padding."""
        consume(0, self.run_layer(batch, 0))

    def run_layer(self, batch: Batch, layer: int) -> torch.Tensor:
        """Return the functions' activations [rows, tokens, width], float32."""
        check_layer(self.identity, layer)
        values = np.zeros((*batch.ids.shape, self.width), np.float32)
        for row, pieces in enumerate(batch.pieces):
            text = Text(tokens=tuple(piece.strip() for piece in pieces), seed=self.seed)
            for number, function in enumerate(self.functions):
                values[row, : len(pieces), number] = function.rule(text)
        return torch.from_numpy(values)


def load_functions(given: str, *, revision: str = "", limit: int | None = None) -> TextFunctions:
    """Load `NAME` or `NAME@SEED`: a set of functions; the seed, by default 0, decides the noise.

    `text-200@7` is a set that is made: its seed decides the functions too. Raises `SubjectError`
    for a set that is not there, and for another revision than this one.
    """
    name, _, said = given.partition("@")
    if said and not said.isdecimal():
        raise SubjectError(f"the seed of functions:{given} is {said!r}: give a whole number")
    functions = _set(name, given)
    if revision not in ("", VERSION):
        raise SubjectError(
            f"functions:{given} is at revision {VERSION} here, not {revision}: capture it again"
        )
    identity = SubjectIdentity(
        name=f"functions:{given}",
        source=f"functions:{given}",
        revision=VERSION,
        hook="function",
        dtype="float32",
        tokenizer="words",
        layers=1,
        width=len(functions),
    )
    return TextFunctions(
        identity=identity,
        functions=functions,
        seed=int(said or 0),
        tokenizer=TextTokenizer(backend=_words(), prefix=(), suffix=(), limit=limit or LIMIT),
    )


def _set(name: str, given: str) -> tuple[Function, ...]:
    if name in SETS:
        return SETS[name]
    try:
        made = parse_function_set(given)
    except ValueError as error:
        raise SubjectError(f"functions:{given}: {error}") from error
    if made is None:
        raise SubjectError(
            f"there are no functions {name!r}: the sets are {', '.join(SETS)}, and text-200@7 is "
            "one that is made, of any number and seed"
        )
    if made.kind is not Kind.TEXT:
        raise SubjectError(
            f"functions:{given} take no texts, so they cannot be captured: make them with "
            f"`manage.py make_ground_truth --kind {made.kind} --n {made.count} --seed {made.seed}`"
        )
    return tuple(each.function for each in text_functions(made))


def _number(piece: str) -> int:
    return crc32(piece.strip().encode()) % NUMBERS


def _words() -> Tokenizer:
    """Return a tokenizer whose tokens are words, with apostrophes inside, and single marks."""
    tokenizer = Tokenizer(models.WordLevel({"word": 0}, unk_token="word"))  # noqa: S106
    space = pre_tokenizers.Split(Regex(r"\s+"), behavior="removed")
    marks = pre_tokenizers.Split(
        Regex(r"[^\w\s'\u2019]|(?<!\w)['\u2019]|['\u2019](?!\w)"), "isolated"
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([space, marks])
    return tokenizer
