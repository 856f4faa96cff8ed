"""One streaming pass over a text that keeps, for every neuron, the windows that show what it does.

Kept for each neuron and split: the windows with the highest peaks, one for a document and no text
twice, and a uniform random sample of windows that all neurons share; over all tokens the maximum,
how often it fires, the sums of four powers, and its mean on each common token; a histogram over one
sixteenth of the documents. What is kept has the same size for any length of text.

Every choice is a seeded order: ties between peaks, and the random sample, follow hashes of the
document's key. Sums add up exactly. So blocks of a text, shared out between shards and merged, give
what one pass gives, and so does a pass that was killed and went on from its last checkpoint.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

import torch

from explanations.capture.checkpoints import load_state, save_state
from explanations.capture.finishing import finish
from explanations.capture.state import CaptureState, Extent
from explanations.capture.streams import Streams
from explanations.capture.vocabulary import Vocabulary
from explanations.records import Split, document_bytes
from explanations.stores.reader import CaptureConfig, Manifest, StoreError
from explanations.subjects import Batch, Subject

__all__ = [
    "CaptureState",
    "Document",
    "Plan",
    "Progress",
    "Vocabulary",
    "capture",
    "capture_shard",
    "merge",
]

Document: TypeAlias = tuple[str, Split, str]
"""Key, split, text. Keys are unique in a corpus."""

BLOCK_DOCUMENTS, BLOCK_CHARACTERS = 512, 2**18
"""A block ends with so many documents, or with the one that brings it to so many characters."""

SAVING_SHARE = 0.04
"""Of a pass's time, what may go into checkpoints once they come seldom enough for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a pass is. `truncated` documents were longer than the subject reads."""

    read: int
    documents: int
    truncated: int
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to read and keep. Of `shards`, shard s takes blocks s, s + shards, ...

    `token_limit` is the most tokens that are run, over all shards: each has its even part.
    """

    seed: int
    config: CaptureConfig
    token_limit: int | None = None
    shard: int = 0
    shards: int = 1

    @property
    def tokens(self) -> float:
        """The most tokens of this shard."""
        if self.token_limit is None:
            return float("inf")
        return self.token_limit // self.shards + (self.shard < self.token_limit % self.shards)


def capture(
    subject: Subject,
    documents: Iterable[Document],
    directory: str | Path,
    *,
    seed: int,
    config: CaptureConfig | None = None,
    token_limit: int | None = None,
    corpus: str = "",
    progress: Callable[[Progress], None] | None = None,
    every: float = 60.0,
) -> Manifest:
    """Run a subject over documents and write a store, which appears only when it is complete.

    `progress` is called after each batch. A document without tokens counts as a document and gives
    no record; one beyond the subject's limit is cut, and counted as truncated. At least `every`
    seconds apart, a checkpoint is written next to the store, from which an equal call resumes.
    `StoreError` if the folder exists, or if the documents aren't those that `corpus` is the digest
    of.
    """
    directory = Path(directory)
    _refuse_existing(directory)
    plan = Plan(seed=seed, config=config or CaptureConfig(), token_limit=token_limit)
    work = directory.with_name(f".{directory.name}.checkpoint")
    reader = _Pass(subject, plan, work, every)
    reader.run(documents, progress)
    manifest = finish(reader.state, directory, corpus=reader.corpus(corpus))
    shutil.rmtree(work, ignore_errors=True)
    return manifest


def capture_shard(
    subject: Subject,
    documents: Iterable[Document],
    folder: str | Path,
    plan: Plan,
    *,
    corpus: str = "",
    progress: Callable[[Progress], None] | None = None,
    every: float = 60.0,
) -> Extent:
    """Run a subject over one shard of the documents, into a folder that `merge` takes.

    It goes on from what the folder holds; a finished shard is not run again. `StoreError` where the
    documents are not those that `corpus` is the digest of.
    """
    reader = _Pass(subject, plan, Path(folder), every)
    reader.run(documents, progress)
    reader.corpus(corpus)
    reader.save(finished=True)
    return reader.state.extent


def merge(folders: Sequence[str | Path], directory: str | Path, *, corpus: str) -> Manifest:
    """Merge all shards of a corpus into a store; `corpus` is the whole corpus's digest.

    `StoreError` where a shard is missing, unfinished, or of another plan.
    """
    _refuse_existing(Path(directory))
    whole: CaptureState | None = None
    for number, folder in enumerate(folders):
        loaded = load_state(Path(folder), torch.device("cpu"))
        if loaded is None or not loaded[1]["finished"]:
            raise StoreError(f"{folder} holds no finished shard")
        state, about = loaded
        if (about["shard"], about["shards"]) != (number, len(folders)):
            raise StoreError(f"{folder} is not shard {number} of {len(folders)}")
        if whole is None:
            whole = state
        else:
            whole.absorb(state)
    if whole is None:
        raise StoreError("there is no shard to merge")
    return finish(whole, Path(directory), corpus=corpus)


class _Pass:
    """One shard's way through a text."""

    def __init__(self, subject: Subject, plan: Plan, folder: Path, every: float) -> None:
        self.subject, self.plan, self.folder, self.every = subject, plan, folder, every
        self.digest = sha256()
        self.read = 0
        self._state: CaptureState | None = None
        self._resumed: dict[str, Any] = {"blocks": 0, "finished": False}
        if loaded := load_state(folder, subject.device):
            self._state, self._resumed = loaded
            self._check_resumed()
        self._blocks = 0
        self._began = time.monotonic() - (self._state.extent.seconds if self._state else 0.0)
        self._saved, self._cost = time.monotonic(), 0.0

    @property
    def state(self) -> CaptureState:
        """What was kept; `StoreError` where nothing was read."""
        if self._state is None:
            raise StoreError("this corpus has no document: there is nothing to keep")
        return self._state

    def run(
        self, documents: Iterable[Document], progress: Callable[[Progress], None] | None
    ) -> None:
        """Read all documents, run the blocks that are this shard's and were not run before."""
        with Streams(self.subject) as streams:
            for number, block in enumerate(_blocks(documents)):
                for key, _, text in block:
                    self.digest.update(document_bytes(key, text))
                self._blocks = number + 1
                # Blocks before the checkpoint are read again, but only for the digest: at its last
                # block the digest shows whether the text is the one that was captured so far.
                if self._blocks > self._resumed["blocks"]:
                    self._take(number, block, streams, progress)
                elif self._blocks == self._resumed["blocks"]:
                    self._check_text()
                self.read += len(block)

    def corpus(self, expected: str) -> str:
        """Return the digest of all that was read; `StoreError` where another was expected."""
        digest = self.digest.hexdigest()
        if expected and digest != expected:
            raise StoreError("the text changed while it was captured")
        return digest

    def save(self, *, finished: bool = False) -> None:
        """Write a checkpoint, or the finished shard."""
        if self._resumed["finished"]:
            return
        began = time.monotonic()
        about = self._about() | {
            "blocks": self._blocks,
            "digest": self.digest.hexdigest(),
            "finished": finished,
        }
        save_state(self.state, self.folder, about=about)
        self._saved = time.monotonic()
        self._cost = self._saved - began

    def _take(
        self,
        number: int,
        block: list[Document],
        streams: Streams,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        if self._state is None:
            self._state = self._begun(block)
        if number % self.plan.shards != self.plan.shard or self._left() <= 0:
            return
        block = self._within(block)
        done = self.read
        state = self.state
        batches = (
            (batch, [block[place][:2] for place in batch.texts]) for batch in self._batches(block)
        )
        with closing(state.observe(streams, batches)) as observed:
            for batch in observed:
                state.extent.seconds = time.monotonic() - self._began
                done += len(batch.texts)
                if progress:
                    progress(self._progress(done))
        self.state.end_block(len(block))
        if time.monotonic() - self._saved >= max(self.every, self._cost / SAVING_SHARE):
            self.save()

    def _begun(self, block: list[Document]) -> CaptureState:
        vocabulary = Vocabulary.of(self._batches(block), self.plan.config.words)
        identity, device = self.subject.identity, self.subject.device
        return CaptureState(identity, self.plan.seed, self.plan.config, vocabulary, device)

    def _batches(self, block: list[Document]) -> Iterator[Batch]:
        return self.subject.encode([text for _, _, text in block])

    def _left(self) -> float:
        return self.plan.tokens - self.state.extent.tokens

    def _within(self, block: list[Document]) -> list[Document]:
        """Return the first documents of a block that the token limit leaves room for."""
        if self.plan.token_limit is None:
            return block
        lengths = [0] * len(block)
        for batch in self._batches(block):
            for place, length in zip(batch.texts, batch.lengths, strict=True):
                lengths[place] = length
        left = self._left()
        return [d for d, total in zip(block, accumulate(lengths), strict=True) if total <= left]

    def _progress(self, read: int) -> Progress:
        extent = self.state.extent
        return Progress(
            read=read,
            documents=extent.documents,
            truncated=extent.truncated,
            tokens=extent.tokens,
            seconds=extent.seconds,
        )

    def _about(self) -> dict[str, Any]:
        plan = self.plan
        return {"shard": plan.shard, "shards": plan.shards, "token_limit": plan.token_limit}

    def _check_resumed(self) -> None:
        state, about = self.state, self._resumed
        same = (state.subject, state.seed, state.config) == (
            self.subject.identity,
            self.plan.seed,
            self.plan.config,
        )
        if not same or not self._about().items() <= about.items():
            raise StoreError(f"{self.folder} holds a checkpoint of another capture: remove it")

    def _check_text(self) -> None:
        if self.digest.hexdigest() != self._resumed["digest"] and not self._resumed["finished"]:
            raise StoreError(
                f"the text changed since the checkpoint in {self.folder} was made: remove it"
            )


def _blocks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Read documents a block at a time."""
    # Where a block ends must depend on the documents alone, not on the subject or the shard: shards
    # agree on their blocks without asking each other, and a resumed pass finds the same ones.
    block: list[Document] = []
    characters = 0
    for document in documents:
        block.append(document)
        characters += len(document[2])
        if len(block) == BLOCK_DOCUMENTS or characters >= BLOCK_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _refuse_existing(directory: Path) -> None:
    if directory.exists():
        raise StoreError(f"{directory} is there already: remove it, or capture to another folder")
