"""The histogram, tokens and related neurons on a neuron's page."""

from collections.abc import Iterable
from dataclasses import dataclass

from explanations.models import Subject
from explanations.records import NeuronRef
from explanations.selectors.explanations import ExplanationRow, best_explanations
from explanations.selectors.neuron_views import NeuronView, relations_of, top_tokens
from explanations.stores.reader import CaptureStore, Histogram
from explanations.stores.relations import Related, RelatedNeuron, RelatedStore
from studies.analysis.charts.distributions import histogram

_KEEP = 10
_TITLES = {
    "upstream": ("Upstream", "they write what it reads"),
    "downstream": ("Downstream", "they read what it writes"),
    "similar_activation": ("Similar by activation", "they fire on the same tokens"),
    "similar_weights": ("Similar by weights", "they read what it reads"),
}
_TOKEN_TITLES = {
    "tokens_in": ("Tokens in, by weight", "those whose embedding points where it reads"),
    "tokens_out": ("Tokens out, by weight", "those it makes likelier"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedLine:
    """A related neuron, how near it is from -1 to 1, its best explanation or else its tokens."""

    ref: NeuronRef
    value: float
    explanation: ExplanationRow | None
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A token with its weight, or with its mean activation over `count` places."""

    token: str
    value: float
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedList:
    """Neurons related in one way; `undefined` says why there can be none."""

    name: str
    title: str
    note: str
    rows: tuple[RelatedLine, ...]
    undefined: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """Tokens with a number each; `undefined` says why there can be none."""

    name: str
    title: str
    note: str
    rows: tuple[TokenLine, ...]
    undefined: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramRow:
    """One bin: tokens with an activation from `low` to below `high`."""

    low: float
    high: float
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramPanel:
    """A histogram of a neuron's activations: a drawing and its table."""

    figure: str
    rows: tuple[HistogramRow, ...]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPanel:
    """A neuron's statistics and relations from a capture's files; empty without them."""

    neurons: tuple[RelatedList, ...] = ()
    tokens: tuple[TokenList, ...] = ()
    histogram: HistogramPanel | None = None


def related_panel(
    subject: Subject, store: CaptureStore | None, neuron: NeuronView, *, blind: bool
) -> RelatedPanel:
    """Return a neuron's histogram, tokens and relations; without explanations if `blind`."""
    if store is None or not neuron.in_files:
        return RelatedPanel()
    relations = relations_of(store)
    spread = store.histogram(neuron.ref)
    near = _neurons(subject, store, relations, neuron.ref, blind=blind) if relations else ()
    weights = _tokens(relations.of(neuron.ref)) if relations else ()
    return RelatedPanel(
        neurons=near,
        tokens=(*_means(store, neuron.ref), *weights),
        histogram=_histogram(spread) if spread else None,
    )


def _explanations(
    subject: Subject, rows: Iterable[RelatedNeuron], *, blind: bool
) -> dict[NeuronRef, ExplanationRow]:
    return {} if blind else best_explanations(subject, {row.neuron for row in rows})


def _line(
    store: CaptureStore, row: RelatedNeuron, explanation: ExplanationRow | None
) -> RelatedLine:
    tokens = () if explanation else top_tokens(store, row.neuron)
    return RelatedLine(ref=row.neuron, value=row.value, explanation=explanation, tokens=tokens)


def _neurons(
    subject: Subject,
    store: CaptureStore,
    relations: RelatedStore,
    ref: NeuronRef,
    *,
    blind: bool,
) -> tuple[RelatedList, ...]:
    found, alike = relations.of(ref), relations.similar_by_activation(ref)
    rows = {
        "upstream": found.upstream,
        "downstream": found.downstream,
        "similar_activation": alike,
        "similar_weights": found.similar_weights,
    }
    kept = {name: (each or ())[:_KEEP] for name, each in rows.items()}
    best = _explanations(subject, (row for each in kept.values() for row in each), blind=blind)
    return tuple(
        RelatedList(
            name=name,
            title=title,
            note=note,
            rows=tuple(_line(store, row, best.get(row.neuron)) for row in kept[name]),
            undefined=found.undefined.get(name, ""),
        )
        for name, (title, note) in _TITLES.items()
        if rows[name] is not None or name in found.undefined
    )


def _tokens(found: Related) -> tuple[TokenList, ...]:
    rows = {"tokens_in": found.tokens_in or (), "tokens_out": found.tokens_out or ()}
    return tuple(
        TokenList(
            name=name,
            title=title,
            note=note,
            rows=tuple(TokenLine(token=r.token, value=r.value) for r in rows[name][:_KEEP]),
            undefined=found.undefined.get(name, ""),
        )
        for name, (title, note) in _TOKEN_TITLES.items()
    )


def _means(store: CaptureStore, ref: NeuronRef) -> tuple[TokenList, ...]:
    rows = store.token_means(ref)[:_KEEP]
    if not rows:
        return ()
    return (
        TokenList(
            name="token-means",
            title="Tokens by mean activation",
            note="of those that came often",
            rows=tuple(TokenLine(token=r.token, value=r.mean, count=r.count) for r in rows),
        ),
    )


def _histogram(spread: Histogram) -> HistogramPanel:
    edges, counts = spread.edges.tolist(), spread.counts.tolist()
    return HistogramPanel(
        figure=histogram(edges, counts),
        rows=tuple(
            HistogramRow(low=low, high=high, tokens=n)
            for low, high, n in zip(edges, edges[1:], counts, strict=False)
            if n
        ),
        tokens=spread.tokens,
    )
