"""What learners really write in the exercises on optimisers."""

import torch


def _momentum_that(velocity="v = beta * v + g", step="w - lr * v", kept="v"):
    return (
        "def momentum(w, g, v, lr, beta=0.9):\n"
        f"    {velocity}\n"
        f"    return {step}, {kept}"
    )


def _adam_that(body):
    """A step of Adam with one thing changed."""
    lines = {
        "t": "t = t + 1",
        "m": "m = b1 * m + (1 - b1) * g",
        "v": "v = b2 * v + (1 - b2) * g ** 2",
        "mh": "mh = m / (1 - b1 ** t)",
        "vh": "vh = v / (1 - b2 ** t)",
        "w": "w = w - lr * mh / (vh.sqrt() + eps)",
        "end": "return w, (m, v, t)",
    } | body
    return (
        "def adam(w, g, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):\n"
        "    b1, b2 = beta1, beta2\n"
        "    m, v, t = memory\n"
        + "\n".join(f"    {line}" for line in lines.values())
    )


def _library_adam(w, g, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    w = w.clone()
    optimizer = torch.optim.Adam([w], lr, (beta1, beta2), eps)
    w.grad = g
    optimizer.step()
    return w, memory


def _library_momentum(w, g, v, lr, beta=0.9):
    w = w.clone()
    optimizer = torch.optim.SGD([w], lr, beta)
    w.grad = g
    optimizer.step()
    return w, v


def _stop_that(new="loss < losses[best]", end="i - best == patience", got=""):
    return (
        "def stop_early(losses, patience):\n"
        "    i = best = 0\n"
        "    for i in range(1, len(losses)):\n"
        "        loss = losses[i]\n"
        f"        if {new}:\n"
        "            best = i\n"
        f"        elif {end}:\n"
        f"            return {got or 'best'}\n"
        f"    return {got or 'best'}"
    )


def _momentum_float32(weight, grad, velocity, lr, beta=0.9):
    velocity = torch.add(grad.float(), velocity.float(), alpha=beta)
    return weight.float() - lr * velocity, velocity


def _adam_float32(weight, grad, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    (m, v, t), g = memory, grad.float()
    m = m.float() + (1 - beta1) * (g - m.float())
    v = v.float() + (1 - beta2) * (g**2 - v.float())
    size = (v / (1 - beta2 ** (t + 1))) ** 0.5 + eps
    step = m / (1 - beta1 ** (t + 1)) / size
    return weight.float() - lr * step, [m, v, t + 1]


WRONG = {
    "momentum": {
        "of the type that came in": _momentum_float32,
        "grads [[500, 1], [-200, 3]]": (
            "def momentum(w, g, v, lr, beta=0.9):\n"
            "    v = (beta * v + g).clamp(-10, 10)\n"
            "    return w - lr * v, v"
        ),
        "you go uphill": _momentum_that(step="w + lr * v"),
        "this is plain descent": (
            "def momentum(w, g, v, lr, beta=0.9):\n"
            "    return w - lr * (beta * v + g), v"
        ),
        "with its full size": _momentum_that("v = beta * v + (1 - beta) * g"),
        "you keep 1 - beta of it": _momentum_that("v = (1 - beta) * v + g"),
        "nothing is lost to friction": _momentum_that("v = v + g"),
        "beta belongs to the old": _momentum_that("v = v + beta * g"),
        "not of the new gradient": _momentum_that("v = beta * (v + g)"),
        "with the old velocity": _momentum_that(
            "old, v = v, beta * v + g", "w - lr * old"
        ),
        "you hand on the gradient": _momentum_that(kept="g"),
        "the rate is missing": _momentum_that(step="w - v"),
        "the gradient counts twice": _momentum_that(
            step="w - lr * (g + beta * v)"
        ),
        "not a number of your own": _momentum_that("v = 0.9 * v + g"),
        "return two things": (
            "def momentum(w, g, v, lr, beta=0.9):\n"
            "    return w - lr * (beta * v + g)"
        ),
        "which you were given, is changed": (
            "def momentum(w, g, v, lr, beta=0.9):\n"
            "    v *= beta\n"
            "    v += g\n"
            "    return w - lr * v, v"
        ),
        "write it yourself": _library_momentum,
    },
    "adam": {
        "of the type that came in": _adam_float32,
        "eps 1e-10": (
            "def adam(w, g, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):\n"
            "    m, v, t = memory\n"
            "    t, eps = t + 1, max(eps, 1e-8)\n"
            "    m = beta1 * m + (1 - beta1) * g\n"
            "    v = beta2 * v + (1 - beta2) * g ** 2\n"
            "    size = (v / (1 - beta2 ** t)).sqrt() + eps\n"
            "    return w - lr * m / (1 - beta1 ** t) / size, (m, v, t)"
        ),
        "you go uphill": _adam_that(
            {"w": "w = w + lr * mh / (vh.sqrt() + eps)"}
        ),
        "are not corrected": _adam_that({"mh": "mh = m", "vh": "vh = v"}),
        "only the first average": _adam_that({"vh": "vh = v"}),
        "only v is corrected": _adam_that({"mh": "mh = m"}),
        "the correction never fades": _adam_that(
            {"mh": "mh = m / (1 - b1)", "vh": "vh = v / (1 - b2)"}
        ),
        "every step is as the first": _adam_that({"end": "return w, memory"}),
        "m and v of the last step are lost": _adam_that(
            {"end": "return w, (*memory[:2], t)"}
        ),
        "v averages grad**2": _adam_that({"v": "v = b2 * v + (1 - b2) * g"}),
        "one and the same tensor": _adam_that(
            {"v": "m = v = b2 * m + (1 - b2) * g ** 2"}
        ),
        "but w, which you were given": _adam_that(
            {"w": "w -= lr * mh / (vh.sqrt() + eps)"}
        ),
        "the root is missing": _adam_that(
            {"w": "w = w - lr * mh / (vh + eps)"}
        ),
        "not the square of their average": _adam_that(
            {"v": "v = b2 * v + (1 - b2) * m ** 2"}
        ),
        "not inside it": _adam_that(
            {"w": "w = w - lr * mh / (vh + eps).sqrt()"}
        ),
        "the two betas are swapped": _adam_that(
            {"m": "b1, b2 = beta2, beta1; m = b1 * m + (1 - b1) * g"}
        ),
        "count before you correct": _adam_that(
            {"t": "", "end": "return w, (m, v, t + 1)"}
        ),
        "are carried on": _adam_that(
            {
                "mh": "m = mh = m / (1 - b1 ** t)",
                "vh": "v = vh = v / (1 - b2 ** t)",
            }
        ),
        "must be those that are passed in": _adam_that(
            {"t": "t = t + 1; b1, b2, eps = 0.9, 0.999, 1e-8"}
        ),
        "return two things": _adam_that({"end": "return w"}),
        "write it yourself": _library_adam,
        "eps plays no part": _adam_that({"w": "w = w - lr * mh / vh.sqrt()"}),
        "eps must be the one": _adam_that(
            {"w": "w = w - lr * mh / (vh.sqrt() + 1e-8)"}
        ),
        "along the newest gradient": _adam_that(
            {"w": "w = w - lr * g / (vh.sqrt() + eps)"}
        ),
    },
    "stop_early": {
        "return one number": (
            "def stop_early(losses, patience):\n"
            "    best = 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n"
            "            best = i\n"
            "        if i - best == patience:\n"
            "            break\n"
            "    return [best]"
        ),
        "not below it; losses [2, 1, 3], patience 2": (
            "def stop_early(losses, patience):\n"
            "    best = 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n"
            "            best = i\n"
            "        elif i - best >= patience:\n"
            "            return best\n"
            "    return len(losses) - 1"
        ),
        "not below it; losses [3, 1, 1], patience 2": (
            "def stop_early(losses, patience):\n"
            "    best = 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n"
            "            best = i\n"
            "        elif i - best >= patience:\n"
            "            return best\n"
            "    return max(i for i, x in enumerate(losses) if x == "
            "min(losses))"
        ),
        "losses [2, 0, 1], patience 2": (
            "def stop_early(losses, patience):\n"
            "    low, at, since = None, 0, 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if not low or loss < low:\n"
            "            low, at, since = loss, i, 0\n"
            "        else:\n"
            "            since += 1\n"
            "            if since >= patience:\n"
            "                break\n"
            "    return at"
        ),
        "losses [900, 300, 700, 500]": (
            "def stop_early(losses, patience):\n"
            "    low, at, since = 100, 0, 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < low:\n"
            "            low, at, since = loss, i, 0\n"
            "        else:\n"
            "            since += 1\n"
            "            if since >= patience:\n"
            "                break\n"
            "    return at"
        ),
        "losses [2, 1, 0.99995, 3]": (
            "def stop_early(losses, patience):\n"
            "    low, at, since = math.inf, 0, 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < low - 1e-3:\n"
            "            low, at, since = loss, i, 0\n"
            "        else:\n"
            "            since += 1\n"
            "            if since >= patience:\n"
            "                break\n"
            "    return at"
        ),
        "patience 7": (
            "def stop_early(losses, patience):\n"
            "    best = 0\n"
            "    for i, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n"
            "            best = i\n"
            "        elif i - best >= min(patience, 5):\n"
            "            break\n"
            "    return best"
        ),
        "this is the best of all": (
            "def stop_early(losses, patience):\n"
            "    return losses.index(min(losses))"
        ),
        "this is where you stopped": _stop_that(got="i"),
        "one loss too late": _stop_that(end="i - best > patience"),
        "one loss too early": _stop_that(end="i - best >= patience - 1"),
        "at the first loss that is no new best": _stop_that(end="True"),
        "compare with < and": _stop_that("loss <= losses[best]"),
        "not with the one before": (
            "def stop_early(losses, patience):\n"
            "    best = rises = 0\n"
            "    for i in range(1, len(losses)):\n"
            "        if losses[i] < losses[best]:\n"
            "            best = i\n"
            "        if losses[i] < losses[i - 1]:\n"
            "            rises = 0\n"
            "        else:\n"
            "            rises += 1\n"
            "        if rises == patience:\n"
            "            break\n"
            "    return best"
        ),
        "this is the loss; return its": _stop_that(got="losses[best]"),
    },
    "warm_cosine": {
        "rate 0 and learns nothing": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * step / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "there is no warm-up": "def warm_cosine(step, n, peak, warm):\n"
        "    return peak * (1 + math.cos(math.pi * step / n)) / 2",
        "must start at its end": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    return peak * (1 + math.cos(math.pi * step / n)) / 2",
        "only num_steps - warmup": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / n\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "minus the peak": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    return peak * math.cos(math.pi * (step - warm) / (n - warm))",
        "a quarter of a cosine": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * math.cos(math.pi / 2 * s)",
        "straight line": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    return peak * (n - step) / (n - warm)",
        "factor 1/2": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * (1 + math.cos(math.pi * s))",
        "without `return`; step 1,": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    rate = peak * (1 + math.cos(math.pi * s)) / 2",
        "without `return`; step 0,": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        rate = peak * (step + 1) / warm\n"
        "    else:\n"
        "        s = (step - warm) / (n - warm)\n"
        "        return peak * (1 + math.cos(math.pi * s)) / 2",
        "not one earlier": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm - 1)\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "already belongs to the cosine": "def warm_cosine(step, n, peak,"
        " warm):\n"
        "    if step <= warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "warm-up is flat": "def warm_cosine(step, n, peak, warm):\n"
        "    s = max(0, step - warm) / (n - warm)\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "step 37, num steps 40": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / warm\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * max(0.02, (1 + math.cos(math.pi * s)) / 2)",
        "a cosine to 0; step 0,": "def warm_cosine(step, n, peak, warm):\n"
        "    if step < warm:\n"
        "        return peak * (step + 1) / (warm + 1)\n"
        "    s = (step - warm) / (n - warm)\n"
        "    return peak * (1 + math.cos(math.pi * s)) / 2",
        "stopped at its line": "def warm_cosine(step, n, peak, warm):\n"
        "    return peak * math.cosine(step / n)",
    },
}
