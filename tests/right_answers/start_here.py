"""Unusual right answers to the first exercise."""

RIGHT = {
    "brightness": {
        "by NumPy": lambda image: image.numpy().mean() / 255,
        "a division first": lambda image: (image / 255).mean(),
        "the sum of whole numbers": lambda image: (
            image.long().sum().item() / image.numel() / 255
        ),
        "the rows first": lambda image: image.float().mean(1).mean() / 255,
        "in float64": lambda image: image.double().mean() / 255,
        "by loops": "def brightness(image):\n"
        "    total = count = 0\n"
        "    for row in image.tolist():\n"
        "        for pixel in row:\n"
        "            total += pixel\n"
        "            count += 1\n"
        "    return total / count / 255",
    },
}
