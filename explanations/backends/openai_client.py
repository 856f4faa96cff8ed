"""A language model behind any server that speaks the OpenAI protocol."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import openai

from explanations.backends.base import (
    UNASKED,
    Reading,
    Replied,
    Weighing,
    unhurried,
    unlimited,
    untold,
)
from explanations.backends.capabilities import Probing
from explanations.backends.event_loop_thread import Hand, outcomes
from explanations.backends.openai_chat import NoAnswer, chat_answer, chat_call, spent
from explanations.backends.openai_echo import echo_call, echo_foreseen, echo_weighed, weigh_call
from explanations.methods.requests import Abilities, Given, Passage
from explanations.methods.values import Prompt, Unusable

log = logging.getLogger(__name__)
Q = TypeVar("Q")
A = TypeVar("A")

# What a server without accounts is told: the SDK insists on a key.
NO_KEY = "none"
OPENAI = "https://api.openai.com"


@dataclass(frozen=True, slots=True)
class OpenAIBackend:
    """One model on one server, asked up to `concurrency` questions at a time; see `Backend`.

    An empty `base_url` is OpenAI's own. A question is sent again up to `retries` times on 408, 409,
    429, 5xx, a broken connection or `timeout` seconds of silence: after the seconds that the server
    asks for (Retry-After, up to two minutes), else after half a second, doubling up to 8, less up
    to a quarter by chance. Passages are read and texts weighed by servers whose completions echo
    the text with log probabilities, such as vLLM.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    concurrency: int
    timeout: float = 60
    retries: int = 4
    # Settings that this model was found not to take; see `_chat`.
    _refused: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _probing: Probing = field(default_factory=Probing, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.api_key.isascii() and self.api_key.isprintable()) or " " in self.api_key:
            raise ValueError("the API key holds a character that no key has: a space, a line's end")
        if self.concurrency < 1:
            raise ValueError(f"at least one question at a time, not {self.concurrency}")

    def abilities(self) -> Abilities:
        """Return what the model can do; asked of the server once, in two short questions."""
        return self._probing.abilities(
            self, echoes=not (self.base_url or OPENAI).startswith(OPENAI)
        )

    def complete(
        self,
        prompts: Sequence[Prompt],
        tell: Callable[[int, Replied], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Replied]:
        """Return an answer, or why there is none, for each prompt in order."""
        return self._all(self._answer, prompts, tell, check, more)

    def read(
        self,
        passages: Sequence[Passage],
        tell: Callable[[int, Reading], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Reading]:
        """Return what was foreseen in each passage in order, or why that is not known."""
        return self._all(self._foresee, passages, tell, check, more)

    def weigh(
        self,
        texts: Sequence[Given],
        tell: Callable[[int, Weighing], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Weighing]:
        """Return how likely each text is after its prefix in order, or why that is not known."""
        return self._all(self._weigh, texts, tell, check, more)

    def _all(
        self,
        one: Callable[[openai.AsyncOpenAI, Q], Awaitable[A | Unusable]],
        asked: Sequence[Q],
        tell: Callable[[int, A | Unusable], None],
        check: Callable[[], None],
        more: Callable[[], bool],
    ) -> list[A | Unusable]:
        given: dict[int, A | Unusable] = {}
        if asked:
            for position, outcome in outcomes(partial(self._ask_all, one, asked, more), check):
                given[position] = outcome
                tell(position, outcome)
        return [given.get(position, UNASKED) for position in range(len(asked))]

    async def _ask_all(
        self,
        one: Callable[[openai.AsyncOpenAI, Q], Awaitable[A | Unusable]],
        asked: Sequence[Q],
        more: Callable[[], bool],
        hand: Hand[A | Unusable],
    ) -> None:
        free = asyncio.Semaphore(self.concurrency)

        async def ask(client: openai.AsyncOpenAI, position: int) -> None:
            async with free:
                if more():
                    await hand(position, await one(client, asked[position]))

        async with openai.AsyncOpenAI(
            base_url=self.base_url or None,
            api_key=self.api_key or NO_KEY,
            timeout=self.timeout,
            max_retries=self.retries,
        ) as client:
            await asyncio.gather(*(ask(client, position) for position in range(len(asked))))

    async def _answer(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Replied:
        return await self._outcome(
            lambda: self._chat(client, prompt),
            lambda completion, seconds: chat_answer(completion, prompt, seconds),
        )

    async def _foresee(self, client: openai.AsyncOpenAI, passage: Passage) -> Reading:
        call = echo_call(self.model, passage)
        return await self._outcome(
            lambda: client.completions.with_raw_response.create(**call),
            lambda completion, seconds: echo_foreseen(completion, passage, seconds),
        )

    async def _weigh(self, client: openai.AsyncOpenAI, given: Given) -> Weighing:
        call = weigh_call(self.model, given)
        return await self._outcome(
            lambda: client.completions.with_raw_response.create(**call),
            lambda completion, seconds: echo_weighed(completion, given, seconds),
        )

    async def _outcome(
        self, send: Callable[[], Awaitable[Any]], read: Callable[[Any, float], A]
    ) -> A | Unusable:
        start = time.perf_counter()
        try:
            reply = await send()
        except openai.APIStatusError as error:
            return self._unusable(_status(error), start, error.response.text)
        except openai.APITimeoutError:
            again = f", nor when asked {self.retries} times more" if self.retries else ""
            return self._unusable(f"no answer within {self.timeout:g} s{again}", start)
        except openai.OpenAIError as error:
            return self._unusable(f"the server could not be asked: {_cause(error)}", start)
        completion = _parsed(reply)
        try:
            return read(completion, time.perf_counter() - start)
        except NoAnswer as error:
            return self._unusable(str(error), start, reply.text, spent(completion))

    async def _chat(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Any:
        """Return the raw reply; adapt to what the model does not take."""
        while True:
            known = frozenset(self._refused)
            call = chat_call(self.model, prompt, known)
            try:
                return await client.chat.completions.with_raw_response.create(**call)
            except openai.BadRequestError as error:
                refused = _refusal(error.response.text)
                if not refused or refused in known:
                    raise
                log.warning("%s does not take the setting %s", self.model, refused)
                self._refused.add(refused)

    def _unusable(
        self, reason: str, start: float, raw: str = "", tokens: tuple[int, int] = (0, 0)
    ) -> Unusable:
        """Return a failure in which the key cannot be read, even where the server repeated it."""
        return Unusable(
            reason=self._safe(" ".join(reason.split())),
            raw=self._safe(raw),
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            seconds=time.perf_counter() - start,
        )

    def _safe(self, text: str) -> str:
        return text.replace(self.api_key, "(key)") if self.api_key else text


def _refusal(said: str) -> str:
    """Return the setting that a server says it does not take, where there is a way round it."""
    if "max_completion_tokens" in said:
        return "max_tokens"
    return "temperature" if "temperature" in said and "support" in said else ""


def _status(error: openai.APIStatusError) -> str:
    message = error.body.get("message") if isinstance(error.body, dict) else error.response.text
    return f"the server answered {error.status_code}: {str(message)[:200]}"


def _cause(error: openai.OpenAIError) -> str:
    return str(error.__cause__ or error)[:200]


def _parsed(reply: Any) -> Any:
    """Return the SDK's reading of a reply, or None where the body is no JSON."""
    try:
        return reply.parse()
    except ValueError:
        return None
