"""What learners really write in the exercises on neurons and activations."""

import torch


def _z(weight, bias, X):
    return X @ weight.T + bias


WRONG = {
    "neuron": {
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
    "bias_through": {
        "the sign is the other way round": lambda w, p: w @ p,
        "the weights play no part": lambda w, p: -p.sum(),
        "this is a distance": lambda w, p: -(w @ p) / w.norm(),
        "meets the second axis": lambda w, p: (
            -(w[0] * p[0] + w[1] * p[1]) / w[1]
        ),
        "only the first two coordinates": lambda w, p: (
            -w[0] * p[0] - w[1] * p[1]
        ),
        "must return one number": lambda w, p: -w * p,
        "plus bias must be 0": lambda w, p: 1 - w @ p,
    },
    "linear": {
        "the bias is missing": lambda X, W, b: X @ W.T,
        "takes the columns of weight": lambda X, W, b: X @ W + b,
        "images in columns": lambda X, W, b: W @ X.T + b[:, None],
        "X comes first": lambda X, W, b: W @ X.T + b,
        "a bias of its own": lambda X, W, b: X @ W.T + b[:, None],
        "all got the first one": lambda X, W, b: X @ W.T + b[0],
        "all got the sum of them": lambda X, W, b: X @ W.T + b.sum(),
        "this is a step": lambda X, W, b: X @ W.T + b > 0,
        "this is a ReLU": lambda X, W, b: torch.relu(X @ W.T + b),
        "only the first image": lambda X, W, b: W @ X[0] + b,
        "the images were added up": lambda X, W, b: (X @ W.T + b).sum(0),
        "write it yourself": lambda X, W, b: torch.nn.functional.linear(
            X, W, b
        ),
    },
    "softmax": {
        "divide by their sum": lambda s: s.exp(),
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
        "large ones overflow": lambda s: s.exp() / s.exp().sum(),
        "write it yourself": lambda s: torch.softmax(s, dim=0),
        "must return 2 numbers": lambda s: s.exp().max() / s.exp().sum(),
    },
    "dead": {
        "at least one image": lambda w, b, X: (_z(w, b, X) <= 0).any(0),
        "dead and alive are swapped": lambda w, b, X: (_z(w, b, X) > 0).any(0),
        "the bias plays no part": lambda w, b, X: (X @ w.T <= 0).all(0),
        "a score of exactly 0": lambda w, b, X: (_z(w, b, X) < 0).all(0),
        "silent for most images": lambda w, b, X: (
            (_z(w, b, X) <= 0).double().mean(0) > 0.9
        ),
        "the first image only": lambda w, b, X: (_z(w, b, X) <= 0)[0],
        "takes the columns of weight": lambda w, b, X: (X @ w + b <= 0).all(0),
        "silent on average": lambda w, b, X: _z(w, b, X).mean(0) <= 0,
        "negative weights alone": lambda w, b, X: (w < 0).all(1),
        "one answer for each image": lambda w, b, X: (_z(w, b, X) <= 0).all(1),
        "this is one number": lambda w, b, X: (_z(w, b, X) <= 0).all(0).sum(),
    },
    "collapse": {
        "the two results are swapped": lambda w1, b1, w2, b2: (
            w2 @ b1 + b2,
            w2 @ w1,
        ),
        "in the wrong order": lambda w1, b1, w2, b2: (w1 @ w2, w2 @ b1 + b2),
        "multiply it by weight2": lambda w1, b1, w2, b2: (w2 @ w1, b1 + b2),
        "bias1 was lost": lambda w1, b1, w2, b2: (w2 @ w1, b2),
        "bias2 was lost": lambda w1, b1, w2, b2: (w2 @ w1, w2 @ b1),
        "transposed": lambda w1, b1, w2, b2: (w1.T @ w2.T, w2 @ b1 + b2),
        "number by number": lambda w1, b1, w2, b2: (w2 * w1, w2 @ b1 + b2),
        "they do not add": lambda w1, b1, w2, b2: (w1 + w2, b1 + b2),
        "return two things": lambda w1, b1, w2, b2: w2 @ w1,
    },
    "tent": {
        "the two lists are swapped": lambda a, b, c: (
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), 1 / (c - b)],
            [a, b, c],
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
        "add up to 0": lambda a, b, c: (
            [a, b, c],
            [1 / (b - a), -1 / (b - a) - 1 / (c - b), 0],
        ),
        "put them there": lambda a, b, c: ([0, 1, 2], [1, -2, 1]),
        "the three bends must be 3 numbers": lambda a, b, c: ([b], [1]),
    },
    "importance": {
        "the inputs play no part": lambda w, X: w.abs(),
        "the weights play no part": lambda w, X: X.std(0),
        "importance has no sign": lambda w, X: w * X.std(0),
        "uses the mean of the input": lambda w, X: w.abs() * X.mean(0),
        "not the variance": lambda w, X: w.abs() * X.var(0),
        "one spread for all": lambda w, X: w.abs() * X.std(),
        "dim=1 runs over the inputs": lambda w, X: w.abs() * X.std(1),
        "one number for each image": lambda w, X: (w * X).std(1),
    },
}
