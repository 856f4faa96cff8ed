"""Short stories by the hundred, which the small model was trained on and tests read."""

from explanations.ground_truth.stories import stories as parts

SEED = 11


def stories(count: int, first: int = 0) -> list[dict[str, str]]:
    """Return `count` stories with their ids, from number `first` on: one to six parts each.

    The same numbers give the same stories, of 30 to 300 words.
    """
    texts = [text for _, text in parts(SEED, 6 * (first + count))]
    return [
        {"id": f"story-{n:04}", "text": " ".join(texts[6 * n : 6 * n + 1 + 5 * n % 6])}
        for n in range(first, first + count)
    ]
