"""The checks of the exercises on BigModel in PyTorch."""

import copy
import random as python_random

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parameter import is_lazy

from helpers.checks import (
    Misconception,
    check,
    close,
    diagnose,
    draws,
    numbers,
    part,
    uniform,
)
from helpers.checks._values import named
from helpers.recorded import load_record

# What later cells use while the learner's own is missing or wrong.


def _conv_cost(in_channels, out_channels, kernel_size, height, width):
    window = in_channels * kernel_size**2
    parameters = out_channels * (window + 1)
    return parameters, window * out_channels * height * width


def _training_step(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def _accuracy(logits, y):
    return (logits.argmax(dim=1) == y).double().mean().item()


def _slim():
    network = nn.Sequential(
        nn.Conv2d(3, 16, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 50),
        nn.ReLU(),
        nn.Linear(50, 10),
    )
    return network, 84_048, 1_320_756


@check(
    right="parameters do not ask for the image's size, multiplications do",
    ours=_conv_cost,
)
def conv_cost(answer, random):
    cases = [(2, 5, 3, 1, 1), (5, 2, 3, 4, 5), (1, 1, 1, 2, 3)]
    cases += [(3, 4, 1, 5, 4), (4, 2, 2, 3, 3), (7, 3, 5, 10, 8)]
    cases += [(3, 64, 3, 28, 28), (64, 128, 3, 14, 14), (6272, 9, 1, 1, 1)]
    cases += [(random.randint(2, 9), 5, 3, 8, 11)]

    def size(in_channels, out_channels, kernel_size, height, width):
        return _conv_cost(in_channels, out_channels, kernel_size, 1, 1)[0]

    def cost(in_channels, out_channels, kernel_size, height, width):
        return in_channels * out_channels * kernel_size**2 * height * width

    answers = [
        part(answer, i, "the parameters", "the multiplications")
        for i in (0, 1)
    ]
    mistakes = {
        "the biases are missing from the parameters, one for each output "
        "channel": lambda i, o, k, h, w: o * i * k**2,
        "every output channel has a bias of its own, not one for "
        "all": lambda i, o, k, h, w: o * i * k**2 + 1,
        "biases belong to output channels, not to input "
        "channels": lambda i, o, k, h, w: o * i * k**2 + i,
        "the window reaches through all input channels, not through "
        "one": lambda i, o, k, h, w: o * (k**2 + 1),
        "those are the parameters of one neuron; there is one for every "
        "output channel": lambda i, o, k, h, w: i * k**2 + 1,
        "the window is kernel_size high and wide: square "
        "it": lambda i, o, k, h, w: o * (i * k + 1),
        "the same weights serve every position, so the image's size does "
        "not count for the parameters": lambda i, o, k, h, w: (
            o * (i * k**2 + 1) * h * w
        ),
        "the two results have changed places: parameters first": cost,
    }
    otherwise = "count the parameters again"
    exact = {"tolerance": 0, "kind": "one number"}
    what = {"what": "the number of parameters"}
    diagnose(answers[0], cases, size, mistakes, otherwise, **exact, **what)
    mistakes = {
        "a bias is added, not multiplied: leave it out of the "
        "multiplications": lambda i, o, k, h, w: o * (i * k**2 + 1) * h * w,
        "that is one position; the window is applied at every "
        "one": lambda i, o, k, h, w: cost(i, o, k, 1, 1),
        "those are the multiplications for one output channel; there are "
        "out_channels of them": lambda i, o, k, h, w: cost(i, 1, k, h, w),
        "the window reaches through all input "
        "channels": lambda i, o, k, h, w: cost(1, o, k, h, w),
        "the window is kernel_size high and wide: square "
        "it": lambda i, o, k, h, w: i * o * k * h * w,
        "the padding keeps the size, so there are height * width "
        "positions": lambda i, o, k, h, w: cost(i, o, k, h - k + 1, w - k + 1),
        "height and width may differ": lambda i, o, k, h, w: cost(
            i, o, k, h, h
        ),
        "count multiplications alone, without the additions": lambda *case: (
            2 * cost(*case)
        ),
    }
    otherwise = "the parameters are right; count the multiplications again"
    what = {"what": "the number of multiplications"}
    diagnose(answers[1], cases, cost, mistakes, otherwise, **exact, **what)


@check(
    right="clear, forward, loss, backward, step, and a plain number back",
    ours=_training_step,
)
def training_step(answer, random):
    def case(random, images, size, *layers):
        model = nn.Sequential(nn.Flatten(), *layers)
        for p in model.parameters():
            p.data = uniform(random, p.shape)
        y = torch.arange(images) % 2
        return model, uniform(random, (images, *size), -3, 3), y

    always = python_random.Random(0)
    cases = [
        case(always, 1, (2,), nn.Linear(2, 2)),
        case(always, 2, (2,), nn.Linear(2, 2)),
        case(always, 3, (1, 2), nn.Linear(2, 3)),
        case(always, 4, (2,), nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)),
        case(random, 5, (3, 2, 2), nn.Linear(12, 4)),
    ]

    def loss_of(model, X, y):
        return F.cross_entropy(model(X), y)

    def moved(model, X, y, loss_of=loss_of, stale=0.0):
        """The weights after a step on this loss."""
        parameters = list(model.parameters())
        slopes = torch.autograd.grad(loss_of(model, X, y), parameters)
        return _flat(parameters) - 0.1 * (_flat(slopes) + stale)

    def stepped(model, X, y):
        notes = []
        got = answer(model, X, y, _Recording(model, notes))
        if isinstance(got, torch.Tensor):
            why = "this is no Python number, but a tensor"
            why += ", with the record of its computation" * got.requires_grad
            raise Misconception(f"{why}: return loss.item()")
        if len(notes) != 1:
            none = (
                "the given optimizer never steps: optimizer.step() is missing"
            )
            many = f"optimizer.step() is called {len(notes)} times, not once"
            raise Misconception(many if notes else none)
        weights, in_training = notes[0]
        if not in_training:
            raise Misconception(
                "the step is made in evaluation mode, in which dropout and "
                "its like are off: leave model.eval() out"
            )
        return weights, got

    mistakes = {
        "step() found no gradient: loss.backward() is missing, comes after "
        "it, or zero_grad() stands between the two; or the loss was computed "
        "under no_grad()": (lambda model, X, y: _flat(model.parameters())),
        "the gradient of an earlier batch was still there and was added: "
        "call optimizer.zero_grad() before backward": (
            lambda *case: moved(*case, stale=1.0)
        ),
        "softmax is applied twice: F.cross_entropy takes the logits as they "
        "are": lambda *case: moved(
            *case, lambda m, X, y: F.cross_entropy(m(X).softmax(1), y)
        ),
        "the losses of the images are added: take their mean, as "
        "F.cross_entropy does by itself": lambda model, X, y: moved(
            model, X, y, lambda *case: loss_of(*case) * len(y)
        ),
        "the step followed the gradient of an earlier batch: call backward "
        "before step": lambda model, X, y: _flat(model.parameters()) - 0.1,
    }
    weights, loss = (part(stepped, i, "weights", "loss") for i in (0, 1))
    otherwise = "the weights moved, but not by the slopes of this mean loss"
    before = {"show": lambda m, X, y: {"weights": _flat(m.parameters())}}
    diagnose(weights, cases, moved, mistakes, otherwise, **before)
    otherwise = "the step is right, but this is not the loss before the step"
    one = {"kind": "one number", "what": "the loss"}
    diagnose(loss, cases, loss_of, {}, otherwise, **one)


def _flat(tensors):
    return torch.cat([t.detach().flatten() for t in tensors])


class _Recording(torch.optim.SGD):
    """Gradient descent, with stale gradients; it notes where it steps."""

    def __init__(self, model, notes):
        super().__init__(model.parameters(), lr=0.1)
        self.model, self.notes = model, notes
        for p in model.parameters():
            p.grad = torch.ones_like(p)

    def __deepcopy__(self, memo):
        # The learner's copy of the model is the one that is stepped.
        return _Recording(copy.deepcopy(self.model, memo), self.notes)

    def step(self, closure=None):
        loss = super().step(closure)
        self.notes.append(
            (_flat(self.model.parameters()), self.model.training)
        )
        return loss


@check(
    right="the highest logit is the answer, and the mean is the share",
    ours=_accuracy,
)
def accuracy(answer, random):
    def draw(random):
        count, classes = random.randint(1, 7), random.randint(2, 5)
        levels = [random.sample(range(-60, 30), classes) for _ in range(count)]
        logits = torch.tensor(levels) / 10
        slips = torch.tensor(random.choices((0, 0, 1), k=count))
        return logits, (logits.argmax(dim=1) + slips) % classes

    cases = draws(draw, random)
    near = [[1.0, 1.0002, 1.0001], [-2.0, -2.0001, -2.0002]]
    far = [[1000.0, 1001.0, -5.0], [200.0, 100.0, 300.0]]  # exp overflows
    cases += [
        (torch.tensor(some), torch.tensor([1, 1])) for some in (near, far)
    ]
    cases += [(torch.tensor(far), torch.tensor([0, 2]))]
    many, images = torch.eye(12), torch.eye(3)[torch.arange(150) // 50]
    cases += [(many, torch.arange(12)), (images, torch.arange(150) // 60)]

    def truth(logits, y):
        return (logits.argmax(dim=1) == y).double().mean()

    mistakes = {
        "that is how many are right: divide by their number": lambda X, y: (
            truth(X, y) * len(y)
        ),
        "that says for each image whether it is right: take the "
        "mean": lambda X, y: X.argmax(dim=1) == y,
        "that is a percentage: give a number from 0 to 1": lambda X, y: (
            100 * truth(X, y)
        ),
        "that is the share of wrong answers": lambda X, y: 1 - truth(X, y),
        "divide by the number of images, not of classes": lambda X, y: (
            truth(X, y) * len(y) / X.shape[1]
        ),
        "that compares the highest logit itself with the class: argmax gives "
        "its position": lambda X, y: (X.amax(dim=1) == y).double().mean(),
        "that looks for the lowest logit: the highest is the "
        "answer": lambda X, y: truth(-X, y),
        "that looks down the columns, but the classes lie along "
        "dim=1": lambda X, y: (X.argmax(dim=0) == y).double().mean(),
        "-5 is below 1: take the highest logit, not the largest in "
        "size": lambda X, y: truth(X.abs(), y),
        "do not round": lambda X, y: round(truth(X, y).item(), 1),
        "do not round, not to two digits either": lambda X, y: round(
            truth(X, y).item(), 2
        ),
    }
    otherwise = "compare the position of each row's highest logit with y"
    diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")


CURVES_SEED = 5  # as in the notebook, which letters the runs with it
SIGNS = {  # how each run looks, for one who saw it elsewhere
    "healthy": "training goes on falling to about 0.3, and validation "
    "flattens a little above it",
    "over-fit": "training falls to 0, while validation turns and rises",
    "model too small": "both level off side by side, far above a healthy run",
    "learning rate too low": "both are still high at the end, and falling",
    "learning rate too high": "the loss jumps from one epoch to the next, "
    "around a level soon reached",
    "labels shuffled": "validation never leaves the dotted line, ln 10",
    "zero_grad forgotten": "old gradients pile up, and the loss swings in "
    "slow, high waves, each several epochs long",
    "validation scaled otherwise": "training is healthy, and validation is "
    "off the scale from the first epoch on",
}


@check(right="you can read a training curve")
def read_curves(answer, random):
    runs = {row["name"]: row for row in load_record("curves")["rows"]}
    shuffled = python_random.Random(CURVES_SEED).sample(sorted(runs), 8)
    key = dict(zip("ABCDEFGH", shuffled, strict=True))
    got = answer()
    if not isinstance(got, dict):
        raise Misconception(
            "return a dictionary with a name for each letter, such as "
            f'{{"A": "over-fit"}}, not a {type(got).__name__}'
        )
    missing = ", ".join(letter for letter in key if letter not in got)
    if missing:
        raise Misconception(f"no name yet for {missing}")
    wrong = [letter for letter in key if got[letter] != key[letter]]
    for letter in wrong:
        said, run = got[letter], runs[key[letter]]
        if said not in list(SIGNS):
            raise Misconception(
                f"{said!r} is none of the printed names: copy it letter by "
                "letter"
            )
        train, valid = run["train_loss"][-1], run["validation_loss"][-1]
        raise Misconception(
            f"{len(wrong)} of {len(key)} need another look. {letter} is not "
            f"{said!r}: there {SIGNS[said]}; {letter} ends at {train:.2f} in "
            f"training, {valid:.2f} in validation"
        )


LIMIT = 100_000  # parameters of a slim network


@check(
    right="it fits, and you knew its size and its cost beforehand", ours=_slim
)
def slim(answer, random):
    got = answer()
    if isinstance(got, nn.Module):
        raise Misconception(
            "you return the network alone: after it come its parameters and "
            "its multiplications for one image, `return network, ..., ...`"
        )
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise Misconception(
            "return three things, the network, its parameters and its "
            f"multiplications for one image, not {named(got)}"
        )
    network, size, cost = got
    if not isinstance(network, nn.Module):
        raise Misconception(
            "the first of the three must be the network itself, such as "
            f"nn.Sequential(...), not {type(network).__name__}"
        )
    if any(map(is_lazy, network.parameters())):
        raise Misconception(
            "a lazy layer has no weights before the first image: write down "
            "how many numbers come in, nn.Linear(1568, 50)"
        )
    counted = sum(p.numel() for p in network.parameters())
    if counted > LIMIT:
        name, most = max(
            network.named_parameters(), key=lambda pair: pair[1].numel()
        )
        raise Misconception(
            f"the network has {counted:,} parameters, and the limit is "
            f"{LIMIT:,}: {most.numel():,} of them are in {name}"
        )
    X = uniform(random, (4, 3, 28, 28), 0, 1)
    for parameter in network.parameters():
        X = X.to(parameter.dtype)
    positions = {}

    def note(layer, inputs, output):
        here = output[0].numel() * layer.weight[0].numel()
        positions[layer] = positions.get(layer, 0) + here

    layers = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)
    ]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    network.eval()
    try:
        with torch.no_grad():
            logits = network(X)
            for hook in hooks:
                hook.remove()
            alone = network(X[:1])
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise Misconception(
            "the network stops on four images of 3 x 28 x 28 with "
            f"{type(error).__name__}: {reason}"
        ) from None
    network.train()
    if not isinstance(logits, torch.Tensor) or logits.shape != (4, 10):
        shape = tuple(getattr(logits, "shape", ()))
        raise Misconception(
            "four images of 3 x 28 x 28 must give ten logits each, shape "
            f"(4, 10); yours {shape}"
        )
    if alone.shape != (1, 10):
        raise Misconception(
            "one image alone must give shape (1, 10), not "
            f"{tuple(alone.shape)}: flatten instead of squeezing"
        )
    if not close(alone, logits[:1], 1e-3):
        raise Misconception(
            "the logits of an image change with the other images of its "
            "batch: keep the images apart (nn.Flatten() does)"
        )
    if not layers:
        raise Misconception(
            "no convolution and no fully connected layer looks at the images "
            "(nn.Conv2d or nn.Linear, in nn.Sequential or as an attribute, "
            "not in a plain list)"
        )
    if close(logits.sum(dim=1), torch.ones(4), 1e-3) and (logits >= 0).all():
        raise Misconception(
            "the network ends with softmax, but the loss applies softmax "
            "itself: end with the logits"
        )
    if (logits >= 0).all() and (logits == 0).any():
        raise Misconception(
            "the network ends with ReLU, which cuts off every negative "
            "logit: end with the linear layer"
        )
    if ((logits > 0.2) & (logits < 0.8)).all():
        raise Misconception(
            "the network ends with a sigmoid, which holds all logits between "
            "0 and 1: end with the linear layer"
        )
    _predicted(
        "parameters",
        size,
        counted,
        {
            "the scales and shifts of the normalisation are missing": sum(
                p.numel() for layer in layers for p in layer.parameters()
            ),
            "the biases are missing": sum(
                p.numel() for p in network.parameters() if p.ndim > 1
            ),
            "the two numbers have changed places": sum(positions.values()),
        },
    )
    once = sum(layer.weight.numel() for layer in layers)
    _predicted(
        "multiplications",
        cost,
        sum(positions.values()),
        {
            "a convolution's weights work at every position": once,
            "that is the number of parameters": counted,
            "twice as many: count multiplications alone, without the "
            "additions, and for one image": 2 * sum(positions.values()),
        },
    )


def _predicted(what, value, counted, mistakes):
    """Refuse a prediction that is not what was counted."""
    value = numbers(value, what=f"the prediction of the {what}")
    if value.ndim:
        raise Misconception(
            f"return one number of {what}, without brackets around it"
        )
    value = value.item()
    if value == counted:
        return
    why = "go through the layers one by one"
    for mistake, wrong in mistakes.items():
        if wrong == value:
            why = mistake
            break
    raise Misconception(
        f"you predicted {value:,.0f} {what}, but the network has "
        f"{counted:,}: {why}"
    )
