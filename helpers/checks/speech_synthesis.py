"""The checks of the exercises on speech synthesis."""

import torch
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    draws,
    part,
    uniform,
)
from helpers.checks._guard import clean_switches
from helpers.wavenet import causal_conv as _causal_conv
from helpers.wavenet import conv_step as _conv_step
from helpers.wavenet import draw_code as _draw_code
from helpers.wavenet import receptive_field as _receptive_field


@check(
    right="zeros in front only, as many as the kernel looks back",
    ours=_causal_conv,
)
def causal_conv(answer, random):
    def make(random):
        length, inputs = random.choice((4, 6, 9)), random.choice((1, 2))
        outputs, width = random.choice((1, 3)), random.choice((2, 2, 3))
        dilation = random.choice((1, 2, 3))
        return (
            uniform(random, (random.choice((1, 2)), inputs, length)),
            uniform(random, (outputs, inputs, width)),
            uniform(random, outputs),
            dilation,
        )

    def conv(
        x, weight, bias, dilation, front=None, back=0, use=True, flip=False
    ):
        reach = dilation * (weight.shape[2] - 1)
        front = reach if front is None else front
        weight = weight.flip(2) if flip else weight
        x = F.pad(x, (front, back))
        return F.conv1d(x, weight, bias if use else None, dilation=dilation)

    def truth(x, weight, bias, dilation):
        return conv(x, weight, bias, dilation)

    def centred(x, weight, bias, dilation):
        reach = dilation * (weight.shape[2] - 1)
        half = reach // 2
        return conv(x, weight, bias, dilation, half, reach - half)

    def at_the_end(x, weight, bias, dilation):
        reach = dilation * (weight.shape[2] - 1)
        return conv(x, weight, bias, dilation, 0, reach)

    def by_the_edge(x, weight, bias, dilation):
        reach = dilation * (weight.shape[2] - 1)
        edge = x[:, :, :1].expand(-1, -1, reach)
        return F.conv1d(
            torch.cat([edge, x], 2), weight, bias, dilation=dilation
        )

    def undilated(x, weight, bias, dilation):
        return conv(x, weight, bias, 1)

    def late(x, weight, bias, dilation):
        """Shifted by one: the present sample is not seen."""
        out = conv(F.pad(x, (1, 0)), weight, bias, dilation)
        return out[:, :, :-1]

    mistakes = {
        "the fourth argument of F.conv1d is the stride: write "
        "dilation=dilation": lambda x, w, b, d: F.conv1d(
            F.pad(x, (d * (w.shape[2] - 1), 0)), w, b, d
        ),
        "the zeros stand at the end (or the wrong end was cut off), so each "
        "output sees what comes after it: F.pad(x, (back, 0))": at_the_end,
        "half of the zeros stand behind, so each output sees what comes after "
        "it: all of them go in front": centred,
        "padded on both sides, there are too many outputs, and the last ones "
        "look past the end: zeros go in front only": lambda x, w, b, d: conv(
            x, w, b, d, d * (w.shape[2] - 1), d * (w.shape[2] - 1)
        ),
        "as many outputs as there are samples: without zeros in front the "
        "first ones are missing": lambda x, w, b, d: conv(x, w, b, d, 0),
        "the dilation is missing: pass it to F.conv1d, too": undilated,
        "the kernel looks back dilation * (width - 1) samples, not dilation * "
        "width: one zero less": lambda x, w, b, d: conv(
            x, w, b, d, d * w.shape[2]
        ),
        "a kernel may be wider than 2: it looks back dilation * (width - 1) "
        "samples": lambda x, w, b, d: conv(x, w, b, d, d),
        "the bias is missing": lambda x, w, b, d: conv(x, w, b, d, use=False),
        "the last column of the weight belongs to now, the first to the "
        "oldest sample: do not turn it round": lambda x, w, b, d: conv(
            x, w, b, d, flip=True
        ),
        "before the first sample there are zeros, not the first sample "
        "again": by_the_edge,
        "the present sample belongs to what is seen: one step too late": late,
    }
    small = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]], dtype=torch.float64)
    weight = torch.tensor([[[10.0, 1.0]]], dtype=torch.float64)
    none = torch.zeros(1, dtype=torch.float64)
    cases = [
        (small, weight, none, 1),
        (small, weight, none, 2),
        (small, weight, none + 0.5, 1),
        (small, torch.tensor([[[100.0, 10.0, 1.0]]]).double(), none, 1),
        (small[:, :, :2], weight, none, 3),
    ]
    cases += draws(make, random)
    otherwise = (
        "put dilation * (width - 1) zeros in front, then F.conv1d with the "
        "weight, the bias and the dilation"
    )
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)
    function = getattr(answer, "answer", answer)  # the guard gives copies
    for dtype in (torch.float32, torch.float64):
        *tensors, dilation = cases[3]
        tensors = [t.to(dtype).clone().requires_grad_() for t in tensors]
        needs = "the numbers are right, but "
        try:
            with clean_switches():
                result = function(*tensors, dilation)
        except (RuntimeError, TypeError):
            raise Misconception(
                f"{needs}return what PyTorch makes of x: a network is to be "
                "trained through your function, and with an x that has a "
                "gradient it stops"
            ) from None
        if not isinstance(result, torch.Tensor) or result.dtype != dtype:
            raise Misconception(
                f"{needs}return a tensor of the kind of x, here {dtype}: make "
                "no zeros of another kind, F.pad makes the right ones"
            )
        grads = [None] * 3
        if result.requires_grad:
            grads = torch.autograd.grad(
                result.sum(), tensors, allow_unused=True
            )
        for name, grad in zip(("x", "weight", "bias"), grads, strict=True):
            if grad is None:
                raise Misconception(
                    f"{needs}no gradient flows back to {name}, so the "
                    "network cannot be trained through it: use the tensors "
                    "themselves, without `detach`, `.data` or a new module"
                )


@check(
    right="the reaches of the layers add up, and the present sample is one "
    "more",
    ours=_receptive_field,
)
def receptive_field(answer, random):
    def make(random):
        size = random.choice((1, 2, 3, 5))
        dilations = [random.choice((1, 2, 3, 4, 8, 10)) for _ in range(size)]
        return dilations, random.choice((2, 2, 3, 4))

    def truth(dilations, width):
        return 1 + (width - 1) * sum(dilations)

    def product(dilations, width):
        result = 1
        for dilation in dilations:
            result *= 1 + (width - 1) * dilation
        return result

    mistakes = {
        "each layer adds dilation * (width - 1), and the sample itself is one "
        "more": lambda d, w: w * sum(d),
        "one is missing: the sample that the kernel stands on counts, "
        "too": lambda d, w: (w - 1) * sum(d),
        "each layer adds dilation * (width - 1), not dilation * "
        "width": lambda d, w: 1 + w * sum(d),
        "each layer looks back dilation * (width - 1) samples, whatever the "
        "width": lambda d, w: 1 + sum(d),
        "those are the layers: each looks back by its dilation": lambda d, w: (
            1 + (w - 1) * len(d)
        ),
        "only the widest layer is counted: their reaches add "
        "up": lambda d, w: 1 + (w - 1) * max(d),
        "only the last layer is counted: their reaches add up": lambda d, w: (
            1 + (w - 1) * d[-1]
        ),
        "the dilations need not double from layer to layer: add "
        "them": lambda d, w: w ** len(d),
        "reaches add up from layer to layer; they are not multiplied": product,
        "the sample that the kernel stands on counts once, not once for each "
        "layer": lambda d, w: len(d) + (w - 1) * sum(d),
    }
    cases = [
        ([1], 2), ([1], 3), ([5], 2), ([1, 1], 2), ([1, 2], 2),
        ([1, 2, 4], 2), ([2, 1], 3), ([1, 10], 2), ([10, 1], 2), ([3, 3], 4),
    ]  # fmt: skip
    cases += draws(make, random)
    otherwise = (
        "1 for the sample itself, and dilation * (width - 1) for each layer"
    )
    diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")


@check(
    right="u falls into the stretch of each code as often as its probability",
    ours=_draw_code,
    forbidden=("torch.multinomial", "aten::multinomial"),
)
def draw_code(answer, random):
    def make(random):
        batch, codes = random.choice((1, 2, 3)), random.choice((2, 3, 5))
        logits = uniform(random, (batch, codes), -2, 2)
        sums = logits.softmax(dim=1).cumsum(dim=1)
        u = []
        for row in sums:
            while True:
                one = random.uniform(0.001, 0.999)
                if (row - one).abs().min() > 1e-4:
                    break
            u.append(one)
        return logits, torch.tensor(u, dtype=torch.float64)

    def code(logits, u, sums=True, probs=True):
        p = logits.softmax(dim=1) if probs else logits
        p = p.cumsum(dim=1) if sums else p
        return (p <= u[:, None]).sum(dim=1).clamp(max=logits.shape[1] - 1)

    def truth(logits, u):
        return code(logits, u)

    def across(logits, u):
        p = logits.softmax(dim=0).cumsum(dim=1)
        return (p <= u[:, None]).sum(dim=1).clamp(max=logits.shape[1] - 1)

    def one_short(logits, u):
        return (code(logits, u) - 1).clamp(min=0)

    def for_all(logits, u):
        return code(logits, u[:1].expand(len(u)))

    mistakes = {
        "that is always the likeliest code, whatever u is": lambda x, u: (
            x.argmax(dim=1)
        ),
        "add the probabilities up (cumsum) before you compare them with "
        "u": lambda x, u: code(x, u, sums=False),
        "logits are not probabilities: softmax first": lambda x, u: code(
            x, u, probs=False
        ),
        "every row sums to 1, not every column: softmax over dim=1": across,
        "u is turned round: codes begin at u = 0": lambda x, u: code(x, 1 - u),
        "one too low: as many codes as have a sum of at most u lie "
        "before": one_short,
        "one too high: count the sums that are at most u, and no "
        "more": lambda x, u: (code(x, u) + 1).clamp(max=x.shape[1] - 1),
        "each row has its own u": for_all,
        "equal stretches for all codes: where are the "
        "probabilities?": lambda x, u: (u * x.shape[1]).floor(),
        "a code is a whole number, the place where the sum passes "
        "u": lambda x, u: (
            x.softmax(1).cumsum(1).gather(1, code(x, u)[:, None])[:, 0]
        ),
    }

    def row(values):
        return torch.tensor([values], dtype=torch.float64)

    def at(*values):
        return torch.tensor(values, dtype=torch.float64)

    cases = [
        (row([0.0, 0.0]), at(0.3)),
        (row([0.0, 0.0]), at(0.7)),
        (row([2.0, 0.0, 1.0]), at(0.1)),
        (row([2.0, 0.0, 1.0]), at(0.7)),
        (row([2.0, 0.0, 1.0]), at(0.97)),
        (row([-1.0, 3.0]), at(0.01)),
        (row([0.0, 1.0, 2.0, 0.0]), at(0.5)),
        (torch.cat([row([0.0, 0.0]), row([0.0, 0.0])]), at(0.2, 0.8)),
        (torch.cat([row([3.0, 0.0]), row([0.0, 3.0])]), at(0.5, 0.5)),
        (torch.cat([row([3.0, 0.0]), row([0.0, 3.0])]), at(0.98, 0.02)),
        (torch.zeros(1, 256, dtype=torch.float64), at(0.7843)),
    ]
    cases += draws(make, random)
    otherwise = (
        "softmax over dim=1, cumsum over dim=1, and the number of sums that "
        "are at most u"
    )
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)
    for batch in (1, 2):  # rounding: the last sum may be less than u
        logits = torch.zeros(batch, 3, dtype=torch.float32)
        u = torch.full((batch,), 1.0)
        got = torch.as_tensor(answer(logits, u)).reshape(-1)
        if (got != 2).any():
            raise Misconception(
                "u may be as large as the last sum, because numbers are "
                "rounded: then the last code is meant, "
                "clamp(max=logits.shape[1] - 1)"
            )


@check(
    right="the oldest of the memory, the newest that comes, and the memory "
    "moves on",
    ours=_conv_step,
)
def conv_step(answer, random):
    def make(random):
        inputs, outputs = random.choice((1, 2, 3)), random.choice((1, 2, 4))
        dilation = random.choice((1, 2, 4))
        return (
            uniform(random, inputs),
            uniform(random, (inputs, dilation)),
            uniform(random, (outputs, inputs, 2)),
            uniform(random, outputs),
        )

    def output(x, memory, weight, bias, at=0, turn=False, add=True):
        old, new = (1, 0) if turn else (0, 1)
        out = weight[:, :, old] @ memory[:, at] + weight[:, :, new] @ x
        return out + bias if add else out

    def first(x, memory, weight, bias):
        return output(x, memory, weight, bias)

    def after(x, memory, weight, bias):
        return torch.cat([memory[:, 1:], x[:, None]], dim=1)

    outputs = {
        "the output comes first, then the memory": after,
        "that takes the newest of the memory; the oldest, memory[:, 0], came "
        "`dilation` ago": lambda x, m, w, b: output(x, m, w, b, -1),
        "weight[:, :, 0] is for the past and weight[:, :, 1] for "
        "now": lambda x, m, w, b: output(x, m, w, b, turn=True),
        "the bias is missing": lambda x, m, w, b: output(
            x, m, w, b, add=False
        ),
        "the past is missing: weight[:, :, 0] @ memory[:, "
        "0]": lambda x, m, w, b: w[:, :, 1] @ x + b,
        "what comes now is missing: weight[:, :, 1] @ x": lambda x, m, w, b: (
            w[:, :, 0] @ m[:, 0] + b
        ),
        "the memory moves on after the output, not before: its oldest is "
        "still needed": lambda x, m, w, b: output(x, after(x, m, w, b), w, b),
        "the kernel looks at one past sample, not at the whole "
        "memory": lambda x, m, w, b: (
            w[:, :, 0] @ m.sum(dim=1) + w[:, :, 1] @ x + b
        ),
    }
    memories = {
        "the memory does not move on: drop its oldest, append "
        "x": lambda x, m, w, b: m,
        "the oldest is to be dropped, memory[:, 1:]": lambda x, m, w, b: (
            torch.cat([m, x[:, None]], dim=1)
        ),
        "what is oldest stands first, so x goes last": lambda x, m, w, b: (
            torch.cat([x[:, None], m[:, :-1]], dim=1)
        ),
        "the newest is dropped, and the oldest stays: memory[:, "
        "1:]": lambda x, m, w, b: torch.cat([m[:, :-1], x[:, None]], dim=1),
        "x goes first and the wrong end is dropped": lambda x, m, w, b: (
            torch.cat([x[:, None], m[:, 1:]], dim=1)
        ),
        "turned round by one, the oldest comes back: put x in its "
        "place": lambda x, m, w, b: m.roll(-1, 1),
    }

    def t(*rows):
        return torch.tensor(rows, dtype=torch.float64)

    weight = torch.tensor([[[10.0, 1.0]]], dtype=torch.float64)
    wide = torch.tensor(
        [[[10.0, 1.0], [0.5, 2.0]], [[-1.0, 0.1], [3.0, 0.7]]],
        dtype=torch.float64,
    )
    cases = [
        (t(5.0), t([2.0]), weight, t(0.0)),
        (t(5.0), t([2.0]), weight, t(0.5)),
        (t(5.0), t([2.0, 3.0]), weight, t(0.0)),
        (t(5.0), t([2.0, 3.0, 7.0, 4.0]), weight, t(0.5)),
        (t(5.0, -1.0), t([2.0, 3.0], [0.2, 0.3]), wide, t(0.5, 0.0)),
    ]
    cases += draws(make, random)
    names = "the output", "the next memory"
    diagnose(
        part(answer, 0, *names), cases, first, outputs,
        "weight[:, :, 0] @ memory[:, 0] + weight[:, :, 1] @ x + bias",
        what="the output", exact_shape=True, kind="a tensor",
    )  # fmt: skip
    diagnose(
        part(answer, 1, *names), cases, after, memories,
        "the memory without its first column, and x as its last",
        what="the next memory", exact_shape=True, kind="a tensor",
    )  # fmt: skip
    for dtype in (torch.float32, torch.float64):
        results = answer(*(t.to(dtype) for t in cases[3]))
        if any(result.dtype != dtype for result in results):
            raise Misconception(
                "the numbers are right, but return both results in the kind "
                f"of x, here {dtype}: make no zeros of another kind"
            )
