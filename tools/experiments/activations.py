"""What an activation function does to training, in two layers and in ten."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import load_embedded

SEEDS = (0, 1, 2)
DEPTHS = (2, 10)
WIDTH = 100
NUM_IMAGES, NUM_EPOCHS, BATCH_SIZE = 6_000, 5, 64
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03)  # of Adam; tuned on validation
TUNING_SEED = 100

# The function, and the gain of its first weights: those that `Neurons and
# activations` measures its ten layers with.
FUNCTIONS = {
    "step": (lambda z: (z > 0).float(), 1.0),
    "sigmoid": (torch.sigmoid, nn.init.calculate_gain("sigmoid")),
    "tanh": (torch.tanh, nn.init.calculate_gain("tanh")),
    "ReLU": (F.relu, nn.init.calculate_gain("relu")),
    "leaky ReLU": (
        lambda z: F.leaky_relu(z, 0.1),
        nn.init.calculate_gain("leaky_relu", 0.1),
    ),
    "GELU": (F.gelu, nn.init.calculate_gain("relu")),
}


class Stack(nn.Module):
    """`depth` layers of 100 neurons on grey pixels, and one of ten."""

    def __init__(self, activation, depth):
        super().__init__()
        self.function, gain = FUNCTIONS[activation]
        sizes = [784] + depth * [WIDTH]
        self.hidden = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.last = nn.Linear(WIDTH, 10)
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=gain / layer.in_features**0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, X):  # (batch, 784)
        for layer in self.hidden:
            X = self.function(layer(X))
        return self.last(X)  # (batch, 10)

    @torch.no_grad()
    def dead(self, X):
        """The share of hidden neurons with the same output for every image.

        The same to four digits: such a neuron says nothing about an image.
        """
        silent = []
        for layer in self.hidden:
            X = self.function(layer(X))
            silent.append(X.max(dim=0).values - X.min(dim=0).values < 1e-4)
        return torch.cat(silent).double().mean().item()


def pixels(images, like):
    """Grey pixels, standardised by those of the training images."""
    mean, std = like.images.float().mean(dim=0), like.images.float().std()
    return ((images.images - mean) / std).flatten(start_dim=1)


def accuracy(net, X, y):
    with torch.no_grad():
        right = (net(X).argmax(dim=1) == y).sum().item()
    return right / len(y)


def run(activation, depth, lr, seed, tuning=False):
    """Train once; a row with what the network reached.

    The network is initialised from `seed` and sees the images in an order
    drawn from it. The test split is not read by a run that only tunes.
    """
    train, validation, test = load_embedded()
    train = train[:NUM_IMAGES]
    X, y = pixels(train, train), train.labels
    torch.manual_seed(seed)
    net = Stack(activation, depth)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(NUM_EPOCHS):
        for batch in torch.randperm(len(X)).split(BATCH_SIZE):
            optimizer.zero_grad()
            F.cross_entropy(net(X[batch]), y[batch]).backward()
            optimizer.step()
    X_validation = pixels(validation, train)
    row = {
        "activation": activation,
        "depth": depth,
        "lr": lr,
        "seed": seed,
        "validation_accuracy": accuracy(net, X_validation, validation.labels),
        "dead": net.dead(X_validation),
    }
    if tuning:
        row["tuning"] = True
    else:
        row["test_accuracy"] = accuracy(net, pixels(test, train), test.labels)
    print(" ", row, flush=True)
    return row


def activations():
    """Six activation functions in stacks of two and of ten layers.

    5 epochs of 6,000 images with Adam, each function and depth at its own
    learning rate: the best of six on the validation split, for a seed
    that the comparison does not use. Dead are the hidden neurons whose
    output is the same for all 2,000 validation images.
    """
    rows = []
    for depth in DEPTHS:
        for activation in FUNCTIONS:
            tuned = [
                run(activation, depth, lr, TUNING_SEED, tuning=True)
                for lr in RATES
            ]
            best = max(tuned, key=lambda row: row["validation_accuracy"])
            rows += tuned
            rows += [run(activation, depth, best["lr"], s) for s in SEEDS]
    return rows


EXPERIMENTS = {"activations": activations}
