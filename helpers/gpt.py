"""Training a GPT on text, measuring it in bits, and letting it write."""

import math

import torch
from torch.nn import functional as F

from helpers.bpe import Tokenizer
from helpers.data import DATA_FOLDER, DataError, how_to_restore
from helpers.saved import load_saved
from helpers.transformer import GPT

WEIGHTS = DATA_FOLDER / "gpt.pt"
LR = 1e-2  # the best of four after 400 steps (the record gpt-rates)


def train_gpt(model, ids, num_steps, seed, **options):
    """Train on random windows of a text; returns the losses, in nats.

    ids: int64 (length,), the text as numbers. The rate rises over the first
    3 % of the steps and falls to 0 in a straight line. options: lr,
    batch_size, watch (a function of step and model, called before each
    step).
    """
    lr = options.pop("lr", LR)
    batch_size = options.pop("batch_size", 12)
    watch = options.pop("watch", lambda step, model: None)
    if options:
        raise TypeError(f"unknown options: {', '.join(options)}")
    device = next(model.parameters()).device
    time = len(model.positions.weight)
    if len(ids) < time + 2:
        raise ValueError(
            f"a text of {len(ids)} tokens is too short for windows of {time}"
        )
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.01
    )
    warm_up = max(1, round(0.03 * num_steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda i: min((i + 1) / warm_up, 1) * (1 - i / num_steps),
    )
    generator = torch.Generator().manual_seed(seed)
    window = torch.arange(time + 1)
    losses = []
    for step in range(num_steps):
        watch(step, model)
        starts = torch.randint(
            len(ids) - time, (batch_size, 1), generator=generator
        )
        tokens = ids[starts + window].to(device)  # (batch, time + 1)
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def bits_per_character(model, ids, num_characters):
    """How many bits the model needs for each character of a text.

    ids: int64 (length,), the whole text as numbers; num_characters: how long
    it is. Windows overlap by half, so that every token but the first few is
    predicted from at least half of the context. Bits per character, unlike
    bits per token, can be compared between vocabularies.
    """
    time = min(len(model.positions.weight), len(ids) - 1)
    if time < 1:
        raise ValueError("a text of one token has nothing to predict")
    device = next(model.parameters()).device
    last = len(ids) - 1 - time
    starts = torch.tensor([*range(0, last, max(time // 2, 1)), last])
    places = starts[:, None] + 1 + torch.arange(time)  # of what is predicted
    new = torch.ones_like(places, dtype=torch.bool)
    new[1:] = places[1:] > places[:-1, -1:]  # each token counts once
    nats = 0.0
    for rows, counted in zip(places.split(64), new.split(64), strict=True):
        logits = model(ids[rows - 1].to(device)).flatten(0, 1)
        losses = F.cross_entropy(
            logits, ids[rows].flatten().to(device), reduction="none"
        )
        nats += losses[counted.flatten().to(device)].sum().item()
    return nats / math.log(2) / num_characters


def probabilities(logits, temperature, k):
    """How likely each token is to be drawn, (vocab_size,), summing to 1.

    logits: (vocab_size,); temperature, above 0: below 1 the likely tokens
    become likelier still; k: only the k likeliest may be drawn.
    """
    least = logits.topk(k).values[-1]
    return (
        (logits / temperature)
        .masked_fill(logits < least, -math.inf)
        .softmax(dim=0)
    )


@torch.no_grad()
def generate(model, ids, num_tokens, temperature=1.0, top_k=None, seed=0):
    """Continue a text: the numbers of num_tokens more tokens, a list.

    ids: the numbers of the text so far, at least one. temperature: below 1
    the likely tokens become likelier still; at 0 the likeliest is taken.
    top_k: how many of the likeliest tokens may be chosen, all if None. Only
    the last tokens that fit into the context are looked at. Raises
    ValueError for an empty text or a negative temperature.
    """
    ids = [int(i) for i in ids]
    if not ids:
        raise ValueError("an empty text has no continuation: give a token")
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError(
            "temperature must be at least 0 and top_k at least 1, not "
            f"{temperature} and {top_k}"
        )
    generator = torch.Generator().manual_seed(seed)
    length, start = len(model.positions.weight), len(ids)
    device = next(model.parameters()).device
    for _ in range(num_tokens):
        seen = torch.tensor([ids[-length:]], device=device)
        logits = model(seen)[0, -1].cpu().float()
        if temperature == 0:
            ids.append(logits.argmax().item())
            continue
        k = min(top_k or len(logits), len(logits))
        likely = probabilities(logits, temperature, k)
        ids.append(torch.multinomial(likely, 1, generator=generator).item())
    return ids[start:]


def store_gpt(model, tokenizer, path=WEIGHTS):
    """Write a model and its vocabulary, in half precision."""
    characters = [unit for unit in tokenizer.units if len(unit) == 1]
    content = {
        "shape": {
            "vocab_size": len(tokenizer),
            "max_length": len(model.positions.weight),
            "d_model": model.tokens.embedding_dim,
            "num_heads": model.blocks[0].attention.num_heads,
            "num_layers": len(model.blocks),
        },
        "characters": "".join(characters),
        "merges": [list(pair) for pair in tokenizer.rank],
        "weights": {k: w.half() for k, w in model.state_dict().items()},
    }
    torch.save(content, path)


def load_gpt(path=WEIGHTS):
    """The GPT that comes with the course, and its Tokenizer.

    Raises DataError if the file is missing or damaged.
    """
    remedy = how_to_restore(path)
    try:
        content = load_saved(path)
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {remedy}.") from None
    except ValueError as error:
        raise DataError(f"{path} cannot be used: {error}. {remedy}.") from None
    try:
        model = GPT(**content["shape"])
        weights = {k: w.float() for k, w in content["weights"].items()}
        model.load_state_dict(weights)
        tokenizer = Tokenizer(content["characters"], content["merges"])
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError):
        raise DataError(
            f"{path} holds something else than a GPT and its vocabulary: "
            f"{remedy}."
        ) from None
    return model.eval(), tokenizer
