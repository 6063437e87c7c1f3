"""What learners really write in the exercises on BigModel in PyTorch."""

from torch import nn
from torch.nn import functional as F


def no_zero_grad(model, X, y, optimizer):
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def in_evaluation_mode(model, X, y, optimizer):
    model.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def no_backward(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    optimizer.step()
    return loss.item()


def no_step(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    return loss.item()


def step_first(model, X, y, optimizer):
    loss = F.cross_entropy(model(X), y)
    optimizer.step()
    loss.backward()
    return loss.item()


def softmax_twice(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X).softmax(dim=1), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def summed(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


def keeps_the_graph(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss


def in_brackets(model, X, y, optimizer):
    return [keeps_the_graph(model, X, y, optimizer).item()]


def loss_after(model, X, y, optimizer):
    optimizer.zero_grad()
    F.cross_entropy(model(X), y).backward()
    optimizer.step()
    return F.cross_entropy(model(X), y).item()


def wrong_names(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), y)  # noqa: F821
    return loss.item()


def steps_twice(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


def both(size, cost):
    """A conv_cost of two functions."""
    return lambda *sizes: (size(*sizes), cost(*sizes))


def size(i, o, k, h, w):
    return o * (i * k**2 + 1)


def cost(i, o, k, h, w):
    return o * i * k**2 * h * w


def one_layer():
    return nn.Sequential(nn.Flatten(), nn.Linear(2352, 10))


def two_blocks(*last):
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        *last,
    )


def head():
    return nn.Flatten(), nn.Linear(1568, 50), nn.ReLU(), nn.Linear(50, 10)


class Mixed(nn.Module):
    """The logits of an image depend on the others."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2352, 10)

    def forward(self, X):
        X = X.flatten(start_dim=1)
        return self.layer(X - X.mean(dim=0))


class Squeezed(nn.Module):
    """One image alone loses its dimension."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 10, 28)

    def forward(self, X):
        return self.layer(X).squeeze()


KEY = {
    "A": "model too small",
    "B": "over-fit",
    "C": "learning rate too high",
    "D": "zero_grad forgotten",
    "E": "healthy",
    "F": "labels shuffled",
    "G": "learning rate too low",
    "H": "validation scaled otherwise",
}


WRONG = {
    "conv_cost": {
        "biases are missing": both(lambda i, o, k, h, w: o * i * k**2, cost),
        "not one for all": both(lambda i, o, k, h, w: o * i * k**2 + 1, cost),
        "the window reaches through all input channels, not": both(
            lambda i, o, k, h, w: o * (k**2 + 1), cost
        ),
        "parameters of one neuron": both(
            lambda i, o, k, h, w: i * k**2 + 1, cost
        ),
        "high and wide: square it": both(
            lambda i, o, k, h, w: o * (i * k + 1), cost
        ),
        "not to input channels": both(
            lambda i, o, k, h, w: o * i * k**2 + i, cost
        ),
        "the same weights serve every position": both(
            lambda i, o, k, h, w: o * (i * k**2 + 1) * h * w, cost
        ),
        "changed places": both(cost, size),
        "count the parameters again": both(
            lambda *sizes: size(*sizes) + 7, cost
        ),
        "return two things": size,
        "as one number": both(
            lambda *sizes: [size(*sizes)], lambda *sizes: [cost(*sizes)]
        ),
        "added, not multiplied": both(
            size, lambda i, o, k, h, w: o * (i * k**2 + 1) * h * w
        ),
        "that is one position": both(size, lambda i, o, k, h, w: o * i * k**2),
        "for one output channel": both(
            size, lambda i, o, k, h, w: i * k**2 * h * w
        ),
        "the window reaches through all input channels;": both(
            size, lambda i, o, k, h, w: o * k**2 * h * w
        ),
        "padding keeps the size": both(
            size,
            lambda i, o, k, h, w: o * i * k**2 * (h - k + 1) * (w - k + 1),
        ),
        "without the additions": both(size, lambda *sizes: 2 * cost(*sizes)),
        "height and width may differ": both(
            size, lambda i, o, k, h, w: o * i * k**2 * h * h
        ),
        "parameters are right; count": both(
            size, lambda *sizes: cost(*sizes) + 7
        ),
    },
    "training_step": {
        "this is no Python number, but a tensor: return": (
            "def training_step(model, X, y, optimizer):\n"
            "    optimizer.zero_grad()\n"
            "    loss = F.cross_entropy(model(X), y)\n"
            "    loss.backward()\n"
            "    optimizer.step()\n"
            "    return loss.detach()"
        ),
        "call optimizer.zero_grad() before": no_zero_grad,
        "step() found no gradient": no_backward,
        "leave model.eval() out": in_evaluation_mode,
        "called 2 times": steps_twice,
        "optimizer.step() is missing": no_step,
        "the gradient of an earlier batch: call backward": step_first,
        "softmax is applied twice": softmax_twice,
        "are added: take their mean": summed,
        "with the record": keeps_the_graph,
        "the loss as one number": in_brackets,
        "not the loss before the step": loss_after,
        "stopped at its line": wrong_names,
    },
    "accuracy": {
        "logits [[1, 1.0002": (
            "def accuracy(logits, y):\n"
            "    own = logits[torch.arange(len(y)), y]\n"
            "    return (own >= logits.amax(dim=1) - 0.05).double().mean()"
        ),
        "logits [[1000, 1001": (
            "def accuracy(logits, y):\n"
            "    return (logits.exp().argmax(dim=1) == y).double().mean()"
        ),
        "(144 numbers": (
            "def accuracy(logits, y):\n"
            "    return (logits[:, :10].argmax(dim=1) == y).double().mean()"
        ),
        "(450 numbers": (
            "def accuracy(logits, y):\n"
            "    right = logits.argmax(dim=1) == y\n"
            "    return right[:100].double().mean()"
        ),
        "how many are right": lambda s, y: (s.argmax(1) == y).sum(),
        "take the mean": lambda s, y: s.argmax(1) == y,
        "percentage": lambda s, y: 100 * (s.argmax(1) == y).double().mean(),
        "share of wrong": lambda s, y: (s.argmax(1) != y).double().mean(),
        "not of classes": lambda s, y: (s.argmax(1) == y).sum() / s.shape[1],
        "classes lie along dim=1": lambda s, y: (
            (s.argmax(0) == y).double().mean()
        ),
        "not the largest in size": lambda s, y: (
            (s.abs().argmax(1) == y).double().mean()
        ),
        "return one number": lambda s, y: [(s.argmax(1) == y).double().mean()],
        "argmax gives its position": lambda s, y: (
            (s.amax(1) == y).double().mean()
        ),
        "looks for the lowest": lambda s, y: (
            (s.argmin(1) == y).double().mean()
        ),
        "do not round": lambda s, y: round(
            (s.argmax(1) == y).double().mean().item(), 1
        ),
    },
    "read_curves": {
        "return a dictionary": lambda: list(KEY.values()),
        "no name yet for": lambda: {"A": "model too small"},
        "none of the printed names": lambda: {**KEY, "B": "overfitting"},
        "A is not 'healthy'": lambda: {
            **KEY,
            "A": "healthy",
            "E": "model too small",
        },
        "B is not": lambda: {**KEY, "B": "healthy", "E": "over-fit"},
        "C is not": lambda: {
            **KEY,
            "C": "zero_grad forgotten",
            "D": "learning rate too high",
        },
    },
    "slim": {
        "you return the network alone": one_layer,
        "no fully connected layer looks": (
            "def slim():\n"
            "    class Constant(nn.Module):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            "            self.bias = nn.Parameter(torch.zeros(10))\n"
            "\n"
            "        def forward(self, X):\n"
            "            return self.bias.expand(len(X), 10)\n"
            "\n"
            "    return Constant(), 10, 0"
        ),
        "return three things": lambda: (one_layer(), 23_530),
        "must be the network itself": lambda: (nn.Linear, 1, 1),
        "the limit is 100,000": lambda: (
            nn.Sequential(nn.Flatten(), nn.Linear(2352, 50)),
            117_650,
            117_600,
        ),
        "the network stops on four images": lambda: (
            two_blocks(nn.Flatten(), nn.Linear(32 * 14 * 14, 10)),
            67_818,
            1_304_576,
        ),
        "must give ten logits each": lambda: (
            nn.Sequential(nn.Flatten(), nn.Linear(2352, 11)),
            25_883,
            25_872,
        ),
        "keep the images apart": lambda: (Mixed(), 23_530, 23_520),
        "ends with softmax": lambda: (
            nn.Sequential(one_layer(), nn.Softmax(dim=1)),
            23_530,
            23_520,
        ),
        "ends with ReLU": lambda: (
            nn.Sequential(one_layer(), nn.ReLU()),
            23_530,
            23_520,
        ),
        "ends with a sigmoid": lambda: (
            nn.Sequential(one_layer(), nn.Sigmoid()),
            23_530,
            23_520,
        ),
        "a lazy layer": lambda: (
            nn.Sequential(nn.Flatten(), nn.LazyLinear(10)),
            23_530,
            23_520,
        ),
        "instead of squeezing": lambda: (Squeezed(), 23_530, 23_520),
        "without brackets": lambda: (one_layer(), [23_530], [23_520]),
        "changed places": lambda: (two_blocks(*head()), 1_320_756, 84_048),
        "of the normalisation are missing": lambda: (
            nn.Sequential(nn.BatchNorm2d(3), one_layer()),
            23_530,
            23_520,
        ),
        "biases are missing": lambda: (one_layer(), 23_520, 23_520),
        "work at every position": lambda: (
            two_blocks(*head()),
            84_048,
            83_940,
        ),
        "that is the number of parameters": lambda: (
            two_blocks(*head()),
            84_048,
            84_048,
        ),
        "without the additions": lambda: (one_layer(), 23_530, 47_040),
        "go through the layers one by one": lambda: (
            two_blocks(*head()),
            84_048,
            1_320_757,
        ),
    },
}
