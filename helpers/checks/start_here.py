"""The check of the first exercise."""

import torch

from helpers.checks import Misconception, check, close, compare, numbers


@check(right="you know how an exercise works")
def brightness(answer, random):
    fresh = [random.randrange(256) for _ in range(6)]
    for pixels in ([[0, 90], [180, 255]], [[30, 60], [90, 240]], [fresh]):
        image = torch.tensor(pixels, dtype=torch.uint8)
        exact = image.double()
        expected = exact.mean().item() / 255
        got = answer(image)
        if isinstance(got, torch.Tensor) and got.dtype == torch.uint8:
            raise Misconception(
                "a uint8 holds only 0 to 255: make floats of the pixels "
                "first, with image.float()"
            )
        got = numbers(got, ()).item()
        if close(got, expected):
            continue
        mistakes = {
            255 * expected: "that runs from 0 to 255: divide by 255",
            exact.sum().item(): "that is the sum: divide by the number of "
            "pixels, and by 255",
            exact.sum().item() / 255: "that is the sum of all pixels: take "
            "their mean",
            exact.max().item() / 255: "that is the brightest pixel: take the "
            "mean of all",
            1 - expected: "that is how dark it is: 0 is dark, 255 bright",
            exact.median().item() / 255: "that is the median: take the mean",
            exact.mean().item() / 256: "white is 255, not 256",
            expected / (exact.max().item() / 255): "divide by 255, which is "
            "white, not by what is brightest in this image",
            exact.mean().item() // 255: "// cuts off the decimals: divide "
            "with /",
        }
        text = next((t for v, t in mistakes.items() if close(got, v)), "")
        shown = compare(pixels=pixels, expected=expected, yours=got)
        raise Misconception(
            f"{text or 'take the mean of all, then divide by 255'}. {shown}"
        )
