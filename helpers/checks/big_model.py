"""The checks of the exercises on BigModel in PyTorch."""

import copy
import random as python_random

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import Misconception, check, diagnose, draws, part, uniform


@check(right="one window for every output channel, whatever the image's size")
def conv_parameters(answer, random):
    cases = [(2, 5, 3), (5, 2, 3), (1, 1, 1), (3, 4, 1), (4, 2, 2), (7, 3, 5)]
    cases += [(3, 64, 3), (64, 128, 3), (random.randint(2, 9), 10, 7)]

    def truth(in_channels, out_channels, kernel_size):
        return out_channels * (in_channels * kernel_size**2 + 1)

    mistakes = {
        "the biases are missing, one an output channel": lambda i, o, k: (
            o * i * k**2
        ),
        "every output channel has a bias, not one for all": lambda i, o, k: (
            o * i * k**2 + 1
        ),
        "biases belong to output channels, not to input "
        "channels": lambda i, o, k: o * i * k**2 + i,
        "the window reaches through all input channels, not "
        "one": lambda i, o, k: o * (k**2 + 1),
        "that is one neuron; there is one for every output "
        "channel": lambda i, o, k: i * k**2 + 1,
        "the window is kernel_size high and wide: square it": lambda i, o, k: (
            o * (i * k + 1)
        ),
    }
    diagnose(answer, cases, truth, mistakes, "count again", tolerance=0)


@check(right="a window's weights, for every output channel and position")
def conv_multiplications(answer, random):
    cases = [(2, 3, 1, 1, 1), (2, 3, 3, 4, 5), (3, 2, 3, 5, 4)]
    cases += [(4, 6, 5, 10, 10), (1, 1, 7, 3, 2), (3, 64, 3, 28, 28)]
    cases += [(64, 128, 3, 14, 14), (random.randint(2, 9), 5, 3, 8, 11)]

    def truth(in_channels, out_channels, kernel_size, height, width):
        return in_channels * out_channels * kernel_size**2 * height * width

    mistakes = {
        "a bias is added, not multiplied: leave it "
        "out": lambda i, o, k, h, w: o * (i * k**2 + 1) * h * w,
        "that is one position; the window is applied at every "
        "one": lambda i, o, k, h, w: truth(i, o, k, 1, 1),
        "that is one output channel; there are out_channels of "
        "them": lambda i, o, k, h, w: truth(i, 1, k, h, w),
        "the window reaches through all input "
        "channels": lambda i, o, k, h, w: truth(1, o, k, h, w),
        "the window is kernel_size high and wide: square "
        "it": lambda i, o, k, h, w: i * o * k * h * w,
        "the padding keeps the size, so there are height * width "
        "positions": lambda i, o, k, h, w: truth(
            i, o, k, h - k + 1, w - k + 1
        ),
        "height and width may differ": lambda i, o, k, h, w: truth(
            i, o, k, h, h
        ),
        "count multiplications alone, without the additions": lambda *case: (
            2 * truth(*case)
        ),
    }
    diagnose(answer, cases, truth, mistakes, "count again", tolerance=0)


@check(
    right="the images stay apart, whatever their size",
    forbidden=("torch.flatten", "torch.Tensor.flatten", "torch.nn.Flatten"),
)
def rows(answer, random):
    sizes = [(2, 3), (3, 1), (1, 4), (2, 2, 2), (1, 2, 3), (3, 1, 2)]
    sizes += [(2, 3, 2, 1), (1, 2, 2, 3), (2, 1, 3, 1, 2), (3, 2, 1, 2, 2)]
    sizes += [(random.randint(2, 5), 3, 2, 5), (1, 128, 7, 7)]
    sizes += [(2, 128, 7, 7), (1, 128, 14, 14), (2, 128, 14, 14)]
    cases = [torch.arange(float(torch.Size(s).numel())).view(s) for s in sizes]

    def truth(X):
        return X.reshape(len(X), -1)

    def two_dimensions(X):
        got = answer(X)
        if not isinstance(got, torch.Tensor):
            raise Misconception(
                "return one tensor of shape (batch, numbers), which fc1 can "
                f"take, not a {type(got).__name__}"
            )
        if got.ndim != 2:
            raise Misconception(
                "return one row for each image, two dimensions in all; X of "
                f"shape {tuple(X.shape)}, yours {tuple(got.shape)}"
            )
        return got

    mistakes = {
        "6,272 numbers fit only one size of image; another is cut into "
        "several rows, as above in the notebook": lambda X: X.reshape(
            -1, 6272
        ),
        "rows and columns are exchanged": lambda X: X.reshape(-1, len(X)),
        "count the rows: all images are in one": lambda X: X.reshape(1, -1),
        "numbers of different images got mixed: reshape without transposing "
        "first": lambda X: X.transpose(0, 1).reshape(len(X), -1),
    }
    shape = {"show": lambda X: {"X_of_shape": tuple(X.shape)}}
    otherwise = "give each image its own row, its numbers in their order"
    cases = [(X,) for X in cases]
    diagnose(two_dimensions, cases, truth, mistakes, otherwise, **shape)


@check(right="clear, forward, loss, backward, step, and a plain number back")
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
        if isinstance(got, torch.Tensor) and got.requires_grad:
            raise Misconception(
                "the tensor you return keeps the record of its computation: "
                "return loss.item()"
            )
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
        "it, or zero_grad() stands between the two": (
            lambda model, X, y: _flat(model.parameters())
        ),
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
    diagnose(loss, cases, loss_of, {}, otherwise)


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


@check(right="the highest logit is the answer, and the mean is the share")
def accuracy(answer, random):
    def draw(random):
        count, classes = random.randint(1, 7), random.randint(2, 5)
        levels = [random.sample(range(-60, 30), classes) for _ in range(count)]
        logits = torch.tensor(levels) / 10
        slips = torch.tensor(random.choices((0, 0, 1), k=count))
        return logits, (logits.argmax(dim=1) + slips) % classes

    cases = draws(draw, random)

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
    diagnose(answer, cases, truth, mistakes, otherwise)
