"""What sharing saves in simulations, and how fast scores are.

Run: python -m tests.benchmarks.bench_simulation. Read by a local model: each excerpt in one call of
the whole model, as a library gives it, beside the excerpts of one explanation behind its kept
prefix, with the numbers' rows of the output alone. Both take turns. Two models: the small one of
the tests, whose heads of 8 numbers make attention to the prefix the larger part of its work, and
one of random weights in the shape of larger ones, 256 wide in 4 layers with a vocabulary of 32,000.
A simulation is one explanation on 36 records of 64 tokens, as a capture holds out.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from explanations.backends.base import Callbacks
from explanations.backends.local.loading import Loaded, load, number_head
from explanations.backends.local.numbers import Numbers
from explanations.methods.requests import NumberPrompt
from explanations.methods.values import Evidence, HeldOut
from explanations.records import NeuronRef, RecordKind, Scale, TokenActivations
from explanations.scorers import SCORERS
from explanations.simulators.llm_prompt import number_prompt, question
from tests.benchmarks.bench_capture import SMALL
from tests.benchmarks.stopwatch import emit, medians
from tests.explanations.dialogues import carried_on
from tests.small_model.stories import stories

RECORDS, TOKENS, A_PROMPT = 36, 64, 10
ALONE, SHARED = 2, 12
"""Excerpts that are read either way in a round; the time for a simulation's is in proportion."""
ROUNDS = 3
ABOUT = ("animals that live in the sea", "words about being happy", "names of children", "commas")


def main() -> None:
    """Print the figures."""
    texts = excerpts()
    sent(texts)
    scores(texts)
    small = replace(load(str(SMALL), "cpu"), limit=8192)
    torch.set_num_threads(1)
    reads(SMALL.name, small, texts)
    reads("Llama shape, random weights, 256 wide", replace(small, model=larger()), texts)


def excerpts() -> list[tuple[str, ...]]:
    """Return stories cut into words with the space before them."""
    texts = [story["text"] for story in stories(RECORDS)]
    return [tuple((re.findall(r"\s*\w+|\s*[^\w\s]", each) * TOKENS)[:TOKENS]) for each in texts]


def sent(texts: Sequence[tuple[str, ...]]) -> None:
    """Print how many tokens are sent for one explanation, a word, mark, tab or line's end each."""

    def tokens(few: int) -> int:
        groups = [texts[start : start + few] for start in range(0, len(texts), few)]
        prompts = [question(ABOUT[0], group, top=10, top_logprobs=0) for group in groups]
        said = (turn.content for prompt in prompts for turn in prompt.messages)
        return sum(len(re.findall(r"\w+|[^\w ]", content)) for content in said)

    one, several = tokens(1), tokens(A_PROMPT)
    emit(
        f"tokens sent for a scored explanation: {one:,} with a call for each excerpt, {several:,} "
        f"with {A_PROMPT} excerpts a prompt, {several / one:.2f} of them"
    )


def reads(name: str, loaded: Loaded, texts: Sequence[tuple[str, ...]]) -> None:
    """Print simulations a second read both ways, one explanation after the other."""
    head = number_head(loaded)
    reader = Numbers(loaded, Lock())
    about = iter(ABOUT * ROUNDS)
    top = len(head.ids) - 1

    def passages() -> list[NumberPrompt]:
        explanation = next(about)
        return [number_prompt(explanation, tokens, top=top) for tokens in texts[:SHARED]]

    shared(reader, passages())
    taken = medians(
        {
            "alone": lambda: alone(loaded, head.ids, passages()[:ALONE]),
            "shared": lambda: shared(reader, passages()),
        },
        rounds=ROUNDS,
    )
    one, many = (
        count / RECORDS / taken[way] for way, count in (("alone", ALONE), ("shared", SHARED))
    )
    emit(
        f"{name}, 1 thread: {many:.2f} simulations/s behind a shared prefix, {one:.2f} with a call "
        f"for each excerpt: {many / one:.1f} times as many"
    )


@torch.inference_mode()
def alone(loaded: Loaded, numbers: dict[str, int], passages: Sequence[NumberPrompt]) -> None:
    """Read each passage in a call of its own of the whole model."""
    for each in passages:
        ids = loaded.begun(each.prefix)
        positions = []
        for part in each.parts:
            ids += loaded.coded(part)
            positions.append(len(ids) - 1)
            ids += loaded.coded(each.filler)
        logits = loaded.model(torch.tensor([ids])).logits[0, positions]
        torch.log_softmax(logits, dim=-1)[:, list(numbers.values())].tolist()


def shared(reader: Numbers, passages: Sequence[NumberPrompt]) -> None:
    """Read all passages as the product does."""
    reader.answer(passages, Callbacks())


def larger() -> Any:
    """Return a model of random weights whose work is divided as larger models' is."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32_000,
        hidden_size=256,
        intermediate_size=688,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=8192,
    )
    return LlamaForCausalLM(config).eval()


def scores(texts: Sequence[tuple[str, ...]]) -> None:
    """Print how many simulations a second are scored, with their intervals."""
    chance = np.random.default_rng(1)
    records = []
    for number, tokens in enumerate(texts):
        actual = np.maximum(chance.normal(-1, 2, len(tokens)), 0).astype(np.float32)
        simulated = np.clip(actual + chance.normal(0, 1, len(tokens)), 0, 10).astype(np.float32)
        records.append(
            HeldOut(
                record=number,
                kind=RecordKind.TOP if number < 20 else RecordKind.RANDOM,
                actual=TokenActivations(tokens=tokens, activations=actual, scale=Scale.RAW),
                simulated=TokenActivations(
                    tokens=tokens, activations=simulated, scale=Scale.ZERO_TO_TEN
                ),
            )
        )
    neuron = NeuronRef(layer=0, index=0)
    evidence = Evidence(
        explanation=ABOUT[0], neuron=neuron, maximum=10.0, mean=0.4, records=tuple(records)
    )
    names = ("correlation", "r_squared", "absolute_deviation_explained")
    taken = medians({name: lambda name=name: scored(name, evidence) for name in names}, rounds=5)
    each = ", ".join(f"{name} {10 / seconds:,.0f}" for name, seconds in taken.items())
    emit(f"simulations scored a second: {each}")


def scored(name: str, evidence: Evidence) -> None:
    """Score ten times."""
    scorer = SCORERS[name]
    for seed in range(10):
        carried_on(scorer.score(evidence, {"seed": seed}))


if __name__ == "__main__":
    main()
