"""What learners really write in the exercises on interpretability."""

import torch


def _rises(predict, X, y, order, fresh=True, reduce=torch.mean):
    before = reduce((predict(X) - y).square())
    shuffled, rises = X.clone(), []
    for j in range(X.shape[1]):
        if fresh:
            shuffled = X.clone()
        shuffled[:, j] = X[order, j]
        rises.append(reduce((predict(shuffled) - y).square()) - before)
    return torch.stack(rises)


def no_before(predict, X, y, order):
    error = (predict(X) - y).square().mean()
    return _rises(predict, X, y, order) + error


def turned(predict, X, y, order):
    return -_rises(predict, X, y, order)


def piled(predict, X, y, order):
    return _rises(predict, X, y, order, fresh=False)


def summed(predict, X, y, order):
    return _rises(predict, X, y, order, reduce=torch.sum)


def whole_rows(predict, X, y, order):
    rise = (predict(X[order]) - y).square().mean()
    return (rise - (predict(X) - y).square().mean()).expand(X.shape[1])


def _total(attributions):
    return attributions.sum(dim=(1, 2, 3))


def one_sum(score, X, baseline, attributions):
    return (attributions.sum() - (score(X) - score(baseline)).sum()).sum()


WRONG = {
    "importance": {
        "the inputs play no part": lambda w, X: w.abs(),
        "the weights play no part": lambda w, X: X.std(0),
        "importance has no sign": lambda w, X: w * X.std(0),
        "uses the mean of the input": lambda w, X: w.abs() * X.mean(0),
        "not the variance": lambda w, X: w.abs() * X.var(0),
        "one spread for all": lambda w, X: w.abs() * X.std(),
        "dim=1 runs over the inputs": lambda w, X: w.abs() * X.std(1),
        "one number for each image": lambda w, X: (w * X).std(1),
        "return a tensor": lambda w, X: [
            float(w[j].abs() * X[:, j].std()) for j in range(len(w))
        ],
        "not numbers of shape (1, 2)": lambda w, X: (
            w.abs() * X.std(dim=0, keepdim=True)
        ),
    },
    "permutation_importance": {
        "subtract the error before": no_before,
        "error after, minus error before": turned,
        "start every column from a fresh copy": piled,
        "take their mean": summed,
        "shuffle one at a time": whole_rows,
        "not with each other": lambda predict, X, y, order: no_before(
            predict, X, predict(X), order
        ),
    },
    "completeness_gap": {
        "keep the sign": lambda s, X, b, a: (_total(a) - (s(X) - s(b))).abs(),
        "the attributions of all images are in one sum": lambda s, X, b, a: (
            a.sum() - (s(X) - s(b))
        ),
        "that is the mean of an image's": lambda s, X, b, a: (
            a.mean(dim=(1, 2, 3)) - (s(X) - s(b))
        ),
        "the score of the baseline is missing": lambda s, X, b, a: (
            _total(a) - s(X)
        ),
        "subtract what it should be": lambda s, X, b, a: _total(a),
        "the sum, minus the goal": lambda s, X, b, a: s(X) - s(b) - _total(a),
        "negative attributions count as negative": lambda s, X, b, a: (
            _total(a.abs()) - (s(X) - s(b))
        ),
        "one number for all images": one_sum,
        "sum without keepdim": lambda s, X, b, a: (
            a.sum(dim=(1, 2, 3), keepdim=True)[..., 0, 0] - (s(X) - s(b))
        ),
        "brackets: subtract the difference": lambda s, X, b, a: (
            _total(a) - s(X) - s(b)
        ),
        "not of a black image": lambda s, X, b, a: (
            _total(a) - (s(X) - s(0 * b))
        ),
        "not the score of a difference": lambda s, X, b, a: (
            _total(a) - s(X - b)
        ),
    },
    "fair_share": {
        "drops the halves": lambda n, a, b, ab: (
            (a - n + ab - b) // 2,
            (b - n + ab - a) // 2,
        ),
        "with nothing subtracted": lambda n, a, b, ab: (a, b),
        "enters first": lambda n, a, b, ab: (a - n, b - n),
        "enters last": lambda n, a, b, ab: (ab - b, ab - a),
        "fair only between equals": lambda n, a, b, ab: (
            (ab - n) / 2,
            (ab - n) / 2,
        ),
        "divide by 2": lambda n, a, b, ab: (a - n + ab - b, b - n + ab - a),
        "brackets: add both gains first": lambda n, a, b, ab: (
            (a - n) + (ab - b) / 2,
            (b - n) + (ab - a) / 2,
        ),
        "not numbers of shape (2, 1)": lambda n, a, b, ab: [
            [(a - n + ab - b) / 2],
            [(b - n + ab - a) / 2],
        ],
    },
}
