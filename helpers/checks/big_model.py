"""The checks of the exercises on BigModel in PyTorch."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import Misconception, check, close, compare, numbers


@check(right="one window for every output channel, whatever the image's size")
def conv_parameters(answer, random):
    sizes = [(2, 5, 3), (3, 64, 3), (64, 128, 3), (1, 1, 1)]
    sizes += [(random.randint(2, 9), random.randint(10, 20), 5)]
    for c_in, c_out, k in sizes:
        got = numbers(answer(c_in, c_out, k), ()).item()
        layer = nn.Conv2d(c_in, c_out, k)
        expected = sum(p.numel() for p in layer.parameters())
        if got == expected:
            continue
        shown = compare(
            in_channels=c_in,
            out_channels=c_out,
            kernel_size=k,
            expected=expected,
            yours=round(got),
        )
        mistakes = {
            expected - c_out: "the biases are missing, one an output channel",
            expected - c_out + 1: "every output channel has a bias, not one "
            "for all",
            c_out * (k**2 + 1): "the window reaches through all input "
            "channels, not one",
            c_in * k**2 + 1: "that is one neuron; there is one for every "
            "output channel",
            c_out * (c_in * k + 1): "the window is kernel_size high and wide: "
            "square it",
            expected - c_out + c_in: "biases belong to output channels, not "
            "to input channels",
        }
        raise Misconception(f"{mistakes.get(got, 'count again')}. {shown}")


@check(right="a window's weights, for every output channel and position")
def conv_multiplications(answer, random):
    sizes = [(4, 6, 5, 10, 10), (3, 64, 3, 28, 28), (64, 128, 3, 14, 14)]
    height = random.randint(5, 9)
    sizes += [(random.randint(2, 9), random.randint(10, 20), 5, height, 11)]
    for c_in, c_out, k, height, width in sizes:
        got = numbers(answer(c_in, c_out, k, height, width), ()).item()
        expected = c_in * c_out * k**2 * height * width
        if got == expected:
            continue
        places = height * width
        mistakes = {
            expected + c_out * places: "a bias is added, not multiplied: "
            "leave it out",
            expected // places: "that is one position; the window is applied "
            "at every one",
            expected // c_out: "that is one output channel; there are "
            "out_channels of them",
            expected // c_in: "the window reaches through all input channels",
            expected // k: "the window is kernel_size high and wide: square "
            "it",
            c_in * c_out * k**2 * (height - k + 1) * (width - k + 1): "the "
            "padding keeps the size, so there are height * width positions",
            c_in * c_out * k**2 * height**2: "height and width may differ",
            2 * expected: "count multiplications alone, without the additions",
        }
        shown = compare(
            in_channels=c_in,
            out_channels=c_out,
            kernel_size=k,
            height=height,
            width=width,
            expected=expected,
            yours=round(got),
        )
        raise Misconception(f"{mistakes.get(got, 'count again')}. {shown}")


@check(
    right="the images stay apart, whatever their size",
    forbidden=("torch.flatten", "torch.Tensor.flatten", "torch.nn.Flatten"),
)
def rows(answer, random):
    n = random.randint(2, 5)
    sizes = [(n, 128, 7, 7), (n, 128, 14, 14), (n, 3, 2, 5), (1, 4, 3, 3)]
    for size in sizes:
        X = torch.arange(float(torch.Size(size).numel())).reshape(size)
        got = answer(X)
        if not isinstance(got, torch.Tensor):
            raise Misconception(
                "give one tensor of shape (batch, numbers), which fc1 can "
                f"take, not a {type(got).__name__}"
            )
        shape, expected = tuple(got.shape), X.reshape(size[0], -1)
        said = f"X of shape {size} must give {tuple(expected.shape)}"
        if got.ndim != 2:
            raise Misconception(
                f"one row for each image, two dimensions in all. {said}, "
                f"yours {shape}"
            )
        if shape[0] != size[0] and shape[1] == 128 * 7 * 7:
            raise Misconception(
                "6,272 numbers fit only one size of image; another is cut "
                f"into several rows, as in the chapter. {said}, yours {shape}"
            )
        if shape == expected.shape[::-1]:
            raise Misconception(
                f"rows and columns are exchanged. {said}, yours {shape}"
            )
        if shape != expected.shape:
            raise Misconception(f"count the rows. {said}, yours {shape}")
        if not torch.equal(got, expected):
            raise Misconception(
                "the shape is right, but numbers of different images got "
                "mixed: reshape without transposing first"
            )


@check(right="clear, forward, loss, backward, step, and a plain number back")
def training_step(answer, random):
    torch.manual_seed(random.randrange(10**6))
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)).double()
    X = torch.randn(5, 3, 2, 2).double()
    y = torch.tensor([0, 1, 2, 3, 0])
    stepper = _Stepper()
    # copies of all go to the answer; what it does to them is noted there
    got = [answer(model, X, y, stepper.of(model)) for _ in range(2)]
    expected, mistakes = _reference(model, X, y)
    if isinstance(got[0], torch.Tensor) and got[0].requires_grad:
        raise Misconception(
            "the tensor you return keeps the record of its computation: "
            "return loss.item()"
        )
    loss = numbers(got[0], ()).item()
    after = stepper.weights
    if not after:
        raise Misconception(
            "no weight was moved: optimizer.step() is missing, or never "
            "reached"
        )
    if torch.equal(after[-1], _flat(model)):
        raise Misconception(
            "step() found no gradient: loss.backward() is missing, comes "
            "after it, or zero_grad() stands between the two"
        )
    for text, weights in mistakes.items():
        if torch.allclose(after[-1], weights, atol=1e-10):
            raise Misconception(text)
    if not torch.allclose(after[-1], expected["weights"], atol=1e-10):
        raise Misconception(
            "the weights moved, but not as one step on the cross-entropy of "
            "this batch moves them"
        )
    if not close(loss, expected["loss"]):
        said = compare(expected=expected["loss"], yours=loss)
        raise Misconception(
            "the step is right, but the number returned is not the loss "
            f"before the step. {said}"
        )


class _Stepper:
    """Hands out an optimizer that already holds a stale gradient."""

    def __init__(self):
        self.weights = []

    def of(self, model):
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        return _Recording(model.parameters(), self.weights)


class _Recording(torch.optim.SGD):
    """Plain gradient descent that notes the weights after each step."""

    def __init__(self, parameters, weights):
        super().__init__(parameters, lr=0.1)
        self.noted = weights

    def __deepcopy__(self, memo):
        # The learner's copy of the model must be the one that is stepped.
        clone = _Recording(
            [copy.deepcopy(p, memo) for p in self.param_groups[0]["params"]],
            self.noted,
        )
        for mine, theirs in zip(
            self.param_groups[0]["params"],
            clone.param_groups[0]["params"],
            strict=True,
        ):
            theirs.grad = None if mine.grad is None else mine.grad.clone()
        memo[id(self)] = clone
        return clone

    def step(self, closure=None):
        super().step(closure)
        self.noted.append(
            torch.cat(
                [p.detach().flatten() for p in self.param_groups[0]["params"]]
            )
        )


def _flat(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def _reference(model, X, y):
    """The right step, and where each known mistake would have led."""

    def stepped(loss_of, stale=0.0):
        twin = copy.deepcopy(model)
        loss = loss_of(twin(X))
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        moved = [
            p.detach() - 0.1 * (g + stale)
            for p, g in zip(twin.parameters(), gradients, strict=True)
        ]
        return loss.item(), torch.cat([m.flatten() for m in moved])

    loss, weights = stepped(lambda logits: F.cross_entropy(logits, y))
    _, stale = stepped(lambda logits: F.cross_entropy(logits, y), stale=1.0)
    _, twice = stepped(
        lambda logits: F.cross_entropy(logits.softmax(dim=1), y)
    )
    _, summed = stepped(
        lambda logits: F.cross_entropy(logits, y, reduction="sum")
    )
    zeroed = _flat(model) - 0.1
    return {"loss": loss, "weights": weights}, {
        "the gradient of an earlier batch was still there and was added: "
        "call optimizer.zero_grad() before backward": stale,
        "softmax is applied twice: F.cross_entropy takes the logits as they "
        "are": twice,
        "the losses of the images are added: take their mean, as "
        "F.cross_entropy does by itself": summed,
        "the step followed the gradient of an earlier batch: call backward "
        "before step": zeroed,
    }


@check(right="the highest logit is the answer, and the mean is the share")
def accuracy(answer, random):
    mistakes = {}
    while len(mistakes) < 8:  # until no two mistakes give the same number
        logits, y, right = _answers(random)
        n, num_right = len(y), len(right)
        expected = num_right / n
        mistakes = {
            float(num_right): "that is how many are right: divide by their "
            "number",
            100 * expected: "that is a percentage: give a number from 0 to 1",
            round(1 - expected, 6): "that is the share of wrong answers",
            num_right / 4: "divide by the number of images, not of classes",
            _share(logits.argmin(dim=1), y): "that looks for the lowest "
            "logit: the highest is the answer",
            _share(logits.abs().argmax(dim=1), y): "-5 is below 1: take the "
            "highest logit, not the largest in size",
            round(expected, 1): "do not round",
            round(expected, 2): "do not round",
        }
    got = answer(logits, y)
    if isinstance(got, torch.Tensor) and got.numel() == n:
        raise Misconception(
            "that says for each image whether it is right: take the mean"
        )
    got = numbers(got, ()).item()
    if close(got, expected, 1e-6):
        one = right[:1]
        if close(numbers(answer(logits[one], y[one]), ()).item(), 1.0, 1e-6):
            return
        raise Misconception("with a single image that is right, it must be 1")
    text = next((t for v, t in mistakes.items() if close(got, v, 1e-4)), None)
    text = text or "compare the position of each row's highest logit with y"
    shown = compare(images=n, right=num_right, expected=expected, yours=got)
    raise Misconception(f"{text}. {shown}")


def _answers(random):
    """Logits of 60 images, labels, and which of the images are right."""
    generator = torch.Generator().manual_seed(random.randrange(10**6))
    logits = torch.randn(60, 4, generator=generator)
    logits[::2] -= 5  # in half of the rows all are negative
    y = logits.argmax(dim=1)
    order = torch.randperm(60, generator=generator)
    num_right = random.choice((37, 41, 43))  # a share that rounding changes
    wrong = order[num_right:]
    y[wrong] = (y[wrong] + 1) % 4
    return logits, y, order[:num_right]


def _share(answers, y):
    return round((answers == y).double().mean().item(), 6)
