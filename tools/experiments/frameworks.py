"""One training in six tools, each in a process of its own.

    python -m tools.experiments frameworks

Each program trains BigModel for 101 steps of 50 images with Adam, from the
same weights, with the same images in the same order, and switches off what
its tool does besides, so that the losses can be compared.
"""

import ast
import importlib
import inspect
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution, version

REPEATS = 3
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
STEPS = 101
# Which packages a tool needs besides PyTorch's own, for the room on the disk.
KERAS = ("keras", "absl-py", "h5py", "ml-dtypes", "namex", "optree", "rich")
PACKAGES = {
    "PyTorch": ("torch",),
    "Keras on TensorFlow": (
        *KERAS, "tensorflow-cpu", "astunparse", "flatbuffers", "gast",
        "opt-einsum", "protobuf", "termcolor", "wrapt",
    ),
    "Keras on PyTorch": KERAS,
    "fastai": (
        "fastai", "beartype", "fastcore", "fastdownload", "fastprogress",
        "fasttransform", "pandas", "plum-dispatch",
    ),
    "Transformers": (
        "transformers", "accelerate", "httpcore2", "httpx2",
        "huggingface-hub", "safetensors", "tokenizers", "truststore",
    ),
    "Lightning": ("lightning", "lightning-utilities", "torchmetrics"),
}  # fmt: skip
IMPORTS = {
    "PyTorch": ["torch"],
    "Keras on TensorFlow": ["keras"],
    "Keras on PyTorch": ["keras"],
    "fastai": ["fastai.callback.progress", "fastai.learner",
               "fastai.data.core"],
    "Transformers": ["transformers.trainer"],
    "Lightning": ["lightning"],
}  # fmt: skip


def pytorch(X, y, model):
    import torch
    from torch.nn import functional as F

    losses = []
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for images, labels in zip(X.split(50), y.split(50), strict=True):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def keras(X, y, model):
    import keras
    from keras import layers

    from helpers.frameworks import step_losses, to_keras

    class Running(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            means.append(logs["loss"])

    means = []
    net = keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1000, activation="relu"),
            layers.Dense(10),
        ]
    )
    net.set_weights(to_keras(model.state_dict()))
    net.compile(
        keras.optimizers.Adam(0.001, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    net.fit(
        X.permute(0, 2, 3, 1).numpy(),
        y.numpy(),
        batch_size=50,
        shuffle=False,
        verbose=0,
        callbacks=[Running()],
    )
    return step_losses(means)


def fastai(X, y, model):
    from functools import partial

    import fastai.callback.progress  # noqa: F401  for no_bar
    import torch
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper
    from torch.nn import functional as F

    class Losses(Callback):
        def after_loss(self):
            if self.training:
                losses.append(self.loss.item())

    losses = []
    pairs = list(zip(X, y, strict=True))
    dls = DataLoaders.from_dsets(
        pairs, pairs[:50], bs=50, shuffle=False, device="cpu"
    )
    learn = Learner(
        dls,
        model,
        loss_func=F.cross_entropy,
        opt_func=partial(OptimWrapper, opt=torch.optim.Adam),
        cbs=[Losses()],
    )
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, lr=0.001)
    return losses


def transformers(X, y, model):
    from torch import nn
    from torch.nn import functional as F
    from transformers import Trainer, TrainingArguments

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, images, labels):
            logits = self.model(images)
            loss = F.cross_entropy(logits, labels)
            losses.append(loss.item())
            return {"loss": loss, "logits": logits}

    losses = []
    rows = [
        {"images": image, "labels": label}
        for image, label in zip(X, y, strict=True)
    ]
    arguments = TrainingArguments(
        per_device_train_batch_size=50,
        num_train_epochs=1,
        learning_rate=0.001,
        optim="adamw_torch",
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        train_sampling_strategy="sequential",
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
    )
    Trainer(Wrapped(), arguments, train_dataset=rows).train()
    return losses


def lightning(X, y, model):
    import lightning
    import torch
    from torch.nn import functional as F
    from torch.utils.data import DataLoader, TensorDataset

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model

        def training_step(self, batch, index):
            loss = F.cross_entropy(self.model(batch[0]), batch[1])
            losses.append(loss.item())
            return loss

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.001)

    losses = []
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Lit(), DataLoader(TensorDataset(X, y), batch_size=50))
    return losses


PROGRAMS = {
    "PyTorch": pytorch,
    "Keras on TensorFlow": keras,
    "Keras on PyTorch": keras,
    "fastai": fastai,
    "Transformers": transformers,
    "Lightning": lightning,
}


def lines_of(program):
    """Lines of a program without its imports and blank lines."""
    tree = ast.parse(inspect.getsource(program)).body[0]
    imports = (ast.Import, ast.ImportFrom)
    body = [node for node in tree.body if not isinstance(node, imports)]
    source = inspect.getsource(program).splitlines()
    lines = [
        line
        for node in body
        for line in source[node.lineno - 1 : node.end_lineno]
    ]
    return sum(bool(line.strip()) for line in lines)


def room(packages):
    """Megabytes of the files of packages, without what they need."""
    total = 0
    for package in packages:
        for file in distribution(package).files or ():
            path = file.locate()
            total += path.stat().st_size if path.is_file() else 0
    return round(total / 1e6, 1)


def images_and_weights(num_steps=STEPS):
    """What every program gets: images, labels and an untrained model."""
    import torch

    from helpers.data import load_embedded
    from helpers.model import BigModel

    train = load_embedded().train
    draw = torch.Generator().manual_seed(0)
    order = torch.randperm(len(train), generator=draw)[: 50 * num_steps]
    torch.manual_seed(0)
    return train[order].inputs(), train.labels[order], BigModel()


def measure(tool, num_steps=STEPS):
    """One row, measured in this process, which has used no other tool."""
    import torch

    for name in IMPORTS[tool]:
        importlib.import_module(name)

    torch.set_num_threads(1)
    X, y, model = images_and_weights(num_steps)
    torch.manual_seed(0)
    before = time.process_time()
    losses = PROGRAMS[tool](X, y, model)
    trained = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "tool": tool,
        "lines": lines_of(PROGRAMS[tool]),
        "train_cpu_seconds": round(trained, 2),
        "peak_MiB": round(peak),
        "losses": losses,
    }


def in_a_process(tool, num_steps=STEPS):
    """`measure` in a process of its own, one thread, without a GPU."""
    one = dict.fromkeys(ONE_THREAD, "1")
    environment = os.environ | one | {"CUDA_VISIBLE_DEVICES": ""}
    if tool.startswith("Keras"):
        backend = tool.split()[-1].lower().replace("pytorch", "torch")
        environment["KERAS_BACKEND"] = backend
    row = output_of(["-m", __name__, tool, str(num_steps)], environment)
    names = ", ".join(IMPORTS[tool])
    code = f"import {names}, time; print(time.process_time())"
    return row | {
        "import_cpu_seconds": round(output_of(["-c", code], environment), 2)
    }


def output_of(arguments, environment):
    """The last line that a Python prints, as JSON."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"{arguments} stopped: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def frameworks():
    """101 steps of BigModel with Adam in six tools, the same images in the
    same order from the same weights, each in a process of its own, one thread,
    interleaved. Per tool: lines of its program without imports; the median of
    three repeats, and all three, of the CPU seconds to import it (with
    PyTorch or TensorFlow below it) and to train, and of the peak memory; the
    room on the disk of its own packages (without PyTorch, pandas counted with
    fastai); the loss before each step."""
    repeats = []
    for _ in range(REPEATS):
        for tool in PROGRAMS:
            repeats.append(in_a_process(tool))
            row = {k: v for k, v in repeats[-1].items() if k != "losses"}
            print(row, flush=True)
    rows = []
    for tool in PROGRAMS:
        own = [row for row in repeats if row["tool"] == tool]
        row = {"tool": tool, "lines": own[0]["lines"]}
        for name in ("import_cpu_seconds", "train_cpu_seconds", "peak_MiB"):
            values = [one[name] for one in own]
            row[name] = statistics.median(values)
            row[f"{name}_all"] = values
        row["disk_MB"] = room(PACKAGES[tool])
        row["versions"] = {
            package: version_of(package) for package in PACKAGES[tool]
        }
        row["losses"] = [round(loss, 9) for loss in own[0]["losses"]]
        rows.append(row)
    return rows


def version_of(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


# What the notebook shows where the packages are missing: name of the record
# and the expression that gives it, once its cells have run.
SHOWN = {
    "fastai": "fastai_trials",
    "Transformers": "trainer_trials",
    "Keras, all transposed": "[right, off]",
    "Keras, fc1 in its order": "[mended, rest]",
    "Keras": "keras_trials",
    "Keras, epsilon 1e-12": "[theirs_tiny, keras_right]",
    "files": "[files, change]",
    "stopped": "stopped",
    "checkpoint": "held",
    "hub": "[same_ids, gap]",
    "block": "list(sizes)",
}


def trials():
    """What the cells of the notebook give where all packages are installed,
    for those who read it without them. The notebook itself is executed, so
    that the two cannot differ in anything but the machine."""
    import nbformat
    from nbclient import NotebookClient

    from tools.contents import load

    (chapter,) = [one for one in load() if one.topic == "frameworks"]
    notebook = nbformat.read(chapter.path, 4)
    items = ", ".join(f"{name!r}: {code}" for name, code in SHOWN.items())
    last = (
        "assert have_tools and have_tensorflow and have_language\n"
        f"import json; print(json.dumps({{{items}}}))"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    place = {"metadata": {"path": str(chapter.path.parent)}}
    NotebookClient(notebook, timeout=600, resources=place).execute()
    (output,) = notebook.cells[-1].outputs
    return [
        {"name": name, "value": value}
        for name, value in json.loads(output.text).items()
    ]


EXPERIMENTS = {"frameworks": frameworks, "frameworks-trials": trials}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
