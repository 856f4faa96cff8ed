"""Sentences that quote words, written the same way by every explainer that needs no model."""

from collections.abc import Iterable

from explanations.records import Word


def sentence(texts: Iterable[str]) -> str:
    """Quote words, then marks, in the order given: `the words "a", "b" and the mark ","`."""
    texts = list(texts)
    marks = [text for text in texts if Word(text=text, start=0, stop=1).is_mark]
    lettered = [text for text in texts if text not in marks]
    parts = [(noun, few) for noun, few in (("word", lettered), ("mark", marks)) if few]
    return " and ".join(
        f"the {noun}{'s' if len(few) > 1 else ''} {listed(few)}" for noun, few in parts
    )


def listed(texts: Iterable[str]) -> str:
    """Put texts between quotation marks that they do not contain, and commas between them."""
    return ", ".join(f"\u2018{text}\u2019" if '"' in text else f'"{text}"' for text in texts)
