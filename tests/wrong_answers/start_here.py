"""What learners really write in the first exercise."""

WRONG = {
    "brightness": {
        "runs from 0 to 255": lambda image: image.float().mean(),
        "that is the sum: divide": lambda image: image.sum(),
        "not the sum of all": lambda image: image.sum() / 255,
        "how dark it is": lambda image: 1 - image.float().mean() / 255,
        "not 256": lambda image: image.float().mean() / 256,
        "not by what is brightest": lambda image: (
            image.float().mean() / image.max()
        ),
        "cuts off the decimals": lambda image: image.float().mean() // 255,
        "take the mean, not the brightest": lambda image: image.max() / 255,
        "that is the median": lambda image: image.median() / 255,
        "image [[0, 90], [180, 255]], expected": lambda image: (
            image.float().sum() / len(image) / 255
        ),
        "expected 0.3922, yours 0.39.": lambda image: round(
            image.float().mean().item() / 255, 2
        ),
        "stopped at its line": lambda image: image.mean() / 255,
        "uint8 holds nothing above 255": (
            "def brightness(image):\n"
            "    total = 0\n"
            "    for row in image:\n"
            "        for pixel in row:\n"
            "            total += pixel\n"
            "    return total / image.numel() / 255"
        ),
        "return one number, which the next cells need, not list": (
            lambda image: [image.double().mean() / 255]
        ),
        "not a tensor of shape (1,)": lambda image: (
            image.float().mean().reshape(1) / 255
        ),
    },
}
