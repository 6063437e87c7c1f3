"""What training costs: operations, memory, energy and money.

An operation is one multiplication or one addition. Only convolutions and
matrix products are counted, as FlopCounterMode of torch does: the rest is
less than a hundredth.
"""

from dataclasses import dataclass

import torch

# ---- Operations ----------------------------------------------------------


def operations(model, side=28):
    """Operations of one image in each layer of a BigModel of any width.

    {layer: {"parameters", "positions" (how often an image uses each weight),
    "forward", "backward"}}. `side` is the image's in pixels; each of the two
    poolings halves it. Going backward costs a layer one product for the
    gradient of its weights and one for that of its input, which the first
    layer does not need.
    """
    layers = {}
    for name, positions in (
        ("conv1", side**2),
        ("conv2", (side // 2) ** 2),
        ("fc1", 1),
        ("fc2", 1),
    ):
        layer = getattr(model, name)
        forward = 2 * positions * layer.weight.numel()
        layers[name] = {
            "parameters": layer.weight.numel() + layer.bias.numel(),
            "positions": positions,
            "forward": forward,
            "backward": forward if name == "conv1" else 2 * forward,
        }
    return layers


def six_n_d(num_parameters, num_examples):
    """The rule C = 6 N D: operations to train N parameters on D examples.

    Two for each parameter forward and four backward (Kaplan and others,
    2020; Hoffmann and others, 2022). Examples are tokens in a language
    model. It holds where an example uses each weight once: a convolution
    uses it at every position.
    """
    return 6 * num_parameters * num_examples


# ---- Memory --------------------------------------------------------------

# Numbers that an optimizer keeps for each parameter.
OPTIMIZER_STATE = {"SGD": 0, "SGD with momentum": 1, "Adam": 2, "AdamW": 2}


def kept_for_backward(model, batch_size, dtype=torch.float32, side=28):
    """Bytes that a BigModel's forward pass keeps for the backward pass.

    {what: bytes}, in the order of the forward pass, cross-entropy included
    and parameters left out. float32 is the plain pass; bfloat16 is one under
    autocast, which also keeps a bfloat16 copy of the weights. A ReLU keeps
    its output, a pooling the places of its maxima as int64.
    """
    if dtype not in (torch.float32, torch.bfloat16):
        raise ValueError(f"dtype is float32 or bfloat16 here, not {dtype}")
    size = dtype.itemsize
    layers = (model.conv1, model.conv2, model.fc1, model.fc2)
    first, second = model.conv1.out_channels, model.conv2.out_channels
    half, quarter = (side // 2) ** 2, (side // 4) ** 2
    each = {
        "images": model.conv1.in_channels * side**2 * size,
        "ReLU 1": first * side**2 * size,
        "pooling 1, places": first * half * 8,
        "pooling 1, values": first * half * size,
        "ReLU 2": second * half * size,
        "pooling 2, places": second * quarter * 8,
        "pooling 2, values": second * quarter * size,
        "ReLU 3": model.fc1.out_features * size,
        # Cross-entropy works in float32 even under autocast.
        "cross-entropy": model.fc2.out_features * 4 + 8,
    }
    kept = {name: batch_size * number for name, number in each.items()}
    kept["cross-entropy"] += 4  # the sum of the weights of the classes
    if dtype == torch.bfloat16:
        numbers = sum(layer.weight.numel() for layer in layers)
        kept["weights, copied"] = numbers * size
    return kept


def training_memory(
    model, batch_size, optimizer="Adam", dtype=torch.float32, side=28
):
    """Bytes that training keeps: {"weights", "gradients", "optimizer",
    "activations"}.

    Parameters, gradients and the optimizer's state are float32; `dtype` is
    that of the activations (see `kept_for_backward`). Work space of single
    operations comes on top. Raises ValueError for an unknown optimizer.
    """
    if optimizer not in OPTIMIZER_STATE:
        raise ValueError(
            f"no optimizer {optimizer!r} here: one of "
            f"{', '.join(OPTIMIZER_STATE)}"
        )
    weights = 4 * sum(p.numel() for p in model.parameters())
    kept = kept_for_backward(model, batch_size, dtype, side)
    return {
        "weights": weights,
        "gradients": weights,
        "optimizer": OPTIMIZER_STATE[optimizer] * weights,
        "activations": sum(kept.values()),
    }


def measure_kept(model, forward):
    """Bytes that autograd keeps while `forward()` runs, parameters left out.

    A storage that several operations keep counts once.
    """
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    found, held = {}, []

    def pack(tensor):
        held.append(tensor)  # alive, so that no address is used twice
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        _ = forward()
    return sum(number for key, number in found.items() if key not in own)


# ---- Energy and money ----------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Of one training: wall-clock seconds, energy in kilowatt-hours, money
    in the currency of the prices, and CO2 in kilograms."""

    seconds: float
    kwh: float
    money: float
    kg_co2: float


def training_cost(
    operations,
    rate,
    watts,
    *,
    price_per_kwh,
    kg_co2_per_kwh,
    num_devices=1,
    overhead=1.0,
    rent_per_hour=0.0,
):
    """The Cost of a number of operations, every assumption an argument.

    `rate` is what one device reaches in operations a second (not its peak),
    `watts` what it draws meanwhile; `overhead` is the power usage
    effectiveness of the building (PUE, at least 1); `rent_per_hour` is paid
    for each device. Raises ValueError for what cannot be.
    """
    above_zero = {"rate": rate, "watts": watts, "num_devices": num_devices}
    for name, value in above_zero.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0, not {value}")
    others = {
        "operations": operations,
        "price_per_kwh": price_per_kwh,
        "kg_co2_per_kwh": kg_co2_per_kwh,
        "rent_per_hour": rent_per_hour,
    }
    for name, value in others.items():
        if not value >= 0:
            raise ValueError(f"{name} must not be below 0, not {value}")
    if not overhead >= 1:
        raise ValueError(f"overhead (PUE) is 1 or more, not {overhead}")
    seconds = operations / (rate * num_devices)
    hours = seconds / 3600
    kwh = watts / 1000 * num_devices * hours * overhead
    money = kwh * price_per_kwh + hours * num_devices * rent_per_hour
    return Cost(seconds, kwh, money, kwh * kg_co2_per_kwh)


@dataclass(frozen=True)
class Accelerator:
    """Peak bfloat16 operations a second (dense: no zeros left out), watts of
    the board or chip, bytes of memory, and who says so."""

    rate: float
    watts: float
    memory: float
    source: str


# What makers state for "sparse" arithmetic, twice as much, is halved here.
ACCELERATORS = {
    name: Accelerator(*facts)
    for name, *facts in (
        ("NVIDIA A100 SXM", 312e12, 400, 80e9, "NVIDIA data sheet, 2021"),
        ("NVIDIA H100 SXM", 989e12, 700, 80e9, "NVIDIA data sheet, 2023"),
        ("NVIDIA H200 SXM", 989e12, 700, 141e9, "NVIDIA data sheet, 2024"),
        ("NVIDIA B200", 2250e12, 1000, 180e9, "NVIDIA data sheet, 2024"),
        ("AMD MI300X", 1307.4e12, 750, 192e9, "AMD data sheet, 2023"),
        # 192 W is the most that was measured; on average it was 170 W.
        ("Google TPU v4", 275e12, 192, 32 * 2**30, "Jouppi and others, 2023"),
    )
}


@dataclass(frozen=True)
class Published:
    """A training as its authors state it: parameters, tokens (each reading
    counted), operations, the source."""

    num_parameters: float
    num_tokens: float
    operations: float
    source: str


BROWN = "Brown and others, 2020, table D.1"
PUBLISHED = {
    "BERT-Large": Published(355e6, 250e9, 5.33e20, BROWN),
    "GPT-3": Published(174.6e9, 300e9, 3.14e23, BROWN),
    "Chinchilla": Published(
        70e9, 1.4e12, 5.76e23, "Hoffmann and others, 2022"
    ),
    "PaLM 540B": Published(
        540e9, 780e9, 2.56e24, "Chowdhery and others, 2022"
    ),
    "Llama 3 405B": Published(
        405e9, 15.6e12, 3.8e25, "Grattafiori and others, 2024"
    ),
}
