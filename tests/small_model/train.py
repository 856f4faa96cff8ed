"""Train the small causal model that tests use: `python -m tests.small_model.train`.

A Llama of 260,032 parameters and a tokenizer of 512 tokens, trained for a minute on two cores on
the passages that the demo captures and on generated stories. Tests read what it wrote into this
folder; train it again only to change it, since tests state figures of these very weights.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tests.conftest import ROOT
from tests.small_model.stories import stories

FOLDER = Path(__file__).resolve().parent / "small_llama"
SEED = 20
STEPS, ROWS, LENGTH, RATE = 420, 24, 160, 4e-3
UNKNOWN, FIRST, LAST = SPECIALS = ["<unk>", "<s>", "</s>"]
VOCABULARY = 512


def main() -> None:
    """Train tokenizer and model, say the loss, and write both."""
    torch.manual_seed(SEED)
    texts = _texts()
    tokenizer = _tokenizer(texts)
    model = _model()
    rows = [torch.tensor(tokenizer(text)["input_ids"]) for text in texts]
    _train(model, rows)
    FOLDER.mkdir(exist_ok=True)
    model.save_pretrained(FOLDER)
    tokenizer.save_pretrained(FOLDER)


def _texts() -> list[str]:
    # Stories from 2,000 on: tests read the earlier ones, which the model never saw.
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line)["text"] for line in lines]
    return passages * 2 + [story["text"] for story in stories(3000, first=2000)]


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN, fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    units = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    # A word at a time, so that no token runs over a space.
    words = (f" {word}" for text in texts for word in text.split(" "))
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=units,
        limit_alphabet=VOCABULARY - len(units) - 160,
        show_progress=False,
    )
    tokenizer.train_from_iterator((word.strip() for word in words), trainer)
    tokenizer = _with_plain_bytes(tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[(FIRST, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=FIRST, eos_token=LAST, unk_token=UNKNOWN
    )


def _with_plain_bytes(tokenizer: Tokenizer) -> Tokenizer:
    """Return the tokenizer with bytes as ordinary tokens: the trainer makes them special."""
    stored = json.loads(tokenizer.to_str())
    stored["added_tokens"] = [
        each for each in stored["added_tokens"] if each["content"] in SPECIALS
    ]
    return Tokenizer.from_str(json.dumps(stored))


def _model() -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=172,
        num_hidden_layers=5,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=512,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    return LlamaForCausalLM(config)


def _train(model: LlamaForCausalLM, rows: list[torch.Tensor]) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS, pct_start=0.1)
    draw = torch.Generator().manual_seed(SEED)
    for step in range(STEPS):
        chosen = torch.randint(len(rows), (ROWS,), generator=draw).tolist()
        ids = torch.nn.utils.rnn.pad_sequence(
            [rows[n][:LENGTH] for n in chosen], batch_first=True, padding_value=-100
        )
        logits = model(input_ids=ids.clamp(min=0)).logits
        loss = cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 60 == 59:
            print(f"step {step + 1} of {STEPS}: {loss.item():.3f} nats a token")  # noqa: T201


if __name__ == "__main__":
    main()
