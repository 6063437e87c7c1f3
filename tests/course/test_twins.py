"""A notebook's function and the helper of its name compute the same.

They may be written differently: the lesson shows the shortest true form, the
helper also refuses what cannot be. See twins/__init__.py.
"""

import contextlib
import math
import signal
from typing import NamedTuple

import numpy as np
import pytest
import torch

from helpers.data import LabelledImages
from tests.course.twins import (
    ELSEWHERE,
    INTRODUCED,
    TWINS,
    introduced,
    shown,
)
from tests.course.twins.comparison import (
    disagreement,
    inputs,
    notebooks_with,
    shown_twins,
    twins_of_helper,
    undisturbed,
)
from tests.course.twins.faults import faults, trusting
from tests.course.twins.portrait import (
    EXACT,
    ROUNDING,
    difference,
    portrait,
)

NAMES = [(module, name) for module in TWINS for name in TWINS[module]]
each_twin = pytest.mark.parametrize(
    ("module", "name"), NAMES, ids=[".".join(pair) for pair in NAMES]
)
each_module = pytest.mark.parametrize("module", TWINS)


@each_twin
def test_both_compute_the_same(module, name):
    about = introduced(module, name)
    assert name in twins_of_helper(module), (
        f"helpers/{module}.py has no {name} any more: take it out of "
        f"tests/course/twins/{module}.py"
    )
    topics = notebooks_with(module, name)
    why = shown.shown(about).left_out.get(name, "it is not defined there")
    assert about in topics, (
        f"the notebook about {about} does not show {name} of "
        f"helpers/{module}.py ({why}): show it, or take it out of "
        f"tests/course/twins/{module}.py"
    )
    for topic in topics:
        words = disagreement(module, name, shown.shown(topic).module)
        assert not words, f"{name}, {topic} against helpers.{module}: {words}"


@each_module
def test_every_twin_has_inputs(module):
    others = [about for (of, _), about in ELSEWHERE.items() if of == module]
    for about in {*others, *shown.from_on(INTRODUCED[module])}:
        without = shown_twins(module, about) - TWINS[module].keys()
        assert not without, (
            f"{sorted(without)} in helpers/{module}.py and in the notebook "
            f"about {about}: add to TWINS in tests/course/twins/{module}.py "
            "a Twin(...) that makes their inputs"
        )


def test_every_helper_has_its_notebook_and_inputs():
    assert INTRODUCED.keys() == TWINS.keys()


# ---- Inputs --------------------------------------------------------------


@each_twin
def test_inputs_are_new_independent_and_varied(module, name):
    twin = TWINS[module][name]
    with undisturbed():
        made = [inputs(twin, number) for number in range(twin.draws)]
        again = inputs(twin, 0)
    assert not difference(portrait(again), portrait(made[0]), EXACT)
    assert not memory_of(again) & memory_of(made[0])
    if twin.draws > 1:
        first = portrait(made[0])
        assert any(difference(portrait(m), first, EXACT) for m in made[1:])


@each_module
def test_inputs_are_valid(module):
    """A lesson that refuses nothing agrees with the helper, which does."""
    for about in {introduced(module, name) for name in TWINS[module]}:
        lesson = shown.shown(about)
        found, names = trusting(about)
        for name in names & TWINS[module].keys():
            words = disagreement(module, name, found.module)
            if words and not disagreement(module, name, lesson.module):
                raise AssertionError(f"{name} without its refusals: {words}")


def memory_of(value):
    """Where the numbers of all arrays in a value lie."""
    if isinstance(value, np.ndarray):
        return {value.ctypes.data} if value.size else set()
    if isinstance(value, torch.Tensor):
        return {value.data_ptr()} if value.numel() else set()
    if isinstance(value, torch.nn.Module):
        value = list(value.parameters())
    if isinstance(value, LabelledImages):
        value = [value.images, value.labels]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return set().union(*map(memory_of, value))
    return set()


# ---- Would it notice? ----------------------------------------------------

# A wrong twin of each module, as a lesson might have it by mistake.
WRONG = {
    ("shoes", "logistic_gradient"): """
def logistic_gradient(weight, X, y):  # the sum over images, not the mean
    return X.T @ (torch.sigmoid(X @ weight) - y)
""",
    ("engine", "unbroadcast"): """
def unbroadcast(grad, shape):  # stretched axes are forgotten
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad
""",
    ("model", "BigModel"): """
class BigModel(nn.Module):  # the first ReLU is forgotten
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(64, 128, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(128 * 7 * 7, 1000)
        self.fc2 = nn.Linear(1000, 10)

    def forward(self, X):
        X = F.max_pool2d(self.conv1(X), 2)
        X = F.max_pool2d(F.relu(self.conv2(X)), 2)
        X = F.relu(self.fc1(X.flatten(start_dim=1)))
        return self.fc2(X)
""",
    ("training", "evaluate"): """
@torch.inference_mode()
def evaluate(model, batches, device="cpu"):  # in whatever mode it is
    total_loss, num_correct, num_images = 0.0, 0, 0
    for X, y in batches:
        logits = model(X)
        total_loss += F.cross_entropy(logits, y, reduction="sum").item()
        num_correct += (logits.argmax(dim=1) == y).sum().item()
        num_images += len(y)
    return total_loss / num_images, num_correct / num_images
""",
    ("evaluation", "predict"): """
@torch.inference_mode()
def predict(model, X, batch_size=500, device="cpu"):  # unfit for autograd
    was_training = model.training
    model.eval()
    parts = [model(x.to(device)).cpu() for x in X.split(batch_size)]
    model.train(was_training)
    return torch.cat(parts)
""",
    ("attribution", "gradient"): """
def gradient(model, X, targets):  # leaves gradients in the model
    X = X.detach().clone().requires_grad_()
    model(X).gather(1, targets[:, None]).sum().backward()
    return X.grad
""",
    ("speed", "PoolFirst"): """
class PoolFirst(BigModel):  # the second ReLU is forgotten
    def forward(self, X):
        X = F.relu(F.max_pool2d(self.conv1(X), 2))
        X = F.max_pool2d(self.conv2(X), 2)
        X = X.flatten(start_dim=1)
        return self.fc2(F.relu(self.fc1(X)))
""",
    ("without_labels", "cluster_"): """
def cluster_(conv, maps, seed=0, num_patches=20_000, rounds=8, eps=0.1):
    patches = patches_of(maps, num_patches, seed)  # the mean stays in the bias
    mean, spread = patches.mean(dim=0), patches.std()
    patches = patches - mean
    variance, directions = torch.linalg.eigh(torch.cov(patches.T))
    scale = (variance + eps * variance.mean()).sqrt()
    whitening = directions / scale @ directions.T
    Z = patches @ whitening
    centres = F.normalize(Z[: conv.out_channels])
    for _ in range(rounds):
        centres = kmeans_step(centres, Z)
    filters = centres @ whitening
    filters *= spread / (patches @ filters.T).std(dim=0)[:, None]
    with torch.no_grad():
        conv.weight.copy_(filters.view_as(conv.weight))
""",
    ("fast_recipe", "conditioned"): """
def conditioned(f, m, s, U, T):  # the scale comes too late
    x = f - m
    return (x - x @ U @ T) * s
""",
    ("costs", "measure_kept"): """
def measure_kept(model, forward):  # counts a storage as often as it is kept
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    found = []

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in own:
            found.append(tensor.untyped_storage().nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        forward()
    return sum(found)
""",
    ("distributed", "average_gradients"): """
def average_gradients(model):  # the sum
    for weights in model.parameters():
        dist.all_reduce(weights.grad)
""",
    ("boxes", "match"): """
def match(boxes, true_boxes, threshold=0.5):  # nothing is ever taken
    chosen = torch.full((len(boxes),), -1)
    if len(true_boxes) and len(boxes):
        overlap, nearest = iou(boxes, true_boxes).max(dim=1)
        chosen[overlap >= threshold] = nearest[overlap >= threshold]
    return chosen
""",
    ("detector", "detection_loss"): """
def detection_loss(logits, boxes, cell_labels, cell_boxes):  # all pay alike
    answers = cell_labels >= 0
    wanted = F.one_hot(cell_labels.clamp(min=0), 10).float()
    what = F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    where = generalized_box_iou_loss(
        boxes[answers], cell_boxes[answers], reduction="sum"
    )
    return (what + where) / answers.sum().clamp(min=1)
""",
    ("flow", "flow_loss"): """
def flow_loss(net, images, y, drop=0.1):  # the velocity points backwards
    noise = torch.randn_like(images)
    t = torch.randn(len(images), device=images.device).sigmoid()
    between = torch.lerp(noise, images, t[:, None, None, None])
    hidden = torch.rand(len(y), device=y.device) < drop
    velocity = net(between, t, y.masked_fill(hidden, ANY))
    return F.mse_loss(velocity.float(), noise - images)
""",
    ("generated", "frechet_distance"): """
def frechet_distance(A, B):  # without the covariances
    return (A.mean(dim=0) - B.mean(dim=0)).square().sum()
""",
    ("translator", "greedy"): """
def greedy(net, source, max_length=32):  # goes on behind the end
    memory, real = net.encode(source), source != PAD
    target = torch.full((len(source), 1), BEGIN, device=source.device)
    while target.shape[1] < max_length:
        token = net.decode(target, memory, real)[:, -1].argmax(dim=-1)
        target = torch.cat([target, token[:, None]], dim=1)
    return target
""",
    ("translation_scores", "clipped_counts"): """
def clipped_counts(hypothesis, reference, n):  # nothing is clipped
    ours, theirs = ngrams(hypothesis, n), ngrams(reference, n)
    found = sum(count for gram, count in ours.items() if gram in theirs)
    return found, ours.total()
""",
    ("wordpiece", "longest_match"): """
def longest_match(word, vocabulary):  # a rest that is unknown is left out
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            if mark + word[start:end] in vocabulary:
                break
        else:
            return [*pieces, "[UNK]"]
        pieces.append(mark + word[start:end])
        start = end
    return pieces
""",
    ("bert", "mean_pool"): """
def mean_pool(vectors, real):  # padding counts in the number
    return (vectors * real[..., None]).mean(dim=1)
""",
    ("cues", "word_credit"): """
def word_credit(reader, planted, num_steps=16):  # the gradient at the end
    x = reader.embed(planted.ids).detach().requires_grad_()
    logits = reader.read(x, planted.real)
    margin = (logits[:, 1] - logits[:, 0]) * (2 * planted.labels - 1)
    return (x * torch.autograd.grad(margin.sum(), x)[0]).sum(dim=-1).detach()
""",
    ("vae", "vae_loss"): """
def vae_loss(vae, images, y):  # the codes may tell as much as they like
    mean, log_variance = vae.encode(images, y)
    codes = reparametrise(mean, log_variance, torch.randn_like(mean))
    logits = vae.decode(codes, y).float()
    missed = F.binary_cross_entropy_with_logits(
        logits, images, reduction="sum"
    )
    return missed / len(images)
""",
    ("speech", "spectrogram"): """
def spectrogram(x):  # without the fading of the windows
    x = F.pad(x, (128, 128))
    frames = x.unfold(-1, 256, 80)
    return torch.fft.rfft(frames).abs().square()
""",
    ("wavenet", "causal_conv"): """
def causal_conv(x, weight, bias, dilation):  # the zeros on both sides
    back = dilation * (weight.shape[2] - 1)
    half = back // 2
    x = F.pad(x, (half, back - half))
    return F.conv1d(x, weight, bias, dilation=dilation)
""",
    ("vocoder", "griffin_lim"): """
def griffin_lim(log_mel, num_steps=40, seed=0):  # the first phases kept
    size = power_of(log_mel).sqrt()
    generator = torch.Generator().manual_seed(seed)
    angle = 2 * torch.pi * torch.rand(size.shape, generator=generator)
    return stft_to_wave(torch.polar(size, angle))
""",
    ("ctc", "ctc_loss"): """
def ctc_loss(log_probs, labels):  # all may jump, equal letters too
    symbols = torch.zeros(2 * len(labels) + 1, dtype=torch.long)
    symbols[1::2] = labels
    jump = symbols != 0
    jump[:2] = False
    log_probs = log_probs[:, symbols]
    never = torch.full((len(symbols) - 2,), NEVER).to(log_probs)
    alpha = torch.cat([log_probs[0, :2], never])
    for step in log_probs[1:]:
        alpha = ctc_step(alpha, step, jump)
    return -torch.logsumexp(alpha[-2:], dim=0)
""",
    ("recogniser", "Recogniser"): """
class Recogniser(nn.Module):  # it walks one way only, twice
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            sound_block(40, 96, kernel_size=7, stride=2),
            sound_block(96, 96, kernel_size=7, stride=2),
        )
        self.rnn = nn.GRU(96, 256, batch_first=True)
        self.letters = nn.Linear(256, 28)

    def forward(self, X):
        X, _ = self.rnn(self.body(X).mT)
        return self.letters(X).log_softmax(dim=2)
""",
    ("frameworks", "fc1_to_keras"): """
def fc1_to_keras(weight):  # shapes that fit, in PyTorch's order
    return weight.mT
""",
}


@pytest.mark.parametrize(
    ("module", "name"), WRONG, ids=[name for _, name in WRONG]
)
def test_a_wrong_lesson_is_noticed(module, name):
    about = introduced(module, name)
    wrong = shown.with_source(about, WRONG[module, name])
    assert not disagreement(module, name, shown.run(about).module)
    assert disagreement(module, name, wrong.module)


def test_there_is_a_wrong_lesson_for_every_helper():
    assert {module for module, _ in WRONG} == TWINS.keys()


class TooLong(Exception):
    """A fault has made a loop endless."""


@contextlib.contextmanager
def time_limit(seconds):
    """Where the system has such an alarm."""

    def ring(*_):
        raise TooLong

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_noticed(module, name, fault):
    about = introduced(module, name)
    try:
        with time_limit(30):
            side = shown.run(about, fault.number, fault.code).module
            return bool(disagreement(module, name, side))
    except Exception:
        return True  # it cannot even be defined, or goes on for ever


@each_module
def test_small_faults_in_a_lesson_are_noticed(module):
    """At least nine of ten: some change nothing, as `max(0.0, ...)` of what
    is never below."""
    planted = [
        (name, fault)
        for name in TWINS[module]
        for fault in faults(introduced(module, name), name)
    ]
    missed = [
        fault.words
        for name, fault in planted
        if not is_noticed(module, name, fault)
    ]
    # What learners build themselves is not among them.
    few = {"training": 3, "distributed": 9, "boxes": 6, "flow": 8}
    few["generated"] = 0  # one function, of three lines
    few["vocoder"] = 3  # one function
    assert len(planted) >= few.get(module, 10)
    assert len(missed) <= max(1, len(planted) / 10), (
        f"of {len(planted)} faults in what a notebook shows of helpers/"
        f"{module}.py, these {len(missed)} change nothing that is compared: "
        + "; ".join(missed)
    )


# ---- Are the eyes good? --------------------------------------------------


def a_layer(**changes):
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 2)
    for name, value in changes.items():
        setattr(layer, name, value)
    return layer


class Pair(NamedTuple):
    one: int
    two: int


UNLIKE = {
    "a number": (1.0, 1.0 + 1e-9),
    "the type of a number": (1, 1.0),
    "the dtype": (torch.zeros(2), torch.zeros(2).double()),
    "the dtype of an array": (np.zeros(2), np.zeros(2, np.float32)),
    "the shape": (torch.zeros(2, 1), torch.zeros(1, 2)),
    "one entry": (torch.ones(3), torch.tensor([1, 1, 1 + 1e-5])),
    "NaN": (np.array([1, np.nan]), np.array([np.nan, 1])),
    "infinity": (np.array([np.inf]), np.array([-np.inf])),
    "whether it is watched": (torch.ones(1), torch.ones(1).requires_grad_()),
    "a name of a field": (Pair(1, 2), (1, 2)),
    "the length": ([1, 2], [1, 2, 3]),
    "the order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "the mode": (a_layer(), a_layer().eval()),
    "a frozen weight": (a_layer(), a_layer().requires_grad_(False)),
    "a weight": (a_layer(), a_layer(bias=torch.nn.Parameter(torch.ones(2)))),
    "the state of a generator": (
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(1),
    ),
    "what an iterator gives": (iter([1, 2]), iter([1, 3])),
    "an error's words": (ValueError("a"), ValueError("b")),
}


@pytest.mark.parametrize("what", UNLIKE)
def test_a_difference_is_seen(what):
    one, other = map(portrait, UNLIKE[what])
    assert difference(one, other, ROUNDING)
    assert not difference(one, one, EXACT)


def test_rounding_is_forgiven_but_only_where_it_may_be():
    one = portrait(torch.tensor([1e3, 1e-6]))
    other = portrait(torch.tensor([1e3, 2e-6]))
    assert not difference(one, other, ROUNDING)
    assert difference(one, other, EXACT)


def test_a_portrait_stays_as_it_was():
    tensor, layer = torch.zeros(2), a_layer()
    before = portrait([tensor, layer])
    tensor += 1
    with torch.no_grad():
        layer.bias += 1
    assert difference(before, portrait([tensor, layer]), ROUNDING)
    assert not difference(before, portrait([torch.zeros(2), a_layer()]), EXACT)


# ---- Is what a notebook defines found? -----------------------------------


def defines(*cells):
    """The `Shown` of a notebook of these cells."""
    made = [s for cell in cells for s in shown.compiled(cell, "a cell")]
    return shown.run_all("a test", made)


def test_definitions_run_and_lessons_do_not():
    found = defines(
        "import math\nSIDE = 3\nAREA = SIDE * SIDE\nn = len('abc')",
        "raise RuntimeError('a lesson')\nmath.pi = 3\nmath = 4",
        "def area(r, side=AREA):\n    return math.pi * r**2 + side",
        "area = area(2)\nprint(area)",
        "def late(x=n):\n    return x",
    )
    assert found.module.area(1) == 9 + math.pi
    assert found.left_out.keys() == {"late"}
    assert not hasattr(found.module, "n")
    assert shown.own(found.module) == {"area"}


def test_methods_that_come_later_are_found():
    found = defines(
        "class Value:\n    def one(self):\n        return 1",
        "def attach(cls, *functions):\n    for function in functions:\n"
        "        setattr(cls, function.__name__, function)",
        "def sum(self):\n    return 2\nattach(Value, sum)\ndel sum",
        "Value.__radd__, Value.__rmul__ = Value.sum, Value.one\n"
        "Value.__array_ufunc__ = None",
        "value = Value()\nvalue.one = 5",
    )
    names = {"one", "sum", "__radd__", "__rmul__", "__array_ufunc__"}
    expected = {"attach", *(f"Value.{name}" for name in names)}
    assert shown.own(found.module, by_method=True) == expected
    assert found.module.Value().sum() == 2
    assert found.made["Value.sum"] != found.made["Value.one"]


def test_a_later_import_does_not_pass_for_a_definition():
    found = defines(
        "def accuracy(predicted, labels):\n    return 1",
        "from helpers.evaluation import accuracy",
    )
    assert "accuracy" not in shown.own(found.module)
