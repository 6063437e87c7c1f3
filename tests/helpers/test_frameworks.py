"""One training in several tools: layouts, losses, and what can go wrong."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from helpers import frameworks
from helpers.data import load_embedded
from helpers.frameworks import (
    fc1_to_keras,
    from_keras,
    losses_with,
    mystery,
    parting,
    quiet,
    recorded_trials,
    should_stop,
    step_losses,
    to_keras,
)
from helpers.model import BigModel, load_bigmodel

needs_tools = pytest.mark.skipif(
    not find_spec("keras") or not find_spec("transformers"),
    reason="the optional group tools is not installed",
)


def images(count):
    few = load_embedded().train[:count]
    return few.inputs(), few.labels


def test_weights_there_and_back_are_the_same():
    state = load_bigmodel().state_dict()
    back = from_keras(to_keras(state))
    assert list(back) == list(state)
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_the_order_of_a_state_dict_does_not_count():
    state = load_bigmodel().state_dict()
    as_sorted = {name: state[name] for name in sorted(state)}
    for one, other in zip(to_keras(state), to_keras(as_sorted), strict=True):
        np.testing.assert_array_equal(one, other)


def test_fc1_reads_keras_maps_as_it_reads_ours():
    """The same maps, flattened either way, give the same outputs."""
    maps = torch.rand(3, 128, 7, 7, dtype=torch.float64)
    layer = nn.Linear(6272, 5, bias=False).double()
    channels_last = maps.permute(0, 2, 3, 1).flatten(1)
    torch.testing.assert_close(
        channels_last @ fc1_to_keras(layer.weight), layer(maps.flatten(1))
    )


@pytest.mark.parametrize("drop", ["fc2.bias", "conv1.weight"])
def test_another_model_s_weights_are_refused(drop):
    state = BigModel().state_dict()
    del state[drop]
    with pytest.raises(ValueError, match="state dict of a BigModel"):
        to_keras(state)


def test_arrays_of_another_model_are_refused():
    arrays = to_keras(BigModel().state_dict())
    with pytest.raises(ValueError, match="expected eight arrays"):
        from_keras(arrays[::-1])


def test_where_trainings_part():
    assert parting([2.0, 1.0], [2.0, 1.1], 0.05) == 1
    assert parting([2.0, 1.0], [2.0, 1.1, 5.0], 0.5) == 2
    assert parting([float("nan")], [1.0]) == 0, "no number agrees with nan"


def test_means_undone():
    losses = [2.5, 1.0, 0.5, 0.75]
    means = [sum(losses[:k]) / k for k in range(1, 5)]
    assert step_losses(means) == pytest.approx(losses)


@pytest.mark.parametrize(
    ("losses", "stop"),
    [([1.0], False), ([1.0, 1.0, 1.0], True), ([3.0, 2.0, 1.0], False)],
)
def test_when_to_stop(losses, stop):
    assert should_stop(losses, 2) is stop


def test_without_settings_all_are_plain():
    X, y = images(150)
    state = BigModel().state_dict()
    plain = losses_with(state, X, y, 3, **frameworks.PLAIN)
    for name, hidden in frameworks._HIDDEN.items():
        assert plain != mystery(name, state, X, y, 3)
        fixed = {k: frameworks.PLAIN[k] for k in hidden}
        assert plain == mystery(name, state, X, y, 3, **fixed)


def test_both_settings_of_c_are_needed():
    X, y = images(150)
    state = BigModel().state_dict()
    plain = losses_with(state, X, y, 3, **frameworks.PLAIN)
    for one in ({"eps": 1e-8}, {"weight_decay": 0.0}):
        assert parting(plain, mystery("C", state, X, y, 3, **one), 1e-6) < 3


def test_what_mystery_cannot_do_is_said():
    X, y = images(100)
    state = BigModel().state_dict()
    with pytest.raises(ValueError, match="A, B, C, not 'D'"):
        mystery("D", state, X, y)
    with pytest.raises(ValueError, match="no setting momentum"):
        mystery("A", state, X, y, momentum=0.9)
    with pytest.raises(ValueError, match="need 500 images, not 100"):
        mystery("A", state, X, y)


def test_nothing_of_stderr_is_seen(capfd):
    with quiet():
        print("from Python", file=sys.stderr)
        os.write(2, b"from C++\n")
    print("afterwards", file=sys.stderr)
    assert capfd.readouterr().err == "afterwards\n"


def stopping():
    with quiet():
        os.write(2, b"from C++\n")
        return 1 / 0


def test_an_error_says_what_was_written():
    with pytest.raises(ZeroDivisionError) as caught:
        stopping()
    assert caught.value.__notes__ == ["from C++"]


def test_what_is_not_recorded_is_named(capsys):
    with pytest.raises(KeyError, match="not recorded, only fastai"):
        recorded_trials("JAX")


def alone(code, **environment):
    """What a Python of its own prints, and all that it says besides."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


@needs_tools
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_keras_gives_the_answers_of_pytorch(backend):
    """With the compilers of both in one process, and without a word."""
    if not find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    done = alone(
        "from helpers.frameworks import start_keras, to_keras\n"
        f"keras = start_keras({backend!r})\n"
        "import torch\n"
        "import transformers.trainer, fastai.learner\n"
        "from helpers.data import load_embedded\n"
        "from helpers.model import load_bigmodel\n"
        "layers = keras.layers\n"
        "net = keras.Sequential([keras.Input((28, 28, 3)),\n"
        "    layers.Conv2D(64, 3, padding='same', activation='relu'),\n"
        "    layers.MaxPooling2D(),\n"
        "    layers.Conv2D(128, 3, padding='same', activation='relu'),\n"
        "    layers.MaxPooling2D(), layers.Flatten(),\n"
        "    layers.Dense(1000, activation='relu'), layers.Dense(10)])\n"
        "model = load_bigmodel()\n"
        "net.set_weights(to_keras(model.state_dict()))\n"
        "X = load_embedded().test[:20].inputs()\n"
        "theirs = net.predict(X.permute(0, 2, 3, 1).numpy(), verbose=0)\n"
        "apart = (torch.tensor(theirs) - model(X).detach()).abs().max()\n"
        "print(keras.backend.backend(), apart.item() < 1e-4)",
        KERAS_BACKEND=backend,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{backend} True\n"
    assert "TensorFlow" not in done.stderr
    assert "oneDNN" not in done.stderr
