"""A language model behind any server that speaks the OpenAI protocol."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import openai

from explanations.backends.base import NOT_ASKED, Callbacks
from explanations.backends.capabilities import probe
from explanations.backends.event_loop_thread import OnResult, outcomes
from explanations.backends.openai_chat import NoAnswer, chat_answer, chat_call, spent
from explanations.backends.openai_echo import (
    log_likelihood,
    log_likelihood_call,
    number_call,
    number_logprobs,
)
from explanations.methods.requests import (
    Capabilities,
    ComputeLogLikelihoods,
    Conditional,
    Generate,
    LanguageModelRequest,
    NumberPrompt,
    PredictNumbers,
)
from explanations.methods.values import Prompt, Unusable

log = logging.getLogger(__name__)
Part = TypeVar("Part")
Result = TypeVar("Result")

# What a server without accounts is given: the SDK insists on a key.
NO_KEY = "none"
OPENAI = "https://api.openai.com"


@dataclass(slots=True, eq=False)
class OpenAIBackend:
    """One model on one server, asked up to `concurrency` questions at a time; see `Backend`.

    An empty `base_url` is OpenAI's own. A question is sent again up to `retries` times on 408, 409,
    429, 5xx, a broken connection or `timeout` seconds of silence: after the seconds that the server
    asks for (Retry-After, up to two minutes), else after half a second, doubling up to 8, less up
    to a quarter by chance. Number prompts and log likelihoods take a server whose completions echo
    the text with log probabilities, such as vLLM.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    concurrency: int
    timeout: float = 60
    retries: int = 4
    # Settings that this model was found not to take; see `_chat`.
    _refused: set[str] = field(default_factory=set, init=False, repr=False)
    _capabilities: Capabilities | None = field(default=None, init=False, repr=False)
    _probing: Any = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        if not (self.api_key.isascii() and self.api_key.isprintable()) or " " in self.api_key:
            raise ValueError("the API key holds a space, a line break or a non-ASCII character")
        if self.concurrency < 1:
            raise ValueError(f"at least one question at a time, not {self.concurrency}")

    def capabilities(self) -> Capabilities:
        """Return what the model can do; the server is asked once, two short questions."""
        with self._probing:
            if self._capabilities is None:
                may_echo = not (self.base_url or OPENAI).startswith(OPENAI)
                self._capabilities = probe(self, may_echo=may_echo)
            return self._capabilities

    def answer(
        self,
        request: LanguageModelRequest[Part, Result],
        callbacks: Callbacks = Callbacks(),  # noqa: B008
    ) -> tuple[Result | Unusable, ...]:
        """Return the outcome of each part in order; see `Backend`."""
        found: dict[int, Result | Unusable] = {}
        if request.parts:
            work: Any = partial(self._send_all, request, callbacks.may_send)
            for position, outcome in outcomes(work, callbacks.raise_if_stopped):
                found[position] = outcome
                callbacks.on_result(position, outcome)
        return tuple(found.get(position, NOT_ASKED) for position in range(len(request.parts)))

    async def _send_all(
        self,
        request: LanguageModelRequest[Any, Any],
        may_send: Callable[[], bool],
        on_result: OnResult[Any],
    ) -> None:
        free = asyncio.Semaphore(self.concurrency)
        methods: dict[type[Any], Callable[..., Awaitable[Any]]] = {
            Generate: self._generate,
            PredictNumbers: self._predict_numbers,
            ComputeLogLikelihoods: self._log_likelihood,
        }
        send = methods[type(request)]

        async def send_one(client: openai.AsyncOpenAI, position: int, part: Any) -> None:
            async with free:
                if may_send():
                    await on_result(position, await send(client, part))

        async with openai.AsyncOpenAI(
            base_url=self.base_url or None,
            api_key=self.api_key or NO_KEY,
            timeout=self.timeout,
            max_retries=self.retries,
        ) as client:
            await asyncio.gather(*(send_one(client, *each) for each in enumerate(request.parts)))

    async def _generate(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Any:
        return await self._outcome(self._chat(client, prompt), partial(chat_answer, prompt))

    async def _predict_numbers(self, client: openai.AsyncOpenAI, prompt: NumberPrompt) -> Any:
        create = client.completions.with_raw_response.create
        return await self._outcome(
            create(**number_call(self.model, prompt)), partial(number_logprobs, prompt)
        )

    async def _log_likelihood(self, client: openai.AsyncOpenAI, asked: Conditional) -> Any:
        create = client.completions.with_raw_response.create
        return await self._outcome(
            create(**log_likelihood_call(self.model, asked)),
            partial(log_likelihood, asked),
        )

    async def _outcome(
        self, reply: Awaitable[Any], read: Callable[[Any, float], Result]
    ) -> Result | Unusable:
        start = time.perf_counter()
        try:
            raw = await reply
        except openai.APIStatusError as error:
            return self._unusable(_status(error), start, error.response.text)
        except openai.APITimeoutError:
            again = f", nor after {self.retries} retries" if self.retries else ""
            return self._unusable(f"no answer within {self.timeout:g} s{again}", start)
        except openai.OpenAIError as error:
            return self._unusable(f"the server could not be asked: {_cause(error)}", start)
        completion = _parsed(raw)
        try:
            return read(completion, time.perf_counter() - start)
        except NoAnswer as error:
            return self._unusable(str(error), start, raw.text, spent(completion))

    async def _chat(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Any:
        """Return the raw reply; leave out settings that the model refuses."""
        while True:
            known = frozenset(self._refused)
            call = chat_call(self.model, prompt, known)
            try:
                return await client.chat.completions.with_raw_response.create(**call)
            except openai.BadRequestError as error:
                refused = _refusal(error.response.text)
                if not refused or refused in known:
                    raise
                log.warning("%s refuses the setting %s", self.model, refused)
                self._refused.add(refused)

    def _unusable(
        self, reason: str, start: float, raw: str = "", tokens: tuple[int, int] = (0, 0)
    ) -> Unusable:
        """Return a failure from which the key is removed, even where the server repeated it."""
        return Unusable(
            reason=self._safe(" ".join(reason.split())),
            raw=self._safe(raw),
            tokens_in=tokens[0],
            tokens_out=tokens[1],
            seconds=time.perf_counter() - start,
        )

    def _safe(self, text: str) -> str:
        return text.replace(self.api_key, "(key)") if self.api_key else text


def _refusal(message: str) -> str:
    """Return the setting that a server refuses, where the call can be made without it; else ""."""
    if "max_completion_tokens" in message:
        return "max_tokens"
    return "temperature" if "temperature" in message and "support" in message else ""


def _status(error: openai.APIStatusError) -> str:
    message = error.body.get("message") if isinstance(error.body, dict) else error.response.text
    return f"the server answered {error.status_code}: {str(message)[:200]}"


def _cause(error: openai.OpenAIError) -> str:
    return str(error.__cause__ or error)[:200]


def _parsed(reply: Any) -> Any:
    """Return a reply as the SDK parses it, or None where the body is not JSON."""
    try:
        return reply.parse()
    except ValueError:
        return None
