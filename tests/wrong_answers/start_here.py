"""What learners really write in the first exercise."""

WRONG = {
    "brightness": {
        "runs from 0 to 255": lambda image: image.float().mean(),
        "that is the sum: divide": lambda image: image.sum(),
        "the sum of all pixels": lambda image: image.sum() / 255,
        "brightest pixel": lambda image: image.max() / 255,
        "how dark it is": lambda image: 1 - image.float().mean() / 255,
        "not 256": lambda image: image.float().mean() / 256,
        "not by what is brightest": lambda image: (
            image.float().mean() / image.max()
        ),
        "cuts off the decimals": lambda image: image.float().mean() // 255,
        "stopped at its line": lambda image: image.mean() / 255,
    },
}
