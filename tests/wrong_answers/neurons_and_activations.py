"""What learners really write in the exercises on neurons and activations."""

import torch


def _merged(combine_weights, combine_biases):
    """`collapse` with its two lines as given."""

    def collapse(layers):
        weight, bias = layers[0]
        for w, b in layers[1:]:
            bias = combine_biases(w, bias, b)
            weight = combine_weights(w, weight)
        return weight, bias

    return collapse


def _product(w, weight):
    return w @ weight


def _through(w, bias, b):
    return w @ bias + b


def _forward(hidden, last=lambda X, w, b: X @ w.T + b):
    """`network` with its two kinds of layers as given."""

    def network(X, layers):
        for w, b in layers[:-1]:
            X = hidden(X, w, b)
        return last(X, *layers[-1])

    return network


WRONG = {
    "neuron": {
        "x [1, 1, 1, 1, 1, 1, 1, 1, ...]": (
            "def neuron(x, weight, bias):\n"
            "    z = (x[:10] * weight[:10]).sum() + bias\n"
            "    return int(z > 0)"
        ),
        "the last step is missing": lambda x, w, b: w @ x + b,
        "the bias plays no part": lambda x, w, b: w @ x > 0,
        "the bias is subtracted": lambda x, w, b: w @ x > b,
        "yes and no are swapped": lambda x, w, b: w @ x + b <= 0,
        "exactly 0 must give 0": lambda x, w, b: w @ x + b >= 0,
        "once for every input": lambda x, w, b: (w * x + b).sum() > 0,
        "this is a sigmoid": lambda x, w, b: torch.sigmoid(w @ x + b),
        "only the first two inputs count": lambda x, w, b: (
            x[0] * w[0] + x[1] * w[1] + b > 0
        ),
        "this needs exactly two inputs": """
def neuron(x, weight, bias):
    left, right = x
    return weight[0] * left + weight[1] * right + bias > 0
""",
        "stopped at its line": """
def neuron(x, weight, bias):
    total = bias
    for i in range(len(x) + 1):
        total += x[i] * weight[i]
    return total > 0
""",
    },
    "linear": {
        "not numbers of shape (2, 5)": (
            "def linear(X, weight, bias):\n"
            "    return X @ weight[:5].T + bias[:5]"
        ),
        "the bias is missing": lambda X, W, b: X @ W.T,
        "not list": lambda X, W, b: [W @ x + b for x in X],
        "not ndarray": lambda X, W, b: X.numpy() @ W.numpy().T + b.numpy(),
        "and torch.float32": lambda X, W, b: X.float() @ W.T + b,
        "takes the columns of weight": lambda X, W, b: X @ W + b,
        "images in columns": lambda X, W, b: W @ X.T + b[:, None],
        "X comes first": lambda X, W, b: W @ X.T + b,
        "a bias of its own": lambda X, W, b: X @ W.T + b[:, None],
        "all got the first one": lambda X, W, b: X @ W.T + b[0],
        "all got the sum of them": lambda X, W, b: X @ W.T + b.sum(),
        "this is a step": lambda X, W, b: X @ W.T + b > 0,
        "this is a ReLU": lambda X, W, b: torch.relu(X @ W.T + b),
        "for dot products write `@`": lambda X, W, b: X * W + b,
        "a product of matrices is `@`": lambda X, W, b: X * W.T + b,
        "`reshape` keeps the order": lambda X, W, b: (
            X @ W.reshape(W.shape[1], W.shape[0]) + b
        ),
        "only the first image": lambda X, W, b: W @ X[0] + b,
        "the images were added up": lambda X, W, b: (X @ W.T + b).sum(0),
        "write it yourself": lambda X, W, b: torch.nn.functional.linear(
            X, W, b
        ),
    },
    "softmax": {
        ", at 0, expected": (
            "def softmax(s):\n"
            "    e = (s - s.max()).exp()\n"
            "    e[10:] = 0\n"
            "    return e / e.sum()"
        ),
        "must add up to 1: divide by their sum": lambda s: s.exp(),
        "return a tensor, which the next cells need, not list": lambda s: (
            (s - s.max()).exp() / (s - s.max()).exp().sum()
        ).tolist(),
        "not numbers of shape (1, 1)": lambda s: (
            (s - s.max()).exp() / (s - s.max()).exp().sum()
        )[:, None],
        "take exponentials first": lambda s: s / s.sum(),
        "a sigmoid of its own": torch.sigmoid,
        "the winner is always 1": lambda s: s.exp() / s.exp().max(),
        "do not divide": lambda s: (
            (s / s.max()).exp() / (s / s.max()).exp().sum()
        ),
        "only the winner gets something": lambda s: (s == s.max()).double(),
        "above and below the line": lambda s: (
            (s - s.max()).exp() / s.exp().sum()
        ),
        "every exponential became 0": lambda s: (
            (s - 1000).exp() / (s - 1000).exp().sum()
        ),
        "when a later score is the large one": lambda s: (
            (s - s[0]).exp() / (s - s[0]).exp().sum()
        ),
        "which changes the shares": lambda s: (
            (s / s.abs().max()).exp() / (s / s.abs().max()).exp().sum()
        ),
        "large ones overflow": lambda s: s.exp() / s.exp().sum(),
        "write it yourself": lambda s: torch.softmax(s, dim=0),
        "must return 2 numbers": lambda s: s.exp().max() / s.exp().sum(),
    },
    "collapse": {
        "the two results are swapped": lambda layers: _merged(
            _product, _through
        )(layers)[::-1],
        "in the wrong order": _merged(lambda w, r: r @ w, _through),
        "a bias goes through": _merged(_product, lambda w, r, b: r + b),
        "were lost": _merged(_product, lambda w, r, b: b),
        "this is the bias of the first layer": _merged(
            _product, lambda w, r, b: r
        ),
        "not ndarray": lambda layers: tuple(
            part.numpy() for part in _merged(_product, _through)(layers)
        ),
        "the second result must be one number of shape (1,)": lambda layers: (
            _merged(_product, _through)(layers)[0],
            _merged(_product, _through)(layers)[1][:, None],
        ),
        "the next bias was lost": _merged(_product, lambda w, r, b: w @ r),
        "leaves it alone": _merged(_product, lambda w, r, b: w @ (r + b)),
        "transposed": lambda layers: (
            _merged(_product, _through)(layers)[0].T,
            _merged(_product, _through)(layers)[1],
        ),
        "number by number": _merged(lambda w, r: w * r, _through),
        "they do not add": _merged(lambda w, r: w + r, lambda w, r, b: r + b),
        "only the first two layers": lambda layers: _merged(
            _product, _through
        )(layers[:2]),
        "the first layer counts twice": """
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers:
        weight, bias = w @ weight, w @ bias + b
    return weight, bias
""",
        "this needs exactly two layers": """
def collapse(layers):
    (first, b1), (second, b2) = layers
    return second @ first, second @ b1 + b2
""",
        "not with the product so far": """
def collapse(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight = w @ weight
        bias = weight @ bias + b
    return weight, bias
""",
        "return two things": lambda layers: layers[0][0],
    },
    "network": {
        "one layer in disguise": _forward(lambda X, w, b: X @ w.T + b),
        "the last layer got a ReLU as well": _forward(
            lambda X, w, b: (X @ w.T + b).relu(),
            lambda X, w, b: (X @ w.T + b).relu(),
        ),
        "the ReLU stands before each layer": _forward(
            lambda X, w, b: X.relu() @ w.T + b,
            lambda X, w, b: X.relu() @ w.T + b,
        ),
        "added after the ReLU": _forward(lambda X, w, b: (X @ w.T).relu() + b),
        "the biases are missing": _forward(
            lambda X, w, b: (X @ w.T).relu(), lambda X, w, b: X @ w.T
        ),
        "the columns of weight": _forward(
            lambda X, w, b: (X @ w + b).relu(), lambda X, w, b: X @ w + b
        ),
        "this bend is a step": _forward(
            lambda X, w, b: (X @ w.T + b > 0).double()
        ),
        "without the sign": _forward(lambda X, w, b: (X @ w.T + b).abs()),
        "this bend is a sigmoid": _forward(
            lambda X, w, b: (X @ w.T + b).sigmoid()
        ),
        "drops what is above": _forward(
            lambda X, w, b: (X @ w.T + b).clamp(max=0)
        ),
        "not list": lambda X, layers: _forward(
            lambda X, w, b: (X @ w.T + b).relu()
        )(X, layers).tolist(),
        "and torch.float32": lambda X, layers: _forward(
            lambda X, w, b: (X @ w.T + b).relu()
        )(X.float(), layers),
        "only the first layer works": lambda X, layers: (
            X @ layers[0][0].T + layers[0][1]
        ),
        "only the first two layers work": lambda X, layers: _forward(
            lambda X, w, b: (X @ w.T + b).relu()
        )(X, layers[:2]),
        "this needs exactly two layers": """
def network(X, layers):
    (first, b1), (second, b2) = layers
    return (X @ first.T + b1).relu() @ second.T + b2
""",
        "the last layer is missing": """
def network(X, layers):
    for weight, bias in layers[:-1]:
        X = (X @ weight.T + bias).clamp(min=0)
    return X
""",
        "stopped at its line": """
def network(X, layers):
    for weight, bias in layers:
        scores = X @ weight.T + bias
        X = scores.clamp(min=0)
    return Z
""",
    },
    "tent": {
        "left 2, peak 2.031": (
            "def tent(left, peak, right):\n"
            "    up, down = 1 / max(peak - left, 0.1), 1 / max(right - "
            "peak, 0.1)\n"
            "    return [left, peak, right], [up, -up - down, down]"
        ),
        "the two lists are swapped": lambda a, b, c: (
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), 1 / (c - b)],
            [a, b, c],
        ),
        "the minus sign stands already": lambda a, b, c: (
            [-a, -b, -c],
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), 1 / (c - b)],
        ),
        "these are the heights": lambda a, b, c: ([a, b, c], [0, 1, 0]),
        "the new slope": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -1 / (c - b), 0],
        ),
        "goes flat at the peak": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -1 / (b - a), 0],
        ),
        "the peak has another height": lambda a, b, c: ([a, b, c], [1, -2, 1]),
        "both sides are equally wide": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -2 / (b - a), 1 / (b - a)],
        ),
        "the sign of the last weight": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), -1 / (c - b)],
        ),
        "the sign of the second weight": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), 1 / (b - a) + 1 / (c - b), 1 / (c - b)],
        ),
        "the slope on the way down is below 0": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), 1 / (c - b) - 1 / (b - a), -1 / (c - b)],
        ),
        "up and down are swapped": lambda a, b, c: (
            [a, b, c],
            [-1 / (b - a), 1 / (b - a) + 1 / (c - b), -1 / (c - b)],
        ),
        "add up to 0": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), 0],
        ),
        "put them there": lambda a, b, c: ([0, 1, 2], [1, -2, 1]),
        "the three bends must be 3 numbers": lambda a, b, c: ([b], [1]),
    },
}
