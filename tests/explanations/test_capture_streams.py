"""Batches are run side by side, and what they show is kept in one order."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, get_ident

import numpy as np
import pytest
import torch

from explanations.capture import Document, capture
from explanations.capture.streams import Streams
from explanations.records import Split
from explanations.stores.reader import open_store
from explanations.subjects import Batch, Consume, load
from explanations.subjects.functions import TextFunctions

TEXTS = [f"she saw {number} dogs and the cat on a rainy day" for number in range(12)]


class InReverse:
    """A subject whose first pass does not begin before its second is under way."""

    layers = 3
    device = torch.device("cpu")

    def __init__(self) -> None:
        self.second = Event()
        self.threads: set[int] = set()

    def run(self, batch: Batch, consume: Consume) -> None:
        """Hand the batch's number over at each layer."""
        number = int(batch.ids)
        self.threads.add(get_ident())
        if number == 1:
            self.second.set()
        assert self.second.wait(30)
        if number == 3:
            raise ArithmeticError("the third pass")
        for layer in range(self.layers):
            consume(layer, batch.ids)


@pytest.fixture
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def numbered(count: int) -> list[Batch]:
    return [
        Batch(
            texts=(number,),
            ids=torch.tensor(number),
            mask=torch.ones(1),
            first=0,
            lengths=(1,),
            pieces=(("a",),),
            truncated=(False,),
        )
        for number in range(count)
    ]


def unkept(count: int) -> list[tuple[Batch, Consume]]:
    return [(batch, lambda _layer, _values: None) for batch in numbered(count)]


@pytest.mark.usefixtures("four_threads")
def test_passes_run_side_by_side_and_each_layer_takes_them_in_order() -> None:
    subject, taken = InReverse(), list[tuple[int, int]]()

    def take(layer: int, values: torch.Tensor) -> None:
        taken.append((layer, int(values)))

    with Streams(subject) as streams:
        through = [int(batch.ids) for batch in streams.run_all((b, take) for b in numbered(3))]
    assert through == [0, 1, 2]
    assert len(subject.threads) > 1
    for layer in range(subject.layers):
        assert [number for at, number in taken if at == layer] == [0, 1, 2]


@pytest.mark.usefixtures("four_threads")
def test_what_went_wrong_in_a_pass_is_raised_after_those_before_it() -> None:
    through: list[int] = []
    with Streams(InReverse()) as streams, pytest.raises(ArithmeticError, match="third pass"):
        through.extend(int(batch.ids) for batch in streams.run_all(unkept(6)))
    assert through == [0, 1, 2]


@pytest.mark.usefixtures("four_threads")
def test_whoever_stops_listening_ends_the_passes_and_has_the_threads_back() -> None:
    with Streams(InReverse()) as streams, closing(streams.run_all(unkept(3))) as passes:
        next(passes)
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_side_by_side_or_one_by_one_a_capture_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    subject = load("functions:default")
    assert isinstance(subject, TextFunctions)
    splits = list(Split)
    documents: list[Document] = [
        (f"d{number}", splits[number % 3], text) for number, text in enumerate(TEXTS * 20)
    ]
    capture(subject, documents, tmp_path / "four", seed=1)
    torch.set_num_threads(1)
    capture(subject, documents, tmp_path / "one", seed=1)
    one, four = (open_store(tmp_path / name) for name in ("one", "four"))
    for layer in range(subject.layers):
        mine, theirs = one.layer(layer), four.layer(layer)
        assert mine.keys() == theirs.keys()
        for name in mine:
            assert np.array_equal(mine[name], theirs[name]), name
