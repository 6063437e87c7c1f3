"""What a network of at most 100,000 weights reaches in one epoch."""

import torch
from torch import nn

from helpers.data import load_embedded
from helpers.training import evaluate, make_loader, train_one_epoch

SEEDS = (0, 1, 2)
LIMIT = 100_000


def block(in_channels, out_channels, *between):
    """A convolution of 3 x 3, what comes between, ReLU and pooling."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
    return [conv, *between, nn.ReLU(), nn.MaxPool2d(2)]


ARCHITECTURES = {
    "linear": lambda: [nn.Flatten(), nn.Linear(2352, 10)],
    "42 hidden neurons": lambda: [
        nn.Flatten(),
        nn.Linear(2352, 42),
        nn.ReLU(),
        nn.Linear(42, 10),
    ],
    "BigModel with 16, 32 and 50": lambda: [
        *block(3, 16),
        *block(16, 32),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 50),
        nn.ReLU(),
        nn.Linear(50, 10),
    ],
    "BigModel without fc1": lambda: [
        *block(3, 64),
        *block(64, 128),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 10),
    ],
    "three convolutions: 32, 64, 64": lambda: [
        *block(3, 32),
        *block(32, 64),
        *block(64, 64),
        nn.Flatten(),
        nn.Linear(64 * 3 * 3, 10),
    ],
    "the same with batch normalisation": lambda: [
        *block(3, 32, nn.BatchNorm2d(32)),
        *block(32, 64, nn.BatchNorm2d(64)),
        *block(64, 64, nn.BatchNorm2d(64)),
        nn.Flatten(),
        nn.Linear(64 * 3 * 3, 10),
    ],
}


def multiplications(net):
    """Of one image, in the convolutions and linear layers of a network."""
    count = []

    def add(layer, inputs, output):
        count.append(layer.weight.numel() * output[0, 0].numel())

    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    was_training = net.training
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, 3, 28, 28))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return sum(count)


def run(name, seed):
    """Train a network for one epoch; a row with its size and its score."""
    train, validation, _ = load_embedded()
    torch.manual_seed(seed)
    net = nn.Sequential(*ARCHITECTURES[name]())
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    train_one_epoch(net, make_loader(train, seed=seed), optimizer)
    row = {
        "name": name,
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiplications": multiplications(net),
        "seed": seed,
        "validation_accuracy": evaluate(net, make_loader(validation, 500))[1],
    }
    print(" ", row, flush=True)
    return row


def architectures():
    """Six networks of at most 100,000 weights, one epoch of 18,000 images
    each: Adam, learning rate 0.001, batches of 64. Measured on the
    validation split, because the reader goes on choosing by it."""
    return [run(name, seed) for name in ARCHITECTURES for seed in SEEDS]


EXPERIMENTS = {"architectures": architectures}
