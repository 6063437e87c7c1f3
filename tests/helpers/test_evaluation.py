"""Every measure against an independent one, and at its edges."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn import metrics
from sklearn.calibration import calibration_curve
from torch import nn

from helpers.data import load_embedded
from helpers.evaluation import (
    SHIFTS,
    accuracy,
    accuracy_coverage,
    bootstrap_interval,
    calibrated_errors,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    mcnemar,
    predict,
    reliability_bins,
    shifted,
    wilson_interval,
)
from helpers.model import load_bigmodel
from helpers.recorded import load_record
from tools.experiments import evaluation as experiments

NONE = torch.zeros(0, dtype=torch.int64)


def draw(seed, n=200, num_classes=4):
    """Predictions and labels of a model that is right more often than not."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(num_classes, (n,), generator=generator)
    guesses = torch.randint(num_classes, (n,), generator=generator)
    known = torch.rand(n, generator=generator) < 0.6
    return torch.where(known, labels, guesses), labels


def draw_confidence(seed, n=500, power=0.5):
    """Confidences, and answers right with the confidence ** power."""
    # Not the random numbers that calibrated_errors draws by the same seed.
    generator = torch.Generator().manual_seed(10_000 + seed)
    confidence = torch.rand(n, generator=generator).double()
    chance = torch.rand(n, generator=generator).double()
    return confidence, chance < confidence**power


ALL_RIGHT = (torch.tensor([0, 1, 2, 3]),) * 2
ALL_WRONG = torch.tensor([0, 1, 2, 3]), torch.tensor([1, 2, 3, 0])
CASES = {
    **{f"random {seed}": draw(seed) for seed in range(5)},
    "all right": ALL_RIGHT,
    "all wrong": ALL_WRONG,
    "one image, right": (torch.tensor([2]), torch.tensor([2])),
    "one image, wrong": (torch.tensor([2]), torch.tensor([0])),
    "class 3 has no images": (
        torch.tensor([0, 1, 3, 2]),
        torch.tensor([0, 1, 2, 2]),
    ),
    "class 3 is never predicted": (
        torch.tensor([0, 1, 2, 2]),
        torch.tensor([0, 1, 3, 2]),
    ),
    "class 3 is nowhere": (torch.tensor([0, 2, 2]), torch.tensor([0, 1, 2])),
}
each_case = pytest.mark.parametrize(
    ("predicted", "labels"), CASES.values(), ids=CASES
)


# predict


class Twin(nn.Module):
    """Dropout and batch normalisation: the mode changes the answer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(12, 8),
            nn.BatchNorm1d(8),
            nn.Dropout(0.5),
            nn.Linear(8, 3),
        )

    def forward(self, X):
        return self.layers(X)


@pytest.fixture
def X():
    return torch.rand(11, 3, 2, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("batch_size", [1, 4, 11, 500])
def test_predict_is_one_pass_in_evaluation_mode(X, training, batch_size):
    model = Twin().train(training)
    statistics = model.layers[2].running_mean.clone()
    logits = predict(model, X, batch_size)
    assert model.training == model.layers[3].training == training
    assert torch.equal(model.layers[2].running_mean, statistics)
    expected = model.eval()(X).detach()
    assert torch.allclose(logits, expected, atol=1e-6)


def test_predict_tracks_nothing_and_its_logits_can_be_used(X):
    logits = predict(Twin(), X)
    assert not logits.requires_grad
    temperature = torch.tensor(2.0, requires_grad=True)
    (logits / temperature).square().sum().backward()
    assert temperature.grad is not None


def test_predict_puts_the_mode_back_after_an_error(X):
    model = Twin().train()
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        predict(model, X[:, :, :1])
    assert model.training


def test_predict_refuses_what_it_cannot_use(X):
    with pytest.raises(ValueError, match=r"float tensor, not torch.uint8"):
        predict(Twin(), X.to(torch.uint8))
    with pytest.raises(ValueError, match=r"not LabelledImages: pass test.inp"):
        predict(Twin(), load_embedded().test)
    with pytest.raises(ValueError, match="no images"):
        predict(Twin(), X[:0])
    X[3] = math.nan
    with pytest.raises(ValueError, match="NaN or infinite for 1 of 11"):
        predict(Twin(), X)
    model = Twin()
    nn.init.constant_(model.layers[4].bias, math.inf)
    with pytest.raises(ValueError, match="NaN or infinite for 11 of 11"):
        predict(model, X.nan_to_num())


# Counting


@each_case
def test_counts_agree_with_scikit_learn(predicted, labels):
    classes = range(4)
    assert accuracy(predicted, labels) == metrics.accuracy_score(
        labels, predicted
    )
    confusion = confusion_matrix(predicted, labels, 4)
    assert confusion.dtype == torch.int64
    assert np.array_equal(
        confusion, metrics.confusion_matrix(labels, predicted, labels=classes)
    )


@pytest.mark.parametrize(
    "measure",
    [accuracy, lambda p, y: confusion_matrix(p, y, 4)],
    ids=["accuracy", "confusion_matrix"],
)
def test_classes_that_make_no_sense_are_refused(measure):
    predicted, labels = draw(0)
    with pytest.raises(ValueError, match="no images"):
        measure(NONE, NONE)
    with pytest.raises(ValueError, match=r"\[200, 199\]"):
        measure(predicted, labels[1:])
    with pytest.raises(ValueError, match=r"not torch.int64 of shape \(200, 1"):
        measure(predicted[:, None], labels)
    with pytest.raises(ValueError, match=r"torch.float32 of shape \(200,\)"):
        measure(predicted.float(), labels)
    with pytest.raises(ValueError, match=r"argmax\(dim=1\), not list"):
        measure(predicted.tolist(), labels)
    with pytest.raises(ValueError, match=r"not -1\.\.3"):
        measure(predicted, labels - (labels == 0).long())


@pytest.mark.parametrize("side", [0, 1])
def test_a_class_out_of_range_is_refused(side):
    pair = [torch.tensor([0, 1]), torch.tensor([0, 1])]
    pair[side] = torch.tensor([0, 4])
    with pytest.raises(ValueError, match=r"must lie in 0\.\.3, not 0\.\.4"):
        confusion_matrix(*pair, 4)


# Intervals


@pytest.mark.parametrize("n", [1, 2, 10, 4000])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_wilson_agrees_with_scipy(n, share, level):
    correct = round(share * n)
    theirs = scipy.stats.binomtest(correct, n).proportion_ci(level, "wilson")
    low, high = wilson_interval(correct, n, level)
    assert (low, high) == pytest.approx(tuple(theirs), abs=1e-12)
    assert 0 <= low < high <= 1


def test_wilson_refuses_impossible_counts():
    for counts in ((0, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match=r"images cannot be"):
            wilson_interval(*counts)
    for level in (0, 1, 95, math.nan):
        with pytest.raises(ValueError, match=r"as 0\.95, not"):
            wilson_interval(4, 5, level)


@pytest.mark.parametrize(("n", "share"), [(20, 0.9), (100, 0.5), (400, 0.95)])
def test_wilson_covers_the_truth_as_often_as_it_says(n, share):
    """Of 4,000 simulated test splits, about 95 % have the true accuracy in
    their interval. The interval that most textbooks give has it in under
    90 % of the small ones."""
    counts = np.random.default_rng(0).binomial(n, share, 4000)
    ends = np.array([wilson_interval(k, n) for k in range(n + 1)])
    covered = (ends[counts, 0] <= share) & (share <= ends[counts, 1])
    assert covered.mean() == pytest.approx(0.95, abs=0.02)
    if n == 20:
        half = 1.96 * np.sqrt(counts * (n - counts) / n) / n
        assert (abs(counts / n - share) <= half).mean() < 0.9


def test_bootstrap_covers_the_truth_as_often_as_it_says():
    random = torch.Generator().manual_seed(0)
    covered = 0
    for repetition in range(300):
        right = torch.rand(100, generator=random) < 0.8
        low, high = bootstrap_interval(
            mean, right, num_resamples=300, seed=repetition
        )
        covered += low <= 0.8 <= high
    assert covered / 300 == pytest.approx(0.95, abs=0.04)


def mean(values):
    return values.double().mean()


def test_bootstrap_agrees_with_scipy_and_with_wilson():
    predicted, labels = draw(3, n=1000)
    ours = bootstrap_interval(accuracy, predicted, labels)
    right = (predicted == labels).numpy()
    theirs = scipy.stats.bootstrap(
        (right,), np.mean, method="percentile", rng=0
    ).confidence_interval
    assert ours == pytest.approx(tuple(theirs), abs=0.004)
    wilson = wilson_interval(int(right.sum()), 1000)
    assert ours == pytest.approx(wilson, abs=0.004)


def test_bootstrap_keeps_the_rows_of_its_samples_together():
    """Of two equal samples the difference is 0 on every resample."""
    values = torch.arange(50.0)
    apart = bootstrap_interval(
        lambda a, b: (a - b).abs().max(), values, values, num_resamples=50
    )
    assert apart == (0, 0)


def test_bootstrap_is_seeded_and_leaves_the_random_state():
    values = torch.linspace(0, 1, 40).square()
    state = torch.get_rng_state()
    first = bootstrap_interval(mean, values)
    assert torch.equal(torch.get_rng_state(), state)
    assert bootstrap_interval(mean, values) == first
    assert bootstrap_interval(mean, values, seed=1) != first
    low, high = bootstrap_interval(mean, values, confidence=0.5)
    assert first[0] < low < high < first[1]


def test_bootstrap_on_the_edge():
    assert bootstrap_interval(mean, torch.ones(9)) == (1, 1)
    assert bootstrap_interval(mean, torch.tensor([False])) == (0, 0)
    with pytest.raises(ValueError, match="no images"):
        bootstrap_interval(mean, torch.ones(0))
    with pytest.raises(ValueError, match=r"\[9, 8\]"):
        bootstrap_interval(accuracy, torch.ones(9), torch.ones(8))
    with pytest.raises(ValueError, match="NaN on some"):
        bootstrap_interval(mean, torch.tensor([1, math.nan]))
    with pytest.raises(ValueError, match=r"as 0\.95, not 95"):
        bootstrap_interval(mean, torch.ones(9), confidence=95)


# Two models on the same images


@pytest.mark.parametrize("counts", [(0, 1), (5, 5), (3, 17), (60, 21)])
def test_mcnemar_agrees_with_scipy(counts):
    only_first, only_second = counts
    first = torch.tensor(
        [True] * 9 + [False] * 4 + [True] * only_first + [False] * only_second
    )
    second = torch.tensor(
        [True] * 9 + [False] * 4 + [False] * only_first + [True] * only_second
    )
    got = mcnemar(first, second)
    assert got[:2] == counts
    expected = scipy.stats.binomtest(only_first, sum(counts)).pvalue
    assert got.p_value == pytest.approx(expected, rel=1e-9)
    back = mcnemar(second, first)
    assert back == (only_second, only_first, got.p_value)


def test_mcnemar_on_the_edge():
    ones, zeros = torch.ones(7, dtype=bool), torch.zeros(7, dtype=bool)
    assert mcnemar(ones, ones) == mcnemar(zeros, zeros) == (0, 0, 1)
    assert mcnemar(ones, zeros) == (7, 0, 2 / 2**7)
    assert mcnemar(ones[:1], zeros[:1]) == (1, 0, 1)
    many = torch.ones(4000, dtype=bool)
    assert mcnemar(many, ~many).p_value == 0, "no overflow"
    with pytest.raises(ValueError, match="no images"):
        mcnemar(ones[:0], ones[:0])
    with pytest.raises(ValueError, match=r"\[7, 6\]"):
        mcnemar(ones, ones[1:])
    with pytest.raises(ValueError, match=r"not torch\.float32"):
        mcnemar(ones, ones.float())


def test_mcnemar_errs_as_seldom_as_it_says():
    """Equal models: a p-value under 0.05 in at most 5 % of the trials."""
    random = torch.Generator().manual_seed(0)
    wrong = 0
    for _ in range(1000):
        first, second = torch.rand(2, 300, generator=random) < 0.9
        wrong += mcnemar(first, second).p_value < 0.05
    assert 0.02 < wrong / 1000 <= 0.05


# Calibration


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("num_bins", [1, 10, 15])
def test_bins_agree_with_scikit_learn_and_a_loop(seed, num_bins):
    confidence, right = draw_confidence(seed)
    bins = reliability_bins(confidence, right, num_bins)
    shares, means = calibration_curve(right, confidence, n_bins=num_bins)
    filled = bins.count > 0
    assert bins.accuracy[filled].numpy() == pytest.approx(shares)
    assert bins.confidence[filled].numpy() == pytest.approx(means)
    error = 0
    for low in range(num_bins):
        inside = (confidence > low / num_bins) & (
            confidence <= (low + 1) / num_bins
        )
        assert bins.count[low] == inside.sum()
        if inside.any():
            gap = right[inside].double().mean() - confidence[inside].mean()
            error += inside.double().mean() * abs(gap)
    assert expected_calibration_error(
        confidence, right, num_bins
    ) == pytest.approx(float(error), abs=1e-12)


def test_the_edges_of_the_bins():
    confidence = torch.tensor([0, 0.25, 0.5, 0.50001, 1])
    right = torch.tensor([False, True, True, False, True])
    bins = reliability_bins(confidence, right, 4)
    assert bins.count.tolist() == [2, 1, 1, 1]
    assert bins.accuracy.tolist() == [0.5, 1, 0, 1]
    empty = reliability_bins(confidence[-1:], right[-1:], 4)
    assert empty.count.tolist() == [0, 0, 0, 1]
    for shares in (empty.accuracy, empty.confidence):
        assert shares.isnan().tolist() == [True] * 3 + [False]


def test_calibration_error_on_the_edge():
    def error(confidence, right):
        return expected_calibration_error(
            torch.tensor(confidence), torch.tensor(right)
        )

    assert error([1.0, 1.0], [True, True]) == 0
    assert error([1.0, 1.0], [False, False]) == 1
    assert error([0.75], [True]) == 0.25
    assert error([0.5, 0.5], [True, False]) == 0


@pytest.mark.parametrize(
    "measure",
    [reliability_bins, expected_calibration_error, accuracy_coverage],
)
def test_confidences_that_make_no_sense_are_refused(measure):
    confidence, right = draw_confidence(0)
    with pytest.raises(ValueError, match="no images"):
        measure(confidence[:0], right[:0])
    with pytest.raises(ValueError, match=r"\(500,\), not torch.float64 of sh"):
        measure(confidence[1:], right)
    with pytest.raises(
        ValueError, match=r"torch\.bool, as predicted == labels"
    ):
        measure(confidence, right.double())
    for nonsense in (math.nan, -0.1, 1.1):
        confidence[5] = nonsense
        with pytest.raises(ValueError, match=r"in 0\.\.1 and never be NaN"):
            measure(confidence, right)


def test_bins_there_must_be():
    with pytest.raises(ValueError, match="num_bins must be at least 1, not 0"):
        reliability_bins(*draw_confidence(0), num_bins=0)


def test_calibrated_errors_are_those_of_calibrated_models():
    """Against a simulation of its own, with NumPy and a plain loop."""
    confidence = torch.linspace(0.5, 1, 300).double()
    ours = calibrated_errors(confidence, 10, num_resamples=400)
    random, values = np.random.default_rng(1), confidence.numpy()
    bins = np.ceil(values * 10).astype(int)
    theirs = []
    for _ in range(400):
        gap = (random.random(300) < values) - values
        sums = np.bincount(bins, gap)
        theirs.append(abs(sums).sum() / 300)
    assert ours.shape == (400,)
    assert ours.mean() == pytest.approx(np.mean(theirs), abs=0.003)
    assert ours.std() == pytest.approx(np.std(theirs), rel=0.15)
    assert ours.min() > 0, "the measure is biased: never 0 by chance"


def test_the_bias_shrinks_with_images_and_grows_with_bins():
    confidence, _ = draw_confidence(0, n=4000)
    few = calibrated_errors(confidence[:250]).mean()
    many = calibrated_errors(confidence).mean()
    assert few / many == pytest.approx(4, rel=0.15), "one over root n"
    assert calibrated_errors(confidence, 60).mean() > 1.5 * many
    sure = calibrated_errors(torch.ones(50))
    assert (sure == 0).all(), "who is sure and calibrated is always right"


def test_a_calibrated_model_stays_within_chance_and_another_does_not():
    """The 95 % quantile of chance refuses a calibrated model in about 5 %."""
    refused = 0
    for seed in range(200):
        confidence, right = draw_confidence(seed, n=300, power=1)
        limit = calibrated_errors(confidence, 15, 100, seed).quantile(0.95)
        refused += expected_calibration_error(confidence, right) > limit
    assert 0.01 < refused / 200 < 0.1
    confidence, right = draw_confidence(0, n=2000, power=0.5)
    limit = calibrated_errors(confidence).max()
    assert expected_calibration_error(confidence, right) > limit


@pytest.mark.parametrize("temperature", [0.4, 1, 3.5])
def test_a_known_temperature_is_found_again(temperature):
    """Labels drawn from softmax(z); the model says z times temperature."""
    random = torch.Generator().manual_seed(0)
    z = 2 * torch.randn(20_000, 5, generator=random)
    labels = z.softmax(1).multinomial(1, generator=random)[:, 0]
    found = fit_temperature(z * temperature, labels)
    assert found == pytest.approx(temperature, rel=0.03)
    rescaled = fit_temperature(z * temperature / found, labels)
    assert rescaled == pytest.approx(1, rel=1e-3)


def test_the_temperature_is_the_likeliest():
    """Nothing on a fine grid has a lower loss, by scikit-learn's measure."""
    random = torch.Generator().manual_seed(2)
    logits = 3 * torch.randn(60, 4, generator=random)
    labels = (logits + 4 * torch.randn(60, 4, generator=random)).argmax(1)

    def loss(temperature):
        shares = (logits.double() / temperature).softmax(1)
        return metrics.log_loss(labels, shares, labels=range(4))

    found = loss(fit_temperature(logits, labels))
    assert found <= min(map(loss, np.geomspace(0.1, 50, 400))) + 1e-9


def test_temperatures_that_do_not_exist_are_refused():
    logits = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 3]])
    right, wrong = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0])
    for labels in (right, wrong):
        with pytest.raises(ValueError, match="no temperature is best"):
            fit_temperature(logits, labels)
        with pytest.raises(ValueError, match="no temperature is best"):
            fit_temperature(logits[:1], labels[:1])
        with pytest.raises(ValueError, match="no temperature is best"):
            fit_temperature(logits / 1000, labels)
    with pytest.raises(ValueError, match="every prediction is right"):
        fit_temperature(logits, right)
    with pytest.raises(ValueError, match="no better than chance"):
        fit_temperature(logits, wrong)
    with pytest.raises(ValueError, match=r"in 0\.\.2, not 0\.\.3"):
        fit_temperature(logits, torch.tensor([0, 1, 3]))
    with pytest.raises(ValueError, match=r"\(n, classes\), not torch.float32"):
        fit_temperature(logits[0], right)
    with pytest.raises(ValueError, match="no images"):
        fit_temperature(logits[:0], NONE)
    with pytest.raises(ValueError, match=r"\[3, 2\]"):
        fit_temperature(logits, right[1:])
    for nonsense in (math.nan, math.inf):
        logits[1, 1] = nonsense
        with pytest.raises(ValueError, match="NaN or infinite for 1 of 3"):
            fit_temperature(logits, right)


# Abstaining


@pytest.mark.parametrize("seed", range(3))
def test_accuracy_coverage_is_what_each_threshold_gives(seed):
    confidence, right = draw_confidence(seed, n=60)
    confidence = (confidence * 20).round() / 20  # many ties
    curve = accuracy_coverage(confidence, right)
    expected = sorted(set(confidence.tolist()), reverse=True)
    assert curve.threshold.tolist() == expected
    for threshold, coverage, share in zip(*curve, strict=True):
        answered = confidence >= threshold
        assert coverage == answered.double().mean()
        assert share == right[answered].double().mean()
    assert curve.coverage[-1] == 1


def test_accuracy_coverage_on_the_edge():
    one = accuracy_coverage(torch.tensor([0.25]), torch.tensor([False]))
    assert [t.tolist() for t in one] == [[0.25], [1], [0]]
    same = accuracy_coverage(
        torch.zeros(3), torch.tensor([True, False, False])
    )
    assert [t.tolist() for t in same] == [[0], [1], [1 / 3]]


# Shifts


@pytest.fixture(scope="module")
def images():
    return load_embedded().test.images[:40]


@pytest.mark.parametrize("name", SHIFTS)
def test_a_shift_keeps_what_it_should(name, images):
    before = images.clone()
    severities = range(len(SHIFTS[name].amounts))
    distances = []
    for severity in severities:
        got = shifted(images, name, severity)
        assert got.shape == images.shape
        assert got.dtype == torch.uint8
        assert torch.equal(got, shifted(images, name, severity))
        distances.append((got.float() - images).abs().mean().item())
    assert torch.equal(images, before), "the given images stay as they are"
    assert distances[0] == 0
    assert torch.equal(shifted(images, name, 0), images)
    assert distances == sorted(set(distances)), "more changes more"
    colour = shifted(images.expand(-1, 3, -1, -1), name, 1)
    assert colour.shape == (40, 3, 28, 28)


def test_noise_has_the_deviation_it_says():
    grey = torch.full((5, 1, 28, 28), 128, dtype=torch.uint8)
    got = SHIFTS["noise"].apply(grey, 25).float() - 128
    assert got.mean() == pytest.approx(0, abs=1.5)
    assert got.std() == pytest.approx(25, rel=0.05)
    black = SHIFTS["noise"].apply(torch.zeros_like(grey), 25)
    assert black.max() < 128, "negative values do not wrap round"
    assert SHIFTS["noise"].apply(grey + 127, 25).min() > 128
    other = SHIFTS["noise"].apply(grey, 25, seed=1).float() - 128
    assert not torch.equal(got, other)


def dot():
    images = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
    images[0, 0, 4, 6] = 200
    return images


def where(images):
    return [tuple(p[2:]) for p in images.nonzero().tolist()]


def test_each_shift_on_one_bright_pixel():
    assert where(SHIFTS["moved"].apply(dot(), 2)) == [(4, 8)]
    assert where(SHIFTS["moved"].apply(dot(), 3)) == [], "no way round"
    assert where(SHIFTS["rotated"].apply(dot(), 90)) == [(2, 4)]
    assert where(SHIFTS["mirrored"].apply(dot(), 1)) == [(4, 2)]
    dimmed = SHIFTS["dimmed"].apply(dot(), 0.5)
    assert where(dimmed) == [(4, 6)]
    assert dimmed.max() == 100
    bright = SHIFTS["brightened"].apply(dot(), 100)
    assert bright.unique().tolist() == [100, 255], "the background as well"
    occluded = SHIFTS["occluded"].apply(dot(), 3)
    square = [(i, j) for i in (3, 4, 5) for j in (3, 4, 5)]
    assert where(occluded) == sorted([*square, (4, 6)])
    assert occluded[0, 0, 4, 4] == 128
    assert where(SHIFTS["occluded"].apply(dot(), 5))[12] == (4, 4)


def test_blur_is_the_gaussian_of_scipy():
    import scipy.ndimage

    images = load_embedded().test.images[:3]
    for sigma in SHIFTS["blur"].amounts[1:]:
        ours = SHIFTS["blur"].apply(images, sigma)
        theirs = scipy.ndimage.gaussian_filter(
            images.double().numpy(),
            (0, 0, sigma, sigma),
            mode="mirror",
            radius=(0, 0, *[math.ceil(3 * sigma)] * 2),
        )
        assert abs(ours.numpy() - theirs).max() <= 0.51


def test_shifts_that_do_not_exist_are_refused(images):
    with pytest.raises(ValueError, match="no shift 'fog'; there are noise"):
        shifted(images, "fog", 1)
    for severity in (-1, 6, 1.5):
        with pytest.raises(ValueError, match="one of 0 to 5, not"):
            shifted(images, "blur", severity)
    with pytest.raises(ValueError, match=r"float32 of shape .*not test.inp"):
        shifted(images / 255, "blur", 1)
    with pytest.raises(ValueError, match=r"of shape \(28, 28\)"):
        shifted(images[0, 0], "blur", 1)


# Records


def test_the_recorded_scores_are_whole():
    rows = load_record("scores")["rows"]
    _, validation, test = load_embedded()
    models = [(row["model"], row["seed"]) for row in rows]
    assert models == [
        *(("BigModel", seed) for seed in experiments.SEEDS),
        *(("linear", seed) for seed in experiments.LINEAR_SEEDS),
        ("shipped", 0),
    ]
    for row in rows:
        for name, split in (("validation", validation), ("test", test)):
            predicted = torch.tensor([int(digit) for digit in row[name]])
            assert accuracy(predicted, split.labels) == row[f"{name}_accuracy"]


@pytest.mark.full
def test_a_recorded_score_can_be_repeated():
    recorded = load_record("scores")["rows"][6]
    again = experiments.score(0, "linear", num_epochs=10)
    assert again.keys() == recorded.keys()
    assert share_equal(again["test"], recorded["test"]) > 0.97
    assert again["mirrored_accuracy"] == pytest.approx(
        recorded["mirrored_accuracy"], abs=0.03
    )


def share_equal(first, second):
    """Not 1: another processor rounds differently, and ends elsewhere."""
    return np.mean(np.array(list(first)) == np.array(list(second)))


def test_the_shipped_weights_say_what_is_recorded():
    recorded = load_record("scores")["rows"][-1]
    test = load_embedded().test[:300]
    predicted = predict(load_bigmodel(), test.inputs()).argmax(dim=1)
    again = experiments.digits(predicted)
    assert share_equal(again, recorded["test"][:300]) > 0.99


def test_a_recorded_curve_can_be_repeated():
    recorded = {row["name"]: row for row in load_record("curves")["rows"]}
    assert list(recorded) == list(experiments.CURVES)
    row = recorded["model too small"]
    again = experiments.curve("model too small")
    assert again.keys() == row.keys()
    for key, expected in row.items():
        if key.endswith("_loss"):
            assert again[key] == pytest.approx(expected, abs=0.02), key
        elif key.endswith("_accuracy"):
            assert again[key] == pytest.approx(expected, abs=0.04), key
        else:
            assert again[key] == expected, key
