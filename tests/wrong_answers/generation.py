"""What learners really write in the exercises on image generation."""

import torch


def follow(velocity, x, num_steps, time, size=None):
    for step in range(num_steps):
        x = x + velocity(x, time(step)) * (size or 1 / num_steps)
    return x


def backwards(velocity, x, num_steps):
    for step in range(num_steps):
        x = x - velocity(x, step / num_steps) / num_steps
    return x


def always_from_the_start(velocity, x, num_steps):
    moved = x
    for step in range(num_steps):
        moved = moved + velocity(x, step / num_steps) / num_steps
    return moved


def returned_too_early(velocity, x, num_steps):
    for step in range(num_steps):
        x = x + velocity(x, step / num_steps) / num_steps
        return x


def both_ends(velocity, x, num_steps):
    times = torch.linspace(0, 1, num_steps + 1).tolist()
    for t in times:
        x = x + velocity(x, t) / num_steps
    return x


def last_left_out(velocity, x, num_steps):
    for step in range(num_steps - 1):
        x = x + velocity(x, step / num_steps) / num_steps
    return x


def from_linspace(velocity, x, num_steps):
    for t in torch.linspace(0, 1, num_steps).tolist():
        x = x + velocity(x, t) / num_steps
    return x


def place_by_place(velocity, x, num_steps):
    places = [
        follow(velocity, place, num_steps, lambda s: s / num_steps)
        for place in x.flatten()
    ]
    return torch.stack(places).view(x.shape)


def midpoint(velocity, x, num_steps):
    return follow(velocity, x, num_steps, lambda s: (s + 0.5) / num_steps)


def clouds(A, B):
    apart = A.mean(dim=0) - B.mean(dim=0)
    return apart, torch.cov(A.T), torch.cov(B.T)


def assembled(A, B, roots, factor=2, means=None):
    apart, C, D = clouds(A, B)
    near = apart.square().sum() if means is None else means(apart)
    return near + C.trace() + D.trace() - factor * roots(C, D)


def eigenvalues(C, D):
    return torch.linalg.eigvals(C @ D)


def right_roots(C, D):
    return eigenvalues(C, D).sqrt().real.sum()


def only_covariances(A, B):
    return assembled(A, B, right_roots, means=lambda a: 0)


def by_rows(A, B):
    C, D = torch.cov(A), torch.cov(B)
    spread = C.trace() + D.trace() - 2 * right_roots(C, D)
    return (A.mean(dim=0) - B.mean(dim=0)).square().sum() + spread


WRONG = {
    "euler": {
        "the time stands still": lambda v, x, n: follow(
            v, x, n, lambda s: 0.0
        ),
        "the velocity of its end": lambda v, x, n: follow(
            v, x, n, lambda s: (s + 1) / n
        ),
        "not the number of the step": lambda v, x, n: follow(
            v, x, n, lambda s: s
        ),
        "time runs backwards": lambda v, x, n: follow(
            v, x, n, lambda s: 1 - s / n
        ),
        "time begins at 1 and falls": lambda v, x, n: follow(
            v, x, n, lambda s: 1 - (s + 1) / n
        ),
        "multiplied by how long a step lasts": lambda v, x, n: follow(
            v, x, n, lambda s: s / n, 1
        ),
        "do not subtract it": backwards,
        "not of where it began": always_from_the_start,
        "the first step alone": returned_too_early,
        "one step too many": both_ends,
        "one step too few": last_left_out,
        "where the way ends": from_linspace,
        "x has not moved": lambda v, x, n: x.clone(),
        "Not right: num_steps times": midpoint,
        "all places at once": place_by_place,
        "not one for each place": lambda v, x, n: follow(
            v, x, n, lambda s: torch.full_like(x, s / n)
        ),
        "return a tensor": lambda v, x, n: follow(
            v, x, n, lambda s: s / n
        ).numpy(),
    },
    "guided": {
        "begin at without": lambda c, w, s: (1 + s) * c - s * w,
        "have changed places": lambda c, w, s: s * w + (1 - s) * c,
        "leads away from the class": lambda c, w, s: w - s * (c - w),
        "not with_class alone": lambda c, w, s: w + s * c,
        "only the difference: it is": lambda c, w, s: s * (c - w),
        "whatever the strength is": lambda c, w, s: w + (c - w),
        "multiply only the difference": lambda c, w, s: s * c,
        "do not limit it": lambda c, w, s: torch.lerp(w, c, min(s, 1.0)),
        "nothing of the class": lambda c, w, s: w.clone(),
        "Not right: start from": lambda c, w, s: (w + s * c) / (1 + s),
        "return a tensor": lambda c, w, s: (w + s * (c - w)).numpy(),
    },
    "frechet_distance": {
        "your number is complex": lambda A, B: assembled(
            A, B, lambda C, D: torch.linalg.eigvals(C @ D).sqrt().sum()
        ),
        "only the means": lambda A, B: clouds(A, B)[0].square().sum(),
        "only the covariances": only_covariances,
        "distance of the means is squared": lambda A, B: assembled(
            A, B, right_roots, means=torch.Tensor.norm
        ),
        "do not average": lambda A, B: assembled(
            A, B, right_roots, means=lambda a: a.square().mean()
        ),
        "the roots are missing": lambda A, B: assembled(
            A, B, lambda C, D: eigenvalues(C, D).real.sum()
        ),
        "eigvalsh looks at one half of it": lambda A, B: assembled(
            A,
            B,
            lambda C, D: (
                torch.linalg.eigvalsh(C @ D).clamp(min=0).sqrt().sum()
            ),
        ),
        "not the root of each entry": lambda A, B: assembled(
            A, B, lambda C, D: (C @ D).sqrt().trace()
        ),
        "not the sum of roots": lambda A, B: assembled(
            A, B, lambda C, D: (C @ D).trace().sqrt()
        ),
        "the roots count twice": lambda A, B: assembled(
            A, B, right_roots, factor=1
        ),
        "two equal clouds have": lambda A, B: assembled(
            A, B, right_roots, factor=-2
        ),
        "not only their diagonals": lambda A, B: (
            (A.mean(0) - B.mean(0)).square().sum()
            + (A.std(0) - B.std(0)).square().sum()
        ),
        "leave it squared": lambda A, B: (
            assembled(A, B, right_roots).clamp(min=0).sqrt()
        ),
        "torch.cov takes a row": by_rows,
        "Not right: the squared distance": lambda A, B: assembled(
            A, B, lambda C, D: eigenvalues(C, D).real.sqrt().sum()
        ),
        "return one number": lambda A, B: [assembled(A, B, right_roots)],
    },
    "reparametrise": {
        "multiplies by the variance": lambda m, v, e: m + v.exp() * e,
        "halved, before exp": lambda m, v, e: m + v.exp() / 2 * e,
        "log_variance is a logarithm": lambda m, v, e: m + v * e,
        "still a logarithm": lambda m, v, e: m + 0.5 * v * e,
        "not of its logarithm": lambda m, v, e: m + v.sqrt() * e,
        "no minus": lambda m, v, e: m + (-0.5 * v).exp() * e,
        "the noise is missing: multiply": lambda m, v, e: m + v.exp().sqrt(),
        "the spread is missing": lambda m, v, e: m + e,
        "the mean is missing": lambda m, v, e: v.exp().sqrt() * e,
        "the noise alone, not the mean": lambda m, v, e: (
            (m + e) * (v / 2).exp()
        ),
        "do not subtract it": lambda m, v, e: e * (v / 2).exp() - m,
        "that is the mean alone": lambda m, v, e: m.clone(),
        "Not right: the mean, plus": lambda m, v, e: m + e / v.exp(),
        "none of your own": lambda m, v, e: torch.normal(m, (v / 2).exp()),
        "flows back to mean": lambda m, v, e: (m + (v / 2).exp() * e).detach(),
        "flows back to log_variance": lambda m, v, e: (
            m + (v.detach() / 2).exp() * e
        ),
        "return a tensor": lambda m, v, e: (m + (v / 2).exp() * e).numpy(),
    },
}
