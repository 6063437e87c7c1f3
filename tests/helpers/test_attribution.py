"""Attribution: what is planted, how it is scored, and by which methods."""

import itertools

import pytest
import torch
from captum import attr
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.attribution import (
    PATCH,
    SCORES,
    ModularBigModel,
    chance,
    cover_corners,
    deletion_curve,
    edges,
    grad_cam,
    gradient,
    gradient_x_input,
    inside_share,
    integrated_gradients,
    load_planted,
    modular,
    occlusion,
    patch_colours,
    pixel_map,
    plant,
    pointing_game,
    randomised,
    rank_correlation,
    ranking_auc,
    sampled_shapley_values,
    shapley_values,
    smooth_grad,
)
from helpers.data import CLOTHING, LabelledImages, load_embedded
from helpers.model import BigModel, load_bigmodel
from helpers.recorded import load_record
from tools.experiments.attribution import (
    fine_tune,
    flipped_images,
    methods,
    scored,
)

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def test_split():
    return load_embedded().test


def random_network(seed, dtype=torch.float64):
    torch.manual_seed(seed)
    return ModularBigModel().to(dtype).eval()


def random_images(n, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 3, 28, 28, generator=generator, dtype=dtype)


# Planting


def test_mask_is_where_pixels_changed_and_holds_the_colour(test_split):
    planted = plant(test_split, 0.5, seed=1)
    before = test_split.inputs()
    outside = ~planted.masks[:, None].expand_as(before)
    assert planted.X[outside].equal(before[outside])
    assert (planted.masks.sum(dim=(1, 2)) == PATCH**2).all()
    pixels = planted.X.permute(0, 2, 3, 1)[planted.masks]
    told = planted.told.repeat_interleave(PATCH**2)
    assert pixels.equal(patch_colours()[told])
    # A grey garment never has the colour of a patch
    changed = (before != planted.X).any(dim=1)
    assert changed.equal(planted.masks)


def test_patches_lie_in_all_corners_about_equally(test_split):
    masks = plant(test_split, 1.0, seed=0).masks
    corners = [masks[:, r, c] for r in (0, -1) for c in (0, -1)]
    shares = [corner.float().mean().item() for corner in corners]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0.2


@pytest.mark.parametrize("truth", [0.0, 0.9, 1.0])
def test_the_stated_share_of_patches_tells_the_truth(test_split, truth):
    planted = plant(test_split, truth, seed=3)
    share = (planted.told == planted.labels).double().mean().item()
    assert share == pytest.approx(truth, abs=0 if truth in (0, 1) else 0.02)
    assert planted.labels.equal(test_split.labels)


def test_lies_name_every_other_class(test_split):
    planted = plant(test_split, 0.0)
    pairs = set(
        zip(planted.labels.tolist(), planted.told.tolist(), strict=True)
    )
    assert len(pairs) == 90


def test_without_a_patch_nothing_changes(test_split):
    planted = plant(test_split, None)
    assert planted.X.equal(test_split.inputs())
    assert planted.told.equal(test_split.labels)
    assert not planted.masks.any()


def test_a_seed_gives_the_same_patches(test_split):
    few = test_split[:50]
    one, same, other = (plant(few, 0.5, seed) for seed in (1, 1, 2))
    assert all(a.equal(b) for a, b in zip(one, same, strict=True))
    assert not one.masks.equal(other.masks)
    assert few.inputs().equal(load_embedded().test[:50].inputs())


def test_class_colours_differ():
    colours = patch_colours()
    apart = torch.cdist(colours, colours) + 9 * torch.eye(10)
    assert apart.min() > 0.4


def test_plant_refuses_what_it_cannot_plant(test_split):
    def images(*shape):
        return LabelledImages(
            torch.zeros(shape, dtype=torch.uint8),
            torch.zeros(shape[0], dtype=torch.int64),
            CLOTHING,
        )

    with pytest.raises(TypeError, match="not Tensor"):
        plant(test_split.inputs(), 1.0)
    with pytest.raises(ValueError, match="at least 10 x 10 pixels, not 9 x"):
        plant(images(2, 1, 9, 28), 1.0)
    with pytest.raises(ValueError, match="not 2 channels"):
        plant(images(2, 2, 28, 28), 1.0)
    for truth in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="share from 0 to 1"):
            plant(test_split, truth)


def test_covered_corners_tell_nothing(test_split):
    few = test_split[:40]
    telling, lying = plant(few, 1.0).X, plant(few, 0.0).X
    for seed in (None, 4):
        covered = cover_corners(telling, seed)
        assert covered.equal(cover_corners(lying, seed))
        inner = (..., slice(PATCH, -PATCH), slice(None))
        assert covered[inner].equal(few.inputs()[inner])
    assert cover_corners(telling)[:, :, 0, 0].abs().max() == 0
    assert len(cover_corners(telling, 4)[:, :, 0, 0].unique(dim=0)) > 5
    assert not telling.equal(cover_corners(telling, 4))


# Scores: maps whose answer is known


def masks_of(n=3):
    masks = torch.zeros(n, 28, 28, dtype=torch.bool)
    masks[:, :5, :5] = True
    return masks


def score(maps, masks):
    return {name: f(maps, masks).tolist() for name, f in SCORES.items()}


AREA = 25 / 784


@pytest.mark.parametrize(
    ("name", "inside", "outside", "expected"),
    [
        ("all inside", 1.0, 0.0, (1, 1, 1)),
        ("none inside", 0.0, 1.0, (0, 0, 0)),
        ("uniform", 0.3, 0.3, (AREA, AREA, 0.5)),
        ("all zero", 0.0, 0.0, (AREA, AREA, 0.5)),
        ("negative counts as strong", -2.0, 0.0, (1, 1, 1)),
        ("uniform of both signs", -1.0, 1.0, (AREA, AREA, 0.5)),
        ("half", 759.0, 25.0, (0.5, 1, 1)),
        ("tiny numbers", 1e-40, 0.0, (1, 1, 1)),
    ],
)
def test_scores_known_by_construction(name, inside, outside, expected):
    masks = masks_of()
    maps = torch.where(masks, inside, outside).double()
    for value, right in zip(
        score(maps, masks).values(), expected, strict=True
    ):
        assert value == pytest.approx([right] * 3)


def test_scores_are_of_each_image_alone():
    masks = masks_of(2)
    maps = torch.stack([masks[0].double(), (~masks[1]).double()])
    assert all(value == [1, 0] for value in score(maps, masks).values())


def test_auc_equals_the_count_over_all_pairs():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randint(-3, 4, (1, 6, 6), generator=generator).double()
    masks = torch.rand(1, 6, 6, generator=generator) < 0.4
    inside, outside = maps[masks].abs(), maps[~masks].abs()
    pairs = list(itertools.product(inside.tolist(), outside.tolist()))
    wins = sum((a > b) + (a == b) / 2 for a, b in pairs)
    assert ranking_auc(maps, masks).item() == pytest.approx(wins / len(pairs))


def test_one_of_two_strongest_pixels_inside_is_half_a_hit():
    masks, maps = masks_of(1), torch.zeros(1, 28, 28)
    maps[0, 0, 0], maps[0, 20, 20] = 2, -2
    assert pointing_game(maps, masks).item() == 0.5


def test_random_maps_score_chance():
    masks = masks_of(400)
    maps = torch.rand(400, 28, 28, generator=torch.Generator().manual_seed(0))
    assert inside_share(maps, masks).mean().item() == pytest.approx(
        AREA, abs=0.002
    )
    assert ranking_auc(maps, masks).mean().item() == pytest.approx(
        0.5, abs=0.01
    )
    assert chance(masks).unique().item() == pytest.approx(AREA)


@pytest.mark.parametrize("function", SCORES.values())
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_is_refused_and_counted(function, bad):
    maps = torch.rand(3, 28, 28)
    maps[1, 4, 4] = bad
    with pytest.raises(ValueError, match=r"1 of 3 maps .* is number 1"):
        function(maps, masks_of())


@pytest.mark.parametrize("function", SCORES.values())
def test_scores_refuse_wrong_shapes_and_empty_masks(function):
    maps, masks = torch.rand(3, 28, 28), masks_of()
    with pytest.raises(ValueError, match=r"\(3, 3, 28, 28\).*pixel_map"):
        function(torch.rand(3, 3, 28, 28), masks)
    with pytest.raises(ValueError, match=r"maps\[None\]"):
        function(maps[0], masks[0])
    with pytest.raises(ValueError, match="both be of shape"):
        function(maps[:2], masks)
    for bad in (torch.zeros_like(masks), torch.ones_like(masks)):
        with pytest.raises(ValueError, match="inside and outside"):
            function(maps, bad)


def test_pixel_map_lets_no_channels_cancel():
    attributions = torch.zeros(1, 3, 2, 2)
    attributions[0, :, 0, 1] = torch.tensor([2.0, -2.0, 1.0])
    assert pixel_map(attributions).tolist() == [[[0, 5], [0, 0]]]


def test_edges_of_a_step():
    X = torch.zeros(1, 3, 8, 8)
    X[..., 4:] = 0.5
    expected = torch.zeros(8, 8)
    expected[:, 3:5] = 2.0  # (1 + 2 + 1) times 0.5
    assert edges(X)[0].allclose(expected)
    assert edges(X.transpose(2, 3))[0].allclose(expected.T)
    assert edges(torch.full((1, 3, 8, 8), 0.7)).abs().max() < 1e-6


# Comparing and checking


def test_rank_correlation_known_by_construction():
    ramp = torch.arange(1, 10.0).view(1, 3, 3)
    for other, expected in (
        (ramp**3, 1),
        (-ramp, 1),  # absolute values are ranked
        (10 - ramp, -1),
        (torch.zeros_like(ramp), 0),
    ):
        assert rank_correlation(ramp, other).item() == pytest.approx(expected)
    with pytest.raises(ValueError, match="NaN"):
        rank_correlation(ramp, ramp * float("nan"))


def test_rank_correlation_equals_scipy():
    from scipy.stats import spearmanr

    maps, others = torch.rand(2, 4, 6, 6, dtype=torch.float64).round(
        decimals=1
    )
    expected = [
        spearmanr(a.flatten(), b.flatten()).statistic
        for a, b in zip(maps, others, strict=True)
    ]
    assert rank_correlation(maps, others).tolist() == pytest.approx(expected)


def test_randomising_changes_the_named_layers_alone():
    model = random_network(0)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()
    changed = randomised(model, ["fc2", "conv2"], seed=1)
    assert torch.get_rng_state().equal(state)
    for name, value in model.state_dict().items():
        assert value.equal(before[name])  # the original is left alone
        same = value.equal(changed.state_dict()[name])
        assert same == (not name.startswith(("fc2", "conv2")))
    again = randomised(model, ["fc2", "conv2"], seed=1)
    other = randomised(model, ["fc2", "conv2"], seed=2)
    assert again.fc2.weight.equal(changed.fc2.weight)
    assert not other.fc2.weight.equal(changed.fc2.weight)


def test_randomising_names_an_unknown_layer():
    with pytest.raises(ValueError, match="called fc3, relu1; there are conv1"):
        randomised(random_network(0), ["fc3", "fc2", "relu1"])


class Bright(torch.nn.Module):
    """Logit of class 1: the sum of one pixel's channels; class 0: 0."""

    def forward(self, X):
        bright = X[:, :, 2, 3].sum(dim=1)
        return torch.stack([torch.zeros_like(bright), bright], dim=1)


def test_deletion_and_insertion_of_a_model_that_sees_one_pixel():
    X = torch.ones(1, 3, 4, 7)
    targets = torch.tensor([1])
    good = torch.zeros(1, 4, 7)
    good[0, 2, 3] = 1
    on, off = torch.tensor(3.0).sigmoid().item(), 0.5
    gone = deletion_curve(Bright(), X, good, targets)
    assert gone[0].tolist() == pytest.approx([on] + [off] * 28)
    come = deletion_curve(Bright(), X, good, targets, insertion=True)
    assert come[0].tolist() == pytest.approx([off] + [on] * 28)
    late = deletion_curve(Bright(), X, 1 - good, targets)
    assert late[0].tolist() == pytest.approx([on] * 28 + [off])


# Hand-written methods against captum, float64; relative to the largest value


def agree(ours, theirs, tolerance=1e-12):
    assert ours.shape == theirs.shape
    assert theirs.abs().max() > 0
    assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()


TARGETS = torch.tensor([0, 3, 7])


@pytest.fixture(params=SEEDS)
def case(request):
    return random_network(request.param), random_images(3, request.param)


def leaf(X):
    return X.clone().requires_grad_()  # captum warns where it must do so


def test_gradients_equal_captum(case):
    model, X = case
    saliency = attr.Saliency(model)
    agree(
        gradient(model, X, TARGETS),
        saliency.attribute(leaf(X), TARGETS, abs=False),
    )
    agree(
        gradient_x_input(model, X, TARGETS),
        attr.InputXGradient(model).attribute(leaf(X), TARGETS).detach(),
    )
    assert all(p.grad is None for p in model.parameters())
    assert X.grad is None


@pytest.mark.parametrize("baseline", [0.0, 0.5, "images"])
def test_integrated_gradients_equal_captum(case, baseline):
    model, X = case
    if baseline == "images":
        baseline = random_images(3, seed=9)
    agree(
        integrated_gradients(model, X, TARGETS, baseline, num_steps=8),
        attr.IntegratedGradients(model).attribute(
            X, baseline, TARGETS, n_steps=8, method="riemann_middle"
        ),
    )


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), grey=st.floats(0, 1))
def test_integrated_gradients_are_complete(seed, grey):
    model, X = random_network(seed), random_images(2, seed)
    targets = torch.tensor([seed % 10, 5])
    parts = integrated_gradients(model, X, targets, grey, num_steps=200)
    with torch.no_grad():
        rise = model(X) - model(torch.full_like(X, grey))
    rise = rise.gather(1, targets[:, None])[:, 0]
    # What is left is the error of the sum, over the kinks of the ReLUs
    assert parts.sum(dim=(1, 2, 3)).allclose(rise, atol=2e-4)


@pytest.mark.parametrize(("window", "stride"), [(5, 2), (6, 3), (7, 7)])
def test_occlusion_equals_captum(case, window, stride):
    model, X = case
    theirs = attr.Occlusion(model).attribute(
        X,
        (3, window, window),
        strides=(3, stride, stride),
        target=TARGETS,
        baselines=0.25,
    )
    ours = occlusion(model, X, TARGETS, window, stride, baseline=0.25)
    agree(ours, theirs, 1e-6)  # captum averages in float32


@pytest.mark.parametrize("layer", ["conv1", "conv2", "relu2", "pool2"])
def test_grad_cam_equals_captum(case, layer):
    model, X = case
    layer = getattr(model, layer)
    theirs = attr.LayerGradCam(model, layer).attribute(
        leaf(X), TARGETS, relu_attributions=True
    )
    agree(grad_cam(model, layer, X, TARGETS), theirs.detach())
    assert not layer._forward_hooks


def test_smooth_grad_equals_captum(case):
    model, X = case
    torch.manual_seed(5)
    theirs = attr.NoiseTunnel(attr.Saliency(model)).attribute(
        leaf(X),
        nt_type="smoothgrad",
        nt_samples=4,
        stdevs=0.2,
        target=TARGETS,
        abs=False,
    )
    ours = smooth_grad(model, X, TARGETS, noise=0.2, num_samples=4, seed=5)
    agree(ours, theirs.detach())


def test_methods_refuse_wrong_targets():
    model, X = random_network(0), random_images(3)
    with pytest.raises(ValueError, match=r"need 3 int64 .*\(2,\)"):
        gradient(model, X, TARGETS[:2])
    with pytest.raises(ValueError, match=r"not torch\.float32"):
        occlusion(model, X, TARGETS.float())
    with pytest.raises(ValueError, match=r"0\.\.9, not 0\.\.10"):
        gradient(model, X, torch.tensor([0, 3, 10]))


# Shapley values


def game(seed, num_players):
    """Any value for any coalition."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(2**num_players, generator=generator).tolist()
    return lambda members: values[sum(2**player for player in members)]


@pytest.mark.parametrize("seed", SEEDS)
def test_shapley_values_are_efficient(seed):
    value = game(seed, 5)
    everyone = value(frozenset(range(5))) - value(frozenset())
    assert sum(shapley_values(value, 5)) == pytest.approx(everyone)


def test_shapley_values_know_dummies_and_equals():
    random = game(0, 4)

    def value(members):
        """Player 2 adds exactly 0.7; 0 and 1 can stand for each other."""
        twins = len(members & {0, 1})
        rest = frozenset(range(twins)) | (members & {3})
        return random(rest) + 0.7 * (2 in members)

    parts = shapley_values(value, 4)
    assert parts[2] == pytest.approx(0.7)
    assert parts[0] == pytest.approx(parts[1])
    assert parts[0] != pytest.approx(parts[3])


def test_shapley_values_equal_captum_and_are_met_by_sampling():
    weight = torch.tensor([1.0, -2.0, 0.5, 3.0]).double()
    x = torch.tensor([[0.3, 1.2, -0.7, 0.5]]).double()

    def model(X):
        return (X @ weight) ** 2 + X[:, 0] * X[:, 1]

    def value(members):
        present = torch.tensor([float(i in members) for i in range(4)])
        return model(x * present).item()

    exact = shapley_values(value, 4)
    theirs = attr.ShapleyValues(model).attribute(x)[0].tolist()
    assert exact == pytest.approx(theirs, rel=1e-5)  # captum: float32
    added = sampled_shapley_values(value, 4, num_orders=500, seed=0)
    error = added.std(axis=0, ddof=1) / 500**0.5
    assert (abs(added.mean(axis=0) - exact) < 4 * error).all()
    # Every order alone is efficient
    everyone = value(frozenset(range(4))) - value(frozenset())
    assert added.sum(axis=1) == pytest.approx(everyone)


# Models


def test_modular_twin_computes_the_same(test_split):
    model = load_bigmodel()
    twin = modular(model)
    X = test_split[:64].inputs()
    with torch.no_grad():
        assert twin(X).equal(model(X))
    assert twin.state_dict().keys() == BigModel().state_dict().keys()
    assert not twin.training
    twin.fc2.weight.data.zero_()
    assert model.fc2.weight.abs().max() > 0


def test_captum_needs_the_modules():
    """What fails silently on functional ReLUs, and not on the twin."""
    twin = random_network(0)
    plain = BigModel().double().eval()
    plain.load_state_dict(twin.state_dict())
    X = random_images(3)
    for model, equal in ((plain, True), (twin, False)):
        with pytest.warns(UserWarning, match="hooks"):
            guided = attr.GuidedBackprop(model).attribute(leaf(X), TARGETS)
        assert guided.allclose(gradient(model, X, TARGETS)) == equal


def test_a_planted_model_missing_or_damaged(tmp_path):
    with pytest.raises(FileNotFoundError, match="there are: none"):
        load_planted("cheat-0", tmp_path)
    (tmp_path / "cheat-0.pt").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cheat-0"):
        load_planted("cheat-0", tmp_path)
    weights = {"conv1.weight": torch.zeros(64, 3, 3, 3)}
    torch.save(weights, tmp_path / "cheat-0.pt")
    with pytest.raises(ValueError, match=r"conv2\.weight"):
        load_planted("cheat-0", tmp_path)
    with pytest.raises(FileNotFoundError, match="there are: cheat-0"):
        load_planted("cheat-9", tmp_path)


def test_fine_tuning_leaves_fc1_alone(test_split):
    few = test_split[:64]
    model = modular(load_bigmodel())
    before = {k: v.clone() for k, v in model.state_dict().items()}
    fine_tune(model, few.inputs(), few.labels, 2, 8, 1e-3, seed=0)
    for name, value in model.state_dict().items():
        assert value.equal(before[name]) == name.startswith("fc1")


# The planted truth: what the course says of the methods


FIND = ("Occlusion", "DeepLift", "IntegratedGradients, mean")


def check_found(rows, edge):
    """rows: scores (mean, low, high) of each method on one cheat."""
    for name in FIND:
        assert rows[name]["inside"][1] > 2 * rows["Deconvolution"]["inside"][2]
        assert rows[name]["inside"][1] > 3 * edge["inside"][2]
        assert rows[name]["auc"][1] > 0.9
    assert rows["Occlusion"]["inside"][1] > rows["Saliency"]["inside"][2]
    assert rows["Deconvolution"]["inside"][2] < 0.1
    assert edge["pointing"][2] < 0.05


def test_recorded_methods_that_find_the_patch():
    rows = load_record("planted-truth")["rows"]
    assert rows[0]["method"] == "edge filter"
    for seed in SEEDS:
        cheat = {
            row["method"]: row
            for row in rows
            if (row["model"], row["seed"]) == ("cheat", seed)
        }
        check_found(cheat, rows[0])
    for row in rows:
        if row["model"] in ("shipped", "mended", "untrained"):
            assert row["inside"][2] < 0.2  # nothing to find, little found


def test_recorded_models_cheat_and_are_mended():
    rows = load_record("planted-models")["rows"]
    reached = {(row["model"], row["seed"]): row["test"] for row in rows}
    for seed in SEEDS:
        cheat, mended = reached["cheat", seed], reached["mended", seed]
        assert cheat["telling"] > 0.99
        assert cheat["lying"] < 0.1
        assert mended["lying"] > 0.85
        assert reached["erased", seed]["lying"] < 0.5


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_methods_find_the_patch_in_all_stored_models(test_split):
    train = load_embedded().train
    mean_image = train.inputs().mean(dim=0, keepdim=True)
    cheats = [load_planted(f"cheat-{seed}") for seed in SEEDS]
    planted = flipped_images(cheats, test_split, num_images=32)
    edge = scored(edges(planted.X), planted.masks)
    for cheat in cheats:
        calls = methods(cheat, mean_image)
        names = (*FIND, "Deconvolution", "Saliency")
        rows = {}
        for name in names:
            maps = pixel_map(calls[name](planted.X, planted.told))
            rows[name] = scored(maps, planted.masks)
        check_found(rows, edge)
