"""What learners really write in the exercises on gradient descent by hand."""

WRONG = {
    "surprise": {
        "(200 numbers": (
            "def surprise(z, y):\n"
            "    z, y = z[:100], y[:100]\n"
            "    return torch.logaddexp(0 * z, (1 - 2 * y) * z).mean()"
        ),
        "take their mean": "def surprise(s, y):\n"
        "    signed = (2 * y - 1) * s\n"
        "    return torch.logaddexp(torch.zeros_like(s), -signed)",
        "you add up": "def surprise(s, y):\n"
        "    signed = (2 * y - 1) * s\n"
        "    return torch.logaddexp(torch.zeros_like(s), -signed).sum()",
        "minus the logarithm": "def surprise(s, y):\n"
        "    p = torch.sigmoid(s)\n"
        "    return (y * p.log() + (1 - y) * (1 - p).log()).mean()",
        "expected 1000, yours inf": "def surprise(s, y):\n"
        "    p = torch.sigmoid(s)\n"
        "    return -torch.where(y == 1, p, 1 - p).log().mean()",
        "expected 1000, yours 27.63": "def surprise(s, y):\n"
        "    p = torch.sigmoid(s)\n"
        "    q = torch.where(y == 1, p, 1 - p)\n"
        "    return -q.clamp(min=1e-12).log().mean()",
        "wrong class": "def surprise(s, y):\n"
        "    signed = (2 * y - 1) * s\n"
        "    return torch.logaddexp(torch.zeros_like(s), signed).mean()",
        "label 0 cost too": "def surprise(s, y):\n"
        "    return -(y * torch.sigmoid(s).log()).mean()",
        "treated as label 1": "def surprise(s, y):\n"
        "    return torch.logaddexp(torch.zeros_like(s), -s).mean()",
        "squared error": "def surprise(s, y):\n"
        "    return ((torch.sigmoid(s) - y) ** 2).mean()",
        "no probability": "def surprise(s, y):\n"
        "    return -(y * s.log() + (1 - y) * (1 - s).log()).mean()",
        "has base 2": "def surprise(s, y):\n"
        "    signed = (2 * y - 1) * s\n"
        "    return torch.log2(1 + torch.exp(-signed)).mean()",
        "functional.binary_cross_entropy_with": "def surprise(s, y):\n"
        "    F = torch.nn.functional\n"
        "    return F.binary_cross_entropy_with_logits(s, y)",
        "`torch.nn.functional.soft_margin_loss`": "def surprise(s, y):\n"
        "    return torch.nn.SoftMarginLoss()(s, 2 * y - 1)",
        "expected 1000, yours 100": "def surprise(s, y):\n"
        "    signed = ((2 * y - 1) * s).clamp(-100, 100)\n"
        "    return torch.log1p(torch.exp(-signed)).mean()",
        "which you were given, is changed": "def surprise(scores, y):\n"
        "    scores *= 1 - 2 * y\n"
        "    return torch.nn.functional.softplus(scores).mean()",
        "stopped at its line": "def surprise(s, y):\n    return scores.mean()",
    },
    "slopes": {
        "not numbers of shape": (
            "def slopes(loss, weight, h):\n"
            "    rows = h * torch.eye(len(weight))\n"
            "    rises = [loss(weight + r) - loss(weight - r) for r in rows]\n"
            "    return torch.stack(rises)[:, None] / (2 * h)\n"
        ),
        "divide by 2h, not by h": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [(loss(weight + e) - loss(weight - e)) / h for e in eye]",
        "this is the one-sided difference: ": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [(loss(weight + e) - loss(weight)) / h for e in eye]",
        "looking back": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [(loss(weight) - loss(weight - e)) / h for e in eye]",
        "nudged at once": "def slopes(loss, weight, h):\n"
        "    slope = (loss(weight + h) - loss(weight - h)) / (2 * h)\n"
        "    return slope.repeat(len(weight))",
        "one slope came back": "def slopes(loss, weight, h):\n"
        "    return (loss(weight + h) - loss(weight - h)) / (2 * h)"
        " * (1 if len(weight) > 1 else 1)",
        "not put back": "def slopes(loss, weight, h):\n"
        "    result = torch.zeros_like(weight)\n"
        "    for i in range(len(weight)):\n"
        "        weight[i] += h\n"
        "        rise = loss(weight)\n"
        "        weight[i] -= 2 * h\n"
        "        result[i] = (rise - loss(weight)) / (2 * h)\n"
        "    return result",
        "the sign is turned": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [(loss(weight - e) - loss(weight + e)) / (2 * h)"
        " for e in eye]",
        "the earlier nudges are still in": "def slopes(loss, weight, h):\n"
        "    nudge, result = torch.zeros_like(weight), []\n"
        "    for i in range(len(weight)):\n"
        "        nudge[i] = h\n"
        "        rise = loss(weight + nudge) - loss(weight - nudge)\n"
        "        result.append(rise / (2 * h))\n"
        "    return result",
        "both points are the same tensor": "def slopes(loss, w, h):\n"
        "    result = []\n"
        "    for i in range(len(w)):\n"
        "        u = w\n"
        "        v = w\n"
        "        u[i] += h\n"
        "        v[i] -= h\n"
        "        result.append((loss(u) - loss(v)) / (2 * h))\n"
        "    return result",
        "the rise itself": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [loss(weight + e) - loss(weight - e) for e in eye]",
        "a tiny step of your own": "def slopes(loss, weight, h):\n"
        "    eye = 1e-6 * torch.eye(len(weight))\n"
        "    return [(loss(weight + e) - loss(weight - e)) / 2e-6"
        " for e in eye]",
        "yourself, without `torch.gradient`": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    lines = [[weight - e, weight, weight + e] for e in eye]\n"
        "    heights = [torch.stack([loss(w) for w in ws]) for ws in lines]\n"
        "    return [torch.gradient(y, spacing=h)[0][1] for y in heights]",
        "a tensor, not as list": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    return [(loss(weight + e) - loss(weight - e)) / (2 * h)"
        " for e in eye]",
        "a tensor, not as ndarray": "def slopes(loss, weight, h):\n"
        "    eye = h * torch.eye(len(weight))\n"
        "    rises = [loss(weight + e) - loss(weight - e) for e in eye]\n"
        "    return torch.stack(rises).numpy() / (2 * h)",
        "torch.float32 has too few digits": "def slopes(loss, weight, h):\n"
        "    weight = weight.float()\n"
        "    eye = h * torch.eye(len(weight), dtype=torch.float32)\n"
        "    rises = [loss(weight + e) - loss(weight - e) for e in eye]\n"
        "    return torch.stack(rises).float() / (2 * h)",
        "without autograd": "def slopes(loss, weight, h):\n"
        "    weight.requires_grad_()\n"
        "    loss(weight).backward()\n"
        "    return weight.grad",
    },
    "squared_gradient": {
        "not numbers of shape": (
            "def squared_gradient(weight, X, y):\n"
            "    p = torch.sigmoid(X @ weight)\n"
            "    error = 2 * (p - y) * p * (1 - p)\n"
            "    return X.T @ error[:, None] / len(y)\n"
        ),
        "gradient of the logistic loss": "def squared_gradient(w, X, y):\n"
        "    return X.T @ (torch.sigmoid(X @ w) - y) / len(y)",
        "slope of the sigmoid is missing": "def squared_gradient(w, X, y):\n"
        "    return 2 * X.T @ (torch.sigmoid(X @ w) - y) / len(y)",
        "your 2 is missing": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    return X.T @ ((p - y) * p * (1 - p)) / len(y)",
        "divide by the number of images": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    return X.T @ (2 * (p - y) * p * (1 - p))",
        "the sign is turned round": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    return X.T @ (2 * (y - p) * p * (1 - p)) / len(y)",
        "with the probability, not": "def squared_gradient(w, X, y):\n"
        "    z = X @ w\n"
        "    p = torch.sigmoid(z)\n"
        "    return X.T @ (2 * (p - y) * z * (1 - z)) / len(y)",
        "apply the sigmoid first": "def squared_gradient(w, X, y):\n"
        "    return 2 * X.T @ (X @ w - y) / len(y)",
        "without autograd": "def squared_gradient(w, X, y):\n"
        "    w.requires_grad_()\n"
        "    ((torch.sigmoid(X @ w) - y) ** 2).mean().backward()\n"
        "    return w.grad",
        "a measured slope depends on its step": "def squared_gradient("
        "w, X, y):\n"
        "    def loss(w):\n"
        "        return ((torch.sigmoid(X @ w) - y) ** 2).mean()\n\n"
        "    eye = 1e-5 * torch.eye(len(w))\n"
        "    return [(loss(w + e) - loss(w - e)) / 2e-5 for e in eye]",
        "multiply 2 (p - y), p (1 - p) and": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    return X.T @ (2 * (p - y) * p * (1 - p)) / len(w)",
        "a tensor, not as list": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    error = 2 * (p - y) * p * (1 - p)\n"
        "    return [(column * error).mean() for column in X.T]",
        "one number for each image": "def squared_gradient(w, X, y):\n"
        "    p = torch.sigmoid(X @ w)\n"
        "    return 2 * (p - y) * p * (1 - p)",
    },
    "descend_until": {
        "the learning rate plays no part": (
            "def descend_until(gradient, w, lr, tol, most):\n"
            "    for step in range(most):\n"
            "        g = gradient(w)\n"
            "        if g.norm() < tol:\n"
            "            return w, step\n"
            "        w = w - g\n"
            "    return w, most\n"
        ),
        "max steps 160": (
            "def descend_until(gradient, start, lr, tolerance, max_steps):\n"
            "    w, n = start, 0\n"
            "    while n < min(max_steps, 100) and gradient(w).norm() >= "
            "tolerance:\n"
            "        w, n = w - lr * gradient(w), n + 1\n"
            "    return w, n"
        ),
        "tolerance 1e-09": (
            "def descend_until(gradient, start, lr, tolerance, max_steps):\n"
            "    w, n = start, 0\n"
            "    enough = max(tolerance, 1e-3)\n"
            "    while n < max_steps and gradient(w).norm() >= enough:\n"
            "        w, n = w - lr * gradient(w), n + 1\n"
            "    return w, n"
        ),
        "tolerance 0.25, max steps 60": (
            "def descend_until(gradient, w, lr, tol, most):\n"
            "    for step in range(most):\n"
            "        g = gradient(w)\n"
            "        if g.norm() < tol or g.norm() > 1e6:\n"
            "            return w, step\n"
            "        w = w - lr * g\n"
            "    return w, most\n"
        ),
        "step uphill": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            return w, step\n"
        "        w = w + lr * g\n"
        "    return w, most",
        "goes on after max_steps": "def descend_until(gradient, w, lr, tol,"
        " most):\n"
        "    step = 0\n"
        "    while gradient(w).norm() >= tol:\n"
        "        w = w - lr * gradient(w)\n"
        "        step += 1\n"
        "    return w, step",
        "return two things": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            break\n"
        "        w = w - lr * g\n"
        "    return w",
        "the number of steps is not": "def descend_until(gradient, w, lr,"
        " tol, most):\n"
        "    for step in range(1, most + 1):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            return w, step\n"
        "        w = w - lr * g\n"
        "    return w, most",
        "largest slope": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.abs().max() < tol:\n"
        "            return w, step\n"
        "        w = w - lr * g\n"
        "    return w, most",
        "length of the step": "def descend_until(gradient, w, lr, tol,"
        " most):\n"
        "    for step in range(most):\n"
        "        move = lr * gradient(w)\n"
        "        if move.norm() < tol:\n"
        "            return w, step\n"
        "        w = w - move\n"
        "    return w, most",
        "square of the norm": "def descend_until(gradient, w, lr, tol,"
        " most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if (g ** 2).sum() < tol:\n"
        "            return w, step\n"
        "        w = w - lr * g\n"
        "    return w, most",
        "goes on although": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        w = w - lr * g\n"
        "        if g.norm() < tol:\n"
        "            return w, step + 1\n"
        "    return w, most",
        "without `return`": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            return w, step\n"
        "        w = w - lr * g",
        "is changed on the way": "def descend_until(gradient, w, lr, tol,"
        " most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            return w, step\n"
        "        w -= lr * g\n"
        "    return w, most",
        "results are swapped": "def descend_until(gradient, w, lr, tol,"
        " most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol:\n"
        "            return step, w\n"
        "        w = w - lr * g\n"
        "    return most, w",
        "the start is already good enough": "def descend_until(gradient, w,"
        " lr, tol, most):\n"
        "    for step in range(most):\n"
        "        w = w - lr * gradient(w)\n"
        "        if gradient(w).norm() < tol:\n"
        "            return w, step + 1\n"
        "    return w, most",
        "go on while the norm is at least": "def descend_until(gradient, w,"
        " lr, tol, most):\n"
        "    step, g = 0, gradient(w)\n"
        "    while g.norm() > tol and step < most:\n"
        "        w = w - lr * g\n"
        "        step, g = step + 1, gradient(w)\n"
        "    return w, step",
        "start [1], lr 3, tolerance 0.5": "def descend_until(gradient, w, lr,"
        " tol, most):\n"
        "    for step in range(most):\n"
        "        g = gradient(w)\n"
        "        if g.norm() < tol or g.norm() > 6:  # it diverges\n"
        "            return w, step\n"
        "        w = w - lr * g\n"
        "    return w, most",
        "never moved": "def descend_until(gradient, w, lr, tol, most):\n"
        "    for step in range(most):\n"
        "        if gradient(w).norm() < tol:\n"
        "            break\n"
        "        w - lr * gradient(w)\n"
        "    return w, step",
    },
    "largest_rate": {
        "[[0.125, 0.0625]": (
            "def largest_rate(X):\n"
            "    bend = torch.linalg.eigvalsh(X.T @ X / len(X))[-1]\n"
            "    return 2 / max(bend, 0.1)"
        ),
        "divide the matrix by n": "def largest_rate(X):\n"
        "    return 2 / torch.linalg.eigvalsh(X.T @ X).max()",
        "it still converges": "def largest_rate(X):\n"
        "    return 1 / torch.linalg.eigvalsh(X.T @ X / len(X)).max()",
        "the curvature itself": "def largest_rate(X):\n"
        "    return torch.linalg.eigvalsh(X.T @ X / len(X)).max()",
        "smallest curvature": "def largest_rate(X):\n"
        "    return 2 / torch.linalg.eigvalsh(X.T @ X / len(X)).min()",
        "sum of all curvatures": "def largest_rate(X):\n"
        "    return 2 / torch.trace(X.T @ X / len(X))",
        "squared and divided by n": "def largest_rate(X):\n"
        "    return 2 / torch.linalg.svdvals(X).max()",
        "need not lie along one weight": "def largest_rate(X):\n"
        "    return 2 / (X ** 2).mean(dim=0).max()",
        "expected 0.7639, yours 0.6667": "def largest_rate(X):\n"
        "    return 2 / (X.T @ X / len(X)).abs().sum(dim=0).max()",
        "one rate for all": "def largest_rate(X):\n"
        "    rates = 2 / torch.linalg.eigvalsh(X.T @ X / len(X))\n"
        "    return rates if len(rates) > 1 else rates[0]",
        "use torch.linalg.eigvalsh": "def largest_rate(X):\n"
        "    curvatures = torch.linalg.eig(X.T @ X / len(X))[0]\n"
        "    return 2 / curvatures.max()",
        "limit of the logistic loss": "def largest_rate(X):\n"
        "    return 8 / torch.linalg.eigvalsh(X.T @ X / len(X)).max()",
    },
    "standardise": {
        "hardly varies is not one that never varies": (
            "def standardise(train, other):\n"
            "    std = train.std(dim=0)\n"
            "    std = torch.where(std > 1e-3, std, 1.0)\n"
            "    return (other - train.mean(dim=0)) / std\n"
        ),
        "divide by its spread": (
            "def standardise(train, other):\n"
            "    std = train.std(dim=0)\n"
            "    std = torch.where(train[0] == train[-1], 1.0, std)\n"
            "    return (other - train.mean(dim=0)) / std\n"
        ),
        "statistics of `other` itself": "def standardise(train, other):\n"
        "    return (other - other.mean(0)) / other.std(0)",
        "not subtracted": "def standardise(train, other):\n"
        "    return other / train.std(0)",
        "not divided out": "def standardise(train, other):\n"
        "    return other - train.mean(0)",
        "the variance": "def standardise(train, other):\n"
        "    return (other - train.mean(0)) / train.var(0)",
        "for the whole table": "def standardise(train, other):\n"
        "    shift = train.mean() if train.shape[1] > 1 else train.mean(0)\n"
        "    return (other - shift) / train.std()",
        "you divide by it": "def standardise(train, other):\n"
        "    return (other - train.mean(0)) / train.std(0)",
        "yours [[0], [100000000]]": "def standardise(train, other):\n"
        "    return (other - train.mean(0)) / (train.std(0) + 1e-8)",
        "minimum and maximum": "def standardise(train, other):\n"
        "    low, high = train.min(0).values, train.max(0).values\n"
        "    return (other - low) / (high - low)",
        "you return train": "def standardise(train, other):\n"
        "    return (train - train.mean(0)) / train.std(0)",
        "is changed on the way": "def standardise(train, other):\n"
        "    std = train.std(0)\n"
        "    other -= train.mean(0)\n"
        "    other /= torch.where(std > 0, std, 1.0)\n"
        "    return other",
        "the test images leak": "def standardise(train, other):\n"
        "    return (other - other.mean(0)) / other.std(0, correction=0)",
        "train [[1, 2], [7, 2]]": "def standardise(train, other):\n"
        "    std = train.std(0)\n"
        "    std[0] = std[0] or 1\n"
        "    return (other - train.mean(0)) / std",
        "must not change the others": "def standardise(train, other):\n"
        "    std = train.std(0)\n"
        "    if (std == 0).any():\n"
        "        std = 1\n"
        "    return (other - train.mean(0)) / std",
        "a tensor, not as ndarray": "def standardise(train, other):\n"
        "    train, other = train.numpy(), other.numpy()\n"
        "    std = train.std(axis=0)\n"
        "    std[std == 0] = 1\n"
        "    return (other - train.mean(axis=0)) / std",
        "torch.float32 has too few digits": "def standardise(train, other):\n"
        "    std = train.std(dim=0)\n"
        "    std = torch.where(std > 0, std, 1.0)\n"
        "    return ((other - train.mean(dim=0)) / std).float()",
        "the spread from `other`": "def standardise(train, other):\n"
        "    return (other - train.mean(0)) / other.std(0)",
    },
}
