"""The experiments on GPT: what its parts are good for, what longer training
buys, and what a larger model guesses from examples.

Settings are compared on the play for choosing, A Winter's Tale; the play for
testing, Twelfth Night, is read by `gpt-curve` alone, for settings chosen
before.
"""

import functools
import time

import torch
from torch import nn
from torch.nn import functional as F

from helpers.gpt import LR, bits_per_character, load_gpt, train_gpt
from helpers.in_context import TASKS, accuracy, draw_examples, shuffled
from helpers.llama import load_llama, smollm2_file
from helpers.shakespeare import load_shakespeare
from helpers.transformer import GPT, Block

SEEDS = (0, 1, 2)
SHAPE = {"max_length": 64, "d_model": 64, "num_heads": 4, "num_layers": 2}
ABLATION_STEPS = 600
RATE_STEPS = 400
CURVE_STEPS = 1500
RATES = (3e-3, 6e-3, 1e-2, 2e-2)
PARTS = (
    "all of it",
    "one head instead of four",
    "no layer normalisation",
    "no MLP",
    "no positions",
    "no residual connections",
    "no attention",
    "no mask",
)
COUNTS = (0, 1, 2, 4, 8)


@functools.cache
def texts():
    """The course's vocabulary, and the three plays' texts as numbers."""
    _, tokenizer = load_gpt()
    plays = load_shakespeare()
    return plays, [torch.tensor(tokenizer.encode(text)) for text in plays]


class PartlyBlock(Block):
    """A block from which something is left out."""

    without = ""

    def forward(self, x, mask=None, **options):
        if self.without == "no mask":
            mask = None
        return super().forward(x, mask, **options)

    def _add(self, x, change, norm):
        attends = norm is self.norm1
        if self.without == "no attention" and attends:
            return x
        if self.without == "no MLP" and not attends:
            return x
        if self.without == "no residual connections":
            return change(norm(x))
        return super()._add(x, change, norm)


def gpt_without(part, vocab_size=1024):
    """The notebook's GPT without one of its PARTS."""
    shape = dict(SHAPE)
    if part == "one head instead of four":
        shape["num_heads"] = 1
    model = GPT(vocab_size, **shape)
    for block in model.blocks:
        block.__class__ = PartlyBlock
        block.without = part
        if part == "no layer normalisation":
            block.norm1, block.norm2 = nn.Identity(), nn.Identity()
    if part == "no layer normalisation":
        model.norm = nn.Identity()
    if part == "no positions":
        nn.init.zeros_(model.positions.weight)
        model.positions.requires_grad_(False)
    return model


@torch.no_grad()
def last_token_only(model, ids, num_characters, windows=2000):
    """Bits per character where the next token is really unknown.

    Only the last position of a window is asked, for the token after it.
    """
    generator = torch.Generator().manual_seed(0)
    time = len(model.positions.weight)
    starts = torch.randint(len(ids) - time, (windows, 1), generator=generator)
    tokens = ids[starts + torch.arange(time + 1)]
    nats = 0.0
    for batch in tokens.split(200):
        logits = model(batch[:, :-1])[:, -1]
        nats += F.cross_entropy(logits, batch[:, -1], reduction="sum").item()
    bits = nats / windows / torch.tensor(2.0).log().item()
    return bits * len(ids) / num_characters


@functools.cache
def characters():
    """(training text, play for choosing) as numbers of characters."""
    plays = load_shakespeare()
    known = sorted(set(plays.train))
    number = {character: i for i, character in enumerate(known)}
    texts = (plays.train, plays.validation)
    return [torch.tensor([number[c] for c in text]) for text in texts]


def ablation():
    """The notebook's GPT on single characters (which show differences after
    fewer steps than tokens do), 600 steps of 12 windows of 64, and the same
    with one part left out. Bits per character on the play for choosing, A
    Winter's Tale. last_token_only: the same, asked only for characters that
    are not in the window (2,000 of them)."""
    torch.set_num_threads(1)
    rows = []
    for part in PARTS:
        for seed in SEEDS:
            rows.append(ablation_row(part, seed))
            print(rows[-1], flush=True)
    return rows


def ablation_row(part, seed, steps=ABLATION_STEPS):
    train, validation = characters()
    torch.manual_seed(seed)
    model = gpt_without(part, vocab_size=int(train.max()) + 1)
    start = time.process_time()
    train_gpt(model, train, steps, seed)
    seconds = time.process_time() - start
    length = len(validation)
    return {
        "part": part,
        "seed": seed,
        "steps": steps,
        "bits": round(bits_per_character(model, validation, length), 3),
        "last_token_only": round(
            last_token_only(model, validation, length), 3
        ),
        "cpu_seconds": round(seconds, 1),
    }


def rates():
    """The notebook's GPT, 400 steps, with several learning rates: bits per
    character on the play for choosing, A Winter's Tale; seed 0."""
    torch.set_num_threads(1)
    plays, (train, validation, _) = texts()
    rows = []
    for lr in RATES:
        torch.manual_seed(0)
        model = gpt_without("all of it")
        train_gpt(model, train, RATE_STEPS, 0, lr=lr)
        bits = bits_per_character(model, validation, len(plays.validation))
        rows.append({"lr": lr, "seed": 0, "bits": round(bits, 3)})
        print(rows[-1], flush=True)
    return rows


def curve():
    """The notebook's GPT, 1,500 steps of 12 windows of 64 tokens (shape: 2
    layers, 64 wide), three seeds, and last the weights of data/gpt.pt, which
    were trained longer: bits per character on both held-out plays."""
    torch.set_num_threads(1)
    plays, (train, validation, test) = texts()
    rows = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = GPT(1024, **SHAPE)
        start = time.process_time()
        train_gpt(model, train, CURVE_STEPS, seed, lr=LR)
        seconds = time.process_time() - start
        rows.append({
            "model": "1,500 steps",
            "seed": seed,
            "parameters": sum(p.numel() for p in model.parameters()),
            "cpu_seconds": round(seconds, 1),
            "validation": round(
                bits_per_character(model, validation, len(plays.validation)),
                3,
            ),
            "test": round(
                bits_per_character(model, test, len(plays.test)), 3
            ),
        })  # fmt: skip
        print(rows[-1], flush=True)
    model, _ = load_gpt()
    rows.append({
        "model": "data/gpt.pt",
        "parameters": sum(p.numel() for p in model.parameters()),
        "validation": round(
            bits_per_character(model, validation, len(plays.validation)), 3
        ),
        "test": round(bits_per_character(model, test, len(plays.test)), 3),
    })  # fmt: skip
    return rows


def in_context():
    """SmolLM2-135M-Instruct (Q4_1): the share of 36 questions of a task that
    it answers exactly, after 0 to 8 examples, and after 8 whose answers are
    exchanged; three sets of examples and questions of each task."""
    torch.set_num_threads(1)
    model, tokenizer = load_llama(smollm2_file())
    rows = []
    for task in TASKS:
        for seed in SEEDS:
            examples, questions = draw_examples(task, seed)
            row = {"task": task, "seed": seed}
            for count in COUNTS:
                share = accuracy(model, tokenizer, examples[:count], questions)
                row[str(count)] = round(share, 3)
            share = accuracy(model, tokenizer, shuffled(examples), questions)
            row["exchanged"] = round(share, 3)
            rows.append(row)
            print(row, flush=True)
    return rows


EXPERIMENTS = {
    "gpt-rates": rates,
    "gpt-ablation": ablation,
    "gpt-curve": curve,
    "gpt-in-context": in_context,
}
