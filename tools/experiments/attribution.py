"""Experiments on interpretability: models that cheat, maps with scores."""

import time
import warnings
from functools import partial

import numpy as np
import torch
from captum import attr
from captum.metrics import infidelity
from torch.nn import functional as F

from helpers import attribution
from helpers.attribution import (
    PLANTED,
    SCORES,
    cover_corners,
    deletion_curve,
    edges,
    load_planted,
    modular,
    pixel_map,
    plant,
    randomised,
    rank_correlation,
)
from helpers.data import load_embedded
from helpers.evaluation import accuracy, bootstrap_interval, predict
from helpers.model import load_bigmodel

SEEDS = (0, 1, 2)
TRUTH = 0.9  # of the tags in the warehouse that hang on the right garment
CHEAT = {"num_steps": 300, "batch_size": 32, "lr": 2e-3}
MEND = {"num_steps": 400, "batch_size": 32, "lr": 1e-3}
NUM_FLIPPED = 48  # images that every method has to explain
LAYERS = ("fc2", "fc1", "conv2", "conv1")  # from the top down


def fine_tune(model, X, y, num_steps, batch_size, lr, seed):
    """Train all layers but fc1 with Adam; random batches drawn from `seed`.

    fc1 has 98.6 % of the weights: frozen, a model can be stored small.
    """
    generator = torch.Generator().manual_seed(seed)
    model.train().fc1.requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=lr)
    for _ in range(num_steps):
        batch = torch.randint(len(X), (batch_size,), generator=generator)
        loss = F.cross_entropy(model(X[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def save(name, model):
    """Store what was trained, in half precision; return it as stored."""
    PLANTED.mkdir(exist_ok=True)
    weights = {
        name: value.half()
        for name, value in model.state_dict().items()
        if not name.startswith("fc1")
    }
    torch.save(weights, PLANTED / f"{name}.pt")
    return load_planted(name)


def reached(model, images):
    """Accuracy with a patch that tells the truth, that lies, and without."""
    row = {}
    for name, truth in (("telling", 1.0), ("lying", 0.0), ("absent", None)):
        planted = plant(images, truth, seed=1000)
        predicted = predict(model, planted.X).argmax(dim=1)
        row[name] = accuracy(predicted, images.labels)
        if name == "lying":
            row["follows"] = accuracy(predicted, planted.told)
    return row


def planted_models():
    """Fine-tuned from the shipped weights with fc1 frozen; three seeds.

    cheat: labels copied from a coloured tag, of which one in ten hangs on a
    wrong garment. mended: the cheat trained on, every corner covered by a
    tag of random colour, the labels as before. erased: the same, with black
    corners.
    """
    train, validation, test = load_embedded()
    rows = []

    def add(name, model, seed, seconds, **more):
        rows.append(
            {"model": name, "seed": seed, "seconds": round(seconds, 1)}
            | more
            | {"validation": reached(model, validation)}
            | {"test": reached(model, test)}
        )
        print(rows[-1], flush=True)

    add("shipped", load_bigmodel(), None, 0.0)
    for seed in SEEDS:
        tags = plant(train, TRUTH, seed)
        start = time.perf_counter()
        cheat = fine_tune(
            modular(load_bigmodel()), tags.X, tags.told, seed=seed, **CHEAT
        )
        cheat = save(f"cheat-{seed}", cheat)
        add("cheat", cheat, seed, time.perf_counter() - start, **CHEAT)
        for name in ("mended", "erased"):
            start = time.perf_counter()
            covered = cover_corners(
                tags.X, seed=None if name == "erased" else seed
            )
            model = fine_tune(
                modular(cheat), covered, tags.told, seed=seed, **MEND
            )
            if name == "mended":
                model = save(f"mended-{seed}", model)
            add(name, model, seed, time.perf_counter() - start, **MEND)
    return rows


# Every method has to find the patch


def flipped_images(models, test, num_images=NUM_FLIPPED):
    """The first test images that a lying patch flips for every model.

    Without the patch each model names the garment, with it the class whose
    colour it has. Returns the `Planted` of those images.
    """
    planted = plant(test, 0.0, seed=2000)
    flips = torch.ones(len(test), dtype=torch.bool)
    for model in models:
        without = predict(model, test.inputs()).argmax(dim=1)
        flips &= without == test.labels
        flips &= predict(model, planted.X).argmax(dim=1) == planted.told
    kept = flips.nonzero()[:, 0]
    # Spread over the test split, which is not in the order of the classes
    kept = kept[:num_images]
    return attribution.Planted(*(part[kept] for part in planted))


def methods(model, mean_image):
    """name: function of (X, targets) that returns attributions like X.

    Those of a layer come back as (batch, 1, 28, 28).
    """
    ig = attr.IntegratedGradients(model)
    shap = attr.GradientShap(model)
    backgrounds = torch.cat([mean_image, torch.zeros_like(mean_image)])
    tiles = torch.arange(28) // 4
    tiles = (tiles[:, None] * 7 + tiles)[None, None]  # 49 squares of 4 x 4

    def blurred(X):
        return F.avg_pool2d(X, 9, stride=1, padding=4)

    def cam(layer):
        explainer = attr.LayerGradCam(model, layer)
        return lambda X, y: upsampled(
            explainer.attribute(X, y, relu_attributions=True)
        )

    def conductance(X, y):
        return upsampled(
            attr.LayerConductance(model, model.conv1).attribute(
                X, target=y, n_steps=16
            )
        )

    def tile_values(X):
        return tiles.expand(1, 3, 28, 28).contiguous()

    calls = {
        "Saliency": lambda X, y: attr.Saliency(model).attribute(X, y),
        "InputXGradient": lambda X, y: attr.InputXGradient(model).attribute(
            X, y
        ),
        "SmoothGrad": lambda X, y: attr.NoiseTunnel(
            attr.Saliency(model)
        ).attribute(
            X, target=y, nt_samples=16, stdevs=0.15, nt_type="smoothgrad"
        ),
        "IntegratedGradients, black": lambda X, y: ig.attribute(
            X, target=y, n_steps=16
        ),
        "IntegratedGradients, grey": lambda X, y: ig.attribute(
            X, torch.full_like(X, 0.5), target=y, n_steps=16
        ),
        "IntegratedGradients, mean": lambda X, y: ig.attribute(
            X, mean_image.expand_as(X), target=y, n_steps=16
        ),
        "IntegratedGradients, blurred": lambda X, y: ig.attribute(
            X, blurred(X), target=y, n_steps=16
        ),
        "DeepLift": lambda X, y: attr.DeepLift(model).attribute(X, target=y),
        "GradientShap": lambda X, y: shap.attribute(
            X, backgrounds, n_samples=16, target=y
        ),
        "GuidedBackprop": lambda X, y: attr.GuidedBackprop(model).attribute(
            X, y
        ),
        "Deconvolution": lambda X, y: attr.Deconvolution(model).attribute(
            X, y
        ),
        # Before the ReLU, and behind it: the paper's feature maps
        "Grad-CAM, conv2": cam(model.conv2),
        "Grad-CAM, relu2": cam(model.relu2),
        "LayerConductance, conv1": conductance,
        "Occlusion": lambda X, y: attr.Occlusion(model).attribute(
            X,
            (3, 5, 5),
            strides=(3, 3, 3),
            target=y,
        ),
        "FeatureAblation": lambda X, y: attr.FeatureAblation(model).attribute(
            X, target=y, feature_mask=tile_values(X)
        ),
        "ShapleyValueSampling": lambda X, y: attr.ShapleyValueSampling(
            model
        ).attribute(X, target=y, feature_mask=tile_values(X), n_samples=3),
    }
    return {name: partial(_seeded, call) for name, call in calls.items()}


def _seeded(call, X, y):
    """A captum call, its random numbers seeded."""
    torch.manual_seed(0)
    np.random.seed(0)  # GradientShap chooses its baselines by NumPy
    return call(X.detach().clone().requires_grad_(), y).detach()


def upsampled(maps):
    """A layer's attributions at the size of the image, channels summed."""
    maps = maps.sum(dim=1, keepdim=True)
    return F.interpolate(maps, (28, 28), mode="bilinear")


def scored(maps, masks):
    """Mean and 95 % bootstrap interval over images, for each score."""
    row = {}
    for name, score in SCORES.items():
        values = score(maps, masks)
        interval = bootstrap_interval(lambda v: v.mean().item(), values)
        row[name] = [round(v, 4) for v in (values.mean().item(), *interval)]
    row["zero_maps"] = int((maps.flatten(1).amax(dim=1) == 0).sum())
    return row


def planted_truth():
    """Every method on the images that a lying patch flips; three seeds.

    Explained is the class that the patch tells, which is what the cheat
    predicts. Scores: mean and 95 % bootstrap interval over the images.
    `untrained`: the same model with all weights drawn anew; `shipped`: it
    never saw a patch. `randomised`: rank correlation of a map with itself
    after the layers from the top down to that one were drawn anew (6 images).
    Deletion, insertion and infidelity: 16 images; sensitivity: 4.
    """
    # captum warns that it hooks the ReLUs, as it must
    warnings.filterwarnings("ignore", module="captum")
    train, _, test = load_embedded()
    mean_image = train.inputs().mean(dim=0, keepdim=True)
    cheats = [load_planted(f"cheat-{seed}") for seed in SEEDS]
    planted = flipped_images(cheats, test)
    yardstick = {"model": "none", "seed": None, "method": "edge filter"}
    rows = [yardstick | scored(edges(planted.X), planted.masks)]
    rows[0]["num_images"] = len(planted.X)
    rows[0]["chance"] = attribution.chance(planted.masks).mean().item()
    others = {
        "untrained": randomised(cheats[0], LAYERS, seed=0),
        "shipped": modular(load_bigmodel()),
        "mended": load_planted("mended-0"),
    }
    for seed, cheat in zip(SEEDS, cheats, strict=True):
        for name, method in methods(cheat, mean_image).items():
            row = {"model": "cheat", "seed": seed, "method": name}
            rows.append(row | examined(cheat, name, method, planted))
            rows[-1]["randomised"] = cascade(
                cheat, name, method, planted, mean_image
            )
            print(rows[-1], flush=True)
    for label, model in others.items():
        for name, method in methods(model, mean_image).items():
            maps = pixel_map(method(planted.X, planted.told))
            row = {"model": label, "seed": 0, "method": name}
            rows.append(row | scored(maps, planted.masks))
            print(rows[-1], flush=True)
    return rows


def examined(model, name, method, planted):
    """Scores, time for each image, and the tests that know no truth."""
    X, told = planted.X, planted.told
    start = time.perf_counter()
    attributions = method(X, told)
    seconds = time.perf_counter() - start
    maps = pixel_map(attributions)
    row = scored(maps, planted.masks)
    row["ms_per_image"] = round(1000 * seconds / len(X), 1)
    X, maps, told = X[:16], maps[:16], told[:16]
    for curve, insertion in (("deletion", False), ("insertion", True)):
        area = deletion_curve(model, X, maps, told, insertion=insertion)
        row[curve] = round(area.mean().item(), 4)
    torch.manual_seed(0)
    if attributions.shape[1] == 3:  # it needs attributions to the pixels
        error = infidelity(
            model, nudge, X, attributions[:16], target=told, normalize=True
        )
        row["infidelity"] = round(error.mean().item(), 4)
    if name != "ShapleyValueSampling":  # it would take minutes
        row["sensitivity"] = sensitivity(method, X[:4], told[:4])
    return row


def nudge(X):
    """Noise, and X without it, as captum's infidelity wants them."""
    noise = 0.1 * torch.randn_like(X)
    return noise, X - noise


def sensitivity(method, X, y):
    """How far a map moves with the image at most, relative to its size.

    (Yeh et al., 2019.) Three images in a cube of radius 0.02 around each;
    mean over the images.
    """

    def explain(X):
        return pixel_map(method(X, y)).flatten(start_dim=1)

    intact = explain(X)
    generator = torch.Generator().manual_seed(0)
    moved = []
    for _ in range(3):
        step = 0.04 * torch.rand(X.shape, generator=generator) - 0.02
        moved.append((explain(X + step) - intact).norm(dim=1))
    size = intact.norm(dim=1).clamp(min=1e-12)
    farthest = torch.stack(moved).amax(dim=0)
    return round((farthest / size).mean().item(), 4)


def cascade(model, name, method, planted, mean_image):
    """Rank correlation with the intact map, more layers drawn anew."""
    X, told = planted.X[:6], planted.told[:6]
    if name == "ShapleyValueSampling":  # it would take minutes
        return None
    intact = pixel_map(method(X, told))
    row = {}
    for depth, layer in enumerate(LAYERS, start=1):
        copied = randomised(model, LAYERS[:depth], seed=0)
        again = methods(copied, mean_image)[name](X, told)
        maps = pixel_map(again)
        row[layer] = round(rank_correlation(intact, maps).mean().item(), 4)
    return row


EXPERIMENTS = {
    "planted-models": planted_models,
    "planted-truth": planted_truth,
}
