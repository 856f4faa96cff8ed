"""A language model reads records as tokens with activations and says what the neuron responds to.

Activations are shown from 0 to 10, normalised by the neuron's maximum over its whole capture. Where
few tokens fire, those that do are listed again by themselves.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explanations.explainers import parse_explanation
from explanations.explainers.base import Explainer
from explanations.explainers.prompt_format import Excerpts, example, excerpt_text, shown_excerpts
from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Explained, Material, Prompt, Unusable
from explanations.records import AuthorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenActivationSettings(Settings):
    """How many records are shown, and below which share of firing tokens those are repeated."""

    records: int = 5
    repeat_below: float = 0.2
    max_tokens: int = 120


SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires: one token per line, followed by a tab and the neuron's activation on it, from 0 (silent) to \
10 (the highest activation that the neuron ever showed). Say in one short phrase what the neuron \
responds to: the words, the meaning or the context that the tokens with the highest activations \
have in common and that silent tokens lack. Be specific. Do not list the excerpts. Write only the \
phrase."""

LEAD = "This neuron responds to"

# Made-up neurons: tokens and activations of some texts, and what the neuron responds to.
EXAMPLES: tuple[tuple[tuple[tuple[str, str], ...], str], ...] = (
    (
        (
            ("The baker wiped flour from the oven door .", "0 1 0 0 0 0 8 1 0"),
            ("Smoke rose when we lit the old stove again .", "2 0 0 0 3 0 0 10 0 0"),
            ("He keeps a kil n in the yard , not a car", "0 0 0 6 9 0 0 0 0 0 0 0"),
        ),
        "devices that are heated from inside, such as ovens, stoves and kilns",
    ),
    (
        (
            ("They would rather walk than take the bus", "0 0 2 0 10 3 0 0"),
            ("colder than last year , but more even than that", "1 9 2 0 0 0 1 0 8 0"),
        ),
        'the word "than" in comparisons',
    ),
)


def explain(
    material: Material, settings: TokenActivationSettings
) -> Dialogue[Explained | Unusable]:
    """Ask once; what was shown counts as seen."""
    shown = range(settings.records)
    asked = prompt(material, settings, shown)
    if isinstance(asked, Unusable):
        return asked
    outcome = yield from parse_explanation.ask(asked)
    return replace(outcome, used=shown) if isinstance(outcome, Explained) else outcome


def prompt(
    material: Material,
    settings: TokenActivationSettings,
    shown: Sequence[int],
    *,
    temperature: float = 0.0,
) -> Prompt | Unusable:
    """Return a prompt with the excerpts of these indices; `Unusable` where none of them fires."""
    excerpts = shown_excerpts(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts

    def question(shown: Excerpts) -> str:
        return f"{excerpt_text(shown, settings.repeat_below)}\n\n{LEAD} ..."

    return Prompt.few_shot(
        SYSTEM,
        [(question(example(*texts)), about) for texts, about in EXAMPLES],
        question(excerpts),
        max_tokens=settings.max_tokens,
        temperature=temperature,
    )


EXPLAINER = Explainer(
    name="token_activation",
    version=2,
    author=AuthorKind.MODEL,
    run=explain,
    settings=TokenActivationSettings,
    needs=frozenset({Need.MODEL}),
)
