"""What several explainers share: why there is nothing to explain, and words in quotation marks."""

from collections.abc import Iterable

from explanations.methods.values import Material
from explanations.records import Word


def why_silent(material: Material) -> str:
    """Return why there is no activation to explain; empty where there is some."""
    if material.maximum <= 0:
        return "the neuron never fires in its whole capture"
    if all(record.peak <= 0 for record in material.excerpts):
        return "the neuron never fires in the records that an explainer may see"
    return ""


def word_list(texts: Iterable[str]) -> str:
    """Return words, then marks, in quotation marks: `the words "a", "b" and the mark ","`."""
    texts = list(texts)
    marks = [text for text in texts if Word(text=text, start=0, stop=1).is_mark]
    lettered = [text for text in texts if text not in marks]
    parts = [(noun, items) for noun, items in (("word", lettered), ("mark", marks)) if items]
    return " and ".join(
        f"the {noun}{'s' if len(items) > 1 else ''} {quoted(items)}" for noun, items in parts
    )


def quoted(texts: Iterable[str]) -> str:
    """Return texts in quotation marks that they do not contain, separated by commas."""
    return ", ".join(f"\u2018{text}\u2019" if '"' in text else f'"{text}"' for text in texts)
