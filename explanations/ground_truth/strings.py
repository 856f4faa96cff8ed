"""Functions of a string: chains of steps, conditions on them, and what disturbs them. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random

from explanations.ground_truth.made import FunctionSet, Made, chance
from explanations.ground_truth.words import LEXICONS, NAMES

VOWELS = "aeiouAEIOU"

# What a wrong description gets wrong at least, as a share of the inputs.
NEAR, FAR = 0.4, 0.7

_TRIES = 40
_NOISY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class StringFunction:
    """A function of a string: what is true of it, the same as a program without noise, the values.

    `program` is Python that defines `f`.
    """

    truth: str
    program: str
    call: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something done to a string: in words, as a Python expression of `x`, and to call."""

    name: str
    said: str
    code: str
    call: Callable[[str], str]


def _plain(said: str, code: str, call: Callable[[str], str]) -> Callable[[Random], Step]:
    return lambda _draw: Step(name=said, said=said, code=code, call=call)


def _shifted(draw: Random) -> Step:
    by = draw.randint(1, 5)
    return Step(
        name="shifted",
        said=f"move every small letter {by} places on in the alphabet, with a after z",
        code=f"''.join(chr((ord(c) - 97 + {by}) % 26 + 97) if 'a' <= c <= 'z' else c for c in x)",
        call=lambda x: "".join(
            chr((ord(c) - 97 + by) % 26 + 97) if "a" <= c <= "z" else c for c in x
        ),
    )


def _replaced(draw: Random) -> Step:
    old, new = draw.choice("aeiort"), draw.choice("wxyz*#")
    return Step(
        name="replaced",
        said=f"replace each \u201c{old}\u201d by \u201c{new}\u201d",
        code=f"x.replace({old!r}, {new!r})",
        call=lambda x: x.replace(old, new),
    )


def _before(draw: Random) -> Step:
    part = draw.choice(["un", "re", "pre", "mega", "ultra"])
    return Step(
        name="before",
        said=f"put \u201c{part}\u201d before it",
        code=f"{part!r} + x",
        call=lambda x: part + x,
    )


def _after(draw: Random) -> Step:
    part = draw.choice(["ly", "ness", "ing", "!", "?", "oo"])
    return Step(
        name="after",
        said=f"put \u201c{part}\u201d after it",
        code=f"x + {part!r}",
        call=lambda x: x + part,
    )


def _first(draw: Random) -> Step:
    size = draw.randint(2, 5)
    return Step(
        name="first",
        said=f"keep the first {size} characters",
        code=f"x[:{size}]",
        call=lambda x: x[:size],
    )


STEPS: tuple[Callable[[Random], Step], ...] = (
    _plain("reverse it", "x[::-1]", lambda x: x[::-1]),
    _plain("write it in capitals", "x.upper()", str.upper),
    _plain(
        "replace each vowel by \u201c*\u201d",
        f"''.join('*' if c in {VOWELS!r} else c for c in x)",
        lambda x: "".join("*" if c in VOWELS else c for c in x),
    ),
    _plain(
        "write each vowel twice",
        f"''.join(c * 2 if c in {VOWELS!r} else c for c in x)",
        lambda x: "".join(c * 2 if c in VOWELS else c for c in x),
    ),
    _plain(
        "write each character twice",
        "''.join(c * 2 for c in x)",
        lambda x: "".join(c * 2 for c in x),
    ),
    _plain("keep every second character, from the first", "x[::2]", lambda x: x[::2]),
    _plain(
        "sort its characters, capitals and spaces before small letters",
        "''.join(sorted(x))",
        lambda x: "".join(sorted(x)),
    ),
    _plain("move its first character to the end", "x[1:] + x[:1]", lambda x: x[1:] + x[:1]),
    _plain("write it twice in a row", "x + x", lambda x: x + x),
    _plain(
        "keep only the first of each character",
        "''.join(dict.fromkeys(x))",
        lambda x: "".join(dict.fromkeys(x)),
    ),
    _shifted,
    _replaced,
    _before,
    _after,
    _first,
)

_CONDITIONS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    (
        "the input begins with a vowel",
        f"x[:1] in {tuple(VOWELS)!r}",
        lambda x: x[:1] in tuple(VOWELS),
    ),
    ("the input has more than 6 characters", "len(x) > 6", lambda x: len(x) > 6),
    ("the input has an even number of characters", "len(x) % 2 == 0", lambda x: len(x) % 2 == 0),
    ("the input contains a space", "' ' in x", lambda x: " " in x),
    ("the input contains an \u201ce\u201d", "'e' in x", lambda x: "e" in x),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """Steps one after the other; with a condition the last is done only where that holds."""

    steps: tuple[Step, ...]
    condition: int | None = None
    spared: bool = False
    noisy: bool = False
    seed: int = 0

    def plain(self, text: str) -> str:
        """Return the output before chance disturbs it."""
        if self.spared and len(text) > 8:
            return text
        for step in self._steps(text):
            text = step.call(text)
        return text

    def _steps(self, text: str) -> Sequence[Step]:
        if self.condition is None or _CONDITIONS[self.condition][2](text):
            return self.steps
        return self.steps[:-1]

    @property
    def said(self) -> str:
        *first, last = (step.said for step in self.steps)
        when = f"if {_CONDITIONS[self.condition][0]}, " if self.condition is not None else ""
        done = ", then ".join([*first, when + last])
        return f"{done[0].upper()}{done[1:]}."

    @property
    def function(self) -> StringFunction:
        """Turn the draft into a function with its description."""
        said = " What is longer than 8 characters stays as it is." if self.spared else ""
        if self.noisy:
            said += " On a tenth of all inputs, at random, one character of the result is wrong."
        return StringFunction(
            truth=self.said + said,
            program="def f(x):\n" + "".join(f"    {line}\n" for line in self._lines()),
            call=self._noisily if self.noisy else self.plain,
        )

    def _lines(self) -> Iterator[str]:
        if self.spared:
            yield "if len(x) > 8:"
            yield "    return x"
        if self.condition is not None:
            yield f"given = {_CONDITIONS[self.condition][1]}"
        for step in self.steps[:-1]:
            yield f"x = {step.code}"
        last = self.steps[-1].code
        yield f"return {last}" if self.condition is None else f"return {last} if given else x"

    def _noisily(self, text: str) -> str:
        right = self.plain(text)
        draw = chance(self.seed, "string noise", self.said, text)
        if draw.random() >= _NOISY:
            return right
        place = draw.randrange(len(right))
        other = draw.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != right[place]])
        return right[:place] + other + right[place + 1 :]


def string_functions(function_set: FunctionSet) -> tuple[Made[StringFunction], ...]:
    """Return a set's functions, each with a description of its own; equal recipes, equal sets."""
    return tuple(islice(_made(function_set.seed), function_set.count))


def string_inputs(seed: int, count: int) -> list[str]:
    """Return different words, names and pairs of words."""
    words = sorted(set(" ".join(LEXICONS.values()).split()))
    draw = chance(seed, "string inputs")
    pairs = [f"{one} {other}" for one in words[::3] for other in draw.sample(words, 2)]
    return draw.sample([*words, *NAMES.split(), *pairs], count)


_EXAMPLES = tuple(string_inputs(0, 60))


def _made(seed: int) -> Iterator[Made[StringFunction]]:
    given: set[str] = set()
    for number in count():
        draw = chance(seed, "string", number)
        draft = _draft(draw, seed)
        function = draft.function
        if function.truth in given or not _sensible(draft):
            continue
        near, far = _near(draw, draft), _far(draw, draft)
        if near and far:
            given.add(function.truth)
            yield Made(
                function=function, near_distractor=near.function, far_distractor=far.function
            )


def _draft(draw: Random, seed: int) -> _Draft:
    size = draw.choices([1, 2, 3], [40, 40, 20])[0]
    steps = tuple(maker(draw) for maker in draw.sample(STEPS, size))
    condition = draw.randrange(len(_CONDITIONS)) if draw.random() < 0.25 else None
    spoilt = draw.choices(["", "spared", "noisy"], [65, 15, 20])[0]
    return _Draft(
        steps=steps,
        condition=condition,
        spared=spoilt == "spared",
        noisy=spoilt == "noisy",
        seed=seed,
    )


def _sensible(draft: _Draft) -> bool:
    """Return whether each step matters, and there is always something left."""
    if not all(draft.plain(text).strip() for text in _EXAMPLES):
        return False
    fewer = [
        replace(draft, steps=draft.steps[:at] + draft.steps[at + 1 :])
        for at in range(len(draft.steps))
    ]
    if len(draft.steps) == 1:
        return sum(draft.plain(text) != text for text in _EXAMPLES) >= len(_EXAMPLES) / 4
    return all(unlike(each.plain, draft.plain) > 0.1 for each in fewer)


def _near(draw: Random, draft: _Draft) -> _Draft | None:
    """Return the draft, undisturbed, with one step exchanged; None where that is hardly wrong."""
    for _ in range(_TRIES):
        at = draw.randrange(len(draft.steps))
        steps = (*draft.steps[:at], draw.choice(STEPS)(draw), *draft.steps[at + 1 :])
        near = replace(draft, steps=steps, spared=False, noisy=False)
        once = len({step.name for step in steps}) == len(steps)
        if once and unlike(near.plain, draft.plain) > NEAR and _sensible(near):
            return near
    return None


def _far(draw: Random, draft: _Draft) -> _Draft | None:
    """Return an undisturbed draft of other steps, or None."""
    names = {step.name for step in draft.steps}
    for _ in range(_TRIES):
        far = replace(_draft(draw, draft.seed), spared=False, noisy=False, condition=None)
        apart = names.isdisjoint(step.name for step in far.steps)
        if apart and unlike(far.plain, draft.plain) > FAR and _sensible(far):
            return far
    return None


def unlike(one: Callable[[str], str], other: Callable[[str], str]) -> float:
    """Return on which share of the examples two functions differ."""
    return sum(one(text) != other(text) for text in _EXAMPLES) / len(_EXAMPLES)
