"""What learners really write in the exercises on speech synthesis."""

import torch
from torch.nn import functional as F


def reach_of(weight, dilation):
    return dilation * (weight.shape[2] - 1)


def same_padding(x, weight, bias, dilation):
    reach = reach_of(weight, dilation)
    x = F.pad(x, (reach // 2, reach - reach // 2))
    return F.conv1d(x, weight, bias, dilation=dilation)


def repeats_the_first(x, weight, bias, dilation):
    front = [x[:, :, :1]] * reach_of(weight, dilation)
    return F.conv1d(torch.cat([*front, x], 2), weight, bias, dilation=dilation)


def one_late(x, weight, bias, dilation):
    x = F.pad(x, (reach_of(weight, dilation) + 1, 0))[:, :, :-1]
    return F.conv1d(x, weight, bias, dilation=dilation)


def forgets_dilation(x, weight, bias, dilation):
    return F.conv1d(F.pad(x, (weight.shape[2] - 1, 0)), weight, bias)


def pads_by(count, behind=lambda weight, dilation: 0):
    def conv(x, weight, bias, dilation):
        pads = count(weight, dilation), behind(weight, dilation)
        return F.conv1d(F.pad(x, pads), weight, bias, dilation=dilation)

    return conv


def upside_down(x, weight, bias, dilation):
    x = F.pad(x, (reach_of(weight, dilation), 0))
    return F.conv1d(x, weight.flip(2), bias, dilation=dilation)


def scaled_twice(x, weight, bias, dilation):
    x = F.pad(x, (reach_of(weight, dilation), 0))
    return 2 * F.conv1d(x, weight, bias, dilation=dilation)


def sums(logits, u):
    return (logits.softmax(1).cumsum(1) <= u[:, None]).sum(1)


def likeliest(logits, u):
    return logits.argmax(dim=1)


def step(x, memory, weight, bias, at=0, old=0, new=1):
    out = weight[:, :, old] @ memory[:, at] + weight[:, :, new] @ x + bias
    return out, torch.cat([memory[:, 1:], x[:, None]], dim=1)


def keeps(memory_of):
    def one(x, memory, weight, bias):
        return step(x, memory, weight, bias)[0], memory_of(x, memory)

    return one


def moves_first(x, memory, weight, bias):
    memory = torch.cat([memory[:, 1:], x[:, None]], dim=1)
    out = weight[:, :, 0] @ memory[:, 0] + weight[:, :, 1] @ x + bias
    return out, memory


def by_argmax(logits, u):
    return (logits.softmax(1).cumsum(1) > u[:, None]).int().argmax(1)


def own_module(x, weight, bias, dilation):
    conv = torch.nn.Conv1d(*weight.shape[1::-1], weight.shape[2])
    conv.weight.data, conv.bias.data = weight.detach(), bias.detach()
    conv.dilation = (dilation,)
    return conv(F.pad(x, (reach_of(weight, dilation), 0)))


def in_single(x, weight, bias, dilation):
    x = F.pad(x, (reach_of(weight, dilation), 0)).float()
    return F.conv1d(x, weight.float(), bias.float(), dilation=dilation)


def single_memory(x, memory, weight, bias):
    new = torch.zeros(memory.shape)
    new[:, :-1], new[:, -1] = memory[:, 1:], x
    return step(x, memory, weight, bias)[0], new


WRONG = {
    "causal_conv": {
        "is the stride": lambda x, w, b, d: F.conv1d(
            F.pad(x, (reach_of(w, d), 0)), w, b, d
        ),
        "back to weight": own_module,
        "back to bias": lambda x, w, b, d: F.conv1d(
            F.pad(x, (reach_of(w, d), 0)), w, b.detach(), dilation=d
        ),
        "a tensor of the kind of x": in_single,
        "the zeros stand at the end": pads_by(lambda w, d: 0, reach_of),
        "half of the zeros": same_padding,
        "too many outputs": pads_by(reach_of, reach_of),
        "the first ones are missing": pads_by(lambda w, d: 0),
        "the dilation is missing": forgets_dilation,
        "one zero less": pads_by(lambda w, d: d * w.shape[2]),
        "may be wider than 2": pads_by(lambda w, d: d),
        "the bias is missing": lambda x, w, b, d: F.conv1d(
            F.pad(x, (reach_of(w, d), 0)), w, dilation=d
        ),
        "do not turn it round": upside_down,
        "not the first sample again": repeats_the_first,
        "one step too late": one_late,
        "back to x": lambda x, w, b, d: F.conv1d(
            F.pad(x.detach(), (reach_of(w, d), 0)), w, b, dilation=d
        ),
        "Not right: put dilation": scaled_twice,
    },
    "receptive_field": {
        "and the sample itself": lambda d, w: w * sum(d),
        "one is missing": lambda d, w: sum(d) * (w - 1),
        "not dilation * width": lambda d, w: 1 + w * sum(d),
        "whatever the width": lambda d, w: 1 + sum(d),
        "those are the layers": lambda d, w: 1 + (w - 1) * len(d),
        "only the widest": lambda d, w: 1 + (w - 1) * max(d),
        "only the last": lambda d, w: 1 + (w - 1) * d[-1],
        "need not double": lambda d, w: w ** len(d),
        "once for each layer": lambda d, w: sum(1 + (w - 1) * x for x in d),
        "1 for the sample itself": lambda d, w: 2 + (w - 1) * sum(d),
    },
    "draw_code": {
        "always the likeliest": likeliest,
        "add the probabilities up": lambda x, u: (
            (x.softmax(1) <= u[:, None]).sum(1).clamp(max=x.shape[1] - 1)
        ),
        "softmax first": lambda x, u: (
            (x.cumsum(1) <= u[:, None]).sum(1).clamp(max=x.shape[1] - 1)
        ),
        "codes begin at u = 0": lambda x, u: sums(x, 1 - u),
        "one too low": lambda x, u: (sums(x, u) - 1).clamp(min=0),
        "one too high": lambda x, u: (sums(x, u) + 1).clamp(
            max=x.shape[1] - 1
        ),
        "its own u": lambda x, u: sums(x, u[0].repeat(len(u))),
        "equal stretches": lambda x, u: (u * x.shape[1]).long(),
        "then the last code": by_argmax,
        "multinomial": lambda x, u: torch.multinomial(x.softmax(1), 1)[:, 0],
        "softmax over dim=1, cumsum": lambda x, u: (
            (x.softmax(1).cumsum(1) > u[:, None]).sum(1) - 1
        ).clamp(0),
    },
    "conv_step": {
        "takes the newest of the memory": lambda x, m, w, b: step(
            x, m, w, b, at=-1
        ),
        "for the past and weight": lambda x, m, w, b: step(
            x, m, w, b, old=1, new=0
        ),
        "the bias is missing": lambda x, m, w, b: step(x, m, w, 0 * b),
        "the past is missing": lambda x, m, w, b: (
            w[:, :, 1] @ x + b,
            torch.cat([m[:, 1:], x[:, None]], dim=1),
        ),
        "what comes now is missing": lambda x, m, w, b: (
            w[:, :, 0] @ m[:, 0] + b,
            torch.cat([m[:, 1:], x[:, None]], dim=1),
        ),
        "after the output, not before": moves_first,
        "does not move on": keeps(lambda x, m: m),
        "is to be dropped": keeps(lambda x, m: torch.cat([m, x[:, None]], 1)),
        "so x goes last": keeps(
            lambda x, m: torch.cat([x[:, None], m[:, :-1]], 1)
        ),
        "and the oldest stays": keeps(
            lambda x, m: torch.cat([m[:, :-1], x[:, None]], 1)
        ),
        "the oldest comes back": keeps(lambda x, m: m.roll(-1, 1)),
        "the output comes first": lambda x, m, w, b: step(x, m, w, b)[::-1],
        "return both results in the kind": single_memory,
        "return two things": lambda x, m, w, b: step(x, m, w, b)[0],
        "without its first column": keeps(
            lambda x, m: torch.cat([m[:, 1:], 2 * x[:, None]], 1)
        ),
    },
}
