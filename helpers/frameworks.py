"""One training in several tools: weights carried across, losses compared.

Keras keeps a convolution's weights as (height, width, in, out), a linear
layer's as (in, out), and images as (height, width, channels); PyTorch the
other way round (documentation of Keras 3.15 and of PyTorch 2.15).
"""

import contextlib
import io
import os
import sys
import tempfile
from importlib.util import find_spec

import numpy as np
import torch
from torch.nn import functional as F

from helpers.model import BigModel
from helpers.recorded import load_record

# BigModel's last maps, which fc1 reads flattened: channels, height, width.
MAPS = (128, 7, 7)
LAYERS = ("conv1", "conv2", "fc1", "fc2")


@contextlib.contextmanager
def quiet():
    """Nothing that is written to stderr is shown, by Python or by C++.

    TensorFlow's C++ writes to file descriptor 2 itself, past `sys.stderr`.
    What was written comes back only as a note of an error.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    python = io.StringIO()  # never closed: a log may go on writing to it
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stderr(python):
                yield
        except Exception as error:
            file.seek(0)
            written = file.read().decode(errors="replace") + python.getvalue()
            if written.strip():
                error.add_note(written.strip())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def start_keras(backend):
    """Keras, computing on the backend "tensorflow" or "torch".

    A backend is chosen before the first import and stays: where Keras is
    imported already, or KERAS_BACKEND is set, nothing is chosen here.

    TensorFlow and PyTorch's compiler Triton each bring the compiler LLVM.
    Loaded after TensorFlow, Triton ends the process ("registered more than
    once", TensorFlow 2.21 with Triton 3.9); loaded before it, both work.
    """
    os.environ.setdefault("KERAS_BACKEND", backend)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
    with quiet():
        if find_spec("triton"):
            import triton._C.libtriton  # noqa: F401
        import keras

        # The first operation starts TensorFlow, which has more to say.
        keras.ops.add(keras.ops.zeros(1), 1)
    return keras


def parting(a, b, tolerance=1e-6):
    """After how many steps two trainings part: how many losses agree first.

    a, b: the losses of one training and of another, the first measured after
    0 steps. They agree if they differ by no more than `tolerance`. If they
    never part this is the length of the shorter list.
    """
    for step, (one, other) in enumerate(zip(a, b, strict=False)):
        if not abs(one - other) <= tolerance:
            return step
    return min(len(a), len(b))


def step_losses(running):
    """The loss of every batch, from the mean so far that Keras reports.

    running: its k-th number is the mean of the first k losses
    """
    totals = [k * mean for k, mean in enumerate(running, start=1)]
    return [
        total - before
        for total, before in zip(totals, [0.0, *totals], strict=False)
    ]


def should_stop(losses, patience):
    """Whether the last `patience` losses were all no better than the best
    before them; never before there is one before them."""
    if len(losses) <= patience:
        return False
    split = len(losses) - patience
    return min(losses[split:]) >= min(losses[:split])


def fc1_to_keras(weight):
    """fc1's weight (outputs, 6272) of PyTorch as Keras's (6272, outputs).

    PyTorch flattens maps channel by channel; Keras, whose maps are (height,
    width, channels), pixel by pixel.
    """
    return weight.unflatten(1, MAPS).permute(2, 3, 1, 0).flatten(0, 2)


def to_keras(state):
    """BigModel's state dict as the eight arrays of the same model in Keras.

    Keras's order is layer by layer, weight then bias. Raises ValueError for
    the state dict of another model.
    """
    expected = {name: p.shape for name, p in BigModel().state_dict().items()}
    given = {name: tuple(values.shape) for name, values in state.items()}
    if given != {name: tuple(shape) for name, shape in expected.items()}:
        raise ValueError(
            "expected the state dict of a BigModel, conv1.weight to fc2.bias, "
            f"got {given}: load the weights into a BigModel first"
        )
    arrays = []
    for layer in LAYERS:
        weight = state[f"{layer}.weight"].detach()
        if layer.startswith("conv"):
            weight = weight.permute(2, 3, 1, 0)
        elif layer == "fc1":
            weight = fc1_to_keras(weight)
        else:
            weight = weight.mT
        arrays += [weight, state[f"{layer}.bias"].detach()]
    return [np.ascontiguousarray(array) for array in arrays]


def from_keras(arrays):
    """What `to_keras` made, back again: a state dict of BigModel.

    Raises ValueError if the arrays are not those of this model.
    """
    shapes = [tuple(array.shape) for array in arrays]
    expected = [array.shape for array in to_keras(BigModel().state_dict())]
    if shapes != expected:
        raise ValueError(
            f"expected eight arrays of the shapes {expected}, got {shapes}: "
            "was this model built layer by layer like BigModel?"
        )
    state = {}
    for i, layer in enumerate(LAYERS):
        weight, bias = (torch.tensor(np.array(a)) for a in arrays[2 * i :][:2])
        if layer.startswith("conv"):
            weight = weight.permute(3, 2, 0, 1)
        elif layer == "fc1":
            channels, height, width = MAPS
            weight = weight.unflatten(0, (height, width, channels))
            weight = weight.permute(3, 2, 0, 1).flatten(1)
        else:
            weight = weight.mT
        state[f"{layer}.weight"] = weight.contiguous()
        state[f"{layer}.bias"] = bias
    return state


# What three trainings do without being asked; see `mystery`.
_HIDDEN = {
    "A": {"falling": True},
    "B": {"clip": 1.0},
    "C": {"weight_decay": 0.01, "eps": 1e-5},
}
PLAIN = {
    "shuffle": False,
    "falling": False,
    "clip": 0.0,
    "weight_decay": 0.0,
    "eps": 1e-8,
}


def mystery(name, state, X, y, num_steps=10, **settings):
    """Losses of the training A, B or C, which differs from a plain one.

    state: the weights to start from; X, y: images and labels, of which each
    step takes the next 50. Adam, learning rate 0.001.

    settings: what you set yourself, of
        shuffle: whether the images come in another order
        falling: whether the rate falls in a straight line to 0
        clip: largest norm of the gradient, 0 for none
        weight_decay: decoupled, as in AdamW
        eps: Adam's epsilon
    What you do not set is as the tool behind the letter likes it.
    """
    if name not in _HIDDEN:
        raise ValueError(
            f"the trainings are {', '.join(_HIDDEN)}, not {name!r}"
        )
    unknown = settings.keys() - PLAIN.keys()
    if unknown:
        raise ValueError(
            f"no setting {', '.join(sorted(unknown))}: there are "
            f"{', '.join(PLAIN)}"
        )
    if len(X) < 50 * num_steps:
        raise ValueError(
            f"{num_steps} steps of 50 need {50 * num_steps} images, "
            f"not {len(X)}"
        )
    return losses_with(
        state, X, y, num_steps, **PLAIN | _HIDDEN[name] | settings
    )


def losses_with(
    state, X, y, num_steps, shuffle, falling, clip, weight_decay, eps
):
    """The losses of a plain loop with these settings (see `mystery`)."""
    model = BigModel()
    model.load_state_dict(state)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=0.001, eps=eps, weight_decay=weight_decay
    )
    order = torch.arange(50 * num_steps)
    if shuffle:
        draw = torch.Generator().manual_seed(42)
        order = torch.randperm(len(order), generator=draw)
    losses = []
    for step, batch in enumerate(order.split(50)):
        rate = 1 - step / num_steps if falling else 1.0
        optimizer.param_groups[0]["lr"] = 0.001 * rate
        loss = F.cross_entropy(model(X[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return losses


def recorded_trials(name):
    """What the notebook found on a machine with the packages, by name.

    Says so. Raises KeyError for a name that was not recorded.
    """
    rows = {
        row["name"]: row["value"]
        for row in load_record("frameworks-trials")["rows"]
    }
    if name not in rows:
        raise KeyError(f"{name!r} is not recorded, only {', '.join(rows)}")
    print("(recorded)")
    return rows[name]
