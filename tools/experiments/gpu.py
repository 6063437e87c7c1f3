"""The experiment on speed that needs a GPU."""

import time
from functools import partial

import torch
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.fast_recipe import fast_recipe
from helpers.model import BigModel, load_bigmodel
from helpers.race import time_to


def gpu(
    device="cuda",
    batch_sizes=(256, 1024, 4096),
    num_steps=50,
    seeds=range(5),
    target=0.9,
):
    """Training throughput on a GPU, and its agreement with the CPU.

    Images a second, forward, backward and step of Adam, the images already
    on the device: in float32, TF32 and bfloat16, step by step and replayed
    as a CUDA graph. Then the largest difference of a logit of the shipped
    model from the CPU's, and the time to 90 % of the validation split by the
    fast recipe.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("the record `gpu` needs a GPU that PyTorch can use")
    train, validation, _ = load_embedded()
    name = torch.cuda.get_device_name() if device == "cuda" else device
    rows = [_agreement(device, validation, name)]
    for batch_size in batch_sizes:
        for precision in ("float32", "TF32", "bfloat16"):
            step = _make_step(device, train, batch_size, precision)
            ways = {"step by step": step}
            if device == "cuda":
                ways["CUDA graph"] = _captured(step)
            for way, run in ways.items():
                seconds = _seconds(run, device, num_steps)
                rows.append(
                    {
                        "what": "throughput",
                        "device": name,
                        "precision": precision,
                        "way": way,
                        "batch_size": batch_size,
                        "images_per_second": round(
                            num_steps * batch_size / seconds
                        ),
                    }
                )
    _matmul_precision("float32")
    recipe = partial(fast_recipe, device=device, bfloat16=True)
    for seed in seeds:
        result = time_to(target, recipe, train, validation, seed)
        rows.append(
            {
                "what": "time to 90 %",
                "device": name,
                "seed": seed,
                "seconds": result.seconds,
                "images": result.num_images,
                "validation_accuracy": result.accuracy,
            }
        )
    return rows


def _agreement(device, validation, name):
    _matmul_precision("float32")
    X = validation[:500].inputs()
    with torch.inference_mode():
        expected = load_bigmodel()(X)
        got = load_bigmodel().to(device)(X.to(device)).cpu()
    return {
        "what": "agreement",
        "device": name,
        "largest_difference_of_a_logit": (got - expected).abs().max().item(),
        "same_answers": (got.argmax(1) == expected.argmax(1))
        .double()
        .mean()
        .item(),
    }


def _matmul_precision(precision):
    tf32 = precision == "TF32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32


def _make_step(device, train, batch_size, precision):
    """As `make_step` of the notebook on speed."""
    _matmul_precision(precision)
    torch.manual_seed(0)
    model = BigModel().to(device)
    optimizer = torch.optim.Adam(
        model.parameters(), fused=True, capturable=device == "cuda"
    )
    X = train[:batch_size].inputs().to(device)
    y = train.labels[:batch_size].to(device)
    bfloat16 = precision == "bfloat16"

    def step():
        optimizer.zero_grad()
        with torch.autocast(
            device, torch.bfloat16, enabled=bfloat16, cache_enabled=False
        ):
            loss = F.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _captured(step):
    """The step recorded as a CUDA graph, after a few ordinary ones."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        step()

    def replay():
        # the step's tensors must live as long as the graph that uses them
        graph.replay()
        return step

    return replay


def _seconds(run, device, num_steps):
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for count in (5, num_steps):  # the first few warm up
        wait()
        start = time.perf_counter()
        for _ in range(count):
            run()
        wait()
    return time.perf_counter() - start


EXPERIMENTS = {"gpu": gpu}
