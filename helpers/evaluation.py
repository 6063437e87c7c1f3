"""How good a model is, how sure we can be, and what breaks it.

Everything works on torch tensors of n images: `logits` float (n, classes),
`predicted` and `labels` int64 (n,), `right` bool (n,), `confidence` float
(n,), the probability of the class that was predicted. Empty sets, shapes
that do not match, labels out of range and NaN raise ValueError.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import torch
from scipy.optimize import minimize_scalar
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as vision


def predict(model, X, batch_size=500, device="cpu"):
    """Logits (n, classes) of inputs X (n, 3, 28, 28), on the CPU.

    In evaluation mode and without tracking gradients; the mode is put back,
    also after an error. Raises ValueError if a logit is NaN.
    """
    check_inputs(X)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = [model(x.to(device)).cpu() for x in X.split(batch_size)]
    finally:
        model.train(was_training)
    # Outside, so that the logits are ordinary tensors, fit for autograd.
    logits = torch.cat(parts)
    check_logits(logits)
    return logits


def accuracy(predicted, labels):
    """Share of images (0 to 1) whose predicted class is the label."""
    check_classes(predicted, labels)
    return (predicted == labels).double().mean().item()


# How sure


def wilson_interval(num_correct, num_images, confidence=0.95):
    """Interval (low, high) for an accuracy, from the counts (Wilson, 1927).

    It stays within 0 and 1, also for none right or all right.
    """
    check_counts(num_correct, num_images, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = num_correct / num_images
    scale = 1 + z**2 / num_images
    centre = (share + z**2 / (2 * num_images)) / scale
    variance = share * (1 - share) / num_images
    half = z * math.sqrt(variance + (z / num_images / 2) ** 2) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_interval(
    statistic, *samples, confidence=0.95, num_resamples=2000, seed=0
):
    """Percentile interval (low, high) of a statistic (Efron, 1979).

    samples: tensors with one row for each image, resampled together, as in
        bootstrap_interval(accuracy, predicted, labels)
    statistic: takes as many tensors, returns a number
    """
    check_samples(samples, confidence)
    generator = torch.Generator().manual_seed(seed)
    n = len(samples[0])
    values = torch.empty(num_resamples, dtype=torch.float64)
    for i in range(num_resamples):
        rows = torch.randint(n, (n,), generator=generator)
        values[i] = statistic(*(sample[rows] for sample in samples))
    if values.isnan().any():
        raise ValueError("the statistic is NaN on some resamples")
    tail = (1 - confidence) / 2
    return values.quantile(tail).item(), values.quantile(1 - tail).item()


class McNemar(NamedTuple):
    """only_first, only_second: images that one model alone gets right;
    p_value: how likely a split as uneven, or more so, is by chance."""

    only_first: int
    only_second: int
    p_value: float


def mcnemar(first_right, second_right):
    """Do two models differ on the same images? Exact test (McNemar, 1947).

    Images that both get right, or both wrong, say nothing. If the models are
    as good as each other, each of the rest is a toss of a fair coin.
    """
    check_right(first_right, second_right)
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
    return McNemar(only_first, only_second, min(1.0, 2 * tail))


# Which mistakes


def confusion_matrix(predicted, labels, num_classes):
    """How often each class (row) is taken for each (column), int64."""
    check_classes(predicted, labels, num_classes)
    pair = labels * num_classes + predicted
    counts = torch.bincount(pair, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


# Is a confidence of 0.9 right nine times in ten?


class Bins(NamedTuple):
    """Three tensors (num_bins,): of each bin the number of images, their
    mean confidence and their accuracy; NaN where a bin is empty."""

    count: torch.Tensor
    confidence: torch.Tensor
    accuracy: torch.Tensor


def reliability_bins(confidence, right, num_bins=15):
    """Images in bins of equal width by their confidence (Guo et al., 2017).

    A bin holds its upper edge, not its lower one; the first holds both.
    """
    check_confidence(confidence, right, num_bins)
    confidence = confidence.double()
    inner_edges = torch.arange(1, num_bins).double() / num_bins
    index = torch.bucketize(confidence, inner_edges)
    count = torch.bincount(index, minlength=num_bins)
    total = torch.bincount(index, confidence, minlength=num_bins)
    correct = torch.bincount(index, right.double(), minlength=num_bins)
    return Bins(count, total / count, correct / count)


def expected_calibration_error(confidence, right, num_bins=15):
    """Mean gap between confidence and accuracy of the bins, weighted by
    their images (Naeini et al., 2015; Guo et al., 2017); 0 to 1."""
    bins = reliability_bins(confidence, right, num_bins)
    gap = (bins.accuracy - bins.confidence).abs()
    return (bins.count * gap).nansum().item() / len(right)


def calibrated_errors(confidence, num_bins=15, num_resamples=200, seed=0):
    """What the expected calibration error would be with no fault at all.

    Each image is right by chance, with just its confidence as probability;
    returns the errors (num_resamples,) that this gives. Their mean is the
    measure's own bias (consistency resampling: Bröcker and Smith, 2007).
    """
    generator = torch.Generator().manual_seed(seed)
    errors = torch.empty(num_resamples, dtype=torch.float64)
    for i in range(num_resamples):
        chance = torch.rand(len(confidence), generator=generator)
        errors[i] = expected_calibration_error(
            confidence, chance < confidence, num_bins
        )
    return errors


def fit_temperature(logits, labels):
    """The T that makes logits / T likeliest (Guo et al., 2017); a float.

    Fit it on the validation split. Above 1 the model was too sure of itself.
    Raises ValueError if there is no best one from 0.01 to 100, as when every
    prediction is right.
    """
    check_logits(logits, labels)
    logits = logits.double()

    def loss(log_temperature):
        scaled = logits / math.exp(log_temperature)
        return F.cross_entropy(scaled, labels).item()

    limit = math.log(100)
    best = minimize_scalar(loss, bounds=(-limit, limit), method="bounded")
    check_inside(best.x, limit)
    return math.exp(best.x)


class Selective(NamedTuple):
    """Three tensors, one item for each threshold, from high to low: answer
    where the confidence is at least `threshold`, and a share `coverage` of
    the images is answered, `accuracy` of them rightly."""

    threshold: torch.Tensor
    coverage: torch.Tensor
    accuracy: torch.Tensor


def accuracy_coverage(confidence, right):
    """Accuracy against coverage for a model that may abstain.

    (El-Yaniv and Wiener, 2010.) Images of equal confidence are answered
    together, as no threshold tells them apart.
    """
    check_confidence(confidence, right)
    threshold, order = confidence.double().sort(descending=True)
    answered = torch.arange(1, len(order) + 1).double()
    correct = right[order].cumsum(dim=0)
    last = threshold.diff(append=torch.tensor([-1.0])) != 0
    return Selective(
        threshold[last],
        answered[last] / len(order),
        (correct / answered)[last],
    )


# Does it hold when the world shifts?


def noise(images, deviation, seed=0):
    """Gaussian noise of a standard deviation in grey levels; the same
    pattern at every strength."""
    generator = torch.Generator().manual_seed(seed)
    pattern = torch.randn(images.shape, generator=generator)
    return to_uint8(images + deviation * pattern)


def blur(images, sigma):
    """Gaussian blur of `sigma` pixels."""
    if sigma == 0:
        return images
    size = 2 * math.ceil(3 * sigma) + 1
    return vision.gaussian_blur(images, size, sigma)


def dim(images, share):
    """Darker by a share: 0 as it is, 1 black."""
    return vision.adjust_brightness(images, 1 - share)


def brighten(images, levels):
    """Brighter by grey levels, the black background too."""
    return to_uint8(images + torch.tensor(float(levels)))


def move(images, pixels):
    """To the right by whole pixels; black comes in from the left."""
    return vision.affine(images, 0, [pixels, 0], 1, [0, 0])


def rotate(images, degrees):
    """Anticlockwise about the centre; black comes in at the corners."""
    return vision.rotate(images, degrees, InterpolationMode.BILINEAR)


def occlude(images, pixels):
    """A grey square of so many pixels a side in front of the centre."""
    top, left = ((size - pixels) // 2 for size in images.shape[2:])
    return vision.erase(images, top, left, pixels, pixels, 128)


def mirror(images, mirrored):
    """Left and right swapped (1) or not (0)."""
    return vision.hflip(images) if mirrored else images


class Shift(NamedTuple):
    """apply(images, amount); unit: of the amounts; amounts: from 0, which
    changes nothing, one for each severity."""

    apply: Callable
    unit: str
    amounts: tuple


# After Hendrycks and Dietterich (2019), who take severities 1 to 5.
SHIFTS = {
    "noise": Shift(noise, "grey levels", (0, 10, 25, 50, 75, 100)),
    "blur": Shift(blur, "pixels", (0, 0.5, 1, 1.5, 2, 3)),
    "dimmed": Shift(dim, "share", (0, 0.2, 0.4, 0.6, 0.8, 0.9)),
    "brightened": Shift(brighten, "grey levels", (0, 10, 25, 50, 75, 100)),
    "moved": Shift(move, "pixels", (0, 1, 2, 3, 4, 6)),
    "rotated": Shift(rotate, "degrees", (0, 5, 10, 20, 30, 45)),
    "occluded": Shift(occlude, "pixels", (0, 4, 6, 8, 10, 14)),
    "mirrored": Shift(mirror, "yes or no", (0, 1)),
}


def shifted(images, name, severity):
    """Images changed by one of SHIFTS; severity 0 changes nothing.

    images: uint8 (n, channels, height, width), as are the images returned.
    Deterministic, the noise too.
    """
    if name not in SHIFTS:
        raise ValueError(f"no shift {name!r}; there are {', '.join(SHIFTS)}")
    shift = SHIFTS[name]
    if severity not in range(len(shift.amounts)):
        raise ValueError(
            f"severity of {name!r} must be one of 0 to "
            f"{len(shift.amounts) - 1}, not {severity}"
        )
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise ValueError(
            "images must be uint8 of shape (n, channels, height, width), not "
            f"{what(images)}: shift test.images, not test.inputs()"
        )
    return shift.apply(images, shift.amounts[severity])


def to_uint8(images):
    """Grey levels rounded and held within 0 and 255."""
    return images.round().clamp(0, 255).to(torch.uint8)


# What the functions above refuse


def check_inputs(X):
    if not (isinstance(X, torch.Tensor) and X.is_floating_point()):
        raise ValueError(
            f"X must be a float tensor, not {what(X)}: pass test.inputs()"
        )
    check_sizes(X)


def check_classes(predicted, labels, num_classes=None):
    check_kind(torch.int64, "logits.argmax(dim=1)", predicted, labels)
    lowest = min(predicted.min(), labels.min())
    highest = max(predicted.max(), labels.max())
    if lowest < 0 or (num_classes is not None and highest >= num_classes):
        last = "..." if num_classes is None else num_classes - 1
        raise ValueError(
            f"classes must lie in 0..{last}, not {lowest}..{highest}"
        )


def check_right(*rights):
    check_kind(torch.bool, "predicted == labels", *rights)


def check_confidence(confidence, right, num_bins=1):
    check_right(right)
    if confidence.shape != right.shape:
        raise ValueError(
            "there must be one confidence for each image, "
            f"{tuple(right.shape)}, not {what(confidence)}"
        )
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError(
            "confidence must lie in 0..1 and never be NaN: take "
            "logits.softmax(dim=1).amax(dim=1)"
        )
    if num_bins < 1:
        raise ValueError(f"num_bins must be at least 1, not {num_bins}")


def check_logits(logits, labels=None):
    if logits.ndim != 2:
        raise ValueError(
            f"logits must have shape (n, classes), not {what(logits)}"
        )
    check_sizes(logits)
    bad = int((~logits.isfinite()).any(dim=1).sum())
    if bad:
        raise ValueError(
            f"logits are NaN or infinite for {bad} of {len(logits)} images: "
            "look at the inputs and at the weights"
        )
    if labels is None:
        return
    predicted = logits.argmax(dim=1)
    check_classes(predicted, labels, logits.shape[1])
    if (predicted == labels).all():
        raise ValueError(
            "no temperature is best: every prediction is right, so the lower "
            "the better; fit it on more images, or on harder ones"
        )


def check_inside(log_temperature, limit):
    if abs(log_temperature) > limit - 0.01:
        raise ValueError(
            "no temperature is best within the bounds: are these the labels "
            "of these logits? The predictions may be no better than chance"
        )


def check_counts(num_correct, num_images, confidence):
    if num_images < 1 or not 0 <= num_correct <= num_images:
        raise ValueError(
            f"{num_correct} right of {num_images} images cannot be"
        )
    check_level(confidence)


def check_samples(samples, confidence):
    check_sizes(*samples)
    check_level(confidence)


def check_level(confidence):
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence must lie between 0 and 1, as 0.95, not {confidence}"
        )


def check_kind(dtype, example, *tensors):
    for tensor in tensors:
        if getattr(tensor, "dtype", None) != dtype or tensor.ndim != 1:
            raise ValueError(
                f"expected a tensor (n,) of {dtype}, as {example}, not "
                f"{what(tensor)}"
            )
    check_sizes(*tensors)


def check_sizes(*samples):
    sizes = [len(sample) for sample in samples]
    if len(set(sizes)) > 1:
        raise ValueError(
            f"as many rows everywhere, one per image, not {sizes}"
        )
    if sizes[0] == 0:
        raise ValueError("no images to measure on")


def what(value):
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
