"""Inputs for BERT: names, small weights, batches with padding."""

import torch

from tests.course.twins.draw import Twin


def weights_of(draw):
    """The weights of a small BERT, under the names of its file."""
    width, layers = draw.pick(4, 6), draw.turn(1, 2)
    shapes = {
        "embeddings.word_embeddings.weight": (7, width),
        "embeddings.position_embeddings.weight": (5, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    for layer in range(layers):
        for part, shape in (
            ("attention.self.query", (width, width)),
            ("attention.self.key", (width, width)),
            ("attention.self.value", (width, width)),
            ("attention.output.dense", (width, width)),
            ("attention.output.LayerNorm", (width,)),
            ("intermediate.dense", (4 * width, width)),
            ("output.dense", (width, 4 * width)),
            ("output.LayerNorm", (width,)),
        ):
            front = f"encoder.layer.{layer}.{part}"
            shapes[f"{front}.weight"] = shape
            shapes[f"{front}.bias"] = shape[:1]
    return {name: draw.tensor(*shape) for name, shape in shapes.items()}


def a_name(draw):
    return (draw.pick(*weights_of(draw)),), {}


def a_batch(draw):
    n, time = draw.turn((2, 3), (1, 1), (4, 5))
    real = torch.zeros(n, time, dtype=torch.bool)
    for row in range(n):
        real[row, : draw.integer(1, time)] = True
    return (draw.tensor(n, time, 4), real), {}


def a_collection(draw):
    n = draw.turn(3, 6, 1)
    k = draw.integer(1, n)
    return (draw.tensor(5), draw.tensor(n, 5), k), {}


def with_meanings(draw):
    n = draw.turn(4, 7)
    vectors = draw.tensor(draw.turn(1, 3), n, 5)
    meanings = [
        "coil",
        "season",
        *(draw.pick("coil", "season") for _ in range(n - 2)),
    ]
    return (vectors, meanings), {}


TWINS = {
    "our_name": Twin(a_name, draws=30),
    "rename": Twin(lambda draw: ((weights_of(draw),), {})),
    "mean_pool": Twin(a_batch),
    "search": Twin(a_collection),
    "neighbour_shares": Twin(with_meanings),
}
